/*
 * The printer: from the session's listener to a format and out.
 *
 * A line is made in a buffer and written at once, so that whoever reads the pipe sees whole lines. When nobody reads any more, that is
 * no error but the end. With a display filter only messages that match are written, and what becomes known later only of those.
 */
#include "export/exporter.h"

#include "base/when.h"

#include <errno.h>

enum { TREE_BUDGET = 64 << 20 };

static const struct exporter *const exporters[] = {
	&exporter_text, &exporter_tree,    &exporter_ndjson,   &exporter_fields, &exporter_csv,  &exporter_json,
	&exporter_pdml, &exporter_mermaid, &exporter_plantuml, &exporter_svg,    &exporter_html, &exporter_otlp,
};

const struct exporter *exporter_at(size_t i)
{
	return i < sizeof exporters / sizeof *exporters ? exporters[i] : NULL;
}

const struct exporter *exporter_named(const char *name)
{
	for (size_t i = 0; exporter_at(i); i++)
		if (strcmp(exporter_at(i)->name, name) == 0)
			return exporter_at(i);
	return NULL;
}

void time_format_add(struct buf *out, enum time_format format, bool utc, int64_t time, int64_t since)
{
	switch (format) {
	case TIME_CLOCK: when_add_clock(out, time, utc); break;
	case TIME_DATE: utc ? when_add_iso(out, time) : when_add_local(out, time); break;
	case TIME_EPOCH: when_add_seconds(out, time); break;
	case TIME_RELATIVE:
	case TIME_DELTA: when_add_seconds(out, time - since); break;
	}
}

void printer_init(struct printer *p, const struct exporter *e, const struct print_options *o, FILE *out)
{
	*p = (struct printer){ .exporter = e, .options = *o, .out = out };
	form_init(&p->form);
}

void printer_release(struct printer *p)
{
	if (p->exporter && p->exporter->release)
		p->exporter->release(p);
	buf_release(&p->line);
	buf_release(&p->scratch);
	buf_release(&p->value);
	form_release(&p->form);
	if (p->dissection.schema)
		dissection_release(&p->dissection);
}

static void give_up(struct printer *p)
{
	p->closed = true;
	p->error = errno == EPIPE ? 0 : errno;
}

static void write_out(struct printer *p)
{
	if (p->line.len && !p->closed && fwrite(p->line.at, 1, p->line.len, p->out) < p->line.len)
		give_up(p);
	buf_clear(&p->line);
}

void printer_flush(struct printer *p)
{
	if (!p->closed && fflush(p->out) != 0)
		give_up(p);
}

bool printer_done(const struct printer *p)
{
	return p->closed || (p->limit && p->printed >= p->limit);
}

/* Does the message match the filter, if there is one? Remembers the answer. */
static bool wanted(struct printer *p, uint32_t n, struct slice bytes)
{
	uint8_t *byte = &p->shown[n % PRINTED_WINDOW / 8], bit = (uint8_t)(1u << n % 8);
	if (!p->filter)
		return true;
	filter_set_start(p->filter, capture_first_time(p->capture));
	bool match = filter_match(p->filter, p->session, n, bytes);
	*byte = match ? *byte | bit : *byte & (uint8_t)~bit;
	return match;
}

/* Is news about an earlier message wanted: was it printed, or does it match by what is known of it now? Its bytes may be gone. */
static bool still_wanted(struct printer *p, uint32_t n)
{
	if (!p->filter)
		return true;
	if (session_count(p->session) - n >= PRINTED_WINDOW)
		return false;
	return p->shown[n % PRINTED_WINDOW / 8] >> n % 8 & 1 ||
	       (filter_needs(p->filter) == FILTER_INDEX && filter_match(p->filter, p->session, n, slice_of(NULL, 0)));
}

static void on_message(void *user, uint32_t n, struct slice bytes)
{
	struct printer *p = user;
	struct message_facts m = { .n = n, .record = session_record(p->session, n), .bytes = bytes };
	if (printer_done(p) || !m.record)
		return;
	if (p->exporter->heard)
		p->exporter->heard(p, m.record, bytes);
	if (!wanted(p, n, bytes))
		return;
	if (!p->dissection.schema)
		dissection_init(&p->dissection, session_schema(p->session), TREE_BUDGET);
	m.conn = session_conn(p->session, m.record->conn);
	m.latency = session_latency(p->session, n);
	form_read(&p->form, p->session, m.record, bytes);
	m.envelope = p->form.e;
	p->exporter->message(p, &m);
	p->printed++;
	p->time_before = m.record->time;
	write_out(p);
}

static void on_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct printer *p = user;
	if (p->exporter->rule && !printer_done(p) && still_wanted(p, n))
		p->exporter->rule(p, n, rule, was, time);
	write_out(p);
}

static void on_news(void *user, const struct session_news *news)
{
	struct printer *p = user;
	if (p->exporter->news && !printer_done(p) && !p->filter)
		p->exporter->news(p, news);
	write_out(p);
}

static void on_over(void *user, uint32_t thread, int64_t time)
{
	struct printer *p = user;
	if (p->exporter->over && !printer_done(p))
		p->exporter->over(p, thread, time);
	write_out(p);
}

struct session_listener printer_listener(struct printer *p)
{
	return (struct session_listener){ .user = p, .message = on_message, .rule = on_rule, .news = on_news, .over = on_over };
}

void printer_print_kept(struct printer *p)
{
	struct buf bytes = { 0 };
	uint32_t last = session_count(p->session);
	for (uint32_t n = session_first(p->session); n && n <= last && !printer_done(p); n++)
		on_message(p, n, session_bytes(p->session, n, &bytes));
	buf_release(&bytes);
}

void printer_begin(struct printer *p)
{
	if (p->exporter->begin)
		p->exporter->begin(p);
	write_out(p);
}

void printer_end(struct printer *p)
{
	if (p->exporter->end)
		p->exporter->end(p);
	write_out(p);
	printer_flush(p);
}

int64_t printer_relative(const struct printer *p, int64_t time)
{
	return time - capture_first_time(p->capture);
}

void printer_add_time(struct printer *p, int64_t time)
{
	int64_t before = p->time_before ? p->time_before : time;
	time_format_add(&p->line, p->options.time, p->options.utc, time,
			p->options.time == TIME_DELTA ? before : capture_first_time(p->capture));
}
