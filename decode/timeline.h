/* How many things happened when: counts in bins of equal width, which grow wider as time goes on, in constant memory. */
#ifndef DECODE_TIMELINE_H
#define DECODE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

enum { TIMELINE_BINS = 1024, TIMELINE_WIDTH_NS = 1000000 /* of a bin at first */ };

/* All zero: empty. */
struct timeline {
	int64_t start, width; /* ns: when the first bin begins, and how long each is */
	size_t used;          /* bins up to the last one that has something */
	uint64_t count[TIMELINE_BINS];
};

/* Something happened at that time; before the first thing counts as with it. */
void timeline_add(struct timeline *t, int64_t time);
/* Sums neighbouring bins into at most `most` values; returns how many, and in *width the ns that each stands for. */
size_t timeline_fit(const struct timeline *t, uint64_t *value, size_t most, int64_t *width);

#endif
