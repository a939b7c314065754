/*
 * TCP connections: which segment belongs to which.
 *
 * A connection is found by its two endpoints, whichever way round a segment goes (connection_table.c). It begins with a SYN; a segment of one that is not
 * known begins it too, as joined in its middle: then the end with a well-known or else the lower port is taken for the server, which bytes may put
 * right (detect.c). A SYN that fits the first byte known of its sender belongs to the connection, be it a copy or a late one; any other is a new
 * connection that reuses the endpoints. So are segments both of whose numbers lie far from those of the open one, if two agree (stranger.h). One that has
 * ended (talk.c) stays in the table for a while, so that late copies of its segments start no new one.
 *
 * What stays is little: who it was, in one line of the cache (struct connection). What an open one needs besides (struct talk) goes when it
 * ends, and the next one gets memory that is in the cache still. When the table is full the least recently seen one goes.
 */
#include "capture/net/connection.h"

#include "base/pages.h"
#include "base/xalloc.h"
#include "capture/net/connection_table.h"

#include <stdlib.h>

enum { SPAN_SHIFT = 16 };

struct connections {
	struct connection_table table;
	struct talks talks;
	layer_maker *make;
	void *user;
	void (*gone)(void *user, uint32_t conn);
	void *gone_user;
	uintptr_t heap; /* pages_heap_watch: it grows with connections */
};

/* Of a connection that has ended, what tells late copies of its segments remains. */
static void keep_begin(struct connection *c, const struct talk *talk)
{
	c->closed = true;
	for (int d = 0; d < 2; d++) {
		const struct half *h = &talk->half[d];
		enum conn_end reset = talk_told(talk, (enum dir)d) == DIR_C2S ? CONN_RESET_BY_CLIENT : CONN_RESET_BY_SERVER;
		c->over |= (uint8_t)((h->fin || talk->info.end == reset) << d);
		uint64_t span = (h->in.next - (UINT64_C(1) << 32) - h->begin) >> SPAN_SHIFT;
		c->begun[d] = h->begun;
		c->begin[d] = h->begin;
		c->span[d] = span < UINT16_MAX ? (uint16_t)span : UINT16_MAX;
	}
}

/* An open connection ends. */
static void end_talk(struct connection *c, enum conn_end end, int64_t time)
{
	struct talk *talk = c->talk;
	talk_end(talk, end, time);
	keep_begin(c, talk);
	talk_part(talk);
}

static void forget(struct connections *t, uint32_t place, enum conn_end end, int64_t time)
{
	struct connection *c = connection_at(&t->table, place);
	if (!c->closed)
		end_talk(c, end, time);
	if (t->gone)
		t->gone(t->gone_user, c->number);
	connection_table_remove(&t->table, place);
}

static bool well_known(uint16_t port)
{
	static const uint16_t ports[] = { 80, 443, 3000, 8080, 8443, 50051 };
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* Is the sender of this first segment the client? */
static bool sender_is_client(const struct segment *seg, bool *guessed)
{
	*guessed = false;
	if (seg->flags & TCP_SYN)
		return !(seg->flags & TCP_ACK);
	if (well_known(seg->sport) != well_known(seg->dport))
		return well_known(seg->dport);
	*guessed = true;
	return seg->dport <= seg->sport;
}

static uint32_t add(struct connections *t, const struct key *k, uint32_t hash, const struct ip_packet *ip, const struct segment *seg,
		    bool src_is_lower, int64_t time)
{
	struct connections_counts *n = &t->talks.counts;
	if (t->table.count >= CONNECTIONS_MAX) {
		n->forgotten += !connection_at(&t->table, t->table.oldest)->closed;
		forget(t, t->table.oldest, CONN_FORGOTTEN, time);
	}
	uint32_t place = connection_table_add(&t->table, k, hash);
	struct connection *c = connection_at(&t->table, place);
	bool guessed, client = sender_is_client(seg, &guessed);
	n->connections++;
	c->number = (uint32_t)++n->stream.numbers;
	c->lower_is_client = client == src_is_lower;
	c->talk = talk_new(&t->talks, c->number, ip, seg, client, time);
	c->talk->of = c;
	c->talk->info.guessed = guessed;
	c->talk->layer = t->make(t->user, &c->talk->stream);
	pages_heap_watch(&t->heap, c->talk);
	return place;
}

/* Data of an ended connection are late copies, or were under way when the other end reset it; further off they are of another one, whose SYN the
 * capture lacks, or the reset was none. */
static bool is_beyond(const struct connection *c, const struct segment *seg, enum dir dir)
{
	if (!seg->payload_len || seg->flags & TCP_RST || !c->begun[dir] || c->span[dir] == UINT16_MAX)
		return false;
	uint32_t off = seg->seq - c->begin[dir];
	uint64_t most = ((uint64_t)c->span[dir] + 1) << SPAN_SHIFT;
	return off > most + (c->over >> dir & 1 ? 0 : IN_FLIGHT) && off < UINT32_MAX - IN_FLIGHT;
}

/* Does this segment begin another connection than the one that is known? A SYN with an acknowledgement does if it answers another SYN; a copy of the
 * SYN does if what came back was a reset alone: it is asked once more. */
static bool is_reuse(const struct connection *c, const struct segment *seg, enum dir dir)
{
	if (!(seg->flags & TCP_SYN))
		return c->closed && is_beyond(c, seg, dir);
	bool begun = c->closed ? c->begun[dir] : c->talk->half[dir].begun;
	uint32_t begin = c->closed ? c->begin[dir] : c->talk->half[dir].begin;
	if (begun && begin == seg->seq + 1)
		return c->closed && !(seg->flags & TCP_ACK) && !c->begun[!dir];
	if (!(seg->flags & TCP_ACK))
		return c->closed || begun;
	if (c->closed)
		return begun;
	const struct half *other = &c->talk->half[!dir];
	return begun && c->talk->half[dir].syn && other->begun && other->begin != seg->ack;
}

static bool is_stranger(const struct connection *c, const struct ip_packet *ip, const struct segment *seg, bool lower)
{
	return !c->closed && talk_is_stranger(c->talk, ip, seg, lower == c->lower_is_client ? DIR_C2S : DIR_S2C);
}

/* The connection of a segment, begun if need be; NULL if it can't begin one. */
static struct connection *connection_for(struct connections *t, const struct ip_packet *ip, const struct segment *seg, bool *lower,
					 int64_t time)
{
	struct key k = connection_key(ip, seg, lower);
	uint32_t hash = connection_hash(&t->table, &k), place = connection_table_find(&t->table, &k, hash);
	struct connection *c = connection_at(&t->table, place);
	if (c && !is_stranger(c, ip, seg, *lower) && is_reuse(c, seg, *lower == c->lower_is_client ? DIR_C2S : DIR_S2C)) {
		forget(t, place, CONN_FORGOTTEN, time);
		c = NULL;
	}
	if (!c) {
		if (seg->flags & TCP_RST)
			return NULL;
		place = add(t, &k, hash, ip, seg, *lower, time);
		c = connection_at(&t->table, place);
	}
	connection_table_touch(&t->table, place, hash);
	return c;
}

/* Data from before the first that is known of their sender: a capture that is not in order of time, which comes to an end before its beginning.
 * A keep-alive (see was_keepalive) lacks nothing. */
static bool is_from_before(const struct connection *c, const struct segment *seg, enum dir dir)
{
	const struct half *h = c->closed ? NULL : &c->talk->half[dir];
	if (!seg->payload_len || (h ? !h->begun : !c->begun[dir]))
		return false;
	uint32_t back = (h ? h->begin : c->begin[dir]) - seg->seq;
	return back && back <= IN_FLIGHT && (back > 1 || seg->payload_len > 1);
}

/* What strangers have in common with the segment that shows their connection. */
static uint64_t apart(uint32_t number, const struct segment *seg)
{
	return (uint64_t)number << 32 | seg->seq;
}

static struct connection_of meet(const struct connection *c, const struct ip_packet *ip, const struct segment *seg, enum dir dir,
				 int64_t time, int64_t at, struct stranger **met)
{
	*met = talk_meet(c->talk, ip, seg, time, at);
	return (struct connection_of){ 0, dir, apart(c->number, *met ? &(*met)->seg : seg) };
}

/* A segment as it comes, of whichever connection. Strangers are kept; *met: the one before, if this one agrees with it, to be fed anew. */
static struct connection_of take(struct connections *t, const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at,
				 struct stranger **met)
{
	bool lower, ended = false;
	enum conn_end end;
	struct connection *c = connection_for(t, ip, seg, &lower, time);
	if (!c)
		return (struct connection_of){ 0, DIR_C2S, 0 };
	enum dir dir = lower == c->lower_is_client ? DIR_C2S : DIR_S2C;
	struct connection_of is = { c->number, dir, 0 };
	t->talks.counts.from_before += is_from_before(c, seg, dir) && !(seg->flags & TCP_SYN);
	if (c->closed)
		t->talks.counts.old_segments += seg->payload.len > 0;
	else if (is_stranger(c, ip, seg, lower))
		is = meet(c, ip, seg, dir, time, at, met);
	else
		ended = talk_take(c->talk, seg, dir, time, at, &end);
	if (!c->closed)
		is.dir = talk_told(c->talk, dir);
	if (ended)
		end_talk(c, end, time);
	return is;
}

struct connection_of connections_feed(struct connections *t, const struct ip_packet *ip, const struct segment *seg, int64_t time,
				      int64_t at)
{
	struct stranger *met = NULL, *none = NULL;
	struct connection_of is = take(t, ip, seg, time, at, &met);
	if (!met)
		return is;
	forget(t, t->table.last, CONN_FORGOTTEN, met->time);
	take(t, &met->ip, &met->seg, met->time, met->at, &none);
	uint64_t shared = is.apart;
	is = take(t, ip, seg, time, at, &none);
	is.apart = shared;
	free(met);
	return is;
}

void connections_tick(struct connections *t, int64_t time)
{
	for (struct talk *talk = t->talks.waiting, *next; talk; talk = next) {
		next = talk->waiting_next;
		if (talk_tick(talk, time))
			end_talk(talk->of, CONN_OPEN, time);
	}
	talks_part_rested(&t->talks, time, false);
}

size_t connections_waiting(const struct connections *t)
{
	return t->talks.waiting_count;
}

void connections_finish(struct connections *t, int64_t time)
{
	for (struct connection *c = connection_at(&t->table, t->table.oldest); c; c = connection_at(&t->table, c->newer))
		if (!c->closed)
			end_talk(c, CONN_OPEN, time);
	talks_part_rested(&t->talks, time, true);
}

const struct connections_counts *connections_counts(const struct connections *t)
{
	return &t->talks.counts;
}

struct connections *connections_new(const struct sink *sink, const struct stream_limits *limits, layer_maker *make, void *user)
{
	struct connections *t = xcalloc(1, sizeof *t);
	connection_table_init(&t->table);
	t->talks.sink = sink;
	t->talks.limits = limits;
	t->make = make;
	t->user = user;
	return t;
}

void connections_on_forget(struct connections *t, void (*gone)(void *user, uint32_t conn), void *user)
{
	t->gone = gone;
	t->gone_user = user;
}

void connections_free(struct connections *t)
{
	if (!t)
		return;
	for (const struct connection *c = connection_at(&t->table, t->table.oldest); c; c = connection_at(&t->table, c->newer))
		if (!c->closed)
			talk_free(c->talk);
	talks_release(&t->talks);
	connection_table_release(&t->table);
	free(t);
}
