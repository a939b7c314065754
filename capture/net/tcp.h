/* The TCP header (RFC 9293, section 3.1). */
#ifndef CAPTURE_NET_TCP_H
#define CAPTURE_NET_TCP_H

#include "capture/net/ip.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

struct segment {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	struct slice payload; /* as captured; borrowed */
	uint32_t payload_len; /* as sent; more than payload.len when the capture cut the packet */
};

/* Reads a TCP header. False if less than its fixed 20 bytes were captured, or its data offset can't be; a segment cut in its
 * options has an empty payload and the right payload_len. The checksum is not looked at (checksum.h). */
bool tcp_parse(const struct ip_packet *ip, struct segment *out);

#endif
