/*
 * The report "commands": a row a command, the most frequent first.
 *
 * Messages and bytes are those that carry the command; errors, replies and latencies are those of requests with it (decode/stats.h).
 */
#include "base/xalloc.h"
#include "decode/stats.h"
#include "export/report_part.h"

#include <stdlib.h>

enum column { COMMAND, COUNT, REQUESTS, ERRORS, UNANSWERED, UNSURE, OPEN, P50, P90, P99, MAX, EXACT, TO_SERVER, TO_CLIENT, COLUMNS };

static const struct report_column columns[COLUMNS] = {
	[COMMAND] = { "Command", "command", CELL_TEXT, 40,
		      "as the protocol writes it, if it has it; messages without one, or of one that was not kept, are under …" },
	[COUNT] = { "Messages", "messages", CELL_COUNT, 0, "messages that carry it, in both directions" },
	[REQUESTS] = { "Requests", "requests", CELL_COUNT, 0, "of these, requests: what expects a reply, and pings that got one" },
	[ERRORS] = { "Errors", "errors", CELL_COUNT, 0, "requests whose reply is an error" },
	[UNANSWERED] = { "Unanswered", "unanswered", CELL_COUNT, 0, "requests whose connection ended before the final reply" },
	[UNSURE] = { "Unsure", "unsure", CELL_COUNT, 0, "requests of which the capture may have missed the final reply" },
	[OPEN] = { "Open", "open", CELL_COUNT, 0, "requests that still waited when the capture ended" },
	[P50] = { "p50", "p50", CELL_SPAN, 0, "half of the requests had their final reply within that time" },
	[P90] = { "p90", "p90", CELL_SPAN, 0, "nine tenths of them" },
	[P99] = { "p99", "p99", CELL_SPAN, 0, "99 of 100" },
	[MAX] = { "Max", "max", CELL_SPAN, 0, "the slowest" },
	[EXACT] = { NULL, "exact", CELL_BOOL, 0, "false: more than 100,000 latencies; the percentiles are within 1 % (~ in text)" },
	[TO_SERVER] = { "To server", "bytes_c2s", CELL_BYTES, 0, "bytes of its messages from the client to the server" },
	[TO_CLIENT] = { "To client", "bytes_s2c", CELL_BYTES, 0, "and back" },
};

static int most_first(const void *a, const void *b)
{
	const struct command_stats *x = *(struct command_stats *const *)a, *y = *(struct command_stats *const *)b;
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

static void write_row(struct report_writer *w, struct command_stats *c)
{
	struct request_stats *q = &c->requests;
	const struct report_cell row[COLUMNS] = {
		[COMMAND] = cell_text(c->name),
		[COUNT] = cell_number(c->count),
		[REQUESTS] = cell_number(q->requests),
		[ERRORS] = cell_number(q->errors),
		[UNANSWERED] = cell_number(q->unanswered),
		[UNSURE] = cell_number(q->unsure),
		[OPEN] = cell_number(q->open),
		[P50] = latency(&q->latency, 50),
		[P90] = latency(&q->latency, 90),
		[P99] = latency(&q->latency, 99),
		[MAX] = latency(&q->latency, 100),
		[EXACT] = cell_number(quantile_exact(&q->latency)),
		[TO_SERVER] = cell_number(c->bytes[DIR_C2S]),
		[TO_CLIENT] = cell_number(c->bytes[DIR_S2C]),
	};
	report_row(w, row);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	struct stats *st = stats_new(from->session, STATS_COMMANDS);
	stats_step(st, session_count(from->session), SIZE_MAX);
	size_t count = stats_commands(st);
	struct command_stats **found = xcalloc(count ? count : 1, sizeof(struct command_stats *));
	for (size_t i = 0; i < count; i++)
		found[i] = stats_command(st, i);
	qsort(found, count, sizeof(struct command_stats *), most_first);
	for (size_t i = 0; i < count; i++)
		write_row(w, found[i]);
	free(found);
	stats_free(st);
}

const struct report report_commands = {
	.name = "commands",
	.sentence = "how often each command came, how its requests ended, and how long their replies took",
	REPORT_COLUMNS(columns),
	.rows = rows,
};
