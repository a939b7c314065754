/*
 * TCP connections.
 *
 * A connection is found by its two endpoints, whichever way round a segment goes. It begins with a SYN; a segment of one that is not
 * known begins it too, as joined in its middle: then the end with a well-known or else the lower port is taken for the server. A SYN
 * that fits the first byte known of its sender belongs to the connection, be it a copy or a late one; any other is a new connection
 * that reuses the endpoints. So are segments both of whose numbers lie far from those of the open one, if two agree (stranger.h). It ends
 * with both FINs handed on, or an RST; it then stays in the table for a while, so that late copies of its segments start no new one.
 *
 * What stays is little: who it was, in one line of the cache (struct connection). What an open one needs besides (struct talk) goes when it
 * ends, and the next one gets memory that is in the cache still.
 *
 * The table is flat with open addressing, and has parts of the hashes beside the places, so that a search reads a line of the table and then the
 * connection it finds, no other; it grows with the connections, since a small one stays in the cache. A list by age makes the least recently
 * seen one go when the table is full; those of which something waits for missing bytes are in a list besides, so that time passes for them
 * alone. Streams of a connection are fed in this order for each segment: its acknowledgement (for the other direction), its bytes, its FIN or RST.
 */
#include "capture/net/connection.h"

#include "base/bound.h"
#include "base/chunks.h"
#include "base/hash.h"
#include "base/pages.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "capture/net/stranger.h"

#include <stdlib.h>

enum { RESTING_MAX = BOUND(1024, 4) }; /* connections that have ended and wait for keys; of what is more, nothing is waited for */
#define REST_NS (10 * (int64_t)NS_PER_S)
#define UNSEEN_NS (3 * (int64_t)NS_PER_S) /* until a direction of which nothing came counts as not captured */
enum { SLOTS_FIRST = 1024, SPAN_SHIFT = 16 };

struct key {
	uint8_t addr[2][16]; /* the smaller endpoint first */
	uint16_t port[2];
};

/* Who a connection is. Others are named by their place in the pool, from 1; 0 is none. */
struct connection {
	struct key key;
	uint32_t number;
	uint32_t older, newer;   /* in the list by age; free: older is the next free one */
	bool lower_is_client;    /* key's first endpoint is the client */
	bool closed;
	bool begun[2];           /* closed: the first byte of that direction was known … */
	uint16_t span[2];        /* … and so many times 64 KiB, rounded down, were sent from there on; UINT16_MAX: 4 GiB or more */
	union {
		struct talk *talk;     /* open */
		uint32_t begin[2];     /* closed: … and had this sequence number */
	};
};
_Static_assert(sizeof(struct connection) <= 64, "a line of the cache");

/* What one direction sends: a line of the cache. */
struct half {
	struct reassembly in;
	bool seen : 1;           /* any packet of it was captured */
	bool begun : 1, syn : 1; /* its first byte is known, from a SYN … */
	bool fin : 1;            /* it has sent a FIN */
	bool ended : 1;          /* its layer_end was called */
	uint32_t begin;          /* … and has this sequence number */
};
_Static_assert(sizeof(struct half) <= 64, "a line of the cache");

/* An open connection. What each segment needs stands in front. */
struct talk {
	struct half half[2];     /* by the direction in which it sends */
	struct layer *layer;
	struct connections *table;
	bool unseen_told;        /* that nothing of a direction is captured */
	enum dir feeding;        /* the direction that reassembly hands bytes of */
	enum conn_end closer;    /* whose FIN was handed on first */
	int64_t handed[2];       /* time of what was handed on last in each direction */
	struct stream stream;
	struct conn_info info;
	struct connection *of;
	struct talk *waiting_next, **waiting_at; /* in the list of those that wait; NULL: not there */
	struct stranger *stranger; /* the segment before, if it was one; NULL: none */
	struct talk *resting_next;
	int64_t ended;
};

struct slot {
	uint32_t hash; /* its lower half */
	uint32_t at;   /* the connection; 0: empty */
};

struct connections {
	struct slot *slot;
	size_t slots; /* a power of two, at least twice the connections */
	struct chunks pool;
	uint32_t newest, oldest, free;
	struct talk *waiting;
	struct talk *resting; /* those that have ended and whose layer may still read what it keeps */
	size_t resting_count;
	uint32_t last, last_hash; /* of the segment before */
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

static uint32_t hash_of(const struct connections *t, const struct key *k)
{
	return (uint32_t)hash_bytes(slice_of(k, sizeof *k), t->hash_key);
}

static struct connection *connection_at(const struct connections *t, uint32_t place)
{
	return place ? chunks_at(&t->pool, place - 1) : NULL;
}

static void list_remove(struct connections *t, const struct connection *c)
{
	*(c->newer ? &connection_at(t, c->newer)->older : &t->newest) = c->older;
	*(c->older ? &connection_at(t, c->older)->newer : &t->oldest) = c->newer;
}

static void list_add(struct connections *t, struct connection *c, uint32_t place)
{
	c->older = t->newest;
	c->newer = 0;
	*(t->newest ? &connection_at(t, t->newest)->newer : &t->oldest) = place;
	t->newest = place;
}

static void waiting_remove(struct talk *talk)
{
	if (!talk->waiting_at)
		return;
	*talk->waiting_at = talk->waiting_next;
	if (talk->waiting_next)
		talk->waiting_next->waiting_at = talk->waiting_at;
	talk->waiting_at = NULL;
}

static void waiting_add(struct connections *t, struct talk *talk)
{
	if (talk->waiting_at)
		return;
	talk->waiting_next = t->waiting;
	talk->waiting_at = &t->waiting;
	if (t->waiting)
		t->waiting->waiting_at = &talk->waiting_next;
	t->waiting = talk;
}

/* What a packet will need of its connection: several lines of the cache at once instead of one after the other. */
static void prefetch(const struct connection *c)
{
	if (c->closed)
		return;
	__builtin_prefetch(&c->talk->half[0]);
	__builtin_prefetch(&c->talk->half[1]);
	__builtin_prefetch(&c->talk->layer);
	__builtin_prefetch(&c->talk->info.settled);
}

/* The place of the connection with that key; 0 if there is none. */
static uint32_t find(const struct connections *t, const struct key *k, uint32_t hash)
{
	if (t->last && t->last_hash == hash && memcmp(&connection_at(t, t->last)->key, k, sizeof *k) == 0)
		return t->last;
	size_t mask = t->slots - 1;
	for (size_t i = hash & mask; t->slot[i].at; i = (i + 1) & mask) {
		if (t->slot[i].hash != hash)
			continue;
		const struct connection *c = connection_at(t, t->slot[i].at);
		if (memcmp(&c->key, k, sizeof *k) != 0)
			continue;
		prefetch(c);
		return t->slot[i].at;
	}
	return 0;
}

static void put(struct slot *slot, size_t slots, struct slot s)
{
	size_t i = s.hash & (slots - 1);
	while (slot[i].at)
		i = (i + 1) & (slots - 1);
	slot[i] = s;
}

static void table_add(struct connections *t, uint32_t place, uint32_t hash)
{
	if (t->slots < 2 * (t->count + 1)) {
		size_t slots = 2 * t->slots;
		struct slot *bigger = xcalloc(slots, sizeof *bigger);
		for (size_t i = 0; i < t->slots; i++)
			if (t->slot[i].at)
				put(bigger, slots, t->slot[i]);
		free(t->slot);
		t->slot = bigger;
		t->slots = slots;
	}
	put(t->slot, t->slots, (struct slot){ hash, place });
	t->count++;
}

/* What stands behind it moves up, as far as it was displaced: no tombstones. */
static void table_remove(struct connections *t, uint32_t place, uint32_t hash)
{
	size_t mask = t->slots - 1, hole = hash & mask;
	while (t->slot[hole].at != place)
		hole = (hole + 1) & mask;
	for (size_t i = (hole + 1) & mask; t->slot[i].at; i = (i + 1) & mask) {
		if (((i - t->slot[i].hash) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole].at = 0;
	t->count--;
}

/* A place in the pool. */
static uint32_t take_place(struct connections *t)
{
	uint32_t place = t->free;
	if (!place) {
		chunks_add(&t->pool);
		return (uint32_t)t->pool.count;
	}
	t->free = connection_at(t, place)->older;
	return place;
}

static void out_bytes(void *user, struct chunk chunk)
{
	struct talk *talk = user;
	const struct half *other = &talk->half[!talk->feeding];
	if (!talk->layer)
		return;
	talk->info.one_way = !other->seen;
	talk->info.settled[talk->feeding] = other->in.known && (other->in.acked <= other->in.next || other->in.next == other->in.end);
	layer_feed(talk->layer, talk->feeding, chunk);
	talk->layer = layer_step_aside(talk->layer);
}

static void out_gap(void *user, uint64_t n, int64_t time)
{
	struct talk *talk = user;
	if (!talk->layer)
		return;
	stream_news(&talk->stream, NEWS_GAP, talk->feeding, time, n, NULL);
	layer_gap(talk->layer, talk->feeding, n, time);
}

/* Nothing of a direction is in the capture, though the other end would have said nothing without it. How much there was is not known. */
static void tell_unseen(struct talk *talk, enum dir dir, int64_t time)
{
	const struct half *h = &talk->half[dir], *other = &talk->half[!dir];
	bool spoke = other->in.known && other->in.next != (UINT64_C(1) << 32) + other->begin;
	if (h->seen || talk->unseen_told || !spoke)
		return;
	talk->unseen_told = true;
	talk->feeding = dir;
	talk->table->counts.reassembly.gaps++;
	out_gap(talk, 0, time);
}

static struct reassembly_out out_of(struct talk *talk, enum dir dir)
{
	talk->feeding = dir;
	return (struct reassembly_out){ talk, out_bytes, out_gap, &talk->handed[dir] };
}

static void end_half(struct talk *talk, enum dir dir, int64_t time)
{
	if (!talk->half[dir].ended && talk->layer)
		layer_end(talk->layer, dir, time);
	talk->half[dir].ended = true;
}

/* Hands on FINs before which nothing is missing. True if both directions have ended. */
static bool end_halves(struct talk *talk, int64_t time)
{
	for (int d = 0; d < 2; d++) {
		struct half *h = &talk->half[d];
		if (!h->fin || h->ended || h->in.next < h->in.end)
			continue;
		if (talk->closer == CONN_OPEN)
			talk->closer = d == DIR_C2S ? CONN_CLOSED_BY_CLIENT : CONN_CLOSED_BY_SERVER;
		if (talk->half[!d].ended)
			talk->info.end = talk->closer;
		end_half(talk, (enum dir)d, time);
	}
	return talk->half[0].ended && talk->half[1].ended;
}

/* Gives up what is missing. The last byte that was acknowledged and never came is taken for a FIN. */
static void flush_half(struct talk *talk, enum dir dir, int64_t time)
{
	struct half *h = &talk->half[dir];
	struct reassembly_out out = out_of(talk, dir);
	struct reassembly_counts *n = &talk->table->counts.reassembly;
	if (!h->in.known || h->ended)
		return;
	reassembly_flush(&h->in, &out, n, h->in.end, time);
	if (!h->fin && h->in.acked > h->in.next)
		reassembly_flush(&h->in, &out, n, h->in.acked - 1, time);
}

/* A segment that was kept turns out to be a stray. */
static void drop_stranger(struct talk *talk)
{
	talk->table->counts.strays += talk->stranger != NULL;
	free(talk->stranger);
	talk->stranger = NULL;
}

static void free_talk(struct talk *talk)
{
	drop_stranger(talk);
	layer_free(talk->layer);
	reassembly_release(&talk->half[0].in);
	reassembly_release(&talk->half[1].in);
	free(talk);
}

/* Of a connection that has ended, what tells late copies of its segments remains. */
static void keep_begin(struct connection *c, const struct talk *talk)
{
	c->closed = true;
	for (int d = 0; d < 2; d++) {
		const struct half *h = &talk->half[d];
		uint64_t span = (h->in.next - (UINT64_C(1) << 32) - h->begin) >> SPAN_SHIFT;
		c->begun[d] = h->begun;
		c->begin[d] = h->begin;
		c->span[d] = span < UINT16_MAX ? (uint16_t)span : UINT16_MAX;
	}
}

/* The sink is told, the talk goes. */
static void part(struct talk *talk)
{
	talk->table->sink->closed(talk->table->sink->user, &talk->info, talk->ended);
	free_talk(talk);
}

/* Nothing more comes of it: what waits is handed on, then they part, if the layer keeps nothing back. `end` counts if not both FINs are there. */
static void close_talk(struct talk *talk, enum conn_end end, int64_t time)
{
	struct connections *t = talk->table;
	flush_half(talk, DIR_C2S, time);
	flush_half(talk, DIR_S2C, time);
	for (int d = 0; d < 2 && talk->info.start_seen; d++)
		tell_unseen(talk, (enum dir)d, time);
	talk->info.end = end_halves(talk, time) ? talk->closer : end;
	end_half(talk, DIR_C2S, time);
	end_half(talk, DIR_S2C, time);
	waiting_remove(talk);
	keep_begin(talk->of, talk);
	talk->ended = time;
	if (layer_rests(talk->layer, t->resting_count == RESTING_MAX, time)) {
		talk->resting_next = t->resting;
		t->resting = talk;
		t->resting_count++;
	} else {
		part(talk);
	}
}

/* Those that have rested long enough, or may read nothing any more, go; all of them if it is over. */
static void end_rests(struct connections *t, int64_t time, bool over)
{
	struct talk **at = &t->resting, *talk;
	while ((talk = *at)) {
		if (layer_rests(talk->layer, over || time - talk->ended > REST_NS, time)) {
			at = &talk->resting_next;
			continue;
		}
		*at = talk->resting_next;
		t->resting_count--;
		part(talk);
	}
}

static void forget(struct connections *t, uint32_t place, enum conn_end end, int64_t time)
{
	struct connection *c = connection_at(t, place);
	if (!c->closed)
		close_talk(c->talk, end, time);
	table_remove(t, place, hash_of(t, &c->key));
	list_remove(t, c);
	if (t->last == place)
		t->last = 0;
	if (t->gone)
		t->gone(t->gone_user, c->number);
	c->older = t->free;
	t->free = place;
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

static struct talk *new_talk(struct connections *t, struct connection *of, const struct ip_packet *ip, const struct segment *seg, bool client,
			     int64_t time)
{
	struct talk *talk = xcalloc(1, sizeof *talk);
	pages_heap_watch(&t->heap, talk);
	talk->table = t;
	talk->of = of;
	talk->info.number = talk->info.carrier = of->number;
	talk->info.ends[client ? DIR_C2S : DIR_S2C] = endpoint_of(ip->src, ip->family, seg->sport);
	talk->info.ends[client ? DIR_S2C : DIR_C2S] = endpoint_of(ip->dst, ip->family, seg->dport);
	talk->info.opened = time;
	talk->stream = (struct stream){ &talk->info, t->sink, t->limits, &t->counts.stream };
	talk->layer = t->make(t->user, &talk->stream);
	talk->half[0].in.other = &talk->half[1].in;
	talk->half[1].in.other = &talk->half[0].in;
	return talk;
}

static uint32_t add(struct connections *t, const struct key *k, uint32_t hash, const struct ip_packet *ip, const struct segment *seg,
		    bool src_is_lower, int64_t time)
{
	if (t->count >= CONNECTIONS_MAX) {
		t->counts.forgotten += !connection_at(t, t->oldest)->closed;
		forget(t, t->oldest, CONN_FORGOTTEN, time);
	}
	uint32_t place = take_place(t);
	struct connection *c = connection_at(t, place);
	bool client = sender_is_client(seg);
	t->counts.connections++;
	*c = (struct connection){ .key = *k, .number = (uint32_t)++t->counts.stream.numbers, .lower_is_client = client == src_is_lower };
	c->talk = new_talk(t, c, ip, seg, client, time);
	table_add(t, place, hash);
	list_add(t, c, place);
	return place;
}

/* Data of an ended connection are late copies, or were under way when it ended; further off they are of another one, whose SYN the capture lacks. */
static bool is_beyond(const struct connection *c, const struct segment *seg, enum dir dir)
{
	if (!seg->payload_len || seg->flags & TCP_RST || !c->begun[dir] || c->span[dir] == UINT16_MAX)
		return false;
	uint32_t off = seg->seq - c->begin[dir], most = ((uint32_t)c->span[dir] + 1) << SPAN_SHIFT;
	return off > most + IN_FLIGHT && off < UINT32_MAX - IN_FLIGHT;
}

/* Does this segment begin another connection than the one that is known? A SYN with an acknowledgement does if it answers another SYN. */
static bool is_reuse(const struct connection *c, const struct segment *seg, enum dir dir)
{
	if (!(seg->flags & TCP_SYN))
		return c->closed && is_beyond(c, seg, dir);
	bool begun = c->closed ? c->begun[dir] : c->talk->half[dir].begun;
	uint32_t begin = c->closed ? c->begin[dir] : c->talk->half[dir].begin;
	if (begun && begin == seg->seq + 1)
		return false;
	if (!(seg->flags & TCP_ACK))
		return c->closed || begun;
	if (c->closed)
		return begun;
	const struct half *other = &c->talk->half[!dir];
	return begun && c->talk->half[dir].syn && other->begun && other->begin != seg->ack;
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

static void learn_start(struct talk *talk, enum dir dir, const struct segment *seg)
{
	struct half *h = &talk->half[dir];
	h->seen = true;
	if (seg->flags & TCP_SYN) {
		h->syn = talk->info.start_seen = true;
		if (!h->begun)
			begin_half(h, seg->seq + 1);
	} else if (!(seg->flags & TCP_RST) && (!h->begun || was_keepalive(h, seg))) {
		begin_half(h, seg->seq);
	}
}

/* What of the other direction the sender of a segment had received: it can't answer more than that. */
static uint64_t needs_of(const struct talk *talk, const struct segment *seg, enum dir dir)
{
	const struct half *other = &talk->half[!dir];
	if (!(seg->flags & TCP_ACK) || !other->in.known)
		return 0;
	uint64_t needs = reassembly_offset(&other->in, seg->ack);
	return needs < other->in.end ? needs : other->in.end;
}

/* One direction has got on; the other may have waited for that, and then the first again. */
static void resume(struct talk *talk, enum dir dir)
{
	bool more = true;
	for (; more; dir = !dir) {
		struct reassembly_out out = out_of(talk, dir);
		more = reassembly_resume(&talk->half[dir].in, &out, talk->handed[!dir]);
	}
}

static bool waits(const struct talk *talk)
{
	return reassembly_waits(&talk->half[0].in) || reassembly_waits(&talk->half[1].in);
}

static void take_bytes(struct talk *talk, const struct segment *seg, enum dir dir, int64_t time, int64_t at)
{
	struct half *h = &talk->half[dir];
	struct connections_counts *n = &talk->table->counts;
	struct reassembly_out out = out_of(talk, dir);
	uint32_t seq = seg->seq + ((seg->flags & TCP_SYN) != 0);
	if (seg->payload.len) {
		n->segments++;
		reassembly_add(&h->in, &out, &n->reassembly, seq, (struct chunk){ seg->payload, at, time }, needs_of(talk, seg, dir));
	}
	if (seg->payload.len < seg->payload_len)
		reassembly_cut(&h->in, &out, &n->reassembly, seq + (uint32_t)seg->payload.len, seq + seg->payload_len, time);
	if ((seg->flags & TCP_FIN) && !h->fin) {
		h->fin = true;
		reassembly_end(&h->in, &n->reassembly, seq + seg->payload_len, time);
	}
}

/* Missing bytes of either direction may count as lost by now. */
static void tick(struct talk *talk, int64_t time, bool packet)
{
	for (int d = 0; d < 2; d++) {
		struct half *h = &talk->half[d];
		struct reassembly_out out = out_of(talk, (enum dir)d);
		reassembly_tick(&h->in, &out, &talk->table->counts.reassembly, time, !talk->half[!d].seen, packet);
	}
	resume(talk, DIR_C2S);
	resume(talk, DIR_S2C);
}

/* The connection of a segment, begun if need be; NULL if it can't begin one. */
static struct connection *connection_for(struct connections *t, const struct ip_packet *ip, const struct segment *seg, bool *lower, int64_t time)
{
	struct key k = key_of(ip, seg, lower);
	uint32_t hash = hash_of(t, &k), place = find(t, &k, hash);
	struct connection *c = connection_at(t, place);
	if (c && is_reuse(c, seg, *lower == c->lower_is_client ? DIR_C2S : DIR_S2C)) {
		forget(t, place, CONN_FORGOTTEN, time);
		c = NULL;
	}
	if (!c) {
		if (seg->flags & TCP_RST)
			return NULL;
		place = add(t, &k, hash, ip, seg, *lower, time);
		c = connection_at(t, place);
	}
	t->last = place;
	t->last_hash = hash;
	if (place != t->newest) {
		list_remove(t, c);
		list_add(t, c, place);
	}
	return c;
}

/* Does a sequence number lie further from what is known of its sender than what is under way can? */
static bool is_far(const struct reassembly *in, uint32_t seq)
{
	uint64_t at = reassembly_offset(in, seq), last = reassembly_last(in);
	return at + IN_FLIGHT < in->next || at > (in->acked > last ? in->acked : last) + IN_FLIGHT;
}

/* Would its receiver take this reset for one (RFC 5961, section 3.2)? It does not below what it has acknowledged, nor far above. What stray packets
 * of another time, and who wants to disturb, send does not end a connection. */
static bool is_stray_reset(const struct talk *talk, const struct segment *seg, enum dir dir)
{
	const struct reassembly *in = &talk->half[dir].in;
	if (!(seg->flags & TCP_RST) || !in->known)
		return false;
	return reassembly_offset(in, seg->seq) + 1 < in->acked || is_far(in, seg->seq);
}

static bool is_stranger(const struct talk *talk, const struct segment *seg, enum dir dir)
{
	const struct half *own = &talk->half[dir], *other = &talk->half[!dir];
	return (seg->flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK && own->in.known && other->in.known && is_far(&own->in, seg->seq) &&
	       is_far(&other->in, seg->ack);
}

/* A stranger comes. Returns the one before if they belong together, which is the caller's then; else this one is kept instead. */
static struct stranger *meet(struct talk *talk, const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at)
{
	struct stranger *before = talk->stranger;
	if (before && stranger_agrees(before, ip, seg) && !stranger_is_copy(before, ip, seg)) {
		talk->stranger = NULL;
		return before;
	}
	drop_stranger(talk);
	talk->stranger = stranger_new(ip, seg, time, at);
	return NULL;
}

/* A segment of an open connection. */
static void take_segment(struct talk *talk, const struct segment *seg, enum dir dir, int64_t time, int64_t at)
{
	if (is_stray_reset(talk, seg, dir)) {
		talk->table->counts.stray_resets++;
		return;
	}
	drop_stranger(talk);
	learn_start(talk, dir, seg);
	if (seg->flags & TCP_ACK)
		reassembly_ack(&talk->half[!dir].in, seg->ack, time);
	if (!(seg->flags & TCP_RST))
		take_bytes(talk, seg, dir, time, at);
	if (waits(talk))
		tick(talk, time, true);
	if (!talk->half[!dir].seen && time - talk->info.opened > UNSEEN_NS)
		tell_unseen(talk, !dir, time);
	if (seg->flags & TCP_RST)
		close_talk(talk, dir == DIR_C2S ? CONN_RESET_BY_CLIENT : CONN_RESET_BY_SERVER, time);
	else if ((talk->half[0].fin || talk->half[1].fin) && end_halves(talk, time))
		close_talk(talk, CONN_OPEN, time);
	else if (waits(talk))
		waiting_add(talk->table, talk);
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

/* A segment as it comes, of whichever connection. Strangers are kept; *met: the one before, if this one agrees with it, to be fed anew. */
static struct connection_of take(struct connections *t, const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at,
				 struct stranger **met)
{
	bool lower;
	struct connection *c = connection_for(t, ip, seg, &lower, time);
	if (!c)
		return (struct connection_of){ 0, DIR_C2S };
	enum dir dir = lower == c->lower_is_client ? DIR_C2S : DIR_S2C;
	struct connection_of is = { c->number, dir };
	t->counts.from_before += is_from_before(c, seg, dir) && !(seg->flags & TCP_SYN);
	if (c->closed)
		t->counts.old_segments += seg->payload.len > 0;
	else if (is_stranger(c->talk, seg, dir))
		*met = meet(c->talk, ip, seg, time, at);
	else
		take_segment(c->talk, seg, dir, time, at);
	return is;
}

struct connection_of connections_feed(struct connections *t, const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at)
{
	struct stranger *met = NULL, *none = NULL;
	struct connection_of is = take(t, ip, seg, time, at, &met);
	if (!met)
		return is;
	forget(t, t->last, CONN_FORGOTTEN, met->time);
	take(t, &met->ip, &met->seg, met->time, met->at, &none);
	is = take(t, ip, seg, time, at, &none);
	free(met);
	return is;
}

void connections_tick(struct connections *t, int64_t time)
{
	for (struct talk *talk = t->waiting, *next; talk; talk = next) {
		next = talk->waiting_next;
		tick(talk, time, false);
		if (end_halves(talk, time))
			close_talk(talk, CONN_OPEN, time);
		else if (!waits(talk))
			waiting_remove(talk);
	}
	end_rests(t, time, false);
}

void connections_finish(struct connections *t, int64_t time)
{
	for (struct connection *c = connection_at(t, t->oldest); c; c = connection_at(t, c->newer))
		if (!c->closed)
			close_talk(c->talk, CONN_OPEN, time);
	end_rests(t, time, true);
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
	chunks_init(&t->pool, sizeof(struct connection));
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
	for (const struct connection *c = connection_at(t, t->oldest); c; c = connection_at(t, c->newer))
		if (!c->closed)
			free_talk(c->talk);
	for (struct talk *talk = t->resting, *next; talk; talk = next) {
		next = talk->resting_next;
		free_talk(talk);
	}
	chunks_release(&t->pool);
	free(t->slot);
	free(t);
}
