/*
 * A segment whose numbers both lie far from all that is known of the open connection with its endpoints.
 *
 * Either it is a stray, which no receiver takes; or another connection reuses the endpoints, and the capture lacks the end of the one before and
 * how this one began. The next segment tells: so a copy of this one is kept, one for each open connection.
 */
#ifndef CAPTURE_NET_STRANGER_H
#define CAPTURE_NET_STRANGER_H

#include "capture/net/tcp.h"

enum { IN_FLIGHT = 16 << 20 }; /* bytes that a sender may be ahead of what is known of it: more than windows are in practice */

static inline bool seq_is_near(uint32_t a, uint32_t b)
{
	return a - b + IN_FLIGHT <= 2 * (uint32_t)IN_FLIGHT;
}

struct stranger {
	struct ip_packet ip; /* without its payload */
	struct segment seg;
	int64_t time, at; /* at: place of its bytes in the capture file, or -1 */
	uint8_t bytes[];
};

/* A copy, of the caller; free() it. */
struct stranger *stranger_new(const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at);
/* Can the segment, of the same endpoints, be of the connection that this one is of? Both acknowledge, or this one is a SYN. */
bool stranger_agrees(const struct stranger *s, const struct ip_packet *ip, const struct segment *seg);
/* Is it the same once more? Copies prove nothing. */
bool stranger_is_copy(const struct stranger *s, const struct ip_packet *ip, const struct segment *seg);

#endif
