/*
 * Rows about which the filter is asked again, since later messages have changed what is known of theirs.
 *
 *	revisions --ask--> no:  `has` forgets the row, and the sweep takes it from its place
 *	                   yes: `has` knows it, and it is fresh if it was not there
 *
 * The session remembers the newest revisions only. Who has fallen behind them goes once through all rows instead (the review), and on
 * with the revisions that came since that began. A long thread is asked some messages at a time, so that what began in one slice may be
 * answered in a later one.
 *
 * Each slice ends with its sweep. Within it the session stands still, so that a row that is asked about twice answers the same, and is never
 * in its old place and fresh too; what began in an earlier slice could answer otherwise, and therefore ends the slice.
 */
#include "tui/order_part.h"

#include "tui/clock.h"

enum { LOOK_AT_CLOCK = 32, REST = 4 /* times the work */ };

/* Looks for revisions; false if there are none to be asked about now. */
static bool revisions(const struct order *o, uint64_t *first, uint64_t *end)
{
	return o->filter && o->source.revisions && o->source.revisions(o->source.user, first, end);
}

void order_recheck_begin(struct order *o)
{
	uint64_t first;
	o->review = o->review_end = o->recheck_step = 0;
	o->revision = 0;
	o->recheck_rest = 0;
	if (o->filter && o->source.revisions)
		o->source.revisions(o->source.user, &first, &o->revision);
}

static bool reviews(const struct order *o)
{
	return o->review < o->review_end;
}

bool order_recheck_waits(const struct order *o)
{
	uint64_t first, end;
	return !o->sort && !o->again && revisions(o, &first, &end) && (reviews(o) || o->revision < end) && clock_ms() >= o->recheck_rest;
}

/* Fallen behind? Then all rows are to be asked about. */
static void keep_up(struct order *o)
{
	uint64_t first, end;
	if (reviews(o) || !revisions(o, &first, &end) || o->revision >= first)
		return;
	o->source.rows(o->source.user, &o->review, &o->review_end);
	o->revision = end;
	o->recheck_step = 0;
}

static bool leave(struct order *o, uint64_t row)
{
	size_t at = (size_t)(row - o->has_from);
	if (row < o->has_from || at / 8 >= o->has_size || !(o->has[at / 8] >> at % 8 & 1))
		return false;
	o->has[at / 8] &= (uint8_t) ~(1u << at % 8);
	return true;
}

/* Asks about one revision, or one row of the review, or a part of it if that is long; true if its row leaves. */
static bool ask(struct order *o)
{
	const struct order_source *s = &o->source;
	struct session_revision r = { .n = 0 };
	uint64_t row = 0;
	if (reviews(o))
		r.n = s->message(s->user, o->review);
	else
		r = s->revision(s->user, o->revision);
	enum order_answer answer = s->recheck(s->user, r, &o->recheck_step, o->filter, &row);
	if (!o->recheck_step)
		++*(reviews(o) ? &o->review : &o->revision);
	if (answer == ORDER_YES && order_enter(o, row))
		order_add_fresh(o, row);
	return answer == ORDER_NO && leave(o, row);
}

/* Of a list of rows those stay that the filter has let through. */
static size_t sweep(const struct order *o, uint32_t *rows, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)(rows[i] - o->has_from);
		if (o->has[at / 8] >> at % 8 & 1)
			rows[kept++] = rows[i];
	}
	return kept;
}

/* Asks until the time is over; true if rows leave. */
static bool ask_all(struct order *o, int64_t until)
{
	uint64_t first = 0, end = 0;
	bool gone = false, old = o->recheck_step;
	revisions(o, &first, &end);
	for (unsigned i = 1; reviews(o) || o->revision < end; i++) {
		gone |= ask(o);
		if ((old && !o->recheck_step) || (i % LOOK_AT_CLOCK == 0 && clock_ms() >= until))
			break;
	}
	return gone;
}

bool order_recheck(struct order *o, int64_t until)
{
	int64_t began = clock_ms();
	if (!order_recheck_waits(o))
		return false;
	keep_up(o);
	bool gone = ask_all(o, until);
	if (gone) {
		o->count = sweep(o, o->row, o->count);
		o->fresh_count = sweep(o, o->fresh, o->fresh_count);
	}
	int64_t now = clock_ms();
	o->recheck_rest = now + REST * (now - began);
	return gone;
}
