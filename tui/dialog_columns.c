/*
 * Choosing columns: a row for each column of the list below, from left to right, with a cross for those that are shown. Changes are seen
 * at once. What does not fit into the terminal is left out all the same.
 */
#include "tui/dialogs.h"

#include "base/xalloc.h"
#include "tui/app.h"

#include <stdlib.h>

enum {
	WIDTH = 76,
	TITLE = 10,
	NUMBER = 4,
	WIDEST = 200,
	FOOT = 3 /* how many rows are not in sight, and the sentence of the selected column */
};

struct columns_dialog {
	struct dialog dialog;
	struct view *of;
	struct list list;
};

static struct columns_dialog *self(struct dialog *d)
{
	return (struct columns_dialog *)d;
}

static void free_columns(struct dialog *d)
{
	free(d);
}

static void size(struct dialog *d, int *height, int *width)
{
	*height = self(d)->of->column_count + FOOT;
	*width = WIDTH;
}

static void draw_row(struct dialog *d, int row, struct line *out)
{
	const struct view *v = self(d)->of;
	int i = v->layout.order[row];
	const struct column *c = &v->columns[i];
	bool shown = !(v->layout.hidden & 1u << i);
	struct buf width = { 0 };
	if (v->layout.wish[i])
		buf_addf(&width, "%d", v->layout.wish[i]);
	line_addf(out, INK_PLAIN, "[%c] ", shown ? 'x' : ' ');
	line_add_cell(out, INK_STRONG, slice_str(c->title), TITLE, false);
	line_add_cell(out, INK_PLAIN, buf_slice(&width), NUMBER, true);
	line_add_str(out, INK_PLAIN, "  ");
	if (shown && !v->widths[i])
		line_add_str(out, INK_WARNING, "no room: ");
	line_add(out, INK_PLAIN, slice_str(c->sentence), d->box.width - out->columns);
	buf_release(&width);
}

/* How many rows more there are below, and the sentence of the selected column, which its row may have no room for. */
static void draw_foot(struct dialog *d, struct area area)
{
	const struct list *list = &self(d)->list;
	const struct view *v = self(d)->of;
	struct line *l = &d->app->line;
	struct slice rest = slice_str(v->columns[v->layout.order[list->selected]].sentence);
	line_clear(l);
	if (list->end - list->top > (uint64_t)list->height)
		line_addf(l, INK_DIM, "… %d more", (int)(list->end - list->top) - list->height);
	dialog_put(d, area, area.height - FOOT, l, EMPHASIS_NONE);
	for (int row = area.height - FOOT + 1; row < area.height; row++) {
		line_clear(l);
		line_add(l, INK_DIM, row == area.height - 1 ? rest : line_take(&rest, area.width), area.width);
		dialog_put(d, area, row, l, EMPHASIS_NONE);
	}
}

static void draw(struct dialog *d, struct area area)
{
	struct area rows = area;
	if (area.height > 2 * FOOT)
		rows.height -= FOOT;
	dialog_draw_list(d, rows, &self(d)->list, self(d)->of->column_count, draw_row);
	if (rows.height < area.height)
		draw_foot(d, area);
}

/* The settings take up what is shown now. */
static unsigned changed(struct columns_dialog *d)
{
	struct view *v = d->of;
	struct buf *words = &d->dialog.app->settings->columns[app_id(v)];
	buf_clear(words);
	layout_add(words, &v->layout, v->columns, v->column_count);
	return REDRAW;
}

/* Moves the selected column by one place. */
static unsigned move(struct columns_dialog *d, int by)
{
	uint8_t *order = d->of->layout.order;
	int from = (int)d->list.selected, to = from + by;
	if (to < 0 || to >= d->of->column_count)
		return REDRAW;
	uint8_t moved = order[from];
	order[from] = order[to];
	order[to] = moved;
	list_select(&d->list, (uint64_t)to);
	return changed(d);
}

static unsigned widen(struct columns_dialog *d, int by)
{
	struct view *v = d->of;
	int i = v->layout.order[d->list.selected], width = v->layout.wish[i] ? v->layout.wish[i] : v->widths[i];
	width = !by ? 0 : width + by < 1 ? 1 : width + by > WIDEST ? WIDEST : width + by;
	v->layout.wish[i] = (uint8_t)width;
	return changed(d);
}

/* Shows or hides the selected column; one stays. */
static unsigned toggle(struct columns_dialog *d)
{
	struct layout *l = &d->of->layout;
	uint32_t all = (1u << d->of->column_count) - 1, hidden = l->hidden ^ 1u << l->order[d->list.selected];
	if ((hidden & all) != all)
		l->hidden = hidden;
	return changed(d);
}

static unsigned reset(struct columns_dialog *d)
{
	layout_init(&d->of->layout);
	changed(d);
	buf_clear(&d->dialog.app->settings->columns[app_id(d->of)]);
	return REDRAW;
}

static unsigned key(struct dialog *dialog, int key)
{
	struct columns_dialog *d = self(dialog);
	if (dialog_move(&d->list, key))
		return REDRAW;
	switch (key) {
	case ' ': return toggle(d);
	case KEY_ARROW_LEFT: return move(d, -1);
	case KEY_ARROW_RIGHT: return move(d, 1);
	case '+': return widen(d, 1);
	case '-': return widen(d, -1);
	case '=': return widen(d, 0);
	case '0': return reset(d);
	case 's': return app_save_settings(dialog->app);
	case 'q':
	case KEY_RETURN: return CLOSE;
	default: return 0;
	}
}

static unsigned mouse(struct dialog *d, struct key key)
{
	bool hit = dialog_click(&self(d)->list, d->box, d, key);
	return hit && (key.code == KEY_DOUBLE_CLICK || (key.code == KEY_CLICK && key.col < 3)) ? toggle(self(d)) : REDRAW;
}

static const struct dialog_ops ops = {
	.name = "Columns",
	.hint = "Space Show/hide\tLeft/Right Move\t+/- Width\t= Usual\t0 All usual\ts Save\tEsc Done",
	.free = free_columns,
	.size = size,
	.draw = draw,
	.key = key,
	.mouse = mouse,
};

struct dialog *dialog_columns_new(struct app *a, struct view *of)
{
	struct columns_dialog *d = xcalloc(1, sizeof *d);
	d->dialog.ops = &ops;
	d->dialog.app = a;
	d->of = of;
	return &d->dialog;
}
