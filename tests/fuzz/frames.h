/* Frames by chance, for the mutator of events: of WebSocket, HTTP/2, HTTP/1 and TLS, most of them as a client or server would send them. */
#ifndef TESTS_FUZZ_FRAMES_H
#define TESTS_FUZZ_FRAMES_H

#include "capture/stream/http2_frame.h"
#include "tests/fuzz/event_mutate.h"

/* A frame; `first` is its first byte. */
static inline void frames_ws_frame(struct buf *out, uint8_t first, bool masked, struct slice payload, uint64_t *seed)
{
	uint8_t key[4] = { 0 };
	buf_add_byte(out, first);
	buf_add_byte(out, (uint8_t)((payload.len < 126 ? payload.len : 126) | (masked ? 0x80 : 0)));
	if (payload.len >= 126)
		event_be(out, 2, payload.len & 0xffff);
	for (int i = 0; masked && i < 4; i++)
		buf_add_byte(out, key[i] = (uint8_t)chance(seed, 256));
	for (size_t i = 0; i < payload.len; i++)
		buf_add_byte(out, payload.at[i] ^ key[i % 4]);
}

/* A message, whole or in two frames with perhaps a ping between; or a control frame. */
static inline void frames_ws(struct buf *out, int dir, uint64_t *seed)
{
	struct buf m = { 0 };
	bool masked = chance(seed, 10) ? !dir : dir;
	uint32_t kind = chance(seed, 8);
	if (kind == 0) {
		static const uint8_t control[] = { 0x88, 0x89, 0x8a };
		frames_ws_frame(out, control[chance(seed, 3)], masked, slice_str(chance(seed, 2) ? "\x03\xe9 bye" : ""), seed);
		return;
	}
	uint8_t op = kind == 1 ? 0x81 : kind == 2 ? 0xc2 : 0x82;
	if (kind == 1)
		buf_add_str(&m, "{\"id\":\"1\",\"command\":\"ping\",\"data\":\"{}\",\"count\":1,\"index\":0}");
	else
		event_prefixed(&m, dir, seed);
	size_t cut = chance(seed, 3) ? m.len : chance(seed, (uint32_t)m.len + 1);
	frames_ws_frame(out, cut < m.len ? op & 0x7f : op, masked, slice_head(buf_slice(&m), cut), seed);
	if (cut < m.len && chance(seed, 2))
		frames_ws_frame(out, 0x89, masked, slice_str("x"), seed);
	if (cut < m.len)
		frames_ws_frame(out, 0x80, masked, slice_skip(buf_slice(&m), cut), seed);
	buf_release(&m);
}

static inline void frames_h2_frame(struct buf *out, uint8_t type, uint8_t flags, uint32_t stream, struct slice payload)
{
	event_be(out, 3, payload.len);
	buf_add_byte(out, type);
	buf_add_byte(out, flags);
	event_be(out, 4, stream);
	buf_add(out, payload);
}

/* A field without compression; indexed: into the table. */
static inline void frames_field(struct buf *out, const char *name, const char *value, bool indexed)
{
	buf_add_byte(out, indexed ? 0x40 : 0);
	buf_add_byte(out, (uint8_t)strlen(name));
	buf_add_str(out, name);
	buf_add_byte(out, (uint8_t)strlen(value));
	buf_add_str(out, value);
}

static inline void frames_headers(struct buf *out, int dir, uint32_t stream, uint64_t *seed)
{
	static const char *const paths[] = { "/openiap.FlowService/SetupStream", "/openiap.FlowService/Query",
					     "/openiap.FlowService/Signin", "/x.Y/Z" };
	struct buf block = { 0 };
	bool trailers = dir && chance(seed, 2);
	if (dir == 0)
		frames_field(&block, ":path", paths[chance(seed, 4)], chance(seed, 2));
	else if (!trailers)
		buf_add_byte(&block, 0x88);
	if (trailers)
		frames_field(&block, "grpc-status", chance(seed, 2) ? "0" : "13", chance(seed, 2));
	size_t cut = chance(seed, 4) ? block.len : chance(seed, (uint32_t)block.len + 1);
	frames_h2_frame(out, HTTP2_HEADERS, (uint8_t)((cut == block.len ? HTTP2_END_HEADERS : 0) | (trailers ? HTTP2_END_STREAM : 0)),
			stream, slice_head(buf_slice(&block), cut));
	if (cut < block.len)
		frames_h2_frame(out, HTTP2_CONTINUATION, HTTP2_END_HEADERS, stream, slice_skip(buf_slice(&block), cut));
	buf_release(&block);
}

/* A message in DATA, whole or in two frames. */
static inline void frames_data(struct buf *out, uint32_t stream, uint64_t *seed)
{
	struct buf message = { 0 }, envelope = { 0 };
	event_envelope(&envelope, seed);
	buf_add_byte(&message, chance(seed, 10) == 0);
	event_be(&message, 4, envelope.len);
	buf_add(&message, buf_slice(&envelope));
	size_t cut = chance(seed, 2) ? message.len : chance(seed, (uint32_t)message.len + 1);
	frames_h2_frame(out, HTTP2_DATA, cut == message.len && chance(seed, 4) == 0, stream, slice_head(buf_slice(&message), cut));
	if (cut < message.len)
		frames_h2_frame(out, HTTP2_DATA, chance(seed, 4) == 0, stream, slice_skip(buf_slice(&message), cut));
	buf_release(&message);
	buf_release(&envelope);
}

static inline void frames_http2(struct buf *out, int dir, uint64_t *seed)
{
	uint32_t stream = 1 + 2 * chance(seed, 3);
	switch (chance(seed, 10)) {
	case 0: buf_add_str(out, dir ? "" : http2_preface()); /* fall through */
	case 1: frames_h2_frame(out, HTTP2_SETTINGS, (uint8_t)chance(seed, 2), 0, slice_of(NULL, 0)); break;
	case 2: frames_h2_frame(out, HTTP2_RST_STREAM, 0, stream, slice_of("\0\0\0\x08", 4)); break;
	case 3: frames_h2_frame(out, HTTP2_GOAWAY, 0, 0, slice_of("\0\0\0\1\0\0\0\0", 8)); break;
	case 4:
	case 5:
	case 6: frames_headers(out, dir, stream, seed); break;
	default: frames_data(out, stream, seed);
	}
}

/* A request or a response, with a body now and then; the upgrade to WebSocket. */
/* A body in gzip: a small one, one of 70,000 bytes, or the beginning of one of them. */
static inline void frames_gzip(struct buf *out, int dir, uint64_t *seed)
{
	static const char small[] =
		"\037\213\010\000\000\000\000\000\002\003\253VJ\316\317\315M\314KQ\262R*,M-\252T\322Q\312\004q\022\201\214\224\304\222D%\253j\250\204\225Ru\255Rm-\000\011[s\2712\000\000\000";
	static const char large[] =
		"\037\213\010\000\000\000\000\000\002\003\355\301A\021\000\000\014\002\240*\353\345\255\177\015K\370\004r\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\300\330\027\375\325\307#p\021\001\000";
	struct slice body = chance(seed, 2) ? slice_of(small, sizeof small - 1) : slice_of(large, sizeof large - 1);
	if (chance(seed, 4) == 0)
		body = slice_head(body, chance(seed, (uint32_t)body.len));
	buf_add_str(out, dir ? "HTTP/1.1 200 OK\r\n" : "POST /api/v2/query HTTP/1.1\r\n");
	buf_addf(out, "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", body.len);
	buf_add(out, body);
}

static inline void frames_http1(struct buf *out, int dir, uint64_t *seed)
{
	static const char *const requests[] = {
		"GET /ws/v2 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		"GET /api/v1/Query HTTP/1.1\r\nHost: a\r\nUser-Agent: node\r\n\r\n",
		"HEAD / HTTP/1.0\r\n\r\n",
		"POST /api/v2/x HTTP/1.1\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n{\"command\":\"query\"  }",
		"POST /api/v2/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{\"id\"\r\n6\r\n:\"1\"} \r\n0\r\n\r\n",
	};
	static const char *const responses[] = {
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"command\":\"reply\"  }",
		"HTTP/1.1 100 Continue\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{  }\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nuntil it ends",
	};
	if (chance(seed, 4) == 0)
		frames_ws(out, dir, seed);
	else if (chance(seed, 6) == 0)
		frames_gzip(out, dir, seed);
	else if (dir)
		buf_add_str(out, responses[chance(seed, sizeof responses / sizeof *responses)]);
	else
		buf_add_str(out, requests[chance(seed, sizeof requests / sizeof *requests)]);
}

/* What a load balancer or the client of a proxy puts in front, and what the proxy answers. */
static inline void frames_preamble(struct buf *out, int dir, uint64_t *seed)
{
	static const char block[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\014abcdABCD\1\2\3\4";
	static const char *const lines[] = { "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", "PROXY UNKNOWN\r\n",
					     "CONNECT [::1]:1 HTTP/1.1\r\nHost: a\r\n\r\n" };
	static const char *const answers[] = { "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 407 No\r\nContent-Length: 0\r\n\r\n" };
	if (dir)
		buf_add_str(out, answers[chance(seed, sizeof answers / sizeof *answers)]);
	else if (chance(seed, 3) == 0)
		buf_add(out, slice_of(block, sizeof block - 1));
	else
		buf_add_str(out, lines[chance(seed, sizeof lines / sizeof *lines)]);
}

/* A record of TLS, whose bytes nobody can open. */
static inline void frames_tls(struct buf *out, int dir, uint64_t *seed)
{
	uint32_t n = chance(seed, 40);
	(void)dir;
	buf_add_byte(out, (uint8_t)(20 + chance(seed, 4)));
	event_be(out, 2, 0x0303);
	event_be(out, 2, n);
	while (n--)
		buf_add_byte(out, (uint8_t)chance(seed, 256));
}

#endif
