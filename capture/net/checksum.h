/* The checksum of IP and TCP (RFC 1071). */
#ifndef CAPTURE_NET_CHECKSUM_H
#define CAPTURE_NET_CHECKSUM_H

#include "capture/net/ip.h"

enum { TCP_CHECKSUM_AT = 16 }; /* in its header */

/* The sum of the bytes as 16-bit words, in the byte order of this machine, not folded; parts of an even length may be added up. */
uint64_t checksum_sum(struct slice bytes);
/* The same for TCP's pseudo-header (RFC 9293, section 3.1; IPv6: RFC 8200, section 8.1): addresses as in struct ip_packet, len: of the segment. */
uint64_t checksum_pseudo_header(const uint8_t src[16], const uint8_t dst[16], uint32_t len);
/* A sum folded to 16 bits, in the byte order of this machine: its complement goes into a header by memcpy. */
uint16_t checksum_fold(uint64_t sum);

enum checksum {
	CHECKSUM_RIGHT,
	CHECKSUM_WRONG,
	CHECKSUM_UNTOLD, /* the capture cut the segment; or it stands for the pseudo-header alone, as Linux leaves it to a card to go on, or puts it
			  * on segments that it has joined */
};

/* Of the TCP segment that is the payload of an IP packet, no fragment. */
enum checksum checksum_of(const struct ip_packet *ip);

#endif
