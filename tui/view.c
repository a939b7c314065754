/*
 * What views share: a list of rows with titles above it, its movements, the mouse in it, and searching it.
 */
#include "tui/app.h"

#include "decode/stats.h"
#include "tui/clock.h"

enum { WHEEL = 3, GUTTER = 2 };

static void source_rows(void *user, uint64_t *first, uint64_t *end)
{
	struct view *v = user;
	v->ops->rows(v, first, end);
}

static void source_candidates(void *user, uint64_t *first, uint64_t *end)
{
	struct view *v = user;
	(v->ops->candidates ? v->ops->candidates : v->ops->rows)(v, first, end);
}

static bool source_pick(void *user, uint64_t candidate, struct filter *f, uint64_t *row)
{
	struct view *v = user;
	return v->ops->pick(v, candidate, f, row);
}

static struct order_key source_key(void *user, uint64_t row, int column)
{
	struct view *v = user;
	return v->ops->key(v, row, column);
}

/* Whatever changes comes with messages, with what becomes known of earlier ones, or with the sums. */
static uint64_t source_stamp(void *user, int column)
{
	const struct view *v = user;
	const struct app *a = v->app;
	uint64_t first, revisions = 0;
	if (!v->columns[column].changes)
		return 0;
	if (!a->paused)
		session_revisions(a->session, &first, &revisions);
	return a->seen.messages + revisions + (a->stats ? stats_next(a->stats) : 0);
}

/* A frozen screen stays as it is. */
static bool source_revisions(void *user, uint64_t *first, uint64_t *end)
{
	const struct view *v = user;
	session_revisions(v->app->session, first, end);
	return v->ops->recheck && !v->app->paused && !filter_lasting(v->order.filter);
}

static struct session_revision source_revision(void *user, uint64_t i)
{
	const struct view *v = user;
	return session_revision_at(v->app->session, i);
}

static uint32_t source_message(void *user, uint64_t row)
{
	struct view *v = user;
	return v->ops->message(v, row);
}

static enum order_answer source_recheck(void *user, struct session_revision r, uint32_t *step, struct filter *f, uint64_t *row)
{
	struct view *v = user;
	uint64_t first, end;
	enum order_answer answer = v->ops->recheck(v, r, step, f, row);
	if (answer == ORDER_NOT_KNOWN)
		return answer;
	v->ops->rows(v, &first, &end);
	return *row >= first && *row < end ? answer : ORDER_NOT_KNOWN;
}

static uint64_t source_forgotten(void *user)
{
	struct view *v = user;
	return v->ops->forgotten(v);
}

static bool source_is_kept(void *user, uint64_t row)
{
	struct view *v = user;
	return v->ops->is_kept(v, row);
}

void view_init(struct view *v)
{
	struct order_source source = { v,
				       source_rows,
				       source_candidates,
				       source_pick,
				       source_key,
				       source_stamp,
				       source_revisions,
				       source_revision,
				       source_message,
				       source_recheck,
				       v->ops->forgotten ? source_forgotten : NULL,
				       v->ops->is_kept ? source_is_kept : NULL };
	order_init(&v->order, &source);
}

void view_free(struct view *v)
{
	order_release(&v->order);
	v->ops->free(v);
}

/* Are places what the list counts? */
static bool ordered(const struct view *v)
{
	return v->order.ready || v->order.reverse;
}

static uint64_t row_at(const struct view *v, uint64_t place)
{
	return ordered(v) ? order_row(&v->order, place) : place;
}

/* The same for a row that is about to be shown, of which what stands above it is kept. */
static uint64_t shown_at(struct view *v, uint64_t place)
{
	v->has_above = place > v->list.first;
	if (v->has_above)
		v->above = row_at(v, place - 1);
	return row_at(v, place);
}

/* What ops->time is where a view has none. */
static bool message_time(struct view *v, uint64_t row, int64_t *time)
{
	const struct record *r = session_record(v->app->session, v->ops->message(v, row));
	if (r)
		*time = r->time;
	return r != NULL;
}

int64_t view_time_above(struct view *v, int64_t otherwise)
{
	int64_t time;
	bool (*time_of)(struct view * v, uint64_t row, int64_t * time) = v->ops->time ? v->ops->time : message_time;
	return v->has_above && time_of(v, v->above, &time) ? time : otherwise;
}

bool view_row_at_line(const struct view *v, int line, uint64_t *row)
{
	uint64_t place;
	if (!list_at(&v->list, line, &place))
		return false;
	*row = row_at(v, place);
	return true;
}

bool view_row(const struct view *v, uint64_t *row)
{
	uint64_t first, end;
	if (list_empty(&v->list))
		return false;
	if (ordered(v)) {
		order_places(&v->order, &first, &end);
		if (v->list.selected < first || v->list.selected >= end)
			return false;
	}
	*row = row_at(v, v->list.selected);
	return true;
}

uint32_t view_message(struct view *v)
{
	uint64_t row;
	return v->ops->message && view_row(v, &row) ? v->ops->message(v, row) : 0;
}

bool view_follows(const struct view *v)
{
	return v->follow && v->order.column == ORDER_NONE;
}

/* The place of the newest row, where rows stand as they are numbered. */
static uint64_t newest(const struct view *v)
{
	return v->order.reverse || list_empty(&v->list) ? v->list.first : v->list.end - 1;
}

/* Takes up the rows there are now. Turned around, each stands at another place when some have come or gone. */
static void take_up(struct view *v, int height)
{
	uint64_t first, end, before = v->list.first + v->list.end;
	if (ordered(v))
		order_places(&v->order, &first, &end);
	else
		v->ops->rows(v, &first, &end);
	if (v->order.reverse && !v->order.ready && !list_empty(&v->list))
		list_shift(&v->list, first + end - before);
	list_set(&v->list, first, end, height);
	if (view_follows(v))
		list_select(&v->list, newest(v));
}

/* The user selects another row; follow: the newest one. */
static void go_elsewhere(struct view *v, bool follow)
{
	v->follow = follow;
	v->wanted.count = 0;
}

bool view_select(struct view *v, uint32_t n)
{
	uint64_t row, place;
	if (!v->ops->row_of || !v->ops->row_of(v, n, &row))
		return false;
	place = row;
	if (ordered(v) && !order_place(&v->order, row, &place))
		return false;
	take_up(v, v->list.height);
	if (place < v->list.first || place >= v->list.end)
		return false;
	go_elsewhere(v, false);
	list_show(&v->list, place);
	return true;
}

/* Is the first place selected? Who looks at the beginning of a list sees the beginning, too, when it was sorted. */
static bool at_top(const struct view *v)
{
	return v->list.selected == v->list.first;
}

static void add_heir(struct view *v, struct heirs *h, uint64_t place, uint64_t first_row)
{
	uint64_t row = row_at(v, place);
	if (row >= first_row && (!v->ops->is_kept || v->ops->is_kept(v, row)))
		h->row[h->count++] = row;
}

static struct heirs heirs(struct view *v)
{
	struct heirs h = { .count = 0 };
	uint64_t first = v->list.first, end = v->list.end, first_row, end_row;
	v->ops->rows(v, &first_row, &end_row);
	if (ordered(v))
		order_places(&v->order, &first, &end);
	for (uint64_t at = v->list.selected; h.count < HEIRS && at >= first && at < end; at++)
		add_heir(v, &h, at, first_row);
	for (uint64_t at = v->list.selected; !h.count && at > first && at <= end; at--)
		add_heir(v, &h, at - 1, first_row);
	return h;
}

static bool heir_place(const struct view *v, const struct heirs *h, uint64_t *place)
{
	for (int i = 0; i < h->count; i++)
		if (order_place(&v->order, h->row[i], place))
			return true;
	return false;
}

/* Lets the selection stand on the same row, or its heir, after places have changed, at the same line of the screen. */
static void keep_selection(struct view *v, const struct heirs *h)
{
	uint64_t place, above = v->list.selected - v->list.top;
	take_up(v, v->list.height);
	if (!h->count && !view_follows(v))
		list_select(&v->list, v->list.first);
	if (view_follows(v) || !heir_place(v, h, &place))
		return;
	list_put(&v->list, place, above);
}

/* What is selected now; nothing where that is the top, which stays the top. */
static struct heirs below_top(struct view *v)
{
	struct heirs none = { .count = 0 };
	return at_top(v) ? none : heirs(v);
}

/* All rows show as they are numbered; or else the next slices find their places. */
static void settle(struct view *v, const struct heirs *h)
{
	if (!v->order.ready)
		keep_selection(v, h);
}

void view_set_filter(struct view *v, struct filter *f)
{
	struct heirs h = v->wanted.count ? v->wanted : below_top(v);
	order_set_filter(&v->order, f);
	v->wanted = h;
	v->wanted.count = v->order.ready ? h.count : 0;
	settle(v, &h);
}

void view_set_column(struct view *v, int column)
{
	struct heirs h = below_top(v);
	order_set_column(&v->order, column);
	settle(v, &h);
}

void view_stop_order(struct view *v)
{
	struct heirs h = below_top(v);
	order_stop(&v->order);
	settle(v, &h);
}

void view_take_up(struct view *v)
{
	if (v->ops->key)
		take_up(v, v->list.height);
}

unsigned view_step(struct view *v, int64_t until)
{
	struct heirs h = { .count = 0 };
	if (!list_empty(&v->list) && !(at_top(v) && order_sorts(&v->order)))
		h = heirs(v);
	if (v->order.filter)
		filter_set_start(v->order.filter, capture_first_time(v->app->o->capture));
	if (order_step(&v->order, until))
		keep_selection(v, v->wanted.count ? &v->wanted : &h);
	if (!order_busy(&v->order))
		v->wanted.count = 0;
	return REDRAW;
}

void view_set_columns(struct view *v, const struct column *table, int count)
{
	memcpy(v->columns, table, (size_t)count * sizeof *table);
	v->column_count = count;
	layout_init(&v->layout);
}

void view_add_cells(struct view *v, const void *row, struct line *out)
{
	columns_add_row(out, v->columns, v->column_count, &v->layout, v->widths, v, row, &v->app->scratch);
}

static void mark_matches(const struct pattern *p, struct line *l)
{
	struct slice text = buf_slice(&l->text);
	for (size_t at = 0; (at = pattern_find(p, text, at)) != SIZE_MAX; at += p->text.len)
		line_mark(l, at, p->text.len, INK_MATCH);
}

bool view_copy(struct view *v, struct buf *out)
{
	struct line *l = &v->app->line;
	uint64_t row;
	if (!view_row(v, &row))
		return false;
	shown_at(v, v->list.selected);
	if (v->ops->copy) {
		v->ops->copy(v, row, out);
		return true;
	}
	line_clear(l);
	v->ops->draw_row(v, row, screen_columns(v->app->screen), l);
	buf_add(out, buf_slice(&l->text));
	return true;
}

/* At the left of a row its letter and its mark, the one there is first, so that a blank follows. */
static void add_gutter(struct view *v, uint64_t row, struct line *out)
{
	uint32_t n = v->ops->message(v, row);
	char letter = marks_letter(&v->app->marks, n);
	if (letter)
		line_add(out, INK_WARNING, (struct slice){ (const uint8_t *)&letter, 1 }, 1);
	if (n && marks_has(&v->app->marks, n))
		line_add_str(out, INK_WARNING, "*");
	line_pad(out, INK_PLAIN, GUTTER);
}

/* Does the row that the filter let through not match any more? Of a long thread the first messages are asked. */
static bool no_longer(struct view *v, uint64_t row, struct filter *f)
{
	uint32_t step = 0;
	uint64_t shown;
	return v->ops->recheck(v, (struct session_revision){ v->ops->message(v, row), false }, &step, f, &shown) == ORDER_NO;
}

/* A row, dimmed where it no longer passes the filter and has not left yet. */
static void draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	struct filter *f = v->order.filter;
	size_t from = out->text.len;
	bool gone = f && v->ops->recheck && !filter_lasting(f) && no_longer(v, row, f);
	v->ops->draw_row(v, row, width, out);
	if (gone)
		line_mark(out, from, out->text.len - from, INK_DIM);
}

/* A line of the sentence about a list that is empty; takes it off *text. */
static void add_empty(struct slice *text, int width, struct line *out)
{
	line_add_str(out, INK_STRONG, "  ");
	line_add(out, INK_STRONG, line_take(text, width > 12 ? width - 2 : 10), width - out->columns);
}

void view_draw_list(struct view *v, struct area area, enum emphasis selected)
{
	struct line *l = &v->app->line;
	struct slice why = slice_str(list_empty(&v->list) && v->ops->empty ? v->ops->empty(v) : "");
	uint64_t row;
	v->body = area;
	for (int i = 0; i < area.height; i++) {
		bool there = list_at(&v->list, i, &row);
		line_clear(l);
		if (there && v->gutter)
			add_gutter(v, row_at(v, row), l);
		if (there)
			draw_row(v, shown_at(v, row), area.width, l);
		else if (i >= 1 && why.len)
			add_empty(&why, area.width, l);
		mark_matches(&v->app->search.pattern, l);
		screen_put(v->app->screen, area.row + i, area.col, area.width, l,
			   there && row == v->list.selected ? selected : EMPHASIS_NONE);
	}
}

static void draw_titles(struct view *v, struct area *area)
{
	struct line *l = &v->app->line;
	int width = area->width - v->gutter;
	columns_fit(v->columns, v->column_count, &v->layout, width, v->widths);
	line_clear(l);
	line_pad(l, INK_HEAD, v->gutter);
	columns_add_titles(l, v->columns, v->column_count, &v->layout, v->widths, v->order.column, v->order.reverse);
	line_pad(l, INK_HEAD, area->width);
	screen_put(v->app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
	area->height--;
}

void view_set_gutter(struct view *v)
{
	v->gutter = v->ops->message && marks_any(&v->app->marks) ? GUTTER : 0;
}

void view_draw_table(struct view *v, struct area area)
{
	int titles = v->column_count && area.height > 0;
	view_set_gutter(v);
	take_up(v, area.height > titles ? area.height - titles : 0);
	if (v->ops->fit)
		v->ops->fit(v);
	if (titles)
		draw_titles(v, &area);
	view_draw_list(v, area, EMPHASIS_SELECTED);
}

void view_draw(struct view *v, struct area area)
{
	if (v->ops->draw)
		v->ops->draw(v, area);
	else
		view_draw_table(v, area);
}

static bool move(struct list *l, enum command c)
{
	switch (c) {
	case CMD_UP: list_move(l, -1); return true;
	case CMD_DOWN: list_move(l, 1); return true;
	case CMD_PAGE_UP: list_page(l, -1); return true;
	case CMD_PAGE_DOWN: list_page(l, 1); return true;
	case CMD_HALF_UP: list_half_page(l, -1); return true;
	case CMD_HALF_DOWN: list_half_page(l, 1); return true;
	case CMD_FIRST: list_select(l, l->first); return true;
	case CMD_LAST: list_select(l, l->end ? l->end - 1 : 0); return true;
	default: return false;
	}
}

unsigned view_command(struct view *v, enum command c)
{
	unsigned reaction = v->ops->command ? v->ops->command(v, c) : 0;
	if (reaction || !move(&v->list, c))
		return reaction;
	go_elsewhere(v, view_follows(v) && v->list.selected == newest(v)); /* who goes elsewhere stays there */
	return REDRAW;
}

unsigned view_reverse(struct view *v)
{
	uint64_t row, place;
	if (!v->ops->key)
		return REDRAW;
	take_up(v, v->list.height);
	bool there = view_row(v, &row) && v->list.selected != v->list.first; /* the top stays the top */
	v->order.reverse = !v->order.reverse;
	if (there && order_place(&v->order, row, &place))
		list_show(&v->list, place);
	return REDRAW;
}

/* A click on the title of a column sorts by it, the next one the other way round, the third one not at all. */
static bool click_title(struct view *v, struct key key)
{
	int column = columns_at(v->column_count, &v->layout, v->widths, key.col - v->body.col - v->gutter);
	if (!v->ops->key || key.row != v->body.row - 1 || column < 0)
		return false;
	if (v->order.column == column && !v->order.reverse)
		return view_reverse(v);
	if (v->order.reverse)
		view_reverse(v);
	view_set_column(v, v->order.column == column ? ORDER_NONE : column);
	return true;
}

unsigned view_mouse(struct view *v, struct key key)
{
	uint64_t row;
	if (v->ops->mouse)
		return v->ops->mouse(v, key);
	if (key.code == KEY_WHEEL_UP || key.code == KEY_WHEEL_DOWN) {
		go_elsewhere(v, false);
		list_scroll(&v->list, key.code == KEY_WHEEL_UP ? -WHEEL : WHEEL);
	} else if (click_title(v, key)) {
		return REDRAW;
	} else if (key.col < v->body.col + v->body.width && list_at(&v->list, key.row - v->body.row, &row)) {
		go_elsewhere(v, false);
		list_select(&v->list, row);
		if (key.code == KEY_DOUBLE_CLICK)
			return view_command(v, keymap_command(&v->app->settings->keys, KEY_RETURN, v->ops->where));
	}
	return REDRAW;
}

void view_positions(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current)
{
	if (v->ops->positions) {
		v->ops->positions(v, first, end, current);
		return;
	}
	take_up(v, v->list.height);
	*first = v->list.first;
	*end = v->list.end;
	*current = v->list.selected;
}

bool view_matches(struct view *v, uint64_t at, const struct pattern *p)
{
	uint64_t first, end;
	if (v->ops->positions)
		return v->ops->matches(v, at, p);
	if (ordered(v)) {
		order_places(&v->order, &first, &end);
		if (at < first || at >= end)
			return false;
	}
	return v->ops->matches(v, shown_at(v, at), p);
}

void view_show(struct view *v, uint64_t at)
{
	go_elsewhere(v, false);
	if (v->ops->show)
		v->ops->show(v, at);
	else
		list_show(&v->list, at);
}
