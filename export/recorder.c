/*
 * -w: which packets are written.
 *
 * Without a display filter all are, each as soon as it was handled: by then it is known which messages it completed and which rules they
 * break, which become its comments. With one, packets are held, chained by connection (a flow), and a message that matches lets go
 * of those that are wanted:
 *
 *	flow: │ opening │ … │ mark ······· last │
 *	        up to the first message       └ the packet that completed the message
 *	                    └ the packet that completed the one before in that direction
 *
 * all of the flow, now and from now on; or the opening and what lies between mark and last in the message's direction, since a message can't
 * begin before the one before it ended. Where a message can't be read without what came before on its connection (TLS, HTTP/2, deflated WebSocket), the whole
 * flow is wanted.
 *
 * What is wanted is taken: written at once, or, where the order of the file is to be kept, marked and written when the hold comes round
 * to it or at the end.
 */
#include "export/recorder.h"

#include "base/xalloc.h"
#include "export/packet_comments.h"
#include "export/packet_flows.h"
#include "export/packet_hold.h"
#include "export/pdu.h"

#include <stdlib.h>

enum { NO_DIR = 2 /* of a packet without data */ };

/* A message that the packet under way has completed, or a rule that it has made known. */
struct hit {
	uint32_t conn, size; /* the connection of its packets */
	enum dir dir;
	enum transport transport;
	bool match, whole; /* whole: with all that its connection had */
	bool late;         /* only now known to match: its packets can't be told any more */
};

/* A comment that is to go with the packet under way: this and its text, which ends with NUL. */
struct remark {
	uint32_t conn, carrier; /* of the message, and the number of the connection that carried it */
	bool wanted;            /* the message, or all that its connection has */
};

struct recorder {
	struct recorder_options options;
	struct packet_file *file;
	const struct session *session;
	struct filter *filter;
	struct packet_hold *hold;
	struct packet_flows flows;
	struct buf hits, remarks; /* since the packet before; with struct remark in front of each */
	struct buf comments;      /* of the packet under way, with NUL behind each */
	struct buf scratch, places;
	uint64_t given_up, matched, remarks_left;
	int64_t first_time, last_time;
	uint32_t interface; /* of PDUs */
};

struct recorder *recorder_new(const struct recorder_options *o, char *error, size_t room)
{
	static const struct packet_interface pdus = {
		.link = LINK_UPPER_PDU, .digits = 9, .name = "envscope", .description = "OpenIAP Flow messages"
	};
	struct packet_file *file = packet_file_new(&o->file, error, room);
	if (!file)
		return NULL;
	struct recorder *r = xcalloc(1, sizeof *r);
	r->options = *o;
	r->file = file;
	if (o->what == RECORD_PDUS)
		r->interface = packet_file_interface(file, &pdus);
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	packet_flows_release(&r->flows);
	packet_file_free(r->file);
	packet_hold_free(r->hold);
	buf_release(&r->hits);
	buf_release(&r->remarks);
	buf_release(&r->comments);
	buf_release(&r->scratch);
	buf_release(&r->places);
	free(r);
}

/* Is it only about some messages? */
static bool selective(const struct recorder *r)
{
	return r->filter || r->options.wanted;
}

void recorder_begin(struct recorder *r, const struct session *s, struct filter *filter, struct files files)
{
	uint64_t hold = r->options.hold ? r->options.hold : (uint64_t)RECORD_HOLD_MIB << 20;
	r->session = s;
	r->filter = filter;
	if (selective(r) && r->options.what != RECORD_PDUS)
		r->hold = packet_hold_new(hold, files, NULL);
}

static void write_packet(struct recorder *r, uint32_t interface, int64_t time, struct slice bytes, uint32_t wire_len, struct slice comments)
{
	struct pcapng_packet p = { .interface = interface, .time = time, .bytes = bytes, .wire_len = wire_len };
	struct slice *split_comments = packet_comments_split(comments, &p.comment_count);
	p.comments = split_comments;
	packet_file_write(r->file, &p);
	free(split_comments);
}

static void write_held(struct recorder *r, uint64_t place, const struct held *h)
{
	struct slice bytes, comments;
	if (packet_hold_read(r->hold, place, h, &r->scratch, &bytes, &comments))
		write_packet(r, h->interface, h->time, bytes, h->wire_len, comments);
	else
		r->given_up++;
}

static void take(struct recorder *r, uint64_t place)
{
	struct held h;
	if (!packet_hold_get(r->hold, place, &h) || h.taken)
		return;
	packet_hold_take(r->hold, place);
	if (r->options.at_once)
		write_held(r, place, &h);
}

static void note_place(struct recorder *r, uint64_t place)
{
	buf_add(&r->places, slice_of(&place, sizeof place));
}

/* A chain of packets whose connection showed later, the newest first. */
static void note_apart(struct recorder *r, uint64_t place)
{
	struct held h;
	for (; place && packet_hold_get(r->hold, place, &h); place = h.before)
		note_place(r, place);
}

/* What was noted backwards is taken forwards. */
static void take_noted(struct recorder *r)
{
	for (size_t i = r->places.len / sizeof(uint64_t); i > 0; i--) {
		uint64_t place;
		memcpy(&place, r->places.at + (i - 1) * sizeof place, sizeof place);
		take(r, place);
	}
	buf_clear(&r->places);
}

static void take_apart(struct recorder *r, uint64_t place)
{
	note_apart(r, place);
	take_noted(r);
}

/* Takes the packets of a flow from `from` on, up to place `to`; of one direction only, if dir is not negative. */
static void take_range(struct recorder *r, const struct packet_flow *f, struct flow_mark from, uint64_t to, int dir)
{
	struct held h;
	uint64_t place = f->last.place;
	uint32_t earliest = f->last.number + 1;
	for (; place && place >= from.place && packet_hold_get(r->hold, place, &h); place = h.before) {
		earliest = h.number;
		if (place > to || (dir >= 0 && h.dir != dir))
			continue;
		note_place(r, place);
		note_apart(r, h.also);
	}
	if (earliest > from.number + 1)
		r->given_up += earliest - from.number - 1;
	take_noted(r);
}

/* Did a message of that size begin behind the packet that completed the one before? For certain where its bytes are just those that came. */
static bool began_behind_mark(const struct packet_flow *f, const struct hit *h)
{
	uint64_t prefixed = (uint64_t)h->size + 4, came = f->data[h->dir];
	if (h->transport == TRANSPORT_TCP)
		return came == prefixed;
	if (h->transport != TRANSPORT_WS || came < prefixed)
		return false;
	uint64_t head = came - prefixed, mask = h->dir == DIR_C2S ? 4 : 0;
	return head == (prefixed < 126 ? 2 : prefixed < 65536 ? 4 : 10) + mask;
}

static void take_message(struct recorder *r, struct packet_flow *f, const struct hit *h)
{
	struct flow_mark from = f->mark[h->dir];
	if (!f->opened)
		take_range(r, f, (struct flow_mark){ 0, 0 }, f->opening.place ? f->opening.place : f->last.place, -1);
	f->opened = true;
	if (from.place && began_behind_mark(f, h))
		from.place++;
	take_range(r, f, from, f->last.place, h->dir);
}

static void settle_hit(struct recorder *r, const struct hit *h)
{
	struct packet_flow *f = h->conn ? packet_flows_find(&r->flows, h->conn) : NULL;
	if (!f)
		return;
	if (h->match && !f->all) {
		bool all = h->whole || r->options.what == RECORD_CONNECTIONS;
		if (all)
			take_range(r, f, (struct flow_mark){ 0, 0 }, f->last.place, -1);
		else if (!h->late)
			take_message(r, f, h);
		f->all = all;
	}
	if (h->late)
		return;
	f->mark[h->dir] = f->last;
	f->data[h->dir] = 0;
	if (!f->opening.place)
		f->opening = f->last;
}

static void settle_hits(struct recorder *r)
{
	for (size_t i = 0; i < r->hits.len; i += sizeof(struct hit)) {
		struct hit h;
		memcpy(&h, r->hits.at + i, sizeof h);
		settle_hit(r, &h);
	}
	buf_clear(&r->hits);
}

/* The hold comes round to its oldest packet: where the order is kept, it is written now if it is wanted. */
static void pass(struct recorder *r, uint64_t place)
{
	struct held h;
	if (!r->options.at_once && packet_hold_get(r->hold, place, &h) && h.taken)
		write_held(r, place, &h);
}

static void hold_packet(struct recorder *r, struct packet_flow *f, uint64_t also, const struct packet *p, const struct packet_facts *facts)
{
	struct held h = { .time = p->time,
			  .at = p->at,
			  .before = f->last.place,
			  .also = also,
			  .wire_len = p->wire_len,
			  .interface = packet_file_interface(r->file, p->interface),
			  .number = f->last.number + 1,
			  .taken = f->all,
			  .dir = facts->data || facts->apart ? facts->dir : NO_DIR };
	struct slice comments = buf_slice(&r->comments);
	uint64_t old;
	while ((old = packet_hold_make_room(r->hold, &h, p->bytes, comments)))
		pass(r, old);
	uint64_t place = packet_hold_add(r->hold, &h, p->bytes, comments);
	if (place)
		f->last = (struct flow_mark){ place, h.number };
	else
		r->given_up++;
	f->data[facts->dir] += facts->data;
}

static void write_now(struct recorder *r, const struct packet *p)
{
	write_packet(r, packet_file_interface(r->file, p->interface), p->time, p->bytes, p->wire_len, buf_slice(&r->comments));
}

/* Where only some messages are wanted. */
static void sort_packet(struct recorder *r, const struct packet *p, const struct packet_facts *facts)
{
	struct packet_flow *f = NULL;
	uint64_t also = 0;
	if (facts->conn) {
		f = packet_flows_for(&r->flows, facts->conn);
		also = facts->apart ? packet_flows_adopt(&r->flows, facts->apart) : 0;
	} else if (facts->apart) {
		f = packet_flows_for_apart(&r->flows, facts->apart);
	}
	if (f && f->all)
		take_apart(r, also);
	if (f && f->all && r->options.at_once)
		write_now(r, p);
	else if (f)
		hold_packet(r, f, also, p, facts);
}

/* What was said since the packet before goes with this one. That may be of another connection, where a secret that came late or the end of a
 * wait let messages out: then the comment names theirs. */
static void take_remarks(struct recorder *r, uint32_t conn)
{
	struct remark about;
	for (struct slice rest = buf_slice(&r->remarks); rest.len; rest = slice_skip(rest, strlen((const char *)rest.at) + 1)) {
		memcpy(&about, rest.at, sizeof about);
		rest = slice_skip(rest, sizeof about);
		packet_comments_place(&r->comments, slice_str((const char *)rest.at), about.carrier == conn ? 0 : about.conn);
	}
	buf_clear(&r->remarks);
}

static void on_packet(void *user, const struct packet *p, const struct packet_facts *facts)
{
	struct recorder *r = user;
	if (!r->first_time)
		r->first_time = p->time;
	r->last_time = p->time;
	if (r->options.what == RECORD_PDUS)
		return;
	take_remarks(r, facts->conn);
	packet_comments_keep(&r->comments, p->comments);
	if (selective(r))
		sort_packet(r, p, facts);
	else
		write_now(r, p);
	settle_hits(r);
	buf_clear(&r->comments);
}

/* What it had last was about packets that are held already. */
static void on_gone(void *user, uint32_t conn)
{
	struct recorder *r = user;
	settle_hits(r);
	packet_flows_drop(&r->flows, conn);
}

void recorder_finish(struct recorder *r)
{
	packet_file_finish(r->file);
}

static void on_pause(void *user)
{
	packet_file_flush(((struct recorder *)user)->file);
}

static void take_drops(void *user, const struct interface_drops *d)
{
	packet_file_drops(((struct recorder *)user)->file, d);
}

/* The counts of the interfaces, where all of their packets were written: of live ones, and of a file that tells of any. */
static void write_statistics(struct recorder *r, const struct source_counts *c, struct source *source)
{
	struct interface_drops all = { NULL, c->dropped_kernel, c->dropped_interface };
	if (r->options.what == RECORD_PDUS || selective(r) || !r->last_time)
		return;
	source_each_drops(source, take_drops, r);
	packet_file_statistics(r->file, r->last_time, &all, r->options.at_once);
}

/* What became known behind the last packet is no packet's comment. */
static void leave_remarks(struct recorder *r)
{
	struct remark about;
	bool comments = r->options.file.format == PACKETS_PCAPNG;
	for (struct slice rest = buf_slice(&r->remarks); rest.len; rest = slice_skip(rest, strlen((const char *)rest.at) + 1)) {
		memcpy(&about, rest.at, sizeof about);
		rest = slice_skip(rest, sizeof about);
		r->remarks_left += comments && about.wanted;
	}
	buf_clear(&r->remarks);
}

static void on_end(void *user, const struct capture_counts *counts, struct source *source)
{
	struct recorder *r = user;
	uint64_t place;
	settle_hits(r);
	while (r->hold && (place = packet_hold_oldest(r->hold)))
		pass(r, place);
	leave_remarks(r);
	write_statistics(r, &counts->source, source);
	packet_file_flush(r->file);
}

static void on_counts(void *user, struct watcher_counts *out)
{
	const struct recorder *r = user;
	struct packet_file_counts c = packet_file_counts(r->file);
	*out = (struct watcher_counts){ c.packets, c.unwritten, r->given_up, c.other_link, r->remarks_left, c.error, c.stopped };
}

struct packet_watcher recorder_watcher(struct recorder *r)
{
	return (struct packet_watcher){ r, on_packet, on_gone, on_pause, on_end, on_counts };
}

/* The number of the connection whose packets carried the message. */
static uint32_t carrier_of(const struct recorder *r, const struct record *m)
{
	const struct session_conn *conn = session_conn(r->session, m->conn);
	return conn ? conn->info.carrier : m->conn;
}

static void write_pdu(struct recorder *r, const struct record *m, struct slice bytes)
{
	struct buf pdu = { 0 };
	uint32_t whole = pdu_add(&pdu, r->session, m, bytes);
	take_remarks(r, carrier_of(r, m));
	write_packet(r, r->interface, m->time, buf_slice(&pdu), whole, buf_slice(&r->comments));
	buf_release(&pdu);
	buf_clear(&r->comments);
}

/* Can messages of that connection not be read without what came before? */
static bool needs_whole(const struct record *m, const struct session_conn *conn)
{
	return m->tls || m->transport == TRANSPORT_GRPC || (conn && conn->info.deflated);
}

static bool matches(struct recorder *r, uint32_t n, struct slice bytes)
{
	if (r->options.wanted && !r->options.wanted(r->options.user, n))
		return false;
	if (!r->filter)
		return true;
	if (r->first_time)
		filter_set_start(r->filter, r->first_time);
	return filter_match(r->filter, r->session, n, bytes);
}

static void remark(struct recorder *r, uint32_t n, const struct record *m, enum rule rule, bool match)
{
	struct remark about = { m->conn, carrier_of(r, m), match };
	const struct packet_flow *f = r->hold && !match ? packet_flows_find(&r->flows, about.carrier) : NULL;
	about.wanted = match || !selective(r) || (f && f->all);
	buf_add(&r->remarks, slice_of(&about, sizeof about));
	packet_comments_add(&r->remarks, r->session, n, m, rule);
}

static void note_hit(struct recorder *r, const struct record *m, bool match, bool late)
{
	const struct session_conn *conn = session_conn(r->session, m->conn);
	struct hit h = { carrier_of(r, m), m->size, (enum dir)m->dir, (enum transport)m->transport, match, needs_whole(m, conn), late };
	if (r->hold)
		buf_add(&r->hits, slice_of(&h, sizeof h));
}

void recorder_message(struct recorder *r, uint32_t n, struct slice bytes)
{
	const struct record *m = session_record(r->session, n);
	bool match = m && matches(r, n, bytes);
	r->matched += match;
	if (!m || (!match && r->options.what == RECORD_PDUS))
		return;
	for (int rule = 0; m->rules >> rule; rule++)
		if (m->rules >> rule & 1)
			remark(r, n, m, (enum rule)rule, match);
	if (r->options.what == RECORD_PDUS)
		write_pdu(r, m, bytes);
	else
		note_hit(r, m, match, false);
}

void recorder_rule(struct recorder *r, uint32_t n, enum rule rule)
{
	const struct record *m = session_record(r->session, n);
	if (!m || r->options.what == RECORD_PDUS)
		return;
	bool match = r->filter && filter_needs(r->filter) == FILTER_INDEX && matches(r, n, slice_of(NULL, 0));
	remark(r, n, m, rule, match);
	if (match)
		note_hit(r, m, true, true);
}

void recorder_secrets(void *recorder, struct slice lines)
{
	struct recorder *r = recorder;
	if (r->options.what != RECORD_PDUS)
		packet_file_secrets(r->file, lines);
}

uint64_t recorder_matched(const struct recorder *r)
{
	return r->matched;
}

bool recorder_closed(const struct recorder *r)
{
	return packet_file_closed(r->file);
}
