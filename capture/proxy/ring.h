/* A queue of records between the relay (one process, writes) and the pipeline (another, reads), in memory that both see. */
#ifndef CAPTURE_PROXY_RING_H
#define CAPTURE_PROXY_RING_H

#include "base/slice.h"

struct ring;

enum ring_kind {
	RING_OPEN,   /* a connection begins; the bytes are a struct proxy_open */
	RING_BYTES,  /* bytes of a direction, as their sender sent them */
	RING_GAP,    /* `amount` bytes of a direction did not fit into the queue */
	RING_END,    /* a direction has ended */
	RING_CLOSED, /* the connection is over; amount: an enum conn_end */
	RING_NOTE,   /* a sentence about the connection; the bytes are text, harmless for a terminal */
	RING_COUNTS, /* of no connection; the bytes are a struct proxy_counts: as they are now */
};

struct ring_record {
	uint32_t size; /* of the bytes behind it */
	uint8_t kind;  /* enum ring_kind */
	uint8_t dir;   /* enum dir */
	uint8_t spare[2];
	uint64_t id;  /* of the connection, from 1, in order of acceptance */
	int64_t time; /* ns since 1970 */
	uint64_t amount;
};

/* A ring for at least `room` bytes of records. NULL with errno set if memory or descriptors are out. To be made before the fork. */
struct ring *ring_new(size_t room);
void ring_free(struct ring *r);

/* The writer: puts a record if, after it, `reserve` bytes are left. False if there is no room: nothing was written. The reader does not hear of
 * it before ring_wake(). */
bool ring_put(struct ring *r, const struct ring_record *head, struct slice bytes, size_t reserve);
/* The writer: has something been put since the last ring_wake()? */
bool ring_owes_wake(const struct ring *r);
/* Wakes the reader, if it waits. */
void ring_wake(struct ring *r);
/* The reader: the next record, its bytes in place; both valid until the next call. False if there is none: poll ring_fd(). */
bool ring_take(struct ring *r, struct ring_record *head, struct slice *bytes);
/* Readable once there is something behind a ring_take that found nothing. */
int ring_fd(const struct ring *r);

#endif
