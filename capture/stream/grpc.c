/*
 * gRPC: cutting the data of a call into messages.
 *
 * A direction of a call is in one of six states:
 *
 *	PREFIX ──5 bytes──> BODY ──small: gathered whole──────────> PREFIX
 *	                     │ └───large: handed on in pieces: PASS ──> PREFIX
 *	                     ├─────compressed: gathered whole, inflated ─> PREFIX
 *	                     └─────gap inside, or over-long: SKIP the rest ──> PREFIX
 *	LOST: the boundary is not known. Each DATA frame is looked at (LOOK): does a message begin with it? If not it is passed over.
 *
 * SetupStream carries Envelopes; of any other method of the service each direction carries one bare message, the request or the
 * reply. Where the capture lacks the request's headers the method is not known: an Envelope at the front of a frame tells it, all
 * else is passed over. A call whose path is not ours is passed over too.
 *
 * Compressed messages are gathered as they came, together at most as many bytes as a message may have, and inflated when they are
 * complete. What they are compressed with is told by their first bytes, so that no header is needed for it.
 */
#include "capture/stream/grpc.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "capture/stream/conversation.h"
#include "capture/stream/gunzip.h"
#include "capture/stream/length_prefix.h"
#include "capture/stream/said.h"

#include <stdlib.h>

enum { LOOK_BYTES = GRPC_PREFIX + PROBE_BYTES, METHOD_MAX = 64, WEB_TRAILERS = 0x80 };

enum kind { UNKNOWN, ENVELOPES, UNARY, OTHER };
enum state { PREFIX, BODY, PASS, SKIP, LOST, LOOK };
enum how { WHOLE, CUT_BY_GAP, CUT_BY_END };

struct way {
	enum state state;
	uint8_t prefix[GRPC_PREFIX];
	size_t prefix_len;
	bool packed;         /* the message under way is compressed */
	uint64_t size, done; /* of the message under way: bytes in all; handed on (PASS) or still to skip (SKIP) */
	uint32_t frame;      /* LOOK: bytes of the frame's data */
	struct buf gather;
	uint64_t skipped;
	bool after_gap, ended, had_message, lost_some;
	bool page; /* no gRPC: an answer of whoever stands in between */
};

struct grpc_call {
	struct grpc_conn *conn;
	uint32_t http2_stream;
	enum kind kind;
	struct buf method; /* UNARY */
	uint32_t status;
	struct conversation *own; /* a SetupStream that is not the first of its connection; else NULL */
	enum conn_end closer;     /* who ended the call first, if it ended by its rules */
	struct way way[2];
};

static const char service[] = "/openiap.FlowService/", setup[] = "SetupStream";

struct grpc_call *grpc_call_new(struct grpc_conn *conn, uint32_t http2_stream)
{
	struct grpc_call *c = xcalloc(1, sizeof(*c));
	c->conn = conn;
	c->http2_stream = http2_stream;
	c->way[0].state = c->way[1].state = LOST;
	return c;
}

static enum kind kind_of(struct slice path)
{
	struct slice method = slice_skip(path, sizeof(service) - 1);
	if (!slice_starts(path, service) || !method.len || method.len > METHOD_MAX)
		return OTHER;
	return slice_is(method, setup) ? ENVELOPES : UNARY;
}

const struct stream *grpc_call_stream(struct grpc_call *c, int64_t time)
{
	return c->own ? conversation_stream(c->own, time) : c->conn->stream;
}

/* A call turns out to be a SetupStream. */
static void is_setup(struct grpc_call *c, bool start_seen, int64_t time)
{
	c->kind = ENVELOPES;
	if (c->conn->setups++)
		c->own = conversation_new(c->conn->stream, start_seen, time);
}

bool grpc_call_path(struct grpc_call *c, struct slice path, int64_t time)
{
	if (c->kind != UNKNOWN)
		return c->kind != OTHER;
	c->kind = kind_of(path);
	if (c->kind == ENVELOPES)
		is_setup(c, !c->way[DIR_C2S].skipped, time);
	for (int dir = 0; dir < 2; dir++)
		if (c->way[dir].state == LOST && !c->way[dir].skipped)
			c->way[dir].state = PREFIX;
	if (c->kind == UNARY)
		buf_add(&c->method, slice_skip(path, sizeof(service) - 1));
	return c->kind != OTHER;
}

enum grpc_worth grpc_call_worth(const struct grpc_call *c)
{
	static const enum grpc_worth worth[] = {
		[UNKNOWN] = GRPC_NOTHING,
		[OTHER] = GRPC_NOTHING,
		[UNARY] = GRPC_UNARY,
		[ENVELOPES] = GRPC_SETUP,
	};
	return worth[c->kind];
}

void grpc_call_free(struct grpc_call *c)
{
	buf_release(&c->method);
	buf_release(&c->way[0].gather);
	buf_release(&c->way[1].gather);
	conversation_free(c->own);
	free(c);
}

/* Handing on. */

static void news(struct grpc_call *c, enum news_kind kind, enum dir dir, int64_t time, uint64_t bytes, const char *text)
{
	stream_news(grpc_call_stream(c, time), kind, dir, time, bytes, text);
}

static struct stream_counts *counts(struct grpc_call *c)
{
	return c->conn->stream->counts;
}

static void send(struct grpc_call *c, struct piece *p, struct chunk chunk)
{
	const struct stream *s = grpc_call_stream(c, chunk.time);
	struct way *w = &c->way[p->dir];
	p->conn = s->conn;
	p->exchange = c->http2_stream;
	p->encoding = c->kind == UNARY ? ENCODING_PAYLOAD : ENCODING_ENVELOPE;
	p->method = buf_slice(&c->method);
	p->reply = c->kind == UNARY && p->dir == DIR_S2C;
	p->after_gap = p->first && w->after_gap;
	p->bytes = chunk.bytes;
	p->at = chunk.at;
	p->time = chunk.time;
	if (p->first)
		w->after_gap = false;
	w->had_message = true;
	s->sink->message(s->sink->user, p);
}

static void hand_on(struct grpc_call *c, enum dir dir, struct chunk chunk, bool first, bool last, enum how how)
{
	struct way *w = &c->way[dir];
	struct piece p = {
		.dir = dir,
		.first = first,
		.last = last,
		.cut = how != WHOLE,
		.gap = how == CUT_BY_GAP,
		.size = w->size,
		.offset = first ? 0 : w->done,
	};
	send(c, &p, chunk);
}

static void to_prefix(struct way *w)
{
	w->state = PREFIX;
	w->prefix_len = 0;
	buf_clear(&w->gather);
}

static void skip_message(struct way *w, uint64_t left)
{
	to_prefix(w);
	buf_release(&w->gather);
	if (!left)
		return;
	w->state = SKIP;
	w->done = left;
}

/* Compressed messages. */

static void unpack(struct grpc_call *c, enum dir dir, struct slice packed, int64_t time)
{
	struct way *w = &c->way[dir];
	struct buf message = { 0 };
	switch (gunzip(packed, c->conn->stream->limits->message, &message)) {
	case GUNZIP_WHOLE:
		w->size = message.len;
		hand_on(c, dir, (struct chunk){ buf_slice(&message), -1, time }, true, true, WHOLE);
		break;
	case GUNZIP_OVERLONG:
		counts(c)->overlong++;
		news(c, NEWS_OVERLONG, dir, time, message.len, "a gRPC message that inflates beyond the limit");
		break;
	default:
		counts(c)->bad_frames++;
		counts(c)->skipped += packed.len;
		news(c, NEWS_SKIPPED, dir, time, packed.len, "a compressed gRPC message that can't be inflated");
		break;
	}
	buf_release(&message);
}

static void drop_packed(struct grpc_call *c, struct way *w)
{
	if (w->state == BODY && w->packed)
		c->conn->packed -= w->size;
	w->packed = false;
}

/* Cutting. */

static void pass_over(struct grpc_call *c, struct way *w, uint64_t n)
{
	w->skipped += n;
	counts(c)->skipped += n;
}

/* The flag that a message begins with is 0 or 1 (gRPC over HTTP/2, "Length-Prefixed-Message"), that of gRPC-Web's trailers 0x80. This is none, nor is
 * its length to be believed. */
static void lose_boundary(struct grpc_call *c, enum dir dir, int64_t time)
{
	struct way *w = &c->way[dir];
	counts(c)->bad_frames++;
	news(c, NEWS_NOTE, dir, time, 0, "what should be a gRPC message begins with neither 0 nor 1");
	w->after_gap = w->lost_some = true;
	pass_over(c, w, GRPC_PREFIX);
	to_prefix(w);
	w->state = LOST;
}

static void overlong(struct grpc_call *c, enum dir dir, int64_t time)
{
	struct way *w = &c->way[dir];
	counts(c)->overlong++;
	news(c, NEWS_OVERLONG, dir, time, w->size, NULL);
	w->had_message = true;
	skip_message(w, w->size);
}

static void begin_body(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	struct way *w = &c->way[dir];
	struct cursor cur = cursor_of(slice_of(w->prefix, GRPC_PREFIX));
	uint64_t most = c->conn->stream->limits->message;
	uint8_t flag = cursor_u8(&cur);
	w->size = cursor_be32(&cur);
	if (flag == WEB_TRAILERS && w->size <= c->conn->stream->limits->head) {
		skip_message(w, w->size);
		return;
	}
	if (flag > 1) {
		lose_boundary(c, dir, chunk.time);
		return;
	}
	w->packed = flag;
	w->done = 0;
	if (w->size > most || (w->packed && w->size > most - c->conn->packed)) {
		w->packed = false;
		overlong(c, dir, chunk.time);
		return;
	}
	w->state = BODY;
	if (w->packed)
		c->conn->packed += w->size;
	if (w->size)
		return;
	hand_on(c, dir, chunk_head(chunk, 0), true, true, WHOLE);
	to_prefix(w);
}

static struct chunk take_prefix(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	struct way *w = &c->way[dir];
	struct slice part = slice_head(chunk.bytes, GRPC_PREFIX - w->prefix_len);
	memcpy(w->prefix + w->prefix_len, part.at, part.len);
	w->prefix_len += part.len;
	chunk = chunk_skip(chunk, part.len);
	if (w->prefix_len == GRPC_PREFIX)
		begin_body(c, dir, chunk);
	return chunk;
}

/* Enough of the body is there: all of a small or compressed one, of a large one its first bytes. */
static void take_front(struct grpc_call *c, enum dir dir, struct chunk front)
{
	struct way *w = &c->way[dir];
	bool whole = front.bytes.len == w->size;
	if (w->packed) {
		w->had_message = true;
		drop_packed(c, w);
		unpack(c, dir, front.bytes, front.time);
	} else {
		hand_on(c, dir, front, true, whole, WHOLE);
		w->done = front.bytes.len;
		w->state = PASS;
	}
	if (whole)
		to_prefix(w);
}

static struct chunk take_body(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	struct way *w = &c->way[dir];
	bool gathers = w->packed || w->size <= LENGTH_PREFIX_PASS;
	size_t want = gathers ? (size_t)w->size : PROBE_BYTES;
	if (!w->gather.len && chunk.bytes.len >= want) {
		struct chunk front = w->size < chunk.bytes.len ? chunk_head(chunk, (size_t)w->size) : chunk;
		take_front(c, dir, front);
		return chunk_skip(chunk, front.bytes.len);
	}
	struct slice part = slice_head(chunk.bytes, want - w->gather.len);
	buf_add(&w->gather, part);
	if (w->gather.len == want) {
		struct buf front = w->gather;
		w->gather = (struct buf){ 0 };
		take_front(c, dir, (struct chunk){ buf_slice(&front), -1, chunk.time });
		buf_release(&front);
	}
	return chunk_skip(chunk, part.len);
}

static struct chunk take_pass(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	struct way *w = &c->way[dir];
	uint64_t left = w->size - w->done;
	struct chunk part = left < chunk.bytes.len ? chunk_head(chunk, (size_t)left) : chunk;
	hand_on(c, dir, part, false, part.bytes.len == left, WHOLE);
	w->done += part.bytes.len;
	if (w->done == w->size)
		to_prefix(w);
	return chunk_skip(chunk, part.bytes.len);
}

static struct chunk take_skip(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	struct way *w = &c->way[dir];
	size_t n = w->done < chunk.bytes.len ? (size_t)w->done : chunk.bytes.len;
	w->done -= n;
	if (!w->done)
		to_prefix(w);
	return chunk_skip(chunk, n);
}

/* Finding a boundary again. */

static struct chunk take_lost(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	pass_over(c, &c->way[dir], chunk.bytes.len);
	return chunk_skip(chunk, chunk.bytes.len);
}

enum probe grpc_begins(const struct stream *s, struct slice data)
{
	struct cursor c = cursor_of(data);
	uint8_t flag = cursor_u8(&c);
	uint64_t size = cursor_be32(&c);
	if (c.short_)
		return PROBE_MORE;
	if (flag || size > s->limits->message)
		return PROBE_NO;
	return s->sink->probe(slice_head(c.rest, PROBE_BYTES), size);
}

/* The same for a compressed message, as far as its first bytes can be inflated. */
static enum probe packed_begins(const struct stream *s, struct slice data)
{
	struct cursor c = cursor_of(data);
	struct buf plain = { 0 };
	uint8_t flag = cursor_u8(&c);
	uint64_t size = cursor_be32(&c);
	bool headed = slice_starts(c.rest, "\x1f\x8b\b") || slice_starts(c.rest, "\x78");
	if (flag != 1 || size > s->limits->message || !headed)
		return PROBE_NO;
	enum gunzip how = gunzip(slice_head(c.rest, (size_t)size), PROBE_BYTES, &plain);
	uint64_t length = how == GUNZIP_WHOLE ? plain.len : s->limits->message; /* which is not known */
	enum probe p = s->sink->probe(buf_slice(&plain), length);
	buf_release(&plain);
	return how == GUNZIP_BAD ? PROBE_NO : p;
}

/* Does a message begin with these first bytes of a frame's data? Of a bare one there is nothing to be told but that it fills the frame.
 * What tells that a call is SetupStream must have more than its first field, or it could be any message with a word in front. Where it is known
 * to be one, and its message to fill the frame, few bytes do: a capture may have no more of each packet. */
static bool message_begins(struct grpc_call *c, enum dir dir, struct slice front)
{
	enum probe p = grpc_begins(c->conn->stream, front), packed = packed_begins(c->conn->stream, front);
	struct cursor cur = cursor_of(front);
	uint8_t flag = cursor_u8(&cur);
	uint64_t size = cursor_be32(&cur);
	cursor_u8(&cur);
	uint64_t first_field = 2 + cursor_u8(&cur);
	bool fills = front.len >= GRPC_PREFIX && size + GRPC_PREFIX == c->way[dir].frame;
	if (c->kind == UNARY || (c->kind == ENVELOPES && p == PROBE_MORE))
		return flag <= 1 && fills;
	if (packed == PROBE_STRONG || (packed != PROBE_NO && c->kind == ENVELOPES))
		return true;
	return (p == PROBE_WEAK || p == PROBE_STRONG) && (c->kind == ENVELOPES || size > first_field);
}

static void found(struct grpc_call *c, enum dir dir, int64_t time)
{
	struct way *w = &c->way[dir];
	if (c->kind == UNKNOWN)
		is_setup(c, false, time);
	if (w->skipped)
		news(c, NEWS_SKIPPED, dir, time, w->skipped, NULL);
	w->skipped = 0;
	to_prefix(w);
}

/* No more of the frame's front is to come: what there is decides. */
static void decide(struct grpc_call *c, enum dir dir, int64_t time)
{
	struct way *w = &c->way[dir];
	struct buf front = w->gather;
	w->gather = (struct buf){ 0 };
	w->state = LOST;
	if (message_begins(c, dir, buf_slice(&front)))
		found(c, dir, time);
	grpc_call_data(c, dir, (struct chunk){ buf_slice(&front), -1, time });
	buf_release(&front);
}

static struct chunk take_look(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	struct way *w = &c->way[dir];
	size_t want = w->frame < LOOK_BYTES ? w->frame : LOOK_BYTES;
	if (!w->gather.len && chunk.bytes.len >= want) {
		if (message_begins(c, dir, slice_head(chunk.bytes, want)))
			found(c, dir, chunk.time);
		else
			w->state = LOST;
		return chunk;
	}
	struct slice part = slice_head(chunk.bytes, want - w->gather.len);
	buf_add(&w->gather, part);
	if (w->gather.len == want)
		decide(c, dir, chunk.time);
	return chunk_skip(chunk, part.len);
}

void grpc_call_frame(struct grpc_call *c, enum dir dir, uint32_t length)
{
	struct way *w = &c->way[dir];
	if (w->state != LOST || c->kind == OTHER || w->page || !length)
		return;
	w->frame = length;
	w->state = LOOK;
	buf_clear(&w->gather);
}

void grpc_call_data(struct grpc_call *c, enum dir dir, struct chunk chunk)
{
	static struct chunk (*const take[])(struct grpc_call *, enum dir, struct chunk) = {
		[PREFIX] = take_prefix, [BODY] = take_body, [PASS] = take_pass, [SKIP] = take_skip, [LOST] = take_lost, [LOOK] = take_look,
	};
	while (chunk.bytes.len && c->kind != OTHER && !c->way[dir].ended && !c->way[dir].page)
		chunk = take[c->way[dir].state](c, dir, chunk);
}

/* The message under way ends here, incomplete. */
static void cut(struct grpc_call *c, enum dir dir, int64_t time, enum how how)
{
	struct way *w = &c->way[dir];
	bool body = w->state == BODY, packed = body && w->packed;
	drop_packed(c, w);
	if (w->state == PASS)
		hand_on(c, dir, (struct chunk){ { NULL, 0 }, -1, time }, false, true, how);
	else if (body && w->gather.len && !packed)
		hand_on(c, dir, (struct chunk){ buf_slice(&w->gather), -1, time }, true, true, how);
	else if (body || (w->state == PREFIX && w->prefix_len))
		news(c, NEWS_CUT, dir, time, body ? w->size : w->prefix_len, NULL);
	else
		return;
	counts(c)->cut++;
}

/* Bytes of the message under way that have yet to come. */
static uint64_t left_of(const struct way *w)
{
	switch (w->state) {
	case BODY: return w->size - w->gather.len;
	case PASS: return w->size - w->done;
	case SKIP: return w->done;
	default: return 0;
	}
}

void grpc_call_gap(struct grpc_call *c, enum dir dir, uint64_t n, int64_t time)
{
	struct way *w = &c->way[dir];
	if (c->kind == OTHER || w->ended)
		return;
	if (w->state == LOOK)
		decide(c, dir, time);
	uint64_t left = left_of(w);
	if (c->own) /* the connection has been told of it */
		news(c, NEWS_GAP, dir, time, n, NULL);
	cut(c, dir, time, CUT_BY_GAP);
	w->lost_some = true;
	w->after_gap = !n || n > left; /* else it took nothing but a part of the message that was cut */
	if (n && left >= n) {
		skip_message(w, left - n);
	} else {
		to_prefix(w);
		w->state = LOST;
	}
}

void grpc_call_lose(struct grpc_call *c, enum dir dir)
{
	c->way[dir].lost_some = true;
}

/* How calls end. */

#define STATUSES(X)                 \
	X(1, "CANCELLED")           \
	X(2, "UNKNOWN")             \
	X(3, "INVALID_ARGUMENT")    \
	X(4, "DEADLINE_EXCEEDED")   \
	X(5, "NOT_FOUND")           \
	X(6, "ALREADY_EXISTS")      \
	X(7, "PERMISSION_DENIED")   \
	X(8, "RESOURCE_EXHAUSTED")  \
	X(9, "FAILED_PRECONDITION") \
	X(10, "ABORTED")            \
	X(11, "OUT_OF_RANGE")       \
	X(12, "UNIMPLEMENTED")      \
	X(13, "INTERNAL")           \
	X(14, "UNAVAILABLE")        \
	X(15, "DATA_LOSS")          \
	X(16, "UNAUTHENTICATED")

/* *number: the status, where the sentence does not name it; else 0. */
static const char *status_text(uint32_t status, uint32_t *number)
{
	static const char *const texts[] = {
#define TEXT(number, name) [number] = "the call ended with grpc-status " #number ", " name,
		STATUSES(TEXT)
#undef TEXT
	};
	bool known = status < sizeof(texts) / sizeof(*texts);
	*number = known ? 0 : status;
	return known ? texts[status] : "the call ended with a grpc-status that is not defined";
}

void grpc_call_status(struct grpc_call *c, uint32_t status, struct slice message, int64_t time)
{
	uint32_t number;
	if (!status || c->status || c->kind == OTHER || c->way[DIR_S2C].ended)
		return;
	c->status = status;
	const char *text = status_text(status, &number);
	said_tell(grpc_call_stream(c, time), DIR_S2C, time, text, number, message);
}

/* gRPC is always answered with 200 (gRPC over HTTP/2, "HTTP2 Status"); other answers are pages of proxies. */
void grpc_call_http_status(struct grpc_call *c, uint32_t status, int64_t time)
{
	struct way *w = &c->way[DIR_S2C];
	if (status <= 200 || w->page || w->ended)
		return;
	w->page = true;
	if (c->kind != ENVELOPES && c->kind != UNARY)
		return;
	const struct stream *s = grpc_call_stream(c, time);
	s->counts->no_message++;
	said_tell(s, DIR_S2C, time, "the call was answered with an HTTP status, by what speaks no gRPC", status, (struct slice){ NULL, 0 });
}

/* A unary call that has no reply, though nothing of it is missing or its status says so. */
static void fail(struct grpc_call *c, int64_t time)
{
	struct way *w = &c->way[DIR_S2C];
	if (c->kind != UNARY || w->had_message || (w->lost_some && !c->status))
		return;
	struct piece p = { .dir = DIR_S2C, .first = true, .last = true, .failed = true };
	send(c, &p, (struct chunk){ { NULL, 0 }, -1, time });
}

void grpc_call_end(struct grpc_call *c, enum dir dir, bool answered, int64_t time)
{
	struct way *w = &c->way[dir];
	if (w->ended)
		return;
	if (w->state == LOOK)
		pass_over(c, w, w->gather.len);
	if (c->kind != OTHER)
		cut(c, dir, time, CUT_BY_END);
	if (w->skipped)
		news(c, NEWS_SKIPPED, dir, time, w->skipped, NULL);
	if (dir == DIR_S2C && answered)
		fail(c, time);
	buf_release(&w->gather);
	w->ended = true;
	if (answered && !c->way[!dir].ended)
		c->closer = dir == DIR_C2S ? CONN_CLOSED_BY_CLIENT : CONN_CLOSED_BY_SERVER;
	if (c->own && c->way[!dir].ended)
		conversation_end(c->own, c->closer, time);
}

bool grpc_call_ended(const struct grpc_call *c)
{
	return c->way[0].ended && c->way[1].ended;
}
