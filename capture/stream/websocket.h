/* WebSocket (RFC 6455) with permessage-deflate (RFC 7692), carrying length-prefixed Envelopes in binary messages, or the protocol before
 * Flow 1.5 in text messages. */
#ifndef CAPTURE_STREAM_WEBSOCKET_H
#define CAPTURE_STREAM_WEBSOCKET_H

#include "capture/stream/length_prefix.h"

/* What the handshake negotiated (RFC 7692, section 7.1). All zero: nothing, or the handshake was not seen. */
struct ws_deflate {
	bool on;
	bool no_takeover[2]; /* the context of that direction is reset after every message */
	int window_bits[2];  /* 8 to 15; 0 counts as 15 */
};

/* What the value of a response's Sec-WebSocket-Extensions says (RFC 6455, section 9.1): its first permessage-deflate counts, other
 * extensions and parameters that are not known are passed over, a window size out of range is 15. */
struct ws_deflate ws_deflate_of(struct slice extensions);

enum ws_status { WS_FRAME, WS_MORE, WS_BAD };

enum { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };
enum { WS_HEADER_MAX = 14, WS_BATCH = 65536 };

/* A frame header (RFC 6455, section 5.2). */
struct ws_frame {
	bool fin, rsv1, masked;
	uint8_t opcode;
	uint8_t mask[4];
	uint64_t length; /* of the payload */
};

struct ws_step {
	enum ws_status status;
	size_t consumed; /* WS_FRAME: bytes of the header */
	size_t needed;   /* WS_MORE: bytes needed to go on */
	const char *why; /* WS_BAD: a static sentence */
};

/* Reads a frame header at the front of `in`; says WS_BAD as soon as the bytes that are there can't begin one. A length that is not
 * written in its shortest form is read all the same. */
struct ws_step ws_step(struct slice in, struct ws_frame *out);
/* True for close, ping, pong. */
static inline bool ws_is_control(const struct ws_frame *f)
{
	return f->opcode >= WS_CLOSE;
}
/* True if a frame is longer than a sender of messages within the limit would make it: several of them may share a frame. */
static inline bool ws_is_huge(const struct ws_frame *f, const struct stream_limits *limits)
{
	return f->length > WS_BATCH && f->length - WS_BATCH > limits->message;
}
/* Takes the mask of a frame off: n bytes at `in`, of which the first is the payload's byte number `offset`. `out` may be `in`. */
void ws_unmask(const struct ws_frame *f, uint64_t offset, const uint8_t *in, size_t n, uint8_t *out);

/* A layer for the frames of a connection. synced[dir]: the first byte begins a frame; otherwise the first is searched for (a
 * connection joined in its middle). Whether a message is deflated is told by its RSV1; a context of which the beginning was not
 * captured serves for the messages that refer to nothing in it. `s` must outlive it; deflate is copied. conn->transport becomes
 * TRANSPORT_WS, with the first text message TRANSPORT_LEGACY, with the first binary one TRANSPORT_WS for good. A text message that comes before that
 * goes to the sink whole, in the encoding ENCODING_LEGACY; one beyond limits->message is dropped, and counted as over-long. */
struct layer *websocket_new(const struct stream *s, const struct ws_deflate *deflate, const bool synced[2]);
/* Searches bytes of a direction for the beginning of a frame. Certain is a frame in which a length and an Envelope begin, or one
 * with a length alone before one with that Envelope, or several frames in a row; the frames before such a one are found with it.
 * `masked`: frames of this direction carry a mask. `final` as for length_prefix_find: a row that ends where the bytes end counts
 * for more. */
struct find websocket_find(const struct stream *s, struct slice in, bool masked, bool final);
/* Does a frame begin in these bytes that is certain, whatever stands before it? Sets its offset. */
bool websocket_is_sure(const struct stream *s, struct slice in, bool masked, size_t *offset);

#endif
