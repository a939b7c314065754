/*
 * A second capture and a small session of its own, as for printing, with a recorder as their watcher. Messages have the same numbers as at the first
 * reading, since the same packets come in the same order.
 */
#include "export/rewriter.h"

#include "base/hash.h"
#include "base/xalloc.h"

#include <errno.h>
#include <stdlib.h>

enum { PACKETS_A_STEP = 64 };

struct rewriter {
	struct keylog *keylog;
	struct filter *filter;
	struct recorder *recorder;
	struct session *session;
	struct capture *capture;
	uint64_t messages; /* it ends with so many; 0 */
};

static void hear_message(void *user, uint32_t n, struct slice bytes)
{
	recorder_message(((struct rewriter *)user)->recorder, n, bytes);
}

static void hear_rule(void *user, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	(void)was;
	(void)time;
	recorder_rule(((struct rewriter *)user)->recorder, n, rule);
}

static void begin(struct rewriter *r, const struct second_reading *again)
{
	struct session_options so = {
		.file = -1, .files = source_files(again->source), .no_reply = again->no_reply, .hash_key = hash_new_key()
	};
	struct session_listener listener = { .user = r, .message = hear_message, .rule = hear_rule };
	struct packet_watcher watcher = recorder_watcher(r->recorder);
	struct capture_options co = again->capture;
	r->session = session_new(&so, &listener);
	struct sink sink = session_sink(r->session);
	recorder_begin(r->recorder, r->session, r->filter, source_files(again->source));
	if (r->keylog)
		keylog_on_use(r->keylog, recorder_secrets, r->recorder);
	co.keylog = r->keylog;
	co.watcher = &watcher;
	co.threads = 1;
	r->capture = capture_new(again->source, &sink, &co);
}

struct rewriter *rewriter_new(const struct rewriter_options *o, const struct second_reading *again, int *error)
{
	struct rewriter *r = xcalloc(1, sizeof *r);
	struct buf why = { 0 };
	char sentence[512];
	r->keylog = again->keylog;
	r->messages = again->messages;
	*error = 0;
	if (!o->filter || (r->filter = filter_new(o->filter, o->show_secrets, &why))) {
		r->recorder = recorder_new(&o->record, sentence, sizeof sentence);
		*error = r->recorder ? 0 : errno;
	}
	buf_release(&why);
	if (r->recorder) {
		begin(r, again);
		return r;
	}
	source_free(again->source);
	rewriter_free(r);
	return NULL;
}

void rewriter_free(struct rewriter *r)
{
	if (!r)
		return;
	if (r->capture)
		capture_free(r->capture);
	if (r->session)
		session_free(r->session);
	recorder_free(r->recorder);
	filter_free(r->filter);
	keylog_free(r->keylog);
	free(r);
}

int rewriter_error(const struct rewriter *r)
{
	return capture_counts(r->capture).watcher.error;
}

enum rewriter_state rewriter_step(struct rewriter *r)
{
	enum capture_status status = capture_step(r->capture, r->messages ? 1 : PACKETS_A_STEP);
	bool enough = r->messages && session_counts(r->session).messages >= r->messages;
	bool over = status == CAPTURE_END || status == CAPTURE_DAMAGED || capture_spanned(r->capture) || enough;
	if (over) {
		capture_finish(r->capture);
		recorder_finish(r->recorder);
	}
	return rewriter_error(r) ? REWRITER_FAILED : over ? REWRITER_DONE : REWRITER_MORE;
}

int rewriter_percent(const struct rewriter *r)
{
	uint64_t done = 0, total = 0;
	capture_progress(r->capture, &done, &total);
	return total ? (int)((double)(done < total ? done : total) * 100 / (double)total) : 0;
}

uint64_t rewriter_matched(const struct rewriter *r)
{
	return recorder_matched(r->recorder);
}
