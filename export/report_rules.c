/*
 * The report "rules": a row for each rule that was broken, the worst first. How often and by how many connections is the session's
 * count; the first and the last message come from one pass over the records, what was seen from the first.
 */
#include "decode/seen.h"
#include "export/report_part.h"

enum column { RULE, SEVERITY, COUNT, CONNECTIONS, FIRST, LAST, SENTENCE, SEEN, COLUMNS };

static const struct report_column columns[COLUMNS] = {
	[RULE] = { "Rule", "rule", CELL_TEXT, 0, "its name" },
	[SEVERITY] = { "Severity", "severity", CELL_TEXT, 0, "error, warning or note" },
	[COUNT] = { "Count", "count", CELL_COUNT, 0, "messages that break it" },
	[CONNECTIONS] = { "Conns", "connections", CELL_COUNT, 0, "connections on which it was broken" },
	[FIRST] = { "First", "first", CELL_COUNT, 0, "number of the first message that breaks it" },
	[LAST] = { "Last", "last", CELL_COUNT, 0, "and of the last" },
	[SENTENCE] = { "Meaning", "sentence", CELL_TEXT, 0, "what it means" },
	[SEEN] = { "Seen first", "seen", CELL_TEXT, 0,
		   "what was seen of it at the first message: numbers, ids, what became of the connection" },
};

struct span {
	uint32_t first, last;
};

static void find_spans(const struct session *s, struct span span[RULES])
{
	for (uint32_t n = session_first(s); n <= session_count(s); n++) {
		uint32_t rules = session_record(s, n)->rules;
		for (int r = 0; rules >> r; r++) {
			if (!(rules >> r & 1))
				continue;
			span[r].first = span[r].first ? span[r].first : n;
			span[r].last = n;
		}
	}
}

static uint64_t connections(const struct session *s, int rule)
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < session_conns(s); i++)
		n += session_conn_broken(session_conn_at(s, i), (enum rule)rule) > 0;
	return n;
}

static void write_row(struct report_writer *w, const struct session *s, int rule, uint64_t count, const struct span *span)
{
	const struct rule_info *info = rule_info((enum rule)rule);
	struct buf seen = { 0 };
	if (span->first)
		seen_add(&seen, s, span->first, (enum rule)rule, (struct slice){ NULL, 0 });
	const struct report_cell row[COLUMNS] = {
		[RULE] = cell_text(slice_str(info->name)),
		[SEVERITY] = cell_text(slice_str(severity_name(info->severity))),
		[COUNT] = cell_number(count),
		[CONNECTIONS] = cell_number(connections(s, rule)),
		[FIRST] = { .known = span->first > 0, .number = span->first },
		[LAST] = { .known = span->last > 0, .number = span->last },
		[SENTENCE] = cell_text(slice_str(info->sentence)),
		[SEEN] = cell_text(buf_slice(&seen)),
	};
	report_row(w, row);
	buf_release(&seen);
}

static void rows(struct report_writer *w, const struct report_source *from)
{
	struct span span[RULES] = { 0 };
	struct session_counts counts = session_counts(from->session);
	find_spans(from->session, span);
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
		for (int r = 0; r < RULES; r++)
			if (counts.rules[r] && (int)rule_info((enum rule)r)->severity == severity)
				write_row(w, from->session, r, counts.rules[r], &span[r]);
}

const struct report report_rules = {
	.name = "rules",
	.sentence = "the rules of the protocol that were broken, the worst first",
	REPORT_COLUMNS(columns),
	.bytes = true,
	.rows = rows,
};
