/*
 * Threads: a row for each, in the order of their first messages. A row's number is the thread's index in
 * the session.
 *
 * How much of the session is shown is the app's to say: the user may have frozen the screen.
 */
#include "tui/app.h"

#include "base/amount.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "tui/as_of.h"
#include "tui/facts.h"

#include <stdlib.h>

enum { NAME_LEAST = 10 /* columns from which on a connection is shown with its name */, WIDEST = 1000, ASKED = 64 };

enum {
	COLUMN_TIME,
	COLUMN_CONN,
	COLUMN_COMMAND,
	COLUMN_GIST,
	COLUMN_STATE,
	COLUMN_LATENCY,
	COLUMN_OUT,
	COLUMN_BACK,
	COLUMN_MESSAGES,
	COLUMN_RULES
};

struct threads {
	struct view view;
	struct facts_room room; /* of the row that is drawn */
	struct buf error;       /* gist of an error reply */
};

/* A row: a thread and its first message. */
struct row {
	struct thread_info info;
	struct facts facts;
	bool failed;
};

static const struct session *session_of(const void *view)
{
	return ((const struct view *)view)->app->session;
}

static enum ink draw_time(struct cell *c)
{
	const struct row *r = c->row;
	struct view *v = c->view;
	app_add_time(v->app, c->text, r->info.time, view_time_above(v, r->info.time), c->width);
	return INK_PLAIN;
}

static enum ink draw_conn(struct cell *c)
{
	const struct row *r = c->row;
	struct app *a = ((struct view *)c->view)->app;
	buf_addf(c->text, "%u", r->facts.record->conn);
	if (c->width < NAME_LEAST)
		return INK_PLAIN;
	buf_add_byte(c->text, ' ');
	buf_add(c->text, peers_name(&a->peers, a->session, r->facts.record->conn));
	return INK_PLAIN;
}

static enum ink draw_command(struct cell *c)
{
	const struct row *r = c->row;
	buf_add(c->text, r->facts.command);
	return r->failed ? INK_ERROR : facts_ink(r->facts.record);
}

/* A failed thread shows its error first: that is what one looks for. */
static enum ink draw_gist(struct cell *c)
{
	const struct row *r = c->row;
	const struct threads *t = c->view;
	if (t->error.len) {
		buf_add(c->text, buf_slice(&t->error));
		buf_add_str(c->text, "  ");
	}
	facts_add_gist(c->text, session_of(c->view), &r->facts);
	return t->error.len ? INK_ERROR : INK_PLAIN;
}

static enum ink draw_state(struct cell *c)
{
	static const enum ink inks[THREAD_STATES] = {
		[THREAD_OPEN] = INK_REQUEST,       [THREAD_STREAMING] = INK_STREAM, [THREAD_FAILED] = INK_ERROR,
		[THREAD_UNANSWERED] = INK_WARNING, [THREAD_BROKEN] = INK_WARNING,   [THREAD_ORPHAN] = INK_WARNING,
	};
	const struct row *r = c->row;
	bool percent = r->info.state == THREAD_STREAMING && r->info.percent >= 0;
	if (percent && c->width < 14)
		buf_addf(c->text, "%d%%", r->info.percent);
	else if (percent)
		buf_addf(c->text, "%s %d%%", thread_state_name(r->info.state), r->info.percent);
	else
		buf_add_str(c->text, thread_state_name(r->info.state));
	return inks[r->info.state];
}

/* Of what still waits, for how long so far; -1 for none. */
static int64_t latency_of(const struct thread_info *t, int64_t now)
{
	int64_t latency = t->latency_last >= 0 ? t->latency_last : t->latency_first;
	if (latency >= 0 || t->state != THREAD_OPEN)
		return latency;
	return now > t->time ? now - t->time : 0;
}

static enum ink draw_latency(struct cell *c)
{
	const struct row *r = c->row;
	int64_t latency = latency_of(&r->info, ((const struct view *)c->view)->app->now);
	bool waits = r->info.latency_last < 0 && r->info.latency_first < 0;
	if (latency < 0)
		return INK_PLAIN;
	when_add_span(c->text, latency);
	buf_add_str(c->text, waits ? "+" : "");
	return waits ? INK_REQUEST : INK_PLAIN;
}

static enum ink draw_bytes(struct cell *c, enum dir dir)
{
	const struct row *r = c->row;
	amount_add_size(c->text, r->info.bytes[dir]);
	return INK_PLAIN;
}

static enum ink draw_out(struct cell *c)
{
	return draw_bytes(c, DIR_C2S);
}

static enum ink draw_back(struct cell *c)
{
	return draw_bytes(c, DIR_S2C);
}

static enum ink draw_messages(struct cell *c)
{
	const struct row *r = c->row;
	amount_add_short(c->text, r->info.messages);
	return INK_PLAIN;
}

static enum ink draw_rules(struct cell *c)
{
	const struct row *r = c->row;
	return facts_add_rules(c->text, r->info.rules);
}

static const struct column columns[] = {
	[COLUMN_TIME] = { "Time", 8, 15, 0, 2, KIND_TEXT, draw_time, "when its first message was complete; w changes between three forms",
			  false },
	[COLUMN_CONN] = { "Conn", 4, 14, 1, 1, KIND_NAME, draw_conn,
			  "connection number, agent and user as they signed in, else the client's address", false },
	[COLUMN_COMMAND] = { "Command", 13, 16, 1, 0, KIND_NAME, draw_command, "command of its first message", false },
	[COLUMN_GIST] = { "Gist", 12, 24, 4, 0, KIND_TEXT, draw_gist, "what it is about; if it failed, the error first", true },
	[COLUMN_STATE] = { "State", 10, 10, 0, 0, KIND_TEXT, draw_state, "open, streaming, done, failed, unanswered, broken …", true },
	[COLUMN_LATENCY] = { "Latency", 7, 7, 0, 3, KIND_NUMBER, draw_latency,
			     "from the request to the final reply, or else to the first answer; with a + how long it has waited so far",
			     true },
	[COLUMN_OUT] = { "Out", 5, 6, 0, 4, KIND_NUMBER, draw_out, "bytes from the client to the server", true },
	[COLUMN_BACK] = { "Back", 5, 6, 0, 4, KIND_NUMBER, draw_back, "bytes from the server to the client", true },
	[COLUMN_MESSAGES] = { "Msgs", 4, 5, 0, 5, KIND_NUMBER, draw_messages, "messages in it", true },
	[COLUMN_RULES] = { "Rules", 8, 16, 1, 1, KIND_TEXT, draw_rules, "rules of the protocol that its messages break", true },
};

static struct view *new_threads(struct app *a)
{
	struct threads *t = xcalloc(1, sizeof *t);
	t->view.ops = &view_threads;
	t->view.app = a;
	view_set_columns(&t->view, columns, sizeof columns / sizeof *columns);
	return &t->view;
}

static void free_threads(struct view *v)
{
	struct threads *t = (struct threads *)v;
	facts_room_release(&t->room);
	buf_release(&t->error);
	free(t);
}

/* The index of the first thread whose first message is n or later. */
static uint32_t thread_from(const struct session *s, uint32_t n)
{
	uint32_t low = 0, high = session_threads(s);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (session_thread_at(s, middle) < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Numbers of connections are not cut. */
static void fit(struct view *v)
{
	column_widen(&v->columns[COLUMN_CONN], &columns[COLUMN_CONN], app_last_conn(v->app));
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	const struct app *a = v->app;
	uint32_t kept = thread_from(a->session, session_first(a->session));
	*end = a->seen.threads;
	*first = kept > a->cleared.threads ? kept : a->cleared.threads;
	*first = *first < *end ? *first : *end; /* while the screen is frozen, all it shows may be forgotten */
}

/* Takes the gist of the error that ended the thread. */
static void read_error(struct threads *t, const struct row *r)
{
	const struct session *s = t->view.app->session;
	struct facts reply;
	buf_clear(&t->error);
	if (r->failed && r->info.reply != r->info.first && facts_read(&reply, s, r->info.reply, &t->room))
		facts_add_gist(&t->error, s, &reply);
}

static bool read_row(struct threads *t, uint64_t number, struct row *out)
{
	const struct session *s = t->view.app->session;
	uint32_t first = session_thread_at(s, (uint32_t)number);
	if (!session_record(s, first))
		return false;
	thread_as_of(s, first, t->view.app->seen.messages, &out->info);
	/* Now, before bytes are borrowed from the session: */
	peers_name(&t->view.app->peers, s, session_record(s, first)->conn);
	out->failed = out->info.state == THREAD_FAILED;
	read_error(t, out);
	return facts_read(&out->facts, s, out->info.request ? out->info.request : first, &t->room) ||
	       facts_read(&out->facts, s, first, &t->room);
}

static void draw_row(struct view *v, uint64_t number, int width, struct line *out)
{
	struct row r;
	if (read_row((struct threads *)v, number, &r))
		view_add_cells(v, &r, out);
	else
		line_add(out, INK_DIM, slice_str("  forgotten, for the memory limit"), width);
}

static const char *empty(struct view *v)
{
	return app_empty(v->app);
}

static unsigned command(struct view *v, enum command c)
{
	uint32_t n = view_message(v);
	return c == CMD_OPEN && n ? app_open_message(v->app, n) : 0;
}

/* The filter is asked about messages; a thread shows if one of them matches. */
static void candidates(struct view *v, uint64_t *first, uint64_t *end)
{
	*first = session_first(v->app->session);
	*end = (uint64_t)v->app->seen.messages + 1;
}

static bool row_of(struct view *v, uint32_t n, uint64_t *row)
{
	const struct record *r = session_record(v->app->session, n);
	if (!r || !session_record(v->app->session, r->thread))
		return false;
	*row = thread_from(v->app->session, r->thread);
	return true;
}

static bool pick(struct view *v, uint64_t n, struct filter *f, uint64_t *row)
{
	const struct session *s = v->app->session;
	uint64_t first, end;
	if (!filter_match(f, s, (uint32_t)n, (struct slice){ 0 }) || !row_of(v, (uint32_t)n, row))
		return false;
	rows(v, &first, &end);
	return *row >= first && *row < end;
}

/* A row is the thread of the message; some messages of it are asked at a time. */
static enum order_answer recheck(struct view *v, struct session_revision rev, uint32_t *step, struct filter *f, uint64_t *row)
{
	const struct session *s = v->app->session;
	const struct record *r = session_record(s, rev.n);
	uint32_t n = *step;
	*step = 0;
	if (!r || !session_record(s, r->thread))
		return ORDER_NOT_KNOWN;
	*row = thread_from(s, r->thread);
	if (!n)
		n = r->thread;
	for (int i = 0; i < ASKED && (r = session_record(s, n)); i++, n = r->next)
		if (filter_match(f, s, n, (struct slice){ 0 }))
			return ORDER_YES;
	*step = n;
	return n ? ORDER_NOT_KNOWN : ORDER_NO;
}

static struct order_key text_key(struct threads *t, uint64_t number, int column)
{
	struct row r;
	struct buf text = { 0 };
	struct cell cell = { &t->view, &r, &text, WIDEST };
	if (read_row(t, number, &r))
		columns[column].draw(&cell);
	struct order_key key = order_key_text(buf_slice(&text));
	buf_release(&text);
	return key;
}

static struct order_key sort_key(struct view *v, uint64_t number, int column)
{
	const struct session *s = v->app->session;
	uint32_t first = session_thread_at(s, (uint32_t)number);
	const struct record *r = session_record(s, first);
	struct thread_info info;
	if (!r)
		return order_key_number(INT64_MIN);
	if (column == COLUMN_TIME || column == COLUMN_CONN)
		return order_key_number(column == COLUMN_TIME ? r->time : r->conn);
	if (column == COLUMN_COMMAND)
		return order_key_text(session_command_name(s, r));
	if (column == COLUMN_GIST)
		return text_key((struct threads *)v, number, column);
	thread_as_of(s, first, v->app->seen.messages, &info);
	switch (column) {
	case COLUMN_STATE: return order_key_text(slice_str(thread_state_name(info.state)));
	case COLUMN_LATENCY: return order_key_number(latency_of(&info, v->app->now));
	case COLUMN_OUT: return order_key_number((int64_t)info.bytes[DIR_C2S]);
	case COLUMN_BACK: return order_key_number((int64_t)info.bytes[DIR_S2C]);
	case COLUMN_MESSAGES: return order_key_number(info.messages);
	default: return facts_rules_key(info.rules);
	}
}

static uint32_t message(struct view *v, uint64_t number)
{
	return session_thread_at(v->app->session, (uint32_t)number);
}

static void copy(struct view *v, uint64_t number, struct buf *out)
{
	struct row r;
	if (read_row((struct threads *)v, number, &r))
		columns_add_text(out, v->columns, v->column_count, v, &r);
}

static bool matches(struct view *v, uint64_t number, const struct pattern *p)
{
	struct threads *t = (struct threads *)v;
	struct row r;
	if (!read_row(t, number, &r))
		return false;
	struct buf text = { 0 };
	columns_add_text(&text, v->columns, v->column_count, v, &r);
	bool found = pattern_in(p, buf_slice(&text)) || facts_match(&r.facts, v->app->session, v->app->show_secrets, p);
	buf_release(&text);
	return found;
}

const struct view_ops view_threads = {
	.name = "Threads",
	.where = IN_THREADS,
	.noun = "thread",
	.about = "Each row is a thread: a request with its replies, streams and events, or a message that stands alone.",
	.make = new_threads,
	.free = free_threads,
	.rows = rows,
	.draw_row = draw_row,
	.candidates = candidates,
	.pick = pick,
	.recheck = recheck,
	.key = sort_key,
	.message = message,
	.row_of = row_of,
	.copy = copy,
	.empty = empty,
	.fit = fit,
	.command = command,
	.matches = matches,
};
