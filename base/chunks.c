/*
 * Chunked arrays: a directory of pointers to chunks of CHUNK_ITEMS items.
 *
 * Growing adds a chunk and sometimes enlarges the directory (8 bytes for 32,768 items); no item ever moves. Forgetting gives whole
 * chunks at the front back. Chunks are mapped, so that the kernel clears them as they are used; those of 64-byte items are 2 MiB, and
 * the kernel is asked for huge pages, which saves 512 page faults a chunk. Of smaller chunks a huge page has room for several: from the
 * second on, when it is clear that there are many items, they are cut from one.
 */
#include "base/chunks.h"

#include "base/pages.h"
#include "base/xalloc.h"

#include <stdlib.h>

void chunks_init(struct chunks *c, size_t item_size)
{
	*c = (struct chunks){ .size = item_size };
}

static size_t chunk_bytes(const struct chunks *c)
{
	return CHUNK_ITEMS * c->size;
}

/* A chunk, from a huge page that has room for more of them. */
static uint8_t *next_chunk(struct chunks *c)
{
	size_t bytes = chunk_bytes(c);
	if (PAGES_OF_HEAP || PAGES_HUGE % bytes || !c->chunks)
		return pages_new(bytes);
	if (!c->spare_bytes) {
		c->spare = pages_new(PAGES_HUGE);
		c->spare_bytes = PAGES_HUGE;
	}
	c->spare_bytes -= bytes;
	return c->spare + c->spare_bytes;
}

void chunks_release(struct chunks *c)
{
	for (size_t i = 0; i < c->chunks; i++)
		if (c->chunk[i])
			pages_free(c->chunk[i], chunk_bytes(c));
	pages_free(c->spare, c->spare_bytes);
	free(c->chunk);
	chunks_init(c, c->size);
}

static void add_chunk(struct chunks *c)
{
	if (c->chunks == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->chunk = xreallocarray(c->chunk, c->cap, sizeof *c->chunk);
	}
	c->chunk[c->chunks] = next_chunk(c);
	c->chunks++;
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
		pages_free(c->chunk[i], chunk_bytes(c));
		c->chunk[i] = NULL;
		c->first = (i + 1) * CHUNK_ITEMS;
	}
}

size_t chunks_memory(const struct chunks *c)
{
	return c->cap * sizeof *c->chunk + (c->chunks - c->first / CHUNK_ITEMS) * CHUNK_ITEMS * c->size + c->spare_bytes;
}
