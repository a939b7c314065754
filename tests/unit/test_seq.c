/*
 * Sequence numbers against a naive model: sets of numbers instead of ranges with holes, and a receiver that counts what waits for each number
 * that is missing. After every message both must say the same of every message so far.
 */
#include "decode/seq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NUMBERS = 4096, ZERO = 2048, MESSAGES = 4096 }; /* number x is at ZERO + x */

#define BIT(rule) (1u << (rule))

struct place {
	bool seen, excused, lost, told;
	uint32_t owner; /* the message that showed that the number is missing */
};

struct model {
	struct place at[NUMBERS];
	int base, high; /* as indexes */
	bool begun, joined;
	int excuse; /* numbers for which it lasts */
	uint32_t rules[MESSAGES + 1];
};

static bool missing(const struct model *m, int i)
{
	return i >= m->base && i < m->high && !m->at[i].seen;
}

static void model_final(struct model *m, int below)
{
	for (int i = m->base; i <= below; i++) {
		struct place *p = &m->at[i];
		if (!missing(m, i))
			continue;
		if (!p->lost && !p->excused && m->rules[p->owner] & BIT(RULE_SEQ_GAP))
			m->rules[p->owner] ^= BIT(RULE_SEQ_GAP) | BIT(RULE_SEQ_GAP_FINAL);
		p->lost = true;
		p->excused = false;
	}
}

static void model_overflow(struct model *m, uint32_t n)
{
	int waiting = 0;
	for (int i = m->high - 1; i >= m->base; i--) {
		waiting += m->at[i].seen;
		if (!missing(m, i) || m->at[i].excused || m->at[i].lost || waiting <= 100)
			continue;
		m->rules[n] |= BIT(RULE_SEQ_OVERFLOW);
		model_final(m, i);
		return;
	}
}

static void model_fill(struct model *m, int x, uint32_t n)
{
	struct place was = m->at[x];
	m->at[x].seen = true;
	m->rules[n] |= was.lost ? BIT(RULE_SEQ_LATE) : BIT(RULE_SEQ_REORDERED);
	for (int i = m->base; i < m->high; i++)
		if (missing(m, i) && m->at[i].owner == was.owner)
			return;
	if (was.told && !was.lost && m->rules[was.owner] & BIT(RULE_SEQ_GAP))
		m->rules[was.owner] ^= BIT(RULE_SEQ_GAP) | BIT(RULE_SEQ_REORDERED);
}

static void model_ahead(struct model *m, int x, uint32_t n)
{
	bool ahead = x > m->high;
	for (int i = m->high; i < x; i++)
		m->at[i] = (struct place){ .excused = m->excuse > 0, .told = !m->excuse, .owner = n };
	if (ahead && !m->excuse)
		m->rules[n] |= BIT(RULE_SEQ_GAP);
	m->at[x] = (struct place){ .seen = true };
	m->high = x + 1;
	if (m->excuse)
		m->excuse = ahead ? 0 : m->excuse - 1;
}

static void model_before(struct model *m, int x, uint32_t n)
{
	bool start = !m->joined && m->base > ZERO && m->high - ZERO <= 100 && x >= ZERO;
	if (m->joined ? m->high - x > 8 : !start) {
		m->rules[n] |= BIT(RULE_SEQ_LATE);
		return;
	}
	m->rules[n] |= BIT(RULE_SEQ_REORDERED);
	for (int i = x + 1; i < m->base; i++)
		m->at[i] = (struct place){ .excused = true, .owner = n };
	m->at[x] = (struct place){ .seen = true };
	m->base = x;
}

static void model_message(struct model *m, int number, uint32_t n, bool start_seen)
{
	int x = number + ZERO;
	if (!m->begun) {
		m->begun = true;
		m->base = m->high = x;
		m->joined = !start_seen || m->excuse;
		if (m->joined && !m->excuse)
			m->excuse = 1;
		m->at[x].seen = true;
		m->high = x + 1;
		if (!m->joined && number)
			m->rules[n] |= BIT(RULE_SEQ_START);
	} else if (x >= m->high)
		model_ahead(m, x, n);
	else if (x < m->base)
		model_before(m, x, n);
	else if (m->at[x].seen)
		m->rules[n] |= BIT(RULE_SEQ_DUPLICATE);
	else
		model_fill(m, x, n);
	model_overflow(m, n);
}

static void model_gap(struct model *m)
{
	m->excuse = 100;
	for (int i = m->base; i < m->high; i++)
		if (missing(m, i) && !m->at[i].lost)
			m->at[i].excused = true;
}

/* What is tested, and the rules that it gave to each message. */
struct tested {
	struct seq seq;
	struct seq_verdict v;
	uint32_t rules[MESSAGES + 1];
	uint32_t n;
	bool start_seen;
};

static void apply(struct tested *t)
{
	for (size_t i = 0; i < t->v.changes; i++) {
		const struct seq_change *c = &t->v.change[i];
		if (t->rules[c->n] & BIT(c->was))
			t->rules[c->n] = (t->rules[c->n] & ~BIT(c->was)) | BIT(c->rule);
	}
}

static uint32_t message(struct tested *t, int number)
{
	t->n++;
	seq_message(&t->seq, number, t->n, t->start_seen, &t->v);
	t->rules[t->n] = t->v.rules;
	apply(t);
	return t->v.rules;
}

static void end(struct tested *t)
{
	seq_end(&t->seq, &t->v);
	assert_int_equal(t->v.rules, 0);
	apply(t);
}

/* Starts anew, the beginning of the connection seen or not. */
static void anew(struct tested *t, bool start_seen)
{
	seq_release(&t->seq);
	*t = (struct tested){ .start_seen = start_seen };
}

static void test_in_order(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(message(&t, i), 0);
	end(&t);
	assert_int_equal(t.v.changes, 0);
	anew(&t, false);
	for (int i = 5; i < 1000; i++)
		assert_int_equal(message(&t, i), 0);
	assert_null(t.seq.hole); /* no memory for what is in order */
	anew(&t, false);
}

static void test_start(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_START));
	assert_int_equal(message(&t, 2), 0);
	assert_int_equal(message(&t, 0), BIT(RULE_SEQ_REORDERED)); /* as a receiver sees it that waits for 0 */
	assert_int_equal(message(&t, -1), BIT(RULE_SEQ_LATE));
	assert_int_equal(message(&t, 0), BIT(RULE_SEQ_DUPLICATE));
	anew(&t, true);
	for (int i = 1; i <= 100; i++)
		message(&t, i);
	assert_int_equal(message(&t, 0), BIT(RULE_SEQ_LATE)); /* no receiver waits so long */
	anew(&t, true);
	assert_int_equal(message(&t, 500), BIT(RULE_SEQ_START));
	assert_int_equal(message(&t, 499), BIT(RULE_SEQ_LATE)); /* the receiver began with 500 */
	anew(&t, false);
	assert_int_equal(message(&t, 1), 0);
	anew(&t, true);
	seq_capture_gap(&t.seq);
	assert_int_equal(message(&t, 1), 0); /* the first ones may be what is missing */
	assert_int_equal(message(&t, 0), BIT(RULE_SEQ_REORDERED));
	anew(&t, true);
}

static void test_duplicate(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	message(&t, 1);
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_DUPLICATE));
	assert_int_equal(message(&t, 0), BIT(RULE_SEQ_DUPLICATE));
	assert_int_equal(message(&t, 2), 0);
	assert_int_equal(message(&t, 5), BIT(RULE_SEQ_GAP));
	assert_int_equal(message(&t, 5), BIT(RULE_SEQ_DUPLICATE)); /* waiting, but there */
	anew(&t, true);
}

static void test_reordered(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	assert_int_equal(message(&t, 2), BIT(RULE_SEQ_GAP));
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(t.v.changes, 1);
	assert_int_equal(t.v.change[0].n, 2);
	assert_int_equal(t.v.change[0].rule, RULE_SEQ_REORDERED);
	assert_int_equal(t.v.change[0].was, RULE_SEQ_GAP);
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_DUPLICATE));
	end(&t);
	assert_int_equal(t.v.changes, 0);
	anew(&t, true);
}

/* A hole of three, filled from its middle: only when all of it is there is the gap no gap. */
static void test_filled_in_parts(void **state)
{
	static const int orders[][3] = { { 2, 1, 3 }, { 1, 2, 3 }, { 3, 2, 1 }, { 2, 3, 1 }, { 1, 3, 2 }, { 3, 1, 2 } };
	struct tested t = { .start_seen = true };
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		message(&t, 0);
		assert_int_equal(message(&t, 4), BIT(RULE_SEQ_GAP));
		for (size_t k = 0; k < 3; k++) {
			assert_int_equal(message(&t, orders[i][k]), BIT(RULE_SEQ_REORDERED));
			assert_int_equal(t.rules[2], k < 2 ? BIT(RULE_SEQ_GAP) : BIT(RULE_SEQ_REORDERED));
		}
		anew(&t, true);
	}
}

static void test_gap_for_ever(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	message(&t, 4); /* 1 to 3 are missing */
	message(&t, 2);
	end(&t);
	assert_int_equal(t.v.changes, 2); /* both parts; the second changes nothing more */
	assert_int_equal(t.rules[2], BIT(RULE_SEQ_GAP_FINAL));
	assert_int_equal(t.rules[3], BIT(RULE_SEQ_REORDERED));
	anew(&t, true);
}

/* 100 may wait; the 101st is one too many. Seen again after that, the missing one is late. */
static void test_overflow(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	for (int i = 2; i <= 101; i++)
		assert_int_equal(message(&t, i), i == 2 ? BIT(RULE_SEQ_GAP) : 0);
	assert_int_equal(message(&t, 102), BIT(RULE_SEQ_OVERFLOW));
	assert_int_equal(t.rules[2], BIT(RULE_SEQ_GAP_FINAL));
	assert_int_equal(message(&t, 103), 0); /* said once */
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_LATE));
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_DUPLICATE));
	anew(&t, true);
	message(&t, 0);
	for (int i = 2; i <= 101; i++)
		message(&t, i);
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(t.rules[2], BIT(RULE_SEQ_REORDERED));
	anew(&t, true);
}

/* Every other number first: 100 holes at once, then all of them filled. */
static void test_many_holes(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	for (int i = 1; i <= 100; i++)
		assert_int_equal(message(&t, 2 * i), BIT(RULE_SEQ_GAP));
	for (int i = 0; i < 100; i++)
		assert_int_equal(message(&t, 2 * i + 1), BIT(RULE_SEQ_REORDERED));
	for (uint32_t n = 2; n <= t.n; n++)
		assert_int_equal(t.rules[n], BIT(RULE_SEQ_REORDERED));
	assert_int_equal(t.seq.holes, 0);
	anew(&t, true);
}

static void test_excused(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	seq_capture_gap(&t.seq);
	assert_int_equal(message(&t, 5), 0);
	for (int i = 6; i < 200; i++)
		assert_int_equal(message(&t, i), 0);
	assert_int_equal(message(&t, 3), BIT(RULE_SEQ_REORDERED)); /* it was not missing, only out of order */
	assert_int_equal(message(&t, 3), BIT(RULE_SEQ_DUPLICATE));
	assert_int_equal(message(&t, 201), BIT(RULE_SEQ_GAP)); /* the excuse was for that one place */
	end(&t);
	assert_int_equal(t.rules[2], 0);
	assert_int_equal(t.rules[t.n], BIT(RULE_SEQ_GAP_FINAL));
	anew(&t, true);
}

/* The excuse lasts until a number comes that lies ahead: a late or repeated one says nothing about what the gap hides. */
static void test_excuse_lasts(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	message(&t, 2);
	seq_capture_gap(&t.seq);
	assert_int_equal(message(&t, 1), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(message(&t, 2), BIT(RULE_SEQ_DUPLICATE));
	assert_int_equal(message(&t, 9), 0);
	assert_int_equal(message(&t, 11), BIT(RULE_SEQ_GAP));
	anew(&t, true);
}

/* A message may come in order behind a gap though the gap took one that was ahead of it; but not of more than can wait. */
static void test_excuse_for_early(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	for (int waited = 1; waited < 130; waited += 128) {
		message(&t, 0);
		seq_capture_gap(&t.seq);
		for (int i = 1; i <= waited; i++)
			assert_int_equal(message(&t, i), 0);
		assert_int_equal(message(&t, waited + 2), waited > 100 ? BIT(RULE_SEQ_GAP) : 0);
		anew(&t, true);
	}
}

/* The first message of a capture that was begun later may be one that others, from before the capture, waited for. */
static void test_joined_at_late(void **state)
{
	struct tested t = { 0 };
	(void)state;
	message(&t, 2);
	assert_int_equal(message(&t, 50), 0);
	assert_int_equal(message(&t, 52), BIT(RULE_SEQ_GAP));
	anew(&t, false);
}

/* A hole that was open when the gap came may be what the gap swallowed. */
static void test_open_then_gap(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	message(&t, 2);
	seq_capture_gap(&t.seq);
	for (int i = 3; i < 300; i++)
		assert_int_equal(message(&t, i), 0);
	end(&t);
	assert_int_equal(t.v.changes, 0);
	anew(&t, true);
}

static void test_joined(void **state)
{
	struct tested t = { 0 };
	(void)state;
	message(&t, 50);
	message(&t, 51);
	assert_int_equal(message(&t, 46), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(message(&t, 48), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(message(&t, 46), BIT(RULE_SEQ_DUPLICATE));
	assert_int_equal(message(&t, 44), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(message(&t, 43), BIT(RULE_SEQ_LATE));
	end(&t);
	assert_int_equal(t.v.changes, 0); /* what is missing before the first was before the capture */
	anew(&t, false);
}

/* The ends of the range of an int32, and a jump over all of it. */
static void test_extremes(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	assert_int_equal(message(&t, INT32_MIN), BIT(RULE_SEQ_START));
	assert_int_equal(message(&t, INT32_MAX), BIT(RULE_SEQ_GAP));
	assert_int_equal(message(&t, 0), BIT(RULE_SEQ_REORDERED));
	assert_int_equal(message(&t, INT32_MAX), BIT(RULE_SEQ_DUPLICATE));
	assert_int_equal(message(&t, INT32_MIN), BIT(RULE_SEQ_DUPLICATE));
	assert_int_equal(message(&t, INT32_MIN + 1), BIT(RULE_SEQ_REORDERED));
	end(&t);
	assert_int_equal(t.rules[2], BIT(RULE_SEQ_GAP_FINAL));
	anew(&t, true);
}

static uint32_t chance(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

/* The number of the next message: mostly in order, or shuffled within a window, or wild. */
static int next_number(uint64_t *seed, int *counter, unsigned mood, int window[], unsigned size)
{
	if (chance(seed, 60) == 0)
		(*counter) += (int)chance(seed, mood == 2 ? 60 : 4); /* numbers that never come */
	if (chance(seed, 40) == 0)
		return *counter - (int)chance(seed, 30);
	if (mood == 0)
		return (*counter)++;
	unsigned i = chance(seed, size); /* takes one out of the window, and puts the next in its place */
	int number = window[i];
	window[i] = (*counter)++;
	return number;
}

static void one_run(uint64_t seed, struct tested *t, struct model *m)
{
	unsigned mood = chance(&seed, 3), size = 1 + chance(&seed, mood == 2 ? 150 : 12), length = 20 + chance(&seed, 500);
	int window[160], counter = chance(&seed, 3) ? 0 : (int)chance(&seed, 50);
	bool gaps = chance(&seed, 2);
	for (unsigned i = 0; i < size; i++)
		window[i] = counter++;
	memset(m, 0, sizeof *m);
	anew(t, chance(&seed, 3) > 0);
	for (unsigned i = 0; i < length; i++) {
		if (gaps && chance(&seed, 40) == 0) {
			seq_capture_gap(&t->seq);
			model_gap(m);
		}
		int number = next_number(&seed, &counter, mood, window, size);
		message(t, number);
		model_message(m, number, t->n, t->start_seen);
		if (memcmp(t->rules, m->rules, (t->n + 1) * sizeof *m->rules) != 0)
			fail_msg("message %u, number %d", t->n, number);
	}
	end(t);
	model_final(m, m->high - 1);
	assert_memory_equal(t->rules, m->rules, sizeof m->rules);
}

static void test_model(void **state)
{
	struct tested *t = calloc(1, sizeof *t);
	struct model *m = malloc(sizeof *m);
	unsigned seen = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= 2500; seed++) {
		one_run(seed, t, m);
		for (uint32_t n = 1; n <= t->n; n++)
			seen |= t->rules[n];
	}
	assert_int_equal(seen, BIT(RULE_SEQ_DUPLICATE) | BIT(RULE_SEQ_LATE) | BIT(RULE_SEQ_OVERFLOW) | BIT(RULE_SEQ_GAP_FINAL) |
				       BIT(RULE_SEQ_REORDERED) | BIT(RULE_SEQ_START) | BIT(RULE_SEQ_GAP));
	anew(t, true);
	free(t);
	free(m);
}

/* More holes than are kept: nobody is blamed for what the capture may lack, and memory is bounded. */
static void test_too_many_holes(void **state)
{
	struct tested t = { .start_seen = true };
	(void)state;
	message(&t, 0);
	for (int i = 1; i <= 1000; i++) {
		seq_capture_gap(&t.seq);
		assert_int_equal(message(&t, 3 * i), 0);
	}
	assert_int_equal(t.seq.holes, SEQ_HOLES);
	for (int i = 1; i <= 1000; i++)
		assert_int_equal(message(&t, 3 * i - 1), BIT(RULE_SEQ_REORDERED));
	assert_in_range(t.seq.room, SEQ_HOLES, 2 * SEQ_HOLES);
	anew(&t, true);
	message(&t, 0);
	for (int i = 1; i <= 1000; i++) /* lost ones, 1 to 1700 of them too late */
		message(&t, 2 * i);
	for (int i = 0; i < 850; i++)
		assert_int_equal(message(&t, 2 * i + 1), BIT(RULE_SEQ_LATE));
	/* one more that waits for what is still open below it */
	assert_int_equal(message(&t, 2 * 999 + 1), BIT(RULE_SEQ_REORDERED) | BIT(RULE_SEQ_OVERFLOW));
	anew(&t, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),         cmocka_unit_test(test_start),
		cmocka_unit_test(test_duplicate),        cmocka_unit_test(test_reordered),
		cmocka_unit_test(test_filled_in_parts),  cmocka_unit_test(test_gap_for_ever),
		cmocka_unit_test(test_overflow),         cmocka_unit_test(test_many_holes),
		cmocka_unit_test(test_excused),          cmocka_unit_test(test_excuse_lasts),
		cmocka_unit_test(test_excuse_for_early), cmocka_unit_test(test_joined_at_late),
		cmocka_unit_test(test_open_then_gap),    cmocka_unit_test(test_joined),
		cmocka_unit_test(test_extremes),         cmocka_unit_test(test_model),
		cmocka_unit_test(test_too_many_holes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
