/*
 * For tests of stream layers: a script of bytes in two directions, played into a layer whole, byte by byte or cut at a position, with
 * every piece in a heap block of its exact size; a recorder that is the sink and holds what it hears against what was sent; and
 * what is needed to write Envelopes and WebSocket frames.
 */
#ifndef TESTS_UNIT_STREAM_PLAY_H
#define TESTS_UNIT_STREAM_PLAY_H

#include "base/buf.h"
#include "capture/stream/layer.h"
#include "decode/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#include <cmocka.h>

enum { STEPS_MAX = 256, SENT_MAX = 64 };

/* Bytes sent one after the other; each step is one chunk when played whole. */
struct script {
	struct buf wire[2];
	struct script_step {
		enum dir dir;
		size_t from, to;
	} steps[STEPS_MAX];
	size_t count;
};

static inline void script_add(struct script *s, enum dir dir, struct slice bytes)
{
	assert_true(s->count < STEPS_MAX);
	size_t from = s->wire[dir].len;
	buf_add(&s->wire[dir], bytes);
	s->steps[s->count++] = (struct script_step){ dir, from, s->wire[dir].len };
}

static inline void script_release(struct script *s)
{
	buf_release(&s->wire[0]);
	buf_release(&s->wire[1]);
	s->count = 0;
}

/* The sink. */
struct recorder {
	struct conn_info conn;
	struct stream_limits limits;
	struct stream_counts counts;
	struct sink sink;
	struct stream stream;
	const struct script *script; /* where it is set, places in the capture are looked up in it */
	struct buf sent[2][SENT_MAX];
	size_t sent_count[2];
	uint64_t got[2];           /* bit i: the i-th message sent came whole */
	uint64_t unmasked[2];      /* and in a frame that breaks the rule of masks */
	int64_t time[2][SENT_MAX]; /* that it was told with */
	int64_t cut_time[2];       /* that the last one was cut at */
	size_t next[2];            /* index of the message that may come next */
	size_t cut[2], in_place[2], pieces_max;
	struct buf under_way[2];
	struct piece first[2];
	struct buf news;  /* a line each */
	struct buf order; /* 'c' or 's' for each whole message, as they came */
};

static inline void recorder_sent(struct recorder *r, enum dir dir, struct slice message)
{
	assert_true(r->sent_count[dir] < SENT_MAX);
	buf_add(&r->sent[dir][r->sent_count[dir]++], message);
}

/* Which of the messages that were sent and not yet heard begins with these bytes; none is a failure. */
static inline size_t recorder_which(const struct recorder *r, enum dir dir, struct slice bytes, bool whole)
{
	for (size_t i = r->next[dir]; i < r->sent_count[dir]; i++) {
		struct slice s = buf_slice(&r->sent[dir][i]);
		if (slice_eq(whole ? s : slice_head(s, bytes.len), bytes))
			return i;
	}
	fail_msg("a message of %zu bytes was never sent", bytes.len);
	return 0;
}

static inline void recorder_message(void *user, const struct piece *p)
{
	struct recorder *r = user;
	struct buf *b = &r->under_way[p->dir];
	if (p->first) {
		buf_clear(b);
		r->first[p->dir] = *p;
	}
	assert_int_equal(p->offset, b->len);
	assert_int_equal(p->size, r->first[p->dir].size);
	if (r->script && p->at >= 0 && p->bytes.len) {
		const struct buf *wire = &r->script->wire[p->dir];
		assert_true((size_t)p->at + p->bytes.len <= wire->len);
		assert_memory_equal(wire->at + p->at, p->bytes.at, p->bytes.len);
		r->in_place[p->dir]++;
	}
	buf_add(b, p->bytes);
	if (!p->last)
		return;
	size_t i = recorder_which(r, p->dir, buf_slice(b), !p->cut);
	r->cut[p->dir] += p->cut;
	if (p->cut) {
		r->cut_time[p->dir] = p->time;
	} else {
		buf_add_byte(&r->order, p->dir == DIR_C2S ? 'c' : 's');
		r->next[p->dir] = i + 1;
		r->time[p->dir][i] = p->time;
		r->got[p->dir] |= UINT64_C(1) << i;
		r->unmasked[p->dir] |= (uint64_t)p->unmasked << i;
	}
}

static inline void recorder_news(void *user, const struct news *n)
{
	static const char *const names[NEWS_KINDS] = { "gap", "skipped", "overlong", "cut", "not ours", "note" };
	struct recorder *r = user;
	buf_addf(&r->news, "%s %s %llu %s%s%.*s\n", n->dir == DIR_C2S ? "c2s" : "s2c", names[n->kind], (unsigned long long)n->bytes,
		 n->text ? n->text : "", n->detail.len ? ": " : "", (int)n->detail.len, (const char *)n->detail.at);
}

static inline void recorder_closed(void *user, struct conn_info *conn, int64_t time)
{
	(void)user;
	(void)conn;
	(void)time;
}

static inline void recorder_init(struct recorder *r)
{
	*r = (struct recorder){ .limits = { .message = 1 << 20, .head = 2048, .scan = 1 << 16 } };
	r->sink = (struct sink){ r, recorder_message, recorder_news, recorder_closed, envelope_probe, envelope_sender };
	r->stream = (struct stream){ &r->conn, &r->sink, &r->limits, &r->counts };
}

/* Forgets what was heard, keeps what was sent. */
static inline void recorder_again(struct recorder *r)
{
	r->conn = (struct conn_info){ 0 };
	r->counts = (struct stream_counts){ 0 };
	buf_clear(&r->news);
	buf_clear(&r->order);
	for (int d = 0; d < 2; d++) {
		r->got[d] = r->unmasked[d] = 0;
		r->next[d] = r->cut[d] = r->in_place[d] = 0;
	}
}

static inline void recorder_release(struct recorder *r)
{
	for (int d = 0; d < 2; d++) {
		for (size_t i = 0; i < r->sent_count[d]; i++)
			buf_release(&r->sent[d][i]);
		buf_release(&r->under_way[d]);
	}
	buf_release(&r->news);
	buf_release(&r->order);
}

static inline bool recorder_heard(struct recorder *r, const char *text)
{
	return strstr(buf_cstr(&r->news), text) != NULL;
}

/* All that was sent came. */
static inline void recorder_assert_all(const struct recorder *r)
{
	for (int d = 0; d < 2; d++)
		assert_int_equal(r->got[d], r->sent_count[d] ? UINT64_MAX >> (64 - r->sent_count[d]) : 0);
}

/* Feeds bytes of a direction, [from, to) of its wire, in one block. */
static inline void play_bytes(const struct script *s, struct layer *l, enum dir dir, size_t from, size_t to)
{
	if (from == to)
		return;
	uint8_t *block = malloc(to - from);
	assert_non_null(block);
	memcpy(block, s->wire[dir].at + from, to - from);
	layer_feed(l, dir, (struct chunk){ slice_of(block, to - from), (int64_t)from, 1 });
	free(block);
}

/* Plays the script in blocks of at most `most` bytes; `cut`: also between the bytes cut - 1 and cut of the whole. */
static inline void play(const struct script *s, struct layer *l, size_t most, size_t cut)
{
	size_t done = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct script_step *step = &s->steps[i];
		for (size_t at = step->from, n; at < step->to; at += n, done += n) {
			n = step->to - at < most ? step->to - at : most;
			if (cut > done && cut - done < n)
				n = cut - done;
			play_bytes(s, l, step->dir, at, at + n);
		}
	}
}

/* Plays the steps from `first` on in blocks of at most `most` bytes, each direction as the other one until the connection's ends have been put right. */
static inline void play_mirrored(const struct script *s, struct layer *l, const struct conn_info *conn, size_t first, size_t most)
{
	for (size_t i = first; i < s->count; i++) {
		const struct script_step *step = &s->steps[i];
		struct slice all = slice_head(buf_slice(&s->wire[step->dir]), step->to);
		for (size_t at = step->from; at < step->to; at += most) {
			const struct chunk c = { slice_head(slice_skip(all, at), most), (int64_t)at, 1 };
			layer_feed(l, conn->turned ? step->dir : !step->dir, c);
		}
	}
}

static inline void play_end(struct layer *l)
{
	layer_end(l, DIR_C2S, 2);
	layer_end(l, DIR_S2C, 2);
	assert_false(layer_rests(l, true));
	layer_free(l);
}

static inline size_t script_len(const struct script *s)
{
	return s->wire[0].len + s->wire[1].len;
}

/* An Envelope of that command with about `filler` bytes of data. */
static inline void envelope_write(struct buf *out, const char *command, unsigned seq, size_t filler)
{
	struct buf any = { 0 };
	buf_addf(&any, "\x0a%c%s", (int)strlen("openiap.Test"), "openiap.Test");
	buf_addf(&any, "\x12%c%c", (int)(filler & 0x7f) | 0x80, (int)(filler >> 7) & 0x7f);
	for (size_t i = 0; i < filler; i++)
		buf_add_byte(&any, (uint8_t)("query {}"[(i * 7 + seq) % 8]));
	buf_addf(out, "\x0a%c%s\x18%c\x22\x02%c%c", (int)strlen(command), command, (int)(seq % 127 + 1), 'a' + (int)(seq / 26 % 26),
		 'a' + (int)(seq % 26));
	buf_addf(out, "\x32%c%c", (int)(any.len & 0x7f) | 0x80, (int)(any.len >> 7) & 0x7f);
	buf_add(out, buf_slice(&any));
	buf_release(&any);
}

static inline void length_write(struct buf *out, size_t n)
{
	for (int i = 0; i < 4; i++)
		buf_add_byte(out, (uint8_t)(n >> 8 * i));
}

/* One frame; `first` is its first byte. A masked one has a key that follows from its length. */
static inline void frame_write(struct buf *out, unsigned first, bool masked, struct slice payload)
{
	uint8_t key[4] = { 0 };
	int more = payload.len < 126 ? 0 : payload.len < 65536 ? 2 : 8;
	buf_add_byte(out, (uint8_t)first);
	buf_add_byte(out, (uint8_t)((more == 0 ? payload.len : more == 2 ? 126 : 127) | (masked ? 0x80 : 0)));
	for (int i = more - 1; i >= 0; i--)
		buf_add_byte(out, (uint8_t)((uint64_t)payload.len >> 8 * i));
	for (size_t i = 0; masked && i < 4; i++)
		buf_add_byte(out, key[i] = (uint8_t)((payload.len + 7 * i) * 37 + 0x5a));
	for (size_t i = 0; i < payload.len; i++)
		buf_add_byte(out, payload.at[i] ^ key[i % 4]);
}

/* Deflates a message as permessage-deflate does: synced, without the last four bytes. */
static inline void deflate_write(z_stream *z, struct buf *out, struct slice message)
{
	z->next_in = message.at;
	z->avail_in = (uInt)message.len;
	size_t room = message.len + message.len / 8 + 256;
	z->next_out = buf_reserve(out, room);
	z->avail_out = (uInt)room;
	assert_true(message.len == 0 || deflate(z, Z_SYNC_FLUSH) == Z_OK);
	assert_true(z->avail_out > 0);
	out->len += room - z->avail_out;
	if (message.len == 0)
		buf_add_byte(out, 0);
	else
		out->len -= 4;
}

static inline void deflate_begin(z_stream *z, int window_bits)
{
	*z = (z_stream){ 0 };
	assert_int_equal(deflateInit2(z, 9, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
}

#endif
