/*
 * What views share: a list of rows with titles above it, its movements, the mouse in it, and searching it.
 */
#include "tui/app.h"

enum { WHEEL = 3 };

void view_set_columns(struct view *v, const struct column *table, int count)
{
	memcpy(v->columns, table, (size_t)count * sizeof *table);
	v->column_count = count;
}

void view_add_cells(struct view *v, const void *row, struct line *out)
{
	columns_add_row(out, v->columns, v->column_count, v->widths, v, row, &v->app->scratch);
}

static void mark_matches(const struct pattern *p, struct line *l)
{
	struct slice text = buf_slice(&l->text);
	for (size_t at = 0; (at = pattern_find(p, text, at)) != SIZE_MAX; at += p->text.len)
		line_mark(l, at, p->text.len, INK_MATCH);
}

void view_draw_list(struct view *v, struct area area, enum emphasis selected)
{
	struct line *l = &v->app->line;
	uint64_t row;
	v->body = area;
	for (int i = 0; i < area.height; i++) {
		bool there = list_at(&v->list, i, &row);
		line_clear(l);
		if (there)
			v->ops->draw_row(v, row, area.width, l);
		else if (i == 1 && list_empty(&v->list) && v->ops->empty)
			line_addf(l, INK_STRONG, "  %s", v->ops->empty(v));
		mark_matches(&v->app->search.pattern, l);
		screen_put(v->app->screen, area.row + i, area.col, area.width, l,
			   there && row == v->list.selected ? selected : EMPHASIS_NONE);
	}
}

static void draw_titles(struct view *v, struct area *area)
{
	struct line *l = &v->app->line;
	columns_fit(v->columns, v->column_count, v->hidden, area->width, v->widths);
	line_clear(l);
	columns_add_titles(l, v->columns, v->column_count, v->widths);
	line_pad(l, INK_HEAD, area->width);
	screen_put(v->app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
	area->height--;
}

void view_draw(struct view *v, struct area area)
{
	uint64_t first, end;
	if (v->ops->draw) {
		v->ops->draw(v, area);
		return;
	}
	if (v->column_count && area.height > 0)
		draw_titles(v, &area);
	v->ops->rows(v, &first, &end);
	list_set(&v->list, first, end, area.height > 0 ? area.height : 0);
	view_draw_list(v, area, EMPHASIS_SELECTED);
}

bool view_move(struct list *l, enum command c)
{
	int page = l->height > 1 ? l->height - 1 : 1;
	switch (c) {
	case CMD_UP: list_move(l, -1); break;
	case CMD_DOWN: list_move(l, 1); return true;
	case CMD_PAGE_UP: list_move(l, -page); break;
	case CMD_PAGE_DOWN: list_move(l, page); return true;
	case CMD_FIRST: list_select(l, l->first); break;
	case CMD_LAST: list_select(l, l->end ? l->end - 1 : 0); return true;
	default: return false;
	}
	l->follow = false;
	return true;
}

unsigned view_command(struct view *v, enum command c)
{
	unsigned reaction = v->ops->command ? v->ops->command(v, c) : 0;
	if (!reaction && view_move(&v->list, c))
		return REDRAW;
	return reaction;
}

unsigned view_mouse(struct view *v, struct key key)
{
	uint64_t row;
	if (v->ops->mouse)
		return v->ops->mouse(v, key);
	if (key.code == KEY_WHEEL_UP || key.code == KEY_WHEEL_DOWN) {
		v->list.follow = false;
		list_scroll(&v->list, key.code == KEY_WHEEL_UP ? -WHEEL : WHEEL);
	} else if (list_at(&v->list, key.row - v->body.row, &row)) {
		v->list.follow = false;
		list_select(&v->list, row);
		if (key.code == KEY_DOUBLE_CLICK)
			return view_command(v, command_of_key(KEY_RETURN, v->ops->where));
	}
	return REDRAW;
}

void view_positions(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current)
{
	if (v->ops->positions) {
		v->ops->positions(v, first, end, current);
		return;
	}
	v->ops->rows(v, first, end);
	*current = v->list.selected;
}

void view_show(struct view *v, uint64_t at)
{
	v->list.follow = false;
	if (v->ops->show)
		v->ops->show(v, at);
	else
		list_show(&v->list, at);
}
