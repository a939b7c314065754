/*
 * TCP connections: where they begin and end, whose segments are whose, and in which order both directions are handed on.
 *
 * Two hosts talk; what they send may be kept back and fed later. A layer writes down what it is fed, so that a test reads what a
 * conversation came to: "1>hello 1<ok 1(5 lost) 1>. 1:reset by server" is: on connection 1 the client said hello, the server ok,
 * five bytes of the server are missing, the client ended its direction, the server reset the connection.
 */
#include "capture/net/connection.h"

#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT = 200, PATIENCE = 64 };
enum { SYN = TCP_SYN, ACK = TCP_ACK, FIN = TCP_FIN, RST = TCP_RST };

static const enum dir C = DIR_C2S, S = DIR_S2C;
static const int64_t SECOND = NS_PER_S;
static const struct stream_limits limits = { .message = 1 << 20, .head = 2048, .scan = 1 << 16 };

struct host {
	uint8_t addr[16], family;
	uint16_t port;
	uint32_t seq; /* of the next byte that it sends */
};

struct net {
	struct connections *t;
	struct sink sink;
	struct host host[2];
	struct buf log;
	char last; /* direction of the bytes at the end of the log, 0 if something else is there */
	uint32_t last_conn;
	struct conn_info info;       /* of the connection that spoke last, as it was then */
	const struct conn_info *now; /* … as it is, until it is closed */
	struct news news;
	size_t layers, freed;
	bool quiet, keeps_back; /* … what layers have */
	int64_t time, place;
	int64_t fed, gap; /* times of the bytes handed on last, and that a layer was given for the gap behind them */
};

/* A packet on its way. */
struct packet_of {
	struct ip_packet ip;
	struct segment seg;
	char text[TEXT];
};

struct writer {
	struct layer layer;
	struct net *net;
	const struct stream *stream;
	bool ended[2];
};

static void token(struct net *n, const struct conn_info *info, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void token(struct net *n, const struct conn_info *info, const char *format, ...)
{
	va_list args;
	if (n->quiet)
		return;
	if (n->log.len)
		buf_add_byte(&n->log, ' ');
	buf_addf(&n->log, "%u", info->number);
	va_start(args, format);
	buf_addv(&n->log, format, args);
	va_end(args);
	n->last = 0;
}

static void writer_feed(struct layer *l, enum dir dir, struct chunk c)
{
	struct writer *w = (struct writer *)l;
	struct net *n = w->net;
	assert_true(c.bytes.len > 0 && c.time <= n->time && !w->ended[dir]);
	n->now = w->stream->conn;
	if (slice_is(c.bytes, "turn"))
		w->stream->conn->turned = true;
	n->info = *n->now;
	n->place = c.at;
	n->fed = c.time;
	char arrow = dir == C ? '>' : '<';
	if (n->last != arrow || n->last_conn != n->info.number)
		token(n, &n->info, "%c", arrow);
	if (!n->quiet)
		buf_add(&n->log, c.bytes);
	n->last = arrow;
	n->last_conn = n->info.number;
}

static void writer_gap(struct layer *l, enum dir dir, uint64_t bytes, int64_t time)
{
	struct writer *w = (struct writer *)l;
	assert_true(!w->ended[dir] && time <= w->net->time);
	assert_true(w->net->news.kind == NEWS_GAP && w->net->news.bytes == bytes && w->net->news.dir == dir);
	w->net->gap = time;
	assert_true(time <= w->net->news.time);
	w->net->news = (struct news){ .kind = NEWS_KINDS };
	token(w->net, w->stream->conn, "%c(%llu lost)", dir == C ? '>' : '<', (unsigned long long)bytes);
}

static void writer_end(struct layer *l, enum dir dir, int64_t time)
{
	struct writer *w = (struct writer *)l;
	(void)time;
	assert_false(w->ended[dir]);
	w->ended[dir] = true;
	token(w->net, w->stream->conn, "%c.", dir == C ? '>' : '<');
}

static void writer_free(struct layer *l)
{
	((struct writer *)l)->net->freed++;
	free(l);
}

static bool writer_rests(struct layer *l, bool over)
{
	struct writer *w = (struct writer *)l;
	assert_true(w->ended[0] && w->ended[1]);
	return !over && w->net->keeps_back;
}

static const struct layer_ops writer_ops = { "writer", writer_feed, writer_gap, writer_end, writer_free, NULL, writer_rests };

static struct layer *make_writer(void *user, const struct stream *s)
{
	struct writer *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	*w = (struct writer){ { &writer_ops }, user, s, { false, false } };
	w->net->layers++;
	assert_ptr_equal(s->limits, &limits);
	return &w->layer;
}

static void on_news(void *user, const struct news *news)
{
	struct net *n = user;
	n->news = *news;
}

static void on_closed(void *user, struct conn_info *conn, int64_t time)
{
	static const char *const ends[] = { "open",     "closed by client", "closed by server", "reset by client", "reset by server",
					    "forgotten" };
	struct net *n = user;
	assert_true(time <= n->time);
	n->info = *conn;
	token(n, conn, ":%s", ends[conn->end]);
}

static void host_init(struct host *h, uint8_t last, uint16_t port, uint32_t seq)
{
	*h = (struct host){ .addr = { 192, 0, 2, last }, .family = 4, .port = port, .seq = seq };
}

static void net_init(struct net *n)
{
	*n = (struct net){ .sink = { n, NULL, on_news, on_closed, NULL, NULL }, .time = 1000 * SECOND };
	n->t = connections_new(&n->sink, &limits, make_writer, n);
	host_init(&n->host[C], 1, 50000, 0x10000000);
	host_init(&n->host[S], 2, 8080, 0xfffffff0);
}

static void net_release(struct net *n)
{
	connections_free(n->t);
	assert_int_equal(n->layers, n->freed);
	buf_release(&n->log);
}

static struct segment segment_of(const struct net *n, enum dir dir, unsigned flags)
{
	const struct host *from = &n->host[dir], *to = &n->host[!dir];
	struct segment s = { .sport = from->port, .dport = to->port, .seq = from->seq, .flags = (uint8_t)flags };
	if (!(flags & SYN) || dir == S)
		s.flags |= ACK;
	if (s.flags & ACK)
		s.ack = to->seq;
	return s;
}

/* What the host sends next. All but a client's SYN acknowledges everything that the other host sent. */
static struct packet_of packet(struct net *n, enum dir dir, unsigned flags, const char *text)
{
	struct packet_of p = { .seg = segment_of(n, dir, flags) };
	size_t len = strlen(text);
	assert_true(len < sizeof(p.text));
	memcpy(p.text, text, len);
	memcpy(p.ip.src, n->host[dir].addr, 16);
	memcpy(p.ip.dst, n->host[!dir].addr, 16);
	p.ip.family = n->host[dir].family;
	p.seg.payload_len = (uint32_t)len;
	n->host[dir].seq += (uint32_t)len + !!(flags & SYN) + !!(flags & FIN);
	return p;
}

/* Feeds the first `captured` bytes of a packet, in a block of their own. */
static void feed_cut(struct net *n, const struct packet_of *p, size_t captured)
{
	uint8_t *block = malloc(captured ? captured : 1);
	struct segment s = p->seg;
	memcpy(block, p->text, captured);
	s.payload = slice_of(block, captured);
	n->time += 1000;
	connections_feed(n->t, &p->ip, &s, n->time, captured ? 77 : -1);
	free(block);
}

static void feed(struct net *n, struct packet_of p)
{
	feed_cut(n, &p, p.seg.payload_len);
}

static void say(struct net *n, enum dir dir, unsigned flags, const char *text)
{
	feed(n, packet(n, dir, flags, text));
}

static void open_connection(struct net *n)
{
	say(n, C, SYN, "");
	say(n, S, SYN, "");
	say(n, C, 0, "");
}

static void close_both(struct net *n, enum dir first)
{
	say(n, first, FIN, "");
	say(n, !first, FIN, "");
	say(n, first, 0, "");
}

/* Empty packets of both hosts, so many. PATIENCE of them take longer than is waited at least. */
static void let_pass(struct net *n, int packets)
{
	for (int i = 0; i < packets; i++) {
		n->time += SECOND / 3 / PATIENCE;
		say(n, i & 1, 0, "");
	}
}

static void sleep_for(struct net *n, int64_t time)
{
	n->time += time;
	connections_tick(n->t, n->time);
}

/* What was heard since the last time. */
static void heard(struct net *n, const char *want)
{
	assert_string_equal(buf_cstr(&n->log), want);
	buf_clear(&n->log);
	n->last = 0;
}

static void finish(struct net *n, const char *want)
{
	connections_finish(n->t, n->time);
	heard(n, want);
	net_release(n);
}

static const struct connections_counts *counts(const struct net *n)
{
	return connections_counts(n->t);
}

/* --- beginning ----------------------------------------------------------------------------------------------------------------- */

static void from_syn_to_fin(void **state)
{
	(void)state;
	for (enum dir first = C; first <= S; first++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		heard(&n, "");
		say(&n, C, 0, "hello");
		assert_true(n.info.start_seen);
		assert_int_equal(n.info.number, 1);
		assert_int_equal(n.info.ends[C].port, 50000);
		assert_int_equal(n.info.ends[S].port, 8080);
		assert_memory_equal(n.info.ends[C].addr, n.host[C].addr, 16);
		assert_memory_equal(n.info.ends[S].addr, n.host[S].addr, 16);
		assert_int_equal(n.info.ends[S].family, 4);
		assert_int_equal(n.info.opened, 1000 * SECOND + 1000);
		assert_int_equal(n.place, 77);
		say(&n, S, 0, "ok, this goes past the wrap");
		heard(&n, "1>hello 1<ok, this goes past the wrap");
		close_both(&n, first);
		heard(&n, first == C ? "1>. 1<. 1:closed by client" : "1<. 1>. 1:closed by server");
		assert_int_equal(counts(&n)->segments, 2);
		assert_int_equal(counts(&n)->connections, 1);
		finish(&n, "");
	}
}

/* Of one direction nothing is captured: that is told in time, and at the end; what the other one says may answer it. */
static void nothing_of_one_direction(void **state)
{
	(void)state;
	for (enum dir dir = C; dir <= S; dir++) {
		for (int late = 0; late < 2; late++) {
			struct net n;
			net_init(&n);
			say(&n, dir, SYN, "");
			n.host[!dir].seq++;
			say(&n, dir, 0, "hello");
			assert_false(n.info.settled[dir]);
			heard(&n, dir == C ? "1>hello" : "1<hello");
			if (late) {
				sleep_for(&n, 4 * SECOND);
				say(&n, dir, 0, "again");
				heard(&n, dir == C ? "1>again 1<(0 lost)" : "1<again 1>(0 lost)");
			}
			say(&n, dir, RST, "");
			const char *gap = late ? "" : dir == C ? "1<(0 lost) " : "1>(0 lost) ";
			struct buf want = { 0 };
			buf_addf(&want, "%s1>. 1<. 1:reset by %s", gap, dir == C ? "client" : "server");
			finish(&n, buf_cstr(&want));
			buf_release(&want);
		}
	}
}

/* The SYN of one end and what it said first are missing: what the other one acknowledged behind its own SYN tells where it began. */
static void first_packets_lost(void **state)
{
	(void)state;
	for (enum dir dir = C; dir <= S; dir++) {
		struct net n;
		net_init(&n);
		n.host[dir].seq = 0xfffffff8;
		struct packet_of syn = packet(&n, dir, SYN, "");
		say(&n, !dir, SYN, "");
		say(&n, !dir, 0, "hello");
		n.host[dir].seq += 12;
		say(&n, dir, 0, "behind");
		say(&n, !dir, 0, "more");
		heard(&n, dir == S ? "1>hello" : "1<hello");
		let_pass(&n, PATIENCE + 1);
		heard(&n, dir == S ? "1<(12 lost) 1<behind 1>more" : "1>(12 lost) 1>behind 1<more");
		feed(&n, syn);
		assert_int_equal(counts(&n)->connections, 1);
		say(&n, dir, RST, "");
		finish(&n, dir == S ? "1>. 1<. 1:reset by server" : "1>. 1<. 1:reset by client");
	}
}

/* A layer keeps something back behind the end: its connection goes when it does not any more, when it took too long, or with the capture. */
static void resting(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct net n;
		net_init(&n);
		n.keeps_back = true;
		open_connection(&n);
		say(&n, C, 0, "one");
		close_both(&n, C);
		heard(&n, "1>one 1>. 1<.");
		sleep_for(&n, 9 * SECOND);
		heard(&n, "");
		if (how == 0)
			n.keeps_back = false;
		if (how == 1)
			sleep_for(&n, 2 * SECOND);
		if (how < 2)
			sleep_for(&n, 1);
		heard(&n, how < 2 ? "1:closed by client" : "");
		if (how == 3) {
			connections_free(n.t);
			assert_int_equal(n.layers, n.freed);
			buf_release(&n.log);
			continue;
		}
		finish(&n, how < 2 ? "" : "1:closed by client");
	}
}

/* Where so many wait already, what ends next is given up at once. */
static void most_that_rest(void **state)
{
	(void)state;
	enum { MOST = 1024 };
	struct net n;
	net_init(&n);
	n.keeps_back = n.quiet = true;
	for (int i = 0; i <= MOST; i++) {
		n.host[C].port = (uint16_t)(20000 + i);
		open_connection(&n);
		say(&n, C, 0, "one");
		close_both(&n, C);
		assert_int_equal(n.freed, i == MOST);
	}
	finish(&n, "");
}

/* Who is the client: the sender of the SYN, whatever the ports are; else whom they speak for. */
static void orientation(void **state)
{
	(void)state;
	static const struct {
		uint16_t sender, receiver;
		bool syn, sender_is_client;
	} cases[] = {
		{ 50000, 8080, true, true },   { 8080, 50000, true, true },  { 8080, 8080, true, true },    { 50000, 8080, false, true },
		{ 8080, 50000, false, false }, { 1000, 50051, false, true }, { 50051, 1000, false, false }, { 7000, 9000, false, false },
		{ 9000, 7000, false, true },   { 443, 8080, false, false },  { 7000, 7000, false, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct net n;
		net_init(&n);
		n.host[C].port = cases[i].sender;
		n.host[S].port = cases[i].receiver;
		say(&n, C, cases[i].syn ? SYN : 0, "first");
		assert_int_equal(n.info.start_seen, cases[i].syn);
		assert_int_equal(n.info.ends[C].port, cases[i].sender_is_client ? cases[i].sender : cases[i].receiver);
		assert_memory_equal(n.info.ends[C].addr, n.host[cases[i].sender_is_client ? C : S].addr, 16);
		say(&n, S, 0, "second");
		finish(&n, cases[i].sender_is_client ? "1>first 1<second 1>. 1<. 1:open" : "1<first 1>second 1>. 1<. 1:open");
	}
}

/* The same with the addresses the other way round, with IPv6, and between two ports of one host. */
static void addresses(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct net n;
		net_init(&n);
		for (int d = 0; d < 2; d++) {
			n.host[d].family = kind == 1 ? 6 : 4;
			n.host[d].addr[kind == 1 ? 15 : 3] = kind == 2 ? 7 : (uint8_t)(kind == 3 ? 9 - d : d);
		}
		open_connection(&n);
		say(&n, C, 0, "hello");
		assert_int_equal(n.info.ends[C].family, kind == 1 ? 6 : 4);
		assert_memory_equal(n.info.ends[C].addr, n.host[C].addr, 16);
		assert_memory_equal(n.info.ends[S].addr, n.host[S].addr, 16);
		say(&n, S, 0, "ok");
		finish(&n, "1>hello 1<ok 1>. 1<. 1:open");
	}
}

/* Connections that differ in one port or one byte of an address. */
static void neighbours(void **state)
{
	(void)state;
	struct net a;
	net_init(&a);
	struct host c = a.host[C], s = a.host[S];
	for (int i = 0; i < 5; i++) {
		a.host[C] = c;
		a.host[S] = s;
		a.host[C].port += i == 1;
		a.host[S].port += i == 2;
		a.host[C].addr[0] += i == 3;
		a.host[S].addr[15] += i == 4;
		open_connection(&a);
		say(&a, C, 0, "x");
	}
	heard(&a, "1>x 2>x 3>x 4>x 5>x");
	a.host[C] = c;
	a.host[S] = s;
	a.host[C].seq += 2;
	say(&a, C, 0, "y");
	finish(&a, "1>y 2>. 2<. 2:open 3>. 3<. 3:open 4>. 4<. 4:open 5>. 5<. 5:open 1>. 1<. 1:open");
}

static void data_in_the_handshake(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	say(&n, C, SYN, "fast ");
	say(&n, S, SYN, "open");
	say(&n, C, 0, "more");
	finish(&n, "1>fast  1<open 1>more 1>. 1<. 1:open");
}

/* The packets of a handshake in every order, then copies of them: one connection. */
static void handshake_in_any_order(void **state)
{
	(void)state;
	for (int order = 0; order < 256; order++) {
		struct net n;
		net_init(&n);
		struct packet_of p[4] = { packet(&n, C, SYN, "") };
		p[1] = packet(&n, S, SYN, "");
		p[2] = packet(&n, C, 0, "");
		p[3] = packet(&n, C, 0, "hello ");
		for (int i = 0; i < 4; i++)
			feed(&n, p[order >> 2 * i & 3]);
		for (int i = 0; i < 4; i++)
			feed(&n, p[i]);
		say(&n, C, 0, "again");
		say(&n, S, 0, "ok");
		assert_true(n.info.start_seen);
		assert_int_equal(counts(&n)->connections, 1);
		assert_int_equal(n.info.ends[C].port, 50000);
		close_both(&n, S);
		finish(&n, "1>hello again 1<ok 1<. 1>. 1:closed by server");
	}
}

/* The SYN comes late, and no other tells of the beginning. */
static void late_syn(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	struct packet_of syn = packet(&n, C, SYN, "");
	say(&n, C, 0, "hello");
	assert_false(n.info.start_seen);
	feed(&n, syn);
	say(&n, C, 0, " again");
	assert_true(n.info.start_seen);
	finish(&n, "1>hello again 1<(0 lost) 1>. 1<. 1:open");
}

/* --- joined in the middle ------------------------------------------------------------------------------------------------------ */

static void joined(void **state)
{
	(void)state;
	for (enum dir first = C; first <= S; first++) {
		struct net n;
		net_init(&n);
		say(&n, first, 0, "half a mess");
		say(&n, first, 0, "age");
		assert_false(n.info.start_seen);
		say(&n, !first, 0, "answer");
		close_both(&n, C);
		finish(&n, first == C ? "1>half a message 1<answer 1>. 1<. 1:closed by client"
				      : "1<half a message 1>answer 1>. 1<. 1:closed by client");
	}
}

/* Which end is the client is guessed only where neither a SYN nor a well-known port tells. A layer that knows better turns all round that follows. */
static void turned(void **state)
{
	(void)state;
	for (enum dir last = C; last <= S; last++) {
		struct net n;
		net_init(&n);
		say(&n, C, 0, "hello");
		assert_false(n.info.guessed);
		n.host[C].port = 30000;
		n.host[S].port = 40000;
		say(&n, C, 0, "turn");
		assert_true(n.info.guessed && n.info.ends[S].port == 30000);
		heard(&n, "1>hello 2<turn");
		say(&n, C, 0, "question");
		say(&n, S, 0, "answer");
		struct packet_of lost = packet(&n, S, 0, "lost");
		(void)lost;
		say(&n, S, 0, "behind");
		let_pass(&n, 2 * PATIENCE + 2);
		assert_true(n.info.settled[S]);
		heard(&n, "2>question 2<answer 2<(4 lost) 2<behind");
		if (last == C)
			close_both(&n, C);
		else
			say(&n, S, RST, "");
		finish(&n, last == C ? "2>. 2<. 2:closed by client 1>. 1<. 1:open" : "2<. 2>. 2:reset by server 1>. 1<. 1:open");
	}
}

/* A capture whose parts are not in order: what was sent before the first segment of either end is told, be the connection open or not. */
static void joined_at_its_end(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	struct packet_of question = packet(&n, C, 0, "question"), answer = packet(&n, S, 0, "answer");
	say(&n, C, 0, "thanks");
	say(&n, S, 0, "bye");
	feed(&n, question);
	close_both(&n, C);
	feed(&n, answer);
	assert_int_equal(counts(&n)->from_before, 2);
	assert_int_equal(counts(&n)->old_segments, 1);
	finish(&n, "1>thanks 1<bye 1>. 1<. 1:closed by client");
}

/* An empty segment says where its sender is: what overtakes the next one waits. */
static void joined_by_an_empty_segment(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	say(&n, C, 0, "");
	struct packet_of first = packet(&n, C, 0, "first");
	say(&n, C, 0, " second");
	heard(&n, "");
	feed(&n, first);
	finish(&n, "1>first second 1>. 1<. 1:open");
}

/* An answer that was captured before what it answers; the question's sender was heard of only by an acknowledgement. */
static void joined_at_an_answer(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	say(&n, C, 0, "");
	struct packet_of question = packet(&n, C, 0, "question");
	say(&n, S, 0, "answer");
	heard(&n, "");
	feed(&n, question);
	finish(&n, "1>question 1<answer 1>. 1<. 1:open");
}

/* Keep-alives repeat the byte before the next one, or just its number (RFC 9293, section 3.8.4). */
static void keepalives(void **state)
{
	(void)state;
	for (int with_byte = 0; with_byte <= 1; with_byte++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "hello");
		for (enum dir d = C; d <= S; d++) {
			n.host[d].seq--;
			say(&n, d, 0, with_byte ? "\x01" : "");
			n.host[d].seq += !with_byte;
			say(&n, !d, 0, "");
			sleep_for(&n, 7200 * SECOND);
		}
		say(&n, S, 0, "still here");
		say(&n, C, 0, "me too");
		assert_int_equal(counts(&n)->reassembly.duplicate_bytes, with_byte ? 2 : 0);
		assert_int_equal(counts(&n)->from_before, 0);
		finish(&n, "1>hello 1<still here 1>me too 1>. 1<. 1:open");
	}
}

/* Joined at keep-alives: the byte they are behind is not missing from the capture. */
static void joined_at_a_keepalive(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	for (enum dir d = C; d <= S; d++) {
		n.host[d].seq--;
		say(&n, d, 0, "");
		say(&n, d, 0, "");
		n.host[d].seq++;
		say(&n, !d, 0, "");
	}
	say(&n, C, 0, "hello");
	say(&n, S, 0, "ok");
	n.host[C].seq -= 4;
	say(&n, C, 0, "ello!");
	finish(&n, "1>hello 1<ok 1>! 1>. 1<. 1:open");
}

/* An acknowledgement number without the flag means nothing. */
static void no_acknowledgement(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	struct packet_of p = packet(&n, S, 0, "hello");
	p.seg.flags = 0;
	p.seg.ack += 100;
	feed(&n, p);
	finish(&n, "1<hello 1>. 1<. 1:open");
}

/* One direction only: holes can't be acknowledged, and are given up after a while all the same. */
static void one_way(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	say(&n, S, 0, "a");
	n.host[S].seq += 10;
	say(&n, S, 0, "b");
	sleep_for(&n, 3 * SECOND);
	heard(&n, "1<a");
	sleep_for(&n, 1);
	heard(&n, "1<(10 lost) 1<b");
	assert_true(n.info.one_way);
	say(&n, C, 0, "");
	say(&n, S, 0, "c");
	assert_false(n.info.one_way);
	finish(&n, "1<c 1>. 1<. 1:open");
}

/* Joined, and reset soon: of the other end nothing is in the capture, which is told all the same; nothing is to be told where it merely ends. */
static void one_way_reset(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct net n;
		net_init(&n);
		say(&n, S, 0, "a");
		if (reset)
			say(&n, S, RST, "");
		finish(&n, reset ? "1<a 1>(0 lost) 1>. 1<. 1:reset by server" : "1<a 1>. 1<. 1:open");
	}
}

/* An acknowledgement tells of bytes that did not come, though nothing behind them did: they may be the answer that is waited for. */
static void acknowledged_and_not_there(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "ask");
	assert_int_equal(n.info.held[S], 0);
	struct packet_of late = packet(&n, S, 0, "reply");
	say(&n, C, 0, "more"); /* waits for that in vain */
	say(&n, S, 0, "");
	sleep_for(&n, 2 * SECOND);
	heard(&n, "1>askmore");
	assert_int_equal(n.info.held[S], HELD_FOR_BYTES);
	feed(&n, late);
	say(&n, C, 0, "still more");
	assert_int_equal(n.info.held[S], 0);
	finish(&n, "1<reply 1>still more 1>. 1<. 1:open");
}

/* More is missing than the numbers of a direction can tell, while the other end sent next to nothing. What comes then seems to lie before what
 * was there; the acknowledgement says that it does not. Without it, it is what is sent again. */
static void leaps(void **state)
{
	(void)state;
	for (int acked = 0; acked < 2; acked++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "ask");
		say(&n, S, 0, "reply");
		n.host[S].seq += 3u << 30;
		say(&n, S, 0, "lost");
		struct packet_of next = packet(&n, C, 0, "next");
		if (!acked)
			next.seg.ack -= 4 + (3u << 30);
		feed(&n, next);
		say(&n, S, 0, "found");
		finish(&n,
		       acked ? "1>ask 1<reply 1<(3221225476 lost) 1>next 1<found 1>. 1<. 1:open" : "1>ask 1<reply 1>next 1>. 1<. 1:open");
	}
}

/* --- reuse of the endpoints ------------------------------------------------------------------------------------------------------ */

static void reuse_after_the_end(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "one");
		if (how)
			say(&n, how == 1 ? C : S, RST, "");
		else
			close_both(&n, C);
		buf_clear(&n.log);
		n.host[C].seq += 1000000;
		n.host[S].seq += 7777777;
		open_connection(&n);
		say(&n, C, 0, "two");
		assert_true(n.info.start_seen);
		finish(&n, "2>two 2>. 2<. 2:open");
	}
}

/* The end of the one before was not captured. */
static void reuse_while_open(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "one");
	n.host[C].seq += 1000000;
	n.host[S].seq += 7777777;
	open_connection(&n);
	say(&n, C, 0, "two");
	assert_int_equal(counts(&n)->forgotten, 0);
	finish(&n, "1>one 1>. 1<. 1:forgotten 2>two 2>. 2<. 2:open");
}

/* The other side connects from its port. */
static void reuse_the_other_way_round(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "one");
	close_both(&n, C);
	struct host h = n.host[C];
	n.host[C] = n.host[S];
	n.host[S] = h;
	n.host[C].seq += 99999;
	open_connection(&n);
	say(&n, C, 0, "two");
	assert_int_equal(n.info.ends[C].port, 8080);
	finish(&n, "1>one 1>. 1<. 1:closed by client 2>two 2>. 2<. 2:open");
}

/* Another connection of the same endpoints begins, so many bytes off. The capture lacks its SYN, but has the answer. */
static void begin_unseen(struct net *n, uint32_t client, uint32_t server)
{
	n->host[C].seq += client;
	n->host[S].seq += server;
	packet(n, C, SYN, "");
	say(n, S, SYN, "");
}

static void reuse_known_by_its_answer(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	close_both(&n, C);
	begin_unseen(&n, 1000000, 7777777);
	say(&n, C, 0, "two");
	finish(&n, "1>. 1<. 1:closed by client 2>two 2>. 2<. 2:open");
}

/* The capture lacks the end of the first, too. */
static void reuse_while_open_known_by_its_answer(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "hello");
	begin_unseen(&n, 1000000, 2000000);
	say(&n, C, 0, "again");
	finish(&n, "1>hello 1>. 1<. 1:forgotten 2>again 2>. 2<. 2:open");
}

/* The capture lacks all of how the second began: data far from those of the first tell, be they of either end. Resets and what is empty don't. Who was
 * reset by the other end may have had much under way. */
static void reuse_known_by_its_data(void **state)
{
	(void)state;
	for (enum dir dir = C; dir <= S; dir++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "hello");
		say(&n, !dir, RST, "");
		heard(&n, dir == C ? "1>hello 1>. 1<. 1:reset by server" : "1>hello 1>. 1<. 1:reset by client");
		n.host[dir].seq += 1 << 23;
		say(&n, dir, 0, "late");
		n.host[dir].seq += 1 << 24;
		say(&n, dir, 0, "");
		say(&n, dir, RST, "x");
		heard(&n, "");
		assert_int_equal(counts(&n)->connections, 1);
		say(&n, dir, 0, "again");
		finish(&n, dir == C ? "2>again 2>. 2<. 2:open" : "2<again 2>. 2<. 2:open");
	}
}

/* Who ended a direction sends nothing behind that: what is further off than the ends are known to be (64 KiB) is of the second. So nothing is missed for
 * long where a reset was none, as no receiver took it. */
static void reuse_behind_an_end(void **state)
{
	(void)state;
	for (int reset = 0; reset <= 1; reset++) {
		for (enum dir dir = C; dir <= S; dir++) {
			struct net n;
			net_init(&n);
			open_connection(&n);
			n.quiet = true;
			if (reset)
				say(&n, dir, RST, "");
			else
				close_both(&n, C);
			n.host[dir].seq += 1 << 15;
			say(&n, dir, 0, "late");
			assert_int_equal(counts(&n)->old_segments, 1);
			n.quiet = false;
			n.host[dir].seq += 1 << 16;
			say(&n, dir, 0, "again");
			finish(&n, dir == C ? "2>again 2>. 2<. 2:open" : "2<again 2>. 2<. 2:open");
		}
	}
}

/* The end of the first and all of how the second began are missing, and so are so many bytes of each end. */
static void begin_far_off(struct net *n, uint32_t client, uint32_t server)
{
	open_connection(n);
	say(n, C, 0, "hello");
	say(n, S, 0, "ok");
	heard(n, "1>hello 1<ok");
	n->host[C].seq += client;
	n->host[S].seq += server;
}

static const uint32_t FAR = (16 << 20) + 4096;

/* Two segments of which both numbers lie far from those of the open connection are of another, whoever sends them. */
static void reuse_while_open_known_by_its_data(void **state)
{
	(void)state;
	static const uint32_t offs[][2] = {
		{ 1 << 25, 1 << 25 }, { 1U << 31, 1 << 30 }, { 1U << 30, -(1U << 30) }, { -FAR, -FAR }, { FAR, FAR }
	};
	for (size_t i = 0; i < 2 * sizeof(offs) / sizeof(*offs); i++) {
		struct net n;
		net_init(&n);
		begin_far_off(&n, offs[i / 2][0], offs[i / 2][1]);
		say(&n, C, 0, "again");
		heard(&n, "");
		say(&n, i % 2 ? C : S, 0, i % 2 ? "!" : "");
		heard(&n, i % 2 ? "1>. 1<. 1:forgotten 2>again!" : "1>. 1<. 1:forgotten 2>again");
		assert_false(n.info.start_seen);
		say(&n, S, 0, "yes");
		say(&n, C, 0, "well");
		assert_int_equal(counts(&n)->connections, 2);
		assert_int_equal(counts(&n)->strays, 0);
		finish(&n, "2<yes 2>well 2>. 2<. 2:open");
	}
}

/* The first that is seen of it is an acknowledgement, or has the end of its direction. */
static void reuse_while_open_by_any_segment(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	begin_far_off(&n, 1 << 30, 1 << 29);
	say(&n, S, 0, "");
	say(&n, C, 0, "again");
	heard(&n, "1>. 1<. 1:forgotten 2>again");
	say(&n, S, 0, "yes");
	n.host[C].seq += 1 << 30;
	n.host[S].seq += 1 << 29;
	say(&n, C, FIN, "once more");
	say(&n, S, FIN, "bye");
	assert_int_equal(counts(&n)->strays, 0);
	finish(&n, "2<yes 2>. 2<. 2:forgotten 3>once more 3>. 3<bye 3<. 3:closed by client");
}

/* One segment alone, copies of it, and two that don't go together split no connection: they are passed over, also at the end. */
static void strays(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	begin_far_off(&n, 0, 0);
	struct packet_of stray = packet(&n, C, 0, "stray");
	n.host[C].seq -= 5;
	stray.seg.seq += 1 << 30;
	stray.seg.ack -= 1 << 29;
	for (int i = 0; i < 3; i++)
		feed(&n, stray);
	say(&n, C, 0, "on");
	feed(&n, stray);
	say(&n, S, 0, "");
	stray.seg.seq++;
	feed(&n, stray);
	stray.seg.seq += FAR;
	feed(&n, stray);
	stray.seg.ack += FAR;
	feed(&n, stray);
	assert_int_equal(counts(&n)->strays, 6);
	say(&n, C, 0, "!");
	feed(&n, stray);
	sleep_for(&n, 200 * SECOND);
	assert_int_equal(counts(&n)->connections, 1);
	assert_int_equal(counts(&n)->reassembly.gaps, 0);
	connections_finish(n.t, n.time);
	assert_int_equal(counts(&n)->strays, 8);
	finish(&n, "1>on! 1>. 1<. 1:open");
}

/* What is far in one direction only, or not far, is of the same connection: a hole, a late copy, a keep-alive. A reset tells nothing. */
static void far_in_one_direction(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	begin_far_off(&n, FAR, 0);
	say(&n, C, 0, "behind");
	say(&n, S, 0, "");
	say(&n, C, 0, ".");
	sleep_for(&n, 2 * SECOND);
	heard(&n, "1>(16781312 lost) 1>behind.");
	n.host[C].seq += FAR - 8192;
	n.host[S].seq += FAR - 8192;
	struct packet_of rst = packet(&n, C, RST, "");
	rst.seg.seq += 1 << 30;
	rst.seg.ack += 1 << 30;
	feed(&n, rst);
	feed(&n, rst);
	say(&n, C, 0, "near");
	say(&n, S, 0, "by");
	sleep_for(&n, 200 * SECOND);
	heard(&n, "1>(16773120 lost) 1>near 1<(16773120 lost) 1<by");
	n.host[S].seq += FAR;
	say(&n, C, 0, "n");
	say(&n, C, 0, "o");
	assert_int_equal(counts(&n)->connections, 1);
	assert_int_equal(counts(&n)->strays, 0);
	assert_int_equal(counts(&n)->stray_resets, 2);
	finish(&n, "1>no 1<(16781311 lost) 1>. 1<. 1:open");
}

/* A FIN where the sender is not, before or behind: what it sends besides goes on, however long, up to the FIN where it is. */
static void stray_fin(void **state)
{
	(void)state;
	static const int32_t offs[] = { -3, 3000, 1 << 20, 500000000 };
	for (size_t i = 0; i < sizeof offs / sizeof *offs; i++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, S, 0, "hello");
		struct packet_of stray = packet(&n, S, FIN, "");
		n.host[S].seq--;
		stray.seg.seq += (uint32_t)offs[i];
		feed(&n, stray);
		for (int k = 0; k < 5; k++) {
			sleep_for(&n, 50 * SECOND);
			say(&n, S, 0, "on");
			say(&n, C, 0, "");
		}
		heard(&n, "1<helloononononon");
		assert_int_equal(counts(&n)->strays, offs[i] < 0);
		close_both(&n, S);
		finish(&n, "1<. 1>. 1:closed by server");
	}
}

/* An acknowledgement of what is far ahead of all that came counts when it is said again. */
static void stray_acknowledgement(void **state)
{
	(void)state;
	for (int again = 0; again < 2; again++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "hello");
		say(&n, S, 0, "yes");
		struct packet_of stray = packet(&n, C, 0, "");
		stray.seg.ack += 500000000;
		feed(&n, stray);
		if (again)
			feed(&n, stray);
		say(&n, C, 0, "what");
		say(&n, S, 0, "no");
		heard(&n, "1>hello 1<yes 1>what 1<no");
		if (!again)
			say(&n, S, RST, "");
		finish(&n, again ? "1<(499999997 lost) 1>. 1<. 1:open" : "1>. 1<. 1:reset by server");
	}
}

/* Only the server's side of the first connection was captured. */
static void reuse_of_a_half(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	say(&n, S, 0, "one");
	say(&n, S, RST, "");
	say(&n, C, SYN, "");
	say(&n, C, 0, "two");
	finish(&n, "1<one 1>(0 lost) 1>. 1<. 1:reset by server 2>two 2<(0 lost) 2>. 2<. 2:open");
}

/* The client thinks better of it; the answer comes after that, and begins nothing. */
static void answer_to_a_withdrawn_syn(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	say(&n, C, SYN, "");
	struct packet_of answer = packet(&n, S, SYN, "");
	say(&n, C, RST, "");
	feed(&n, answer);
	assert_int_equal(counts(&n)->connections, 1);
	finish(&n, "1>. 1<. 1:reset by client");
}

/* Windows asks again, with the same number, where a server refuses; which may be there by then. */
static void syn_once_more(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	struct packet_of syn = packet(&n, C, SYN, "");
	for (int i = 0; i < 2; i++) {
		feed(&n, syn);
		feed(&n, syn);
		say(&n, S, RST, "");
	}
	feed(&n, syn);
	say(&n, S, SYN, "");
	say(&n, C, 0, "hello");
	say(&n, S, 0, "ok");
	close_both(&n, C);
	feed(&n, syn);
	assert_int_equal(counts(&n)->connections, 3);
	finish(&n, "1>. 1<. 1:reset by server 2>. 2<. 2:reset by server 3>hello 3<ok 3>. 3<. 3:closed by client");
}

/* The server still has a connection of before, which the client has forgotten: to the SYN it says where that one stands, the client resets that, and
 * the SYN comes again. */
static void answer_of_the_connection_before(void **state)
{
	static const uint32_t off[] = { 1u << 30, 3u << 30, FAR };
	(void)state;
	for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
		struct net n;
		net_init(&n);
		struct packet_of syn = packet(&n, C, SYN, ""), old = packet(&n, S, 0, ""), rst = packet(&n, C, RST, "");
		old.seg.seq += off[i] / 2;
		old.seg.ack += off[i];
		rst.seg.seq = old.seg.ack;
		for (int again = 0; again < 2; again++) {
			feed(&n, syn);
			feed(&n, old);
			feed(&n, old);
			feed(&n, rst);
		}
		feed(&n, syn);
		say(&n, S, SYN, "");
		say(&n, C, 0, "hello");
		say(&n, S, 0, "ok");
		assert_int_equal(counts(&n)->connections, 1);
		assert_int_equal(counts(&n)->reassembly.gaps, 0);
		assert_int_equal(counts(&n)->stray_resets, 2);
		assert_int_equal(counts(&n)->strays, 4);
		finish(&n, "1>hello 1<ok 1>. 1<. 1:open");
	}
}

/* Copies of a SYN and of its answer, at any time, begin nothing. */
static void copies_of_a_syn(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	struct packet_of syn = packet(&n, C, SYN, ""), answer = packet(&n, S, SYN, "");
	feed(&n, syn);
	feed(&n, syn);
	feed(&n, answer);
	feed(&n, syn);
	feed(&n, answer);
	say(&n, C, 0, "hello");
	feed(&n, syn);
	feed(&n, answer);
	say(&n, S, 0, "ok");
	close_both(&n, C);
	feed(&n, syn);
	feed(&n, answer);
	assert_int_equal(counts(&n)->connections, 1);
	assert_int_equal(counts(&n)->from_before, 0);
	finish(&n, "1>hello 1<ok 1>. 1<. 1:closed by client");
}

/* --- ending --------------------------------------------------------------------------------------------------------------------- */

static void half_close(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, FIN, "last words");
	heard(&n, "1>last words 1>.");
	say(&n, S, 0, "a long ");
	say(&n, C, 0, "");
	say(&n, S, FIN, "answer");
	finish(&n, "1<a long answer 1<. 1:closed by client");
}

/* The capture ends when one direction has. */
static void half_closed_at_the_end(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, FIN, "last words");
	finish(&n, "1>last words 1>. 1<. 1:open");
	assert_true(!n.info.broke_off[C] && n.info.broke_off[S]);
}

static void fin_before_the_data(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	struct packet_of data = packet(&n, C, 0, "data"), more = packet(&n, C, 0, " more");
	struct packet_of fin = packet(&n, C, FIN, "");
	feed(&n, fin);
	feed(&n, fin);
	feed(&n, more);
	heard(&n, "");
	feed(&n, data);
	feed(&n, fin);
	heard(&n, "1>data more 1>.");
	say(&n, S, FIN, "bye");
	finish(&n, "1<bye 1<. 1:closed by client");
}

/* Both sides close, and the last bytes of one are missing: given up for lost once they are acknowledged. */
static void fin_behind_a_hole(void **state)
{
	(void)state;
	for (int in_time = 0; in_time <= 1; in_time++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, S, 0, "begins");
		packet(&n, S, 0, "twelve bytes");
		close_both(&n, S);
		heard(&n, "1<begins 1>.");
		if (in_time)
			sleep_for(&n, 2 * SECOND);
		else
			let_pass(&n, PATIENCE + 1);
		heard(&n, "1<(12 lost) 1<. 1:closed by client"); /* whose FIN could be handed on first */
		finish(&n, "");
	}
}

static void fin_behind_a_hole_at_the_end(void **state)
{
	(void)state;
	for (int reused = 0; reused <= 1; reused++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		packet(&n, S, 0, "twelve bytes");
		close_both(&n, C);
		heard(&n, "1>.");
		n.host[C].seq += 1000000;
		if (reused)
			say(&n, C, SYN, "");
		finish(&n, reused ? "1<(12 lost) 1<. 1:closed by client 2>. 2<. 2:open" : "1<(12 lost) 1<. 1:closed by client");
	}
}

/* A SYN with another number, late or of somebody who forgot the connection, ends nothing until something answers or follows it. */
static void syn_that_is_not_taken(void **state)
{
	(void)state;
	static const char *const ends[] = { "1>onetwo 1>. 1<. 1:open", "1>one 1>. 1<. 1:forgotten 2>two 2<(0 lost) 2>. 2<. 2:open",
					    "1>one 1>. 1<. 1:forgotten 2>. 2<. 2:reset by server" };
	enum { GOES_ON, FOLLOWED, REFUSED };
	for (int how = GOES_ON; how <= REFUSED; how++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "one");
		struct packet_of syn = packet(&n, C, 0, ""), refusal = packet(&n, S, RST, "");
		syn.seg.seq += 5000;
		syn.seg.ack = 0;
		syn.seg.flags = TCP_SYN;
		refusal.seg.ack = syn.seg.seq + 1;
		feed(&n, syn);
		if (how == FOLLOWED)
			n.host[C].seq += 5001;
		if (how == REFUSED)
			feed(&n, refusal);
		else
			say(&n, C, 0, "two");
		assert_int_equal(counts(&n)->connections, how == GOES_ON ? 1 : 2);
		assert_int_equal(counts(&n)->strays, how == GOES_ON);
		finish(&n, ends[how]);
	}
}

/* What stands behind a FIN can't be. */
static void bytes_behind_a_fin(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	struct packet_of data = packet(&n, C, 0, "data"), fin = packet(&n, C, FIN, "");
	feed(&n, fin);
	say(&n, C, 0, "nonsense");
	feed(&n, data);
	say(&n, C, 0, "more nonsense");
	say(&n, S, FIN, "ok");
	finish(&n, "1>data 1>. 1<ok 1<. 1:closed by client");
}

static void reset(void **state)
{
	(void)state;
	for (enum dir dir = C; dir <= S; dir++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "hello");
		say(&n, dir, RST, "reason"); /* its payload is no part of the stream (RFC 9293, section 3.5.2) */
		heard(&n, dir == C ? "1>hello 1>. 1<. 1:reset by client" : "1>hello 1>. 1<. 1:reset by server");
		finish(&n, "");
	}
}

static void reset_behind_a_hole(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	packet(&n, C, 0, "12345");
	say(&n, C, 0, "data");
	say(&n, S, RST, "");
	finish(&n, "1>(5 lost) 1>data 1>. 1<. 1:reset by server");
}

/* A reset counts if its receiver can take it for one: not below what is acknowledged, nor far above what was sent. */
static void reset_out_of_window(void **state)
{
	(void)state;
	static const struct {
		int32_t off; /* of what was acknowledged; then 5 more bytes are under way */
		bool ends;
	} cases[] = { { -2, false }, { -1, true },      { 0, true },        { 5, true },
		      { 6, true },   { 1 << 20, true }, { 1 << 25, false }, { -(1 << 30), false } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "hello");
		say(&n, S, 0, "");
		struct packet_of rst = packet(&n, C, RST, "");
		rst.seg.seq += (uint32_t)cases[i].off;
		say(&n, C, 0, "world");
		feed(&n, rst);
		say(&n, C, 0, "again");
		heard(&n, cases[i].ends ? "1>helloworld 1>. 1<. 1:reset by client" : "1>helloworldagain");
		assert_int_equal(counts(&n)->stray_resets, !cases[i].ends);
		finish(&n, cases[i].ends ? "" : "1>. 1<. 1:open");
	}
}

/* What a reset acknowledges is not looked at: some have a 0 there. */
static void reset_that_acknowledges_anything(void **state)
{
	(void)state;
	for (enum dir dir = C; dir <= S; dir++) {
		struct net n;
		net_init(&n);
		n.host[C].seq = 0xc0000000;
		n.host[S].seq = 0xd0000000;
		open_connection(&n);
		say(&n, C, 0, "hello");
		say(&n, S, 0, "ok");
		struct packet_of rst = packet(&n, dir, RST, "");
		rst.seg.ack = 0;
		feed(&n, rst);
		assert_int_equal(counts(&n)->reassembly.gaps, 0);
		finish(&n, dir == C ? "1>hello 1<ok 1>. 1<. 1:reset by client" : "1>hello 1<ok 1>. 1<. 1:reset by server");
	}
}

static void reset_of_nothing(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	say(&n, S, RST, "");
	assert_int_equal(counts(&n)->connections, 0);
	say(&n, C, SYN, "");
	say(&n, S, RST, ""); /* refused */
	heard(&n, "1>. 1<. 1:reset by server");
	n.host[C].seq += 64000;
	say(&n, C, SYN, "");
	assert_int_equal(counts(&n)->connections, 2);
	finish(&n, "2>. 2<. 2:open");
}

static void late_segments(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	struct packet_of data = packet(&n, C, 0, "data"), fin = packet(&n, C, FIN, "");
	feed(&n, data);
	feed(&n, fin);
	say(&n, S, FIN, "");
	heard(&n, "1>data 1>. 1<. 1:closed by client");
	feed(&n, data);
	feed(&n, fin);
	say(&n, C, 0, "");
	say(&n, S, RST, "");
	sleep_for(&n, 100 * SECOND);
	feed(&n, data);
	assert_int_equal(counts(&n)->old_segments, 2);
	assert_int_equal(counts(&n)->segments, 1);
	assert_int_equal(counts(&n)->connections, 1);
	finish(&n, "");
}

/* The same of a connection that sent nearly all the bytes that its numbers can count: none lies beyond them. */
static void late_segment_of_a_long_one(void **state)
{
	(void)state;
	static const uint32_t lost[] = { 0x50000000, 0x50000000, 0x50000000, 0x0f800000 };
	struct net n;
	net_init(&n);
	open_connection(&n);
	n.quiet = true;
	struct packet_of data = packet(&n, C, 0, "data");
	feed(&n, data);
	for (size_t i = 0; i < sizeof(lost) / sizeof(*lost); i++) {
		n.host[C].seq += lost[i];
		say(&n, S, 0, "");
		say(&n, C, 0, "data");
		let_pass(&n, PATIENCE + 1);
	}
	close_both(&n, C);
	data.seg.seq += 1U << 31;
	feed(&n, data);
	assert_int_equal(counts(&n)->old_segments, 1);
	assert_int_equal(counts(&n)->connections, 1);
	finish(&n, "");
}

/* --- holes ------------------------------------------------------------------------------------------------------------------------ */

/* A hole at the very end, of which the acknowledgement tells. */
static void acknowledged_and_never_seen(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "hello");
	packet(&n, C, 0, "twelve bytes?");
	say(&n, S, 0, "");
	finish(&n, "1>hello 1>(12 lost) 1>. 1<. 1:open"); /* 13, of which the last may have been a FIN */
}

static void fin_never_seen(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "hello");
	packet(&n, C, FIN, "");
	say(&n, S, 0, "");
	finish(&n, "1>hello 1>. 1<. 1:open");
	assert_true(!n.info.broke_off[C] && n.info.broke_off[S]);
}

static void hole_given_up(void **state)
{
	(void)state;
	for (int in_time = 0; in_time <= 1; in_time++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		packet(&n, C, 0, "123");
		say(&n, C, 0, "data");
		if (in_time) {
			say(&n, S, 0, "");
			sleep_for(&n, SECOND);
			heard(&n, "");
			sleep_for(&n, 1);
		} else {
			let_pass(&n, PATIENCE + 1);
			heard(&n, "");
			let_pass(&n, 1);
		}
		heard(&n, "1>(3 lost) 1>data");
		assert_int_equal(counts(&n)->reassembly.gaps, 1);
		assert_int_equal(counts(&n)->reassembly.gap_bytes, 3);
		finish(&n, "1>. 1<. 1:open");
	}
}

/* What stands behind a gap comes after what it answers all the same, which waited for the gap, and of which a packet was late. */
static void gap_before_an_answer(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "ask ");
	packet(&n, C, 0, "me");
	struct packet_of late = packet(&n, S, 0, "ans");
	say(&n, S, 0, "wer");
	say(&n, C, 0, "more");
	feed(&n, late);
	finish(&n, "1>ask  1>(2 lost) 1<answer 1>more 1>. 1<. 1:open");
}

/* What a hole cuts ended before it, however much later that shows: the layers get the time of the bytes that were there. */
static void hole_behind_bytes(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "begin");
	int64_t begin = n.fed;
	packet(&n, C, 0, "lost");
	n.time += 10 * SECOND;
	say(&n, C, 0, "next");
	say(&n, S, 0, "");
	sleep_for(&n, 2 * SECOND);
	heard(&n, "1>begin 1>(4 lost) 1>next");
	assert_int_equal(n.gap, begin);
	assert_true(n.fed > begin + 9 * SECOND);
	finish(&n, "1>. 1<. 1:open");
}

/* Packets that the capture cut short. */
static void cut_packets(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	struct packet_of p[3] = { packet(&n, C, 0, "first one") };
	p[1] = packet(&n, C, 0, "second one");
	p[2] = packet(&n, C, FIN, "third one");
	for (int i = 0; i < 3; i++)
		feed_cut(&n, &p[i], 5);
	heard(&n, "1>first 1>(4 lost) 1>secon 1>(5 lost) 1>third 1>(4 lost) 1>.");
	struct packet_of answer = packet(&n, S, 0, "an answer");
	feed_cut(&n, &answer, 0);
	say(&n, S, FIN, "");
	heard(&n, "1<(9 lost) 1<. 1:closed by client");
	finish(&n, "");
}

/* What is missing before a cut packet is waited for, as long as before any. */
static void cut_behind_a_hole(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	struct packet_of p[3] = { packet(&n, C, 0, "first one") };
	p[1] = packet(&n, C, 0, "second one");
	p[2] = packet(&n, C, 0, "third one");
	feed_cut(&n, &p[1], 5);
	heard(&n, "");
	feed(&n, p[0]);
	heard(&n, "1>first onesecon");
	feed(&n, p[2]);
	feed_cut(&n, &p[1], 5);
	feed_cut(&n, &p[1], 5);
	heard(&n, "");
	n.time += SECOND / 100;
	let_pass(&n, 1);
	heard(&n, "1>(5 lost) 1>third one");
	finish(&n, "1>. 1<. 1:open");
}

/* Where copies come, a packet that was cut may come whole a moment later; what then waits for it did not come out of order. */
static void cut_copies(void **state)
{
	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		struct packet_of p[3] = { packet(&n, C, 0, "first one") };
		p[1] = packet(&n, C, 0, "second one");
		p[2] = packet(&n, C, 0, "third one");
		feed(&n, p[0]);
		feed(&n, p[0]);
		feed_cut(&n, &p[1], 5);
		feed_cut(&n, &p[2], 5);
		struct packet_of answer = packet(&n, S, 0, "answer");
		feed(&n, answer);
		heard(&n, "1>first onesecon");
		if (whole) {
			feed(&n, p[1]);
			feed(&n, p[2]);
		} else {
			n.time += SECOND / 100;
			let_pass(&n, 1);
		}
		heard(&n, whole ? "1>d onethird one 1<answer" : "1>(5 lost) 1>third 1>(4 lost) 1<answer");
		assert_int_equal(counts(&n)->reassembly.out_of_order, 1); /* the answer */
		finish(&n, "1>. 1<. 1:open");
	}
}

/* --- the order of both directions --------------------------------------------------------------------------------------------------- */

/* Bytes of both directions are missing, and all that waits for them is given up at once: what answers comes behind what it answers. */
static void answers_behind_holes(void **state)
{
	(void)state;
	for (enum dir dir = C; dir <= S; dir++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, dir, 0, "a");
		for (int i = 0; i < 2; i++) {
			n.host[!dir].seq += 4;
			say(&n, !dir, 0, "b");
			say(&n, dir, 0, "c");
			say(&n, !dir, 0, "d");
			n.host[dir].seq += 3;
			say(&n, dir, 0, "e");
			say(&n, !dir, 0, "f");
			say(&n, dir, 0, "g");
		}
		sleep_for(&n, 2 * SECOND);
		heard(&n, dir == C ? "1>a 1<(4 lost) 1<b 1>c 1<d 1>(3 lost) 1>e 1<f 1>g 1<(4 lost) 1<b 1>c 1<d 1>(3 lost) 1>e 1<f 1>g"
				   : "1<a 1>(4 lost) 1>b 1<c 1>d 1<(3 lost) 1<e 1>f 1<g 1>(4 lost) 1>b 1<c 1>d 1<(3 lost) 1<e 1>f 1<g");
		finish(&n, "1>. 1<. 1:open");
	}
}

static void answers_wait(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	struct packet_of question = packet(&n, C, 0, "q1 ");
	struct packet_of answer = packet(&n, S, 0, "a1 ");
	struct packet_of next = packet(&n, C, 0, "q2 ");
	struct packet_of last = packet(&n, S, 0, "a2 ");
	feed(&n, last);
	feed(&n, next);
	feed(&n, answer);
	heard(&n, "");
	feed(&n, question);
	heard(&n, "1>q1  1<a1  1>q2  1<a2 ");
	finish(&n, "1>. 1<. 1:open");
}

/* At the end both directions wait, for what the capture lacks and for each other: what has waited longer goes first. */
static void waiting_at_the_end(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	packet(&n, C, 0, "q1 "); /* not captured */
	say(&n, S, 0, "a1 ");
	sleep_for(&n, 1);
	packet(&n, S, 0, "a2 "); /* not captured */
	say(&n, C, 0, "q2 ");
	sleep_for(&n, 1);
	say(&n, S, 0, "a3 ");
	heard(&n, "");
	finish(&n, "1<a1  1>(3 lost) 1>q2  1<(3 lost) 1<a3  1>. 1<. 1:open");
}

/* Settled: whatever the sender acknowledged before it spoke was handed on, or is not in the capture. */
static void settled(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, 0, "q1");
	assert_true(n.info.settled[C]);
	say(&n, S, 0, "a1");
	assert_true(n.info.settled[S]);
	packet(&n, C, 0, "q2"); /* not captured */
	say(&n, S, 0, "a2");
	let_pass(&n, PATIENCE + 2);
	heard(&n, "1>q1 1<a1a2");
	assert_false(n.info.settled[S]);
	say(&n, C, 0, "q3");
	let_pass(&n, PATIENCE + 2);
	heard(&n, "1>(2 lost) 1>q3");
	say(&n, S, 0, "a3");
	assert_true(n.info.settled[S]);
	finish(&n, "1<a3 1>. 1<. 1:open");
}

/* Held: bytes came that wait for those before them, so that what they say is not known yet. It ends when these come, or are given up. */
static void held_behind_a_hole(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct net n;
		net_init(&n);
		open_connection(&n);
		say(&n, C, 0, "q1");
		struct packet_of late = packet(&n, S, 0, "a1");
		say(&n, S, 0, "a2");
		assert_int_equal(n.now->held[S], HELD_FOR_BYTES);
		assert_int_equal(n.now->held[C], 0);
		if (how == 0)
			feed(&n, late);
		else if (how == 1)
			let_pass(&n, PATIENCE + 2);
		else
			sleep_for(&n, 121 * SECOND);
		assert_int_equal(n.now->held[S], 0);
		finish(&n, how ? "1>q1 1<(2 lost) 1<a2 1>. 1<. 1:open" : "1>q1 1<a1a2 1>. 1<. 1:open");
	}
}

/* What acknowledges a FIN has seen all that its sender said. */
static void settled_behind_a_fin(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	open_connection(&n);
	say(&n, C, FIN, "q1");
	say(&n, S, 0, "a1");
	assert_true(n.info.settled[S]);
	finish(&n, "1>q1 1>. 1<a1 1<. 1:open");
}

static uint32_t chance(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)((*seed * 0x2545f4914f6cdd1du) >> 33) % below;
}

enum { TALK = 60 };

/* A conversation in order: bursts of either side, each of which has seen all before it. Writes down how it must be heard. */
static void converse(struct net *n, struct packet_of talk[TALK], struct buf *want, uint64_t *seed)
{
	enum dir dir = C;
	for (int i = 0; i < TALK; i++) {
		char text[16];
		enum dir before = dir;
		dir = chance(seed, 3) ? dir : !dir;
		int len = snprintf(text, sizeof(text), "%d,", i);
		if (!i || dir != before)
			buf_addf(want, "%s1%c", want->len ? " " : "", dir == C ? '>' : '<');
		buf_add(want, slice_of(text, (size_t)len));
		talk[i] = packet(n, dir, 0, text);
	}
	buf_addf(want, " 1>. 1<. 1:open");
}

/* Moves packets by some places, also past what acknowledges them, and sends some twice: it is heard in order. */
static void shuffled(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 400; round++) {
		uint64_t seed = round * 0x9e3779b97f4a7c15u;
		struct net n;
		struct packet_of talk[TALK];
		struct buf want = { 0 };
		net_init(&n);
		open_connection(&n);
		converse(&n, talk, &want, &seed);
		for (int i = 0; i < TALK; i++) {
			int other = i + (int)chance(&seed, 5);
			if (other < TALK && chance(&seed, 2)) {
				struct packet_of p = talk[i];
				talk[i] = talk[other];
				talk[other] = p;
			}
		}
		for (int i = 0; i < TALK; i++)
			for (uint32_t times = 1 + !chance(&seed, 4); times; times--)
				feed(&n, talk[i - (times > 1 && i > 3 ? 3 : 0)]);
		assert_int_equal(counts(&n)->reassembly.gaps, 0);
		finish(&n, buf_cstr(&want));
		buf_release(&want);
	}
}

/* --- limits ---------------------------------------------------------------------------------------------------------------------- */

static void client_of(struct net *n, uint32_t i)
{
	host_init(&n->host[C], 1, (uint16_t)(10000 + i % 40000), 1000);
	n->host[C].addr[8] = (uint8_t)(i / 40000);
}

/* The least recently seen goes when there are too many, and is told if it was open. */
static void most_connections(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	n.quiet = true;
	for (uint32_t i = 0; i < CONNECTIONS_MAX; i++) {
		client_of(&n, i);
		say(&n, C, SYN, "");
		if (i == 2)
			say(&n, C, RST, "");
	}
	n.quiet = false;
	client_of(&n, 0);
	n.host[C].seq++;
	say(&n, C, 0, "still here");
	heard(&n, "1>still here");
	for (uint32_t i = 0; i < 3; i++) {
		client_of(&n, CONNECTIONS_MAX + i);
		say(&n, C, SYN, "");
	}
	heard(&n, "2>. 2<. 2:forgotten 4>. 4<. 4:forgotten");
	assert_int_equal(counts(&n)->forgotten, 2);
	assert_int_equal(counts(&n)->connections, CONNECTIONS_MAX + 3);
	client_of(&n, 0);
	n.host[C].seq += 11;
	say(&n, C, 0, "!");
	heard(&n, "1>!");
	assert_int_equal(n.layers - n.freed, CONNECTIONS_MAX);
	n.quiet = true;
	finish(&n, "");
}

/* Many go to make room for others: those that stay are all found, and none of those that went. */
static void many_go(void **state)
{
	enum { MORE = 20000 };
	(void)state;
	struct net n;
	net_init(&n);
	n.quiet = true;
	for (uint32_t i = 0; i < CONNECTIONS_MAX + MORE; i++) {
		client_of(&n, i);
		say(&n, C, SYN, "");
	}
	for (uint32_t i = MORE; i < CONNECTIONS_MAX + MORE; i++) {
		client_of(&n, i);
		n.host[C].seq++;
		say(&n, C, 0, "x");
	}
	assert_int_equal(counts(&n)->connections, CONNECTIONS_MAX + MORE);
	for (uint32_t i = 0; i < MORE; i++) {
		client_of(&n, i);
		say(&n, C, 0, "x");
	}
	assert_int_equal(counts(&n)->connections, CONNECTIONS_MAX + 2 * MORE);
	finish(&n, "");
}

/* The segments of many connections mixed, with all that can happen to them; nothing is asked but that it ends well. */
static void crowd(void **state)
{
	(void)state;
	static const uint8_t flags[] = { 0, 0, 0, 0, 0, 0, SYN, FIN, RST, FIN | SYN, SYN | RST };
	struct net n;
	uint64_t seed = 88172645463325252u;
	net_init(&n);
	n.quiet = true;
	for (int i = 0; i < 200000; i++) {
		enum dir dir = chance(&seed, 2);
		n.host[C].port = (uint16_t)chance(&seed, 20);
		n.host[S].port = (uint16_t)chance(&seed, 3);
		for (int d = 0; d < 2; d++)
			n.host[d].seq = chance(&seed, 50) ? n.host[d].port * 100 + chance(&seed, 60) : chance(&seed, 1u << 31) * 2;
		struct packet_of p = packet(&n, dir, flags[chance(&seed, sizeof(flags))], &"seven b"[chance(&seed, 8)]);
		p.seg.flags ^= chance(&seed, 5) ? 0 : ACK;
		feed(&n, p);
		if (chance(&seed, 100) == 0)
			sleep_for(&n, chance(&seed, 3) * SECOND);
	}
	assert_true(counts(&n)->connections > 1000);
	assert_true(counts(&n)->reassembly.gaps > 100);
	finish(&n, "");
}

/* --- connections that do not come to be ---------------------------------------------------------------------------------------- */

/* A reset with the number 0 that acknowledges the SYN, and no more, refuses the connection; another is the end of one of which the capture lacks the
 * middle, or all that was said before. */
static void refused(void **state)
{
	(void)state;
	for (int later = 0; later < 3; later++) {
		struct net n;
		net_init(&n);
		say(&n, C, SYN, "");
		struct packet_of rst = packet(&n, S, RST, "");
		rst.seg.seq = later ? rst.seg.seq : 0;
		rst.seg.ack += later == 1 ? 100 : 0;
		feed(&n, rst);
		heard(&n, later == 1 ? "1>(99 lost) 1>. 1<. 1:reset by server" : "1>. 1<. 1:reset by server");
		assert_int_equal(counts(&n)->refused, !later);
		assert_int_equal(n.news.text != NULL, !later);
		connections_finish(n.t, n.time + 10 * SECOND);
		assert_int_equal(counts(&n)->unanswered, 0);
		net_release(&n);
	}
}

/* Nothing answers a SYN: that is told when it comes again after 3 seconds, or at the end if that is later; once. */
static void unanswered(void **state)
{
	(void)state;
	for (int seconds = 1; seconds <= 7; seconds += 3) {
		struct net n;
		net_init(&n);
		struct packet_of syn = packet(&n, C, SYN, "");
		feed(&n, syn);
		n.time += seconds * SECOND;
		feed(&n, syn);
		assert_int_equal(counts(&n)->unanswered, seconds > 3);
		assert_int_equal(n.news.text != NULL, seconds > 3);
		n.time += SECOND;
		connections_finish(n.t, n.time);
		assert_int_equal(counts(&n)->unanswered, seconds > 1);
		assert_int_equal(counts(&n)->refused, 0);
		net_release(&n);
	}
}

/* The answer need not be in the capture: what the client acknowledges shows that there was one, and so do its bytes. */
static void answered_unseen(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "hello" };
	for (int i = 0; i < 3; i++) {
		struct net n;
		net_init(&n);
		say(&n, C, SYN, "");
		packet(&n, S, SYN, "");
		if (i < 2)
			say(&n, C, 0, texts[i]);
		else
			say(&n, S, 0, "");
		n.time += 9 * SECOND;
		connections_finish(n.t, n.time);
		assert_int_equal(counts(&n)->unanswered, 0);
		net_release(&n);
	}
}

/* Who looks for open ports makes no rows without end. */
static void many_refused(void **state)
{
	enum { MANY = 1030, TOLD = 1024 };
	(void)state;
	struct net n;
	net_init(&n);
	n.quiet = true;
	for (int i = 1; i <= MANY; i++) {
		n.news = (struct news){ .kind = NEWS_KINDS };
		n.host[S].port = (uint16_t)i;
		say(&n, C, SYN, "");
		struct packet_of rst = packet(&n, S, RST, "");
		rst.seg.seq = 0;
		feed(&n, rst);
		assert_int_equal(n.news.kind == NEWS_NOTE, i <= TOLD);
		assert_int_equal(n.news.detail.len != 0, i == TOLD);
	}
	assert_int_equal(counts(&n)->refused, MANY);
	net_release(&n);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(from_syn_to_fin),
	cmocka_unit_test(nothing_of_one_direction),
	cmocka_unit_test(first_packets_lost),
	cmocka_unit_test(resting),
	cmocka_unit_test(most_that_rest),
	cmocka_unit_test(orientation),
	cmocka_unit_test(addresses),
	cmocka_unit_test(neighbours),
	cmocka_unit_test(data_in_the_handshake),
	cmocka_unit_test(handshake_in_any_order),
	cmocka_unit_test(late_syn),
	cmocka_unit_test(joined),
	cmocka_unit_test(turned),
	cmocka_unit_test(joined_at_its_end),
	cmocka_unit_test(joined_by_an_empty_segment),
	cmocka_unit_test(joined_at_an_answer),
	cmocka_unit_test(keepalives),
	cmocka_unit_test(joined_at_a_keepalive),
	cmocka_unit_test(no_acknowledgement),
	cmocka_unit_test(one_way),
	cmocka_unit_test(one_way_reset),
	cmocka_unit_test(acknowledged_and_not_there),
	cmocka_unit_test(leaps),
	cmocka_unit_test(reuse_after_the_end),
	cmocka_unit_test(reuse_while_open),
	cmocka_unit_test(reuse_the_other_way_round),
	cmocka_unit_test(reuse_known_by_its_answer),
	cmocka_unit_test(reuse_while_open_known_by_its_answer),
	cmocka_unit_test(reuse_known_by_its_data),
	cmocka_unit_test(reuse_behind_an_end),
	cmocka_unit_test(reuse_while_open_known_by_its_data),
	cmocka_unit_test(reuse_while_open_by_any_segment),
	cmocka_unit_test(strays),
	cmocka_unit_test(far_in_one_direction),
	cmocka_unit_test(stray_fin),
	cmocka_unit_test(stray_acknowledgement),
	cmocka_unit_test(reuse_of_a_half),
	cmocka_unit_test(answer_to_a_withdrawn_syn),
	cmocka_unit_test(syn_once_more),
	cmocka_unit_test(answer_of_the_connection_before),
	cmocka_unit_test(copies_of_a_syn),
	cmocka_unit_test(half_close),
	cmocka_unit_test(half_closed_at_the_end),
	cmocka_unit_test(fin_before_the_data),
	cmocka_unit_test(fin_behind_a_hole),
	cmocka_unit_test(fin_behind_a_hole_at_the_end),
	cmocka_unit_test(syn_that_is_not_taken),
	cmocka_unit_test(bytes_behind_a_fin),
	cmocka_unit_test(reset),
	cmocka_unit_test(reset_behind_a_hole),
	cmocka_unit_test(reset_out_of_window),
	cmocka_unit_test(reset_that_acknowledges_anything),
	cmocka_unit_test(reset_of_nothing),
	cmocka_unit_test(late_segments),
	cmocka_unit_test(late_segment_of_a_long_one),
	cmocka_unit_test(acknowledged_and_never_seen),
	cmocka_unit_test(fin_never_seen),
	cmocka_unit_test(hole_given_up),
	cmocka_unit_test(gap_before_an_answer),
	cmocka_unit_test(hole_behind_bytes),
	cmocka_unit_test(cut_packets),
	cmocka_unit_test(cut_behind_a_hole),
	cmocka_unit_test(cut_copies),
	cmocka_unit_test(answers_behind_holes),
	cmocka_unit_test(answers_wait),
	cmocka_unit_test(waiting_at_the_end),
	cmocka_unit_test(settled),
	cmocka_unit_test(held_behind_a_hole),
	cmocka_unit_test(settled_behind_a_fin),
	cmocka_unit_test(refused),
	cmocka_unit_test(unanswered),
	cmocka_unit_test(answered_unseen),
	cmocka_unit_test(many_refused),
	cmocka_unit_test(shuffled),
	cmocka_unit_test(most_connections),
	cmocka_unit_test(many_go),
	cmocka_unit_test(crowd),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
