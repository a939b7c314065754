/*
 * Reassembly: random segments held against a plain array, then one test for each promise of the header.
 *
 * The stream is an array of bytes. Every copy of a byte that is sent has another value and another place, so that what comes out
 * tells which copy it was: the first one must win.
 */
#include "capture/net/reassembly.h"

#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STREAM = 20000, COPY_PLACE = 1000000, PATIENCE = 64 };

static const int64_t SECOND = NS_PER_S;

struct model {
	struct reassembly r, other;
	struct reassembly_out out;
	struct reassembly_counts n;
	uint64_t zero; /* offset of the stream's first byte */
	uint32_t first_seq;
	uint8_t copy[STREAM];  /* the copy that came first, 0 for none */
	uint64_t need[STREAM]; /* of the other direction, before this byte */
	uint32_t acked_tick[STREAM + 1];
	size_t acked, next, high; /* acknowledged; handed on or lost; end of the last byte that came */
	size_t end;               /* of the stream */
	uint8_t copies;
	uint64_t duplicates, gaps, gap_bytes;
	size_t last_gap_end;
	int64_t time, heard_time, gap_time, handed;
};

static uint8_t value(size_t at, uint8_t copy)
{
	return (uint8_t)(at * 31 + copy * 97 + at / 256);
}

static void on_bytes(void *user, struct chunk c)
{
	struct model *m = user;
	uint8_t copy = m->copy[m->next];
	assert_true(c.bytes.len > 0 && copy > 0);
	assert_int_equal(c.at, (int64_t)copy * COPY_PLACE + (int64_t)m->next);
	assert_true(c.time >= m->heard_time && c.time <= m->time);
	m->heard_time = c.time;
	for (size_t i = 0; i < c.bytes.len; i++, m->next++) {
		assert_int_equal(m->copy[m->next], copy);
		assert_int_equal(c.bytes.at[i], value(m->next, copy));
	}
}

static void on_gap(void *user, uint64_t n, int64_t time)
{
	struct model *m = user;
	assert_true(n > 0 && time <= m->time);
	m->gap_time = time;
	for (uint64_t i = 0; i < n; i++, m->next++)
		assert_int_equal(m->copy[m->next], 0);
	m->gaps++;
	m->gap_bytes += n;
	m->last_gap_end = m->next;
}

static struct model *model_new(uint32_t first_seq)
{
	struct model *m = calloc(1, sizeof(*m));
	assert_non_null(m);
	m->out = (struct reassembly_out){ m, on_bytes, on_gap, &m->handed, NULL };
	m->end = SIZE_MAX;
	m->r.other = &m->other;
	m->first_seq = first_seq;
	reassembly_start(&m->r, first_seq);
	reassembly_start(&m->other, 0);
	m->zero = m->r.next;
	return m;
}

static void check(const struct model *m)
{
	assert_int_equal(m->r.next - m->zero, m->next);
	assert_int_equal(m->n.duplicate_bytes, m->duplicates);
	assert_int_equal(m->n.gaps, m->gaps);
	assert_int_equal(m->n.gap_bytes, m->gap_bytes);
	assert_true(m->r.count <= REASSEMBLY_SEGMENTS && m->r.bytes <= REASSEMBLY_BYTES);
	assert_true(m->r.stamped <= m->r.count);
	assert_int_equal(reassembly_waits(&m->r), m->r.count > 0);
	assert_true(m->r.count > 0 || m->r.bytes == 0);
}

static void model_free(struct model *m)
{
	check(m);
	reassembly_release(&m->r);
	assert_false(m->r.known);
	assert_ptr_equal(m->r.other, &m->other);
	free(m);
}

/* How far everything is there, and what it needs. */
static size_t ready(const struct model *m)
{
	size_t i = m->next;
	while (i < m->high && m->copy[i] && m->need[i] <= m->other.next)
		i++;
	return i;
}

/* Feeds the bytes from `from` on (it may be before the beginning) in a block of their own. */
static void add_bytes(struct model *m, int64_t from, size_t len, uint64_t needs)
{
	uint8_t *block = malloc(len ? len : 1);
	uint8_t copy = ++m->copies;
	assert_true(m->copies != UINT8_MAX && from + (int64_t)len <= STREAM);
	for (size_t i = 0; i < len; i++) {
		int64_t at = from + (int64_t)i;
		block[i] = value((size_t)at, copy);
		if (at < (int64_t)m->next || m->copy[at] || (size_t)at >= m->end) {
			m->duplicates++;
			continue;
		}
		m->copy[at] = copy;
		m->need[at] = needs;
		m->high = (size_t)at >= m->high ? (size_t)at + 1 : m->high;
	}
	struct chunk c = { slice_of(block, len), (int64_t)copy * COPY_PLACE + from, m->time };
	reassembly_add(&m->r, &m->out, &m->n, m->first_seq + (uint32_t)from, c, needs);
	free(block);
}

/* As many as there are copies of them. */
static void add(struct model *m, int64_t from, size_t len)
{
	add_bytes(m, from, len, 0);
	check(m);
}

static void ack(struct model *m, size_t to)
{
	for (; m->acked < to; m->acked++)
		m->acked_tick[m->acked + 1] = m->r.ticks;
	reassembly_ack(&m->r, m->first_seq + (uint32_t)to, m->time);
}

static void tick(struct model *m, bool packet)
{
	m->r.ticks += packet;
	while (reassembly_tick(&m->r, &m->out, &m->n, m->time, false))
		;
	check(m);
}

static void flush(struct model *m)
{
	reassembly_flush(&m->r, &m->out, &m->n, UINT64_MAX, m->time);
	check(m);
	assert_int_equal(m->next, m->high > m->next ? m->high : m->next);
	assert_false(reassembly_waits(&m->r));
}

/* --- random segments ---------------------------------------------------------------------------------------------------------- */

static uint32_t chance(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)((*seed * 0x2545f4914f6cdd1du) >> 33) % below;
}

static void random_add(struct model *m, uint64_t *seed, bool needing)
{
	int64_t from = (int64_t)m->next + (int64_t)chance(seed, chance(seed, 4) ? 60 : 300) - 20;
	size_t len = chance(seed, 30);
	uint64_t needs = needing && chance(seed, 3) == 0 ? m->other.next + chance(seed, 30) : 0;
	add_bytes(m, from, len, needs);
	assert_int_equal(m->next, ready(m));
}

static void random_tick(struct model *m, uint64_t *seed)
{
	m->time += chance(seed, SECOND / 100);
	uint64_t gaps = m->gaps;
	uint32_t now = m->r.ticks + 1;
	tick(m, true);
	if (m->gaps > gaps) {
		assert_true(m->last_gap_end <= m->acked);
		assert_true(now - m->acked_tick[m->last_gap_end] > PATIENCE);
	}
	assert_true(m->next >= ready(m));
}

static void random_step(struct model *m, uint64_t *seed, bool needing)
{
	size_t before = m->next;
	switch (chance(seed, 10)) {
	case 0: ack(m, m->next + chance(seed, 80)); break;
	case 1:
		m->other.next += chance(seed, 20);
		bool any = reassembly_resume(&m->r, &m->out, 0);
		assert_int_equal(any, m->next > before);
		assert_int_equal(m->next, ready(m));
		break;
	case 2:
		for (uint32_t i = chance(seed, 30); i; i--)
			random_tick(m, seed);
		break;
	default: random_add(m, seed, needing);
	}
	m->time += chance(seed, 1000);
	check(m);
}

/* The stream ends, now and then before the last byte that came. */
static void end_at(struct model *m, size_t end)
{
	for (size_t i = end; i < m->high; i++) {
		m->duplicates += m->copy[i] > 0;
		m->copy[i] = 0;
	}
	m->end = end;
	m->high = m->high < end ? m->high : end;
	reassembly_end(&m->r, &m->n, m->first_seq + (uint32_t)end, m->time);
	check(m);
}

static void play_random(uint64_t seed, uint32_t first_seq, bool needing)
{
	struct model *m = model_new(first_seq);
	while (m->copies < 150)
		random_step(m, &seed, needing);
	if (seed & 16)
		end_at(m, m->next + chance(&seed, 200));
	while (m->copies < 200)
		random_step(m, &seed, needing);
	ack(m, m->end < SIZE_MAX ? m->end : m->high);
	m->time += SECOND / 4 + 1;
	for (int i = 0; i <= PATIENCE; i++)
		tick(m, true);
	assert_false(reassembly_waits(&m->r));
	assert_true(m->end < SIZE_MAX ? m->next == m->end : m->next >= m->high);
	model_free(m);
}

static void random_segments(void **state)
{
	(void)state;
	static const uint32_t first[] = { 0, 1, 0x7fffff00, 0x80000000, 0xffffffff, 0xfffff000, 0xfffffc00, 0x12345678 };
	for (uint64_t seed = 1; seed <= 4000; seed++)
		play_random(seed * 0x9e3779b97f4a7c15u, first[seed % 8], seed & 8);
}

/* Every order of four segments that overlap each other. */
static void every_order(void **state)
{
	(void)state;
	static const struct {
		uint8_t from, len;
	} parts[4] = { { 0, 6 }, { 4, 7 }, { 10, 5 }, { 2, 11 } };
	for (int order = 0; order < 256; order++) {
		struct model *m = model_new(0xfffffff8);
		unsigned seen = 0;
		for (int i = 0; i < 4; i++) {
			int part = order >> 2 * i & 3;
			seen |= 1u << part;
			add(m, parts[part].from, parts[part].len);
			assert_int_equal(m->next, ready(m));
		}
		if (seen == 15)
			assert_int_equal(m->next, 15);
		flush(m);
		model_free(m);
	}
}

/* --- what the header promises ------------------------------------------------------------------------------------------------- */

static void in_place(void **state)
{
	(void)state;
	struct model *m = model_new(100);
	assert_true(m->r.known);
	add(m, 0, 10);
	add(m, 10, 1);
	assert_int_equal(m->next, 11);
	assert_null(m->r.early);
	add(m, 5, 10); /* partly known */
	assert_int_equal(m->next, 15);
	add(m, 0, 15);
	add(m, 15, 0);
	add(m, 30, 0);
	assert_int_equal(m->next, 15);
	assert_int_equal(m->n.out_of_order, 0);
	assert_int_equal(m->duplicates, 21);
	assert_null(m->r.early);
	model_free(m);
}

static void counts_those_that_wait(void **state)
{
	(void)state;
	struct model *m = model_new(100);
	add(m, 10, 10);
	add(m, 30, 10);
	assert_int_equal(m->n.out_of_order, 2);
	add(m, 0, 10);
	assert_int_equal(m->next, 20);
	add(m, 20, 10);
	assert_int_equal(m->next, 40);
	assert_int_equal(m->n.out_of_order, 2);
	model_free(m);
}

/* Bytes that fill a hole are handed on with the time of the segment that filled it. */
static void times(void **state)
{
	(void)state;
	struct model *m = model_new(100);
	m->time = 5;
	add(m, 10, 10);
	m->time = 7;
	add(m, 20, 10);
	m->time = 9;
	add(m, 0, 10);
	assert_int_equal(m->heard_time, 9);
	assert_int_equal(m->next, 30);
	model_free(m);
}

/* What stands behind a hole that is given up has the time at which it was captured, as has the gap, and not that at which the waiting ended. */
static void times_behind_gap(void **state)
{
	(void)state;
	struct model *m = model_new(100);
	m->time = 5;
	add(m, 0, 10);
	m->time = 7;
	add(m, 20, 10);
	m->time = 9;
	add(m, 30, 10);
	m->time = 1000;
	flush(m);
	assert_int_equal(m->gap_time, 7);
	assert_int_equal(m->heard_time, 9);
	model_free(m);
}

/* A hole that is acknowledged is lost when it was not filled within so many packets, and not one sooner. */
static void patience_in_packets(void **state)
{
	(void)state;
	struct model *m = model_new(0xfffffff0);
	add(m, 40, 10);
	add(m, 20, 10);
	for (int i = 0; i < 1000; i++)
		tick(m, true);
	assert_int_equal(m->next, 0); /* not acknowledged: may be sent again */
	ack(m, 20);
	for (int i = 0; i < PATIENCE; i++)
		tick(m, true);
	assert_int_equal(m->next, 0);
	tick(m, true);
	assert_int_equal(m->next, 30);
	for (int i = 0; i < 1000; i++)
		tick(m, true);
	assert_int_equal(m->next, 30); /* the second hole is not */
	ack(m, 39);
	for (int i = 0; i < 1000; i++)
		tick(m, true);
	assert_int_equal(m->next, 30); /* nor is all of it */
	ack(m, 50);
	for (int i = 0; i <= PATIENCE; i++)
		tick(m, true);
	assert_int_equal(m->next, 50);
	assert_int_equal(m->gaps, 2);
	assert_int_equal(m->gap_bytes, 30);
	add(m, 0, 50); /* too late */
	assert_int_equal(m->next, 50);
	model_free(m);
}

/* At a high rate so many packets are no time: it takes a quarter of a second besides. Where the clock was set back, they must do. */
static void patience_at_a_high_rate(void **state)
{
	(void)state;
	for (int back = 0; back <= 1; back++) {
		struct model *m = model_new(5);
		m->time = 10 * SECOND;
		add(m, 10, 10);
		ack(m, 20);
		for (int i = 0; i < 1000; i++) {
			m->time += SECOND / 4 / 1000;
			tick(m, true);
		}
		assert_int_equal(m->next, 0);
		m->time++;
		m->r.ticks++;
		assert_true(reassembly_tick(&m->r, &m->out, &m->n, back ? SECOND : m->time, false));
		assert_int_equal(m->next, 20);
		assert_int_equal(m->gap_bytes, 10);
		model_free(m);
	}
}

static void patience_in_time(void **state)
{
	(void)state;
	static const struct {
		bool acked, one_way;
		int64_t patience;
	} cases[] = { { true, false, 1 }, { true, true, 1 }, { false, true, 3 }, { false, false, 120 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct model *m = model_new(5);
		m->time = 1000;
		add(m, 10, 10);
		if (cases[i].acked)
			ack(m, 20);
		m->time += cases[i].patience * SECOND;
		reassembly_tick(&m->r, &m->out, &m->n, m->time, cases[i].one_way);
		assert_int_equal(m->next, 0);
		m->time++;
		reassembly_tick(&m->r, &m->out, &m->n, m->time, cases[i].one_way);
		assert_int_equal(m->next, 20);
		assert_int_equal(m->gap_bytes, 10);
		model_free(m);
	}
}

/* Acknowledged before the bytes behind the hole came: patience begins with these. */
static void acknowledged_before(void **state)
{
	(void)state;
	struct model *m = model_new(5);
	ack(m, 20);
	for (int i = 0; i < 1000; i++)
		tick(m, true);
	add(m, 10, 10);
	for (int i = 0; i < 1000; i++)
		tick(m, false); /* no packets */
	for (int i = 0; i < PATIENCE; i++)
		tick(m, true);
	assert_int_equal(m->next, 0);
	tick(m, true);
	assert_int_equal(m->next, 20);
	model_free(m);
}

/* An acknowledgement of long ago, one of the beginning, and one from before it: none takes anything back. */
static void old_acknowledgements(void **state)
{
	(void)state;
	struct model *m = model_new(5);
	struct reassembly fresh = { .known = false };
	reassembly_ack(&fresh, 77, 0);
	assert_int_equal(fresh.acked, 0);
	ack(m, 20);
	uint64_t acked = m->r.acked;
	assert_int_equal(acked, m->zero + 20);
	reassembly_ack(&m->r, m->first_seq + 10, 0);
	reassembly_ack(&m->r, m->first_seq, 0);
	reassembly_ack(&m->r, m->first_seq - 1, 0);
	assert_int_equal(m->r.acked, acked);
	model_free(m);
}

static void limit_of_segments(void **state)
{
	(void)state;
	struct model *m = model_new(0xffffff00);
	for (int at = 1; at < 3 * REASSEMBLY_SEGMENTS; at += 2) {
		m->copies = 0;
		add(m, at, 1);
	}
	assert_int_equal(m->r.count, REASSEMBLY_SEGMENTS);
	assert_int_equal(m->gaps, REASSEMBLY_SEGMENTS / 2);
	flush(m);
	assert_int_equal(m->next, 3 * REASSEMBLY_SEGMENTS);
	assert_int_equal(m->gap_bytes, 3 * REASSEMBLY_SEGMENTS / 2);
	model_free(m);
}

/* One segment that goes into more holes than there is room for. */
static void limit_passed_by_one(void **state)
{
	(void)state;
	struct model *m = model_new(7);
	for (int at = 2; at < 2 * REASSEMBLY_SEGMENTS; at += 2) {
		m->copies = 0;
		add(m, at, 1);
	}
	assert_int_equal(m->r.count, REASSEMBLY_SEGMENTS - 1);
	m->copies = 1;
	add(m, 1, 2 * REASSEMBLY_SEGMENTS + 10);
	assert_int_equal(m->next, 2 * REASSEMBLY_SEGMENTS + 11);
	assert_int_equal(m->gap_bytes, 1);
	model_free(m);
}

struct sums {
	uint64_t bytes, lost;
};

static void sum_bytes(void *user, struct chunk c)
{
	struct sums *s = user;
	s->bytes += c.bytes.len;
}

static void sum_gap(void *user, uint64_t n, int64_t time)
{
	struct sums *s = user;
	(void)time;
	s->lost += n;
}

static void limit_of_bytes(void **state)
{
	(void)state;
	enum { SIZE = 60000 };
	struct sums sum = { 0 };
	uint64_t fed = 0;
	struct reassembly r = { .known = false };
	struct reassembly_counts n = { 0 };
	int64_t handed = 0;
	struct reassembly_out out = { &sum, sum_bytes, sum_gap, &handed, NULL };
	uint8_t *block = calloc(1, SIZE);
	reassembly_start(&r, 0);
	for (uint32_t i = 0; i < 3 * (uint32_t)(REASSEMBLY_BYTES / SIZE); i++, fed += SIZE) {
		reassembly_add(&r, &out, &n, i * (SIZE + 1) + 1, (struct chunk){ slice_of(block, SIZE), -1, 0 }, 0);
		assert_true(r.bytes <= REASSEMBLY_BYTES);
		assert_true(sum.bytes + r.bytes >= fed && sum.bytes <= fed);
	}
	assert_int_equal(n.gaps, sum.lost);
	assert_true(n.gaps > 200);
	reassembly_flush(&r, &out, &n, UINT64_MAX, 0);
	assert_int_equal(sum.bytes, fed);
	assert_int_equal(r.bytes, 0);
	reassembly_release(&r);
	free(block);
}

/* --- what waits for the other direction ---------------------------------------------------------------------------------------- */

static void waits_for_the_other(void **state)
{
	(void)state;
	struct model *m = model_new(5);
	uint64_t there = m->other.next;
	add_bytes(m, 0, 10, there + 5);
	add_bytes(m, 10, 10, there);
	assert_int_equal(m->next, 0);
	assert_int_equal(m->n.out_of_order, 2);
	assert_false(reassembly_resume(&m->r, &m->out, 0));
	m->other.next = there + 4;
	assert_false(reassembly_resume(&m->r, &m->out, 0));
	m->other.next = there + 5;
	assert_true(reassembly_resume(&m->r, &m->out, 0));
	assert_int_equal(m->next, 20);
	assert_false(reassembly_resume(&m->r, &m->out, 0));
	assert_int_equal(m->gaps, 0);
	model_free(m);
}

/* A segment around one that waits for the other direction must not pass it, nor stand still. */
static void around_one_that_waits(void **state)
{
	(void)state;
	struct model *m = model_new(5);
	uint64_t there = m->other.next;
	add_bytes(m, 10, 10, there + 5);
	add_bytes(m, 0, 30, 0);
	assert_int_equal(m->next, 10);
	check(m);
	m->other.next = there + 5;
	assert_true(reassembly_resume(&m->r, &m->out, 0));
	assert_int_equal(m->next, 30);
	model_free(m);
}

/* The other direction does not get on: let go without a gap. */
static void waits_in_vain(void **state)
{
	(void)state;
	struct model *m = model_new(5);
	add_bytes(m, 0, 10, m->other.next + 5);
	ack(m, 10);
	for (int i = 0; i < PATIENCE; i++)
		tick(m, true);
	assert_int_equal(m->next, 0);
	tick(m, true);
	assert_int_equal(m->next, 10);
	assert_int_equal(m->gaps, 0);
	model_free(m);
}

/* Where nothing is known of the other direction there is nothing to wait for. */
static void nothing_to_wait_for(void **state)
{
	(void)state;
	struct model *m = model_new(5);
	m->other.known = false;
	add_bytes(m, 0, 10, 1);
	assert_int_equal(m->next, 10);
	m->r.other = NULL;
	add_bytes(m, 10, 10, UINT64_MAX);
	assert_int_equal(m->next, 20);
	m->r.other = &m->other;
	model_free(m);
}

/* --- flushing, offsets --------------------------------------------------------------------------------------------------------- */

static void flush_until(void **state)
{
	(void)state;
	struct model *m = model_new(0xfffffff0);
	add(m, 10, 10);
	add(m, 30, 10);
	add(m, 60, 10);
	reassembly_flush(&m->r, &m->out, &m->n, m->zero + 50, m->time);
	assert_int_equal(m->next, 50);
	assert_int_equal(m->gap_bytes, 10 + 10 + 10);
	assert_int_equal(m->r.count, 1);
	reassembly_flush(&m->r, &m->out, &m->n, m->zero + 50, m->time);
	assert_int_equal(m->gaps, 3);
	reassembly_flush(&m->r, &m->out, &m->n, m->zero + 55, m->time);
	assert_int_equal(m->next, 55);
	flush(m);
	assert_int_equal(m->next, 70);
	assert_int_equal(m->gap_bytes, 40);
	flush(m);
	model_free(m);
}

static void ends(void **state)
{
	(void)state;
	struct model *m = model_new(0xfffffff0);
	add(m, 10, 10);
	add(m, 30, 10);
	end_at(m, 35);
	add(m, 25, 20); /* partly known, partly behind the end */
	add(m, 0, 10);
	assert_int_equal(m->next, 20);
	assert_int_equal(m->duplicates, 5 + 15);
	ack(m, 36); /* with the FIN */
	for (int i = 0; i <= PATIENCE; i++)
		tick(m, true);
	assert_int_equal(m->next, 35);
	assert_int_equal(m->gap_bytes, 5);
	add(m, 30, 20);
	assert_int_equal(m->next, 35);
	assert_false(reassembly_waits(&m->r));
	model_free(m);
}

/* An end before which the last bytes are missing, one where nothing is, and one below what was handed on. */
static void ends_behind_a_hole(void **state)
{
	(void)state;
	struct model *m = model_new(7);
	end_at(m, 12);
	assert_true(reassembly_waits(&m->r));
	add(m, 0, 5);
	assert_int_equal(m->next, 5);
	assert_true(reassembly_waits(&m->r));
	ack(m, 12);
	m->time += SECOND + 1;
	tick(m, false);
	assert_int_equal(m->next, 12);
	assert_int_equal(m->gap_bytes, 7);
	assert_false(reassembly_waits(&m->r));
	model_free(m);
	m = model_new(7);
	add(m, 0, 12);
	end_at(m, 12);
	assert_false(reassembly_waits(&m->r));
	model_free(m);
	m = model_new(7);
	add(m, 0, 12);
	reassembly_end(&m->r, &m->n, 7 + 8, 0);
	assert_int_equal(m->r.end, m->r.next);
	model_free(m);
}

/* Offsets go on over many turns of the sequence number. */
static void many_turns(void **state)
{
	(void)state;
	struct sums sum = { 0 };
	uint64_t offset = 0xfffffff0u;
	struct reassembly r = { .known = false };
	struct reassembly_counts n = { 0 };
	int64_t handed = 0;
	struct reassembly_out out = { &sum, sum_bytes, sum_gap, &handed, NULL };
	reassembly_start(&r, 0xfffffff0);
	uint64_t begin = r.next;
	for (int i = 0; i < 40; i++) {
		uint32_t jump = 0x3fffffff + (uint32_t)i * 7919;
		offset += jump;
		assert_int_equal(reassembly_offset(&r, (uint32_t)offset), r.next + jump);
		assert_int_equal(reassembly_offset(&r, (uint32_t)r.next - 1000), r.next - 1000);
		reassembly_flush(&r, &out, &n, r.next + jump, 0);
		assert_int_equal(r.next - begin, offset - 0xfffffff0u);
		reassembly_add(&r, &out, &n, (uint32_t)offset, (struct chunk){ slice_str("ten bytes!"), -1, 0 }, 0);
		offset += 10;
		reassembly_ack(&r, (uint32_t)offset, 0);
		assert_int_equal(r.acked, r.next);
	}
	assert_int_equal(sum.bytes, 400);
	assert_int_equal(sum.lost, offset - 400 - 0xfffffff0u);
	assert_int_equal(n.duplicate_bytes, 0);
	reassembly_release(&r);
}

static void starts_again(void **state)
{
	(void)state;
	struct model *m = model_new(1000);
	add(m, 10, 10);
	ack(m, 20);
	reassembly_start(&m->r, 5);
	assert_int_equal(m->r.next, (UINT64_C(1) << 32) + 5);
	assert_false(reassembly_waits(&m->r));
	assert_int_equal(m->r.acked, 0);
	m->zero = m->r.next;
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_place),
		cmocka_unit_test(counts_those_that_wait),
		cmocka_unit_test(times),
		cmocka_unit_test(times_behind_gap),
		cmocka_unit_test(every_order),
		cmocka_unit_test(patience_in_packets),
		cmocka_unit_test(patience_at_a_high_rate),
		cmocka_unit_test(patience_in_time),
		cmocka_unit_test(acknowledged_before),
		cmocka_unit_test(old_acknowledgements),
		cmocka_unit_test(limit_of_segments),
		cmocka_unit_test(limit_passed_by_one),
		cmocka_unit_test(limit_of_bytes),
		cmocka_unit_test(waits_for_the_other),
		cmocka_unit_test(waits_in_vain),
		cmocka_unit_test(nothing_to_wait_for),
		cmocka_unit_test(flush_until),
		cmocka_unit_test(ends),
		cmocka_unit_test(ends_behind_a_hole),
		cmocka_unit_test(many_turns),
		cmocka_unit_test(starts_again),
		cmocka_unit_test(around_one_that_waits),
		cmocka_unit_test(random_segments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
