/*
 * What-ifs over gRPC (HTTP/2, RFC 9113).
 *
 *	frames ─> DATA: of each stream, until a gRPC message is whole ─> judged ─> waiting ─> DATA frames, as there is room
 *	       └> header blocks, RST_STREAM, ends of streams ─────────────────────> waiting ─> as they came
 *	       └> SETTINGS, PING, WINDOW_UPDATE, PRIORITY: the connection's own, at once
 *
 * Flow control (section 5.2). Bytes that are dropped, doubled or held back would upset what both ends count. So in the direction
 * that is changed it ends here and begins anew: `credit` is how much the sender may still send, and is renewed by WINDOW_UPDATEs made here,
 * as long as not too much waits; `room` is how much the receiver takes, by its SETTINGS and WINDOW_UPDATEs, which go no further.
 *
 *	sender ── credit ──> [ gathered, waiting ] ── room ──> receiver
 *
 * Header blocks keep their order, as they refer to a table that both ends keep. As long as one waits, what is the connection's own waits behind
 * it: it may be about its stream. A stream whose receiver has no room holds up those behind it.
 */
#include "capture/proxy/what_if_part.h"

#include "base/xalloc.h"
#include "capture/proxy/unit.h"
#include "capture/stream/grpc.h"
#include "capture/stream/gunzip.h"
#include "capture/stream/hpack.h"

#include <stdlib.h>

enum { WINDOW = 65535, CREDIT = 1 << 18, FRAME_MAX = 16384, METHOD_MAX = 64 };
enum { INITIAL_WINDOW_SIZE = 4, MAX_FRAME_SIZE = 5 }; /* of SETTINGS (section 6.5.2) */

struct h2_stream {
	uint32_t id;
	int64_t room, credit;
	struct buf data; /* a message that is not whole */
	bool other;      /* no call of ours, or a message that was too long: its data passes unchanged */
	bool unary;      /* bare messages of `method` */
	struct buf method;
};

struct h2 {
	struct buf in[2];     /* frames that are not whole */
	bool settled;         /* the direction that is not changed has begun with its SETTINGS: there may be frames made here in it */
	bool begun[2];        /* the client's preface has come; the server has none */
	struct hpack *hpack;  /* of the client's header blocks */
	int64_t room, credit; /* of the connection */
	int64_t initial;      /* room and credit of a new stream */
	uint32_t frame_max;
	struct h2_stream *streams[WHAT_IF_STREAMS];
	uint32_t newest; /* of all that were opened: ids only grow (section 5.1.1) */
	size_t count;
	size_t gathered; /* bytes of all their data */
	struct buf path, unpacked;
};

static void *make(struct what_if *w)
{
	struct h2 *h = xcalloc(1, sizeof *h);
	(void)w;
	h->hpack = hpack_new();
	h->room = h->credit = h->initial = WINDOW;
	h->frame_max = FRAME_MAX;
	h->begun[DIR_S2C] = true;
	return h;
}

static void free_stream(struct h2_stream *s)
{
	buf_release(&s->data);
	buf_release(&s->method);
	free(s);
}

static void release(void *state)
{
	struct h2 *h = state;
	while (h->count)
		free_stream(h->streams[--h->count]);
	hpack_free(h->hpack);
	buf_release(&h->in[0]);
	buf_release(&h->in[1]);
	buf_release(&h->path);
	buf_release(&h->unpacked);
	free(h);
}

static struct h2_stream *find(const struct h2 *h, uint32_t id)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->streams[i]->id == id)
			return h->streams[i];
	return NULL;
}

static void forget(struct what_if *w, uint32_t id)
{
	struct h2 *h = w->state;
	for (size_t i = 0; i < h->count; i++) {
		if (h->streams[i]->id != id)
			continue;
		h->gathered -= h->streams[i]->data.len;
		free_stream(h->streams[i]);
		h->streams[i] = h->streams[--h->count];
		return;
	}
}

/* The connection can't go on. */
static void get_stuck(struct what_if *w, const char *why)
{
	if (!w->stuck)
		w->news = why;
	w->stuck = true;
}

static void add_window_update(struct buf *out, uint32_t stream, int64_t n)
{
	uint8_t payload[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	unit_add(out, HTTP2_WINDOW_UPDATE, 0, stream, slice_of(payload, sizeof payload));
}

static void renew(struct what_if *w, uint32_t stream, int64_t *credit)
{
	if (*credit >= CREDIT / 2)
		return;
	add_window_update(w->out[!w->o->on], stream, CREDIT - *credit);
	*credit = CREDIT;
}

/* The sender may go on, as long as not too much waits. */
static void renew_all(struct what_if *w)
{
	struct h2 *h = w->state;
	if (!h->settled || what_if_full(w))
		return;
	renew(w, 0, &h->credit);
	for (size_t i = 0; i < h->count; i++)
		renew(w, h->streams[i]->id, &h->streams[i]->credit);
}

static void take_field(void *user, struct slice name, struct slice value)
{
	struct h2 *h = user;
	if (slice_is(name, ":path") && !h->path.len)
		buf_add(&h->path, slice_head(value, 256));
}

/* A stream begins with a request of this path. */
static void open_stream(struct what_if *w, uint32_t id, struct slice path)
{
	static const char service[] = "/openiap.FlowService/";
	struct h2 *h = w->state;
	if (h->count == WHAT_IF_STREAMS) {
		get_stuck(w, "what-if: more than 1,024 gRPC calls at a time, whose flow can't be followed: the connection is given up");
		return;
	}
	struct h2_stream *s = xcalloc(1, sizeof *s);
	struct slice method = slice_skip(path, sizeof service - 1);
	s->id = h->newest = id;
	s->room = s->credit = h->initial;
	s->other = !slice_starts(path, service) || method.len > METHOD_MAX;
	s->unary = !slice_is(method, "SetupStream");
	buf_add(&s->method, slice_head(method, METHOD_MAX));
	h->streams[h->count++] = s;
}

/* A header block of the client: those that begin a stream say of what. */
static void see_request(struct what_if *w, const struct unit *u)
{
	struct h2 *h = w->state;
	struct slice priority;
	struct buf block = { 0 };
	buf_clear(&h->path);
	bool read = unit_block(u, &priority, &block) && hpack_read(h->hpack, buf_slice(&block), take_field, h);
	buf_release(&block);
	if (!read)
		get_stuck(w, "what-if: a header block that can't be read: the connection is given up");
	else if (u->first.stream > h->newest) /* others are trailers, maybe of what is over */
		open_stream(w, u->first.stream, buf_slice(&h->path));
}

/* No message of a stream waits for another one, or to be whole, any more. */
static void let_all_go(struct what_if *w, struct h2_stream *s)
{
	struct h2 *h = w->state;
	what_if_let_swapped_go(w, s->id);
	if (s->data.len)
		what_if_hold(w, (struct held){ .kind = HELD_DATA, .stream = s->id, .time = w->now }, buf_slice(&s->data));
	h->gathered -= s->data.len;
	buf_clear(&s->data);
}

/* Judges a message of a stream; `message` stands behind `prefix`. */
static void take_message(struct what_if *w, struct h2_stream *s, struct slice wire)
{
	struct h2 *h = w->state;
	struct piece message = { .encoding = s->unary ? ENCODING_PAYLOAD : ENCODING_ENVELOPE, .bytes = slice_skip(wire, GRPC_PREFIX) };
	message.method = buf_slice(&s->method);
	message.exchange = s->id;
	message.reply = s->unary && w->o->on == DIR_S2C;
	if (wire.at[0] & 1) {
		buf_clear(&h->unpacked);
		gunzip(message.bytes, WHAT_IF_HELD, &h->unpacked);
		message.bytes = buf_slice(&h->unpacked);
	}
	what_if_message(w, (struct held){ .kind = HELD_DATA, .stream = s->id }, wire, &message);
}

/* Cuts messages off the front of a stream's data. */
static void cut(struct what_if *w, struct h2_stream *s)
{
	struct h2 *h = w->state;
	size_t at = 0;
	while (!s->other) {
		struct slice rest = slice_skip(buf_slice(&s->data), at);
		struct cursor c = cursor_of(rest);
		cursor_u8(&c);
		uint64_t size = cursor_be32(&c);
		if ((!c.short_ && size > WHAT_IF_HELD) || h->gathered > WHAT_IF_UNWHOLE) {
			s->other = true;
			w->news =
				"what-if: a gRPC message of more than 4 MiB, or too many at a time: from here on its call passes unchanged";
		}
		if (c.short_ || s->other || size > c.rest.len)
			break;
		take_message(w, s, slice_head(rest, GRPC_PREFIX + (size_t)size));
		at += GRPC_PREFIX + (size_t)size;
	}
	buf_consume(&s->data, at);
	h->gathered -= at;
	if (s->other)
		let_all_go(w, s);
}

static void take_data(struct what_if *w, const struct unit *u)
{
	struct h2 *h = w->state;
	struct h2_stream *s = find(h, u->first.stream);
	struct slice data;
	h->credit -= u->first.length;
	if (!unit_data(u, &data)) {
		get_stuck(w, "what-if: a frame of HTTP/2 that can't be: the connection is given up");
		return;
	}
	if (!s)
		return; /* it was reset */
	s->credit -= u->first.length;
	buf_add(&s->data, data);
	h->gathered += data.len;
	cut(w, s);
	if (!(u->first.flags & HTTP2_END_STREAM))
		return;
	let_all_go(w, s);
	what_if_hold(w, (struct held){ .kind = HELD_END, .stream = s->id, .time = w->now, .closes = true }, slice_of(NULL, 0));
}

/* Headers, trailers, the end of a stream by force: in their order. */
static void take_in_order(struct what_if *w, const struct unit *u)
{
	struct h2 *h = w->state;
	bool headers = u->first.type == HTTP2_HEADERS;
	if (u->first.type == HTTP2_PUSH_PROMISE)
		get_stuck(w, "what-if: a server that pushes, which gRPC does not: the connection is given up");
	if (headers && w->o->on == DIR_C2S)
		see_request(w, u);
	struct h2_stream *s = find(h, u->first.stream);
	bool closes = u->first.type == HTTP2_RST_STREAM || (headers && u->first.flags & HTTP2_END_STREAM);
	if (s && closes)
		let_all_go(w, s);
	what_if_hold(
		w, (struct held){ .kind = headers ? HELD_HEADERS : HELD_WIRE, .stream = u->first.stream, .time = w->now, .closes = closes },
		u->bytes);
}

static void take_unit(struct what_if *w, const struct unit *u)
{
	switch (u->first.type) {
	case HTTP2_DATA: take_data(w, u); break;
	case HTTP2_SETTINGS:
	case HTTP2_PING:
	case HTTP2_WINDOW_UPDATE:
	case HTTP2_PRIORITY:
		if (w->headers)
			what_if_hold(w, (struct held){ .kind = HELD_WIRE, .time = w->now }, u->bytes);
		else
			buf_add(w->out[w->o->on], u->bytes);
		break;
	default: take_in_order(w, u);
	}
}

static void change_initial(struct h2 *h, uint32_t n)
{
	int64_t more = (int64_t)n - h->initial;
	h->initial = n;
	for (size_t i = 0; i < h->count; i++) {
		h->streams[i]->room += more;
		h->streams[i]->credit += more;
	}
}

/* The receiver says what it takes. */
static void see_settings(struct h2 *h, const struct unit *u)
{
	struct cursor c = cursor_of(slice_skip(u->bytes, HTTP2_HEAD));
	while (c.rest.len && !c.short_ && !(u->first.flags & HTTP2_ACK)) {
		uint16_t what = cursor_be16(&c);
		uint32_t value = cursor_be32(&c);
		if (what == INITIAL_WINDOW_SIZE && value <= INT32_MAX)
			change_initial(h, value);
		else if (what == MAX_FRAME_SIZE && value >= FRAME_MAX)
			h->frame_max = value < WHAT_IF_UNIT / 2 ? value : WHAT_IF_UNIT / 2;
	}
}

/* The receiver has room for more. */
static void see_window_update(struct h2 *h, const struct unit *u)
{
	struct cursor c = cursor_of(slice_skip(u->bytes, HTTP2_HEAD));
	uint32_t n = cursor_be32(&c) & INT32_MAX;
	struct h2_stream *s = u->first.stream ? find(h, u->first.stream) : NULL;
	if (!u->first.stream)
		h->room += n;
	else if (s)
		s->room += n;
}

/* A unit of the direction that is not changed passes, but for the receiver's WINDOW_UPDATEs. */
static void take_other_unit(struct what_if *w, const struct unit *u)
{
	struct h2 *h = w->state;
	if (u->first.type == HTTP2_WINDOW_UPDATE) {
		see_window_update(h, u);
		return;
	}
	if (u->first.type == HTTP2_SETTINGS)
		see_settings(h, u);
	h->settled |= u->first.type == HTTP2_SETTINGS;
	if (u->first.type == HTTP2_HEADERS && w->o->on == DIR_S2C)
		see_request(w, u);
	buf_add(w->out[!w->o->on], u->bytes);
	if (u->first.type == HTTP2_RST_STREAM)
		forget(w, u->first.stream);
}

/* Takes the client's preface off the front. False if more has to come. */
static bool take_preface(struct what_if *w, enum dir dir)
{
	struct h2 *h = w->state;
	struct slice in = buf_slice(&h->in[dir]), preface = slice_str(http2_preface());
	if (h->begun[dir])
		return true;
	if (!slice_eq(slice_head(in, HTTP2_PREFACE), slice_head(preface, in.len)))
		get_stuck(w, "what-if: no HTTP/2: the connection is given up");
	if (in.len < HTTP2_PREFACE || w->stuck)
		return false;
	buf_add(w->out[dir], slice_head(in, HTTP2_PREFACE));
	buf_consume(&h->in[dir], HTTP2_PREFACE);
	return h->begun[dir] = true;
}

static void take(struct what_if *w, enum dir dir, struct slice in)
{
	struct h2 *h = w->state;
	struct unit u;
	size_t at = 0;
	buf_add(&h->in[dir], in);
	if (!take_preface(w, dir))
		return;
	while (!w->stuck) {
		enum unit_status status = unit_read(slice_skip(buf_slice(&h->in[dir]), at), WHAT_IF_UNIT, &u);
		if (status == UNIT_BAD)
			get_stuck(w, "what-if: a frame of HTTP/2 that can't be, or is longer than 1 MiB: the connection is given up");
		if (status != UNIT_WHOLE)
			break;
		if (dir == w->o->on)
			take_unit(w, &u);
		else
			take_other_unit(w, &u);
		at += u.bytes.len;
	}
	buf_consume(&h->in[dir], at);
	renew_all(w);
}

static void feed(struct what_if *w, struct slice in)
{
	take(w, w->o->on, in);
}

static void feed_other(struct what_if *w, struct slice in)
{
	take(w, w->o->on == DIR_C2S ? DIR_S2C : DIR_C2S, in);
}

static size_t send_data(struct what_if *w, const struct held *held, struct slice bytes, bool *done)
{
	struct h2 *h = w->state;
	struct h2_stream *s = find(h, held->stream);
	size_t gone = 0;
	*done = true;
	if (!s)
		return bytes.len; /* its receiver has reset it */
	if (held->kind == HELD_END) {
		unit_add(w->out[w->o->on], HTTP2_DATA, HTTP2_END_STREAM, s->id, bytes);
		forget(w, s->id);
		return 0;
	}
	while (gone < bytes.len && h->room > 0 && s->room > 0) {
		int64_t room = h->room < s->room ? h->room : s->room;
		struct slice piece = slice_head(slice_skip(bytes, gone), room < h->frame_max ? (size_t)room : h->frame_max);
		unit_add(w->out[w->o->on], HTTP2_DATA, 0, s->id, piece);
		h->room -= (int64_t)piece.len;
		s->room -= (int64_t)piece.len;
		gone += piece.len;
	}
	*done = gone == bytes.len;
	return gone;
}

static void flush(struct what_if *w, enum dir dir)
{
	struct h2 *h = w->state;
	buf_add(w->out[dir], buf_slice(&h->in[dir]));
	buf_clear(&h->in[dir]);
}

const struct framing what_if_http2 = { .transport = TRANSPORT_GRPC,
				       .make = make,
				       .free = release,
				       .feed = feed,
				       .feed_other = feed_other,
				       .send = send_data,
				       .closed = forget,
				       .flush = flush };
