/* The heads of HTTP/1 requests on their way to the target: Host and Origin name the target, all else stays as it is. */
#ifndef CAPTURE_PROXY_HEAD_H
#define CAPTURE_PROXY_HEAD_H

#include "capture/proxy/address.h"

enum { HTTP_HEAD_MAX = 64 << 10 }; /* bytes; a longer head passes as it is, and all behind it */

struct http_head;

/* For one connection. `target` is borrowed. withhold: the client's Sec-WebSocket-Extensions are left out. */
struct http_head *http_head_new(const struct proxy_address *target, bool withhold);
void http_head_free(struct http_head *h);
/* Takes what the client sent and appends what goes to the target. In every request (also of those that follow on the connection) the
 * values of Host and Origin are replaced; a request for "/" asks for the target's path, if that has one. False once that is over and all
 * further bytes are to pass as they are: after an upgrade, or where it is no HTTP/1. A head is held back until it is whole. */
bool http_head_feed(struct http_head *h, struct slice in, struct buf *out);
/* Nothing more comes: appends what was held back. */
void http_head_end(struct http_head *h, struct buf *out);
/* Bytes up to and with the blank line behind a head at the front of `in`; 0 if that has not come. Looks for it from `from` on. */
size_t http_head_size(struct slice in, size_t from);

#endif
