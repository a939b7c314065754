/*
 * Choosing columns: a row for each column of the list below, with a cross for those that are shown. What
 * does not fit into the terminal is left out all the same.
 */
#include "tui/view_columns.h"

#include "base/xalloc.h"
#include "tui/app.h"

#include <stdlib.h>

enum { TITLE = 10 };

struct chooser {
	struct view view;
	struct view *of;
};

static struct view *of(const struct view *v)
{
	return ((const struct chooser *)v)->of;
}

static struct view *new_chooser(struct app *a)
{
	struct chooser *c = xcalloc(1, sizeof *c);
	c->view.ops = &view_columns;
	c->view.app = a;
	return &c->view;
}

static void free_chooser(struct view *v)
{
	free(v);
}

void view_columns_set(struct view *v, struct view *whose)
{
	((struct chooser *)v)->of = whose;
	v->list.selected = 0;
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = (uint64_t)of(v)->column_count;
}

static void draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	const struct column *c = &of(v)->columns[row];
	bool shown = !(of(v)->hidden & 1u << row);
	line_addf(out, INK_PLAIN, " [%c] ", shown ? 'x' : ' ');
	line_add_cell(out, INK_STRONG, slice_str(c->title), TITLE, false);
	line_add(out, INK_PLAIN, slice_str(c->sentence), width - out->columns);
	if (shown && !of(v)->widths[row])
		line_add(out, INK_DIM, slice_str(" (no room)"), width - out->columns);
}

static unsigned command(struct view *v, enum command c)
{
	if (c != CMD_TOGGLE)
		return 0;
	of(v)->hidden ^= 1u << v->list.selected;
	return REDRAW;
}

static bool matches(struct view *v, uint64_t row, const struct pattern *p)
{
	const struct column *c = &of(v)->columns[row];
	return pattern_in(p, slice_str(c->title)) || pattern_in(p, slice_str(c->sentence));
}

const struct view_ops view_columns = {
	.name = "Columns",
	.where = IN_COLUMNS,
	.about = "Each row is a column of the list; those with a cross are shown where there is room.",
	.new = new_chooser,
	.free = free_chooser,
	.rows = rows,
	.draw_row = draw_row,
	.command = command,
	.matches = matches,
};
