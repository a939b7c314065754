/*
 * Messages: a row for each in the order of their completion, and the news where they came. Which row is
 * what says tui/rows.h.
 */
#include "tui/app.h"

#include "base/amount.h"
#include "base/xalloc.h"
#include "decode/redact.h"
#include "tui/facts.h"
#include "tui/rows.h"

#include <stdlib.h>

enum { WIDEST = 1000 };

enum {
	COLUMN_N,
	COLUMN_TIME,
	COLUMN_CONN,
	COLUMN_ARROW,
	COLUMN_VIA,
	COLUMN_SEQ,
	COLUMN_COMMAND,
	COLUMN_ID,
	COLUMN_RID,
	COLUMN_SIZE,
	COLUMN_GIST,
	COLUMN_RULES
};

struct messages {
	struct view view;
	struct facts_room room; /* of the row that is drawn */
};

static const struct app *app_of(const struct cell *c)
{
	return ((const struct view *)c->view)->app;
}

static enum ink draw_n(struct cell *c)
{
	const struct facts *f = c->row;
	buf_addf(c->text, "%u", f->n);
	return INK_DIM;
}

static enum ink draw_time(struct cell *c)
{
	const struct facts *f = c->row;
	app_add_time(app_of(c), c->text, f->record->time, view_time_above(c->view, f->record->time), c->width);
	return INK_PLAIN;
}

static enum ink draw_conn(struct cell *c)
{
	const struct facts *f = c->row;
	buf_addf(c->text, "%u", f->record->conn);
	return INK_PLAIN;
}

static enum ink draw_arrow(struct cell *c)
{
	const struct facts *f = c->row;
	buf_add_str(c->text, f->record->dir == DIR_C2S ? "→" : "←");
	return facts_ink(f->record);
}

static enum ink draw_transport(struct cell *c)
{
	const struct facts *f = c->row;
	facts_add_transport(c->text, (enum transport)f->record->transport, f->record->tls, c->width);
	return INK_DIM;
}

static enum ink draw_seq(struct cell *c)
{
	const struct facts *f = c->row;
	if (f->record->has_seq)
		buf_addf(c->text, "%d", f->record->seq);
	return INK_PLAIN;
}

static enum ink draw_command(struct cell *c)
{
	const struct facts *f = c->row;
	buf_add(c->text, f->command);
	return facts_ink(f->record);
}

static enum ink draw_id(struct cell *c)
{
	const struct facts *f = c->row;
	redact_add(c->text, slice_head(f->envelope.id, 1000));
	return INK_PLAIN;
}

static enum ink draw_rid(struct cell *c)
{
	const struct facts *f = c->row;
	redact_add(c->text, slice_head(f->envelope.rid, 1000));
	return INK_DIM;
}

static enum ink draw_size(struct cell *c)
{
	const struct facts *f = c->row;
	amount_add_size(c->text, f->record->size);
	return f->record->cut ? INK_WARNING : INK_PLAIN;
}

static enum ink draw_gist(struct cell *c)
{
	const struct facts *f = c->row;
	facts_add_gist(c->text, app_of(c)->session, f);
	return INK_PLAIN;
}

static enum ink draw_rules(struct cell *c)
{
	const struct facts *f = c->row;
	return facts_add_rules(c->text, f->record->rules);
}

static const struct column columns[] = {
	[COLUMN_N] = { "n", 4, 4, 0, 1, KIND_NUMBER, draw_n, "its number, in the order of completion", false },
	[COLUMN_TIME] = { "Time", 8, 15, 0, 2, KIND_TEXT, draw_time, "when it was complete; w changes between three forms", false },
	[COLUMN_CONN] = { "Conn", 4, 4, 0, 1, KIND_NUMBER, draw_conn, "connection number", false },
	[COLUMN_ARROW] = { "→", 1, 1, 0, 1, KIND_TEXT, draw_arrow, "→ from the client to the server, ← back", false },
	[COLUMN_VIA] = { "Via", 6, 8, 0, 6, KIND_TEXT, draw_transport, "transport; with a + inside TLS", false },
	[COLUMN_SEQ] = { "Seq", 4, 6, 0, 1, KIND_NUMBER, draw_seq, "sequence number, where the transport has one", false },
	[COLUMN_COMMAND] = { "Command", 12, 20, 1, 0, KIND_NAME, draw_command, "command", false },
	[COLUMN_ID] = { "Id", 5, 9, 0, 3, KIND_ID, draw_id, "its id", false },
	[COLUMN_RID] = { "Rid", 5, 9, 0, 3, KIND_ID, draw_rid, "id of the message it answers", false },
	[COLUMN_SIZE] = { "Size", 5, 5, 0, 2, KIND_NUMBER, draw_size, "bytes of the message", false },
	[COLUMN_GIST] = { "Gist", 12, 24, 4, 0, KIND_TEXT, draw_gist, "what it is about", false },
	[COLUMN_RULES] = { "Rules", 8, 16, 1, 1, KIND_TEXT, draw_rules, "rules of the protocol that it breaks", true },
};

static struct view *new_messages(struct app *a)
{
	struct messages *m = xcalloc(1, sizeof *m);
	m->view.ops = &view_messages;
	m->view.app = a;
	view_set_columns(&m->view, columns, sizeof columns / sizeof *columns);
	return &m->view;
}

static void free_messages(struct view *v)
{
	facts_room_release(&((struct messages *)v)->room);
	free(v);
}

static uint32_t news_after(const void *session, uint32_t k)
{
	const struct session_news *news = session_news_at(session, k);
	return news ? news->after : UINT32_MAX;
}

static struct rows rows_of(const struct view *v)
{
	const struct extent *seen = &v->app->seen;
	return (struct rows){ seen->messages, seen->news, news_after, v->app->session };
}

/* The seq in sight that takes most room. */
static int64_t widest_seq(struct view *v)
{
	struct rows r = rows_of(v);
	int64_t widest = 0;
	uint64_t row;
	for (int line = 0; view_row_at_line(v, line, &row); line++) {
		const struct record *record = session_record(v->app->session, rows_at(&r, row).n);
		int64_t seq = record && record->has_seq ? record->seq : 0, room = seq < 0 ? -10 * seq : seq;
		if (room > (widest < 0 ? -10 * widest : widest))
			widest = seq;
	}
	return widest;
}

/* Numbers are never cut: their columns grow with what there is, that of seqs with what is in sight. */
static void fit(struct view *v)
{
	column_widen(&v->columns[COLUMN_N], &columns[COLUMN_N], v->app->seen.messages);
	column_widen(&v->columns[COLUMN_CONN], &columns[COLUMN_CONN], app_last_conn(v->app));
	column_widen(&v->columns[COLUMN_SEQ], &columns[COLUMN_SEQ], widest_seq(v));
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	struct rows r = rows_of(v);
	uint32_t kept = session_first(v->app->session);
	uint64_t cleared = (uint64_t)v->app->cleared.messages + v->app->cleared.news;
	*end = rows_count(&r);
	*first = kept > 1 ? rows_of_message(&r, kept) : 0;
	*first = *first < cleared ? cleared : *first;
	*first = *first < *end ? *first : *end; /* while the screen is frozen, all it shows may be forgotten */
}

/* What is left of the rows without the messages. */
static uint64_t news(struct view *v)
{
	uint64_t first, end;
	uint32_t seen = v->app->seen.messages, before = session_first(v->app->session);
	before = before ? before - 1 : 0;
	if (before < v->app->cleared.messages)
		before = v->app->cleared.messages;
	rows(v, &first, &end);
	uint64_t messages = seen > before ? seen - before : 0;
	return end - first > messages ? end - first - messages : 0;
}

static enum ink news_ink(enum news_kind kind)
{
	return kind == NEWS_NOTE || kind == NEWS_NOT_OURS ? INK_NOTE : INK_WARNING;
}

static void draw_news(struct view *v, uint32_t k, int width, struct line *out)
{
	const struct session_news *news = session_news_at(v->app->session, k);
	struct buf text = { 0 };
	if (!news)
		return;
	line_pad(out, INK_PLAIN, v->widths[COLUMN_N] + 1);
	app_add_time(v->app, &text, news->time, view_time_above(v, news->time), v->widths[COLUMN_TIME]);
	line_add_cell(out, INK_PLAIN, buf_slice(&text), v->widths[COLUMN_TIME], false);
	line_addf(out, INK_PLAIN, " %*u ", v->widths[COLUMN_CONN], news->conn);
	line_add_str(out, INK_PLAIN, news->dir == DIR_C2S ? "→ " : "← ");
	buf_clear(&text);
	session_news_text(&text, news);
	line_add(out, news_ink(news->kind), buf_slice(&text), width - out->columns);
	buf_release(&text);
}

static void draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	struct messages *m = (struct messages *)v;
	struct rows r = rows_of(v);
	struct row_at at = rows_at(&r, row);
	struct facts f;
	if (!at.n)
		draw_news(v, at.news, width, out);
	else if (facts_read(&f, v->app->session, at.n, &m->room))
		view_add_cells(v, &f, out);
	else
		line_add(out, INK_DIM, slice_str("  forgotten, for the memory limit"), width);
}

static const char *empty(struct view *v)
{
	return app_empty(v->app);
}

static uint32_t message(struct view *v, uint64_t row)
{
	struct rows r = rows_of(v);
	return rows_at(&r, row).n;
}

static bool time_of(struct view *v, uint64_t row, int64_t *time)
{
	struct rows r = rows_of(v);
	struct row_at at = rows_at(&r, row);
	const struct record *record = session_record(v->app->session, at.n);
	const struct session_news *news = at.n ? NULL : session_news_at(v->app->session, at.news);
	if (record || news)
		*time = record ? record->time : news->time;
	return record || news;
}

/* The selected news, whole. */
static void notice_news(struct view *v)
{
	struct rows r = rows_of(v);
	const struct session_news *news = NULL;
	struct buf text = { 0 };
	uint64_t row;
	if (view_row(v, &row))
		news = session_news_at(v->app->session, rows_at(&r, row).news);
	if (!news)
		return;
	session_news_text(&text, news);
	app_notice(v->app, "%s", buf_cstr(&text));
	buf_release(&text);
}

static unsigned command(struct view *v, enum command c)
{
	uint32_t n = view_message(v);
	if (c != CMD_OPEN || list_empty(&v->list))
		return 0;
	if (n)
		return app_open_message(v->app, n);
	notice_news(v);
	return REDRAW;
}

/* The filter is asked about rows; what is no message does not match. */
static bool pick(struct view *v, uint64_t row, struct filter *f, uint64_t *shown)
{
	uint32_t n = message(v, row);
	*shown = row;
	return n && filter_match(f, v->app->session, n, (struct slice){ 0 });
}

static bool row_of(struct view *v, uint32_t n, uint64_t *row)
{
	struct rows r = rows_of(v);
	*row = rows_of_message(&r, n);
	return n && n <= r.messages;
}

/* A row is a message. */
static enum order_answer recheck(struct view *v, struct session_revision r, uint32_t *step, struct filter *f, uint64_t *row)
{
	const struct session *s = v->app->session;
	uint32_t n = *step ? *step : r.n;
	const struct record *record = session_record(s, n);
	*step = record && r.thread ? record->next : 0;
	if (!record || !row_of(v, n, row))
		return ORDER_NOT_KNOWN;
	return filter_match(f, s, n, (struct slice){ 0 }) ? ORDER_YES : ORDER_NO;
}

static struct order_key text_key(struct messages *m, uint32_t n, int column)
{
	struct facts f;
	struct buf text = { 0 };
	struct cell cell = { &m->view, &f, &text, WIDEST };
	if (facts_read(&f, m->view.app->session, n, &m->room))
		columns[column].draw(&cell);
	struct order_key key = order_key_text(buf_slice(&text));
	buf_release(&text);
	return key;
}

/* News stand before all messages, except by time. */
static struct order_key news_key(const struct view *v, uint64_t row, int column)
{
	struct rows r = rows_of(v);
	const struct session_news *news = session_news_at(v->app->session, rows_at(&r, row).news);
	return order_key_number(column == COLUMN_TIME && news ? news->time : INT64_MIN);
}

static struct order_key sort_key(struct view *v, uint64_t row, int column)
{
	uint32_t n = message(v, row);
	const struct record *r = session_record(v->app->session, n);
	if (!r)
		return news_key(v, row, column);
	switch (column) {
	case COLUMN_N: return order_key_number(n);
	case COLUMN_TIME: return order_key_number(r->time);
	case COLUMN_CONN: return order_key_number(r->conn);
	case COLUMN_ARROW: return order_key_number(r->dir);
	case COLUMN_VIA: return order_key_text(slice_str(transport_name((enum transport)r->transport)));
	case COLUMN_SEQ: return order_key_number(r->has_seq ? r->seq : INT64_MIN);
	case COLUMN_COMMAND: return order_key_text(session_command_name(v->app->session, r));
	case COLUMN_SIZE: return order_key_number(r->size);
	case COLUMN_RULES: return facts_rules_key(r->rules);
	default: return text_key((struct messages *)v, n, column);
	}
}

static void copy(struct view *v, uint64_t row, struct buf *out)
{
	struct rows r = rows_of(v);
	struct row_at at = rows_at(&r, row);
	const struct session_news *news = at.n ? NULL : session_news_at(v->app->session, at.news);
	struct facts f;
	if (news)
		session_news_text(out, news);
	else if (facts_read(&f, v->app->session, at.n, &((struct messages *)v)->room))
		columns_add_text(out, v->columns, v->column_count, v, &f);
}

static bool matches(struct view *v, uint64_t row, const struct pattern *p)
{
	struct messages *m = (struct messages *)v;
	struct rows r = rows_of(v);
	struct row_at at = rows_at(&r, row);
	struct buf text = { 0 };
	struct facts f;
	bool found = false;
	if (!at.n && session_news_at(v->app->session, at.news))
		session_news_text(&text, session_news_at(v->app->session, at.news));
	else if (at.n && facts_read(&f, v->app->session, at.n, &m->room)) {
		found = facts_match(&f, v->app->session, v->app->show_secrets, p);
		columns_add_text(&text, v->columns, v->column_count, v, &f);
	}
	found = found || pattern_in(p, buf_slice(&text));
	buf_release(&text);
	return found;
}

const struct view_ops view_messages = {
	.name = "Messages",
	.where = IN_MESSAGES,
	.noun = "message",
	.about = "Each row is a message. Between them stands what is no message: gaps in the capture, "
		 "streams that are not OpenIAP.",
	.make = new_messages,
	.free = free_messages,
	.rows = rows,
	.draw_row = draw_row,
	.pick = pick,
	.recheck = recheck,
	.news = news,
	.key = sort_key,
	.message = message,
	.time = time_of,
	.row_of = row_of,
	.copy = copy,
	.empty = empty,
	.fit = fit,
	.command = command,
	.matches = matches,
};
