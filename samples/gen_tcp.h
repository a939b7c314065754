/* One TCP connection between a client and a server, written packet by packet with right checksums and
 * acknowledgements. */
#ifndef SAMPLES_GEN_TCP_H
#define SAMPLES_GEN_TCP_H

#include "samples/gen_pcap.h"

enum way { C2S, S2C };

struct tcp_end {
	uint8_t address[16]; /* the first 4 for IPv4 */
	uint16_t port, ident;
	uint32_t seq;  /* of the next byte it sends */
	uint32_t seen; /* the latest timestamp it has from its peer */
};

struct tcp {
	struct pcap_file *file; /* borrowed */
	struct tcp_end end[2];  /* the sender of each way: [C2S] is the client */
	bool ipv6;
};

/* A connection that has sent nothing yet: the number (1, 2, …) chooses the client's address and port and
 * both ends' initial sequence numbers. Change end[] before the first packet to have others. */
void tcp_init(struct tcp *t, struct pcap_file *file, unsigned number, bool ipv6);
/* SYN, SYN and ACK, ACK. */
void tcp_open(struct tcp *t);
/* A SYN that nothing answers; the same one each time. */
void tcp_ask(struct tcp *t);
/* A SYN that is answered with a reset. */
void tcp_refuse(struct tcp *t);
/* Sends the bytes in segments of at most tcp_room(); the peer acknowledges every second one and the last.
 * */
void tcp_send(struct tcp *t, enum way way, struct slice bytes);
/* The bytes were sent and are acknowledged, but the capture has no packet with them. */
void tcp_lose(struct tcp *t, enum way way, struct slice bytes);
/* A FIN of that sender and its acknowledgement: half a close. */
void tcp_finish(struct tcp *t, enum way way);
/* Both FINs; the sender of `first` begins. */
void tcp_close(struct tcp *t, enum way first);
/* A RST of that sender. */
void tcp_reset(struct tcp *t, enum way way);
/* A keep-alive probe (RFC 9293, 3.8.4) with the one garbage byte before the next sequence number, and its
 * answer. */
void tcp_keepalive(struct tcp *t, enum way way);
/* Bytes of payload that fit into a segment. */
size_t tcp_room(const struct tcp *t);

#endif
