/*
 * Searching text in bytes: memchr finds candidates by their first byte, in both cases where case does not
 * matter.
 */
#include "tui/pattern.h"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

void pattern_release(struct pattern *p)
{
	buf_release(&p->text);
}

void pattern_set(struct pattern *p, struct slice text)
{
	buf_clear(&p->text);
	buf_add(&p->text, text);
	p->fold = true;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] >= 'A' && text.at[i] <= 'Z')
			p->fold = false;
}

static bool equal(const struct pattern *p, const uint8_t *at)
{
	if (!p->fold)
		return memcmp(at, p->text.at, p->text.len) == 0;
	for (size_t i = 0; i < p->text.len; i++)
		if (lower(at[i]) != p->text.at[i])
			return false;
	return true;
}

/* The next place at or after `at` where c stands, `end` if there is none. */
static const uint8_t *next_byte(const uint8_t *at, const uint8_t *end, int c)
{
	const uint8_t *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;
	return found ? found : end;
}

size_t pattern_find(const struct pattern *p, struct slice in, size_t from)
{
	if (!p->text.len || in.len < p->text.len || from > in.len - p->text.len)
		return SIZE_MAX;
	const uint8_t *at = in.at + from, *end = in.at + (in.len - p->text.len) + 1;
	int small = p->text.at[0], capital = p->fold && small >= 'a' && small <= 'z' ? small & ~0x20 : small;
	const uint8_t *a = next_byte(at, end, small), *b = capital == small ? end : next_byte(at, end, capital);
	while (a < end || b < end) {
		const uint8_t *candidate = a < b ? a : b;
		if (equal(p, candidate))
			return (size_t)(candidate - in.at);
		if (a == candidate)
			a = next_byte(a + 1, end, small);
		else
			b = next_byte(b + 1, end, capital);
	}
	return SIZE_MAX;
}
