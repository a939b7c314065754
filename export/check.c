/*
 * Writing the check.
 *
 * A finding is a message and one rule that it breaks. Text and json list them in the order of messages; junit has a testcase for every
 * rule there is, broken or not, and in it the messages that break it. A testcase fails only if its rule is one of fail_on; what is
 * found without failing stands in its system-out. All are written as they are found: nothing grows with their number.
 */
#include "export/check.h"

#include "base/amount.h"
#include "base/json.h"
#include "base/text.h"
#include "decode/seen.h"
#include "export/xml.h"

struct writer {
	const struct check_source *from;
	FILE *out;
	struct buf line;
	bool comma; /* json: a finding has been written */
	bool failed;
};

struct finding {
	uint32_t n;
	enum rule rule;
	const struct record *record;
};

enum check_format check_format_named(const char *name)
{
	static const char *const names[] = { [CHECK_TEXT] = "text", [CHECK_JSON] = "json", [CHECK_JUNIT] = "junit" };
	for (int f = CHECK_TEXT; f <= CHECK_JUNIT; f++)
		if (strcmp(name, names[f]) == 0)
			return (enum check_format)f;
	return CHECK_NONE;
}

bool check_add_fail_on(uint32_t *rules, const char *word)
{
	bool known = false;
	for (int r = 0; r < RULES; r++) {
		const struct rule_info *info = rule_info((enum rule)r);
		bool named = strcmp(info->name, word) == 0;
		for (int severity = SEVERITY_NOTE; severity <= (int)info->severity; severity++)
			named = named || strcmp(severity_name((enum severity)severity), word) == 0;
		if (named)
			*rules |= UINT32_C(1) << r;
		known = known || named;
	}
	return known;
}

bool check_fails(const struct check_source *from)
{
	struct session_counts counts = session_counts(from->session);
	for (int r = 0; r < RULES; r++)
		if (from->fail_on >> r & 1 && counts.rules[r])
			return true;
	return false;
}

static void write_line(struct writer *w)
{
	if (!w->failed && fwrite(w->line.at, 1, w->line.len, w->out) < w->line.len)
		w->failed = true;
	buf_clear(&w->line);
}

/* Calls found for each finding whose rule is in the bit set. */
static void each_finding(struct writer *w, uint32_t rules, void (*found)(struct writer *w, const struct finding *f))
{
	const struct session *s = w->from->session;
	for (uint32_t n = session_first(s); n <= session_count(s) && !w->failed; n++) {
		const struct record *r = session_record(s, n);
		for (int rule = 0; (r->rules & rules) >> rule; rule++) {
			if ((r->rules & rules) >> rule & 1)
				found(w, &(struct finding){ n, (enum rule)rule, r });
		}
	}
}

struct totals {
	uint64_t by[3]; /* findings by severity */
	uint64_t failing;
};

static struct totals count_totals(const struct check_source *from)
{
	struct session_counts counts = session_counts(from->session);
	struct totals t = { 0 };
	for (int r = 0; r < RULES; r++) {
		t.by[rule_info((enum rule)r)->severity] += counts.rules[r];
		t.failing += from->fail_on >> r & 1 ? counts.rules[r] : 0;
	}
	return t;
}

/* The line of a finding, without its end and harmless: "message 57, 1.624258000, connection 1, download: no-reply (warning): … Seen: …" */
static void add_finding(struct buf *out, const struct check_source *from, const struct finding *f)
{
	const struct rule_info *info = rule_info(f->rule);
	buf_addf(out, "message %u, ", f->n);
	time_format_add(out, from->time, from->utc, f->record->time, from->first_time);
	buf_addf(out, ", connection %u, ", f->record->conn);
	text_add_safe(out, session_command_name(from->session, f->record));
	buf_addf(out, ": %s (%s): %s", info->name, severity_name(info->severity), info->sentence);
	seen_add_sentence(out, from->session, f->n, f->rule, (struct slice){ NULL, 0 });
}

static void text_finding(struct writer *w, const struct finding *f)
{
	add_finding(&w->line, w->from, f);
	buf_add_byte(&w->line, '\n');
	write_line(w);
}

static void add_amount(struct buf *out, uint64_t n, const char *noun, const char *after)
{
	amount_add_counted(out, n, noun);
	buf_add_str(out, after);
}

static void write_text(struct writer *w)
{
	struct session_counts counts = session_counts(w->from->session);
	struct totals t = count_totals(w->from);
	each_finding(w, UINT32_MAX, text_finding);
	add_amount(&w->line, counts.messages, "message", ": ");
	add_amount(&w->line, t.by[SEVERITY_ERROR], "error", ", ");
	add_amount(&w->line, t.by[SEVERITY_WARNING], "warning", ", ");
	add_amount(&w->line, t.by[SEVERITY_NOTE], "note", "; ");
	if (w->from->damage && !t.failing)
		buf_addf(&w->line, "undecided, as the capture is damaged: %s\n", w->from->damage);
	else
		buf_add_str(&w->line, t.failing ? "failed\n" : "passed\n");
	write_line(w);
}

static void add_time_keys(struct json *j, int64_t time, int64_t rel)
{
	json_key(j, "time");
	json_iso(j, time);
	json_key(j, "rel");
	json_seconds(j, rel);
}

static void add_seen(struct json *j, struct writer *w, const struct finding *f)
{
	struct buf seen = { 0 };
	seen_add(&seen, w->from->session, f->n, f->rule, (struct slice){ NULL, 0 });
	json_slice(j, buf_slice(&seen));
	buf_release(&seen);
}

/* An element of "broken", on a line of its own. */
static void json_finding(struct writer *w, const struct finding *f)
{
	const struct rule_info *info = rule_info(f->rule);
	buf_add_str(&w->line, w->comma ? ",\n" : "\n");
	w->comma = true;
	struct json j = json_to(&w->line);
	json_open(&j, '{');
	json_key(&j, "n");
	json_uint(&j, f->n);
	add_time_keys(&j, f->record->time, f->record->time - w->from->first_time);
	json_key(&j, "conn");
	json_uint(&j, f->record->conn);
	json_key(&j, "command");
	json_slice(&j, session_command_name(w->from->session, f->record));
	json_key(&j, "rule");
	json_text(&j, info->name);
	json_key(&j, "severity");
	json_text(&j, severity_name(info->severity));
	json_key(&j, "sentence");
	json_text(&j, info->sentence);
	json_key(&j, "seen");
	add_seen(&j, w, f);
	json_key(&j, "fails");
	json_bool(&j, w->from->fail_on >> f->rule & 1);
	json_close(&j, '}');
	write_line(w);
}

static void write_json(struct writer *w)
{
	static const char *const keys[] = { "notes", "warnings", "errors" };
	struct session_counts counts = session_counts(w->from->session);
	struct totals t = count_totals(w->from);
	struct json j = json_to(&w->line);
	json_open(&j, '{');
	json_key(&j, "file");
	json_text(&j, w->from->file);
	json_key(&j, "messages");
	json_uint(&j, counts.messages);
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--) {
		json_key(&j, keys[severity]);
		json_uint(&j, t.by[severity]);
	}
	json_key(&j, "failed");
	json_bool(&j, t.failing > 0);
	if (w->from->damage) {
		json_key(&j, "damage");
		json_text(&j, w->from->damage);
	}
	json_key(&j, "broken");
	json_open(&j, '[');
	write_line(w);
	each_finding(w, UINT32_MAX, json_finding);
	buf_add_str(&w->line, w->comma ? "\n]}\n" : "]}\n");
	write_line(w);
}

static void junit_finding(struct writer *w, const struct finding *f)
{
	struct buf text = { 0 };
	add_finding(&text, w->from, f);
	xml_add(&w->line, buf_slice(&text));
	buf_add_byte(&w->line, '\n');
	buf_release(&text);
	write_line(w);
}

static void junit_case(struct writer *w, enum rule rule, uint64_t count)
{
	const struct rule_info *info = rule_info(rule);
	const char *element = w->from->fail_on >> rule & 1 ? "failure" : "system-out";
	buf_addf(&w->line, "  <testcase classname=\"envscope.%s\" name=\"%s\" time=\"0\"", severity_name(info->severity), info->name);
	if (!count) {
		buf_add_str(&w->line, "/>\n");
		write_line(w);
		return;
	}
	buf_addf(&w->line, ">\n    <%s", element);
	if (w->from->fail_on >> rule & 1) {
		buf_addf(&w->line, " type=\"%s\" message=\"", info->name);
		add_amount(&w->line, count, "message", ": ");
		xml_add_str(&w->line, info->sentence);
		buf_add_byte(&w->line, '"');
	}
	buf_add_str(&w->line, ">\n");
	each_finding(w, UINT32_C(1) << rule, junit_finding);
	buf_addf(&w->line, "</%s>\n  </testcase>\n", element);
	write_line(w);
}

/* A case of its own for a capture that could not be read to its end; the rules of what came before say nothing about the rest. */
static void junit_damage(struct writer *w)
{
	if (!w->from->damage)
		return;
	buf_add_str(&w->line, "  <testcase classname=\"envscope\" name=\"capture\" time=\"0\">\n    <error type=\"damaged\" message=\"");
	xml_add_str(&w->line, w->from->damage);
	buf_add_str(&w->line, "\"/>\n  </testcase>\n");
}

static void write_junit(struct writer *w)
{
	struct session_counts counts = session_counts(w->from->session);
	unsigned failures = 0, errors = w->from->damage != NULL;
	for (int r = 0; r < RULES; r++)
		failures += w->from->fail_on >> r & 1 && counts.rules[r];
	buf_addf(&w->line, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%u\" failures=\"%u\" errors=\"%u\">\n",
		 RULES + errors, failures, errors);
	buf_add_str(&w->line, "<testsuite name=\"envscope: ");
	xml_add_str(&w->line, w->from->file);
	buf_addf(&w->line, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"0\" time=\"0\">\n", RULES + errors, failures, errors);
	junit_damage(w);
	for (int r = 0; r < RULES; r++)
		junit_case(w, (enum rule)r, counts.rules[r]);
	buf_add_str(&w->line, "</testsuite>\n</testsuites>\n");
	write_line(w);
}

bool check_write(const struct check_source *from, enum check_format format, FILE *out)
{
	struct writer w = { .from = from, .out = out };
	switch (format) {
	case CHECK_TEXT: write_text(&w); break;
	case CHECK_JSON: write_json(&w); break;
	case CHECK_JUNIT: write_junit(&w); break;
	case CHECK_NONE: break;
	}
	buf_release(&w.line);
	return !w.failed;
}
