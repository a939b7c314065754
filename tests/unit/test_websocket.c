/* WebSocket: frame headers, what reaches the length prefix, deflated messages, gaps and joins at every place of a stream. */
#include "capture/stream/came.h"
#include "capture/stream/websocket.h"

#include "capture/stream/detect.h"
#include "tests/unit/stream_play.h"

#include <stdio.h>

enum { FIN = 0x80, RSV1 = 0x40 };

static const bool both[2] = { true, true }, neither[2] = { false, false };
static const struct ws_deflate plain = { .on = false };

#define BYTES(...) slice_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* --- frames ----------------------------------------------------------------------------------------------------------------- */

struct header_case {
	struct slice bytes;
	struct ws_frame want;
	size_t size;
};

/* RFC 6455, section 5.7. Cut anywhere, a header asks for what it lacks. */
static void rfc_headers(void **state)
{
	(void)state;
	const struct header_case cases[] = {
		{ BYTES(0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f), { .fin = true, .opcode = WS_TEXT, .length = 5 }, 2 },
		{ BYTES(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58),
		  { .fin = true, .opcode = WS_TEXT, .masked = true, .mask = { 0x37, 0xfa, 0x21, 0x3d }, .length = 5 },
		  6 },
		{ BYTES(0x01, 0x03, 0x48, 0x65, 0x6c), { .opcode = WS_TEXT, .length = 3 }, 2 },
		{ BYTES(0x80, 0x02, 0x6c, 0x6f), { .fin = true, .opcode = WS_CONTINUATION, .length = 2 }, 2 },
		{ BYTES(0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f), { .fin = true, .opcode = WS_PING, .length = 5 }, 2 },
		{ BYTES(0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58),
		  { .fin = true, .opcode = WS_PONG, .masked = true, .mask = { 0x37, 0xfa, 0x21, 0x3d }, .length = 5 },
		  6 },
		{ BYTES(0x82, 0x7e, 0x01, 0x00), { .fin = true, .opcode = WS_BINARY, .length = 256 }, 4 },
		{ BYTES(0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0), { .fin = true, .opcode = WS_BINARY, .length = 65536 }, 10 },
		{ BYTES(0xc1, 0x07, 0xf2), { .fin = true, .rsv1 = true, .opcode = WS_TEXT, .length = 7 }, 2 },
		{ BYTES(0x82, 0x7e, 0x00, 0x05), { .fin = true, .opcode = WS_BINARY, .length = 5 }, 4 }, /* not the shortest form */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct header_case *c = &cases[i];
		struct ws_frame f = { .fin = false };
		struct ws_step step = ws_step(c->bytes, &f);
		assert_int_equal(step.status, WS_FRAME);
		assert_int_equal(step.consumed, c->size);
		assert_true(f.fin == c->want.fin && f.rsv1 == c->want.rsv1 && f.masked == c->want.masked);
		assert_int_equal(f.opcode, c->want.opcode);
		assert_int_equal(f.length, c->want.length);
		assert_memory_equal(f.mask, c->want.mask, 4);
		for (size_t n = 0; n < c->size; n++) {
			uint8_t *block = malloc(n ? n : 1);
			memcpy(block, c->bytes.at, n);
			step = ws_step(slice_of(block, n), &f);
			assert_int_equal(step.status, WS_MORE);
			assert_int_equal(step.needed, n < 2 ? 2 : c->size);
			free(block);
		}
	}
}

static void rfc_mask(void **state)
{
	(void)state;
	const struct ws_frame f = { .mask = { 0x37, 0xfa, 0x21, 0x3d } };
	uint8_t out[5], long_in[64], long_out[64];
	ws_unmask(&f, 0, (const uint8_t[]){ 0x7f, 0x9f, 0x4d, 0x51, 0x58 }, 5, out);
	assert_memory_equal(out, "Hello", 5);
	for (size_t i = 0; i < sizeof(long_in); i++)
		long_in[i] = (uint8_t)(i * 3);
	for (uint64_t offset = 0; offset < 9; offset++) {
		for (size_t n = 0; n <= sizeof(long_in); n++) {
			ws_unmask(&f, offset, long_in, n, long_out);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(long_out[i], long_in[i] ^ f.mask[(offset + i) % 4]);
		}
	}
}

static void bad_headers(void **state)
{
	(void)state;
	const struct {
		struct slice bytes;
		const char *why;
	} cases[] = {
		{ BYTES(0xa2), "reserved bit" },
		{ BYTES(0x92), "reserved bit" },
		{ BYTES(0x83), "reserved opcode" },
		{ BYTES(0x8b), "reserved opcode" },
		{ BYTES(0x09), "fragmented" },
		{ BYTES(0xc9), "compressed" },
		{ BYTES(0x89, 0x7e), "more than 125" },
		{ BYTES(0x88, 0xff), "more than 125" },
		{ BYTES(0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0), "2^63" },
	};
	struct ws_frame f;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ws_step step = ws_step(cases[i].bytes, &f);
		assert_int_equal(step.status, WS_BAD);
		assert_non_null(strstr(step.why, cases[i].why));
	}
}

/* --- conversations ---------------------------------------------------------------------------------------------------------- */

/* How a sender cuts messages into frames. */
enum style { NODE, RUST, FRAGMENTS, STREAM, STYLES };

struct talk {
	struct recorder r;
	struct script s;
	struct range {
		size_t from, to; /* of the wire of its direction: the frames that a message is in */
	} range[2][SENT_MAX];
};

static void put(struct talk *t, enum dir dir, unsigned first, struct slice payload)
{
	struct buf frame = { 0 };
	frame_write(&frame, first, dir == DIR_C2S, payload);
	script_add(&t->s, dir, buf_slice(&frame));
	buf_release(&frame);
}

static void put_fragments(struct talk *t, enum dir dir, struct slice message, size_t size)
{
	for (size_t at = 0; at < message.len; at += size) {
		bool last = at + size >= message.len;
		put(t, dir, (at ? WS_CONTINUATION : WS_BINARY) | (last ? FIN : 0), slice_head(slice_skip(message, at), size));
		if (!last)
			put(t, dir, FIN | WS_PING, slice_str(at % 2 ? "" : "still there?"));
	}
}

/* An Envelope with its length, as frames. STREAM: messages of 3, 5 and the rest of the bytes, so that the length is torn apart. */
static void say(struct talk *t, enum dir dir, enum style style, unsigned seq, size_t filler)
{
	struct buf whole = { 0 }, envelope = { 0 };
	size_t from = t->s.wire[dir].len;
	envelope_write(&envelope, seq % 2 ? "query" : "insertone", seq, filler);
	recorder_sent(&t->r, dir, buf_slice(&envelope));
	length_write(&whole, envelope.len);
	buf_add(&whole, buf_slice(&envelope));
	struct slice all = buf_slice(&whole);
	if (style == FRAGMENTS) {
		put_fragments(t, dir, all, 30);
	} else if (style == RUST) {
		put(t, dir, FIN | WS_BINARY, all);
	} else {
		size_t first = style == NODE ? 4 : 3;
		put(t, dir, FIN | WS_BINARY, slice_head(all, first));
		if (style == STREAM)
			put(t, dir, FIN | WS_BINARY, slice_head(slice_skip(all, first), 5));
		put(t, dir, FIN | WS_BINARY, slice_skip(all, style == STREAM ? first + 5 : first));
	}
	t->range[dir][t->r.sent_count[dir] - 1] = (struct range){ from, t->s.wire[dir].len };
	buf_release(&whole);
	buf_release(&envelope);
}

static void talk_init(struct talk *t)
{
	*t = (struct talk){ .s = { .count = 0 } };
	recorder_init(&t->r);
	t->r.script = &t->s;
}

static void talk_release(struct talk *t)
{
	recorder_release(&t->r);
	script_release(&t->s);
}

static void play_all(struct talk *t, const struct ws_deflate *d, size_t most, size_t cut)
{
	recorder_again(&t->r);
	struct layer *l = websocket_new(&t->r.stream, d, both);
	play(&t->s, l, most, cut);
	play_end(l);
}

/* Whole, byte by byte and cut at every position: the same messages and the same news. */
static void play_every_way(struct talk *t, const struct ws_deflate *d)
{
	struct buf news = { 0 };
	play_all(t, d, SIZE_MAX, 0);
	recorder_assert_all(&t->r);
	buf_add(&news, buf_slice(&t->r.news));
	struct stream_counts counts = t->r.counts;
	for (size_t cut = 0; cut < script_len(&t->s); cut++) {
		play_all(t, d, cut ? SIZE_MAX : 1, cut);
		recorder_assert_all(&t->r);
		assert_true(slice_eq(buf_slice(&news), buf_slice(&t->r.news)));
		assert_memory_equal(&counts, &t->r.counts, sizeof(counts));
	}
	buf_release(&news);
}

static void styles(void **state)
{
	(void)state;
	for (enum style style = NODE; style < STYLES; style++) {
		struct talk t;
		talk_init(&t);
		for (unsigned i = 0; i < 4; i++) {
			say(&t, DIR_C2S, style, i, i * 40);
			say(&t, DIR_S2C, style, i, i * 61);
		}
		play_every_way(&t, &plain);
		assert_int_equal(t.r.conn.transport, TRANSPORT_WS);
		assert_int_equal(t.r.news.len, 0);
		assert_int_equal(t.r.unmasked[0] | t.r.unmasked[1], 0);
		assert_int_equal(t.r.counts.control > 0, style == FRAGMENTS);
		assert_int_equal(t.r.counts.bad_frames, 0);
		talk_release(&t);
	}
}

/* What is not masked is handed on where it lies in the capture; what is masked can't be. */
static void places(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_C2S, RUST, 1, 100);
	say(&t, DIR_S2C, RUST, 1, 100);
	play_all(&t, &plain, SIZE_MAX, 0);
	recorder_assert_all(&t.r);
	assert_int_equal(t.r.in_place[DIR_C2S], 0);
	assert_int_equal(t.r.in_place[DIR_S2C], 1);
	talk_release(&t);
}

static void large_message(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	struct buf filler = { 0 }, whole = { 0 };
	envelope_write(&filler, "upload", 1, 200);
	for (int i = 0; i < 100000; i++)
		buf_add(&filler, slice_of("\x42\x00", 2)); /* traceid, empty, many times */
	recorder_sent(&t.r, DIR_C2S, buf_slice(&filler));
	length_write(&whole, filler.len);
	buf_add(&whole, buf_slice(&filler));
	put(&t, DIR_C2S, FIN | WS_BINARY, buf_slice(&whole));
	put(&t, DIR_C2S, FIN | WS_PONG, slice_str(""));
	for (size_t most = 1; most < 200000; most = most * 7 + 1) {
		play_all(&t, &plain, most, 0);
		recorder_assert_all(&t.r);
	}
	buf_release(&filler);
	buf_release(&whole);
	talk_release(&t);
}

/* The rule of masks, broken by both ends for one message each. */
static void mask_rule(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 3; i++) {
		for (enum dir dir = DIR_C2S; dir <= DIR_S2C; dir++) {
			struct buf envelope = { 0 }, whole = { 0 }, frame = { 0 };
			envelope_write(&envelope, "ping", i, 20);
			recorder_sent(&t.r, dir, buf_slice(&envelope));
			length_write(&whole, envelope.len);
			buf_add(&whole, buf_slice(&envelope));
			frame_write(&frame, FIN | WS_BINARY, (dir == DIR_C2S) != (i == 1), buf_slice(&whole));
			script_add(&t.s, dir, buf_slice(&frame));
			buf_release(&envelope);
			buf_release(&whole);
			buf_release(&frame);
		}
	}
	play_every_way(&t, &plain);
	assert_int_equal(t.r.unmasked[DIR_C2S], 2);
	assert_int_equal(t.r.unmasked[DIR_S2C], 2);
	talk_release(&t);
}

static void text_is_legacy(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (int i = 0; i < 3; i++) {
		put(&t, DIR_C2S, WS_TEXT, slice_str("{\"command\":\"signin\","));
		put(&t, DIR_C2S, FIN | WS_CONTINUATION, slice_str("\"id\":\"1\"}"));
		put(&t, DIR_S2C, FIN | WS_TEXT, slice_str("{\"command\":\"signin\",\"replyto\":\"1\"}"));
		recorder_sent(&t.r, DIR_C2S, slice_str("{\"command\":\"signin\",\"id\":\"1\"}"));
		recorder_sent(&t.r, DIR_S2C, slice_str("{\"command\":\"signin\",\"replyto\":\"1\"}"));
	}
	play_every_way(&t, &plain);
	assert_int_equal(t.r.conn.transport, TRANSPORT_LEGACY);
	assert_int_equal(t.r.counts.not_ours, 0);
	assert_int_equal(t.r.news.len, 0);
	talk_release(&t);
}

static void text_between_binary(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_C2S, RUST, 1, 10);
	put(&t, DIR_S2C, FIN | WS_TEXT, slice_str("who are you?"));
	put(&t, DIR_S2C, FIN | WS_TEXT, slice_str("hello?"));
	say(&t, DIR_S2C, NODE, 1, 10);
	play_every_way(&t, &plain);
	assert_int_equal(t.r.conn.transport, TRANSPORT_WS);
	assert_int_equal(t.r.counts.not_ours, 0);
	assert_string_equal(buf_cstr(&t.r.news), "s2c note 0 a text message between binary ones is passed over\n"
						 "s2c note 0 a text message between binary ones is passed over\n");
	talk_release(&t);
}

/* A greeting in text makes no Envelope one of the protocol before Flow 1.5. */
static void text_before_binary(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_S2C, FIN | WS_TEXT, slice_str("welcome"));
	recorder_sent(&t.r, DIR_S2C, slice_str("welcome"));
	play_all(&t, &plain, SIZE_MAX, 0);
	assert_int_equal(t.r.conn.transport, TRANSPORT_LEGACY);
	say(&t, DIR_C2S, RUST, 1, 10);
	play_every_way(&t, &plain);
	assert_int_equal(t.r.conn.transport, TRANSPORT_WS);
	talk_release(&t);
}

static void close_codes(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_S2C, FIN | WS_CLOSE, BYTES(0x03, 0xf0, 'n', 'o'));
	put(&t, DIR_C2S, FIN | WS_CLOSE, slice_str(""));
	put(&t, DIR_C2S, FIN | WS_CLOSE, BYTES(0x0f, 0xa0));
	put(&t, DIR_C2S, FIN | WS_CLOSE, BYTES(0x00, 0x01));
	put(&t, DIR_S2C, FIN | WS_CLOSE, slice_str("\x0f\xa1no \x1b[2J, go\xff away"));
	put(&t, DIR_S2C, FIN | WS_CLOSE, BYTES(0x03));
	play_every_way(&t, &plain);
	assert_int_equal(t.r.counts.control, 6);
	assert_string_equal(buf_cstr(&t.r.news),
			    "s2c note 0 WebSocket closed: 1008, policy violation: no\n"
			    "c2s note 0 WebSocket closed, without a code\n"
			    "c2s note 4000 WebSocket closed, with a code of the application's own: 4000\n"
			    "c2s note 1 WebSocket closed, with a code that has no meaning: 1\n"
			    "s2c note 4001 WebSocket closed, with a code of the application's own: 4001, no ␛[2J, go� away\n"
			    "s2c note 0 WebSocket closed, without a code\n");
	talk_release(&t);
}

/* Control frames are masked as all others are. Said once of each end, and of no message. */
static void control_masks(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (int i = 0; i < 4; i++) {
		struct buf frame = { 0 };
		frame_write(&frame, FIN | WS_PING, i % 2, slice_str("?"));
		script_add(&t.s, i % 2 ? DIR_S2C : DIR_C2S, buf_slice(&frame));
		buf_release(&frame);
	}
	say(&t, DIR_C2S, RUST, 1, 10);
	play_every_way(&t, &plain);
	assert_int_equal(t.r.unmasked[0] | t.r.unmasked[1], 0);
	assert_string_equal(buf_cstr(&t.r.news), "c2s note 0 a ping, pong or close without a mask: the server is to close the connection\n"
						 "s2c note 0 a ping, pong or close with a mask: the client is to close the connection\n");
	talk_release(&t);
}

/* A message that begins while another is open, and a continuation of nothing: counted, and the next message is read. */
static void fragments_out_of_order(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_S2C, RUST, 1, 10);
	put(&t, DIR_S2C, WS_CONTINUATION, slice_str("lost"));
	put(&t, DIR_S2C, FIN | WS_CONTINUATION, slice_str("and found"));
	say(&t, DIR_S2C, RUST, 2, 10);
	put(&t, DIR_S2C, WS_BINARY, slice_str(""));
	say(&t, DIR_S2C, NODE, 3, 10);
	play_every_way(&t, &plain);
	assert_int_equal(t.r.counts.bad_frames, 2);
	assert_int_equal(t.r.counts.skipped, strlen("lostand found"));
	talk_release(&t);
}

/* A deflated text whose end never comes: the next message is not read as that, here as the bytes that a block still lacks. */
static void deflated_text_without_end(void **state)
{
	(void)state;
	struct talk t;
	struct ws_deflate agreed = { .on = true, .window_bits = { 15, 15 } };
	talk_init(&t);
	recorder_sent(&t.r, DIR_S2C, slice_str("{\"id\":\"1\"}"));
	put(&t, DIR_S2C, RSV1 | WS_TEXT, BYTES(0x00, 0x14, 0x00, 0xeb, 0xff, '{', '"'));
	put(&t, DIR_S2C, FIN | RSV1 | WS_TEXT, BYTES(0x00, 0x02, 0x00, 0xfd, 0xff, '{', '}', 0x00));
	play_all(&t, &agreed, SIZE_MAX, 0);
	assert_int_equal(t.r.counts.bad_frames, 1);
	assert_true(recorder_heard(&t.r, "a deflated message can't be inflated"));
	assert_int_equal(t.r.counts.skipped, 8);
	talk_release(&t);
}

/* --- deflated messages ------------------------------------------------------------------------------------------------------- */

struct deflating {
	z_stream z;
	bool takeover;
};

static void put_deflated(struct talk *t, enum dir dir, struct deflating *d, unsigned opcode, struct slice message, size_t fragment)
{
	struct buf packed = { 0 };
	if (!d->takeover)
		deflateReset(&d->z);
	deflate_write(&d->z, &packed, message);
	struct slice rest = buf_slice(&packed);
	for (unsigned first = opcode | RSV1; rest.len; first = WS_CONTINUATION) {
		struct slice part = slice_head(rest, fragment);
		rest = slice_skip(rest, fragment);
		put(t, dir, first | (rest.len ? 0 : FIN), part);
		if (rest.len)
			put(t, dir, FIN | WS_PING, slice_str("?"));
	}
	buf_release(&packed);
}

/* Node's way: length and Envelope as messages of their own; `fragment`: bytes of a frame. */
static void say_deflated(struct talk *t, enum dir dir, struct deflating *d, unsigned seq, size_t filler, size_t fragment)
{
	struct buf length = { 0 }, envelope = { 0 };
	size_t from = t->s.wire[dir].len;
	envelope_write(&envelope, "query", seq, filler);
	length_write(&length, envelope.len);
	recorder_sent(&t->r, dir, buf_slice(&envelope));
	put_deflated(t, dir, d, WS_BINARY, buf_slice(&length), fragment);
	put_deflated(t, dir, d, WS_BINARY, buf_slice(&envelope), fragment);
	t->range[dir][t->r.sent_count[dir] - 1] = (struct range){ from, t->s.wire[dir].len };
	buf_release(&length);
	buf_release(&envelope);
}

static void deflated(void **state)
{
	(void)state;
	for (int bits = 9; bits <= 15; bits += 3) {
		for (int takeover = 0; takeover <= 1; takeover++) {
			struct talk t;
			struct deflating d[2] = { { .takeover = takeover }, { .takeover = !takeover } };
			struct ws_deflate agreed = { .on = true, .no_takeover = { !takeover, takeover }, .window_bits = { bits, bits } };
			talk_init(&t);
			deflate_begin(&d[0].z, bits);
			deflate_begin(&d[1].z, bits);
			for (unsigned i = 0; i < 4; i++) {
				enum dir dir = i % 2 ? DIR_S2C : DIR_C2S;
				say_deflated(&t, dir, &d[dir], i, i * 50, i > 1 ? 20 : SIZE_MAX);
				say(&t, dir, i % 3 ? RUST : FRAGMENTS, i + 10, 33);
				put_deflated(&t, dir, &d[dir], WS_BINARY, slice_str(""), SIZE_MAX);
				put_deflated(&t, dir, &d[dir], WS_TEXT, slice_str("the seq of this query"), SIZE_MAX);
			}
			play_every_way(&t, &agreed);
			assert_int_equal(t.r.counts.bad_frames, 0);
			deflateEnd(&d[0].z);
			deflateEnd(&d[1].z);
			talk_release(&t);
		}
	}
}

/* A message that inflates to more than may be: what exceeds the limit is dropped, and the next one is read in its context. */
static void inflates_beyond_limit(void **state)
{
	(void)state;
	struct talk t;
	struct deflating d = { .takeover = true };
	struct ws_deflate agreed = { .on = true, .window_bits = { 15, 15 } };
	struct buf many = { 0 };
	talk_init(&t);
	t.r.limits.message = 1000;
	deflate_begin(&d.z, 15);
	say_deflated(&t, DIR_S2C, &d, 1, 100, SIZE_MAX);
	for (unsigned i = 2; i < 40; i++) {
		struct buf envelope = { 0 };
		envelope_write(&envelope, "query", i, 400);
		recorder_sent(&t.r, DIR_S2C, buf_slice(&envelope));
		length_write(&many, envelope.len);
		buf_add(&many, buf_slice(&envelope));
		buf_release(&envelope);
	}
	put_deflated(&t, DIR_S2C, &d, WS_BINARY, buf_slice(&many), 50);
	say_deflated(&t, DIR_S2C, &d, 1, 100, SIZE_MAX);
	for (size_t cut = 0; cut < script_len(&t.s); cut++) {
		play_all(&t, &agreed, cut ? SIZE_MAX : 1, cut);
		assert_int_equal(t.r.got[DIR_S2C], 7 | UINT64_C(1) << 39); /* two of the many are within the limit */
		assert_int_equal(t.r.cut[DIR_S2C], 1);
		assert_int_equal(t.r.counts.overlong, 1);
		assert_true(recorder_heard(&t.r, "s2c note 0 a WebSocket message inflates beyond the limit"));
	}
	deflateEnd(&d.z);
	buf_release(&many);
	talk_release(&t);
}

/* A text that inflates to more than may be is counted once, like any other. */
static void text_inflates_beyond_limit(void **state)
{
	(void)state;
	struct talk t;
	struct deflating d = { .takeover = true };
	struct ws_deflate agreed = { .on = true, .window_bits = { 15, 15 } };
	char text[5000];
	talk_init(&t);
	t.r.limits.message = 1000;
	memset(text, 'x', sizeof(text));
	deflate_begin(&d.z, 15);
	put_deflated(&t, DIR_S2C, &d, WS_TEXT, slice_of(text, sizeof(text)), 10);
	put_deflated(&t, DIR_S2C, &d, WS_TEXT, slice_str("{}"), SIZE_MAX);
	recorder_sent(&t.r, DIR_S2C, slice_str("{}"));
	for (size_t cut = 0; cut < script_len(&t.s); cut++) {
		play_all(&t, &agreed, cut ? SIZE_MAX : 1, cut);
		recorder_assert_all(&t.r);
		assert_int_equal(t.r.counts.overlong, 1);
	}
	deflateEnd(&d.z);
	talk_release(&t);
}

/* Bytes that are no deflate: told once, no more deflated messages with takeover, all others are read. Nothing else is said where nobody has agreed upon
 * deflating: there is no context that could be missing. */
static void damaged_deflate(void **state)
{
	(void)state;
	for (int way = 0; way <= 2; way++) {
		struct talk t;
		bool takeover = way > 0;
		struct deflating d = { .takeover = takeover };
		struct ws_deflate agreed = { .on = way < 2, .no_takeover = { !takeover, !takeover } };
		talk_init(&t);
		deflate_begin(&d.z, 15);
		say_deflated(&t, DIR_C2S, &d, 0, 30, SIZE_MAX);
		put(&t, DIR_C2S, FIN | RSV1 | WS_BINARY, BYTES(0x07, 0x01, 0x02));
		say(&t, DIR_C2S, NODE, 1, 30);
		say_deflated(&t, DIR_C2S, &d, 2, 30, 9);
		put(&t, DIR_C2S, FIN | RSV1 | WS_BINARY, BYTES(0x07, 0x01, 0x02));
		say(&t, DIR_C2S, RUST, 3, 30);
		for (size_t cut = 0; cut < script_len(&t.s); cut++) {
			play_all(&t, &agreed, cut ? SIZE_MAX : 1, cut);
			assert_int_equal(t.r.got[DIR_C2S], takeover ? 11 : 15);
			assert_string_equal(buf_cstr(&t.r.news), takeover ? "c2s skipped 0 a deflated message can't be inflated: "
									    "no more deflated messages of this direction are read\n"
									  : "c2s skipped 0 a deflated message can't be inflated\n");
		}
		deflateEnd(&d.z);
		talk_release(&t);
	}
}

/* --- losses ------------------------------------------------------------------------------------------------------------------ */

struct loss {
	enum dir dir;
	size_t from, to; /* these bytes of its wire are missing */
	bool known;      /* their number is told */
};

/* Plays one direction with a loss, in pieces of `most` bytes. */
static void play_loss(struct talk *t, const struct ws_deflate *d, const bool synced[2], struct loss loss, size_t most)
{
	recorder_again(&t->r);
	struct layer *l = websocket_new(&t->r.stream, d, synced);
	size_t len = t->s.wire[loss.dir].len;
	for (size_t at = 0, to; at < len; at = to) {
		if (at == loss.from && loss.to > loss.from) {
			to = loss.to;
			layer_gap(l, loss.dir, loss.known ? to - at : 0, 1);
			continue;
		}
		size_t end = at < loss.from ? loss.from : len;
		to = end - at < most ? end : at + most;
		play_bytes(&t->s, l, loss.dir, at, to);
	}
	play_end(l);
}

/* The messages of which no byte, and no byte of their frames, is missing. */
static uint64_t untouched(const struct talk *t, struct loss loss)
{
	uint64_t all = 0;
	for (size_t i = 0; i < t->r.sent_count[loss.dir]; i++) {
		struct range r = t->range[loss.dir][i];
		all |= (uint64_t)(r.to <= loss.from || r.from >= loss.to) << i;
	}
	return all;
}

static void assert_has(const struct talk *t, struct loss loss, uint64_t want, const char *what)
{
	uint64_t got = t->r.got[loss.dir];
	if ((got & want) != want)
		fail_msg("%s: dir %d, bytes %zu to %zu missing (%s): heard %llx, not %llx", what, loss.dir, loss.from, loss.to,
			 loss.known ? "known" : "unknown", (unsigned long long)got, (unsigned long long)want);
}

static const size_t sizes[] = { 1, 2, 3, 4, 7, 30, 150, 400 };
enum { SIZES = sizeof(sizes) / sizeof(*sizes) };

/* Every message that was captured whole is found, whatever is missing before it. */
static void gap_anywhere(void **state)
{
	(void)state;
	for (enum style style = NODE; style <= FRAGMENTS; style++) {
		struct talk t;
		talk_init(&t);
		for (unsigned i = 0; i < 10; i++)
			say(&t, i % 2 ? DIR_S2C : DIR_C2S, style, i, i * 17 % 90);
		for (size_t k = 0; k < SIZES * 4; k++) {
			struct loss loss = { .dir = k & 1, .known = k & 2 };
			for (; loss.from < t.s.wire[loss.dir].len; loss.from++) {
				loss.to = loss.from + sizes[k / 4];
				if (loss.to > t.s.wire[loss.dir].len)
					break;
				play_loss(&t, &plain, both, loss, loss.from % 3 ? SIZE_MAX : 11);
				assert_has(&t, loss, untouched(&t, loss), "gap");
			}
		}
		talk_release(&t);
	}
}

/* Of what an end says about its close the part before a gap is told, with a sign that there was more. */
static void gap_in_close(void **state)
{
	(void)state;
	static const struct loss losses[] = { { DIR_S2C, 8, 10, true }, { DIR_S2C, 8, 13, true } };
	struct talk t;
	talk_init(&t);
	put(&t, DIR_S2C, FIN | WS_CLOSE, slice_str("\x0f\xa1no, go on"));
	for (size_t i = 0; i < 2; i++) {
		play_loss(&t, &plain, both, losses[i], SIZE_MAX);
		assert_string_equal(buf_cstr(&t.r.news),
				    "s2c note 4001 WebSocket closed, with a code of the application's own: 4001, no, …\n");
	}
	talk_release(&t);
}

/* Several messages in one frame: those behind a gap in the first are read, with the mask in the right phase. */
static void gap_in_batch(void **state)
{
	(void)state;
	for (enum dir dir = DIR_C2S; dir <= DIR_S2C; dir++) {
		struct talk t;
		struct buf batch = { 0 };
		talk_init(&t);
		for (unsigned i = 0; i < 4; i++) {
			struct buf envelope = { 0 };
			envelope_write(&envelope, "query", i, 60);
			recorder_sent(&t.r, dir, buf_slice(&envelope));
			length_write(&batch, envelope.len);
			t.range[dir][i] = (struct range){ batch.len + 8, batch.len + 8 + envelope.len };
			buf_add(&batch, buf_slice(&envelope));
			buf_release(&envelope);
		}
		put(&t, dir, FIN | WS_BINARY, buf_slice(&batch));
		for (size_t n = 1; n < 9; n++) {
			struct loss loss = { .dir = dir, .from = 20, .known = true };
			for (; loss.from + n < 40; loss.from++) {
				loss.to = loss.from + n;
				play_loss(&t, &plain, both, loss, n);
				assert_int_equal(t.r.got[dir], 14);
			}
		}
		buf_release(&batch);
		talk_release(&t);
	}
}

static void join_anywhere(void **state)
{
	(void)state;
	for (enum style style = NODE; style < STYLES; style++) {
		struct talk t;
		talk_init(&t);
		for (unsigned i = 0; i < 10; i++)
			say(&t, i % 2 ? DIR_S2C : DIR_C2S, style, i, i * 17 % 90);
		for (size_t k = 0; k < 4; k++) {
			struct loss loss = { .dir = k & 1, .known = true };
			for (loss.to = 0; loss.to < t.s.wire[loss.dir].len; loss.to++) {
				play_loss(&t, &plain, neither, loss, k & 2 ? 1 : SIZE_MAX);
				if (style != STREAM)
					assert_has(&t, loss, untouched(&t, loss), "join");
			}
		}
		talk_release(&t);
	}
}

/* A message is handed on when it is there, not only when something ends the search. */
static void found_before_the_end(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (unsigned i = 0; i < 10; i++)
		say(&t, DIR_C2S, i % 2 ? NODE : RUST, i, 50);
	for (size_t most = 1; most < 2000; most *= 10) {
		recorder_again(&t.r);
		struct layer *l = websocket_new(&t.r.stream, &plain, neither);
		for (size_t at = 30; at < t.s.wire[DIR_C2S].len; at += most)
			play_bytes(&t.s, l, DIR_C2S, at, at + most < t.s.wire[DIR_C2S].len ? at + most : t.s.wire[DIR_C2S].len);
		assert_int_equal(t.r.got[DIR_C2S], 1022);
		play_end(l);
	}
	talk_release(&t);
}

/* Nor does it wait behind what may be the frame of a larger one, of which the header went with the gap. */
static void found_behind_what_may_be_one(void **state)
{
	enum { LARGE = 60000, MOST = 1000 };
	(void)state;
	for (int style = 0; style < 2; style++) {
		struct talk t;
		uint8_t zeros[LARGE] = { 0x82, 0x7e, 0xff, 0xf0 };
		talk_init(&t);
		script_add(&t.s, DIR_S2C, slice_of(zeros, sizeof zeros));
		say(&t, DIR_S2C, style ? NODE : RUST, 0, 50);
		struct layer *l = websocket_new(&t.r.stream, &plain, neither);
		for (size_t at = 0; at < t.s.wire[DIR_S2C].len; at += MOST)
			play_bytes(&t.s, l, DIR_S2C, at, at + MOST < t.s.wire[DIR_S2C].len ? at + MOST : t.s.wire[DIR_S2C].len);
		assert_int_equal(t.r.got[DIR_S2C], 1);
		assert_int_equal(t.r.counts.skipped, LARGE);
		play_end(l);
		talk_release(&t);
	}
}

/* A length beyond all limits is believed from the handshake on, but not where frames were found by a search. */
static void doubtful_length(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_S2C, NODE, 0, 50);
	script_add(&t.s, DIR_S2C, BYTES(0x82, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0));
	say(&t, DIR_S2C, NODE, 1, 50);
	struct loss all_there = { .dir = DIR_S2C };
	for (size_t most = 1; most < 2000; most *= 10) {
		play_loss(&t, &plain, neither, all_there, most);
		assert_int_equal(t.r.got[DIR_S2C], 3);
		assert_int_equal(t.r.counts.bad_frames, 1);
		assert_int_equal(t.r.counts.skipped, 10);
		assert_true(recorder_heard(&t.r, "a WebSocket frame beyond the limit"));
	}
	talk_release(&t);
	talk_init(&t); /* with nothing behind it, which would be read as its payload */
	say(&t, DIR_S2C, NODE, 0, 50);
	script_add(&t.s, DIR_S2C, BYTES(0x82, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0));
	play_loss(&t, &plain, both, all_there, SIZE_MAX);
	assert_int_equal(t.r.got[DIR_S2C], 1);
	assert_int_equal(t.r.counts.bad_frames, 0);
	talk_release(&t);
}

/* True if the gap lies in the payload of one frame. */
static bool in_payload(const struct talk *t, struct loss loss)
{
	for (size_t i = 0; i < t->s.count; i++) {
		const struct script_step *step = &t->s.steps[i];
		struct ws_frame f;
		struct ws_step s = ws_step(slice_of(t->s.wire[step->dir].at + step->from, step->to - step->from), &f);
		if (step->dir == loss.dir && loss.from >= step->from + s.consumed && loss.to <= step->to)
			return true;
	}
	return false;
}

/* Deflated and plain messages in turn. Nothing wrong comes, ever; a gap in a payload costs, without takeover, only what it hits. */
static void gap_in_deflated(void **state)
{
	(void)state;
	for (int takeover = 0; takeover <= 1; takeover++) {
		struct talk t;
		struct deflating d = { .takeover = takeover };
		struct ws_deflate agreed = { .on = true, .no_takeover = { !takeover, !takeover }, .window_bits = { 15, 15 } };
		uint64_t undeflated = 0;
		talk_init(&t);
		deflate_begin(&d.z, 15);
		for (unsigned i = 0; i < 9; i++) {
			if (i % 3 == 1)
				say(&t, DIR_S2C, NODE, i, 50);
			else
				say_deflated(&t, DIR_S2C, &d, i, 50, i % 2 ? 25 : SIZE_MAX);
			undeflated |= (uint64_t)(i % 3 == 1) << i;
		}
		for (size_t k = 0; k < SIZES * 2; k++) {
			struct loss loss = { .dir = DIR_S2C, .known = k & 1 };
			for (; loss.from + sizes[k / 2] <= t.s.wire[DIR_S2C].len; loss.from++) {
				loss.to = loss.from + sizes[k / 2];
				play_loss(&t, &agreed, both, loss, loss.from % 3 ? SIZE_MAX : 11);
				if (loss.known && in_payload(&t, loss))
					assert_has(&t, loss, untouched(&t, loss) & (takeover ? undeflated : UINT64_MAX), "gap");
				assert_has(&t, loss, untouched(&t, loss) & undeflated, "gap, plain ones");
			}
		}
		deflateEnd(&d.z);
		talk_release(&t);
	}
}

/* Behind a gap a row of deflated messages shows where frames are: they have the times at which they came, not that of the last. */
static void times_behind_a_gap(void **state)
{
	(void)state;
	for (size_t most = 1; most < 200; most += 33) {
		struct talk t;
		struct deflating d = { .takeover = false };
		struct ws_deflate agreed = { .on = true, .no_takeover = { true, true }, .window_bits = { 15, 15 } };
		talk_init(&t);
		deflate_begin(&d.z, 15);
		for (unsigned i = 0; i < 9; i++)
			say_deflated(&t, DIR_S2C, &d, i, 50, SIZE_MAX);
		recorder_again(&t.r);
		struct layer *l = websocket_new(&t.r.stream, &agreed, both);
		struct slice wire = buf_slice(&t.s.wire[DIR_S2C]);
		layer_gap(l, DIR_S2C, 0, 1);
		for (size_t i = 0; i < 9; i++)
			for (size_t at = t.range[DIR_S2C][i].from, to = t.range[DIR_S2C][i].to; at < to; at += most)
				layer_feed(l, DIR_S2C,
					   (struct chunk){ slice_head(slice_skip(slice_head(wire, to), at), most), -1, 10 + (int64_t)i });
		assert_int_equal(t.r.got[DIR_S2C], 0x1ff);
		for (int64_t i = 0; i < 9; i++)
			assert_int_equal(t.r.time[DIR_S2C][i], 10 + i);
		play_end(l);
		deflateEnd(&d.z);
		talk_release(&t);
	}
}

/* The protocol before Flow 1.5, deflated: what a gap leaves of a message is not read on with the bytes of the next one. */
static void gap_in_deflated_text(void **state)
{
	(void)state;
	for (int takeover = 0; takeover <= 1; takeover++) {
		struct talk t;
		struct deflating d = { .takeover = takeover };
		struct ws_deflate agreed = { .on = true, .no_takeover = { !takeover, !takeover }, .window_bits = { 15, 15 } };
		talk_init(&t);
		deflate_begin(&d.z, 15);
		for (unsigned i = 0; i < 6; i++) {
			char text[64];
			snprintf(text, sizeof text, "{\"command\":\"%s\",\"id\":\"%u\",\"data\":\"%u\"}", i % 2 ? "query" : "ping", i,
				 i * 7919);
			recorder_sent(&t.r, DIR_S2C, slice_str(text));
			put_deflated(&t, DIR_S2C, &d, WS_TEXT, slice_str(text), i % 3 ? SIZE_MAX : 20);
			t.range[DIR_S2C][i] = (struct range){ i ? t.range[DIR_S2C][i - 1].to : 0, t.s.wire[DIR_S2C].len };
		}
		for (struct loss loss = { .dir = DIR_S2C, .known = true }; loss.from + 3 <= t.s.wire[DIR_S2C].len; loss.from++) {
			loss.to = loss.from + 3;
			play_loss(&t, &agreed, both, loss, SIZE_MAX);
			assert_int_equal(t.r.counts.bad_frames, 0);
			assert_false(recorder_heard(&t.r, "no more deflated messages"));
			if (in_payload(&t, loss) && !takeover)
				assert_has(&t, loss, untouched(&t, loss), "gap in text");
		}
		deflateEnd(&d.z);
		talk_release(&t);
	}
}

/* With takeover a gap makes the later deflated messages unreadable: told once, counted, and plain ones go on. */
static void context_lost(void **state)
{
	(void)state;
	struct talk t;
	struct deflating d = { .takeover = true };
	struct ws_deflate agreed = { .on = true, .window_bits = { 15, 15 } };
	talk_init(&t);
	deflate_begin(&d.z, 15);
	for (unsigned i = 0; i < 8; i++)
		say_deflated(&t, DIR_S2C, &d, i, 300, SIZE_MAX);
	say(&t, DIR_S2C, NODE, 9, 10);
	struct loss loss = { .dir = DIR_S2C, .from = t.range[DIR_S2C][2].to - 5, .known = true };
	loss.to = loss.from + 3;
	play_loss(&t, &agreed, both, loss, SIZE_MAX);
	assert_int_equal(t.r.got[DIR_S2C], 1 | 2 | 256);
	assert_true(t.r.counts.skipped > 0);
	const char *note = strstr(buf_cstr(&t.r.news), "the compression context is not in the capture");
	assert_non_null(note);
	assert_null(strstr(note + 1, "the compression context"));
	deflateEnd(&d.z);
	talk_release(&t);
}

/* Joined in the middle, with the handshake not captured: without takeover all is read from the first whole message on. */
static void join_deflated(void **state)
{
	(void)state;
	for (int takeover = 0; takeover <= 1; takeover++) {
		struct talk t;
		struct deflating d[2] = { { .takeover = takeover }, { .takeover = takeover } };
		talk_init(&t);
		deflate_begin(&d[0].z, 15);
		deflate_begin(&d[1].z, 15);
		for (unsigned i = 0; i < 24; i++)
			say_deflated(&t, i % 2 ? DIR_S2C : DIR_C2S, &d[i % 2], i, 50, SIZE_MAX);
		for (size_t k = 0; k < 4; k++) {
			struct loss loss = { .dir = k & 1, .known = true };
			for (; loss.to < t.s.wire[loss.dir].len; loss.to++) {
				play_loss(&t, &plain, neither, loss, k & 2 ? 1 : SIZE_MAX);
				assert_true(t.r.conn.deflated || !(t.r.got[0] | t.r.got[1]));
				if (!takeover)
					assert_has(&t, loss, untouched(&t, loss), "join");
			}
		}
		deflateEnd(&d[0].z);
		deflateEnd(&d[1].z);
		talk_release(&t);
	}
}

/* The same, found out to be a WebSocket by its bytes alone: what is not inflated is not read as a length. */
static void join_deflated_by_detect(void **state)
{
	(void)state;
	for (int takeover = 0; takeover <= 1; takeover++) {
		struct talk t;
		struct deflating d = { .takeover = takeover };
		talk_init(&t);
		deflate_begin(&d.z, 15);
		for (unsigned i = 0; i < 12; i++)
			say_deflated(&t, DIR_C2S, &d, i, 50, SIZE_MAX);
		for (size_t at = 1; at < t.range[DIR_C2S][8].from; at++) {
			recorder_again(&t.r);
			struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, NULL);
			play_bytes(&t.s, l, DIR_C2S, at, t.s.wire[DIR_C2S].len);
			play_end(l);
			assert_int_equal(t.r.counts.overlong, 0);
			if (!takeover)
				assert_has(&t, (struct loss){ .dir = DIR_C2S, .to = at }, UINT64_C(0x800), "join by detect");
		}
		deflateEnd(&d.z);
		talk_release(&t);
	}
}

/* What is kept until it is found out has the times at which it came. */
static void times_by_detect(void **state)
{
	(void)state;
	struct talk t;
	struct deflating d = { .takeover = false };
	talk_init(&t);
	deflate_begin(&d.z, 15);
	for (unsigned i = 0; i < 9; i++)
		say_deflated(&t, DIR_S2C, &d, i, 50, SIZE_MAX);
	recorder_again(&t.r);
	struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, NULL);
	for (size_t i = 0; i < 9; i++) {
		struct slice wire = slice_head(buf_slice(&t.s.wire[DIR_S2C]), t.range[DIR_S2C][i].to);
		layer_feed(l, DIR_S2C, (struct chunk){ slice_skip(wire, t.range[DIR_S2C][i].from), -1, 10 + (int64_t)i });
	}
	assert_int_equal(t.r.got[DIR_S2C], 0x1ff);
	for (int64_t i = 0; i < 9; i++)
		assert_int_equal(t.r.time[DIR_S2C][i], 10 + i);
	play_end(l);
	deflateEnd(&d.z);
	talk_release(&t);
}

/* Plays the steps from `first` on, less its first bytes, into what finds out, each direction as the other one until that is put right. */
static void play_turned(struct talk *t, size_t first, size_t less, size_t most)
{
	size_t begin[2] = { SIZE_MAX, SIZE_MAX };
	recorder_again(&t->r);
	t->r.conn.guessed = true;
	t->r.conn.ends[DIR_C2S].port = 2;
	struct layer *l = detect_new(&t->r.stream, TRANSPORT_UNKNOWN, NULL);
	for (size_t i = first; i < t->s.count; i++) {
		const struct script_step *step = &t->s.steps[i];
		size_t from = step->from + (i == first ? less : 0);
		begin[step->dir] = from < begin[step->dir] ? from : begin[step->dir];
		for (size_t at = from; at < step->to; at += most) {
			struct slice all = slice_head(buf_slice(&t->s.wire[step->dir]), step->to);
			const struct chunk c = { slice_head(slice_skip(all, at), most), (int64_t)at, 1 };
			layer_feed(l, t->r.conn.turned ? step->dir : !step->dir, c);
		}
	}
	play_end(l);
	assert_true(t->r.conn.turned && !t->r.conn.guessed && t->r.conn.ends[DIR_S2C].port == 2);
	assert_int_equal(t->r.conn.transport, TRANSPORT_WS);
	assert_int_equal(t->r.unmasked[0] | t->r.unmasked[1], 0);
	assert_false(recorder_heard(&t->r, t->s.steps[first].dir == DIR_C2S ? "s2c" : "c2s"));
	for (int d = 0; d < 2; d++)
		for (size_t i = 0; i < t->r.sent_count[d]; i++)
			assert_int_equal(t->r.got[d] >> i & 1, t->range[d][i].from >= begin[d]);
}

/* Joined in the middle, with its ends taken for each other: a head or the mask of a frame puts them right. */
static void join_turned(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	script_add(&t.s, DIR_C2S, slice_str("GET /ws/v2 HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"));
	script_add(&t.s, DIR_S2C, slice_str("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"));
	for (unsigned i = 0; i < 12; i++)
		say(&t, i & 2 ? DIR_S2C : DIR_C2S, i % 3 ? RUST : NODE, i, 50);
	for (size_t first = 0; first < 6; first++) {
		play_turned(&t, first, 0, SIZE_MAX / 2);
		for (size_t less = 0; first > 1 && less < 6; less += 5) {
			play_turned(&t, first, less, SIZE_MAX / 2);
			play_turned(&t, first, less, 1);
		}
	}
	talk_release(&t);
}

/* A sender that breaks off in the middle of nothing: the next frame is searched for. */
static void garbage_between_frames(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_C2S, NODE, 1, 10);
	script_add(&t.s, DIR_C2S, slice_str("GET /favicon.ico HTTP/1.1\r\n\r\n"));
	say(&t, DIR_C2S, NODE, 2, 10);
	script_add(&t.s, DIR_C2S, slice_str("\xff\xff\xff"));
	say(&t, DIR_C2S, RUST, 3, 10);
	script_add(&t.s, DIR_C2S, slice_str("\x89\xff"));
	say(&t, DIR_C2S, RUST, 4, 10);
	play_every_way(&t, &plain);
	assert_int_equal(t.r.counts.bad_frames, 3);
	assert_int_equal(t.r.counts.skipped, 29 + 3 + 2);
	assert_string_equal(buf_cstr(&t.r.news), "c2s note 0 a WebSocket frame with a reserved opcode\n"
						 "c2s skipped 29 \nc2s skipped 3 \nc2s skipped 2 \n");
	talk_release(&t);
}

/* --- finding ----------------------------------------------------------------------------------------------------------------- */

static struct find find(const struct recorder *r, struct buf *b, bool masked, bool final)
{
	uint8_t *block = malloc(b->len ? b->len : 1);
	if (b->len)
		memcpy(block, b->at, b->len);
	struct find f = websocket_find(&r->stream, slice_of(block, b->len), masked, final);
	free(block);
	return f;
}

static void nothing_in_noise(void **state)
{
	(void)state;
	struct recorder r;
	struct buf noise = { 0 };
	uint64_t x = 88172645463325252u;
	recorder_init(&r);
	for (int round = 0; round < 40; round++) {
		buf_clear(&noise);
		for (int i = 0; i < 20000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			buf_add_byte(&noise, (uint8_t)(round % 4 == 3 ? (x >> 20) % 5 : x >> 20));
		}
		assert_int_not_equal(find(&r, &noise, round % 2, false).status, FIND_FOUND);
		assert_int_equal(find(&r, &noise, round % 2, true).status, FIND_NONE);
	}
	memset(noise.at, 0, noise.len);
	assert_int_equal(find(&r, &noise, false, true).status, FIND_NONE);
	buf_release(&noise);
}

/* A row of frames that can't be looked into is believed when it is long enough, or when it ends with the bytes. */
static void rows(void **state)
{
	(void)state;
	struct recorder r;
	struct buf b = { 0 };
	recorder_init(&r);
	for (int frames = 1; frames <= 6; frames++) {
		b.len = 0;
		buf_add_str(&b, "\xfe\xfe\xfe");
		for (int i = 0; i < frames; i++)
			frame_write(&b, FIN | RSV1 | WS_BINARY, true, slice_str("\xaa\xf2\x48\xcd\xc9\xc9\x07"));
		struct find f = find(&r, &b, true, false), last = find(&r, &b, true, true);
		assert_int_equal(f.status, frames < 5 ? FIND_MORE : FIND_FOUND);
		assert_int_equal(f.offset, 3);
		assert_int_equal(last.status, frames < 2 ? FIND_NONE : FIND_FOUND);
		assert_int_equal(find(&r, &b, false, true).status, FIND_NONE);
	}
	b.len = 0;
	for (int i = 0; i < 8; i++)
		frame_write(&b, FIN | WS_CONTINUATION, true, slice_str("ends twice"));
	assert_int_equal(find(&r, &b, true, true).status, FIND_NONE);
	b.len = 0;
	for (int i = 0; i < 8; i++)
		buf_add(&b, BYTES(0xc2, 0x7e, 0x00, 0x02, 0xaa, 0xbb)); /* not the shortest form of a length */
	assert_int_equal(find(&r, &b, false, true).status, FIND_NONE);
	buf_release(&b);
}

/* Where a search finds the first of frames that look so, in front of a row of deflated ones. */
static size_t found_in_front_of_row(struct slice payload, unsigned rsv1)
{
	struct recorder r;
	struct buf b = { 0 };
	recorder_init(&r);
	frame_write(&b, FIN | rsv1 | WS_TEXT, true, payload);
	for (int i = 0; i < 5; i++)
		frame_write(&b, FIN | RSV1 | WS_BINARY, true, slice_str("\xaa\xf2\x48\xcd\xc9\xc9\x07"));
	struct find f = find(&r, &b, true, false);
	assert_int_equal(f.status, FIND_FOUND);
	buf_release(&b);
	return f.offset;
}

/* What is taken for a text frame, and leads to a row of true ones, must begin as text does. */
static void text_in_front_of_a_row(void **state)
{
	(void)state;
	struct slice noise = slice_str("\xaa\xf2\x48\xcd\xc9\xc9\x07 deflated");
	assert_int_equal(found_in_front_of_row(noise, 0), 6 + noise.len);
	assert_int_equal(found_in_front_of_row(slice_str("a bell \a"), 0), 6 + 8);
	assert_int_equal(found_in_front_of_row(slice_str("cut \xe2\x82"), 0), 6 + 6);
	assert_int_equal(found_in_front_of_row(noise, RSV1), 0);
	assert_int_equal(found_in_front_of_row(slice_str(""), 0), 0);
	assert_int_equal(found_in_front_of_row(slice_str("no JSON"), 0), 0);
	for (size_t n = 0; n < 8; n++) { /* the bytes that are looked at end in any part of a character */
		char text[64] = "";
		snprintf(text, sizeof text, "%.*sa\xe2\x82\xac\xf0\x9f\x98\x80 \xe2\x82\xac\xf0\x9f\x98\x80", 13 + (int)n,
			 "twenty-one-bytes-long");
		assert_int_equal(found_in_front_of_row(slice_str(text), 0), 0);
	}
}

/* Frames that show in a payload are not believed while the frame around them may be one, unless they show an Envelope. */
static void frames_in_a_payload(void **state)
{
	(void)state;
	struct recorder r;
	struct buf b = { 0 }, envelope = { 0 }, whole = { 0 };
	recorder_init(&r);
	buf_add(&b, BYTES(0xc2, 0x7e, 0x40, 0x00));
	for (int i = 0; i < 8; i++)
		frame_write(&b, FIN | RSV1 | WS_BINARY, false, slice_str("deflated"));
	struct find f = find(&r, &b, false, false);
	assert_int_equal(f.status, FIND_MORE);
	assert_int_equal(f.offset, 0);
	size_t at = b.len;
	envelope_write(&envelope, "query", 1, 10);
	length_write(&whole, envelope.len);
	buf_add(&whole, buf_slice(&envelope));
	frame_write(&b, WS_BINARY, false, buf_slice(&whole));
	f = find(&r, &b, false, false);
	assert_int_equal(f.status, FIND_FOUND);
	assert_int_equal((at - f.offset) % 10, 0); /* or a frame of the row that leads to it */
	assert_true(f.offset > 0);
	buf_release(&b);
	buf_release(&envelope);
	buf_release(&whole);
}

/* Of more packets than CAME_MAX the rest has the time of the last, and that is said. */
static void times_of_what_is_searched(void **state)
{
	(void)state;
	struct came c = { 0 };
	int64_t time = 0;
	for (int i = 1; i <= CAME_MAX; i++)
		assert_true(came_add(&c, 1, i));
	assert_true(came_add(&c, 1, CAME_MAX));
	assert_false(came_add(&c, 1, CAME_MAX + 1));
	assert_true(came_add(&c, 0, CAME_MAX + 1));
	came_keep(&c, 2);
	assert_int_equal(came_first(&c, &time), 2);
	assert_int_equal(time, CAME_MAX);
	came_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_headers),
		cmocka_unit_test(rfc_mask),
		cmocka_unit_test(bad_headers),
		cmocka_unit_test(styles),
		cmocka_unit_test(places),
		cmocka_unit_test(large_message),
		cmocka_unit_test(mask_rule),
		cmocka_unit_test(text_is_legacy),
		cmocka_unit_test(text_between_binary),
		cmocka_unit_test(text_before_binary),
		cmocka_unit_test(close_codes),
		cmocka_unit_test(control_masks),
		cmocka_unit_test(fragments_out_of_order),
		cmocka_unit_test(deflated),
		cmocka_unit_test(inflates_beyond_limit),
		cmocka_unit_test(text_inflates_beyond_limit),
		cmocka_unit_test(damaged_deflate),
		cmocka_unit_test(gap_anywhere),
		cmocka_unit_test(gap_in_close),
		cmocka_unit_test(gap_in_batch),
		cmocka_unit_test(join_anywhere),
		cmocka_unit_test(found_before_the_end),
		cmocka_unit_test(found_behind_what_may_be_one),
		cmocka_unit_test(doubtful_length),
		cmocka_unit_test(gap_in_deflated),
		cmocka_unit_test(times_behind_a_gap),
		cmocka_unit_test(gap_in_deflated_text),
		cmocka_unit_test(deflated_text_without_end),
		cmocka_unit_test(context_lost),
		cmocka_unit_test(join_deflated),
		cmocka_unit_test(join_deflated_by_detect),
		cmocka_unit_test(times_by_detect),
		cmocka_unit_test(join_turned),
		cmocka_unit_test(garbage_between_frames),
		cmocka_unit_test(nothing_in_noise),
		cmocka_unit_test(rows),
		cmocka_unit_test(times_of_what_is_searched),
		cmocka_unit_test(text_in_front_of_a_row),
		cmocka_unit_test(frames_in_a_payload),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
