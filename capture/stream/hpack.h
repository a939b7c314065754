/* Header blocks of one direction of an HTTP/2 connection (HPACK, RFC 7541), on libnghttp2's inflater. */
#ifndef CAPTURE_STREAM_HPACK_H
#define CAPTURE_STREAM_HPACK_H

#include "capture/message.h"

struct hpack;

/* A header field; name and value are borrowed during the call. */
typedef void hpack_field(void *user, struct slice name, struct slice value);

struct hpack *hpack_new(void);
/* NULL is allowed. */
void hpack_free(struct hpack *h);
/* Header blocks are missing, or what is known of them: what earlier ones put into the table is forgotten. */
void hpack_lose(struct hpack *h);
/* No block before the next one is missing. */
bool hpack_whole(const struct hpack *h);
/* Reads a whole block; fields that refer to what is missing are left out. False if it can't be read to its end, because it is no HPACK; the fields
 * handed out before that are right, and later blocks can be read as far as they refer to what comes from here on. */
bool hpack_read(struct hpack *h, struct slice block, hpack_field *field, void *user);
/* Which end sent a block, as far as it goes and names a pseudo-header field (RFC 9113, section 8.3): a request has other ones than a response. Blocks
 * before it need not be known. */
enum sender hpack_sender(struct slice block);

#endif
