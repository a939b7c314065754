/*
 * Counts as text.
 *
 * One table names every counter of something lost or passed over, so that none can be kept and not shown.
 */
#include "export/summary.h"

#include "base/amount.h"
#include "base/when.h"
#include "export/report_part.h"

#include <stddef.h>

struct counter {
	const char *words;
	bool of_session; /* else of the capture */
	bool lost;       /* something that the user wanted is missing */
	size_t offset;   /* of a uint64_t */
};

#define CAPTURE(member) false, false, offsetof(struct capture_counts, member)
#define CAPTURE_LOST(member) false, true, offsetof(struct capture_counts, member)
#define SESSION_LOST(member) true, true, offsetof(struct session_counts, member)

static const struct counter counters[] = {
	{ "packets dropped by the kernel", CAPTURE_LOST(source.dropped_kernel) },
	{ "packets dropped by the interface", CAPTURE_LOST(source.dropped_interface) },
	{ "packets not matched by the capture filter", CAPTURE(source.filtered) },
	{ "packets cut short by the capture", CAPTURE_LOST(cut_packets) },
	{ "packets with headers that can't be read", CAPTURE_LOST(bad) },
	{ "packets written", CAPTURE(watcher.written) },
	{ "packets not written", CAPTURE_LOST(watcher.unwritten) },
	{ "packets to be written that were no longer held", CAPTURE_LOST(watcher.given_up) },
	{ "packets of another link type left out of the plain pcap", CAPTURE_LOST(watcher.other_link) },
	{ "packets that are no IP", CAPTURE(not_ip) },
	{ "packets that are no TCP", CAPTURE(not_tcp) },
	{ "fragmented packets given up", CAPTURE_LOST(fragments.expired) },
	{ "fragments that can't be", CAPTURE_LOST(fragments.bad) },
	{ "segments out of order", CAPTURE(out_of_order) },
	{ "bytes that came twice", CAPTURE(duplicate_bytes) },
	{ "segments of connections that had ended", CAPTURE(old_segments) },
	{ "gaps in the capture", CAPTURE_LOST(gaps) },
	{ "bytes missing in them", CAPTURE_LOST(gap_bytes) },
	{ "bytes skipped in search of a message", CAPTURE_LOST(stream.skipped) },
	{ "over-long messages", CAPTURE_LOST(stream.overlong) },
	{ "messages cut", CAPTURE_LOST(stream.cut) },
	{ "WebSocket control frames", CAPTURE(stream.control) },
	{ "frames that can't be", CAPTURE_LOST(stream.bad_frames) },
	{ "further conversations on an HTTP/2 connection", CAPTURE(stream.conversations) },
	{ "HTTP/2 streams forgotten for their number", CAPTURE_LOST(stream.calls_forgotten) },
	{ "connections of something else", CAPTURE(stream.not_ours) },
	{ "HTTP requests of something else", CAPTURE(stream.other_http) },
	{ "HTTP bodies that are no message", CAPTURE(stream.no_message) },
	{ "TLS connections without keys", CAPTURE(stream.tls_no_keys) },
	{ "TLS connections of which too much waited for keys", CAPTURE_LOST(stream.tls_overflow) },
	{ "TLS records that did not open", CAPTURE_LOST(stream.tls_bad) },
	{ "TLS directions given up because nothing opened any more", CAPTURE_LOST(stream.tls_given_up) },
	{ "secrets in the key log", CAPTURE(keylog.secrets) },
	{ "lines of the key log that can't be read", CAPTURE(keylog.bad) },
	{ "keys forgotten for their number", CAPTURE_LOST(keylog.forgotten) },
	{ "clients refused for the number of connections", CAPTURE_LOST(proxy.refused_full) },
	{ "clients refused for their address", CAPTURE(proxy.refused_address) },
	{ "proxied connections that were not shown", CAPTURE_LOST(proxy.untold) },
	{ "connections forgotten for their number", CAPTURE_LOST(connections_forgotten) },
	{ "messages forgotten for the memory limit", SESSION_LOST(forgotten) },
	{ "messages beyond the last number", SESSION_LOST(unnumbered) },
	{ "messages in parts given up for their number", SESSION_LOST(parts_forgotten) },
	{ "closed connections forgotten for the memory limit", SESSION_LOST(conns_forgotten) },
	{ "open requests forgotten for their number", SESSION_LOST(ids_forgotten) },
	{ "streams beyond the limit, with checksums not looked at", SESSION_LOST(streams_untracked) },
	{ "messages with a command that was not kept", SESSION_LOST(commands_unnamed) },
	{ "news forgotten for their number", SESSION_LOST(news_forgotten) },
	{ "messages whose bytes could not be kept", SESSION_LOST(unreadable) },
	{ "bytes of messages given up for the spool's limit", SESSION_LOST(spool_given_up) },
};
enum { COUNTERS = sizeof counters / sizeof *counters };

static uint64_t value_of(const struct counter *k, const struct capture_counts *c, const struct session_counts *s)
{
	uint64_t value;
	memcpy(&value, (k->of_session ? (const char *)s : (const char *)c) + k->offset, sizeof value);
	return value;
}

struct summary_count summary_count(unsigned i, const struct capture_counts *c, const struct session_counts *s)
{
	if (i >= COUNTERS)
		return (struct summary_count){ 0 };
	return (struct summary_count){ counters[i].words, value_of(&counters[i], c, s), counters[i].lost };
}

bool summary_anything_lost(const struct capture_counts *c, const struct session_counts *s)
{
	for (int i = 0; i < COUNTERS; i++)
		if (counters[i].lost && value_of(&counters[i], c, s))
			return true;
	return false;
}

static void add_line(struct buf *out, uint64_t n, const char *words)
{
	struct buf number = { 0 };
	amount_add_grouped(&number, n);
	buf_addf(out, "%14.*s %s\n", (int)number.len, (const char *)number.at, words);
	buf_release(&number);
}

void summary_add_counts(struct buf *out, const struct capture_counts *c, const struct session_counts *s)
{
	add_line(out, s->messages, "messages");
	add_line(out, s->bytes, "bytes in them");
	add_line(out, c->source.packets, "packets");
	add_line(out, c->connections, "TCP connections");
	for (int i = 0; i < COUNTERS; i++) {
		uint64_t value = value_of(&counters[i], c, s);
		bool always = i < 2 && c->source.dropped_kernel + c->source.dropped_interface;
		if (value || always)
			add_line(out, value, counters[i].words);
	}
}

void summary_add_losses(struct buf *out, const struct capture_counts *c, const struct session_counts *s)
{
	const char *before = "";
	for (int i = 0; i < COUNTERS; i++) {
		uint64_t value = value_of(&counters[i], c, s);
		if (!counters[i].lost || !value)
			continue;
		buf_add_str(out, before);
		amount_add_grouped(out, value);
		buf_addf(out, " %s", counters[i].words);
		before = ", ";
	}
}

static void add_rules(struct buf *out, const struct session_counts *s)
{
	for (int r = 0; r < RULES; r++) {
		if (!s->rules[r])
			continue;
		const struct rule_info *info = rule_info((enum rule)r);
		buf_addf(out, "%14llu %s (%s)\n", (unsigned long long)s->rules[r], info->name, severity_name(info->severity));
	}
}

static void add_transports(struct buf *out, const struct session *s)
{
	uint32_t by[TRANSPORTS] = { 0 };
	for (uint32_t i = 0; i < session_conns(s); i++)
		by[session_conn_at(s, i)->info.transport]++;
	for (int t = 0; t < TRANSPORTS; t++)
		if (by[t])
			buf_addf(out, "%14u connections over %s\n", by[t], transport_name((enum transport)t));
}

void summary_add_report(struct buf *out, const struct capture_counts *c, const struct session *s)
{
	struct session_counts n = session_counts(s);
	summary_add_counts(out, c, &n);
	add_transports(out, s);
	add_line(out, session_threads(s), "threads");
	add_rules(out, &n);
	buf_add_str(out, "\n");
	if (c->first_time) {
		buf_add_str(out, "first packet   ");
		when_add_iso(out, c->first_time);
		buf_add_str(out, "\nlast packet    ");
		when_add_iso(out, c->last_time);
		buf_add_str(out, "\n");
	}
	buf_addf(out, "memory         %.1f MB of records and tables, %.1f MB in the spool file\n", (double)n.memory / 1e6,
		 (double)n.spool / 1e6);
}

enum column { WHAT, VALUE, LOST, COLUMNS };

static const struct report_column columns[COLUMNS] = {
	[WHAT] = { "What", "what", CELL_TEXT, 0, "what was counted" },
	[VALUE] = { "Count", "value", CELL_COUNT, 0, "how often" },
	[LOST] = { "Lost", "lost", CELL_BOOL, 0, "true: something that one would want to see is missing" },
};

static void write_row(struct report_writer *w, const char *what, uint64_t value, bool lost)
{
	const struct report_cell row[COLUMNS] = { cell_text(slice_str(what)), cell_number(value), cell_number(lost) };
	report_row(w, row);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	struct session_counts s = session_counts(from->session);
	write_row(w, "messages", s.messages, false);
	write_row(w, "bytes in them", s.bytes, false);
	write_row(w, "packets", from->counts->source.packets, false);
	write_row(w, "TCP connections", from->counts->connections, false);
	write_row(w, "threads", session_threads(from->session), false);
	for (int i = 0; i < COUNTERS; i++)
		write_row(w, counters[i].words, value_of(&counters[i], from->counts, &s), counters[i].lost);
}

static void text(struct buf *out, const struct report_source *from)
{
	summary_add_report(out, from->counts, from->session);
}

const struct report report_summary = {
	.name = "summary", .sentence = "what was read, what was lost, which rules were broken", REPORT_COLUMNS(columns), .rows = rows,
	.text = text,
};
