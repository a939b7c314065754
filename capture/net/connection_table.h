/* A table of connections by their two endpoints, with a list of them by age. */
#ifndef CAPTURE_NET_CONNECTION_TABLE_H
#define CAPTURE_NET_CONNECTION_TABLE_H

#include "base/chunks.h"
#include "capture/net/talk.h"

struct key {
	uint8_t addr[2][16]; /* the smaller endpoint first */
	uint16_t port[2];
};

/* Who a connection is. Others are named by their place in the pool, from 1; 0 is none. */
struct connection {
	struct key key;
	uint32_t number;
	uint32_t older, newer;    /* in the list by age; free: older is the next free one */
	bool lower_is_client : 1; /* key's first endpoint is the client */
	bool closed : 1;
	uint8_t over;     /* closed, a bit for each direction: its sender ended it, with a FIN or a reset */
	bool begun[2];    /* closed: the first byte of that direction was known … */
	uint16_t span[2]; /* … and so many times 64 KiB, rounded down, were sent from there on; UINT16_MAX: 4 GiB or more */
	union {
		struct talk *talk; /* open */
		uint32_t begin[2]; /* closed: … and had this sequence number */
	};
};
_Static_assert(sizeof(struct connection) <= 64, "a line of the cache");

struct slot {
	uint32_t hash; /* its lower half */
	uint32_t at;   /* the connection; 0: empty */
};

struct connection_table {
	struct slot *slot;
	size_t slots; /* a power of two, at least twice the connections */
	struct chunks pool;
	uint32_t newest, oldest, free;
	uint32_t last, last_hash; /* of the segment before */
	size_t count;
	uint64_t hash_key;
};

void connection_table_init(struct connection_table *t);
void connection_table_release(struct connection_table *t);

/* The key of a segment's connection, the same whichever way it goes. */
struct key connection_key(const struct ip_packet *ip, const struct segment *seg, bool *src_is_lower);
uint32_t connection_hash(const struct connection_table *t, const struct key *k);

/* The place of the connection with that key, whose hash is given; 0 if there is none. */
uint32_t connection_table_find(const struct connection_table *t, const struct key *k, uint32_t hash);
/* A place for a connection that is not there yet, the newest of all; all of it but the key is the caller's to fill in through connection_at(). */
uint32_t connection_table_add(struct connection_table *t, const struct key *k, uint32_t hash);
/* 0 is allowed. */
void connection_table_remove(struct connection_table *t, uint32_t place);
/* A segment of it has come: it becomes the newest. */
void connection_table_touch(struct connection_table *t, uint32_t place, uint32_t hash);

/* What stands at that place, until it is removed; NULL at 0. */
static inline struct connection *connection_at(const struct connection_table *t, uint32_t place)
{
	return place ? chunks_at(&t->pool, place - 1) : NULL;
}

#endif
