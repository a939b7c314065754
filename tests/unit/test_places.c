/* Places: held against a flat array, and what stays when numbers go on for ever. */
#include "base/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_as_array(void **state)
{
	enum { NUMBERS = 5 * PLACES_PAGE };
	struct places p;
	uint32_t *flat = calloc(NUMBERS, sizeof *flat);
	unsigned seed = 1;
	(void)state;
	places_init(&p);
	for (uint32_t step = 0; step < 20 * NUMBERS; step++) {
		seed = seed * 1103515245 + 12345;
		uint32_t number = (seed >> 8) % NUMBERS;
		uint32_t place = step / NUMBERS % 2 ? 0 : step; /* fills up, is emptied */
		places_set(&p, number, place);
		flat[number] = place;
		assert_int_equal(places_at(&p, number), place);
	}
	for (uint32_t i = 0; i < NUMBERS; i++)
		assert_int_equal(places_at(&p, i), flat[i]);
	assert_int_equal(places_at(&p, NUMBERS), 0);
	assert_int_equal(places_at(&p, UINT32_MAX), 0);
	places_release(&p);
	free(flat);
}

/* Ten million numbers one after the other, and an old one that stays. */
static void test_for_ever(void **state)
{
	struct places p;
	(void)state;
	places_init(&p);
	places_set(&p, 7, 1);
	for (uint32_t number = 8; number < 10000000; number++) {
		places_set(&p, number, number);
		if (number > 5000)
			places_set(&p, number - 1000, 0);
	}
	assert_int_equal(places_at(&p, 7), 1);
	assert_int_equal(places_at(&p, 9999999), 9999999);
	assert_int_equal(places_at(&p, 9998000), 0);
	assert_true(places_memory(&p) < 320 << 10);
	places_release(&p);
}

static void test_last_number(void **state)
{
	struct places p;
	(void)state;
	places_init(&p);
	places_set(&p, UINT32_MAX, 3);
	assert_int_equal(places_at(&p, UINT32_MAX), 3);
	assert_int_equal(places_at(&p, UINT32_MAX - 1), 0);
	places_set(&p, UINT32_MAX, 0);
	assert_int_equal(places_at(&p, UINT32_MAX), 0);
	assert_true(p.used == 0);
	places_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_as_array), cmocka_unit_test(test_for_ever),
					    cmocka_unit_test(test_last_number) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
