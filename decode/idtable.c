/*
 * The id table: two generations of a flat hash table with open addressing.
 *
 * New entries go into the young generation. When it has its fill, the old one is dropped whole, the young one becomes the old one, and
 * what was still open in the dropped one moves on into a new young one. So nothing is ever deleted singly, no tombstones lie about, and
 * memory is bounded: a closed id is remembered for at least one generation (GENERATION ids), an open one for ever, unless there are more
 * of them than half of the largest generation (OPEN_MAX). Generations grow so that most of their entries need not be moved on.
 *
 * Keys are 64-bit hashes under a key of the process; the ids themselves are not kept. Two different ids with the same hash would be taken
 * for one: with a million ids in the table the odds are one in 37 million.
 */
#include "decode/idtable.h"

#include "base/bound.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>

enum { FIRST = BOUND(1024, 64), GENERATION = BOUND(16384, 64), OPEN_MAX = BOUND(1 << 20, 256) };

struct generation {
	struct id_entry *slot;
	size_t slots; /* a power of two, at least twice the entries */
	size_t count;
};

struct idtable {
	struct generation young, old;
	size_t fill; /* entries of a generation */
	uint64_t hash_key, forgotten;
	idtable_open *still_open;
	void *user;
};

struct idtable *idtable_new(uint64_t hash_key, idtable_open *still_open, void *user)
{
	struct idtable *t = xcalloc(1, sizeof *t);
	t->hash_key = hash_key;
	t->still_open = still_open;
	t->user = user;
	t->fill = GENERATION;
	return t;
}

void idtable_free(struct idtable *t)
{
	if (!t)
		return;
	free(t->young.slot);
	free(t->old.slot);
	free(t);
}

uint64_t idtable_key(const struct idtable *t, uint32_t conn, unsigned dir, bool registration, struct slice id)
{
	uint64_t where = (uint64_t)conn << 2 | dir << 1 | registration;
	return hash_bytes(id, hash_mix(t->hash_key ^ where, 0x9e3779b97f4a7c15u));
}

void idtable_prefetch(const struct idtable *t, uint64_t key)
{
	if (t->young.slots)
		__builtin_prefetch(&t->young.slot[key & (t->young.slots - 1)]);
	if (t->old.slots)
		__builtin_prefetch(&t->old.slot[key & (t->old.slots - 1)]);
}

/* The slot of the key, or the empty one where it belongs. */
static struct id_entry *probe(const struct generation *g, uint64_t key)
{
	size_t i = key & (g->slots - 1);
	while (g->slot[i].key && g->slot[i].key != key)
		i = (i + 1) & (g->slots - 1);
	return &g->slot[i];
}

struct id_entry *idtable_find(struct idtable *t, uint64_t key)
{
	struct generation *both[] = { &t->young, &t->old };
	for (size_t i = 0; i < 2; i++) {
		if (!both[i]->count)
			continue;
		struct id_entry *e = probe(both[i], key);
		if (e->key)
			return e;
	}
	return NULL;
}

static void insert(struct generation *g, const struct id_entry *e)
{
	*probe(g, e->key) = *e;
	g->count++;
}

static void resize(struct generation *g, size_t slots)
{
	struct generation bigger = { xcalloc(slots, sizeof *g->slot), slots, 0 };
	for (size_t i = 0; i < g->slots; i++)
		if (g->slot[i].key)
			insert(&bigger, &g->slot[i]);
	free(g->slot);
	*g = bigger;
}

/* Moves the entries that are still open to the front of the slots; returns how many there are. */
static size_t gather_open(const struct idtable *t, struct generation *g)
{
	size_t n = 0;
	for (size_t i = 0; i < g->slots; i++)
		if (g->slot[i].key && g->slot[i].open && t->still_open(t->user, &g->slot[i]))
			g->slot[n++] = g->slot[i];
	return n;
}

/* The young generation is full: it becomes the old one, and the old one's slots are used again. */
static void turn(struct idtable *t)
{
	struct generation gone = t->old, young = { gone.slot, gone.slots, 0 };
	size_t open = gather_open(t, &gone);
	while (open > t->fill / 4 && t->fill < OPEN_MAX)
		t->fill *= 2;
	size_t kept = open < t->fill / 2 ? open : t->fill / 2;
	struct id_entry *still = xcalloc(kept, sizeof *still);
	if (kept)
		memcpy(still, gone.slot, kept * sizeof *still);
	t->forgotten += open - kept;
	t->old = t->young;
	if (!young.slot)
		young = (struct generation){ xcalloc(t->old.slots, sizeof *still), t->old.slots, 0 };
	else
		memset(young.slot, 0, young.slots * sizeof *still);
	for (size_t i = 0; i < kept; i++)
		insert(&young, &still[i]);
	t->young = young;
	free(still);
}

static bool has_room(const struct idtable *t)
{
	return t->young.count < t->fill && t->young.slots >= 2 * (t->young.count + 1);
}

struct id_entry *idtable_add(struct idtable *t, uint64_t key, uint32_t n, enum id_kind kind, bool open)
{
	if (t->young.count >= t->fill)
		turn(t);
	if (t->young.slots < 2 * (t->young.count + 1))
		resize(&t->young, t->young.slots ? 2 * t->young.slots : FIRST);
	struct id_entry *e = probe(&t->young, key);
	*e = (struct id_entry){ key, n, (uint8_t)kind, open, 0 };
	t->young.count++;
	return e;
}

struct id_entry *idtable_find_or_add(struct idtable *t, uint64_t key, uint32_t n, enum id_kind kind, bool open, bool *added)
{
	struct id_entry *e = t->young.slots ? probe(&t->young, key) : NULL, *older = t->old.slots ? probe(&t->old, key) : NULL;
	*added = false;
	if (e && e->key)
		return e;
	if (older && older->key)
		return older;
	*added = true;
	if (!e || !has_room(t))
		return idtable_add(t, key, n, kind, open);
	*e = (struct id_entry){ key, n, (uint8_t)kind, open, 0 };
	t->young.count++;
	return e;
}

uint64_t idtable_forgotten(const struct idtable *t)
{
	return t->forgotten;
}

size_t idtable_memory(const struct idtable *t)
{
	return (t->young.slots + t->old.slots) * sizeof(struct id_entry);
}
