/*
 * WebSocket frames: reading a header, taking a mask off, and finding a frame in the middle of a stream.
 *
 * A header alone proves little: of random bytes one place in forty looks like one. A place counts as the beginning of a frame if
 *
 *	SURE    an Envelope shows in the payload of that frame, or of one that follows in the row: behind a length, or behind a
 *	        frame that holds nothing but a length (that is how the Node package sends it); or
 *	LIKELY  ROW headers in a row can all be headers. A row that ends where the bytes end saves END of them, but only if
 *	        nothing follows: fed byte by byte, every row does so for a moment.
 *
 * A text frame whose payload does not begin as text spoils its row: the bytes of another message are taken for a header now and then, and
 * where such a header's length leads to the next true one, a row follows. Deflated messages can't be looked into and have to be LIKELY. A place whose row runs past the bytes is OPEN. One that is SURE
 * wins against an OPEN one before it, since a frame that is open and right shows an Envelope itself, or holds none that begins
 * in it; one that is only LIKELY may be an accident in the payload of the OPEN one and has to wait.
 */
#include "capture/stream/websocket.h"

#include "base/text.h"

enum {
	UTF8_MAX = 4, /* bytes of a character */
	KEY_MAX = 24, /* bytes looked at for the first key of a JSON object */
	LENGTH_7 = 125,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	PREFIX = 4,
	ENVELOPE_MIN = 3,
	ROW = 5,
	END = 3,
	ROW_MAX = 8, /* frames looked at for one place */
};

static const char *fault(uint8_t first)
{
	unsigned opcode = first & 15;
	if (first & 0x30)
		return "a WebSocket frame with a reserved bit (RSV2, RSV3)";
	if (opcode > WS_PONG || (opcode > WS_BINARY && opcode < WS_CLOSE))
		return "a WebSocket frame with a reserved opcode";
	if (opcode >= WS_CLOSE && !(first & 0x80))
		return "a fragmented WebSocket control frame";
	if (opcode >= WS_CLOSE && (first & 0x40))
		return "a compressed WebSocket control frame";
	return NULL;
}

static struct ws_step bad(const char *why)
{
	return (struct ws_step){ .status = WS_BAD, .why = why };
}

static size_t header_size(uint8_t second)
{
	unsigned length = second & 0x7f;
	return 2u + (length == LENGTH_16 ? 2u : length == LENGTH_64 ? 8u : 0u) + (second & 0x80 ? 4u : 0u);
}

struct ws_step ws_step(struct slice in, struct ws_frame *out)
{
	struct cursor c = cursor_of(in);
	uint8_t first = cursor_u8(&c), second = cursor_u8(&c);
	const char *why = in.len ? fault(first) : NULL;
	if (why)
		return bad(why);
	if (c.short_)
		return (struct ws_step){ .status = WS_MORE, .needed = 2 };
	*out = (struct ws_frame){ .fin = first & 0x80, .rsv1 = first & 0x40, .masked = second & 0x80, .opcode = first & 15 };
	out->length = second & 0x7f;
	if (ws_is_control(out) && out->length > LENGTH_7)
		return bad("a WebSocket control frame of more than 125 bytes");
	if (in.len < header_size(second))
		return (struct ws_step){ .status = WS_MORE, .needed = header_size(second) };
	if (out->length == LENGTH_16)
		out->length = cursor_be16(&c);
	else if (out->length == LENGTH_64)
		out->length = cursor_be64(&c);
	if (out->length >> 63)
		return bad("a WebSocket frame of more than 2^63 bytes");
	if (out->masked)
		memcpy(out->mask, cursor_take(&c, sizeof(out->mask)).at, sizeof(out->mask));
	return (struct ws_step){ .status = WS_FRAME, .consumed = header_size(second) };
}

void ws_unmask(const struct ws_frame *f, uint64_t offset, const uint8_t *in, size_t n, uint8_t *out)
{
	uint8_t key[8];
	uint64_t word, mask;
	size_t i = 0;
	for (size_t k = 0; k < sizeof(key); k++)
		key[k] = f->mask[(offset + k) & 3];
	memcpy(&mask, key, sizeof(mask));
	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, in + i, sizeof(word));
		word ^= mask;
		memcpy(out + i, &word, sizeof(word));
	}
	for (; i < n; i++)
		out[i] = in[i] ^ key[i & 7];
}

enum verdict { REJECTED, OPEN, LIKELY, SURE };

/* The row of frames that is looked at. */
struct row {
	const struct stream *stream;
	uint32_t announced;   /* a frame before held this length and nothing else; 0: none */
	bool inside, outside; /* the next data frame has to continue a message; has to begin one */
	int points;
};

/* Could this header stand here? A sender writes lengths in the shortest form. Empty fragments before the last are not expected:
 * a run of zero bytes would be full of them. */
static bool fits(const struct row *r, const struct ws_frame *f, size_t header)
{
	size_t shortest = 2u + (f->length > 0xffff ? 8u : f->length > LENGTH_7 ? 2u : 0u) + (f->masked ? 4u : 0u);
	if (header != shortest || ws_is_huge(f, r->stream->limits))
		return false;
	if (ws_is_control(f))
		return true;
	if (f->opcode == WS_CONTINUATION ? r->outside || f->rsv1 : r->inside)
		return false;
	return f->fin || f->length;
}

/* Does an Envelope of that size begin in the payload behind `skip` bytes? `last`: with the frame the message ends. */
static bool shows_envelope(const struct row *r, struct slice seen, uint64_t length, uint32_t size, bool last)
{
	enum probe p = r->stream->sink->probe(slice_head(seen, PROBE_BYTES), size);
	return p == PROBE_STRONG || (p == PROBE_WEAK && last && length == size);
}

/* Looks into the payload of a plain data frame, as far as it was captured. */
static bool payload_proves(struct row *r, const struct ws_frame *f, struct slice raw)
{
	uint8_t plain[PREFIX + PROBE_BYTES];
	struct slice seen = slice_head(raw, f->length < sizeof(plain) ? (size_t)f->length : sizeof(plain));
	uint32_t announced = r->announced;
	r->announced = 0;
	ws_unmask(f, 0, seen.at, seen.len, plain);
	seen.at = plain;
	if (announced && f->length <= announced && shows_envelope(r, seen, f->length, announced, f->fin))
		return true;
	struct cursor c = cursor_of(seen);
	uint32_t size = cursor_le32(&c);
	if (c.short_ || size < ENVELOPE_MIN || size > r->stream->limits->message)
		return false;
	if (f->length == PREFIX)
		r->announced = size;
	return f->length > PREFIX && shows_envelope(r, c.rest, f->length - PREFIX, size, f->fin);
}

/* Can these bytes begin a text? If more follow, the last character may lack some of its own. */
static bool begins_as_text(struct slice seen, bool more)
{
	size_t n = seen.len;
	while (more && n && seen.len - n < UTF8_MAX - 1 && (seen.at[n - 1] & 0xc0) == 0x80)
		n--;
	bool lead = more && n && seen.at[n - 1] >= 0xc0;
	return text_is_printable(lead ? slice_head(seen, n - 1) : seen);
}

/* SURE: a JSON object with a plain key begins in the payload of a text frame. REJECTED: no text does. */
static enum verdict judge_text(const struct ws_frame *f, struct slice raw)
{
	uint8_t plain[KEY_MAX];
	struct slice seen = slice_head(raw, f->length < sizeof(plain) ? (size_t)f->length : sizeof(plain));
	ws_unmask(f, 0, seen.at, seen.len, plain);
	seen.at = plain;
	if (!begins_as_text(seen, seen.len < f->length))
		return REJECTED;
	if (!slice_starts(seen, "{\""))
		return OPEN;
	size_t n = 2;
	while (n < seen.len && seen.at[n] >= 'a' && seen.at[n] <= 'z')
		n++;
	return n > 3 && slice_starts(slice_skip(seen, n), "\":") ? SURE : OPEN;
}

/* Adds a frame to the row. OPEN: go on. */
static enum verdict add(struct row *r, const struct ws_frame *f, struct slice payload)
{
	if (ws_is_control(f)) {
		r->points++;
		return OPEN;
	}
	r->inside = !f->fin;
	r->outside = f->fin;
	r->points += (f->fin && f->length) || f->length > LENGTH_7;
	if (f->rsv1 || f->opcode == WS_TEXT) {
		r->announced = 0;
		return f->rsv1 ? OPEN : judge_text(f, payload);
	}
	return payload_proves(r, f, payload) ? SURE : OPEN;
}

static enum verdict judge(const struct stream *s, struct slice in, bool masked, bool final)
{
	struct row r = { .stream = s };
	for (int frames = 0; frames < ROW_MAX && r.points < ROW; frames++) {
		struct ws_frame f;
		if (in.len >= 2 && !(in.at[1] & 0x80) == masked)
			return REJECTED;
		struct ws_step step = ws_step(in, &f);
		if (step.status == WS_MORE)
			return !final ? OPEN : in.len == 0 && r.points + END >= ROW ? LIKELY : REJECTED;
		if (step.status == WS_BAD || !fits(&r, &f, step.consumed))
			return REJECTED;
		in = slice_skip(in, step.consumed);
		enum verdict v = add(&r, &f, in);
		if (v != OPEN)
			return v;
		if (f.length > in.len)
			return r.points >= ROW ? LIKELY : final ? REJECTED : OPEN;
		in = slice_skip(in, (size_t)f.length);
	}
	return r.points >= ROW ? LIKELY : REJECTED;
}

bool websocket_is_sure(const struct stream *s, struct slice in, bool masked, size_t *offset)
{
	for (size_t at = 0; at < in.len; at++) {
		*offset = at;
		if (!fault(in.at[at]) && judge(s, slice_skip(in, at), masked, false) == SURE)
			return true;
	}
	return false;
}

struct find websocket_find(const struct stream *s, struct slice in, bool masked, bool final)
{
	size_t open = in.len;
	for (size_t at = 0; at < in.len; at++) {
		if (fault(in.at[at]))
			continue;
		enum verdict v = judge(s, slice_skip(in, at), masked, final);
		if (v == SURE || (v == LIKELY && open == in.len))
			return (struct find){ FIND_FOUND, at };
		if (v != REJECTED && open == in.len)
			open = at;
	}
	return (struct find){ open < in.len ? FIND_MORE : FIND_NONE, open };
}
