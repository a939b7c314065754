/* Secrets are shown as "‹hidden, N bytes›". What holds secrets is the schema's to say: fields (node.secret),
 * and keys in JSON text. Besides, a JSON web token is one wherever it stands. */
#ifndef DECODE_REDACT_H
#define DECODE_REDACT_H

#include "base/buf.h"

/* Appends the words that stand for a secret of that many bytes. */
void redact_note(struct buf *out, size_t bytes);
/* Could there be a secret in this text? A quick look that finds all there are, and some that are
 * none. */
bool redact_needed(struct slice text);
/* Finds the next value of a secret key, or token, at or after byte `from` (0, or the end of the one before): bytes *start
 * to before *end. False if there is none. */
bool redact_next(struct slice text, size_t from, size_t *start, size_t *end);
/* Is there one? Of bytes, which are shown in another writing, all are hidden then. */
bool redact_found(struct slice text);
/* Appends text with the values of secret keys (schema_secrets) hidden in whatever JSON it holds, whole or cut
 * off, and in JSON that stands in strings of that; and with its tokens hidden. All else stays as it is. */
void redact_add(struct buf *out, struct slice text);
/* The text so: itself if no secret is in it, else made in scratch, of which it borrows. */
struct slice redact_text(struct slice text, struct buf *scratch);

#endif
