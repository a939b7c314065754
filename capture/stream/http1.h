/* HTTP/1.1 (RFC 9112): REST, and the upgrade to WebSocket or HTTP/2. */
#ifndef CAPTURE_STREAM_HTTP1_H
#define CAPTURE_STREAM_HTTP1_H

#include "capture/stream/length_prefix.h"

/* True if bytes begin, as far as they go, like an HTTP/1 request line. */
bool http1_begins(struct slice in);
/* True if they begin with a request line to the target of REST; with a status line. */
bool http1_asks_rest(struct slice in);
bool http1_answers(struct slice in);
/* Searches bytes of a direction for a request line of REST, or a status line: at the front or behind what ends a body. `before`: the byte in
 * front of them, 0 where it is missing. FIND_MORE: one may begin at the offset, given more bytes. */
struct find http1_find(struct slice in, enum dir dir, uint8_t before);
/* A layer that reads heads and bodies. After "101 Switching Protocols" to websocket or h2c it hands everything on to that layer. The
 * bodies of REST (rest.h) become messages. Other requests are not decoded but counted; a connection that begins with one is told
 * (NEWS_NOT_OURS, TRANSPORT_HTTP), and a later request may still be ours. A gap inside a body of known length cuts its message; any
 * other ends the reading of that direction until the next head (http1_find, or any head that begins a chunk); before an upgrade the other direction may still tell of
 * it, and what follows is then searched for frames. `s` must outlive it. */
struct layer *http1_new(const struct stream *s);
/* Requests and responses may be missing before the first bytes: which belong together can't be told. */
void http1_joined(struct layer *l);

#endif
