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
	struct order_source source = { .user = n, .rows = rows, .candidates = candidates, .pick = pick, .key = key };
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
	struct order_source source = { .user = n, .rows = rows, .candidates = candidates, .pick = pick, .key = key };
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
	struct order_source source = { .user = n, .rows = rows, .candidates = candidates, .pick = pick, .key = key };
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

static uint64_t stamp(void *user, int column)
{
	struct numbers *n = user;
	assert_true(column >= 0);
	return column == 0 ? n->value[MOST - 1] : 0;
}

/* Rows whose numbers change are sorted anew, but not at once; by what does not change they are not. */
static void test_changes(void **state)
{
	struct numbers *n = calloc(1, sizeof *n);
	struct order_source source = { .user = n, .rows = rows, .candidates = candidates, .pick = pick, .key = key, .stamp = stamp };
	struct order o;
	(void)state;
	make(n, 5000);
	order_init(&o, &source);
	for (int column = 0; column < 2; column++) {
		order_set_column(&o, column);
		settle(&o);
		for (uint64_t i = 0; i < n->end; i += 7)
			n->value[i] += 500;
		n->value[MOST - 1]++;
		assert_false(order_busy(&o));
		o.stale_rest = 0;
		assert_int_equal(order_busy(&o), column == 0);
		assert_int_equal(order_sorts(&o), column == 0);
		settle(&o);
		if (column == 0)
			holds(&o, n, false, 0);
	}
	order_set_column(&o, ORDER_NONE);
	order_release(&o);
	free(n);
}

/* A list of messages in threads of four, each its own row. A row matches while its value is even; what changes is told as revisions, of
 * which the newest four are remembered. */
struct revised {
	struct numbers n; /* first */
	struct session_revision revision[MOST];
	uint64_t revisions;
	bool frozen;
};

enum { REMEMBERED = 4, THREAD = 4 };

static bool pick_even(void *user, uint64_t candidate, struct filter *f, uint64_t *row)
{
	struct numbers *n = user;
	(void)f;
	*row = candidate;
	return n->value[candidate] % 2 == 0;
}

static bool revisions(void *user, uint64_t *first, uint64_t *end)
{
	const struct revised *r = user;
	*first = r->revisions > REMEMBERED ? r->revisions - REMEMBERED : 0;
	*end = r->revisions;
	return !r->frozen;
}

static struct session_revision revision(void *user, uint64_t i)
{
	const struct revised *r = user;
	assert_true(i < r->revisions && i + REMEMBERED >= r->revisions);
	return r->revision[i];
}

static uint32_t message(void *user, uint64_t row)
{
	(void)user;
	return (uint32_t)row + 1;
}

static enum order_answer recheck(void *user, struct session_revision r, uint32_t *step, struct filter *f, uint64_t *row)
{
	uint32_t n = *step ? *step : r.n;
	*step = r.thread && n % THREAD ? n + 1 : 0;
	return pick_even(user, n - 1, f, row) ? ORDER_YES : ORDER_NO;
}

static struct revised *revised(struct order *o)
{
	struct revised *r = calloc(1, sizeof *r);
	struct order_source source = { r, rows, rows, pick_even, key, NULL, revisions, revision, message, recheck, NULL, NULL };
	order_init(o, &source);
	make(&r->n, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		r->n.value[i] = (uint32_t)i;
	order_set_filter(o, (struct filter *)(uintptr_t)r);
	return r;
}

/* The row gets another value, and perhaps all of its thread. */
static void revise(struct revised *r, uint64_t row, uint32_t value, bool thread)
{
	r->n.value[row] = value;
	for (uint64_t i = row + 1; thread && i % THREAD; i++)
		r->n.value[i] = value;
	r->revision[r->revisions++] = (struct session_revision){ (uint32_t)row + 1, thread };
}

/* Exactly the rows with even values are there, in the order of the column. */
static void holds_even(struct order *o, const struct revised *r)
{
	uint64_t first, end, expected = 0;
	order_places(o, &first, &end);
	for (uint64_t row = 0; row < r->n.end; row++)
		expected += r->n.value[row] % 2 == 0;
	assert_int_equal(end - first, expected);
	for (uint64_t at = first; at < end; at++) {
		assert_int_equal(r->n.value[order_row(o, at)] % 2, 0);
		assert_true(at == first || o->column != ORDER_NONE || order_row(o, at - 1) < order_row(o, at));
	}
}

static void settle_again(struct order *o)
{
	o->recheck_rest = 0;
	settle(o);
}

/* Rows come and go with what is revised, sorted or not, also by whole threads, and back in the same slice. */
static void test_revisions(void **state)
{
	(void)state;
	for (int column = ORDER_NONE; column < 1; column++) {
		struct order o;
		struct revised *r = revised(&o);
		order_set_column(&o, column);
		settle(&o);
		revise(r, 10, 11, false);
		revise(r, 13, 12, false);
		settle_again(&o);
		holds_even(&o, r);
		revise(r, 20, 21, true);
		revise(r, 996, 998, true);
		settle_again(&o);
		holds_even(&o, r);
		revise(r, 30, 31, false);
		revise(r, 30, 30, false);
		revise(r, 31, 30, false);
		revise(r, 31, 31, false);
		settle_again(&o);
		holds_even(&o, r);
		order_release(&o);
		free(r);
	}
}

/* While nothing is to move, nothing does; who has missed revisions then asks about all rows. */
static void test_missed_revisions(void **state)
{
	(void)state;
	struct order o;
	struct revised *r = revised(&o);
	settle(&o);
	r->frozen = true;
	for (uint64_t row = 0; row < 100; row++)
		revise(r, row, (uint32_t)row + 1, false);
	settle_again(&o);
	assert_int_equal(order_row(&o, 1), 2);
	r->frozen = false;
	settle_again(&o);
	holds_even(&o, r);
	assert_int_equal(order_row(&o, 1), 3);
	revise(r, 3, 5, false);
	settle_again(&o);
	holds_even(&o, r);
	order_release(&o);
	free(r);
}

/* A row that was asked about in part leaves, or stays, by what is known in the end: it never stands there twice. */
static void test_revised_meanwhile(void **state)
{
	(void)state;
	struct order o;
	struct revised *r = revised(&o);
	settle(&o);
	for (uint32_t i = 0; i < 300; i++) {
		revise(r, i % 8 / 4 * 4, i, true);
		o.recheck_rest = 0;
		order_step(&o, 0);
		revise(r, i % 8, i * 7, false);
		order_step(&o, 0);
		if (i % 3 == 0)
			settle_again(&o);
	}
	settle_again(&o);
	holds_even(&o, r);
	order_release(&o);
	free(r);
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

/* A filter that stays while rows come and go keeps what it knows of those that there are, not of all that ever were. */
static void test_no_growth(void **state)
{
	enum { WINDOW = 1000 };
	struct numbers *n = calloc(1, sizeof *n);
	struct order_source source = { .user = n, .rows = rows, .candidates = candidates, .pick = pick, .key = key };
	struct order o;
	(void)state;
	order_init(&o, &source);
	make(n, WINDOW);
	order_set_filter(&o, (struct filter *)(uintptr_t)n);
	while (n->end + 100 <= MOST) {
		make(n, n->end + 100);
		n->first = n->end - WINDOW;
		settle(&o);
	}
	assert_true(o.has_size < 600);
	assert_true(o.cap < 4 * WINDOW && o.fresh_cap < 4 * WINDOW);
	order_release(&o);
	free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ways),         cmocka_unit_test(test_no_growth),         cmocka_unit_test(test_slices),
		cmocka_unit_test(test_from_nothing),     cmocka_unit_test(test_changes),           cmocka_unit_test(test_revisions),
		cmocka_unit_test(test_missed_revisions), cmocka_unit_test(test_revised_meanwhile), cmocka_unit_test(test_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
