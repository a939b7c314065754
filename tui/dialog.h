/*
 * A dialog: a box over the view that has the keys until it is closed. It is one file (tui/dialog_NAME.c) and
 * one const table of functions; the box, its title and the footer are shared.
 *
 * Opening: make one (its file exports a function for that) and give it to app_dialog, which owns it from
 * then on. Closing: key, mouse or step return CLOSE, with whatever else must happen; it is freed then.
 */
#ifndef TUI_DIALOG_H
#define TUI_DIALOG_H

#include "tui/prompt.h"
#include "tui/view.h"

struct dialog;

/* What a dialog can do. NULL where it can't. */
struct dialog_ops {
	const char *name; /* in the border of the box */
	const char *hint; /* its keys, for the footer: "Enter Save\tEsc Leave", each a key and what it does */
	void (*free)(struct dialog *d);
	/* Rows and columns it would like inside the border; it gets less where the terminal is small. *width and *height say how many
	 * there are, for texts that take more rows then and for lists. */
	void (*size)(struct dialog *d, int *height, int *width);
	/* Draws itself inside the border. All of the area is blank. */
	void (*draw)(struct dialog *d, struct area area);
	/* The row that must be in sight where there is no room for all; NULL: the first. */
	int (*focus)(struct dialog *d);
	/* A key. Esc closes the dialog if this returns 0 for it, or is NULL. */
	unsigned (*key)(struct dialog *d, int key);
	/* A click or the wheel, inside the border; row and col count from its corner. */
	unsigned (*mouse)(struct dialog *d, struct key key);
	/* A slice of long work of a few milliseconds, as long as `busy` says so. */
	unsigned (*step)(struct dialog *d);
};

/* The first member of every dialog's own struct. */
struct dialog {
	const struct dialog_ops *ops;
	struct app *app;
	struct area box; /* inside the border, as drawn last */
	int skip;        /* rows at the top that are out of sight */
	bool busy;       /* step wants to be called */
};

/* Draws the box in the middle of an area, and the dialog in it. */
void dialog_draw(struct dialog *d, struct area area);
/* Puts a line at a row of an area of the dialog. */
void dialog_put(struct dialog *d, struct area area, int row, const struct line *l, enum emphasis e);
/* Puts a text there, wrapped to as many rows as it needs; is how many these are. */
int dialog_put_text(struct dialog *d, struct area area, int row, enum ink ink, struct slice text);
int dialog_text_rows(struct slice text, int width);
void dialog_cursor(struct dialog *d, struct area area, int row, int col);
/* "~/" at the front of a path that was typed becomes what a shell would make of it. */
void dialog_expand_home(struct prompt *p);
/* For dialogs with a list of rows: draws `count` rows, the selected one marked; moves the selection by a key or the mouse, and says
 * whether it did. */
void dialog_draw_list(struct dialog *d, struct area area, struct list *l, int count,
		      void (*draw_row)(struct dialog *d, int row, struct line *out));
bool dialog_move(struct list *l, int key);
bool dialog_click(struct list *l, struct area area, struct dialog *d, struct key key);
/* Handles a key or a click. */
unsigned dialog_key(struct dialog *d, struct key key);

#endif
