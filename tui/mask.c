/*
 * Secrets as spans of bytes.
 *
 * The dissection knows the secret fields. Keys in JSON are looked for in the raw bytes, so that they are
 * found too where the dissection does not look: in texts too large for it, in unknown fields, behind a
 * fault.
 */
#include "tui/mask.h"

#include "base/xalloc.h"
#include "decode/redact.h"

#include <stdlib.h>

void mask_release(struct mask *m)
{
	free(m->span);
	*m = (struct mask){ 0 };
}

static void add(struct mask *m, size_t from, size_t to)
{
	if (!(m->count & (m->count - 1)))
		m->span = xreallocarray(m->span, m->count ? 2 * m->count : 1, sizeof *m->span);
	m->span[m->count++] = (struct span){ (uint32_t)from, (uint32_t)to };
}

static int by_place(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* Puts the spans in order and joins those that overlap. */
static void join(struct mask *m)
{
	size_t count = 0;
	if (m->count)
		qsort(m->span, m->count, sizeof *m->span, by_place);
	for (size_t i = 0; i < m->count; i++) {
		struct span *last = count ? &m->span[count - 1] : NULL;
		if (!last || m->span[i].from > last->to)
			m->span[count++] = m->span[i];
		else if (m->span[i].to > last->to)
			last->to = m->span[i].to;
	}
	m->count = count;
}

/* A text that the message holds in another writing (bytes as numbers) can't be masked in part. */
static bool hides_text(const struct node *n)
{
	return n->apart && n->text.len && redact_needed(n->text);
}

void mask_set(struct mask *m, const struct node *root, struct slice bytes)
{
	size_t start, end = 0;
	m->count = 0;
	for (const struct node *n = root; n; n = node_after(n, root))
		if ((n->secret && !n->from_text) || hides_text(n))
			add(m, n->value_offset, n->value_offset + n->value_length);
	while (redact_next(bytes, end, &start, &end))
		add(m, start, end);
	join(m);
}

bool mask_has_any(const struct mask *m, size_t from, size_t to)
{
	size_t low = 0, high = m->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (m->span[middle].to <= from)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->count && m->span[low].from < to;
}

bool mask_has(const struct mask *m, size_t i)
{
	return mask_has_any(m, i, i + 1);
}
