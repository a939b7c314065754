/* Reading ahead: who goes through a file in many small steps forward reads it in few large ones. For files that change only at their end. */
#ifndef BASE_AHEAD_H
#define BASE_AHEAD_H

#include "base/files.h"

enum { AHEAD_BYTES = 64 << 10, AHEAD_STEP = 4096 }; /* held; a step forward is not longer than this */

/* What was read last. Zeroed: nothing. */
struct ahead {
	uint64_t place, next; /* where the bytes begin, as a place; where the last read ended */
	size_t len;
	uint8_t bytes[AHEAD_BYTES];
};

/* As files_read, of the same files each time. */
bool ahead_read(struct ahead *a, struct files f, void *to, size_t len, uint64_t place);

#endif
