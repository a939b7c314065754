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
	{ "comment[s] on the capture or its interfaces passed over", CAPTURE(source.comments) },
	{ "block[s] of TLS secrets too long to be read", CAPTURE_LOST(source.secrets_dropped) },
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
	{ "connection[s] refused", CAPTURE(refused) },
	{ "connection[s] with no answer to [its|their] SYN", CAPTURE(unanswered) },
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
	{ "packet[s] read late, with the time of an earlier one", CAPTURE_LOST(stream.untimed) },
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

/*
 * A line of the report. Text and ndjson are made from the same lines in the same order, so that neither can lack what the other tells; text
 * leaves out what is 0 or not known, and has units.
 */
struct line {
	const char *what; /* of a count, for amount_add_words; of a rule its name */
	enum cell_kind kind;
	uint64_t value;
	bool unknown, lost, always; /* always: in text too if it is 0 */
	const struct rule_info *rule;
};

struct lines {
	void (*write)(const struct lines *to, const struct line *line);
	struct buf *text;          /* to_text */
	struct report_writer *row; /* to_row */
};

static void tell(const struct lines *to, const struct line line)
{
	to->write(to, &line);
}

static void tell_counts(const struct lines *to, const struct capture_counts *c, const struct session_counts *s)
{
	tell(to, (struct line){ .what = "message", .kind = CELL_COUNT, .value = s->messages, .always = true });
	tell(to, (struct line){ .what = to->text && s->messages == 1 ? "byte[s] in it" : "byte[s] in them",
				.kind = CELL_COUNT,
				.value = s->bytes,
				.always = true });
	tell(to, (struct line){ .what = "packet", .kind = CELL_COUNT, .value = c->source.packets, .always = true });
	tell(to, (struct line){ .what = "TCP connection", .kind = CELL_COUNT, .value = c->connections, .always = true });
	for (int i = 0; i < COUNTERS; i++) {
		uint64_t value = value_of(&counters[i], c, s);
		tell(to, (struct line){ .what = counters[i].words,
					.kind = CELL_COUNT,
					.value = value,
					.lost = counters[i].lost && value,
					.always = i < 2 && (c->source.watched || c->source.dropped_kernel + c->source.dropped_interface) });
	}
}

static void tell_transports(const struct lines *to, const struct session *s)
{
	uint32_t by[TRANSPORTS] = { 0 };
	for (uint32_t i = 0; i < session_conns(s); i++)
		by[session_conn_at(s, i)->info.transport]++;
	for (int t = 0; t < TRANSPORTS; t++) {
		char words[64];
		snprintf(words, sizeof words, "connection[s] over %s", transport_name((enum transport)t));
		tell(to, (struct line){ .what = words, .kind = CELL_COUNT, .value = by[t] });
	}
}

static void tell_all(const struct lines *to, const struct capture_counts *c, const struct session *s)
{
	struct session_counts n = session_counts(s);
	bool none = !c->first_time;
	tell_counts(to, c, &n);
	tell_transports(to, s);
	tell(to, (struct line){ .what = "thread", .kind = CELL_COUNT, .value = session_threads(s), .always = true });
	for (int r = 0; r < RULES; r++)
		tell(to, (struct line){ .what = rule_info((enum rule)r)->name,
					.kind = CELL_COUNT,
					.value = n.rules[r],
					.rule = rule_info((enum rule)r) });
	if (to->text)
		buf_add_byte(to->text, '\n');
	tell(to, (struct line){ .what = "first packet", .kind = CELL_TIME, .value = (uint64_t)c->first_time, .unknown = none });
	tell(to, (struct line){ .what = "last packet", .kind = CELL_TIME, .value = (uint64_t)c->last_time, .unknown = none });
	tell(to,
	     (struct line){
		     .what = "duration", .kind = CELL_SPAN, .value = (uint64_t)c->last_time - (uint64_t)c->first_time, .unknown = none });
	tell(to, (struct line){ .what = "memory", .kind = CELL_BYTES, .value = n.memory });
	tell(to, (struct line){ .what = "spool file", .kind = CELL_BYTES, .value = n.spool });
}

/* What has another unit stands below the counts, with its name in front. */
static void to_text(const struct lines *to, const struct line *line)
{
	struct buf *out = to->text;
	if (line->kind == CELL_COUNT) {
		if ((line->value || line->always) && line->rule)
			buf_addf(out, "%14llu %s (%s)\n", (unsigned long long)line->value, line->what, severity_name(line->rule->severity));
		else if (line->value || line->always)
			add_line(out, line->value, line->what);
		return;
	}
	if (line->unknown)
		return;
	buf_addf(out, "%-15s", line->what);
	switch (line->kind) {
	case CELL_TIME: when_add_iso(out, (int64_t)line->value); break;
	case CELL_SPAN: when_add_span(out, (int64_t)line->value); break;
	default: buf_addf(out, "%.1f MB", (double)line->value / 1e6);
	}
	buf_add_byte(out, '\n');
}

void summary_add_counts(struct buf *out, const struct capture_counts *c, const struct session_counts *s)
{
	const struct lines to = { to_text, .text = out };
	tell_counts(&to, c, s);
}

enum column { WHAT, VALUE, LOST, SEVERITY, TIME, SECONDS, COLUMNS };

static const struct report_column columns[COLUMNS] = {
	[WHAT] = { "What", "what", CELL_TEXT, 0, "what was counted; of a broken rule its name" },
	[VALUE] = { "Count", "value", CELL_COUNT, 0, "how often, or how many bytes" },
	[LOST] = { "Lost", "lost", CELL_BOOL, 0, "true: something that one would want to see is missing" },
	[SEVERITY] = { "Severity", "severity", CELL_TEXT, 0, "of a broken rule: error, warning or note" },
	[TIME] = { "Time", "time", CELL_TIME, 0, "of the first and of the last packet" },
	[SECONDS] = { "Seconds", "seconds", CELL_SPAN, 0, "from the first packet to the last" },
};

static void to_row(const struct lines *to, const struct line *line)
{
	struct buf what = { 0 };
	struct report_cell row[COLUMNS] = { [LOST] = cell_number(line->lost) };
	if (line->kind == CELL_COUNT && !line->rule)
		amount_add_words(&what, 0, line->what);
	else
		buf_add_str(&what, line->what);
	row[WHAT] = cell_text(buf_slice(&what));
	if (line->rule)
		row[SEVERITY] = cell_text(slice_str(severity_name(line->rule->severity)));
	struct report_cell *value = &row[line->kind == CELL_TIME ? TIME : line->kind == CELL_SPAN ? SECONDS : VALUE];
	if (!line->unknown)
		*value = (struct report_cell){ .known = true, .number = (int64_t)line->value };
	report_row(to->row, row);
	buf_release(&what);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	const struct lines to = { to_row, .row = w };
	tell_all(&to, from->counts, from->session);
}

static void text(struct buf *out, const struct report_source *from)
{
	const struct lines to = { to_text, .text = out };
	tell_all(&to, from->counts, from->session);
}

const struct report report_summary = {
	.name = "summary",
	.sentence = "what was read, what was lost, which rules were broken",
	REPORT_COLUMNS(columns),
	.rows = rows,
	.text = text,
};
