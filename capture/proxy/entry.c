/*
 * Proxied connections in the pipeline.
 *
 * The relay tells of a connection in records (ring.h): it opens, bytes of a direction, a gap where the queue was full, the end of a
 * direction, the end of all. Here each has its conn_info and its lowest stream layer, as a captured one has; the layers do not
 * know the difference. Bytes come in the order in which the relay saw them, requests before replies, so that there is nothing to
 * reassemble and everything is `settled`.
 *
 * A pipe has no addresses; its ends are shown, and recorded, as made-up ones on loopback.
 */
#include "capture/proxy/entry.h"

#include "base/xalloc.h"
#include "capture/proxy/packets.h"

#include <stdlib.h>

enum { BUCKETS = 4096, PIPE_PORT = 8080, PIPE_CLIENT_PORT = 49152 };

struct proxied {
	uint64_t id;
	struct conn_info info;
	struct stream stream;
	struct layer *layer;
	struct packets packets; /* for whoever watches packets */
	const struct packet_watcher *watcher;
	bool ended[2];
	struct proxied *chain;
};

struct entry {
	struct proxy *proxy;
	const struct sink *sink;
	const struct stream_limits *limits;
	layer_maker *make;
	void *user;
	const struct packet_watcher *watcher;
	struct proxied *bucket[BUCKETS];
	struct entry_counts counts;
};

struct entry *entry_new(struct proxy *p, const struct sink *sink, const struct stream_limits *limits, layer_maker *make, void *user,
			const struct packet_watcher *watcher)
{
	struct entry *e = xcalloc(1, sizeof *e);
	e->proxy = p;
	e->sink = sink;
	e->limits = limits;
	e->make = make;
	e->user = user;
	e->watcher = watcher;
	return e;
}

static struct proxied **find(struct entry *e, uint64_t id)
{
	struct proxied **at = &e->bucket[id % BUCKETS];
	while (*at && (*at)->id != id)
		at = &(*at)->chain;
	return at;
}

static struct endpoint endpoint_of(const struct proxy_open *o, enum dir side, uint64_t id)
{
	struct endpoint e = { .family = o->family[side], .port = o->port[side] };
	memcpy(e.addr, o->addr[side], sizeof e.addr);
	if (e.family)
		return e;
	return (struct endpoint){ .addr = { 127, 0, 0, 1 },
				  .family = 4,
				  .port = side == DIR_S2C ? PIPE_PORT : (uint16_t)(PIPE_CLIENT_PORT + id % 16384) };
}

static void show_packet(void *user, const struct packet *packet, enum dir dir, uint32_t data)
{
	const struct proxied *p = user;
	struct packet_facts facts = { .conn = p->info.number, .dir = dir, .data = data };
	p->watcher->packet(p->watcher->user, packet, &facts);
}

static void open_connection(struct entry *e, const struct ring_record *r, struct slice bytes)
{
	struct proxied *p = xcalloc(1, sizeof *p), **at = find(e, r->id);
	struct proxy_open o;
	memcpy(&o, bytes.at, sizeof o);
	const struct proxy_pair *pair = proxy_pair(e->proxy, o.pair);
	p->id = r->id;
	e->counts.connections.connections++;
	p->info.number = p->info.carrier = (uint32_t)++e->counts.connections.stream.numbers;
	p->info.stream = p->info.number - 1 - (uint32_t)e->counts.connections.stream.conversations;
	for (int side = 0; side < 2; side++)
		p->info.ends[side] = endpoint_of(&o, (enum dir)side, r->id);
	p->info.opened = r->time;
	p->info.start_seen = p->info.settled[0] = p->info.settled[1] = true;
	p->info.tls = proxy_is_tls(&pair->listen) || proxy_is_tls(&pair->target);
	if (proxy_is_pipe(&pair->listen) || proxy_is_pipe(&pair->target))
		p->info.transport = TRANSPORT_PIPE;
	p->stream = (struct stream){ &p->info, e->sink, e->limits, &e->counts.connections.stream };
	p->layer = e->make(e->user, &p->stream);
	p->watcher = e->watcher;
	if (p->watcher->packet)
		packets_open(&p->packets, p->info.ends, r->time, show_packet, p);
	*at = p;
}

static void end_way(struct proxied *p, enum dir dir, int64_t time)
{
	if (!p->ended[dir])
		layer_end(p->layer, dir, time);
	p->ended[dir] = true;
}

static void close_connection(struct entry *e, struct proxied **at, enum conn_end end, int64_t time)
{
	struct proxied *p = *at;
	*at = p->chain;
	p->info.end = end;
	end_way(p, DIR_C2S, time);
	end_way(p, DIR_S2C, time);
	layer_rests(p->layer, true);
	e->sink->closed(e->sink->user, &p->info, time);
	if (p->watcher->packet && (end == CONN_RESET_BY_CLIENT || end == CONN_RESET_BY_SERVER))
		packets_reset(&p->packets, end == CONN_RESET_BY_CLIENT ? DIR_C2S : DIR_S2C, time, show_packet, p);
	if (p->watcher->gone)
		p->watcher->gone(p->watcher->user, p->info.number);
	layer_free(p->layer);
	free(p);
}

/* Whoever watches packets is told of each one behind the messages that it completes. */
static void take_bytes(struct entry *e, struct proxied *p, const struct ring_record *r, struct slice bytes, enum dir dir)
{
	size_t most = p->watcher->packet ? PACKETS_SEGMENT : bytes.len;
	e->counts.bytes += bytes.len;
	e->counts.connections.segments++;
	for (; bytes.len; bytes = slice_skip(bytes, most)) {
		struct slice part = slice_head(bytes, most);
		layer_feed(p->layer, dir, (struct chunk){ part, -1, r->time });
		if (p->watcher->packet)
			packets_bytes(&p->packets, dir, part, r->time, show_packet, p);
	}
}

static void take_end(struct proxied *p, const struct ring_record *r, enum dir dir)
{
	if (p->ended[!dir]) /* the layers are to know whose end came first, before the relay says it */
		p->info.end = dir == DIR_S2C ? CONN_CLOSED_BY_CLIENT : CONN_CLOSED_BY_SERVER;
	end_way(p, dir, r->time);
	if (p->watcher->packet)
		packets_end(&p->packets, dir, r->time, show_packet, p);
}

static void take_gap(struct entry *e, struct proxied *p, const struct ring_record *r, enum dir dir)
{
	e->counts.connections.reassembly.gaps++;
	e->counts.connections.reassembly.gap_bytes += r->amount;
	stream_news(&p->stream, NEWS_GAP, dir, r->time, r->amount, NULL);
	layer_gap(p->layer, dir, r->amount, r->time);
	packets_gap(&p->packets, dir, r->amount);
}

static void take_note(struct proxied *p, const struct ring_record *r, struct slice text, enum dir dir)
{
	struct news n = { NEWS_NOTE, &p->info, dir, r->time, 0, "proxy", text };
	p->stream.sink->news(p->stream.sink->user, &n);
}

static void take_record(struct entry *e, const struct ring_record *r, struct slice bytes)
{
	struct proxied **at = find(e, r->id);
	enum dir dir = r->dir == DIR_S2C ? DIR_S2C : DIR_C2S;
	if (r->kind == RING_COUNTS)
		memcpy(&e->counts.proxy, bytes.at, sizeof e->counts.proxy);
	else if (r->kind == RING_OPEN)
		open_connection(e, r, bytes);
	if (!*at)
		return;
	switch ((enum ring_kind)r->kind) {
	case RING_BYTES: take_bytes(e, *at, r, bytes, dir); break;
	case RING_GAP: take_gap(e, *at, r, dir); break;
	case RING_NOTE: take_note(*at, r, bytes, dir); break;
	case RING_END: take_end(*at, r, dir); break;
	case RING_CLOSED: close_connection(e, at, (enum conn_end)r->amount, r->time); break;
	case RING_OPEN:
	case RING_COUNTS: break;
	}
}

enum entry_status entry_step(struct entry *e, int64_t *time)
{
	struct ring_record r;
	struct slice bytes;
	if (!proxy_take(e->proxy, &r, &bytes)) {
		bool alive = proxy_alive(e->proxy);
		if (alive || !proxy_take(e->proxy, &r, &bytes))
			return alive ? ENTRY_WAIT : ENTRY_OVER;
	}
	*time = r.time;
	take_record(e, &r, bytes);
	return ENTRY_TAKEN;
}

void entry_finish(struct entry *e, int64_t time)
{
	struct ring_record r;
	struct slice bytes;
	while (proxy_take(e->proxy, &r, &bytes)) {
		take_record(e, &r, bytes);
		time = r.time;
	}
	for (size_t i = 0; i < BUCKETS; i++)
		while (e->bucket[i])
			close_connection(e, &e->bucket[i], CONN_OPEN, time);
}

void entry_free(struct entry *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct proxied *p;
		while ((p = e->bucket[i])) {
			e->bucket[i] = p->chain;
			layer_free(p->layer);
			free(p);
		}
	}
	free(e);
}

const struct entry_counts *entry_counts(const struct entry *e)
{
	return &e->counts;
}
