/* Uploads and downloads: found in any slices, with their newest message; and forgotten with their threads, so that they take no more memory. */
#include "tests/session_feed.h"
#include "tui/transfers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void look(struct transfers *t, const struct session *s)
{
	while (transfers_step(t, s, session_count(s)))
		;
}

static void range_is(const struct transfers *t, uint64_t first, uint64_t end)
{
	uint64_t f, e;
	transfers_range(t, &f, &e);
	assert_int_equal(f, first);
	assert_int_equal(e, end);
}

static void download(struct feed *f, const char *id, int chunks)
{
	FEED(f, 0, DIR_C2S, .command = "download", .id = id);
	FEED(f, 0, DIR_S2C, .command = "beginstream", .id = "b", .rid = id);
	for (int i = 0; i < chunks; i++)
		FEED(f, 0, DIR_S2C, .command = "stream", .id = "s", .rid = id);
}

static void test_found(void **state)
{
	struct feed f;
	struct transfers t = { 0 };
	(void)state;
	feed_init(&f, NULL, NULL);
	look(&t, f.session);
	range_is(&t, 0, 0);
	download(&f, "one", 2);
	FEED(&f, 0, DIR_C2S, .command = "query", .id = "q");
	download(&f, "two", 0);
	look(&t, f.session);
	range_is(&t, 0, 2);
	const struct transfer *one = transfers_newest(&t, f.session, 0), *two = transfers_at(&t, 1);
	assert_int_equal(one->thread, 1);
	assert_int_equal(one->begin, 2);
	assert_int_equal(one->last, 4);
	assert_int_equal(two->thread, 6);
	assert_int_equal(two->last, 7);
	FEED(&f, 0, DIR_S2C, .command = "endstream", .id = "e", .rid = "one");
	assert_int_equal(transfers_newest(&t, f.session, 0)->last, 8);
	assert_null(transfers_at(&t, 2));
	transfers_release(&t);
	feed_release(&f);
}

/* As many as ever: what is forgotten goes, and the others keep their numbers. */
static void test_forgotten(void **state)
{
	enum { MANY = 120000 };
	struct feed f;
	struct transfers t = { 0 };
	struct session_options little = { .keep = true, .file = -1, .hash_key = 7, .memory = 1 };
	uint64_t first, end;
	size_t cap = 0;
	(void)state;
	feed_init(&f, &little, NULL);
	for (uint32_t i = 0; i < MANY; i++) {
		char id[16];
		snprintf(id, sizeof id, "d%u", i);
		download(&f, id, 0);
		if (i % 100 == 0)
			look(&t, f.session);
		if (i == MANY / 2)
			cap = t.cap;
	}
	look(&t, f.session);
	transfers_range(&t, &first, &end);
	assert_int_equal(end, MANY);
	assert_true(session_first(f.session) > 100000);
	assert_int_equal(2 * first + 1, session_first(f.session));
	assert_int_equal(t.cap, cap);
	assert_int_equal(transfers_at(&t, MANY - 1)->begin, 2 * MANY);
	assert_null(transfers_at(&t, 10));
	transfers_release(&t);
	feed_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
