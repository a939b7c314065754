/* What stays selected in a list while rows come and are forgotten, also from between others: the same row; or, where that is gone, its neighbour. */
#include "tests/session_feed.h"
#include "tui/app.h"
#include "tui/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 10000, HEIGHT = 10 };

/* Rows 0 … end - 1; those that are gone are told, or, where only the oldest go, first says so. */
struct fake {
	struct view view;
	struct app app;
	uint64_t first, end, forgotten;
	bool gone[MOST];
};

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	const struct fake *f = (const struct fake *)v;
	*first = f->first;
	*end = f->end;
}

static uint64_t forgotten(struct view *v)
{
	return ((const struct fake *)v)->forgotten;
}

static bool is_kept(struct view *v, uint64_t row)
{
	return !((const struct fake *)v)->gone[row];
}

/* Those that can be divided by 3 first, else as they are numbered. */
static struct order_key key(struct view *v, uint64_t row, int column)
{
	(void)v;
	(void)column;
	return order_key_number(row % 3 > 0);
}

static const struct view_ops scattered = { .rows = rows, .forgotten = forgotten, .is_kept = is_kept, .key = key };
static const struct view_ops oldest_first = { .rows = rows, .key = key };

/* As between two keys: rows are taken up, and work is done where there is some. */
static void settle(struct fake *f)
{
	uint64_t first, end, current;
	view_positions(&f->view, &first, &end, &current);
	for (int i = 0; i < 1000 && order_busy(&f->view.order); i++) {
		f->view.order.rest_until = 0;
		view_step(&f->view, clock_ms() + 5);
	}
	view_positions(&f->view, &first, &end, &current);
	assert_false(order_busy(&f->view.order));
	assert_true(f->view.list.height == HEIGHT);
}

static struct fake *fake_new(const struct view_ops *ops, uint64_t end)
{
	struct fake *f = calloc(1, sizeof *f);
	f->view.ops = ops;
	f->view.app = &f->app;
	f->view.list.height = HEIGHT;
	f->view.column_count = 1;
	f->end = end;
	view_init(&f->view);
	settle(f);
	return f;
}

static void fake_free(struct fake *f)
{
	order_release(&f->view.order);
	free(f);
}

static void forget(struct fake *f, uint64_t from, uint64_t to)
{
	for (uint64_t row = from; row < to; row++) {
		f->forgotten += !f->gone[row];
		f->gone[row] = true;
	}
	while (f->first < f->end && f->gone[f->first])
		f->first++;
	settle(f);
}

/* Selects a row that is there, by its place. */
static void choose(struct fake *f, uint64_t row)
{
	uint64_t place;
	assert_true(order_place(&f->view.order, row, &place));
	list_show(&f->view.list, place);
}

static uint64_t selected(const struct fake *f)
{
	uint64_t row = UINT64_MAX;
	assert_true(view_row(&f->view, &row));
	return row;
}

/* At which line of the screen. */
static uint64_t line(const struct fake *f)
{
	return f->view.list.selected - f->view.list.top;
}

static void grow(struct fake *f, uint64_t by)
{
	f->end += by;
	settle(f);
}

static void play(const struct view_ops *ops, int column, bool reverse)
{
	struct fake *f = fake_new(ops, 1000);
	if (column != ORDER_NONE)
		view_set_column(&f->view, column);
	settle(f);
	if (reverse)
		view_reverse(&f->view);
	choose(f, 450);
	uint64_t at = line(f);
	grow(f, 100);
	assert_int_equal(selected(f), 450);
	assert_int_equal(line(f), at);
	forget(f, 0, 200);
	assert_int_equal(selected(f), 450);
	assert_int_equal(line(f), at);
	if (ops == &scattered) {
		forget(f, 300, 400);
		assert_int_equal(selected(f), 450);
		assert_int_equal(line(f), at);
		forget(f, 600, 1000);
		assert_int_equal(selected(f), 450);
		forget(f, 445, 460); /* with it, more than those that are kept in mind to take its place */
		uint64_t row = selected(f);
		if (column == ORDER_NONE)
			assert_int_equal(row, reverse ? 444 : 460);
		else
			assert_int_equal(row, reverse ? 444 : 462);
		choose(f, row);
	}
	forget(f, 0, 1090);
	uint64_t row = selected(f);
	assert_true(row >= 1090 && row < 1100);
	view_set_column(&f->view, ORDER_NONE);
	settle(f);
	grow(f, 50);
	assert_true(selected(f) >= 1090);
	fake_free(f);
}

static void test_all_ways(void **state)
{
	(void)state;
	for (int column = ORDER_NONE; column < 1; column++)
		for (int reverse = 0; reverse < 2; reverse++) {
			play(&scattered, column, reverse);
			play(&oldest_first, column, reverse);
		}
}

/* No row that is forgotten is among those that are shown. */
static void test_no_gaps(void **state)
{
	(void)state;
	struct fake *f = fake_new(&scattered, 1000);
	uint64_t first, end;
	for (uint64_t row = 0; row < 1000; row += 2)
		forget(f, row, row + 1);
	grow(f, 200);
	order_places(&f->view.order, &first, &end);
	assert_int_equal(end - first, 700);
	for (uint64_t place = first; place < end; place++)
		assert_false(f->gone[order_row(&f->view.order, place)]);
	fake_free(f);
}

/* Who takes the sorting away stays where he is. */
static void test_unsorted(void **state)
{
	(void)state;
	for (int reverse = 0; reverse < 2; reverse++) {
		struct fake *f = fake_new(&oldest_first, 1000);
		view_set_column(&f->view, 0);
		settle(f);
		if (reverse)
			view_reverse(&f->view);
		choose(f, 500);
		view_set_column(&f->view, ORDER_NONE);
		assert_int_equal(selected(f), 500);
		grow(f, 10);
		assert_int_equal(selected(f), 500);
		fake_free(f);
	}
}

/* The number of a connection is never cut. */
static void test_numbers(void **state)
{
	const struct view_ops *const of[] = { &view_threads, &view_messages, &view_connections, &view_streams };
	static const int column[] = { 1, 2, 0, 1 };
	struct feed f;
	struct app a = { 0 };
	(void)state;
	feed_init(&f, NULL, NULL);
	a.session = f.session;
	for (uint32_t number = 1; number <= 1000000; number *= 10) {
		f.conns = number - 1;
		feed_open(&f, 0, true);
		FEED(&f, 0, DIR_C2S, .command = "noop", .id = "a");
		for (int i = 0; i < 4; i++) {
			struct view *v = of[i]->make(&a);
			view_init(v);
			of[i]->fit(v);
			assert_int_equal(v->columns[column[i]].min, number == 1000000 ? 7 : number == 100000 ? 6 : number == 10000 ? 5 : 4);
			view_free(v);
		}
	}
	feed_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ways),
		cmocka_unit_test(test_no_gaps),
		cmocka_unit_test(test_unsorted),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
