/* One direction's decompression in permessage-deflate (RFC 7692, section 7.2.2): raw deflate (RFC 1951), message after message in
 * one context, in constant memory. */
#ifndef CAPTURE_STREAM_INFLATE_H
#define CAPTURE_STREAM_INFLATE_H

#include "base/slice.h"

enum { INFLATE_PIECE = 16384 }; /* at most that many bytes are handed out at a time */

struct inflater;

/* Takes what comes out; the bytes are borrowed during the call. */
typedef void inflate_out(void *user, struct slice bytes);

/* window_bits: 8 to 15, the base-two logarithm of the window's bytes; 0, where it is not known, counts as 15. */
struct inflater *inflater_new(int window_bits);
/* NULL is allowed. */
void inflater_free(struct inflater *f);
/* Forgets the context: the next byte begins a message that refers to nothing before it. Also after a failure. */
void inflater_clear(struct inflater *f);
/* Inflates a piece of a message's payload. False if it is not deflate, or if it refers to bytes that the context does not have;
 * what was handed out before that is right. After false nothing may be fed until inflater_clear(). */
bool inflater_feed(struct inflater *f, struct slice in, inflate_out *out, void *user);
/* The message is complete: puts the four bytes 00 00 ff ff back that its sender took off. False as above, or if the message does
 * not end where a block does. The context stays for the next message. */
bool inflater_end_message(struct inflater *f, inflate_out *out, void *user);

#endif
