/*
 * Feeding a session by hand: connections of its own, a clock, and messages that are written as the packages write them, whole or in
 * pieces. For tests only, hence whole in a header.
 */
#ifndef TESTS_SESSION_FEED_H
#define TESTS_SESSION_FEED_H

#include "tests/mutate.h"

#include "base/xalloc.h"
#include "decode/session.h"

#include <stdlib.h>

enum { FEED_CONNS = 8, FEED_STEP = 1000000 }; /* ns between two messages */

struct feed {
	struct session *session;
	struct sink sink;
	struct conn_info conn[FEED_CONNS];
	int32_t seq[FEED_CONNS][2];
	uint32_t conns; /* numbers given so far */
	int64_t time;
	size_t piece;     /* bytes of a piece; 0: messages come whole */
	struct buf bytes; /* of the message sent last */
};

/* A message to be sent. Strings are NULL where the field is absent. */
struct sent {
	const char *command, *id, *rid, *jwt;
	const char *type; /* name of the payload's type, "" for data without one; NULL: no data */
	struct slice payload;
	int32_t seq; /* with has_seq; else the next one */
	bool has_seq, cut, gap, after_gap, unmasked;
	int32_t priority;
	size_t lost; /* with cut: bytes at the end that do not come */
};

static inline struct conn_info *feed_open(struct feed *f, unsigned at, bool start_seen)
{
	f->conns++;
	f->conn[at] = (struct conn_info){ .number = f->conns,
					  .stream = f->conns - 1,
					  .start_seen = start_seen,
					  .transport = TRANSPORT_TCP,
					  .settled = { true, true },
					  .opened = f->time };
	f->seq[at][0] = f->seq[at][1] = 0;
	return &f->conn[at];
}

/* A session with those options (NULL: all kept, no file), and a first connection whose start was seen. */
static inline void feed_init(struct feed *f, const struct session_options *o, const struct session_listener *listener)
{
	struct session_options plain = { .keep = true, .file = -1, .hash_key = 7 };
	*f = (struct feed){ .session = session_new(o ? o : &plain, listener), .time = INT64_C(1767225600000000000) };
	f->sink = session_sink(f->session);
	feed_open(f, 0, true);
}

static inline void feed_release(struct feed *f)
{
	session_free(f->session);
	buf_release(&f->bytes);
}

static inline void feed_text(struct buf *out, uint32_t number, const char *text)
{
	if (text)
		put_bytes(out, number, slice_str(text));
}

static inline void feed_pack(struct buf *out, const struct sent *m, int32_t seq)
{
	struct buf any = { 0 }, url = { 0 };
	feed_text(out, 1, m->command);
	if (m->priority)
		put_number(out, 2, (uint64_t)(int64_t)m->priority);
	if (seq)
		put_number(out, 3, (uint64_t)(int64_t)seq);
	feed_text(out, 4, m->id);
	feed_text(out, 5, m->rid);
	if (m->type && *m->type) {
		buf_addf(&url, "type.googleapis.com/openiap.%s", m->type);
		put_bytes(&any, 1, buf_slice(&url));
	}
	if (m->payload.len)
		put_bytes(&any, 2, m->payload);
	if (m->type)
		put_bytes(out, 6, buf_slice(&any));
	feed_text(out, 7, m->jwt);
	buf_release(&any);
	buf_release(&url);
}

/* One piece, in a block of exactly its size. */
static inline void feed_piece(struct feed *f, struct piece *p, struct slice bytes)
{
	uint8_t *copy = xmalloc(bytes.len);
	if (bytes.len)
		memcpy(copy, bytes.at, bytes.len);
	p->bytes = slice_of(copy, bytes.len);
	f->sink.message(f->sink.user, p);
	free(copy);
}

/* Hands bytes on as a message of `size` bytes, of which they may be the front. */
static inline void feed_bytes(struct feed *f, unsigned at, enum dir dir, struct slice bytes, uint64_t size, const struct sent *m)
{
	size_t piece = f->piece ? f->piece : bytes.len ? bytes.len : 1;
	f->time += FEED_STEP;
	for (size_t from = 0; from < bytes.len || !from; from += piece) {
		struct piece p = { .conn = &f->conn[at],
				   .dir = dir,
				   .first = from == 0,
				   .size = size,
				   .offset = from,
				   .at = -1,
				   .time = f->time,
				   .after_gap = m->after_gap,
				   .unmasked = m->unmasked };
		p.last = from + piece >= bytes.len;
		p.cut = p.last && m->cut;
		p.gap = p.last && m->gap;
		feed_piece(f, &p, slice_head(slice_skip(bytes, from), piece));
	}
}

/* Sends it; returns its number. */
static inline uint32_t feed(struct feed *f, unsigned at, enum dir dir, const struct sent *m)
{
	int32_t seq = m->has_seq ? m->seq : f->seq[at][dir]++;
	buf_clear(&f->bytes);
	feed_pack(&f->bytes, m, seq);
	size_t lost = m->lost < f->bytes.len ? m->lost : f->bytes.len;
	feed_bytes(f, at, dir, slice_head(buf_slice(&f->bytes), f->bytes.len - lost), f->bytes.len, m);
	return session_count(f->session);
}

#define FEED(f, at, dir, ...) feed(f, at, dir, &(struct sent){ __VA_ARGS__ })

static inline void feed_news(struct feed *f, unsigned at, enum dir dir, enum news_kind kind, uint64_t bytes)
{
	struct news n = { .kind = kind, .conn = &f->conn[at], .dir = dir, .time = f->time, .bytes = bytes };
	f->sink.news(f->sink.user, &n);
}

static inline void feed_close(struct feed *f, unsigned at, enum conn_end end)
{
	f->conn[at].end = end;
	f->time += FEED_STEP;
	f->sink.closed(f->sink.user, &f->conn[at], f->time);
}

#endif
