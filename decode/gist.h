/* What a message is about, in a few words: a collection, a queue, a file name, the first words of an error. */
#ifndef DECODE_GIST_H
#define DECODE_GIST_H

#include "base/buf.h"
#include "decode/envelope.h"
#include "decode/schema.h"

/* Appends the gist of a payload of that type, harmless for a terminal, without a line break and without secrets: at most about 120
 * columns, maybe nothing. `value`: the payload's bytes, or their front. */
void gist_add(struct buf *out, const struct schema *schema, type_id type, struct slice value);
/* The same of a payload that is text, JSON most of the time. */
void gist_add_json(struct buf *out, struct slice text);
/* The names of the fields that tell what a message is about, best first; NULL behind the last. */
const char *gist_field(size_t i);

#endif
