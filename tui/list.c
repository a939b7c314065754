/*
 * Selection and scrolling, in one place for all lists.
 *
 *	first … | top … top + height - 1 | … end - 1
 *	          in sight
 *
 * After every call `selected` is a row that there is and stands in sight (while there are rows).
 */
#include "tui/list.h"

/* row moved by n, without leaving first … last. */
static uint64_t moved(uint64_t row, int64_t n, uint64_t first, uint64_t last)
{
	if (n < 0)
		return row - first < 0 - (uint64_t)n ? first : row - (0 - (uint64_t)n);
	return last - row < (uint64_t)n ? last : row + (uint64_t)n;
}

static uint64_t within(uint64_t row, uint64_t first, uint64_t last)
{
	return row < first ? first : row > last ? last : row;
}

/* The highest top that leaves no room below the last row. */
static uint64_t last_top(const struct list *l)
{
	uint64_t height = l->height > 0 ? (uint64_t)l->height : 1;
	return l->end - l->first > height ? l->end - height : l->first;
}

static void keep_in_sight(struct list *l)
{
	uint64_t height = l->height > 0 ? (uint64_t)l->height : 1;
	if (l->selected < l->top)
		l->top = l->selected;
	else if (l->selected - l->top >= height)
		l->top = l->selected - height + 1;
	l->top = within(l->top, l->first, last_top(l));
}

void list_set(struct list *l, uint64_t first, uint64_t end, int height)
{
	l->first = first;
	l->end = end < first ? first : end;
	l->height = height;
	if (list_empty(l)) {
		l->top = l->selected = first;
		return;
	}
	l->selected = within(l->selected, l->first, l->end - 1);
	keep_in_sight(l);
}

void list_shift(struct list *l, uint64_t by)
{
	l->top += by;
	l->selected += by;
}

void list_select(struct list *l, uint64_t row)
{
	if (list_empty(l))
		return;
	l->selected = within(row, l->first, l->end - 1);
	keep_in_sight(l);
}

void list_move(struct list *l, int64_t n)
{
	if (!list_empty(l))
		list_select(l, moved(l->selected, n, l->first, l->end - 1));
}

/* Moves view and selection by n rows; at an end only the selection. */
static void turn(struct list *l, int64_t n)
{
	if (list_empty(l))
		return;
	l->top = moved(l->top, n, l->first, last_top(l));
	list_move(l, n);
}

void list_page(struct list *l, int64_t n)
{
	turn(l, n * (l->height > 1 ? l->height - 1 : 1));
}

void list_half_page(struct list *l, int64_t n)
{
	turn(l, n * (l->height > 1 ? l->height / 2 : 1));
}

void list_scroll(struct list *l, int64_t n)
{
	uint64_t height = l->height > 0 ? (uint64_t)l->height : 1;
	if (list_empty(l))
		return;
	l->top = moved(l->top, n, l->first, last_top(l));
	l->selected = within(l->selected, l->top, within(l->top + height - 1, l->first, l->end - 1));
}

void list_show(struct list *l, uint64_t row)
{
	bool seen = row >= l->top && row - l->top < (uint64_t)(l->height > 0 ? l->height : 1);
	list_select(l, row);
	if (!seen && !list_empty(l))
		l->top = within(moved(l->selected, -(l->height / 2), l->first, l->end - 1), l->first, last_top(l));
}

void list_put(struct list *l, uint64_t row, uint64_t line)
{
	list_select(l, row);
	list_scroll(l, (int64_t)(l->selected - l->top) - (int64_t)line);
	list_select(l, row);
}

void list_reveal(struct list *l, uint64_t row)
{
	uint64_t height = l->height > 0 ? (uint64_t)l->height : 1, top = l->top;
	if (list_empty(l))
		return;
	row = within(row, l->first, l->end - 1);
	if (row - l->first >= height && row - height + 1 > top)
		top = row - height + 1;
	l->top = top < l->selected ? top : l->selected;
}

bool list_at(const struct list *l, int line, uint64_t *row)
{
	if (line < 0 || line >= l->height || (uint64_t)line >= l->end - l->top || list_empty(l))
		return false;
	*row = l->top + (uint64_t)line;
	return true;
}
