/*
 * Writes TCP connections into a pcap file as a capture on Ethernet would have seen them: IPv4, timestamp
 * option, right sequence numbers, acknowledgements and checksums, nothing lost and nothing twice. Packets
 * come in the order of the calls, so whoever calls interleaves the connections.
 */
#ifndef BENCH_TCP_WRITER_H
#define BENCH_TCP_WRITER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdio.h>

enum side { CLIENT, SERVER };

struct tcp_writer {
	FILE *file;
	char *buffer;     /* of the file, owned */
	uint64_t now;     /* microseconds since 1970 */
	uint32_t gap;     /* microseconds from one packet to the next */
	uint64_t packets; /* written so far */
	uint64_t bytes;   /* written so far, the file header included */
};

/* One connection. The caller sets address, port and the first sequence number of both ends, and the largest
 * payload of a segment (at most 65,483 bytes, what fits into an IPv4 packet beside these headers). */
struct tcp_end {
	uint32_t address; /* 0x7f000001 is 127.0.0.1 */
	uint32_t sequence;
	uint16_t port;
};

struct tcp_connection {
	struct tcp_end end[2]; /* by enum side */
	uint32_t segment_max;
};

/* Creates the file at path, or empties it, with packets gap microseconds apart. False: it cannot be
 * written; errno says why and nothing is to be released. */
bool tcp_writer_init(struct tcp_writer *w, const char *path, uint32_t gap);
/* Closes the file and frees the buffer. False: something could not be written; errno says why. */
bool tcp_writer_release(struct tcp_writer *w);

/* The three packets that open a connection (RFC 9293, 3.5). */
void tcp_writer_open(struct tcp_writer *w, struct tcp_connection *c);
/* The three that end it when the client closes first (RFC 9293, 3.6). */
void tcp_writer_close(struct tcp_writer *w, struct tcp_connection *c);
/* Sends bytes from one side in as few segments as segment_max allows. The other side acknowledges every
 * second segment and the last one; a single segment is acknowledged by whatever that side sends next. */
void tcp_writer_send(struct tcp_writer *w, struct tcp_connection *c, enum side from, struct slice bytes);

#endif
