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
#include "tui/pattern.h"
#include "tui/screen.h"

struct app;
struct view;

enum reaction {
	REDRAW = 1,   /* what is shown has changed */
	REPAINT = 2,  /* the terminal must be painted afresh */
	QUIT = 4,
};

/* A rectangle of the terminal. */
struct area {
	int row, col, height, width;
};

/* A line of the help. */
typedef void help_fn(void *user, enum ink ink, const char *left, const char *right);

/* What a view can do. NULL where it can't, or where the shared behaviour does. */
struct view_ops {
	const char *name;
	uint32_t where; /* its bit in the table of commands */
	const char *about; /* what it shows, a sentence for the help */
	struct view *(*new)(struct app *a);
	void (*free)(struct view *v);
	/* It is opened from another view. */
	void (*open)(struct view *v);
	/* What its title says after the name. */
	void (*add_title)(struct view *v, struct line *out);
	/* The rows there are now: *first … *end - 1. */
	void (*rows)(struct view *v, uint64_t *first, uint64_t *end);
	/* One row. */
	void (*draw_row)(struct view *v, uint64_t row, int width, struct line *out);
	/* What stands where there are no rows. */
	const char *(*empty)(struct view *v);
	/* Draws itself (shared: titles of columns, and a list of rows). */
	void (*draw)(struct view *v, struct area area);
	/* A command that is not shared. */
	unsigned (*command)(struct view *v, enum command c);
	unsigned (*mouse)(struct view *v, struct key key);
	/* Searching: positions (shared: rows), whether one matches, and showing it. */
	void (*positions)(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current);
	bool (*matches)(struct view *v, uint64_t at, const struct pattern *p);
	void (*show)(struct view *v, uint64_t at);
	/* Adds what there is to explain besides keys. */
	void (*help)(struct view *v, help_fn *add, void *user);
};

/* The first member of every view's own struct. */
struct view {
	const struct view_ops *ops;
	struct app *app;
	struct list list;
	struct area body; /* where its rows were drawn last */
	/* Columns, where it has some. */
	struct column columns[COLUMNS_MAX];
	int column_count;
	uint32_t hidden; /* bit set of columns not wanted */
	int widths[COLUMNS_MAX];
};

/* Gives a view a copy of a table of columns. */
void view_set_columns(struct view *v, const struct column *table, int count);
/* Appends the cells of a row that all columns are made from. */
void view_add_cells(struct view *v, const void *row, struct line *out);
void view_draw(struct view *v, struct area area);
/* Draws a list in an area: rows by draw_row, with the selection and the matches of the search marked. */
void view_draw_list(struct view *v, struct area area, enum emphasis selected);
unsigned view_command(struct view *v, enum command c);
unsigned view_mouse(struct view *v, struct key key);
/* Moves a list as a command says; false if the command is no movement. */
bool view_move(struct list *l, enum command c);
void view_positions(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current);
void view_show(struct view *v, uint64_t at);

#endif
