/* Broken rules: their groups, in any slices; when they are out of date. */
#include "tests/session_feed.h"
#include "tui/broken.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct broken *built(const struct feed *f, size_t slice)
{
	struct broken *b = broken_new(f->session, session_count(f->session));
	while (broken_step(b, slice))
		assert_int_equal(broken_groups(b), 0);
	return b;
}

static void test_groups(void **state)
{
	struct feed f;
	(void)state;
	feed_init(&f, NULL, NULL);
	feed_open(&f, 1, true);
	FEED(&f, 0, DIR_C2S, .command = "query", .id = "a");
	FEED(&f, 1, DIR_C2S, .command = "query", .id = "b");
	FEED(&f, 1, DIR_S2C, .command = "error", .id = "c", .rid = "b");                /* 3: a note */
	FEED(&f, 1, DIR_C2S, .command = "query", .id = "d", .seq = 0, .has_seq = true); /* 4: an error */
	FEED(&f, 0, DIR_C2S, .command = "query", .id = "e", .seq = 0, .has_seq = true); /* 5 */
	FEED(&f, 0, DIR_C2S, .command = "query", .id = "f", .seq = 0, .has_seq = true); /* 6 */
	for (size_t slice = 1; slice < 9; slice++) {
		struct broken *b = built(&f, slice);
		assert_int_equal(broken_groups(b), 3);
		const struct broken_group *g = broken_group(b, 0);
		assert_int_equal(g->rule, RULE_SEQ_DUPLICATE);
		assert_int_equal(g->conn, 1);
		assert_int_equal(g->count, 2);
		assert_int_equal(g->messages.at[0], 5);
		assert_int_equal(g->messages.at[1], 6);
		assert_int_equal(broken_group(b, 1)->rule, RULE_SEQ_DUPLICATE);
		assert_int_equal(broken_group(b, 1)->conn, 2);
		assert_int_equal(broken_group(b, 2)->rule, RULE_ERROR_REPLY);
		assert_false(broken_is_old(b));
		broken_free(b);
	}
	struct broken *b = built(&f, 100);
	feed_close(&f, 0, CONN_CLOSED_BY_CLIENT); /* a's reply never came */
	assert_true(broken_is_old(b));
	broken_free(b);
	b = built(&f, 100);
	assert_int_equal(broken_group(b, 2)->rule, RULE_NO_REPLY);
	assert_int_equal(broken_group(b, 2)->messages.at[0], 1);
	broken_free(b);
	feed_release(&f);
}

/* So many groups that their table grows. */
static void test_many(void **state)
{
	struct feed f;
	(void)state;
	feed_init(&f, NULL, NULL);
	for (int i = 0; i < 500; i++) {
		feed_open(&f, 0, true);
		FEED(&f, 0, DIR_C2S, .command = "noop", .id = "x", .seq = 3, .has_seq = true);
		FEED(&f, 0, DIR_C2S, .command = "noop", .id = "y", .seq = 3, .has_seq = true);
	}
	struct broken *b = built(&f, 7);
	uint64_t duplicates = 0, conn = 0;
	for (size_t i = 0; i < broken_groups(b); i++) {
		const struct broken_group *g = broken_group(b, i);
		if (g->rule != RULE_SEQ_DUPLICATE)
			continue;
		assert_true(g->conn > conn);
		conn = g->conn;
		duplicates += g->count;
	}
	assert_int_equal(duplicates, 500);
	broken_free(b);
	feed_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_groups), cmocka_unit_test(test_many) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
