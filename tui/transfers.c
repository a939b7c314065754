/*
 * Finding uploads and downloads.
 *
 * The first and the last stream message of each are kept, so that who shows one only looks at what came since.
 */
#include "tui/transfers.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum { WORK = 1024, WORTH_MOVING = 1024 };

void transfers_release(struct transfers *t)
{
	free(t->at);
	*t = (struct transfers){ 0 };
}

static void take(struct transfers *t, const struct session *s, uint32_t n)
{
	const struct record *r = session_record(s, n);
	if (!r || r->role != ROLE_STREAM || !slice_is(session_command_name(s, r), "beginstream"))
		return;
	if (t->count && t->at[t->count - 1].thread == r->thread)
		return;
	if (t->count == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->at = xreallocarray(t->at, t->cap, sizeof *t->at);
	}
	t->at[t->count++] = (struct transfer){ r->thread, n, n };
}

/* Forgotten ones go when they are many. */
static void forget(struct transfers *t, const struct session *s)
{
	while (t->old < t->count && !session_record(s, t->at[t->old].thread))
		t->old++;
	if (t->old < WORTH_MOVING || t->old < t->count / 2)
		return;
	t->gone += t->old;
	t->count -= t->old;
	memmove(t->at, t->at + t->old, t->count * sizeof *t->at);
	t->old = 0;
}

bool transfers_step(struct transfers *t, const struct session *s, uint32_t until)
{
	uint32_t first = session_first(s);
	forget(t, s);
	t->next = t->next < first ? first : t->next;
	for (int i = 0; i < WORK && t->next <= until; i++)
		take(t, s, t->next++);
	return t->next <= until;
}

void transfers_range(const struct transfers *t, uint64_t *first, uint64_t *end)
{
	*first = t->gone + t->old;
	*end = t->gone + t->count;
}

static struct transfer *at(const struct transfers *t, uint64_t number)
{
	return number >= t->gone && number - t->gone < t->count ? &t->at[number - t->gone] : NULL;
}

const struct transfer *transfers_at(const struct transfers *t, uint64_t number)
{
	return at(t, number);
}

const struct transfer *transfers_newest(struct transfers *t, const struct session *s, uint64_t number)
{
	struct transfer *found = at(t, number);
	const struct record *r = found ? session_record(s, found->last) : NULL;
	while (r && r->next) {
		uint32_t n = r->next;
		r = session_record(s, n);
		if (r && r->role == ROLE_STREAM)
			found->last = n;
	}
	return found;
}
