/*
 * A list of rows of which only those in sight are looked at: what is selected, what is on top, and how keys
 * move it.
 *
 * Rows have absolute numbers (uint64_t) that stay theirs when rows are added at the end or forgotten at the
 * beginning, so ten million rows cost as much as ten.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct list {
	uint64_t first, end; /* rows there are: first … end - 1 */
	uint64_t top;        /* the first one in sight */
	uint64_t selected;   /* meaningless when there are none */
	int height;          /* rows in sight */
};

static inline bool list_empty(const struct list *l)
{
	return l->first >= l->end;
}

/* Says what there is now, and how much of it is in sight; selection and top are kept within it. */
void list_set(struct list *l, uint64_t first, uint64_t end, int height);
/* All rows are numbered higher by so much, which may be negative (2^64 - n), from the next list_set on. */
void list_shift(struct list *l, uint64_t by);
/* Selects a row (the nearest there is) and brings it into sight. */
void list_select(struct list *l, uint64_t row);
/* Selects the row n further down (n < 0: up). */
void list_move(struct list *l, int64_t n);
/* Moves view and selection by n pages, of which one row stays in sight; at an end only the selection. */
void list_page(struct list *l, int64_t n);
/* The same by n half pages. */
void list_half_page(struct list *l, int64_t n);
/* Moves the view by n rows; the selection stays within sight. */
void list_scroll(struct list *l, int64_t n);
/* Selects a row and puts it in the middle if it was not in sight. */
void list_show(struct list *l, uint64_t row);
/* Selects a row and puts it at that line of the view (from 0), as far as the ends of the list let it. */
void list_put(struct list *l, uint64_t row, uint64_t line);
/* Brings a row below the selected one into sight, as far as the selected one stays there. */
void list_reveal(struct list *l, uint64_t row);
/* The row at a line of the view (from 0); false if there is none. */
bool list_at(const struct list *l, int line, uint64_t *row);

#endif
