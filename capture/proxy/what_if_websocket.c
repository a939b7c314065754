/*
 * What-ifs over WebSocket (RFC 6455).
 *
 *	head ─> frames of a message, of several, until an Envelope ends where a message ends ─> judged ─> goes on as it came
 *
 * Envelopes are a stream of bytes that is cut into messages in any way (the Node package sends a length in one and the Envelope in the
 * next). So messages are gathered until the end of one is the end of an Envelope too; if there are several Envelopes in between, each
 * goes on in a message of its own. Frames that are not cut anew keep their masks. A text message (the protocol before Flow 1.5) stands for itself.
 *
 * Pings and pongs are the connection's own and wait for nothing; a close frame goes behind all that was sent before it.
 *
 * A compressed message can depend on those before it (RFC 7692, section 7.2: the context is taken over), so that none could be left out or
 * change places. Hence no compression is offered to the target (head.c, `withhold`); if it compresses all the same, or
 * the connection becomes no WebSocket, everything passes as it is.
 */
#include "capture/proxy/what_if_part.h"

#include "base/xalloc.h"
#include "capture/proxy/head.h"
#include "capture/stream/websocket.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

enum { PREFIX = 4 };

struct sockets {
	struct buf head[2]; /* of a direction, as long as it is under way */
	bool head_done[2];
	bool upgraded;       /* the response's head said so */
	size_t scanned;      /* bytes of gathered: whole frames */
	bool inside, text;   /* a message is under way: its first frame was seen; it is text */
	struct buf payload;  /* of those frames */
	size_t whole, count; /* bytes at its front that are whole Envelopes behind their lengths, and how many */
};

static void *make(struct what_if *w)
{
	(void)w;
	return xcalloc(1, sizeof(struct sockets));
}

static void release(void *state)
{
	struct sockets *s = state;
	buf_release(&s->head[0]);
	buf_release(&s->head[1]);
	buf_release(&s->payload);
	free(s);
}

/* Takes the bytes of a head off the front of `in` and passes them on. */
static struct slice pass_head(struct what_if *w, enum dir dir, struct slice in)
{
	struct sockets *s = w->state;
	struct buf *head = &s->head[dir];
	size_t had = head->len;
	if (s->head_done[dir])
		return in;
	buf_add(head, in);
	size_t size = http_head_size(buf_slice(head), had > 2 ? had - 2 : 0);
	s->head_done[dir] = size > 0;
	head->len = size ? size : head->len;
	buf_add(w->out[dir], slice_head(in, head->len - had));
	if (!size && head->len > HTTP_HEAD_MAX)
		what_if_give_up(w, "what-if: no WebSocket: all of this connection passes unchanged");
	return slice_skip(in, head->len - had);
}

static bool line_starts(struct slice head, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i + n < head.len; i++)
		if (head.at[i] == '\n' && strncasecmp((const char *)head.at + i + 1, name, n) == 0)
			return true;
	return false;
}

/* The server has answered the request to upgrade. */
static void judge_response(struct what_if *w)
{
	struct sockets *s = w->state;
	struct slice head = buf_slice(&s->head[DIR_S2C]);
	s->upgraded = slice_starts(head, "HTTP/1.1 101");
	if (!s->upgraded)
		what_if_give_up(w, "what-if: no WebSocket: all of this connection passes unchanged");
	else if (line_starts(head, "sec-websocket-extensions:"))
		what_if_give_up(
			w,
			"what-if: the server uses a WebSocket extension that it was not offered: all of this connection passes unchanged");
	buf_release(&s->head[DIR_S2C]);
}

/* Appends a binary message of one frame, masked if a client sends it. */
static void add_frame(struct buf *out, struct slice payload, bool masked)
{
	struct ws_frame f = { .masked = masked };
	uint8_t head[10] = { 0x82 };
	size_t n = payload.len < 126 ? 2 : payload.len < 65536 ? 4 : 10;
	head[1] = n == 2 ? (uint8_t)payload.len : n == 4 ? 126 : 127;
	for (size_t i = 2; i < n; i++)
		head[i] = (uint8_t)((uint64_t)payload.len >> 8 * (n - 1 - i));
	head[1] |= masked ? 0x80 : 0;
	buf_add(out, slice_of(head, n));
	if (masked && getrandom(f.mask, sizeof f.mask, 0) == sizeof f.mask)
		buf_add(out, slice_of(f.mask, sizeof f.mask));
	else if (masked)
		abort();
	uint8_t *at = buf_reserve(out, payload.len);
	ws_unmask(&f, 0, payload.at, payload.len, at);
	out->len += payload.len;
}

/* Goes on counting the Envelopes that are whole: an Envelope may come in very many messages. */
static void count_envelopes(struct sockets *s)
{
	for (;;) {
		struct cursor c = cursor_of(slice_skip(buf_slice(&s->payload), s->whole));
		uint32_t n = cursor_le32(&c);
		if (c.short_ || n > c.rest.len)
			return;
		s->whole += PREFIX + n;
		s->count++;
	}
}

static void take_envelope(struct what_if *w, struct slice wire, struct slice envelope)
{
	struct piece message = { .encoding = ENCODING_ENVELOPE, .bytes = envelope };
	what_if_message(w, (struct held){ .kind = HELD_WIRE }, wire, &message);
}

/* Several Envelopes in one message: each gets its own. */
static void take_apart(struct what_if *w, struct slice in)
{
	while (in.len) {
		struct cursor c = cursor_of(in);
		struct buf frame = { 0 };
		size_t size = PREFIX + cursor_le32(&c);
		add_frame(&frame, slice_head(in, size), w->o->on == DIR_C2S);
		take_envelope(w, buf_slice(&frame), slice_skip(slice_head(in, size), PREFIX));
		buf_release(&frame);
		in = slice_skip(in, size);
	}
}

/* A message has ended. */
static void take_message(struct what_if *w)
{
	struct sockets *s = w->state;
	struct slice wire = slice_head(buf_slice(&w->gathered), s->scanned), payload = buf_slice(&s->payload);
	struct piece text = { .encoding = ENCODING_LEGACY, .bytes = payload };
	s->inside = false;
	if (!s->text)
		count_envelopes(s);
	if (!s->text && s->whole != payload.len)
		return;
	if (s->text)
		what_if_message(w, (struct held){ .kind = HELD_WIRE }, wire, &text);
	else if (s->count > 1)
		take_apart(w, payload);
	else if (s->count == 1)
		take_envelope(w, wire, slice_skip(payload, PREFIX));
	else
		what_if_hold(w, (struct held){ .kind = HELD_WIRE }, wire);
	buf_consume(&w->gathered, s->scanned);
	buf_clear(&s->payload);
	s->scanned = s->whole = s->count = 0;
}

/* A control frame: taken out of what is gathered. */
static void take_control(struct what_if *w, const struct ws_frame *f, size_t size)
{
	struct sockets *s = w->state;
	struct slice frame = slice_head(slice_skip(buf_slice(&w->gathered), s->scanned), size);
	if (f->opcode == WS_CLOSE) {
		what_if_let_swapped_go(w, 0);
		what_if_hold(w, (struct held){ .kind = HELD_WIRE }, frame);
	} else {
		buf_add(w->out[w->o->on], frame);
	}
	memmove(w->gathered.at + s->scanned, w->gathered.at + s->scanned + size, w->gathered.len - s->scanned - size);
	w->gathered.len -= size;
}

/* Can a data frame follow here? A text message stands for itself. */
static bool fits(const struct sockets *s, const struct ws_frame *f)
{
	if (f->rsv1 || (f->opcode == WS_CONTINUATION) != s->inside)
		return false;
	return f->opcode != WS_TEXT || !s->payload.len;
}

static void take_data(struct what_if *w, const struct ws_frame *f, size_t head)
{
	struct sockets *s = w->state;
	const uint8_t *from = w->gathered.at + s->scanned + head;
	if (!s->inside)
		s->text = f->opcode == WS_TEXT;
	s->inside = true;
	if (f->length)
		ws_unmask(f, 0, from, (size_t)f->length, buf_reserve(&s->payload, (size_t)f->length));
	s->payload.len += (size_t)f->length;
	s->scanned += head + (size_t)f->length;
	if (f->fin)
		take_message(w);
}

/* One frame of what is gathered. False if it is not whole. */
static bool take_frame(struct what_if *w)
{
	struct sockets *s = w->state;
	struct slice rest = slice_skip(buf_slice(&w->gathered), s->scanned);
	struct ws_frame f;
	struct ws_step step = ws_step(rest, &f);
	if (step.status == WS_MORE)
		return false;
	if (step.status == WS_FRAME && (f.length > WHAT_IF_HELD || s->scanned + f.length > WHAT_IF_HELD))
		what_if_give_up(
			w, "what-if: a message of more than 4 MiB, or no message: from here on all of this connection passes unchanged");
	else if (step.status == WS_BAD || (!ws_is_control(&f) && !fits(s, &f)))
		what_if_give_up(w, "what-if: a WebSocket frame that can't be: from here on all of this connection passes unchanged");
	if (w->through || step.consumed + f.length > rest.len)
		return false;
	if (ws_is_control(&f))
		take_control(w, &f, step.consumed + (size_t)f.length);
	else
		take_data(w, &f, step.consumed);
	return true;
}

static void take_frames(struct what_if *w)
{
	struct sockets *s = w->state;
	while (s->upgraded && !w->through && take_frame(w))
		;
}

static void feed(struct what_if *w, struct slice in)
{
	struct sockets *s = w->state;
	enum dir on = w->o->on;
	bool begun = s->head_done[DIR_S2C];
	buf_add(&w->gathered, pass_head(w, on, in));
	if (on == DIR_S2C && !begun && s->head_done[DIR_S2C])
		judge_response(w);
	if (!s->head_done[DIR_S2C] && w->gathered.len > WHAT_IF_HELD)
		what_if_give_up(
			w, "what-if: more than 4 MiB before the answer to the request to upgrade: all of this connection passes unchanged");
	take_frames(w);
}

static void feed_other(struct what_if *w, struct slice in)
{
	struct sockets *s = w->state;
	enum dir other = w->o->on == DIR_C2S ? DIR_S2C : DIR_C2S;
	struct slice rest = in;
	if (other == DIR_S2C && !s->head_done[DIR_S2C] && !w->through) {
		rest = pass_head(w, DIR_S2C, in);
		if (s->head_done[DIR_S2C])
			judge_response(w);
	}
	buf_add(w->out[other], rest);
	take_frames(w);
}

const struct framing what_if_websocket = {
	.transport = TRANSPORT_WS, .make = make, .free = release, .feed = feed, .feed_other = feed_other
};
