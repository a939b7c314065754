/*
 * Percentiles.
 *
 * Up to QUANTILE_EXACT values are kept. The first few times the value of a rank is selected among them, a fraction of the work of sorting; who
 * asks more often, as the screens do, has them sorted. One more, and all go into buckets whose width grows with the value: below 2 * STEPS each number has its own, above it each power of two is cut into STEPS equal parts. A bucket that begins at v is at most
 * v / STEPS wide, and its middle stands for all that is in it, so an answer is off by at most half of that: 1/128 with 64 steps.
 * The number of buckets does not depend on the values.
 */
#include "decode/quantile.h"

#include "base/xalloc.h"

#include <stdlib.h>

enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = (63 - STEP_BITS + 1) * STEPS, ROUNDS = 64, SELECTIONS = 3 };

void quantile_release(struct quantile *q)
{
	free(q->value);
	free(q->bucket);
	*q = (struct quantile){ 0 };
}

/* How far a value is shifted so that only its first STEP_BITS + 1 bits are left. */
static unsigned shift_of(uint64_t v)
{
	return v < 2 * STEPS ? 0 : 63 - (unsigned)__builtin_clzll(v) - STEP_BITS;
}

static size_t bucket_of(int64_t value)
{
	unsigned shift = shift_of((uint64_t)value);
	return (size_t)shift * STEPS + (size_t)((uint64_t)value >> shift);
}

static int64_t middle_of(size_t bucket)
{
	unsigned shift = bucket < 2 * STEPS ? 0 : (unsigned)(bucket / STEPS) - 1;
	uint64_t from = (uint64_t)(bucket - (size_t)shift * STEPS) << shift;
	return (int64_t)(from + ((UINT64_C(1) << shift) - 1) / 2);
}

static void use_buckets(struct quantile *q)
{
	q->bucket = xcalloc(BUCKETS, sizeof *q->bucket);
	for (uint64_t i = 0; i < q->count; i++)
		q->bucket[bucket_of(q->value[i])]++;
	free(q->value);
	q->value = NULL;
	q->cap = 0;
}

static void keep(struct quantile *q, int64_t value)
{
	if (q->count == q->cap) {
		q->cap = q->cap ? 2 * q->cap : 16;
		q->value = xreallocarray(q->value, q->cap, sizeof *q->value);
	}
	q->value[q->count] = value;
	q->asked = 0;
}

void quantile_add(struct quantile *q, int64_t value)
{
	if (value < 0)
		value = 0;
	if (!q->count || value < q->least)
		q->least = value;
	if (!q->count || value > q->most)
		q->most = value;
	if (q->count == QUANTILE_EXACT)
		use_buckets(q);
	if (q->bucket)
		q->bucket[bucket_of(value)]++;
	else
		keep(q, value);
	q->count++;
}

static void swap(int64_t *a, int64_t *b)
{
	int64_t kept = *a;
	*a = *b;
	*b = kept;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The value that would be v[n] if they were sorted, by Hoare's selection: it comes to stand there, with none larger before it and none smaller
 * behind. An order in which that takes long, which the wire can choose, is sorted after so many rounds. */
static int64_t nth(int64_t *v, ptrdiff_t count, ptrdiff_t n)
{
	ptrdiff_t from = 0, to = count - 1;
	for (unsigned round = 0; from < to; round++) {
		if (round == ROUNDS) {
			qsort(v + from, (size_t)(to - from + 1), sizeof *v, compare);
			break;
		}
		int64_t pivot = v[n];
		ptrdiff_t i = from, j = to;
		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j)
				swap(&v[i++], &v[j--]);
		}
		if (j < n)
			from = i;
		if (n < i)
			to = j;
	}
	return v[n];
}

/* The value at place n in their order. */
static int64_t kept(struct quantile *q, uint64_t n)
{
	if (q->asked < SELECTIONS) {
		q->asked++;
		return nth(q->value, (ptrdiff_t)q->count, (ptrdiff_t)n);
	}
	if (q->asked == SELECTIONS) {
		q->asked++;
		qsort(q->value, (size_t)q->count, sizeof *q->value, compare);
	}
	return q->value[n];
}

static int64_t from_buckets(const struct quantile *q, uint64_t rank)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		seen += q->bucket[i];
		if (seen >= rank) {
			int64_t v = middle_of(i);
			return v < q->least ? q->least : v > q->most ? q->most : v;
		}
	}
	return q->most;
}

/* ceil(count * percent / 100), without overflow. */
static uint64_t rank_of(uint64_t count, unsigned percent)
{
	return count / 100 * percent + (count % 100 * percent + 99) / 100;
}

int64_t quantile_at(struct quantile *q, unsigned percent)
{
	if (!q->count)
		return -1;
	uint64_t rank = rank_of(q->count, percent);
	if (rank >= q->count)
		return q->most;
	if (q->bucket)
		return from_buckets(q, rank);
	return kept(q, rank ? rank - 1 : 0);
}

bool quantile_exact(const struct quantile *q)
{
	return !q->bucket;
}
