/*
 * A save is a printer (export/exporter.h) or a recorder (export/recorder.h) that hears of kept messages one after the other, as if they had
 * just come; or a rewriter (export/rewriter.h), which reads the capture's files once more, since packets are not kept.
 *
 * What became known of them only later (rules broken late) is in their records by then and needs no line of its own.
 *
 * A file that is to replace another is made beside it and takes its place once it is whole: if it can't be written, the other one is still there.
 */
#include "tui/save.h"

#include "base/xalloc.h"
#include "tui/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOK_AT_CLOCK = 16 };

/* Suffixes of formats that are not called after their files. */
static const char *suffix_of(const char *format)
{
	static const struct {
		const char *format, *suffix;
	} others[] = { { "text", "txt" }, { "tree", "txt" }, { "mermaid", "mmd" }, { "plantuml", "puml" }, { "otlp", "otlp.json" } };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(others[i].format, format) == 0)
			return others[i].suffix;
	return format;
}

bool save_format_at(size_t i, struct save_format *out)
{
	const struct exporter *e;
	for (size_t at = 0; (e = exporter_at(at)); at++) {
		if (e->columns == COLUMNS_CHOSEN)
			continue;
		*out = (struct save_format){ e->name, e->help, suffix_of(e->name), e, RECORD_PDUS };
		if (i-- == 0)
			return true;
	}
	static const struct save_format packets[] = {
		{ "pcapng", "each message a packet, for Wireshark, without TCP and TLS", "pcapng", NULL, RECORD_PDUS },
		{ "packets", "the packets the messages came in, secrets and all", "pcapng", NULL, RECORD_PACKETS },
		{ "conns", "their connections' packets, secrets and all", "pcapng", NULL, RECORD_CONNECTIONS },
	};
	if (i >= sizeof packets / sizeof *packets)
		return false;
	*out = packets[i];
	return true;
}

bool save_exists(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static bool make_file(struct save *s, const char *path)
{
	struct buf name = { 0 };
	char *real = s->job.replace ? realpath(path, NULL) : NULL; /* a link stays one */
	s->target = real ? real : xstrdup(path);
	buf_addf(&name, "%s%s", s->target, s->job.replace ? ".XXXXXX" : "");
	char *part = xstrdup(buf_cstr(&name));
	int fd = s->job.replace ? mkostemp(part, O_CLOEXEC) : open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	s->error = errno;
	buf_release(&name);
	if (fd < 0) {
		free(part);
		return false;
	}
	s->path = xstrdup(path);
	s->part = part;
	s->out = fdopen(fd, "w");
	if (s->out)
		return true;
	s->error = errno;
	close(fd);
	return false;
}

/* It is whole: it gets its name. */
static void put_in_place(struct save *s)
{
	if (!s->job.replace || rename(s->part, s->target) == 0)
		return;
	s->error = errno;
	s->state = SAVE_FAILED;
}

/* A table gets its usual columns. */
static void choose_columns(struct save *s)
{
	struct buf why = { 0 };
	s->fields.header = -1;
	if (s->job.exporter->columns == COLUMNS_USUAL && field_options_ready(&s->fields, true, s->job.options.show_secrets, &why))
		s->job.options.fields = &s->fields;
	buf_release(&why);
}

static void record(void *user, uint32_t n, struct slice bytes)
{
	recorder_message(user, n, bytes);
}

/* The file has just been made, and is opened anew by the recorder. */
static bool start_recorder(struct save *s, struct filter *filter)
{
	struct recorder_options o = { .file = { .path = s->part, .format = PACKETS_PCAPNG }, .what = RECORD_PDUS };
	char error[512];
	fclose(s->out);
	s->out = NULL;
	s->recorder = recorder_new(&o, error, sizeof error);
	s->error = errno;
	if (!s->recorder)
		return false;
	if (filter)
		filter_set_start(filter, capture_first_time(s->job.capture));
	recorder_begin(s->recorder, s->job.session, filter, (struct files){ 0 });
	s->listener = (struct session_listener){ .user = s->recorder, .message = record };
	return true;
}

static bool is_marked(void *user, uint32_t n)
{
	return marks_has(user, n);
}

/* The same for whoever writes the packets themselves. */
static bool start_rewriter(struct save *s)
{
	struct rewriter_options o = { .record = { .file = { .path = s->part, .format = PACKETS_PCAPNG }, .what = s->job.packets },
				      .show_secrets = s->job.options.show_secrets };
	struct second_reading again = *s->job.again;
	if (s->job.cut)
		again.messages = s->job.last;
	o.filter = s->job.what == SAVE_FILTERED ? s->job.filter_text : NULL;
	if (s->job.what == SAVE_MARKED) {
		o.record.wanted = is_marked;
		o.record.user = (void *)(uintptr_t)s->job.marks;
	}
	fclose(s->out);
	s->out = NULL;
	s->rewriter = rewriter_new(&o, &again, &s->error);
	return s->rewriter != NULL;
}

static void start_printer(struct save *s, struct filter *filter)
{
	choose_columns(s);
	printer_init(&s->printer, s->job.exporter, &s->job.options, s->out);
	s->printer.session = s->job.session;
	s->printer.capture = s->job.capture;
	s->printer.filter = filter;
	s->listener = printer_listener(&s->printer);
	printer_begin(&s->printer);
}

static void drop_reading(const struct second_reading *again)
{
	if (!again)
		return;
	source_free(again->source);
	keylog_free(again->keylog);
}

bool save_start(struct save *s, const struct save_job *job, const char *path)
{
	struct filter *filter = job->what == SAVE_FILTERED ? job->filter : NULL;
	*s = (struct save){ .state = SAVE_FAILED, .job = *job };
	if (!make_file(s, path)) {
		drop_reading(job->again);
		return false;
	}
	s->first = s->next = session_first(job->session);
	if (job->exporter)
		start_printer(s, filter);
	else if (job->again ? !start_rewriter(s) : !start_recorder(s, filter))
		return false;
	s->error = 0;
	s->state = SAVE_RUNNING;
	return true;
}

/* News that came before the next message. */
static void print_news(struct save *s)
{
	const struct session_news *news;
	while ((news = session_news_at(s->job.session, s->news)) && news->after < s->next) {
		if (s->listener.news && s->job.what == SAVE_ALL && news->after + 1 >= s->first)
			s->listener.news(s->listener.user, news);
		s->news++;
	}
}

static void print_message(struct save *s, uint32_t n)
{
	const struct record *r = session_record(s->job.session, n);
	const struct exporter *e = s->job.exporter;
	bool meant = s->job.what != SAVE_MARKED || marks_has(s->job.marks, n);
	s->missed += !r && meant;
	if (!r)
		return;
	struct slice bytes = session_bytes(s->job.session, n, &s->bytes);
	s->bare += meant && r->size && !r->cut && !bytes.len;
	if (meant)
		s->listener.message(s->listener.user, n, bytes);
	else if (e && e->heard)
		e->heard(&s->printer, r, bytes);
}

/* errno of what failed when packets were written; 0. */
static int recorder_error(struct save *s)
{
	struct packet_watcher w = recorder_watcher(s->recorder);
	struct watcher_counts c;
	w.counts(w.user, &c);
	return c.error;
}

static void end(struct save *s)
{
	print_news(s);
	if (s->recorder) {
		recorder_finish(s->recorder);
		s->error = recorder_error(s);
	} else {
		printer_end(&s->printer);
		s->error = s->printer.error;
		if (fclose(s->out) != 0 && !s->error)
			s->error = errno;
		s->out = NULL;
	}
	s->state = s->error || s->printer.closed ? SAVE_FAILED : SAVE_DONE;
}

uint64_t save_count(const struct save *s)
{
	return s->rewriter ? rewriter_matched(s->rewriter) : s->recorder ? recorder_matched(s->recorder) : s->printer.printed;
}

/* Is there no point in going on? */
static bool is_over(struct save *s)
{
	return s->next > s->job.last || !s->next || s->printer.closed || (s->recorder && recorder_error(s));
}

static void step_rewriter(struct save *s)
{
	enum rewriter_state state = rewriter_step(s->rewriter);
	s->error = rewriter_error(s->rewriter);
	s->state = state == REWRITER_MORE ? SAVE_RUNNING : state == REWRITER_DONE ? SAVE_DONE : SAVE_FAILED;
}

/* A message or some packets. */
static void step(struct save *s)
{
	if (s->rewriter) {
		step_rewriter(s);
	} else if (is_over(s)) {
		end(s);
	} else {
		print_news(s);
		print_message(s, s->next++);
	}
}

enum save_state save_step(struct save *s, int64_t until)
{
	for (unsigned i = 1; s->state == SAVE_RUNNING; i++) {
		step(s);
		if (s->state == SAVE_DONE)
			put_in_place(s);
		if ((s->rewriter || i % LOOK_AT_CLOCK == 0) && clock_ms() >= until)
			break;
	}
	return s->state;
}

int save_percent(const struct save *s)
{
	if (s->rewriter)
		return rewriter_percent(s->rewriter);
	double all = (double)s->job.last - s->first + 1;
	return all > 0 ? (int)((double)(s->next - s->first) * 100 / all) : 100;
}

void save_release(struct save *s)
{
	if (s->out)
		fclose(s->out);
	recorder_free(s->recorder);
	rewriter_free(s->rewriter);
	if (s->part && s->state != SAVE_DONE)
		unlink(s->part);
	if (s->printer.exporter)
		printer_release(&s->printer);
	field_options_release(&s->fields);
	free(s->path);
	free(s->target);
	free(s->part);
	buf_release(&s->bytes);
	*s = (struct save){ 0 };
}
