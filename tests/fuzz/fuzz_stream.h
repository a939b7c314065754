/*
 * For fuzz targets of stream layers: a sink that checks that pieces fit together, and a player that takes bytes for a list of events: feed, gap,
 * end, in both directions. A target fills in a struct of its own for each input.
 *
 * TCP cuts a stream anywhere, and what is read must not depend on where: each input is played twice, once in the pieces that it says and once in
 * smaller ones, and both times the layer must tell the same. Only where it had to search for a boundary it need not, since what is found depends on
 * what is in sight (HTTP that can't be read is taken up again where a segment begins like a head); nor where more waited for keys than there is room
 * for. And where a direction is joined in its middle, what is in sight says when its first message is found: each direction then tells the same by itself.
 */
#ifndef TESTS_FUZZ_FUZZ_STREAM_H
#define TESTS_FUZZ_FUZZ_STREAM_H

#include "base/buf.h"
#include "base/text.h"
#include "capture/stream/layer.h"
#include "capture/stream/length_prefix.h"
#include "decode/envelope.h"

#include <stdio.h>
#include <stdlib.h>

enum { FUZZ_OPEN_MAX = 1024, FUZZ_CONVERSATIONS = 1024, FUZZ_GAP_END = 31 + 255 * 8 /* no gap: the direction ends */ };

struct fuzz {
	struct conn_info conn;
	struct stream_limits limits;
	struct stream_counts counts;
	struct sink sink;
	struct stream stream;
	struct fuzz_way {
		uint32_t conn, exchange; /* several can be under way at once, one of each conversation and exchange */
		uint64_t size, seen;
		uint64_t hash; /* of its bytes so far: each is looked at */
	} open[2][FUZZ_OPEN_MAX];
	size_t opened[2];
	enum { UNTOLD, TOLD, CLOSED } conversation[FUZZ_CONVERSATIONS]; /* by number; those above are not followed */
	bool over[2];                                                   /* directions that have ended */
	bool ended;
	bool joined;      /* a direction begins in its middle */
	bool guessed;     /* so were its ends: whether that is put right depends on what comes at once */
	bool http;        /* it has been HTTP that is no WebSocket, whatever it has become since */
	size_t step;      /* bytes of a piece at most; 0: as the input says */
	struct buf heard; /* what the layer told, a line each */
};

static inline void fuzz_check(bool good)
{
	if (!good)
		abort();
}

/* Something is told of a conversation: it has not ended before, and will have in the end. */
static inline void fuzz_told(struct fuzz *f, const struct conn_info *conn)
{
	fuzz_check(conn->carrier == f->conn.number);
	if (conn == &f->conn || conn->number >= FUZZ_CONVERSATIONS)
		return;
	fuzz_check(f->conversation[conn->number] != CLOSED);
	f->conversation[conn->number] = TOLD;
}

/* The message of that conversation and exchange that is under way, NULL if there is none. */
static inline struct fuzz_way *fuzz_way(struct fuzz *f, const struct piece *p)
{
	for (size_t i = 0; i < f->opened[p->dir]; i++)
		if (f->open[p->dir][i].exchange == p->exchange && f->open[p->dir][i].conn == p->conn->number)
			return &f->open[p->dir][i];
	return NULL;
}

static inline struct fuzz_way *fuzz_begin(struct fuzz *f, const struct piece *p)
{
	fuzz_check(f->opened[p->dir] < FUZZ_OPEN_MAX);
	struct fuzz_way *w = &f->open[p->dir][f->opened[p->dir]++];
	*w = (struct fuzz_way){ .conn = p->conn->number, .exchange = p->exchange, .size = p->size };
	buf_addf(&f->heard, "%u %d %u begins: %llu, %d %d%d%d ", p->conn->number, p->dir, p->exchange, (unsigned long long)p->size,
		 p->encoding, p->after_gap, p->unmasked, p->length_alone);
	text_add_safe(&f->heard, p->method); /* which may have ends of lines too */
	buf_add_byte(&f->heard, '\n');
	return w;
}

static inline void fuzz_message(void *user, const struct piece *p)
{
	struct fuzz *f = user;
	struct fuzz_way *w = fuzz_way(f, p);
	fuzz_check(p->first == !w && !f->ended && p->time > 0);
	fuzz_told(f, p->conn);
	if (p->first)
		w = fuzz_begin(f, p);
	for (size_t i = 0; i < p->bytes.len; i++)
		w->hash = (w->hash ^ p->bytes.at[i]) * UINT64_C(0x100000001b3);
	fuzz_check(p->size == w->size && p->size <= f->limits.message);
	fuzz_check(p->offset == w->seen && p->at < 0);
	w->seen += p->bytes.len;
	fuzz_check(w->seen <= p->size);
	fuzz_check(!p->last || p->cut || w->seen == p->size);
	if (!p->last)
		return;
	buf_addf(&f->heard, "%u %d %u ends: %llu, %llx %d%d%d%d\n", p->conn->number, p->dir, p->exchange, (unsigned long long)w->seen,
		 (unsigned long long)w->hash, p->cut, p->gap, p->reply, p->failed);
	*w = f->open[p->dir][--f->opened[p->dir]];
}

/* Can it do nothing to a terminal? */
static inline bool fuzz_harmless(struct slice text)
{
	uint32_t point = ' ';
	bool valid = true;
	while (text.len && valid && !text_acts(point))
		text = slice_skip(text, text_next(text, &point, &valid));
	return valid && !text_acts(point);
}

static inline void fuzz_news(void *user, const struct news *n)
{
	struct fuzz *f = user;
	fuzz_check(n->kind < NEWS_KINDS && (n->kind != NEWS_NOTE || n->text) && n->time > 0 && fuzz_harmless(n->detail));
	fuzz_told(f, n->conn);
	int dir = n->kind == NEWS_NOT_OURS ? -1 : (int)n->dir; /* that is told of both, by whichever direction comes to it first */
	buf_addf(&f->heard, "%u %d news %d: %llu %s ", n->conn->number, dir, n->kind, (unsigned long long)n->bytes, n->text ? n->text : "");
	buf_add(&f->heard, n->detail);
	buf_add_byte(&f->heard, '\n');
}

/* A conversation within the connection has ended. */
static inline void fuzz_closed(void *user, struct conn_info *conn, int64_t time)
{
	struct fuzz *f = user;
	fuzz_check(conn != &f->conn && time > 0);
	fuzz_told(f, conn);
	if (conn->number < FUZZ_CONVERSATIONS)
		f->conversation[conn->number] = CLOSED;
	buf_addf(&f->heard, "%u closed: %d\n", conn->number, conn->end);
}

static inline void fuzz_init(struct fuzz *f, size_t step)
{
	memset(&f->conn, 0, sizeof f->conn);
	memset(&f->counts, 0, sizeof f->counts);
	f->conn.number = f->conn.carrier = 1;
	f->counts.numbers = 1;
	f->limits = (struct stream_limits){
		.message = 1 << 16, .head = 512, .scan = 1024, .tls_wait = 2048, .tls_wait_all = 3000, .tls_lost = 12
	};
	memset(f->conversation, 0, sizeof f->conversation);
	f->opened[0] = f->opened[1] = 0;
	f->over[0] = f->over[1] = false;
	f->ended = f->http = f->joined = f->guessed = false;
	f->step = step;
	f->heard = (struct buf){ 0 };
	f->sink = (struct sink){ .user = f,
				 .message = fuzz_message,
				 .news = fuzz_news,
				 .closed = fuzz_closed,
				 .probe = envelope_probe,
				 .sender = envelope_sender };
	f->stream = (struct stream){ &f->conn, &f->sink, &f->limits, &f->counts };
}

static inline void fuzz_release(struct fuzz *f)
{
	buf_release(&f->heard);
}

/* The next piece of the bytes, in a block of its own size, so that reading beyond it is seen; to be freed. NULL when there are no more. */
static inline uint8_t *fuzz_piece(const struct fuzz *f, struct slice *bytes, struct chunk *piece)
{
	if (!bytes->len)
		return NULL;
	struct slice head = slice_head(*bytes, f->step ? f->step : bytes->len);
	uint8_t *block = malloc(head.len);
	fuzz_check(block != NULL);
	memcpy(block, head.at, head.len);
	*piece = (struct chunk){ slice_of(block, head.len), -1, 1 };
	*bytes = slice_skip(*bytes, head.len);
	return block;
}

/* In pieces a layer steps aside for another, as it does within a connection; else it stays, which is to come to the same. */
static inline void fuzz_feed(struct fuzz *f, struct layer **l, enum dir dir, struct slice bytes)
{
	struct chunk piece;
	if (f->over[dir])
		return;
	for (uint8_t *block; (block = fuzz_piece(f, &bytes, &piece)); free(block)) {
		layer_feed(*l, dir, piece);
		if (f->step)
			*l = layer_step_aside(*l);
	}
}

/* How many bytes an event speaks of. */
static inline size_t fuzz_event_size(struct cursor *c, uint8_t event)
{
	size_t n = event >> 3;
	return n == 31 ? n + (size_t)cursor_u8(c) * 8 : n;
}

static inline void fuzz_over(struct fuzz *f, struct layer *l, enum dir dir)
{
	layer_end(l, dir, 2);
	f->over[dir] = true;
}

/* Takes an event: a byte (bit 0: the direction; bits 1 and 2: 3 is a gap, the largest one the end of the direction, else bytes follow; the
 * rest: how many, 31: a second byte says more). What comes of a direction that is over is passed by. */
static inline void fuzz_event(struct fuzz *f, struct layer **l, struct cursor *c)
{
	uint8_t event = cursor_u8(c);
	enum dir dir = event & 1;
	size_t n = fuzz_event_size(c, event);
	bool gap = (event >> 1 & 3) == 3;
	struct slice bytes = cursor_take(c, gap ? 0 : n < c->rest.len ? n : c->rest.len);
	if (!gap)
		fuzz_feed(f, l, dir, bytes);
	else if (!f->over[dir] && n == FUZZ_GAP_END)
		fuzz_over(f, *l, dir);
	else if (!f->over[dir])
		layer_gap(*l, dir, n, 1);
	f->http = f->http || f->conn.transport == TRANSPORT_HTTP || f->conn.transport == TRANSPORT_REST;
}

/* Ends both directions, of which each is to end its messages and conversations then at the latest, and frees the layer. */
static inline void fuzz_end(struct fuzz *f, struct layer *l)
{
	for (int dir = 0; dir < 2; dir++)
		if (!f->over[dir])
			fuzz_over(f, l, (enum dir)dir);
	fuzz_check(!f->opened[0] && !f->opened[1]);
	for (size_t i = 0; i < FUZZ_CONVERSATIONS; i++)
		fuzz_check(f->conversation[i] != TOLD);
	f->ended = true;
	layer_free(l);
}

/* All events of the input, then the ends. */
static inline void fuzz_play(struct fuzz *f, struct layer *l, struct slice in)
{
	struct cursor c = cursor_of(in);
	while (c.rest.len)
		fuzz_event(f, &l, &c);
	fuzz_end(f, l);
}

/* How small the pieces of the second time are: that depends on the length, so that a mutation changes it. */
static inline size_t fuzz_step(struct slice in)
{
	static const size_t steps[] = { 1, 2, 3, 5, 9, 17, 40, 90 };
	return steps[in.len % (sizeof steps / sizeof *steps)];
}

/* What it told and came to, for people. */
static inline void fuzz_show(const struct fuzz *f)
{
	const struct stream_counts *n = &f->counts;
	fprintf(stderr,
		"in pieces of %zu:\n%.*s%s%s, program \"%s\"; overlong %llu, cut %llu, not ours %llu, control %llu, bad frames %llu, other http %llu, "
		"no message %llu, forgotten %llu, conversations %llu, no keys %llu, bad %llu, given up %llu\n",
		f->step, (int)f->heard.len, f->heard.len ? (const char *)f->heard.at : "", transport_name(f->conn.transport),
		f->conn.tls ? " in TLS" : "", f->conn.program, (unsigned long long)n->overlong, (unsigned long long)n->cut,
		(unsigned long long)n->not_ours, (unsigned long long)n->control, (unsigned long long)n->bad_frames,
		(unsigned long long)n->other_http, (unsigned long long)n->no_message, (unsigned long long)n->calls_forgotten,
		(unsigned long long)n->conversations, (unsigned long long)n->tls_no_keys, (unsigned long long)n->tls_bad,
		(unsigned long long)n->tls_given_up);
}

static inline bool fuzz_comparable(const struct fuzz *f)
{
	return !f->counts.skipped && !f->counts.tls_overflow && !f->http && !f->guessed;
}

/* The lines of one direction, behind the number of their connection, or all others; where no direction was joined all of them. */
static inline void fuzz_lines(const struct fuzz *f, bool client, struct buf *out)
{
	for (struct slice rest = buf_slice(&f->heard); rest.len;) {
		size_t len = (size_t)((const uint8_t *)memchr(rest.at, '\n', rest.len) - rest.at) + 1;
		const uint8_t *dir = (const uint8_t *)memchr(rest.at, ' ', len) + 1;
		if (!f->joined || (*dir == '0') == client)
			buf_add(out, slice_head(rest, len));
		rest = slice_skip(rest, len);
	}
}

static inline bool fuzz_heard_same(const struct fuzz *a, const struct fuzz *b, bool client)
{
	struct buf lines[2] = { { 0 }, { 0 } };
	fuzz_lines(a, client, &lines[0]);
	fuzz_lines(b, client, &lines[1]);
	bool same = slice_eq(buf_slice(&lines[0]), buf_slice(&lines[1]));
	buf_release(&lines[0]);
	buf_release(&lines[1]);
	return same;
}

/* Both times the same was told. */
static inline void fuzz_same(const struct fuzz *a, const struct fuzz *b)
{
	bool same = fuzz_heard_same(a, b, true) && fuzz_heard_same(a, b, false) && memcmp(&a->counts, &b->counts, sizeof a->counts) == 0;
	same = same && a->conn.transport == b->conn.transport && a->conn.tls == b->conn.tls &&
	       strcmp(a->conn.program, b->conn.program) == 0;
	if (same || !fuzz_comparable(a) || !fuzz_comparable(b))
		return;
	fuzz_show(a);
	fuzz_show(b);
	fuzz_check(false);
}

/* Plays the input in its own pieces and in smaller ones. `play` makes the layer. */
static inline void fuzz_twice(void (*play)(struct fuzz *f, uint8_t how, struct slice in), uint8_t how, struct slice in)
{
	struct fuzz f[2];
	for (int i = 0; i < 2; i++) {
		fuzz_init(&f[i], i ? fuzz_step(in) : 0);
		play(&f[i], how, in);
	}
	fuzz_same(&f[0], &f[1]);
	for (int i = 0; i < 2; i++)
		fuzz_release(&f[i]);
}

/* What finds a layer in the middle of a stream answers within the bytes, and at their end does not ask for more. */
static inline void fuzz_find(struct find (*find)(const struct stream *s, struct slice in, bool final), struct slice in)
{
	struct fuzz f;
	fuzz_init(&f, 0);
	for (int final = 0; final < 2; final++) {
		struct find found = find(&f.stream, in, final);
		fuzz_check(found.status == FIND_FOUND ? found.offset < in.len : found.offset <= in.len);
		fuzz_check(!final || found.status != FIND_MORE);
	}
}

#endif
