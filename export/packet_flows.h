/*
 * The packets of each connection that wait (packet_hold.h), as a chain: how far it has come, and what of it was wanted. Fragments of an IP packet, and
 * whatever else has no connection yet (packet_facts.apart), are a flow of their own until a packet shows their connection.
 */
#ifndef EXPORT_PACKET_FLOWS_H
#define EXPORT_PACKET_FLOWS_H

#include "base/bound.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	FLOW_BUCKETS = 4096,
	APART_FLOWS = BOUND(1024, 4), /* of packets without a connection at a time */
};

/* How far a flow had come. */
struct flow_mark {
	uint64_t place;  /* of the packet; 0: none yet */
	uint32_t number; /* and its number in the flow */
};

struct packet_flow {
	uint64_t key;
	struct packet_flow *chain;
	struct flow_mark last, opening,
		mark[2];  /* the newest packet; the one that completed the first message; the last of each direction */
	uint64_t data[2]; /* bytes of payload behind mark */
	bool opened, all; /* the opening was taken; everything is */
};

/* `struct packet_flows f = { 0 };` is a valid empty one. */
struct packet_flows {
	struct packet_flow *bucket[FLOW_BUCKETS];
	uint64_t apart[APART_FLOWS]; /* keys of flows without a connection, as a ring */
	unsigned next;
};

void packet_flows_release(struct packet_flows *f);
/* The flow of a connection, by its number (not 0); NULL if there is none. Good until it is dropped. */
struct packet_flow *packet_flows_find(const struct packet_flows *f, uint32_t conn);
/* The same, made if there is none. */
struct packet_flow *packet_flows_for(struct packet_flows *f, uint32_t conn);
/* The flow of packets that have that number in common (packet_facts.apart), made if there is none: then the oldest of its kind may be dropped. */
struct packet_flow *packet_flows_for_apart(struct packet_flows *f, uint64_t apart);
/* The last of these has shown the connection: drops their flow. Returns the place of the newest before it; 0: none is held. */
uint64_t packet_flows_adopt(struct packet_flows *f, uint64_t apart);
/* No further packet will be of that connection. */
void packet_flows_drop(struct packet_flows *f, uint32_t conn);

#endif
