/*
 * Marks and bookmarks. Both are of messages, by their numbers, so that they mean the same on every screen.
 */
#include "tui/marks.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void marks_release(struct marks *m)
{
	free(m->bit);
	*m = (struct marks){ 0 };
}

bool marks_has(const struct marks *m, uint32_t n)
{
	return n / 8 < m->size && m->bit[n / 8] >> n % 8 & 1;
}

static void grow(struct marks *m, uint32_t n)
{
	size_t size = n / 8 + 1 + n / 16;
	if (n / 8 < m->size)
		return;
	m->bit = xreallocarray(m->bit, size, 1);
	memset(m->bit + m->size, 0, size - m->size);
	m->size = size;
}

void marks_set(struct marks *m, uint32_t n, bool marked)
{
	if (marks_has(m, n) == marked)
		return;
	grow(m, n);
	m->bit[n / 8] ^= (uint8_t)(1u << n % 8);
	m->count += marked ? 1 : UINT32_MAX;
}

uint32_t marks_next(const struct marks *m, uint32_t n)
{
	for (size_t i = (size_t)n + 1; i / 8 < m->size; i++) {
		if (!m->bit[i / 8])
			i |= 7;
		else if (m->bit[i / 8] >> i % 8 & 1)
			return (uint32_t)i;
	}
	return 0;
}

uint32_t marks_from(const struct marks *m, uint32_t n)
{
	uint32_t count = n > 1 ? marks_has(m, n) : m->count;
	while (n > 1 && (n = marks_next(m, n)))
		count++;
	return count;
}

void marks_clear(struct marks *m)
{
	if (m->bit)
		memset(m->bit, 0, m->size);
	m->count = m->latest[0] = m->latest[1] = 0;
}

char marks_letter(const struct marks *m, uint32_t n)
{
	for (int i = 0; n && i < BOOKMARKS; i++)
		if (m->bookmark[i] == n)
			return (char)('a' + i);
	return 0;
}

bool marks_any(const struct marks *m)
{
	bool any = m->count > 0;
	for (int i = 0; i < BOOKMARKS; i++)
		any |= m->bookmark[i] != 0;
	return any;
}
