/* Columns of a list: a const table says what there is, this fits it into a width and lays the cells of a
 * row side by side. */
#ifndef TUI_COLUMNS_H
#define TUI_COLUMNS_H

#include "tui/line.h"

enum { COLUMNS_MAX = 24, NAME_MOST = 28 };

/* What a cell is made from. */
struct cell {
	void *view;       /* the view's own */
	const void *row;  /* the view's row */
	struct buf *text; /* the cell's text goes here; need not be safe nor fit */
	int width;        /* columns it has */
};

enum column_kind {
	KIND_TEXT,
	KIND_NAME,   /* of which more than NAME_MOST columns would only be blank */
	KIND_NUMBER, /* stands at the right */
	KIND_ID      /* says nothing once it is cut, so it gets what it wants before the others */
};

struct column {
	const char *title;
	uint8_t min;  /* narrower than this it is left out */
	uint8_t want; /* what its usual content needs */
	uint8_t flex; /* share of the columns that remain when all have what they want */
	uint8_t rank; /* 0 to 9: when not all fit, those of the highest rank are left out first */
	enum column_kind kind;
	enum ink (*draw)(struct cell *c);
	const char *sentence; /* for the help */
	bool changes;         /* what a row is sorted by here may become another thing later */
};

/* What of a table is shown, and how. */
struct layout {
	uint8_t order[COLUMNS_MAX]; /* columns from left to right */
	uint8_t wish[COLUMNS_MAX];  /* by column: the width the user wants, 0: as the table says */
	uint32_t hidden;            /* a bit for each column the user does not want */
};

/* Makes a column wide enough for a number up to `most` (less than 0: down to it), and as wide as `usual` at least. */
void column_widen(struct column *c, const struct column *usual, int64_t most);

/* A layout of all columns as they come. */
void layout_init(struct layout *l);
/* Reads "TITLE TITLE:WIDTH …": those columns are shown, in that order. False if a word is no column; it is left in *wrong. */
bool layout_read(struct layout *l, const struct column *table, int count, struct slice words, struct slice *wrong);
/* Appends it as layout_read takes it. */
void layout_add(struct buf *out, const struct layout *l, const struct column *table, int count);

/* Widths for a table of `count` columns, one space apart, in `width` columns; 0: left out. */
void columns_fit(const struct column *table, int count, const struct layout *layout, int width, int widths[COLUMNS_MAX]);
/* The titles; `sorted`: the column with a sign for the order (-1: none). */
void columns_add_titles(struct line *out, const struct column *table, int count, const struct layout *layout, const int widths[COLUMNS_MAX],
			int sorted, bool reverse);
/* The column whose title stands at `col` of that line, or before the space there; -1 for none. */
int columns_at(int count, const struct layout *layout, const int widths[COLUMNS_MAX], int col);
/* One row. scratch: for the text of a cell. */
void columns_add_row(struct line *out, const struct column *table, int count, const struct layout *layout, const int widths[COLUMNS_MAX],
		     void *view, const void *row, struct buf *scratch);
/* The whole text of a row, cells one space apart, not cut: for searching. */
void columns_add_text(struct buf *out, const struct column *table, int count, void *view, const void *row);

#endif
