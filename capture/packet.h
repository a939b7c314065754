/* A packet as a source hands it on. */
#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

#include "base/slice.h"

struct packet {
	struct slice bytes; /* as captured, from the link layer on; lives until the source is asked for the next packet */
	uint32_t wire_len;  /* bytes it had on the wire; more than bytes.len when the capture cut it */
	int link;           /* link type, a LINKTYPE_ number as in pcap files (tcpdump.org/linktypes.html) */
	int64_t time;       /* ns since 1970 UTC */
	int64_t at;         /* place of its first byte in the capture file; -1 where it can't be read again from there */
};

#endif
