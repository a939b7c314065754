/* The headers of HTTP/2 requests on their way to the target: `:authority` (and host) and `:scheme` name the target, all else stays as it is. */
#ifndef CAPTURE_PROXY_AUTHORITY_H
#define CAPTURE_PROXY_AUTHORITY_H

#include "capture/proxy/address.h"

enum { AUTHORITY_UNIT = 256 << 10, AUTHORITY_FIELDS = 256 << 10 }; /* bytes: a header block with its frames; what comes out of it */

struct authority;

/* For one connection. `target` is borrowed. */
struct authority *authority_new(const struct proxy_address *target);
void authority_free(struct authority *a);
/* Takes what the client sent and appends what goes to the target. False once all further bytes are to pass as they are: it is no HTTP/2, or
 * the first request names the target already. Holds back the frames of a header block until it is whole. */
bool authority_feed(struct authority *a, struct slice in, struct buf *out);
/* Nothing more comes: appends what was held back. */
void authority_end(struct authority *a, struct buf *out);
/* It could neither rewrite nor leave it: the connection has to end. What the client does, to stand behind its name; NULL: all is well. */
const char *authority_fault(const struct authority *a);

#endif
