/* An array of fixed-size items in chunks that never move: a pointer to an item stays good as the array grows, and the oldest
 * chunks can be forgotten. Items are numbered from 0 for ever, also after the first ones are gone. */
#ifndef BASE_CHUNKS_H
#define BASE_CHUNKS_H

#include "base/bound.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHUNK_ITEMS = BOUND(32768, 4) };

struct chunks {
	uint8_t **chunk;       /* directory; forgotten chunks are NULL */
	size_t chunks, cap;    /* chunks in the directory, and its room */
	size_t size;           /* of an item, bytes */
	uint64_t count, first; /* items added in all; the oldest still kept */
	uint8_t *spare;        /* mapped for chunks to come: so many bytes */
	size_t spare_bytes;
};

void chunks_init(struct chunks *c, size_t item_size);
void chunks_release(struct chunks *c);
/* A new zeroed item at the end; valid until it is forgotten. */
void *chunks_add(struct chunks *c);
/* Forgets whole chunks of items numbered below `before`; chunks.first says what is left. */
void chunks_forget(struct chunks *c, uint64_t before);
/* Bytes of memory in use. */
size_t chunks_memory(const struct chunks *c);

/* The item with that number, or NULL when it is forgotten or not there yet. */
static inline void *chunks_at(const struct chunks *c, uint64_t number)
{
	if (number < c->first || number >= c->count)
		return NULL;
	return c->chunk[number / CHUNK_ITEMS] + (number % CHUNK_ITEMS) * c->size;
}

#endif
