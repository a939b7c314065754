/* Finding out what runs inside a TCP connection, by its content and never by its port (unless told by -d). */
#ifndef CAPTURE_STREAM_DETECT_H
#define CAPTURE_STREAM_DETECT_H

#include "capture/keylog.h"
#include "capture/stream/layer.h"

/* True if a port can be said to carry that transport (-d). */
bool detect_can_force(enum transport t);

/* The lowest layer of a connection: keeps the first bytes until they tell what they are, then hands all on to the layer for it.
 * `forced`: the transport that -d names for the port, TRANSPORT_UNKNOWN for none. keylog: the secrets of TLS, NULL for none. `s` and
 * keylog must outlive it. */
struct layer *detect_new(const struct stream *s, enum transport forced, struct keylog *keylog);

#endif
