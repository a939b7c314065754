/*
 * What runs inside a byte stream: layers, each with its bytes from the one below (TCP at the bottom) and its own bytes to the one
 * above (the length prefix at the top, which hands messages to the sink).
 *
 * A layer takes bytes of both directions of one connection, in order, and never calls back down. It owns the layers above it.
 */
#ifndef CAPTURE_STREAM_LAYER_H
#define CAPTURE_STREAM_LAYER_H

#include "capture/message.h"

#include <stdio.h>

/* Bytes of one direction, in order. */
struct chunk {
	struct slice bytes; /* borrowed during the call */
	int64_t at;         /* their place in the capture file, -1 if they don't stand there as they are */
	int64_t time;       /* of the packet that brought them */
};

static inline struct chunk chunk_skip(struct chunk c, size_t n)
{
	c.bytes = slice_skip(c.bytes, n);
	c.at = c.at < 0 ? -1 : c.at + (int64_t)n;
	return c;
}

static inline struct chunk chunk_head(struct chunk c, size_t n)
{
	c.bytes = slice_head(c.bytes, n);
	return c;
}

struct layer;

struct layer_ops {
	const char *name;
	void (*feed)(struct layer *l, enum dir dir, struct chunk c);
	/* n bytes of the stream are missing from the capture at this place; n 0: their number is not known. */
	void (*gap)(struct layer *l, enum dir dir, uint64_t n, int64_t time);
	/* This direction has ended: nothing more comes. Called once a direction at most. */
	void (*end)(struct layer *l, enum dir dir, int64_t time);
	void (*free)(struct layer *l);
	/* Where this one does nothing any more but hand on, it goes, and the answer is the layer above; else it is l. NULL: it never does. */
	struct layer *(*step_aside)(struct layer *l);
	/* Both directions have ended: does it keep back what it may still be able to read? `over`: it will not be waited for, and is given up. NULL: it
	 * never does. */
	bool (*rests)(struct layer *l, bool over);
};

/* The first member of every layer's own struct. */
struct layer {
	const struct layer_ops *ops;
};

static inline void layer_feed(struct layer *l, enum dir dir, struct chunk c)
{
	if (c.bytes.len)
		l->ops->feed(l, dir, c);
}

static inline void layer_gap(struct layer *l, enum dir dir, uint64_t n, int64_t time)
{
	l->ops->gap(l, dir, n, time);
}

static inline void layer_end(struct layer *l, enum dir dir, int64_t time)
{
	l->ops->end(l, dir, time);
}

/* The layer to be fed from now on in place of l. To be called after a feed, by whoever owns l. */
static inline struct layer *layer_step_aside(struct layer *l)
{
	return l->ops->step_aside ? l->ops->step_aside(l) : l;
}

/* To be asked behind both ends; until it says no, the layer must not go. */
static inline bool layer_rests(struct layer *l, bool over)
{
	return l && l->ops->rests && l->ops->rests(l, over);
}

static inline void layer_free(struct layer *l)
{
	if (l)
		l->ops->free(l);
}

struct stream_limits {
	uint64_t message;              /* longest message, bytes */
	size_t head;                   /* longest HTTP head, bytes */
	size_t scan;                   /* bytes looked through for a framing before a direction is given up */
	size_t tls_wait, tls_wait_all; /* bytes of TLS that wait for keys: of a direction, and of all in the capture */
	unsigned tls_lost;             /* numbers of lost TLS records that are tried behind a gap */
};

struct stream_counts {
	uint64_t skipped;         /* bytes passed over in search of a boundary */
	uint64_t overlong;        /* messages beyond the limit */
	uint64_t cut;             /* messages cut by a gap or an end */
	uint64_t not_ours;        /* connections that carry something else */
	uint64_t control;         /* WebSocket control frames */
	uint64_t bad_frames;      /* frames that can't be */
	uint64_t other_http;      /* HTTP requests that are none of ours */
	uint64_t no_message;      /* HTTP bodies where a message was due that are none */
	uint64_t untimed;         /* packets whose bytes have the time of an earlier one */
	uint64_t calls_forgotten; /* HTTP/2 streams given up for their number */
	uint64_t numbers;         /* given to connections, and to conversations of their own within one */
	uint64_t conversations;   /* those */
	uint64_t tls_no_keys;     /* TLS connections given up because there were no keys */
	uint64_t tls_bad;         /* TLS records that did not open under their keys */
	uint64_t tls_given_up;    /* directions of TLS of which no more is read, because nothing in them opened any more */
	uint64_t tls_overflow;    /* TLS connections given up because too much of them waited for keys */
	uint64_t tls_waiting;     /* bytes of TLS that wait for keys now */
};

/* What all layers of a connection share. */
struct stream {
	struct conn_info *conn;
	const struct sink *sink;
	const struct stream_limits *limits;
	struct stream_counts *counts; /* of the whole capture */
};

/* Tells the sink. */
static inline void stream_news(const struct stream *s, enum news_kind kind, enum dir dir, int64_t time, uint64_t bytes, const char *text)
{
	struct news n = { kind, s->conn, dir, time, bytes, text, { 0 } };
	s->sink->news(s->sink->user, &n);
}

#endif
