/*
 * The length prefix: cutting a byte stream into messages, and finding back into it after a loss.
 *
 * A direction is in one of six states:
 *
 *	LENGTH ──4 bytes──> BODY ──small: gathered whole──────────> LENGTH
 *	                     │ └───large: handed on in pieces: PASS ──> LENGTH
 *	                     └─────gap inside: SKIP the rest ─────────> LENGTH
 *	LOST: the boundary is not known; bytes are gathered and searched until one is found.
 *	FOUND: one is; the bytes from it on are gathered, and gone through next.
 *
 * A message that lies whole in the bytes handed in is passed on in place. A small one that comes in parts is gathered, up to
 * LENGTH_PREFIX_PASS bytes; of a larger one only the first PROBE_BYTES ever are, so that memory does not grow with it.
 *
 * A length is believed if an Envelope can begin behind it. One message in a row that does not look like an Envelope is still handed
 * on by its length (it is the sender's fault and shown as such); after a second one the boundary counts as lost. The place of a
 * message that a gap cuts is known, because the gap's size is: what follows it needs no search.
 *
 * A sender that counts wrong, by one or by the length's own four bytes, hides the boundary of its next message too. Where a length is followed
 * by no message, but one begins a few bytes beside that place (find_beside), the length before was wrong: it costs its own message and no other.
 */
#include "capture/stream/length_prefix.h"

#include "base/buf.h"
#include "base/xalloc.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	PREFIX = 4,
	GLANCE = 8,          /* bytes looked at where a message is expected anyway: a command begins there */
	DOUBTFUL = 1 << 20,  /* a message that does not look like one is not believed to be so long */
	TAIL = 8,            /* bytes of the message before that are kept: a length too large by no more than that is seen through */
	AHEAD = 3,           /* and too small by that; what stands 4 bytes ahead may be a message whose length is written twice */
	WINDOW = 128 * 1024, /* bytes that a doubtful find is waited for while a boundary is searched */
};

enum state { LENGTH, BODY, PASS, SKIP, LOST, FOUND };

/* What each message needs stands in front. */
struct way {
	enum state state;
	uint8_t prefix[PREFIX];
	uint8_t prefix_len;
	uint8_t tail_len;
	bool after_gap; /* the next message follows a gap */
	bool doubted;   /* the message before did not look like an Envelope */
	bool sure;      /* the boundary was never lost, nor guessed: a length that can't be is the sender's fault */
	bool unmasked;
	uint8_t tail[TAIL];  /* the last bytes of the message before, where it ends at this boundary */
	uint64_t size, done; /* of the message under way: bytes in all; handed on (PASS) or still to skip (SKIP) */
	struct buf gather;   /* BODY: its first bytes; LOST: what is searched; FOUND: what begins with a boundary */
	uint64_t skipped;    /* LOST: bytes passed over so far */
};

struct length_prefix {
	struct layer layer;
	const struct stream *stream;
	struct way way[2];
};

enum how { WHOLE, LENGTH_ALONE, CUT_BY_GAP, CUT_BY_END };

static void keep_tail(struct way *w, struct slice bytes)
{
	if (bytes.len >= TAIL) {
		memcpy(w->tail, bytes.at + bytes.len - TAIL, TAIL);
		w->tail_len = TAIL;
		return;
	}
	size_t room = TAIL - bytes.len, kept = w->tail_len < room ? w->tail_len : room;
	memmove(w->tail, w->tail + w->tail_len - kept, kept);
	if (bytes.len)
		memcpy(w->tail + kept, bytes.at, bytes.len);
	w->tail_len = (uint8_t)(kept + bytes.len);
}

static void hand_on(struct length_prefix *l, enum dir dir, struct chunk c, bool first, bool last, enum how how)
{
	struct way *w = &l->way[dir];
	struct piece p = {
		.conn = l->stream->conn,
		.dir = dir,
		.encoding = ENCODING_ENVELOPE,
		.first = first,
		.last = last,
		.length_alone = how == LENGTH_ALONE,
		.cut = how >= CUT_BY_GAP,
		.gap = how == CUT_BY_GAP,
		.after_gap = first && w->after_gap,
		.unmasked = w->unmasked,
		.size = w->size,
		.offset = first ? 0 : w->done,
		.bytes = c.bytes,
		.at = c.at,
		.time = c.time,
	};
	if (first)
		w->after_gap = false;
	if (first || how != WHOLE)
		w->tail_len = 0;
	if (how == WHOLE)
		keep_tail(w, c.bytes);
	l->stream->sink->message(l->stream->sink->user, &p);
}

static void to_length(struct way *w)
{
	w->state = LENGTH;
	w->prefix_len = 0;
	buf_clear(&w->gather);
}

/* The boundary is lost; `in` (what was taken for a message) is searched first. */
static void to_lost(struct way *w, struct slice in)
{
	struct buf search = { 0 };
	buf_add(&search, in);
	buf_release(&w->gather);
	w->gather = search;
	w->state = LOST;
	w->prefix_len = 0;
	w->tail_len = 0;
	w->doubted = false;
	w->sure = false;
}

/* LOST: looks for a boundary in what was gathered. If there is one, what stood before it is passed over. */
static void search(struct length_prefix *l, enum dir dir, int64_t time, bool final)
{
	struct way *w = &l->way[dir];
	struct find f = length_prefix_find(l->stream, buf_slice(&w->gather), final);
	size_t passed = f.status == FIND_NONE ? w->gather.len : f.offset;
	w->skipped += passed;
	l->stream->counts->skipped += passed;
	buf_consume(&w->gather, passed);
	if (f.status != FIND_FOUND)
		return;
	if (w->skipped)
		stream_news(l->stream, NEWS_SKIPPED, dir, time, w->skipped, NULL);
	w->skipped = 0;
	w->state = FOUND;
}

/* Is the length to be believed, given the first bytes behind it? If not, the direction is lost. */
static bool believed(struct length_prefix *l, enum dir dir, struct slice head)
{
	struct way *w = &l->way[dir];
	bool good = w->size && l->stream->sink->probe(slice_head(head, GLANCE), w->size) != PROBE_NO;
	bool lost = !good && (w->doubted || w->size > DOUBTFUL);
	w->doubted = !good;
	return !lost;
}

/* The direction is lost at a prefix that is not believed: the prefix itself can't be a boundary, what follows it can. */
static void disbelieve(struct length_prefix *l, enum dir dir, struct slice body)
{
	struct way *w = &l->way[dir];
	struct buf all = { 0 };
	buf_add(&all, slice_of(w->prefix + 1, PREFIX - 1));
	buf_add(&all, body);
	to_lost(w, buf_slice(&all));
	w->skipped++;
	l->stream->counts->skipped++;
	buf_release(&all);
}

/* The length as it would be if it were big-endian; 0 if that is no likelier. */
static uint32_t big_endian(const struct way *w)
{
	struct cursor cur = cursor_of(slice_of(w->prefix, PREFIX));
	uint32_t size = cursor_be32(&cur);
	return size <= DOUBTFUL ? size : 0;
}

static bool is_overlong(const struct length_prefix *l, const struct way *w)
{
	return w->state == BODY && w->size > l->stream->limits->message;
}

static void tell_overlong(struct length_prefix *l, enum dir dir, int64_t time)
{
	struct way *w = &l->way[dir];
	struct buf other = { 0 };
	if (big_endian(w))
		buf_addf(&other, "it is to be little-endian, and would be %" PRIu32 " if it were big-endian", big_endian(w));
	struct news n = { NEWS_OVERLONG, l->stream->conn, dir, time, w->size, NULL, buf_slice(&other) };
	l->stream->counts->overlong++;
	l->stream->sink->news(l->stream->sink->user, &n);
	buf_release(&other);
}

/* What stands behind a length beyond the limit tells whether it is of an Envelope, if of one longer than we take (never of 2 GiB, which protobuf
 * does not have). If not it is the sender's fault: it is handed on as a message that can't be read, so that it breaks a rule. */
static void judge_overlong(struct length_prefix *l, enum dir dir, int64_t time)
{
	struct way *w = &l->way[dir];
	const struct sink *sink = l->stream->sink;
	struct buf body = w->gather;
	w->gather = (struct buf){ 0 };
	bool can_be = w->size < INT32_MAX && sink->probe(buf_slice(&body), w->size) != PROBE_NO;
	bool swapped = big_endian(w) && body.len && sink->probe(buf_slice(&body), big_endian(w)) != PROBE_NO;
	tell_overlong(l, dir, time);
	w->size = PREFIX;
	if (w->sure && (!can_be || swapped))
		hand_on(l, dir, (struct chunk){ slice_of(w->prefix, PREFIX), -1, time }, true, true, LENGTH_ALONE);
	disbelieve(l, dir, buf_slice(&body));
	buf_release(&body);
}

static struct chunk take_overlong(struct length_prefix *l, enum dir dir, struct chunk c)
{
	struct way *w = &l->way[dir];
	struct slice part = slice_head(c.bytes, w->gather.len < GLANCE ? GLANCE - w->gather.len : 0);
	buf_add(&w->gather, part);
	if (w->gather.len >= GLANCE)
		judge_overlong(l, dir, c.time);
	return chunk_skip(c, part.len);
}

static struct chunk take_length(struct length_prefix *l, enum dir dir, struct chunk c)
{
	struct way *w = &l->way[dir];
	struct slice part = slice_head(c.bytes, PREFIX - w->prefix_len);
	memcpy(w->prefix + w->prefix_len, part.at, part.len); /* NOLINT(clang-analyzer-core.NonNullParamChecker): chunks are not empty */
	w->prefix_len = (uint8_t)(w->prefix_len + part.len);
	c = chunk_skip(c, part.len);
	if (w->prefix_len < PREFIX)
		return c;
	struct cursor cur = cursor_of(slice_of(w->prefix, PREFIX));
	w->size = cursor_le32(&cur);
	w->done = 0;
	w->state = BODY;
	if (w->size >= INT32_MAX) {
		judge_overlong(l, dir, c.time);
	} else if (w->size == 0) {
		if (believed(l, dir, (struct slice){ NULL, 0 })) {
			hand_on(l, dir, chunk_head(c, 0), true, true, WHOLE);
			to_length(w);
		} else {
			disbelieve(l, dir, (struct slice){ NULL, 0 });
		}
	}
	return c;
}

/* A large message of which enough is there to look at: its first piece. */
static void start_passing(struct length_prefix *l, enum dir dir, struct chunk c)
{
	struct way *w = &l->way[dir];
	hand_on(l, dir, c, true, c.bytes.len == w->size, WHOLE);
	w->done = c.bytes.len;
	w->state = PASS;
	buf_clear(&w->gather);
	if (w->done == w->size)
		to_length(w);
}

/* BODY with nothing gathered: the message, or enough of it, may lie in the chunk as it is. Returns what is left of the chunk. */
static struct chunk body_in_place(struct length_prefix *l, enum dir dir, struct chunk c, size_t want)
{
	struct way *w = &l->way[dir];
	struct chunk rest = chunk_skip(c, w->size < c.bytes.len ? (size_t)w->size : c.bytes.len);
	struct chunk body = chunk_head(c, c.bytes.len - rest.bytes.len);
	if (!believed(l, dir, slice_head(body.bytes, want))) {
		disbelieve(l, dir, c.bytes);
		return chunk_skip(c, c.bytes.len);
	}
	start_passing(l, dir, body);
	return rest;
}

static struct chunk take_body(struct length_prefix *l, enum dir dir, struct chunk c)
{
	struct way *w = &l->way[dir];
	size_t want = w->size <= LENGTH_PREFIX_PASS ? (size_t)w->size : PROBE_BYTES;
	if (!w->gather.len && c.bytes.len >= want)
		return body_in_place(l, dir, c, want);
	struct slice part = slice_head(c.bytes, want - w->gather.len);
	buf_add(&w->gather, part);
	c = chunk_skip(c, part.len);
	if (w->gather.len < want)
		return c;
	struct buf body = w->gather;
	w->gather = (struct buf){ 0 };
	if (believed(l, dir, buf_slice(&body)))
		start_passing(l, dir, (struct chunk){ buf_slice(&body), -1, c.time });
	else
		disbelieve(l, dir, buf_slice(&body));
	if (w->state == LOST || w->gather.at) {
		buf_release(&body);
	} else {
		w->gather = body;
		buf_clear(&w->gather);
	}
	return c;
}

static struct chunk take_pass(struct length_prefix *l, enum dir dir, struct chunk c)
{
	struct way *w = &l->way[dir];
	uint64_t left = w->size - w->done;
	struct chunk part = left < c.bytes.len ? chunk_head(c, (size_t)left) : c;
	hand_on(l, dir, part, false, part.bytes.len == left, WHOLE);
	w->done += part.bytes.len;
	if (w->done == w->size)
		to_length(w);
	return chunk_skip(c, part.bytes.len);
}

static struct chunk take_skip(struct way *w, struct chunk c)
{
	size_t n = w->done < c.bytes.len ? (size_t)w->done : c.bytes.len;
	w->done -= n;
	if (!w->done)
		to_length(w);
	return chunk_skip(c, n);
}

/* With a wrong length the last field seems to end elsewhere than the message: what stands before that is looked at. */
bool length_prefix_nearly(const struct stream *s, struct slice bytes, uint64_t size)
{
	if (size <= TAIL)
		return false;
	struct slice front = slice_head(bytes, size - TAIL < PROBE_BYTES ? (size_t)size - TAIL : PROBE_BYTES);
	return s->sink->probe(front, size + TAIL) == PROBE_STRONG;
}

/* A boundary beside the place `here`, where the length before says that it is; `in` begins with the end of that message. `final`: more bytes
 * will not be waited for. What is judged here is only the one message, for with a sender that counts wrong the next one stands wrong too. */
static struct find find_beside(const struct stream *s, struct slice in, size_t here, bool final)
{
	struct find f = { FIND_NONE, 0 };
	for (size_t at = 0; at <= here + AHEAD; at++) {
		struct cursor c = cursor_of(slice_skip(in, at));
		uint64_t size = cursor_le32(&c);
		if (at == here || (!c.short_ && (size > s->limits->message || at + PREFIX + size <= here)))
			continue;
		enum probe p = c.short_ ? PROBE_MORE : s->sink->probe(slice_head(c.rest, PROBE_BYTES), size);
		if (p == PROBE_STRONG || (p == PROBE_NO && length_prefix_nearly(s, c.rest, size)))
			return (struct find){ FIND_FOUND, at };
		if (p == PROBE_MORE && !final)
			f.status = FIND_MORE;
	}
	return f;
}

/* The boundary is not where the length before says, but `by` bytes ahead of it or behind: `bytes` begin with it. */
static void shift(struct length_prefix *l, enum dir dir, int64_t time, int by, struct slice bytes)
{
	struct way *w = &l->way[dir];
	struct buf how = { 0 };
	buf_addf(&how,
		 by < 0 ? "%d too large, so that it takes the beginning of the next one in" : "%d too small, so that its end is left over",
		 by < 0 ? -by : by);
	struct news n = {
		NEWS_NOTE,      l->stream->conn, dir, time, (uint64_t)(by < 0 ? 0 : by), "the length of the message before is wrong",
		buf_slice(&how)
	};
	l->stream->counts->skipped += n.bytes;
	l->stream->sink->news(l->stream->sink->user, &n);
	buf_release(&how);
	to_lost(w, bytes);
	w->state = FOUND;
}

/* Behind a length, in sight of the first bytes of what it says: if no message can begin so, is it the length before that was wrong? True if that
 * has found the boundary, or if more bytes are needed to tell: then those of the chunk are gathered. */
static bool look_beside(struct length_prefix *l, enum dir dir, struct chunk *c)
{
	struct way *w = &l->way[dir];
	const struct stream *s = l->stream;
	size_t most = w->size < PROBE_BYTES ? (size_t)w->size : PROBE_BYTES;
	if (!w->tail_len || w->gather.len >= most)
		return false;
	uint8_t sight[TAIL + PREFIX + PROBE_BYTES];
	size_t here = w->tail_len, body = here + PREFIX;
	struct slice part = slice_head(c->bytes, most - w->gather.len);
	memcpy(sight, w->tail, here);
	memcpy(sight + here, w->prefix, PREFIX);
	if (w->gather.len)
		memcpy(sight + body, w->gather.at, w->gather.len);
	memcpy(sight + body + w->gather.len, part.at, part.len); /* NOLINT(clang-analyzer-core.NonNullParamChecker): chunks are not empty */
	struct slice in = slice_of(sight, body + w->gather.len + part.len);
	if (s->sink->probe(slice_head(slice_skip(in, body), GLANCE), w->size) != PROBE_NO)
		return false;
	struct find f = find_beside(s, in, here, w->gather.len + part.len == most);
	if (f.status == FIND_NONE)
		return false;
	*c = chunk_skip(*c, part.len);
	if (f.status == FIND_FOUND)
		shift(l, dir, c->time, (int)f.offset - (int)here, slice_skip(in, f.offset));
	else
		buf_add(&w->gather, part);
	return true;
}

static struct chunk step(struct length_prefix *l, enum dir dir, struct chunk c)
{
	switch (l->way[dir].state) {
	case LENGTH: return take_length(l, dir, c);
	case BODY:
		if (look_beside(l, dir, &c))
			return c;
		return is_overlong(l, &l->way[dir]) ? take_overlong(l, dir, c) : take_body(l, dir, c);
	case PASS: return take_pass(l, dir, c);
	default: return take_skip(&l->way[dir], c);
	}
}

/* At a boundary with a small message whole in sight, which is how nearly all come: it is handed on where it lies, in one step. False if
 * it is anything else, and nothing is done. */
static bool take_in_place(struct length_prefix *l, enum dir dir, struct chunk *c)
{
	struct way *w = &l->way[dir];
	struct cursor cur = cursor_of(c->bytes);
	uint32_t size = cursor_le32(&cur);
	if (w->state != LENGTH || w->prefix_len || !size || size > LENGTH_PREFIX_PASS || size > cur.rest.len ||
	    l->stream->sink->probe(slice_head(cur.rest, GLANCE), size) == PROBE_NO)
		return false;
	w->size = size;
	w->doubted = false;
	*c = chunk_skip(*c, PREFIX);
	hand_on(l, dir, chunk_head(*c, size), true, true, WHOLE);
	*c = chunk_skip(*c, size);
	return true;
}

static bool lies_in(struct slice bytes, const struct buf *b)
{
	return (uintptr_t)bytes.at >= (uintptr_t)b->at && (uintptr_t)bytes.at < (uintptr_t)b->at + b->len;
}

/* Handles bytes until none are left. Whenever the boundary is lost, what is left joins what was gathered and is searched. Where one was found beside
 * its place, the few bytes from it on come first, then the rest of what they were taken from: the chunk, or what was found before (base).
 * final: nothing follows these bytes directly. */
static void run(struct length_prefix *l, enum dir dir, struct chunk c, bool final)
{
	struct way *w = &l->way[dir];
	const struct chunk none = { { NULL, 0 }, -1, c.time };
	struct buf found = { 0 }, base = { 0 };
	struct chunk rest = none;
	while (c.bytes.len || rest.bytes.len || w->state >= LOST) {
		if (!c.bytes.len && w->state < LOST) {
			c = rest;
			rest = none;
		}
		if (take_in_place(l, dir, &c))
			continue;
		if (w->state < LOST) {
			c = step(l, dir, c);
			continue;
		}
		if (w->state == LOST) {
			buf_add(&w->gather, c.bytes);
			buf_add(&w->gather, rest.bytes);
			rest = none;
			search(l, dir, c.time, final);
		} else if (rest.bytes.len) { /* then c is short */
			buf_add(&w->gather, c.bytes);
		} else {
			rest = c;
			if (lies_in(c.bytes, &found)) {
				buf_release(&base);
				base = found;
				found = (struct buf){ 0 };
			}
		}
		if (w->state == LOST)
			break;
		c = none;
		buf_release(&found);
		found = w->gather;
		w->gather = (struct buf){ 0 };
		to_length(w);
		c.bytes = buf_slice(&found);
	}
	buf_release(&found);
	buf_release(&base);
}

static void feed(struct layer *layer, enum dir dir, struct chunk c)
{
	run((struct length_prefix *)layer, dir, c, false);
}

/* The message under way ends here, incomplete. */
static void cut(struct length_prefix *l, enum dir dir, int64_t time, enum how how)
{
	struct way *w = &l->way[dir];
	if (w->state == PASS) {
		hand_on(l, dir, (struct chunk){ { NULL, 0 }, -1, time }, false, true, how);
	} else if (w->state == BODY && w->gather.len) {
		hand_on(l, dir, (struct chunk){ buf_slice(&w->gather), -1, time }, true, true, how);
	} else if (w->state == BODY || (w->state == LENGTH && w->prefix_len)) {
		stream_news(l->stream, NEWS_CUT, dir, time, w->state == BODY ? w->size : w->prefix_len, NULL);
	} else {
		return;
	}
	l->stream->counts->cut++;
}

/* Bytes of the message under way that have arrived. */
static uint64_t arrived(const struct way *w)
{
	return w->state == PASS ? w->done : w->gather.len;
}

/* Nothing follows directly what has come: all of it is looked at, and a length beyond the limit is judged by the bytes there are. */
static void finish(struct length_prefix *l, enum dir dir, int64_t time)
{
	run(l, dir, (struct chunk){ { NULL, 0 }, -1, time }, true);
	while (is_overlong(l, &l->way[dir])) { /* each has fewer bytes than the one before */
		judge_overlong(l, dir, time);
		run(l, dir, (struct chunk){ { NULL, 0 }, -1, time }, true);
	}
}

static void gap(struct layer *layer, enum dir dir, uint64_t n, int64_t time)
{
	struct length_prefix *l = (struct length_prefix *)layer;
	struct way *w = &l->way[dir];
	finish(l, dir, time);
	bool body = w->state == BODY || w->state == PASS, shown = body && arrived(w);
	uint64_t left = body ? w->size - arrived(w) : w->state == SKIP ? w->done : 0;
	cut(l, dir, time, CUT_BY_GAP);
	w->sure = false;
	w->tail_len = 0;
	if (!n || n > left || (body && !shown))
		w->after_gap = true; /* else it took nothing but a part of a message that was handed on as cut */
	if (n && left > n) {
		w->state = SKIP;
		w->done = left - n;
		buf_clear(&w->gather);
	} else if (n && left == n) {
		to_length(w);
	} else {
		to_lost(w, (struct slice){ NULL, 0 });
	}
}

static void end(struct layer *layer, enum dir dir, int64_t time)
{
	struct length_prefix *l = (struct length_prefix *)layer;
	struct way *w = &l->way[dir];
	finish(l, dir, time);
	cut(l, dir, time, CUT_BY_END);
	if (w->skipped)
		stream_news(l->stream, NEWS_SKIPPED, dir, time, w->skipped, NULL);
	w->skipped = 0;
	to_length(w);
}

static void free_layer(struct layer *layer)
{
	struct length_prefix *l = (struct length_prefix *)layer;
	buf_release(&l->way[0].gather);
	buf_release(&l->way[1].gather);
	free(l);
}

static const struct layer_ops ops = { "length prefix", feed, gap, end, free_layer, NULL, NULL };

struct layer *length_prefix_new(const struct stream *s, const bool synced[2])
{
	struct length_prefix *l = xcalloc(1, sizeof *l);
	l->layer.ops = &ops;
	l->stream = s;
	for (int d = 0; d < 2; d++) {
		l->way[d].state = synced[d] ? LENGTH : LOST;
		l->way[d].sure = synced[d];
	}
	return &l->layer;
}

void length_prefix_set_unmasked(struct layer *l, enum dir dir, bool unmasked)
{
	((struct length_prefix *)l)->way[dir].unmasked = unmasked;
}

enum candidate { REJECTED, UNDECIDED, ACCEPTED };

/* Does what follows a message speak for it? Nothing (the segment ends with it), or another message. */
static enum candidate judge_next(const struct stream *s, struct slice next, bool final)
{
	if (next.len <= PREFIX)
		return ACCEPTED;
	struct cursor c = cursor_of(next);
	uint64_t size = cursor_le32(&c);
	if (size > s->limits->message)
		return REJECTED;
	enum probe p = s->sink->probe(slice_head(c.rest, PROBE_BYTES), size);
	return p == PROBE_NO ? REJECTED : p == PROBE_MORE && !final ? UNDECIDED : ACCEPTED;
}

/* Could a message begin at the front of `in`, which has more than PREFIX bytes? */
static enum candidate judge(const struct stream *s, struct slice in, bool final)
{
	struct cursor c = cursor_of(in);
	uint64_t size = cursor_le32(&c);
	if (size > s->limits->message)
		return REJECTED;
	enum probe p = s->sink->probe(slice_head(c.rest, PROBE_BYTES), size);
	if (p == PROBE_NO || p == PROBE_MORE)
		return p == PROBE_NO || final ? REJECTED : UNDECIDED;
	if (c.rest.len < size)
		return p == PROBE_STRONG ? ACCEPTED : final || c.rest.len >= WINDOW ? REJECTED : UNDECIDED;
	enum candidate next = judge_next(s, slice_skip(c.rest, (size_t)size), final);
	return next == UNDECIDED && p == PROBE_STRONG ? ACCEPTED : next;
}

struct find length_prefix_find(const struct stream *s, struct slice in, bool final)
{
	size_t at = 0;
	while (at + PREFIX < in.len) {
		/* A message that can be found begins with the tag of its command. */
		const uint8_t *tag = memchr(in.at + at + PREFIX, 0x0a, in.len - at - PREFIX);
		if (!tag) {
			at = in.len - PREFIX;
			break;
		}
		at = (size_t)(tag - in.at) - PREFIX;
		enum candidate c = judge(s, slice_skip(in, at), final);
		if (c != REJECTED)
			return (struct find){ c == ACCEPTED ? FIND_FOUND : FIND_MORE, at };
		at++;
	}
	return (struct find){ final ? FIND_NONE : FIND_MORE, at };
}

enum sender length_prefix_sender(const struct stream *s, struct slice in)
{
	struct cursor c = cursor_of(in);
	enum sender who = SENDER_UNKNOWN;
	while (who == SENDER_UNKNOWN && c.rest.len) {
		uint32_t size = cursor_le32(&c);
		who = s->sink->sender(slice_head(c.rest, size));
		c = cursor_of(slice_skip(c.rest, size)); /* the last one need not be whole */
	}
	return who;
}
