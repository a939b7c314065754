/*
 * The timeline: when something happens beyond the last bin, each two bins become one, twice as wide.
 */
#include "decode/timeline.h"

static void halve(struct timeline *t)
{
	for (size_t i = 0; i < TIMELINE_BINS / 2; i++)
		t->count[i] = t->count[2 * i] + t->count[2 * i + 1];
	for (size_t i = TIMELINE_BINS / 2; i < TIMELINE_BINS; i++)
		t->count[i] = 0;
	t->width *= 2;
	t->used = (t->used + 1) / 2;
}

void timeline_add(struct timeline *t, int64_t time)
{
	if (!t->used) {
		t->start = time;
		t->width = TIMELINE_WIDTH_NS;
	}
	uint64_t since = time > t->start ? (uint64_t)time - (uint64_t)t->start : 0;
	uint64_t bin = since / (uint64_t)t->width;
	for (; bin >= TIMELINE_BINS; bin /= 2)
		halve(t);
	t->count[bin]++;
	if (bin >= t->used)
		t->used = bin + 1;
}

size_t timeline_fit(const struct timeline *t, uint64_t *value, size_t most, int64_t *width)
{
	size_t each = most ? (t->used + most - 1) / most : 0, values = 0;
	for (size_t i = 0; each && i < t->used; i++) {
		if (i % each == 0)
			value[values++] = 0;
		value[values - 1] += t->count[i];
	}
	*width = (int64_t)each * t->width;
	return values;
}
