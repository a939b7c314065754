/*
 * Open connections.
 *
 * Streams are fed in this order for each segment: its acknowledgement (for the other direction), its bytes, its FIN or RST. One ends with both
 * FINs handed on, or an RST. Those of which something waits for missing bytes are in a list, so that time passes for them alone.
 *
 * What has ended may rest for a while, for keys that its layer waits for.
 */
#include "capture/net/talk.h"

#include "base/bound.h"
#include "base/when.h"
#include "base/xalloc.h"

#include <stdlib.h>

enum {
	RESTING_MAX = BOUND(1024, 4), /* connections that have ended and wait for keys; of what is more, nothing is waited for */
	UNBORN_MAX = BOUND(1024, 4),  /* rows about connections that do not come to be: who looks for open ports makes many */
};
#define REST_NS (10 * (int64_t)NS_PER_S)
#define UNSEEN_NS (3 * (int64_t)NS_PER_S) /* until a direction of which nothing came counts as not captured, and a SYN as not answered */

static void waiting_remove(struct talk *talk)
{
	if (!talk->waiting_at)
		return;
	*talk->waiting_at = talk->waiting_next;
	if (talk->waiting_next)
		talk->waiting_next->waiting_at = talk->waiting_at;
	talk->waiting_at = NULL;
	talk->all->waiting_count--;
}

static void waiting_add(struct talk *talk)
{
	struct talks *all = talk->all;
	if (talk->waiting_at)
		return;
	talk->waiting_next = all->waiting;
	talk->waiting_at = &all->waiting;
	if (all->waiting)
		all->waiting->waiting_at = &talk->waiting_next;
	all->waiting = talk;
	all->waiting_count++;
}

/* Has the receiver acknowledged bytes that did not come? */
static bool lags(const struct reassembly *in)
{
	return in->acked > in->next && in->next != in->end;
}

static void out_bytes(void *user, struct chunk chunk)
{
	struct talk *talk = user;
	const struct half *other = &talk->half[!talk->feeding];
	enum dir dir = talk_told(talk, talk->feeding);
	if (!talk->layer)
		return;
	talk->info.one_way = !other->seen;
	talk->info.settled[dir] = other->in.known && !lags(&other->in);
	layer_feed(talk->layer, dir, chunk);
	talk->layer = layer_step_aside(talk->layer);
}

static void out_gap(void *user, uint64_t n, int64_t time)
{
	struct talk *talk = user;
	if (!talk->layer)
		return;
	int64_t handed = talk->handed[talk->feeding];
	enum dir dir = talk_told(talk, talk->feeding);
	stream_news(&talk->stream, NEWS_GAP, dir, time, n, NULL);
	layer_gap(talk->layer, dir, n, handed && handed < time ? handed : time);
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
	talk->all->counts.reassembly.gaps++;
	out_gap(talk, 0, time);
}

/* Nothing but the client's SYN came, nor does anything show that it was answered: it acknowledges nothing. */
static bool is_unborn(const struct talk *talk)
{
	const struct half *client = &talk->half[DIR_C2S], *server = &talk->half[DIR_S2C];
	return client->syn && !server->begun && !server->told && !client->fin && client->in.next == (UINT64_C(1) << 32) + client->begin;
}

/* The connection does not come to be: a reset with the number 0 that acknowledges the SYN alone refuses it (RFC 9293, section 3.5.2), or no answer came in time. */
static void tell_unborn(struct talk *talk, bool refused, int64_t time)
{
	struct connections_counts *n = &talk->all->counts;
	if (talk->unborn_told || !is_unborn(talk) || (!refused && (talk->half[DIR_S2C].seen || time - talk->info.opened < UNSEEN_NS)))
		return;
	talk->unborn_told = true;
	n->refused += refused;
	n->unanswered += !refused;
	if (n->refused + n->unanswered > UNBORN_MAX)
		return;
	struct slice last = slice_str(n->refused + n->unanswered == UNBORN_MAX ? "further ones are counted only" : "");
	struct news news = { NEWS_NOTE,
			     &talk->info,
			     refused ? DIR_S2C : DIR_C2S,
			     time,
			     0,
			     refused ? "the connection was refused: a reset answered its SYN"
				     : "no answer to the SYN of this connection is in the capture after 3 seconds",
			     last };
	talk->all->sink->news(talk->all->sink->user, &news);
}

static void resume(struct talk *talk, enum dir dir);

static void out_resume_other(void *user)
{
	struct talk *talk = user;
	enum dir dir = talk->feeding;
	resume(talk, !dir);
	talk->feeding = dir;
}

static struct reassembly_out out_of(struct talk *talk, enum dir dir)
{
	talk->feeding = dir;
	return (struct reassembly_out){ talk, out_bytes, out_gap, &talk->handed[dir], out_resume_other };
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

static void end_half(struct talk *talk, enum dir dir, int64_t time)
{
	if (!talk->half[dir].ended && talk->layer)
		layer_end(talk->layer, talk_told(talk, dir), time);
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
			talk->closer = talk_told(talk, (enum dir)d) == DIR_C2S ? CONN_CLOSED_BY_CLIENT : CONN_CLOSED_BY_SERVER;
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
	struct reassembly_counts *n = &talk->all->counts.reassembly;
	if (!h->in.known || h->ended)
		return;
	reassembly_flush(&h->in, &out, n, h->in.end, time);
	if (!h->fin && h->in.acked > h->in.next)
		reassembly_flush(&h->in, &out, n, h->in.acked - 1, time);
}

/* A segment that was kept turns out to be a stray. */
static void drop_stranger(struct talk *talk)
{
	talk->all->counts.strays += talk->stranger != NULL;
	free(talk->stranger);
	talk->stranger = NULL;
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

/* What the other end acknowledged first, behind its SYN, tells what is missing in front of a direction's first segment. */
static uint32_t first_byte(const struct half *h, uint32_t seq)
{
	return h->told && seq - h->begin < UINT32_C(1) << 31 ? h->begin : seq;
}

static void learn_start(struct talk *talk, enum dir dir, const struct segment *seg)
{
	struct half *h = &talk->half[dir], *other = &talk->half[!dir];
	h->seen = true;
	if (seg->flags & TCP_SYN) {
		talk->all->counts.reassembly.copied |= h->syn;
		h->syn = talk->info.start_seen = true;
		if (!h->begun)
			begin_half(h, seg->seq + 1);
	} else if (!(seg->flags & TCP_RST) && (!h->begun || was_keepalive(h, seg))) {
		begin_half(h, h->begun ? seg->seq : first_byte(h, seg->seq));
	}
	if (h->syn && !other->begun && !other->told && (seg->flags & (TCP_ACK | TCP_RST)) == TCP_ACK) {
		other->told = true;
		other->begin = seg->ack;
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

static bool waits(const struct talk *talk)
{
	return reassembly_waits(&talk->half[0].in) || reassembly_waits(&talk->half[1].in);
}

/* Whoever is told of messages can know that more of them may have come already. */
static void note_held(struct talk *talk)
{
	for (int d = 0; d < 2; d++) {
		uint8_t *held = &talk->info.held[talk_told(talk, (enum dir)d)];
		bool waits = reassembly_waits(&talk->half[d].in) || lags(&talk->half[d].in);
		*held = (uint8_t)(waits ? *held | HELD_FOR_BYTES : *held & ~HELD_FOR_BYTES);
	}
}

/* Behind what a FIN ends nothing was sent: one before bytes that came is a stray, and so is, of two, the later one. */
static void take_fin(struct talk *talk, enum dir dir, uint32_t seq, int64_t time)
{
	struct half *h = &talk->half[dir];
	uint64_t end = reassembly_offset(&h->in, seq);
	talk->all->counts.strays += end < h->in.next;
	if (end < h->in.next || (h->fin && end >= h->in.end))
		return;
	h->fin = true;
	reassembly_end(&h->in, &talk->all->counts.reassembly, seq, time);
}

static void take_bytes(struct talk *talk, const struct segment *seg, enum dir dir, int64_t time, int64_t at)
{
	struct half *h = &talk->half[dir];
	struct connections_counts *n = &talk->all->counts;
	struct reassembly_out out = out_of(talk, dir);
	uint32_t seq = seg->seq + ((seg->flags & TCP_SYN) != 0);
	if (seg->payload.len) {
		n->segments++;
		reassembly_add(&h->in, &out, &n->reassembly, seq, (struct chunk){ seg->payload, at, time }, needs_of(talk, seg, dir));
	}
	if (seg->payload.len < seg->payload_len)
		reassembly_cut(&h->in, &out, &n->reassembly, seq + (uint32_t)seg->payload.len, seq + seg->payload_len, time);
	if (seg->flags & TCP_FIN)
		take_fin(talk, dir, seq + seg->payload_len, time);
}

static enum dir waits_longer(const struct talk *talk)
{
	return reassembly_waiting(&talk->half[DIR_S2C].in) < reassembly_waiting(&talk->half[DIR_C2S].in) ? DIR_S2C : DIR_C2S;
}

static bool give_up_lost(struct talk *talk, enum dir dir, int64_t time)
{
	struct reassembly_out out = out_of(talk, dir);
	return reassembly_tick(&talk->half[dir].in, &out, &talk->all->counts.reassembly, time, !talk->half[!dir].seen);
}

/* Missing bytes of either direction may count as lost by now: one after the other, first where something waits for longer, since each lets go on what
 * waits for it in the other direction. */
static void tick(struct talk *talk, int64_t time, bool packet)
{
	enum dir dir;
	talk->half[0].in.ticks += packet;
	talk->half[1].in.ticks += packet;
	do {
		resume(talk, DIR_C2S);
		resume(talk, DIR_S2C);
		dir = waits_longer(talk);
	} while (give_up_lost(talk, dir, time) || give_up_lost(talk, !dir, time));
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

/* Where more of a direction is missing than sequence numbers can tell, 2 GiB or more, what follows seems to lie before what came. It is what
 * follows if its receiver acknowledges it: it is read on from there. */
static void leap(struct talk *talk, const struct segment *seg, enum dir dir, int64_t time)
{
	const struct reassembly *own = &talk->half[dir].in;
	struct reassembly *other = &talk->half[!dir].in;
	if (seg->payload_len && own->known && reassembly_offset(own, seg->seq) + IN_FLIGHT < own->next) {
		talk->leapt[dir] = true;
		talk->leap[dir] = seg->seq;
	} else if (talk->leapt[!dir] && seg->flags & TCP_ACK && seq_is_near(seg->ack, talk->leap[!dir]) && time >= talk->handed[!dir]) {
		struct reassembly_out out = out_of(talk, !dir);
		uint32_t missing = seg->ack - (uint32_t)other->next;
		talk->leapt[!dir] = false;
		if (!talk->half[!dir].fin)
			reassembly_flush(other, &out, &talk->all->counts.reassembly, other->next + missing, time);
	}
}

/* Who gets a reset does not look at what it acknowledges, which may be anything. Otherwise what is far ahead of all that came is believed when it is said
 * again: much of the other direction is missing. */
static bool acknowledges(struct talk *talk, const struct segment *seg, enum dir dir)
{
	const struct reassembly *in = &talk->half[!dir].in;
	if (!(seg->flags & TCP_ACK) || !in->known || !is_far(in, seg->ack))
		return seg->flags & TCP_ACK;
	if (seg->flags & TCP_RST)
		return false;
	bool again = talk->far_acked[dir] && seq_is_near(seg->ack, talk->far_ack[dir]);
	talk->far_acked[dir] = true;
	talk->far_ack[dir] = seg->ack;
	return again;
}

void talk_free(struct talk *talk)
{
	drop_stranger(talk);
	layer_free(talk->layer);
	reassembly_release(&talk->half[0].in);
	reassembly_release(&talk->half[1].in);
	free(talk);
}

static struct endpoint endpoint_of(const uint8_t addr[16], uint8_t family, uint16_t port)
{
	struct endpoint e = { .family = family, .port = port };
	memcpy(e.addr, addr, 16);
	return e;
}

struct talk *talk_new(struct talks *all, uint32_t number, const struct ip_packet *ip, const struct segment *seg, bool client, int64_t time)
{
	struct talk *talk = xcalloc(1, sizeof *talk);
	talk->all = all;
	talk->info.number = talk->info.carrier = number;
	talk->info.stream = number - 1 - (uint32_t)all->counts.stream.conversations;
	talk->info.ends[client ? DIR_C2S : DIR_S2C] = endpoint_of(ip->src, ip->family, seg->sport);
	talk->info.ends[client ? DIR_S2C : DIR_C2S] = endpoint_of(ip->dst, ip->family, seg->dport);
	talk->info.opened = time;
	talk->stream = (struct stream){ &talk->info, all->sink, all->limits, &all->counts.stream };
	talk->half[0].in.other = &talk->half[1].in;
	talk->half[1].in.other = &talk->half[0].in;
	return talk;
}

bool talk_take(struct talk *talk, const struct segment *seg, enum dir dir, int64_t time, int64_t at, enum conn_end *end)
{
	if (is_stray_reset(talk, seg, dir)) {
		talk->all->counts.stray_resets++;
		return false;
	}
	drop_stranger(talk);
	learn_start(talk, dir, seg);
	if (!(seg->flags & (TCP_RST | TCP_SYN)))
		leap(talk, seg, dir, time);
	if (acknowledges(talk, seg, dir))
		reassembly_ack(&talk->half[!dir].in, seg->ack, time);
	if (lags(&talk->half[!dir].in))
		note_held(talk);
	if (!(seg->flags & TCP_RST))
		take_bytes(talk, seg, dir, time, at);
	else if (dir == DIR_S2C && seg->flags & TCP_ACK && !seg->seq && seg->ack == talk->half[DIR_C2S].begin)
		tell_unborn(talk, true, time);
	if (waits(talk))
		tick(talk, time, true);
	if (!talk->half[!dir].seen && time - talk->info.opened > UNSEEN_NS) {
		tell_unseen(talk, !dir, time);
		tell_unborn(talk, false, time);
	}
	*end = !(seg->flags & TCP_RST) ? CONN_OPEN : talk_told(talk, dir) == DIR_C2S ? CONN_RESET_BY_CLIENT : CONN_RESET_BY_SERVER;
	if (*end != CONN_OPEN || ((talk->half[0].fin || talk->half[1].fin) && end_halves(talk, time)))
		return true;
	if (waits(talk))
		waiting_add(talk);
	if (talk->waiting_at || (talk->info.held[0] | talk->info.held[1]) & HELD_FOR_BYTES)
		note_held(talk);
	return false;
}

bool talk_tick(struct talk *talk, int64_t time)
{
	tick(talk, time, false);
	note_held(talk);
	if (end_halves(talk, time))
		return true;
	if (!waits(talk))
		waiting_remove(talk);
	return false;
}

/* Gives up what either direction waits for, where the wait has been longer first: so what was sent first is handed on first. */
static void flush(struct talk *talk, int64_t time)
{
	for (;;) {
		int64_t waiting[2];
		for (int d = 0; d < 2; d++)
			waiting[d] = talk->half[d].in.known && !talk->half[d].ended ? reassembly_waiting(&talk->half[d].in) : INT64_MAX;
		enum dir dir = waiting[DIR_S2C] < waiting[DIR_C2S] ? DIR_S2C : DIR_C2S;
		if (waiting[dir] == INT64_MAX)
			break;
		struct reassembly_out out = out_of(talk, dir);
		reassembly_give_up(&talk->half[dir].in, &out, &talk->all->counts.reassembly, time);
		resume(talk, !dir);
	}
	flush_half(talk, DIR_C2S, time);
	flush_half(talk, DIR_S2C, time);
}

/* Behind what is left no FIN came, and nothing was acknowledged that may have been one. */
static bool breaks_off(const struct half *h)
{
	return !h->fin && h->in.acked <= h->in.next;
}

void talk_end(struct talk *talk, enum conn_end end, int64_t time)
{
	flush(talk, time);
	note_held(talk);
	bool reset = end == CONN_RESET_BY_CLIENT || end == CONN_RESET_BY_SERVER;
	tell_unborn(talk, false, time);
	for (int d = 0; d < 2 && (talk->info.start_seen || reset); d++)
		tell_unseen(talk, (enum dir)d, time);
	talk->info.end = end_halves(talk, time) ? talk->closer : end;
	for (int d = 0; d < 2; d++)
		talk->info.broke_off[talk_told(talk, (enum dir)d)] = breaks_off(&talk->half[d]);
	end_half(talk, DIR_C2S, time);
	end_half(talk, DIR_S2C, time);
	waiting_remove(talk);
	talk->ended = time;
}

/* The sink is told, the talk goes. */
static void part(struct talk *talk)
{
	talk->all->sink->closed(talk->all->sink->user, &talk->info, talk->ended);
	talk_free(talk);
}

void talk_part(struct talk *talk)
{
	struct talks *all = talk->all;
	if (!layer_rests(talk->layer, all->resting_count == RESTING_MAX)) {
		part(talk);
		return;
	}
	talk->resting_next = all->resting;
	all->resting = talk;
	all->resting_count++;
}

void talks_part_rested(struct talks *all, int64_t time, bool over)
{
	struct talk **at = &all->resting, *talk;
	while ((talk = *at)) {
		if (layer_rests(talk->layer, over || time - talk->ended > REST_NS)) {
			at = &talk->resting_next;
			continue;
		}
		*at = talk->resting_next;
		all->resting_count--;
		part(talk);
	}
}

void talks_release(struct talks *all)
{
	for (struct talk *talk = all->resting, *next; talk; talk = next) {
		next = talk->resting_next;
		talk_free(talk);
	}
}

bool talk_is_stranger(const struct talk *talk, const struct ip_packet *ip, const struct segment *seg, enum dir dir)
{
	const struct half *own = &talk->half[dir], *other = &talk->half[!dir];
	if (talk->stranger && talk->stranger->seg.flags & TCP_SYN && stranger_agrees(talk->stranger, ip, seg))
		return true;
	if ((seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return own->begun && !own->fin && own->begin != seg->seq + 1;
	bool far = own->in.known ? is_far(&own->in, seg->seq) : other->syn; /* nobody answers a SYN with another number */
	return (seg->flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK && far && other->in.known && is_far(&other->in, seg->ack);
}

struct stranger *talk_meet(struct talk *talk, const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at)
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
