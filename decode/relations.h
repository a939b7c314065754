/*
 * Above the thread: messages of any connection that belong together, because they name the same trace, the same correlation through a
 * queue, or the same work item.
 */
#ifndef DECODE_RELATIONS_H
#define DECODE_RELATIONS_H

#include "base/bound.h"
#include "decode/session.h"

enum relation_kind {
	RELATION_TRACE,       /* Envelope.traceid */
	RELATION_CORRELATION, /* correlationId of queue messages and events: an RPC from one client through the queue to another and back */
	RELATION_WORKITEM,    /* the _id of a work item: pushed, popped, updated, deleted */
	RELATION_KINDS
};

struct relation {
	struct slice key;  /* the id; lives as long as the relations */
	const uint32_t *n; /* its messages, ascending */
	uint32_t count;
};

/* Appends the id of that kind that message n names, the first of several; false if it names none. scratch: for its bytes, which are read only where its
 * type can have one. */
bool relation_id(const struct session *s, enum relation_kind kind, uint32_t n, struct buf *scratch, struct buf *out);

struct relations;

enum { RELATIONS_MAX = BOUND(1 << 20, 16) }; /* ids that are told apart */

/* Collects them from all records that are kept, in the order of their first messages. Reads the bytes of those messages that can have
 * such an id, and of no others. */
struct relations *relations_new(const struct session *s, enum relation_kind kind);
void relations_free(struct relations *r);
uint32_t relations_count(const struct relations *r);
/* How often a message named an id that was too many. */
uint64_t relations_left_out(const struct relations *r);
struct relation relations_at(const struct relations *r, uint32_t i);

#endif
