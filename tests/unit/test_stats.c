/* Sums over a session: taken up in any slices they are the same, and they follow what happens later. Timelines and histograms. */
#include "decode/stats.h"
#include "tests/session_feed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct command_stats *named(struct stats *st, const char *name)
{
	for (size_t i = 0; i < stats_commands(st); i++)
		if (slice_is(stats_command(st, i)->name, name))
			return stats_command(st, i);
	fail_msg("no %s", name);
	return NULL;
}

static uint32_t send(struct feed *f, enum dir dir, const char *command, const char *id, const char *rid)
{
	struct sent m = { .command = command, .id = id, .rid = rid };
	return feed(f, 0, dir, &m);
}

static void talk(struct feed *f)
{
	send(f, DIR_C2S, "query", "a", NULL);
	send(f, DIR_S2C, "queryreply", "x", "a");
	send(f, DIR_C2S, "query", "b", NULL);
	send(f, DIR_C2S, "ping", "p", NULL);
	send(f, DIR_S2C, "error", "y", "b");
	send(f, DIR_S2C, "pong", "q", "p");
	send(f, DIR_C2S, "query", "c", NULL);
	send(f, DIR_C2S, "noop", "n", NULL);
}

static void expect(struct stats *st, uint64_t open, uint64_t unanswered)
{
	struct command_stats *query = named(st, "query");
	assert_int_equal(query->count, 3);
	assert_int_equal(query->requests.requests, 3);
	assert_int_equal(query->requests.errors, 1);
	assert_int_equal(query->requests.open, open);
	assert_int_equal(query->requests.unanswered, unanswered);
	assert_int_equal(quantile_at(&query->requests.latency, 50), FEED_STEP);
	assert_int_equal(quantile_at(&query->requests.latency, 100), 2 * FEED_STEP);
	assert_int_equal(query->requests.histogram.count[histogram_bucket(FEED_STEP)], 1);
	assert_int_equal(query->bytes[DIR_S2C], 0);
	assert_true(query->bytes[DIR_C2S] > 0);
	assert_int_equal(named(st, "ping")->requests.requests, 1);
	assert_int_equal(named(st, "noop")->requests.requests, 0);
	assert_int_equal(stats_conn(st, 1)->requests, 4);
	assert_int_equal(stats_conn(st, 1)->latency.count, 3);
	assert_int_equal(stats_conn(st, 1)->open, open);
	assert_null(stats_conn(st, 1000));
}

static void test_in_slices(void **state)
{
	(void)state;
	for (size_t slice = 1; slice <= 9; slice++) {
		struct feed f;
		feed_init(&f, NULL, NULL);
		struct stats *st = stats_new(f.session, STATS_SHOWN);
		talk(&f);
		while (stats_step(st, session_count(f.session), slice))
			;
		expect(st, 1, 0);
		feed_close(&f, 0, CONN_CLOSED_BY_CLIENT);
		assert_false(stats_step(st, session_count(f.session), 100));
		expect(st, 0, 1);
		stats_free(st);
		feed_release(&f);
	}
}

/* Where only one kind of sums is wanted, those are the same, and there are no others. */
static void test_one_kind(void **state)
{
	struct feed f;
	(void)state;
	feed_init(&f, NULL, NULL);
	struct stats *conns = stats_new(f.session, STATS_CONNS), *commands = stats_new(f.session, STATS_COMMANDS);
	talk(&f);
	for (int closed = 0; closed < 2; closed++) {
		stats_step(conns, session_count(f.session), SIZE_MAX);
		stats_step(commands, session_count(f.session), SIZE_MAX);
		assert_int_equal(stats_conn(conns, 1)->requests, 4);
		assert_int_equal(stats_conn(conns, 1)->latency.count, 3);
		assert_int_equal(stats_conn(conns, 1)->open, !closed);
		assert_int_equal(named(commands, "query")->count, 3);
		assert_int_equal(named(commands, "query")->requests.latency.count, 2);
		assert_int_equal(named(commands, "query")->requests.open, !closed);
		assert_int_equal(stats_commands(conns), 0);
		assert_null(stats_conn(commands, 1));
		feed_close(&f, 0, CONN_CLOSED_BY_CLIENT);
	}
	stats_free(conns);
	stats_free(commands);
	feed_release(&f);
}

/* Taken up after each message: what was open is looked at again when its reply has come. */
static void test_as_it_comes(void **state)
{
	struct feed f;
	(void)state;
	feed_init(&f, NULL, NULL);
	struct stats *st = stats_new(f.session, STATS_SHOWN);
	send(&f, DIR_C2S, "query", "a", NULL);
	stats_step(st, session_count(f.session), 10);
	assert_int_equal(named(st, "query")->requests.open, 1);
	send(&f, DIR_S2C, "queryreply", "x", "a");
	stats_step(st, session_count(f.session), 10);
	assert_int_equal(named(st, "query")->requests.open, 0);
	assert_int_equal(named(st, "query")->requests.latency.count, 1);
	send(&f, DIR_C2S, "ping", "p", NULL);
	stats_step(st, session_count(f.session), 10);
	assert_int_equal(named(st, "ping")->requests.requests, 0);
	send(&f, DIR_S2C, "pong", "q", "p");
	stats_step(st, session_count(f.session), 10);
	assert_int_equal(named(st, "ping")->requests.requests, 1);
	stats_free(st);
	feed_release(&f);
}

/* A request that waited for what the capture lacks can be later than its reply: that has no latency, and not one of 0. */
static void test_reply_before_request(void **state)
{
	struct feed f;
	(void)state;
	feed_init(&f, NULL, NULL);
	struct stats *st = stats_new(f.session, STATS_SHOWN);
	send(&f, DIR_C2S, "query", "a", NULL);
	f.time -= 5 * FEED_STEP;
	send(&f, DIR_S2C, "queryreply", "x", "a");
	stats_step(st, session_count(f.session), 10);
	assert_int_equal(named(st, "query")->requests.requests, 1);
	assert_int_equal(named(st, "query")->requests.open, 0);
	assert_int_equal(named(st, "query")->requests.latency.count, 0);
	stats_free(st);
	feed_release(&f);
}

/* Where stream messages come before their request, the reply behind it has a latency all the same. */
static void test_request_behind_its_stream(void **state)
{
	struct feed f;
	(void)state;
	feed_init(&f, NULL, NULL);
	f.conn[0].settled[DIR_S2C] = false;
	struct stats *st = stats_new(f.session, STATS_SHOWN);
	send(&f, DIR_S2C, "beginstream", "b", "a");
	send(&f, DIR_C2S, "download", "a", NULL);
	send(&f, DIR_S2C, "endstream", "e", "a");
	send(&f, DIR_S2C, "downloadreply", "r", "a");
	stats_step(st, session_count(f.session), 10);
	assert_int_equal(named(st, "download")->requests.requests, 1);
	assert_int_equal(quantile_at(&named(st, "download")->requests.latency, 100), 2 * FEED_STEP);
	stats_free(st);
	feed_release(&f);
}

/* Under a memory limit closed connections are forgotten with their messages, and their sums too; one that goes on keeps its own. */
static void test_connections_are_forgotten(void **state)
{
	enum { MANY = 200000 };
	struct session_options o = { .keep = true, .memory = 4 << 20, .file = -1, .hash_key = 3 };
	struct feed f;
	(void)state;
	feed_init(&f, &o, NULL);
	struct stats *st = stats_new(f.session, STATS_SHOWN);
	send(&f, DIR_C2S, "query", "a", NULL);
	for (uint32_t i = 0; i < MANY; i++) {
		struct sent m = { .command = "query", .id = "q" };
		feed_open(&f, 1, true);
		feed(&f, 1, DIR_C2S, &m);
		feed_close(&f, 1, CONN_CLOSED_BY_CLIENT);
		stats_step(st, session_count(f.session), 10);
	}
	assert_true(session_counts(f.session).conns_forgotten > MANY / 2);
	assert_null(stats_conn(st, 2));
	assert_int_equal(stats_conn(st, 1)->requests, 1);
	assert_int_equal(stats_conn(st, MANY + 1)->requests, 1);
	assert_int_equal(stats_conn(st, MANY + 1)->unanswered, 1);
	assert_int_equal(stats_missed(st), 0);
	stats_free(st);
	st = stats_new(f.session, STATS_SHOWN);
	stats_step(st, session_count(f.session), SIZE_MAX);
	assert_int_equal(stats_missed(st), session_first(f.session) - 1);
	stats_free(st);
	feed_release(&f);
}

/* The capture may lack the reply: counted, but not as unanswered. */
static void test_unsure(void **state)
{
	struct session_options o = { .keep = true, .file = -1, .hash_key = 3 };
	struct feed f;
	(void)state;
	feed_init(&f, &o, NULL);
	struct stats *st = stats_new(f.session, STATS_SHOWN);
	send(&f, DIR_C2S, "query", "a", NULL);
	feed_news(&f, 0, DIR_S2C, NEWS_GAP, 7);
	stats_step(st, 1, 10);
	assert_int_equal(stats_conn(st, 1)->open, 1);
	feed_close(&f, 0, CONN_CLOSED_BY_CLIENT);
	stats_step(st, 1, 10);
	assert_int_equal(stats_conn(st, 1)->unanswered, 0);
	assert_int_equal(stats_conn(st, 1)->unsure, 1);
	assert_int_equal(named(st, "query")->requests.unsure, 1);
	stats_free(st);
	feed_release(&f);
}

static void test_timeline(void **state)
{
	struct timeline t = { 0 };
	uint64_t value[8];
	int64_t width;
	(void)state;
	assert_int_equal(timeline_fit(&t, value, 8, &width), 0);
	timeline_add(&t, 1000);
	timeline_add(&t, 999); /* before the first: with it */
	timeline_add(&t, 1000 + 3 * TIMELINE_WIDTH_NS);
	assert_int_equal(timeline_fit(&t, value, 8, &width), 4);
	assert_int_equal(width, TIMELINE_WIDTH_NS);
	assert_int_equal(value[0], 2);
	assert_int_equal(value[1] + value[2], 0);
	assert_int_equal(value[3], 1);
	assert_int_equal(timeline_fit(&t, value, 3, &width), 2);
	assert_int_equal(value[1], 1);
	timeline_add(&t, INT64_C(1000000000) * 86400 * 365);
	size_t n = timeline_fit(&t, value, 8, &width);
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += value[i];
	assert_int_equal(sum, 4);
	assert_int_equal(value[0], 3);
}

static void test_histogram(void **state)
{
	static const struct {
		int64_t ns;
		unsigned bucket;
	} known[] = { { 0, 0 },         { 999, 0 },  { 1000, 1 },  { 1999, 1 },     { 2000, 2 },
		      { 5000, 3 },      { 9999, 3 }, { 10000, 4 }, { 1000000, 10 }, { INT64_C(100000000000), 25 },
		      { INT64_MAX, 25 } };
	struct histogram h = { 0 };
	unsigned first, last;
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_int_equal(histogram_bucket(known[i].ns), known[i].bucket);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		assert_int_equal(histogram_bucket(histogram_from(i)), i);
	assert_false(histogram_span(&h, &first, &last));
	histogram_add(&h, 3000);
	histogram_add(&h, 70000);
	assert_true(histogram_span(&h, &first, &last));
	assert_int_equal(first, 2);
	assert_int_equal(last, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_slices),
		cmocka_unit_test(test_as_it_comes),
		cmocka_unit_test(test_reply_before_request),
		cmocka_unit_test(test_request_behind_its_stream),
		cmocka_unit_test(test_connections_are_forgotten),
		cmocka_unit_test(test_one_kind),
		cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_histogram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
