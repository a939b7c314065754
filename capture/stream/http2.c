/*
 * HTTP/2 frames of both directions of a connection.
 *
 *	PREFACE ──24 bytes──> HEAD ──DATA──────────> PAD_LENGTH, DATA ──> SKIP (padding) ──> HEAD
 *	                       ├────small────> PAYLOAD, gathered, then handled ───────────> HEAD
 *	                       └────too large, or of no interest: SKIP ────────────────────> HEAD
 *	LOST: no boundary is known; bytes are gathered and searched until one is found.
 *
 * Data is handed to the stream's call as it comes. Of the other frames HEADERS, CONTINUATION and PUSH_PROMISE matter for their header
 * blocks, which must be read one and all (the table of HPACK runs through them), RST_STREAM and GOAWAY for what they say.
 *
 * Where bytes are missing: inside a frame of known length the next frame is still known. A DATA frame then only costs its stream that
 * much; a frame with a header block makes HPACK forget. Anywhere else the boundary is lost, frames of any stream may be among what is
 * missing, and HPACK forgets too. Streams that are known go on with the next DATA frame.
 *
 * Streams stand in a table in order of appearance, until both directions have ended. One that was reset has ended for its other end too once that had a
 * second to hear of it; what it sends later all the same is passed over.
 */
#include "capture/stream/http2.h"

#include "base/buf.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "capture/stream/came.h"
#include "capture/stream/grpc.h"
#include "capture/stream/hpack.h"
#include "capture/stream/http2_frame.h"
#include "capture/stream/said.h"

#include <stdlib.h>

enum { NO_STATUS = -1, PATH_MAX_KEPT = 256, MESSAGE_MAX_KEPT = 3 * SAID_MAX + 3 };
static const int64_t RESET_PATIENCE = NS_PER_S; /* until the other end of a stream is taken to know of its reset */

enum state { PREFACE, HEAD, PAD_LENGTH, DATA, PAYLOAD, SKIP, LOST };

struct way {
	enum state state;
	uint8_t head[HTTP2_PREFACE]; /* PREFACE, HEAD: what came of it */
	size_t head_len;
	struct http2_frame frame;
	uint32_t left, pad; /* of the frame: data or payload still to come; padding behind the data */
	struct buf gather;  /* PAYLOAD: of the frame; LOST: what is searched */
	struct came came;   /* LOST: when that came */
	uint64_t skipped;   /* LOST: bytes passed over so far */
	struct hpack *hpack;
	struct buf block;         /* header block under way */
	struct http2_frame began; /* the frame that began it; stream 0: none is under way */
	bool block_lost;          /* it was given up, and what goes on it may follow */
	bool ended;               /* and nothing comes any more, of streams that are still to begin neither */
};

struct entry {
	uint32_t number;
	struct grpc_call *call;
	bool reset; /* one end has given it up; what the other one had under way may still come */
	int64_t reset_at;
};

struct http2 {
	struct layer layer;
	const struct stream *stream;
	struct grpc_conn grpc;
	struct way way[2];
	struct entry entry[HTTP2_STREAMS];
	size_t entries;
	size_t resets; /* entries that wait for their other end to hear of it, at most: looked through for them while there are any */
	bool ours, told_other;
};

/* What is wanted of a header block. */
struct fields {
	struct buf path, message; /* message: grpc-message, its first bytes */
	struct conn_info *client; /* of whom a user-agent tells; NULL in what the server sends */
	long status, http;        /* grpc-status, :status */
};

/* Streams. */

static struct entry *find_entry(struct http2 *h, uint32_t number)
{
	for (size_t i = h->entries; i > 0; i--)
		if (h->entry[i - 1].number == number)
			return &h->entry[i - 1];
	return NULL;
}

static void drop_entry(struct http2 *h, struct entry *e)
{
	size_t after = (size_t)(h->entry + h->entries - (e + 1));
	grpc_call_free(e->call);
	memmove(e, e + 1, after * sizeof(*e));
	h->entries--;
}

static enum grpc_worth worth(const struct entry *e)
{
	return e->reset ? GRPC_NOTHING : grpc_call_worth(e->call);
}

/* Makes room: of those that are worth least the oldest goes. */
static void give_up_oldest(struct http2 *h, int64_t time)
{
	struct entry *e = &h->entry[0];
	for (size_t i = 1; i < h->entries; i++)
		if (worth(&h->entry[i]) < worth(e))
			e = &h->entry[i];
	h->stream->counts->calls_forgotten += worth(e) > GRPC_NOTHING;
	grpc_call_end(e->call, DIR_C2S, false, time);
	grpc_call_end(e->call, DIR_S2C, false, time);
	drop_entry(h, e);
}

static struct grpc_call *call_of(struct http2 *h, uint32_t number, int64_t time)
{
	struct entry *e = find_entry(h, number);
	if (e)
		return e->call;
	if (h->entries == HTTP2_STREAMS)
		give_up_oldest(h, time);
	struct grpc_call *call = grpc_call_new(&h->grpc, number);
	h->entry[h->entries++] = (struct entry){ .number = number, .call = call };
	for (int dir = 0; dir < 2; dir++)
		if (h->way[dir].ended)
			grpc_call_end(call, (enum dir)dir, false, time);
	return call;
}

static void end_stream(struct http2 *h, uint32_t number, enum dir dir, int64_t time)
{
	struct entry *e = find_entry(h, number);
	if (!e)
		return;
	grpc_call_end(e->call, dir, true, time);
	if (grpc_call_ended(e->call))
		drop_entry(h, e);
}

static void tell_other(struct http2 *h, enum dir dir, int64_t time)
{
	if (h->ours || h->told_other)
		return;
	h->told_other = true;
	h->stream->conn->transport = TRANSPORT_HTTP;
	h->stream->counts->not_ours++;
	stream_news(h->stream, NEWS_NOT_OURS, dir, time, 0, "HTTP/2 that is no call of openiap.FlowService");
}

/* Header blocks. */

static long number_of(struct slice digits)
{
	long n = 0;
	for (size_t i = 0; i < digits.len && i < 9; i++)
		n = 10 * n + (digits.at[i] & 15);
	return n;
}

static void take_field(void *user, struct slice name, struct slice value)
{
	struct fields *f = user;
	if (slice_is(name, ":path")) {
		buf_clear(&f->path);
		buf_add(&f->path, slice_head(value, PATH_MAX_KEPT));
	} else if (slice_is(name, "user-agent") && f->client) {
		conn_set_program(f->client, value);
	} else if (slice_is(name, "grpc-status")) {
		f->status = number_of(value);
	} else if (slice_is(name, "grpc-message")) {
		buf_clear(&f->message);
		said_unescape(&f->message, slice_head(value, MESSAGE_MAX_KEPT));
	} else if (slice_is(name, ":status")) {
		f->http = number_of(value);
	}
}

static void take_request(struct http2 *h, uint32_t number, struct slice path, int64_t time)
{
	if (grpc_call_path(call_of(h, number, time), path, time)) {
		h->ours = true;
		h->stream->conn->transport = TRANSPORT_GRPC;
	} else {
		tell_other(h, DIR_C2S, time);
	}
}

static void take_fields(struct http2 *h, enum dir dir, uint32_t number, const struct fields *f, int64_t time)
{
	struct entry *e = find_entry(h, number);
	if (dir == DIR_C2S && f->path.len)
		take_request(h, number, buf_slice(&f->path), time);
	if (dir == DIR_S2C && e && f->http != NO_STATUS)
		grpc_call_http_status(e->call, (uint32_t)f->http, time);
	if (dir == DIR_S2C && e && f->status != NO_STATUS)
		grpc_call_status(e->call, (uint32_t)f->status, buf_slice(&f->message), time);
}

/* The block is not to be had, or not whole. */
static void lose_block(struct way *w)
{
	hpack_lose(w->hpack);
	buf_clear(&w->block);
	w->began.stream = 0;
	w->block_lost = true;
}

static void bad_frame(struct http2 *h, struct way *w)
{
	h->stream->counts->bad_frames++;
	if (w->began.stream)
		lose_block(w);
}

static void end_block(struct http2 *h, enum dir dir, int64_t time)
{
	struct way *w = &h->way[dir];
	struct fields f = { .client = dir == DIR_C2S ? h->stream->conn : NULL, .status = NO_STATUS, .http = NO_STATUS };
	struct http2_frame began = w->began;
	bool whole = hpack_whole(w->hpack), good = hpack_read(w->hpack, buf_slice(&w->block), take_field, &f);
	if (whole && !good) {
		h->stream->counts->bad_frames++;
		stream_news(h->stream, NEWS_NOTE, dir, time, 0, "an HTTP/2 header block that can't be read");
	}
	w->began.stream = 0;
	buf_clear(&w->block);
	if (good && began.type == HTTP2_HEADERS)
		take_fields(h, dir, began.stream, &f, time);
	if (began.type == HTTP2_HEADERS && began.flags & HTTP2_END_STREAM)
		end_stream(h, began.stream, dir, time);
	buf_release(&f.path);
	buf_release(&f.message);
}

static void add_fragment(struct http2 *h, enum dir dir, struct slice fragment, bool last, int64_t time)
{
	struct way *w = &h->way[dir];
	if (w->block.len + fragment.len > h->stream->limits->head) {
		h->stream->counts->overlong++;
		stream_news(h->stream, NEWS_NOTE, dir, time, 0, "an HTTP/2 header block beyond the limit");
		lose_block(w);
		return;
	}
	buf_add(&w->block, fragment);
	if (last)
		end_block(h, dir, time);
}

/* HEADERS and PUSH_PROMISE: padding, what stands in front of the fragment, the fragment. */
static void begin_block(struct http2 *h, enum dir dir, struct slice payload, int64_t time)
{
	struct way *w = &h->way[dir];
	struct cursor c = cursor_of(payload);
	size_t pad = w->frame.flags & HTTP2_PADDED ? cursor_u8(&c) : 0;
	if (w->frame.type == HTTP2_PUSH_PROMISE)
		cursor_be32(&c);
	else if (w->frame.flags & HTTP2_WITH_PRIORITY)
		cursor_take(&c, 5);
	struct slice fragment = cursor_take(&c, c.rest.len >= pad ? c.rest.len - pad : SIZE_MAX);
	if (c.short_) {
		h->stream->counts->bad_frames++;
		lose_block(w);
		return;
	}
	w->began = w->frame;
	add_fragment(h, dir, fragment, w->frame.flags & HTTP2_END_HEADERS, time);
}

static void continue_block(struct http2 *h, enum dir dir, struct slice payload, int64_t time)
{
	struct way *w = &h->way[dir];
	if (!w->began.stream || w->began.stream != w->frame.stream) {
		h->stream->counts->bad_frames += !w->block_lost;
		lose_block(w);
		return;
	}
	add_fragment(h, dir, payload, w->frame.flags & HTTP2_END_HEADERS, time);
}

/* Other frames. */

/* Who resets a stream sends nothing more on it. The other end may have sent more before it knew, which the capture can show later. */
static void take_reset(struct http2 *h, enum dir dir, struct slice payload, int64_t time)
{
	struct cursor c = cursor_of(payload);
	uint32_t code = cursor_be32(&c), number = h->way[dir].frame.stream;
	struct entry *e = find_entry(h, number);
	if (!e)
		return;
	if (code && !grpc_call_ended(e->call))
		stream_news(grpc_call_stream(e->call, time), NEWS_NOTE, dir, time, 0, http2_reset_text(code));
	h->resets += !e->reset;
	e->reset = true;
	e->reset_at = time;
	end_stream(h, number, dir, time);
}

/* A call without a reply is not said to have failed: of whoever reset it, nothing more was wanted. */
static void end_resets(struct http2 *h, int64_t time)
{
	h->resets = 0;
	for (size_t i = 0; i < h->entries; i++) {
		struct entry *e = &h->entry[i];
		if (!e->reset || grpc_call_ended(e->call))
			continue;
		if (time - e->reset_at < RESET_PATIENCE) {
			h->resets++;
			continue;
		}
		grpc_call_end(e->call, DIR_C2S, false, time);
		grpc_call_end(e->call, DIR_S2C, false, time);
	}
}

static void take_goaway(struct http2 *h, enum dir dir, struct slice payload, int64_t time)
{
	struct cursor c = cursor_of(payload);
	cursor_be32(&c);
	uint32_t code = cursor_be32(&c);
	if (code)
		said_tell(h->stream, dir, time, http2_goaway_text(code), 0, c.rest);
}

static bool has_block(uint8_t type)
{
	return type == HTTP2_HEADERS || type == HTTP2_CONTINUATION || type == HTTP2_PUSH_PROMISE;
}

static void take_frame(struct http2 *h, enum dir dir, struct slice payload, int64_t time)
{
	switch (h->way[dir].frame.type) {
	case HTTP2_HEADERS:
	case HTTP2_PUSH_PROMISE: begin_block(h, dir, payload, time); break;
	case HTTP2_CONTINUATION: continue_block(h, dir, payload, time); break;
	case HTTP2_RST_STREAM: take_reset(h, dir, payload, time); break;
	case HTTP2_GOAWAY: take_goaway(h, dir, payload, time); break;
	}
}

/* Cutting frames. */

static void to_head(struct way *w)
{
	w->state = HEAD;
	w->head_len = 0;
	buf_clear(&w->gather);
}

static void to_lost(struct way *w, struct slice in, int64_t time)
{
	w->state = LOST;
	w->head_len = 0;
	buf_clear(&w->gather);
	buf_add(&w->gather, in);
	came_keep(&w->came, 0);
	came_add(&w->came, in.len, time);
	lose_block(w);
}

/* The boundary turns out not to be one: frames of any stream may be missed until the next is found. */
static void lose_boundary(struct http2 *h, enum dir dir, struct slice in, int64_t time)
{
	for (size_t i = 0; i < h->entries; i++)
		grpc_call_gap(h->entry[i].call, dir, 0, time);
	to_lost(&h->way[dir], in, time);
}

static void end_data(struct http2 *h, enum dir dir, int64_t time)
{
	struct way *w = &h->way[dir];
	uint32_t pad = w->pad;
	to_head(w);
	if (w->frame.flags & HTTP2_END_STREAM)
		end_stream(h, w->frame.stream, dir, time);
	if (!pad)
		return;
	w->state = SKIP;
	w->left = pad;
}

/* The length of the padding is known. */
static void begin_data(struct http2 *h, enum dir dir, int64_t time)
{
	struct way *w = &h->way[dir];
	w->state = DATA;
	grpc_call_frame(call_of(h, w->frame.stream, time), dir, w->left);
	if (!w->left)
		end_data(h, dir, time);
}

static void begin_frame(struct http2 *h, enum dir dir, int64_t time)
{
	struct way *w = &h->way[dir];
	if (h->resets)
		end_resets(h, time);
	w->left = w->frame.length;
	w->pad = 0;
	if (w->began.stream && w->frame.type != HTTP2_CONTINUATION)
		bad_frame(h, w);
	w->block_lost = w->block_lost && w->frame.type == HTTP2_CONTINUATION;
	if (w->frame.type == HTTP2_DATA && w->frame.flags & HTTP2_PADDED && w->left) {
		w->state = PAD_LENGTH;
	} else if (w->frame.type == HTTP2_DATA) {
		begin_data(h, dir, time);
	} else if (w->left <= h->stream->limits->head &&
		   (w->frame.type == HTTP2_RST_STREAM || w->frame.type == HTTP2_GOAWAY || has_block(w->frame.type))) {
		w->state = PAYLOAD;
		if (!w->left) {
			take_frame(h, dir, (struct slice){ NULL, 0 }, time);
			to_head(w);
		}
	} else {
		if (has_block(w->frame.type))
			lose_block(w);
		w->state = w->left ? SKIP : HEAD;
		h->stream->counts->overlong += has_block(w->frame.type);
	}
}

static bool begins_like_preface(struct slice in)
{
	struct slice preface = slice_str(http2_preface());
	size_t n = in.len < preface.len ? in.len : preface.len;
	return slice_eq(slice_head(in, n), slice_head(preface, n));
}

static struct chunk take_preface(struct http2 *h, enum dir dir, struct chunk c)
{
	struct way *w = &h->way[dir];
	struct slice part = slice_head(c.bytes, HTTP2_PREFACE - w->head_len);
	memcpy(w->head + w->head_len, part.at, part.len);
	w->head_len += part.len;
	struct slice all = slice_of(w->head, w->head_len);
	if (!begins_like_preface(all))
		lose_boundary(h, dir, all, c.time);
	else if (w->head_len == HTTP2_PREFACE)
		to_head(w);
	return chunk_skip(c, part.len);
}

static struct chunk take_head(struct http2 *h, enum dir dir, struct chunk c)
{
	struct way *w = &h->way[dir];
	struct slice part = slice_head(c.bytes, HTTP2_HEAD - w->head_len);
	memcpy(w->head + w->head_len, part.at, part.len);
	w->head_len += part.len;
	c = chunk_skip(c, part.len);
	if (w->head_len < HTTP2_HEAD)
		return c;
	struct slice head = slice_of(w->head, HTTP2_HEAD);
	w->frame = http2_frame_read(head);
	w->head_len = 0;
	if (http2_frame_possible(&w->frame)) {
		begin_frame(h, dir, c.time);
	} else {
		h->stream->counts->bad_frames++;
		w->skipped++;
		h->stream->counts->skipped++;
		lose_boundary(h, dir, slice_skip(head, 1), c.time);
	}
	return c;
}

static struct chunk take_pad_length(struct http2 *h, enum dir dir, struct chunk c)
{
	struct way *w = &h->way[dir];
	w->pad = c.bytes.at[0];
	w->left--;
	if (w->pad > w->left) {
		bad_frame(h, w);
		w->state = SKIP;
		if (!w->left)
			to_head(w);
	} else {
		w->left -= w->pad;
		begin_data(h, dir, c.time);
	}
	return chunk_skip(c, 1);
}

static struct chunk take_data(struct http2 *h, enum dir dir, struct chunk c)
{
	struct way *w = &h->way[dir];
	struct chunk part = chunk_head(c, w->left);
	grpc_call_data(call_of(h, w->frame.stream, c.time), dir, part);
	w->left -= (uint32_t)part.bytes.len;
	if (!w->left)
		end_data(h, dir, c.time);
	return chunk_skip(c, part.bytes.len);
}

static struct chunk take_payload(struct http2 *h, enum dir dir, struct chunk c)
{
	struct way *w = &h->way[dir];
	struct slice part = slice_head(c.bytes, w->left);
	struct slice whole = part;
	w->left -= (uint32_t)part.len;
	if (w->gather.len || w->left) {
		buf_add(&w->gather, part);
		whole = buf_slice(&w->gather);
	}
	if (!w->left) {
		take_frame(h, dir, whole, c.time);
		to_head(w);
	}
	return chunk_skip(c, part.len);
}

static struct chunk take_skip(struct http2 *h, enum dir dir, struct chunk c)
{
	struct way *w = &h->way[dir];
	size_t n = w->left < c.bytes.len ? w->left : c.bytes.len;
	w->left -= (uint32_t)n;
	if (!w->left)
		to_head(w);
	return chunk_skip(c, n);
}

/* What was passed over may have been of any stream, also of those that began since the boundary was lost. */
static void tell_skipped(struct http2 *h, enum dir dir, int64_t time)
{
	struct way *w = &h->way[dir];
	if (!w->skipped)
		return;
	for (size_t i = 0; i < h->entries; i++)
		grpc_call_lose(h->entry[i].call, dir);
	stream_news(h->stream, NEWS_SKIPPED, dir, time, w->skipped, NULL);
	w->skipped = 0;
}

/* Searches what was gathered. True if there is a boundary: *found then owns the bytes from there on, and *came says when they came. */
static bool search(struct http2 *h, enum dir dir, int64_t time, bool final, struct buf *found, struct came *came)
{
	struct way *w = &h->way[dir];
	struct find f = http2_find(h->stream, buf_slice(&w->gather), final);
	size_t passed = f.status == FIND_NONE ? w->gather.len : f.offset;
	w->skipped += passed;
	h->stream->counts->skipped += passed;
	buf_consume(&w->gather, passed);
	came_keep(&w->came, w->gather.len);
	if (f.status != FIND_FOUND)
		return false;
	came_move(came, &w->came);
	came_first(came, &time);
	tell_skipped(h, dir, time);
	buf_release(found);
	*found = w->gather;
	w->gather = (struct buf){ 0 };
	to_head(w);
	w->state = begins_like_preface(buf_slice(found)) ? PREFACE : HEAD;
	return true;
}

/* What is left joins what was gathered; *came: when it came, if that was not just now. */
static void gather(struct http2 *h, struct way *w, struct chunk c, struct came *came)
{
	buf_add(&w->gather, c.bytes);
	if (came->bytes)
		came_move(&w->came, came);
	else
		h->stream->counts->untimed += !came_add(&w->came, c.bytes.len, c.time);
}

static struct chunk take_next(struct http2 *h, enum dir dir, struct chunk c, struct came *came)
{
	static struct chunk (*const take[])(struct http2 *, enum dir, struct chunk) = {
		[PREFACE] = take_preface, [HEAD] = take_head,       [PAD_LENGTH] = take_pad_length,
		[DATA] = take_data,       [PAYLOAD] = take_payload, [SKIP] = take_skip,
	};
	struct chunk part = c;
	size_t n = came_first(came, &part.time);
	if (n)
		part = chunk_head(part, n);
	size_t taken = part.bytes.len - take[h->way[dir].state](h, dir, part).bytes.len;
	c = chunk_skip(c, taken);
	if (n)
		came_keep(came, c.bytes.len);
	return c;
}

/* Handles bytes until none are left. Whenever the boundary is lost, what is left joins what was gathered and is searched. */
static void run(struct http2 *h, enum dir dir, struct chunk c, bool final)
{
	struct way *w = &h->way[dir];
	struct buf found = { 0 };
	struct came came = { 0 };
	while (c.bytes.len || w->state == LOST) {
		if (w->state != LOST) {
			c = take_next(h, dir, c, &came);
			continue;
		}
		gather(h, w, c, &came);
		c = (struct chunk){ { NULL, 0 }, -1, c.time };
		if (!search(h, dir, c.time, final, &found, &came))
			break;
		c.bytes = buf_slice(&found);
	}
	buf_release(&found);
	came_release(&came);
}

static void feed(struct layer *layer, enum dir dir, struct chunk c)
{
	run((struct http2 *)layer, dir, c, false);
}

/* A part of the payload is missing, so that none of it can be used: all that is known is what the frame's head says. */
static void lose_payload(struct http2 *h, enum dir dir, int64_t time)
{
	struct way *w = &h->way[dir];
	if (w->frame.type == HTTP2_DATA)
		grpc_call_gap(call_of(h, w->frame.stream, time), dir, 0, time);
	else if (has_block(w->frame.type))
		lose_block(w);
	bool may_end = w->frame.type == HTTP2_DATA || w->frame.type == HTTP2_HEADERS;
	if (may_end && w->frame.flags & HTTP2_END_STREAM)
		end_stream(h, w->frame.stream, dir, time);
}

/* n bytes are missing of the frame under way, whose length is known, and nothing else. */
static void gap_in_frame(struct http2 *h, enum dir dir, uint32_t n, int64_t time)
{
	struct way *w = &h->way[dir];
	if (w->state == DATA) {
		uint32_t of_data = n < w->left ? n : w->left;
		grpc_call_gap(call_of(h, w->frame.stream, time), dir, of_data, time);
		w->left -= of_data;
		n -= of_data;
		if (w->left)
			return;
		end_data(h, dir, time);
	} else if (w->state != SKIP) {
		lose_payload(h, dir, time);
		w->state = SKIP;
	}
	w->left -= n;
	if (!w->left)
		to_head(w);
}

static void gap(struct layer *layer, enum dir dir, uint64_t n, int64_t time)
{
	struct http2 *h = (struct http2 *)layer;
	struct way *w = &h->way[dir];
	run(h, dir, (struct chunk){ { NULL, 0 }, -1, time }, true);
	bool inside = w->state == PAD_LENGTH || w->state == DATA || w->state == PAYLOAD || w->state == SKIP;
	if (n && inside && n <= w->left + (uint64_t)w->pad * (w->state == DATA))
		gap_in_frame(h, dir, (uint32_t)n, time);
	else
		lose_boundary(h, dir, (struct slice){ NULL, 0 }, time);
}

static void end(struct layer *layer, enum dir dir, int64_t time)
{
	struct http2 *h = (struct http2 *)layer;
	struct way *w = &h->way[dir];
	run(h, dir, (struct chunk){ { NULL, 0 }, -1, time }, true);
	tell_skipped(h, dir, time);
	for (size_t i = 0; i < h->entries; i++)
		grpc_call_end(h->entry[i].call, dir, false, time);
	w->ended = true;
	to_lost(w, (struct slice){ NULL, 0 }, time);
}

static void free_http2(struct layer *layer)
{
	struct http2 *h = (struct http2 *)layer;
	while (h->entries)
		drop_entry(h, &h->entry[h->entries - 1]);
	for (int dir = 0; dir < 2; dir++) {
		hpack_free(h->way[dir].hpack);
		buf_release(&h->way[dir].gather);
		came_release(&h->way[dir].came);
		buf_release(&h->way[dir].block);
	}
	free(h);
}

static const struct layer_ops ops = { "http2", feed, gap, end, free_http2, NULL, NULL };

struct layer *http2_new(const struct stream *s, const bool synced[2])
{
	struct http2 *h = xcalloc(1, sizeof(*h));
	h->layer.ops = &ops;
	h->stream = s;
	h->grpc.stream = s;
	s->conn->transport = TRANSPORT_GRPC;
	for (int dir = 0; dir < 2; dir++) {
		h->way[dir].hpack = hpack_new();
		if (!synced[dir])
			hpack_lose(h->way[dir].hpack);
		h->way[dir].state = !synced[dir] ? LOST : dir == DIR_C2S ? PREFACE : HEAD;
	}
	return &h->layer;
}
