/*
 * The layer of TLS: what is read now, and what has to wait for secrets. Records are read in tls_reader.c, opened in tls_session.c; what is
 * told of the connection stands in tls_tell.c.
 *
 * A record that can't be opened yet, for want of a secret or of the other direction's hello, stays at the front; what comes after it,
 * gaps and the end included, is kept for later and played again in its order. The key log wakes the layer.
 *
 * Secrets come one by one. While a direction waits for one, the other is held even if its own are there, so that what is inside comes
 * in the order in which it was sent: an answer before its request would be blamed, and a call of gRPC needs the path in its request.
 * Directions go apart where that would take too long or too much.
 */
#include "capture/stream/tls.h"

#include "base/when.h"
#include "base/xalloc.h"
#include "capture/stream/tls_part.h"

#include <stdlib.h>

static const int64_t PATIENCE = 3 * (int64_t)NS_PER_S; /* until it is told that a key is waited for, and directions go apart */

static void forget_later(struct tls *t, struct side *s)
{
	t->stream->counts->tls_waiting -= later_release(&s->later);
}

/* Has this direction to wait, for something of its own or for the other one? */
static bool is_stopped(const struct tls *t, enum dir dir)
{
	const struct side *s = &t->side[dir], *other = &t->side[!dir];
	if (t->dead || s->dead)
		return false;
	return s->waits || (other->waits && other->needs == TLS_NEEDS_SECRET && !t->apart);
}

static bool has_room(const struct tls *t, enum dir dir, size_t cost)
{
	const struct stream_limits *limits = t->stream->limits;
	return t->side[dir].later.items.len + cost <= limits->tls_wait && t->stream->counts->tls_waiting + cost <= limits->tls_wait_all;
}

static void put_later(struct tls *t, enum dir dir, struct later_item item)
{
	item.place = t->came++;
	later_put(&t->side[dir].later, &item);
	t->stream->counts->tls_waiting += later_cost(&item);
}

static void end_inner(struct tls *t, enum dir dir)
{
	struct side *s = &t->side[dir];
	if (s->end_told)
		return;
	s->end_told = true;
	if (!s->dead && !t->dead)
		tls_read_front(t, dir, true);
	if (s->front.len || s->skip)
		tls_harm(t, dir, 1);
	if (t->inner && (s->harmed || s->dead || t->dead))
		layer_gap(t->inner, dir, 0, s->time);
	if (t->inner)
		layer_end(t->inner, dir, s->time);
	s->dead = true;
	tls_set_waits(t, dir, false);
}

/* False if it has to wait once more. */
static bool take_item(struct tls *t, enum dir dir, const struct later_item *item)
{
	t->side[dir].time = item->time;
	if (item->kind == LATER_GAP)
		return tls_read_gap(t, dir, item->size);
	if (item->kind == LATER_END)
		end_inner(t, dir);
	else
		tls_read_bytes(t, dir, item->bytes);
	return true;
}

/* The direction whose next item came first among those that can be taken; false if there is none. */
static bool next_item(const struct tls *t, enum dir *dir, struct later_item *next)
{
	bool found = false;
	for (int d = 0; d < 2; d++) {
		struct later_item item;
		if (t->side[d].dead || is_stopped(t, (enum dir)d) || !later_first(&t->side[d].later, &item) ||
		    (found && item.place > next->place))
			continue;
		found = true;
		*dir = (enum dir)d;
		*next = item;
	}
	return found;
}

/* Tries the records that wait once more. What completed such a record came when the waiting began. */
static void retry(struct tls *t)
{
	for (int d = 0; d < 2; d++)
		if (t->side[d].waits && !t->dead) {
			t->side[d].time = t->side[d].since;
			tls_read_front(t, (enum dir)d, false);
		}
}

/* Takes all that can be taken, as long as one direction tells what the other waits for. */
static void resume(struct tls *t)
{
	const int64_t now[2] = { t->side[0].time, t->side[1].time };
	unsigned before = t->session.revision;
	struct later_item item;
	enum dir dir;
	retry(t);
	while (!t->dead && (next_item(t, &dir, &item) || before != t->session.revision)) {
		if (before != t->session.revision) {
			before = t->session.revision;
			retry(t);
		} else if (take_item(t, dir, &item)) {
			later_take(&t->side[dir].later);
		}
	}
	for (int d = 0; d < 2; d++) {
		t->stream->counts->tls_waiting -= later_trim(&t->side[d].later);
		t->side[d].time = now[d];
	}
}

static void go_apart(struct tls *t)
{
	t->apart = true;
	resume(t);
}

/* What comes in a direction that is stopped. */
static void keep(struct tls *t, enum dir dir, struct later_item item)
{
	size_t cost = later_cost(&item);
	if (!has_room(t, dir, cost))
		go_apart(t);
	if (!is_stopped(t, dir) && take_item(t, dir, &item))
		return;
	if (has_room(t, dir, cost) || item.kind == LATER_END)
		put_later(t, dir, item);
	else
		tls_give_up_for_keys(t, dir, &t->stream->counts->tls_overflow);
}

/* Are there secrets that were not there before? */
static void look_for_keys(struct tls *t)
{
	uint64_t revision = t->keylog ? keylog_revision(t->keylog) : 0;
	if (revision != t->keys_seen)
		resume(t);
	t->keys_seen = revision;
}

/* Both can wait for long, then the one's secret comes a moment before the other's: the time counts since only one waits, and where the
 * other one waits too once it has tried, they are together again. */
static void go_apart_in_time(struct tls *t, int64_t time)
{
	bool holds = t->side[0].waits != t->side[1].waits && !t->apart;
	if (holds && !t->holds)
		t->held_since = time;
	t->holds = holds;
	if (holds && time - t->held_since >= PATIENCE)
		go_apart(t);
}

static void lose_patience(struct tls *t, int64_t time)
{
	if (!t->keylog)
		return;
	go_apart_in_time(t, time);
	for (int d = 0; d < 2; d++) {
		struct side *s = &t->side[d];
		if (t->told_waiting || !s->waits || time - s->since < PATIENCE || !keylog_is_growing(t->keylog))
			continue;
		t->told_waiting = true;
		tls_tell(t, NEWS_NOTE, (enum dir)d, time, "TLS, waiting for keys that the key log does not have yet", NULL);
	}
}

/* Whatever was done: keeps no more than is needed, and asks to be woken only if something waits. */
static void settle(struct tls *t)
{
	for (int d = 0; d < 2; d++) {
		struct side *s = &t->side[d];
		if (t->dead || s->dead) {
			buf_release(&s->front);
			forget_later(t, s);
			tls_set_waits(t, (enum dir)d, false);
		}
	}
	if (!t->keylog)
		return;
	t->apart = t->apart && t->side[0].waits != t->side[1].waits;
	if (!t->side[0].waits && !t->side[1].waits)
		keylog_stop_waiting(&t->waiter);
}

static void wake(void *user, int64_t time)
{
	struct tls *t = user;
	look_for_keys(t);
	lose_patience(t, time);
	settle(t);
}

/* The layer. */

static void take(struct tls *t, enum dir dir, struct later_item item)
{
	if (t->side[0].waits || t->side[1].waits) {
		look_for_keys(t);
		lose_patience(t, item.time);
	}
	t->side[dir].time = item.time;
	unsigned before = t->session.revision;
	if (is_stopped(t, dir) || !take_item(t, dir, &item))
		keep(t, dir, item);
	if (before != t->session.revision)
		resume(t);
}

static void feed(struct layer *l, enum dir dir, struct chunk c)
{
	struct tls *t = (struct tls *)l;
	if (!t->dead && !t->side[dir].dead)
		take(t, dir, (struct later_item){ .kind = LATER_BYTES, .size = c.bytes.len, .time = c.time, .bytes = c.bytes });
	settle(t);
}

static void gap(struct layer *l, enum dir dir, uint64_t n, int64_t time)
{
	struct tls *t = (struct tls *)l;
	if (!t->dead && !t->side[dir].dead)
		take(t, dir, (struct later_item){ .kind = LATER_GAP, .size = n, .time = time });
	settle(t);
}

/* Programs write their secrets when they please, and a short connection is over by then. */
static bool may_come(const struct tls *t)
{
	bool waits = (t->side[0].waits && t->side[0].needs == TLS_NEEDS_SECRET) ||
		     (t->side[1].waits && t->side[1].needs == TLS_NEEDS_SECRET);
	return waits && !t->dead && t->keylog && keylog_may_grow(t->keylog);
}

/* Both directions have ended: why was nothing shown? */
static void tell_end(struct tls *t, enum dir dir)
{
	go_apart(t);
	for (int d = 0; d < 2; d++)
		if (t->side[d].waits && t->side[d].needs == TLS_NEEDS_SECRET)
			tls_give_up_for_keys(t, (enum dir)d, &t->stream->counts->tls_no_keys);
	if (t->side[0].waits || t->side[1].waits)
		tls_give_up(t, dir, tls_no_handshake);
	else if (!t->inner && !t->told)
		tls_give_up(t, dir, "TLS without any data in it");
	for (int d = 0; d < 2; d++)
		end_inner(t, (enum dir)d);
}

static void end(struct layer *l, enum dir dir, int64_t time)
{
	struct tls *t = (struct tls *)l;
	struct side *s = &t->side[dir];
	s->ended = true;
	take(t, dir, (struct later_item){ .kind = LATER_END, .time = time });
	if (t->side[!dir].ended && !may_come(t))
		tell_end(t, dir);
	settle(t);
}

static bool rests(struct layer *l, bool over)
{
	struct tls *t = (struct tls *)l;
	if (!over && may_come(t))
		return true;
	tell_end(t, DIR_C2S);
	settle(t);
	return false;
}

static void free_tls(struct layer *l)
{
	struct tls *t = (struct tls *)l;
	keylog_stop_waiting(&t->waiter);
	layer_free(t->inner);
	for (int d = 0; d < 2; d++) {
		buf_release(&t->side[d].front);
		forget_later(t, &t->side[d]);
	}
	tls_session_release(&t->session);
	free(t);
}

static const struct layer_ops ops = { "tls", feed, gap, end, free_tls, NULL, rests };

struct layer *tls_new(const struct stream *s, enum transport forced, struct keylog *keylog)
{
	struct tls *t = xcalloc(1, sizeof *t);
	t->layer.ops = &ops;
	t->stream = s;
	t->forced = forced;
	t->keylog = keylog;
	t->waiter = (struct keylog_waiter){ .wake = wake, .user = t };
	tls_session_init(&t->session, keylog);
	s->conn->tls = true;
	s->conn->transport = TRANSPORT_TLS;
	return &t->layer;
}
