/* Marks: set, taken away, gone through in order. */
#include "tui/marks.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_next(void **state)
{
	struct marks m = { 0 };
	(void)state;
	assert_int_equal(marks_next(&m, 0), 0);
	marks_set(&m, 1, true);
	marks_set(&m, 7, true);
	marks_set(&m, 8, true);
	marks_set(&m, 100000, true);
	assert_int_equal(marks_next(&m, 0), 1);
	assert_int_equal(marks_next(&m, 1), 7);
	assert_int_equal(marks_next(&m, 7), 8);
	assert_int_equal(marks_next(&m, 8), 100000);
	assert_int_equal(marks_next(&m, 100000), 0);
	marks_set(&m, 8, false);
	assert_int_equal(marks_next(&m, 7), 100000);
	marks_clear(&m);
	assert_int_equal(marks_next(&m, 0), 0);
	marks_release(&m);
}

/* As many as are still there to be saved. */
static void test_from(void **state)
{
	static const uint32_t from[] = { 0, 1, 2, 7, 8, 9, 100001 }, counts[] = { 4, 4, 3, 3, 2, 1, 0 };
	struct marks m = { 0 };
	(void)state;
	assert_int_equal(marks_from(&m, 0), 0);
	marks_set(&m, 1, true);
	marks_set(&m, 7, true);
	marks_set(&m, 8, true);
	marks_set(&m, 100000, true);
	for (size_t i = 0; i < sizeof from / sizeof *from; i++)
		assert_int_equal(marks_from(&m, from[i]), counts[i]);
	marks_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_next), cmocka_unit_test(test_from) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
