/* WebSocket (RFC 6455) with permessage-deflate (RFC 7692), carrying length-prefixed Envelopes in binary messages. */
#ifndef CAPTURE_STREAM_WEBSOCKET_H
#define CAPTURE_STREAM_WEBSOCKET_H

#include "capture/stream/length_prefix.h"

/* What the handshake negotiated (RFC 7692, section 7.1). */
struct ws_deflate {
	bool on;
	bool no_takeover[2]; /* the context of that direction is reset after every message */
	int window_bits[2];  /* 8 to 15 */
};

enum ws_status { WS_FRAME, WS_MORE, WS_BAD };

/* A frame header (RFC 6455, section 5.2). */
struct ws_frame {
	bool fin, rsv1, masked;
	uint8_t opcode;
	uint8_t mask[4];
	uint64_t length; /* of the payload */
};

struct ws_step {
	enum ws_status status;
	size_t consumed;  /* WS_FRAME: bytes of the header */
	size_t needed;    /* WS_MORE: bytes needed to go on */
	const char *why;  /* WS_BAD: a static sentence */
};

/* Reads a frame header at the front of `in`. */
struct ws_step ws_step(struct slice in, struct ws_frame *out);

/* A layer for the frames of a connection. synced[dir]: the first byte begins a frame; otherwise the first is searched for (a
 * connection joined in its middle: whether messages are deflated is then told by RSV1). `s` must outlive it; deflate is copied. */
struct layer *websocket_new(const struct stream *s, const struct ws_deflate *deflate, const bool synced[2]);
/* Searches bytes of a direction for the beginning of a frame that is followed by something plausible: the next frame, or a payload
 * in which an Envelope begins. `masked`: frames of this direction carry a mask. */
struct find websocket_find(const struct stream *s, struct slice in, bool masked, bool final);

#endif
