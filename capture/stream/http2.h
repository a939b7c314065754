/* HTTP/2 (RFC 9113) as far as gRPC needs it: frames, header blocks, streams; the data of each stream goes to a gRPC call. */
#ifndef CAPTURE_STREAM_HTTP2_H
#define CAPTURE_STREAM_HTTP2_H

#include "base/bound.h"
#include "capture/stream/layer.h"

/* streams of a connection that are followed at once; beyond that the oldest is given up and counted */
enum { HTTP2_STREAMS = BOUND(256, 12) };

/* A layer for both directions. synced[dir]: the next byte of that direction is the first that its end sent as HTTP/2 (the client: its
 * preface, the server: a frame); otherwise the first boundary is searched for, and what was in headers before it is not known. `s` must
 * outlive it. */
struct layer *http2_new(const struct stream *s, const bool synced[2]);

#endif
