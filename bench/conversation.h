/*
 * One client talking to the server: a TCP connection and the numbering of both directions.
 */
#ifndef BENCH_CONVERSATION_H
#define BENCH_CONVERSATION_H

#include "bench/envelope_writer.h"
#include "bench/random.h"
#include "bench/tcp_writer.h"

struct conversation {
	struct tcp_connection tcp;
	uint32_t seq[2]; /* of the next Envelope, by enum side */
};

struct message_id {
	uint8_t text[ID_LENGTH];
};

static inline struct slice message_id_slice(const struct message_id *id)
{
	return slice_of(id->text, sizeof id->text);
}

/* Nine random base-36 digits, as the Node package makes them. */
struct message_id message_id_new(struct random *r);

/* Client number n (from 0) of the server at port 8080, not yet connected; segments carry at most
 * segment_max bytes. */
void conversation_init(struct conversation *c, uint32_t n, uint32_t segment_max, struct random *r);
/* Appends an Envelope to out with the next seq of that side. rid: NULL in a request. */
void conversation_put(struct conversation *c, struct buf *out, enum side from, const char *command, const char *type,
		      const struct message_id *id, const struct message_id *rid, struct slice payload);

#endif
