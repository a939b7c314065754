/* For fuzz targets of stream layers: a sink that checks that pieces fit together, and a player that takes bytes for a list of
 * events: feed, gap, end, in both directions. */
#ifndef TESTS_FUZZ_FUZZ_STREAM_H
#define TESTS_FUZZ_FUZZ_STREAM_H

#include "capture/stream/layer.h"
#include "decode/envelope.h"

#include <stdlib.h>

struct fuzz {
	struct conn_info conn;
	struct stream_limits limits;
	struct stream_counts counts;
	struct sink sink;
	struct stream stream;
	struct {
		bool open;
		uint64_t size, seen;
	} way[2];
	bool ended[2];
	uint8_t sum; /* of all bytes handed on: each is looked at */
};

static inline void fuzz_check(bool good)
{
	if (!good)
		abort();
}

static inline void fuzz_message(void *user, const struct piece *p)
{
	struct fuzz *f = user;
	for (size_t i = 0; i < p->bytes.len; i++)
		f->sum ^= p->bytes.at[i];
	fuzz_check(p->first != f->way[p->dir].open && !f->ended[p->dir]);
	if (p->first) {
		f->way[p->dir].size = p->size;
		f->way[p->dir].seen = 0;
	}
	fuzz_check(p->size == f->way[p->dir].size && p->size <= f->limits.message);
	fuzz_check(p->offset == f->way[p->dir].seen && p->at < 0);
	f->way[p->dir].seen += p->bytes.len;
	f->way[p->dir].open = !p->last;
	fuzz_check(f->way[p->dir].seen <= p->size);
	fuzz_check(!p->last || p->cut || f->way[p->dir].seen == p->size);
}

static inline void fuzz_news(void *user, const struct news *n)
{
	struct fuzz *f = user;
	fuzz_check(n->conn == &f->conn && n->kind < NEWS_KINDS && (n->kind != NEWS_NOTE || n->text));
}

static inline void fuzz_init(struct fuzz *f)
{
	*f = (struct fuzz){ .limits = { .message = 4096, .head = 512, .scan = 4096 } };
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

/* An event: a byte (bit 0: the direction; bits 1 and 2: 3 is a gap, else bytes follow; the rest: how many, 31: a second
 * byte says more). Frees the layer. */
static inline void fuzz_play(struct fuzz *f, struct layer *l, struct slice in)
{
	struct cursor c = cursor_of(in);
	while (c.rest.len) {
		uint8_t event = cursor_u8(&c);
		enum dir dir = event & 1;
		size_t n = event >> 3;
		if (n == 31)
			n += (size_t)cursor_u8(&c) * 8;
		if ((event >> 1 & 3) == 3)
			layer_gap(l, dir, n, 1);
		else
			fuzz_feed(l, dir, cursor_take(&c, n < c.rest.len ? n : c.rest.len));
	}
	for (int dir = 0; dir < 2; dir++) {
		layer_end(l, (enum dir)dir, 2);
		fuzz_check(!f->way[dir].open);
		f->ended[dir] = true;
	}
	layer_free(l);
}

#endif
