/* Reading ahead: who goes through a file in many small steps forward reads it in few large ones. For files that change only at their end. */
#ifndef BASE_FILE_WINDOW_H
#define BASE_FILE_WINDOW_H

#include "base/bound.h"
#include "base/files.h"

enum { WINDOW_BYTES = BOUND(64 << 10, 256), WINDOW_STEP = WINDOW_BYTES / 2 }; /* held; a step forward is not longer than this */

/* What was read last. Zeroed: nothing. */
struct file_window {
	uint64_t place, next; /* where the bytes begin, as a place; where the last read ended */
	size_t len;
	uint8_t bytes[WINDOW_BYTES];
};

/* As files_read, of the same files each time. */
bool file_window_read(struct file_window *a, struct files f, void *to, size_t len, uint64_t place);

#endif
