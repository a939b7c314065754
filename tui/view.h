/*
 * A view: one screen. It is one file (tui/view_NAME.c) and one const table of functions; scrolling,
 * selection, search, title and columns are shared.
 *
 * Commands return what must happen next (enum reaction); nothing is drawn from a key.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "tui/columns.h"
#include "tui/commands.h"
#include "tui/key.h"
#include "tui/list.h"
#include "tui/order.h"
#include "tui/pattern.h"
#include "tui/screen.h"

struct app;
struct view;

enum reaction {
	REDRAW = 1,  /* what is shown has changed */
	REPAINT = 2, /* the terminal must be painted afresh */
	QUIT = 4,
	CLOSE = 8, /* the dialog is done */
};

/* A rectangle of the terminal. */
struct area {
	int row, col, height, width;
};

/* A line of the help. */
typedef void help_fn(void *user, enum ink ink, const char *left, const char *right);

/*
 * What a view can do. NULL where it can't, or where the shared behaviour does.
 *
 * A row is what `rows` numbers. Where rows can be filtered and sorted (key, pick), the list on the screen
 * counts places (tui/order.h), and the shared code turns them into rows: the functions here get rows only.
 */
struct view_ops {
	const char *name;
	uint32_t where;    /* its bit in the table of commands */
	const char *noun;  /* of what the filter counts; NULL where it is not for this view */
	const char *about; /* what it shows, a sentence for the help */
	struct view *(*make)(struct app *a);
	void (*free)(struct view *v);
	/* It is opened from another view. */
	void (*open)(struct view *v);
	/* What its title says after the name. */
	void (*add_title)(struct view *v, struct line *out);
	/* The rows there are now: *first … *end - 1. */
	void (*rows)(struct view *v, uint64_t *first, uint64_t *end);
	/* Where rows are forgotten not only at the beginning: how many have been so far, and whether a row is still there (tui/order.h). */
	uint64_t (*forgotten)(struct view *v);
	bool (*is_kept)(struct view *v, uint64_t row);
	/* One row. */
	void (*draw_row)(struct view *v, uint64_t row, int width, struct line *out);
	/* Filtering: the messages or rows to ask about (NULL: rows), and whether one matches and in which row
	 * it shows (tui/order.h). NULL: the filter is not for this view. */
	void (*candidates)(struct view *v, uint64_t *first, uint64_t *end);
	bool (*pick)(struct view *v, uint64_t candidate, struct filter *f, uint64_t *row);
	/* Asks again about messages of which something else is known now, and which row shows them (tui/order.h). NULL: none is needed. */
	enum order_answer (*recheck)(struct view *v, struct session_revision r, uint32_t *step, struct filter *f, uint64_t *row);
	/* How many of the rows are news, which no filter lets through. NULL: none. */
	uint64_t (*news)(struct view *v);
	/* Sorting: by what, in a column (its index in the table). NULL: it can't be sorted. */
	struct order_key (*key)(struct view *v, uint64_t row, int column);
	/* n of the message a row shows or begins with, 0 for none: for marks, bookmarks, switching. */
	uint32_t (*message)(struct view *v, uint64_t row);
	/* The time that a row shows; false if it shows none. NULL: that of its message. */
	bool (*time)(struct view *v, uint64_t row, int64_t *time);
	/* The row that shows message n; false if none does. */
	bool (*row_of)(struct view *v, uint32_t n, uint64_t *row);
	/* Appends the whole text of a row, for the clipboard (shared: as it is drawn). */
	void (*copy)(struct view *v, uint64_t row, struct buf *out);
	/* What it has made must be made again: whether secrets show has changed. */
	void (*renew)(struct view *v);
	/* What stands where there are no rows. */
	const char *(*empty)(struct view *v);
	/* Before its table is drawn: columns take up what they need for what there is, and for what is in sight. */
	void (*fit)(struct view *v);
	/* Draws itself (shared: titles of columns, and a list of rows). */
	void (*draw)(struct view *v, struct area area);
	/* A command that is not shared. */
	unsigned (*command)(struct view *v, enum command c);
	unsigned (*mouse)(struct view *v, struct key key);
	/* Long work of its own, while it is on the screen: a slice until that time (clock_ms); true if there was
	 * something to do, then it is drawn and asked again at once, else after a while. */
	bool (*work)(struct view *v, int64_t until);
	/* Esc: gives up such work as was asked for, so that what was before stays; false if there is none. */
	bool (*stop)(struct view *v);
	/* What that work is ("adding up"; NULL for nothing worth telling), and how far it is. */
	const char *(*doing)(struct view *v, int *percent);
	/* Searching: positions (shared: rows), whether one matches, and showing it. */
	void (*positions)(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current);
	bool (*matches)(struct view *v, uint64_t at, const struct pattern *p);
	void (*show)(struct view *v, uint64_t at);
	/* Adds what there is to explain besides keys. */
	void (*help)(struct view *v, help_fn *add, void *user);
};

enum { HEIRS = 8 };

/* The selected row, and some below it: the next one takes over if it leaves. If none of them is there any more, the next one above. */
struct heirs {
	uint64_t row[HEIRS];
	int count;
};

/* The first member of every view's own struct. */
struct view {
	const struct view_ops *ops;
	struct app *app;
	struct list list;    /* of places */
	bool follow;         /* the newest row is to be selected as it comes */
	struct heirs wanted; /* was selected when a filter was set that has not been asked about all rows yet; none once another one is */
	struct order order;
	struct area body; /* where its rows were drawn last */
	int gutter;       /* columns at the left of the rows, for marks */
	bool has_above;   /* there is a row above the one that is drawn: */
	uint64_t above;
	/* Columns, where it has some. */
	struct column columns[COLUMNS_MAX];
	int column_count;
	struct layout layout;
	int widths[COLUMNS_MAX];
};

/* Gives a view a copy of a table of columns. */
void view_set_columns(struct view *v, const struct column *table, int count);
/* What every view is before it is shown; its own `new` has set ops, app and columns. */
void view_init(struct view *v);
void view_free(struct view *v);
/* While a row is drawn: the time that the row above it shows, if there is one that shows a time. Needs ops->time or
 * ops->message. */
int64_t view_time_above(struct view *v, int64_t otherwise);
/* Appends the cells of a row that all columns are made from. */
void view_add_cells(struct view *v, const void *row, struct line *out);
void view_draw(struct view *v, struct area area);
/* Leaves room for marks at the left of the rows while there are any; for lists without titles. */
void view_set_gutter(struct view *v);
/* Draws titles of columns, and a list of rows. */
void view_draw_table(struct view *v, struct area area);
/* Draws a list in an area: rows by draw_row, with the selection and the matches of the search marked. */
void view_draw_list(struct view *v, struct area area, enum emphasis selected);
unsigned view_command(struct view *v, enum command c);
unsigned view_mouse(struct view *v, struct key key);
/* As order_set_filter, order_set_column and order_stop; where all rows show at once, the same one is selected. */
void view_set_filter(struct view *v, struct filter *f);
void view_set_column(struct view *v, int column);
void view_stop_order(struct view *v);
/* Turns the order of the rows around. */
unsigned view_reverse(struct view *v);
/* Searching, by positions: places of the list, or what the view counts. */
void view_positions(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current);
bool view_matches(struct view *v, uint64_t at, const struct pattern *p);
void view_show(struct view *v, uint64_t at);
/* Is the newest row selected as it comes? Where rows are sorted by a column it could stand anywhere. */
bool view_follows(const struct view *v);
/* The row at a line of the list (from 0); false if there is none. */
bool view_row_at_line(const struct view *v, int line, uint64_t *row);
/* The selected row; false if there is none. */
bool view_row(const struct view *v, uint64_t *row);
/* n of the message of the selected row; 0 if there is none. */
uint32_t view_message(struct view *v);
/* Selects the row that shows message n, if there is one. */
bool view_select(struct view *v, uint32_t n);
/* Appends the text of the selected row; false if there is none. */
bool view_copy(struct view *v, struct buf *out);
/* Rows may have come or been forgotten: those of a list that can be sorted are counted anew, before anybody asks which row stands where. */
void view_take_up(struct view *v);
/* A slice of filtering and sorting, until that time (clock_ms). */
unsigned view_step(struct view *v, int64_t until);

#endif
