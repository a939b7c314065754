/*
 * When the bytes came that are gathered in a buffer, which is filled behind and emptied in front: packets and their times, so that what is found in
 * them late is not told as late.
 */
#ifndef CAPTURE_STREAM_CAME_H
#define CAPTURE_STREAM_CAME_H

#include "base/bound.h"
#include "base/buf.h"

enum { CAME_MAX = BOUND(1024, 4) }; /* times kept: bytes that come beyond count as come with the last of them */

struct came {
	struct buf runs;
	size_t bytes; /* of all runs */
};

/* So many bytes more came at that time. False if they count as come with the last ones before. */
bool came_add(struct came *c, size_t bytes, int64_t time);
/* Only the last so many bytes are still there. */
void came_keep(struct came *c, size_t bytes);
/* How many of the bytes that are still there came first, at *time; 0: there are none. */
size_t came_first(const struct came *c, int64_t *time);
/* All bytes of `from` follow those of `to`; `from` has none then. */
void came_move(struct came *to, struct came *from);
void came_release(struct came *c);

#endif
