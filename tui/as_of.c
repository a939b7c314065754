/*
 * The session knows threads as they are now. While the screen is frozen the rows on it must not change, so
 * the messages of a thread that has grown since are summed up again, as far as they were there.
 */
#include "tui/as_of.h"

enum { WALK_MAX = 65536 };

static void add_message(struct thread_info *t, const struct record *r, const struct record *first)
{
	t->messages++;
	t->bytes[r->dir] += r->size;
	t->rules |= r->rules;
	t->chunks += r->role == ROLE_STREAM;
	t->events += r->role == ROLE_EVENT;
	if (t->latency_first < 0 && r->dir != first->dir)
		t->latency_first = r->time - first->time;
}

/* Sums up the messages up to n; false if there are too many, or some are forgotten. */
static bool sum_up(const struct session *s, uint32_t first, uint32_t n, struct thread_info *t)
{
	const struct record *f = session_record(s, first), *r;
	uint32_t at = first;
	t->messages = t->chunks = t->events = t->rules = 0;
	t->bytes[0] = t->bytes[1] = 0;
	t->latency_first = -1;
	for (int i = 0; at && at <= n; i++, at = r->next) {
		r = session_record(s, at);
		if (!r || i == WALK_MAX)
			return false;
		add_message(t, r, f);
		t->last = at;
	}
	return f != NULL;
}

void thread_as_of(const struct session *s, uint32_t first, uint32_t n, struct thread_info *out)
{
	struct thread_info then;
	session_thread(s, first, out);
	if (out->last <= n)
		return;
	then = *out;
	if (!sum_up(s, first, n, &then))
		return;
	if (then.reply > n) {
		then.reply = 0;
		then.latency_last = -1;
		then.percent = -1;
		if (then.state != THREAD_SINGLE && then.state != THREAD_ORPHAN)
			then.state = then.chunks ? THREAD_STREAMING : THREAD_OPEN;
	}
	*out = then;
}
