/* A list of numbers that grows: of messages, threads, connections. */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include "base/xalloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* All zero: empty. */
struct numbers {
	uint32_t *at;
	size_t count, cap;
};

static inline void numbers_release(struct numbers *l)
{
	free(l->at);
	*l = (struct numbers){ 0 };
}

static inline void numbers_add(struct numbers *l, uint32_t n)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->at = xreallocarray(l->at, l->cap, sizeof *l->at);
	}
	l->at[l->count++] = n;
}

/* Where n stands in a list in ascending order, or would. */
static inline size_t numbers_place(const struct numbers *l, uint32_t n)
{
	size_t low = 0, high = l->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (l->at[middle] < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline bool numbers_has(const struct numbers *l, uint32_t n)
{
	size_t i = numbers_place(l, n);
	return i < l->count && l->at[i] == n;
}

/* Puts n into a list in ascending order, once; true if it was not there. */
static inline bool numbers_put(struct numbers *l, uint32_t n)
{
	size_t i = numbers_place(l, n);
	if (i < l->count && l->at[i] == n)
		return false;
	numbers_add(l, n);
	memmove(l->at + i + 1, l->at + i, (l->count - 1 - i) * sizeof *l->at);
	l->at[i] = n;
	return true;
}

/* Takes n out of a list in ascending order; true if it was there. */
static inline bool numbers_take(struct numbers *l, uint32_t n)
{
	size_t i = numbers_place(l, n);
	if (i == l->count || l->at[i] != n)
		return false;
	memmove(l->at + i, l->at + i + 1, (l->count - 1 - i) * sizeof *l->at);
	l->count--;
	return true;
}

static inline void numbers_copy(struct numbers *to, const struct numbers *from)
{
	to->count = 0;
	for (size_t i = 0; i < from->count; i++)
		numbers_add(to, from->at[i]);
}

#endif
