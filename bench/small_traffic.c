/*
 * Small Envelopes: 200 clients, each in turns a burst of requests and the burst of their replies.
 *
 * Half of the clients have bursts of one, so each Envelope has a segment to itself. The other half
 * pipelines 30 at a time, which go out as one run of bytes cut at 1448, so that most segments begin and end
 * inside an Envelope. A pipelining client gets a turn 30 times more rarely, so both halves send about the
 * same number. The turns come at random, with all requests of the other clients in between: replies are far
 * from their requests.
 */
#include "bench/traffic.h"

#include "base/xalloc.h"
#include "bench/conversation.h"
#include "bench/exchange.h"

#include <stdlib.h>

enum { CLIENTS = 200, BURST = 30, SEGMENT_MAX = 1448 };

struct request {
	struct message_id id;
	const struct exchange *exchange;
};

struct client {
	struct conversation talk;
	struct request open[BURST];
	unsigned opened, burst;
};

struct small_traffic {
	struct tcp_writer *writer;
	struct random random;
	struct buf payload, out;
	uint64_t requests_left;
	struct client client[CLIENTS];
};

static void start(struct small_traffic *t)
{
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct client *c = &t->client[i];
		c->burst = i % 2 ? BURST : 1;
		conversation_init(&c->talk, i, SEGMENT_MAX, &t->random);
		tcp_writer_open(t->writer, &c->talk.tcp);
	}
}

static void put_half(struct small_traffic *t, struct client *c, enum side from, const struct half *h, const struct message_id *id,
		     const struct message_id *rid)
{
	buf_clear(&t->payload);
	put_payload(&t->payload, h, &t->random);
	conversation_put(&c->talk, &t->out, from, h->command, h->type, id, rid, buf_slice(&t->payload));
}

static void ask(struct small_traffic *t, struct client *c)
{
	for (; c->opened < c->burst && t->requests_left; c->opened++, t->requests_left--) {
		struct request *r = &c->open[c->opened];
		r->id = message_id_new(&t->random);
		r->exchange = exchange_pick(&t->random);
		put_half(t, c, CLIENT, &r->exchange->request, &r->id, NULL);
	}
	tcp_writer_send(t->writer, &c->talk.tcp, CLIENT, buf_slice(&t->out));
}

static void answer(struct small_traffic *t, struct client *c)
{
	for (unsigned i = 0; i < c->opened; i++) {
		struct message_id id = message_id_new(&t->random);
		put_half(t, c, SERVER, &c->open[i].exchange->reply, &id, &c->open[i].id);
	}
	c->opened = 0;
	tcp_writer_send(t->writer, &c->talk.tcp, SERVER, buf_slice(&t->out));
}

static void take_turn(struct small_traffic *t, struct client *c)
{
	buf_clear(&t->out);
	if (c->opened)
		answer(t, c);
	else
		ask(t, c);
}

static struct client *next_client(struct small_traffic *t)
{
	uint32_t pipelining = random_below(&t->random, BURST + 1) == 0;
	return &t->client[random_below(&t->random, CLIENTS / 2) * 2 + pipelining];
}

uint64_t small_traffic_write(struct tcp_writer *w, uint64_t messages)
{
	struct small_traffic *t = xcalloc(1, sizeof *t);
	t->writer = w;
	t->requests_left = (messages + 1) / 2;
	uint64_t written = t->requests_left * 2;
	start(t);
	while (t->requests_left)
		take_turn(t, next_client(t));
	for (struct client *c = t->client; c < t->client + CLIENTS; c++)
		if (c->opened)
			take_turn(t, c);
	buf_release(&t->payload);
	buf_release(&t->out);
	free(t);
	return written;
}
