/*
 * Results: what the options ask for beyond the messages themselves. Each is made and written by a file of export/; which, and in what
 * order, is said here.
 */
#include "cli/results.h"

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
	return false;
}

bool results_have_report(const struct options *o, const char *name)
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
	struct report_source from = { r->session, &c, c.first_time, o->print.time, o->print.utc };
	bool ndjson = o->exporter && o->exporter == exporter_named("ndjson");
	for (size_t i = 0; i < o->reports; i++) {
		if (i && !ndjson)
			putchar('\n');
		if (!report_write(o->report[i], &from, ndjson, o->reports > 1, stdout))
			return false;
	}
	return true;
}

static struct check_source check_of(const struct results *r)
{
	static const char error[] = "error";
	const struct options *o = r->options;
	struct check_source from = { .session = r->session, .file = r->source, .first_time = capture_first_time(r->capture),
				     .time = o->print.time, .utc = o->print.utc, .damage = r->damage, .fail_on = o->fail_on };
	if (!from.fail_on)
		check_add_fail_on(&from.fail_on, error);
	return from;
}

static bool print_check(const struct results *r)
{
	struct check_source from = check_of(r);
	return !r->options->check || check_write(&from, r->options->check, stdout);
}

static bool print_files(const struct results *r, bool aside)
{
	return !r->extract || extract_write(r->extract, aside ? stderr : stdout);
}

int results_print(const struct results *r, bool messages_shown)
{
	bool aside = messages_shown || r->options->reports || r->options->check;
	errno = 0;
	if (print_reports(r) && print_check(r) && print_files(r, aside) && fflush(stdout) == 0)
		return 0;
	return errno == EPIPE ? 0 : errno;
}

bool results_fail(const struct results *r)
{
	struct check_source from = check_of(r);
	return r->options->check && check_fails(&from);
}
