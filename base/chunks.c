/*
 * Chunked arrays: a directory of pointers to chunks of CHUNK_ITEMS items.
 *
 * Growing adds a chunk and sometimes enlarges the directory (8 bytes for 4096 items); no item ever moves. Forgetting frees
 * whole chunks at the front.
 */
#include "base/chunks.h"

#include "base/xalloc.h"

#include <stdlib.h>

void chunks_init(struct chunks *c, size_t item_size)
{
	*c = (struct chunks){ .size = item_size };
}

void chunks_release(struct chunks *c)
{
	for (size_t i = 0; i < c->chunks; i++)
		free(c->chunk[i]);
	free(c->chunk);
	chunks_init(c, c->size);
}

static void add_chunk(struct chunks *c)
{
	if (c->chunks == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->chunk = xreallocarray(c->chunk, c->cap, sizeof *c->chunk);
	}
	c->chunk[c->chunks++] = xcalloc(CHUNK_ITEMS, c->size);
}

void *chunks_add(struct chunks *c)
{
	if (c->count == (uint64_t)c->chunks * CHUNK_ITEMS)
		add_chunk(c);
	c->count++;
	return chunks_at(c, c->count - 1);
}

void chunks_forget(struct chunks *c, uint64_t before)
{
	if (before > c->count)
		before = c->count;
	for (uint64_t i = c->first / CHUNK_ITEMS; (i + 1) * CHUNK_ITEMS <= before; i++) {
		free(c->chunk[i]);
		c->chunk[i] = NULL;
		c->first = (i + 1) * CHUNK_ITEMS;
	}
}

size_t chunks_memory(const struct chunks *c)
{
	return c->cap * sizeof *c->chunk + (c->chunks - c->first / CHUNK_ITEMS) * CHUNK_ITEMS * c->size;
}
