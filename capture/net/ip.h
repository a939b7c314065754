/* IPv4 (RFC 791) and IPv6 (RFC 8200) headers. */
#ifndef CAPTURE_NET_IP_H
#define CAPTURE_NET_IP_H

#include "base/slice.h"

enum { IP_PROTO_TCP = 6 };

struct ip_packet {
	uint8_t src[16], dst[16]; /* IPv4 in the first four bytes, the rest zero */
	uint8_t family;           /* 4 or 6 */
	uint8_t proto;            /* of the payload, after IPv6 extension headers */
	struct slice payload;     /* as captured, without link padding; borrowed */
	uint32_t payload_len;     /* as the header says; more than payload.len when the capture cut the packet */
	bool fragment;            /* a part: the four below hold (RFC 791; RFC 8200, section 4.5) */
	bool more;
	uint32_t frag_id;
	uint32_t frag_offset; /* bytes */
};

enum ip_status { IP_OK, IP_SHORT, IP_BAD };

/* Reads the header of an IP packet. A length of 0 (IPv4: total length, segmentation offload; IPv6: payload length, the same or a
 * jumbogram, RFC 2675) means the captured length. IPv6 extension headers (hop-by-hop, routing, destination, fragment, AH) are
 * passed, at most 16 of them; those behind the header of a fragment are part of its payload. A fragment header with neither
 * offset nor more (RFC 6946) makes no fragment. IP_SHORT: cut in a header; IP_BAD: no IP, lengths that can't be. *out is only
 * to be used after IP_OK. */
enum ip_status ip_parse(struct slice bytes, struct ip_packet *out);
/* Passes IPv6 extension headers at the front of p's payload and sets p->proto to what follows them: for the payload of a packet
 * put together from fragments. Status as above. */
enum ip_status ip_pass_extensions(struct ip_packet *p);

#endif
