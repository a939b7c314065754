/*
 * The session, fed by hand: threads of every kind, in order and out of it, rules that are known at once and later, news, forgetting, bytes
 * read back, and constant memory while printing. After each conversation all that must hold of any session is looked at.
 */
#include "base/pages.h"
#include "decode/session_state.h"
#include "tests/session_check.h"
#include "tests/session_feed.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define UP DIR_C2S
#define DOWN DIR_S2C

#define BIT(rule) (1u << (rule))

/* What the listener heard, a line each. */
struct heard {
	struct buf text;
	uint64_t messages, bytes, stream_bytes;
};

static void hear_message(void *user, uint32_t n, struct slice bytes)
{
	struct heard *h = user;
	(void)n;
	h->messages++;
	h->bytes += bytes.len;
}

static void hear_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct heard *h = user;
	(void)time;
	buf_addf(&h->text, "%u %s%s%s\n", n, rule_info(rule)->name, was == RULES ? "" : " was ", was == RULES ? "" : rule_info(was)->name);
}

static void hear_news(void *user, const struct session_news *news)
{
	struct heard *h = user;
	buf_addf(&h->text, "after %u: ", news->after);
	session_news_text(&h->text, news);
	buf_add_byte(&h->text, '\n');
}

static void hear_stream(void *user, uint32_t thread, struct slice bytes)
{
	struct heard *h = user;
	(void)thread;
	h->stream_bytes += bytes.len;
}

struct fixture {
	struct feed f;
	struct heard heard;
};

static struct session_listener listener(struct fixture *x)
{
	return (struct session_listener){
		.user = &x->heard, .message = hear_message, .rule = hear_rule, .news = hear_news, .stream = hear_stream
	};
}

static int set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof *x);
	struct session_listener l = listener(x);
	feed_init(&x->f, NULL, &l);
	*state = x;
	return 0;
}

static void must_hold(const struct fixture *x)
{
	const char *why = session_check(x->f.session);
	if (why)
		fail_msg("%s", why);
}

static int tear_down(void **state)
{
	struct fixture *x = *state;
	feed_release(&x->f);
	buf_release(&x->heard.text);
	free(x);
	return 0;
}

/* The same with other options. */
static void begin_anew(struct fixture *x, const struct session_options *o)
{
	struct session_listener l = listener(x);
	feed_release(&x->f);
	buf_release(&x->heard.text);
	x->heard = (struct heard){ { 0 }, 0, 0, 0 };
	feed_init(&x->f, o, &l);
}

static uint32_t rules_of(const struct fixture *x, uint32_t n)
{
	return session_record(x->f.session, n)->rules;
}

static struct thread_info thread_of(const struct fixture *x, uint32_t n)
{
	struct thread_info i;
	session_thread(x->f.session, session_record(x->f.session, n)->thread, &i);
	return i;
}

static void assert_heard(struct fixture *x, const char *want)
{
	assert_string_equal(buf_cstr(&x->heard.text), want);
}

/* A payload with one field of text. */
static struct slice field(struct buf *b, uint32_t number, const char *text)
{
	buf_clear(b);
	put_bytes(b, number, slice_str(text));
	return buf_slice(b);
}

static void test_request_and_reply(void **state)
{
	struct fixture *x = *state;
	uint32_t ask = FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	assert_int_equal(thread_of(x, ask).state, THREAD_OPEN);
	assert_int_equal(thread_of(x, ask).latency_last, -1);
	uint32_t other = FEED(&x->f, 0, UP, .command = "count", .id = "b", .type = "CountRequest");
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "x", .rid = "a", .type = "QueryResponse");
	struct thread_info i = thread_of(x, ask);
	assert_int_equal(i.first, ask);
	assert_int_equal(i.request, ask);
	assert_int_equal(i.reply, reply);
	assert_int_equal(i.last, reply);
	assert_int_equal(i.state, THREAD_DONE);
	assert_true(i.latency_first == 2 * FEED_STEP && i.latency_last == 2 * FEED_STEP);
	assert_int_equal(i.messages, 2);
	assert_int_equal(i.bytes[UP], session_record(x->f.session, ask)->size);
	assert_true(session_latency(x->f.session, reply) == 2 * FEED_STEP);
	assert_true(session_latency(x->f.session, ask) == -1);
	assert_int_equal(thread_of(x, other).state, THREAD_OPEN);
	assert_int_equal(session_threads(x->f.session), 2);
	assert_int_equal(session_thread_at(x->f.session, 1), other);
	assert_int_equal(session_thread_at(x->f.session, 2), 0);
	assert_int_equal(session_record(x->f.session, reply)->role, ROLE_REPLY);
	assert_true(slice_is(session_command_name(x->f.session, session_record(x->f.session, reply)), "queryreply"));
	assert_int_equal(rules_of(x, ask) | rules_of(x, reply), 0);
	assert_int_equal(x->heard.messages, 3);
	must_hold(x);
}

static void test_error_reply(void **state)
{
	struct fixture *x = *state;
	uint32_t ask = FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "error", .id = "x", .rid = "a", .type = "ErrorResponse");
	assert_int_equal(thread_of(x, ask).state, THREAD_FAILED);
	assert_int_equal(rules_of(x, reply), BIT(RULE_ERROR_REPLY));
	uint32_t alone = FEED(&x->f, 0, DOWN, .command = "error", .id = "y", .type = "ErrorResponse");
	assert_int_equal(rules_of(x, alone), 0); /* it answers nothing */
	assert_int_equal(thread_of(x, alone).state, THREAD_SINGLE);
	must_hold(x);
}

static void test_singles(void **state)
{
	static const char *const commands[] = { "noop", "refreshtoken", "pong", "queryreply", "beginstream", "watchevent" };
	struct fixture *x = *state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char id[2] = { (char)('a' + i), 0 };
		uint32_t n = FEED(&x->f, 0, UP, .command = commands[i], .id = id);
		assert_int_equal(thread_of(x, n).state, THREAD_SINGLE);
		assert_int_equal(rules_of(x, n), 0);
	}
	uint32_t ping = FEED(&x->f, 0, DOWN, .command = "ping", .id = "p");
	uint32_t pong = FEED(&x->f, 0, UP, .command = "pong", .id = "q", .rid = "p");
	assert_int_equal(thread_of(x, ping).reply, pong);
	assert_int_equal(thread_of(x, ping).state, THREAD_DONE);
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "");
}

/* Both ends count their ids: "1" of one is not "1" of the other. */
static void test_colliding_ids(void **state)
{
	struct fixture *x = *state;
	uint32_t up[20], down[20];
	char id[20][12];
	for (int i = 0; i < 20; i++) {
		snprintf(id[i], sizeof id[i], "%d", i + 1);
		up[i] = FEED(&x->f, 0, UP, .command = "query", .id = id[i], .type = "QueryRequest");
		down[i] = FEED(&x->f, 0, DOWN, .command = "invokeopenrpa", .id = id[i], .type = "InvokeOpenRPARequest");
	}
	for (int i = 19; i >= 0; i--) {
		char own[12];
		snprintf(own, sizeof own, "%d", 40 - i);
		uint32_t a = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = own, .rid = id[i], .type = "QueryResponse");
		uint32_t b = FEED(&x->f, 0, UP, .command = "invokeopenrpareply", .id = own, .rid = id[i], .type = "InvokeOpenRPAResponse");
		assert_int_equal(thread_of(x, up[i]).reply, a);
		assert_int_equal(thread_of(x, down[i]).reply, b);
		assert_int_equal(rules_of(x, a) | rules_of(x, b), 0);
	}
	must_hold(x);
}

/* The SHA-256 of "abcdef" and the size 6. */
static void put_begin(struct buf *b)
{
	struct buf stat = { 0 };
	put_number(&stat, 14, 6);
	buf_clear(b);
	put_bytes(b, 1, slice_str("bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721"));
	put_bytes(b, 2, buf_slice(&stat));
	buf_release(&stat);
}

/* A stream in that direction with that rid; returns the number of its endstream. */
static uint32_t stream(struct fixture *x, enum dir dir, const char *rid, const char *ids)
{
	struct buf b = { 0 };
	char id[4][3] = { { ids[0], '0', 0 }, { ids[0], '1', 0 }, { ids[0], '2', 0 }, { ids[0], '3', 0 } };
	put_begin(&b);
	FEED(&x->f, 0, dir, .command = "beginstream", .id = id[0], .rid = rid, .type = "BeginStream", .payload = buf_slice(&b));
	FEED(&x->f, 0, dir, .command = "stream", .id = id[1], .rid = rid, .type = "Stream", .payload = field(&b, 1, "abc"));
	FEED(&x->f, 0, dir, .command = "stream", .id = id[2], .rid = rid, .type = "Stream", .payload = field(&b, 1, "def"));
	uint32_t end = FEED(&x->f, 0, dir, .command = "endstream", .id = id[3], .rid = rid);
	buf_release(&b);
	return end;
}

static void test_download(void **state)
{
	struct fixture *x = *state;
	uint32_t ask = FEED(&x->f, 0, UP, .command = "download", .id = "a", .type = "DownloadRequest");
	uint32_t end = stream(x, DOWN, "a", "d");
	struct thread_info i = thread_of(x, ask);
	assert_int_equal(i.state, THREAD_OPEN);
	assert_int_equal(i.chunks, 2);
	assert_int_equal(i.percent, 100);
	assert_true(i.stream_bytes == 6 && i.stream_total == 6);
	assert_int_equal(i.stream, STREAM_BEGUN | STREAM_ENDED | STREAM_CHECKED | STREAM_MATCHES);
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "downloadreply", .id = "e", .rid = "a", .type = "DownloadResponse");
	i = thread_of(x, ask);
	assert_int_equal(i.state, THREAD_DONE);
	assert_int_equal(i.messages, 6);
	assert_true(i.latency_first == FEED_STEP && i.latency_last == 5 * FEED_STEP);
	assert_int_equal(i.rules, 0);
	assert_int_equal(end + 1, reply);
	assert_int_equal(x->heard.stream_bytes, 6);
	must_hold(x);
}

/* An upload's stream goes the way of the request, and its rid names the sender's own message; the other end has one with that id too. */
static void test_upload_and_download_with_the_same_id(void **state)
{
	struct fixture *x = *state;
	uint32_t up = FEED(&x->f, 0, UP, .command = "upload", .id = "7", .type = "UploadRequest");
	uint32_t query = FEED(&x->f, 0, DOWN, .command = "query", .id = "7", .type = "QueryRequest");
	uint32_t end = stream(x, UP, "7", "u");
	assert_int_equal(session_record(x->f.session, end)->thread, up);
	FEED(&x->f, 0, DOWN, .command = "uploadreply", .id = "r", .rid = "7", .type = "UploadResponse");
	FEED(&x->f, 0, UP, .command = "queryreply", .id = "s", .rid = "7", .type = "QueryResponse");
	assert_int_equal(thread_of(x, up).state, THREAD_DONE);
	assert_int_equal(thread_of(x, query).state, THREAD_DONE);
	assert_int_equal(thread_of(x, up).stream, STREAM_BEGUN | STREAM_ENDED | STREAM_CHECKED | STREAM_MATCHES);
	/* now the client asks for a download with an id that the server's upload has too */
	uint32_t down = FEED(&x->f, 0, UP, .command = "download", .id = "8", .type = "DownloadRequest");
	uint32_t back = FEED(&x->f, 0, DOWN, .command = "upload", .id = "8", .type = "UploadRequest");
	end = stream(x, DOWN, "8", "v"); /* either could be meant: the download is asked for first */
	assert_int_equal(session_record(x->f.session, end)->thread, down);
	assert_int_equal(thread_of(x, back).messages, 1);
	for (uint32_t n = 1; n <= session_count(x->f.session); n++)
		assert_int_equal(rules_of(x, n), 0);
	must_hold(x);
}

/* A message of the stream that can't be read, or is of another type, is at fault: not the end of the stream, for what it lacks then. */
static void test_unreadable_stream(void **state)
{
	static const char *const ids[] = { "a", "b" }, *const types[] = { "QueryRequest", "Stream" }, beyond[] = "\x0a\x7fghi";
	struct fixture *x = *state;
	struct buf b = { 0 }, begin = { 0 };
	put_begin(&begin);
	for (int i = 0; i < 2; i++) {
		char id[6][3];
		for (int k = 0; k < 6; k++)
			snprintf(id[k], sizeof id[k], "%s%d", ids[i], k);
		uint32_t ask = FEED(&x->f, 0, UP, .command = "download", .id = ids[i], .type = "DownloadRequest");
		FEED(&x->f, 0, DOWN, .command = "beginstream", .id = id[0], .rid = ids[i], .type = "BeginStream",
		     .payload = buf_slice(&begin));
		FEED(&x->f, 0, DOWN, .command = "stream", .id = id[1], .rid = ids[i], .type = "Stream", .payload = field(&b, 1, "abc"));
		uint32_t bad = FEED(&x->f, 0, DOWN, .command = "stream", .id = id[2], .rid = ids[i], .type = types[i],
				    .payload = i ? slice_str(beyond) : field(&b, 1, "def"));
		uint32_t end = FEED(&x->f, 0, DOWN, .command = "endstream", .id = id[3], .rid = ids[i]);
		assert_int_equal(rules_of(x, bad), BIT(i ? RULE_DECODE : RULE_TYPE_MISMATCH));
		assert_int_equal(rules_of(x, end), 0);
		assert_int_equal(thread_of(x, ask).stream, STREAM_BEGUN | STREAM_ENDED | STREAM_UNSURE);
	}
	must_hold(x);
	buf_release(&b);
	buf_release(&begin);
}

static void test_streaming_state(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	uint32_t ask = FEED(&x->f, 0, UP, .command = "download", .id = "a", .type = "DownloadRequest");
	put_begin(&b);
	FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream", .payload = buf_slice(&b));
	assert_int_equal(thread_of(x, ask).state, THREAD_STREAMING);
	assert_int_equal(thread_of(x, ask).percent, 0);
	FEED(&x->f, 0, DOWN, .command = "stream", .id = "c", .rid = "a", .type = "Stream", .payload = field(&b, 1, "abc"));
	assert_int_equal(thread_of(x, ask).percent, 50);
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_SERVER);
	assert_int_equal(thread_of(x, ask).state, THREAD_BROKEN);
	assert_int_equal(rules_of(x, ask), BIT(RULE_STREAM_INCOMPLETE) | BIT(RULE_NO_REPLY));
	assert_heard(x, "1 stream-incomplete\n1 no-reply\n");
	must_hold(x);
	buf_release(&b);
}

/* Stat has room for less than 2 GiB: 3 GiB stand there as a number below 0, or as one that is read as such. */
static void test_stream_beyond_2gib(void **state)
{
	static const uint64_t sizes[] = { (uint64_t)INT64_C(-1073741824), UINT64_C(3) << 30 };
	struct fixture *x = *state;
	for (size_t i = 0; i < 2; i++) {
		struct buf stat = { 0 }, b = { 0 };
		begin_anew(x, NULL);
		put_number(&stat, 14, sizes[i]);
		put_bytes(&b, 2, buf_slice(&stat));
		uint32_t ask = FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream",
				    .payload = buf_slice(&b));
		assert_true(thread_of(x, ask).stream_total == UINT64_C(3) << 30);
		buf_release(&stat);
		buf_release(&b);
	}
}

/* Of an upload that seems to break off the capture may lack the end, or the reply. */
static void test_unsure_stream(void **state)
{
	struct fixture *x = *state;
	for (enum dir dir = 0; dir < 2; dir++) {
		begin_anew(x, NULL);
		uint32_t up = FEED(&x->f, 0, UP, .command = "upload", .id = "a", .type = "UploadRequest");
		FEED(&x->f, 0, UP, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream");
		feed_news(&x->f, 0, dir, NEWS_GAP, 7);
		feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
		assert_int_equal(thread_of(x, up).state, THREAD_UNSURE);
		must_hold(x);
	}
}

/* Many streams that never end give their tracks back, whichever way their threads ended. */
static void test_streams_given_up(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	put_begin(&b);
	for (unsigned i = 0; i < 3 * STREAMS_MAX; i++) {
		if (i)
			feed_open(&x->f, 0, true);
		if (i % 3)
			FEED(&x->f, 0, UP, .command = "download", .id = "a", .type = "DownloadRequest");
		FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream", .payload = buf_slice(&b));
		if (i % 3 == 1)
			FEED(&x->f, 0, DOWN, .command = "downloadreply", .id = "c", .rid = "a", .type = "DownloadResponse");
		feed_close(&x->f, 0, CONN_CLOSED_BY_SERVER);
	}
	assert_int_equal(session_counts(x->f.session).streams_untracked, 0);
	must_hold(x);
	buf_release(&b);
}

static void test_watch(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	uint32_t early = FEED(&x->f, 0, DOWN, .command = "watchevent", .id = "e", .type = "WatchEvent", .payload = field(&b, 1, "w1"));
	uint32_t ask = FEED(&x->f, 0, UP, .command = "watch", .id = "a", .type = "WatchRequest");
	FEED(&x->f, 0, DOWN, .command = "watchreply", .id = "r", .rid = "a", .type = "WatchResponse", .payload = field(&b, 1, "w1"));
	for (int i = 0; i < 5; i++) {
		char id[] = { 'f', (char)('0' + i), 0 };
		FEED(&x->f, 0, DOWN, .command = "watchevent", .id = id, .type = "WatchEvent", .payload = field(&b, 1, "w1"));
	}
	uint32_t other = FEED(&x->f, 0, DOWN, .command = "watchevent", .id = "o", .type = "WatchEvent", .payload = field(&b, 1, "w2"));
	struct thread_info i = thread_of(x, ask);
	assert_int_equal(i.events, 5);
	assert_int_equal(i.messages, 7);
	assert_int_equal(i.state, THREAD_DONE);
	assert_true(i.latency_last == FEED_STEP);
	assert_int_equal(thread_of(x, early).first, early);
	assert_int_equal(thread_of(x, other).first, other);
	/* the same on another connection is another watch */
	feed_open(&x->f, 1, true);
	uint32_t elsewhere = FEED(&x->f, 1, DOWN, .command = "watchevent", .id = "e", .type = "WatchEvent", .payload = field(&b, 1, "w1"));
	assert_int_equal(thread_of(x, elsewhere).first, elsewhere);
	must_hold(x);
	buf_release(&b);
}

/* An event has no rid. One that has is an event all the same: no reply to what it names, which still waits for its own. */
static void test_event_with_rid(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	uint32_t ask = FEED(&x->f, 0, UP, .command = "watch", .id = "a", .type = "WatchRequest"), event[3];
	FEED(&x->f, 0, DOWN, .command = "watchreply", .id = "r", .rid = "a", .type = "WatchResponse", .payload = field(&b, 1, "w"));
	uint32_t query = FEED(&x->f, 0, UP, .command = "query", .id = "b", .type = "QueryRequest");
	static const char *const rids[] = { "a", "b", "c" };
	for (int i = 0; i < 3; i++) {
		char id[] = { 'f', (char)('0' + i), 0 };
		event[i] = FEED(&x->f, 0, DOWN, .command = "watchevent", .id = id, .rid = rids[i], .type = "WatchEvent",
				.payload = field(&b, 1, "w"));
		assert_int_equal(rules_of(x, event[i]), i == 2 ? BIT(RULE_RID_UNKNOWN) : 0);
		assert_int_equal(thread_of(x, event[i]).first, ask);
	}
	assert_int_equal(thread_of(x, ask).events, 3);
	assert_int_equal(thread_of(x, query).state, THREAD_OPEN);
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "s", .rid = "b", .type = "QueryResponse");
	assert_int_equal(rules_of(x, reply), 0);
	assert_int_equal(thread_of(x, query).reply, reply);
	must_hold(x);
	buf_release(&b);
}

/* Queues by name; a queue and a watch may be called alike; registered again, events hang under the newest. */
static void test_queue(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	uint32_t ask = FEED(&x->f, 0, UP, .command = "registerqueue", .id = "a", .type = "RegisterQueueRequest");
	FEED(&x->f, 0, DOWN, .command = "registerqueuereply", .id = "r", .rid = "a", .type = "RegisterQueueResponse",
	     .payload = field(&b, 1, "q"));
	uint32_t event = FEED(&x->f, 0, DOWN, .command = "queueevent", .id = "e", .type = "QueueEvent", .payload = field(&b, 1, "q"));
	uint32_t watch = FEED(&x->f, 0, DOWN, .command = "watchevent", .id = "f", .type = "WatchEvent", .payload = field(&b, 1, "q"));
	assert_int_equal(thread_of(x, event).first, ask);
	assert_int_equal(thread_of(x, watch).first, watch);
	uint32_t again = FEED(&x->f, 0, UP, .command = "registerexchange", .id = "b", .type = "RegisterExchangeRequest");
	FEED(&x->f, 0, DOWN, .command = "registerexchangereply", .id = "s", .rid = "b", .type = "RegisterExchangeResponse",
	     .payload = field(&b, 1, "q"));
	event = FEED(&x->f, 0, DOWN, .command = "queueevent", .id = "g", .type = "QueueEvent", .payload = field(&b, 1, "q"));
	assert_int_equal(thread_of(x, event).first, again);
	must_hold(x);
	buf_release(&b);
}

/* The capture shows the answer before the question. */
static void test_reply_first(void **state)
{
	struct fixture *x = *state;
	x->f.conn[0].settled[DOWN] = false;
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "x", .rid = "a", .type = "QueryResponse");
	assert_int_equal(rules_of(x, reply), 0);
	assert_int_equal(thread_of(x, reply).state, THREAD_ORPHAN);
	uint32_t ask = FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	struct thread_info i = thread_of(x, ask);
	assert_int_equal(i.first, reply);
	assert_int_equal(i.request, ask);
	assert_int_equal(i.reply, reply);
	assert_int_equal(i.state, THREAD_DONE);
	uint32_t second = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "y", .rid = "a", .type = "QueryResponse");
	assert_int_equal(rules_of(x, second), 0); /* its sender may have had another request with that id */
	x->f.conn[0].settled[DOWN] = true;
	uint32_t third = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "z", .rid = "a", .type = "QueryResponse");
	assert_int_equal(rules_of(x, third), BIT(RULE_REPLY_DUPLICATE));
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "");
}

static void test_stream_first(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	x->f.conn[0].settled[DOWN] = false;
	put_begin(&b);
	uint32_t begin = FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream",
			      .payload = buf_slice(&b));
	assert_true(thread_of(x, begin).stream_total == 6);
	FEED(&x->f, 0, DOWN, .command = "stream", .id = "c", .rid = "a", .type = "Stream", .payload = field(&b, 1, "abc"));
	uint32_t ask = FEED(&x->f, 0, UP, .command = "download", .id = "a", .type = "DownloadRequest");
	assert_int_equal(thread_of(x, ask).request, ask);
	assert_int_equal(thread_of(x, ask).state, THREAD_STREAMING);
	must_hold(x);
	FEED(&x->f, 0, DOWN, .command = "stream", .id = "d", .rid = "a", .type = "Stream", .payload = field(&b, 1, "def"));
	FEED(&x->f, 0, DOWN, .command = "endstream", .id = "e", .rid = "a");
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "downloadreply", .id = "f", .rid = "a", .type = "DownloadResponse");
	struct thread_info i = thread_of(x, ask);
	assert_int_equal(i.state, THREAD_DONE);
	assert_int_equal(i.request, ask);
	assert_int_equal(i.reply, reply);
	assert_int_equal(i.chunks, 2);
	assert_int_equal(i.percent, 100);
	assert_true(session_latency(x->f.session, reply) == 3 * FEED_STEP);
	assert_int_equal(i.rules, 0);
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "");
	buf_release(&b);
}

/* Sends a stream message of rid "a" with that seq; its id is its own. */
static uint32_t stream_message(struct fixture *x, enum dir dir, const char *command, int32_t seq)
{
	char id[16];
	snprintf(id, sizeof id, "%d.%d", dir, seq);
	return FEED(&x->f, 0, dir, .command = command, .id = id, .rid = "a", .has_seq = true, .seq = seq);
}

/* So where the first message of all is the one that came early. */
static void test_stream_before_start(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "download", .id = "a", .type = "DownloadRequest");
	uint32_t data = FEED(&x->f, 0, DOWN, .command = "stream", .id = "c", .rid = "a", .type = "Stream", .has_seq = true, .seq = 1);
	uint32_t begin = FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream", .has_seq = true);
	assert_int_equal(rules_of(x, data), BIT(RULE_SEQ_START));
	assert_int_equal(rules_of(x, begin), BIT(RULE_SEQ_REORDERED));
	must_hold(x);
}

/* A stream whose messages were sent out of order: the receiver puts them in order before it looks, and so nobody is blamed for more than that. */
static void test_stream_out_of_order(void **state)
{
	static const uint32_t only = BIT(RULE_SEQ_REORDERED);
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "upload", .id = "a");
	stream_message(x, UP, "stream", 2);
	stream_message(x, UP, "stream", 3);
	stream_message(x, UP, "beginstream", 1);
	stream_message(x, UP, "endstream", 4);
	uint32_t reply = stream_message(x, DOWN, "uploadreply", 0);
	assert_int_equal(thread_of(x, reply).rules & ~only, 0);
	assert_int_equal(thread_of(x, reply).state, THREAD_DONE);
	must_hold(x);
}

/* The request itself may come behind messages of the stream. */
static void test_upload_behind_its_stream(void **state)
{
	static const uint32_t only = BIT(RULE_SEQ_REORDERED);
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "signin", .id = "s");
	stream_message(x, UP, "beginstream", 2);
	stream_message(x, UP, "stream", 3);
	uint32_t ask = FEED(&x->f, 0, UP, .command = "upload", .id = "a", .has_seq = true, .seq = 1);
	assert_int_equal(thread_of(x, ask).state, THREAD_STREAMING);
	stream_message(x, UP, "endstream", 4);
	uint32_t reply = stream_message(x, DOWN, "uploadreply", 0);
	struct thread_info i = thread_of(x, reply);
	assert_true(i.messages == 5 && i.request == ask && i.reply == reply && i.state == THREAD_DONE);
	assert_int_equal(i.rules & ~only, 0);
	must_hold(x);
	/* only an upload has a stream of its own end; of one that never comes it is said in the end */
	uint32_t lost = FEED(&x->f, 0, UP, .command = "stream", .id = "l", .rid = "b", .has_seq = true, .seq = 6);
	uint32_t other = FEED(&x->f, 0, UP, .command = "query", .id = "b", .has_seq = true, .seq = 7);
	assert_int_equal(rules_of(x, lost), BIT(RULE_SEQ_GAP));
	assert_int_equal(thread_of(x, other).messages, 1);
	assert_int_equal(thread_of(x, lost).request, 0);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_int_equal(rules_of(x, lost), BIT(RULE_SEQ_GAP_FINAL) | BIT(RULE_RID_UNKNOWN));
	must_hold(x);
}

/* A stream message behind a hole that names a message of its own end, which is no upload: that message keeps its id, and its reply. */
static void test_stream_of_no_upload(void **state)
{
	struct fixture *x = *state;
	uint32_t ask = FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest", .has_seq = true, .seq = 0);
	stream_message(x, UP, "stream", 2);
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "r", .rid = "a", .type = "QueryResponse");
	assert_int_equal(thread_of(x, reply).request, ask);
	assert_int_equal(thread_of(x, ask).state, THREAD_DONE);
	assert_int_equal(rules_of(x, reply), 0);
	must_hold(x);
}

/* So with the final reply of a download that comes before the end of the stream. */
static void test_reply_before_the_end(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "download", .id = "a");
	stream_message(x, DOWN, "beginstream", 0);
	uint32_t reply = stream_message(x, DOWN, "downloadreply", 2);
	stream_message(x, DOWN, "endstream", 1);
	assert_int_equal(thread_of(x, reply).rules, BIT(RULE_SEQ_REORDERED));
	assert_int_equal(thread_of(x, reply).state, THREAD_DONE);
	must_hold(x);
}

/* A rid that names nothing: whose fault that is depends on what the capture has. */
static void test_rid_unknown(void **state)
{
	struct fixture *x = *state;
	uint32_t known = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "1", .rid = "a", .type = "QueryResponse");
	assert_int_equal(rules_of(x, known), BIT(RULE_RID_UNKNOWN));
	feed_open(&x->f, 1, false);
	uint32_t joined = FEED(&x->f, 1, DOWN, .command = "queryreply", .id = "1", .rid = "a", .type = "QueryResponse");
	assert_int_equal(rules_of(x, joined), BIT(RULE_RID_UNKNOWN_JOINED));
	feed_open(&x->f, 2, true);
	feed_news(&x->f, 2, UP, NEWS_GAP, 100);
	uint32_t gap = FEED(&x->f, 2, DOWN, .command = "queryreply", .id = "1", .rid = "a", .type = "QueryResponse");
	assert_int_equal(rules_of(x, gap), 0);
	feed_open(&x->f, 3, true);
	x->f.conn[3].settled[DOWN] = false;
	uint32_t waits = FEED(&x->f, 3, DOWN, .command = "queryreply", .id = "1", .rid = "a", .type = "QueryResponse");
	assert_int_equal(rules_of(x, waits), 0);
	feed_close(&x->f, 3, CONN_CLOSED_BY_CLIENT);
	assert_int_equal(rules_of(x, waits), BIT(RULE_RID_UNKNOWN));
	assert_heard(x, "after 2: gap: 100 bytes are missing from the capture\n4 rid-unknown\n");
	must_hold(x);
}

/* Of a connection nothing more is read: nobody is blamed for what may be in the rest. HTTP that is not ours is read on. */
static void test_given_up(void **state)
{
	struct fixture *x = *state;
	for (unsigned at = 1; at <= 2; at++) {
		feed_open(&x->f, at, true);
		x->f.conn[at].settled[DOWN] = false;
		x->f.conn[at].transport = at == 1 ? TRANSPORT_WS : TRANSPORT_HTTP;
		uint32_t asks = FEED(&x->f, at, UP, .command = "query", .id = "1", .type = "QueryRequest");
		uint32_t names = FEED(&x->f, at, DOWN, .command = "queryreply", .id = "1", .rid = "a", .type = "QueryResponse");
		feed_news(&x->f, at, DOWN, NEWS_NOT_OURS, 0);
		feed_close(&x->f, at, CONN_CLOSED_BY_CLIENT);
		assert_int_equal(rules_of(x, asks), at == 1 ? 0 : BIT(RULE_NO_REPLY));
		assert_int_equal(rules_of(x, names), at == 1 ? 0 : BIT(RULE_RID_UNKNOWN));
	}
}

/* More replies wait for their request than there is room for: of the oldest nothing is said, as its request may still come. */
static void test_waiting(void **state)
{
	struct fixture *x = *state;
	char id[16], rid[16];
	x->f.conn[0].settled[DOWN] = false;
	for (unsigned i = 0; i < WAITING_MAX + 3; i++) {
		snprintf(id, sizeof id, "i%u", i);
		snprintf(rid, sizeof rid, "r%u", i);
		FEED(&x->f, 0, DOWN, .command = "queryreply", .id = id, .rid = rid, .type = "QueryResponse");
	}
	for (unsigned i = 4; i < WAITING_MAX + 3; i++) {
		snprintf(rid, sizeof rid, "r%u", i);
		FEED(&x->f, 0, UP, .command = "query", .id = rid, .type = "QueryRequest");
	}
	assert_heard(x, "");
	assert_int_equal(session_counts(x->f.session).replies_unjudged, 3);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "4 rid-unknown\n");
	must_hold(x);
}

/* A rid that names a reply, or an event: odd, but the message is there. */
static void test_rid_names_no_request(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "b", .rid = "a", .type = "QueryResponse");
	uint32_t odd = FEED(&x->f, 0, UP, .command = "queryreply", .id = "c", .rid = "b", .type = "QueryResponse");
	assert_int_equal(rules_of(x, odd), 0);
	assert_int_equal(thread_of(x, odd).state, THREAD_ORPHAN);
	must_hold(x);
}

static void test_ids(void **state)
{
	struct fixture *x = *state;
	uint32_t none = FEED(&x->f, 0, UP, .command = "noop");
	FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	uint32_t again = FEED(&x->f, 0, UP, .command = "count", .id = "a", .type = "CountRequest");
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "countreply", .id = "a", .rid = "a", .type = "CountResponse");
	assert_int_equal(rules_of(x, none), BIT(RULE_ID_MISSING));
	assert_int_equal(rules_of(x, again), BIT(RULE_ID_DUPLICATE));
	assert_int_equal(rules_of(x, reply), 0);
	assert_int_equal(thread_of(x, reply).first, again);
	must_hold(x);
}

/* Requests that wait under one id: a reply goes to the oldest that its command fits, else to the oldest; no more of them than there were
 * requests is one too many. */
static void test_namesakes(void **state)
{
	struct fixture *x = *state;
	uint32_t ask[4], reply[5];
	static const char *const asked[] = { "query", "count", "query", "query" };
	static const char *const replied[] = { "countreply", "queryreply", "error", "queryreply", "queryreply" };
	static const unsigned of[] = { 1, 0, 2, 3, 3 };
	for (size_t i = 0; i < 4; i++)
		ask[i] = FEED(&x->f, 0, UP, .command = asked[i], .id = "a");
	for (size_t i = 0; i < 5; i++) {
		char id[2] = { (char)('p' + i), 0 };
		reply[i] = FEED(&x->f, 0, DOWN, .command = replied[i], .id = id, .rid = "a");
		assert_int_equal(thread_of(x, reply[i]).first, ask[of[i]]);
		assert_int_equal(rules_of(x, reply[i]), i == 4 ? BIT(RULE_REPLY_DUPLICATE) : i == 2 ? BIT(RULE_ERROR_REPLY) : 0);
	}
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "");
}

/* A pong without a rid answers the oldest ping that waits; one that answers none stands alone. */
static void test_pongs(void **state)
{
	struct fixture *x = *state;
	uint32_t ping[2], first, second;
	FEED(&x->f, 0, UP, .command = "ping", .id = "a");
	ping[0] = FEED(&x->f, 0, DOWN, .command = "ping", .id = "a");
	ping[1] = FEED(&x->f, 0, DOWN, .command = "ping", .id = "b");
	first = FEED(&x->f, 0, UP, .command = "pong", .id = "c");
	second = FEED(&x->f, 0, UP, .command = "pong", .id = "d");
	assert_int_equal(thread_of(x, first).first, ping[0]);
	assert_int_equal(thread_of(x, ping[0]).state, THREAD_DONE);
	assert_int_equal(thread_of(x, second).first, ping[1]);
	assert_int_equal(session_record(x->f.session, second)->role, ROLE_REPLY);
	uint32_t third = FEED(&x->f, 0, UP, .command = "pong", .id = "e");
	assert_int_equal(thread_of(x, third).first, third);
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "1 no-reply\n");
}

/* What comes behind an error: of the end that sent it, out of order; of the other, on its way already. */
static void test_behind_error(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "upload", .id = "a");
	FEED(&x->f, 0, UP, .command = "beginstream", .id = "b", .rid = "a");
	FEED(&x->f, 0, DOWN, .command = "error", .id = "c", .rid = "a");
	struct buf b = { 0 };
	uint32_t late = FEED(&x->f, 0, UP, .command = "stream", .id = "d", .rid = "a", .type = "Stream", .payload = field(&b, 1, "abc"));
	uint32_t end = FEED(&x->f, 0, UP, .command = "endstream", .id = "e", .rid = "a");
	assert_int_equal(thread_of(x, late).chunks, 1);
	assert_int_equal(thread_of(x, late).stream_bytes, 3);
	buf_release(&b);
	FEED(&x->f, 0, UP, .command = "download", .id = "f");
	FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "g", .rid = "f");
	FEED(&x->f, 0, DOWN, .command = "error", .id = "h", .rid = "f");
	uint32_t own = FEED(&x->f, 0, DOWN, .command = "stream", .id = "i", .rid = "f");
	assert_int_equal(rules_of(x, late), 0);
	assert_int_equal(rules_of(x, end), 0);
	assert_int_equal(rules_of(x, own), BIT(RULE_STREAM_ORDER));
	must_hold(x);
}

/* Who asked may end the stream with an error, too. That is no reply: the other end may still send one. */
static void test_gives_up(void **state)
{
	static const char *const commands[] = { "upload", "download" };
	struct fixture *x = *state;
	for (int i = 0; i < 2; i++) {
		char id[4][3] = {
			{ (char)('a' + i), '0', 0 }, { (char)('a' + i), '1', 0 }, { (char)('a' + i), '2', 0 }, { (char)('a' + i), '3', 0 }
		};
		uint32_t ask = FEED(&x->f, 0, UP, .command = commands[i], .id = id[0]);
		FEED(&x->f, 0, i ? DOWN : UP, .command = "beginstream", .id = id[1], .rid = id[0]);
		uint32_t error = FEED(&x->f, 0, UP, .command = "error", .id = id[2], .rid = id[0]);
		assert_int_equal(rules_of(x, error), BIT(RULE_ERROR_REPLY));
		assert_int_equal(session_record(x->f.session, error)->thread, ask);
		assert_int_equal(thread_of(x, ask).state, THREAD_FAILED);
		uint32_t reply = FEED(&x->f, 0, DOWN, .command = "error", .id = id[3], .rid = id[0]);
		assert_int_equal(rules_of(x, reply), BIT(RULE_ERROR_REPLY));
		must_hold(x);
	}
	uint32_t nothing = FEED(&x->f, 0, UP, .command = "error", .id = "x", .rid = "a0");
	assert_int_equal(rules_of(x, nothing), BIT(RULE_RID_UNKNOWN) | BIT(RULE_ERROR_REPLY)); /* it has ended */
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	must_hold(x);
}

/* A download that is answered though no stream came; not where the capture may lack it. */
static void test_no_stream(void **state)
{
	struct fixture *x = *state;
	for (int i = 0; i < 2; i++) {
		char ids[2][2] = { { (char)('a' + i), 0 }, { (char)('p' + i), 0 } };
		if (i)
			feed_news(&x->f, 0, DOWN, NEWS_GAP, 100);
		FEED(&x->f, 0, UP, .command = "download", .id = ids[0]);
		uint32_t reply = FEED(&x->f, 0, DOWN, .command = "downloadreply", .id = ids[1], .rid = ids[0]);
		assert_int_equal(rules_of(x, reply), i ? 0 : BIT(RULE_STREAM_INCOMPLETE));
	}
	must_hold(x);
}

static void test_types(void **state)
{
	static const struct {
		const char *command, *rid, *type;
		uint32_t rules;
	} cases[] = {
		{ "query", NULL, "QueryRequest", 0 },
		{ "QUERY", NULL, "QueryRequest", 0 },
		{ "query", NULL, NULL, 0 },
		{ "query", NULL, "", BIT(RULE_TYPE_MISSING) },
		{ "query", NULL, "CountRequest", BIT(RULE_TYPE_MISMATCH) },
		{ "query", NULL, "QueryResponse", BIT(RULE_TYPE_MISMATCH) },
		{ "query", NULL, "NoSuchRequest", BIT(RULE_TYPE_MISMATCH) },
		{ "mycommand", NULL, "QueryRequest", BIT(RULE_TYPE_MISMATCH) },
		{ "mycommand", NULL, "MyCommand", 0 },
		{ "mycommand", NULL, "MyCommandRequest", 0 },
		{ "mycommand", NULL, "MyCommandResponse", 0 }, /* of what nobody knows nothing is said */
		{ "mycommandreply", "r", "MyCommandResponse", 0 },
		{ "mycommandreply", "r", "QueryResponse", BIT(RULE_TYPE_MISMATCH) },
		{ "getelement", NULL, "GetElementRequest", 0 },
		{ "getelement", NULL, "GetElementResponse", BIT(RULE_TYPE_MISMATCH) },
		{ "getelement", "r", "GetElementResponse", 0 },
		{ "getelement", "r", "GetElementRequest", 0 },
		{ "noop", NULL, "Noop", 0 },
		{ "ping", NULL, "PingRequest", 0 },
		{ "ping", NULL, "PingResponse", BIT(RULE_TYPE_MISMATCH) },
	};
	struct fixture *x = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char id[16];
		snprintf(id, sizeof id, "i%zu", i);
		FEED(&x->f, 0, DOWN, .command = "query", .id = id, .type = "QueryRequest"); /* something to answer */
		uint32_t n = FEED(&x->f, 0, UP, .command = cases[i].command, .id = id, .rid = cases[i].rid ? id : NULL,
				  .type = cases[i].type);
		if (rules_of(x, n) != cases[i].rules)
			fail_msg("%s with %s: %x", cases[i].command, cases[i].type ? cases[i].type : "nothing", rules_of(x, n));
	}
	must_hold(x);
}

static void test_priority_and_mask(void **state)
{
	struct fixture *x = *state;
	for (int p = -2; p < 6; p++) {
		char id[] = { (char)('c' + p), 0 };
		uint32_t n = FEED(&x->f, 0, UP, .command = "noop", .id = id, .priority = p);
		assert_int_equal(rules_of(x, n), p < 0 || p > 3 ? BIT(RULE_PRIORITY_RANGE) : 0);
		assert_int_equal(session_record(x->f.session, n)->priority, p);
	}
	uint32_t n = FEED(&x->f, 0, UP, .command = "noop", .id = "big", .priority = 100000, .unmasked = true);
	assert_int_equal(session_record(x->f.session, n)->priority, INT8_MAX);
	assert_int_equal(rules_of(x, n), BIT(RULE_PRIORITY_RANGE) | BIT(RULE_UNMASKED));
	must_hold(x);
}

/* Bytes that are no Envelope, none at all, and an Envelope whose payload is bad; whole and in pieces. */
static void test_decode(void **state)
{
	struct fixture *x = *state;
	const struct sent nothing = { 0 };
	for (size_t piece = 0; piece < 3; piece++) {
		begin_anew(x, NULL);
		x->f.piece = piece;
		FEED(&x->f, 0, UP, .command = "noop", .id = "first");
		feed_bytes(&x->f, 0, UP, slice_str("garbage"), 7, &nothing);
		feed_bytes(&x->f, 0, UP, slice_str(""), 0, &nothing);
		uint32_t good = FEED(&x->f, 0, UP, .command = "noop", .id = "a", .has_seq = true, .seq = 3);
		uint32_t bad = FEED(&x->f, 0, UP, .command = "query", .id = "b", .type = "QueryRequest", .has_seq = true, .seq = 4,
				    .payload = slice_str("\x08\x01"));
		assert_int_equal(rules_of(x, 2), BIT(RULE_DECODE));
		assert_int_equal(rules_of(x, 3), BIT(RULE_DECODE));
		assert_int_equal(rules_of(x, good), 0); /* the two may have been 1 and 2 */
		assert_int_equal(rules_of(x, bad), BIT(RULE_DECODE));
		assert_int_equal(session_record(x->f.session, bad)->seq, 4);
		must_hold(x);
	}
}

/* Rules of seq as they reach records, counts and listener; long before, the thread had only the request. */
static void test_seq(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "noop", .id = "a");
	uint32_t gap = FEED(&x->f, 0, UP, .command = "query", .id = "b", .type = "QueryRequest", .has_seq = true, .seq = 2);
	FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "x", .rid = "b");
	FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "y", .rid = "b", .type = "QueryResponse");
	assert_int_equal(rules_of(x, gap), BIT(RULE_SEQ_GAP));
	assert_true(thread_of(x, gap).rules & BIT(RULE_SEQ_GAP));
	assert_int_equal(session_conn_broken(session_conn(x->f.session, 1), RULE_SEQ_GAP), 1);
	uint32_t late = FEED(&x->f, 0, UP, .command = "noop", .id = "c", .has_seq = true, .seq = 1);
	assert_int_equal(rules_of(x, gap), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(rules_of(x, late), BIT(RULE_SEQ_REORDERED));
	assert_false(thread_of(x, gap).rules & BIT(RULE_SEQ_GAP));
	assert_int_equal(session_conn_broken(session_conn(x->f.session, 1), RULE_SEQ_GAP), 0);
	uint32_t lost = FEED(&x->f, 0, UP, .command = "noop", .id = "d", .has_seq = true, .seq = 5);
	FEED(&x->f, 0, UP, .command = "noop", .id = "e", .has_seq = true, .seq = 4);
	must_hold(x);
	feed_close(&x->f, 0, CONN_RESET_BY_CLIENT);
	assert_int_equal(rules_of(x, lost), BIT(RULE_SEQ_GAP_FINAL));
	assert_heard(x, "2 seq-reordered was seq-gap\n6 seq-gap was seq-gap\n");
	assert_int_equal(session_counts(x->f.session).rules[RULE_SEQ_GAP_FINAL], 1);
	must_hold(x);
}

/* How a connection ends decides what is said of its open threads. */
static void test_no_reply(void **state)
{
	static const struct {
		enum conn_end end;
		bool gap, told;
	} cases[] = {
		{ CONN_CLOSED_BY_CLIENT, false, true }, { CONN_RESET_BY_SERVER, false, true }, { CONN_CLOSED_BY_SERVER, true, false },
		{ CONN_FORGOTTEN, false, false },       { CONN_OPEN, false, false },
	};
	struct fixture *x = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin_anew(x, NULL);
		uint32_t ask = FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
		uint32_t ping = FEED(&x->f, 0, UP, .command = "ping", .id = "b");
		if (cases[i].gap)
			feed_news(&x->f, 0, DOWN, NEWS_GAP, 7);
		feed_close(&x->f, 0, cases[i].end);
		assert_int_equal(rules_of(x, ask), cases[i].told ? BIT(RULE_NO_REPLY) : 0);
		assert_int_equal(rules_of(x, ping), cases[i].told ? BIT(RULE_NO_REPLY_PING) : 0);
		assert_int_equal(thread_of(x, ask).state, cases[i].end == CONN_OPEN ? THREAD_OPEN
							  : cases[i].told           ? THREAD_UNANSWERED
										    : THREAD_UNSURE);
		must_hold(x);
	}
}

/* A request that can't be read, of which not even the id is known: whatever answers it can't be told, so nobody says that nothing did. */
static void test_nameless(void **state)
{
	struct fixture *x = *state;
	const struct sent nothing = { 0 };
	for (size_t piece = 0; piece < 3; piece++) {
		begin_anew(x, NULL);
		x->f.piece = piece;
		feed_bytes(&x->f, 0, UP, slice_str("\x0a\x05query\x0f\xff"), 9, &nothing);
		feed_bytes(&x->f, 0, UP, slice_str("\x0a\x05query\x22\x01z\x0f\xff"), 12, &nothing);
		uint32_t reply = FEED(&x->f, 0, DOWN, .command = "error", .id = "x", .rid = "its");
		feed_close(&x->f, 0, CONN_CLOSED_BY_SERVER);
		assert_int_equal(rules_of(x, 1), BIT(RULE_DECODE));
		assert_int_equal(rules_of(x, 2), BIT(RULE_DECODE) | BIT(RULE_NO_REPLY));
		assert_int_equal(rules_of(x, reply), BIT(RULE_ERROR_REPLY));
		assert_int_equal(thread_of(x, 1).state, THREAD_SINGLE);
		must_hold(x);
	}
}

/* A request of REST with that seq. */
static uint32_t ask_rest(struct fixture *x, unsigned seq)
{
	struct piece p = { .conn = &x->f.conn[0],
			   .encoding = ENCODING_JSON,
			   .first = true,
			   .last = true,
			   .exchange = ++x->f.conn[0].stream,
			   .at = -1,
			   .time = x->f.time };
	struct buf text = { 0 };
	buf_addf(&text, "{\"command\":\"count\",\"seq\":%u,\"id\":\"i%u\"}", seq, p.exchange);
	p.size = text.len;
	feed_piece(&x->f, &p, buf_slice(&text));
	buf_release(&text);
	return session_count(x->f.session);
}

/* Seqs of requests go back where somebody sends one twice; not where a proxy sends those of several clients, nor behind an upgrade. */
static void test_seqs_of_rest(void **state)
{
	struct fixture *x = *state;
	for (int shared = 0; shared < 2; shared++) {
		feed_open(&x->f, 0, true);
		x->f.conn[0].shared = shared;
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(rules_of(x, ask_rest(x, i)), 0);
		assert_int_equal(rules_of(x, ask_rest(x, 0)), shared ? 0 : BIT(RULE_SEQ_DUPLICATE));
		for (int i = 0; i < 3; i++)
			assert_int_equal(rules_of(x, FEED(&x->f, 0, UP, .command = "noop", .id = i ? i == 1 ? "a" : "b" : "c")), 0);
		uint32_t twice = FEED(&x->f, 0, UP, .command = "noop", .id = "d", .seq = 1, .has_seq = true);
		assert_int_equal(rules_of(x, twice), BIT(RULE_SEQ_DUPLICATE));
		must_hold(x);
	}
}

/* A reply that can't be read, where the transport says what it answers, is no excuse for another request that has none. */
static void test_bad_exchange(void **state)
{
	struct fixture *x = *state;
	struct piece p = { .conn = &x->f.conn[0],
			   .encoding = ENCODING_PAYLOAD,
			   .first = true,
			   .last = true,
			   .method = slice_str("Query"),
			   .exchange = 1,
			   .at = -1,
			   .time = x->f.time };
	feed_piece(&x->f, &p, slice_str(""));
	p.dir = DOWN;
	p.reply = true;
	p.size = 2;
	feed_piece(&x->f, &p, slice_str("\x0a\xff"));
	p.dir = UP;
	p.reply = false;
	p.size = 0;
	p.exchange = 2;
	feed_piece(&x->f, &p, slice_str(""));
	feed_close(&x->f, 0, CONN_CLOSED_BY_SERVER);
	assert_int_equal(rules_of(x, 1), 0);
	assert_int_equal(rules_of(x, 2), BIT(RULE_DECODE));
	assert_int_equal(rules_of(x, 3), BIT(RULE_NO_REPLY));
	must_hold(x);
}

/* Of a command that the protocol does not have it is not known whether it is answered; but not if it names a message by itself. */
static void test_unknown_commands(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, DOWN, .command = "jobevent", .id = "a", .type = "JobEvent");
	uint32_t asks = FEED(&x->f, 0, DOWN, .command = "job", .id = "b", .type = "JobRequest");
	FEED(&x->f, 0, DOWN, .command = "drain", .id = "c", .type = "Drain");
	feed_close(&x->f, 0, CONN_CLOSED_BY_SERVER);
	assert_heard(x, "2 no-reply\n");
	assert_int_equal(thread_of(x, asks).state, THREAD_UNANSWERED);
	assert_int_equal(thread_of(x, asks + 1).state, THREAD_SINGLE);
	must_hold(x);
}

/* With a time to wait, what has waited longer is told when the clock of its connection has passed it; once. */
static void test_overdue(void **state)
{
	struct session_options o = { .keep = true, .file = -1, .no_reply = 10 * FEED_STEP };
	struct fixture *x = *state;
	begin_anew(x, &o);
	for (int i = 0; i < 5; i++) {
		char id[] = { (char)('a' + i), 0 };
		FEED(&x->f, 0, UP, .command = "query", .id = id, .type = "QueryRequest");
	}
	FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "r", .rid = "b", .type = "QueryResponse");
	for (int i = 0; i < 7; i++) {
		char id[] = { 'n', (char)('0' + i), 0 };
		FEED(&x->f, 0, DOWN, .command = "noop", .id = id);
	}
	assert_heard(x, "1 no-reply\n"); /* 3 has waited for 10 steps, not longer */
	uint32_t late = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "s", .rid = "a", .type = "QueryResponse");
	assert_heard(x, "1 no-reply\n3 no-reply\n");
	assert_int_equal(thread_of(x, late).state, THREAD_DONE);
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "1 no-reply\n3 no-reply\n5 no-reply\n4 no-reply\n");
	must_hold(x);
}

/* As long as its stream goes on an upload waits for no reply. */
static void test_overdue_stream(void **state)
{
	struct session_options o = { .keep = true, .file = -1, .no_reply = 10 * FEED_STEP };
	struct fixture *x = *state;
	begin_anew(x, &o);
	FEED(&x->f, 0, UP, .command = "upload", .id = "a");
	FEED(&x->f, 0, UP, .command = "query", .id = "b");
	for (int i = 1; i <= 20; i++)
		stream_message(x, UP, i == 1 ? "beginstream" : i < 20 ? "stream" : "endstream", ++x->f.seq[0][UP] - 1);
	assert_heard(x, "2 no-reply\n");
	must_hold(x);
	for (int i = 0; i < 12; i++) {
		char id[] = { 'n', (char)('a' + i), 0 };
		FEED(&x->f, 0, DOWN, .command = "noop", .id = id);
	}
	stream_message(x, UP, "stream", ++x->f.seq[0][UP] - 1);
	x->f.time += 20 * FEED_STEP;
	FEED(&x->f, 0, DOWN, .command = "noop", .id = "z");
	assert_heard(x, "2 no-reply\n1 no-reply\n"); /* once */
	must_hold(x);
}

/* What becomes known of earlier messages is told as revisions: a state, a rule; the newest of them are remembered. */
static void test_revisions(void **state)
{
	static const struct session_revision want[] = { { 1, true }, { 2, true }, { 2, false } };
	struct fixture *x = *state;
	uint64_t first, end;
	begin_anew(x, NULL);
	FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	FEED(&x->f, 0, UP, .command = "query", .id = "b", .type = "QueryRequest");
	session_revisions(x->f.session, &first, &end);
	assert_int_equal(end, 0);
	FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "r", .rid = "a", .type = "QueryResponse");
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	session_revisions(x->f.session, &first, &end);
	assert_true(first == 0 && end == 3);
	for (uint64_t i = first; i < end; i++) {
		struct session_revision r = session_revision_at(x->f.session, i);
		assert_true(r.n == want[i].n && r.thread == want[i].thread);
	}
}

/* Nothing comes any more, but time passes; or the capture ends with the connection open. Looked for once a second at most. */
static void test_clock(void **state)
{
	struct session_options o = { .keep = true, .file = -1, .no_reply = 10 * FEED_STEP };
	struct fixture *x = *state;
	begin_anew(x, &o);
	feed_open(&x->f, 1, true);
	FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	int64_t asked = x->f.time;
	session_clock(x->f.session, asked + 10 * FEED_STEP);
	assert_heard(x, "");
	session_clock(x->f.session, asked + 11 * FEED_STEP);
	assert_heard(x, ""); /* no second has passed since it looked */
	session_clock(x->f.session, asked + 1010 * FEED_STEP);
	assert_heard(x, "1 no-reply\n");
	FEED(&x->f, 1, UP, .command = "query", .id = "a", .type = "QueryRequest");
	x->f.time += 20 * FEED_STEP;
	feed_close(&x->f, 1, CONN_OPEN);
	feed_close(&x->f, 0, CONN_OPEN);
	assert_heard(x, "1 no-reply\n2 no-reply\n");
	assert_int_equal(thread_of(x, 2).state, THREAD_OPEN);
	must_hold(x);
}

/* What waits for the secret of its TLS, or for bytes before it, may be the answer: it is not missed before it can be read, by messages nor by the clock. */
static void test_held(void **state)
{
	struct session_options o = { .keep = true, .file = -1, .no_reply = 10 * FEED_STEP };
	struct fixture *x = *state;
	begin_anew(x, &o);
	FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	int64_t asked = x->f.time;
	x->f.conn[0].held[DOWN] = HELD_FOR_BYTES;
	x->f.time += 20 * FEED_STEP;
	FEED(&x->f, 0, UP, .command = "query", .id = "b", .type = "QueryRequest");
	session_clock(x->f.session, asked + 1000 * FEED_STEP);
	assert_heard(x, "");
	x->f.conn[0].held[DOWN] = 0;
	x->f.time = asked + 2 * FEED_STEP;
	FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "r", .rid = "a", .type = "QueryResponse");
	assert_heard(x, "");
	session_clock(x->f.session, asked + 2000 * FEED_STEP);
	assert_heard(x, "2 no-reply\n");
	must_hold(x);
}

/* What an end says for itself is kept without the token in it, as long as there is room. */
static void say_details(struct fixture *x)
{
	struct sink sink = session_sink(x->f.session);
	buf_clear(&x->heard.text);
	struct news n = { NEWS_NOTE,
			  &x->f.conn[0],
			  DIR_S2C,
			  5,
			  0,
			  "closed",
			  slice_str("no: eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.AAAAAAAAAAAAAAAAAAAAAAAAAA-") };
	sink.news(sink.user, &n);
	assert_heard(x, "after 2: closed: no: ‹hidden, 60 bytes›\n");
	for (int i = 0; i < TEXTS_MAX; i++) { /* others, of which the last finds no more room */
		char other[16];
		snprintf(other, sizeof other, "%d", i);
		n.detail = slice_str(other);
		buf_clear(&x->heard.text);
		sink.news(sink.user, &n);
	}
	assert_heard(x, "after 2: closed: …\n");
}

static void test_news(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "noop", .id = "a");
	feed_news(&x->f, 0, UP, NEWS_GAP, 1448);
	feed_news(&x->f, 0, UP, NEWS_GAP, 0);
	feed_news(&x->f, 0, UP, NEWS_SKIPPED, 20);
	feed_news(&x->f, 0, UP, NEWS_OVERLONG, 0x7fffffff);
	uint32_t n = FEED(&x->f, 0, UP, .command = "noop", .id = "b", .has_seq = true, .seq = 9, .after_gap = true);
	assert_int_equal(rules_of(x, n), BIT(RULE_CAPTURE_GAP));
	assert_heard(x, "after 1: gap: 1,448 bytes are missing from the capture\n"
			"after 1: gap: bytes are missing from the capture\n"
			"after 1: skipped 20 bytes before the next message that could be found\n"
			"after 1: over-long message: a length of 2,147,483,647 bytes is beyond the limit\n");
	assert_int_equal(session_news_count(x->f.session), 4);
	assert_int_equal(session_news_at(x->f.session, 1)->bytes, 0);
	assert_null(session_news_at(x->f.session, 4));
	assert_int_equal(session_conn(x->f.session, 1)->gaps, 2);
	say_details(x);
	must_hold(x);
}

/* The news of a gap can come before messages that lie before it: the message behind it says so itself. */
static void test_after_gap(void **state)
{
	struct fixture *x = *state;
	feed_news(&x->f, 0, UP, NEWS_GAP, 395);
	FEED(&x->f, 0, UP, .command = "noop", .id = "a");
	uint32_t n = FEED(&x->f, 0, UP, .command = "noop", .id = "b", .has_seq = true, .seq = 2, .after_gap = true);
	assert_int_equal(rules_of(x, n), BIT(RULE_CAPTURE_GAP));
	must_hold(x);
}

/* What is missing of a direction, and may have been a request or a reply; it is told of with the time of the message behind it. */
static uint32_t lose(struct fixture *x, enum dir dir, const char *id)
{
	x->f.time += FEED_STEP;
	feed_news(&x->f, 0, dir, NEWS_GAP, 395);
	x->f.time -= FEED_STEP;
	x->f.seq[0][dir]++;
	return FEED(&x->f, 0, dir, .command = "noop", .id = id, .after_gap = true);
}

/* The request of an upload that the capture lacks: its stream, and an error that gives it up, name it all the same. */
static void test_lost_upload(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "noop", .id = "a");
	lose(x, UP, "b");
	uint32_t begin = FEED(&x->f, 0, UP, .command = "beginstream", .id = "c", .rid = "up", .type = "BeginStream");
	uint32_t error = FEED(&x->f, 0, UP, .command = "error", .id = "d", .rid = "other", .type = "ErrorResponse");
	uint32_t reply = FEED(&x->f, 0, UP, .command = "queryreply", .id = "e", .rid = "none", .type = "QueryResponse");
	assert_int_equal(rules_of(x, begin), 0);
	assert_int_equal(rules_of(x, error), BIT(RULE_ERROR_REPLY));
	assert_int_equal(rules_of(x, reply), BIT(RULE_RID_UNKNOWN)); /* it can only name what the server sent, all of which is there */
	must_hold(x);
}

/* The reply to an upload that comes before the gap is known which took the endstream. */
static void test_lost_endstream(void **state)
{
	struct fixture *x = *state;
	for (int settled = 0; settled < 2; settled++) {
		begin_anew(x, NULL);
		FEED(&x->f, 0, UP, .command = "upload", .id = "a", .type = "UploadRequest");
		FEED(&x->f, 0, UP, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream");
		x->f.conn[0].settled[DOWN] = settled;
		uint32_t reply = FEED(&x->f, 0, DOWN, .command = "uploadreply", .id = "c", .rid = "a", .type = "UploadResponse");
		assert_int_equal(rules_of(x, reply), settled ? BIT(RULE_STREAM_INCOMPLETE) : 0);
		must_hold(x);
	}
}

/* A gap excuses what was under way when it came, and not what began behind it. */
static void test_begun_behind_gap(void **state)
{
	struct fixture *x = *state;
	uint32_t before = FEED(&x->f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	lose(x, DOWN, "b");
	uint32_t unseen = FEED(&x->f, 0, UP, .command = "query", .id = "c", .type = "QueryRequest");
	FEED(&x->f, 0, DOWN, .command = "noop", .id = "d");
	uint32_t behind = FEED(&x->f, 0, UP, .command = "query", .id = "e", .type = "QueryRequest");
	FEED(&x->f, 0, UP, .command = "download", .id = "f", .type = "DownloadRequest");
	uint32_t data = FEED(&x->f, 0, DOWN, .command = "stream", .id = "g", .rid = "f", .type = "Stream");
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_int_equal(rules_of(x, before) | rules_of(x, unseen), 0); /* nothing that was sent later was seen of the server when c came */
	assert_int_equal(rules_of(x, behind), BIT(RULE_NO_REPLY));
	assert_int_equal(rules_of(x, data), BIT(RULE_STREAM_ORDER));
	assert_int_equal(thread_of(x, before).state, THREAD_UNSURE);
	assert_int_equal(thread_of(x, behind).state, THREAD_UNANSWERED);
	must_hold(x);
}

/* A request that the capture has only as it was sent again may have been sent before the gap. */
static void test_sent_again_behind_gap(void **state)
{
	struct fixture *x = *state;
	lose(x, DOWN, "b");
	FEED(&x->f, 0, DOWN, .command = "noop", .id = "d");
	x->f.conn[0].held[UP] = HELD_FOR_BYTES; /* the server has acknowledged what was not captured */
	uint32_t again = FEED(&x->f, 0, UP, .command = "query", .id = "e", .type = "QueryRequest");
	x->f.conn[0].held[UP] = 0;
	uint32_t behind = FEED(&x->f, 0, UP, .command = "query", .id = "f", .type = "QueryRequest");
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_int_equal(rules_of(x, again), 0);
	assert_int_equal(rules_of(x, behind), BIT(RULE_NO_REPLY));
	must_hold(x);
}

/* Not where messages of that direction can't be read once one is missing. */
static void test_deflated_behind_gap(void **state)
{
	struct fixture *x = *state;
	x->f.conn[0].deflated = true;
	lose(x, DOWN, "b");
	FEED(&x->f, 0, DOWN, .command = "noop", .id = "d");
	uint32_t behind = FEED(&x->f, 0, UP, .command = "query", .id = "e", .type = "QueryRequest");
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_int_equal(rules_of(x, behind), 0);
	must_hold(x);
}

/* Two replies to requests of one id, of which the capture lacks one. */
static void test_lost_namesake(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "count", .id = "a", .type = "CountRequest");
	FEED(&x->f, 0, DOWN, .command = "countreply", .id = "p", .rid = "a", .type = "CountResponse");
	lose(x, UP, "b");
	FEED(&x->f, 0, UP, .command = "noop", .id = "n");
	FEED(&x->f, 0, UP, .command = "count", .id = "c", .type = "CountRequest");
	uint32_t second = FEED(&x->f, 0, DOWN, .command = "countreply", .id = "q", .rid = "a", .type = "CountResponse");
	FEED(&x->f, 0, DOWN, .command = "countreply", .id = "r", .rid = "c", .type = "CountResponse");
	uint32_t behind = FEED(&x->f, 0, DOWN, .command = "countreply", .id = "s", .rid = "c", .type = "CountResponse");
	assert_int_equal(rules_of(x, second), 0);
	assert_int_equal(rules_of(x, behind), BIT(RULE_REPLY_DUPLICATE));
	must_hold(x);
}

/* Errors that name messages of a stream end it. The request may still have a reply of its own, and one only. */
static void test_chunk_fails(void **state)
{
	struct fixture *x = *state;
	uint32_t ask = FEED(&x->f, 0, UP, .command = "upload", .id = "a", .type = "UploadRequest");
	FEED(&x->f, 0, UP, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream");
	uint32_t chunk = FEED(&x->f, 0, UP, .command = "stream", .id = "c", .rid = "a", .type = "Stream");
	FEED(&x->f, 0, UP, .command = "stream", .id = "d", .rid = "a", .type = "Stream");
	uint32_t error = FEED(&x->f, 0, DOWN, .command = "error", .id = "p", .rid = "c", .type = "ErrorResponse");
	assert_int_equal(thread_of(x, ask).state, THREAD_FAILED);
	assert_int_equal(session_event_of(x->f.session, error), chunk);
	assert_true(session_latency(x->f.session, error) == 2 * FEED_STEP);
	uint32_t another = FEED(&x->f, 0, DOWN, .command = "error", .id = "q", .rid = "d", .type = "ErrorResponse");
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "error", .id = "r", .rid = "a", .type = "ErrorResponse");
	uint32_t twice = FEED(&x->f, 0, DOWN, .command = "error", .id = "s", .rid = "a", .type = "ErrorResponse");
	assert_int_equal(session_record(x->f.session, another)->thread, ask);
	assert_int_equal(rules_of(x, error) | rules_of(x, another) | rules_of(x, reply), BIT(RULE_ERROR_REPLY));
	assert_int_equal(rules_of(x, twice), BIT(RULE_ERROR_REPLY) | BIT(RULE_REPLY_DUPLICATE));
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	assert_heard(x, "");
	must_hold(x);
}

/* What is not known to have ended may still have brought the seq that is missing. */
static void test_forgotten_gap(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "noop", .id = "a");
	uint32_t gap = FEED(&x->f, 0, UP, .command = "noop", .id = "b", .has_seq = true, .seq = 2);
	feed_close(&x->f, 0, CONN_FORGOTTEN);
	assert_int_equal(rules_of(x, gap), BIT(RULE_SEQ_GAP));
	must_hold(x);
}

/* So with a stream that begins behind the news and whose rest went with the gap. */
static void test_stream_behind_gap(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	put_begin(&b);
	FEED(&x->f, 0, UP, .command = "download", .id = "a", .type = "DownloadRequest");
	feed_news(&x->f, 0, DOWN, NEWS_GAP, 395);
	FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream", .payload = buf_slice(&b));
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "downloadreply", .id = "c", .rid = "a", .type = "DownloadResponse",
			      .has_seq = true, .seq = 4, .after_gap = true);
	assert_int_equal(rules_of(x, reply), BIT(RULE_CAPTURE_GAP));
	must_hold(x);
	buf_release(&b);
}

/* A message of which the end is missing: what is known of it depends on how far it came. */
static void test_cut(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	size_t stumps = 0, known = 0;
	for (size_t lost = 1; lost < 100; lost++) {
		begin_anew(x, NULL);
		x->f.piece = lost % 3 * 10;
		FEED(&x->f, 0, UP, .command = "noop", .id = "a");
		uint32_t n = FEED(&x->f, 0, UP, .command = "query", .id = "bcd", .type = "QueryRequest", .payload = field(&b, 1, "{}"),
				  .cut = true, .gap = true, .lost = lost);
		assert_int_equal(n == 1, lost + strlen("??query") > x->f.bytes.len); /* the command tells something */
		if (n == 1) {
			stumps++;
			assert_int_equal(session_news_at(x->f.session, 0)->kind, NEWS_CUT);
		} else {
			struct buf scratch = { 0 };
			known++;
			const struct record *r = session_record(x->f.session, n);
			assert_int_equal(r->rules, BIT(RULE_CAPTURE_GAP));
			assert_true(r->cut);
			assert_int_equal(r->size, x->f.bytes.len);
			struct slice kept = session_bytes(x->f.session, n, &scratch);
			assert_true(slice_eq(kept, slice_head(buf_slice(&x->f.bytes), x->f.bytes.len - lost)));
			buf_release(&scratch);
		}
		/* nobody is blamed for what the same gap may have taken */
		uint32_t next = FEED(&x->f, 0, UP, .command = "noop", .id = "z", .has_seq = true, .seq = 7);
		assert_int_equal(rules_of(x, next), 0);
		must_hold(x);
	}
	assert_true(stumps > 5 && known > 10);
	buf_release(&b);
}

/* A conversation of all sorts, by chance; the same for the same seed. */
static void talk(struct feed *f, uint64_t seed, unsigned messages)
{
	static const char *const commands[] = { "query",
						"queryreply",
						"error",
						"download",
						"upload",
						"beginstream",
						"stream",
						"endstream",
						"downloadreply",
						"uploadreply",
						"watch",
						"watchreply",
						"watchevent",
						"ping",
						"pong",
						"mycommand",
						"mycommandreply",
						"registerqueue",
						"registerqueuereply",
						"queueevent" };
	struct buf payload = { 0 }, text = { 0 };
	char id[16], rid[16];
	for (unsigned i = 0; i < messages; i++) {
		unsigned at = chance(&seed, 3);
		enum dir dir = chance(&seed, 2) ? UP : DOWN;
		struct sent m = { .command = commands[chance(&seed, sizeof commands / sizeof *commands)] };
		snprintf(id, sizeof id, "%u", chance(&seed, 60));
		snprintf(rid, sizeof rid, "%u", chance(&seed, 60));
		m.id = chance(&seed, 50) ? id : NULL;
		m.rid = chance(&seed, 2) ? rid : NULL;
		m.type = chance(&seed, 4) ? strcmp(m.command, "stream") == 0 ? "Stream" : "WatchEvent" : NULL;
		buf_clear(&text);
		for (uint32_t k = chance(&seed, 40) ? 3 : chance(&seed, 30000); k; k--)
			buf_add_byte(&text, (uint8_t)('a' + k % 3));
		field(&payload, 1, (const char *[]){ "", "w1", "w2", "w3" }[chance(&seed, 4)]);
		put_bytes(&payload, 3, buf_slice(&text));
		m.payload = buf_slice(&payload);
		m.has_seq = chance(&seed, 30) == 0;
		m.seq = f->seq[at][dir] + (int32_t)chance(&seed, 5) - 2;
		m.cut = m.gap = chance(&seed, 100) == 0;
		m.lost = m.cut ? chance(&seed, 100) : 0;
		f->conn[at].settled[dir] = chance(&seed, 4) > 0;
		feed(f, at, dir, &m);
		if (chance(&seed, 200) == 0) {
			feed_close(f, at, (enum conn_end)chance(&seed, 6));
			feed_open(f, at, chance(&seed, 2));
		}
		if (chance(&seed, 200) == 0)
			feed_news(f, at, dir, NEWS_GAP, 5);
	}
	buf_release(&payload);
	buf_release(&text);
}

static void three_conns(struct feed *f)
{
	feed_open(f, 1, true);
	feed_open(f, 2, false);
}

/* Whatever is said: all holds, at every moment. */
static void test_by_chance(void **state)
{
	struct fixture *x = *state;
	for (uint64_t seed = 1; seed <= 150; seed++) {
		begin_anew(x, NULL);
		three_conns(&x->f);
		x->f.piece = seed % 4 * 7;
		for (unsigned i = 0; i < 20; i++) {
			talk(&x->f, seed * 100 + i, 25);
			must_hold(x);
		}
		for (unsigned at = 0; at < 3; at++)
			feed_close(&x->f, at, CONN_CLOSED_BY_CLIENT);
		must_hold(x);
	}
}

/* The same conversation whole and in pieces of any size: the same records. */
static void test_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 13, 500 };
	struct fixture *x = *state, y;
	for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
		struct buf a = { 0 }, b = { 0 };
		y = (struct fixture){ .heard = { { 0 }, 0, 0, 0 } };
		struct session_listener l = listener(&y);
		feed_init(&y.f, NULL, &l);
		begin_anew(x, NULL);
		three_conns(&x->f);
		three_conns(&y.f);
		y.f.piece = pieces[k];
		talk(&x->f, 77 + k, 3000);
		talk(&y.f, 77 + k, 3000);
		assert_int_equal(session_count(x->f.session), session_count(y.f.session));
		for (uint32_t n = 1; n <= session_count(x->f.session); n++) {
			struct record r = *session_record(x->f.session, n), q = *session_record(y.f.session, n);
			assert_true(slice_eq(session_bytes(x->f.session, n, &a), session_bytes(y.f.session, n, &b)));
			r.place = q.place = 0;
			if (memcmp(&r, &q, sizeof r) != 0)
				fail_msg("message %u differs", n);
		}
		assert_heard(x, buf_cstr(&y.heard.text));
		assert_true(x->heard.bytes == y.heard.bytes);
		buf_release(&a);
		buf_release(&b);
		buf_release(&y.heard.text);
		feed_release(&y.f);
	}
}

/* A stream whose chunks come in pieces of any size: its data is heard once and in order, and its checksum is right. */
static void test_stream_pieces(void **state)
{
	static const size_t pieces[] = { 0, 1, 100, 9999, 20010 };
	struct fixture *x = *state;
	struct buf b = { 0 }, chunk = { 0 };
	for (int i = 0; i < 20000; i++)
		buf_add_byte(&chunk, 'a');
	for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
		begin_anew(x, NULL);
		x->f.piece = pieces[k];
		FEED(&x->f, 0, UP, .command = "download", .id = "a", .type = "DownloadRequest");
		FEED(&x->f, 0, DOWN, .command = "beginstream", .id = "b", .rid = "a", .type = "BeginStream",
		     .payload = field(&b, 1, "72a2f8d2643328a2e03dcb1b66fdc6610b95ba3019d88d8849ce060d0be634ce"));
		buf_clear(&b);
		put_bytes(&b, 1, buf_slice(&chunk));
		FEED(&x->f, 0, DOWN, .command = "stream", .id = "c", .rid = "a", .type = "Stream", .payload = buf_slice(&b));
		FEED(&x->f, 0, DOWN, .command = "stream", .id = "d", .rid = "a", .type = "", .payload = buf_slice(&b));
		FEED(&x->f, 0, DOWN, .command = "endstream", .id = "e", .rid = "a");
		struct thread_info i = thread_of(x, 1);
		assert_int_equal(i.stream, STREAM_BEGUN | STREAM_ENDED | STREAM_CHECKED | STREAM_MATCHES);
		assert_true(i.stream_bytes == 40000 && x->heard.stream_bytes == 40000);
		assert_int_equal(i.chunks, 2);
		must_hold(x);
	}
	buf_release(&b);
	buf_release(&chunk);
}

/* Fields in an order that the scan can't judge in passing: the whole message is read again. */
static void test_odd_order(void **state)
{
	struct fixture *x = *state;
	const struct sent plain = { 0 };
	for (size_t piece = 0; piece < 3; piece++) {
		struct buf m = { 0 }, any = { 0 };
		begin_anew(x, NULL);
		x->f.piece = piece;
		put_bytes(&any, 2, slice_str("\x08\x01")); /* field 1 as a number: good as a Stat, bad as a QueryRequest */
		put_bytes(&any, 1, slice_str("type.googleapis.com/openiap.QueryRequest"));
		put_bytes(&m, 6, buf_slice(&any));
		put_bytes(&m, 4, slice_str("a"));
		put_bytes(&m, 1, slice_str("query"));
		feed_bytes(&x->f, 0, UP, buf_slice(&m), m.len, &plain);
		assert_int_equal(rules_of(x, 1), BIT(RULE_DECODE));
		assert_int_equal(session_record(x->f.session, 1)->type,
				 schema_type_named(session_schema(x->f.session), slice_str("QueryRequest")));
		buf_release(&m);
		buf_release(&any);
	}
}

/* A message that waited behind a gap has the time of its own packet. */
static void test_span_of_connection(void **state)
{
	struct fixture *x = *state;
	int64_t begin = x->f.time;
	x->f.time = begin + 8 * FEED_STEP;
	FEED(&x->f, 0, DOWN, .command = "noop", .id = "x");
	x->f.time = begin;
	FEED(&x->f, 0, UP, .command = "noop", .id = "a");
	assert_int_equal(session_conn(x->f.session, 1)->first, begin + FEED_STEP);
	assert_int_equal(session_conn(x->f.session, 1)->last, begin + 9 * FEED_STEP);
	must_hold(x);
}

static void test_signin(void **state)
{
	struct fixture *x = *state;
	FEED(&x->f, 0, UP, .command = "signin", .id = "a", .type = "SigninRequest");
	FEED(&x->f, 0, DOWN, .command = "error", .id = "x", .rid = "a", .type = "ErrorResponse");
	assert_int_equal(session_conn(x->f.session, 1)->signin, 1);
	uint32_t again = FEED(&x->f, 0, UP, .command = "signin", .id = "b", .type = "SigninRequest");
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "signinreply", .id = "y", .rid = "b", .type = "SigninResponse");
	assert_int_equal(session_conn(x->f.session, 1)->signin, again);
	assert_int_equal(session_conn(x->f.session, 1)->signin_reply, reply);
	reply = FEED(&x->f, 0, DOWN, .command = "signinreply", .id = "z", .rid = "lost", .type = "SigninResponse");
	assert_int_equal(session_conn(x->f.session, 1)->signin, again);
	assert_int_equal(session_conn(x->f.session, 1)->signin_reply, reply);
	FEED(&x->f, 0, UP, .command = "signin", .id = "c", .type = "SigninRequest");
	assert_int_equal(session_conn(x->f.session, 1)->signin, again);
	assert_int_equal(session_conn(x->f.session, 1)->messages[UP], 3);
	must_hold(x);
}

/* The token of MUTATE_JWT runs out at 1764003600. */
static void test_token(void **state)
{
	struct fixture *x = *state;
	struct buf b = { 0 };
	x->f.time = INT64_C(1764003600) * 1000000000 - 3 * FEED_STEP / 2;
	uint32_t good = FEED(&x->f, 0, UP, .command = "noop", .id = "a", .jwt = MUTATE_JWT);
	uint32_t expired = FEED(&x->f, 0, UP, .command = "noop", .id = "b", .jwt = MUTATE_JWT);
	uint32_t none = FEED(&x->f, 0, UP, .command = "noop", .id = "c", .jwt = "no.jwt.at all");
	uint32_t inside = FEED(&x->f, 0, UP, .command = "refreshtoken", .id = "d", .type = "RefreshToken");
	assert_int_equal(rules_of(x, good), 0);
	assert_int_equal(rules_of(x, expired), BIT(RULE_TOKEN_EXPIRED));
	assert_int_equal(rules_of(x, none) | rules_of(x, inside), 0);
	assert_true(session_record(x->f.session, good)->has_jwt);
	buf_release(&b);
}

/* No bytes in memory: those of a million messages go through while printing, and what is kept stays the same. */
static void test_printing(void **state)
{
	enum { MESSAGES = 1000000 };
	struct session_options o = { .keep = false, .file = -1, .hash_key = 3 };
	struct fixture *x = *state;
	struct buf payload = { 0 };
	size_t most = 0;
	char id[16];
	begin_anew(x, &o);
	field(&payload, 1, "some text that nobody keeps");
	for (unsigned i = 0; i < MESSAGES / 2; i++) {
		snprintf(id, sizeof id, "%x", i);
		FEED(&x->f, 0, UP, .command = "query", .id = id, .type = "QueryRequest", .payload = buf_slice(&payload));
		x->f.piece = i % 64 ? 0 : 40;
		if (i % 1000)
			FEED(&x->f, 0, DOWN, .command = "queryreply", .id = id, .rid = id, .type = "QueryResponse");
		else
			feed_news(&x->f, 0, DOWN, NEWS_NOTE, 0);
		if (i % 5000 == 4999) {
			feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
			feed_open(&x->f, 0, true);
		}
		if (i == MESSAGES / 4)
			most = session_counts(x->f.session).memory;
	}
	struct session_counts c = session_counts(x->f.session);
	assert_true(c.messages == x->heard.messages && c.messages > MESSAGES - 1000);
	assert_true(c.bytes == x->heard.bytes);
	assert_true(c.memory <= most && most < 20u << 20);
	assert_int_equal(c.spool, 0);
	assert_int_equal(c.forgotten, 0);
	assert_int_equal(session_conns(x->f.session), 0);
	assert_int_equal(session_news_count(x->f.session), 0);
	assert_true(session_first(x->f.session) > 1 && session_count(x->f.session) - session_first(x->f.session) < 3 * 32768);
	assert_int_equal(c.rules[RULE_RID_UNKNOWN], 0);
	must_hold(x);
	buf_release(&payload);
}

/* What is counted of the rules that a connection breaks is memory, too. */
static void test_memory_of_rules(void **state)
{
	struct fixture *x = *state;
	feed_open(&x->f, 1, true);
	for (int c = 0; c < 2; c++)
		FEED(&x->f, c, UP, .command = "noop", .id = "a");
	uint64_t before = session_counts(x->f.session).memory;
	for (int i = 0; i < 4; i++)
		FEED(&x->f, i % 2, UP, .command = "noop"); /* without an id */
	assert_int_equal(session_counts(x->f.session).memory, before + 2 * RULES * sizeof(uint32_t));
	must_hold(x);
}

/* A budget: the oldest are forgotten, counted, and what is left hangs together. */
static void test_budget(void **state)
{
	struct session_options o = { .keep = true, .memory = 16 << 20, .file = -1, .hash_key = 3 };
	struct fixture *x = *state;
	struct buf bytes = { 0 };
	begin_anew(x, &o);
	three_conns(&x->f);
	uint64_t seen = 0;
	for (unsigned i = 0; i < 30; i++) {
		talk(&x->f, i + 1, 20000);
		must_hold(x);
		struct session_counts c = session_counts(x->f.session);
		assert_true(c.memory <= o.memory + (4 << 20));
		assert_true(c.forgotten == session_first(x->f.session) - 1);
		uint32_t first = session_first(x->f.session);
		assert_int_equal(session_bytes(x->f.session, first, &bytes).len, session_record(x->f.session, first)->size);
		for (uint32_t k = 0; k < session_threads(x->f.session); k += 997) {
			uint32_t n = session_thread_at(x->f.session, k);
			assert_true(n == 0 || session_record(x->f.session, n) || n < session_first(x->f.session));
		}
		seen = c.messages;
	}
	buf_release(&bytes);
	assert_true(seen > 550000);
	assert_true(session_counts(x->f.session).conns_forgotten > 1000);
	assert_true(session_conns(x->f.session) < 2000);
	assert_true(session_first(x->f.session) > 32768);
	assert_null(session_record(x->f.session, session_first(x->f.session) - 1));
	assert_null(session_record(x->f.session, 0));
	assert_null(session_record(x->f.session, session_count(x->f.session) + 1));
	struct thread_info gone;
	session_thread(x->f.session, 1, &gone);
	assert_int_equal(gone.messages, 0);
}

/* An open request that is forgotten and then answered, a watch whose registration is forgotten. */
static void test_forgotten_threads(void **state)
{
	struct session_options o = { .keep = false, .file = -1, .hash_key = 3 };
	struct fixture *x = *state;
	struct buf b = { 0 };
	char id[16];
	begin_anew(x, &o);
	FEED(&x->f, 0, UP, .command = "query", .id = "open", .type = "QueryRequest");
	FEED(&x->f, 0, UP, .command = "watch", .id = "w", .type = "WatchRequest");
	FEED(&x->f, 0, DOWN, .command = "watchreply", .id = "v", .rid = "w", .type = "WatchResponse", .payload = field(&b, 1, "W"));
	for (unsigned i = 0; i < 200000; i++) {
		snprintf(id, sizeof id, "%x", i);
		FEED(&x->f, 0, UP, .command = "noop", .id = id);
	}
	assert_null(session_record(x->f.session, 2));
	uint32_t event = FEED(&x->f, 0, DOWN, .command = "watchevent", .id = "e", .type = "WatchEvent", .payload = field(&b, 1, "W"));
	assert_int_equal(session_record(x->f.session, event)->thread, 2);
	uint32_t reply = FEED(&x->f, 0, DOWN, .command = "queryreply", .id = "r", .rid = "open", .type = "QueryResponse");
	assert_int_equal(session_latency(x->f.session, reply), -1);
	must_hold(x);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	must_hold(x);
	buf_release(&b);
}

/* Registrations whose messages are forgotten are kept as long as their connection goes on, and not for ever. */
static void test_ended_registrations(void **state)
{
	struct session_options o = { .keep = false, .file = -1, .hash_key = 3 };
	struct fixture *x = *state;
	struct buf b = { 0 };
	char id[16];
	begin_anew(x, &o);
	for (unsigned i = 0; i < 5 * 140000; i++) {
		unsigned at = i % 140000 < 20000;
		if (at && i % 140000 == 0)
			feed_open(&x->f, 1, true);
		snprintf(id, sizeof id, "%u", i);
		FEED(&x->f, at, UP, .command = i == 30000 || at ? "watch" : "noop", .id = id);
		if (i == 30000 || at)
			FEED(&x->f, at, DOWN, .command = "watchreply", .id = id, .rid = id, .type = "WatchResponse",
			     .payload = field(&b, 1, id));
		if (i % 140000 == 139999)
			feed_close(&x->f, 1, CONN_CLOSED_BY_CLIENT);
	}
	assert_true(session_counts(x->f.session).memory < 16u << 20);
	uint32_t event = FEED(&x->f, 0, DOWN, .command = "watchevent", .id = "e", .type = "WatchEvent", .payload = field(&b, 1, "30000"));
	assert_int_not_equal(session_record(x->f.session, event)->thread, event);
	must_hold(x);
	buf_release(&b);
}

/* As after four thousand million messages: the last numbers, and nothing but a count behind them. */
static void test_last_number(void **state)
{
	struct session_options o = { .keep = true, .memory = 16 << 20, .file = -1, .hash_key = 3 };
	struct fixture *x = *state;
	begin_anew(x, &o);
	struct session *s = x->f.session;
	for (struct chunks *c = &s->records; c; c = c == &s->records ? &s->spooled : NULL) {
		uint64_t most = MESSAGES_MAX / CHUNK_ITEMS - 1; /* whole chunks, as if they had been forgotten */
		c->count = c->first = c == &s->records ? most * CHUNK_ITEMS : most;
		c->chunks = c->cap = (size_t)((c->count + CHUNK_ITEMS - 1) / CHUNK_ITEMS);
		c->chunk = xcalloc(c->cap, sizeof *c->chunk);
		if (c->count % CHUNK_ITEMS)
			c->chunk[c->chunks - 1] = pages_new(CHUNK_ITEMS * c->size);
	}
	uint64_t room = MESSAGES_MAX - s->records.count;
	char id[16];
	for (unsigned i = 0; i < room + 500; i++) {
		snprintf(id, sizeof id, "%x", i);
		x->f.piece = i % 64 ? 0 : 40;
		FEED(&x->f, 0, UP, .command = "query", .id = id, .type = "QueryRequest");
		FEED(&x->f, 0, DOWN, .command = "queryreply", .id = id, .rid = id, .type = "QueryResponse");
	}
	assert_int_equal(session_count(s), UINT32_MAX - 1);
	assert_non_null(session_record(s, UINT32_MAX - 1));
	assert_int_equal(session_counts(s).messages, room);
	assert_int_equal(session_counts(s).unnumbered, room + 1000);
	feed_close(&x->f, 0, CONN_CLOSED_BY_CLIENT);
	must_hold(x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* A size that a record has no room for is the largest it has: not a small one. */
static void test_size_beyond_32_bits(void **state)
{
	(void)state;
	struct feed f;
	struct buf bytes = { 0 };
	const struct sent m = { .command = "query", .id = "a", .cut = true, .gap = true };
	feed_init(&f, NULL, NULL);
	feed_pack(&bytes, &m, 0);
	feed_bytes(&f, 0, DIR_C2S, buf_slice(&bytes), (UINT64_C(1) << 32) + 5, &m);
	assert_int_equal(session_record(f.session, 1)->size, UINT32_MAX);
	buf_release(&bytes);
	feed_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_beyond_32_bits),
		TEST(test_request_and_reply),
		TEST(test_error_reply),
		TEST(test_singles),
		TEST(test_colliding_ids),
		TEST(test_download),
		TEST(test_upload_and_download_with_the_same_id),
		TEST(test_unreadable_stream),
		TEST(test_streaming_state),
		TEST(test_stream_beyond_2gib),
		TEST(test_streams_given_up),
		TEST(test_unsure_stream),
		TEST(test_streams_given_up),
		TEST(test_watch),
		TEST(test_event_with_rid),
		TEST(test_queue),
		TEST(test_reply_first),
		TEST(test_stream_first),
		TEST(test_stream_out_of_order),
		TEST(test_upload_behind_its_stream),
		TEST(test_stream_of_no_upload),
		TEST(test_reply_before_the_end),
		TEST(test_rid_unknown),
		TEST(test_given_up),
		TEST(test_waiting),
		TEST(test_rid_names_no_request),
		TEST(test_ids),
		TEST(test_types),
		TEST(test_priority_and_mask),
		TEST(test_clock),
		TEST(test_held),
		TEST(test_after_gap),
		TEST(test_stream_behind_gap),
		TEST(test_stream_before_start),
		TEST(test_lost_upload),
		TEST(test_lost_endstream),
		TEST(test_begun_behind_gap),
		TEST(test_sent_again_behind_gap),
		TEST(test_deflated_behind_gap),
		TEST(test_lost_namesake),
		TEST(test_chunk_fails),
		TEST(test_forgotten_gap),
		TEST(test_decode),
		TEST(test_seq),
		TEST(test_no_reply),
		TEST(test_overdue),
		TEST(test_overdue_stream),
		TEST(test_unknown_commands),
		TEST(test_revisions),
		TEST(test_nameless),
		TEST(test_bad_exchange),
		TEST(test_seqs_of_rest),
		TEST(test_news),
		TEST(test_cut),
		TEST(test_by_chance),
		TEST(test_pieces),
		TEST(test_stream_pieces),
		TEST(test_odd_order),
		TEST(test_span_of_connection),
		TEST(test_signin),
		TEST(test_namesakes),
		TEST(test_pongs),
		TEST(test_behind_error),
		TEST(test_gives_up),
		TEST(test_no_stream),
		TEST(test_token),
		TEST(test_printing),
		TEST(test_memory_of_rules),
		TEST(test_budget),
		TEST(test_forgotten_threads),
		TEST(test_ended_registrations),
		TEST(test_last_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
