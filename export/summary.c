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
	const char *words; /* for amount_add_words */
	bool of_session;   /* else of the capture */
	bool lost;         /* something that the user wanted is missing */
	size_t offset;     /* of a uint64_t */
};

#define CAPTURE(member) false, false, offsetof(struct capture_counts, member)
#define CAPTURE_LOST(member) false, true, offsetof(struct capture_counts, member)
#define SESSION_LOST(member) true, true, offsetof(struct session_counts, member)

static const struct counter counters[] = {
	{ "packet[s] dropped by the kernel", CAPTURE_LOST(source.dropped_kernel) },
	{ "packet[s] dropped by the interface", CAPTURE_LOST(source.dropped_interface) },
	{ "packet[s] or more left unread at the end", CAPTURE_LOST(unread) },
	{ "source[s] that ended before [its|their] time", CAPTURE_LOST(source.broken) },
	{ "packet[s] not matched by the capture filter", CAPTURE(source.filtered) },
	{ "packet[s] cut short by the capture", CAPTURE_LOST(cut_packets) },
	{ "packet[s] with headers that can't be read", CAPTURE_LOST(bad) },
	{ "packet[s] earlier than the one before by more than a second", CAPTURE_LOST(backwards) },
	{ "packet[s] of a link type that can't be read", CAPTURE_LOST(unknown_link) },
	{ "packet[s] written", CAPTURE(watcher.written) },
	{ "packet[s] not written", CAPTURE_LOST(watcher.unwritten) },
	{ "packet[s] to be written that [was|were] no longer held", CAPTURE_LOST(watcher.given_up) },
	{ "packet[s] of another link type left out of the plain pcap", CAPTURE_LOST(watcher.other_link) },
	{ "comment[s] on broken rules left out, with no packet behind [it|them]", CAPTURE_LOST(watcher.remarks) },
	{ "packet[ that is|s that are] no IP", CAPTURE(not_ip) },
	{ "packet[ that is|s that are] no TCP", CAPTURE(not_tcp) },
	{ "fragmented packet[s] given up", CAPTURE_LOST(fragments.expired) },
	{ "invalid fragment[s]", CAPTURE_LOST(fragments.bad) },
	{ "segment[s] out of order", CAPTURE(out_of_order) },
	{ "byte[s] that came twice", CAPTURE(duplicate_bytes) },
	{ "segment[s] of connections that had ended", CAPTURE(old_segments) },
	{ "segment[s] from before the first of [its|their] connection", CAPTURE_LOST(from_before) },
	{ "segment[s] with a wrong checksum, not read", CAPTURE_LOST(damaged) },
	{ "reset[s] with a number that no receiver takes", CAPTURE(stray_resets) },
	{ "segment[s] with numbers that no receiver takes", CAPTURE(strays) },
	{ "gap[s] in the capture", CAPTURE_LOST(gaps) },
	{ "byte[s] missing there", CAPTURE_LOST(gap_bytes) },
	{ "byte[s] skipped in search of a message", CAPTURE_LOST(stream.skipped) },
	{ "over-long message[s]", CAPTURE_LOST(stream.overlong) },
	{ "message[s] cut", CAPTURE_LOST(stream.cut) },
	{ "WebSocket control frame[s]", CAPTURE(stream.control) },
	{ "invalid frame[s]", CAPTURE_LOST(stream.bad_frames) },
	{ "further conversation[s] on an HTTP/2 connection", CAPTURE(stream.conversations) },
	{ "HTTP/2 stream[s] forgotten for [the|their] number", CAPTURE_LOST(stream.calls_forgotten) },
	{ "packet[s] sent before an upgrade with the time of an earlier one", CAPTURE_LOST(stream.untimed) },
	{ "connection[s] of something else", CAPTURE(stream.not_ours) },
	{ "HTTP request[s] of something else", CAPTURE(stream.other_http) },
	{ "HTTP bod[y that is|ies that are] no message", CAPTURE(stream.no_message) },
	{ "TLS connection[s] without keys", CAPTURE(stream.tls_no_keys) },
	{ "TLS connection[s] of which too much waited for keys", CAPTURE_LOST(stream.tls_overflow) },
	{ "TLS record[s] that did not open", CAPTURE_LOST(stream.tls_bad) },
	{ "TLS direction[s] given up because nothing opened any more", CAPTURE_LOST(stream.tls_given_up) },
	{ "secret[s] in the key log", CAPTURE(keylog.secrets) },
	{ "line[s] of the key log that can't be read", CAPTURE(keylog.bad) },
	{ "key[s] forgotten for [the|their] number", CAPTURE_LOST(keylog.forgotten) },
	{ "client[s] refused for the number of connections", CAPTURE_LOST(proxy.refused_full) },
	{ "client[s] refused for their address", CAPTURE(proxy.refused_address) },
	{ "proxied connection[s] that [was|were] not shown", CAPTURE_LOST(proxy.untold) },
	{ "sentence[s] of the proxy that [was|were] not shown", CAPTURE_LOST(proxy.unsaid) },
	{ "connection[s] forgotten for [the|their] number", CAPTURE_LOST(connections_forgotten) },
	{ "message[s] forgotten for the memory limit", SESSION_LOST(forgotten) },
	{ "message[s] beyond the last number", SESSION_LOST(unnumbered) },
	{ "message[s] in parts given up for [the|their] number", SESSION_LOST(parts_forgotten) },
	{ "closed connection[s] forgotten for the memory limit", SESSION_LOST(conns_forgotten) },
	{ "open request[s] forgotten for [the|their] number", SESSION_LOST(ids_forgotten) },
	{ "repl[y|ies] beyond the limit, with a request not waited for", SESSION_LOST(replies_unjudged) },
	{ "stream[s] beyond the limit, with checksums not looked at", SESSION_LOST(streams_untracked) },
	{ "message[s] with a command that was not kept", SESSION_LOST(commands_unnamed) },
	{ "news forgotten for [the|their] number", SESSION_LOST(news_forgotten) },
	{ "message[s] whose bytes could not be kept", SESSION_LOST(unreadable) },
	{ "byte[s] of messages given up for the spool's limit", SESSION_LOST(spool_given_up) },
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
	buf_addf(out, "%14.*s ", (int)number.len, (const char *)number.at);
	amount_add_words(out, n, words);
	buf_add_byte(out, '\n');
	buf_release(&number);
}

void summary_add_counts(struct buf *out, const struct capture_counts *c, const struct session_counts *s)
{
	add_line(out, s->messages, "message");
	add_line(out, s->bytes, s->messages == 1 ? "byte[s] in it" : "byte[s] in them");
	add_line(out, c->source.packets, "packet");
	add_line(out, c->connections, "TCP connection");
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
		amount_add_counted(out, value, counters[i].words);
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
	for (int t = 0; t < TRANSPORTS; t++) {
		char words[64];
		snprintf(words, sizeof words, "connection[s] over %s", transport_name((enum transport)t));
		if (by[t])
			add_line(out, by[t], words);
	}
}

void summary_add_report(struct buf *out, const struct capture_counts *c, const struct session *s)
{
	struct session_counts n = session_counts(s);
	summary_add_counts(out, c, &n);
	add_transports(out, s);
	add_line(out, session_threads(s), "thread");
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
	struct buf what = { 0 };
	for (int i = 0; i < COUNTERS; i++) {
		buf_clear(&what);
		amount_add_words(&what, 0, counters[i].words);
		uint64_t value = value_of(&counters[i], from->counts, &s);
		write_row(w, buf_cstr(&what), value, counters[i].lost && value);
	}
	buf_release(&what);
}

static void text(struct buf *out, const struct report_source *from)
{
	summary_add_report(out, from->counts, from->session);
}

const struct report report_summary = {
	.name = "summary",
	.sentence = "what was read, what was lost, which rules were broken",
	REPORT_COLUMNS(columns),
	.rows = rows,
	.text = text,
};
