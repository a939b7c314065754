/* Scrolling and selecting; and the rows of messages and news merged, against a plain merge. */
#include "tui/list.h"
#include "tui/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void is(const struct list *l, uint64_t top, uint64_t selected)
{
	assert_int_equal(l->top, top);
	assert_int_equal(l->selected, selected);
}

static void test_move(void **state)
{
	struct list l = { 0 };
	(void)state;
	list_set(&l, 0, 100, 10);
	is(&l, 0, 0);
	list_move(&l, 9);
	is(&l, 0, 9);
	list_move(&l, 1);
	is(&l, 1, 10);
	list_move(&l, 1000);
	is(&l, 90, 99);
	list_move(&l, -9);
	is(&l, 90, 90);
	list_move(&l, INT64_MIN);
	is(&l, 0, 0);
	list_move(&l, INT64_MAX);
	is(&l, 90, 99);
}

static void test_scroll(void **state)
{
	struct list l = { 0 };
	(void)state;
	list_set(&l, 10, 30, 5);
	list_scroll(&l, 3);
	is(&l, 13, 13);
	list_scroll(&l, 100);
	is(&l, 25, 25);
	list_select(&l, 29);
	list_scroll(&l, -2);
	is(&l, 23, 27);
	list_scroll(&l, -100);
	is(&l, 10, 14);
}

/* A page goes on where the last one ended, whichever row is selected; at an end the selection goes on to the last row. */
static void test_page(void **state)
{
	struct list l = { 0 };
	(void)state;
	list_page(&l, 1);
	list_set(&l, 0, 25, 10);
	list_page(&l, 1);
	is(&l, 9, 9);
	list_move(&l, 3);
	list_page(&l, 1);
	is(&l, 15, 21);
	list_page(&l, 1);
	is(&l, 15, 24);
	list_page(&l, -1);
	is(&l, 6, 15);
	list_page(&l, -1);
	is(&l, 0, 6);
	list_page(&l, -1);
	is(&l, 0, 0);
	list_set(&l, 0, 3, 1);
	list_page(&l, 1);
	is(&l, 1, 1);
}

static void test_half_page(void **state)
{
	struct list l = { 0 };
	(void)state;
	list_half_page(&l, 1);
	list_set(&l, 0, 25, 10);
	list_half_page(&l, 1);
	is(&l, 5, 5);
	list_move(&l, 3);
	list_half_page(&l, 2);
	is(&l, 15, 18);
	list_half_page(&l, 1);
	is(&l, 15, 23);
	list_half_page(&l, -1);
	is(&l, 10, 18);
	list_half_page(&l, -3);
	is(&l, 0, 3);
	list_set(&l, 0, 3, 1);
	list_select(&l, 0);
	list_half_page(&l, 1);
	is(&l, 1, 1);
}

static void test_show(void **state)
{
	struct list l = { 0 };
	(void)state;
	list_set(&l, 0, 1000, 11);
	list_show(&l, 500);
	is(&l, 495, 500);
	list_show(&l, 496);
	is(&l, 495, 496);
	list_show(&l, 2);
	is(&l, 0, 2);
	list_show(&l, 999);
	is(&l, 989, 999);
	list_show(&l, 5000);
	is(&l, 989, 999);
}

static void test_reveal(void **state)
{
	struct list l = { 0 };
	(void)state;
	list_set(&l, 0, 100, 10);
	list_select(&l, 8);
	list_reveal(&l, 9);
	is(&l, 0, 8);
	list_reveal(&l, 12);
	is(&l, 3, 8);
	list_reveal(&l, 500);
	is(&l, 8, 8);
	list_reveal(&l, 9);
	is(&l, 8, 8);
}

static void test_rows_come_and_go(void **state)
{
	struct list l = { 0 };
	(void)state;
	list_set(&l, 0, 5, 10);
	list_select(&l, 3);
	list_set(&l, 0, 50, 10);
	is(&l, 0, 3);
	list_set(&l, 20, 60, 10);
	is(&l, 20, 20);
	list_set(&l, 70, 70, 10);
	assert_true(list_empty(&l));
	list_move(&l, 5);
	list_scroll(&l, -5);
	list_set(&l, 70, 71, 10);
	is(&l, 70, 70);
	list_set(&l, 70, 60, 10);
	assert_true(list_empty(&l));
}

static void test_at(void **state)
{
	struct list l = { 0 };
	uint64_t row = 0;
	(void)state;
	list_set(&l, 4, 8, 10);
	assert_true(list_at(&l, 3, &row));
	assert_int_equal(row, 7);
	assert_false(list_at(&l, 4, &row));
	assert_false(list_at(&l, -1, &row));
	list_set(&l, 4, 80, 0);
	assert_false(list_at(&l, 0, &row));
}

/* Whatever is done, the selected row is one there is, and in sight. */
static void test_always_in_sight(void **state)
{
	struct list l = { 0 };
	uint64_t seed = 88172645463325252u;
	(void)state;
	for (int i = 0; i < 200000; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		int64_t n = (int64_t)(seed >> 8 & 63) - 32;
		switch (seed & 3) {
		case 0: list_move(&l, n); break;
		case 1: list_scroll(&l, n); break;
		case 2: list_show(&l, seed >> 8 & 127); break;
		default: list_set(&l, seed >> 8 & 31, seed >> 16 & 127, (int)(seed >> 24 & 31)); break;
		}
		if (list_empty(&l))
			continue;
		uint64_t height = l.height > 0 ? (uint64_t)l.height : 1;
		assert_true(l.selected >= l.first && l.selected < l.end);
		assert_true(l.top >= l.first && l.selected >= l.top && l.selected - l.top < height);
	}
}

static uint32_t after(const void *user, uint32_t k)
{
	return ((const uint32_t *)user)[k];
}

static void merge_is_right(uint32_t messages, const uint32_t *places, uint32_t news)
{
	struct rows r = { messages, news, after, places };
	uint64_t row = 0;
	uint32_t k = 0;
	for (uint32_t n = 0; n <= messages; n++) {
		if (n) {
			assert_int_equal(rows_at(&r, row).n, n);
			assert_int_equal(rows_of_message(&r, n), row);
			row++;
		}
		for (; k < news && places[k] == n; k++, row++) {
			assert_int_equal(rows_at(&r, row).n, 0);
			assert_int_equal(rows_at(&r, row).news, k);
		}
	}
	assert_int_equal(rows_count(&r), row);
}

static void test_rows(void **state)
{
	const uint32_t some[] = { 0, 0, 1, 3, 3, 3, 7, 9, 9 };
	(void)state;
	for (uint32_t news = 0; news <= 9; news++)
		merge_is_right(9, some, news);
	merge_is_right(0, some, 2);
	merge_is_right(1000, some, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_scroll),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_half_page),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_reveal),
		cmocka_unit_test(test_rows_come_and_go),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_always_in_sight),
		cmocka_unit_test(test_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
