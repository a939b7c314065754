/*
 * What is printed or shown, and which of the options given have a part in that.
 *
 * An option that does nothing is no fault: tcpdump and tshark pass over it without a word, and a script with it must go on. But who gave it should
 * know, so one table says of each such option what it is about; where the run has none of that, a line says so. Options that change what is
 * meant are refused instead (options.c).
 */
#include "cli/option_part.h"

#include <unistd.h>

/* What there is in a run that an option can be about. */
enum {
	SCREENS = 1 << 0,
	MESSAGES = 1 << 1, /* are printed */
	REPORTS = 1 << 2,
	CHECK = 1 << 3,
	EXTRACT = 1 << 4,
	WRITE = 1 << 5,   /* -w */
	MATCHES = 1 << 6, /* -w with -Y, of packets */
	OTLP = 1 << 7,
	FILTER = 1 << 8,
	TIMES = 1 << 9,
	CLOCK = 1 << 10, /* times of day */
	COLOURS = 1 << 11,
	SECRETS = 1 << 12, /* values that may be secret */
	CUTS = 1 << 13,    /* values of which the beginning is shown */
	LIVE = 1 << 14,
	PACKETS = 1 << 15,
	AHEAD = 1 << 16, /* a file of which two threads may read all */
	TLS_CLIENTS = 1 << 17,
	TLS_TARGETS = 1 << 18,
	CHECKED = 1 << 19, /* certificates */
	SOCKETS = 1 << 20, /* that clients of other machines can come to */
	KEPT = 1 << 21,    /* messages, until all is read */
};

bool options_print_messages(const struct options *o)
{
	return !o->quiet && !o->reports && !o->check && (!o->extract || o->exporter);
}

bool options_show_screens(const struct options *o)
{
	return !o->exporter && !o->reports && !o->check && !o->extract && !o->quiet && isatty(STDOUT_FILENO);
}

bool options_print_afterwards(const struct options *o)
{
	const struct filter *f = o->display_filter;
	return options_print_messages(o) && o->exporter && o->exporter->settled && f && !filter_lasting(f) && o->file;
}

static unsigned of_screens(void)
{
	return SCREENS | TIMES | CLOCK | COLOURS | SECRETS;
}

static unsigned of_messages(const struct options *o)
{
	const struct exporter *e = o->exporter ? o->exporter : exporter_named("text");
	return (unsigned)MESSAGES | (e->timed ? TIMES : 0) | (e->coloured ? COLOURS : 0) | (e->secretive ? SECRETS : 0) |
	       (e->cuts ? CUTS : 0) | (options_print_afterwards(o) ? KEPT : 0);
}

static unsigned of_output(const struct options *o)
{
	bool ndjson = o->exporter == exporter_named("ndjson");
	unsigned there = options_show_screens(o) ? of_screens() : options_print_messages(o) ? of_messages(o) : 0;
	if (o->reports)
		there |= (unsigned)REPORTS | SECRETS | (ndjson ? 0 : TIMES);
	if (o->check)
		there |= (unsigned)CHECK | (o->check == CHECK_JSON ? 0 : TIMES);
	if (there & TIMES && o->print.time != TIME_RELATIVE && o->print.time != TIME_DELTA && o->print.time != TIME_EPOCH)
		there |= CLOCK;
	if (o->record.file.path)
		there |= (unsigned)WRITE | (o->display && o->record.what != RECORD_PDUS ? MATCHES : 0);
	return there | (o->extract ? EXTRACT : 0) | (o->otlp ? OTLP : 0) | (o->display ? FILTER : 0);
}

static unsigned of_source(const struct options *o)
{
	const struct proxy_options *p = &o->proxy;
	bool stops = o->messages || o->duration || o->record.file.path;
	unsigned there = p->count ? 0 : (unsigned)PACKETS | (o->file ? 0 : LIVE) | (o->file && !stops ? AHEAD : 0);
	for (size_t i = 0; i < p->count; i++) {
		there |= proxy_is_pipe(&p->pairs[i].listen) ? 0 : SOCKETS;
		there |= proxy_is_tls(&p->pairs[i].listen) ? TLS_CLIENTS : 0;
		there |= proxy_is_tls(&p->pairs[i].target) ? TLS_TARGETS | (p->insecure ? 0 : CHECKED) : 0;
	}
	return there;
}

static void add_output_name(struct buf *out, const struct options *o)
{
	static const char *const checks[] = { [CHECK_TEXT] = "--check", [CHECK_JSON] = "--check=json", [CHECK_JUNIT] = "--check=junit" };
	if (options_show_screens(o))
		buf_add_str(out, "the screens");
	else if (o->check)
		buf_add_str(out, checks[o->check]);
	else if (o->verbose)
		buf_add_str(out, "-V");
	else if (o->exporter || options_print_messages(o))
		buf_addf(out, "-T %s", o->exporter ? o->exporter->name : "text");
	else
		buf_add_str(out, o->reports ? "-z" : o->extract ? "--extract" : o->record.file.path ? "-w" : "-q");
}

/* An option that is given, and all that it can be about: without any of that it does nothing. */
struct use {
	bool given;
	unsigned about; /* bits of what there can be in a run */
	const char *option, *words;
	const char *instead; /* what is there instead; NULL: what is printed or shown */
};

static void say(const struct options *o, unsigned there, const struct use *u)
{
	struct buf instead = { 0 };
	if (!u->given || there & u->about)
		return;
	if (u->instead)
		buf_add_str(&instead, u->instead);
	else
		add_output_name(&instead, o);
	fprintf(stderr, "envscope: %s is about %s and does nothing with %s\n", u->option, u->words, buf_cstr(&instead));
	buf_release(&instead);
}

static void say_of_source(const struct options *o, unsigned there)
{
	static const char live[] = "capturing on an interface";
	const char *source = o->proxy.count ? "--proxy" : o->file ? "-r" : "-i";
	const struct proxy_options *p = &o->proxy;
	const struct use all[] = {
		{ o->source.snaplen, LIVE, "-s", live, source },
		{ o->source.buffer_mib, LIVE, "-B", live, source },
		{ o->source.link, LIVE, "-y", live, source },
		{ !o->source.promiscuous, LIVE, "-p", live, source },
		{ o->decode_as_count, PACKETS, "-d", "connections that were captured", source },
		{ o->keylog, PACKETS, "--keylog", "TLS that was captured", source },
		{ o->threads == 2, AHEAD, "-o threads=2", "files that are read to their end",
		  !o->file      ? source
		  : o->messages ? "-c"
		  : o->duration ? "-a"
				: "-w" },
		{ p->cert, TLS_CLIENTS, "--cert", "encrypted LISTENs", "plain ones" },
		{ p->key, TLS_CLIENTS, "--key", "encrypted LISTENs", "plain ones" },
		{ p->cacert, TLS_TARGETS, "--cacert", "encrypted TARGETs", "plain ones" },
		{ p->cacert && there & TLS_TARGETS, CHECKED, "--cacert", "certificates that are checked", "--insecure" },
		{ p->allow_count, SOCKETS, "--allow", "clients of other machines", "pipes" },
		{ p->insecure, TLS_TARGETS, "--insecure", "encrypted TARGETs", "plain ones" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		say(o, there, &all[i]);
}

static void say_of_output(const struct options *o, unsigned there)
{
	static const char *const forms[] = { [TIME_RELATIVE] = "-t r", [TIME_DELTA] = "-t d", [TIME_EPOCH] = "-t e" };
	const char *form = there & TIMES && !(there & CLOCK) ? forms[o->print.time] : NULL;
	bool between = o->print.time == TIME_DELTA && there & TIMES;
	const char *all_written = o->record.what == RECORD_PDUS ? "--pdu" : "-w alone";
	const struct use all[] = {
		{ o->time_given, TIMES, "-t", "the times of text, trees and the screens", NULL },
		{ between, SCREENS | MESSAGES, "-t d", "the time between messages", NULL },
		{ o->utc_given, CLOCK, "--utc", "times of day", form },
		{ o->color != TUI_COLOR_AUTO, COLOURS, "--color", "text, trees and the screens", NULL },
		{ o->print.full_bytes, CUTS, "--full-bytes", "values that are cut, in tree, ndjson and html,", NULL },
		{ o->print.show_secrets, SECRETS | FILTER, "--show-secrets", "values of fields", NULL },
		{ o->memory, SCREENS | KEPT | REPORTS | CHECK | EXTRACT, "-M", "what screens and reports keep", NULL },
		{ o->spool, SCREENS | KEPT | REPORTS | CHECK | EXTRACT, "-o spool", "what screens and reports keep", NULL },
		{ o->no_mouse, SCREENS, "--no-mouse", "the screens", NULL },
		{ o->line_buffered, MESSAGES | REPORTS | CHECK | EXTRACT, "-l", "what is printed", NULL },
		{ o->exporter && o->quiet, REPORTS | CHECK, o->verbose ? "-V" : "-T", "messages that are printed", "-q" },
		{ o->display, SCREENS | MESSAGES | REPORTS | WRITE | OTLP, "-Y", "messages that are shown, printed, written or sent",
		  NULL },
		{ o->no_reply, SCREENS | MESSAGES | REPORTS | CHECK | WRITE | OTLP, "-o no-reply", "broken rules", NULL },
		{ o->record.what == RECORD_PACKETS, MATCHES, "-o write=packets", "what -Y chooses", all_written },
		{ o->record.hold, MATCHES, "-o hold", "packets that wait for a match of -Y", all_written },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		say(o, there, &all[i]);
}

void option_say_useless(const struct options *o)
{
	unsigned there = of_output(o) | of_source(o);
	say_of_source(o, there);
	say_of_output(o, there);
}
