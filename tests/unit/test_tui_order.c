/* Filtering and sorting rows: against the plainest way there is, with rows that come later, leave, or come back. */
#include "tui/clock.h"
#include "tui/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 60000 };

/* A list of numbers: row i has value[i]. Candidates are numbers too, of which each stands for the row of a third of it. */
struct numbers {
	uint64_t first, end;
	uint32_t value[MOST];
};

static void rows(void *user, uint64_t *first, uint64_t *end)
{
	struct numbers *n = user;
	*first = n->first;
	*end = n->end;
}

static void candidates(void *user, uint64_t *first, uint64_t *end)
{
	struct numbers *n = user;
	*first = 3 * n->first;
	*end = 3 * n->end;
}

/* The second candidate of a row matches if its value is even, the third one always does where it is odd and can be divided by 5; the
 * first one of a row shows the row before it. */
static bool pick(void *user, uint64_t candidate, struct filter *f, uint64_t *row)
{
	struct numbers *n = user;
	(void)f;
	*row = candidate / 3;
	uint32_t value = n->value[*row];
	if (candidate % 3 == 0 && *row > n->first) {
		--*row;
		return n->value[*row] % 7 == 0;
	}
	return candidate % 3 == 1 ? value % 2 == 0 : candidate % 3 == 2 && value % 5 == 0;
}

static bool let_through(const struct numbers *n, uint64_t row)
{
	return n->value[row] % 2 == 0 || n->value[row] % 5 == 0 || (n->value[row] % 7 == 0 && row + 1 < n->end);
}

static struct order_key key(void *user, uint64_t row, int column)
{
	struct numbers *n = user;
	char text[32];
	if (column == 0)
		return order_key_number((int64_t)n->value[row] % 1000 - 500);
	snprintf(text, sizeof text, "%s text %u", n->value[row] % 2 ? "Some" : "some", n->value[row] % 100);
	return order_key_text(slice_str(text));
}

static void make(struct numbers *n, uint64_t end)
{
	for (uint32_t x = 12345; n->end < end; n->end++) {
		x = x * 1664525 + 1013904223 + (uint32_t)n->end;
		n->value[n->end] = x >> 8;
	}
}

/* As the screens do it: work is done only where there is some. */
static void settle(struct order *o)
{
	for (int i = 0; i < 100000; i++) {
		o->rest_until = 0;
		if (!order_busy(o))
			break;
		order_step(o, clock_ms() + 5);
	}
	assert_false(order_busy(o));
}

/* Every row that must be there is, once, and each stands behind the one before it. */
static void holds(struct order *o, const struct numbers *n, bool filtered, int column)
{
	uint64_t first, end, expected = 0, place, before = 0;
	struct numbers *m = (struct numbers *)(uintptr_t)n;
	order_places(o, &first, &end);
	for (uint64_t row = n->first; row < n->end; row++)
		expected += !filtered || let_through(n, row);
	assert_int_equal(end - first, expected);
	for (uint64_t at = first; at < end; at++) {
		uint64_t row = order_row(o, o->reverse ? first + (end - 1 - at) : at);
		assert_true(row >= n->first && row < n->end && (!filtered || let_through(n, row)));
		if (at > first && column != ORDER_NONE) {
			struct order_key a = key(m, before, column), b = key(m, row, column);
			int k = 0;
			while (k < 3 && a.part[k] == b.part[k])
				k++;
			assert_true(a.part[k] < b.part[k] || (a.part[k] == b.part[k] && before < row));
		} else if (at > first) {
			assert_true(before < row);
		}
		before = row;
	}
	if (end > first) {
		assert_true(order_place(o, order_row(o, first + (end - first) / 2), &place));
		assert_int_equal(place, first + (end - first) / 2);
	}
}

static void run(bool filtered, int column, bool reverse)
{
	struct numbers *n = calloc(1, sizeof *n);
	struct order_source source = { n, rows, candidates, pick, key };
	struct order o;
	order_init(&o, &source);
	o.reverse = reverse;
	make(n, 20000);
	if (filtered)
		order_set_filter(&o, (struct filter *)(uintptr_t)n); /* never looked into here */
	if (column != ORDER_NONE)
		order_set_column(&o, column);
	settle(&o);
	holds(&o, n, filtered, column);
	for (uint64_t more = 1; n->end + more < MOST; more = more * 3) {
		make(n, n->end + more);
		settle(&o);
		holds(&o, n, filtered, column);
	}
	n->first = n->end / 2;
	settle(&o);
	holds(&o, n, filtered, column);
	n->first = 10;
	settle(&o);
	holds(&o, n, filtered, column);
	order_set_column(&o, 1 - (column == 1));
	settle(&o);
	holds(&o, n, filtered, 1 - (column == 1));
	order_set_column(&o, ORDER_NONE);
	settle(&o);
	holds(&o, n, filtered, ORDER_NONE);
	order_release(&o);
	free(n);
}

static void test_all_ways(void **state)
{
	(void)state;
	for (int filtered = 0; filtered < 2; filtered++)
		for (int column = ORDER_NONE; column < 2; column++)
			run(filtered, column, column == 1);
}

/* Work is done in slices, and places stay until a sort is over; giving up shows all rows as they are numbered. */
static void test_slices(void **state)
{
	struct numbers *n = calloc(1, sizeof *n);
	struct order_source source = { n, rows, candidates, pick, key };
	struct order o;
	uint64_t first, end;
	int steps = 0;
	(void)state;
	make(n, MOST);
	order_init(&o, &source);
	order_set_column(&o, 0);
	assert_true(order_busy(&o));
	while (order_busy(&o) && !order_step(&o, clock_ms() + 1))
		assert_true(order_row(&o, 17) == 17 && ++steps < 100000);
	assert_true(order_row(&o, 17) != 17 || order_row(&o, 18) != 18);
	order_set_column(&o, 1);
	uint64_t seventeenth = order_row(&o, 17);
	order_step(&o, clock_ms());
	assert_int_equal(order_row(&o, 17), seventeenth);
	order_stop(&o);
	order_places(&o, &first, &end);
	assert_int_equal(end - first, MOST);
	assert_int_equal(order_row(&o, 17), 17);
	order_release(&o);
	free(n);
}

/* A list that was empty when it was sorted grows like any other. */
static void test_from_nothing(void **state)
{
	struct numbers *n = calloc(1, sizeof *n);
	struct order_source source = { n, rows, candidates, pick, key };
	struct order o;
	(void)state;
	order_init(&o, &source);
	order_set_filter(&o, (struct filter *)(uintptr_t)n);
	order_set_column(&o, 0);
	settle(&o);
	order_set_column(&o, ORDER_NONE);
	settle(&o);
	make(n, 5000);
	settle(&o);
	holds(&o, n, true, ORDER_NONE);
	order_release(&o);
	free(n);
}

static void test_keys(void **state)
{
	(void)state;
	assert_true(order_key_number(-1).part[0] < order_key_number(0).part[0]);
	assert_true(order_key_number(INT64_MIN).part[0] < order_key_number(INT64_MAX).part[0]);
	assert_true(order_key_text(slice_str("Abc")).part[0] == order_key_text(slice_str("aBC")).part[0]);
	assert_true(order_key_text(slice_str("")).part[0] < order_key_text(slice_str("a")).part[0]);
	assert_true(order_key_text(slice_str("12345678a")).part[1] < order_key_text(slice_str("12345678b")).part[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ways),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_from_nothing),
		cmocka_unit_test(test_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
