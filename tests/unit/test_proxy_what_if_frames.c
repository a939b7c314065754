/* What-ifs over WebSocket and HTTP/2: messages out of frames and back, cut everywhere; flow control. */
#include "base/xalloc.h"
#include "capture/proxy/unit.h"
#include "capture/proxy/what_if.h"
#include "capture/stream/websocket.h"
#include "decode/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const struct proxy_address ws = { .scheme = PROXY_WS, .host = "a", .port = 1 };
static const struct proxy_address grpc = { .scheme = PROXY_GRPC, .host = "a", .port = 1 };
static const struct conn_info conn = { .number = 1 };

static const char response[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
static const char request[] = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";

struct run {
	struct what_if *w;
	struct buf out[2];
};

static void begin(struct run *r, const struct what_if_options *o, const struct proxy_address *target)
{
	*r = (struct run){ .w = what_if_new(o, target, &conn) };
}

static void feed(struct run *r, enum dir dir, struct slice in)
{
	what_if_feed(r->w, dir, in, 0, (struct buf *const[2]){ &r->out[0], &r->out[1] });
}

static bool due(struct run *r, int64_t now, bool over)
{
	return what_if_due(r->w, now, over, (struct buf *const[2]){ &r->out[0], &r->out[1] });
}

static void finish(struct run *r)
{
	what_if_free(r->w);
	buf_release(&r->out[0]);
	buf_release(&r->out[1]);
}

/* Messages whose command is in the list are chosen; of those, "drop" is dropped. */
static unsigned judge(void *user, const struct piece *m)
{
	const char *list = user;
	struct slice command = slice_head(slice_skip(m->bytes, 2), 4);
	char name[5] = { 0 };
	memcpy(name, command.at, command.len);
	if (m->encoding == ENCODING_LEGACY)
		return strstr(list, "text") ? WHAT_IF_CHANGE : 0;
	return !strstr(list, name) ? 0 : strcmp(name, "drop") == 0 ? WHAT_IF_DROP : WHAT_IF_CHANGE;
}

/* An Envelope of a command of four letters and an id of one. */
static void add_envelope(struct buf *out, const char *command, char id)
{
	uint8_t bytes[] = { 0x0a, 4, 0, 0, 0, 0, 0x22, 1, (uint8_t)id };
	memcpy(bytes + 2, command, 4);
	buf_add(out, slice_of(bytes, sizeof bytes));
}

enum { ENVELOPE = 9 };

/* WebSocket. */

static void add_frame(struct buf *out, uint8_t first, struct slice payload, bool masked)
{
	struct ws_frame f = { .masked = masked };
	uint8_t head[2] = { first, (uint8_t)(payload.len | (masked ? 0x80 : 0)) };
	assert_true(payload.len < 126);
	buf_add(out, slice_of(head, 2));
	if (masked) {
		memcpy(f.mask, "mask", sizeof f.mask);
		buf_add(out, slice_of(f.mask, sizeof f.mask));
	}
	uint8_t *at = buf_reserve(out, payload.len);
	ws_unmask(&f, 0, payload.at, payload.len, at);
	out->len += payload.len;
}

static void add_message(struct buf *out, const char *command, char id, bool masked)
{
	struct buf b = { 0 };
	buf_add(&b, slice_of("\x09\0\0\0", 4));
	add_envelope(&b, command, id);
	add_frame(out, 0x82, buf_slice(&b), masked);
	buf_release(&b);
}

static struct slice behind_head(const struct buf *out, const char *head)
{
	assert_true(slice_starts(buf_slice(out), head));
	return slice_skip(buf_slice(out), strlen(head));
}

/* A conversation in pieces of every size: the request's head, the response's, then frames of one direction. */
static void assert_ws(const struct what_if_options *o, struct slice in, struct slice expected)
{
	for (size_t step = 1; step <= in.len; step++) {
		struct run r;
		begin(&r, o, &ws);
		for (size_t at = 0; at < strlen(request); at += step)
			feed(&r, DIR_C2S, slice_head(slice_skip(slice_str(request), at), step));
		for (size_t at = 0; at < strlen(response); at += step)
			feed(&r, DIR_S2C, slice_head(slice_skip(slice_str(response), at), step));
		for (size_t at = 0; at < in.len; at += step)
			feed(&r, o->on, slice_head(slice_skip(in, at), step));
		due(&r, 0, true);
		assert_null(what_if_news(r.w));
		struct slice got = behind_head(&r.out[o->on], o->on == DIR_C2S ? request : response);
		assert_int_equal(got.len, expected.len);
		assert_memory_equal(got.at, expected.at, got.len);
		finish(&r);
	}
}

static void ws_changes(void **state)
{
	(void)state;
	for (int masked = 0; masked < 2; masked++) {
		enum dir on = masked ? DIR_C2S : DIR_S2C;
		struct buf in = { 0 }, dropped = { 0 }, doubled = { 0 }, reordered = { 0 };
		const char *script = "a1d2a3d4";
		for (const char *c = script; *c; c += 2)
			add_message(&in, *c == 'a' ? "aaaa" : "drop", c[1], masked);
		add_message(&dropped, "aaaa", '1', masked);
		add_message(&dropped, "aaaa", '3', masked);
		for (const char *c = script; *c; c += 2)
			for (int i = 0; i < (*c == 'a' ? 2 : 1); i++)
				add_message(&doubled, *c == 'a' ? "aaaa" : "drop", c[1], masked);
		add_message(&reordered, "drop", '2', masked);
		add_message(&reordered, "aaaa", '1', masked);
		add_message(&reordered, "drop", '4', masked);
		add_message(&reordered, "aaaa", '3', masked);
		assert_ws(&(struct what_if_options){ .on = on, .chooser = { .user = "drop", .judge = judge } }, buf_slice(&in),
			  buf_slice(&dropped));
		assert_ws(&(struct what_if_options){ .on = on, .duplicate = true, .chooser = { .user = "aaaa", .judge = judge } },
			  buf_slice(&in), buf_slice(&doubled));
		assert_ws(&(struct what_if_options){ .on = on, .reorder = true }, buf_slice(&in), buf_slice(&reordered));
		assert_ws(&(struct what_if_options){ .on = on, .reorder = true, .chooser = { .user = "none", .judge = judge } },
			  buf_slice(&in), buf_slice(&in));
		buf_release(&in);
		buf_release(&dropped);
		buf_release(&doubled);
		buf_release(&reordered);
	}
}

/* The length in one message and the Envelope in the next, in fragments, with a ping in between, goes or stays as a whole. The ping does not wait. */
static void ws_in_parts(void **state)
{
	struct buf in = { 0 }, expected = { 0 }, e = { 0 };
	(void)state;
	add_envelope(&e, "drop", '1');
	add_frame(&in, 0x82, slice_of("\x09\0\0\0", 4), true);
	add_frame(&in, 0x02, slice_head(buf_slice(&e), 3), true);
	add_frame(&in, 0x89, slice_str("ping"), true);
	add_frame(&in, 0x00, slice_head(slice_skip(buf_slice(&e), 3), 2), true);
	add_frame(&in, 0x80, slice_skip(buf_slice(&e), 5), true);
	add_message(&in, "aaaa", '2', true);
	add_frame(&in, 0x82, slice_of(NULL, 0), true);
	add_frame(&in, 0x81, slice_str("{\"command\":\"a\"}"), true);
	add_frame(&in, 0x88, slice_str("\x03\xe8"), true);
	add_frame(&expected, 0x89, slice_str("ping"), true);
	add_message(&expected, "aaaa", '2', true);
	add_frame(&expected, 0x82, slice_of(NULL, 0), true);
	add_frame(&expected, 0x81, slice_str("{\"command\":\"a\"}"), true);
	add_frame(&expected, 0x88, slice_str("\x03\xe8"), true);
	assert_ws(&(struct what_if_options){ .on = DIR_C2S, .chooser = { .user = "drop", .judge = judge } }, buf_slice(&in),
		  buf_slice(&expected));
	buf_release(&in);
	buf_release(&expected);
	buf_release(&e);
}

/* Two Envelopes in one message: each gets its own, so that one can go. */
static void ws_taken_apart(void **state)
{
	struct buf in = { 0 }, both = { 0 }, expected = { 0 };
	(void)state;
	for (const char *c = "drop\0aaaa\0drop"; both.len < 3 * (4 + ENVELOPE); c += 5) {
		buf_add(&both, slice_of("\x09\0\0\0", 4));
		add_envelope(&both, c, '1');
	}
	add_frame(&in, 0x82, buf_slice(&both), false);
	add_message(&expected, "aaaa", '1', false);
	assert_ws(&(struct what_if_options){ .on = DIR_S2C, .chooser = { .user = "drop", .judge = judge } }, buf_slice(&in),
		  buf_slice(&expected));
	buf_release(&in);
	buf_release(&both);
	buf_release(&expected);
}

/* What can't be changed passes as it is, and that is said. */
static void ws_unchanged(void **state)
{
	static const char *const streams[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nany",
		"HTTP/1.1 101 S\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n\xc1\x02xy",
		"HTTP/1.1 101 S\r\n\r\n\x83\x01xyz",
		"HTTP/1.1 101 S\r\n\r\n\x80\x01xyz",
		"HTTP/1.1 101 S\r\n\r\n\xc2\x01xyz",
		"HTTP/1.1 101 S\r\n\r\n\x82\x06\xff\xff\xff\xffxy\x81\x01",
	};
	struct what_if_options o = { .on = DIR_S2C, .duplicate = true };
	(void)state;
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		struct slice in = slice_str(streams[i]);
		struct run r;
		begin(&r, &o, &ws);
		for (size_t at = 0; at < in.len; at++)
			feed(&r, DIR_S2C, slice_head(slice_skip(in, at), 1));
		assert_non_null(what_if_news(r.w));
		assert_true(slice_eq(buf_slice(&r.out[DIR_S2C]), in));
		assert_false(what_if_stuck(r.w));
		finish(&r);
	}
}

/* Fragments without end are given up, not gathered. */
static void ws_endless(void **state)
{
	struct what_if_options o = { .on = DIR_S2C, .duplicate = true };
	struct run r;
	struct buf in = { 0 };
	(void)state;
	begin(&r, &o, &ws);
	feed(&r, DIR_S2C, slice_str(response));
	add_frame(&in, 0x02, slice_of(NULL, 0), false);
	for (int i = 0; i < 30000; i++)
		add_frame(&in, 0x00, slice_of(NULL, 0), false);
	for (size_t fed = 0; fed <= 5 << 20; fed += in.len)
		feed(&r, DIR_S2C, slice_skip(buf_slice(&in), fed ? 2 : 0));
	assert_non_null(what_if_news(r.w));
	assert_true(r.out[DIR_S2C].len > 5 << 20);
	buf_release(&in);
	finish(&r);
}

/* HTTP/2. */

static void add_number(struct buf *out, enum http2_type type, uint32_t stream, uint32_t n)
{
	uint8_t bytes[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	unit_add(out, type, 0, stream, slice_of(bytes, 4));
}

static void add_literal(struct buf *block, const char *name, const char *value)
{
	uint8_t lengths[2] = { (uint8_t)strlen(name), (uint8_t)strlen(value) };
	buf_add_byte(block, 0);
	buf_add_byte(block, lengths[0]);
	buf_add_str(block, name);
	buf_add_byte(block, lengths[1]);
	buf_add_str(block, value);
}

static void add_request(struct buf *out, uint32_t stream, const char *path)
{
	struct buf block = { 0 };
	add_literal(&block, ":path", path);
	unit_add(out, HTTP2_HEADERS, HTTP2_END_HEADERS, stream, buf_slice(&block));
	buf_release(&block);
}

/* A server that begins, and a client with one call. */
static void begin_h2(struct run *r, const struct what_if_options *o)
{
	struct buf in = { 0 };
	begin(r, o, &grpc);
	buf_add_str(&in, http2_preface());
	unit_add(&in, HTTP2_SETTINGS, 0, 0, slice_of(NULL, 0));
	add_request(&in, 1, "/openiap.FlowService/SetupStream");
	feed(r, DIR_C2S, buf_slice(&in));
	buf_clear(&in);
	unit_add(&in, HTTP2_SETTINGS, 0, 0, slice_of(NULL, 0));
	feed(r, DIR_S2C, buf_slice(&in));
	buf_release(&in);
	buf_clear(&r->out[0]);
	buf_clear(&r->out[1]);
}

static void add_grpc(struct buf *out, const char *command, char id)
{
	buf_add(out, slice_of("\0\0\0\0\x09", 5));
	add_envelope(out, command, id);
}

/* The data of all DATA frames of a stream; *ended: one had END_STREAM. */
static void read_data(struct slice in, uint32_t stream, struct buf *data, bool *ended)
{
	struct unit u;
	struct slice one;
	for (; unit_read(in, 1 << 20, &u) == UNIT_WHOLE; in = slice_skip(in, u.bytes.len)) {
		if (u.first.type != HTTP2_DATA || u.first.stream != stream)
			continue;
		assert_false(*ended);
		assert_true(unit_data(&u, &one));
		buf_add(data, one);
		*ended |= u.first.flags & HTTP2_END_STREAM;
	}
	assert_int_equal(in.len, 0);
}

/* A client that does not wait for the answer to its request to upgrade: what it sends is held up to a limit. */
static void ws_unanswered(void **state)
{
	struct what_if_options o = { .on = DIR_C2S, .duplicate = true };
	struct buf in = { 0 };
	struct run r;
	(void)state;
	begin(&r, &o, &ws);
	feed(&r, DIR_C2S, slice_str(request));
	for (int i = 0; i < 100; i++)
		add_message(&in, "aaaa", '1', true);
	size_t fed = 0;
	for (; !r.out[DIR_C2S].len || r.out[DIR_C2S].len == strlen(request); fed += in.len) {
		assert_true(fed < 2 * WHAT_IF_HELD);
		feed(&r, DIR_C2S, buf_slice(&in));
	}
	assert_non_null(what_if_news(r.w));
	assert_int_equal(r.out[DIR_C2S].len, strlen(request) + fed);
	buf_release(&in);
	finish(&r);
}

/* An Envelope in very many messages, behind very many empty ones, takes no longer than any. */
static void ws_crumbs(void **state)
{
	struct what_if_options o = { .on = DIR_S2C, .duplicate = true };
	struct buf in = { 0 };
	struct run r;
	size_t zeros = 3 << 20;
	(void)state;
	begin(&r, &o, &ws);
	feed(&r, DIR_C2S, slice_str(request));
	feed(&r, DIR_S2C, slice_str(response));
	buf_add(&in, slice_of("\x82\x7f\0\0\0\0\0\x30\0\4", 10));
	memset(buf_reserve(&in, zeros), 0, zeros);
	in.len += zeros;
	buf_add(&in, slice_of("\0\0\1\0", 4));
	feed(&r, DIR_S2C, buf_slice(&in));
	clock_t begun = clock();
	for (int i = 0; i < 10000; i++)
		feed(&r, DIR_S2C, slice_of("\x82\1x", 3));
	assert_true(clock() - begun < 2 * CLOCKS_PER_SEC);
	buf_release(&in);
	finish(&r);
}

/* Sums of the WINDOW_UPDATEs in it, of the connection and of a stream. */
static void read_windows(struct slice in, uint32_t stream, int64_t sum[2])
{
	struct unit u;
	for (; unit_read(in, 1 << 20, &u) == UNIT_WHOLE; in = slice_skip(in, u.bytes.len)) {
		struct cursor c = cursor_of(slice_skip(u.bytes, HTTP2_HEAD));
		if (u.first.type == HTTP2_WINDOW_UPDATE && (!u.first.stream || u.first.stream == stream))
			sum[u.first.stream != 0] += cursor_be32(&c);
	}
}

/* Messages in frames of every size come out changed, and the end of the stream behind them. */
static void h2_changes(void **state)
{
	static const struct {
		struct what_if_options o;
		const char *out;
	} cases[] = {
		{ { .duplicate = true, .chooser = { .user = "aaaa", .judge = judge } }, "a1a1d2a3a3" },
		{ { .chooser = { .user = "drop", .judge = judge } }, "a1a3" },
		{ { .reorder = true }, "d2a1a3" },
	};
	struct buf messages = { 0 };
	(void)state;
	add_grpc(&messages, "aaaa", '1');
	add_grpc(&messages, "drop", '2');
	add_grpc(&messages, "aaaa", '3');
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		struct what_if_options o = cases[i / 2].o;
		o.on = i % 2 ? DIR_S2C : DIR_C2S;
		struct buf expected = { 0 };
		for (const char *c = cases[i / 2].out; *c; c += 2)
			add_grpc(&expected, *c == 'a' ? "aaaa" : "drop", c[1]);
		for (size_t step = 1; step <= messages.len; step++) {
			struct run r;
			struct buf in = { 0 }, data = { 0 };
			bool ended = false;
			begin_h2(&r, &o);
			for (size_t at = 0; at < messages.len; at += step)
				unit_add(&in, HTTP2_DATA, at + step >= messages.len ? HTTP2_END_STREAM : 0, 1,
					 slice_head(slice_skip(buf_slice(&messages), at), step));
			feed(&r, o.on, slice_head(buf_slice(&in), step));
			feed(&r, o.on, slice_skip(buf_slice(&in), step));
			read_data(buf_slice(&r.out[o.on]), 1, &data, &ended);
			assert_true(ended);
			assert_true(slice_eq(buf_slice(&data), buf_slice(&expected)));
			assert_null(what_if_news(r.w));
			buf_release(&in);
			buf_release(&data);
			finish(&r);
		}
		buf_release(&expected);
	}
	buf_release(&messages);
}

/* Doubled, much more comes than the receiver has room for: it waits, no frame goes beyond, and the sender may go on all the same. */
static void h2_flow(void **state)
{
	struct what_if_options o = { .on = DIR_S2C, .duplicate = true };
	struct buf in = { 0 }, data = { 0 }, message = { 0 };
	enum { SIZE = 50000, WINDOW = 65535 };
	int64_t granted[2] = { WINDOW, WINDOW };
	bool ended = false;
	struct run r;
	(void)state;
	begin_h2(&r, &o);
	buf_add(&message, slice_of("\0\0\0\xc3\x50", 5));
	memset(buf_reserve(&message, SIZE), 'x', SIZE);
	message.len += SIZE;
	for (size_t at = 0; at < message.len; at += 16384)
		unit_add(&in, HTTP2_DATA, 0, 1, slice_head(slice_skip(buf_slice(&message), at), 16384));
	for (int i = 0; i < 4; i++)
		feed(&r, DIR_S2C, buf_slice(&in));
	read_windows(buf_slice(&r.out[DIR_C2S]), 1, granted);
	assert_true(granted[0] >= 4 * (int64_t)message.len && granted[1] >= 4 * (int64_t)message.len);
	for (size_t room = WINDOW; room < 8 * message.len; room += WINDOW) {
		buf_clear(&data);
		read_data(buf_slice(&r.out[DIR_S2C]), 1, &data, &ended);
		assert_int_equal(data.len, room);
		buf_clear(&in);
		add_number(&in, HTTP2_WINDOW_UPDATE, 0, WINDOW);
		feed(&r, DIR_C2S, buf_slice(&in));
		buf_clear(&in);
		add_number(&in, HTTP2_WINDOW_UPDATE, 1, WINDOW);
		feed(&r, DIR_C2S, buf_slice(&in));
	}
	buf_clear(&data);
	read_data(buf_slice(&r.out[DIR_S2C]), 1, &data, &ended);
	assert_int_equal(data.len, 8 * message.len);
	for (size_t i = 0; i < 8; i++)
		assert_memory_equal(data.at + i * message.len, message.at, message.len);
	buf_release(&in);
	buf_release(&data);
	buf_release(&message);
	finish(&r);
}

/* A window that SETTINGS begin at nothing. */
static void h2_no_room(void **state)
{
	struct what_if_options o = { .on = DIR_S2C, .duplicate = true };
	struct buf in = { 0 }, data = { 0 };
	struct run r;
	bool ended = false;
	(void)state;
	begin_h2(&r, &o);
	unit_add(&in, HTTP2_SETTINGS, 0, 0, slice_of("\0\4\0\0\0\0", 6));
	feed(&r, DIR_C2S, buf_slice(&in));
	buf_clear(&in);
	struct buf message = { 0 };
	add_grpc(&message, "aaaa", '1');
	unit_add(&in, HTTP2_DATA, 0, 1, buf_slice(&message));
	feed(&r, DIR_S2C, buf_slice(&in));
	read_data(buf_slice(&r.out[DIR_S2C]), 1, &data, &ended);
	assert_int_equal(data.len, 0);
	buf_clear(&in);
	add_number(&in, HTTP2_WINDOW_UPDATE, 1, 20);
	feed(&r, DIR_C2S, buf_slice(&in));
	read_data(buf_slice(&r.out[DIR_S2C]), 1, &data, &ended);
	assert_int_equal(data.len, 20);
	buf_clear(&in);
	add_number(&in, HTTP2_RST_STREAM, 1, 8); /* it is not wanted any more: what waits is forgotten */
	feed(&r, DIR_C2S, buf_slice(&in));
	assert_false(due(&r, 0, false));
	buf_release(&in);
	buf_release(&data);
	buf_release(&message);
	finish(&r);
}

/* Trailers wait behind the messages in front of them, and what is the connection's own does not, unless a header block waits. */
static void h2_order(void **state)
{
	struct what_if_options o = { .on = DIR_S2C, .delay = 100 };
	struct buf in = { 0 }, message = { 0 };
	struct run r;
	(void)state;
	begin_h2(&r, &o);
	add_grpc(&message, "aaaa", '1');
	unit_add(&in, HTTP2_DATA, 0, 1, buf_slice(&message));
	unit_add(&in, HTTP2_PING, 0, 0, slice_str("ping one"));
	unit_add(&in, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 1, slice_str("\x88"));
	unit_add(&in, HTTP2_PING, 0, 0, slice_str("ping two"));
	feed(&r, DIR_S2C, buf_slice(&in));
	assert_int_equal(r.out[DIR_S2C].len, HTTP2_HEAD + 8);
	assert_memory_equal(r.out[DIR_S2C].at + HTTP2_HEAD, "ping one", 8);
	assert_true(due(&r, 99, false));
	assert_int_equal(r.out[DIR_S2C].len, HTTP2_HEAD + 8);
	assert_false(due(&r, 100, false));
	assert_int_equal(r.out[DIR_S2C].len, in.len);
	assert_memory_equal(r.out[DIR_S2C].at + in.len - 8, "ping two", 8);
	buf_release(&in);
	buf_release(&message);
	finish(&r);
}

/* Calls that are not ours pass unchanged; what is no HTTP/2, and too many calls, are given up. */
static void h2_others(void **state)
{
	struct what_if_options o = { .on = DIR_C2S, .duplicate = true };
	struct buf in = { 0 }, data = { 0 };
	struct run r;
	bool ended = false;
	(void)state;
	begin_h2(&r, &o);
	add_request(&in, 3, "/other.Service/SetupStream");
	unit_add(&in, HTTP2_DATA, HTTP2_END_STREAM, 3, slice_of("\0\0\0\0\1x", 6));
	feed(&r, DIR_C2S, buf_slice(&in));
	read_data(buf_slice(&r.out[DIR_C2S]), 3, &data, &ended);
	assert_true(ended && slice_eq(buf_slice(&data), slice_of("\0\0\0\0\1x", 6)));
	buf_clear(&in);
	for (uint32_t i = 0; i <= WHAT_IF_STREAMS; i++)
		add_request(&in, 5 + 2 * i, "/openiap.FlowService/Query");
	feed(&r, DIR_C2S, buf_slice(&in));
	assert_true(what_if_stuck(r.w));
	assert_non_null(what_if_news(r.w));
	finish(&r);
	begin(&r, &o, &grpc);
	feed(&r, DIR_C2S, slice_str("GET / HTTP/1.1\r\n\r\n and more of that"));
	assert_true(what_if_stuck(r.w));
	finish(&r);
	buf_release(&in);
	buf_release(&data);
}

/* Trailers behind the end of the answer begin no call. */
static void h2_late_trailers(void **state)
{
	struct what_if_options o = { .on = DIR_S2C, .duplicate = true };
	struct buf in = { 0 };
	struct run r;
	(void)state;
	begin_h2(&r, &o);
	for (uint32_t id = 3; id < 3 + 4 * WHAT_IF_STREAMS; id += 2) {
		buf_clear(&in);
		add_request(&in, id, "/openiap.FlowService/Query");
		feed(&r, DIR_C2S, buf_slice(&in));
		buf_clear(&in);
		unit_add(&in, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, id, slice_str("\x88"));
		feed(&r, DIR_S2C, buf_slice(&in));
		feed(&r, DIR_C2S, buf_slice(&in));
	}
	assert_false(what_if_stuck(r.w));
	buf_release(&in);
	finish(&r);
}

/* A chooser that listens, too: what is heard of the other direction is noted. */
struct listener {
	char list[8]; /* first: judge's */
	struct buf heard;
	enum dir dir;
};

static void note_heard(void *user, const struct piece *m)
{
	struct listener *l = user;
	assert_int_equal(m->dir, l->dir);
	assert_int_equal(m->conn->number, conn.number);
	assert_true(m->first && m->last);
	buf_add(&l->heard, slice_head(slice_skip(m->bytes, 2), 4));
	buf_add(&l->heard, slice_skip(m->bytes, 8));
}

/* Whichever direction is changed: of the other one all messages are heard, and none of the changed one. */
static void other_is_heard(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		struct listener l = { .list = "none", .dir = way & 1 ? DIR_S2C : DIR_C2S };
		struct what_if_options o = { .on = !l.dir,
					     .duplicate = true,
					     .chooser = { .user = &l, .judge = judge, .heard = note_heard, .probe = envelope_probe } };
		struct buf in[2] = { { 0 }, { 0 } }, one = { 0 };
		struct run r;
		for (int d = 0; d < 2; d++) {
			for (char id = '1'; id < '4'; id++) {
				if (way & 2)
					add_message(&in[d], "ping", id, d == DIR_C2S);
				else
					add_grpc(&one, "ping", id);
			}
			if (!(way & 2))
				unit_add(&in[d], HTTP2_DATA, 0, 1, buf_slice(&one));
			buf_clear(&one);
		}
		if (way & 2) {
			begin(&r, &o, &ws);
			feed(&r, DIR_C2S, slice_str(request));
			feed(&r, DIR_S2C, slice_str(response));
		} else {
			begin_h2(&r, &o);
		}
		feed(&r, DIR_C2S, buf_slice(&in[DIR_C2S]));
		feed(&r, DIR_S2C, buf_slice(&in[DIR_S2C]));
		assert_true(slice_is(buf_slice(&l.heard), "ping1ping2ping3"));
		finish(&r);
		buf_release(&in[0]);
		buf_release(&in[1]);
		buf_release(&one);
		buf_release(&l.heard);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ws_changes),       cmocka_unit_test(ws_in_parts),    cmocka_unit_test(ws_taken_apart),
		cmocka_unit_test(ws_unchanged),     cmocka_unit_test(ws_endless),     cmocka_unit_test(ws_unanswered),
		cmocka_unit_test(ws_crumbs),        cmocka_unit_test(h2_changes),     cmocka_unit_test(h2_flow),
		cmocka_unit_test(h2_no_room),       cmocka_unit_test(h2_order),       cmocka_unit_test(h2_others),
		cmocka_unit_test(h2_late_trailers), cmocka_unit_test(other_is_heard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
