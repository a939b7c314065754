/*
 * HTTP/2 frames: one table says what each type may look like.
 *
 * Two questions are asked of a head. Where a frame is expected: is it possible, by the letter of the RFC? And in the middle of bytes
 * of which nothing is known: is it likely? A likely head has a type and flags that are defined, a stream that a client opened, and a
 * length that is not out of the ordinary. Nine bytes that happen to be likely are rare; three heads in the right distances are believed.
 *
 * The RFC's error codes stand in one table too, from which the sentences about RST_STREAM and GOAWAY are made.
 */
#include "capture/stream/http2_frame.h"

#include "capture/stream/grpc.h"
#include "capture/stream/hpack.h"

enum {
	LONG = 1 << 14, /* a frame longer than that, which only a peer that wants them is sent, is not looked for */
	CHAIN = 2,      /* heads that must follow; one, where no more bytes are to come */
	NEAR = 4096,    /* streams under way at the same time are no further apart */
};

enum place { ON_STREAM, ON_CONNECTION, ANYWHERE };

static const struct shape {
	uint32_t least, most; /* bytes of payload */
	uint32_t unit;        /* of which the length is a multiple */
	enum place place;
	uint8_t flags; /* that are defined */
} shapes[HTTP2_TYPES] = {
	[HTTP2_DATA] = { 0, UINT32_MAX, 1, ON_STREAM, HTTP2_END_STREAM | HTTP2_PADDED },
	[HTTP2_HEADERS] = { 0, UINT32_MAX, 1, ON_STREAM, HTTP2_END_STREAM | HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_WITH_PRIORITY },
	[HTTP2_PRIORITY] = { 5, 5, 1, ON_STREAM, 0 },
	[HTTP2_RST_STREAM] = { 4, 4, 1, ON_STREAM, 0 },
	[HTTP2_SETTINGS] = { 0, UINT32_MAX, 6, ON_CONNECTION, HTTP2_ACK },
	[HTTP2_PUSH_PROMISE] = { 4, UINT32_MAX, 1, ON_STREAM, HTTP2_END_HEADERS | HTTP2_PADDED },
	[HTTP2_PING] = { 8, 8, 1, ON_CONNECTION, HTTP2_ACK },
	[HTTP2_GOAWAY] = { 8, UINT32_MAX, 1, ON_CONNECTION, 0 },
	[HTTP2_WINDOW_UPDATE] = { 4, 4, 1, ANYWHERE, 0 },
	[HTTP2_CONTINUATION] = { 0, UINT32_MAX, 1, ON_STREAM, HTTP2_END_HEADERS },
};

const char *http2_preface(void)
{
	return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
}

bool http2_serves(struct slice bytes)
{
	static const uint8_t head[HTTP2_HEAD] = { [3] = HTTP2_SETTINGS };
	enum { LENGTH = 2 };
	for (size_t i = 0; i < bytes.len && i < HTTP2_HEAD; i++)
		if (i == LENGTH ? bytes.at[i] % 6 != 0 : bytes.at[i] != head[i])
			return false;
	return true;
}

struct http2_frame http2_frame_read(struct slice bytes)
{
	struct cursor c = cursor_of(bytes);
	struct http2_frame f;
	uint32_t word = cursor_be32(&c);
	f.length = word >> 8;
	f.type = (uint8_t)word;
	f.flags = cursor_u8(&c);
	f.stream = cursor_be32(&c) & INT32_MAX;
	return f;
}

bool http2_frame_possible(const struct http2_frame *f)
{
	if (f->type >= HTTP2_TYPES)
		return true;
	const struct shape *s = &shapes[f->type];
	if (f->length < s->least || f->length > s->most || f->length % s->unit)
		return false;
	return s->place == ANYWHERE || (s->place == ON_STREAM) == (f->stream != 0);
}

static bool likely(const struct http2_frame *f)
{
	if (f->type >= HTTP2_TYPES || f->type == HTTP2_PUSH_PROMISE || f->type == HTTP2_CONTINUATION || !http2_frame_possible(f))
		return false;
	if (f->flags & ~shapes[f->type].flags || (!f->length && !(f->flags & (HTTP2_END_STREAM | HTTP2_ACK))))
		return false;
	return !f->stream || f->stream % 2;
}

enum candidate { REJECTED, UNDECIDED, ACCEPTED };

/* Are there likely heads at the front of `in` and behind it, of streams that can go together with this one? CHAIN of them say so. */
static enum candidate judge_chain(struct slice in, uint32_t stream, bool final)
{
	for (int i = 0; i < CHAIN; i++) {
		if (in.len < HTTP2_HEAD)
			return !final ? UNDECIDED : i ? ACCEPTED : REJECTED;
		struct http2_frame f = http2_frame_read(in);
		if (!likely(&f) || f.length > LONG || in.at[5] & 0x80)
			return REJECTED;
		if (stream && f.stream && f.stream - stream + NEAR > 2 * NEAR)
			return REJECTED;
		stream = f.stream ? f.stream : stream;
		in = slice_skip(slice_skip(in, HTTP2_HEAD), f.length);
	}
	return ACCEPTED;
}

static enum candidate judge_preface(struct slice in)
{
	struct slice preface = slice_str(http2_preface());
	if (!slice_eq(slice_head(in, HTTP2_PREFACE), slice_head(preface, in.len)))
		return REJECTED;
	return in.len < HTTP2_PREFACE ? UNDECIDED : ACCEPTED;
}

/* Could a frame begin at the front of `in`, which has at least HTTP2_HEAD bytes? */
static enum candidate judge(const struct stream *s, struct slice in, bool final)
{
	struct http2_frame f = http2_frame_read(in);
	struct slice data = slice_skip(in, HTTP2_HEAD), next = slice_skip(data, f.length);
	if (!likely(&f) || in.at[5] & 0x80)
		return REJECTED;
	if (f.type == HTTP2_DATA && grpc_begins(s, slice_head(data, f.length)) == PROBE_STRONG)
		return ACCEPTED;
	if (f.length > LONG)
		return REJECTED;
	return judge_chain(next, f.stream, final);
}

struct find http2_find(const struct stream *s, struct slice in, bool final)
{
	for (size_t at = 0; at < in.len; at++) {
		struct slice rest = slice_skip(in, at);
		enum candidate c = rest.at[0] == 'P' ? judge_preface(rest) : REJECTED;
		if (c == REJECTED)
			c = rest.len < HTTP2_HEAD ? UNDECIDED : judge(s, rest, final);
		if (c == ACCEPTED)
			return (struct find){ FIND_FOUND, at };
		if (c == UNDECIDED && !final)
			return (struct find){ FIND_MORE, at };
	}
	return (struct find){ final ? FIND_NONE : FIND_MORE, in.len };
}

static enum sender frame_sender(const struct stream *s, const struct http2_frame *f, struct slice payload)
{
	struct cursor c = cursor_of(payload);
	if (f->type == HTTP2_PUSH_PROMISE)
		return SENDER_SERVER;
	if (f->type == HTTP2_DATA && grpc_begins(s, payload) == PROBE_STRONG)
		return s->sink->sender(slice_skip(payload, GRPC_PREFIX));
	if (f->type != HTTP2_HEADERS)
		return SENDER_UNKNOWN;
	size_t pad = f->flags & HTTP2_PADDED ? cursor_u8(&c) : 0;
	if (f->flags & HTTP2_WITH_PRIORITY)
		cursor_take(&c, 5);
	return pad < c.rest.len ? hpack_sender(slice_head(c.rest, c.rest.len - pad)) : SENDER_UNKNOWN;
}

/* Could a message begin with these first bytes of a frame's data, be it a compressed one? */
static bool may_begin(const struct stream *s, struct slice data)
{
	return data.len && (data.at[0] == 1 || grpc_begins(s, data) != PROBE_NO);
}

enum sender http2_sender(const struct stream *s, struct slice in, bool *message)
{
	*message = false;
	if (in.len && judge_preface(in) == ACCEPTED)
		return SENDER_CLIENT;
	while (in.len >= HTTP2_HEAD) {
		struct http2_frame f = http2_frame_read(in);
		struct slice rest = slice_skip(in, HTTP2_HEAD);
		enum sender who = frame_sender(s, &f, slice_head(rest, f.length));
		if (who != SENDER_UNKNOWN)
			return who;
		*message = *message || (f.type == HTTP2_DATA && may_begin(s, slice_head(rest, f.length)));
		in = slice_skip(rest, f.length);
	}
	return SENDER_UNKNOWN;
}

#define ERRORS(X)                                          \
	X(0, "no error")                                   \
	X(1, "protocol error")                             \
	X(2, "internal error")                             \
	X(3, "flow control error")                         \
	X(4, "settings not acknowledged in time")          \
	X(5, "frame for a closed stream")                  \
	X(6, "frame of a wrong size")                      \
	X(7, "refused before any work was done")           \
	X(8, "cancelled")                                  \
	X(9, "header compression error")                   \
	X(10, "connection of a CONNECT request failed")    \
	X(11, "enhance your calm: the peer asks too much") \
	X(12, "inadequate security")                       \
	X(13, "HTTP/1.1 required")

const char *http2_reset_text(uint32_t code)
{
	static const char *const texts[] = {
#define TEXT(number, words) [number] = "RST_STREAM: " words,
		ERRORS(TEXT)
#undef TEXT
	};
	return code < sizeof(texts) / sizeof(*texts) ? texts[code] : "RST_STREAM: an error code that is not defined";
}

const char *http2_goaway_text(uint32_t code)
{
	static const char *const texts[] = {
#define TEXT(number, words) [number] = "GOAWAY: " words,
		ERRORS(TEXT)
#undef TEXT
	};
	return code < sizeof(texts) / sizeof(*texts) ? texts[code] : "GOAWAY: an error code that is not defined";
}
