/*
 * The comments of a packet that is written: those that it came with, and one for each rule that a message in it breaks. They stand in a buf, each with
 * a NUL behind it.
 */
#ifndef EXPORT_PACKET_COMMENTS_H
#define EXPORT_PACKET_COMMENTS_H

#include "decode/session.h"

/* Adds that message n breaks the rule: "message 5 noop: seq-duplicate (error): …". */
void packet_comments_add(struct buf *out, const struct session *s, uint32_t n, const struct record *m, enum rule rule);
/* Adds such a comment, without its NUL, to those of a packet. conn: the number of the message's connection, where the packet is of another one, else 0. */
void packet_comments_place(struct buf *out, struct slice comment, uint32_t conn);
/* Adds those of a packet that was read, but not such as packet_comments_add made when it was written before: what is broken is found anew. */
void packet_comments_keep(struct buf *out, struct slice comments);
/* Each as a slice of `comments`; to be freed, NULL for none. */
struct slice *packet_comments_split(struct slice comments, size_t *count);

#endif
