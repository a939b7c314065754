/*
 * Many connections: of each, its handshake, one request, the reply to it, and its end.
 *
 * They come in waves: all of a wave open, all ask, all are answered, all close. A wave of one is a client that connects anew for each
 * request; one of 20,000 is a crowd. No two connections have the same endpoints.
 */
#include "bench/traffic.h"

#include "base/xalloc.h"
#include "bench/conversation.h"
#include "bench/exchange.h"

#include <stdlib.h>

enum { SEGMENT_MAX = 1448, PORTS = 20000 };

struct visitor {
	struct conversation talk;
	struct message_id id;
	const struct exchange *exchange;
};

struct short_traffic {
	struct tcp_writer *writer;
	struct random random;
	struct buf payload, out;
	struct visitor *visitor;
};

static void say(struct short_traffic *t, struct visitor *v, enum side from, const struct half *h, const struct message_id *id,
		const struct message_id *rid)
{
	buf_clear(&t->payload);
	buf_clear(&t->out);
	put_payload(&t->payload, h, &t->random);
	conversation_put(&v->talk, &t->out, from, h->command, h->type, id, rid, buf_slice(&t->payload));
	tcp_writer_send(t->writer, &v->talk.tcp, from, buf_slice(&t->out));
}

static void arrive(struct short_traffic *t, struct visitor *v, uint64_t number)
{
	conversation_init(&v->talk, (uint32_t)(number % PORTS), SEGMENT_MAX, &t->random);
	v->talk.tcp.end[CLIENT].address += (uint32_t)(number / PORTS);
	tcp_writer_open(t->writer, &v->talk.tcp);
}

static void ask(struct short_traffic *t, struct visitor *v)
{
	v->id = message_id_new(&t->random);
	v->exchange = exchange_pick(&t->random);
	say(t, v, CLIENT, &v->exchange->request, &v->id, NULL);
}

static void answer(struct short_traffic *t, struct visitor *v)
{
	struct message_id id = message_id_new(&t->random);
	say(t, v, SERVER, &v->exchange->reply, &id, &v->id);
}

static void wave(struct short_traffic *t, uint64_t from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		arrive(t, &t->visitor[i], from + i);
	for (uint64_t i = 0; i < count; i++)
		ask(t, &t->visitor[i]);
	for (uint64_t i = 0; i < count; i++)
		answer(t, &t->visitor[i]);
	for (uint64_t i = 0; i < count; i++)
		tcp_writer_close(t->writer, &t->visitor[i].talk.tcp);
}

uint64_t short_traffic_write(struct tcp_writer *w, uint64_t connections, uint64_t at_once)
{
	struct short_traffic t = { .writer = w, .visitor = xcalloc((size_t)at_once, sizeof *t.visitor) };
	for (uint64_t done = 0; done < connections; done += at_once)
		wave(&t, done, connections - done < at_once ? connections - done : at_once);
	buf_release(&t.payload);
	buf_release(&t.out);
	free(t.visitor);
	return 2 * connections;
}
