/*
 * A save is a printer (export/exporter.h) that hears of kept messages one after the other, as if they had just come.
 *
 * What became known of them only later (rules broken late) is in their records by then and needs no line of its own.
 */
#include "tui/save.h"

#include "base/xalloc.h"
#include "tui/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOK_AT_CLOCK = 16 };

bool save_exists(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static FILE *make_file(const char *path, bool replace)
{
	if (replace && unlink(path) != 0 && errno != ENOENT)
		return NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out && fd >= 0)
		close(fd);
	return out;
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

bool save_start(struct save *s, const struct save_job *job, const char *path)
{
	*s = (struct save){ .state = SAVE_FAILED, .job = *job };
	s->out = make_file(path, job->replace);
	s->error = errno;
	if (!s->out)
		return false;
	s->error = 0;
	s->path = xstrdup(path);
	choose_columns(s);
	printer_init(&s->printer, job->exporter, &s->job.options, s->out);
	s->printer.session = job->session;
	s->printer.capture = job->capture;
	s->printer.filter = job->what == SAVE_FILTERED ? job->filter : NULL;
	s->listener = printer_listener(&s->printer);
	s->first = s->next = session_first(job->session);
	s->state = SAVE_RUNNING;
	printer_begin(&s->printer);
	return true;
}

/* News that came before the next message. */
static void print_news(struct save *s)
{
	const struct session_news *news;
	while ((news = session_news_at(s->job.session, s->news)) && news->after < s->next) {
		if (s->job.what == SAVE_ALL && news->after + 1 >= s->first)
			s->listener.news(s->listener.user, news);
		s->news++;
	}
}

static void print_message(struct save *s, uint32_t n)
{
	const struct record *r = session_record(s->job.session, n);
	const struct exporter *e = s->job.exporter;
	if (!r)
		return;
	struct slice bytes = session_bytes(s->job.session, n, &s->bytes);
	if (s->job.what != SAVE_MARKED || marks_has(s->job.marks, n))
		s->listener.message(s->listener.user, n, bytes);
	else if (e->heard)
		e->heard(&s->printer, r, bytes);
}

static void end(struct save *s)
{
	print_news(s);
	printer_end(&s->printer);
	s->error = s->printer.error;
	if (fclose(s->out) != 0 && !s->error)
		s->error = errno;
	s->out = NULL;
	s->state = s->error || s->printer.closed ? SAVE_FAILED : SAVE_DONE;
}

enum save_state save_step(struct save *s, int64_t until)
{
	for (unsigned i = 1; s->state == SAVE_RUNNING; i++) {
		if (s->next > s->job.last || !s->next || s->printer.closed) {
			end(s);
			break;
		}
		print_news(s);
		print_message(s, s->next++);
		if (i % LOOK_AT_CLOCK == 0 && clock_ms() >= until)
			break;
	}
	return s->state;
}

int save_percent(const struct save *s)
{
	double all = (double)s->job.last - s->first + 1;
	return all > 0 ? (int)((double)(s->next - s->first) * 100 / all) : 100;
}

void save_release(struct save *s)
{
	if (s->state == SAVE_RUNNING)
		fclose(s->out);
	if (s->path && s->state != SAVE_DONE)
		unlink(s->path);
	if (s->path)
		printer_release(&s->printer);
	field_options_release(&s->fields);
	free(s->path);
	buf_release(&s->bytes);
	*s = (struct save){ 0 };
}
