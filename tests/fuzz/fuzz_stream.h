/* For fuzz targets of stream layers: a sink that checks that pieces fit together, and a player that takes bytes for a list of
 * events: feed, gap, end, in both directions. A target fills in a struct of its own for each input. */
#ifndef TESTS_FUZZ_FUZZ_STREAM_H
#define TESTS_FUZZ_FUZZ_STREAM_H

#include "capture/stream/layer.h"
#include "capture/stream/length_prefix.h"
#include "decode/envelope.h"

#include <stdlib.h>

enum { FUZZ_OPEN_MAX = 1024 };

struct fuzz {
	struct conn_info conn;
	struct stream_limits limits;
	struct stream_counts counts;
	struct sink sink;
	struct stream stream;
	struct fuzz_way {
		uint32_t exchange; /* several can be under way at once, one of each exchange */
		uint64_t size, seen;
	} open[2][FUZZ_OPEN_MAX];
	size_t opened[2];
	bool ended;
	uint8_t sum; /* of all bytes handed on: each is looked at */
};

static inline void fuzz_check(bool good)
{
	if (!good)
		abort();
}

/* The message of that exchange that is under way, NULL if there is none. */
static inline struct fuzz_way *fuzz_way(struct fuzz *f, enum dir dir, uint32_t exchange)
{
	for (size_t i = 0; i < f->opened[dir]; i++)
		if (f->open[dir][i].exchange == exchange)
			return &f->open[dir][i];
	return NULL;
}

static inline void fuzz_message(void *user, const struct piece *p)
{
	struct fuzz *f = user;
	struct fuzz_way *w = fuzz_way(f, p->dir, p->exchange);
	for (size_t i = 0; i < p->bytes.len; i++)
		f->sum ^= p->bytes.at[i];
	fuzz_check(p->first == !w && !f->ended);
	if (p->first) {
		fuzz_check(f->opened[p->dir] < FUZZ_OPEN_MAX);
		w = &f->open[p->dir][f->opened[p->dir]++];
		*w = (struct fuzz_way){ .exchange = p->exchange, .size = p->size };
	}
	fuzz_check(p->size == w->size && p->size <= f->limits.message);
	fuzz_check(p->offset == w->seen && p->at < 0);
	w->seen += p->bytes.len;
	fuzz_check(w->seen <= p->size);
	fuzz_check(!p->last || p->cut || w->seen == p->size);
	if (p->last)
		*w = f->open[p->dir][--f->opened[p->dir]];
}

static inline void fuzz_news(void *user, const struct news *n)
{
	struct fuzz *f = user;
	fuzz_check(n->conn == &f->conn && n->kind < NEWS_KINDS && (n->kind != NEWS_NOTE || n->text));
}

static inline void fuzz_init(struct fuzz *f)
{
	memset(&f->conn, 0, sizeof f->conn);
	memset(&f->counts, 0, sizeof f->counts);
	f->limits = (struct stream_limits){ .message = 4096, .head = 512, .scan = 1024, .tls_wait = 2048, .tls_wait_all = 3000,
					    .tls_lost = 12 };
	f->opened[0] = f->opened[1] = 0;
	f->ended = false;
	f->sum = 0;
	f->sink = (struct sink){ .user = f, .message = fuzz_message, .news = fuzz_news, .probe = envelope_probe };
	f->stream = (struct stream){ &f->conn, &f->sink, &f->limits, &f->counts };
}

static inline void fuzz_feed(struct layer *l, enum dir dir, struct slice bytes)
{
	uint8_t *block = malloc(bytes.len ? bytes.len : 1);
	fuzz_check(block != NULL);
	if (bytes.len)
		memcpy(block, bytes.at, bytes.len);
	layer_feed(l, dir, (struct chunk){ slice_of(block, bytes.len), -1, 1 });
	free(block);
}

/* How many bytes an event speaks of. */
static inline size_t fuzz_event_size(struct cursor *c, uint8_t event)
{
	size_t n = event >> 3;
	return n == 31 ? n + (size_t)cursor_u8(c) * 8 : n;
}

/* Takes an event: a byte (bit 0: the direction; bits 1 and 2: 3 is a gap, else bytes follow; the rest: how many, 31: a second
 * byte says more). */
static inline void fuzz_event(struct layer *l, struct cursor *c)
{
	uint8_t event = cursor_u8(c);
	enum dir dir = event & 1;
	size_t n = fuzz_event_size(c, event);
	if ((event >> 1 & 3) == 3)
		layer_gap(l, dir, n, 1);
	else
		fuzz_feed(l, dir, cursor_take(c, n < c->rest.len ? n : c->rest.len));
}

/* Ends both directions, of which each is to end its messages then at the latest, and frees the layer. */
static inline void fuzz_end(struct fuzz *f, struct layer *l)
{
	for (int dir = 0; dir < 2; dir++)
		layer_end(l, (enum dir)dir, 2);
	fuzz_check(!f->opened[0] && !f->opened[1]);
	f->ended = true;
	layer_free(l);
}

/* All events of the input, then the ends. */
static inline void fuzz_play(struct fuzz *f, struct layer *l, struct slice in)
{
	struct cursor c = cursor_of(in);
	while (c.rest.len)
		fuzz_event(l, &c);
	fuzz_end(f, l);
}

/* What finds a layer in the middle of a stream answers within the bytes, and at their end does not ask for more. */
static inline void fuzz_find(struct fuzz *f, struct find (*find)(const struct stream *s, struct slice in, bool final), struct slice in, bool final)
{
	struct find found = find(&f->stream, in, final);
	fuzz_check(found.status == FIND_FOUND ? found.offset < in.len : found.offset <= in.len);
	fuzz_check(!final || found.status != FIND_MORE);
}

/* The whole of a target for a layer that is found by its bytes. The first byte says which directions begin at their beginning. */
static inline void fuzz_found_layer(struct slice in, struct find (*find)(const struct stream *s, struct slice in, bool final),
				    struct layer *(*layer_new)(const struct stream *s, const bool synced[2]))
{
	struct fuzz f;
	if (!in.len)
		return;
	fuzz_init(&f);
	const bool synced[2] = { in.at[0] & 1, in.at[0] & 2 };
	in = slice_skip(in, 1);
	fuzz_find(&f, find, in, false);
	fuzz_find(&f, find, in, true);
	fuzz_play(&f, layer_new(&f.stream, synced), in);
}

#endif
