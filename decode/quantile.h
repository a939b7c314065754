/* Percentiles of values that come one by one: exact as long as they are few, within 1 % however many they become, in bounded memory. */
#ifndef DECODE_QUANTILE_H
#define DECODE_QUANTILE_H

#include "base/bound.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QUANTILE_EXACT = BOUND(100000, 16), /* values kept as they are */
	QUANTILE_ERROR = 1,                 /* percent by which an answer may be off beyond that */
};

/* `struct quantile q = { 0 };` is a valid empty one. */
struct quantile {
	uint64_t count;
	int64_t least, most; /* always exact */
	int64_t *value;      /* up to QUANTILE_EXACT of them; NULL once they are in buckets */
	size_t cap;
	unsigned asked;   /* how often since the last was added, up to what makes them sorted */
	uint64_t *bucket; /* NULL until then */
};

/* Frees what it holds; it is empty and usable again. */
void quantile_release(struct quantile *q);
/* Adds a value, no matter of what unit; below 0 counts as 0. */
void quantile_add(struct quantile *q, int64_t value);
/* The value that `percent` (1 to 100) of all values do not exceed, by nearest rank: the one at place ceil(count * percent / 100) in their
 * order. 100 is the largest. -1 when there are none. */
int64_t quantile_at(struct quantile *q, unsigned percent);
/* True while answers are exact; else they are off by at most QUANTILE_ERROR percent. */
bool quantile_exact(const struct quantile *q);

#endif
