/*
 * Results: what the options ask for beyond the messages themselves, and what has to be said of the whole. Each is made and written by a file
 * of export/; which, and in what order, is said here.
 */
#include "cli/results.h"

#include "base/amount.h"
#include "export/summary.h"

#include <errno.h>

bool results_wanted(const struct options *o)
{
	return o->reports || o->check || o->extract;
}

bool results_need_bytes(const struct options *o)
{
	if (o->check)
		return true;
	for (size_t i = 0; i < o->reports; i++)
		if (o->report[i]->bytes)
			return true;
	return o->reports && o->display_filter && filter_needs(o->display_filter) > FILTER_INDEX;
}

static bool has_report(const struct options *o, const char *name)
{
	for (size_t i = 0; i < o->reports; i++)
		if (o->report[i] == report_named(name))
			return true;
	return false;
}

static bool print_reports(const struct results *r)
{
	const struct options *o = r->options;
	struct capture_counts c = capture_counts(r->capture);
	struct report_source from = { r->session, &c, c.first_time, o->print.time, o->print.utc, o->print.show_secrets };
	bool ndjson = o->exporter && o->exporter == exporter_named("ndjson");
	for (size_t i = 0; i < o->reports; i++) {
		if (i && !ndjson)
			putc('\n', r->out);
		if (!report_write(o->report[i], &from, ndjson, o->reports > 1, r->out))
			return false;
	}
	return true;
}

static struct check_source check_of(const struct results *r)
{
	static const char error[] = "error";
	const struct options *o = r->options;
	struct check_source from = { .session = r->session,
				     .file = r->source,
				     .first_time = capture_first_time(r->capture),
				     .time = o->print.time,
				     .utc = o->print.utc,
				     .damage = r->damage,
				     .fail_on = o->fail_on };
	if (!from.fail_on)
		check_add_fail_on(&from.fail_on, error);
	return from;
}

static bool print_check(const struct results *r)
{
	struct check_source from = check_of(r);
	return !r->options->check || check_write(&from, r->options->check, r->out);
}

static bool print_files(const struct results *r, bool aside)
{
	return !r->extract || extract_write(r->extract, aside ? stderr : r->out);
}

int results_print(const struct results *r, bool messages_shown)
{
	const char *written = r->options->record.file.path;
	bool aside = messages_shown || r->options->reports || r->options->check || (written && strcmp(written, "-") == 0);
	errno = 0;
	if (print_reports(r) && print_check(r) && print_files(r, aside) && fflush(r->out) == 0)
		return 0;
	return errno == EPIPE ? 0 : errno;
}

bool results_fail(const struct results *r)
{
	struct check_source from = check_of(r);
	return r->options->check && check_fails(&from);
}

/* Behind reports, which are about everything: how many messages match the display filter. */
static void print_matches(const struct results *r, FILE *out)
{
	struct filter *f = r->options->display_filter;
	const struct session *s = r->session;
	uint32_t last = session_count(s), matches = 0;
	struct buf text = { 0 };
	filter_set_start(f, capture_first_time(r->capture));
	for (uint32_t n = session_first(s); n <= last && n; n++)
		matches += filter_match(f, s, n, slice_of(NULL, 0));
	buf_addf(&text, "display filter matches %u of ", matches);
	amount_add_counted(&text, last - session_first(s) + 1, "message");
	fprintf(out, "%s\n", buf_cstr(&text));
	buf_release(&text);
}

/* Says something about n things on standard error, behind what has happened, if that is given. */
static void remark(const char *happened, uint64_t n, const char *words)
{
	struct buf text = { 0 };
	amount_add_counted(&text, n, words);
	fprintf(stderr, "envscope: %s%s%s\n", happened ? happened : "", happened ? "; " : "", buf_cstr(&text));
	buf_release(&text);
}

void results_print_remarks(const struct results *r)
{
	const struct options *o = r->options;
	const struct filter *f = o->display_filter;
	if (o->reports && f)
		print_matches(r, o->exporter == exporter_named("ndjson") ? stderr : r->out);
	fflush(r->out);
	if (f && filter_given_up(f))
		remark(NULL, filter_given_up(f),
		       "time[s] a text was too long or too hard for a regular expression of the display filter, which counts as no match");
	if (r->damage)
		remark(r->damage, session_counts(r->session).messages, r->of_part ? "message[s] in all" : "message[s] before that");
}

void results_print_counts(const struct session *session, const struct capture *capture)
{
	struct buf out = { 0 };
	struct capture_counts c = capture_counts(capture);
	struct session_counts s = session_counts(session);
	summary_add_counts(&out, &c, &s);
	fwrite(out.at, 1, out.len, stderr);
	buf_release(&out);
}

static void print_losses(const struct capture_counts *c, const struct session_counts *s)
{
	struct buf out = { 0 };
	summary_add_losses(&out, c, s);
	fprintf(stderr, "envscope: %s\n", buf_cstr(&out));
	buf_release(&out);
}

void results_print_lost(const struct results *r, bool counts)
{
	struct capture_counts c = capture_counts(r->capture);
	struct session_counts s = session_counts(r->session);
	if (has_report(r->options, "summary"))
		return;
	if (c.watcher.error == EPIPE)
		c.watcher.unwritten = 0; /* nobody reads any more: then the reading ended, and nothing is lost */
	if (counts)
		results_print_counts(r->session, r->capture);
	else if (summary_anything_lost(&c, &s))
		print_losses(&c, &s);
}
