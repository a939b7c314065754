/* A packet as a source hands it on. */
#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

#include "base/slice.h"

enum { INTERFACE_NAME = 64, INTERFACE_TEXT = 128 };

/* Two times can lie no further apart than an int64_t can say: so a time is at most 146 years before or after 1970. */
#define PACKET_TIME_MAX (INT64_MAX / 2)

/* The interface that a packet was captured on, as far as the source tells: what a written file needs to say the same. */
struct packet_interface {
	int link;                  /* link type, as in struct packet */
	uint32_t snaplen;          /* bytes captured of a packet at most; 0: no limit */
	uint8_t digits;            /* decimal places of a second that its times have: 6 or 9, rarely others up to 9 */
	char name[INTERFACE_NAME]; /* "eth0"; empty where it is not known; cut where it is longer */
	char description[INTERFACE_TEXT];
};

/* Packets that were dropped at an interface while it was captured. */
struct interface_drops {
	const struct packet_interface *interface; /* lives until the source is asked for the next packet */
	uint64_t kernel, by_interface;            /* as in struct source_counts */
};

struct packet {
	struct slice bytes; /* as captured, from the link layer on; lives until the source is asked for the next packet */
	uint32_t wire_len;  /* bytes it had on the wire; more than bytes.len when the capture cut it */
	int link;           /* link type, a LINKTYPE_ number as in pcap files (tcpdump.org/linktypes.html) */
	int64_t time;       /* ns since 1970 UTC; at most PACKET_TIME_MAX before or after it */
	int64_t at;         /* place of its first byte in the capture file (base/files.h); -1 where it can't be read again from there */
	const struct packet_interface *interface; /* lives as long as bytes */
	struct slice comments;                    /* that the file has of it, each with a NUL behind it; lives as long as bytes */
};

#endif
