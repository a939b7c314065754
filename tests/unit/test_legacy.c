/* The legacy protocol: its messages on a WebSocket cut everywhere; the joining of parts; view, tree; and the session that has them threaded. */
#include "decode/legacy.h"

#include "base/xalloc.h"
#include "capture/stream/websocket.h"
#include "decode/session.h"
#include "tests/unit/stream_play.h"

#include <stdio.h>

enum { FIN = 0x80, RSV1 = 0x40, BUDGET = 1 << 22, TEXTS = 32 };

/* On the wire. */

struct talk {
	struct recorder r;
	struct script s;
};

static const struct ws_deflate plain = { .window_bits = { 15, 15 } };

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

static void put_frame(struct talk *t, enum dir dir, unsigned first, struct slice payload)
{
	struct buf frame = { 0 };
	frame_write(&frame, first, dir == DIR_C2S, payload);
	script_add(&t->s, dir, buf_slice(&frame));
	buf_release(&frame);
}

static void say(struct talk *t, enum dir dir, const char *text)
{
	recorder_sent(&t->r, dir, slice_str(text));
	put_frame(t, dir, FIN | WS_TEXT, slice_str(text));
}

static void play_all(struct talk *t, const struct ws_deflate *d, size_t most, size_t cut)
{
	const bool synced[2] = { true, true };
	recorder_again(&t->r);
	struct layer *l = websocket_new(&t->r.stream, d, synced);
	play(&t->s, l, most, cut);
	play_end(l);
}

static void play_every_way(struct talk *t, const struct ws_deflate *d)
{
	for (size_t cut = 0; cut <= script_len(&t->s); cut++) {
		play_all(t, d, cut == 1 ? 1 : SIZE_MAX, cut == 1 ? 0 : cut);
		recorder_assert_all(&t->r);
		assert_int_equal(t->r.news.len, 0);
		assert_int_equal(t->r.counts.skipped, 0);
		assert_int_equal(t->r.conn.transport, TRANSPORT_LEGACY);
	}
}

static void on_the_wire(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_C2S, "{\"id\":\"1\",\"command\":\"ping\"}");
	say(&t, DIR_S2C, "{\"id\":\"2\",\"command\":\"pong\",\"replyto\":\"1\",\"data\":\"\"}");
	recorder_sent(&t.r, DIR_S2C, slice_str("{\"id\":\"3\",\"command\":\"refreshtoken\"}"));
	put_frame(&t, DIR_S2C, WS_TEXT, slice_str("{\"id\":\"3\","));
	put_frame(&t, DIR_S2C, FIN | WS_PING, slice_str("?"));
	put_frame(&t, DIR_S2C, WS_CONTINUATION, slice_str("\"command\":\"refresh"));
	put_frame(&t, DIR_S2C, FIN | WS_CONTINUATION, slice_str("token\"}"));
	say(&t, DIR_C2S, "{\"id\":\"4\",\"command\":\"count\",\"data\":\"{}\"}");
	play_every_way(&t, &plain);
	play_all(&t, &plain, SIZE_MAX, 0);
	assert_int_equal(t.r.in_place[DIR_S2C], 1); /* plain and in one frame: found again in the capture file */
	talk_release(&t);
}

static void deflated_on_the_wire(void **state)
{
	(void)state;
	struct talk t;
	z_stream z;
	const struct ws_deflate agreed = { .on = true, .window_bits = { 15, 15 } };
	talk_init(&t);
	deflate_begin(&z, 15);
	for (int i = 0; i < 3; i++) {
		struct buf packed = { 0 };
		struct slice text = slice_str("{\"id\":\"1\",\"command\":\"query\",\"data\":\"{}\"}");
		deflate_write(&z, &packed, text);
		recorder_sent(&t.r, DIR_S2C, text);
		put_frame(&t, DIR_S2C, FIN | RSV1 | WS_TEXT, buf_slice(&packed));
		buf_release(&packed);
	}
	play_every_way(&t, &agreed);
	deflateEnd(&z);
	talk_release(&t);
}

/* Two bytes are missing at every place of the first of two messages: it is cut or lost, the other one comes, nothing is made up. */
static void gap_on_the_wire(void **state)
{
	(void)state;
	struct talk t;
	const bool synced[2] = { true, true };
	talk_init(&t);
	say(&t, DIR_C2S, "{\"id\":\"1\",\"command\":\"count\",\"data\":\"{}\"}");
	size_t first = t.s.wire[0].len;
	say(&t, DIR_C2S, "{\"id\":\"2\",\"command\":\"ping\"}");
	for (size_t at = 0; at + 2 <= first; at++) {
		recorder_again(&t.r);
		struct layer *l = websocket_new(&t.r.stream, &plain, synced);
		play_bytes(&t.s, l, DIR_C2S, 0, at);
		layer_gap(l, DIR_C2S, 2, 1);
		play_bytes(&t.s, l, DIR_C2S, at + 2, first);
		play_bytes(&t.s, l, DIR_C2S, first, t.s.wire[0].len);
		play_end(l);
		assert_true(t.r.got[DIR_C2S] & 2);
		assert_int_equal(t.r.cut[DIR_C2S], at > 6 && at < first);
	}
	talk_release(&t);
}

static void too_long_on_the_wire(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	t.r.limits.message = 40;
	put_frame(&t, DIR_C2S, WS_TEXT, slice_str("{\"id\":\"1\",\"command\":\"count\","));
	put_frame(&t, DIR_C2S, FIN | WS_CONTINUATION, slice_str("\"data\":\"too much of it\"}"));
	say(&t, DIR_C2S, "{\"id\":\"2\",\"command\":\"ping\"}");
	play_all(&t, &plain, 7, 0);
	recorder_assert_all(&t.r);
	assert_int_equal(t.r.counts.overlong, 1);
	assert_true(recorder_heard(&t.r, "c2s overlong"));
	talk_release(&t);
}

/* Joined in the middle: a text frame with an object proves itself. */
static void joined_on_the_wire(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	say(&t, DIR_S2C, "{\"id\":\"2\",\"command\":\"ping\"}");
	struct find f = websocket_find(&t.r.stream, buf_slice(&t.s.wire[DIR_S2C]), false, false);
	assert_true(f.status == FIND_FOUND && f.offset == 0);
	put_frame(&t, DIR_C2S, FIN | WS_TEXT, slice_str("{\"id\":\"2\",\"command\":\"ping\"}"));
	struct buf late = { 0 };
	buf_add_str(&late, "fghij\"}");
	buf_add(&late, buf_slice(&t.s.wire[DIR_C2S]));
	f = websocket_find(&t.r.stream, buf_slice(&late), true, false);
	assert_true(f.status == FIND_FOUND && f.offset == 7);
	buf_release(&late);
	talk_release(&t);
}

/* Parts. */

struct joiner {
	struct legacy_parts *parts;
	struct legacy_counts counts;
	struct legacy_whole got[TEXTS];
	size_t count;
};

static void take_done(struct joiner *j, bool end)
{
	while (legacy_done(j->parts, &j->counts, end, &j->got[j->count]))
		assert_true(++j->count < TEXTS);
}

/* The text in a block of its exact size; true if it was a part. */
static bool take(struct joiner *j, const char *text, size_t len, bool cut)
{
	uint8_t *block = malloc(len ? len : 1);
	memcpy(block, text, len);
	const struct legacy_part p = { .text = slice_of(block, len), .cut = cut, .gap = cut };
	bool part = legacy_take(&j->parts, &j->counts, &p);
	free(block);
	take_done(j, false);
	return part;
}

static bool take_text(struct joiner *j, const char *text)
{
	return take(j, text, strlen(text), false);
}

static void finish(struct joiner *j)
{
	take_done(j, true);
	assert_int_equal(j->counts.bytes, 0);
	for (size_t i = 0; i < j->count; i++)
		buf_release(&j->got[i].text);
	legacy_parts_free(j->parts);
}

#define PART(id, count, index, data) \
	"{\"priority\":2,\"id\":\"" id "\",\"command\":\"query\",\"count\":" count ",\"index\":" index ",\"data\":\"" data "\"}"
#define BACK(id, count, index, data) "{\"id\":\"" id "\",\"data\":\"" data "\",\"count\":" count ",\"index\":" index "}"

/* An emoji is cut in two between the parts, and two messages interleave. */
static void parts_join(void **state)
{
	(void)state;
	struct joiner j = { .count = 0 };
	assert_true(take_text(&j, PART("a", "3", "0", "{\\\"x\\\":\\\"\\ud83d")));
	assert_true(take_text(&j, BACK("b", "2", "0", "one ")));
	assert_false(take_text(&j, PART("c", "1", "0", "alone")));
	assert_true(take_text(&j, PART("a", "3", "1", "\\ude80\\ud83d")));
	assert_int_equal(j.count, 0);
	assert_true(take_text(&j, BACK("b", "2", "1", "two")));
	assert_true(take_text(&j, PART("a", "3", "2", "\\ude81\\\"}")));
	assert_int_equal(j.count, 2);
	assert_string_equal(buf_cstr(&j.got[0].text), BACK("b", "2", "0", "one two"));
	assert_string_equal(buf_cstr(&j.got[1].text), PART("a", "3", "0", "{\\\"x\\\":\\\"\\ud83d\\ude80\\ud83d\\ude81\\\"}"));
	assert_true(!j.got[0].cut && j.got[1].size == j.got[1].text.len);
	finish(&j);
	assert_int_equal(j.count, 2);
}

/* A part is missing, the end is missing, the beginning is missing. */
static void parts_missing(void **state)
{
	(void)state;
	struct joiner j = { .count = 0 };
	take_text(&j, PART("a", "4", "0", "zero "));
	take_text(&j, PART("a", "4", "1", "one "));
	take_text(&j, PART("a", "4", "3", "three"));
	assert_int_equal(j.count, 1);
	assert_true(j.got[0].cut && j.got[0].size > j.got[0].text.len);
	assert_string_equal(strrchr(buf_cstr(&j.got[0].text), ':'), ":\"zero one ");
	take_text(&j, PART("b", "3", "0", "begun"));
	take_text(&j, PART("c", "3", "1", "late"));
	assert_int_equal(j.count, 1);
	take_done(&j, true);
	assert_int_equal(j.count, 3);
	assert_true(j.got[1].cut && !j.got[1].headless && j.got[2].cut && j.got[2].headless);
	finish(&j);
}

/* The first part is cut off at every place, the second one too: shown once. Where the first shows its id but not which part it is, it is
 * a message by itself, and nothing more comes of it. Without an id the others are a message without its beginning, if they say so. */
static void cut_first_part(const char *first, size_t data, const char *second, const char *third)
{
	for (size_t n = 0; n < strlen(first); n++) {
		struct joiner j = { .count = 0 };
		bool id = memmem(first, n, "\"id\":\"a\"", 8) != NULL;
		bool part = n > data;
		assert_int_equal(take(&j, first, n, true), part);
		assert_true(take(&j, second, strlen(second) - 1, true) || !id);
		assert_true(take_text(&j, third));
		take_done(&j, true);
		bool headless = !id && data < strlen(first);
		assert_int_equal(j.count, part || headless);
		if (headless)
			assert_true(j.got[0].headless);
		if (part)
			assert_true(j.got[0].cut && !j.got[0].headless && j.got[0].text.len == (n < data + 7 ? n : data + 6));
		finish(&j);
	}
}

static void parts_cut(void **state)
{
	(void)state;
	static const char first[] = PART("a", "3", "0", "zero "), back[] = BACK("a", "3", "0", "zero ");
	size_t data = (size_t)(strstr(first, "\"data\":\"") - first) + strlen("\"data\":");
	cut_first_part(first, data, PART("a", "3", "1", "one"), PART("a", "3", "2", "two"));
	cut_first_part(back, sizeof back, BACK("a", "3", "1", "one"), BACK("a", "3", "2", "two"));
}

static void parts_bounded(void **state)
{
	(void)state;
	struct joiner j = { .count = 0 };
	char text[128];
	for (int i = 0; i < LEGACY_OPEN + 3; i++) {
		snprintf(text, sizeof text, "{\"id\":\"m%d\",\"count\":2,\"index\":0,\"data\":\"x%d\"}", i, i);
		assert_true(take_text(&j, text));
	}
	assert_int_equal(j.counts.given_up, 3);
	assert_int_equal(j.count, 3);
	assert_true(j.got[2].cut && strstr(buf_cstr(&j.got[2].text), "\"m2\""));
	for (size_t i = 0; i < j.count; i++)
		buf_release(&j.got[i].text);
	j.count = 0;
	struct legacy_whole w;
	size_t left = 0;
	while (legacy_done(j.parts, &j.counts, true, &w)) {
		buf_release(&w.text);
		left++;
	}
	assert_int_equal(left, LEGACY_OPEN);
	finish(&j);
}

/* Parts with more around their data than may be held, each in a direction of its own. */
static void parts_bounded_in_bytes(void **state)
{
	(void)state;
	enum { DIRECTIONS = 9, LARGE = LEGACY_BYTES / 8 };
	struct joiner j[DIRECTIONS] = { { .count = 0 } };
	struct legacy_counts counts = { 0 };
	struct buf text = { 0 };
	buf_add_str(&text, "{\"id\":\"a\",\"count\":2,\"index\":0,\"data\":\"x\",\"more\":\"");
	while (text.len < LARGE)
		buf_add_byte(&text, 'x');
	buf_add_str(&text, "\"}");
	for (int i = 0; i < DIRECTIONS; i++) {
		j[i].counts = counts;
		bool part = take(&j[i], buf_cstr(&text), text.len, false);
		counts = j[i].counts;
		assert_true(counts.bytes <= LEGACY_BYTES);
		assert_int_equal(part, i < 7);
	}
	assert_int_equal(counts.given_up, 2);
	for (int i = 0; i < DIRECTIONS; i++) {
		j[i].counts = counts;
		take_done(&j[i], true);
		counts = j[i].counts;
		for (size_t k = 0; k < j[i].count; k++)
			buf_release(&j[i].got[k].text);
		legacy_parts_free(j[i].parts);
	}
	assert_int_equal(counts.bytes, 0);
	buf_release(&text);
}

/* The view and the tree. */

static const char signin[] =
	"{\"id\":\"b1\",\"replyto\":\"u\\/x\",\"command\":\"SignIn\",\"data\":\"{\\\"user\\\":{\\\"name\\\":\\\"H\\\\u00e6\\\"},"
	"\\\"password\\\":\\\"secret\\\",\\\"id\\\":\\\"w1\\\"}\",\"count\":1,\"index\":0,\"priority\":1}";

static void view(void **state)
{
	(void)state;
	struct arena a;
	struct envelope e;
	arena_init(&a, BUDGET);
	assert_true(legacy_read(&a, slice_str(signin), &e));
	assert_true(slice_is(e.id, "b1") && slice_is(e.rid, "u/x") && slice_is(e.command, "SignIn") && e.priority == 1);
	assert_true(slice_is(legacy_command(&a, e.command), "signin"));
	assert_true(slice_is(e.value, "{\"user\":{\"name\":\"H\\u00e6\"},\"password\":\"secret\",\"id\":\"w1\"}"));
	assert_true(slice_is(legacy_member(e.value, "id"), "w1") && legacy_member(e.value, "user").len == 0);
	assert_true(e.has_data && e.type_url.len == 0);
	assert_true(legacy_read(&a, slice_str("{\"command\":\"pong\",\"data\":\"\"}"), &e) && !e.has_data);
	assert_true(legacy_read(&a, slice_str("{\"c\\u006fmmand\":\"pong\",\"\\u0069d\":\"p\",\"r\\u0065plyto\":\"q\"}"), &e));
	assert_true(slice_is(e.command, "pong") && slice_is(e.id, "p") && slice_is(e.rid, "q"));
	assert_false(legacy_read(&a, slice_str("who are you?"), &e));
	assert_false(legacy_read(&a, slice_str("{\"command\":\"query\",\"data\":{}}"), &e));
	for (size_t n = 0; n < sizeof signin - 1; n++) {
		struct slice front = slice_of(xstrdup(signin), n);
		assert_false(legacy_read(&a, front, &e));
		free((void *)(uintptr_t)front.at);
	}
	arena_release(&a);
}

static void tree(void **state)
{
	(void)state;
	struct schema *schema = schema_new();
	struct dissection d;
	dissection_init(&d, schema, BUDGET);
	dissect_legacy(&d, slice_str(signin), sizeof signin - 1);
	assert_null(node_fault(d.root));
	const struct node *data = node_child(d.root, "data");
	assert_ptr_equal(data, d.payload);
	assert_true(slice_starts(slice_of(signin + data->offset, data->length), "\"data\":\"{\\\"user\\\""));
	const struct node *json = data->child;
	assert_true(json->kind == NODE_OBJECT && json->from_text && json->offset == data->offset);
	assert_true(slice_is(node_child(node_child(json, "user"), "name")->text, "Hæ"));
	assert_true(node_child(json, "password")->secret);
	static const char plain_text[] = "{\"command\":\"error\",\"data\":\"not today\"}";
	dissect_legacy(&d, slice_str(plain_text), sizeof plain_text - 1);
	assert_true(slice_is(d.payload->text, "not today") && !d.payload->child);
	dissect_legacy(&d, slice_of(signin, 60), sizeof signin - 1);
	assert_string_equal(node_fault(d.root), "the capture ends here");
	dissection_release(&d);
	schema_free(schema);
}

/* In a session. */

struct told {
	struct buf rules; /* "n rule" a line, of those that are known late */
};

static void on_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	(void)was;
	(void)time;
	buf_addf(&((struct told *)user)->rules, "%u %s\n", n, rule_info(rule)->name);
}

static void send(const struct sink *sink, struct conn_info *conn, enum dir dir, enum encoding encoding, uint32_t exchange, const char *text)
{
	const struct piece p = {
		.conn = conn,
		.dir = dir,
		.encoding = encoding,
		.first = true,
		.last = true,
		.exchange = exchange,
		.reply = dir == DIR_S2C,
		.size = strlen(text),
		.bytes = slice_str(text),
		.at = -1,
		.time = 1000,
	};
	sink->message(sink->user, &p);
}

static struct session *new_session(struct told *told)
{
	const struct session_options o = { .keep = true, .file = -1, .hash_key = 1 };
	const struct session_listener l = { .user = told, .rule = on_rule };
	return session_new(&o, &l);
}

/* Events that the client answers hang with their answers under the watch or the registration of the queue; that one has no answer is no fault.
 * What the client itself sends to that queue is a request. */
static void threads(void **state)
{
	(void)state;
	struct told told = { { 0 } };
	struct session *s = new_session(&told);
	struct sink sink = session_sink(s);
	struct conn_info conn = { .number = 1, .start_seen = true, .settled = { true, true }, .transport = TRANSPORT_LEGACY };
	static const struct {
		enum dir dir;
		const char *text;
		uint32_t thread;
		enum role role;
	} said[] = {
		{ DIR_C2S, "{\"id\":\"a\",\"command\":\"Watch\",\"data\":\"{}\"}", 1, ROLE_REQUEST },
		{ DIR_S2C, "{\"id\":\"b\",\"command\":\"watch\",\"replyto\":\"a\",\"data\":\"{\\\"id\\\":\\\"w\\\"}\"}", 1, ROLE_REPLY },
		{ DIR_S2C, "{\"id\":\"c\",\"command\":\"watchevent\",\"data\":\"{\\\"id\\\":\\\"w\\\"}\"}", 1, ROLE_EVENT },
		{ DIR_C2S, "{\"id\":\"d\",\"command\":\"watchevent\",\"replyto\":\"c\",\"data\":\"{\\\"id\\\":\\\"w\\\"}\"}", 1,
		  ROLE_REPLY },
		{ DIR_C2S, "{\"id\":\"e\",\"command\":\"registerqueue\",\"data\":\"{}\"}", 5, ROLE_REQUEST },
		{ DIR_S2C, "{\"id\":\"f\",\"command\":\"registerqueue\",\"replyto\":\"e\",\"data\":\"{\\\"queuename\\\":\\\"q\\\"}\"}", 5,
		  ROLE_REPLY },
		{ DIR_S2C, "{\"id\":\"g\",\"command\":\"queuemessage\",\"data\":\"{\\\"queuename\\\":\\\"q\\\"}\"}", 5, ROLE_EVENT },
		{ DIR_C2S, "{\"id\":\"h\",\"command\":\"error\",\"replyto\":\"g\",\"data\":\"not today\"}", 5, ROLE_REPLY },
		{ DIR_S2C, "{\"id\":\"i\",\"command\":\"queueclosed\",\"data\":\"{\\\"queuename\\\":\\\"q\\\"}\"}", 5, ROLE_EVENT },
		{ DIR_C2S, "{\"id\":\"j\",\"command\":\"ping\"}", 10, ROLE_SINGLE },
		{ DIR_S2C, "{\"id\":\"k\",\"command\":\"QueueMessage\",\"data\":\"{\\\"queuename\\\":\\\"other\\\"}\"}", 11, ROLE_EVENT },
		{ DIR_C2S, "{\"id\":\"l\",\"command\":\"queuemessage\",\"data\":\"{\\\"queuename\\\":\\\"q\\\"}\"}", 12, ROLE_REQUEST },
	};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		send(&sink, &conn, said[i].dir, ENCODING_LEGACY, 0, said[i].text);
		const struct record *r = session_record(s, (uint32_t)i + 1);
		assert_int_equal(r->thread, said[i].thread);
		assert_int_equal(r->role, said[i].role);
		assert_int_equal(r->rules, i == 7 ? 1u << RULE_ERROR_REPLY : 0);
		assert_false(r->has_seq);
		struct buf scratch = { 0 };
		assert_true(slice_is(session_bytes(s, (uint32_t)i + 1, &scratch), said[i].text));
		buf_release(&scratch);
	}
	assert_int_equal(session_record(s, 5)->state, THREAD_DONE);
	assert_int_equal(session_event_of(s, 4), 3);
	assert_int_equal(session_event_of(s, 8), 7);
	assert_int_equal(session_event_of(s, 6), 0);
	assert_true(slice_is(session_command_name(s, session_record(s, 1)), "watch"));
	conn.end = CONN_CLOSED_BY_CLIENT;
	sink.closed(sink.user, &conn, 2000);
	assert_string_equal(buf_cstr(&told.rules), "12 no-reply\n10 no-reply\n");
	buf_release(&told.rules);
	session_free(s);
}

/* What waits for parts when the connection ends is a cut message; one without its beginning is only told. */
static void incomplete(void **state)
{
	(void)state;
	struct told told = { { 0 } };
	struct session *s = new_session(&told);
	struct sink sink = session_sink(s);
	struct conn_info conn = { .number = 1, .start_seen = true, .transport = TRANSPORT_LEGACY };
	send(&sink, &conn, DIR_C2S, ENCODING_LEGACY, 0, PART("a", "2", "0", "half"));
	send(&sink, &conn, DIR_S2C, ENCODING_LEGACY, 0, PART("b", "3", "1", "middle"));
	assert_int_equal(session_count(s), 0);
	sink.closed(sink.user, &conn, 2000);
	assert_int_equal(session_count(s), 1);
	const struct record *r = session_record(s, 1);
	struct buf scratch = { 0 };
	struct slice bytes = session_bytes(s, 1, &scratch);
	assert_true(r->cut && r->encoding == ENCODING_LEGACY && r->size > bytes.len && r->rules == 0);
	assert_int_equal(r->time, 1000); /* of its last part, not of the end */
	assert_true(slice_eq(bytes, slice_head(slice_str(PART("a", "2", "0", "half")), bytes.len)));
	assert_int_equal(session_news_count(s), 1);
	assert_int_equal(session_news_at(s, 0)->kind, NEWS_CUT);
	buf_release(&scratch);
	buf_release(&told.rules);
	session_free(s);
}

/* Behind a gap a frame may have been seen where none is: what can't be read there and has no id is told, and nobody's fault. */
static void behind_gap(void **state)
{
	(void)state;
	struct told told = { { 0 } };
	struct session *s = new_session(&told);
	struct sink sink = session_sink(s);
	struct conn_info conn = { .number = 1, .start_seen = true, .transport = TRANSPORT_LEGACY };
	struct piece p = { .conn = &conn, .encoding = ENCODING_LEGACY, .first = true, .last = true, .at = -1, .after_gap = true };
	p.bytes = slice_str("\x1bW'z\x04S#");
	p.size = p.bytes.len;
	sink.message(sink.user, &p);
	assert_int_equal(session_count(s), 0);
	assert_int_equal(session_news_at(s, 0)->kind, NEWS_CUT);
	p.bytes = slice_str("{\"id\":\"a\",\"command\":\"noop\",x}");
	p.size = p.bytes.len;
	sink.message(sink.user, &p);
	assert_int_equal(session_record(s, 1)->rules, 1u << RULE_CAPTURE_GAP);
	p.after_gap = false;
	sink.message(sink.user, &p);
	assert_true(session_record(s, 2)->rules >> RULE_DECODE & 1);
	buf_release(&told.rules);
	session_free(s);
}

/* REST: replies by rid and by exchange; of seq only what goes back. A reply that shows in no way what it answers may be that to any request. */
static void talk_rest(bool unpaired, const char *want)
{
	struct told told = { { 0 } };
	struct session *s = new_session(&told);
	struct sink sink = session_sink(s);
	struct conn_info conn = { .number = 1, .start_seen = true, .settled = { true, true }, .transport = TRANSPORT_REST };
	static const struct {
		enum dir dir;
		uint32_t exchange;
		const char *text;
		uint32_t thread;
		enum role role;
		uint32_t rules;
	} said[] = {
		{ DIR_C2S, 1, "{\"command\":\"noop\"}", 1, ROLE_REQUEST, 0 },
		{ DIR_S2C, 1, "{\"command\":\"noop\",\"id\":\"x\"}", 1, ROLE_REPLY, 0 },
		{ DIR_C2S, 2, "{\"command\":\"count\",\"id\":\"a\",\"seq\":5}", 3, ROLE_REQUEST, 0 },
		{ DIR_C2S, 3, "{\"command\":\"count\",\"id\":\"b\",\"seq\":9}", 4, ROLE_REQUEST, 0 },
		{ DIR_C2S, 4, "{\"command\":\"count\",\"id\":\"c\",\"seq\":9}", 5, ROLE_REQUEST, 1u << RULE_SEQ_DUPLICATE },
		{ DIR_C2S, 5, "{\"command\":\"count\",\"id\":\"d\",\"seq\":7}", 6, ROLE_REQUEST, 1u << RULE_SEQ_LATE },
		{ DIR_S2C, 2, "{\"command\":\"countreply\",\"rid\":\"a\"}", 3, ROLE_REPLY, 0 },
		{ DIR_S2C, 3, "{\"command\":\"countreply\"}", 4, ROLE_REPLY, 0 },
		{ DIR_S2C, 6, "{\"command\":\"countreply\"}", 9, ROLE_REPLY, 0 },
		{ DIR_C2S, 6, "{\"command\":\"count\",\"id\":\"f\",\"seq\":12}", 9, ROLE_REQUEST, 0 },
		{ DIR_C2S, 7, "{\"command\":\"ping\",\"seq\":13}", 11, ROLE_SINGLE, 1u << RULE_ID_MISSING },
		{ DIR_C2S, 8, "{\"command\":\"query\",\"id\":\"g\",\"data\":{\"value\":[1]}}", 12, ROLE_REQUEST,
		  1u << RULE_TYPE_MISSING | 1u << RULE_DECODE },
		/* Joined in its middle: which response answers which request is not known, and so not whether one does. */
		{ DIR_C2S, 0, "{\"command\":\"count\",\"seq\":14}", 13, ROLE_SINGLE, 1u << RULE_ID_MISSING },
		{ DIR_S2C, 0, "{\"command\":\"countreply\"}", 14, ROLE_SINGLE, 0 },
	};
	for (size_t i = 0; i < sizeof said / sizeof *said - !unpaired; i++) {
		send(&sink, &conn, said[i].dir, ENCODING_JSON, said[i].exchange, said[i].text);
		const struct record *r = session_record(s, (uint32_t)i + 1);
		if (r->thread != said[i].thread || r->role != said[i].role || r->rules != said[i].rules)
			fail_msg("message %zu: thread %u, role %s, rules %x", i + 1, r->thread, role_name((enum role)r->role), r->rules);
	}
	conn.end = CONN_CLOSED_BY_CLIENT;
	sink.closed(sink.user, &conn, 2000);
	assert_string_equal(buf_cstr(&told.rules), want);
	buf_release(&told.rules);
	session_free(s);
}

static void rest_threads(void **state)
{
	(void)state;
	talk_rest(false, "12 no-reply\n6 no-reply\n5 no-reply\n");
	talk_rest(true, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_the_wire),
		cmocka_unit_test(deflated_on_the_wire),
		cmocka_unit_test(gap_on_the_wire),
		cmocka_unit_test(too_long_on_the_wire),
		cmocka_unit_test(joined_on_the_wire),
		cmocka_unit_test(parts_join),
		cmocka_unit_test(parts_missing),
		cmocka_unit_test(parts_cut),
		cmocka_unit_test(parts_bounded),
		cmocka_unit_test(parts_bounded_in_bytes),
		cmocka_unit_test(view),
		cmocka_unit_test(tree),
		cmocka_unit_test(threads),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(behind_gap),
		cmocka_unit_test(rest_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
