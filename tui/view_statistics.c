/*
 * Statistics:
 *
 *	 the rate of messages over time, as a chart
 *	 Command   Msgs  Reqs …  p50  p90  p99  Latency      a row a command, or a connection
 *	 query     1234  617 …                  ▁▃█▂ ▁
 *	 the latencies of the selected row, a bar for each order of size (at the right on a wide terminal)
 *
 * All numbers come from the sums (tui/sums.h). The charts are drawn by tui/statistics_charts.c.
 */
#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "tui/app.h"
#include "tui/blocks.h"
#include "tui/statistics_part.h"
#include "tui/sums.h"

#include <stdlib.h>

struct statistics *statistics_of(struct view *v)
{
	return (struct statistics *)v;
}

bool statistics_row(struct view *v, uint64_t number, struct row *out)
{
	struct stats *st = sums_of(v->app);
	const struct session_conn *c = statistics_of(v)->by_conn ? app_conn(v->app, number) : NULL;
	*out = (struct row){ .conn = NULL };
	if (!statistics_of(v)->by_conn && number < stats_commands(st)) {
		struct command_stats *k = stats_command(st, (size_t)number);
		*out = (struct row){ k->name, NULL, k->count, { k->bytes[0], k->bytes[1] }, &k->requests };
	} else if (c) {
		struct request_stats *requests = stats_conn(st, c->info.number);
		*out = (struct row){ { NULL, 0 },
				     c,
				     c->messages[0] + c->messages[1],
				     { c->bytes[0], c->bytes[1] },
				     requests ? requests : &statistics_of(v)->none };
	}
	return out->requests != NULL;
}

/* Cells. */

static enum ink draw_name(struct cell *c)
{
	const struct row *r = c->row;
	struct app *a = ((struct view *)c->view)->app;
	if (!r->conn) {
		buf_add(c->text, r->name);
		return INK_REQUEST;
	}
	buf_addf(c->text, "%u ", r->conn->info.number);
	buf_add(c->text, peers_name(&a->peers, a->session, r->conn->info.number));
	return INK_PLAIN;
}

static enum ink add_number(struct cell *c, uint64_t n, enum ink ink)
{
	amount_add_short(c->text, n);
	return n ? ink : INK_DIM;
}

static enum ink draw_count(struct cell *c)
{
	return add_number(c, ((const struct row *)c->row)->count, INK_PLAIN);
}

static enum ink draw_requests(struct cell *c)
{
	return add_number(c, ((const struct row *)c->row)->requests->requests, INK_PLAIN);
}

static enum ink draw_errors(struct cell *c)
{
	return add_number(c, ((const struct row *)c->row)->requests->errors, INK_ERROR);
}

static enum ink draw_unanswered(struct cell *c)
{
	return add_number(c, ((const struct row *)c->row)->requests->unanswered, INK_WARNING);
}

static enum ink draw_unsure(struct cell *c)
{
	return add_number(c, ((const struct row *)c->row)->requests->unsure, INK_PLAIN);
}

static enum ink draw_open(struct cell *c)
{
	return add_number(c, ((const struct row *)c->row)->requests->open, INK_REQUEST);
}

static enum ink add_latency(struct cell *c, unsigned percent)
{
	struct quantile *q = &((const struct row *)c->row)->requests->latency;
	if (q->count)
		when_add_span(c->text, quantile_at(q, percent));
	return INK_PLAIN;
}

static enum ink draw_p50(struct cell *c)
{
	return add_latency(c, 50);
}

static enum ink draw_p90(struct cell *c)
{
	return add_latency(c, 90);
}

static enum ink draw_p99(struct cell *c)
{
	return add_latency(c, 99);
}

static enum ink draw_max(struct cell *c)
{
	return add_latency(c, 100);
}

static enum ink draw_latencies(struct cell *c)
{
	const struct row *r = c->row;
	const struct statistics *s = c->view;
	uint64_t shown[HISTOGRAM_BUCKETS] = { 0 };
	unsigned span = s->last - s->first + 1, width = c->width > 0 ? (unsigned)c->width : 1, each = (span + width - 1) / width;
	each = each ? each : 1;
	for (unsigned i = 0; i < span; i++)
		shown[i / each] += r->requests->histogram.count[s->first + i];
	unsigned used = (span + each - 1) / each;
	while (used && !shown[used - 1])
		used--;
	blocks_add_chart(c->text, shown, used, blocks_most(shown, used), 0, 1);
	return INK_REPLY;
}

static enum ink draw_out(struct cell *c)
{
	amount_add_size(c->text, ((const struct row *)c->row)->bytes[DIR_C2S]);
	return INK_PLAIN;
}

static enum ink draw_back(struct cell *c)
{
	amount_add_size(c->text, ((const struct row *)c->row)->bytes[DIR_S2C]);
	return INK_PLAIN;
}

enum {
	COLUMN_NAME = STATISTICS_NAME,
	COLUMN_COUNT,
	COLUMN_REQUESTS,
	COLUMN_ERRORS,
	COLUMN_UNANSWERED,
	COLUMN_UNSURE,
	COLUMN_OPEN,
	COLUMN_P50,
	COLUMN_P90,
	COLUMN_P99,
	COLUMN_MAX,
	COLUMN_LATENCIES,
	COLUMN_OUT,
	COLUMN_BACK
};

static const struct column columns[] = {
	[COLUMN_NAME] = { "Command", 12, 22, 1, 0, KIND_NAME, draw_name, "command, or connection with its agent and user", false },
	[COLUMN_COUNT] = { "Msgs", 5, 6, 0, 0, KIND_NUMBER, draw_count, "messages with that command, or of that connection", true },
	[COLUMN_REQUESTS] = { "Reqs", 5, 6, 0, 4, KIND_NUMBER, draw_requests,
			      "of these, requests: what expects a reply, and pings that got one", true },
	[COLUMN_ERRORS] = { "Errs", 4, 5, 0, 1, KIND_NUMBER, draw_errors, "requests whose reply is an error", true },
	[COLUMN_UNANSWERED] = { "Unans", 5, 5, 0, 3, KIND_NUMBER, draw_unanswered,
				"requests whose connection ended before the final reply, which the capture can't have missed", true },
	[COLUMN_UNSURE] = { "Unsure", 6, 6, 0, 6, KIND_NUMBER, draw_unsure,
			    "requests whose connection ended before the final reply, which the capture may lack", true },
	[COLUMN_OPEN] = { "Open", 4, 5, 0, 2, KIND_NUMBER, draw_open, "requests that still wait", true },
	[COLUMN_P50] = { "p50", 6, 7, 0, 1, KIND_NUMBER, draw_p50, "half of the requests had their final reply within that time", true },
	[COLUMN_P90] = { "p90", 6, 7, 0, 2, KIND_NUMBER, draw_p90, "nine tenths of them", true },
	[COLUMN_P99] = { "p99", 6, 7, 0, 1, KIND_NUMBER, draw_p99, "99 of 100", true },
	[COLUMN_MAX] = { "Max", 6, 7, 0, 3, KIND_NUMBER, draw_max, "the slowest", true },
	[COLUMN_LATENCIES] = { "Latency", 7, 14, 0, 1, KIND_TEXT, draw_latencies,
			       "how many took how long, from the fastest of all to the slowest", true },
	[COLUMN_OUT] = { "Out", 5, 6, 0, 5, KIND_NUMBER, draw_out, "bytes from the client to the server", true },
	[COLUMN_BACK] = { "Back", 5, 6, 0, 5, KIND_NUMBER, draw_back, "bytes from the server to the client", true },
};

static struct view *new_statistics(struct app *a)
{
	struct statistics *s = xcalloc(1, sizeof *s);
	s->view.ops = &view_statistics;
	s->view.app = a;
	view_set_columns(&s->view, columns, sizeof columns / sizeof *columns);
	return &s->view;
}

static void free_statistics(struct view *v)
{
	buf_release(&statistics_of(v)->text);
	free(v);
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = stats_commands(sums_of(v->app));
	if (statistics_of(v)->by_conn)
		app_conn_rows(v->app, first, end);
}

static uint64_t forgotten(struct view *v)
{
	return statistics_of(v)->by_conn ? session_counts(v->app->session).conns_forgotten : 0;
}

static bool is_kept(struct view *v, uint64_t row)
{
	return !statistics_of(v)->by_conn || app_conn(v->app, row);
}

static void draw_row(struct view *v, uint64_t number, int width, struct line *out)
{
	struct row r;
	if (statistics_row(v, number, &r))
		view_add_cells(v, &r, out);
	else
		line_add(out, INK_DIM, slice_str("  forgotten, for the memory limit"), width);
}

static struct order_key key(struct view *v, uint64_t number, int column)
{
	struct row r;
	struct buf text = { 0 };
	if (!statistics_row(v, number, &r))
		return order_key_number(0);
	switch (column) {
	case COLUMN_COUNT: return order_key_number((int64_t)r.count);
	case COLUMN_REQUESTS: return order_key_number((int64_t)r.requests->requests);
	case COLUMN_ERRORS: return order_key_number((int64_t)r.requests->errors);
	case COLUMN_UNANSWERED: return order_key_number((int64_t)r.requests->unanswered);
	case COLUMN_UNSURE: return order_key_number((int64_t)r.requests->unsure);
	case COLUMN_OPEN: return order_key_number((int64_t)r.requests->open);
	case COLUMN_P50: return order_key_number(quantile_at(&r.requests->latency, 50));
	case COLUMN_P90: return order_key_number(quantile_at(&r.requests->latency, 90));
	case COLUMN_P99: return order_key_number(quantile_at(&r.requests->latency, 99));
	case COLUMN_MAX:
	case COLUMN_LATENCIES: return order_key_number(quantile_at(&r.requests->latency, 100));
	case COLUMN_OUT: return order_key_number((int64_t)r.bytes[DIR_C2S]);
	case COLUMN_BACK: return order_key_number((int64_t)r.bytes[DIR_S2C]);
	default: break;
	}
	if (r.conn)
		return order_key_number(r.conn->info.number);
	buf_add(&text, r.name);
	struct order_key k = order_key_text(buf_slice(&text));
	buf_release(&text);
	return k;
}

static const char *empty(struct view *v)
{
	if (app_frozen_out(v->app))
		return app_frozen_out(v->app);
	return session_count(v->app->session) ? "Adding up …" : app_empty(v->app);
}

/* Work. */

/* The most frequent first, until the user wants another order. */
static void sort_at_first(struct statistics *s)
{
	if (s->begun)
		return;
	s->begun = true;
	s->view.order.reverse = true;
	order_set_column(&s->view.order, COLUMN_COUNT);
}

static bool work(struct view *v, int64_t until)
{
	bool more = sums_work(v->app, until);
	sort_at_first(statistics_of(v));
	return more;
}

static const char *doing(struct view *v, int *percent)
{
	return sums_doing(v->app, percent);
}

/* Commands. */

/* Appends a text as the display filter writes it. */
static void add_quoted(struct buf *out, struct slice text)
{
	bool printable = text_is_printable(text);
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		if (c < 0x20 || (c >= 0x7f && !printable))
			buf_addf(out, "\\x%02x", c);
		else
			buf_addf(out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
	}
	buf_add_byte(out, '"');
}

static unsigned show_messages(struct view *v)
{
	struct row r;
	uint64_t number;
	struct buf text = { 0 };
	if (!view_row(v, &number) || !statistics_row(v, number, &r))
		return REDRAW;
	if (!r.conn && slice_is(r.name, "…")) {
		app_notice(v->app, "What these commands were called was not kept, so they can't be filtered by.");
		return REDRAW;
	}
	buf_add_str(&text, r.conn ? "conn == " : "command == ");
	if (r.conn)
		buf_addf(&text, "%u", r.conn->info.number);
	else
		add_quoted(&text, r.name);
	app_show_filtered(v->app, VIEW_MESSAGES, buf_cstr(&text));
	buf_release(&text);
	return REDRAW;
}

/* Commands or connections: the rows are others. */
static unsigned change_rows(struct statistics *s)
{
	s->by_conn = !s->by_conn;
	s->view.list = (struct list){ 0 };
	order_set_filter(&s->view.order, NULL);
	return REDRAW;
}

static unsigned command(struct view *v, enum command c)
{
	switch (c) {
	case CMD_OPEN:
	case CMD_ONLY: return show_messages(v);
	case CMD_BY: return change_rows(statistics_of(v));
	default: return 0;
	}
}

static bool matches(struct view *v, uint64_t number, const struct pattern *p)
{
	struct row r;
	struct buf text = { 0 };
	if (!statistics_row(v, number, &r))
		return false;
	columns_add_text(&text, v->columns, v->column_count, v, &r);
	bool found = pattern_in(p, buf_slice(&text));
	buf_release(&text);
	return found;
}

static void help(struct view *v, help_fn *add, void *user)
{
	(void)v;
	add(user, INK_FIELD, "charts",
	    "at the top the messages over time; in each row, and large for the selected one, how many latencies there are of "
	    "which size: each step begins at 1, 2 or 5 of a power of ten");
}

const struct view_ops view_statistics = {
	.name = "Statistics",
	.where = IN_STATISTICS,
	.about =
		"The rate of messages over time; and a row for each command, or each connection: how many messages, how their requests ended, "
		"and how long the replies took.",
	.make = new_statistics,
	.free = free_statistics,
	.rows = rows,
	.forgotten = forgotten,
	.is_kept = is_kept,
	.draw_row = draw_row,
	.key = key,
	.empty = empty,
	.draw = statistics_draw,
	.command = command,
	.work = work,
	.doing = doing,
	.matches = matches,
	.help = help,
};
