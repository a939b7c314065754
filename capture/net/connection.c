/*
 * TCP connections.
 *
 * A connection is found by its two endpoints, whichever way round a segment goes. It begins with a SYN; a segment of one that is not
 * known begins it too, as joined in its middle: then the end with a well-known or else the lower port is taken for the server. A SYN
 * that fits the first byte known of its sender belongs to the connection, be it a copy or a late one; any other is a new connection
 * that reuses the endpoints. It ends with both FINs handed on, or an RST; it then stays in the table for a while, so that late copies
 * of its segments start no new one.
 *
 * The table is flat with open addressing, and has the hashes beside the pointers, so that a search reads a line of the table and then the
 * connection it finds, no other; it grows with the connections, since a small one stays in the cache. A list by age makes the least recently seen one go when the table is full; those of
 * which something waits for missing bytes are in a list besides, so that time passes for them alone. Streams of a connection are fed in this order for each segment: its acknowledgement (for the other direction), its bytes, its FIN or RST.
 */
#include "capture/net/connection.h"

#include "base/hash.h"
#include "base/pages.h"
#include "base/xalloc.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1024 };

struct key {
	uint8_t addr[2][16]; /* the smaller endpoint first */
	uint16_t port[2];
};

struct half {
	struct reassembly in;    /* what it sends */
	bool seen;               /* any packet of it was captured */
	bool begun, syn;         /* its first byte is known, from a SYN … */
	uint32_t begin;          /* … and has this sequence number */
	bool fin;                /* it has sent a FIN */
	bool ended;              /* its layer_end was called */
};

/* What a search reads stands in front, in one line of the cache. */
struct connection {
	uint64_t hash;
	struct key key;
	struct conn_info info;
	bool lower_is_client;    /* key's first endpoint is the client */
	bool closed;
	enum conn_end closer;    /* whose FIN was handed on first */
	struct half half[2];     /* by the direction in which it sends */
	struct stream stream;
	struct layer *layer;
	struct connections *table;
	enum dir feeding;        /* the direction that reassembly hands bytes of */
	struct connection *older, *newer;
	struct connection *waiting_next, **waiting_at; /* in the list of those that wait; NULL: not there */
};

struct slot {
	uint64_t hash;
	struct connection *c; /* NULL: empty */
};

struct connections {
	struct slot *slot;
	size_t slots; /* a power of two, at least twice the connections */
	struct connection *newest, *oldest;
	struct connection *waiting;
	struct connection *last; /* of the segment before */
	size_t count;
	const struct sink *sink;
	const struct stream_limits *limits;
	uint64_t hash_key;
	layer_maker *make;
	void *user;
	void (*gone)(void *user, uint32_t conn);
	void *gone_user;
	uintptr_t heap; /* pages_heap_watch: it grows with connections */
	struct connections_counts counts;
};

static struct key key_of(const struct ip_packet *ip, const struct segment *seg, bool *src_is_lower)
{
	struct key k = { 0 };
	int order = memcmp(ip->src, ip->dst, 16);
	bool lower = order < 0 || (order == 0 && seg->sport <= seg->dport);
	memcpy(k.addr[!lower], ip->src, 16);
	memcpy(k.addr[lower], ip->dst, 16);
	k.port[!lower] = seg->sport;
	k.port[lower] = seg->dport;
	*src_is_lower = lower;
	return k;
}

static void list_remove(struct connections *t, struct connection *c)
{
	*(c->newer ? &c->newer->older : &t->newest) = c->older;
	*(c->older ? &c->older->newer : &t->oldest) = c->newer;
}

static void list_add(struct connections *t, struct connection *c)
{
	c->older = t->newest;
	c->newer = NULL;
	*(t->newest ? &t->newest->newer : &t->oldest) = c;
	t->newest = c;
}

static void waiting_remove(struct connection *c)
{
	if (!c->waiting_at)
		return;
	*c->waiting_at = c->waiting_next;
	if (c->waiting_next)
		c->waiting_next->waiting_at = c->waiting_at;
	c->waiting_at = NULL;
}

static void waiting_add(struct connections *t, struct connection *c)
{
	if (c->waiting_at)
		return;
	c->waiting_next = t->waiting;
	c->waiting_at = &t->waiting;
	if (t->waiting)
		t->waiting->waiting_at = &c->waiting_next;
	t->waiting = c;
}

static bool is_it(const struct connection *c, const struct key *k, uint64_t hash)
{
	return c->hash == hash && memcmp(&c->key, k, sizeof *k) == 0;
}

/* What a packet will need of its connection: several lines of the cache at once instead of one after the other. */
static void prefetch(const struct connection *c)
{
	__builtin_prefetch(&c->key.port);
	__builtin_prefetch(&c->half[0]);
	__builtin_prefetch(&c->half[1]);
	__builtin_prefetch(&c->layer);
}

static struct connection *find(struct connections *t, const struct key *k, uint64_t hash)
{
	if (t->last && is_it(t->last, k, hash))
		return t->last;
	size_t mask = t->slots - 1;
	for (size_t i = hash & mask; t->slot[i].c; i = (i + 1) & mask) {
		if (t->slot[i].hash != hash)
			continue;
		prefetch(t->slot[i].c);
		if (is_it(t->slot[i].c, k, hash))
			return t->slot[i].c;
	}
	return NULL;
}

static void put(struct slot *slot, size_t slots, struct connection *c)
{
	size_t i = c->hash & (slots - 1);
	while (slot[i].c)
		i = (i + 1) & (slots - 1);
	slot[i] = (struct slot){ c->hash, c };
}

static void table_add(struct connections *t, struct connection *c)
{
	if (t->slots < 2 * (t->count + 1)) {
		size_t slots = 2 * t->slots;
		struct slot *bigger = xcalloc(slots, sizeof *bigger);
		for (size_t i = 0; i < t->slots; i++)
			if (t->slot[i].c)
				put(bigger, slots, t->slot[i].c);
		free(t->slot);
		t->slot = bigger;
		t->slots = slots;
	}
	put(t->slot, t->slots, c);
	t->count++;
}

/* What stands behind it moves up, as far as it was displaced: no tombstones. */
static void table_remove(struct connections *t, const struct connection *c)
{
	size_t mask = t->slots - 1, hole = c->hash & mask;
	while (t->slot[hole].c != c)
		hole = (hole + 1) & mask;
	for (size_t i = (hole + 1) & mask; t->slot[i].c; i = (i + 1) & mask) {
		if (((i - t->slot[i].hash) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole].c = NULL;
	t->count--;
}

static void out_bytes(void *user, struct chunk chunk)
{
	struct connection *c = user;
	const struct half *other = &c->half[!c->feeding];
	if (!c->layer)
		return;
	c->info.settled[c->feeding] = other->in.acked <= other->in.next || other->in.next == other->in.end;
	layer_feed(c->layer, c->feeding, chunk);
}

static void out_gap(void *user, uint64_t n, int64_t time)
{
	struct connection *c = user;
	if (!c->layer)
		return;
	stream_news(&c->stream, NEWS_GAP, c->feeding, time, n, NULL);
	layer_gap(c->layer, c->feeding, n, time);
}

static struct reassembly_out out_of(struct connection *c, enum dir dir)
{
	c->feeding = dir;
	return (struct reassembly_out){ c, out_bytes, out_gap };
}

static void end_half(struct connection *c, enum dir dir, int64_t time)
{
	if (!c->half[dir].ended && c->layer)
		layer_end(c->layer, dir, time);
	c->half[dir].ended = true;
}

/* Hands on FINs before which nothing is missing. True if both directions have ended. */
static bool end_halves(struct connection *c, int64_t time)
{
	for (int d = 0; d < 2; d++) {
		struct half *h = &c->half[d];
		if (!h->fin || h->ended || h->in.next < h->in.end)
			continue;
		if (c->closer == CONN_OPEN)
			c->closer = d == DIR_C2S ? CONN_CLOSED_BY_CLIENT : CONN_CLOSED_BY_SERVER;
		if (c->half[!d].ended)
			c->info.end = c->closer;
		end_half(c, (enum dir)d, time);
	}
	return c->half[0].ended && c->half[1].ended;
}

/* Gives up what is missing. The last byte that was acknowledged and never came is taken for a FIN. */
static void flush_half(struct connection *c, enum dir dir, int64_t time)
{
	struct half *h = &c->half[dir];
	struct reassembly_out out = out_of(c, dir);
	struct reassembly_counts *n = &c->table->counts.reassembly;
	if (!h->in.known || h->ended)
		return;
	reassembly_flush(&h->in, &out, n, h->in.end, time);
	if (!h->fin && h->in.acked > h->in.next)
		reassembly_flush(&h->in, &out, n, h->in.acked - 1, time);
}

/* Nothing more comes of it: what waits is handed on, the sink is told, the layers go. `end` counts if not both FINs are there. */
static void close_connection(struct connection *c, enum conn_end end, int64_t time)
{
	if (c->closed)
		return;
	flush_half(c, DIR_C2S, time);
	flush_half(c, DIR_S2C, time);
	c->info.end = end_halves(c, time) ? c->closer : end;
	end_half(c, DIR_C2S, time);
	end_half(c, DIR_S2C, time);
	c->closed = true;
	waiting_remove(c);
	c->table->sink->closed(c->table->sink->user, &c->info, time);
	layer_free(c->layer);
	c->layer = NULL;
	reassembly_release(&c->half[0].in);
	reassembly_release(&c->half[1].in);
}

static void forget(struct connections *t, struct connection *c, enum conn_end end, int64_t time)
{
	close_connection(c, end, time);
	table_remove(t, c);
	list_remove(t, c);
	if (t->last == c)
		t->last = NULL;
	if (t->gone)
		t->gone(t->gone_user, c->info.number);
	free(c);
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
static bool sender_is_client(const struct segment *seg)
{
	if (seg->flags & TCP_SYN)
		return !(seg->flags & TCP_ACK);
	if (well_known(seg->sport) != well_known(seg->dport))
		return well_known(seg->dport);
	return seg->dport <= seg->sport;
}

static struct endpoint endpoint_of(const uint8_t addr[16], uint8_t family, uint16_t port)
{
	struct endpoint e = { .family = family, .port = port };
	memcpy(e.addr, addr, 16);
	return e;
}

static struct connection *add(struct connections *t, const struct key *k, uint64_t hash, const struct ip_packet *ip,
			      const struct segment *seg, bool src_is_lower, int64_t time)
{
	if (t->count >= CONNECTIONS_MAX) {
		t->counts.forgotten += !t->oldest->closed;
		forget(t, t->oldest, CONN_FORGOTTEN, time);
	}
	struct connection *c = xcalloc(1, sizeof *c);
	pages_heap_watch(&t->heap, c);
	bool client = sender_is_client(seg);
	c->key = *k;
	c->hash = hash;
	c->table = t;
	c->lower_is_client = client == src_is_lower;
	t->counts.connections++;
	c->info.number = c->info.carrier = (uint32_t)++t->counts.stream.numbers;
	c->info.ends[client ? DIR_C2S : DIR_S2C] = endpoint_of(ip->src, ip->family, seg->sport);
	c->info.ends[client ? DIR_S2C : DIR_C2S] = endpoint_of(ip->dst, ip->family, seg->dport);
	c->info.opened = time;
	c->stream = (struct stream){ &c->info, t->sink, t->limits, &t->counts.stream };
	c->layer = t->make(t->user, &c->stream);
	c->half[0].in.other = &c->half[1].in;
	c->half[1].in.other = &c->half[0].in;
	table_add(t, c);
	list_add(t, c);
	return c;
}

/* Does this SYN begin another connection than the one that is known? */
static bool is_reuse(const struct connection *c, const struct segment *seg, enum dir dir)
{
	const struct half *h = &c->half[dir];
	if (!(seg->flags & TCP_SYN) || (h->begun && h->begin == seg->seq + 1))
		return false;
	if (seg->flags & TCP_ACK)
		return c->closed && h->begun;
	return c->closed || h->begun;
}

static void begin_half(struct half *h, uint32_t seq)
{
	h->begun = true;
	h->begin = seq;
	reassembly_start(&h->in, seq);
}

/* True if the segment follows an empty one that was a keep-alive, one byte back (RFC 9293, section 3.8.4), and with which the
 * direction was joined. */
static bool was_keepalive(const struct half *h, const struct segment *seg)
{
	return !h->syn && !h->fin && !h->in.count && (uint32_t)h->in.next == h->begin && seg->seq == h->begin + 1;
}

static void learn_start(struct connection *c, enum dir dir, const struct segment *seg)
{
	struct half *h = &c->half[dir];
	h->seen = true;
	if (seg->flags & TCP_SYN) {
		h->syn = c->info.start_seen = true;
		if (!h->begun)
			begin_half(h, seg->seq + 1);
	} else if (!(seg->flags & TCP_RST) && (!h->begun || was_keepalive(h, seg))) {
		begin_half(h, seg->seq);
	}
}

/* What of the other direction the sender of a segment had received: it can't answer more than that. */
static uint64_t needs_of(const struct connection *c, const struct segment *seg, enum dir dir)
{
	const struct half *other = &c->half[!dir];
	if (!(seg->flags & TCP_ACK) || !other->in.known)
		return 0;
	uint64_t needs = reassembly_offset(&other->in, seg->ack);
	return needs < other->in.end ? needs : other->in.end;
}

/* One direction has got on; the other may have waited for that, and then the first again. */
static void resume(struct connection *c, enum dir dir, int64_t time)
{
	bool more = true;
	for (; more; dir = !dir) {
		struct reassembly_out out = out_of(c, dir);
		more = reassembly_resume(&c->half[dir].in, &out, time);
	}
}

static bool waits(const struct connection *c)
{
	return reassembly_waits(&c->half[0].in) || reassembly_waits(&c->half[1].in);
}

static void take_bytes(struct connection *c, const struct segment *seg, enum dir dir, int64_t time, int64_t at)
{
	struct half *h = &c->half[dir];
	struct connections_counts *n = &c->table->counts;
	struct reassembly_out out = out_of(c, dir);
	uint32_t seq = seg->seq + ((seg->flags & TCP_SYN) != 0);
	if (seg->payload.len) {
		n->segments++;
		reassembly_add(&h->in, &out, &n->reassembly, seq, (struct chunk){ seg->payload, at, time }, needs_of(c, seg, dir));
	}
	if ((seg->flags & TCP_FIN) && !h->fin) {
		h->fin = true;
		reassembly_end(&h->in, &n->reassembly, seq + seg->payload_len, time);
	}
}

/* Missing bytes of either direction may count as lost by now. */
static void tick(struct connection *c, int64_t time, bool packet)
{
	for (int d = 0; d < 2; d++) {
		struct half *h = &c->half[d];
		struct reassembly_out out = out_of(c, (enum dir)d);
		reassembly_tick(&h->in, &out, &c->table->counts.reassembly, time, !c->half[!d].seen, packet);
	}
	resume(c, DIR_C2S, time);
	resume(c, DIR_S2C, time);
}

/* The connection of a segment, begun if need be; NULL if it can't begin one. */
static struct connection *connection_for(struct connections *t, const struct ip_packet *ip, const struct segment *seg, bool *lower, int64_t time)
{
	struct key k = key_of(ip, seg, lower);
	uint64_t hash = hash_bytes(slice_of(&k, sizeof k), t->hash_key);
	struct connection *c = find(t, &k, hash);
	if (c && is_reuse(c, seg, *lower == c->lower_is_client ? DIR_C2S : DIR_S2C)) {
		forget(t, c, CONN_FORGOTTEN, time);
		c = NULL;
	}
	if (!c) {
		if (seg->flags & TCP_RST)
			return NULL;
		c = add(t, &k, hash, ip, seg, *lower, time);
	}
	t->last = c;
	if (c != t->newest) {
		list_remove(t, c);
		list_add(t, c);
	}
	return c;
}

struct connection_of connections_feed(struct connections *t, const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at)
{
	bool lower;
	struct connection *c = connection_for(t, ip, seg, &lower, time);
	if (!c)
		return (struct connection_of){ 0, DIR_C2S };
	enum dir dir = lower == c->lower_is_client ? DIR_C2S : DIR_S2C;
	struct connection_of is = { c->info.number, dir };
	if (c->closed) {
		t->counts.old_segments += seg->payload.len > 0;
		return is;
	}
	learn_start(c, dir, seg);
	if (seg->flags & TCP_ACK)
		reassembly_ack(&c->half[!dir].in, seg->ack, time);
	if (!(seg->flags & TCP_RST))
		take_bytes(c, seg, dir, time, at);
	if (waits(c))
		tick(c, time, true);
	if (seg->flags & TCP_RST)
		close_connection(c, dir == DIR_C2S ? CONN_RESET_BY_CLIENT : CONN_RESET_BY_SERVER, time);
	else if ((c->half[0].fin || c->half[1].fin) && end_halves(c, time))
		close_connection(c, CONN_OPEN, time);
	else if (waits(c))
		waiting_add(t, c);
	return is;
}

void connections_tick(struct connections *t, int64_t time)
{
	for (struct connection *c = t->waiting, *next; c; c = next) {
		next = c->waiting_next;
		tick(c, time, false);
		if (end_halves(c, time))
			close_connection(c, CONN_OPEN, time);
		else if (!waits(c))
			waiting_remove(c);
	}
}

void connections_finish(struct connections *t, int64_t time)
{
	for (struct connection *c = t->oldest; c; c = c->newer)
		close_connection(c, CONN_OPEN, time);
}

const struct connections_counts *connections_counts(const struct connections *t)
{
	return &t->counts;
}

struct connections *connections_new(const struct sink *sink, const struct stream_limits *limits, layer_maker *make, void *user)
{
	struct connections *t = xcalloc(1, sizeof *t);
	t->slots = SLOTS_FIRST;
	t->slot = xcalloc(t->slots, sizeof *t->slot);
	t->hash_key = hash_new_key();
	t->sink = sink;
	t->limits = limits;
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
	while (t->oldest) {
		struct connection *c = t->oldest;
		list_remove(t, c); /* NOLINT(clang-analyzer-unix.Malloc): the list has no connection that was freed */
		layer_free(c->layer);
		reassembly_release(&c->half[0].in);
		reassembly_release(&c->half[1].in);
		free(c);
	}
	free(t->slot);
	free(t);
}
