/* HTTP/1 up to the upgrade: what leads to a WebSocket, what does not, and what is missing. */
#include "capture/stream/detect.h"
#include "capture/stream/http1.h"

#include "tests/unit/stream_play.h"

enum { FIN = 0x80, RSV1 = 0x40, BINARY = 2, PING = 9 };

#define ASK "GET /ws/v2 HTTP/1.1\r\nHost: openiap.example\r\n"
#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#define REQUEST ASK UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
#define ACCEPT "HTTP/1.1 101 Switching Protocols\r\n" UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define GRANTED ACCEPT "\r\n"
#define REFUSED "HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nno, sorry"
#define NOT_GRANTED(status) "s2c note " status " the upgrade was not granted, but answered with the HTTP status: " status "\n"

struct talk {
	struct recorder r;
	struct script s;
};

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

static void put(struct talk *t, enum dir dir, const char *text)
{
	script_add(&t->s, dir, slice_str(text));
}

/* A message in one frame; deflated if z. Messages and heads may share a chunk. */
static void say(struct talk *t, enum dir dir, unsigned seq, z_stream *z)
{
	struct buf whole = { 0 }, envelope = { 0 }, frame = { 0 }, packed = { 0 };
	envelope_write(&envelope, "query", seq, 40);
	recorder_sent(&t->r, dir, buf_slice(&envelope));
	length_write(&whole, envelope.len);
	buf_add(&whole, buf_slice(&envelope));
	if (z)
		deflate_write(z, &packed, buf_slice(&whole));
	frame_write(&frame, FIN | BINARY | (z ? RSV1 : 0), dir == DIR_C2S, buf_slice(z ? &packed : &whole));
	script_add(&t->s, dir, buf_slice(&frame));
	buf_release(&whole);
	buf_release(&envelope);
	buf_release(&frame);
	buf_release(&packed);
}

/* A message with its length torn apart: it is only read if the frames are followed from the first on. */
static void say_torn(struct talk *t, enum dir dir, unsigned seq)
{
	struct buf whole = { 0 }, envelope = { 0 }, frames = { 0 };
	envelope_write(&envelope, "query", seq, 40);
	recorder_sent(&t->r, dir, buf_slice(&envelope));
	length_write(&whole, envelope.len);
	buf_add(&whole, buf_slice(&envelope));
	frame_write(&frames, FIN | BINARY, dir == DIR_C2S, slice_head(buf_slice(&whole), 3));
	frame_write(&frames, FIN | BINARY, dir == DIR_C2S, slice_skip(buf_slice(&whole), 3));
	script_add(&t->s, dir, buf_slice(&frames));
	buf_release(&whole);
	buf_release(&envelope);
	buf_release(&frames);
}

static void play_all(struct talk *t, size_t most, size_t cut)
{
	recorder_again(&t->r);
	struct layer *l = http1_new(&t->r.stream);
	play(&t->s, l, most, cut);
	play_end(l);
}

/* Whole, byte by byte, cut at every position: all messages, the same news and transport. */
static void play_every_way(struct talk *t, enum transport transport)
{
	struct buf news = { 0 };
	play_all(t, SIZE_MAX, 0);
	buf_add(&news, buf_slice(&t->r.news));
	for (size_t cut = 0; cut < script_len(&t->s); cut++) {
		play_all(t, cut ? SIZE_MAX : 1, cut);
		recorder_assert_all(&t->r);
		assert_int_equal(t->r.counts.skipped, 0);
		assert_true(slice_eq(buf_slice(&news), buf_slice(&t->r.news)));
		assert_int_equal(t->r.conn.transport, transport);
	}
	buf_release(&news);
}

/* A WebSocket is asked for and granted, and carries three messages of each side. */
static void say_granted(struct talk *t)
{
	put(t, DIR_C2S, REQUEST);
	put(t, DIR_S2C, GRANTED);
	for (unsigned i = 0; i < 3; i++) {
		say(t, DIR_C2S, i, NULL);
		say(t, DIR_S2C, i, NULL);
	}
}

static void upgrade(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say_granted(&t);
	play_every_way(&t, TRANSPORT_WS);
	assert_int_equal(t.r.news.len, 0);
	assert_int_equal(t.r.counts.not_ours, 0);
	talk_release(&t);
}

/* Names and values in any case, lists, headers that come twice, no Connection header in the answer. */
static void upgrade_spelt_otherwise(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, ASK "CONNECTION: keep-alive, UPGRADE\r\nupgrade: h2c,  WebSocket\r\n\r\n");
	put(&t, DIR_S2C, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101\r\nUPGRADE:WEBSOCKET\r\n\r\n");
	say(&t, DIR_S2C, 1, NULL);
	say(&t, DIR_C2S, 1, NULL);
	play_every_way(&t, TRANSPORT_WS);
	assert_int_equal(t.r.news.len, 0);
	talk_release(&t);
}

/* The other protocol begins behind the body of the request, which the answer may overtake in the capture. */
static void upgrade_behind_a_body(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct talk t;
		talk_init(&t);
		put(&t, DIR_C2S,
		    i & 1 ? ASK UPGRADE "Content-Length: 9\r\n\r\nHTTP/1" : ASK UPGRADE "Transfer-Encoding: chunked\r\n\r\n5\r\nHTTP");
		if (i < 2)
			put(&t, DIR_C2S, i & 1 ? ".1\n" : "/\r\n0\r\n\r\n");
		put(&t, DIR_S2C, GRANTED);
		if (i >= 2)
			put(&t, DIR_C2S, i & 1 ? ".1\n" : "/\r\n0\r\n\r\n");
		say(&t, DIR_C2S, 1, NULL);
		say(&t, DIR_S2C, 1, NULL);
		play_every_way(&t, TRANSPORT_WS);
		assert_int_equal(t.r.news.len, 0);
		assert_int_equal(t.r.counts.bad_frames, 0);
		talk_release(&t);
	}
}

/* What the response says about compression counts, not what the request offers. */
static void deflate_of_the_response(void **state)
{
	(void)state;
	static const char *const answers[] = {
		ACCEPT "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n",
		ACCEPT "Sec-WebSocket-Extensions: something; a=b\r\n"
		       "sec-websocket-extensions: permessage-deflate; server_max_window_bits=\"15\"; client_no_context_takeover\r\n\r\n",
	};
	for (size_t k = 0; k < sizeof(answers) / sizeof(*answers); k++) {
		struct talk t;
		z_stream z[2];
		talk_init(&t);
		deflate_begin(&z[0], 15);
		deflate_begin(&z[1], 15);
		put(&t, DIR_C2S,
		    ASK UPGRADE "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover, "
				"permessage-deflate\r\n\r\n");
		put(&t, DIR_S2C, answers[k]);
		for (unsigned i = 0; i < 4; i++) {
			deflateReset(&z[DIR_C2S]);
			say(&t, DIR_C2S, i, &z[DIR_C2S]);
			say(&t, DIR_S2C, i, &z[DIR_S2C]);
		}
		play_every_way(&t, TRANSPORT_WS);
		assert_int_equal(t.r.news.len, 0);
		deflateEnd(&z[0]);
		deflateEnd(&z[1]);
		talk_release(&t);
	}
}

/* The beginning of an answer that grants the upgrade, and its rest. */
static void begin_granting(struct talk *t)
{
	script_add(&t->s, DIR_S2C, slice_head(slice_str(GRANTED), 10));
}

static void go_on_granting(struct talk *t)
{
	script_add(&t->s, DIR_S2C, slice_skip(slice_str(GRANTED), 10));
}

/* A request to upgrade, and four Envelopes for which no answer was waited. */
static void ask_and_go_on(struct talk *t)
{
	put(t, DIR_C2S, REQUEST);
	for (unsigned i = 0; i < 4; i++)
		say(t, DIR_C2S, i, NULL);
}

/* Frames of the client may be captured before the answer to its request. */
static void client_does_not_wait(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	ask_and_go_on(&t);
	begin_granting(&t);
	go_on_granting(&t);
	say(&t, DIR_C2S, 4, NULL);
	play_every_way(&t, TRANSPORT_WS);
	talk_release(&t);
	talk_init(&t);
	begin_granting(&t);
	ask_and_go_on(&t);
	go_on_granting(&t);
	say(&t, DIR_C2S, 4, NULL);
	t.r.limits.head = (t.s.steps[2].to - t.s.steps[2].from) * 5 / 2; /* the third is cut, the fourth dropped */
	play_all(&t, SIZE_MAX, 0);
	assert_int_equal(t.r.got[DIR_C2S], 1 | 2 | 16);
	assert_true(t.r.counts.skipped > 0);
	talk_release(&t);
}

/* What was held has the time of the packet that brought it, not of the last one. */
static void times_of_the_held(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	ask_and_go_on(&t);
	put(&t, DIR_S2C, GRANTED);
	for (int most = 1; most < 1000; most += 998) {
		recorder_again(&t.r);
		struct layer *l = http1_new(&t.r.stream);
		for (size_t i = 0; i < t.s.count; i++) {
			struct slice step = slice_head(slice_skip(buf_slice(&t.s.wire[t.s.steps[i].dir]), t.s.steps[i].from),
						       t.s.steps[i].to - t.s.steps[i].from);
			for (; step.len; step = slice_skip(step, (size_t)most))
				layer_feed(l, t.s.steps[i].dir, (struct chunk){ slice_head(step, (size_t)most), -1, 100 * (int64_t)i });
		}
		assert_int_equal(t.r.got[DIR_C2S], 15);
		for (int i = 0; i < 4; i++)
			assert_int_equal(t.r.time[DIR_C2S][i], 100 * (i + 1));
		play_end(l);
	}
	talk_release(&t);
}

/* Of how many packets that are held the time is known, is limited, and those beyond are counted. */
static void times_beyond_the_limit(void **state)
{
	(void)state;
	enum { TIMES = 1024 };
	struct talk t;
	talk_init(&t);
	t.r.limits.head = 1 << 16;
	ask_and_go_on(&t);
	for (unsigned seq = 4; t.s.wire[DIR_C2S].len < 2 * TIMES + 500; seq++)
		say(&t, DIR_C2S, seq, NULL);
	struct slice held = slice_skip(buf_slice(&t.s.wire[DIR_C2S]), t.s.steps[0].to);
	struct layer *l = http1_new(&t.r.stream);
	layer_feed(l, DIR_C2S, (struct chunk){ slice_head(buf_slice(&t.s.wire[DIR_C2S]), t.s.steps[0].to), -1, 1 });
	for (size_t i = 0; i < held.len; i++)
		layer_feed(l, DIR_C2S, (struct chunk){ slice_head(slice_skip(held, i), 1), -1, 100 + (int64_t)i });
	assert_int_equal(t.r.counts.untimed, held.len - TIMES);
	layer_feed(l, DIR_S2C, (struct chunk){ slice_str(GRANTED), -1, 99999 });
	assert_int_equal(t.r.got[DIR_C2S], (UINT64_C(1) << t.r.sent_count[DIR_C2S]) - 1);
	for (size_t i = 0; i < t.r.sent_count[DIR_C2S]; i++)
		assert_true(t.r.time[DIR_C2S][i] >= 100 && t.r.time[DIR_C2S][i] < 100 + TIMES);
	play_end(l);
	talk_release(&t);
}

/* The server's direction is not captured: what the client sends is read once there is more than a request could hold, or it is told. */
static void answer_is_not_captured(void **state)
{
	(void)state;
	for (int told = 0; told < 2; told++) {
		struct talk t;
		talk_init(&t);
		ask_and_go_on(&t);
		if (!told)
			t.r.limits.head = 300;
		struct layer *l = http1_new(&t.r.stream);
		recorder_again(&t.r);
		t.r.conn.start_seen = true;
		play(&t.s, l, SIZE_MAX, 0);
		if (told)
			layer_gap(l, DIR_S2C, 0, 1);
		assert_int_equal(t.r.got[DIR_C2S], 15);
		assert_int_equal(t.r.counts.skipped, 0);
		play_end(l);
		talk_release(&t);
	}
}

/* Not a packet of the server is captured: its answer is not waited for, and what is deflated has its context from the beginning. */
static void nothing_of_the_server(void **state)
{
	(void)state;
	for (size_t most = 1; most; most = most == 1 ? SIZE_MAX : 0) {
		struct talk t;
		z_stream z;
		talk_init(&t);
		deflate_begin(&z, 15);
		put(&t, DIR_C2S, REQUEST);
		for (unsigned i = 0; i < 30; i++)
			say(&t, DIR_C2S, i, i % 3 ? &z : NULL);
		recorder_again(&t.r);
		t.r.conn.one_way = true;
		struct layer *l = http1_new(&t.r.stream);
		play(&t.s, l, most, 0);
		assert_int_equal(t.r.got[DIR_C2S], (1u << 30) - 1);
		assert_int_equal(t.r.counts.skipped, 0);
		play_end(l);
		deflateEnd(&z);
		talk_release(&t);
	}
}

/* A frame that is sent all around the answer, of which too much would have to be held: what is lost of it is known exactly. */
static void frame_around_the_answer(void **state)
{
	(void)state;
	struct talk t;
	struct buf batch = { 0 }, frame = { 0 };
	talk_init(&t);
	t.r.limits.head = 160;
	for (unsigned i = 0; i < 4; i++) {
		struct buf envelope = { 0 };
		envelope_write(&envelope, "query", i, 60);
		recorder_sent(&t.r, DIR_C2S, buf_slice(&envelope));
		length_write(&batch, envelope.len);
		buf_add(&batch, buf_slice(&envelope));
		buf_release(&envelope);
	}
	frame_write(&frame, FIN | BINARY, true, buf_slice(&batch));
	assert_in_range(frame.len, 390, 600);
	begin_granting(&t);
	put(&t, DIR_C2S, REQUEST);
	for (size_t at = 0; at < 240; at += 60)
		script_add(&t.s, DIR_C2S, slice_head(slice_skip(buf_slice(&frame), at), 60));
	go_on_granting(&t);
	script_add(&t.s, DIR_C2S, slice_skip(buf_slice(&frame), 240));
	play_all(&t, SIZE_MAX, 0);
	assert_int_equal(t.r.got[DIR_C2S], 1 | 8);
	size_t last = frame.len - batch.len / 4; /* what lies between the loss and the last message is searched in vain */
	assert_int_equal(t.r.counts.skipped, (240 - 160) + (last - 240));
	buf_release(&batch);
	buf_release(&frame);
	talk_release(&t);
}

/* The answer may even be captured before its request. */
static void answer_first(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_S2C, GRANTED);
	say_torn(&t, DIR_S2C, 1);
	put(&t, DIR_C2S, REQUEST);
	say_torn(&t, DIR_C2S, 1);
	play_every_way(&t, TRANSPORT_WS);
	assert_int_equal(t.r.news.len, 0);
	talk_release(&t);
}

/* A server may even grant what its client did not ask for in so many words. */
static void granted_without_asking(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, ASK "\r\n");
	put(&t, DIR_S2C, GRANTED);
	say_torn(&t, DIR_C2S, 1);
	say_torn(&t, DIR_S2C, 1);
	play_every_way(&t, TRANSPORT_WS);
	talk_release(&t);
}

static void plain_http(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (int i = 0; i < 3; i++) {
		put(&t, DIR_C2S, "POST /api/v1 HTTP/1.1\r\nContent-Length: 18\r\n\r\n{\"command\":\"noop\"}");
		put(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
	}
	play_every_way(&t, TRANSPORT_HTTP);
	assert_string_equal(buf_cstr(&t.r.news), "c2s not ours 0 HTTP that is no WebSocket\n");
	assert_int_equal(t.r.counts.not_ours, 1);
	talk_release(&t);
}

/* Refused, then plain requests (a HEAD among them, whose answer has no body), then granted: on one connection. */
static void upgrade_at_last(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, REQUEST);
	put(&t, DIR_S2C, REFUSED);
	put(&t, DIR_C2S, "HEAD / HTTP/1.1\r\n\r\n");
	put(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	put(&t, DIR_C2S, "POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\n12345");
	put(&t, DIR_S2C, "HTTP/1.1 204 No Content\r\n\r\n");
	put(&t, DIR_C2S, REQUEST);
	put(&t, DIR_S2C, GRANTED);
	say_torn(&t, DIR_C2S, 1);
	say_torn(&t, DIR_S2C, 1);
	play_every_way(&t, TRANSPORT_WS);
	assert_string_equal(buf_cstr(&t.r.news), "s2c not ours 0 HTTP that is no WebSocket\n" NOT_GRANTED("400") NOT_GRANTED("204"));
	talk_release(&t);
}

/* All requests at once, then all answers at once. */
static void pipelined(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, "HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n" REQUEST);
	put(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET / H" GRANTED);
	say_torn(&t, DIR_C2S, 1);
	say_torn(&t, DIR_S2C, 1);
	play_every_way(&t, TRANSPORT_WS);
	assert_string_equal(buf_cstr(&t.r.news), "c2s not ours 0 HTTP that is no WebSocket\n");
	talk_release(&t);
}

/* The client sends its next request before it has read that the first one is refused. */
static void refused_and_asked_again(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, REQUEST "GET / HTTP/1.1\r\n\r\n" REQUEST);
	put(&t, DIR_S2C, REFUSED "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" GRANTED);
	say_torn(&t, DIR_C2S, 1);
	say_torn(&t, DIR_S2C, 1);
	play_every_way(&t, TRANSPORT_WS);
	assert_string_equal(buf_cstr(&t.r.news), "s2c not ours 0 HTTP that is no WebSocket\n" NOT_GRANTED("400"));
	talk_release(&t);
}

static void other_protocols(void **state)
{
	(void)state;
	static const char *const ask[] = {
		"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: irc/6.9\r\n\r\nNICK anna\r\n",
		"CONNECT example:443 HTTP/1.1\r\n\r\n\x16\x03\x01",
		"GET / HTTP/1.1\r\n\x01\x02\x03\r\n\r\n",
	};
	static const char *const answer[] = {
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: irc/6.9\r\n\r\n\x01\x02\x03\x04\x05",
		"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01",
		"SSH-2.0-OpenSSH\r\n",
	};
	for (size_t i = 0; i < sizeof(ask) / sizeof(*ask); i++) {
		struct talk t;
		talk_init(&t);
		put(&t, DIR_C2S, ask[i]);
		put(&t, DIR_S2C, answer[i]);
		play_every_way(&t, TRANSPORT_HTTP);
		assert_string_equal(buf_cstr(&t.r.news), "c2s not ours 0 HTTP that is no WebSocket\n");
		talk_release(&t);
	}
}

static void head_beyond_the_limit(void **state)
{
	(void)state;
	struct talk t;
	struct buf head = { 0 };
	talk_init(&t);
	buf_add_str(&head, ASK UPGRADE "Cookie: ");
	for (int i = 0; i < 3000; i++)
		buf_add_byte(&head, 'x');
	put(&t, DIR_C2S, buf_cstr(&head));
	put(&t, DIR_C2S, "\r\n\r\n");
	play_all(&t, 1, 0);
	assert_string_equal(buf_cstr(&t.r.news), "c2s skipped 0 an HTTP head beyond the limit\n"
						 "c2s not ours 0 HTTP that is no WebSocket\n");
	buf_release(&head);
	talk_release(&t);
}

/* --- gaps -------------------------------------------------------------------------------------------------------------------- */

/* Plays the script without the bytes [from, to) of a direction. */
static void play_gap(struct talk *t, enum dir dir, size_t from, size_t to, bool known)
{
	recorder_again(&t->r);
	struct layer *l = http1_new(&t->r.stream);
	for (size_t i = 0; i < t->s.count; i++) {
		const struct script_step *s = &t->s.steps[i];
		if (s->dir != dir || s->to <= from || s->from >= to) {
			play_bytes(&t->s, l, s->dir, s->from, s->to);
			continue;
		}
		if (s->from < from)
			play_bytes(&t->s, l, dir, s->from, from);
		if (s->from <= from)
			layer_gap(l, dir, known ? to - from : 0, 1);
		if (s->to > to)
			play_bytes(&t->s, l, dir, to, s->to);
	}
	play_end(l);
}

/* A gap anywhere in the handshake: the messages behind it are found all the same, as long as one head shows the upgrade, and whichever
 * of the two is seen first. */
static void check_gap_in_handshake(enum dir first)
{
	struct talk t;
	talk_init(&t);
	put(&t, first, first == DIR_C2S ? REQUEST : GRANTED);
	put(&t, !first, first == DIR_C2S ? GRANTED : REQUEST);
	for (unsigned i = 0; i < 3; i++) {
		say(&t, DIR_C2S, i, NULL);
		say(&t, DIR_S2C, i, NULL);
	}
	for (int k = 0; k < 8; k++) {
		size_t n = k & 4 ? 1 : 20;
		enum dir dir = k & 1;
		for (size_t from = 0; from + n <= t.s.steps[dir == first ? 0 : 1].to; from++) {
			play_gap(&t, dir, from, from + n, k & 2);
			recorder_assert_all(&t.r);
			assert_int_equal(t.r.conn.transport, TRANSPORT_WS);
		}
	}
	talk_release(&t);
}

static void gap_in_handshake(void **state)
{
	(void)state;
	check_gap_in_handshake(DIR_C2S);
	check_gap_in_handshake(DIR_S2C);
}

/* Plays the steps from that one on: all messages are there, of a WebSocket. */
static void play_rest(struct talk *t, struct layer *l, size_t step)
{
	for (size_t i = step; i < t->s.count; i++)
		play_bytes(&t->s, l, t->s.steps[i].dir, t->s.steps[i].from, t->s.steps[i].to);
	play_end(l);
	recorder_assert_all(&t->r);
	assert_int_equal(t->r.conn.transport, TRANSPORT_WS);
}

/* The capture lost the front of the request, and has its end and part of a first message before the answer, which tells what both are. */
static void end_of_the_request_first(void **state)
{
	enum { FIRST_FRAME = 9 }; /* bytes: a header, a mask, three bytes of a length */
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, REQUEST);
	put(&t, DIR_S2C, GRANTED);
	say_torn(&t, DIR_C2S, 0);
	for (unsigned i = 0; i < 3; i++) {
		say(&t, DIR_S2C, i, NULL);
		say(&t, DIR_C2S, i + 1, NULL);
	}
	size_t ask = t.s.steps[0].to, torn = t.s.steps[2].from + FIRST_FRAME;
	for (size_t lost = 1; lost <= ask; lost++) {
		recorder_again(&t.r);
		t.r.conn.start_seen = true;
		struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, NULL);
		layer_gap(l, DIR_C2S, lost, 1);
		play_bytes(&t.s, l, DIR_C2S, lost, ask);
		play_bytes(&t.s, l, DIR_C2S, t.s.steps[2].from, torn);
		play_bytes(&t.s, l, DIR_S2C, t.s.steps[1].from, t.s.steps[1].to);
		play_bytes(&t.s, l, DIR_C2S, torn, t.s.steps[2].to);
		play_rest(&t, l, 3);
	}
	talk_release(&t);
}

/* Neither head is whole, but what there is of the request asks for a WebSocket. */
static void gap_in_both_heads(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say_granted(&t);
	size_t ask = t.s.steps[0].to, answer = t.s.steps[1].to;
	for (int server_first = 0; server_first < 2; server_first++) {
		recorder_again(&t.r);
		struct layer *l = http1_new(&t.r.stream);
		for (int k = 0; k < 2; k++) {
			enum dir dir = k != server_first;
			if (dir == DIR_C2S)
				play_bytes(&t.s, l, DIR_C2S, 0, ask - 1);
			layer_gap(l, dir, dir == DIR_C2S ? 1 : 5, 1);
			if (dir == DIR_S2C)
				play_bytes(&t.s, l, DIR_S2C, 5, answer);
		}
		play_rest(&t, l, 2);
	}
	talk_release(&t);
}

/* A short snapshot length leaves the beginnings of both heads: the status says what it will be. */
static void heads_cut_short(void **state)
{
	(void)state;
	for (size_t asked = 20; asked <= 24; asked++) {
		for (size_t granted = 14; granted < 34; granted++) {
			struct talk t;
			talk_init(&t);
			say_granted(&t);
			size_t ask = t.s.steps[0].to, answer = t.s.steps[1].to;
			struct layer *l = http1_new(&t.r.stream);
			play_bytes(&t.s, l, DIR_C2S, 0, asked);
			layer_gap(l, DIR_C2S, ask - asked, 1);
			play_bytes(&t.s, l, DIR_S2C, 0, granted);
			layer_gap(l, DIR_S2C, answer - granted, 1);
			for (size_t i = 2; i < t.s.count; i++)
				play_bytes(&t.s, l, t.s.steps[i].dir, t.s.steps[i].from, t.s.steps[i].to);
			play_end(l);
			recorder_assert_all(&t.r);
			assert_int_equal(t.r.conn.transport, TRANSPORT_WS);
			assert_int_equal(t.r.counts.not_ours, 0);
			talk_release(&t);
		}
	}
}

/* Of the request there is only the end, or the beginning; and a message of the client before it is known that the rest of the answer is missing. */
static void message_before_a_torn_grant(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say_granted(&t);
	size_t ask = t.s.steps[0].to, answer = t.s.steps[1].to;
	for (size_t i = 0; i < 2 * ask; i++) {
		bool at_front = i < ask;
		size_t from = at_front ? 0 : i - ask + 1, to = at_front ? i : ask, granted = 14 + i % (answer - 14);
		recorder_again(&t.r);
		t.r.conn.start_seen = true;
		struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, NULL);
		if (from)
			layer_gap(l, DIR_C2S, from, 1);
		play_bytes(&t.s, l, DIR_C2S, from, to);
		if (to < ask)
			layer_gap(l, DIR_C2S, ask - to, 1);
		play_bytes(&t.s, l, DIR_S2C, 0, granted);
		play_bytes(&t.s, l, DIR_C2S, t.s.steps[2].from, t.s.steps[2].to);
		layer_gap(l, DIR_S2C, answer - granted, 1);
		play_rest(&t, l, 3);
	}
	talk_release(&t);
}

/* Of the request there are the beginning, which need not say what it asks for, and the end, in one packet with a first message: that comes before
 * the answer, which tells what it is. An answer of plain HTTP, or none, says that it is something else. */
static void message_before_the_answer(void **state)
{
	(void)state;
	static const char *const answers[] = { GRANTED, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "" };
	struct talk t;
	talk_init(&t);
	say_granted(&t);
	size_t ask = t.s.steps[0].to, early = strlen(ASK) - 1; /* bytes that do not name a protocol */
	for (size_t seen = 1; seen < ask; seen++) {
		for (int i = 0; i < 3; i++) {
			recorder_again(&t.r);
			struct layer *l = http1_new(&t.r.stream);
			play_bytes(&t.s, l, DIR_C2S, 0, seen);
			layer_gap(l, DIR_C2S, 0, 1);
			play_bytes(&t.s, l, DIR_C2S, ask - 1, t.s.steps[2].to);
			layer_feed(l, DIR_S2C, (struct chunk){ slice_str(answers[i]), -1, 1 });
			if (i == 0)
				play_rest(&t, l, 3);
			else
				play_end(l);
			if (i && seen < early) {
				assert_int_equal(t.r.got[DIR_C2S], 0);
				assert_int_equal(t.r.counts.not_ours, 1);
				assert_true(seen < 5 || recorder_heard(&t.r, "HTTP of which a head is not whole in the capture"));
			}
		}
	}
	talk_release(&t);
}

/* The server's direction ends without an answer: the messages behind the request are shown all the same. */
static void no_answer_at_all(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	ask_and_go_on(&t);
	recorder_again(&t.r);
	t.r.conn.start_seen = true;
	struct layer *l = http1_new(&t.r.stream);
	play(&t.s, l, SIZE_MAX, 0);
	assert_int_equal(t.r.got[DIR_C2S], 0);
	play_end(l);
	assert_int_equal(t.r.got[DIR_C2S], 15);
	assert_int_equal(t.r.counts.skipped, 0);
	talk_release(&t);
}

/* The whole answer is missing, and that is known before it is that the request is torn as well, which asks for a WebSocket as far as it goes. */
static void no_answer_to_half_a_request(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say_granted(&t);
	size_t half = strlen(ASK UPGRADE), ask = t.s.steps[0].to;
	for (int whole = 0; whole < 2; whole++) {
		recorder_again(&t.r);
		struct layer *l = http1_new(&t.r.stream);
		play_bytes(&t.s, l, DIR_C2S, 0, half);
		layer_gap(l, DIR_S2C, t.s.steps[1].to, 1);
		play_bytes(&t.s, l, DIR_S2C, t.s.steps[3].from, t.s.steps[3].to);
		if (whole)
			play_bytes(&t.s, l, DIR_C2S, half, ask);
		else
			layer_gap(l, DIR_C2S, ask - half, 1);
		play_bytes(&t.s, l, DIR_C2S, t.s.steps[2].from, t.s.steps[2].to);
		play_rest(&t, l, 4);
		assert_int_equal(t.r.counts.not_ours, 0);
	}
	talk_release(&t);
}

/* What came behind a gap before the answer is read as well. */
static void gap_among_the_held(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	ask_and_go_on(&t);
	put(&t, DIR_S2C, GRANTED);
	for (int known = 0; known < 2; known++) {
		struct script_step lost = t.s.steps[2];
		play_gap(&t, DIR_C2S, lost.from, lost.to, known);
		assert_int_equal(t.r.got[DIR_C2S], 1 | 4 | 8);
		assert_int_equal(t.r.counts.skipped, 0);
	}
	talk_release(&t);
}

/* Where more packets are held than there is room for in the list, one more gap is remembered, and what is dropped behind it is counted. */
static void gap_beyond_the_limit(void **state)
{
	(void)state;
	enum { TIMES = 1024 };
	struct talk t;
	talk_init(&t);
	ask_and_go_on(&t);
	put(&t, DIR_S2C, GRANTED);
	recorder_again(&t.r);
	t.r.limits.head = 1 << 16;
	struct layer *l = http1_new(&t.r.stream);
	play_bytes(&t.s, l, DIR_C2S, 0, t.s.steps[1].to);
	play_bytes(&t.s, l, DIR_S2C, 0, 10);
	for (int i = 1; i <= TIMES; i++) { /* pings, which take no room to speak of */
		static const uint8_t ping[] = { FIN | PING, 0x80, 1, 2, 3, 4 };
		layer_feed(l, DIR_C2S, (struct chunk){ slice_of(ping, sizeof ping), -1, 100 + i });
	}
	layer_gap(l, DIR_C2S, 7, 2000);
	for (int i = 2; i < 4; i++) {
		play_bytes(&t.s, l, DIR_C2S, t.s.steps[i].from, t.s.steps[i].to);
		layer_gap(l, DIR_C2S, 7, 2000);
	}
	assert_int_equal(t.r.counts.skipped, t.s.steps[3].to - t.s.steps[2].from);
	play_bytes(&t.s, l, DIR_S2C, 10, t.s.steps[5].to);
	play_bytes(&t.s, l, DIR_C2S, t.s.steps[4].from, t.s.steps[4].to);
	assert_int_equal(t.r.got[DIR_C2S], 1 | 8);
	play_end(l);
	talk_release(&t);
}

/* Nothing wrong comes, wherever bytes are missing. */
static void gap_anywhere(void **state)
{
	(void)state;
	struct talk t;
	z_stream z;
	talk_init(&t);
	deflate_begin(&z, 15);
	put(&t, DIR_C2S, REQUEST);
	say(&t, DIR_C2S, 0, NULL);
	put(&t, DIR_S2C, ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
	for (unsigned i = 1; i < 4; i++) {
		say(&t, DIR_S2C, i, &z);
		say(&t, DIR_C2S, i, NULL);
	}
	for (int k = 0; k < 12; k++) {
		size_t n = (const size_t[]){ 1, 9, 100 }[k / 4];
		enum dir dir = k & 1;
		for (size_t from = 0; from + n <= t.s.wire[dir].len; from++)
			play_gap(&t, dir, from, from + n, k & 2);
	}
	deflateEnd(&z);
	talk_release(&t);
}

/* A gap in plain HTTP ends the reading; an upgrade that is never asked for is never assumed. */
static void gap_in_plain_http(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	put(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
	for (int k = 0; k < 2; k++) {
		for (size_t from = 0; from < t.s.wire[k].len; from++) {
			play_gap(&t, (enum dir)k, from, from + 1, true);
			assert_int_equal(t.r.conn.transport, TRANSPORT_HTTP);
			assert_int_equal(t.r.counts.not_ours, 1);
		}
	}
	talk_release(&t);
}

static void begins(void **state)
{
	(void)state;
	static const char yes[] = "\r\n\r\nOPTIONS /some/where?x=1 HTTP/1.1\r\n";
	static const char *const no[] = { "GET / HTTP/2", "PRI * HTTP/2.0\r\n", "HTTP/1.1 200 OK", "get / HTTP/1.1", "GETX",
					  "GET /\r\n",    "GET / FTP",          "\x16\x03\x01",    "G\x01",          "\r\n\rG" };
	for (size_t from = 0; from < 6; from += 2) {
		for (size_t n = 0; n < sizeof(yes) - from; n++) {
			char *block = malloc(n ? n : 1);
			memcpy(block, yes + from, n);
			assert_true(http1_begins(slice_of(block, n)));
			free(block);
		}
	}
	assert_true(http1_begins(slice_str("POST /api/v2 HTTP/1.1")));
	assert_true(http1_begins(slice_str("\r\n\r\nGET / HTTP/1.1")));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(http1_begins(slice_str(no[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrade),
		cmocka_unit_test(upgrade_spelt_otherwise),
		cmocka_unit_test(upgrade_behind_a_body),
		cmocka_unit_test(deflate_of_the_response),
		cmocka_unit_test(client_does_not_wait),
		cmocka_unit_test(answer_is_not_captured),
		cmocka_unit_test(nothing_of_the_server),
		cmocka_unit_test(frame_around_the_answer),
		cmocka_unit_test(answer_first),
		cmocka_unit_test(granted_without_asking),
		cmocka_unit_test(times_of_the_held),
		cmocka_unit_test(times_beyond_the_limit),
		cmocka_unit_test(plain_http),
		cmocka_unit_test(upgrade_at_last),
		cmocka_unit_test(pipelined),
		cmocka_unit_test(refused_and_asked_again),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(head_beyond_the_limit),
		cmocka_unit_test(gap_in_handshake),
		cmocka_unit_test(end_of_the_request_first),
		cmocka_unit_test(gap_in_both_heads),
		cmocka_unit_test(heads_cut_short),
		cmocka_unit_test(message_before_a_torn_grant),
		cmocka_unit_test(message_before_the_answer),
		cmocka_unit_test(no_answer_at_all),
		cmocka_unit_test(no_answer_to_half_a_request),
		cmocka_unit_test(gap_among_the_held),
		cmocka_unit_test(gap_beyond_the_limit),
		cmocka_unit_test(gap_anywhere),
		cmocka_unit_test(gap_in_plain_http),
		cmocka_unit_test(begins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
