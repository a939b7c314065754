/* Frames of HTTP/2 (RFC 9113, section 4.1): the nine bytes in front, and what can stand in them. */
#ifndef CAPTURE_STREAM_HTTP2_FRAME_H
#define CAPTURE_STREAM_HTTP2_FRAME_H

#include "capture/stream/layer.h"
#include "capture/stream/length_prefix.h"

enum { HTTP2_HEAD = 9, HTTP2_PREFACE = 24 }; /* bytes of a frame's head; of what a client begins with */

enum http2_type {
	HTTP2_DATA,
	HTTP2_HEADERS,
	HTTP2_PRIORITY,
	HTTP2_RST_STREAM,
	HTTP2_SETTINGS,
	HTTP2_PUSH_PROMISE,
	HTTP2_PING,
	HTTP2_GOAWAY,
	HTTP2_WINDOW_UPDATE,
	HTTP2_CONTINUATION,
	HTTP2_TYPES
};

enum { HTTP2_END_STREAM = 0x01, HTTP2_ACK = 0x01, HTTP2_END_HEADERS = 0x04, HTTP2_PADDED = 0x08, HTTP2_WITH_PRIORITY = 0x20 };

struct http2_frame {
	uint32_t length; /* of the payload */
	uint8_t type;    /* enum http2_type, or one that the RFC does not know */
	uint8_t flags;
	uint32_t stream;
};

/* The 24 bytes that a client begins with (section 3.4), as a string. */
const char *http2_preface(void);
/* True if bytes begin, as far as they go, like what a server begins with: a SETTINGS frame that is no acknowledgement (section 3.4). It need not
 * wait for the client's preface. HTTP2_HEAD bytes tell for sure. */
bool http2_serves(struct slice bytes);
/* Reads a head; bytes has at least HTTP2_HEAD. */
struct http2_frame http2_frame_read(struct slice bytes);
/* False if the RFC forbids such a frame: a length that its type can't have, a stream where there must be none, or none. A type that the
 * RFC does not know is to be passed over (section 4.1), and so is possible. */
bool http2_frame_possible(const struct http2_frame *f);
/* The name of an error code (section 7) in words; never NULL. Static. */
const char *http2_reset_text(uint32_t code);
const char *http2_goaway_text(uint32_t code);

/* Searches bytes for the beginning of a frame, or for the client's preface: a head that is likely and has another one behind it, or a
 * DATA frame that begins with an Envelope. `final`: no more bytes will follow directly. */
struct find http2_find(const struct stream *s, struct slice in, bool final);
/* Which end sent the frames, or the preface, at the front of bytes, as far as one of them shows it: a header block, or an Envelope with which data
 * begin. *message: unless one did, may a message begin with the data of one of them? */
enum sender http2_sender(const struct stream *s, struct slice in, bool *message);

#endif
