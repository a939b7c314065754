/*
 * What a direction was fed while it could not go on: bytes, gaps and the end, in their order, each with its time and its place among
 * all that came in both directions.
 */
#ifndef CAPTURE_STREAM_LATER_H
#define CAPTURE_STREAM_LATER_H

#include "base/buf.h"

enum later_kind { LATER_BYTES, LATER_GAP, LATER_END };

struct later_item {
	enum later_kind kind;
	uint64_t size;      /* bytes that came, or that are missing (0: nobody knows how many) */
	uint64_t place;     /* among all that came in both directions */
	int64_t time;       /* in ns */
	struct slice bytes; /* of LATER_BYTES; valid until the next later_put or later_trim */
};

struct later {
	struct buf items;
	size_t taken; /* bytes of them that were taken */
};

/* The memory that an item takes, in bytes. */
size_t later_cost(const struct later_item *item);
/* Adds a copy at the end. */
void later_put(struct later *l, const struct later_item *item);
/* The next item without taking it; false if there is none. */
bool later_first(const struct later *l, struct later_item *item);
/* Takes the next item; its bytes stay where they are. */
void later_take(struct later *l);
/* Gives back the memory of what was taken; returns how much, as later_cost counts. */
size_t later_trim(struct later *l);
/* Forgets everything; returns the memory that it took. */
size_t later_release(struct later *l);

#endif
