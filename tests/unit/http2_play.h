/*
 * For tests of HTTP/2 and gRPC: writing frames and header blocks (with nghttp2's deflater), and a sink that holds the messages of each
 * stream against what was sent on it.
 */
#ifndef TESTS_UNIT_HTTP2_PLAY_H
#define TESTS_UNIT_HTTP2_PLAY_H

#include "tests/unit/stream_play.h"

#include "capture/stream/http2.h"
#include "capture/stream/http2_frame.h"

#include <nghttp2/nghttp2.h>

enum { MESSAGES_MAX = 512, SLOTS = 1024 };

/* A message that was sent, and where its bytes, prefix included, lie on the wire of its direction. */
struct sent {
	enum dir dir;
	uint32_t stream;
	struct buf bytes;
	size_t from, to;
	bool got;
	int64_t time; /* that it was told with */
};

struct ear {
	struct conn_info conn;
	struct stream_limits limits;
	struct stream_counts counts;
	struct sink sink;
	struct stream stream;
	struct buf under_way[2][SLOTS]; /* by stream */
	uint64_t size[2][SLOTS];
	bool open[2][SLOTS];
	struct sent sent[MESSAGES_MAX];
	size_t sent_count, cut, in_place;
	struct buf log, news; /* a line each */
	struct script script;
	nghttp2_hd_deflater *deflater[2];
};

/* Writing. */

static inline void frame_add(struct buf *out, uint8_t type, uint8_t flags, uint32_t stream, struct slice payload)
{
	const uint8_t head[HTTP2_HEAD] = {
		(uint8_t)(payload.len >> 16), (uint8_t)(payload.len >> 8), (uint8_t)payload.len, type, flags, (uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16),      (uint8_t)(stream >> 8),      (uint8_t)stream,
	};
	buf_add(out, slice_of(head, sizeof(head)));
	buf_add(out, payload);
}

static inline void put_bytes(struct ear *e, enum dir dir, struct slice bytes)
{
	script_add(&e->script, dir, bytes);
}

static inline void put_frame(struct ear *e, enum dir dir, uint8_t type, uint8_t flags, uint32_t stream, struct slice payload)
{
	struct buf out = { 0 };
	frame_add(&out, type, flags, stream, payload);
	put_bytes(e, dir, buf_slice(&out));
	buf_release(&out);
}

/* A header block of "name", "value" … up to NULL. */
static inline void block_add(struct ear *e, enum dir dir, struct buf *out, const char *const *fields)
{
	nghttp2_nv nv[16];
	size_t n = 0;
	for (; fields[2 * n]; n++) {
		nv[n] = (nghttp2_nv){ (uint8_t *)(uintptr_t)fields[2 * n], (uint8_t *)(uintptr_t)fields[2 * n + 1], strlen(fields[2 * n]),
				      strlen(fields[2 * n + 1]), NGHTTP2_NV_FLAG_NONE };
	}
	size_t room = nghttp2_hd_deflate_bound(e->deflater[dir], nv, n);
	ssize_t len = nghttp2_hd_deflate_hd(e->deflater[dir], buf_reserve(out, room), room, nv, n);
	assert_true(len > 0);
	out->len += (size_t)len;
}

static inline void put_headers(struct ear *e, enum dir dir, uint32_t stream, uint8_t flags, const char *const *fields)
{
	struct buf block = { 0 };
	block_add(e, dir, &block, fields);
	put_frame(e, dir, HTTP2_HEADERS, flags | HTTP2_END_HEADERS, stream, buf_slice(&block));
	buf_release(&block);
}

#define PUT_HEADERS(e, dir, stream, flags, ...) put_headers(e, dir, stream, flags, (const char *const[]){ __VA_ARGS__, NULL })

static inline void put_request(struct ear *e, uint32_t stream, const char *path)
{
	PUT_HEADERS(e, DIR_C2S, stream, 0, ":method", "POST", ":scheme", "http", ":path", path, ":authority", "localhost:50051",
		    "content-type", "application/grpc+proto", "te", "trailers", "user-agent", "test/1.0");
}

static inline void put_response(struct ear *e, uint32_t stream)
{
	PUT_HEADERS(e, DIR_S2C, stream, 0, ":status", "200", "content-type", "application/grpc+proto");
}

static inline void put_trailers(struct ear *e, uint32_t stream, const char *status)
{
	PUT_HEADERS(e, DIR_S2C, stream, HTTP2_END_STREAM, "grpc-status", status, "grpc-message", "");
}

/* Appends a message with its prefix. */
static inline void message_add(struct buf *out, uint8_t flag, struct slice bytes)
{
	const uint8_t prefix[] = { flag, (uint8_t)(bytes.len >> 24), (uint8_t)(bytes.len >> 16), (uint8_t)(bytes.len >> 8),
				   (uint8_t)bytes.len };
	buf_add(out, slice_of(prefix, sizeof(prefix)));
	buf_add(out, bytes);
}

static inline struct sent *was_sent(struct ear *e, enum dir dir, uint32_t stream, struct slice bytes)
{
	assert_true(e->sent_count < MESSAGES_MAX);
	struct sent *s = &e->sent[e->sent_count++];
	*s = (struct sent){ .dir = dir, .stream = stream };
	buf_add(&s->bytes, bytes);
	return s;
}

/* A message in DATA frames of at most `most` bytes. */
static inline void put_message(struct ear *e, enum dir dir, uint32_t stream, struct slice bytes, size_t most, uint8_t flags)
{
	struct buf all = { 0 };
	struct sent *s = was_sent(e, dir, stream, bytes);
	message_add(&all, 0, bytes);
	s->from = e->script.wire[dir].len;
	for (struct slice rest = buf_slice(&all); rest.len; rest = slice_skip(rest, most))
		put_frame(e, dir, HTTP2_DATA, rest.len <= most ? flags : 0, stream, slice_head(rest, most));
	s->to = e->script.wire[dir].len;
	buf_release(&all);
}

static inline void put_envelope(struct ear *e, enum dir dir, uint32_t stream, unsigned seq, size_t filler, size_t most)
{
	struct buf m = { 0 };
	envelope_write(&m, dir == DIR_C2S ? "query" : "queryreply", seq, filler);
	put_message(e, dir, stream, buf_slice(&m), most, 0);
	buf_release(&m);
}

/* Hearing. */

static inline void ear_message(void *user, const struct piece *p)
{
	struct ear *e = user;
	size_t slot = p->exchange % SLOTS;
	struct buf *b = &e->under_way[p->dir][slot];
	assert_true(p->exchange != 0);
	assert_true(p->first != e->open[p->dir][slot]);
	if (p->first) {
		buf_clear(b);
		e->size[p->dir][slot] = p->size;
	}
	e->open[p->dir][slot] = !p->last;
	assert_int_equal(p->offset, b->len);
	assert_int_equal(p->size, e->size[p->dir][slot]);
	if (p->at >= 0 && p->bytes.len) {
		const struct buf *wire = &e->script.wire[p->dir];
		assert_true((size_t)p->at + p->bytes.len <= wire->len);
		assert_memory_equal(wire->at + p->at, p->bytes.at, p->bytes.len);
		e->in_place++;
	}
	buf_add(b, p->bytes);
	if (!p->last)
		return;
	e->cut += p->cut;
	struct slice whole = buf_slice(b);
	buf_addf(&e->log, "%s %u %.*s%s%s%s %zu\n", p->dir == DIR_C2S ? "c2s" : "s2c", (unsigned)p->exchange, (int)p->method.len,
		 (const char *)p->method.at, p->encoding == ENCODING_PAYLOAD ? "" : "Envelope", p->reply ? " reply" : "",
		 p->failed ? " failed"
		 : p->cut  ? " cut"
			   : "",
		 whole.len);
	if (p->failed)
		return;
	assert_true(p->cut || whole.len == p->size);
	for (size_t i = 0; i < e->sent_count; i++) {
		struct sent *s = &e->sent[i];
		struct slice bytes = p->cut ? slice_head(buf_slice(&s->bytes), whole.len) : buf_slice(&s->bytes);
		if (s->dir != p->dir || s->stream != p->exchange || (s->got && !p->cut) || !slice_eq(bytes, whole))
			continue;
		s->got = s->got || !p->cut;
		s->time = p->time;
		return;
	}
	fail_msg("a message of %zu bytes was never sent", whole.len);
}

static inline void ear_news(void *user, const struct news *n)
{
	static const char *const names[NEWS_KINDS] = { "gap", "skipped", "overlong", "cut", "not ours", "note" };
	struct ear *e = user;
	buf_addf(&e->news, "%s %s %llu %s%s%.*s\n", n->dir == DIR_C2S ? "c2s" : "s2c", names[n->kind], (unsigned long long)n->bytes,
		 n->text ? n->text : "", n->detail.len ? ": " : "", (int)n->detail.len, (const char *)n->detail.at);
}

static inline struct ear *ear_new(void)
{
	struct ear *e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->limits = (struct stream_limits){ .message = 1 << 20, .head = 2048, .scan = 1 << 16 };
	e->sink = (struct sink){ e, ear_message, ear_news, recorder_closed, envelope_probe, envelope_sender };
	e->stream = (struct stream){ &e->conn, &e->sink, &e->limits, &e->counts };
	for (int d = 0; d < 2; d++)
		assert_int_equal(nghttp2_hd_deflate_new(&e->deflater[d], 4096), 0);
	return e;
}

/* Forgets what was heard, keeps what was sent. */
static inline void ear_again(struct ear *e)
{
	e->conn = (struct conn_info){ .start_seen = true };
	e->counts = (struct stream_counts){ 0 };
	e->cut = e->in_place = 0;
	buf_clear(&e->log);
	buf_clear(&e->news);
	for (size_t i = 0; i < e->sent_count; i++)
		e->sent[i].got = false;
	memset(e->open, 0, sizeof(e->open));
}

static inline void ear_free(struct ear *e)
{
	for (size_t i = 0; i < e->sent_count; i++)
		buf_release(&e->sent[i].bytes);
	for (int d = 0; d < 2; d++) {
		for (size_t i = 0; i < SLOTS; i++)
			buf_release(&e->under_way[d][i]);
		nghttp2_hd_deflate_del(e->deflater[d]);
	}
	buf_release(&e->log);
	buf_release(&e->news);
	script_release(&e->script);
	free(e);
}

static inline struct layer *ear_layer(struct ear *e, bool synced)
{
	const bool both[2] = { synced, synced };
	ear_again(e);
	return http2_new(&e->stream, both);
}

static inline void assert_all_got(const struct ear *e)
{
	for (size_t i = 0; i < e->sent_count; i++)
		if (!e->sent[i].got)
			fail_msg("message %zu of stream %u was not heard", i, (unsigned)e->sent[i].stream);
}

static inline void ear_play(struct ear *e, struct layer *l, size_t most, size_t cut)
{
	play(&e->script, l, most, cut);
	play_end(l);
}

/* Whole, byte by byte, cut at every position: always all messages, and the same news and order. */
static inline void play_every_way(struct ear *e)
{
	struct buf log = { 0 }, news = { 0 };
	ear_play(e, ear_layer(e, true), SIZE_MAX, 0);
	assert_all_got(e);
	buf_add(&log, buf_slice(&e->log));
	buf_add(&news, buf_slice(&e->news));
	size_t len = script_len(&e->script);
	for (size_t cut = 0; cut < len; cut++) {
		ear_play(e, ear_layer(e, true), cut ? SIZE_MAX : 1, cut);
		assert_string_equal(buf_cstr(&e->log), buf_cstr(&log));
		assert_string_equal(buf_cstr(&e->news), buf_cstr(&news));
	}
	buf_release(&log);
	buf_release(&news);
}

/* The client's preface and both SETTINGS. */
static inline void put_start(struct ear *e)
{
	static const uint8_t settings[] = { 0, 1, 0, 0, 0x10, 0, 0, 5, 0, 0, 0x40, 0 };
	put_bytes(e, DIR_C2S, slice_str(http2_preface()));
	put_frame(e, DIR_C2S, HTTP2_SETTINGS, 0, 0, slice_of(settings, sizeof(settings)));
	put_frame(e, DIR_S2C, HTTP2_SETTINGS, 0, 0, slice_of(settings, sizeof(settings)));
	put_frame(e, DIR_C2S, HTTP2_SETTINGS, HTTP2_ACK, 0, (struct slice){ NULL, 0 });
	put_frame(e, DIR_S2C, HTTP2_SETTINGS, HTTP2_ACK, 0, (struct slice){ NULL, 0 });
}

static inline void put_setup(struct ear *e, uint32_t stream)
{
	put_request(e, stream, "/openiap.FlowService/SetupStream");
	put_response(e, stream);
}

#endif
