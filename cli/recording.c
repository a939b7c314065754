/*
 * -w on the command line.
 *
 * The recorder hears of messages and rules beside whoever else listens; the listener made here tells both.
 */
#include "cli/recording.h"

#include "base/amount.h"
#include "base/when.h"
#include "cli/signals.h"

#include <errno.h>

bool recording_open(struct recording *r, const struct options *o, bool at_once)
{
	char error[1024];
	struct recorder_options how = o->record;
	if (!how.file.path)
		return true;
	how.at_once = at_once;
	how.file.ending = signals_stop();
	r->path = how.file.path;
	r->recorder = recorder_new(&how, error, sizeof error);
	if (!r->recorder) {
		fprintf(stderr, "envscope: -w: %s\n", error);
		return false;
	}
	r->watcher = recorder_watcher(r->recorder);
	if (!o->extcap.capture)
		fputs("envscope: what is written has passwords and tokens in it as they were sent\n", stderr);
	return true;
}

void recording_release(struct recording *r)
{
	recorder_free(r->recorder);
	*r = (struct recording){ 0 };
}

static void hear_message(void *user, uint32_t n, struct slice bytes)
{
	struct recording *r = user;
	recorder_message(r->recorder, n, bytes);
	if (r->before.message)
		r->before.message(r->before.user, n, bytes);
}

static void hear_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct recording *r = user;
	recorder_rule(r->recorder, n, rule);
	if (r->before.rule)
		r->before.rule(r->before.user, n, rule, was, time);
}

static void hear_news(void *user, const struct session_news *news)
{
	struct recording *r = user;
	r->before.news(r->before.user, news);
}

static void hear_over(void *user, uint32_t thread, int64_t time)
{
	struct recording *r = user;
	r->before.over(r->before.user, thread, time);
}

static void hear_stream(void *user, uint32_t thread, struct slice bytes)
{
	struct recording *r = user;
	r->before.stream(r->before.user, thread, bytes);
}

struct session_listener recording_listener(struct recording *r, const struct session_listener *other)
{
	r->before = *other;
	return (struct session_listener){ .user = r,
					  .message = hear_message,
					  .rule = hear_rule,
					  .news = other->news ? hear_news : NULL,
					  .stream = other->stream ? hear_stream : NULL,
					  .over = other->over ? hear_over : NULL };
}

static void say_stopped(const struct recording *r, const struct watcher_counts *w)
{
	struct buf text = { 0 };
	const char *to = strcmp(r->path, "-") == 0 ? "standard output" : r->path;
	buf_addf(&text, "envscope: writing to %s stopped: %s", to,
		 w->error == EINTR ? "ended by a signal before all was taken" : strerror(w->error));
	if (w->stopped) {
		buf_add_str(&text, "; packets from ");
		when_add_iso(&text, w->stopped);
		buf_add_str(&text, " on are missing, ");
		amount_add_grouped(&text, w->unwritten);
	} else {
		buf_add_str(&text, "; its end may be missing");
	}
	fprintf(stderr, "%s\n", buf_cstr(&text));
	buf_release(&text);
}

int recording_finish(struct recording *r, const struct capture *c)
{
	if (!r->recorder)
		return 0;
	recorder_finish(r->recorder);
	struct capture_counts counts = capture_counts(c);
	int error = recorder_closed(r->recorder) ? 0 : counts.watcher.error;
	if (error)
		say_stopped(r, &counts.watcher);
	else if (!counts.watcher.written && strcmp(r->path, "-") != 0)
		fprintf(stderr, "envscope: %s has no packets, as nothing was to be written\n", r->path);
	return error;
}
