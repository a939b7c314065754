/*
 * Sequence numbers: what was seen is a range with holes.
 *
 *	base                          high
 *	 ├─────────┤···├──┤·├──────────┤
 *	   seen    hole    hole          next expected
 *
 * A number at high is in order. One above it opens a hole; one in a hole fills it; any other below high was seen before. A hole that
 * more than SEQ_WAIT messages wait for is lost: there the receiver gives the connection up. Holes that a gap of the capture may explain
 * are excused and never lead to a rule.
 */
#include "decode/seq.h"

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

static void insert_hole(struct seq *s, size_t i, struct seq_hole h)
{
	if (s->holes == SEQ_HOLES) { /* the oldest goes; what was below it is no longer known to have been seen */
		s->base = s->hole[0].to;
		remove_hole(s, 0);
		if (i)
			i--;
	}
	memmove(s->hole + i + 1, s->hole + i, (s->holes - i) * sizeof *s->hole);
	s->hole[i] = h;
	s->holes++;
}

/* The number fills a place in hole i. */
static void fill(struct seq *s, size_t i, int64_t number, struct seq_verdict *out)
{
	struct seq_hole *h = &s->hole[i], before = *h;
	out->rules |= bit(h->state == HOLE_LOST ? RULE_SEQ_LATE : RULE_SEQ_REORDERED);
	if (number == before.from && number + 1 == before.to) {
		if (before.state == HOLE_OPEN)
			change(out, before.n, RULE_SEQ_REORDERED, RULE_SEQ_GAP);
		remove_hole(s, i);
	} else if (number == before.from) {
		h->from++;
	} else if (number + 1 == before.to) {
		h->to--;
	} else {
		h->to = number;
		before.from = number + 1;
		insert_hole(s, i + 1, before);
	}
}

/* Below everything seen. Where the first message of the connection is known, its seq is where the receiver began. A capture joined
 * later may have begun with messages that waited for this one, if they were few. */
static void before_base(struct seq *s, int64_t number, uint32_t n, bool start_seen, struct seq_verdict *out)
{
	if (start_seen || s->high - number > JOINED_WAIT) {
		out->rules |= bit(RULE_SEQ_LATE);
		return;
	}
	out->rules |= bit(RULE_SEQ_REORDERED);
	if (number + 1 < s->base)
		insert_hole(s, 0, (struct seq_hole){ number + 1, s->base, n, HOLE_EXCUSED });
	s->base = number;
}

/* The number lies above what is expected: a hole. */
static void skip_ahead(struct seq *s, int64_t number, uint32_t n, struct seq_verdict *out)
{
	uint8_t state = s->excuse ? HOLE_EXCUSED : HOLE_OPEN;
	insert_hole(s, s->holes, (struct seq_hole){ s->high, number, n, state });
	if (!s->excuse)
		out->rules |= bit(RULE_SEQ_GAP);
}

/* Holes that too many messages wait for. */
static void check_overflow(struct seq *s, struct seq_verdict *out)
{
	int64_t waiting = 0, top = s->high;
	size_t lost = 0; /* holes below this one are lost */
	for (size_t i = s->holes; i > 0; i--) {
		struct seq_hole *h = &s->hole[i - 1];
		waiting += top - h->to;
		top = h->from;
		if (waiting > SEQ_WAIT && h->state == HOLE_OPEN) {
			lost = i;
			break;
		}
	}
	if (lost)
		out->rules |= bit(RULE_SEQ_OVERFLOW);
	for (size_t i = 0; i < lost; i++) {
		if (s->hole[i].state == HOLE_OPEN)
			change(out, s->hole[i].n, RULE_SEQ_GAP_FINAL, RULE_SEQ_GAP);
		s->hole[i].state = HOLE_LOST;
	}
}

static void begin(struct seq *s, int64_t number, bool start_seen, struct seq_verdict *out)
{
	s->begun = true;
	s->base = number;
	s->high = number + 1;
	if (start_seen && number != 0 && !s->excuse)
		out->rules |= bit(RULE_SEQ_START);
}

void seq_message(struct seq *s, int64_t number, uint32_t n, bool start_seen, struct seq_verdict *out)
{
	out->rules = 0;
	out->changes = 0;
	if (!s->begun) {
		begin(s, number, start_seen, out);
	} else if (number >= s->high) {
		if (number > s->high)
			skip_ahead(s, number, n, out);
		s->high = number + 1;
	} else if (number < s->base) {
		before_base(s, number, n, start_seen, out);
	} else {
		size_t i = s->holes;
		while (i > 0 && number < s->hole[i - 1].from)
			i--;
		if (i > 0 && number < s->hole[i - 1].to)
			fill(s, i - 1, number, out);
		else
			out->rules |= bit(RULE_SEQ_DUPLICATE);
	}
	s->excuse = false;
	if (s->holes)
		check_overflow(s, out);
}

void seq_capture_gap(struct seq *s)
{
	s->excuse = true;
	for (size_t i = 0; i < s->holes; i++)
		if (s->hole[i].state == HOLE_OPEN)
			s->hole[i].state = HOLE_EXCUSED;
}

void seq_end(struct seq *s, struct seq_verdict *out)
{
	out->rules = 0;
	out->changes = 0;
	for (size_t i = 0; i < s->holes; i++) {
		if (s->hole[i].state == HOLE_OPEN)
			change(out, s->hole[i].n, RULE_SEQ_GAP_FINAL, RULE_SEQ_GAP);
		s->hole[i].state = HOLE_LOST;
	}
}
