/*
 * What clients and server do alike in all inputs: addresses, ids, seq. Requests carry priority 2 and
 * replies none, as seen in real captures.
 */
#include "bench/conversation.h"

enum { SERVER_ADDRESS = 0x0a000001, CLIENT_ADDRESS = 0x0a010001, SERVER_PORT = 8080, CLIENT_PORT = 40000 };

struct message_id message_id_new(struct random *r)
{
	struct message_id id;
	for (int i = 0; i < ID_LENGTH; i++)
		id.text[i] = (uint8_t) "0123456789abcdefghijklmnopqrstuvwxyz"[random_below(r, 36)];
	return id;
}

void conversation_init(struct conversation *c, uint32_t n, uint32_t segment_max, struct random *r)
{
	*c = (struct conversation){ 0 };
	c->tcp.segment_max = segment_max;
	c->tcp.end[CLIENT] = (struct tcp_end){ .address = CLIENT_ADDRESS + n, .port = (uint16_t)(CLIENT_PORT + n) };
	c->tcp.end[SERVER] = (struct tcp_end){ .address = SERVER_ADDRESS, .port = SERVER_PORT };
	c->tcp.end[CLIENT].sequence = (uint32_t)random_next(r);
	c->tcp.end[SERVER].sequence = (uint32_t)random_next(r);
}

void conversation_put(struct conversation *c, struct buf *out, enum side from, const char *command, const char *type,
		      const struct message_id *id, const struct message_id *rid, struct slice payload)
{
	struct envelope e = {
		.command = command,
		.type = type,
		.priority = from == CLIENT ? 2 : 0,
		.seq = c->seq[from]++,
		.id = message_id_slice(id),
		.rid = rid ? message_id_slice(rid) : slice_str(""),
	};
	put_envelope(out, &e, payload);
}
