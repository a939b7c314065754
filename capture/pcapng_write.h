/*
 * Writing pcapng (draft-ietf-opsawg-pcapng) and plain pcap: blocks as bytes, into a buf.
 *
 * The opposite of pcapng.h. Nothing here knows a file: whoever has one writes the buf between two blocks, so that a file that is cut
 * off at any time can be read up to its last block. All is little endian. The order of blocks is the caller's: a section first, an
 * interface before its packets (they are numbered from 0 in the order of their blocks), secrets before the packets they open.
 */
#ifndef CAPTURE_PCAPNG_WRITE_H
#define CAPTURE_PCAPNG_WRITE_H

#include "base/buf.h"
#include "capture/packet.h"

enum {
	PCAPNG_TLS_KEY_LOG = 0x544c534b, /* secrets in the NSS key log format */
	PCAPNG_INBOUND = 1,
	PCAPNG_OUTBOUND = 2,       /* pcapng_packet.flags, section 4.3.1 */
	PCAPNG_OPTION_MAX = 65535, /* bytes of an option: what is longer is cut there */
};

/* A packet as it is to be written. */
struct pcapng_packet {
	uint32_t interface;           /* number of its interface in the section */
	int64_t time;                 /* ns since 1970 UTC; before 1970 counts as 1970 */
	uint8_t digits;               /* of its interface: decimal places of a second, as in struct packet_interface */
	struct slice bytes;           /* what was captured */
	uint32_t wire_len;            /* what it had on the wire; at least bytes.len */
	uint32_t flags;               /* 0: none are written */
	const struct slice *comments; /* UTF-8; empty ones are left out */
	size_t comment_count;
};

/* Counts of an interface, for a statistics block. */
struct pcapng_statistics {
	uint32_t interface;
	int64_t time; /* ns, as of when */
	uint8_t digits;
	uint64_t received, dropped_interface, dropped_kernel;
};

/* The section header block, first of a file or section. application: what wrote it; NULL for no such option. */
void pcapng_add_section(struct buf *out, const char *application);
/* An interface description block. */
void pcapng_add_interface(struct buf *out, const struct packet_interface *i);
/* An enhanced packet block. */
void pcapng_add_packet(struct buf *out, const struct pcapng_packet *p);
/* A decryption secrets block; format: PCAPNG_TLS_KEY_LOG. */
void pcapng_add_secrets(struct buf *out, uint32_t format, struct slice secrets);
/* An interface statistics block. */
void pcapng_add_statistics(struct buf *out, const struct pcapng_statistics *s);

/* Plain pcap, in nanoseconds if digits is more than 6: the file header, and a record. The link type is that of all packets. */
void pcap_add_header(struct buf *out, const struct packet_interface *i);
void pcap_add_packet(struct buf *out, uint8_t digits, int64_t time, struct slice bytes, uint32_t wire_len);

#endif
