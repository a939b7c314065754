/*
 * Sequence numbers: what was seen is a range with holes.
 *
 *	base                          high
 *	 ├─────────┤···├──┤·├──────────┤
 *	   seen    hole    hole          next expected
 *
 * A number at high is in order. One above it opens a hole; one in a hole fills it; any other below high was seen before. A hole that
 * more than SEQ_WAIT messages wait for is lost: there the receiver gives the connection up. Holes that a gap of the capture may explain
 * are excused and never lead to a rule: a gap explains the first hole behind it, among so many numbers as a message that it took may have been
 * ahead of those behind it. No more than SEQ_WAIT + 1 holes can be open, and all others lie below them; when there is no
 * room for another, the two oldest become one.
 */
#include "decode/seq.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum { JOINED_WAIT = 8 };

static uint32_t bit(enum rule r)
{
	return UINT32_C(1) << r;
}

static void change(struct seq_verdict *out, uint32_t n, enum rule rule, enum rule was)
{
	if (out->changes < SEQ_HOLES)
		out->change[out->changes++] = (struct seq_change){ n, rule, was };
}

static void remove_hole(struct seq *s, size_t i)
{
	s->holes--;
	memmove(s->hole + i, s->hole + i + 1, (s->holes - i) * sizeof *s->hole);
}

/* The two oldest holes and what is between them become one: what was seen there and comes again counts as late or as out of order, not
 * as a duplicate. */
static void merge_oldest(struct seq *s)
{
	bool lost = s->hole[0].state == HOLE_LOST && s->hole[1].state == HOLE_LOST;
	s->hole[0].to = s->hole[1].to;
	s->hole[0].state = lost ? HOLE_LOST : HOLE_EXCUSED;
	s->hole[0].told = false;
	remove_hole(s, 1);
}

static void insert_hole(struct seq *s, size_t i, struct seq_hole h)
{
	if (s->holes == SEQ_HOLES) {
		merge_oldest(s);
		if (i == 1) /* it lies within them */
			return;
		i -= i > 1;
	}
	if (s->holes == s->room) {
		s->room = (uint16_t)(s->room ? 2 * s->room : 4);
		s->hole = xreallocarray(s->hole, s->room, sizeof *s->hole);
	}
	memmove(s->hole + i + 1, s->hole + i, (s->holes - i) * sizeof *s->hole);
	s->hole[i] = h;
	s->holes++;
}

/* Hole i is filled. If no other part of it is left, the message that showed it was only out of order. */
static void filled(struct seq *s, size_t i, struct seq_verdict *out)
{
	struct seq_hole h = s->hole[i];
	remove_hole(s, i);
	bool part_left = (i > 0 && s->hole[i - 1].n == h.n) || (i < s->holes && s->hole[i].n == h.n);
	if (h.told && h.state != HOLE_LOST && !part_left)
		change(out, h.n, RULE_SEQ_REORDERED, RULE_SEQ_GAP);
}

/* The number fills a place in hole i. */
static void fill(struct seq *s, size_t i, int64_t number, struct seq_verdict *out)
{
	struct seq_hole *h = &s->hole[i], behind = *h;
	out->rules |= bit(h->state == HOLE_LOST ? RULE_SEQ_LATE : RULE_SEQ_REORDERED);
	behind.from = number + 1;
	if (h->from == number && h->to == number + 1) {
		filled(s, i, out);
	} else if (h->from == number) {
		h->from++;
	} else {
		h->to = number;
		if (behind.from < behind.to)
			insert_hole(s, i + 1, behind);
	}
}

/* Below everything seen. The messages so far may have waited for this one: those of a connection that are few and not far from 0, where seqs
 * start; or those with which a capture joined later began, if they were very few. Else the first seq is where the receiver began. */
static void before_base(struct seq *s, int64_t number, uint32_t n, struct seq_verdict *out)
{
	bool waited = s->joined ? s->high - number <= JOINED_WAIT : number >= 0 && s->high <= SEQ_WAIT;
	if (!waited) {
		out->rules |= bit(RULE_SEQ_LATE);
		return;
	}
	out->rules |= bit(RULE_SEQ_REORDERED);
	if (number + 1 < s->base)
		insert_hole(s, 0, (struct seq_hole){ number + 1, s->base, n, HOLE_EXCUSED, false });
	s->base = number;
}

/* The number lies above what is expected: a hole. */
static void skip_ahead(struct seq *s, int64_t number, uint32_t n, struct seq_verdict *out)
{
	uint8_t state = s->excuse ? HOLE_EXCUSED : HOLE_OPEN;
	insert_hole(s, s->holes, (struct seq_hole){ s->high, number, n, state, !s->excuse });
	if (!s->excuse)
		out->rules |= bit(RULE_SEQ_GAP);
}

/* What the first `count` holes lack never comes. */
static void lose(struct seq *s, size_t count, struct seq_verdict *out)
{
	for (size_t i = 0; i < count; i++) {
		struct seq_hole *h = &s->hole[i];
		if (h->state == HOLE_OPEN)
			change(out, h->n, RULE_SEQ_GAP_FINAL, RULE_SEQ_GAP);
		h->state = HOLE_LOST;
	}
}

/* Holes that too many messages wait for. */
static void check_overflow(struct seq *s, struct seq_verdict *out)
{
	int64_t waiting = 0, top = s->high;
	for (size_t i = s->holes; i > 0 && s->hole[i - 1].state == HOLE_OPEN; i--) {
		waiting += top - s->hole[i - 1].to;
		top = s->hole[i - 1].from;
		if (waiting > SEQ_WAIT) {
			out->rules |= bit(RULE_SEQ_OVERFLOW);
			lose(s, i, out);
			return;
		}
	}
}

static void begin(struct seq *s, int64_t number, bool start_seen, struct seq_verdict *out)
{
	s->begun = true;
	s->base = number;
	s->high = number + 1;
	s->joined = !start_seen || s->excuse;
	if (!s->excuse && s->joined) /* it may have come late: then the next one lies ahead of those before the capture */
		s->excuse = 1;
	if (!s->joined && number != 0)
		out->rules |= bit(RULE_SEQ_START);
}

void seq_message(struct seq *s, int64_t number, uint32_t n, bool start_seen, struct seq_verdict *out)
{
	out->rules = 0;
	out->changes = 0;
	if (!s->begun) {
		begin(s, number, start_seen, out);
	} else if (number >= s->high) {
		bool ahead = number > s->high;
		if (ahead)
			skip_ahead(s, number, n, out);
		s->high = number + 1;
		s->excuse = ahead || !s->excuse ? 0 : (uint8_t)(s->excuse - 1);
	} else if (number < s->base) {
		before_base(s, number, n, out);
	} else {
		size_t i = s->holes;
		while (i > 0 && number < s->hole[i - 1].from)
			i--;
		if (i > 0 && number < s->hole[i - 1].to)
			fill(s, i - 1, number, out);
		else
			out->rules |= bit(RULE_SEQ_DUPLICATE);
	}
	if (s->holes)
		check_overflow(s, out);
}

void seq_capture_gap(struct seq *s)
{
	s->excuse = SEQ_WAIT;
	for (size_t i = 0; i < s->holes; i++)
		if (s->hole[i].state == HOLE_OPEN)
			s->hole[i].state = HOLE_EXCUSED;
}

void seq_end(struct seq *s, struct seq_verdict *out)
{
	out->rules = 0;
	out->changes = 0;
	lose(s, s->holes, out);
}

void seq_release(struct seq *s)
{
	free(s->hole);
	*s = (struct seq){ 0 };
}
