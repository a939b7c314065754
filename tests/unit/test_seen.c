/* What was seen of a rule: the sentence of each, from whatever the session still has; what became of the connection; how far it looks. */
#include "tests/session_feed.h"

#include "decode/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define UP DIR_C2S
#define DOWN DIR_S2C

static void assert_seen(const struct feed *f, uint32_t n, enum rule rule, const char *want)
{
	struct buf out = { 0 };
	assert_true(session_record(f->session, n)->rules >> rule & 1);
	bool any = seen_add(&out, f->session, n, rule, (struct slice){ NULL, 0 });
	assert_int_equal(any, *want != 0);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

static int set_up(void **state)
{
	struct feed *f = xcalloc(1, sizeof *f);
	feed_init(f, NULL, NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	feed_release(*state);
	free(*state);
	return 0;
}

static uint32_t noop(struct feed *f, int32_t seq)
{
	static unsigned number;
	char id[16];
	snprintf(id, sizeof id, "n%u", number++);
	return FEED(f, 0, UP, .command = "noop", .id = id, .has_seq = true, .seq = seq);
}

/* The numbers of seq: which came, which was expected, how many are missing. */
static void test_seq(void **state)
{
	struct feed *f = *state;
	noop(f, 0);
	uint32_t one = noop(f, 2), more = noop(f, 6), late = noop(f, 1);
	assert_seen(f, one, RULE_SEQ_REORDERED, "seq 2 came before 1, of message 4 (noop)");
	assert_seen(f, more, RULE_SEQ_GAP, "seq 6 came, 3 was expected: 3 are missing");
	assert_seen(f, late, RULE_SEQ_REORDERED, "seq 1 came after 6, of message 3 (noop)");
}

/* A receiver that was to disconnect did, did not, or has not so far. */
static void test_ends(void **state)
{
	static const struct {
		enum conn_end end;
		bool more;
		const char *want;
	} cases[] = {
		{ CONN_CLOSED_BY_SERVER, false, "seq 0 came again, after message 1 (noop); the server closed the connection 1.0ms later" },
		{ CONN_RESET_BY_SERVER, false, "seq 0 came again, after message 1 (noop); the server reset the connection 1.0ms later" },
		{ CONN_CLOSED_BY_CLIENT, true,
		  "seq 0 came again, after message 1 (noop); messages went on for 1.0ms; the client closed the connection 2.0ms later" },
		{ CONN_OPEN, false, "seq 0 came again, after message 1 (noop); the connection has not ended" },
		{ CONN_FORGOTTEN, false, "seq 0 came again, after message 1 (noop)" },
	};
	struct feed *f = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		feed_release(f);
		feed_init(f, NULL, NULL);
		noop(f, 0);
		uint32_t n = noop(f, 0);
		if (cases[i].more)
			noop(f, 1);
		feed_close(f, 0, cases[i].end);
		assert_seen(f, n, RULE_SEQ_DUPLICATE, cases[i].want);
	}
}

/* An id is looked for among the last messages of its sender, whatever the other end and other connections send. */
static void test_id(void **state)
{
	struct feed *f = *state;
	feed_open(f, 1, true);
	FEED(f, 0, UP, .command = "noop", .id = "7");
	for (int i = 0; i < 1000; i++) {
		FEED(f, 0, DOWN, .command = "noop", .id = i ? NULL : "7");
		FEED(f, 1, UP, .command = "noop", .id = i ? NULL : "7");
	}
	assert_seen(f, FEED(f, 0, UP, .command = "ping", .id = "7"), RULE_ID_DUPLICATE, "id 7 is that of message 1 (noop)");
	for (int i = 0; i < SEEN_READ; i++)
		noop(f, i + 2);
	f->seq[0][UP] = SEEN_READ + 2;
	assert_seen(f, FEED(f, 0, UP, .command = "noop", .id = "7"), RULE_ID_DUPLICATE, "id 7");
	assert_seen(f, FEED(f, 0, UP, .command = "noop"), RULE_ID_MISSING, "the message with seq 259 has none");
}

/* Who waited for what, and for how long; a reply that came late. */
static void test_replies(void **state)
{
	struct feed *f = *state;
	uint32_t ask = FEED(f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	uint32_t open = FEED(f, 0, UP, .command = "query", .id = "b", .type = "QueryRequest");
	FEED(f, 0, DOWN, .command = "queryreply", .id = "c", .rid = "a", .type = "QueryResponse");
	uint32_t again = FEED(f, 0, DOWN, .command = "queryreply", .id = "d", .rid = "a", .type = "QueryResponse");
	uint32_t odd = FEED(f, 0, DOWN, .command = "queryreply", .id = "e", .rid = "nobody's", .type = "QueryResponse");
	feed_close(f, 0, CONN_RESET_BY_CLIENT);
	assert_int_equal(session_record(f->session, ask)->rules, 0);
	assert_seen(f, again, RULE_REPLY_DUPLICATE, "message 3 (queryreply) answered message 1 (query) already, 1.0ms before");
	assert_seen(f, odd, RULE_RID_UNKNOWN, "rid nobody's; the client sent 2 messages, none with that id");
	assert_seen(f, open, RULE_NO_REPLY, "it waited 4.0ms, then the client reset the connection");
}

static void test_late_reply(void **state)
{
	struct session_options o = { .keep = true, .file = -1, .no_reply = 2 * FEED_STEP };
	struct feed *f = *state;
	feed_release(f);
	feed_init(f, &o, NULL);
	uint32_t ask = FEED(f, 0, UP, .command = "query", .id = "a", .type = "QueryRequest");
	for (int i = 1; i < 5; i++)
		noop(f, i);
	assert_seen(f, ask, RULE_NO_REPLY, "it still waited when the last message came, 4.0ms later");
	FEED(f, 0, DOWN, .command = "queryreply", .id = "c", .rid = "a", .type = "QueryResponse");
	assert_seen(f, ask, RULE_NO_REPLY, "the reply came after 5.0ms");
}

/* Text of the wire is harmless, and tokens are not shown. */
static void test_text(void **state)
{
	static const char token[] = "e30.eyJleHAiOjE3MDAwMDAwMDB9.c2VjcmV0"; /* exp 1700000000 */
	struct feed *f = *state;
	uint32_t odd = FEED(f, 0, UP, .command = "query", .id = "\033[2J", .type = "Query\033Request");
	assert_seen(f, odd, RULE_TYPE_MISMATCH,
		    "command query, type_url type.googleapis.com/openiap.Query␛Request; QueryRequest was expected");
	uint32_t same = FEED(f, 0, UP, .command = "noop", .id = "\033[2J");
	assert_seen(f, same, RULE_ID_DUPLICATE, "id ␛[2J is that of message 1 (query)");
	uint32_t old = FEED(f, 0, UP, .command = "noop", .id = "c", .jwt = token);
	assert_seen(f, old, RULE_TOKEN_EXPIRED, "it expired on 2023-11-14T22:13:20Z, 778d before it was sent");
}

/* A length that stands for no message is said to be one, in either order of bytes; four bytes that are a message are not. */
static void test_length(void **state)
{
	struct feed *f = *state;
	struct piece p = {
		.conn = &f->conn[0], .dir = UP, .first = true, .last = true, .length_alone = true, .size = 4, .at = -1, .time = f->time
	};
	feed_piece(f, &p, slice_of("\0\0\0\x71", 4));
	assert_seen(f, 1, RULE_DECODE, "the length of a message, of 4 bytes little-endian, is 1,895,825,408; big-endian it would be 113");
	p.length_alone = false;
	feed_piece(f, &p, slice_of("\0\0\0\x71", 4));
	assert_seen(f, 2, RULE_DECODE, "at byte 0 of 4, in Envelope: no field of a message can be read here");
}

/* Before a message are missing the gaps of its own flow since the message before, and no other news; of too many nothing is said. */
static void test_gap(void **state)
{
	struct feed *f = *state;
	feed_open(f, 1, true);
	noop(f, 0);
	feed_news(f, 0, UP, NEWS_GAP, 1000);
	noop(f, 1);
	feed_news(f, 0, UP, NEWS_GAP, 30);
	feed_news(f, 0, DOWN, NEWS_GAP, 100);
	feed_news(f, 1, UP, NEWS_GAP, 200);
	feed_news(f, 0, UP, NEWS_SKIPPED, 400);
	FEED(f, 1, UP, .command = "noop", .id = "other");
	feed_news(f, 0, UP, NEWS_GAP, 4);
	uint32_t n = FEED(f, 0, UP, .command = "noop", .id = "g", .after_gap = true);
	feed_news(f, 0, UP, NEWS_GAP, 2000);
	assert_seen(f, n, RULE_CAPTURE_GAP, "34 bytes are missing before it");
	for (int i = 0; i < SEEN_AROUND; i++)
		feed_news(f, 1, UP, NEWS_GAP, 1);
	feed_news(f, 0, UP, NEWS_GAP, 8);
	n = FEED(f, 0, UP, .command = "noop", .id = "h", .after_gap = true);
	assert_seen(f, n, RULE_CAPTURE_GAP, "");
}

/* Without the bytes of a message, what they say is left out. */
static void test_no_bytes(void **state)
{
	struct session_options o = { .keep = true, .no_bytes = true, .file = -1 };
	struct feed *f = *state;
	feed_release(f);
	feed_init(f, &o, NULL);
	noop(f, 0);
	uint32_t gap = noop(f, 2), high = FEED(f, 0, UP, .command = "noop", .id = "x", .priority = 9, .has_seq = true, .seq = 3);
	uint32_t odd = FEED(f, 0, DOWN, .command = "queryreply", .id = "e", .rid = "nobody's", .type = "QueryResponse");
	assert_seen(f, gap, RULE_SEQ_GAP, "seq 2 came, 1 was expected");
	assert_seen(f, high, RULE_PRIORITY_RANGE, "priority 9");
	assert_seen(f, odd, RULE_RID_UNKNOWN, "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_seq),  TEST(test_ends),   TEST(test_id),  TEST(test_replies),  TEST(test_late_reply),
		TEST(test_text), TEST(test_length), TEST(test_gap), TEST(test_no_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
