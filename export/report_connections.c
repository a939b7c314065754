/*
 * The report "connections": a row each, in the order of their first messages or news.
 *
 * Counts are the session's own; latencies and open requests are those of decode/stats.h; agent, version and user are read again from the
 * signin of each row as it is written.
 */
#include "base/xalloc.h"
#include "decode/identity.h"
#include "decode/stats.h"
#include "export/report_part.h"

#include <stdlib.h>

enum column {
	NUMBER,
	CLIENT,
	SERVER,
	TRANSPORT,
	TLS,
	AGENT,
	VERSION,
	USER,
	PROGRAM,
	OPENED,
	LASTED,
	SENT,
	RECEIVED,
	TO_SERVER,
	TO_CLIENT,
	OPEN,
	P50,
	P95,
	EXACT,
	GAPS,
	ERRORS,
	WARNINGS,
	NOTES,
	STATE,
	COLUMNS
};

static const struct report_column columns[COLUMNS] = {
	[NUMBER] = { "Conn", "conn", CELL_COUNT, 0, "its number" },
	[CLIENT] = { "Client", "client", CELL_TEXT, 0, "address and port" },
	[SERVER] = { "Server", "server", CELL_TEXT, 0, "address and port" },
	[TRANSPORT] = { "Via", "transport", CELL_TEXT, 0, "how messages are framed: tcp, ws …" },
	[TLS] = { "TLS", "tls", CELL_BOOL, 0, "whether that runs inside TLS" },
	[AGENT] = { "Agent", "agent", CELL_TEXT, 16, "the client's program, as its signin names it" },
	[VERSION] = { "Version", "version", CELL_TEXT, 12, "and the version of that" },
	[USER] = { "User", "user", CELL_TEXT, 24, "who signed in, as the reply to the signin says" },
	[PROGRAM] = { "User-Agent", "user_agent", CELL_TEXT, 24,
		      "what its HTTP request, or that of the upgrade to WebSocket or gRPC, says of its program" },
	[OPENED] = { "First", "time", CELL_TIME, 0, "time of its first message" },
	[LASTED] = { "Lasted", "duration", CELL_SPAN, 0, "from its first message to its last" },
	[SENT] = { "Sent", "messages_c2s", CELL_COUNT, 0, "messages from the client to the server" },
	[RECEIVED] = { "Received", "messages_s2c", CELL_COUNT, 0, "and back" },
	[TO_SERVER] = { "To server", "bytes_c2s", CELL_BYTES, 0, "bytes of messages from the client to the server" },
	[TO_CLIENT] = { "To client", "bytes_s2c", CELL_BYTES, 0, "and back" },
	[OPEN] = { "Open", "open", CELL_COUNT, 0, "requests that still waited when the capture ended" },
	[P50] = { "p50", "p50", CELL_SPAN, 0, "half of the requests had their final reply within that time" },
	[P95] = { "p95", "p95", CELL_SPAN, 0, "95 of 100 of them" },
	[EXACT] = { NULL, "exact", CELL_BOOL, 0, "false: more than 100,000 latencies; the percentiles are within 1 % (~ in text)" },
	[GAPS] = { "Gaps", "gaps", CELL_COUNT, 0, "gaps in the capture of it" },
	[ERRORS] = { "Errors", "rule_errors", CELL_COUNT, 0, "how often rules of the severity error were broken" },
	[WARNINGS] = { "Warnings", "rule_warnings", CELL_COUNT, 0, "the same for warnings" },
	[NOTES] = { "Notes", "rule_notes", CELL_COUNT, 0, "the same for notes" },
	[STATE] = { "State", "state", CELL_TEXT, 0, "open, or who ended it and how" },
};

static uint64_t broken(const struct session_conn *c, enum severity severity)
{
	uint64_t n = 0;
	for (int r = 0; r < RULES; r++)
		if (rule_info((enum rule)r)->severity == severity)
			n += session_conn_broken(c, (enum rule)r);
	return n;
}

static struct report_cell latency(struct quantile *q, unsigned percent)
{
	struct report_cell cell = cell_span(quantile_at(q, percent));
	cell.about = !quantile_exact(q);
	return cell;
}

static void write_row(struct report_writer *w, const struct session_conn *c, struct request_stats *sums, const struct identity *who)
{
	struct buf client = { 0 }, server = { 0 };
	endpoint_add(&client, &c->info.ends[DIR_C2S]);
	endpoint_add(&server, &c->info.ends[DIR_S2C]);
	const struct report_cell row[COLUMNS] = {
		[NUMBER] = cell_number(c->info.number),
		[CLIENT] = cell_text(buf_slice(&client)),
		[SERVER] = cell_text(buf_slice(&server)),
		[TRANSPORT] = cell_text(slice_str(transport_name(c->info.transport))),
		[TLS] = cell_number(c->info.tls),
		[AGENT] = cell_text(buf_slice(&who->agent)),
		[VERSION] = cell_text(buf_slice(&who->version)),
		[USER] = cell_text(buf_slice(&who->user)),
		[PROGRAM] = cell_text(slice_str(c->info.program ? c->info.program : "")),
		[OPENED] = { .known = c->first != 0, .number = c->first },
		[LASTED] = { .known = c->first != 0, .number = c->last - c->first },
		[SENT] = cell_number(c->messages[DIR_C2S]),
		[RECEIVED] = cell_number(c->messages[DIR_S2C]),
		[TO_SERVER] = cell_number(c->bytes[DIR_C2S]),
		[TO_CLIENT] = cell_number(c->bytes[DIR_S2C]),
		[OPEN] = cell_number(sums->open),
		[P50] = latency(&sums->latency, 50),
		[P95] = latency(&sums->latency, 95),
		[EXACT] = cell_number(quantile_exact(&sums->latency)),
		[GAPS] = cell_number(c->gaps),
		[ERRORS] = cell_number(broken(c, SEVERITY_ERROR)),
		[WARNINGS] = cell_number(broken(c, SEVERITY_WARNING)),
		[NOTES] = cell_number(broken(c, SEVERITY_NOTE)),
		[STATE] = cell_text(slice_str(conn_end_name(c->info.end))),
	};
	report_row(w, row);
	buf_release(&client);
	buf_release(&server);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	const struct session *s = from->session;
	struct stats *st = stats_new(s, STATS_CONNS);
	struct identity who = { 0 };
	stats_step(st, session_count(s), SIZE_MAX);
	for (uint32_t i = 0; i < session_conns(s); i++) {
		const struct session_conn *c = session_conn_at(s, i);
		struct request_stats none = { 0 }, *sums = stats_conn(st, c->info.number);
		identity_read(&who, s, c);
		write_row(w, c, sums ? sums : &none, &who);
	}
	identity_release(&who);
	stats_free(st);
}

const struct report report_connections = {
	.name = "connections",
	.sentence = "who talked to whom, how much, how fast, and how it ended",
	REPORT_COLUMNS(columns),
	.bytes = true,
	.rows = rows,
};
