/*
 * HTTP/2: frames of every type, header blocks in pieces, streams that interleave, ends of all kinds, gaps and joins at every position.
 */
#include "base/when.h"
#include "tests/unit/http2_play.h"

#include "capture/stream/detect.h"
#include "capture/stream/grpc.h"
#include "capture/stream/http1.h"

static void one_stream(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	put_envelope(e, DIR_S2C, 1, 0, 300, 100);
	put_frame(e, DIR_C2S, HTTP2_WINDOW_UPDATE, 0, 0, slice_of("\0\0\1\0", 4));
	put_frame(e, DIR_S2C, HTTP2_PING, 0, 0, slice_str("12345678"));
	put_envelope(e, DIR_C2S, 1, 1, 30, 7);
	put_envelope(e, DIR_S2C, 1, 1, 0, 16384);
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->news), "");
	ear_play(e, ear_layer(e, true), SIZE_MAX, 0);
	assert_int_equal(e->in_place, 2);
	assert_int_equal(e->conn.transport, TRANSPORT_GRPC);
	assert_int_equal(e->counts.skipped + e->counts.bad_frames + e->counts.cut, 0);
	ear_free(e);
}

static void padded_data(struct ear *e, uint8_t pad, struct slice data)
{
	struct buf p = { 0 };
	buf_add_byte(&p, pad);
	buf_add(&p, data);
	for (int i = 0; i < pad; i++)
		buf_add_byte(&p, (uint8_t)(i ? 0 : 0x0a));
	put_frame(e, DIR_C2S, HTTP2_DATA, HTTP2_PADDED, 1, buf_slice(&p));
	buf_release(&p);
}

static void padding(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	struct buf m = { 0 }, all = { 0 };
	envelope_write(&m, "query", 3, 50);
	message_add(&all, 0, buf_slice(&m));
	put_start(e);
	put_setup(e, 1);
	was_sent(e, DIR_C2S, 1, buf_slice(&m));
	padded_data(e, 30, slice_head(buf_slice(&all), 20));
	padded_data(e, 0, (struct slice){ NULL, 0 });
	padded_data(e, 9, (struct slice){ NULL, 0 });
	padded_data(e, 1, slice_skip(buf_slice(&all), 20));
	put_envelope(e, DIR_C2S, 1, 1, 10, 16384);
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->news), "");
	buf_release(&m);
	buf_release(&all);
	ear_free(e);
}

static void too_much_padding(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_frame(e, DIR_C2S, HTTP2_DATA, HTTP2_PADDED, 1,
		  slice_of("\x05"
			   "abcd",
			   5));
	put_envelope(e, DIR_C2S, 1, 1, 10, 16384);
	play_every_way(e);
	assert_int_equal(e->counts.bad_frames, 1);
	ear_free(e);
}

/* A header block in a HEADERS frame with padding and priority, and CONTINUATION frames of every size. */
static void continuation(void **state)
{
	(void)state;
	for (size_t size = 1; size < 40; size += 6) {
		struct ear *e = ear_new();
		struct buf block = { 0 }, head = { 0 };
		put_start(e);
		block_add(e, DIR_C2S, &block,
			  (const char *const[]){ ":method", "POST", ":path", "/openiap.FlowService/SetupStream", "x-long",
						 "a header that is here to be long", NULL });
		buf_add(&head, slice_of("\x03\0\0\0\0\x10", 6));
		buf_add(&head, slice_head(buf_slice(&block), size));
		buf_add(&head, slice_of("\0\0\0", 3));
		put_frame(e, DIR_C2S, HTTP2_HEADERS, HTTP2_PADDED | HTTP2_WITH_PRIORITY, 1, buf_slice(&head));
		for (struct slice rest = slice_skip(buf_slice(&block), size); rest.len; rest = slice_skip(rest, size))
			put_frame(e, DIR_C2S, HTTP2_CONTINUATION, rest.len <= size ? HTTP2_END_HEADERS : 0, 1, slice_head(rest, size));
		put_envelope(e, DIR_C2S, 1, 0, 20, 50);
		put_request(e, 3, "/openiap.FlowService/Query");
		put_message(e, DIR_C2S, 3, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
		play_every_way(e);
		assert_string_equal(buf_cstr(&e->news), "");
		assert_non_null(strstr(buf_cstr(&e->log), "c2s 3 Query 3\n"));
		buf_release(&block);
		buf_release(&head);
		ear_free(e);
	}
}

/* As grpc-encoding says: window_bits of zlib, 31 for gzip and 15 for deflate. */
static void packed_add(struct buf *out, struct slice message, int window_bits)
{
	struct buf packed = { 0 };
	z_stream z = { .next_in = message.at, .avail_in = (uInt)message.len };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&z, (uLong)message.len);
	z.next_out = buf_reserve(&packed, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	packed.len = room - z.avail_out;
	deflateEnd(&z);
	message_add(out, 1, buf_slice(&packed));
	buf_release(&packed);
}

/* Compressed messages, over several DATA frames, beside one that is not. */
static void check_packed(int window_bits)
{
	struct ear *e = ear_new();
	struct buf all = { 0 };
	put_start(e);
	put_setup(e, 1);
	for (unsigned i = 0; i < 3; i++) {
		struct buf m = { 0 };
		envelope_write(&m, "queryreply", i, 300 * i);
		was_sent(e, DIR_S2C, 1, buf_slice(&m));
		if (i == 1)
			message_add(&all, 0, buf_slice(&m));
		else
			packed_add(&all, buf_slice(&m), window_bits);
		buf_release(&m);
	}
	for (struct slice rest = buf_slice(&all); rest.len; rest = slice_skip(rest, 50))
		put_frame(e, DIR_S2C, HTTP2_DATA, 0, 1, slice_head(rest, 50));
	buf_release(&all);
	put_request(e, 3, "/openiap.FlowService/Query");
	was_sent(e, DIR_C2S, 3, slice_str("\x0a\x01q"));
	packed_add(&all, slice_str("\x0a\x01q"), window_bits);
	put_frame(e, DIR_C2S, HTTP2_DATA, HTTP2_END_STREAM, 3, buf_slice(&all));
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->news), "");
	assert_int_equal(e->counts.bad_frames + e->counts.overlong, 0);
	buf_release(&all);
	ear_free(e);
}

static void compressed(void **state)
{
	(void)state;
	check_packed(31);
	check_packed(15);
}

/* Of compressed messages, too, the next one is found: behind a loss, and where the capture begins in the middle. */
static void compressed_behind_a_gap(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct ear *e = ear_new();
		struct layer *l = ear_layer(e, i < 2);
		size_t first = 2;
		if (i < 2) {
			put_start(e);
			put_setup(e, 1);
			first += e->script.count;
		}
		for (unsigned k = 0; k < 6; k++) {
			struct buf m = { 0 }, packed = { 0 };
			envelope_write(&m, "queryreply", k, 400);
			was_sent(e, DIR_S2C, 1, buf_slice(&m))->from = k;
			packed_add(&packed, buf_slice(&m), i % 2 ? 31 : 15);
			put_frame(e, DIR_S2C, HTTP2_DATA, 0, 1, buf_slice(&packed));
			buf_release(&m);
			buf_release(&packed);
		}
		for (size_t k = 0; k < e->script.count; k++) {
			const struct script_step *s = &e->script.steps[k];
			if (i < 2 && k == first)
				layer_gap(l, s->dir, 0, 1);
			else if (i < 2 || k >= first)
				play_bytes(&e->script, l, s->dir, s->from, s->to);
		}
		play_end(l);
		for (size_t k = 0; k < 6; k++)
			assert_int_equal(e->sent[k].got, i < 2 ? k != 2 : k >= 2);
		assert_int_equal(e->counts.skipped, 0);
		ear_free(e);
	}
}

/* A proxy that can't reach the server says so in a page, which is none of gRPC's. */
static void answered_by_a_proxy(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_envelope(e, DIR_C2S, 1, 0, 20, 50);
	put_request(e, 3, "/openiap.FlowService/Query");
	put_message(e, DIR_C2S, 3, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	for (uint32_t stream = 1; stream <= 3; stream += 2) {
		PUT_HEADERS(e, DIR_S2C, stream, 0, ":status", "502", "content-type", "text/html");
		put_frame(e, DIR_S2C, HTTP2_DATA, HTTP2_END_STREAM, stream, slice_str("<html>bad gateway</html>"));
	}
	play_every_way(e);
	assert_non_null(strstr(buf_cstr(&e->log), "s2c 3 Query reply failed 0\n"));
	assert_string_equal(buf_cstr(&e->news), "s2c note 502 the call was answered with an HTTP status, by what speaks no gRPC: 502\n"
						"s2c note 502 the call was answered with an HTTP status, by what speaks no gRPC: 502\n");
	assert_int_equal(e->counts.no_message, 2);
	assert_int_equal(e->counts.overlong, 0);
	ear_free(e);
}

/* Blocks that are not ours run through the same table: PUSH_PROMISE, other calls, trailers. */
static void one_table(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	struct buf push = { 0 };
	put_start(e);
	put_request(e, 1, "/grpc.health.v1.Health/Check");
	put_frame(e, DIR_C2S, HTTP2_DATA, HTTP2_END_STREAM, 1, slice_of("\0\0\0\0\0", 5));
	buf_add(&push, slice_of("\0\0\0\x02", 4));
	block_add(e, DIR_S2C, &push, (const char *const[]){ ":path", "/pushed", "grpc-message", "only here to be in the table", NULL });
	put_frame(e, DIR_S2C, HTTP2_PUSH_PROMISE, HTTP2_END_HEADERS, 1, buf_slice(&push));
	put_response(e, 1);
	put_trailers(e, 1, "0");
	put_request(e, 3, "/openiap.FlowService/Count");
	put_message(e, DIR_C2S, 3, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	PUT_HEADERS(e, DIR_S2C, 3, HTTP2_END_STREAM, ":status", "200", "grpc-status", "5", "grpc-message", "only here to be in the table");
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->log), "c2s 3 Count 3\ns2c 3 Count reply failed 0\n");
	assert_string_equal(buf_cstr(&e->news), "c2s not ours 0 HTTP/2 that is no call of openiap.FlowService\n"
						"s2c note 0 the call ended with grpc-status 5, NOT_FOUND: only here to be in the table\n");
	assert_int_equal(e->conn.transport, TRANSPORT_GRPC);
	buf_release(&push);
	ear_free(e);
}

/* What a server says about a status: its escapes are undone, what is none stays; harmless, and no more than its beginning. */
static void message_of_a_status(void **state)
{
	(void)state;
	static const char long_one[] =
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"012345678901234567890123456789012345678901234567890123456789tail";
	struct ear *e = ear_new();
	put_start(e);
	for (uint32_t i = 1; i <= 3; i += 2) {
		put_request(e, i, "/openiap.FlowService/Count");
		put_message(e, DIR_C2S, i, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
		PUT_HEADERS(e, DIR_S2C, i, HTTP2_END_STREAM, ":status", "200", "grpc-status", i == 1 ? "16" : "17", "grpc-message",
			    i == 1 ? "caf%C3%a9%1B%00%0A100% %zz%4" : long_one);
	}
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->news),
			    "s2c note 0 the call ended with grpc-status 16, UNAUTHENTICATED: café␛␀ 100% %zz%4\n"
			    "s2c note 17 the call ended with a grpc-status that is not defined: 17, "
			    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
			    "012345678901234567890123456789012345678901234567890123456789…\n");
	ear_free(e);
}

/* The longest name of a method that is one of ours; a longer one is none. */
static void longest_method(void **state)
{
	(void)state;
	for (unsigned n = 64; n <= 65; n++) {
		struct ear *e = ear_new();
		struct buf path = { 0 };
		put_start(e);
		buf_add_str(&path, "/openiap.FlowService/");
		for (unsigned i = 0; i < n; i++)
			buf_add_byte(&path, 'Q');
		put_request(e, 1, buf_cstr(&path));
		put_message(e, DIR_C2S, 1, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
		ear_play(e, ear_layer(e, true), SIZE_MAX, 0);
		assert_int_equal(strstr(buf_cstr(&e->log), "QQ 3\n") != NULL, n == 64);
		assert_int_equal(strstr(buf_cstr(&e->news), "no call of openiap.FlowService") != NULL, n == 65);
		buf_release(&path);
		ear_free(e);
	}
}

#define FURTHER "a further SetupStream on the same HTTP/2 connection, with seqs and ids of its own: the first is connection 0"

static void interleaved(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	struct buf one = { 0 }, two = { 0 }, bytes = { 0 };
	put_start(e);
	put_setup(e, 1);
	put_setup(e, 3);
	for (int i = 0; i < 2; i++) {
		buf_clear(&bytes);
		envelope_write(&bytes, i ? "second" : "first", (unsigned)i, 400 + 50 * (size_t)i);
		was_sent(e, DIR_S2C, i ? 3 : 1, buf_slice(&bytes));
		message_add(i ? &two : &one, 0, buf_slice(&bytes));
	}
	for (size_t at = 0; at < two.len; at += 60) {
		put_frame(e, DIR_S2C, HTTP2_DATA, 0, 1, slice_head(slice_skip(buf_slice(&one), at), 60));
		put_frame(e, DIR_S2C, HTTP2_DATA, 0, 3, slice_head(slice_skip(buf_slice(&two), at), 60));
	}
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->news), "c2s note 0 " FURTHER "\n");
	buf_release(&one);
	buf_release(&two);
	buf_release(&bytes);
	ear_free(e);
}

static struct buf heard; /* by the two below */

static void hear_message(void *user, const struct piece *p)
{
	(void)user;
	buf_addf(&heard, "%u of %u: stream %u%s%s\n", p->conn->number, p->conn->carrier, p->exchange, p->conn->start_seen ? "" : ", joined",
		 p->conn->settled[p->dir] ? ", settled" : "");
}

static void hear_closed(void *user, struct conn_info *conn, int64_t time)
{
	(void)user;
	(void)time;
	buf_addf(&heard, "%u ended: %s\n", conn->number, conn_end_name(conn->end));
}

/* A layer whose sink tells connections apart, the first of which is number 7; nothing was heard yet. */
static struct layer *layer_by_conversation(struct ear *e, bool synced)
{
	struct layer *l = ear_layer(e, synced);
	e->sink.message = hear_message;
	e->sink.closed = hear_closed;
	e->counts.numbers = e->conn.number = e->conn.carrier = 7;
	buf_clear(&heard);
	return l;
}

/* Plays all of it to a sink that tells connections apart, synced or not; the connection ends as `end` says. */
static const char *by_conversation(struct ear *e, bool synced, enum conn_end end)
{
	struct layer *l = layer_by_conversation(e, synced);
	e->conn.settled[DIR_S2C] = true;
	play(&e->script, l, SIZE_MAX, 0);
	e->conn.end = end;
	play_end(l);
	return buf_cstr(&heard);
}

/* Each SetupStream but the first is told of as a connection of its own, which ends with it, or else with what carries it. */
static void conversations(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	put_setup(e, 3);
	put_envelope(e, DIR_C2S, 3, 0, 20, 16384);
	put_request(e, 5, "/openiap.FlowService/Query");
	put_message(e, DIR_C2S, 5, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	put_envelope(e, DIR_S2C, 3, 0, 20, 16384);
	put_trailers(e, 3, "0");
	put_frame(e, DIR_C2S, HTTP2_DATA, HTTP2_END_STREAM, 3, (struct slice){ NULL, 0 });
	put_setup(e, 7);
	put_envelope(e, DIR_S2C, 7, 0, 20, 16384);
	put_envelope(e, DIR_C2S, 1, 1, 20, 16384);
	assert_string_equal(by_conversation(e, true, CONN_RESET_BY_CLIENT),
			    "7 of 7: stream 1\n8 of 7: stream 3\n7 of 7: stream 5\n8 of 7: stream 3, settled\n8 ended: closed by server\n"
			    "9 of 7: stream 7, settled\n7 of 7: stream 1\n9 ended: reset by client\n");
	assert_int_equal(e->counts.conversations, 2);
	by_conversation(e, true, CONN_OPEN);
	assert_non_null(strstr(buf_cstr(&heard), "9 ended: open\n"));
	buf_release(&heard);
	ear_free(e);
}

/* A SetupStream that its client resets has ended once the server had a second to hear of it: not before, and not only with the connection.
 * What comes of it all the same is no message, nor another conversation. */
static void conversation_reset(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_setup(e, 3);
	put_envelope(e, DIR_C2S, 3, 0, 20, 16384);
	put_frame(e, DIR_C2S, HTTP2_RST_STREAM, 0, 3, slice_of("\0\0\0\x08", 4));
	put_envelope(e, DIR_S2C, 3, 0, 20, 16384);
	size_t early = e->script.count;
	put_frame(e, DIR_S2C, HTTP2_PING, 0, 0, slice_str("12345678"));
	put_envelope(e, DIR_S2C, 3, 1, 20, 16384);
	put_frame(e, DIR_S2C, HTTP2_RST_STREAM, 0, 3, slice_of("\0\0\0\x08", 4));
	struct layer *l = layer_by_conversation(e, true);
	for (size_t i = 0; i < e->script.count; i++) {
		const struct script_step *s = &e->script.steps[i];
		struct slice bytes = slice_of(e->script.wire[s->dir].at + s->from, s->to - s->from);
		if (i == early)
			assert_string_equal(buf_cstr(&heard), "8 of 7: stream 3\n8 of 7: stream 3\n");
		layer_feed(l, s->dir, (struct chunk){ bytes, -1, i < early ? 1 : NS_PER_S + 1 });
	}
	play_end(l);
	assert_string_equal(buf_cstr(&heard), "8 of 7: stream 3\n8 of 7: stream 3\n8 ended: closed by client\n");
	assert_int_equal(e->counts.conversations, 1);
	buf_release(&heard);
	ear_free(e);
}

/* One that begins when the other end has said its last ends with who began it. */
static void conversation_behind_an_end(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	size_t early = e->script.count;
	put_setup(e, 3);
	put_envelope(e, DIR_C2S, 3, 0, 20, 16384);
	struct layer *l = layer_by_conversation(e, true);
	for (size_t i = 0; i < e->script.count; i++) {
		const struct script_step *s = &e->script.steps[i];
		if (i == early)
			layer_end(l, DIR_S2C, 1);
		layer_feed(l, s->dir, (struct chunk){ slice_of(e->script.wire[s->dir].at + s->from, s->to - s->from), -1, 1 });
	}
	e->conn.end = CONN_CLOSED_BY_SERVER;
	layer_end(l, DIR_C2S, 2);
	layer_free(l);
	assert_string_equal(buf_cstr(&heard), "8 of 7: stream 3\n8 ended: closed by server\n");
	buf_release(&heard);
	ear_free(e);
}

/* Joined late: what shows a SetupStream is an Envelope, and its beginning was not seen. */
static void conversations_joined(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_envelope(e, DIR_C2S, 1, 4, 20, 16384);
	put_envelope(e, DIR_C2S, 3, 9, 20, 16384);
	put_envelope(e, DIR_S2C, 1, 3, 20, 16384);
	put_envelope(e, DIR_S2C, 3, 8, 20, 16384);
	by_conversation(e, false, CONN_OPEN);
	assert_non_null(strstr(buf_cstr(&heard), "8 of 7: stream 3, joined\n"));
	assert_non_null(strstr(buf_cstr(&heard), "8 of 7: stream 3, joined, settled\n"));
	assert_int_equal(e->counts.conversations, 1);
	buf_release(&heard);
	ear_free(e);
}

/* Two large messages whose pieces interleave are handed on as they come. */
static void interleaved_pieces(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	struct buf message[2] = { { 0 }, { 0 } };
	put_start(e);
	put_setup(e, 1);
	put_setup(e, 3);
	for (int i = 0; i < 2; i++) {
		struct buf bytes = { 0 };
		envelope_write(&bytes, "stream", (unsigned)i, 10);
		for (int k = 0; k < 40000; k++)
			buf_add_byte(&bytes, (uint8_t)(k * (3 + i)));
		was_sent(e, DIR_S2C, i ? 3 : 1, buf_slice(&bytes));
		message_add(&message[i], 0, buf_slice(&bytes));
		buf_release(&bytes);
	}
	for (size_t at = 0; at < message[1].len; at += 9000)
		for (int i = 0; i < 2; i++)
			put_frame(e, DIR_S2C, HTTP2_DATA, 0, i ? 3 : 1, slice_head(slice_skip(buf_slice(&message[i]), at), 9000));
	for (size_t most = 1; most < 200000; most *= 7) {
		ear_play(e, ear_layer(e, true), most, 0);
		assert_all_got(e);
		assert_true(e->in_place >= 8);
	}
	buf_release(&message[0]);
	buf_release(&message[1]);
	ear_free(e);
}

static void resets(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_request(e, 3, "/openiap.FlowService/Query");
	put_message(e, DIR_C2S, 3, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	put_frame(e, DIR_S2C, HTTP2_RST_STREAM, 0, 3, slice_of("\0\0\0\x07", 4));
	put_request(e, 5, "/openiap.FlowService/Query");
	put_message(e, DIR_C2S, 5, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	put_frame(e, DIR_C2S, HTTP2_RST_STREAM, 0, 5, slice_of("\0\0\0\x08", 4));
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	put_frame(e, DIR_C2S, HTTP2_RST_STREAM, 0, 1, slice_of("\0\0\0\x08", 4));
	put_frame(e, DIR_S2C, HTTP2_GOAWAY, 0, 0, slice_of("\0\0\0\x05\0\0\0\x0btoo_many_pings", 22));
	put_frame(e, DIR_S2C, HTTP2_GOAWAY, 0, 0, slice_of("\0\0\0\x05\0\0\0\0", 8));
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->log), "c2s 3 Query 3\ns2c 3 Query reply failed 0\nc2s 5 Query 3\nc2s 1 Envelope 53\n");
	assert_string_equal(buf_cstr(&e->news), "s2c note 0 RST_STREAM: refused before any work was done\n"
						"c2s note 0 RST_STREAM: cancelled\n"
						"c2s note 0 RST_STREAM: cancelled\n"
						"s2c note 0 GOAWAY: enhance your calm: the peer asks too much: too_many_pings\n");
	ear_free(e);
}

/* What comes for a stream after its reset is shown if it is an Envelope: it was sent. */
static void late_data(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	put_frame(e, DIR_C2S, HTTP2_RST_STREAM, 0, 1, slice_of("\0\0\0\x08", 4));
	put_envelope(e, DIR_S2C, 1, 0, 20, 16384);
	play_every_way(e);
	ear_free(e);
}

/* The client gives a call up while the reply is on its way: the server did answer, and every byte of that is shown. */
static void reply_behind_a_reset(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_request(e, 3, "/openiap.FlowService/Query");
	put_message(e, DIR_C2S, 3, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	put_response(e, 3);
	put_frame(e, DIR_C2S, HTTP2_RST_STREAM, 0, 3, slice_of("\0\0\0\x08", 4));
	put_message(e, DIR_S2C, 3, slice_str("\x0a\x07results"), 5, 0);
	put_trailers(e, 3, "0");
	put_request(e, 5, "/openiap.FlowService/Query");
	put_message(e, DIR_C2S, 5, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	put_frame(e, DIR_C2S, HTTP2_RST_STREAM, 0, 5, slice_of("\0\0\0\x08", 4));
	put_response(e, 5);
	put_trailers(e, 5, "1");
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->log), "c2s 3 Query 3\ns2c 3 Query reply 9\nc2s 5 Query 3\ns2c 5 Query reply failed 0\n");
	assert_string_equal(buf_cstr(&e->news), "c2s note 0 RST_STREAM: cancelled\nc2s note 0 RST_STREAM: cancelled\n"
						"s2c note 0 the call ended with grpc-status 1, CANCELLED\n");
	ear_free(e);
}

/* A call of Query on each stream from `first` to `last`, in one step. */
static void put_requests(struct ear *e, uint32_t first, uint32_t last)
{
	struct buf block = { 0 }, frames = { 0 };
	for (uint32_t number = first; number <= last; number += 2) {
		buf_clear(&block);
		block_add(e, DIR_C2S, &block, (const char *const[]){ ":path", "/openiap.FlowService/Query", NULL });
		frame_add(&frames, HTTP2_HEADERS, HTTP2_END_HEADERS, number, buf_slice(&block));
	}
	put_bytes(e, DIR_C2S, buf_slice(&frames));
	buf_release(&block);
	buf_release(&frames);
}

static void too_many_streams(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	struct layer *l = ear_layer(e, true);
	put_start(e);
	put_setup(e, 1);
	play(&e->script, l, SIZE_MAX, 0);
	size_t from = e->script.wire[DIR_C2S].len;
	put_requests(e, 3, 3 + 2 * (HTTP2_STREAMS + 8));
	play_bytes(&e->script, l, DIR_C2S, from, e->script.wire[DIR_C2S].len);
	assert_int_equal(e->counts.calls_forgotten, 10);
	from = e->script.wire[DIR_C2S].len;
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	play_bytes(&e->script, l, DIR_C2S, from, e->script.wire[DIR_C2S].len);
	assert_all_got(e); /* the SetupStream stays */
	play_end(l);
	ear_free(e);
}

/* When the table is full, a stream that was reset gives way first, though it is not the oldest: the oldest still gets its reply. */
static void reset_gives_way(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	const uint32_t last = 1 + 2 * (HTTP2_STREAMS - 1);
	put_start(e);
	put_requests(e, 1, last);
	put_frame(e, DIR_C2S, HTTP2_RST_STREAM, 0, 301, slice_of("\0\0\0\x08", 4));
	put_request(e, last + 2, "/openiap.FlowService/Query");
	put_response(e, 1);
	put_message(e, DIR_S2C, 1, slice_str("\x0a\x07results"), 16384, 0);
	struct layer *l = ear_layer(e, true);
	play(&e->script, l, SIZE_MAX, 0);
	assert_string_equal(buf_cstr(&e->log), "s2c 1 Query reply 9\n");
	assert_int_equal(e->counts.calls_forgotten, 0);
	put_request(e, last + 4, "/openiap.FlowService/Query");
	size_t from = e->script.steps[e->script.count - 1].from;
	play_bytes(&e->script, l, DIR_C2S, from, e->script.wire[DIR_C2S].len);
	assert_int_equal(e->counts.calls_forgotten, 1);
	play_end(l);
	ear_free(e);
}

static void block_beyond_the_limit(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	char text[1000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	put_start(e);
	put_setup(e, 1);
	for (int i = 0; i < 4; i++)
		put_frame(e, DIR_C2S, i ? HTTP2_CONTINUATION : HTTP2_HEADERS, i == 3 ? HTTP2_END_HEADERS : 0, 3, slice_str(text));
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	put_request(e, 5, "/openiap.FlowService/Query"); /* refers to what came before, but for its path */
	put_message(e, DIR_C2S, 5, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	play_every_way(e);
	assert_int_equal(e->counts.overlong, 1);
	assert_int_equal(e->counts.bad_frames, 0);
	assert_string_equal(buf_cstr(&e->log), "c2s 1 Envelope 53\nc2s 5 Query 3\n");
	ear_free(e);
}

/* Frames that can't be: the boundary is searched for, and found at the next message. */
static void impossible_frames(void **state)
{
	(void)state;
	static const uint8_t types[] = { HTTP2_SETTINGS, HTTP2_PING, HTTP2_RST_STREAM, HTTP2_PRIORITY };
	for (size_t i = 0; i < sizeof(types); i++) {
		struct ear *e = ear_new();
		put_start(e);
		put_setup(e, 1);
		put_frame(e, DIR_C2S, types[i], 0, types[i] == HTTP2_SETTINGS || types[i] == HTTP2_PING ? 0 : 1, slice_str("abc"));
		put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
		put_envelope(e, DIR_C2S, 1, 1, 200, 16384);
		play_every_way(e);
		assert_int_equal(e->counts.bad_frames, 1);
		assert_string_equal(buf_cstr(&e->news), "c2s skipped 12 \n");
		ear_free(e);
	}
}

/* The flag of a gRPC message is 0 or 1: gRPC-Web has its trailers behind one of its own. What has another one is passed over, with all up to the
 * next frame with which a message begins. */
static void impossible_flag(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	struct buf bad = { 0 };
	put_start(e);
	put_setup(e, 1);
	put_envelope(e, DIR_S2C, 1, 0, 20, 16384);
	message_add(&bad, 0x80, slice_str("grpc-status: 0\r\n"));
	put_frame(e, DIR_S2C, HTTP2_DATA, 0, 1, buf_slice(&bad));
	buf_clear(&bad);
	message_add(&bad, 2, slice_str("\x0a\x01q"));
	put_frame(e, DIR_S2C, HTTP2_DATA, 0, 1, buf_slice(&bad));
	put_envelope(e, DIR_S2C, 1, 1, 30, 16384);
	play_every_way(e);
	assert_int_equal(e->counts.bad_frames, 1);
	assert_int_equal(e->counts.skipped, bad.len);
	assert_string_equal(buf_cstr(&e->news), "s2c note 0 what should be a gRPC message begins with neither 0 nor 1\ns2c skipped 8 \n");
	buf_release(&bad);
	ear_free(e);
}

/* A block that is no HPACK is told, but not where blocks before it are missing. */
static void no_hpack(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	for (int i = 0; i < 2; i++)
		put_frame(e, DIR_S2C, HTTP2_HEADERS, HTTP2_END_HEADERS, 1, slice_str("\xff\xff\xff\xff\xff\xff"));
	put_envelope(e, DIR_S2C, 1, 0, 20, 16384);
	play_every_way(e);
	assert_int_equal(e->counts.bad_frames, 1);
	assert_string_equal(buf_cstr(&e->news), "s2c note 0 an HTTP/2 header block that can't be read\n");
	ear_free(e);
}

/* A frame type that the RFC does not know is passed over. */
static void unknown_frames(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_frame(e, DIR_S2C, 0x0a, 0xff, 0, slice_str("altsvc"));
	put_frame(e, DIR_S2C, 0xfe, 0, 7, (struct slice){ NULL, 0 });
	put_envelope(e, DIR_S2C, 1, 0, 20, 16384);
	play_every_way(e);
	assert_string_equal(buf_cstr(&e->news), "");
	ear_free(e);
}

/* A header block may have no byte (trailers without a field), and one in several frames none in the first of them (RFC 9113, section 6.2). */
static void empty_headers(void **state)
{
	(void)state;
	struct slice none = { NULL, 0 };
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_frame(e, DIR_C2S, HTTP2_HEADERS, 0, 3, none);
	put_frame(e, DIR_C2S, HTTP2_CONTINUATION, HTTP2_END_HEADERS, 3, none);
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	put_envelope(e, DIR_S2C, 1, 0, 20, 16384);
	put_frame(e, DIR_C2S, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 1, none);
	put_envelope(e, DIR_S2C, 1, 1, 30, 16384);
	put_frame(e, DIR_S2C, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, 1, none);
	play_every_way(e);
	assert_int_equal(e->counts.bad_frames, 0);
	assert_string_equal(buf_cstr(&e->news), "");
	ear_free(e);
}

static void long_talk(struct ear *e)
{
	put_start(e);
	put_setup(e, 1);
	for (unsigned i = 0; i < 6; i++) {
		put_envelope(e, DIR_C2S, 1, i, 10 + 7 * i, 16384);
		put_envelope(e, DIR_S2C, 1, i, 120 + 90 * i, 150);
		if (i == 2)
			put_frame(e, DIR_S2C, HTTP2_WINDOW_UPDATE, 0, 1, slice_of("\0\0\1\0", 4));
	}
}

/* Plays all but [from, to) of a direction. */
static void play_with_gap(struct ear *e, struct layer *l, enum dir dir, size_t from, size_t to, bool known)
{
	for (size_t i = 0; i < e->script.count; i++) {
		const struct script_step *s = &e->script.steps[i];
		if (s->dir != dir || s->to <= from || s->from >= to) {
			play_bytes(&e->script, l, s->dir, s->from, s->to);
			continue;
		}
		if (s->from <= from) {
			play_bytes(&e->script, l, dir, s->from, from);
			layer_gap(l, dir, known ? to - from : 0, 1);
		}
		if (s->to > to)
			play_bytes(&e->script, l, dir, to, s->to);
	}
	play_end(l);
}

/* What goes on a header block of which the capture lacks the front is no invalid frame. */
static void gap_in_front_of_a_continuation(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	size_t from = e->script.wire[DIR_C2S].len + HTTP2_HEAD + 1;
	put_frame(e, DIR_C2S, HTTP2_HEADERS, 0, 3, slice_str("a block in three frames"));
	put_frame(e, DIR_C2S, HTTP2_CONTINUATION, 0, 3, slice_str("of which the first"));
	put_frame(e, DIR_C2S, HTTP2_CONTINUATION, HTTP2_END_HEADERS, 3, slice_str("is not whole"));
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	play_with_gap(e, ear_layer(e, true), DIR_C2S, from, from + 4, true);
	assert_all_got(e);
	assert_int_equal(e->counts.bad_frames, 0);
	ear_free(e);
}

/* A reply that is passed over in search of a frame, here as one longer than is looked for, did come: its call has not failed. */
static void reply_passed_over(void **state)
{
	(void)state;
	static const char reply[20000] = { 0 };
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	put_envelope(e, DIR_S2C, 1, 0, 20, 16384);
	struct layer *l = ear_layer(e, true);
	play(&e->script, l, SIZE_MAX, 0);
	layer_gap(l, DIR_S2C, 100, 1);
	size_t from = e->script.count;
	put_request(e, 3, "/openiap.FlowService/Query");
	put_message(e, DIR_C2S, 3, slice_str("\x0a\x01q"), 16384, HTTP2_END_STREAM);
	put_response(e, 3);
	put_frame(e, DIR_S2C, HTTP2_DATA, 0, 3, slice_of(reply, sizeof(reply)));
	put_trailers(e, 3, "0");
	put_frame(e, DIR_S2C, HTTP2_PING, 0, 0, slice_str("00000000"));
	put_frame(e, DIR_S2C, HTTP2_PING, 0, 0, slice_str("00000000"));
	for (size_t i = from; i < e->script.count; i++)
		play_bytes(&e->script, l, e->script.steps[i].dir, e->script.steps[i].from, e->script.steps[i].to);
	play_end(l);
	assert_string_equal(buf_cstr(&e->log), "s2c 1 Envelope 58\nc2s 3 Query 3\n");
	assert_true(e->counts.skipped > sizeof(reply));
	ear_free(e);
}

/* Where the frames of a message begin on the wire, as far as they are whole behind `at`: all its bytes are there. */
static bool untouched(const struct sent *s, enum dir dir, size_t from, size_t to)
{
	return s->dir != dir || s->to <= from || s->from >= to;
}

/* A gap at every position: whatever was whole before it or begins behind it is heard, and nothing else but cut messages. */
static void gaps(void **state)
{
	(void)state;
	static const size_t lengths[] = { 1, 5, 9, 40, 200, 700 };
	struct ear *e = ear_new();
	long_talk(e);
	for (int dir = 0; dir < 2; dir++) {
		size_t len = e->script.wire[dir].len, start = e->sent[dir].from;
		for (size_t from = start; from < len; from++) {
			for (size_t k = 0; k < 2 * sizeof(lengths) / sizeof(*lengths); k++) {
				size_t to = from + lengths[k / 2];
				if (to > len)
					continue;
				play_with_gap(e, ear_layer(e, true), (enum dir)dir, from, to, k % 2);
				for (size_t i = 0; i < e->sent_count; i++)
					if (untouched(&e->sent[i], (enum dir)dir, from, to) && !e->sent[i].got)
						fail_msg("dir %d, gap %zu to %zu: message %zu (%zu to %zu) is missing", dir, from, to, i,
							 e->sent[i].from, e->sent[i].to);
			}
		}
	}
	ear_free(e);
}

/* A gap among the headers and what comes before them: the SetupStream is known by its Envelopes. */
static void gaps_in_headers(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	long_talk(e);
	for (int dir = 0; dir < 2; dir++) {
		size_t end = e->sent[dir].from;
		for (size_t from = 0; from < end; from++) {
			for (size_t to = from + 1; to <= end; to += 3) {
				play_with_gap(e, ear_layer(e, true), (enum dir)dir, from, to, to % 2);
				assert_all_got(e);
			}
		}
	}
	ear_free(e);
}

/* Bytes are missing inside a DATA frame: that message is cut, those around it are whole, and none is looked for. */
static void gap_in_data(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	long_talk(e);
	const struct sent *s = &e->sent[4];
	assert_int_equal(s->dir, DIR_C2S);
	for (size_t from = s->from + HTTP2_HEAD + GRPC_PREFIX; from < s->to; from++) {
		play_with_gap(e, ear_layer(e, true), DIR_C2S, from, s->to - (s->to - from) / 3, true);
		assert_int_equal(e->counts.skipped, 0);
		for (size_t i = 0; i < e->sent_count; i++)
			assert_true(e->sent[i].got == (i != 4));
	}
	ear_free(e);
}

/* A capture with only the front of each packet: the headers are not whole, and every message is told with as much as there is of it. */
static void packets_cut_short(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	for (unsigned i = 0; i < 6; i++) {
		put_envelope(e, DIR_C2S, 1, i, 130 + 7 * i, 16384);
		put_envelope(e, DIR_S2C, 1, i, 150 + 90 * i, 16384);
	}
	for (size_t front = HTTP2_HEAD + GRPC_PREFIX + 17; front < 120; front++) {
		struct layer *l = ear_layer(e, true);
		for (size_t i = 0; i < e->script.count; i++) {
			const struct script_step *s = &e->script.steps[i];
			size_t to = s->to - s->from > front ? s->from + front : s->to;
			play_bytes(&e->script, l, s->dir, s->from, to);
			if (to < s->to)
				layer_gap(l, s->dir, s->to - to, 1);
		}
		play_end(l);
		assert_int_equal(e->cut, e->sent_count);
		assert_int_equal(e->counts.skipped, 0);
	}
	ear_free(e);
}

/* A capture that begins anywhere, by http2 itself and by finding out what the connection is. */
static void joined(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	long_talk(e);
	for (size_t i = 0; i < 2 * script_len(&e->script); i++) {
		size_t at = i / 2, skip[2] = { 0, 0 };
		struct layer *l = ear_layer(e, false);
		if (i % 2) {
			layer_free(l);
			e->conn.start_seen = false;
			l = detect_new(&e->stream, TRANSPORT_UNKNOWN, NULL);
		}
		for (size_t k = 0, done = 0; k < e->script.count; k++) {
			const struct script_step *s = &e->script.steps[k];
			size_t n = s->to - s->from, left = at > done ? at - done : 0;
			skip[s->dir] += left < n ? left : n;
			if (left < n)
				play_bytes(&e->script, l, s->dir, s->from + left, s->to);
			done += n;
		}
		play_end(l);
		for (size_t k = 0; k < e->sent_count; k++)
			if (e->sent[k].from >= skip[e->sent[k].dir] && !e->sent[k].got)
				fail_msg("%sjoined at %zu: message %zu is missing", i % 2 ? "detect, " : "", at, k);
	}
	ear_free(e);
}

static int64_t sent_at(const struct ear *e, const struct sent *m)
{
	for (size_t i = 0; i < e->script.count; i++)
		if (e->script.steps[i].dir == m->dir && e->script.steps[i].to == m->to)
			return (int64_t)i;
	fail();
	return -1;
}

/* Joined at any packet: whatever is found late has the time at which it came. */
static void joined_times(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	long_talk(e);
	for (size_t i = 0; i < 2 * e->script.count; i++) {
		struct layer *l = ear_layer(e, false);
		if (i % 2) {
			layer_free(l);
			e->conn.start_seen = false;
			l = detect_new(&e->stream, TRANSPORT_UNKNOWN, NULL);
		}
		for (size_t k = i / 2; k < e->script.count; k++) {
			const struct script_step *s = &e->script.steps[k];
			struct slice wire = slice_head(buf_slice(&e->script.wire[s->dir]), s->to);
			layer_feed(l, s->dir, (struct chunk){ slice_skip(wire, s->from), (int64_t)s->from, (int64_t)k });
		}
		play_end(l);
		for (size_t k = 0; k < e->sent_count; k++)
			if (e->sent[k].got)
				assert_int_equal(e->sent[k].time, sent_at(e, &e->sent[k]));
	}
	ear_free(e);
}

/* In bytes that were gathered the boundary is lost and found again many times: each message has its own time all the same. */
static void times_behind_bad_frames(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_start(e);
	put_setup(e, 1);
	size_t first = e->script.count;
	for (unsigned i = 0; i < 20; i++) {
		if (i % 3 == 1)
			put_bytes(e, DIR_C2S, slice_of("\0\0\3\6\0\0\0\0\0abc", 12)); /* a ping of three bytes */
		put_envelope(e, DIR_C2S, 1, i, 10 + 7 * i, 16384);
	}
	struct layer *l = ear_layer(e, true);
	for (size_t k = 0; k < e->script.count; k++) {
		const struct script_step *s = &e->script.steps[k];
		struct slice wire = slice_head(buf_slice(&e->script.wire[s->dir]), s->to);
		if (k == first)
			layer_gap(l, DIR_C2S, 0, (int64_t)k);
		layer_feed(l, s->dir, (struct chunk){ slice_skip(wire, s->from), (int64_t)s->from, (int64_t)k });
	}
	play_end(l);
	assert_all_got(e);
	for (size_t k = 0; k < e->sent_count; k++)
		assert_int_equal(e->sent[k].time, sent_at(e, &e->sent[k]));
	ear_free(e);
}

static void check_mirrored(struct ear *e, enum transport forced, size_t first, size_t most)
{
	ear_again(e);
	e->conn.start_seen = false;
	e->conn.guessed = true;
	e->conn.ends[DIR_C2S].port = 2;
	struct layer *l = detect_new(&e->stream, forced, NULL);
	play_mirrored(&e->script, l, &e->conn, first, most);
	play_end(l);
	assert_true(e->conn.turned && e->conn.ends[DIR_S2C].port == 2);
	assert_int_equal(e->conn.transport, TRANSPORT_GRPC);
}

/* Header blocks that refer to what was sent before the capture began: what else they say is read, so that a unary call is known by its path. */
static void headers_in_part(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	size_t first = 0;
	for (uint32_t call = 1; call < 9; call += 2) {
		const char *path = call % 4 == 1 ? "/openiap.FlowService/Query" : "/openiap.FlowService/Count",
			   *tag = call > 4 ? "new" : "old";
		first = call == 3 ? e->script.count : first;
		PUT_HEADERS(e, DIR_C2S, call, 0, ":authority", "localhost:50051", ":method", "POST", ":path", path, ":scheme", "http",
			    "user-agent", "test/1.0", "x-tag", tag, "te", "trailers");
		put_message(e, DIR_C2S, call, slice_str("\x0a\x02{}"), 16384, HTTP2_END_STREAM);
		put_response(e, call);
		put_message(e, DIR_S2C, call, slice_str("\x0a\x02[]"), 16384, 0);
		put_trailers(e, call, "0");
	}
	struct layer *l = ear_layer(e, false);
	for (size_t i = first; i < e->script.count; i++)
		play_bytes(&e->script, l, e->script.steps[i].dir, e->script.steps[i].from, e->script.steps[i].to);
	play_end(l);
	for (size_t i = 0; i < e->sent_count; i++)
		assert_int_equal(e->sent[i].got, i == 2 || i >= 4);
	assert_string_equal(buf_cstr(&e->log), "c2s 3 Count 4\nc2s 5 Query 4\ns2c 5 Query reply 4\nc2s 7 Count 4\ns2c 7 Count reply 4\n");
	assert_string_equal(buf_cstr(&e->news),
			    "s2c skipped 9 \n"); /* that reply came before a boundary was found in the other direction */
	ear_free(e);
}

/* Joined in its middle with its ends taken for each other, and with a window update before anything that tells. */
static void ends_from_frames(void **state)
{
	(void)state;
	static const size_t most[] = { 64, 500, SIZE_MAX / 2 };
	struct ear *e = ear_new();
	put_request(e, 1, "/openiap.FlowService/Query");
	put_response(e, 1);
	for (uint32_t call = 3; call < 23; call += 2) {
		for (int i = 0; i < 4; i++)
			put_frame(e, call / 2 % 2, HTTP2_WINDOW_UPDATE, 0, 0, slice_of("\0\0\1\0", 4));
		put_request(e, call, "/openiap.FlowService/Query");
		put_message(e, DIR_C2S, call, slice_str("\x0a\x02{}"), 16384, HTTP2_END_STREAM);
		put_response(e, call);
		put_message(e, DIR_S2C, call, slice_str("\x0a\x02[]"), 16384, 0);
		put_trailers(e, call, "0");
	}
	for (size_t first = 2; first < 12; first++) {
		for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
			check_mirrored(e, TRANSPORT_UNKNOWN, first, most[i]);
			check_mirrored(e, TRANSPORT_GRPC, first, most[i]);
		}
	}
	ear_free(e);
	e = ear_new();
	long_talk(e);
	for (size_t first = 7; first < 14; first++)
		check_mirrored(e, TRANSPORT_UNKNOWN, first, SIZE_MAX / 2);
	ear_free(e);
	for (enum dir dir = DIR_C2S; dir <= DIR_S2C; dir++) { /* names in letters */
		e = ear_new();
		for (int i = 0; i < 4; i++)
			put_frame(e, dir, HTTP2_HEADERS, HTTP2_END_HEADERS, 1,
				  slice_str(dir ? "\x10\7:status\003200" : "\x10\7:method\4POST"));
		check_mirrored(e, TRANSPORT_UNKNOWN, 0, SIZE_MAX / 2);
		ear_free(e);
	}
}

static void by_detect(struct ear *e, enum transport forced, size_t most)
{
	ear_again(e);
	ear_play(e, detect_new(&e->stream, forced, NULL), most, 0);
	assert_all_got(e);
	assert_string_equal(buf_cstr(&e->news), "");
	assert_int_equal(e->conn.transport, TRANSPORT_GRPC);
}

static void detected(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	long_talk(e);
	for (size_t most = 1; most < 100; most++) {
		by_detect(e, TRANSPORT_UNKNOWN, most);
		by_detect(e, TRANSPORT_GRPC, most);
	}
	by_detect(e, TRANSPORT_UNKNOWN, SIZE_MAX);
	ear_free(e);
}

/* The server may speak first, and with a frame that is all zeros but for its type. */
static void check_server_first(struct slice settings)
{
	struct ear *e = ear_new();
	put_frame(e, DIR_S2C, HTTP2_SETTINGS, 0, 0, settings);
	put_bytes(e, DIR_C2S, slice_str(http2_preface()));
	put_frame(e, DIR_C2S, HTTP2_SETTINGS, 0, 0, (struct slice){ NULL, 0 });
	put_setup(e, 1);
	put_envelope(e, DIR_C2S, 1, 0, 20, 16384);
	put_envelope(e, DIR_S2C, 1, 0, 20, 16384);
	for (size_t most = 1; most < 60; most++)
		by_detect(e, TRANSPORT_UNKNOWN, most);
	assert_int_equal(e->counts.skipped, 0);
	ear_free(e);
}

static void server_first(void **state)
{
	(void)state;
	check_server_first(slice_of("\0\5\0\0\x40\0", 6));
	check_server_first((struct slice){ NULL, 0 });
}

static void upgraded(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	put_bytes(e, DIR_C2S,
		  slice_str("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
			    "HTTP2-Settings: AAMAAABkAAQAoAAA\r\n\r\n"));
	put_bytes(e, DIR_S2C, slice_str("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"));
	put_frame(e, DIR_S2C, HTTP2_SETTINGS, 0, 0, slice_of("\0\5\0\0\x40\0", 6));
	put_bytes(e, DIR_C2S, slice_str(http2_preface()));
	put_frame(e, DIR_C2S, HTTP2_SETTINGS, 0, 0, (struct slice){ NULL, 0 });
	PUT_HEADERS(e, DIR_S2C, 1, HTTP2_END_STREAM, ":status", "404");
	put_setup(e, 3);
	put_envelope(e, DIR_C2S, 3, 0, 20, 16384);
	put_envelope(e, DIR_S2C, 3, 0, 20, 16384);
	for (size_t most = 1; most < 300; most++)
		by_detect(e, TRANSPORT_UNKNOWN, most);
	ear_free(e);
}

/* Noise that is no HTTP/2 is not taken for it. */
static void noise(void **state)
{
	(void)state;
	struct ear *e = ear_new();
	uint8_t bytes[4096];
	uint32_t seed = 7;
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(round % 2 ? seed >> 24 : seed >> 24 < 128 ? 0 : seed >> 16);
		}
		struct find f = http2_find(&e->stream, slice_of(bytes, sizeof(bytes)), true);
		assert_int_equal(f.status, FIND_NONE);
	}
	ear_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_stream),
		cmocka_unit_test(padding),
		cmocka_unit_test(too_much_padding),
		cmocka_unit_test(continuation),
		cmocka_unit_test(compressed),
		cmocka_unit_test(compressed_behind_a_gap),
		cmocka_unit_test(answered_by_a_proxy),
		cmocka_unit_test(one_table),
		cmocka_unit_test(message_of_a_status),
		cmocka_unit_test(longest_method),
		cmocka_unit_test(interleaved),
		cmocka_unit_test(conversations),
		cmocka_unit_test(conversation_reset),
		cmocka_unit_test(conversations_joined),
		cmocka_unit_test(conversation_behind_an_end),
		cmocka_unit_test(interleaved_pieces),
		cmocka_unit_test(resets),
		cmocka_unit_test(late_data),
		cmocka_unit_test(reply_behind_a_reset),
		cmocka_unit_test(too_many_streams),
		cmocka_unit_test(reset_gives_way),
		cmocka_unit_test(block_beyond_the_limit),
		cmocka_unit_test(gap_in_front_of_a_continuation),
		cmocka_unit_test(reply_passed_over),
		cmocka_unit_test(impossible_frames),
		cmocka_unit_test(impossible_flag),
		cmocka_unit_test(no_hpack),
		cmocka_unit_test(empty_headers),
		cmocka_unit_test(unknown_frames),
		cmocka_unit_test(gaps),
		cmocka_unit_test(gaps_in_headers),
		cmocka_unit_test(gap_in_data),
		cmocka_unit_test(packets_cut_short),
		cmocka_unit_test(joined),
		cmocka_unit_test(joined_times),
		cmocka_unit_test(times_behind_bad_frames),
		cmocka_unit_test(ends_from_frames),
		cmocka_unit_test(headers_in_part),
		cmocka_unit_test(detected),
		cmocka_unit_test(server_first),
		cmocka_unit_test(upgraded),
		cmocka_unit_test(noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
