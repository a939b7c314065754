/*
 * What-ifs.
 *
 *	in ──> gathered: until a message is whole ──> dropped? reordered? twice? ──> waiting: until its time ──> out
 *
 * Each message in `waiting` has a due time and the number of its bytes; what is not chosen is due at once, but never before what stands
 * in front of it: only reordering changes the order.
 */
#include "capture/proxy/what_if.h"

#include "base/when.h"
#include "base/xalloc.h"

#include <stdlib.h>

struct due {
	int64_t time;
	size_t bytes;
};

struct what_if {
	const struct what_if_options *o;
	struct buf gathered, swapped; /* a message that is not whole; one that waits for the next to pass it */
	struct buf waiting, dues;     /* messages, and a struct due for each */
	int64_t swapped_time;         /* when that one is due at the earliest */
	bool through;                 /* no changes any more */
};

bool what_if_wanted(const struct what_if_options *o)
{
	return *o->drop || o->delay || o->reorder || o->duplicate;
}

void what_if_describe(struct buf *out, const struct what_if_options *o)
{
	buf_addf(out, "WHAT IF: %s, ", o->on == DIR_S2C ? "from server to client" : "from client to server");
	if (*o->only)
		buf_addf(out, "%s messages are changed:", o->only);
	else
		buf_add_str(out, "messages are changed:");
	if (*o->drop)
		buf_addf(out, " %s is dropped", o->drop);
	if (o->delay) {
		buf_add_str(out, " delayed by ");
		when_add_span(out, o->delay);
	}
	buf_addf(out, "%s%s", o->reorder ? " reordered" : "", o->duplicate ? " sent twice" : "");
}

struct what_if *what_if_new(const struct what_if_options *o)
{
	struct what_if *w = xcalloc(1, sizeof *w);
	w->o = o;
	return w;
}

void what_if_free(struct what_if *w)
{
	if (!w)
		return;
	buf_release(&w->gathered);
	buf_release(&w->swapped);
	buf_release(&w->waiting);
	buf_release(&w->dues);
	free(w);
}

static uint64_t read_varint(struct cursor *c)
{
	uint64_t n = 0;
	for (int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cursor_u8(c);
		n |= (uint64_t)(byte & 127) << shift;
		if (!(byte & 128))
			break;
	}
	return n;
}

/* The command of an Envelope, field 1, wherever it stands; empty if there is none. */
static struct slice command_of(struct slice envelope)
{
	struct cursor c = cursor_of(envelope);
	while (c.rest.len && !c.short_) {
		uint64_t tag = read_varint(&c);
		struct slice value = { 0 };
		switch (tag & 7) {
		case 0: read_varint(&c); break;
		case 1: cursor_take(&c, 8); break;
		case 5: cursor_take(&c, 4); break;
		case 2: value = cursor_take(&c, (size_t)read_varint(&c)); break;
		default: return value;
		}
		if (tag == (1 << 3 | 2))
			return value;
	}
	return (struct slice){ 0 };
}

static void wait_until(struct what_if *w, struct slice message, int64_t time)
{
	struct due d = { time, message.len };
	buf_add(&w->waiting, message);
	buf_add(&w->dues, slice_of(&d, sizeof d));
}

/* A message that was chosen, as often as it is passed on. */
static void wait_chosen(struct what_if *w, struct slice message, int64_t time)
{
	wait_until(w, message, time);
	if (w->o->duplicate)
		wait_until(w, message, time);
}

static void let_swapped_go(struct what_if *w)
{
	if (w->swapped.len)
		wait_chosen(w, buf_slice(&w->swapped), w->swapped_time);
	buf_clear(&w->swapped);
}

/* A whole message, its length in front. */
static void take_message(struct what_if *w, struct slice message, int64_t now)
{
	const struct what_if_options *o = w->o;
	struct slice command = command_of(slice_skip(message, 4));
	bool chosen = !*o->only || slice_is(command, o->only);
	if (*o->drop && slice_is(command, o->drop))
		return;
	if (chosen && o->reorder && !w->swapped.len) {
		buf_add(&w->swapped, message);
		w->swapped_time = now + o->delay;
		return;
	}
	if (chosen)
		wait_chosen(w, message, now + o->delay);
	else
		wait_until(w, message, now);
	let_swapped_go(w);
}

/* Cuts messages off the front of what was gathered. */
static void cut(struct what_if *w, int64_t now)
{
	size_t at = 0;
	while (!w->through) {
		struct slice rest = slice_skip(buf_slice(&w->gathered), at);
		struct cursor c = cursor_of(rest);
		uint64_t size = cursor_le32(&c);
		if (c.short_ || (size <= WHAT_IF_HELD && size > c.rest.len))
			break;
		w->through = size > WHAT_IF_HELD;
		if (w->through)
			break;
		take_message(w, slice_head(rest, 4 + (size_t)size), now);
		at += 4 + (size_t)size;
	}
	buf_consume(&w->gathered, at);
}

bool what_if_due(struct what_if *w, int64_t now, bool over, struct buf *out)
{
	size_t bytes = 0, n = 0;
	if (over || w->through)
		let_swapped_go(w);
	size_t count = w->dues.len / sizeof(struct due);
	for (; n < count; n++) {
		struct due d;
		memcpy(&d, w->dues.at + n * sizeof d, sizeof d);
		if (d.time > now)
			break;
		bytes += d.bytes;
	}
	buf_add(out, slice_head(buf_slice(&w->waiting), bytes));
	buf_consume(&w->waiting, bytes);
	buf_consume(&w->dues, n * sizeof(struct due));
	if ((!over && !w->through) || n < count)
		return n < count;
	buf_add(out, buf_slice(&w->gathered));
	buf_clear(&w->gathered);
	return false;
}

void what_if_feed(struct what_if *w, struct slice in, int64_t now, struct buf *out)
{
	buf_add(&w->gathered, in);
	cut(w, now);
	what_if_due(w, now, false, out);
}

bool what_if_full(const struct what_if *w)
{
	return w->waiting.len + w->gathered.len > WHAT_IF_HELD + (1 << 16);
}
