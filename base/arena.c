/*
 * The arena: blocks of at least BLOCK bytes in a list, the newest of them handed out from its front.
 *
 * Whoever dissects hostile input needs a limit on memory and no bookkeeping of frees: the arena is both. The budget counts
 * what was asked for, so that a limit means the same whatever the block size.
 */
#include "base/arena.h"

#include "base/xalloc.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK = 16384 };

struct arena_block {
	struct arena_block *older;
	size_t len, cap;
	alignas(max_align_t) uint8_t bytes[];
};

void arena_init(struct arena *a, size_t budget)
{
	*a = (struct arena){ .budget = budget };
}

static void drop_blocks(struct arena_block *b)
{
	while (b) {
		struct arena_block *older = b->older;
		free(b);
		b = older;
	}
}

void arena_clear(struct arena *a)
{
	if (a->blocks) {
		drop_blocks(a->blocks->older);
		a->blocks->older = NULL;
		a->blocks->len = 0;
	}
	a->used = 0;
	a->spent = false;
}

void arena_release(struct arena *a)
{
	drop_blocks(a->blocks);
	arena_init(a, a->budget);
}

static void add_block(struct arena *a, size_t n)
{
	size_t cap = n > BLOCK ? n : BLOCK;
	struct arena_block *b = xmalloc(sizeof *b + cap);
	*b = (struct arena_block){ .older = a->blocks, .cap = cap };
	a->blocks = b;
}

void *arena_take(struct arena *a, size_t n)
{
	if (n > a->budget - a->used) {
		a->spent = true;
		return NULL;
	}
	size_t rounded = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!a->blocks || a->blocks->cap - a->blocks->len < rounded)
		add_block(a, rounded);
	void *p = a->blocks->bytes + a->blocks->len;
	a->blocks->len += rounded;
	a->used += n;
	return memset(p, 0, n);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	uint8_t *p = arena_take(a, s.len + 1);
	if (!p)
		return (struct slice){ NULL, 0 };
	if (s.len)
		memcpy(p, s.at, s.len);
	return slice_of(p, s.len);
}
