/*
 * Connections: a row each, in the order of their first messages. A row's number is the connection's place in the session.
 *
 * Counts are the session's own, latencies and open requests come from the sums (tui/sums.h); who is at the other end is read again from
 * the signin for each row in sight.
 */
#include "base/amount.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "decode/identity.h"
#include "tui/app.h"
#include "tui/facts.h"
#include "tui/sums.h"
#include "tui/view_ladder.h"

#include <stdlib.h>

struct connections {
	struct view view;
	struct identity who; /* of the row that is drawn */
};

/* A row. */
struct row {
	const struct session_conn *conn;
	struct request_stats *sums; /* NULL: none yet */
	const struct identity *who;
	const struct session *session;
};

static enum ink draw_number(struct cell *c)
{
	const struct row *r = c->row;
	buf_addf(c->text, "%u", r->conn->info.number);
	return INK_PLAIN;
}

static enum ink draw_client(struct cell *c)
{
	const struct row *r = c->row;
	endpoint_add(c->text, &r->conn->info.ends[DIR_C2S]);
	return INK_PLAIN;
}

static enum ink draw_server(struct cell *c)
{
	const struct row *r = c->row;
	endpoint_add(c->text, &r->conn->info.ends[DIR_S2C]);
	return INK_PLAIN;
}

static enum ink draw_transport(struct cell *c)
{
	const struct row *r = c->row;
	facts_add_transport(c->text, r->conn->info.transport, r->conn->info.tls, c->width);
	return INK_DIM;
}

static enum ink draw_agent(struct cell *c)
{
	buf_add(c->text, buf_slice(&((const struct row *)c->row)->who->agent));
	return INK_PLAIN;
}

static enum ink draw_version(struct cell *c)
{
	buf_add(c->text, buf_slice(&((const struct row *)c->row)->who->version));
	return INK_DIM;
}

static enum ink draw_user(struct cell *c)
{
	buf_add(c->text, buf_slice(&((const struct row *)c->row)->who->user));
	return INK_STRONG;
}

static enum ink add_messages(struct cell *c, enum dir dir)
{
	amount_add_short(c->text, ((const struct row *)c->row)->conn->messages[dir]);
	return INK_PLAIN;
}

static enum ink draw_sent(struct cell *c)
{
	return add_messages(c, DIR_C2S);
}

static enum ink draw_received(struct cell *c)
{
	return add_messages(c, DIR_S2C);
}

static enum ink add_bytes(struct cell *c, enum dir dir)
{
	amount_add_size(c->text, ((const struct row *)c->row)->conn->bytes[dir]);
	return INK_PLAIN;
}

static enum ink draw_out(struct cell *c)
{
	return add_bytes(c, DIR_C2S);
}

static enum ink draw_back(struct cell *c)
{
	return add_bytes(c, DIR_S2C);
}

static enum ink add_seq(struct cell *c, enum dir dir)
{
	const struct row *r = c->row;
	int64_t seq = session_next_seq(r->session, r->conn->info.number, dir);
	if (seq >= 0)
		buf_addf(c->text, "%lld", (long long)seq);
	return INK_DIM;
}

static enum ink draw_seq_out(struct cell *c)
{
	return add_seq(c, DIR_C2S);
}

static enum ink draw_seq_back(struct cell *c)
{
	return add_seq(c, DIR_S2C);
}

static enum ink draw_open(struct cell *c)
{
	const struct row *r = c->row;
	if (r->sums)
		amount_add_short(c->text, r->sums->open);
	return r->sums && r->sums->open ? INK_REQUEST : INK_DIM;
}

static enum ink add_latency(struct cell *c, unsigned percent)
{
	const struct row *r = c->row;
	if (r->sums && r->sums->latency.count)
		when_add_span(c->text, quantile_at(&r->sums->latency, percent));
	return INK_PLAIN;
}

static enum ink draw_p50(struct cell *c)
{
	return add_latency(c, 50);
}

static enum ink draw_p95(struct cell *c)
{
	return add_latency(c, 95);
}

/* The worst rules first: "2 seq-gap, 1 error-reply". */
static enum ink draw_rules(struct cell *c)
{
	const struct session_conn *conn = ((const struct row *)c->row)->conn;
	uint32_t broken = 0;
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
		for (int r = 0; r < RULES; r++) {
			if (!session_conn_broken(conn, (enum rule)r) || (int)rule_info((enum rule)r)->severity != severity)
				continue;
			buf_addf(c->text, "%s%u %s", broken ? ", " : "", session_conn_broken(conn, (enum rule)r),
				 rule_info((enum rule)r)->name);
			broken |= 1u << r;
		}
	return facts_severity_ink(rules_worst(broken));
}

/* Where "closed by client" has no room, "closed→": an arrow from who did it. */
static enum ink draw_state(struct cell *c)
{
	enum conn_end end = ((const struct row *)c->row)->conn->info.end;
	const char *name = conn_end_name(end);
	size_t room = c->width > 0 ? (size_t)c->width : 0,
	       word = strcspn(name, " ") < 6 ? strcspn(name, " ") : 6; /* "forgot" is one, too */
	bool by_client = end == CONN_CLOSED_BY_CLIENT || end == CONN_RESET_BY_CLIENT;
	bool by_server = end == CONN_CLOSED_BY_SERVER || end == CONN_RESET_BY_SERVER;
	bool whole = strlen(name) <= room;
	buf_add(c->text, whole ? slice_str(name) : slice_head(slice_str(name), word));
	if (!whole && word < room)
		buf_add_str(c->text, by_client ? "→" : by_server ? "←" : "");
	return end == CONN_OPEN ? INK_REQUEST : end >= CONN_RESET_BY_CLIENT ? INK_WARNING : INK_PLAIN;
}

enum {
	COLUMN_NUMBER,
	COLUMN_CLIENT,
	COLUMN_SERVER,
	COLUMN_VIA,
	COLUMN_AGENT,
	COLUMN_VERSION,
	COLUMN_USER,
	COLUMN_SENT,
	COLUMN_RECEIVED,
	COLUMN_OUT,
	COLUMN_BACK,
	COLUMN_SEQ_OUT,
	COLUMN_SEQ_BACK,
	COLUMN_OPEN,
	COLUMN_P50,
	COLUMN_P95,
	COLUMN_STATE,
	COLUMN_RULES
};

static const struct column columns[] = {
	[COLUMN_NUMBER] = { "Conn", 4, 4, 0, 0, KIND_NUMBER, draw_number, "connection number", false },
	[COLUMN_CLIENT] = { "Client", 15, 21, 1, 2, KIND_NAME, draw_client, "address and port of the client", false },
	[COLUMN_SERVER] = { "Server", 15, 21, 1, 6, KIND_NAME, draw_server, "address and port of the server", false },
	[COLUMN_VIA] = { "Via", 6, 8, 0, 2, KIND_TEXT, draw_transport, "transport; with a + inside TLS", true },
	[COLUMN_AGENT] = { "Agent", 6, 10, 1, 3, KIND_NAME, draw_agent, "the client's program, as its signin names it", true },
	[COLUMN_VERSION] = { "Version", 7, 8, 0, 7, KIND_TEXT, draw_version, "the version of that", true },
	[COLUMN_USER] = { "User", 6, 12, 1, 2, KIND_NAME, draw_user, "who signed in, as the reply says", true },
	[COLUMN_SENT] = { "Sent", 4, 5, 0, 1, KIND_NUMBER, draw_sent, "messages from the client to the server", true },
	[COLUMN_RECEIVED] = { "Recd", 4, 5, 0, 1, KIND_NUMBER, draw_received, "messages from the server to the client", true },
	[COLUMN_OUT] = { "Out", 5, 5, 0, 5, KIND_NUMBER, draw_out, "bytes of messages from the client to the server", true },
	[COLUMN_BACK] = { "Back", 5, 5, 0, 5, KIND_NUMBER, draw_back, "bytes of messages from the server to the client", true },
	[COLUMN_SEQ_OUT] = { "Seq→", 4, 6, 0, 8, KIND_NUMBER, draw_seq_out, "the seq that is expected next of the client", true },
	[COLUMN_SEQ_BACK] = { "Seq←", 4, 6, 0, 8, KIND_NUMBER, draw_seq_back, "the seq that is expected next of the server", true },
	[COLUMN_OPEN] = { "Open", 4, 5, 0, 4, KIND_NUMBER, draw_open, "requests that still wait for their final reply", true },
	[COLUMN_P50] = { "p50", 6, 7, 0, 4, KIND_NUMBER, draw_p50, "half of the requests had their final reply within that time", true },
	[COLUMN_P95] = { "p95", 6, 7, 0, 4, KIND_NUMBER, draw_p95, "95 of 100 of them", true },
	[COLUMN_STATE] = { "State", 7, 16, 0, 1, KIND_TEXT, draw_state,
			   "open, or who ended it and how; narrow: closed→ by the client, closed← by the server", true },
	[COLUMN_RULES] = { "Rules", 7, 40, 6, 1, KIND_TEXT, draw_rules,
			   "how often which rules of the protocol were broken, the worst first", true },
};

static struct view *new_connections(struct app *a)
{
	struct connections *c = xcalloc(1, sizeof *c);
	c->view.ops = &view_connections;
	c->view.app = a;
	view_set_columns(&c->view, columns, sizeof columns / sizeof *columns);
	return &c->view;
}

static void free_connections(struct view *v)
{
	identity_release(&((struct connections *)v)->who);
	free(v);
}

/* Numbers of connections are not cut. */
static void fit(struct view *v)
{
	column_widen(&v->columns[COLUMN_NUMBER], &columns[COLUMN_NUMBER], app_last_conn(v->app));
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	app_conn_rows(v->app, first, end);
}

static uint64_t forgotten(struct view *v)
{
	return session_counts(v->app->session).conns_forgotten;
}

static bool is_kept(struct view *v, uint64_t row)
{
	return app_conn(v->app, row) != NULL;
}

static bool read_row(struct view *v, uint64_t number, struct row *out)
{
	struct connections *c = (struct connections *)v;
	const struct session *s = v->app->session;
	*out = (struct row){ .session = s, .who = &c->who };
	out->conn = app_conn(v->app, number);
	if (out->conn)
		out->sums = stats_conn(sums_of(v->app), out->conn->info.number);
	return out->conn != NULL;
}

static bool read_whole(struct view *v, uint64_t number, struct row *out)
{
	if (!read_row(v, number, out))
		return false;
	identity_read(&((struct connections *)v)->who, out->session, out->conn);
	return true;
}

static void draw_row(struct view *v, uint64_t number, int width, struct line *out)
{
	struct row r;
	if (read_whole(v, number, &r))
		view_add_cells(v, &r, out);
	else
		line_add(out, INK_DIM, slice_str("  forgotten, for the memory limit"), width);
}

/* By the broken rules: errors first, then warnings, then notes. */
static struct order_key rules_key(const struct session_conn *c)
{
	struct order_key key = { { 0 } };
	for (int r = 0; r < RULES; r++)
		key.part[SEVERITY_ERROR - rule_info((enum rule)r)->severity] += session_conn_broken(c, (enum rule)r);
	return key;
}

static struct order_key key(struct view *v, uint64_t number, int column)
{
	struct row r;
	struct buf text = { 0 };
	if (!(column >= COLUMN_CLIENT && column <= COLUMN_USER ? read_whole : read_row)(v, number, &r))
		return order_key_number(0);
	struct request_stats none = { 0 }, *sums = r.sums ? r.sums : &none;
	switch (column) {
	case COLUMN_NUMBER: return order_key_number(r.conn->info.number);
	case COLUMN_SENT: return order_key_number((int64_t)r.conn->messages[DIR_C2S]);
	case COLUMN_RECEIVED: return order_key_number((int64_t)r.conn->messages[DIR_S2C]);
	case COLUMN_OUT: return order_key_number((int64_t)r.conn->bytes[DIR_C2S]);
	case COLUMN_BACK: return order_key_number((int64_t)r.conn->bytes[DIR_S2C]);
	case COLUMN_SEQ_OUT: return order_key_number(session_next_seq(r.session, r.conn->info.number, DIR_C2S));
	case COLUMN_SEQ_BACK: return order_key_number(session_next_seq(r.session, r.conn->info.number, DIR_S2C));
	case COLUMN_OPEN: return order_key_number((int64_t)sums->open);
	case COLUMN_P50: return order_key_number(quantile_at(&sums->latency, 50));
	case COLUMN_P95: return order_key_number(quantile_at(&sums->latency, 95));
	case COLUMN_RULES: return rules_key(r.conn);
	default: break;
	}
	struct cell cell = { v, &r, &text, 64 };
	v->columns[column].draw(&cell);
	struct order_key k = order_key_text(buf_slice(&text));
	buf_release(&text);
	return k;
}

static const char *empty(struct view *v)
{
	if (app_frozen_out(v->app))
		return app_frozen_out(v->app);
	return app_over(v->app) ? "No connection had a message." : "No connection has had a message so far.";
}

/* The number of the selected connection; 0 for none. */
static uint32_t selected(struct view *v)
{
	struct row r;
	uint64_t row;
	return view_row(v, &row) && read_row(v, row, &r) ? r.conn->info.number : 0;
}

static unsigned show_messages(struct view *v, uint32_t conn)
{
	struct buf text = { 0 };
	buf_addf(&text, "conn == %u", conn);
	app_show_filtered(v->app, VIEW_MESSAGES, buf_cstr(&text));
	buf_release(&text);
	return REDRAW;
}

static unsigned command(struct view *v, enum command c)
{
	uint32_t conn = c == CMD_OPEN || c == CMD_LADDER || c == CMD_ONLY ? selected(v) : 0;
	if (!conn)
		return 0;
	if (c == CMD_ONLY)
		return show_messages(v, conn);
	view_ladder_of_conn(app_get(v->app, VIEW_LADDER), conn, 0);
	app_open(v->app, VIEW_LADDER);
	return REDRAW;
}

static bool work(struct view *v, int64_t until)
{
	return sums_work(v->app, until);
}

static const char *doing(struct view *v, int *percent)
{
	return sums_doing(v->app, percent);
}

static bool matches(struct view *v, uint64_t number, const struct pattern *p)
{
	struct row r;
	struct buf text = { 0 };
	if (!read_whole(v, number, &r))
		return false;
	columns_add_text(&text, v->columns, v->column_count, v, &r);
	bool found = pattern_in(p, buf_slice(&text));
	buf_release(&text);
	return found;
}

const struct view_ops view_connections = {
	.name = "Connections",
	.where = IN_CONNECTIONS,
	.about = "Each row is a connection: who talks to whom, how much, how fast, which rules were broken, and how it ended.",
	.make = new_connections,
	.free = free_connections,
	.rows = rows,
	.forgotten = forgotten,
	.is_kept = is_kept,
	.draw_row = draw_row,
	.key = key,
	.empty = empty,
	.fit = fit,
	.command = command,
	.work = work,
	.doing = doing,
	.matches = matches,
};
