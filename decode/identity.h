/* Who is at the client's end of a connection, as it signed in. */
#ifndef DECODE_IDENTITY_H
#define DECODE_IDENTITY_H

#include "decode/session.h"

/* Each as sent (not harmless yet) but for secrets, of at most 256 bytes; empty where it is not known. */
struct identity {
	struct buf agent, version; /* of the signin */
	struct buf user;           /* of its reply: the user's name, else the username */
};

/* `struct identity i = { 0 };` is a valid empty one. */
void identity_release(struct identity *i);
/* Bytes that it takes up; 0 for NULL. */
size_t identity_memory(const struct identity *i);
/* Nothing is known any more. */
void identity_clear(struct identity *i);
/* Adds what a signin, or the reply to one, says; what is known already stays. bytes: of its Envelope. */
void identity_take(struct identity *i, const struct session *s, const struct record *r, struct slice bytes);
/* Reads the connection's signin and its reply again; or what the session has kept of them. */
void identity_read(struct identity *i, const struct session *s, const struct session_conn *c);

#endif
