/*
 * The ladder as a view:
 *
 *	                            127.0.0.1            127.0.0.1:28080
 *	Time               Delta    node Henrik              server
 *	21:18:18.545257           │─────── signin 1 ───────→│
 *	21:18:18.589292   +44.0ms │←──── signinreply 1 ─────│
 *
 * What it shows is built beside what is on the screen (tui/ladder.h) and takes its place when it is ready. What a row says is found out by
 * tui/ladder_arrows.c, and tui/ladder_draw.c draws it, with the selected message beside it.
 */
#include "tui/view_ladder.h"

#include "base/amount.h"
#include "base/xalloc.h"
#include "tui/app.h"
#include "tui/clock.h"
#include "tui/ladder_part.h"

#include <stdlib.h>

enum {
	WORK = 1024,       /* messages between two looks at the clock */
	PATIENCE_MS = 500, /* a ladder is not built again sooner */
};

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
	struct ladder_view *l = ladder_view_of(v);
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
	struct ladder_view *l = ladder_view_of(v);
	l->spec.threads.count = 0;
	l->spec.conn = conn;
	l->spec.extend = false;
	show_spec(l, n);
}

/* The row that shows the same as another ladder's; or the one before it. */
static size_t same_row(const struct ladder *l, const struct ladder_row *was)
{
	size_t i = ladder_row_of(l, was->n);
	for (size_t next = i + 1; was->kind >= LADDER_RULES && next < ladder_rows(l); next++) {
		const struct ladder_row *r = ladder_row(l, next);
		if (r->kind < LADDER_RULES || r->n > was->n || (r->kind == LADDER_NEWS && (was->kind != LADDER_NEWS || r->at > was->at)))
			break;
		i = next;
	}
	return i;
}

/* What is selected stays so, at its line of the screen. */
static void put_in_place(struct ladder_view *l)
{
	struct list *list = &l->view.list;
	const struct ladder_row *was = ladder_view_row(l, list->selected);
	uint64_t line = list->selected - list->top;
	size_t row = was ? same_row(l->next, was) : ladder_row_of(l->next, l->wanted);
	list_set(list, 0, ladder_rows(l->next), list->height);
	if (was)
		list_put(list, row, line);
	else
		list_show(list, row);
	ladder_free(l->now);
	l->now = l->next;
	l->next = NULL;
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
	struct ladder_view *l = ladder_view_of(v);
	if (is_due(l))
		build(l);
	bool busy = l->next != NULL;
	while (l->next && clock_ms() < until)
		if (!ladder_step(l->next, WORK))
			put_in_place(l);
	return busy;
}

static const char *doing(struct view *v, int *percent)
{
	const struct ladder_view *l = ladder_view_of(v);
	if (!l->next)
		return NULL;
	*percent = ladder_percent(l->next);
	return "looking for messages";
}

static void rebuild(struct ladder_view *l)
{
	build(l);
	l->asked = true;
}

/* What was there before stays. */
static bool stop_building(struct view *v)
{
	struct ladder_view *l = ladder_view_of(v);
	if (!l->next || !l->now || !l->asked)
		return false;
	ladder_free(l->next);
	l->next = NULL;
	ladder_spec_copy(&l->spec, ladder_spec(l->now));
	app_notice(v->app, "Stopped.");
	return true;
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = ladder_view_of(v)->now ? ladder_rows(ladder_view_of(v)->now) : 0;
}

static const char *empty(struct view *v)
{
	if (!ladder_view_of(v)->now)
		return "Looking for its messages …";
	return session_first(v->app->session) > 1 ? "All its messages are forgotten: the oldest go first, for the memory limit."
						  : "There are no messages.";
}

/* Secrets are shown now, or hidden. */
static void renew(struct view *v)
{
	ladder_view_of(v)->beside_n = 0;
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
	const struct ladder_view *l = ladder_view_of(v);
	uint32_t threads = l->now ? ladder_threads(l->now) : (uint32_t)l->spec.threads.count;
	if (l->spec.conn)
		line_addf(out, INK_PLAIN, " connection %u ", l->spec.conn);
	else
		add_counted(out, threads, l->marked && !l->spec.extend ? "marked thread" : "thread",
			    l->spec.extend ? ", with related ones " : " ");
	if (l->now && ladder_left_out(l->now))
		add_counted(out, ladder_left_out(l->now), "message", " more ");
}

/* Commands. */

static unsigned toggle_stream(struct ladder_view *l)
{
	uint32_t n = ladder_view_message(&l->view, l->view.list.selected);
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
	const struct ladder_row *r = ladder_view_row(l, l->view.list.selected);
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
	struct ladder_view *l = ladder_view_of(v);
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
	struct ladder_view *l = ladder_view_of(v);
	const struct ladder_row *r = ladder_view_row(l, row);
	struct ladder_arrow a;
	struct facts f;
	int64_t time;
	if (!r || !ladder_view_arrow(l, r, &a, &time))
		return false;
	if (pattern_in(p, a.label) || pattern_in(p, a.note))
		return true;
	return r->kind == LADDER_MESSAGE && facts_read(&f, v->app->session, r->n, &l->room) &&
	       facts_match(&f, v->app->session, v->app->show_secrets, p);
}

/* What the selected arrow connects comes into sight. */
static void show(struct view *v, uint64_t row)
{
	struct ladder_view *l = ladder_view_of(v);
	const struct ladder_row *r = ladder_view_row(l, row);
	struct ladder_arrow a;
	int64_t time;
	list_show(&v->list, row);
	if (r && ladder_view_arrow(l, r, &a, &time))
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
		show_threads(ladder_view_of(app_get(a, VIEW_LADDER)), &threads, marked, extend, n);
		app_open(a, VIEW_LADDER);
	} else {
		app_notice(a, "That message is forgotten: the oldest go first, for the memory limit.");
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
	.make = new_ladder,
	.free = free_ladder,
	.add_title = add_title,
	.rows = rows,
	.draw_row = ladder_draw_row,
	.message = ladder_view_message,
	.empty = empty,
	.draw = ladder_draw,
	.command = command,
	.work = work,
	.stop = stop_building,
	.doing = doing,
	.renew = renew,
	.matches = matches,
	.show = show,
	.help = help,
};
