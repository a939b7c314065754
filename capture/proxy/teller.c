/*
 * Telling the pipeline.
 *
 * The ring has room for so much; when the reader is slow it is full, and the traffic goes on all the same. Then bytes are only counted,
 * and once there is room again, a gap of so many is told before anything else of that direction. What is told about a connection
 * besides its bytes is small, and has a reserve of its own in the ring; if even that is full, it is owed.
 */
#include "capture/proxy/teller.h"

#include "base/when.h"

#include <time.h>

int64_t tell_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static bool put(struct telling *t, struct ring *r, enum ring_kind kind, enum dir dir, uint64_t amount, struct slice bytes)
{
	struct ring_record head = { .kind = kind, .dir = dir, .id = t->id, .time = tell_now(), .amount = amount };
	if (kind == RING_OPEN)
		head.time = t->opened;
	return ring_put(r, &head, bytes, kind == RING_BYTES ? TELL_RESERVE : 0);
}

/* A gap and an end of one direction. */
static bool tell_owed_way(struct telling *t, struct ring *r, enum dir dir)
{
	struct slice none = { 0 };
	if (t->lost[dir] && !put(t, r, RING_GAP, dir, t->lost[dir], none))
		return false;
	t->lost[dir] = 0;
	if (t->end_owed[dir] && !put(t, r, RING_END, dir, 0, none))
		return false;
	t->end_owed[dir] = false;
	return true;
}

bool tell_owed(struct telling *t, struct ring *r)
{
	if (t->silent)
		return true;
	if (!t->open_told && !put(t, r, RING_OPEN, DIR_C2S, 0, slice_of(&t->open, sizeof t->open)))
		return false;
	t->open_told = true;
	if (!tell_owed_way(t, r, DIR_C2S) || !tell_owed_way(t, r, DIR_S2C))
		return false;
	if (t->closed && !t->closed_told && !put(t, r, RING_CLOSED, DIR_C2S, t->end, slice_of(NULL, 0)))
		return false;
	t->closed_told = t->closed;
	return true;
}

void tell_bytes(struct telling *t, struct ring *r, enum dir dir, struct slice bytes)
{
	if (t->silent)
		return;
	if (!tell_owed(t, r) || !put(t, r, RING_BYTES, dir, 0, bytes))
		t->lost[dir] += bytes.len;
}

void tell_end(struct telling *t, struct ring *r, enum dir dir)
{
	t->end_owed[dir] = true;
	tell_owed(t, r);
}

bool tell_note(struct telling *t, struct ring *r, enum dir dir, struct slice text)
{
	return t->silent || (tell_owed(t, r) && put(t, r, RING_NOTE, dir, 0, text));
}

void tell_closed(struct telling *t, struct ring *r, enum conn_end end)
{
	t->closed = true;
	t->end = end;
	tell_owed(t, r);
}
