/* A conversation between an OpenIAP client and a server on one connection: sequence numbers, ids, and
 * what clients usually say. */
#ifndef SAMPLES_GEN_TALK_H
#define SAMPLES_GEN_TALK_H

#include "samples/gen_envelope.h"
#include "samples/gen_tcp.h"

struct talk {
	struct tcp tcp;
	bool websocket;   /* each message in a binary frame of its own; else bare on TCP */
	bool decimal_ids; /* ids are the decimal seq, as the Rust client and what is built on it makes them */
	uint32_t random;
	int32_t seq[2]; /* of the next message each way */
};

struct id {
	char text[64];
};

/* A conversation on connection `number` (see tcp_init) that has not begun. */
void talk_init(struct talk *t, struct pcap_file *file, unsigned number);
/* The next number of a generator (xorshift) whose state is not 0; never 0. */
uint32_t random_next(uint32_t *state);
/* The next number of the conversation's own generator; never 0. */
uint32_t talk_random(struct talk *t);

/* The next message of that way, with a new id, the next seq and, if there is a body, its type_url. rid
 * may be NULL. The seq counts as used. */
struct message talk_message(struct talk *t, enum way way, const char *command, const ProtobufCMessage *body, const char *rid);
/* Sends the message a few milliseconds later. */
void talk_send(struct talk *t, enum way way, const struct message *m);
/* Sends bytes of the message stream as they are: in one binary frame over WebSocket. */
void talk_send_bytes(struct talk *t, enum way way, struct slice bytes);
/* Both in one: makes and sends a message; returns its id. */
struct id talk_say(struct talk *t, enum way way, const char *command, const ProtobufCMessage *body, const char *rid);

/* Opens the connection, upgrades it if it is a WebSocket, and signs in: one request, one reply. */
void talk_begin(struct talk *t);
/* Initialises a conversation on connection 1, over plain TCP, and begins it. */
void talk_start(struct talk *t, struct pcap_file *file);
/* The TCP (and WebSocket) opening alone. */
void talk_open(struct talk *t);
void talk_signin(struct talk *t);
/* The client closes, with Close frames over WebSocket. */
void talk_end(struct talk *t);
/* A query and its reply, then the end. */
void talk_finish(struct talk *t);
/* A query and its reply, alike but for their ids. */
struct id talk_ask(struct talk *t);
void talk_answer(struct talk *t, const char *rid);
void talk_query(struct talk *t);
/* A noop of the client: a message that expects no reply. */
void talk_noop(struct talk *t);

#endif
