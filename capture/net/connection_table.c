/*
 * The table of connections is flat with open addressing, and has parts of the hashes beside the places, so that a search reads a line of the table
 * and then the connection it finds, no other; it grows with the connections, since a small one stays in the cache. Connections stand in a pool,
 * those that were removed in a list for the next ones.
 */
#include "capture/net/connection_table.h"

#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1024 };

void connection_table_init(struct connection_table *t)
{
	*t = (struct connection_table){ .slots = SLOTS_FIRST, .slot = xcalloc(SLOTS_FIRST, sizeof *t->slot), .hash_key = hash_new_key() };
	chunks_init(&t->pool, sizeof(struct connection));
}

void connection_table_release(struct connection_table *t)
{
	chunks_release(&t->pool);
	free(t->slot);
}

struct key connection_key(const struct ip_packet *ip, const struct segment *seg, bool *src_is_lower)
{
	struct key k = { 0 };
	int order = memcmp(ip->src, ip->dst, 16);
	bool lower = order < 0 || (order == 0 && seg->sport <= seg->dport);
	memcpy(k.addr[!lower], ip->src, 16);
	memcpy(k.addr[lower], ip->dst, 16);
	k.port[!lower] = seg->sport;
	k.port[lower] = seg->dport;
	*src_is_lower = lower;
	return k;
}

uint32_t connection_hash(const struct connection_table *t, const struct key *k)
{
	return (uint32_t)hash_bytes(slice_of(k, sizeof *k), t->hash_key);
}

static void list_remove(struct connection_table *t, const struct connection *c)
{
	*(c->newer ? &connection_at(t, c->newer)->older : &t->newest) = c->older;
	*(c->older ? &connection_at(t, c->older)->newer : &t->oldest) = c->newer;
}

static void list_add(struct connection_table *t, struct connection *c, uint32_t place)
{
	c->older = t->newest;
	c->newer = 0;
	*(t->newest ? &connection_at(t, t->newest)->newer : &t->oldest) = place;
	t->newest = place;
}

/* What a packet will need of its connection: several lines of the cache at once instead of one after the other. */
static void prefetch(const struct connection *c)
{
	if (c->closed)
		return;
	__builtin_prefetch(&c->talk->half[0]);
	__builtin_prefetch(&c->talk->half[1]);
	__builtin_prefetch(&c->talk->layer);
	__builtin_prefetch(&c->talk->info.settled);
}

uint32_t connection_table_find(const struct connection_table *t, const struct key *k, uint32_t hash)
{
	if (t->last && t->last_hash == hash && memcmp(&connection_at(t, t->last)->key, k, sizeof *k) == 0)
		return t->last;
	size_t mask = t->slots - 1;
	for (size_t i = hash & mask; t->slot[i].at; i = (i + 1) & mask) {
		if (t->slot[i].hash != hash)
			continue;
		const struct connection *c = connection_at(t, t->slot[i].at);
		if (memcmp(&c->key, k, sizeof *k) != 0)
			continue;
		prefetch(c);
		return t->slot[i].at;
	}
	return 0;
}

static void put(struct slot *slot, size_t slots, struct slot s)
{
	size_t i = s.hash & (slots - 1);
	while (slot[i].at)
		i = (i + 1) & (slots - 1);
	slot[i] = s;
}

static void slot_add(struct connection_table *t, uint32_t place, uint32_t hash)
{
	if (t->slots < 2 * (t->count + 1)) {
		size_t slots = 2 * t->slots;
		struct slot *bigger = xcalloc(slots, sizeof *bigger);
		for (size_t i = 0; i < t->slots; i++)
			if (t->slot[i].at)
				put(bigger, slots, t->slot[i]);
		free(t->slot);
		t->slot = bigger;
		t->slots = slots;
	}
	put(t->slot, t->slots, (struct slot){ hash, place });
	t->count++;
}

/* What stands behind it moves up, as far as it was displaced: no tombstones. */
static void slot_remove(struct connection_table *t, uint32_t place, uint32_t hash)
{
	size_t mask = t->slots - 1, hole = hash & mask;
	while (t->slot[hole].at != place)
		hole = (hole + 1) & mask;
	for (size_t i = (hole + 1) & mask; t->slot[i].at; i = (i + 1) & mask) {
		if (((i - t->slot[i].hash) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole].at = 0;
	t->count--;
}

static uint32_t take_place(struct connection_table *t)
{
	uint32_t place = t->free;
	if (!place) {
		chunks_add(&t->pool);
		return (uint32_t)t->pool.count;
	}
	t->free = connection_at(t, place)->older;
	return place;
}

uint32_t connection_table_add(struct connection_table *t, const struct key *k, uint32_t hash)
{
	uint32_t place = take_place(t);
	struct connection *c = connection_at(t, place);
	*c = (struct connection){ .key = *k };
	slot_add(t, place, hash);
	list_add(t, c, place);
	return place;
}

void connection_table_remove(struct connection_table *t, uint32_t place)
{
	struct connection *c = connection_at(t, place);
	if (!c)
		return;
	slot_remove(t, place, connection_hash(t, &c->key));
	list_remove(t, c);
	if (t->last == place)
		t->last = 0;
	c->older = t->free;
	t->free = place;
}

void connection_table_touch(struct connection_table *t, uint32_t place, uint32_t hash)
{
	struct connection *c = connection_at(t, place);
	t->last = place;
	t->last_hash = hash;
	if (place == t->newest)
		return;
	list_remove(t, c);
	list_add(t, c, place);
}
