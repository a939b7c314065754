/* Numbers for people. */
#ifndef BASE_AMOUNT_H
#define BASE_AMOUNT_H

#include "base/buf.h"

/* "1,234,567" */
void amount_add_grouped(struct buf *out, uint64_t n);
/* Words about n things. Of "[one|more]" in them the one is for a single thing, the other for more or none; "[s]" is for more or none only.
 * Words without brackets are a noun, which gets an s. */
void amount_add_words(struct buf *out, uint64_t n, const char *words);
/* The number and such words: "1 message", "1,234 messages", "2 packets that are no IP". */
void amount_add_counted(struct buf *out, uint64_t n, const char *words);
/* At most 5 columns: "12345", "1.23M", "123M", "1.23G" (powers of 1000). */
void amount_add_short(struct buf *out, uint64_t n);
/* Bytes, at most 5 columns: "123", "1.2K", "123K", "1.2M" (powers of 1024). */
void amount_add_size(struct buf *out, uint64_t bytes);

#endif
