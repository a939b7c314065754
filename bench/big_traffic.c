/*
 * Large Envelopes: eight clients on loopback-sized segments. Each does one thing after the other: downloads
 * a file in chunks of 64 or 256 KiB, gets a query reply of 20 to 200 KB, or makes one of the small
 * exchanges. A turn sends one Envelope; the turns come at random, so large messages of several connections
 * lie between each other. As seen from the Node package, the length prefix has a segment of its own.
 *
 * What a client does next is a function that sends it and sets the one after. File contents are windows
 * into one block of random bytes, query results are the first documents of one long list. The checksum of
 * BeginStream stays empty, as it may.
 */
#include "bench/traffic.h"

#include "base/xalloc.h"
#include "bench/conversation.h"
#include "bench/exchange.h"

#include <stdlib.h>

enum {
	CLIENTS = 8,
	SEGMENT_MAX = 65483,
	PREFIX = 4,
	RANDOM_BYTES = 1 << 20,
	RESULT_MIN = 20000,
	RESULT_MAX = 200000,
};

struct big_traffic;
struct client;
typedef void turn_fn(struct big_traffic *t, struct client *c);

struct client {
	struct conversation talk;
	turn_fn *next;
	struct message_id request;
	const struct exchange *exchange;
	uint32_t chunk, left; /* of the download: bytes a chunk, bytes to come */
};

struct big_traffic {
	struct tcp_writer *writer;
	struct random random;
	uint64_t messages;
	struct buf payload, out, documents;
	uint8_t *bytes;
	struct client client[CLIENTS];
};

enum { ACTIVITY_SMALL, ACTIVITY_QUERY, ACTIVITY_DOWNLOAD_64K, ACTIVITY_DOWNLOAD_256K, ACTIVITIES };

/* In 10,000. */
static const uint32_t weights[ACTIVITIES] = { 6710, 2900, 280, 110 };

static const struct half query_request = {
	"query", "QueryRequest", { { 1, "{\"_type\":\"order\",\"customer\":\"@@@@@@@@\"}", 0 }, { 2, "entities", 0 }, { 4, NULL, 5000 } }
};
static const struct half download_request = { "download",
					      "DownloadRequest",
					      { { 1, "@@@@@@@@@@@@@@@@@@@@@@@@", 0 }, { 3, "fs.files", 0 } } };
static const struct half download_reply = {
	"downloadreply",
	"DownloadResponse",
	{ { 1, "@@@@@@@@@@@@@@@@@@@@@@@@", 0 }, { 2, "report-######.zip", 0 }, { 3, "application/zip", 0 } }
};
static const struct half end_stream = { "endstream", "EndStream", { { 0 } } };

static const struct half document = {
	NULL, NULL, { { 1, "{\"_id\":\"@@@@@@@@@@@@@@@@@@@@@@@@\",\"_type\":\"order\",\"number\":######,\"price\":####.##}", 0 } }
};

static turn_fn ask, reply_small, reply_query, begin_stream, stream, finish_stream, reply_download;

/* A JSON list, longer than any result; each document without the key and length it was made with. */
static void put_documents(struct buf *out, struct random *r)
{
	struct buf one = { 0 };
	buf_add_byte(out, '[');
	while (out->len < RESULT_MAX) {
		buf_clear(&one);
		put_payload(&one, &document, r);
		buf_add(out, slice_skip(buf_slice(&one), 2));
		buf_add_byte(out, ',');
	}
	buf_release(&one);
}

static void start(struct big_traffic *t)
{
	t->bytes = xmalloc(RANDOM_BYTES);
	for (size_t i = 0; i < RANDOM_BYTES; i++)
		t->bytes[i] = (uint8_t)random_next(&t->random);
	put_documents(&t->documents, &t->random);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct client *c = &t->client[i];
		c->next = ask;
		conversation_init(&c->talk, i, SEGMENT_MAX, &t->random);
		tcp_writer_open(t->writer, &c->talk.tcp);
	}
}

static void release(struct big_traffic *t)
{
	buf_release(&t->payload);
	buf_release(&t->out);
	buf_release(&t->documents);
	free(t->bytes);
	free(t);
}

/* Sends t->payload; every Envelope but a request answers the client's request. */
static void send(struct big_traffic *t, struct client *c, enum side from, const char *command, const char *type)
{
	struct message_id id = message_id_new(&t->random);
	if (from == CLIENT)
		c->request = id;
	buf_clear(&t->out);
	conversation_put(&c->talk, &t->out, from, command, type, &id, from == CLIENT ? NULL : &c->request, buf_slice(&t->payload));
	tcp_writer_send(t->writer, &c->talk.tcp, from, slice_head(buf_slice(&t->out), PREFIX));
	tcp_writer_send(t->writer, &c->talk.tcp, from, slice_skip(buf_slice(&t->out), PREFIX));
	buf_clear(&t->payload);
	t->messages++;
}

static void send_half(struct big_traffic *t, struct client *c, enum side from, const struct half *h)
{
	put_payload(&t->payload, h, &t->random);
	send(t, c, from, h->command, h->type);
}

static void ask_download(struct big_traffic *t, struct client *c, uint32_t chunk, uint32_t file_max)
{
	c->chunk = chunk;
	c->left = 1 + random_below(&t->random, file_max);
	c->next = begin_stream;
	send_half(t, c, CLIENT, &download_request);
}

static void ask_query(struct big_traffic *t, struct client *c)
{
	c->next = reply_query;
	send_half(t, c, CLIENT, &query_request);
}

static void ask_small(struct big_traffic *t, struct client *c)
{
	c->exchange = exchange_pick(&t->random);
	c->next = reply_small;
	send_half(t, c, CLIENT, &c->exchange->request);
}

static void ask(struct big_traffic *t, struct client *c)
{
	uint32_t pick = random_below(&t->random, 10000), activity = 0;
	while (activity < ACTIVITIES - 1 && pick >= weights[activity])
		pick -= weights[activity++];
	switch (activity) {
	case ACTIVITY_SMALL: ask_small(t, c); break;
	case ACTIVITY_QUERY: ask_query(t, c); break;
	case ACTIVITY_DOWNLOAD_64K: ask_download(t, c, 64 << 10, 2 << 20); break;
	default: ask_download(t, c, 256 << 10, 4 << 20);
	}
}

static void reply_small(struct big_traffic *t, struct client *c)
{
	c->next = ask;
	send_half(t, c, SERVER, &c->exchange->reply);
}

static void reply_query(struct big_traffic *t, struct client *c)
{
	uint32_t len = RESULT_MIN + random_below(&t->random, RESULT_MAX - RESULT_MIN);
	while (t->documents.at[len] != ',' || t->documents.at[len - 1] != '}')
		len--;
	t->documents.at[len] = ']';
	put_bytes(&t->payload, 1, slice_head(buf_slice(&t->documents), len + 1));
	t->documents.at[len] = ',';
	c->next = ask;
	send(t, c, SERVER, "queryreply", "QueryResponse");
}

static void begin_stream(struct big_traffic *t, struct client *c)
{
	struct buf stat = { 0 };
	put_number(&stat, 2, 4096);
	put_number(&stat, 9, 0100644);
	put_number(&stat, 14, c->left);
	put_bytes(&t->payload, 2, buf_slice(&stat));
	buf_release(&stat);
	c->next = stream;
	send(t, c, SERVER, "beginstream", "BeginStream");
}

static void stream(struct big_traffic *t, struct client *c)
{
	uint32_t len = c->left < c->chunk ? c->left : c->chunk;
	put_bytes(&t->payload, 1, slice_of(t->bytes + random_below(&t->random, RANDOM_BYTES - len), len));
	c->left -= len;
	c->next = c->left ? stream : finish_stream;
	send(t, c, SERVER, "stream", "Stream");
}

static void finish_stream(struct big_traffic *t, struct client *c)
{
	c->next = reply_download;
	send_half(t, c, SERVER, &end_stream);
}

static void reply_download(struct big_traffic *t, struct client *c)
{
	c->next = ask;
	send_half(t, c, SERVER, &download_reply);
}

uint64_t big_traffic_write(struct tcp_writer *w, uint64_t bytes)
{
	struct big_traffic *t = xcalloc(1, sizeof *t);
	t->writer = w;
	start(t);
	while (w->bytes < bytes) {
		struct client *c = &t->client[random_below(&t->random, CLIENTS)];
		c->next(t, c);
	}
	for (struct client *c = t->client; c < t->client + CLIENTS; c++)
		while (c->next != ask)
			c->next(t, c);
	uint64_t messages = t->messages;
	release(t);
	return messages;
}
