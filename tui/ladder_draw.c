/*
 * Drawing a ladder: names over its columns, times at the left, and the selected message, by a Detail view of its own, at the right or, on a narrow
 * and high terminal, below. The arrows themselves are lines of tui/ladder_line.h.
 */
#include "tui/ladder_part.h"

#include "base/when.h"
#include "tui/app.h"
#include "tui/view_detail.h"

enum {
	TIME_WIDE = 15,
	TIME_NARROW = 8,
	DELTA = 8,
	GUTTER_LEAST = 50,  /* columns of the terminal from which on there are times */
	GUTTER_WIDE = 76,   /* … and long ones */
	BESIDE_LEAST = 130, /* columns from which on the message stands beside the ladder */
	BELOW_LEAST = 32,   /* rows from which on it stands below */
	END_BEST = 48,      /* columns that an end gets before the message gets more */
};

/* Names of the columns. */

static void add_end(void *user, unsigned i, struct buf *out)
{
	const struct ladder_view *l = user;
	const struct ladder_end *e = ladder_end(l->now, i);
	if (ladder_ends(l->now) == LADDER_ENDS && i >= LADDER_ENDS - 2)
		buf_add_str(out, e->server ? "other servers" : "other clients");
	else if (e->several)
		endpoint_add_address(out, &e->at);
	else
		endpoint_add(out, &e->at);
}

static void add_who(void *user, unsigned i, struct buf *out)
{
	struct ladder_view *l = user;
	struct app *a = l->view.app;
	const struct ladder_end *e = ladder_end(l->now, i);
	if (e->server || e->several)
		buf_add_str(out, e->server ? "server" : "clients");
	else
		buf_add(out, peers_name(&a->peers, a->session, e->conn));
}

static void put(struct ladder_view *l, struct area *area, const struct line *line)
{
	screen_put(l->view.app->screen, area->row++, area->col, area->width, line, EMPHASIS_NONE);
	area->height--;
}

static void draw_heads(struct ladder_view *l, struct area *area)
{
	struct line *line = &l->view.app->line;
	bool both = area->height > 4;
	if (both) {
		line_clear(line);
		line_pad(line, INK_PLAIN, l->gutter);
		ladder_add_names(line, &l->layout, INK_STRONG, add_end, l);
		put(l, area, line);
	}
	line_clear(line);
	if (l->gutter) {
		line_add_cell(line, INK_HEAD, slice_str("Time"), l->time + 1, false);
		line_add_cell(line, INK_HEAD, slice_str("Delta"), DELTA, true);
		line_pad(line, INK_HEAD, l->gutter);
	}
	ladder_add_names(line, &l->layout, INK_HEAD, both ? add_who : add_end, l);
	put(l, area, line);
}

/* Rows. */

/* The message on the screen before that row. */
static const struct record *before(const struct ladder_view *l, uint64_t row)
{
	while (row-- > 0) {
		const struct ladder_row *r = ladder_view_row(l, row);
		if (r && (r->kind == LADDER_MESSAGE || r->kind == LADDER_STREAM))
			return session_record(l->view.app->session, r->n);
	}
	return NULL;
}

/* The time, a sign where the message is marked, and the time since the row before. */
static void add_times(struct ladder_view *l, uint64_t row, int64_t time, struct line *out)
{
	struct app *a = l->view.app;
	const struct record *last = before(l, row);
	struct buf *text = &a->scratch;
	if (!l->gutter)
		return;
	buf_clear(text);
	app_add_time(a, text, time, last ? last->time : time, l->time);
	line_add_cell(out, INK_PLAIN, buf_slice(text), l->time, false);
	line_add_str(out, INK_WARNING, marks_has(&a->marks, l->view.ops->message(&l->view, row)) ? "*" : " ");
	buf_clear(text);
	if (last) {
		if (time >= last->time)
			buf_add_byte(text, '+');
		when_add_span(text, time - last->time);
	}
	line_add_cell(out, INK_DIM, buf_slice(text), DELTA, true);
	line_pad(out, INK_PLAIN, l->gutter);
}

void ladder_draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	struct ladder_view *l = ladder_view_of(v);
	const struct ladder_row *r = ladder_view_row(l, row);
	struct ladder_arrow a;
	int64_t time;
	if (!r)
		return;
	if (!ladder_view_arrow(l, r, &a, &time)) {
		line_add(out, INK_DIM, slice_str("  forgotten, for the memory limit"), width);
		return;
	}
	if (time != INT64_MIN)
		add_times(l, row, time, out);
	line_pad(out, INK_PLAIN, l->gutter);
	ladder_add_arrow(out, &l->layout, &a);
}

/* Drawing. */

/* Takes the area of the selected message off the ladder's; false if there is no room for it. */
static bool split(const struct ladder_view *l, struct area *area, struct area *beside)
{
	int ends = l->now ? (int)ladder_ends(l->now) : 2;
	*beside = *area;
	if (l->no_beside)
		return false;
	if (area->width >= BESIDE_LEAST) {
		int best = TIME_WIDE + DELTA + 2 + ends * END_BEST, least = area->width * 2 / 5;
		int width = area->width - best > least ? area->width - best : least;
		width = width > area->width / 2 ? area->width / 2 : width;
		beside->col += area->width - width + 1;
		beside->width = width - 1;
		area->width -= width;
		return true;
	}
	if (area->height < BELOW_LEAST)
		return false;
	beside->height = area->height * 2 / 5;
	area->height -= beside->height;
	beside->row += area->height;
	return true;
}

static void draw_beside(struct ladder_view *l, struct area area)
{
	struct app *a = l->view.app;
	struct line *line = &a->line;
	uint32_t n = ladder_view_message(&l->view, l->view.list.selected);
	line_clear(line);
	for (int i = 0; i < area.height; i++)
		screen_put(a->screen, area.row + i, area.col, area.width, line, EMPHASIS_NONE);
	if (!n || !session_record(a->session, n))
		return;
	if (!l->beside) {
		l->beside = view_detail.make(a);
		view_init(l->beside);
	}
	if (l->beside_n != n)
		view_detail_set(l->beside, n);
	l->beside_n = n;
	view_detail_draw_beside(l->beside, area);
}

static void draw_divider(struct ladder_view *l, struct area area)
{
	struct line *line = &l->view.app->line;
	line_clear(line);
	line_add_str(line, INK_DIM, "│");
	for (int i = 0; i < area.height; i++)
		screen_put(l->view.app->screen, area.row + i, area.col, 1, line, EMPHASIS_NONE);
}

static void lay_out(struct ladder_view *l, int width)
{
	l->time = width < GUTTER_WIDE ? TIME_NARROW : TIME_WIDE;
	l->gutter = width < GUTTER_LEAST ? 0 : l->time + 1 + DELTA + 1;
	ladder_fit(&l->layout, l->now ? ladder_ends(l->now) : 0, width - l->gutter, l->scroll);
	l->scroll = l->layout.scroll;
}

void ladder_draw(struct view *v, struct area area)
{
	struct ladder_view *l = ladder_view_of(v);
	struct area beside;
	bool has_beside = split(l, &area, &beside);
	lay_out(l, area.width);
	if (l->now && area.height > 1)
		draw_heads(l, &area);
	list_set(&v->list, 0, l->now ? ladder_rows(l->now) : 0, area.height > 0 ? area.height : 0);
	view_draw_list(v, area, EMPHASIS_SELECTED);
	if (!has_beside)
		return;
	if (beside.col > area.col)
		draw_divider(l, (struct area){ beside.row, beside.col - 1, beside.height, 1 });
	draw_beside(l, beside);
}
