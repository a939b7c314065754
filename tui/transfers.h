/* Uploads and downloads, in the order in which they began: found by their beginstream in one pass over the records, which goes on as messages come. */
#ifndef TUI_TRANSFERS_H
#define TUI_TRANSFERS_H

#include "decode/session.h"

#include <stddef.h>

struct transfer {
	uint32_t thread, begin, last; /* n: of the thread's first message, of the first and the newest stream message */
};

/* All zero: none. Transfers are numbered from 0; those whose thread is forgotten go from the front, the others keep their numbers. */
struct transfers {
	uint32_t next; /* the next record to look at */
	struct transfer *at;
	size_t count, cap;
	size_t gone; /* how many were before at[0] */
	size_t old;  /* how many at the front are forgotten, and will go */
};

void transfers_release(struct transfers *t);
/* Looks at some more records, up to number `until`; true as long as there are more. */
bool transfers_step(struct transfers *t, const struct session *s, uint32_t until);
/* The numbers there are: *first … *end - 1. */
void transfers_range(const struct transfers *t, uint64_t *first, uint64_t *end);
/* A transfer; NULL if there is no such number. */
const struct transfer *transfers_at(const struct transfers *t, uint64_t number);
/* The same, with its newest stream message looked up. */
const struct transfer *transfers_newest(struct transfers *t, const struct session *s, uint64_t number);

#endif
