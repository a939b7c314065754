/*
 * What-ifs.
 *
 *	in ──> framing: until a message is whole ──> dropped? reordered? twice? ──> waiting: until its time ──> out
 *
 * How messages stand in the bytes is the business of a framing (what_if_*.c), which one is told by the scheme; what is done with
 * them is the same for all, and stands here. Each run of bytes in `waiting` has a due time; what is not chosen is due at once, but never
 * before what stands in front of it: only reordering changes the order. Where something can't be changed it passes as it is, and
 * that is told; where even that would do harm, the connection is given up (`stuck`).
 */
#include "capture/proxy/what_if_part.h"

#include "base/when.h"
#include "base/xalloc.h"
#include "capture/proxy/ear.h"

#include <stdlib.h>

bool what_if_wanted(const struct what_if_options *o)
{
	return *o->drop || o->delay || o->reorder || o->duplicate;
}

static const struct framing *framing_of(const struct proxy_address *a)
{
	if (proxy_family(a) == PROXY_BYTES)
		return &what_if_prefix;
	if (proxy_family(a) == PROXY_HTTP2)
		return &what_if_http2;
	return a->scheme == PROXY_WS || a->scheme == PROXY_WSS ? &what_if_websocket : NULL;
}

bool what_if_possible(const struct proxy_address *a)
{
	return framing_of(a) != NULL;
}

void what_if_describe(struct buf *out, const struct what_if_options *o)
{
	buf_addf(out, "WHAT IF: messages %s are", o->on == DIR_S2C ? "from server to client" : "from client to server");
	if (*o->drop)
		buf_addf(out, " dropped (%s),", o->drop);
	if (o->delay) {
		buf_add_str(out, " delayed by ");
		when_add_span(out, o->delay);
		buf_add_byte(out, ',');
	}
	buf_addf(out, "%s%s", o->reorder ? " reordered," : "", o->duplicate ? " sent twice," : "");
	out->len--;
	if (o->only)
		buf_addf(out, "; only those that match %s", o->only);
}

struct what_if *what_if_new(const struct what_if_options *o, const struct proxy_address *target, const struct conn_info *conn)
{
	struct what_if *w = xcalloc(1, sizeof *w);
	w->o = o;
	w->conn = *conn;
	w->conn.user = NULL;
	w->framing = framing_of(target);
	if (w->conn.transport == TRANSPORT_UNKNOWN)
		w->conn.transport = w->framing->transport;
	if (w->framing->make)
		w->state = w->framing->make(w);
	if (o->chooser.heard)
		w->ear = ear_new(&o->chooser, &w->conn, !o->on);
	return w;
}

void what_if_free(struct what_if *w)
{
	if (!w)
		return;
	if (w->o->chooser.closed)
		w->o->chooser.closed(w->o->chooser.user, &w->conn, when_now());
	if (w->framing->free)
		w->framing->free(w->state);
	ear_free(w->ear);
	buf_release(&w->gathered);
	buf_release(&w->swapped);
	buf_release(&w->waiting);
	buf_release(&w->held);
	free(w);
}

void what_if_hold(struct what_if *w, struct held h, struct slice wire)
{
	h.bytes = wire.len;
	w->headers += h.kind == HELD_HEADERS;
	buf_add(&w->waiting, wire);
	buf_add(&w->held, slice_of(&h, sizeof h));
}

/* A message that was chosen, as often as it is passed on. */
static void hold_chosen(struct what_if *w, struct held h, struct slice wire)
{
	what_if_hold(w, h, wire);
	if (w->o->duplicate)
		what_if_hold(w, h, wire);
}

void what_if_let_swapped_go(struct what_if *w, uint32_t stream)
{
	if (!w->swapped.len || (stream && stream != w->swapped_held.stream))
		return;
	hold_chosen(w, w->swapped_held, buf_slice(&w->swapped));
	buf_clear(&w->swapped);
}

static unsigned judge(struct what_if *w, struct piece *message)
{
	if (!w->o->chooser.judge)
		return WHAT_IF_CHANGE;
	message->conn = &w->conn;
	message->dir = w->o->on;
	message->first = message->last = true;
	message->size = message->bytes.len;
	message->at = -1;
	message->time = when_now();
	return w->o->chooser.judge(w->o->chooser.user, message);
}

void what_if_message(struct what_if *w, struct held h, struct slice wire, struct piece *message)
{
	const struct what_if_options *o = w->o;
	unsigned verdict = judge(w, message);
	bool chosen = verdict & WHAT_IF_CHANGE;
	if (verdict & WHAT_IF_DROP)
		return;
	h.time = w->now + (chosen ? o->delay : 0);
	if (chosen && o->reorder && !w->swapped.len) {
		buf_add(&w->swapped, wire);
		w->swapped_held = h;
		w->swapped_until = w->now + WHAT_IF_SWAP_S * (int64_t)NS_PER_S;
		return;
	}
	if (chosen)
		hold_chosen(w, h, wire);
	else
		what_if_hold(w, h, wire);
	what_if_let_swapped_go(w, h.stream);
}

void what_if_give_up(struct what_if *w, const char *why)
{
	if (!w->through)
		w->news = why;
	w->through = true;
}

const char *what_if_news(struct what_if *w)
{
	const char *news = w->news;
	w->news = NULL;
	return news;
}

bool what_if_stuck(const struct what_if *w)
{
	return w->stuck;
}

/* Lets one run of bytes go, as far as it can. True if nothing is left of it. */
static bool let_go(struct what_if *w, struct held *h, struct slice bytes, size_t *gone)
{
	bool done = true;
	if (h->kind == HELD_DATA || h->kind == HELD_END) {
		*gone = w->framing->send(w, h, bytes, &done);
		return done;
	}
	buf_add(w->out[w->o->on], bytes);
	*gone = bytes.len;
	w->headers -= h->kind == HELD_HEADERS;
	if (h->closes)
		w->framing->closed(w, h->stream);
	return true;
}

/* Lets all go whose time has come, in their order. True if something is left. */
static bool let_due_go(struct what_if *w)
{
	size_t at = 0, n = 0, count = w->held.len / sizeof(struct held);
	for (bool done = true; n < count; n += done) {
		struct held h;
		size_t gone;
		memcpy(&h, w->held.at + n * sizeof h, sizeof h);
		if (!done || h.time > w->now)
			break;
		done = let_go(w, &h, slice_head(slice_skip(buf_slice(&w->waiting), at), h.bytes), &gone);
		at += gone;
		h.bytes -= gone;
		memcpy(w->held.at + n * sizeof h, &h, sizeof h);
	}
	buf_consume(&w->waiting, at);
	buf_consume(&w->held, n * sizeof(struct held));
	return n < count;
}

static void enter(struct what_if *w, int64_t now, struct buf *const out[2])
{
	w->now = now;
	w->out = out;
}

bool what_if_due(struct what_if *w, int64_t now, bool over, struct buf *const out[2])
{
	enter(w, now, out);
	if (over || w->through || now >= w->swapped_until)
		what_if_let_swapped_go(w, 0);
	if (let_due_go(w) || w->swapped.len)
		return true;
	if (!over && !w->through)
		return false;
	buf_add(out[w->o->on], buf_slice(&w->gathered));
	buf_clear(&w->gathered);
	if (w->framing->flush)
		w->framing->flush(w, w->o->on);
	return false;
}

void what_if_feed(struct what_if *w, enum dir dir, struct slice in, int64_t now, struct buf *const out[2])
{
	enter(w, now, out);
	if (w->ear)
		ear_feed(w->ear, dir, in);
	if (dir != w->o->on && w->framing->feed_other)
		w->framing->feed_other(w, in);
	else if (dir != w->o->on)
		buf_add(out[dir], in);
	else if (w->through)
		buf_add(&w->gathered, in);
	else
		w->framing->feed(w, in);
	what_if_due(w, now, false, out);
}

void what_if_end(struct what_if *w, enum dir dir, struct buf *const out[2])
{
	enter(w, w->now, out);
	if (w->framing->flush)
		w->framing->flush(w, dir);
}

bool what_if_full(const struct what_if *w)
{
	return w->waiting.len + w->gathered.len > WHAT_IF_HELD + (1 << 16);
}
