/* Packets for what passed the proxy, as if they had been captured: for -w. */
#ifndef CAPTURE_PROXY_PACKETS_H
#define CAPTURE_PROXY_PACKETS_H

#include "capture/message.h"
#include "capture/packet.h"

enum { PACKETS_SEGMENT = 32 << 10 };

/* The state of one connection's packets. */
struct packets {
	struct endpoint ends[2];
	uint32_t next[2]; /* sequence number of the next byte in that direction */
	bool ended[2];
};

/* Takes a packet: raw IP, borrowed during the call; `data` bytes of it are TCP's. */
typedef void packets_out(void *user, const struct packet *p, enum dir dir, uint32_t data);

/* The connection's handshake. `ends` have addresses (IPv4 and IPv6 may be mixed: then all is IPv6, with mapped addresses). */
void packets_open(struct packets *p, const struct endpoint ends[2], int64_t time, packets_out *out, void *user);
/* Bytes of a direction, at most PACKETS_SEGMENT of them: one segment. */
void packets_bytes(struct packets *p, enum dir dir, struct slice bytes, int64_t time, packets_out *out, void *user);
/* Bytes that passed and are not known: a reader will find them missing. */
void packets_gap(struct packets *p, enum dir dir, uint64_t n);
void packets_end(struct packets *p, enum dir dir, int64_t time, packets_out *out, void *user);
void packets_reset(struct packets *p, enum dir dir, int64_t time, packets_out *out, void *user);

#endif
