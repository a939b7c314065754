/*
 * Eighths of a character: U+2581 … U+2588 grow from the bottom, U+258F … U+2588 from the left.
 */
#include "tui/blocks.h"

#include "base/text.h"

enum { EIGHTHS = 8, LOWER = 0x2580, LEFT = 0x2590, FULL = 0x2588 };

/* value of `most` in eighths of `cells` characters; at least one if it is not 0. */
static unsigned eighths(uint64_t value, uint64_t most, int cells)
{
	unsigned n = most ? (unsigned)((double)value / (double)most * cells * EIGHTHS + 0.5) : 0;
	return value && !n ? 1 : n;
}

uint64_t blocks_most(const uint64_t *value, size_t count)
{
	uint64_t most = 0;
	for (size_t i = 0; i < count; i++)
		most = value[i] > most ? value[i] : most;
	return most;
}

void blocks_add_chart(struct buf *out, const uint64_t *value, size_t count, uint64_t most, int row, int high)
{
	for (size_t i = 0; i < count; i++) {
		unsigned n = eighths(value[i], most, high), below = (unsigned)row * EIGHTHS;
		n = n > below ? n - below : 0;
		text_add_point(out, !n ? ' ' : n < EIGHTHS ? LOWER + n : FULL);
	}
}

void blocks_add_bar(struct buf *out, uint64_t value, uint64_t most, int width)
{
	unsigned n = width > 0 ? eighths(value, most, width) : 0;
	for (; n >= EIGHTHS; n -= EIGHTHS)
		text_add_point(out, FULL);
	if (n)
		text_add_point(out, LEFT - n);
}
