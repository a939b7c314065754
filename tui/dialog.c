/*
 * The box of a dialog: as large as the dialog would like and the terminal allows, in the middle of the view.
 *
 *	┌─ Name ──────┐
 *	│ inside      │
 *	└─────────────┘
 *
 * Where the border would take the room of what is in it, it goes; where there still are fewer rows than the dialog has, those around the one
 * that matters most are shown.
 */
#include "tui/dialog.h"

#include "tui/app.h"

#include <stdlib.h>

enum { BORDER = 1, MARGIN = 1 /* blank columns inside the border */, ROOMY_ROWS = 8, ROOMY_COLUMNS = 30 };

void dialog_put(struct dialog *d, struct area area, int row, const struct line *l, enum emphasis e)
{
	row -= d->skip;
	if (row >= 0 && row < area.height)
		screen_put(d->app->screen, area.row + row, area.col, area.width, l, e);
}

void dialog_cursor(struct dialog *d, struct area area, int row, int col)
{
	row -= d->skip;
	if (row >= 0 && row < area.height)
		screen_cursor(d->app->screen, area.row + row, area.col + col);
}

int dialog_put_text(struct dialog *d, struct area area, int row, enum ink ink, struct slice text)
{
	struct line *l = &d->app->line;
	int rows = 0;
	while (text.len) {
		line_clear(l);
		line_add(l, ink, line_take(&text, area.width), area.width);
		dialog_put(d, area, row + rows++, l, EMPHASIS_NONE);
	}
	return rows;
}

int dialog_text_rows(struct slice text, int width)
{
	int rows = 0;
	for (; text.len; rows++)
		line_take(&text, width);
	return rows;
}

void dialog_expand_home(struct prompt *p)
{
	const char *home = getenv("HOME");
	struct slice text = buf_slice(&p->text);
	if (home && *home && (slice_starts(text, "~/") || slice_is(text, "~")))
		prompt_replace(p, 0, 1, slice_str(home));
}

static void draw_edge(struct dialog *d, int row, int col, int width, const char *left, const char *name, const char *right)
{
	struct line *l = &d->app->line;
	line_clear(l);
	line_add_str(l, INK_PLAIN, left);
	if (name && width > 8) {
		line_add_str(l, INK_PLAIN, "─ ");
		line_add(l, INK_STRONG, slice_str(name), width - 6);
		line_add_str(l, INK_PLAIN, " ");
	}
	while (l->columns < width - 1)
		line_add_str(l, INK_PLAIN, "─");
	line_add_str(l, INK_PLAIN, right);
	screen_put(d->app->screen, row, col, width, l, EMPHASIS_NONE);
}

static void draw_side(struct dialog *d, int row, int col, int width)
{
	struct line *l = &d->app->line;
	line_clear(l);
	line_add_str(l, INK_PLAIN, "│");
	line_pad(l, INK_PLAIN, width - 1);
	line_add_str(l, INK_PLAIN, "│");
	screen_put(d->app->screen, row, col, width, l, EMPHASIS_NONE);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Without a border it has the view's place to itself: what is no part of it could not be told from it. */
static void draw_bare(struct dialog *d, struct area area, int height)
{
	d->box = (struct area){ area.row, area.col, height, area.width };
	line_clear(&d->app->line);
	line_pad(&d->app->line, INK_PLAIN, area.width);
	for (int i = 0; i < area.height; i++)
		screen_put(d->app->screen, area.row + i, area.col, area.width, &d->app->line, EMPHASIS_NONE);
}

static void draw_bordered(struct dialog *d, struct area area, int height, int width)
{
	int row = area.row + (area.height - height) / 2, col = area.col + (area.width - width) / 2;
	d->box = (struct area){ row + BORDER, col + BORDER + MARGIN, height - 2 * BORDER, width - 2 * (BORDER + MARGIN) };
	draw_edge(d, row, col, width, "┌", d->ops->name, "┐");
	for (int i = 1; i < height - 1; i++)
		draw_side(d, row + i, col, width);
	draw_edge(d, row + height - 1, col, width, "└", NULL, "┘");
}

void dialog_draw(struct dialog *d, struct area area)
{
	bool wide = area.width >= ROOMY_COLUMNS;
	int edges = 2 * BORDER, sides = wide ? 2 * (BORDER + MARGIN) : 0, height = area.height - edges, width = area.width - sides;
	d->ops->size(d, &height, &width);
	if (wide && (area.height >= ROOMY_ROWS || height + edges <= area.height))
		draw_bordered(d, area, least(height + edges, area.height), least(width + sides, area.width));
	else
		draw_bare(d, area, least(height, area.height));
	int focus = d->ops->focus ? d->ops->focus(d) : 0;
	d->skip = focus < d->box.height ? 0 : focus - d->box.height + 1;
	if (d->box.height > 0 && d->box.width > 0)
		d->ops->draw(d, d->box);
}

void dialog_draw_list(struct dialog *d, struct area area, struct list *l, int count,
		      void (*draw_row)(struct dialog *d, int row, struct line *out))
{
	struct line *line = &d->app->line;
	uint64_t row;
	list_set(l, 0, (uint64_t)count, area.height > 0 ? area.height : 0);
	for (int i = 0; i < area.height && list_at(l, i, &row); i++) {
		line_clear(line);
		draw_row(d, (int)row, line);
		dialog_put(d, area, i, line, row == l->selected ? EMPHASIS_SELECTED : EMPHASIS_NONE);
	}
}

bool dialog_move(struct list *l, int key)
{
	switch (key) {
	case KEY_ARROW_UP:
	case 'k': list_move(l, -1); return true;
	case KEY_ARROW_DOWN:
	case 'j': list_move(l, 1); return true;
	case KEY_CTRL_B:
	case KEY_PAGE_UP: list_page(l, -1); return true;
	case KEY_CTRL_F:
	case KEY_PAGE_DOWN: list_page(l, 1); return true;
	case KEY_CTRL_U: list_half_page(l, -1); return true;
	case KEY_CTRL_D: list_half_page(l, 1); return true;
	case KEY_FIRST:
	case 'g': list_select(l, l->first); return true;
	case KEY_FINAL:
	case 'G': list_select(l, l->end); return true;
	default: return false;
	}
}

bool dialog_click(struct list *l, struct area area, struct dialog *d, struct key key)
{
	uint64_t row;
	if (key.code == KEY_WHEEL_UP || key.code == KEY_WHEEL_DOWN)
		list_scroll(l, key.code == KEY_WHEEL_UP ? -1 : 1);
	else if (!list_at(l, key.row - (area.row - d->box.row), &row))
		return false;
	else
		list_select(l, row);
	return true;
}

unsigned dialog_key(struct dialog *d, struct key key)
{
	unsigned reaction = 0;
	if (key.code >= KEY_CLICK && key.code <= KEY_WHEEL_DOWN) {
		key.row -= d->box.row;
		key.col -= d->box.col;
		bool inside = key.row >= 0 && key.row < d->box.height && key.col >= 0 && key.col < d->box.width;
		return inside && d->ops->mouse ? d->ops->mouse(d, key) : 0;
	}
	if (d->ops->key)
		reaction = d->ops->key(d, key.code);
	return !reaction && key.code == KEY_ESC ? CLOSE : reaction;
}
