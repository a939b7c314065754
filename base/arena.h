/* A bump allocator with a budget: everything taken from it goes in one stroke. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used, budget;        /* bytes handed out since the last clear, and how many may be */
	bool spent;                 /* an arena_take was refused */
};

/* An arena that hands out at most `budget` bytes between two clears. */
void arena_init(struct arena *a, size_t budget);
/* Takes back everything; keeps one block for the next use. */
void arena_clear(struct arena *a);
void arena_release(struct arena *a);
/* n zeroed bytes aligned for any type, valid until clear or release; NULL when the budget is spent. */
void *arena_take(struct arena *a, size_t n);
/* A copy of the bytes with a NUL behind them (not counted); {NULL, 0} when the budget is spent. */
struct slice arena_copy(struct arena *a, struct slice s);

#endif
