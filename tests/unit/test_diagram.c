/*
 * The model of a sequence diagram, fed by a session: lifelines, streams folded into one row, rules that become known later, and its limits,
 * each with a count of what was left out.
 */
#include "export/diagram.h"

#include "tests/session_feed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct drawn {
	struct feed feed;
	struct diagram diagram;
};

static void on_message(void *user, uint32_t n, struct slice bytes)
{
	struct drawn *d = user;
	const struct record *r = session_record(d->feed.session, n);
	struct message_facts m = { .n = n, .record = r, .bytes = bytes, .latency = session_latency(d->feed.session, n) };
	m.conn = session_conn(d->feed.session, r->conn);
	envelope_read(bytes, &m.envelope);
	diagram_message(&d->diagram, d->feed.session, &m, NULL);
}

static void on_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct drawn *d = user;
	(void)time;
	diagram_rule(&d->diagram, d->feed.session, n, rule, was);
}

static void on_news(void *user, const struct session_news *news)
{
	struct drawn *d = user;
	diagram_news(&d->diagram, d->feed.session, news);
}

/* Each connection has a client of its own, by its port; all have one server. */
static void open_conn(struct drawn *d, unsigned at)
{
	struct conn_info *c = feed_open(&d->feed, at, true);
	c->ends[0] = (struct endpoint){ .family = 4, .addr = { 192, 0, 2, 1 }, .port = (uint16_t)(40000 + d->feed.conns) };
	c->ends[1] = (struct endpoint){ .family = 4, .addr = { 192, 0, 2, 9 }, .port = 8080 };
}

static void begin(struct drawn *d, size_t rows)
{
	struct session_listener listener = { .user = d, .message = on_message, .rule = on_rule, .news = on_news };
	feed_init(&d->feed, NULL, &listener);
	open_conn(d, 0);
	diagram_init(&d->diagram, rows);
}

static void end(struct drawn *d)
{
	diagram_release(&d->diagram);
	feed_release(&d->feed);
}

static void test_rows(void **state)
{
	struct drawn d;
	(void)state;
	begin(&d, 100);
	FEED(&d.feed, 0, DIR_C2S, .command = "query", .id = "a", .type = "QueryRequest");
	FEED(&d.feed, 0, DIR_S2C, .command = "queryreply", .id = "b", .rid = "a", .type = "QueryResponse");
	FEED(&d.feed, 0, DIR_C2S, .command = "query", .id = "c", .type = "QueryRequest");
	FEED(&d.feed, 0, DIR_S2C, .command = "error", .id = "e", .rid = "c", .type = "ErrorResponse");
	feed_news(&d.feed, 0, DIR_C2S, NEWS_GAP, 100);
	const struct diagram_row *r = d.diagram.row;
	assert_int_equal(d.diagram.rows, 5);
	assert_int_equal(d.diagram.actors, 2);
	assert_true(d.diagram.actor[1].server && !d.diagram.actor[0].server);
	assert_true(r[0].from == 0 && r[0].to == 1 && r[1].from == 1 && r[1].to == 0);
	assert_true(r[0].latency < 0 && r[1].latency == FEED_STEP);
	assert_true(!r[1].failed && r[3].failed);
	assert_true(slice_is(r[1].command, "queryreply"));
	assert_int_equal(r[4].kind, DIAGRAM_NEWS);
	assert_true(r[4].text.len > 0);
	end(&d);
}

static void test_fold(void **state)
{
	struct drawn d;
	(void)state;
	begin(&d, 100);
	FEED(&d.feed, 0, DIR_C2S, .command = "upload", .id = "u", .type = "UploadRequest");
	FEED(&d.feed, 0, DIR_C2S, .command = "beginstream", .id = "s", .rid = "u", .type = "BeginStream");
	for (int i = 0; i < 3; i++)
		FEED(&d.feed, 0, DIR_C2S, .command = "stream", .id = i == 0 ? "1" : i == 1 ? "2" : "3", .rid = "u", .type = "Stream");
	FEED(&d.feed, 0, DIR_C2S, .command = "endstream", .id = "f", .rid = "u", .type = "EndStream");
	FEED(&d.feed, 0, DIR_S2C, .command = "uploadreply", .id = "r", .rid = "u", .type = "UploadResponse");
	assert_int_equal(d.diagram.rows, 3);
	const struct diagram_row *stream = &d.diagram.row[1];
	assert_int_equal(stream->kind, DIAGRAM_STREAM);
	assert_int_equal(stream->messages, 5);
	assert_int_equal(stream->chunks, 3);
	assert_int_equal(stream->until - stream->time, 4 * FEED_STEP);
	assert_int_equal(d.diagram.row[2].n, 7);
	end(&d);
}

/* A request that is never answered breaks its rule when the connection ends: its row gets it then. */
static void test_later(void **state)
{
	struct drawn d;
	(void)state;
	begin(&d, 100);
	FEED(&d.feed, 0, DIR_C2S, .command = "query", .id = "a", .type = "QueryRequest");
	FEED(&d.feed, 0, DIR_C2S, .command = "query", .id = "b", .type = "QueryRequest");
	FEED(&d.feed, 0, DIR_S2C, .command = "queryreply", .id = "c", .rid = "b", .type = "QueryResponse");
	assert_int_equal(d.diagram.row[0].rules, 0);
	feed_close(&d.feed, 0, CONN_CLOSED_BY_CLIENT);
	assert_true(d.diagram.row[0].rules != 0);
	assert_int_equal(d.diagram.row[1].rules, 0);
	assert_int_equal(d.diagram.row[2].rules, 0);
	diagram_rule(&d.diagram, d.feed.session, 99, RULE_NO_REPLY, RULES);
	end(&d);
}

/* What becomes known later of any message of a stream is told of its one row. */
static void test_later_of_a_stream(void **state)
{
	struct drawn d;
	(void)state;
	begin(&d, 100);
	FEED(&d.feed, 0, DIR_C2S, .command = "upload", .id = "u", .type = "UploadRequest", .has_seq = true, .seq = 0);
	FEED(&d.feed, 0, DIR_C2S, .command = "beginstream", .id = "s", .rid = "u", .type = "BeginStream", .has_seq = true, .seq = 1);
	FEED(&d.feed, 0, DIR_C2S, .command = "stream", .id = "1", .rid = "u", .type = "Stream", .has_seq = true, .seq = 3);
	const struct diagram_row *stream = &d.diagram.row[1];
	assert_int_equal(stream->rules, 1 << RULE_SEQ_GAP);
	FEED(&d.feed, 0, DIR_C2S, .command = "stream", .id = "2", .rid = "u", .type = "Stream", .has_seq = true, .seq = 2);
	assert_int_equal(stream->rules, 1 << RULE_SEQ_REORDERED);
	FEED(&d.feed, 0, DIR_C2S, .command = "noop", .id = "n", .has_seq = true, .seq = 4);
	assert_int_equal(d.diagram.rows, 3);
	diagram_rule(&d.diagram, d.feed.session, 4, RULE_DECODE, RULES);
	assert_int_equal(stream->rules, 1 << RULE_SEQ_REORDERED | 1 << RULE_DECODE);
	assert_int_equal(d.diagram.row[0].rules | d.diagram.row[2].rules, 0);
	end(&d);
}

/* A socket that has connected to itself, as one that tries a port of loopback again and again may, has two lifelines like any other. */
static void test_self(void **state)
{
	struct drawn d;
	(void)state;
	begin(&d, 100);
	struct conn_info *c = feed_open(&d.feed, 0, true);
	c->ends[0] = c->ends[1] = (struct endpoint){ .family = 4, .addr = { 127, 0, 0, 1 }, .port = 40000 };
	for (int i = 0; i < 2; i++)
		FEED(&d.feed, 0, i ? DIR_S2C : DIR_C2S, .command = "noop", .id = "x");
	assert_int_equal(d.diagram.actors, 2);
	for (int i = 0; i < 2; i++)
		assert_true(d.diagram.row[i].from == i && d.diagram.row[i].to == !i);
	end(&d);
}

static void test_limits(void **state)
{
	struct drawn d;
	struct buf note = { 0 };
	(void)state;
	begin(&d, 10);
	for (int i = 0; i < 12; i++)
		FEED(&d.feed, 0, DIR_C2S, .command = "noop", .id = "x");
	feed_news(&d.feed, 0, DIR_C2S, NEWS_GAP, 1);
	assert_int_equal(d.diagram.rows, 10);
	assert_int_equal(d.diagram.left_out, 2);
	assert_int_equal(d.diagram.news_left_out, 1);
	diagram_add_left_out(&note, d.diagram.left_out, d.diagram.news_left_out, "why");
	assert_true(slice_is(buf_slice(&note), "2 more messages and 1 remark about the capture are not shown: why"));
	buf_release(&note);
	end(&d);

	begin(&d, 1000);
	for (unsigned i = 0; i < DIAGRAM_ACTORS + 4; i++) {
		open_conn(&d, 0);
		FEED(&d.feed, 0, DIR_C2S, .command = "noop", .id = "x");
	}
	assert_int_equal(d.diagram.actors, DIAGRAM_ACTORS);
	assert_int_equal(d.diagram.rows, DIAGRAM_ACTORS - 1);
	assert_int_equal(d.diagram.left_out, 5);
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_fold),
		cmocka_unit_test(test_later), cmocka_unit_test(test_later_of_a_stream),
		cmocka_unit_test(test_self),  cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
