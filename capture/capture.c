/*
 * The pipeline of a captured packet: source → link layer → IP (and fragments) → TCP → connection → stream layers → sink.
 *
 * Each step takes what the one before made of the packet; what it can't use it counts. The capture file's offset goes along, so that
 * a message that stands whole in the file can be found there again. The proxy has bytes of connections instead of packets, and enters at
 * the stream layers (capture/proxy/entry.c).
 *
 * The pipeline runs in the caller's thread, or in one of its own (capture/lookahead.h); then the caller's only hands on what came of it, and
 * all that can be asked of the capture is what the second thread said of it last. The capture and its source are that thread's from the
 * first step to the last.
 */
#include "capture/capture.h"

#include "base/hash.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "capture/lookahead.h"
#include "capture/net/checksum.h"
#include "capture/net/connection.h"
#include "capture/net/link.h"
#include "capture/net/tunnel.h"
#include "capture/proxy/entry.h"
#include "capture/proxy/proxy.h"
#include "capture/stream/detect.h"

#include <stdlib.h>
#include <time.h>

enum { FINISH_RECORDS = 1024 };
enum { FRAGMENT_PACKETS = 1024, FRAGMENT_BYTES = 16 << 20 };
enum { TICK_SHARE = 64 }; /* of the connections that wait: a packet has to come for so many of them before time passes again */
static const int64_t PAUSE = 2 * (int64_t)NS_PER_S; /* without a packet, then time passes for what waits all the same */
enum { AHEAD_PACKETS = 16, AHEAD_FROM = 4 << 20 };  /* packets a step of the second thread; bytes of a file from which on there is one */

struct capture {
	struct source *source;
	struct sink sink;
	struct stream_limits limits;
	struct capture_options options;
	struct fragments *fragments;
	struct connections *connections;
	struct entry *entry; /* of a proxy, instead of what stands before; NULL */
	struct capture_counts counts;
	int64_t ticked;    /* time of the last connections_tick */
	size_t since_tick; /* packets */
	int64_t paused;    /* since when there is nothing to read, monotonic; 0: there was */
	bool spanned;      /* a packet was beyond options.span: it is not handled, and not counted */
	struct packet_watcher watcher;
	struct packet_facts facts; /* of the packet under way */
	struct lookahead *ahead;   /* the second thread; NULL: there is none */
	bool started;              /* it runs, or has run */
	struct sink to;            /* whom it tells in the end */
};

static enum transport forced_for(const struct capture *c, const struct conn_info *info)
{
	for (size_t i = 0; i < c->options.decode_as_count; i++) {
		const struct decode_as *d = &c->options.decode_as[i];
		if (d->port == info->ends[0].port || d->port == info->ends[1].port)
			return d->transport;
	}
	return TRANSPORT_UNKNOWN;
}

static struct layer *make_layer(void *user, const struct stream *s)
{
	struct capture *c = user;
	return detect_new(s, forced_for(c, s->conn), c->options.keylog);
}

static enum capture_status step_ahead(void *user);
static void finish_ahead(void *user);
static void state_ahead(void *user, struct lookahead_state *out);

/* Is a second thread wanted, and can there be one? Who looks at packets wants to be told of each when it has been handled. */
static bool wants_ahead(const struct capture *c)
{
	uint64_t done, size;
	source_progress(c->source, &done, &size);
	if (c->watcher.packet || source_is_live(c->source))
		return false;
	return c->options.threads == 2 || (!c->options.threads && size >= AHEAD_FROM);
}

static void look_ahead(struct capture *c)
{
	const struct lookahead_work work = { c, step_ahead, finish_ahead, state_ahead };
	c->to = c->sink;
	c->ahead = lookahead_new(&work);
	c->sink = lookahead_sink(c->ahead, &c->to);
}

struct capture *capture_new(struct source *source, const struct sink *sink, const struct capture_options *o)
{
	struct capture *c = xcalloc(1, sizeof *c);
	c->source = source;
	c->sink = *sink;
	c->limits = (struct stream_limits){
		.message = 64 << 20, .head = 64 << 10, .scan = 4 << 20, .tls_wait = 4 << 20, .tls_wait_all = 64 << 20, .tls_lost = 1024
	};
	c->options = *o;
	c->fragments = fragments_new(FRAGMENT_PACKETS, FRAGMENT_BYTES);
	c->connections = connections_new(&c->sink, &c->limits, make_layer, c);
	if (source_proxy(source))
		c->entry = entry_new(source_proxy(source), &c->sink, &c->limits, make_layer, c, &c->watcher);
	if (o->watcher) {
		c->watcher = *o->watcher;
		connections_on_forget(c->connections, c->watcher.gone, c->watcher.user);
	}
	if (wants_ahead(c))
		look_ahead(c);
	return c;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	lookahead_free(c->ahead);
	connections_free(c->connections);
	entry_free(c->entry);
	fragments_free(c->fragments);
	source_free(c->source);
	free(c);
}

/* A segment that its receiver did not take. What was put together is looked at unasked: where the capture lacks fragments, and their numbers are used
 * again, it may be of two packets. A field of 0 may have been left to a card. */
static bool is_damaged(const struct capture *c, const struct ip_packet *ip, bool in_place)
{
	static const uint8_t none[2] = { 0 };
	bool told = !in_place && memcmp(ip->payload.at + TCP_CHECKSUM_AT, none, sizeof none) != 0;
	return (c->options.checksums || told) && checksum_of(ip) == CHECKSUM_WRONG;
}

/* The segment of an IP packet that is no fragment any more. */
static void take_ip(struct capture *c, const struct ip_packet *ip, const struct packet *p, bool in_place)
{
	struct segment seg;
	if (ip->proto != IP_PROTO_TCP) {
		c->counts.not_tcp++;
		return;
	}
	if (!tcp_parse(ip, &seg)) {
		c->counts.bad++;
		return;
	}
	if (is_damaged(c, ip, in_place)) {
		c->counts.damaged++;
		return;
	}
	int64_t at = in_place && p->at >= 0 && seg.payload.len ? p->at + (seg.payload.at - p->bytes.at) : -1;
	struct connection_of of = connections_feed(c->connections, ip, &seg, p->time, at);
	c->facts.conn = of.number;
	c->facts.dir = of.dir;
	c->facts.data = seg.payload_len;
	if (!c->facts.apart)
		c->facts.apart = of.apart;
}

/* The same number for all fragments of a packet, and hardly ever for others: endpoints and id. */
static uint64_t fragment_number(const struct ip_packet *ip)
{
	struct {
		uint8_t src[16], dst[16];
		uint64_t id;
	} key = { .id = ip->frag_id };
	memcpy(key.src, ip->src, sizeof key.src);
	memcpy(key.dst, ip->dst, sizeof key.dst);
	return hash_bytes(slice_of(&key, sizeof key), 0) | 1;
}

/* Puts fragments together. False: *ip is a fragment, and not the last one that was missing. *in_place: its bytes are still those of the packet;
 * a fragment inside of what was put together itself counts as one that can't be read. */
static bool make_whole(struct capture *c, struct ip_packet *ip, int64_t time, bool *in_place)
{
	struct ip_packet whole;
	if (!ip->fragment)
		return true;
	if (!*in_place) {
		c->counts.bad++;
		return false;
	}
	if (!c->facts.apart && c->watcher.packet)
		c->facts.apart = fragment_number(ip);
	if (!fragments_feed(c->fragments, ip, time, &whole))
		return false;
	*ip = whole;
	return !(*in_place = false);
}

/* An IP packet, or what is in it if it is that of a tunnel. Where that was put together from fragments, all of them whole, and yet its end is missing, the
 * fragments are those of two packets. */
static void take_ip_bytes(struct capture *c, struct slice bytes, const struct packet *p)
{
	bool in_place = true, of_whole = false;
	for (int tunnels = 0; tunnels <= TUNNELS_MAX; tunnels++) {
		struct ip_packet ip;
		if (ip_parse(bytes, &ip) != IP_OK || (of_whole && ip.payload.len < ip.payload_len))
			break;
		if (!make_whole(c, &ip, p->time, &in_place))
			return;
		of_whole = !in_place && ip.payload.len == ip.payload_len;
		enum tunnel_status status = tunnel_strip(&ip, &bytes);
		if (status == TUNNEL_NONE) {
			take_ip(c, &ip, p, in_place);
			return;
		}
		if (status == TUNNEL_SHORT)
			break;
		if (status == TUNNEL_OTHER) {
			c->counts.not_tcp++;
			return;
		}
	}
	c->counts.bad++;
}

static void take_packet(struct capture *c, const struct packet *p)
{
	struct slice bytes;
	c->counts.cut_packets += p->wire_len > p->bytes.len;
	switch (link_strip(p->link, p->bytes, &bytes)) {
	case LINK_IP: take_ip_bytes(c, bytes, p); return;
	case LINK_SHORT: c->counts.bad++; return;
	case LINK_UNKNOWN: c->counts.unknown_link++; return;
	default: c->counts.not_ip++; return;
	}
}

/* Each second time passes for all that wait. Where times go back and forth each packet would be a second from the last, or before it: the
 * more there are that wait, the more packets are let pass first. */
static bool is_to_tick(struct capture *c, int64_t time)
{
	size_t few = connections_waiting(c->connections) / TICK_SHARE;
	return (time - c->ticked >= NS_PER_S || time < c->ticked) && ++c->since_tick > few;
}

static void see_time(struct capture *c, int64_t time)
{
	c->paused = 0;
	if (!c->counts.first_time)
		c->counts.first_time = c->ticked = time;
	c->counts.backwards += c->counts.last_time && time < c->counts.last_time - NS_PER_S;
	c->counts.last_time = time;
	if (is_to_tick(c, time)) {
		c->ticked = time;
		c->since_tick = 0;
		connections_tick(c->connections, time);
		if (c->options.keylog)
			keylog_wake(c->options.keylog, time);
	}
}

/* A packet's way, from its bytes to whoever watches. */
static void handle_packet(struct capture *c, const struct packet *p)
{
	c->facts = (struct packet_facts){ 0 };
	see_time(c, p->time);
	take_packet(c, p);
	if (c->watcher.packet)
		c->watcher.packet(c->watcher.user, p, &c->facts);
}

static int64_t monotonic(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t capture_clock(const struct capture *c)
{
	if (c->started)
		return lookahead_state(c->ahead)->counts.last_time;
	return c->counts.last_time + (c->counts.first_time && c->paused ? monotonic() - c->paused : 0);
}

/* Nothing to read now, which is a time for records that wait for keys, and, if it lasts, for what waits for missing bytes. */
static void see_pause(struct capture *c)
{
	if (!c->paused)
		c->paused = monotonic();
	int64_t now = capture_clock(c);
	if (c->watcher.pause)
		c->watcher.pause(c->watcher.user);
	if (now - c->counts.last_time >= PAUSE && now - c->ticked >= NS_PER_S && source_is_live(c->source)) {
		c->ticked = now;
		connections_tick(c->connections, now);
	}
	if (c->options.keylog)
		keylog_wake(c->options.keylog, now);
}

/* Takes so many records of the proxy. */
static enum capture_status step_proxy(struct capture *c, unsigned records)
{
	int64_t time;
	for (unsigned i = 0; i < records; i++) {
		switch (entry_step(c->entry, &time)) {
		case ENTRY_TAKEN: see_time(c, time); break;
		case ENTRY_WAIT: see_pause(c); return CAPTURE_WAIT;
		case ENTRY_OVER: return CAPTURE_DAMAGED;
		}
	}
	return CAPTURE_MORE;
}

static bool is_beyond(const struct capture *c, const struct packet *p)
{
	return c->options.span && c->counts.first_time && p->time - c->counts.first_time > c->options.span;
}

/* The pipeline, in whichever thread. */
static enum capture_status step_packets(struct capture *c, unsigned packets)
{
	struct packet p;
	for (unsigned i = 0; i < packets && !c->spanned; i++) {
		switch (source_next(c->source, &p)) {
		case SOURCE_PACKET:
			c->spanned = is_beyond(c, &p);
			if (!c->spanned)
				handle_packet(c, &p);
			break;
		case SOURCE_WAIT: see_pause(c); return CAPTURE_WAIT;
		case SOURCE_END: return CAPTURE_END;
		case SOURCE_DAMAGED: return CAPTURE_DAMAGED;
		}
	}
	return CAPTURE_MORE;
}

bool capture_spanned(const struct capture *c)
{
	return c->spanned;
}

enum capture_status capture_leave(struct capture *c, unsigned packets, int64_t until)
{
	struct packet p;
	for (unsigned i = 0; i < packets; i++) {
		switch (source_next(c->source, &p)) {
		case SOURCE_PACKET: break;
		case SOURCE_WAIT: return CAPTURE_WAIT;
		case SOURCE_END: return CAPTURE_END;
		case SOURCE_DAMAGED: return CAPTURE_DAMAGED;
		}
		if (p.time >= until)
			return CAPTURE_END;
		c->counts.unread++;
	}
	return CAPTURE_MORE;
}

/* Nothing was read: the pipeline tells the sink directly. */
static void give_up_ahead(struct capture *c)
{
	source_keep(c->source, &(const struct byte_keeper){ 0 });
	lookahead_free(c->ahead);
	c->ahead = NULL;
	c->sink = c->to;
}

static bool runs_ahead(struct capture *c)
{
	if (!c->ahead || c->started)
		return c->ahead;
	lookahead_lend(c->ahead, c->source);
	lookahead_start(c->ahead, c->options.threads == 2);
	return c->started = true;
}

enum capture_status capture_step(struct capture *c, unsigned packets)
{
	if (c->entry)
		return step_proxy(c, packets);
	return runs_ahead(c) ? lookahead_step(c->ahead, &c->to) : step_packets(c, packets);
}

/* Bytes pass before they are told of: what has passed until the relay ends is taken, too. */
static void finish_proxy(struct capture *c)
{
	proxy_stop(source_proxy(c->source));
	while (step_proxy(c, FINISH_RECORDS) == CAPTURE_MORE)
		;
	entry_finish(c->entry, c->counts.last_time);
}

/* What has to wait for secrets no longer waits. */
static void finish_connections(struct capture *c)
{
	if (c->options.keylog)
		keylog_end(c->options.keylog);
	connections_finish(c->connections, c->counts.last_time);
}

void capture_finish(struct capture *c)
{
	if (c->ahead && !c->started)
		give_up_ahead(c);
	if (c->ahead) {
		lookahead_finish(c->ahead, &c->to);
		return;
	}
	if (c->entry)
		finish_proxy(c);
	finish_connections(c);
	if (!c->watcher.end)
		return;
	struct capture_counts all = capture_counts(c);
	c->watcher.end(c->watcher.user, &all, c->source);
}

struct source *capture_source(struct capture *c)
{
	return c->source;
}

int64_t capture_first_time(const struct capture *c)
{
	return c->started ? lookahead_state(c->ahead)->counts.first_time : c->counts.first_time;
}

/* By whoever runs the pipeline. */
static struct capture_counts count(const struct capture *c)
{
	const struct connections_counts *n = c->entry ? &entry_counts(c->entry)->connections : connections_counts(c->connections);
	struct capture_counts all = c->counts;
	all.source = source_counts(c->source);
	all.source.packets -= c->spanned;
	all.fragments = fragments_counts(c->fragments);
	all.connections = n->connections;
	all.connections_forgotten = n->forgotten;
	all.segments = n->segments;
	all.old_segments = n->old_segments;
	all.from_before = n->from_before;
	all.stray_resets = n->stray_resets;
	all.refused = n->refused;
	all.unanswered = n->unanswered;
	all.strays = n->strays;
	all.duplicate_bytes = n->reassembly.duplicate_bytes;
	all.out_of_order = n->reassembly.out_of_order;
	all.gaps = n->reassembly.gaps;
	all.gap_bytes = n->reassembly.gap_bytes;
	all.stream = n->stream;
	if (c->entry) { /* runs of bytes that were read count as packets */
		all.proxy = entry_counts(c->entry)->proxy;
		all.source.packets = n->segments;
		all.source.bytes = entry_counts(c->entry)->bytes;
	}
	if (c->options.keylog)
		all.keylog = keylog_counts(c->options.keylog);
	if (c->watcher.counts)
		c->watcher.counts(c->watcher.user, &all.watcher);
	return all;
}

struct capture_counts capture_counts(const struct capture *c)
{
	return c->started ? lookahead_state(c->ahead)->counts : count(c);
}

void capture_progress(const struct capture *c, uint64_t *done, uint64_t *total)
{
	if (!c->started) {
		source_progress(c->source, done, total);
		return;
	}
	*done = lookahead_state(c->ahead)->done;
	*total = lookahead_state(c->ahead)->total;
}

static enum capture_status step_ahead(void *user)
{
	return step_packets(user, AHEAD_PACKETS);
}

static void finish_ahead(void *user)
{
	finish_connections(user);
}

static void state_ahead(void *user, struct lookahead_state *out)
{
	const struct capture *c = user;
	out->counts = count(c);
	source_progress(c->source, &out->done, &out->total);
}
