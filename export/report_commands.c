/*
 * The report "commands": a row a command, the most frequent first.
 *
 * One pass over the records. Messages and bytes are those that carry the command; errors, replies and latencies are those of requests with
 * it, and a request's reply is found through its record. The latency of a request runs to its final reply.
 */
#include "base/xalloc.h"
#include "decode/quantile.h"
#include "export/report_part.h"

#include <stdlib.h>

struct command_sums {
	uint64_t count, requests, errors, unanswered, open, bytes[2];
	struct quantile latency;
	struct slice name;
};

enum column { COMMAND, COUNT, REQUESTS, ERRORS, UNANSWERED, OPEN, P50, P90, P99, MAX, EXACT, TO_SERVER, TO_CLIENT, COLUMNS };

static const struct report_column columns[COLUMNS] = {
	[COMMAND] = { "Command", "command", CELL_TEXT, 40, "as sent; messages of one that was not kept are under …" },
	[COUNT] = { "Messages", "messages", CELL_COUNT, 0, "messages that carry it, in both directions" },
	[REQUESTS] = { "Requests", "requests", CELL_COUNT, 0, "of these, requests: what expects a reply, and pings that got one" },
	[ERRORS] = { "Errors", "errors", CELL_COUNT, 0, "requests whose reply is an error" },
	[UNANSWERED] = { "Unanswered", "unanswered", CELL_COUNT, 0, "requests whose connection ended before the final reply" },
	[OPEN] = { "Open", "open", CELL_COUNT, 0, "requests that still waited when the capture ended" },
	[P50] = { "p50", "p50", CELL_SPAN, 0, "half of the requests had their final reply within that time" },
	[P90] = { "p90", "p90", CELL_SPAN, 0, "nine tenths of them" },
	[P99] = { "p99", "p99", CELL_SPAN, 0, "99 of 100" },
	[MAX] = { "Max", "max", CELL_SPAN, 0, "the slowest" },
	[EXACT] = { NULL, "exact", CELL_BOOL, 0, "false: more than 100,000 latencies; the percentiles are within 1 % (~ in text)" },
	[TO_SERVER] = { "To server", "bytes_c2s", CELL_BYTES, 0, "bytes of its messages from the client to the server" },
	[TO_CLIENT] = { "To client", "bytes_s2c", CELL_BYTES, 0, "and back" },
};

/* Does the record ask for a reply? A ping is one that stands alone, unless it was answered. */
static bool asks(const struct record *r, enum thread_state state)
{
	return r->role == ROLE_REQUEST || (r->role == ROLE_SINGLE && (state == THREAD_DONE || state == THREAD_FAILED));
}

/* A request whose thread does not begin with it: an answer came first. */
static enum thread_state adopted_state(const struct session *s, const struct record *r, uint32_t n)
{
	struct thread_info t;
	session_thread(s, r->thread, &t);
	return t.request == n ? t.state : THREAD_ORPHAN;
}

static void add_request(struct command_sums *c, const struct session *s, const struct record *r, uint32_t n)
{
	enum thread_state state = r->thread == n ? (enum thread_state)r->state : adopted_state(s, r, n);
	bool answered = state == THREAD_DONE || state == THREAD_FAILED;
	const struct record *reply = answered && r->thread == n ? session_record(s, r->reply) : NULL;
	if (!asks(r, state))
		return;
	c->requests++;
	c->errors += state == THREAD_FAILED;
	c->unanswered += state == THREAD_UNANSWERED || state == THREAD_BROKEN;
	c->open += state == THREAD_OPEN || state == THREAD_STREAMING;
	if (reply)
		quantile_add(&c->latency, reply->time - r->time);
}

static void add_message(struct command_sums *c, const struct session *s, const struct record *r, uint32_t n)
{
	if (!c->count++)
		c->name = session_command_name(s, r);
	c->bytes[r->dir] += r->size;
	if (r->role == ROLE_REQUEST || r->role == ROLE_SINGLE)
		add_request(c, s, r, n);
}

static int most_first(const void *a, const void *b)
{
	const struct command_sums *x = *(struct command_sums *const *)a, *y = *(struct command_sums *const *)b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.at, y->name.at, n);
	return order ? order : x->name.len < y->name.len ? -1 : 1;
}

static struct report_cell latency(struct quantile *q, unsigned percent)
{
	struct report_cell cell = cell_span(quantile_at(q, percent));
	cell.about = percent < 100 && !quantile_exact(q);
	return cell;
}

static void write_row(struct report_writer *w, struct command_sums *c)
{
	const struct report_cell row[COLUMNS] = {
		[COMMAND] = cell_text(c->name), [COUNT] = cell_number(c->count), [REQUESTS] = cell_number(c->requests),
		[ERRORS] = cell_number(c->errors), [UNANSWERED] = cell_number(c->unanswered), [OPEN] = cell_number(c->open),
		[P50] = latency(&c->latency, 50), [P90] = latency(&c->latency, 90), [P99] = latency(&c->latency, 99),
		[MAX] = latency(&c->latency, 100), [EXACT] = cell_number(quantile_exact(&c->latency)),
		[TO_SERVER] = cell_number(c->bytes[DIR_C2S]), [TO_CLIENT] = cell_number(c->bytes[DIR_S2C]),
	};
	report_row(w, row);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	const struct session *s = from->session;
	struct command_sums *all = xcalloc(UINT16_MAX + 1, sizeof *all), **found = xcalloc(UINT16_MAX + 1, sizeof(struct command_sums *));
	size_t count = 0;
	for (uint32_t n = session_first(s); n <= session_count(s); n++) {
		const struct record *r = session_record(s, n);
		add_message(&all[r->command], s, r, n);
	}
	for (size_t i = 0; i <= UINT16_MAX; i++)
		if (all[i].count)
			found[count++] = &all[i];
	qsort(found, count, sizeof(struct command_sums *), most_first);
	for (size_t i = 0; i < count; i++) {
		write_row(w, found[i]);
		quantile_release(&found[i]->latency);
	}
	free(found);
	free(all);
}

const struct report report_commands = {
	.name = "commands", .sentence = "how often each command came, how its requests ended, and how long their replies took",
	REPORT_COLUMNS(columns), .rows = rows,
};
