/* Numbers for people. */
#include "base/amount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef void add_fn(struct buf *out, uint64_t n);

static void is(add_fn *add, uint64_t n, const char *expected)
{
	struct buf out = { 0 };
	add(&out, n);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
}

static void test_grouped(void **state)
{
	(void)state;
	is(amount_add_grouped, 0, "0");
	is(amount_add_grouped, 999, "999");
	is(amount_add_grouped, 1000, "1,000");
	is(amount_add_grouped, 1002003, "1,002,003");
	is(amount_add_grouped, UINT64_MAX, "18,446,744,073,709,551,615");
}

static void test_short(void **state)
{
	(void)state;
	is(amount_add_short, 99999, "99999");
	is(amount_add_short, 100000, "100K");
	is(amount_add_short, 999499, "999K");
	is(amount_add_short, 999500, "1.00M");
	is(amount_add_short, 1234567, "1.23M");
	is(amount_add_short, 9999999, "10.0M");
	is(amount_add_short, UINT64_MAX, "18.4E");
}

static void test_size(void **state)
{
	(void)state;
	is(amount_add_size, 0, "0");
	is(amount_add_size, 999, "999");
	is(amount_add_size, 1000, "1.0K");
	is(amount_add_size, 1536, "1.5K");
	is(amount_add_size, 10 * 1024, "10K");
	is(amount_add_size, 1 << 20, "1.0M");
	is(amount_add_size, UINT64_MAX, "16E");
}

static void counted_is(uint64_t n, const char *words, const char *expected)
{
	struct buf out = { 0 };
	amount_add_counted(&out, n, words);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
}

static void test_counted(void **state)
{
	(void)state;
	counted_is(0, "message", "0 messages");
	counted_is(1, "message", "1 message");
	counted_is(1234, "more message", "1,234 more messages");
	counted_is(1, "gap[s] in the capture", "1 gap in the capture");
	counted_is(2, "gap[s] in the capture", "2 gaps in the capture");
	counted_is(1, "HTTP bod[y that is|ies that are] no message", "1 HTTP body that is no message");
	counted_is(0, "HTTP bod[y that is|ies that are] no message", "0 HTTP bodies that are no message");
	counted_is(1, "key[s] forgotten for [the|their] number", "1 key forgotten for the number");
	counted_is(3, "key[s] forgotten for [the|their] number", "3 keys forgotten for their number");
	counted_is(1, "[none|]|[not closed", "1 none|");
}

static void test_never_wider_than_five(void **state)
{
	struct buf out = { 0 };
	(void)state;
	for (uint64_t n = 1; n < UINT64_MAX / 3; n = n * 3 / 2 + 1) {
		buf_clear(&out);
		amount_add_short(&out, n);
		assert_true(out.len <= 5);
		buf_clear(&out);
		amount_add_size(&out, n);
		assert_true(out.len <= 5);
	}
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grouped),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_never_wider_than_five),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
