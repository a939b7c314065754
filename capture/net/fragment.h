/* Putting IP fragments together, bounded in packets and bytes. */
#ifndef CAPTURE_NET_FRAGMENT_H
#define CAPTURE_NET_FRAGMENT_H

#include "capture/net/ip.h"

struct fragments;

struct fragment_counts {
	uint64_t fragments; /* seen */
	uint64_t packets;   /* put together */
	uint64_t expired;   /* packets given up: too old (30 s, RFC 791) or pushed out by the limits */
	uint64_t overlaps;  /* bytes that came twice: the first ones stay */
	uint64_t bad;       /* fragments that can't be: beyond 65,535 bytes, odd lengths, a second, different end */
};

/* Limits on what is pending: packets, and bytes of memory for them. Past a limit the oldest go; the packet under way stays, so that
 * one can always be put together. */
struct fragments *fragments_new(size_t max_packets, size_t max_bytes);
void fragments_free(struct fragments *f);
/* Takes a packet with ip->fragment set. True when it completes its packet: *whole is that packet (fragment false), its payload
 * lives until the next call. Time in ns. Where the capture cut a fragment, whole's payload ends at the first byte that is not
 * there, and its payload_len is still that of the whole packet. */
bool fragments_feed(struct fragments *f, const struct ip_packet *ip, int64_t time, struct ip_packet *whole);
struct fragment_counts fragments_counts(const struct fragments *f);

#endif
