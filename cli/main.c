/*
 * envscope: options, wiring, exit status.
 *
 * A source, a capture, a session; then either the screens drive them, or the loop here does and a printer writes what the session tells.
 * Signals set one flag, which both look at.
 */
#include "base/hash.h"
#include "base/outlet.h"
#include "base/pages.h"
#include "base/when.h"
#include "cli/answer.h"
#include "cli/harden.h"
#include "cli/input.h"
#include "cli/memory.h"
#include "cli/posting.h"
#include "cli/privileges.h"
#include "cli/recording.h"
#include "cli/rest.h"
#include "cli/results.h"
#include "cli/signals.h"

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
	struct input input;
	struct session *session;
	struct capture *capture;
	struct outlet outlet;
	FILE *out; /* what is printed, to standard output; NULL with screens */
	struct printer printer;
	struct extract *extract;          /* --extract; NULL */
	struct session_listener printing; /* the printer's share of what is heard */
	bool afterwards;                  /* the printer hears of nothing, and prints what was kept when all is read */
	struct recording recording;       /* -w */
	struct posting posting;           /* --otlp */
	bool ascii;                       /* the user's locale has no UTF-8 */
	int64_t started;                  /* monotonic */
};

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
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

/* All that is needed before the first packet. What is written belongs to whoever -Z says, and from its first byte on a signal ends us in order. */
static bool open_all(struct app *a)
{
	const struct options *o = &a->options;
	if (!input_open(&a->input, &a->options) || !privileges_drop(o->user, !o->file) || !open_folder(a) ||
	    !input_open_keylog(&a->input, o))
		return false;
	signals_install();
	return recording_open(&a->recording, o, source_is_live(a->input.source));
}

static void hear_message(void *user, uint32_t n, struct slice bytes)
{
	struct app *a = user;
	if (a->extract)
		extract_message(a->extract, n, bytes);
	if (a->printing.message)
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

static void hear_over(void *user, uint32_t thread, int64_t time)
{
	struct app *a = user;
	a->printing.over(a->printing.user, thread, time);
}

static void hear_stream(void *user, uint32_t thread, struct slice bytes)
{
	struct app *a = user;
	extract_stream(a->extract, thread, bytes);
}

/* The printer, the extraction, or both. */
static struct session_listener printing_listener(struct app *a)
{
	struct session_listener l = { .user = a };
	a->printing = a->printer.exporter && !a->afterwards ? printer_listener(&a->printer) : l;
	if (!a->extract)
		return a->printing;
	l.message = hear_message;
	l.stream = hear_stream;
	if (a->printing.message) {
		l.rule = hear_rule;
		l.news = hear_news;
		l.over = hear_over;
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
	struct session_options so = { .keep = keep,
				      .no_bytes = !bytes,
				      .memory = a->options.memory,
				      .file = -1,
				      .files = source_files(a->input.source),
				      .no_reply = a->options.no_reply,
				      .spool = a->options.spool };
	so.hash_key = hash_new_key();
	a->session = session_new(&so, &listener);
	if (a->extract)
		extract_set_session(a->extract, a->session);
	struct sink sink = session_sink(a->session);
	struct capture_options co = { .decode_as = a->options.decode_as,
				      .decode_as_count = a->options.decode_as_count,
				      .keylog = a->input.keylog,
				      .checksums = a->options.checksums,
				      .span = source_is_live(a->input.source) ? 0 : a->options.duration,
				      .threads = threads_of(&a->options) };
	if (a->recording.recorder) {
		recorder_begin(a->recording.recorder, a->session, a->options.display_filter, source_files(a->input.source));
		co.watcher = &a->recording.watcher;
		if (a->input.keylog)
			keylog_on_use(a->input.keylog, recorder_secrets, a->recording.recorder);
	}
	a->capture = capture_new(a->input.source, &sink, &co);
	a->printer.session = a->session;
	a->printer.capture = a->capture;
	posting_begin(&a->posting, a->session, a->capture, a->options.display_filter);
	a->started = now();
}

/* Waits until the source has something, a signal comes, or a little time has passed. */
static void wait_for_packets(struct app *a)
{
	struct pollfd p = { .fd = source_fd(a->input.source), .events = POLLIN };
	if (a->printer.exporter)
		printer_flush(&a->printer);
	if (a->printer.closed)
		return;
	poll(&p, 1, POLL_MS);
	if (source_is_live(a->input.source))
		session_clock(a->session, capture_clock(a->capture));
}

static bool duration_over(const struct app *a)
{
	int64_t limit = a->options.duration;
	if (!limit)
		return false;
	if (source_is_live(a->input.source))
		return now() - a->started >= limit;
	return capture_spanned(a->capture);
}

/* Has all been read that -c and -a ask for? */
static bool limit_reached(const struct app *a)
{
	const struct recorder *r = a->recording.recorder;
	bool by_printer = a->options.display_filter && a->printer.exporter; /* it counts what matches */
	uint64_t messages = r ? recorder_matched(r) : session_counts(a->session).messages;
	return (a->options.messages && !by_printer && messages >= a->options.messages) || duration_over(a);
}

static bool stop_wanted(struct app *a)
{
	if (signals_take_counts())
		results_print_counts(a->session, a->capture);
	const struct recorder *r = a->recording.recorder;
	if (*signals_stop() || (a->printer.exporter && printer_done(&a->printer)) || (r && recorder_closed(r)))
		return true;
	return limit_reached(a);
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
	bool live = source_is_live(a->input.source) && !a->options.proxy.count, reads = status == CAPTURE_MORE || status == CAPTURE_WAIT;
	return live && reads && *signals_stop() && !limit_reached(a) ? rest_read(a->capture, &REST_AT_SIGNAL) : status;
}

static struct results results_of(const struct app *a, enum capture_status status)
{
	const char *damage = status == CAPTURE_DAMAGED ? source_error(a->input.source) : NULL;
	return (struct results){
		&a->options, a->session, a->capture, source_name(a->input.source), a->extract, damage, source_lost_part(a->input.source),
		a->out
	};
}

static void close_print(struct app *a, enum capture_status status)
{
	if (a->afterwards)
		printer_print_kept(&a->printer);
	if (a->printer.exporter)
		printer_end(&a->printer);
	if (a->extract)
		extract_finish(a->extract);
	struct results results = results_of(a, status);
	int error = results_print(&results, a->printer.exporter != NULL);
	a->printer.error = a->printer.error ? a->printer.error : error;
	results_print_remarks(&results);
	if (!a->options.extcap.capture) /* Wireshark would show it as a fault */
		results_print_lost(&results, source_is_live(a->input.source) || *signals_stop());
}

/* What stopped a write. A signal that is to end the program does that too, where nobody reads what is written. */
static void say_writing(int error)
{
	fprintf(stderr, "envscope: writing: %s\n", error == EINTR ? "ended by a signal before all was taken" : strerror(error));
}

static int print_status(struct app *a, enum capture_status status)
{
	struct results results = results_of(a, status);
	int files = a->extract ? extract_error(a->extract) : 0;
	if (a->printer.error)
		say_writing(a->printer.error);
	if (files)
		fprintf(stderr, "envscope: not all files could be written: %s\n", strerror(files));
	if (status == CAPTURE_DAMAGED || a->printer.error || files)
		return EXIT_SOURCE;
	return results_fail(&results) ? EXIT_CHECK : EXIT_FINE;
}

static bool open_output(struct app *a)
{
	outlet_init(&a->outlet, STDOUT_FILENO, signals_stop());
	a->out = outlet_stream(&a->outlet);
	if (!a->out)
		fprintf(stderr, "envscope: standard output: %s\n", strerror(errno));
	else
		setvbuf(a->out, NULL, a->options.line_buffered || isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, 1 << 16);
	return a->out != NULL;
}

/* Without screens: prints what there is to print. */
static int run_print(struct app *a)
{
	const struct exporter *e = a->options.exporter ? a->options.exporter : exporter_named("text");
	bool show = options_print_messages(&a->options);
	if (!open_output(a))
		return EXIT_SOURCE;
	printer_init(&a->printer, show ? e : NULL, &a->options.print, a->out);
	a->printer.limit = a->options.messages;
	a->printer.filter = a->options.display_filter;
	a->printer.filter_text = a->options.display;
	a->printer.source = source_name(a->input.source);
	a->afterwards = options_print_afterwards(&a->options) && input_is_files(&a->input, &a->options);
	open_session(a, results_wanted(&a->options) || a->afterwards, results_need_bytes(&a->options) || a->afterwards);
	if (a->printer.exporter)
		printer_begin(&a->printer);
	enum capture_status status = read_all(a);
	capture_finish(a->capture);
	if (source_lost_part(a->input.source))
		status = CAPTURE_DAMAGED;
	int unwritten = recording_finish(&a->recording, a->capture);
	close_print(a, status);
	bool posted = posting_finish(&a->posting);
	int exit_status = print_status(a, status);
	return unwritten || (exit_status == EXIT_FINE && !posted) ? EXIT_SOURCE : exit_status;
}

static void tell_time(void *user, int64_t time)
{
	struct app *a = user;
	session_clock(a->session, time);
}

/* Spans are posted. A file can be read on later. */
static const char *step_beside(void *user)
{
	struct app *a = user;
	if (!source_is_live(a->input.source))
		return posting_catch_up(&a->posting) ? "waiting for the collector" : NULL;
	posting_step(&a->posting);
	return NULL;
}

/* The screens were left before the source had come to its end. What is beside them gets what was captured by then. */
static enum capture_status read_rest(void *user)
{
	struct app *a = user;
	bool beside = a->recording.recorder || a->posting.post;
	if (!beside || !source_is_live(a->input.source) || a->options.proxy.count)
		return CAPTURE_END;
	return rest_read(a->capture, *signals_stop() ? &REST_AT_SIGNAL : &REST_AT_LEAVING);
}

static bool open_again(void *user, struct second_reading *out, char *error, size_t room)
{
	struct app *a = user;
	return input_open_again(&a->options, out, error, room);
}

static const char *uses(void *user, const char *path)
{
	struct app *a = user;
	return options_uses(&a->options, path);
}

static bool read_enough(void *user)
{
	return limit_reached(user);
}

static int run_screens(struct app *a)
{
	const struct options *o = &a->options;
	bool limited = o->messages || o->duration;
	open_session(a, true, true);
	struct tui_options t = { .session = a->session,
				 .capture = a->capture,
				 .source = source_name(a->input.source),
				 .filter = o->display,
				 .show_secrets = o->print.show_secrets,
				 .utc = o->print.utc,
				 .no_mouse = o->no_mouse,
				 .writes = o->record.file.path != NULL,
				 .ascii = a->ascii,
				 .color = o->color,
				 .time = o->time_given ? &o->print.time : NULL,
				 .enough = limited ? read_enough : NULL,
				 .clock = tell_time,
				 .step = step_beside,
				 .rest = read_rest,
				 .again = input_is_files(&a->input, o) ? open_again : NULL,
				 .uses = uses,
				 .user = a,
				 .stop = signals_stop() };
	int status = tui_run(&t);
	bool posted = posting_finish(&a->posting);
	if (status == EXIT_SOURCE)
		fprintf(stderr, "envscope: %s\n", source_error(a->input.source));
	if (recording_finish(&a->recording, a->capture) || (status == EXIT_FINE && !posted))
		status = EXIT_SOURCE;
	if (source_is_live(a->input.source))
		results_print_counts(a->session, a->capture);
	return status;
}

/* What was printed is on its way: a file system that keeps it back for a while, as that of a network may, says only now that it had no room. */
static int close_output(struct app *a, int status)
{
	int error = a->out && fclose(a->out) != 0 ? errno : 0;
	if (fclose(stdout) != 0 && !error)
		error = errno;
	if (!error || error == EPIPE || status == EXIT_USAGE || status == EXIT_SOURCE)
		return status;
	say_writing(error);
	return EXIT_SOURCE;
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
	bool screens = options_show_screens(o);
	o->print.color = wants_color(o);
	int status = EXIT_SOURCE;
	if (open_all(a)) {
		bool ready = posting_open(&a->posting, o, !screens && !source_is_live(a->input.source));
		status = !ready ? EXIT_USAGE : screens ? run_screens(a) : run_print(a);
	}
	bool taken = a->capture != NULL;
	capture_free(a->capture);
	input_release(&a->input, taken);
	session_free(a->session);
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
	int status = EXIT_USAGE;
	harden();
	pages_heap_init();
	memory_for_libraries();
	a.ascii = set_locale();
	if (options_parse(&a.options, argc, argv))
		status = a.options.action == ACTION_RUN ? run(&a) : (int)answer_write(&a.options);
	options_release(&a.options);
	return close_output(&a, status);
}
