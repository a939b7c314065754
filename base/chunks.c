/*
 * Chunked arrays: a directory of pointers to chunks of CHUNK_ITEMS items.
 *
 * Growing adds a chunk and sometimes enlarges the directory (8 bytes for 32,768 items); no item ever moves. Forgetting gives whole
 * chunks at the front back. Chunks are mapped, so that the kernel clears them as they are used; those of 64-byte items are 2 MiB, and
 * the kernel is asked for huge pages, which saves 512 page faults a chunk.
 */
#include "base/chunks.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { HUGE = 2 << 20 };

void chunks_init(struct chunks *c, size_t item_size)
{
	*c = (struct chunks){ .size = item_size };
}

static size_t chunk_bytes(const struct chunks *c)
{
	return CHUNK_ITEMS * c->size;
}

/* Zeroed memory, aligned to huge pages where it has their size. */
static uint8_t *map_chunk(size_t bytes)
{
	size_t more = bytes % HUGE ? 0 : HUGE;
	uint8_t *at = mmap(NULL, bytes + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		fputs("envscope: out of memory\n", stderr);
		exit(3);
	}
	if (!more)
		return at;
	size_t before = (HUGE - (uintptr_t)at % HUGE) % HUGE;
	if (before)
		munmap(at, before);
	if (more > before)
		munmap(at + before + bytes, more - before);
	madvise(at + before, bytes, MADV_HUGEPAGE);
	return at + before;
}

void chunks_release(struct chunks *c)
{
	for (size_t i = 0; i < c->chunks; i++)
		if (c->chunk[i])
			munmap(c->chunk[i], chunk_bytes(c));
	free(c->chunk);
	chunks_init(c, c->size);
}

static void add_chunk(struct chunks *c)
{
	if (c->chunks == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->chunk = xreallocarray(c->chunk, c->cap, sizeof *c->chunk);
	}
	c->chunk[c->chunks++] = map_chunk(chunk_bytes(c));
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
		munmap(c->chunk[i], chunk_bytes(c));
		c->chunk[i] = NULL;
		c->first = (i + 1) * CHUNK_ITEMS;
	}
}

size_t chunks_memory(const struct chunks *c)
{
	return c->cap * sizeof *c->chunk + (c->chunks - c->first / CHUNK_ITEMS) * CHUNK_ITEMS * c->size;
}
