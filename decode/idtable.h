/*
 * The id table: which message an id names. It holds what is still open and a bounded tail of what is closed.
 */
#ifndef DECODE_IDTABLE_H
#define DECODE_IDTABLE_H

#include "base/slice.h"

struct idtable;

enum id_kind {
	ID_MESSAGE, /* a message with that id */
	ID_ORPHAN,  /* a message that answers the id before a message with it was seen */
	ID_WATCH,   /* a watch, by the id its reply gave */
	ID_QUEUE,   /* a registered queue, by its name */
};

struct id_entry {
	uint64_t key; /* 0: empty slot */
	uint32_t n;   /* number of the message */
	uint8_t kind; /* enum id_kind */
	bool open;    /* expects more: survives when the tail is cut */
	uint16_t of;  /* the owner's, 0 at first */
};

/* Is the entry still open? Asked when the tail is cut. */
typedef bool idtable_open(void *user, const struct id_entry *e);

struct idtable *idtable_new(uint64_t hash_key, idtable_open *still_open, void *user);
void idtable_free(struct idtable *t);
/* The key of an id: of that space (kind), connection, and direction of the message with it. */
uint64_t idtable_key(const struct idtable *t, uint32_t conn, unsigned dir, bool registration, struct slice id);
/* Loads the key's place into the cache: to be called some time before find or add. */
void idtable_prefetch(const struct idtable *t, uint64_t key);
/* The entry of a key, NULL if there is none. Valid until the next add. */
struct id_entry *idtable_find(struct idtable *t, uint64_t key);
/* The entry of a key; where there is none, a new one, and *added is true. Valid until the next add. */
struct id_entry *idtable_find_or_add(struct idtable *t, uint64_t key, uint32_t n, enum id_kind kind, bool open, bool *added);
/* A new entry (the key must not be in the table). Valid until the next add. */
struct id_entry *idtable_add(struct idtable *t, uint64_t key, uint32_t n, enum id_kind kind, bool open);
/* Entries given up while they were open. */
uint64_t idtable_forgotten(const struct idtable *t);
size_t idtable_memory(const struct idtable *t);

#endif
