/* HTTP/1.1 (RFC 9112) as far as it leads to a WebSocket: the request's and the response's head, the upgrade. */
#ifndef CAPTURE_STREAM_HTTP1_H
#define CAPTURE_STREAM_HTTP1_H

#include "capture/stream/layer.h"

/* True if bytes begin, as far as they go, like an HTTP/1 request line. */
bool http1_begins(struct slice in);
/* A layer that reads heads; after "101 Switching Protocols" to websocket it hands everything on to a websocket layer. Other
 * HTTP traffic is not decoded: it is told once (NEWS_NOT_OURS, TRANSPORT_HTTP), and a later request may still upgrade. A gap before
 * the upgrade ends the reading of that direction; the other one may still tell of an upgrade, and what follows is then searched
 * for frames. `s` must outlive it. */
struct layer *http1_new(const struct stream *s);

#endif
