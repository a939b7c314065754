/*
 * Listening to the other direction.
 *
 *	bytes of both directions ──> the layers of the pipeline ──> messages of the one that is not changed ──> the chooser
 *
 * The layers are those that read a capture, and so get both directions: a WebSocket begins with an answer. The messages of the direction that is
 * changed are left out: the chooser is asked about these by whoever cuts them out. Conversations within a connection are told as that connection,
 * as they are to whoever is asked.
 */
#include "capture/proxy/ear.h"

#include "base/when.h"
#include "base/xalloc.h"
#include "capture/stream/detect.h"

#include <stdlib.h>

static const struct stream_limits limits = { .message = 64 << 20, .head = 64 << 10, .scan = 4 << 20 };

struct ear {
	const struct what_if_chooser *chooser;
	struct conn_info *conn; /* as the chooser knows it, */
	struct conn_info info;  /* and as the layers do */
	enum dir dir;
	struct sink sink;
	struct stream_counts counts;
	struct stream stream;
	struct layer *layer;
};

static void hear_message(void *user, const struct piece *p)
{
	struct ear *e = user;
	struct piece heard = *p;
	heard.conn = e->conn;
	if (p->dir == e->dir)
		e->chooser->heard(e->chooser->user, &heard);
}

static void hear_news(void *user, const struct news *n)
{
	(void)user, (void)n;
}

static void hear_closed(void *user, struct conn_info *conn, int64_t time)
{
	(void)user, (void)conn, (void)time;
}

struct ear *ear_new(const struct what_if_chooser *chooser, struct conn_info *conn, enum dir dir)
{
	struct ear *e = xcalloc(1, sizeof *e);
	e->chooser = chooser;
	e->conn = conn;
	e->info = *conn;
	e->dir = dir;
	e->sink = (struct sink){ e, hear_message, hear_news, hear_closed, chooser->probe, NULL };
	e->counts.numbers = conn->number;
	e->stream = (struct stream){ &e->info, &e->sink, &limits, &e->counts };
	e->layer = detect_new(&e->stream, TRANSPORT_UNKNOWN, NULL);
	return e;
}

void ear_free(struct ear *e)
{
	if (!e)
		return;
	layer_free(e->layer);
	free(e);
}

void ear_feed(struct ear *e, enum dir dir, struct slice bytes)
{
	layer_feed(e->layer, dir, (struct chunk){ bytes, -1, when_now() });
}
