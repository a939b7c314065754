/*
 * Buckets of latencies. Few enough to be drawn, and the same for whatever is compared.
 */
#include "decode/histogram.h"

int64_t histogram_from(unsigned bucket)
{
	static const int64_t steps[] = { 1, 2, 5 };
	int64_t ns = 1000;
	if (!bucket)
		return 0;
	for (unsigned i = 3; i < bucket; i += 3)
		ns *= 10;
	return ns * steps[(bucket - 1) % 3];
}

unsigned histogram_bucket(int64_t ns)
{
	unsigned low = 0, high = HISTOGRAM_BUCKETS - 1;
	while (low < high) {
		unsigned middle = (low + high + 1) / 2;
		if (histogram_from(middle) <= ns)
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
