/*
 * Buckets of latencies. Few enough to be drawn, and the same for whatever is compared.
 */
#include "decode/histogram.h"

#define DECADE(unit) 1 * (unit), 2 * (unit), 5 * (unit)

static const int64_t begins[HISTOGRAM_BUCKETS] = {
	0,
	DECADE(INT64_C(1000)),
	DECADE(INT64_C(10000)),
	DECADE(INT64_C(100000)),
	DECADE(INT64_C(1000000)),
	DECADE(INT64_C(10000000)),
	DECADE(INT64_C(100000000)),
	DECADE(INT64_C(1000000000)),
	DECADE(INT64_C(10000000000)),
	INT64_C(100000000000),
};

int64_t histogram_from(unsigned bucket)
{
	return begins[bucket];
}

unsigned histogram_bucket(int64_t ns)
{
	unsigned low = 0, high = HISTOGRAM_BUCKETS - 1;
	while (low < high) {
		unsigned middle = (low + high + 1) / 2;
		if (begins[middle] <= ns)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

bool histogram_span(const struct histogram *h, unsigned *first, unsigned *last)
{
	bool any = false;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!h->count[i])
			continue;
		*first = any ? *first : i;
		*last = i;
		any = true;
	}
	return any;
}
