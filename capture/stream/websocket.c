/*
 * The WebSocket layer: frames of two directions, the payloads of binary messages to the length prefix as one byte stream a direction, text
 * messages, which are the protocol before Flow 1.5, to the sink.
 *
 *	HEADER ──whole──> PAYLOAD ──last byte──> HEADER
 *	   └──────────────────┴── a bad header, or a gap that is not inside one payload ──> SEARCH ──found──> HEADER
 *
 * A half is one direction. Nothing is kept but a header, a text message (within the limit), and in SEARCH as many
 * bytes as limits->scan and SEARCH_MAX allow: a payload goes on as it comes, in place or, unmasked or inflated, in pieces from the stack. A message is the frames from one with
 * an opcode to the one with FIN; control frames may stand between them. A message is LOST if bytes of it are missing or if it
 * begins before what was captured; what still comes of it is counted as skipped, and the layer above is told of a gap.
 *
 * After a loss the inflater begins with an empty context. That never gives wrong bytes: a message that refers to what is missing
 * fails, and only then the direction's deflated messages are given up, until the next loss gives them another chance. A sender that
 * does not take its context over reads on at its next message.
 */
#include "capture/stream/websocket.h"

#include "base/bound.h"
#include "base/buf.h"
#include "base/xalloc.h"
#include "capture/stream/came.h"
#include "capture/stream/inflate.h"
#include "capture/stream/said.h"

#include <stdlib.h>

enum {
	PIECE = 16384,
	PREFIX = 4,
	CODE_SIZE = 2,
	CONTROL_MAX = 125, /* bytes of a control frame (RFC 6455, section 5.5) */
	SEARCH_MAX = BOUND(256 * 1024, 2048),
	NEAR = 64 /* two headers and a length */
};
static const char ELLIPSIS[] = "…"; /* for what is missing */

enum state { HEADER, PAYLOAD, SEARCH };
enum content { LOST, BINARY, TEXT, DONE }; /* DONE: what is left of it is of no use */

struct message {
	bool open;
	enum content content;
	bool deflated;
	uint64_t inflated; /* bytes so far */
};

struct half {
	enum state state;
	uint8_t header[WS_HEADER_MAX];
	size_t header_len;
	struct ws_frame frame;
	uint64_t left; /* PAYLOAD: bytes of it yet to come */
	struct message message;
	struct inflater *inflater;
	bool context_whole;    /* nothing of the compression context is missing */
	bool given_up;         /* deflated messages are not read */
	bool masked, unmasked; /* the frames of late are; the layer above knows of a breach of the rule */
	bool guessed;          /* frames were found by a search: their lengths are doubted */
	bool told_fault, told_deflate, told_mask;
	uint8_t close[CONTROL_MAX + sizeof ELLIPSIS]; /* of a close frame: its code, and why */
	size_t close_len;
	bool close_lost;     /* and bytes behind those are missing */
	struct buf text;     /* of the text message under way */
	int64_t text_at;     /* its place in the capture file, -1 if it does not stand there in one run */
	bool after_gap;      /* bytes are missing before the next text message */
	struct buf searched; /* SEARCH */
	struct came came;    /* when they came */
	size_t search_again; /* bytes to have before it is worth another look */
	uint64_t skipped;    /* SEARCH: bytes passed over */
};

struct websocket {
	struct layer layer;
	const struct stream *stream;
	struct ws_deflate deflate;
	struct layer *inner;
	struct half half[2];
	bool binary_seen;
};

/* One half at work: what every step below needs. */
struct at {
	struct websocket *ws;
	struct half *h;
	enum dir dir;
	int64_t time;
};

static void note(const struct at *a, const char *text)
{
	stream_news(a->ws->stream, NEWS_NOTE, a->dir, a->time, 0, text);
}

static void pass(const struct at *a, struct slice bytes, int64_t place)
{
	layer_feed(a->ws->inner, a->dir, (struct chunk){ bytes, place, a->time });
}

/* A text message goes to the sink: all of it, or what was captured. */
static void hand_text(const struct at *a, struct chunk c, uint64_t size, bool cut, bool gap)
{
	struct half *h = a->h;
	const struct stream *s = a->ws->stream;
	struct piece p = {
		.conn = s->conn,
		.dir = a->dir,
		.encoding = ENCODING_LEGACY,
		.first = true,
		.last = true,
		.cut = cut,
		.gap = gap,
		.after_gap = h->after_gap,
		.unmasked = h->unmasked,
		.size = size,
		.bytes = c.bytes,
		.at = c.at,
		.time = a->time,
	};
	h->after_gap = false;
	s->counts->cut += cut;
	s->conn->transport = TRANSPORT_LEGACY;
	s->sink->message(s->sink->user, &p);
}

static void drop_overlong_text(const struct at *a, uint64_t size)
{
	struct half *h = a->h;
	a->ws->stream->counts->overlong++;
	stream_news(a->ws->stream, NEWS_OVERLONG, a->dir, a->time, size, NULL);
	buf_release(&h->text);
	h->message.content = DONE;
}

/* The text message under way ends here, before its end. */
static void cut_text(const struct at *a, bool gap)
{
	struct half *h = a->h;
	struct message *m = &h->message;
	if (m->open && m->content == TEXT) {
		bool one_frame = h->state == PAYLOAD && h->frame.opcode == WS_TEXT && h->frame.fin && !m->deflated;
		uint64_t size = one_frame ? h->frame.length : h->text.len;
		if (size > a->ws->stream->limits->message)
			drop_overlong_text(a, size);
		else if (h->text.len)
			hand_text(a, (struct chunk){ buf_slice(&h->text), h->text_at, a->time }, size, true, gap);
		m->content = gap ? LOST : DONE;
	}
	buf_release(&h->text);
	h->after_gap = h->after_gap || gap;
}

/* Bytes of the message under way will never come, or can't be read: the rest of it is worth nothing. */
static void lose_message(const struct at *a)
{
	struct message *m = &a->h->message;
	if (m->open && m->content == BINARY)
		layer_gap(a->ws->inner, a->dir, 0, a->time);
	cut_text(a, true);
	m->content = LOST;
}

/* Is the chunk all of a message? */
static bool is_whole_text(const struct at *a, struct slice bytes)
{
	const struct half *h = a->h;
	return h->frame.opcode == WS_TEXT && h->frame.fin && !h->frame.masked && !h->message.deflated && bytes.len == h->frame.length;
}

static void take_text(const struct at *a, struct chunk c)
{
	struct half *h = a->h;
	if (c.bytes.len > a->ws->stream->limits->message - h->text.len) {
		drop_overlong_text(a, h->text.len + c.bytes.len);
		return;
	}
	if (is_whole_text(a, c.bytes)) {
		hand_text(a, c, c.bytes.len, false, false);
		h->message.content = DONE;
		return;
	}
	if (!h->text.len)
		h->text_at = c.at;
	else if (h->text_at < 0 || c.at != h->text_at + (int64_t)h->text.len)
		h->text_at = -1;
	buf_add(&h->text, c.bytes);
}

static void lose_context(struct half *h)
{
	if (h->inflater)
		inflater_clear(h->inflater);
	h->context_whole = false;
	h->given_up = false;
}

static void give_up_deflate(const struct at *a)
{
	lose_message(a);
	a->h->given_up = true;
	if (a->h->told_deflate)
		return;
	a->h->told_deflate = true;
	stream_news(a->ws->stream, NEWS_SKIPPED, a->dir, a->time, 0,
		    a->ws->deflate.no_takeover[a->dir] ? "a deflated message can't be inflated"
		    : a->h->context_whole
			    ? "a deflated message can't be inflated: no more deflated messages of this direction are read"
			    : "the compression context is not in the capture: deflated messages of this direction can't be read");
}

/* Takes what is inflated; what exceeds the limit of a message is dropped, but inflated for the sake of the context. */
static void take_inflated(void *user, struct slice bytes)
{
	const struct at *a = user;
	struct message *m = &a->h->message;
	uint64_t limit = a->ws->stream->limits->message + PREFIX;
	uint64_t room = m->inflated < limit ? limit - m->inflated : 0;
	bool was_within = m->inflated <= limit;
	m->inflated += bytes.len;
	if (m->content == BINARY && was_within && m->inflated > limit) {
		a->ws->stream->counts->overlong++;
		note(a, "a WebSocket message inflates beyond the limit: the rest of it is dropped");
	}
	if (m->content == BINARY)
		pass(a, slice_head(bytes, room < bytes.len ? (size_t)room : bytes.len), -1);
	else if (m->content == TEXT)
		take_text(a, (struct chunk){ bytes, -1, a->time });
}

static void inflate_payload(struct at *a, struct slice bytes)
{
	if (!inflater_feed(a->h->inflater, bytes, take_inflated, a))
		give_up_deflate(a);
}

static void finish_deflated(struct at *a)
{
	struct message *m = &a->h->message;
	uint64_t limit = a->ws->stream->limits->message + PREFIX;
	if (!inflater_end_message(a->h->inflater, take_inflated, a))
		give_up_deflate(a);
	else if (m->content == BINARY && m->inflated > limit)
		layer_gap(a->ws->inner, a->dir, m->inflated - limit, a->time);
}

static void begin_deflated(struct at *a)
{
	struct half *h = a->h;
	a->ws->stream->conn->deflated = true; /* as was agreed where the capture lacks the handshake */
	if (!h->inflater)
		h->inflater = inflater_new(a->ws->deflate.window_bits[a->dir]);
	if (a->ws->deflate.no_takeover[a->dir]) {
		lose_context(h);
		h->context_whole = true;
	}
	if (h->given_up)
		lose_message(a);
}

/* A text message is the protocol before Flow 1.5, in which no binary ones occur. */
static void begin_text(const struct at *a)
{
	if (!a->ws->binary_seen)
		return;
	a->h->message.content = DONE;
	note(a, "a text message between binary ones is passed over");
}

/* Whatever text came before them, these are not what it was taken for. */
static void begin_binary(struct websocket *ws)
{
	if (!ws->binary_seen)
		ws->stream->conn->transport = TRANSPORT_WS;
	ws->binary_seen = true;
}

static void end_message(struct at *a)
{
	struct message *m = &a->h->message;
	if (m->deflated && m->content != LOST)
		finish_deflated(a);
	if (m->content == TEXT && a->h->text.len)
		hand_text(a, (struct chunk){ buf_slice(&a->h->text), a->h->text_at, a->time }, a->h->text.len, false, false);
	buf_release(&a->h->text);
	*m = (struct message){ .open = false };
}

static void begin_message(struct at *a)
{
	struct half *h = a->h;
	if (h->message.open) {
		a->ws->stream->counts->bad_frames++;
		cut_text(a, false);
		end_message(a);
	}
	h->message = (struct message){ .open = true, .deflated = h->frame.rsv1 };
	h->message.content = h->frame.opcode == WS_TEXT ? TEXT : BINARY;
	if (h->message.content == TEXT)
		begin_text(a);
	else
		begin_binary(a->ws);
	if (h->message.deflated)
		begin_deflated(a);
}

/* A continuation of a message whose beginning was not captured, or was never sent. */
static void begin_lost_message(struct at *a)
{
	if (!a->h->guessed)
		a->ws->stream->counts->bad_frames++;
	a->h->message = (struct message){ .open = true, .content = LOST };
	layer_gap(a->ws->inner, a->dir, 0, a->time);
}

static bool breaks_mask(const struct at *a)
{
	return a->h->frame.masked != (a->dir == DIR_C2S);
}

/* A control frame is part of no message, which could break the rule. */
static void check_control_mask(struct at *a)
{
	if (!breaks_mask(a) || a->h->guessed || a->h->told_mask)
		return;
	a->h->told_mask = true;
	note(a, a->dir == DIR_C2S ? "a ping, pong or close without a mask: the server is to close the connection"
				  : "a ping, pong or close with a mask: the client is to close the connection");
}

static void check_mask(struct at *a)
{
	struct half *h = a->h;
	bool breach = breaks_mask(a);
	if (breach != h->unmasked)
		length_prefix_set_unmasked(a->ws->inner, a->dir, breach);
	h->unmasked = breach;
}

/* *number: the code, where the sentence does not name it; else 0. */
static const char *close_text(uint16_t code, uint32_t *number)
{
	static const struct {
		uint16_t code;
		const char *text;
	} known[] = {
		/* RFC 6455, section 7.4.1, and the registry it sets up */
		{ 1000, "WebSocket closed: 1000, normal closure" },  { 1001, "WebSocket closed: 1001, going away" },
		{ 1002, "WebSocket closed: 1002, protocol error" },  { 1003, "WebSocket closed: 1003, unsupported data" },
		{ 1007, "WebSocket closed: 1007, invalid payload" }, { 1008, "WebSocket closed: 1008, policy violation" },
		{ 1009, "WebSocket closed: 1009, message too big" }, { 1010, "WebSocket closed: 1010, a mandatory extension is missing" },
		{ 1011, "WebSocket closed: 1011, internal error" },  { 1012, "WebSocket closed: 1012, service restart" },
		{ 1013, "WebSocket closed: 1013, try again later" },
	};
	*number = 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].code == code)
			return known[i].text;
	*number = code;
	return code >= 3000 && code < 5000 ? "WebSocket closed, with a code of the application's own"
					   : "WebSocket closed, with a code that has no meaning";
}

/* A close frame is over: its code, and what its sender says about it. */
static void tell_close(const struct at *a)
{
	struct half *h = a->h;
	if (h->close_len < CODE_SIZE) {
		note(a, h->close_lost ? "WebSocket closed" : "WebSocket closed, without a code");
		return;
	}
	if (h->close_lost) {
		memcpy(h->close + h->close_len, ELLIPSIS, strlen(ELLIPSIS));
		h->close_len += strlen(ELLIPSIS);
	}
	uint32_t number;
	const char *text = close_text((uint16_t)(h->close[0] << 8 | h->close[1]), &number);
	said_tell(a->ws->stream, a->dir, a->time, text, number, slice_skip(slice_of(h->close, h->close_len), CODE_SIZE));
}

static void end_frame(struct at *a)
{
	struct half *h = a->h;
	h->state = HEADER;
	if (h->frame.opcode == WS_CLOSE)
		tell_close(a);
	else if (!ws_is_control(&h->frame) && h->frame.fin)
		end_message(a);
}

static void begin_data(struct at *a)
{
	if (a->h->frame.opcode != WS_CONTINUATION)
		begin_message(a);
	else if (!a->h->message.open)
		begin_lost_message(a);
}

static void begin_frame(struct at *a)
{
	struct half *h = a->h;
	h->left = h->frame.length;
	h->masked = h->frame.masked;
	if (ws_is_control(&h->frame)) {
		a->ws->stream->counts->control++;
		h->close_len = 0;
		h->close_lost = false;
		check_control_mask(a);
	} else {
		check_mask(a);
		begin_data(a);
	}
	h->state = PAYLOAD;
	if (!h->left)
		end_frame(a);
}

static void take_control(struct half *h, struct slice bytes)
{
	struct slice kept = slice_head(bytes, h->close_lost ? 0 : CONTROL_MAX - h->close_len);
	if (kept.len)
		memcpy(h->close + h->close_len, kept.at, kept.len);
	h->close_len += kept.len;
}

/* Plain bytes of the payload. */
static void take_plain(struct at *a, struct slice bytes, int64_t place)
{
	struct message *m = &a->h->message;
	if (ws_is_control(&a->h->frame))
		take_control(a->h, bytes);
	else if (m->content == LOST)
		a->ws->stream->counts->skipped += bytes.len;
	else if (m->deflated)
		inflate_payload(a, bytes);
	else if (m->content == BINARY)
		pass(a, bytes, place);
	else if (m->content == TEXT)
		take_text(a, (struct chunk){ bytes, place, a->time });
}

static void take_masked(struct at *a, struct slice bytes)
{
	uint8_t plain[PIECE];
	uint64_t offset = a->h->frame.length - a->h->left;
	while (bytes.len) {
		struct slice part = slice_head(bytes, sizeof(plain));
		ws_unmask(&a->h->frame, offset, part.at, part.len, plain);
		take_plain(a, slice_of(plain, part.len), -1);
		bytes = slice_skip(bytes, part.len);
		offset += part.len;
	}
}

static struct chunk take_payload(struct at *a, struct chunk c)
{
	struct half *h = a->h;
	struct chunk part = h->left < c.bytes.len ? chunk_head(c, (size_t)h->left) : c;
	if (h->frame.masked)
		take_masked(a, part.bytes);
	else
		take_plain(a, part.bytes, part.at);
	h->left -= part.bytes.len;
	if (!h->left)
		end_frame(a);
	return chunk_skip(c, part.bytes.len);
}

/* The frame boundary is lost, and with it the message and the context. */
static void start_search(struct at *a)
{
	struct half *h = a->h;
	layer_gap(a->ws->inner, a->dir, 0, a->time);
	cut_text(a, true);
	h->message = (struct message){ .open = false };
	lose_context(h);
	buf_add(&h->searched, slice_of(h->header, h->header_len));
	a->ws->stream->counts->untimed += !came_add(&h->came, h->header_len, a->time);
	h->header_len = 0;
	h->search_again = 0;
	h->guessed = true;
	h->state = SEARCH;
}

static void bad_frame(struct at *a, const char *why)
{
	a->ws->stream->counts->bad_frames++;
	if (!a->h->told_fault)
		note(a, why);
	a->h->told_fault = true;
	start_search(a);
}

static bool is_doubtful(const struct at *a)
{
	return a->h->guessed && ws_is_huge(&a->h->frame, a->ws->stream->limits);
}

static struct chunk take_header(struct at *a, struct chunk c)
{
	struct half *h = a->h;
	size_t had = h->header_len;
	struct slice part = slice_head(c.bytes, sizeof(h->header) - had);
	memcpy(h->header + had, part.at, part.len);
	struct ws_step step = ws_step(slice_of(h->header, had + part.len), &h->frame);
	if (step.status == WS_MORE) {
		h->header_len += part.len;
		return chunk_skip(c, part.len);
	}
	if (step.status == WS_BAD || is_doubtful(a)) {
		bad_frame(a, step.why ? step.why : "a WebSocket frame beyond the limit");
		return c;
	}
	h->header_len = 0;
	begin_frame(a);
	return chunk_skip(c, step.consumed - had);
}

static void skip(struct at *a, size_t n)
{
	a->h->skipped += n;
	a->ws->stream->counts->skipped += n;
}

static void tell_skipped(struct at *a)
{
	if (a->h->skipped)
		stream_news(a->ws->stream, NEWS_SKIPPED, a->dir, a->time, a->h->skipped, NULL);
	a->h->skipped = 0;
}

/* Looks at bytes for a frame; drops what holds none, and returns the rest. If there is one, it begins there, and tell_skipped is for the caller. */
static struct slice look(struct at *a, struct slice in, bool final)
{
	struct half *h = a->h;
	struct find f = websocket_find(a->ws->stream, in, h->masked, final);
	skip(a, f.offset);
	in = slice_skip(in, f.offset);
	h->search_again = in.len + in.len / 8 + 1;
	if (f.status == FIND_FOUND)
		h->state = HEADER;
	return in;
}

static void feed_half(struct at *a, struct chunk c);

/* What was gathered is read as what it came as. */
static void feed_gathered(const struct at *a, struct slice bytes, struct came *came)
{
	struct at then = *a;
	size_t n = came_first(came, &then.time);
	tell_skipped(&then);
	for (; n; n = came_first(came, &then.time)) {
		feed_half(&then, (struct chunk){ slice_head(bytes, n), -1, then.time });
		bytes = slice_skip(bytes, n);
		came_keep(came, bytes.len);
	}
}

/* Looks at what was gathered, and reads it if a frame is found. */
static void look_gathered(struct at *a, bool final)
{
	struct half *h = a->h;
	struct buf b = h->searched;
	struct came came = h->came;
	h->searched = (struct buf){ 0 };
	h->came = (struct came){ 0 };
	struct slice rest = look(a, buf_slice(&b), final);
	came_keep(&came, rest.len);
	if (h->state == SEARCH) {
		buf_consume(&b, b.len - rest.len);
		h->searched = b;
		h->came = came;
		return;
	}
	feed_gathered(a, rest, &came);
	buf_release(&b);
	came_release(&came);
}

/* What may be a frame in the bytes gathered may be waited for, but not what is certain in the `n` that came last. */
static void look_at_last(struct at *a, size_t n)
{
	struct half *h = a->h;
	struct slice all = buf_slice(&h->searched);
	size_t from = all.len > n + NEAR ? all.len - n - NEAR : 0, offset;
	if (!websocket_is_sure(a->ws->stream, slice_skip(all, from), h->masked, &offset))
		return;
	skip(a, from + offset);
	buf_consume(&h->searched, from + offset);
	look_gathered(a, false);
}

/* As many bytes are gathered as may be: the older half of them is given up. */
static void make_room(struct at *a, size_t most)
{
	struct half *h = a->h;
	look_gathered(a, true);
	if (h->state != SEARCH || h->searched.len < most)
		return;
	skip(a, h->searched.len - most / 2);
	buf_consume(&h->searched, h->searched.len - most / 2);
	h->search_again = 0;
}

static size_t search_room(size_t scan)
{
	return scan < PIECE ? PIECE : scan > SEARCH_MAX ? SEARCH_MAX : scan;
}

static struct chunk take_search(struct at *a, struct chunk c)
{
	struct half *h = a->h;
	size_t most = search_room(a->ws->stream->limits->scan);
	if (!h->searched.len) {
		c = chunk_skip(c, c.bytes.len - look(a, c.bytes, false).len);
		if (h->state != SEARCH) {
			tell_skipped(a);
			return c;
		}
		came_keep(&h->came, 0);
	}
	struct slice part = slice_head(c.bytes, most - h->searched.len);
	buf_add(&h->searched, part);
	a->ws->stream->counts->untimed += !came_add(&h->came, part.len, a->time);
	if (h->searched.len >= most)
		make_room(a, most);
	else if (h->searched.len >= h->search_again)
		look_gathered(a, false);
	else
		look_at_last(a, part.len);
	return chunk_skip(c, part.len);
}

static void feed_half(struct at *a, struct chunk c)
{
	static struct chunk (*const take[])(struct at *, struct chunk) = {
		[HEADER] = take_header,
		[PAYLOAD] = take_payload,
		[SEARCH] = take_search,
	};
	while (c.bytes.len)
		c = take[a->h->state](a, c);
}

static struct at at_of(struct layer *l, enum dir dir, int64_t time)
{
	struct websocket *ws = (struct websocket *)l;
	return (struct at){ ws, &ws->half[dir], dir, time };
}

static void feed(struct layer *l, enum dir dir, struct chunk c)
{
	struct at a = at_of(l, dir, c.time);
	feed_half(&a, c);
}

/* n bytes inside a payload are missing: the frame goes on behind them, what they were is lost. */
static void gap_in_payload(struct at *a, uint64_t n)
{
	struct half *h = a->h;
	h->left -= n;
	if (ws_is_control(&h->frame)) {
		h->close_lost = true;
	} else if (h->message.deflated && h->message.content != LOST) {
		lose_message(a);
		lose_context(h);
	} else {
		if (h->message.content == BINARY)
			layer_gap(a->ws->inner, a->dir, n, a->time);
		cut_text(a, true);
	}
	if (!h->left)
		end_frame(a);
}

static void gap(struct layer *l, enum dir dir, uint64_t n, int64_t time)
{
	struct at a = at_of(l, dir, time);
	struct half *h = a.h;
	if (h->state == SEARCH)
		look_gathered(&a, true);
	if (h->state == PAYLOAD && n && n <= h->left) {
		gap_in_payload(&a, n);
	} else if (h->state == SEARCH) {
		skip(&a, h->searched.len);
		buf_clear(&h->searched);
		h->search_again = 0;
	} else {
		skip(&a, h->header_len);
		h->header_len = 0;
		start_search(&a);
	}
}

static void end(struct layer *l, enum dir dir, int64_t time)
{
	struct at a = at_of(l, dir, time);
	struct half *h = a.h;
	if (h->state == SEARCH)
		look_gathered(&a, true);
	cut_text(&a, false);
	skip(&a, h->searched.len + h->header_len);
	tell_skipped(&a);
	buf_release(&h->searched);
	came_release(&h->came);
	inflater_free(h->inflater);
	h->inflater = NULL;
	layer_end(a.ws->inner, dir, time);
}

static void free_websocket(struct layer *l)
{
	struct websocket *ws = (struct websocket *)l;
	for (int dir = 0; dir < 2; dir++) {
		inflater_free(ws->half[dir].inflater);
		buf_release(&ws->half[dir].searched);
		came_release(&ws->half[dir].came);
		buf_release(&ws->half[dir].text);
	}
	layer_free(ws->inner);
	free(ws);
}

static const struct layer_ops ops = { "websocket", feed, gap, end, free_websocket, NULL, NULL };

struct layer *websocket_new(const struct stream *s, const struct ws_deflate *deflate, const bool synced[2])
{
	struct websocket *ws = xcalloc(1, sizeof(*ws));
	ws->layer.ops = &ops;
	ws->stream = s;
	ws->deflate = *deflate;
	ws->inner = length_prefix_new(s, synced);
	s->conn->transport = TRANSPORT_WS;
	s->conn->deflated = deflate->on;
	for (int dir = 0; dir < 2; dir++) {
		struct half *h = &ws->half[dir];
		h->state = synced[dir] ? HEADER : SEARCH;
		h->guessed = !synced[dir];
		h->masked = dir == DIR_C2S;
		h->context_whole = synced[dir];
	}
	return &ws->layer;
}
