/* Texts kept once: the same text is the same bytes, what is too long or one too many is not learnt, and those that are learnt stay. */
#include "decode/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct slice keep(struct texts *t, unsigned number)
{
	char text[32];
	int len = snprintf(text, sizeof text, "host%u.example", number);
	return texts_keep(t, slice_of(text, (size_t)len));
}

static void test_once(void **state)
{
	struct texts t = { 0 };
	(void)state;
	struct slice one = keep(&t, 1), two = keep(&t, 2);
	assert_true(slice_is(one, "host1.example") && slice_is(two, "host2.example"));
	assert_ptr_equal(keep(&t, 1).at, one.at);
	assert_int_equal(one.at[one.len], 0);
	assert_int_equal(t.count, 2);
	texts_release(&t);
	assert_int_equal(t.count, 0);
}

static void test_refused(void **state)
{
	struct texts t = { 0 };
	char text[TEXT_LONGEST + 1];
	(void)state;
	memset(text, 'x', sizeof text);
	assert_int_equal(texts_keep(&t, slice_of(text, TEXT_LONGEST + 1)).len, 0);
	assert_int_equal(texts_keep(&t, slice_of(text, TEXT_LONGEST)).len, TEXT_LONGEST);
	assert_int_equal(texts_keep(&t, slice_of(text, 0)).len, 0);
	text[5] = 0; /* it would end there */
	assert_int_equal(texts_keep(&t, slice_of(text, 9)).len, 0);
	assert_int_equal(t.count, 1);
	texts_release(&t);
}

static void test_too_many(void **state)
{
	struct texts t = { 0 };
	(void)state;
	struct slice first = keep(&t, 0);
	for (unsigned i = 1; i < TEXTS_MAX; i++)
		assert_true(keep(&t, i).len > 0);
	assert_int_equal(keep(&t, TEXTS_MAX).len, 0);
	assert_int_equal(t.count, TEXTS_MAX);
	for (unsigned i = TEXTS_MAX; i-- > 1;)
		assert_true(keep(&t, i).len > 0);
	assert_ptr_equal(keep(&t, 0).at, first.at);
	texts_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_once), cmocka_unit_test(test_refused), cmocka_unit_test(test_too_many) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
