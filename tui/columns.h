/* Columns of a list: a const table says what there is, this fits it into a width and lays the cells of a
 * row side by side. */
#ifndef TUI_COLUMNS_H
#define TUI_COLUMNS_H

#include "tui/line.h"

enum { COLUMNS_MAX = 24 };

/* What a cell is made from. */
struct cell {
	void *view;         /* the view's own */
	const void *row;    /* the view's row */
	struct buf *text;   /* the cell's text goes here; need not be safe nor fit */
	int width;          /* columns it has */
};

struct column {
	const char *title;
	uint8_t min;   /* narrower than this it is left out */
	uint8_t want;  /* what its usual content needs */
	uint8_t flex;  /* share of the columns that remain when all have what they want */
	uint8_t rank;  /* 0 to 9: when not all fit, those of the highest rank are left out first */
	bool right;    /* numbers */
	enum ink (*draw)(struct cell *c);
	const char *sentence; /* for the help */
};

/* Widths for a table of `count` columns, one space apart, in `width` columns; 0: left out. hidden: bit set
 * of columns the user does not want. */
void columns_fit(const struct column *table, int count, uint32_t hidden, int width, int widths[COLUMNS_MAX]);
/* The titles. */
void columns_add_titles(struct line *out, const struct column *table, int count, const int widths[COLUMNS_MAX]);
/* One row. scratch: for the text of a cell. */
void columns_add_row(struct line *out, const struct column *table, int count, const int widths[COLUMNS_MAX], void *view,
		     const void *row, struct buf *scratch);
/* The whole text of a row, cells one space apart, not cut: for searching. */
void columns_add_text(struct buf *out, const struct column *table, int count, void *view, const void *row);

#endif
