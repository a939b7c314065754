/*
 * Reassembly: one direction's bytes in order.
 *
 *	      next                early[0]        early[1]
 *	... ───┤·······hole·········├─────────┤····├───┤
 *	handed on                   waiting        waiting
 *
 * `next` starts one 2^32 above the first sequence number, so that bytes before it have offsets too. A segment at or below next is
 * handed on in place, without a copy; one above it is copied, less what is there already, and waits. While any waits, all that
 * comes goes that way, so that there is one place where copies meet.
 *
 * When is a hole lost? The receiver's acknowledgement of it proves that the bytes were on the wire, so if they do not follow within PATIENCE
 * packets of the connection and PATIENCE_LEAST_NS, or within PATIENCE_NS, the capture has lost them (a capture may see packets out of order, but not by
 * that much). At a high rate packets alone say little: two captures whose clocks differ by some milliseconds are out of step by hundreds of them.
 * Without an acknowledgement they may still be sent again, so it takes longer: until the limits force it or the connection ends. Bytes that were in a
 * packet which the capture cut are lost at once: it has seen them. But where something came twice there may be another copy, not cut, as of two captures
 * with different snapshot lengths that are read as one: that is waited for, for PATIENCE_COPY_NS, and an early segment without bytes marks the place.
 * A segment that waits only for the other direction is let go with the same patience. The end of the stream waits as an early segment
 * without bytes, so that a hole before it is given up like any other.
 */
#include "capture/net/reassembly.h"

#include "base/when.h"
#include "base/xalloc.h"

#include <stdlib.h>

enum { PATIENCE = 64 };
#define PATIENCE_NS ((int64_t)NS_PER_S)
#define PATIENCE_LEAST_NS ((int64_t)NS_PER_S / 4)
#define PATIENCE_ONE_WAY_NS (3 * (int64_t)NS_PER_S)
#define PATIENCE_UNACKED_NS (120 * (int64_t)NS_PER_S)
#define PATIENCE_COPY_NS ((int64_t)NS_PER_S / 100)

struct early {
	uint64_t from;
	uint64_t needs; /* the other direction's offset that must be handed on before; 0: none */
	bool cut;       /* what is missing before it was in packets that the capture cut */
	size_t len;
	int64_t at, time;
	uint32_t acked_tick; /* when the bytes before it were acknowledged: the connection's packet, the time */
	int64_t acked_time;
	uint8_t bytes[];
};

void reassembly_release(struct reassembly *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->early[i]);
	free(r->early);
	*r = (struct reassembly){ .other = r->other };
}

void reassembly_start(struct reassembly *r, uint32_t seq)
{
	reassembly_release(r);
	r->known = true;
	r->next = (UINT64_C(1) << 32) + seq;
	r->end = UINT64_MAX;
}

uint64_t reassembly_offset(const struct reassembly *r, uint32_t seq)
{
	return r->next + (uint64_t)(int64_t)(int32_t)(seq - (uint32_t)r->next);
}

/* Early segments whose hole is acknowledged by now learn since when. */
static void stamp(struct reassembly *r, int64_t time)
{
	for (; r->stamped < r->count && r->early[r->stamped]->from <= r->acked; r->stamped++) {
		r->early[r->stamped]->acked_tick = r->ticks;
		r->early[r->stamped]->acked_time = time;
	}
}

void reassembly_ack(struct reassembly *r, uint32_t ack, int64_t time)
{
	if (!r->known)
		return;
	uint64_t to = reassembly_offset(r, ack);
	if (to > r->acked)
		r->acked = to;
	stamp(r, time);
}

/* How many early segments begin below offset. */
static size_t early_below(const struct reassembly *r, uint64_t offset)
{
	size_t low = 0, high = r->count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (r->early[mid]->from < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint64_t early_end(const struct early *e)
{
	return e->from + e->len;
}

static void early_insert(struct reassembly *r, size_t i, uint64_t from, struct chunk c, uint64_t needs)
{
	if (r->count == r->cap) {
		r->cap = (uint16_t)(r->cap ? 2 * r->cap : 8);
		r->early = xreallocarray(r->early, r->cap, sizeof *r->early);
	}
	struct early *e = xmalloc(sizeof *e + c.bytes.len);
	e->from = from;
	e->needs = needs;
	e->cut = false;
	e->len = c.bytes.len;
	e->at = c.at;
	e->time = c.time;
	if (c.bytes.len)
		memcpy(e->bytes, c.bytes.at, c.bytes.len);
	memmove(r->early + i + 1, r->early + i, (r->count - i) * sizeof *r->early);
	r->early[i] = e;
	r->count++;
	r->bytes += (uint32_t)(sizeof *e + c.bytes.len);
	if (i < r->stamped) {
		e->acked_tick = r->ticks;
		e->acked_time = c.time;
		r->stamped++;
	}
}

/* Keeps those bytes of c (at offset `from`) that are not there yet. */
static void keep(struct reassembly *r, struct reassembly_counts *n, uint64_t from, struct chunk c, uint64_t needs)
{
	size_t i = early_below(r, from);
	if (i && early_end(r->early[i - 1]) > from)
		i--;
	while (c.bytes.len) {
		const struct early *e = i < r->count ? r->early[i] : NULL;
		size_t room = e && e->from < from + c.bytes.len ? (e->from > from ? (size_t)(e->from - from) : 0) : c.bytes.len;
		if (room) {
			early_insert(r, i++, from, chunk_head(c, room), needs);
			c = chunk_skip(c, room);
			from += room;
		}
		if (!c.bytes.len)
			break;
		uint64_t covered = early_end(r->early[i]) - from;
		size_t drop = covered < c.bytes.len ? (size_t)covered : c.bytes.len;
		n->duplicate_bytes += drop;
		c = chunk_skip(c, drop);
		from += drop;
		i++;
	}
}

/* Has the other direction got so far? */
static bool satisfied(const struct reassembly *r, uint64_t needs)
{
	return !needs || !r->other || !r->other->known || r->other->next >= needs;
}

static void hand_on(struct reassembly *r, const struct reassembly_out *out, struct chunk c)
{
	r->next += c.bytes.len;
	*out->handed = c.time;
	out->bytes(out->user, c);
}

/* Hands on the early segments that are in order now. None is earlier than what it waited for: the bytes before it, or those of the other direction,
 * of which the latest are of the time `not_before`. */
static void drain(struct reassembly *r, const struct reassembly_out *out, int64_t not_before)
{
	size_t i = 0;
	for (; i < r->count && r->early[i]->from == r->next && satisfied(r, r->early[i]->needs); i++) {
		struct early *e = r->early[i];
		int64_t before = *out->handed > not_before ? *out->handed : not_before;
		r->bytes -= (uint32_t)(sizeof *e + e->len);
		if (e->len)
			hand_on(r, out, (struct chunk){ slice_of(e->bytes, e->len), e->at, e->time > before ? e->time : before });
		free(e);
	}
	if (!i)
		return;
	r->count -= (uint16_t)i;
	r->stamped = (uint16_t)(r->stamped > i ? r->stamped - i : 0);
	memmove(r->early, r->early + i, r->count * sizeof *r->early);
}

bool reassembly_resume(struct reassembly *r, const struct reassembly_out *out, int64_t not_before)
{
	size_t before = r->count;
	drain(r, out, not_before);
	return r->count < before;
}

/* What is missing before offset `to` is lost. It is told of with the time of what was captured behind it, and not with that at which the waiting ended.
 * What comes first behind it may still wait for the other direction; where nothing is missing it has waited for that, and goes if it is in vain: the
 * other one may be able to go on by now. */
static void lose(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, uint64_t to, int64_t time)
{
	uint64_t missing = to - r->next;
	r->next = to;
	if (missing) {
		n->gaps++;
		n->gap_bytes += missing;
		out->gap(out->user, missing, r->count && r->early[0]->from == to ? r->early[0]->time : time);
	}
	if (out->resume_other)
		out->resume_other(out->user);
	if (!missing && r->count && r->early[0]->from == to)
		r->early[0]->needs = 0;
	drain(r, out, 0);
}

void reassembly_add(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, uint32_t seq, struct chunk c,
		    uint64_t needs)
{
	uint64_t from = reassembly_offset(r, seq);
	if (from < r->next) {
		uint64_t over = r->next - from;
		size_t drop = over < c.bytes.len ? (size_t)over : c.bytes.len;
		n->duplicate_bytes += drop;
		n->copied = n->copied || drop;
		c = chunk_skip(c, drop);
		from += drop;
	}
	if (r->end < from + c.bytes.len) {
		size_t room = r->end > from ? (size_t)(r->end - from) : 0;
		n->duplicate_bytes += c.bytes.len - room;
		c = chunk_head(c, room);
	}
	if (!c.bytes.len)
		return;
	bool waits = r->count && r->early[0]->from == r->next;
	bool in_order = from == r->next && !waits && satisfied(r, needs);
	if (in_order && !r->count) {
		hand_on(r, out, c);
		return;
	}
	n->out_of_order += !in_order && !(r->count && r->early[0]->cut);
	keep(r, n, from, c, needs);
	stamp(r, c.time);
	drain(r, out, 0);
	while (r->count > REASSEMBLY_SEGMENTS || r->bytes > REASSEMBLY_BYTES)
		lose(r, out, n, r->early[0]->from, c.time);
}

/* An early segment without bytes marks where what was cut ends, unless bytes in front of it are missing, too. */
static void wait_for_copy(struct reassembly *r, uint64_t from, uint64_t to, int64_t time)
{
	size_t i = early_below(r, to);
	uint64_t there = i ? early_end(r->early[i - 1]) : r->next;
	bool marked = i < r->count && r->early[i]->from == to && r->early[i]->cut;
	if (marked || there < from || there >= to)
		return;
	early_insert(r, i, to, (struct chunk){ { NULL, 0 }, -1, time }, 0);
	r->early[i]->cut = true;
	stamp(r, time);
}

void reassembly_cut(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, uint32_t seq, uint32_t end,
		    int64_t time)
{
	uint64_t from = reassembly_offset(r, seq), to = reassembly_offset(r, end);
	if (r->end < to)
		to = r->end;
	if (n->copied) {
		wait_for_copy(r, from, to, time);
		return;
	}
	if (r->count && r->early[0]->from < to)
		to = r->early[0]->from;
	if (from <= r->next && r->next < to)
		lose(r, out, n, to, time);
}

uint64_t reassembly_last(const struct reassembly *r)
{
	return r->count ? early_end(r->early[r->count - 1]) : r->next;
}

/* Drops the early bytes from offset `end` on. */
static void drop_behind(struct reassembly *r, struct reassembly_counts *n, uint64_t end)
{
	while (r->count && early_end(r->early[r->count - 1]) > end) {
		struct early *e = r->early[r->count - 1];
		size_t keep_len = e->from < end ? (size_t)(end - e->from) : 0;
		n->duplicate_bytes += e->len - keep_len;
		r->bytes -= (uint32_t)(e->len - keep_len);
		e->len = keep_len;
		if (keep_len)
			break;
		r->bytes -= (uint32_t)sizeof *e;
		free(e);
		r->count--;
	}
	r->stamped = r->stamped < r->count ? r->stamped : r->count;
}

void reassembly_end(struct reassembly *r, struct reassembly_counts *n, uint32_t seq, int64_t time)
{
	uint64_t end = reassembly_offset(r, seq);
	r->end = end > r->next ? end : r->next;
	drop_behind(r, n, r->end);
	if (r->end > r->next)
		early_insert(r, r->count, r->end, (struct chunk){ { NULL, 0 }, -1, time }, 0);
	stamp(r, time);
}

/* The bytes before it are acknowledged: was there time enough for them to come? Where the clock stands still, or goes back, packets have to do. */
static bool is_overdue(const struct early *e, uint32_t ticks, int64_t time)
{
	int64_t passed = time - e->acked_time;
	bool little = passed && passed <= PATIENCE_LEAST_NS && passed >= -PATIENCE_LEAST_NS;
	return passed > PATIENCE_NS || (ticks - e->acked_tick > PATIENCE && !little);
}

/* Is what is missing before the first early segment lost? While more of it comes, last at the time `handed`, the rest can, too. */
static bool is_lost(const struct reassembly *r, int64_t handed, int64_t time, bool one_way)
{
	const struct early *e = r->early[0];
	int64_t since = handed > e->time ? handed : e->time;
	if (e->cut && time - e->time > PATIENCE_COPY_NS)
		return true;
	if (r->stamped)
		return is_overdue(e, r->ticks, time);
	return time - since > (one_way ? PATIENCE_ONE_WAY_NS : PATIENCE_UNACKED_NS);
}

bool reassembly_tick(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, int64_t time, bool one_way)
{
	if (!r->count || !is_lost(r, *out->handed, time, one_way))
		return false;
	lose(r, out, n, r->early[0]->from, time);
	return true;
}

int64_t reassembly_waiting(const struct reassembly *r)
{
	return r->count ? r->early[0]->time : INT64_MAX;
}

void reassembly_give_up(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, int64_t time)
{
	lose(r, out, n, r->early[0]->from, time);
}

void reassembly_flush(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, uint64_t until, int64_t time)
{
	while (r->count && r->early[0]->from <= until)
		lose(r, out, n, r->early[0]->from, time);
	if (until != UINT64_MAX && until > r->next)
		lose(r, out, n, until, time);
}
