/*
 * Rows of messages and news merged: two binary searches over the places of the news.
 */
#include "tui/rows.h"

/* How many news satisfy after[k] + (by_row ? k : 0) < limit; they are the first ones. */
static uint32_t news_before(const struct rows *r, uint64_t limit, bool by_row)
{
	uint32_t low = 0, high = r->news;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if ((uint64_t)r->after(r->user, middle) + (by_row ? middle : 0) < limit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct row_at rows_at(const struct rows *r, uint64_t row)
{
	uint32_t before = news_before(r, row, true);
	if (before < r->news && (uint64_t)r->after(r->user, before) + before == row)
		return (struct row_at){ 0, before };
	return (struct row_at){ (uint32_t)(row - before) + 1, 0 };
}

uint64_t rows_of_message(const struct rows *r, uint32_t n)
{
	return (uint64_t)n - 1 + news_before(r, n, false);
}
