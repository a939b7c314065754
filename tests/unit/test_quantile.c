/* Percentiles against sorted values: exact while they are few, within the stated error beyond. */
#include "decode/quantile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Values of all sizes, as latencies are: any number of bits up to `bits`. */
static int64_t *values_of(size_t count, unsigned bits, uint64_t seed)
{
	int64_t *v = malloc(count * sizeof *v);
	assert_non_null(v);
	for (size_t i = 0; i < count; i++) {
		unsigned n = 1 + (unsigned)(next_random(&seed) % bits);
		v[i] = (int64_t)(next_random(&seed) >> (64 - n));
	}
	return v;
}

static int64_t nearest_rank(const int64_t *sorted, size_t count, unsigned percent)
{
	size_t rank = (count * percent + 99) / 100;
	return sorted[rank ? rank - 1 : 0];
}

static void assert_near(int64_t got, int64_t right, bool exact)
{
	int64_t off = got > right ? got - right : right - got;
	if (exact ? off != 0 : off > right / 100 * QUANTILE_ERROR)
		fail_msg("got %lld, not %lld", (long long)got, (long long)right);
}

static void hold_against_sorted(size_t count, unsigned bits, uint64_t seed)
{
	struct quantile q = { 0 };
	int64_t *v = values_of(count, bits, seed);
	for (size_t i = 0; i < count; i++)
		quantile_add(&q, v[i]);
	qsort(v, count, sizeof *v, compare);
	assert_int_equal(q.count, count);
	assert_int_equal(quantile_exact(&q), count <= QUANTILE_EXACT);
	for (unsigned percent = 1; percent <= 100; percent++)
		assert_near(quantile_at(&q, percent), nearest_rank(v, count, percent), count <= QUANTILE_EXACT);
	assert_int_equal(q.least, v[0]);
	assert_int_equal(quantile_at(&q, 100), v[count - 1]);
	free(v);
	quantile_release(&q);
}

static void test_exact(void **state)
{
	(void)state;
	for (size_t count = 1; count <= 300; count++)
		hold_against_sorted(count, 40, count);
	hold_against_sorted(QUANTILE_EXACT, 50, 7);
}

static void test_sketch(void **state)
{
	(void)state;
	hold_against_sorted(QUANTILE_EXACT + 1, 63, 1);
	hold_against_sorted(400000, 63, 2);
	hold_against_sorted(400000, 30, 3);
}

/* Each power of two and its neighbours, a hundred thousand times: where buckets meet. */
static void test_edges(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 63; bit++) {
		for (int64_t near = -1; near <= 1; near++) {
			struct quantile q = { 0 };
			int64_t v = (INT64_C(1) << bit) + near;
			quantile_add(&q, 0);
			quantile_add(&q, INT64_MAX);
			for (int i = 0; i < QUANTILE_EXACT; i++)
				quantile_add(&q, v);
			assert_false(quantile_exact(&q));
			assert_near(quantile_at(&q, 50), v, v < 128);
			quantile_release(&q);
		}
	}
}

static void test_small_and_none(void **state)
{
	struct quantile q = { 0 };
	(void)state;
	assert_int_equal(quantile_at(&q, 50), -1);
	quantile_add(&q, -5);
	assert_int_equal(quantile_at(&q, 1), 0);
	quantile_release(&q);
	assert_int_equal(quantile_at(&q, 99), -1);
}

static int64_t value_in_order(int order, int64_t i, int64_t count)
{
	switch (order) {
	case 0: return i;
	case 1: return count - i;
	case 2: return i % 2 * count + i / 2;
	case 3: return i < count / 2 ? 2 * i : 2 * (count - i);
	default: return 7;
	}
}

/* Orders in which a selection may take long; each rank is asked for first, second and third. */
static void test_orders(void **state)
{
	(void)state;
	enum { COUNT = 2000 };
	int64_t v[COUNT];
	for (int order = 0; order < 5; order++) {
		for (int64_t i = 0; i < COUNT; i++)
			v[i] = value_in_order(order, i, COUNT);
		qsort(v, COUNT, sizeof *v, compare);
		for (unsigned percent = 1; percent <= 97; percent++) {
			struct quantile q = { 0 };
			for (int64_t i = 0; i < COUNT; i++)
				quantile_add(&q, value_in_order(order, i, COUNT));
			for (unsigned next = 0; next < 3; next++)
				assert_int_equal(quantile_at(&q, percent + next), nearest_rank(v, COUNT, percent + next));
			quantile_release(&q);
		}
	}
}

/* Asking does not disturb what comes after. */
static void test_asked_between(void **state)
{
	struct quantile q = { 0 };
	(void)state;
	for (int64_t i = 1000; i > 0; i--) {
		quantile_add(&q, i);
		assert_int_equal(quantile_at(&q, 100), 1000);
	}
	assert_int_equal(quantile_at(&q, 50), 500);
	assert_int_equal(quantile_at(&q, 99), 990);
	quantile_release(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),          cmocka_unit_test(test_sketch), cmocka_unit_test(test_edges),
		cmocka_unit_test(test_small_and_none), cmocka_unit_test(test_orders), cmocka_unit_test(test_asked_between),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
