/*
 * What runs inside a connection? Its first bytes tell.
 *
 * From its beginning a connection shows itself at once: a TLS record, an HTTP/1 request line, the HTTP/2 preface, or a length with an
 * Envelope behind it. Joined in the middle, or beginning with something else, both directions are searched for a message or a
 * WebSocket frame; the first that holds decides for the connection. Bytes are kept until then, at most a window of HELD bytes in
 * each direction; after limits->scan bytes without a find the connection counts as somebody else's and is no longer read.
 *
 * Of a connection joined in its middle it may be guessed only which end is the client. A request, a hello of TLS, the mask of WebSocket frames, the
 * command of the first message that is found or a header block of HTTP/2 tells, and turns it round before anything of it is handed on.
 *
 * What a proxy puts in front is taken off first (preamble.h), by a layer that has another one of these above it.
 *
 * What can't be told yet is searched again with what comes next. So that segments of a byte don't make 128 KiB be searched for each of them, a chunk
 * pays for so many bytes to be searched: SEARCHED_A_CHUNK and SEARCHED_A_BYTE for each of its own. Segments as they are in earnest always suffice.
 */
#include "capture/stream/detect.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "capture/stream/came.h"
#include "capture/stream/http1.h"
#include "capture/stream/http2.h"
#include "capture/stream/http2_frame.h"
#include "capture/stream/length_prefix.h"
#include "capture/stream/preamble.h"
#include "capture/stream/tls.h"
#include "capture/stream/tls_record.h"
#include "capture/stream/websocket.h"

#include <stdlib.h>

enum { HELD = 128 * 1024, SEARCHED_A_BYTE = 128, SEARCHED_A_CHUNK = 512 };

struct held {
	struct buf bytes;
	struct came came; /* when they came */
	uint64_t untimed; /* packets of them that have no time of their own there */
	int64_t time;     /* of the newest of them */
	uint64_t passed;  /* bytes searched and dropped */
	size_t credit;    /* bytes that may be searched again, earned by those that come: so the work for a byte has a bound */
	bool searching;   /* its first byte is not the first of the stream, or tells nothing */
	bool ended;
	int64_t end; /* when */
};

struct detect {
	struct layer layer;
	const struct stream *stream;
	enum transport forced;
	struct keylog *keylog;
	struct layer *inner; /* NULL until it is found out */
	bool given_up;
	unsigned char preambles; /* taken off in front of it */
	struct held held[2];
};

enum kind { KIND_MORE, KIND_NONE, KIND_PREFIX, KIND_HTTP1, KIND_HTTP2, KIND_HTTP2_SERVER, KIND_TLS };

/* True if `in` begins with text, or is a beginning of it. */
static bool begins_like(struct slice in, const char *text)
{
	size_t n = strlen(text) < in.len ? strlen(text) : in.len;
	return memcmp(in.at, text, n) == 0;
}

static enum kind kind_of_prefix(const struct stream *s, struct slice in)
{
	struct cursor c = cursor_of(in);
	uint64_t size = cursor_le32(&c);
	if (c.short_)
		return KIND_MORE;
	if (size > s->limits->message)
		return KIND_NONE;
	enum probe p = s->sink->probe(slice_head(c.rest, PROBE_BYTES), size);
	if (p == PROBE_NO && s->conn->start_seen && length_prefix_nearly(s, c.rest, size))
		return KIND_PREFIX;
	return p == PROBE_NO ? KIND_NONE : p == PROBE_MORE ? KIND_MORE : KIND_PREFIX;
}

/* Of what is kept only the bytes behind the first n are. */
static void drop(struct held *h, size_t n)
{
	buf_consume(&h->bytes, n);
	came_keep(&h->came, h->bytes.len);
	if (!h->bytes.len)
		h->untimed = 0;
}

static void release(struct held *h)
{
	buf_release(&h->bytes);
	came_release(&h->came);
}

/* What a stream is that begins with these bytes. */
static enum kind kind_of(const struct stream *s, enum dir dir, struct slice in)
{
	if (dir == DIR_S2C && s->conn->start_seen && http2_serves(in))
		return in.len >= HTTP2_HEAD ? KIND_HTTP2_SERVER : KIND_MORE;
	if (begins_like(in, http2_preface()))
		return in.len >= 16 ? KIND_HTTP2 : KIND_MORE;
	if (http1_begins(in))
		return in.len >= 8 ? KIND_HTTP1 : KIND_MORE;
	if (tls_begins(in))
		return in.len >= TLS_BEGINS ? KIND_TLS : KIND_MORE;
	return kind_of_prefix(s, in);
}

static void give_up(struct detect *d, enum dir dir, int64_t time, const char *text)
{
	d->given_up = true;
	release(&d->held[0]);
	release(&d->held[1]);
	d->stream->counts->not_ours++;
	stream_news(d->stream, NEWS_NOT_OURS, dir, time, 0, text);
}

/* Ends that were guessed are the other way round. */
static void turn(struct detect *d)
{
	struct conn_info *conn = d->stream->conn;
	struct endpoint end = conn->ends[0];
	struct held held = d->held[0];
	conn->guessed = false;
	conn->turned = true;
	conn->ends[0] = conn->ends[1];
	conn->ends[1] = end;
	conn->settled[0] = conn->settled[1] = false;
	d->held[0] = d->held[1];
	d->held[1] = held;
}

/* What was found shows who sent it. Returns its direction, which may be the other one by now. */
static enum dir put_right(struct detect *d, enum dir dir, enum sender who)
{
	if (who == SENDER_UNKNOWN || (who == SENDER_CLIENT) == (dir == DIR_C2S))
		return dir;
	turn(d);
	return !dir;
}

/* A boundary stands at the front of what is kept of a direction, one of HTTP/2 or else of a length. What begins there puts ends right that were guessed.
 * False if it does not tell, but the next frame may before there is a message. */
static bool learn_ends(struct detect *d, enum dir *dir, bool http2)
{
	struct slice in = buf_slice(&d->held[*dir].bytes);
	bool message = true;
	if (!d->stream->conn->guessed)
		return true;
	enum sender who = http2 ? http2_sender(d->stream, in, &message) : length_prefix_sender(d->stream, in);
	*dir = put_right(d, *dir, who);
	return who != SENDER_UNKNOWN || message;
}

/* Does a chunk begin with what only a client sends, or a server? */
static bool is_of_end(struct slice in, enum dir dir)
{
	bool hello = in.len >= TLS_BEGINS && tls_begins(in);
	if (dir == DIR_S2C)
		return http1_answers(in) || (hello && in.at[5] == 2);
	return (in.len >= 8 && http1_begins(in)) || (in.len >= 16 && begins_like(in, http2_preface())) || (hello && in.at[5] == 1);
}

/* What was kept of a direction goes on as what it came as, and is no longer kept. */
static void feed_held(struct detect *d, enum dir dir, struct held *h)
{
	struct slice rest = buf_slice(&h->bytes);
	int64_t time;
	d->stream->counts->untimed += h->untimed;
	for (size_t n; (n = came_first(&h->came, &time)); came_keep(&h->came, rest.len)) {
		layer_feed(d->inner, dir, (struct chunk){ slice_head(rest, n), -1, time });
		rest = slice_skip(rest, n);
	}
	release(h);
}

/* Hands what was kept on to the layer that was found. */
static void settle(struct detect *d, struct layer *inner, enum dir first)
{
	d->inner = inner;
	d->stream->conn->guessed = false;
	for (int i = 0; i < 2; i++) {
		enum dir dir = i ? !first : first;
		struct held *h = &d->held[dir];
		feed_held(d, dir, h);
		if (h->ended)
			layer_end(inner, dir, h->end);
	}
}

static struct layer *new_detect(const struct stream *s, enum transport forced, struct keylog *keylog, unsigned preambles);

/* A preamble, or perhaps one; false if it is none. What is above it begins anew. */
static bool settle_preamble(struct detect *d, enum dir dir, struct slice in, bool final)
{
	if (dir != DIR_C2S || !d->stream->conn->start_seen || d->held[DIR_C2S].searching || d->preambles == PREAMBLES_MAX ||
	    !preamble_begins(in))
		return false;
	if (in.len < PREAMBLE_BEGINS)
		return !final;
	settle(d, preamble_new(d->stream, new_detect(d->stream, d->forced, d->keylog, d->preambles + 1u)), DIR_C2S);
	return true;
}

static void settle_prefix(struct detect *d, enum dir dir, bool other_synced)
{
	bool synced[2];
	synced[dir] = true;
	synced[!dir] = other_synced;
	if (d->stream->conn->transport != TRANSPORT_PIPE)
		d->stream->conn->transport = TRANSPORT_TCP;
	settle(d, length_prefix_new(d->stream, synced), dir);
}

static void settle_websocket(struct detect *d, enum dir dir, bool synced_here)
{
	bool synced[2] = { false, false };
	struct ws_deflate plain = { .window_bits = { 15, 15 } };
	synced[dir] = synced_here;
	settle(d, websocket_new(d->stream, &plain, synced), dir);
}

/* An HTTP layer; in a connection joined in its middle, requests or responses before its first bytes may be missing. */
static struct layer *new_http1(const struct detect *d)
{
	struct layer *l = http1_new(d->stream);
	if (!d->stream->conn->start_seen || d->held[0].searching || d->held[1].searching)
		http1_joined(l);
	return l;
}

static void settle_http2(struct detect *d, enum dir dir, bool synced_here, bool other_synced)
{
	bool synced[2];
	synced[dir] = synced_here;
	synced[!dir] = other_synced;
	settle(d, http2_new(d->stream, synced), dir);
}

static void settle_tls(struct detect *d, enum dir dir)
{
	settle(d, tls_new(d->stream, d->forced == TRANSPORT_TLS ? TRANSPORT_UNKNOWN : d->forced, d->keylog), dir);
}

/* TLS that was joined in its middle. */
static void give_up_tls(struct detect *d, enum dir dir)
{
	d->stream->conn->transport = TRANSPORT_TLS;
	d->stream->conn->tls = true;
	give_up(d, dir, d->held[dir].time, "TLS of which the capture lacks the handshake, and which cannot be decrypted without");
}

/* What is kept of a direction, up to the first record of TLS in it, is none of TLS. */
static void drop_before_tls(struct detect *d, enum dir dir)
{
	struct held *h = &d->held[dir];
	struct find f = tls_find(buf_slice(&h->bytes), true);
	h->passed += f.offset;
	d->stream->counts->skipped += f.offset;
	drop(h, f.offset);
	if (h->passed)
		stream_news(d->stream, NEWS_SKIPPED, dir, h->time, h->passed, NULL);
}

/* TLS was found behind something else: from its beginning, as behind what a proxy was asked for (SOCKS) or STARTTLS, or in its middle. */
static void settle_found_tls(struct detect *d, enum dir dir)
{
	struct slice in = buf_slice(&d->held[dir].bytes);
	if (!(in.len >= TLS_BEGINS && tls_begins(in))) {
		give_up_tls(d, dir);
		return;
	}
	drop_before_tls(d, !dir);
	settle_tls(d, dir);
}

/* At the first byte of a direction: true if that settled it, one way or the other. */
static bool decide(struct detect *d, enum dir dir, enum kind k)
{
	struct held *other = &d->held[!dir];
	switch (k) {
	case KIND_PREFIX:
		learn_ends(d, &dir, false);
		settle_prefix(d, dir, d->stream->conn->start_seen && !other->searching);
		return true;
	case KIND_HTTP1: settle(d, new_http1(d), dir); return true;
	case KIND_HTTP2:
	case KIND_HTTP2_SERVER:
		settle_http2(d, dir, dir == DIR_C2S || k == KIND_HTTP2_SERVER, d->stream->conn->start_seen && !other->searching);
		return true;
	case KIND_TLS: settle_tls(d, dir); return true;
	default: return false;
	}
}

static bool is_websocket(enum transport t)
{
	return t == TRANSPORT_WS || t == TRANSPORT_LEGACY;
}

static bool over_http1(enum transport t)
{
	return is_websocket(t) || t == TRANSPORT_REST;
}

/* -d: the transport is told. False if the bytes can't be its beginning, so that its messages are searched for. */
static bool decide_forced(struct detect *d, enum dir dir, struct slice in)
{
	bool from_start = d->stream->conn->start_seen && !d->held[dir].searching;
	if (!d->held[dir].searching && tls_begins(in)) {
		if (in.len >= TLS_BEGINS)
			settle_tls(d, dir);
		return true;
	}
	if (d->forced == TRANSPORT_TLS)
		give_up_tls(d, dir);
	else if (d->forced == TRANSPORT_TCP && from_start)
		settle_prefix(d, dir, true);
	else if (over_http1(d->forced) && (http1_begins(in) || http1_answers(in)))
		settle(d, new_http1(d), dir);
	else if (is_websocket(d->forced) && from_start)
		settle_websocket(d, dir, true);
	else if (d->forced == TRANSPORT_GRPC && !d->stream->conn->guessed)
		settle_http2(d, dir, from_start, d->stream->conn->start_seen && !d->held[!dir].searching);
	else
		return false;
	return true;
}

/* What was found, and of two alike what stands in front. */
static const struct find *better(const struct find *a, const struct find *b)
{
	if ((a->status == FIND_FOUND) != (b->status == FIND_FOUND))
		return a->status == FIND_FOUND ? a : b;
	return a->offset < b->offset ? a : b;
}

/* Searches what is kept of a direction. `in` grows by what comes; what can't hold a boundary is dropped. */
static void search(struct detect *d, enum dir dir, bool final)
{
	struct held *h = &d->held[dir];
	struct slice in = buf_slice(&h->bytes);
	struct find none = { FIND_NONE, in.len };
	final = final || in.len >= HELD;
	bool grpc = d->forced == TRANSPORT_GRPC, ws = !grpc && d->forced != TRANSPORT_TCP && d->forced != TRANSPORT_REST;
	struct find p = grpc || over_http1(d->forced) ? none : length_prefix_find(d->stream, in, final);
	struct find w = ws ? websocket_find(d->stream, in, dir == DIR_C2S, final) : none;
	struct find turned = ws && d->stream->conn->guessed ? websocket_find(d->stream, in, dir == DIR_S2C, final) : none;
	struct find f = d->forced && !grpc ? none : http2_find(d->stream, in, final);
	struct find t = d->forced ? none : tls_find(in, final);
	const struct find *first = better(better(better(&f, &t), better(&w, &p)), &turned);
	size_t none_in = first->offset < in.len ? first->offset : in.len;
	h->passed += none_in;
	d->stream->counts->skipped += none_in;
	drop(h, none_in);
	if (first->status != FIND_FOUND)
		return;
	if (first == &turned)
		dir = put_right(d, dir, dir == DIR_C2S ? SENDER_SERVER : SENDER_CLIENT);
	else if ((first == &p || first == &f) && !learn_ends(d, &dir, first == &f) && !final)
		return;
	h = &d->held[dir];
	if (h->passed)
		stream_news(d->stream, NEWS_SKIPPED, dir, h->time, h->passed, NULL);
	if (first == &p)
		settle_prefix(d, dir, false);
	else if (first == &f)
		settle_http2(d, dir, false, false);
	else if (first == &t)
		settle_found_tls(d, dir);
	else
		settle_websocket(d, dir, false);
}

static void look(struct detect *d, enum dir dir, bool final)
{
	struct held *h = &d->held[dir];
	struct slice in = buf_slice(&h->bytes);
	if (!in.len || settle_preamble(d, dir, in, final))
		return;
	if (d->forced && decide_forced(d, dir, in))
		return;
	if (!h->searching && !d->forced) {
		enum kind k = kind_of(d->stream, dir, in);
		if (decide(d, dir, k) || (k == KIND_MORE && !final))
			return;
	}
	h->searching = true;
	if (!final && h->credit < in.len && in.len < HELD)
		return;
	h->credit = 0;
	search(d, dir, final);
	if (!d->inner && h->passed > d->stream->limits->scan)
		give_up(d, dir, h->time, "nothing in it looks like OpenIAP");
}

/* Gives up what was searched without a find. */
static void drop_searched(struct detect *d, enum dir dir)
{
	struct held *h = &d->held[dir];
	if (!h->searching)
		return;
	h->passed += h->bytes.len;
	d->stream->counts->skipped += h->bytes.len;
	drop(h, h->bytes.len);
	if (h->passed)
		stream_news(d->stream, NEWS_SKIPPED, dir, h->time, h->passed, NULL);
}

/* HTTP begins with that chunk of a direction. What was searched of the other one without a find may end with what comes behind its head: the
 * layer looks for that, as behind a gap, once it knows what the chunk says. */
static void settle_at_head(struct detect *d, enum dir dir, struct chunk c)
{
	struct held *other = &d->held[!dir];
	struct held searched = { .time = 0 };
	bool torn = other->searching && !other->ended;
	drop_searched(d, dir);
	if (torn) {
		searched = *other;
		other->bytes = (struct buf){ 0 };
		other->came = (struct came){ 0 };
		other->untimed = 0;
	}
	drop_searched(d, !dir);
	settle(d, new_http1(d), dir);
	layer_feed(d->inner, dir, c);
	if (torn)
		layer_gap(d->inner, !dir, 0, other->time ? other->time : c.time);
	feed_held(d, !dir, &searched);
}

/* Joined in the middle, a chunk may begin with a head of REST; a server's first bytes with a status line, where those of the client are
 * missing or late. */
static bool look_for_head(struct detect *d, enum dir dir, struct chunk c)
{
	bool wanted = !d->forced || over_http1(d->forced);
	if (!wanted || (dir == DIR_C2S && d->stream->conn->start_seen && !d->held[dir].searching))
		return false;
	if (dir == DIR_C2S ? !http1_asks_rest(c.bytes) : !http1_answers(c.bytes))
		return false;
	settle_at_head(d, dir, c);
	return true;
}

/* The first bytes of a direction that say at once what they are go on in place, without being kept. */
static bool look_in_place(struct detect *d, enum dir dir, struct chunk c)
{
	struct held *h = &d->held[dir];
	if (h->bytes.len || h->searching || d->forced || !d->stream->conn->start_seen || (dir == DIR_C2S && preamble_begins(c.bytes)))
		return false;
	enum kind k = kind_of(d->stream, dir, c.bytes);
	if (!decide(d, dir, k))
		return false;
	layer_feed(d->inner, dir, c);
	return true;
}

static void feed(struct layer *layer, enum dir dir, struct chunk c)
{
	struct detect *d = (struct detect *)layer;
	if (d->inner) {
		layer_feed(d->inner, dir, c);
		return;
	}
	if (d->given_up)
		return;
	if (d->stream->conn->guessed && is_of_end(c.bytes, !dir)) {
		turn(d);
		dir = !dir;
	}
	struct held *h = &d->held[dir];
	h->time = c.time;
	if (look_in_place(d, dir, c) || look_for_head(d, dir, c))
		return;
	buf_add(&h->bytes, c.bytes);
	h->untimed += !came_add(&h->came, c.bytes.len, c.time);
	h->credit += SEARCHED_A_CHUNK + c.bytes.len * SEARCHED_A_BYTE;
	look(d, dir, false);
}

/* Nothing follows directly. Returns the direction, which may be the other one by now. */
static enum dir look_finally(struct detect *d, enum dir dir)
{
	bool turned = d->stream->conn->turned;
	if (!d->inner && !d->given_up)
		look(d, dir, true);
	return turned == d->stream->conn->turned ? dir : !dir;
}

static void gap(struct layer *layer, enum dir dir, uint64_t n, int64_t time)
{
	struct detect *d = (struct detect *)layer;
	dir = look_finally(d, dir);
	if (d->inner) {
		layer_gap(d->inner, dir, n, time);
		return;
	}
	d->held[dir].searching = true;
	drop(&d->held[dir], d->held[dir].bytes.len);
}

static void end(struct layer *layer, enum dir dir, int64_t time)
{
	struct detect *d = (struct detect *)layer;
	dir = look_finally(d, dir);
	struct held *h = &d->held[dir];
	if (d->inner) {
		if (!h->ended)
			layer_end(d->inner, dir, time);
		h->ended = true;
		return;
	}
	h->ended = true;
	h->end = time;
	if (!d->given_up && d->held[!dir].ended && (h->passed || d->held[!dir].passed || h->bytes.len))
		give_up(d, dir, time, "nothing in it looks like OpenIAP");
}

static void free_layer(struct layer *layer)
{
	struct detect *d = (struct detect *)layer;
	layer_free(d->inner);
	release(&d->held[0]);
	release(&d->held[1]);
	free(d);
}

static struct layer *step_aside(struct layer *layer)
{
	struct detect *d = (struct detect *)layer;
	struct layer *inner = d->inner;
	if (!inner)
		return layer;
	d->inner = NULL;
	free_layer(layer);
	return inner;
}

static const struct layer_ops ops = { "detect", feed, gap, end, free_layer, step_aside, NULL };

bool detect_can_force(enum transport t)
{
	static const bool can[TRANSPORTS] = {
		[TRANSPORT_TCP] = true,  [TRANSPORT_WS] = true,     [TRANSPORT_GRPC] = true,
		[TRANSPORT_REST] = true, [TRANSPORT_LEGACY] = true, [TRANSPORT_TLS] = true,
	};
	return can[t];
}

static struct layer *new_detect(const struct stream *s, enum transport forced, struct keylog *keylog, unsigned preambles)
{
	struct detect *d = xcalloc(1, sizeof *d);
	d->layer.ops = &ops;
	d->stream = s;
	d->forced = forced;
	d->keylog = keylog;
	d->preambles = (unsigned char)preambles;
	return &d->layer;
}

struct layer *detect_new(const struct stream *s, enum transport forced, struct keylog *keylog)
{
	return new_detect(s, forced, keylog, 0);
}
