/* What may stand in front of a connection's own bytes: the header with which a load balancer names the client (PROXY protocol, versions 1 and 2),
 * and the request to a proxy of HTTP to be connected (CONNECT; RFC 9110, section 9.3.6), with its answer. */
#ifndef CAPTURE_STREAM_PREAMBLE_H
#define CAPTURE_STREAM_PREAMBLE_H

#include "capture/stream/layer.h"

enum {
	PREAMBLE_BEGINS = 12, /* so many bytes tell that it is one */
	PREAMBLES_MAX = 2,    /* of a connection, one behind the other */
};

/* True if a client's first bytes begin with one, or are a beginning of that; certain with PREAMBLE_BEGINS bytes. */
bool preamble_begins(struct slice in);
/* Takes the preamble off the front, tells of it, and hands all else on to `inner`, which it owns; and the preamble too if it is none after all, or
 * the proxy refuses. */
struct layer *preamble_new(const struct stream *s, struct layer *inner);

#endif
