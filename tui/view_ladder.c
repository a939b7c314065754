/*
 * The ladder on the screen:
 *
 *	                            127.0.0.1            127.0.0.1:28080
 *	Time               Delta    node Henrik              server
 *	21:18:18.545257           │─────── signin 1 ───────→│
 *	21:18:18.589292   +44.0ms │←──── signinreply 1 ─────│
 *
 * What it shows is built beside what is on the screen (tui/ladder.h) and takes its place when it is ready. The lines are made by
 * tui/ladder_line.h. The selected message is drawn by a Detail view of its own, at the right or, on a narrow and high terminal, below.
 */
#include "tui/view_ladder.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "tui/app.h"
#include "tui/clock.h"
#include "tui/facts.h"
#include "tui/ladder.h"
#include "tui/ladder_line.h"
#include "tui/view_detail.h"

#include <stdlib.h>

enum {
	WORK = 1024,           /* messages between two looks at the clock */
	PATIENCE_MS = 500,     /* a ladder is not built again sooner */
	TIME_WIDE = 15, TIME_NARROW = 8, DELTA = 8,
	GUTTER_LEAST = 50,     /* columns of the terminal from which on there are times */
	GUTTER_WIDE = 76,      /* … and long ones */
	BESIDE_LEAST = 130,    /* columns from which on the message stands beside the ladder */
	BELOW_LEAST = 32,      /* rows from which on it stands below */
	END_BEST = 48,         /* columns that an end gets before the message gets more */
};

struct ladder_view {
	struct view view;
	struct ladder_spec spec;
	struct ladder *now, *next; /* what is shown, what is being built; NULL for none */
	uint32_t wanted;           /* message to be selected when next is ready */
	int64_t begun, rest_until; /* ms: when next was begun; when another one may be */
	struct ladder_layout layout;
	int scroll, gutter, time;
	struct facts_room room;
	struct buf label, note;
	struct view *beside;       /* a Detail view; NULL until it is needed */
	uint32_t beside_n;
	bool no_beside;
	bool marked;               /* its threads are those that were marked */
	bool asked;                /* next was asked for by a key */
};

static struct ladder_view *self(struct view *v)
{
	return (struct ladder_view *)v;
}

static struct view *new_ladder(struct app *a)
{
	struct ladder_view *l = xcalloc(1, sizeof *l);
	l->view.ops = &view_ladder;
	l->view.app = a;
	return &l->view;
}

static void drop_ladders(struct ladder_view *l)
{
	ladder_free(l->now);
	ladder_free(l->next);
	l->now = l->next = NULL;
}

static void free_ladder(struct view *v)
{
	struct ladder_view *l = self(v);
	drop_ladders(l);
	ladder_spec_release(&l->spec);
	facts_room_release(&l->room);
	buf_release(&l->label);
	buf_release(&l->note);
	if (l->beside)
		view_free(l->beside);
	free(l);
}

/* Building. */

static void build(struct ladder_view *l)
{
	ladder_free(l->next);
	l->next = ladder_new(l->view.app->session, &l->spec, l->view.app->seen.messages);
	l->begun = clock_ms();
	l->asked = false;
}

static void show_spec(struct ladder_view *l, uint32_t n)
{
	drop_ladders(l);
	l->wanted = n;
	l->scroll = 0;
	l->view.list = (struct list){ 0 };
	numbers_release(&l->spec.unfolded);
	build(l);
}

static void show_threads(struct ladder_view *l, const struct numbers *threads, bool marked, bool extend, uint32_t n)
{
	numbers_copy(&l->spec.threads, threads);
	l->spec.conn = 0;
	l->spec.extend = extend;
	l->marked = marked;
	show_spec(l, n);
}

void view_ladder_of_conn(struct view *v, uint32_t conn, uint32_t n)
{
	struct ladder_view *l = self(v);
	l->spec.threads.count = 0;
	l->spec.conn = conn;
	l->spec.extend = false;
	show_spec(l, n);
}

static const struct ladder_row *row_at(const struct ladder_view *l, uint64_t row)
{
	return l->now && row < ladder_rows(l->now) ? ladder_row(l->now, (size_t)row) : NULL;
}

/* The message of a row, 0 for none. */
static uint32_t message(struct view *v, uint64_t row)
{
	const struct ladder_row *r = row_at(self(v), row);
	return r && r->kind != LADDER_NEWS ? r->n : 0;
}

static void put_in_place(struct ladder_view *l)
{
	struct list *list = &l->view.list;
	ladder_free(l->now);
	l->now = l->next;
	l->next = NULL;
	list_set(list, 0, ladder_rows(l->now), list->height);
	if (l->wanted)
		list_show(list, ladder_row_of(l->now, l->wanted));
	l->wanted = 0;
	l->beside_n = 0;
	int64_t now = clock_ms();
	l->rest_until = now + (4 * (now - l->begun) > PATIENCE_MS ? 4 * (now - l->begun) : PATIENCE_MS);
}

/* The session has grown by something that belongs here. */
static bool is_due(const struct ladder_view *l)
{
	const struct app *a = l->view.app;
	return l->now && !l->next && !a->paused && ladder_is_old(l->now, a->seen.messages) && clock_ms() >= l->rest_until;
}

static bool work(struct view *v, int64_t until)
{
	struct ladder_view *l = self(v);
	if (is_due(l)) {
		l->wanted = message(v, v->list.selected);
		build(l);
	}
	bool busy = l->next != NULL;
	while (l->next && clock_ms() < until)
		if (!ladder_step(l->next, WORK))
			put_in_place(l);
	return busy;
}

static const char *doing(struct view *v, int *percent)
{
	const struct ladder_view *l = self(v);
	if (!l->next)
		return NULL;
	*percent = ladder_percent(l->next);
	return "looking for messages";
}

static void rebuild(struct ladder_view *l)
{
	l->wanted = message(&l->view, l->view.list.selected);
	build(l);
	l->asked = true;
}

/* What was there before stays. */
static bool stop_building(struct view *v)
{
	struct ladder_view *l = self(v);
	if (!l->next || !l->now || !l->asked)
		return false;
	ladder_free(l->next);
	l->next = NULL;
	ladder_spec_copy(&l->spec, ladder_spec(l->now));
	app_notice(v->app, "Stopped.");
	return true;
}

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
	if (area->height > 4) {
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
	ladder_add_names(line, &l->layout, INK_HEAD, area->height > 4 ? add_who : add_end, l);
	put(l, area, line);
}

/* Rows. */

/* The message on the screen before that row. */
static const struct record *before(const struct ladder_view *l, uint64_t row)
{
	while (row-- > 0) {
		const struct ladder_row *r = row_at(l, row);
		if (r && (r->kind == LADDER_MESSAGE || r->kind == LADDER_STREAM))
			return session_record(l->view.app->session, r->n);
	}
	return NULL;
}

static void add_times(struct ladder_view *l, uint64_t row, int64_t time, struct line *out)
{
	struct app *a = l->view.app;
	const struct record *last = before(l, row);
	struct buf *text = &a->scratch;
	if (!l->gutter)
		return;
	buf_clear(text);
	app_add_time(a, text, time, last ? last->time : time, l->time);
	line_add_cell(out, INK_PLAIN, buf_slice(text), l->time + 1, false);
	buf_clear(text);
	if (last) {
		if (time >= last->time)
			buf_add_byte(text, '+');
		when_add_span(text, time - last->time);
	}
	line_add_cell(out, INK_DIM, buf_slice(text), DELTA, true);
	line_pad(out, INK_PLAIN, l->gutter);
}

static void set_ends(const struct ladder_view *l, struct ladder_arrow *a, uint32_t conn, enum dir dir)
{
	const struct ladder_conn *c = ladder_conn(l->now, conn);
	a->from = c ? c->end[dir] : 0;
	a->to = c ? c->end[!dir] : 0;
}

static void add_message(struct ladder_view *l, const struct facts *f, struct ladder_arrow *a)
{
	buf_add(&l->label, f->command);
	if (f->record->has_seq)
		buf_addf(&l->label, " %d", f->record->seq);
	facts_add_gist(&l->note, l->view.app->session, f);
	a->ink = facts_ink(f->record);
}

static void add_stream(struct ladder_view *l, const struct ladder_row *r, struct ladder_arrow *a)
{
	const struct ladder_fold *f = ladder_fold(l->now, r->at);
	const struct session *s = l->view.app->session;
	const struct record *first = session_record(s, f->first), *last = session_record(s, f->last);
	buf_addf(&l->label, "stream ×%u, ", f->count);
	amount_add_size(&l->label, f->bytes);
	buf_add_str(&l->label, "B");
	if (first && last) {
		buf_add_str(&l->note, "in ");
		when_add_span(&l->note, last->time - first->time);
	}
	a->ink = INK_STREAM;
	a->stroke = STROKE_DOUBLE;
}

static void add_rules(struct ladder_view *l, uint32_t rules, struct ladder_arrow *a)
{
	int worst = rules_worst(rules);
	buf_add_str(&l->label, "! ");
	for (int i = 0; i < RULES; i++) {
		const struct rule_info *rule = rule_info((enum rule)i);
		if (!(rules & 1u << i) || rule->severity == SEVERITY_NOTE)
			continue;
		buf_addf(&l->label, "%s ", rule->name);
		if ((int)rule->severity == worst && !l->note.len)
			buf_add_str(&l->note, rule->sentence);
	}
	a->ink = facts_severity_ink(worst);
	a->stroke = STROKE_NONE;
	a->from = a->to = a->from < a->to ? a->from : a->to;
}

static void add_news(struct ladder_view *l, const struct session_news *news, struct ladder_arrow *a)
{
	session_news_text(&l->label, news);
	set_ends(l, a, news->conn, news->dir);
	a->ink = news->kind == NEWS_NOTE || news->kind == NEWS_NOT_OURS ? INK_NOTE : INK_WARNING;
	a->stroke = STROKE_DOTS;
}

/* Makes the arrow of a row, and the time it stands at (INT64_MIN: none). False if its message is forgotten. */
static bool make_arrow(struct ladder_view *l, const struct ladder_row *r, struct ladder_arrow *a, int64_t *time)
{
	const struct session *s = l->view.app->session;
	const struct session_news *news = r->kind == LADDER_NEWS ? session_news_at(s, r->at) : NULL;
	const struct record *record = session_record(s, r->n);
	struct facts f;
	buf_clear(&l->label);
	buf_clear(&l->note);
	*a = (struct ladder_arrow){ .note_ink = INK_PLAIN };
	if (r->kind == LADDER_NEWS ? !news : !record)
		return false;
	*time = r->kind == LADDER_RULES ? INT64_MIN : news ? news->time : record->time;
	if (!news)
		set_ends(l, a, record->conn, record->dir ? DIR_S2C : DIR_C2S);
	if (news)
		add_news(l, news, a);
	else if (r->kind == LADDER_RULES)
		add_rules(l, r->at ? ladder_fold(l->now, r->at - 1)->rules : record->rules, a);
	else if (r->kind == LADDER_STREAM)
		add_stream(l, r, a);
	else if (facts_read(&f, s, r->n, &l->room))
		add_message(l, &f, a);
	a->label = buf_slice(&l->label);
	a->note = buf_slice(&l->note);
	return true;
}

static void draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	struct ladder_view *l = self(v);
	const struct ladder_row *r = row_at(l, row);
	struct ladder_arrow a;
	int64_t time;
	if (!r)
		return;
	if (!make_arrow(l, r, &a, &time)) {
		line_add(out, INK_DIM, slice_str("  forgotten, for the memory limit"), width);
		return;
	}
	if (time != INT64_MIN)
		add_times(l, row, time, out);
	line_pad(out, INK_PLAIN, l->gutter);
	ladder_add_arrow(out, &l->layout, &a);
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = self(v)->now ? ladder_rows(self(v)->now) : 0;
}

static const char *empty(struct view *v)
{
	return self(v)->now ? "There are no messages." : "Looking for its messages …";
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
	uint32_t n = message(&l->view, l->view.list.selected);
	line_clear(line);
	for (int i = 0; i < area.height; i++)
		screen_put(a->screen, area.row + i, area.col, area.width, line, EMPHASIS_NONE);
	if (!n || !session_record(a->session, n))
		return;
	if (!l->beside) {
		l->beside = view_detail.new(a);
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

static void draw(struct view *v, struct area area)
{
	struct ladder_view *l = self(v);
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

/* Secrets are shown now, or hidden. */
static void renew(struct view *v)
{
	self(v)->beside_n = 0;
}

static void add_counted(struct line *out, uint64_t n, const char *noun, const char *after)
{
	struct buf text = { 0 };
	amount_add_counted(&text, n, noun);
	line_addf(out, INK_PLAIN, " %s%s", buf_cstr(&text), after);
	buf_release(&text);
}

static void add_title(struct view *v, struct line *out)
{
	const struct ladder_view *l = self(v);
	uint32_t threads = l->now ? ladder_threads(l->now) : (uint32_t)l->spec.threads.count;
	if (l->spec.conn)
		line_addf(out, INK_PLAIN, " connection %u ", l->spec.conn);
	else
		add_counted(out, threads, l->marked && !l->spec.extend ? "marked thread" : "thread", l->spec.extend ? ", with related ones " : " ");
	if (l->now && ladder_left_out(l->now))
		add_counted(out, ladder_left_out(l->now), "message", " more ");
}

/* Commands. */

static unsigned toggle_stream(struct ladder_view *l)
{
	uint32_t n = message(&l->view, l->view.list.selected);
	const struct record *r = session_record(l->view.app->session, n);
	if (!r || r->role != ROLE_STREAM) {
		app_notice(l->view.app, "This is no message of a stream.");
		return REDRAW;
	}
	if (!numbers_put(&l->spec.unfolded, r->thread))
		numbers_take(&l->spec.unfolded, r->thread);
	rebuild(l);
	return REDRAW;
}

static unsigned open_row(struct ladder_view *l)
{
	const struct ladder_row *r = row_at(l, l->view.list.selected);
	if (!r)
		return REDRAW;
	if (r->kind == LADDER_STREAM)
		return toggle_stream(l);
	if (r->kind != LADDER_NEWS)
		return app_open_message(l->view.app, r->n);
	buf_clear(&l->label);
	session_news_text(&l->label, session_news_at(l->view.app->session, r->at));
	app_notice(l->view.app, "%s", buf_cstr(&l->label));
	return REDRAW;
}

static unsigned toggle(struct ladder_view *l, bool *what)
{
	*what = !*what;
	rebuild(l);
	return REDRAW;
}

static unsigned extend(struct ladder_view *l)
{
	if (l->spec.conn) {
		app_notice(l->view.app, "This is a whole connection already; x extends the ladder of a thread.");
		return REDRAW;
	}
	return toggle(l, &l->spec.extend);
}

static unsigned scroll(struct ladder_view *l, int direction)
{
	int most = ladder_scroll_max(&l->layout), step = l->layout.spacing / 2;
	l->scroll += direction * step;
	l->scroll = l->scroll < 0 ? 0 : l->scroll > most ? most : l->scroll;
	return REDRAW;
}

static unsigned command(struct view *v, enum command c)
{
	struct ladder_view *l = self(v);
	switch (c) {
	case CMD_OPEN: return open_row(l);
	case CMD_FOLD: return toggle_stream(l);
	case CMD_OPEN_ALL: return toggle(l, &l->spec.unfold);
	case CMD_APART: return toggle(l, &l->spec.apart);
	case CMD_EXTEND: return extend(l);
	case CMD_HEX: l->no_beside = !l->no_beside; return REDRAW;
	case CMD_RIGHT: return scroll(l, 1);
	case CMD_LEFT: return scroll(l, -1);
	default: return 0;
	}
}

/* Searching. */

static bool matches(struct view *v, uint64_t row, const struct pattern *p)
{
	struct ladder_view *l = self(v);
	const struct ladder_row *r = row_at(l, row);
	struct ladder_arrow a;
	struct facts f;
	int64_t time;
	if (!r || !make_arrow(l, r, &a, &time))
		return false;
	if (pattern_in(p, a.label) || pattern_in(p, a.note))
		return true;
	return r->kind == LADDER_MESSAGE && facts_read(&f, v->app->session, r->n, &l->room) && pattern_in(p, f.bytes);
}

/* What the selected arrow connects comes into sight. */
static void show(struct view *v, uint64_t row)
{
	struct ladder_view *l = self(v);
	const struct ladder_row *r = row_at(l, row);
	struct ladder_arrow a;
	int64_t time;
	list_show(&v->list, row);
	if (r && make_arrow(l, r, &a, &time))
		l->scroll = ladder_scroll_to(&l->layout, a.from, a.to);
}

/* The threads of all marked messages. */
static void add_marked(const struct app *a, struct numbers *threads)
{
	const struct record *r;
	for (uint32_t n = 0; (n = marks_next(&a->marks, n));)
		if ((r = session_record(a->session, n)))
			numbers_put(threads, r->thread);
}

unsigned view_ladder_open(struct app *a, bool extend)
{
	uint32_t n = view_message(app_view(a));
	const struct record *r = session_record(a->session, n);
	struct numbers threads = { 0 };
	if (app_view(a)->ops->where & IN_MARKED)
		add_marked(a, &threads);
	bool marked = threads.count > 0;
	if (r && !marked)
		numbers_put(&threads, r->thread);
	if (threads.count) {
		show_threads(self(app_get(a, VIEW_LADDER)), &threads, marked, extend, n);
		app_open(a, VIEW_LADDER);
	}
	numbers_release(&threads);
	return REDRAW;
}

static void help(struct view *v, help_fn *add, void *user)
{
	(void)v;
	add(user, INK_FIELD, "───→", "a message, from its sender to its receiver, in the colour of what it is");
	add(user, INK_FIELD, "═══→", "the messages of a stream in one arrow, where its first one stands; Enter unfolds it");
	add(user, INK_FIELD, "!", "rules that the message above breaks");
	add(user, INK_FIELD, "····", "what is missing from the capture, or is no message");
}

const struct view_ops view_ladder = {
	.name = "Ladder",
	.where = IN_LADDER,
	.about = "The messages of threads or of a connection as arrows between those who talk. Connections of one client host share a "
		 "column, unless asked otherwise.",
	.new = new_ladder,
	.free = free_ladder,
	.add_title = add_title,
	.rows = rows,
	.draw_row = draw_row,
	.message = message,
	.empty = empty,
	.draw = draw,
	.command = command,
	.work = work,
	.stop = stop_building,
	.doing = doing,
	.renew = renew,
	.matches = matches,
	.show = show,
	.help = help,
};
