/* What an end says for itself, beside a code: why it closes a WebSocket or an HTTP/2 connection, or what went wrong with a call. */
#ifndef CAPTURE_STREAM_SAID_H
#define CAPTURE_STREAM_SAID_H

#include "capture/stream/layer.h"

enum { SAID_MAX = 160 }; /* bytes of it that are told */

/* Tells a note with a number behind its sentence (0: with none) and what was said: text of the wire, which is made harmless for a terminal here. */
void said_tell(const struct stream *s, enum dir dir, int64_t time, const char *sentence, uint32_t number, struct slice said);
/* Appends text in which bytes stand as % and two digits (gRPC over HTTP/2, "Percent-Encoded"); what is no such escape stays as it is. */
void said_unescape(struct buf *out, struct slice text);

#endif
