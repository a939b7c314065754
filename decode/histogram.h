/* Latencies by their order of size: buckets that begin at 1, 2 and 5 of each power of ten, from 1 µs to 100 s. */
#ifndef DECODE_HISTOGRAM_H
#define DECODE_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 26 };

/* All zero: empty. */
struct histogram {
	uint64_t count[HISTOGRAM_BUCKETS];
};

/* Where a bucket begins, in ns: 0, 1 µs, 2 µs, 5 µs … 100 s; it ends where the next one begins, the last one never. */
int64_t histogram_from(unsigned bucket);
unsigned histogram_bucket(int64_t ns);
static inline void histogram_add(struct histogram *h, int64_t ns)
{
	h->count[histogram_bucket(ns)]++;
}
/* The first and the last bucket that have something; false if none has. */
bool histogram_span(const struct histogram *h, unsigned *first, unsigned *last);

#endif
