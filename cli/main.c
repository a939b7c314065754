/*
 * envscope: options, wiring, exit status.
 *
 * A source, a capture, a session; then either the screens drive them, or the loop here does and a printer writes what the session tells.
 * Signals set one flag, which both look at.
 */
#include "base/hash.h"
#include "base/pages.h"
#include "base/when.h"
#include "cli/chooser.h"
#include "cli/completions.h"
#include "cli/fields.h"
#include "cli/harden.h"
#include "cli/manual.h"
#include "cli/memory.h"
#include "cli/posting.h"
#include "cli/privileges.h"
#include "cli/recording.h"
#include "cli/results.h"
#include "cli/signals.h"
#include "cli/versions.h"
#include "export/summary.h"
#include "export/wireshark_plugin.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS_A_STEP = 4096, POLL_MS = 250 };

struct app {
	struct options options;
	struct keylog *keylog;
	struct chooser *chooser; /* of a what-if; NULL */
	struct source *source; /* until the capture takes it */
	struct session *session;
	struct capture *capture;
	struct printer printer;
	struct extract *extract;         /* --extract; NULL */
	struct session_listener printing; /* the printer's share of what is heard */
	struct recording recording;      /* -w */
	struct posting posting;          /* --otlp */
	bool ascii;      /* the user's locale has no UTF-8 */
	int64_t started; /* monotonic */
};

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void print_line(void *user, const char *text)
{
	fprintf(user, "%s\n", text);
}

static int list_interfaces(void)
{
	char error[512];
	if (source_list_interfaces(print_line, stdout, error, sizeof error) == 0)
		return EXIT_FINE;
	fprintf(stderr, "envscope: %s\n", error);
	return EXIT_SOURCE;
}

static int list_links(const char *interface)
{
	char error[512];
	if (source_list_links(interface, print_line, stdout, error, sizeof error) == 0)
		return EXIT_FINE;
	fprintf(stderr, "envscope: %s\n", error);
	return EXIT_SOURCE;
}

static int print_plugin(void)
{
	if (wireshark_plugin_write(stdout))
		return EXIT_FINE;
	fprintf(stderr, "envscope: writing: %s\n", strerror(errno));
	return EXIT_SOURCE;
}

static int explain(const char *rule)
{
	if (manual_explain(stdout, rule))
		return EXIT_FINE;
	fprintf(stderr, "envscope: --explain: there is no rule %s (--explain all lists them)\n", rule);
	return EXIT_USAGE;
}

static int complete(const char *shell)
{
	if (completions_write(stdout, shell))
		return EXIT_FINE;
	fprintf(stderr, "envscope: --completions takes bash, zsh or fish, not: %s\n", shell);
	return EXIT_USAGE;
}

/* Decryption secrets of a pcapng. */
static void take_secrets(void *user, uint32_t format, struct slice bytes)
{
	static const uint32_t tls_key_log = 0x544c534b;
	if (format == tls_key_log)
		keylog_feed(user, bytes);
}

/* The proxy says where it listens. From then on a signal has to end it in order: a pipe's socket stands in the file system, clients come. */
static void say_listening(void *user, const char *line)
{
	(void)user;
	signals_install();
	fprintf(stderr, "envscope: %s\n", line);
}

/* All files or interfaces as one source; NULL, with a sentence, if one of them can't be opened. */
static struct source *open_inputs(const struct options *o, char *error, size_t room)
{
	static const char *const any[] = { "any" };
	const char *const *names = o->input_count ? o->inputs : any;
	size_t count = o->input_count ? o->input_count : 1, opened = 0;
	struct source *sources[FILES_MAX];
	for (; opened < count; opened++) {
		const char *name = names[opened];
		sources[opened] = o->file ? source_open_file(name, &o->source, error, room) : source_open_live(name, &o->source, error, room);
		if (!sources[opened])
			break;
	}
	if (opened == count)
		return source_merge(sources, count);
	while (opened)
		source_free(sources[--opened]);
	return NULL;
}

static bool open_source(struct app *a)
{
	char error[1024] = "";
	struct options *o = &a->options;
	a->keylog = keylog_new();
	o->source.secrets = take_secrets;
	o->source.secrets_user = a->keylog;
	a->chooser = chooser_new(o);
	if (o->proxy.count)
		a->source = source_open_proxy(&o->proxy, say_listening, NULL, error, sizeof error);
	else
		a->source = open_inputs(o, error, sizeof error);
	if (!a->source)
		fprintf(stderr, "envscope: %s\n", error);
	return a->source != NULL;
}

static const char *keylog_path(const struct options *o)
{
	const char *ours = getenv("ENVSCOPE_KEYLOG"), *usual = getenv("SSLKEYLOGFILE");
	if (o->keylog)
		return o->keylog;
	return ours && *ours ? ours : usual && *usual ? usual : NULL;
}

/* The key log file. A file that was only named by the environment need not be there. Live and without one, nothing waits for keys. */
static bool open_keylog(struct app *a)
{
	const char *path = keylog_path(&a->options);
	bool live = source_is_live(a->source);
	if (live && a->options.keylog && access(path, R_OK) != 0)
		fprintf(stderr, "envscope: --keylog: %s: %s; it is read as soon as it can be\n", path, strerror(errno));
	if (!path && !a->options.file) {
		keylog_free(a->keylog);
		a->keylog = NULL;
		return true;
	}
	if (keylog_open(a->keylog, path, live) || !a->options.keylog)
		return true;
	fprintf(stderr, "envscope: --keylog: %s: %s\n", path, strerror(errno));
	return false;
}

/* --extract: the folder. */
static bool open_folder(struct app *a)
{
	char error[1024];
	if (!a->options.extract)
		return true;
	a->extract = extract_new(a->options.extract, error, sizeof error);
	if (!a->extract)
		fprintf(stderr, "envscope: --extract: %s\n", error);
	return a->extract != NULL;
}

/* All that is needed before the first packet. What is written belongs to whoever -Z says. */
static bool open_all(struct app *a)
{
	const struct options *o = &a->options;
	return open_source(a) && privileges_drop(o->user, !o->file) && open_folder(a) && open_keylog(a) &&
	       recording_open(&a->recording, o, source_is_live(a->source));
}

static void hear_message(void *user, uint32_t n, struct slice bytes)
{
	struct app *a = user;
	if (a->extract)
		extract_message(a->extract, n, bytes);
	if (a->printer.exporter)
		a->printing.message(a->printing.user, n, bytes);
}

static void hear_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct app *a = user;
	a->printing.rule(a->printing.user, n, rule, was, time);
}

static void hear_news(void *user, const struct session_news *news)
{
	struct app *a = user;
	a->printing.news(a->printing.user, news);
}

static void hear_stream(void *user, uint32_t thread, struct slice bytes)
{
	struct app *a = user;
	extract_stream(a->extract, thread, bytes);
}

/* The printer, the extraction, or both. */
static struct session_listener printing_listener(struct app *a)
{
	a->printing = printer_listener(&a->printer);
	struct session_listener l = { .user = a };
	if (!a->extract)
		return a->printer.exporter ? a->printing : l;
	l.message = hear_message;
	l.stream = hear_stream;
	if (a->printer.exporter) {
		l.rule = hear_rule;
		l.news = hear_news;
	}
	return l;
}

/* Whoever wants to hear of messages. */
static struct session_listener listeners(struct app *a)
{
	struct session_listener l = printing_listener(a);
	return a->recording.recorder ? recording_listener(&a->recording, &l) : l;
}

/* Packets that are handled between two looks at the limits of -c and -a. */
static unsigned step_of(const struct options *o)
{
	return o->duration || o->messages ? 1 : PACKETS_A_STEP;
}

/* How many threads the capture may have. Where it is to stop after a certain message, nothing is read ahead. */
static unsigned threads_of(const struct options *o)
{
	cpu_set_t ours;
	bool several = sched_getaffinity(0, sizeof ours, &ours) != 0 || CPU_COUNT(&ours) > 1;
	return step_of(o) == 1 || (!o->threads && !several) ? 1 : o->threads;
}

static void open_session(struct app *a, bool keep, bool bytes)
{
	struct session_listener listener = listeners(a);
	if (a->posting.post)
		listener = posting_listener(&a->posting, &listener);
	struct session_options so = { .keep = keep, .no_bytes = !bytes, .memory = a->options.memory, .file = -1, .files = source_files(a->source),
				      .no_reply = a->options.no_reply, .spool = a->options.spool };
	so.hash_key = hash_new_key();
	a->session = session_new(&so, &listener);
	if (a->extract)
		extract_set_session(a->extract, a->session);
	struct sink sink = session_sink(a->session);
	struct capture_options co = { a->options.decode_as, a->options.decode_as_count, a->keylog, NULL, threads_of(&a->options) };
	if (a->recording.recorder) {
		recorder_begin(a->recording.recorder, a->session, a->options.display_filter, source_files(a->source));
		co.watcher = &a->recording.watcher;
		if (a->keylog)
			keylog_on_use(a->keylog, recorder_secrets, a->recording.recorder);
	}
	a->capture = capture_new(a->source, &sink, &co);
	a->printer.session = a->session;
	a->printer.capture = a->capture;
	posting_begin(&a->posting, a->session, a->capture, a->options.display_filter);
	a->started = now();
}

static void print_counts(struct app *a)
{
	struct buf out = { 0 };
	struct capture_counts c = capture_counts(a->capture);
	struct session_counts s = session_counts(a->session);
	summary_add_counts(&out, &c, &s);
	fwrite(out.at, 1, out.len, stderr);
	buf_release(&out);
}

/* Waits until the source has something, a signal comes, or a little time has passed. */
static void wait_for_packets(struct app *a)
{
	struct pollfd p = { .fd = source_fd(a->source), .events = POLLIN };
	fflush(stdout);
	poll(&p, 1, POLL_MS);
	if (source_is_live(a->source))
		session_clock(a->session, when_now());
}

static bool duration_over(const struct app *a)
{
	int64_t limit = a->options.duration;
	if (!limit)
		return false;
	if (source_is_live(a->source))
		return now() - a->started >= limit;
	struct capture_counts c = capture_counts(a->capture);
	return c.first_time && c.last_time - c.first_time > limit;
}

static bool stop_wanted(struct app *a)
{
	if (signals_take_counts())
		print_counts(a);
	const struct recorder *r = a->recording.recorder;
	if (*signals_stop() || (a->printer.exporter && printer_done(&a->printer)) || (r && recorder_closed(r)))
		return true;
	bool by_printer = a->options.display_filter && a->printer.exporter; /* it counts what matches */
	uint64_t messages = r ? recorder_matched(r) : session_counts(a->session).messages;
	if (a->options.messages && !by_printer && messages >= a->options.messages)
		return true;
	return duration_over(a);
}

static enum capture_status read_all(struct app *a)
{
	enum capture_status status = CAPTURE_MORE;
	unsigned step = step_of(&a->options);
	while (!stop_wanted(a) && (status == CAPTURE_MORE || status == CAPTURE_WAIT)) {
		status = capture_step(a->capture, step);
		posting_step(&a->posting);
		if (status == CAPTURE_WAIT)
			wait_for_packets(a);
	}
	return status;
}

/* Will anything that is printed at the end look at the bytes of messages again? */
static bool wants_bytes(const struct options *o)
{
	if (results_need_bytes(o))
		return true;
	return o->reports && o->display_filter && filter_needs(o->display_filter) > FILTER_INDEX;
}

/* Behind reports, which are about everything: how many messages match the display filter. */
static void print_matches(struct app *a, FILE *out)
{
	struct filter *f = a->options.display_filter;
	const struct session *s = a->session;
	uint32_t last = session_count(s), matches = 0;
	filter_set_start(f, capture_first_time(a->capture));
	for (uint32_t n = session_first(s); n <= last && n; n++)
		matches += filter_match(f, s, n, slice_of(NULL, 0));
	fprintf(out, "display filter %u of %u messages match\n", matches, last - session_first(s) + 1);
}

static void print_given_up(const struct filter *f)
{
	if (f && filter_given_up(f))
		fprintf(stderr, "envscope: %llu times a text was too long or too hard for a regular expression of the display filter, which "
			"counts as no match\n", (unsigned long long)filter_given_up(f));
}

static void print_losses(const struct capture_counts *c, const struct session_counts *s)
{
	struct buf out = { 0 };
	summary_add_losses(&out, c, s);
	fprintf(stderr, "envscope: %s\n", buf_cstr(&out));
	buf_release(&out);
}

/* Behind all that is printed: what the summary has, where there is none. */
static void print_what_was_lost(struct app *a)
{
	struct capture_counts c = capture_counts(a->capture);
	struct session_counts s = session_counts(a->session);
	if (results_have_report(&a->options, "summary"))
		return;
	if (source_is_live(a->source) || *signals_stop())
		print_counts(a);
	else if (summary_anything_lost(&c, &s))
		print_losses(&c, &s);
}

static struct results results_of(const struct app *a, enum capture_status status)
{
	const char *damage = status == CAPTURE_DAMAGED ? source_error(a->source) : NULL;
	return (struct results){ &a->options, a->session, a->capture, source_name(a->source), a->extract, damage };
}

static void close_print(struct app *a, enum capture_status status)
{
	if (a->printer.exporter)
		printer_end(&a->printer);
	if (a->extract)
		extract_finish(a->extract);
	struct results results = results_of(a, status);
	int error = results_print(&results, a->printer.exporter != NULL);
	a->printer.error = a->printer.error ? a->printer.error : error;
	if (a->options.reports && a->options.display_filter)
		print_matches(a, a->options.exporter == exporter_named("ndjson") ? stderr : stdout);
	fflush(stdout);
	print_given_up(a->options.display_filter);
	if (status == CAPTURE_DAMAGED)
		fprintf(stderr, "envscope: %s; %llu messages before that\n", source_error(a->source), (unsigned long long)session_counts(a->session).messages);
	if (!a->options.extcap.capture) /* Wireshark would show it as a fault */
		print_what_was_lost(a);
}

/* Are messages printed? Not where something else is wanted instead; beside extraction only where a format was asked for. */
static bool shows_messages(const struct options *o)
{
	return !o->quiet && !o->reports && !o->check && (!o->extract || o->exporter);
}

static int print_status(struct app *a, enum capture_status status)
{
	struct results results = results_of(a, status);
	int files = a->extract ? extract_error(a->extract) : 0;
	if (a->printer.error)
		fprintf(stderr, "envscope: writing: %s\n", strerror(a->printer.error));
	if (files)
		fprintf(stderr, "envscope: not all files could be written: %s\n", strerror(files));
	if (status == CAPTURE_DAMAGED || a->printer.error || files)
		return EXIT_SOURCE;
	return results_fail(&results) ? EXIT_CHECK : EXIT_FINE;
}

/* Without screens: prints what there is to print. */
static int run_print(struct app *a)
{
	const struct exporter *e = a->options.exporter ? a->options.exporter : exporter_named("text");
	bool show = shows_messages(&a->options);
	setvbuf(stdout, NULL, a->options.line_buffered || isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, 1 << 16);
	printer_init(&a->printer, show ? e : NULL, &a->options.print, stdout);
	a->printer.limit = a->options.messages;
	a->printer.filter = a->options.display_filter;
	a->printer.filter_text = a->options.display;
	a->printer.source = source_name(a->source);
	open_session(a, results_wanted(&a->options), wants_bytes(&a->options));
	if (a->printer.exporter)
		printer_begin(&a->printer);
	enum capture_status status = read_all(a);
	capture_finish(a->capture);
	int unwritten = recording_finish(&a->recording, a->capture);
	close_print(a, status);
	bool posted = posting_finish(&a->posting, signals_stop());
	int exit_status = print_status(a, status);
	return unwritten || (exit_status == EXIT_FINE && !posted) ? EXIT_SOURCE : exit_status;
}

static void tell_time(void *user, int64_t time)
{
	struct app *a = user;
	session_clock(a->session, time);
}

static void step_beside(void *user)
{
	struct app *a = user;
	posting_step(&a->posting);
}

/* The same files and keys, for packets that are saved from the screens. */
static bool open_again(void *user, struct second_reading *out, char *error, size_t room)
{
	struct app *a = user;
	struct options o = a->options;
	const char *path = keylog_path(&o);
	*out = (struct second_reading){ .keylog = keylog_new(), .no_reply = o.no_reply, .capture = { o.decode_as, o.decode_as_count, NULL, NULL, 1 } };
	o.source.secrets_user = out->keylog;
	keylog_open(out->keylog, path, false);
	out->source = open_inputs(&o, error, room);
	if (!out->source)
		keylog_free(out->keylog);
	return out->source != NULL;
}

/* Files that can be opened as often as one likes? */
static bool has_files(const struct app *a)
{
	for (size_t i = 0; i < a->options.input_count; i++)
		if (strcmp(a->options.inputs[i], "-") == 0)
			return false;
	return a->options.file && !source_is_live(a->source);
}

static int run_screens(struct app *a)
{
	const struct options *o = &a->options;
	open_session(a, true, true);
	struct tui_options t = { .session = a->session, .capture = a->capture, .source = source_name(a->source),
				 .show_secrets = o->print.show_secrets, .utc = o->print.utc, .no_mouse = o->no_mouse, .ascii = a->ascii,
				 .color = o->color, .clock = tell_time, .step = step_beside, .again = has_files(a) ? open_again : NULL, .user = a,
				 .stop = signals_stop() };
	int status = tui_run(&t);
	posting_finish(&a->posting, signals_stop());
	if (status == EXIT_SOURCE)
		fprintf(stderr, "envscope: %s\n", source_error(a->source));
	if (recording_finish(&a->recording, a->capture))
		status = EXIT_SOURCE;
	if (source_is_live(a->source))
		print_counts(a);
	return status;
}

static bool wants_color(const struct options *o)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	if (o->color != TUI_COLOR_AUTO)
		return o->color == TUI_COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static int run(struct app *a)
{
	struct options *o = &a->options;
	bool screens = !o->exporter && !results_wanted(o) && !o->quiet && !o->display && isatty(STDOUT_FILENO);
	o->print.color = wants_color(o);
	int status = EXIT_SOURCE;
	if (open_all(a)) {
		signals_install();
		bool ready = posting_open(&a->posting, o, source_is_live(a->source));
		status = !ready ? EXIT_USAGE : screens ? run_screens(a) : run_print(a);
	}
	if (!a->capture)
		source_free(a->source);
	capture_free(a->capture);
	keylog_free(a->keylog);
	session_free(a->session);
	chooser_free(a->chooser);
	printer_release(&a->printer);
	posting_release(&a->posting);
	extract_free(a->extract);
	recording_release(&a->recording);
	return status;
}

/*
 * Sets the locale for characters, and no more than that: numbers keep their point. True if the user has named one that is not UTF-8 (as
 * LC_ALL=C): then the screens paint ASCII only. Within, text is always UTF-8.
 */
static bool set_locale(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *name = NULL, *got = setlocale(LC_CTYPE, "");
	for (size_t i = 0; i < sizeof variables / sizeof *variables && !(name && *name); i++)
		name = getenv(variables[i]);
	bool utf8 = got && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
	return !utf8 && name && *name && !strcasestr(name, "utf");
}

int main(int argc, char **argv)
{
	struct app a = { 0 };
	int status = EXIT_FINE;
	harden();
	pages_heap_init();
	memory_for_libraries();
	a.ascii = set_locale();
	if (!options_parse(&a.options, argc, argv)) {
		status = EXIT_USAGE;
	} else {
		switch (a.options.action) {
		case ACTION_RUN: status = run(&a); break;
		case ACTION_HELP: manual_help(stdout); break;
		case ACTION_VERSION: versions_write(stdout); break;
		case ACTION_CONFIG: manual_config(stdout); break;
		case ACTION_MAN: manual_page(stdout); break;
		case ACTION_FIELDS: fields_help(stdout); break;
		case ACTION_PLUGIN: status = print_plugin(); break;
		case ACTION_FORMATS: manual_formats(stdout); break;
		case ACTION_INTERFACES: status = list_interfaces(); break;
		case ACTION_COMPLETIONS: status = complete(a.options.shell); break;
		case ACTION_LINKS: status = list_links(a.options.interface ? a.options.interface : "any"); break;
		case ACTION_EXTCAP: status = extcap_answer(&a.options.extcap, stdout) ? EXIT_FINE : EXIT_USAGE; break;
		case ACTION_EXPLAIN: status = explain(a.options.explain); break;
		}
	}
	options_release(&a.options);
	return status;
}
