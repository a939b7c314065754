/* REST: which bodies become messages, with which bytes, place and exchange, however the stream is cut; and what a gap leaves. */
#include "capture/stream/rest.h"

#include "capture/stream/detect.h"
#include "capture/stream/gunzip.h"
#include "capture/stream/http1.h"
#include "tests/unit/stream_play.h"

#define POST "POST /api/v2 HTTP/1.1\r\nHost: openiap.example\r\nContent-Type: application/json\r\n"
#define NOOP "{\"command\":\"noop\"}"
#define REPLY "{\"command\":\"noop\",\"id\":\"juza7g6qy\"}"

enum { HEARD_MAX = 32 };

/* What the sink was handed, message by message. */
struct heard {
	struct {
		enum dir dir;
		uint32_t exchange;
		bool reply, cut, gap, after_gap, in_place;
		uint64_t size;
		struct buf text;
	} message[HEARD_MAX];
	size_t count;
};

struct talk {
	struct recorder r;
	struct script s;
	struct heard heard;
};

static void on_message(void *user, const struct piece *p)
{
	struct heard *h = &((struct talk *)user)->heard;
	const struct buf *wire = &((struct talk *)user)->s.wire[p->dir];
	assert_true(h->count < HEARD_MAX && p->first && p->last && p->encoding == ENCODING_JSON && p->offset == 0);
	assert_int_equal(p->conn->transport, TRANSPORT_REST);
	h->message[h->count].dir = p->dir;
	h->message[h->count].exchange = p->exchange;
	h->message[h->count].reply = p->reply;
	h->message[h->count].cut = p->cut;
	h->message[h->count].gap = p->gap;
	h->message[h->count].after_gap = p->after_gap;
	h->message[h->count].in_place = p->at >= 0;
	h->message[h->count].size = p->size;
	buf_add(&h->message[h->count++].text, p->bytes);
	if (p->at >= 0 && p->bytes.len)
		assert_memory_equal(wire->at + p->at, p->bytes.at, p->bytes.len);
}

static void on_news(void *user, const struct news *n)
{
	recorder_news(&((struct talk *)user)->r, n);
}

static void forget(struct talk *t)
{
	for (size_t i = 0; i < t->heard.count; i++)
		buf_release(&t->heard.message[i].text);
	t->heard = (struct heard){ .count = 0 };
	recorder_again(&t->r);
	t->r.conn.start_seen = true;
}

static void talk_init(struct talk *t)
{
	*t = (struct talk){ .s = { .count = 0 } };
	recorder_init(&t->r);
	t->r.sink.user = t;
	t->r.sink.message = on_message;
	t->r.sink.news = on_news;
	forget(t);
}

static void talk_release(struct talk *t)
{
	forget(t);
	recorder_release(&t->r);
	script_release(&t->s);
}

static void put(struct talk *t, enum dir dir, const char *text)
{
	script_add(&t->s, dir, slice_str(text));
}

static void put_body(struct talk *t, enum dir dir, const char *head, struct slice body)
{
	struct buf all = { 0 };
	buf_addf(&all, "%sContent-Length: %zu\r\n\r\n", head, body.len);
	buf_add(&all, body);
	script_add(&t->s, dir, buf_slice(&all));
	buf_release(&all);
}

static void play_all(struct talk *t, size_t most, size_t cut)
{
	forget(t);
	struct layer *l = detect_new(&t->r.stream, TRANSPORT_UNKNOWN, NULL);
	play(&t->s, l, most, cut);
	play_end(l);
}

struct expected {
	enum dir dir;
	uint32_t exchange;
	const char *text;
};

static void assert_heard(const struct talk *t, const struct expected *e, size_t count)
{
	assert_int_equal(t->heard.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(t->heard.message[i].dir, e[i].dir);
		assert_int_equal(t->heard.message[i].exchange, e[i].exchange);
		assert_int_equal(t->heard.message[i].reply, e[i].dir == DIR_S2C);
		assert_int_equal(t->heard.message[i].size, strlen(e[i].text));
		assert_false(t->heard.message[i].cut);
		assert_true(slice_is(buf_slice(&t->heard.message[i].text), e[i].text));
	}
}

/* Whole, byte by byte, cut at every position: the same messages and news. */
static void play_every_way(struct talk *t, const struct expected *e, size_t count, const char *news)
{
	for (size_t cut = 0; cut <= script_len(&t->s); cut++) {
		play_all(t, cut == 1 ? 1 : SIZE_MAX, cut == 1 ? 0 : cut);
		assert_heard(t, e, count);
		assert_string_equal(buf_cstr(&t->r.news), news);
	}
}

static void keep_alive(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str(REPLY));
	put_body(&t, DIR_C2S, POST, slice_str(" {\"command\":\"ping\",\"seq\":24,\"id\":\"45\"}"));
	put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str("pong, no JSON"));
	put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str(""));
	put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	put_body(&t, DIR_S2C, "HTTP/1.1 504 Oh\r\n", slice_str("<html>"));
	const struct expected e[] = {
		{ DIR_C2S, 1, NOOP }, { DIR_S2C, 1, REPLY }, { DIR_C2S, 2, " {\"command\":\"ping\",\"seq\":24,\"id\":\"45\"}" },
		{ DIR_C2S, 3, NOOP }, { DIR_C2S, 4, NOOP },
	};
	play_every_way(&t, e, 5,
		       "s2c note 0 a REST body that is no JSON object: no message\ns2c note 0 a REST body of no bytes: no message\n"
		       "s2c note 504 the request was answered with an HTTP status, and no message: 504\n");
	assert_int_equal(t.r.counts.no_message, 3);
	assert_int_equal(t.r.counts.not_ours, 0);
	play_all(&t, SIZE_MAX, 0);
	assert_true(t.heard.message[0].in_place && t.heard.message[1].in_place);
	talk_release(&t);
}

/* A proxy says so in the requests that it sends on. */
static void behind_a_proxy(void **state)
{
	(void)state;
	static const char *const head[] = { "X-Forwarded-Proto: https\r\n", "X-Forwarded-For: 192.0.2.1\r\n",
					    "forwarded: for=192.0.2.1\r\n", "Via: 1.1 a\r\n" };
	for (int i = 0; i < 4; i++) {
		struct talk t;
		struct buf start = { 0 };
		talk_init(&t);
		buf_addf(&start, POST "%s", head[i]);
		put_body(&t, DIR_C2S, buf_cstr(&start), slice_str(NOOP));
		play_all(&t, SIZE_MAX, 0);
		assert_int_equal(t.r.conn.shared, i > 0);
		talk_release(&t);
		buf_release(&start);
	}
}

/* All requests at once, other ones among them (a HEAD, whose answer has no body), then all answers. */
static void pipelined(void **state)
{
	(void)state;
	struct talk t;
	struct buf requests = { 0 }, answers = { 0 };
	talk_init(&t);
	for (int i = 0; i < 3; i++) {
		buf_add_str(&requests, POST "Content-Length: 18\r\n\r\n" NOOP "HEAD / HTTP/1.1\r\n\r\nGET /api/v2 HTTP/1.1\r\n\r\n");
		buf_add_str(&answers, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n" REPLY
				      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
	}
	script_add(&t.s, DIR_C2S, buf_slice(&requests));
	script_add(&t.s, DIR_S2C, buf_slice(&answers));
	const struct expected e[] = { { DIR_C2S, 1, NOOP },  { DIR_C2S, 4, NOOP },  { DIR_C2S, 7, NOOP },
				      { DIR_S2C, 1, REPLY }, { DIR_S2C, 4, REPLY }, { DIR_S2C, 7, REPLY } };
	play_every_way(&t, e, 6, "");
	assert_int_equal(t.r.counts.other_http, 6);
	buf_release(&requests);
	buf_release(&answers);
	talk_release(&t);
}

/* What has no body may say how long it would be (RFC 9110, section 8.6). */
static void no_body(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (int i = 0; i < 2; i++) {
		script_add(&t.s, DIR_C2S, slice_str("GET / HTTP/1.1\r\nIf-None-Match: x\r\n\r\n"));
		script_add(&t.s, DIR_S2C,
			   slice_str(i ? "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"
				       : "HTTP/1.1 204 No Content\r\nContent-Length: 100\r\n\r\n"));
		put_body(&t, DIR_C2S, POST, slice_str(NOOP));
		put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str(REPLY));
	}
	const struct expected e[] = { { DIR_C2S, 2, NOOP }, { DIR_S2C, 2, REPLY }, { DIR_C2S, 4, NOOP }, { DIR_S2C, 4, REPLY } };
	play_every_way(&t, e, 4, "c2s not ours 0 HTTP that is no WebSocket\n");
	talk_release(&t);
}

/* A chunk of the transfer coding for every three bytes. */
static void put_chunked(struct talk *t, enum dir dir, const char *head, struct slice body)
{
	struct buf all = { 0 };
	buf_addf(&all, "%sTransfer-Encoding: chunked\r\n\r\n", head);
	for (; body.len; body = slice_skip(body, 3)) {
		struct slice part = slice_head(body, 3);
		buf_addf(&all, "%zx;ext=1\r\n", part.len);
		buf_add(&all, part);
		buf_add_str(&all, "\r\n");
	}
	buf_add_str(&all, "0\r\nTrailer: x\r\n\r\n");
	script_add(&t->s, dir, buf_slice(&all));
	buf_release(&all);
}

/* Chunks count, whatever length the head says besides (RFC 9112, section 6.3); empty lines in front of a request do not (section 2.2); and a line may
 * end without its CR. */
static void written_otherwise(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, "\r\n\r\n");
	put_chunked(&t, DIR_C2S, POST "Content-Length: 3\r\n", slice_str(NOOP));
	put_chunked(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n", slice_str(REPLY));
	put(&t, DIR_C2S, "\r\nPOST /api/v2 HTTP/1.1\nContent-Length: 18\n\n" NOOP);
	put(&t, DIR_S2C, "HTTP/1.1 200 OK\nContent-Length: 35\n\n" REPLY);
	const struct expected e[] = { { DIR_C2S, 1, NOOP }, { DIR_S2C, 1, REPLY }, { DIR_C2S, 2, NOOP }, { DIR_S2C, 2, REPLY } };
	play_every_way(&t, e, 4,
		       "c2s note 0 a Content-Length beside chunks, which does not count (RFC 9112, section 6.3)\n"
		       "s2c note 0 a Content-Length beside chunks, which does not count (RFC 9112, section 6.3)\n");
	talk_release(&t);
}

/* window_bits as deflateInit2 has them: 31 gzip, 15 zlib, -15 bare. */
static void pack(struct buf *out, struct slice text, int window_bits)
{
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = text.len + 256;
	z.next_in = text.at;
	z.avail_in = (uInt)text.len;
	z.next_out = buf_reserve(out, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += room - z.avail_out;
	deflateEnd(&z);
}

static void coded(void **state)
{
	(void)state;
	static const struct {
		const char *coding;
		int bits;
	} codings[] = { { "Content-Encoding: gzip\r\n", 31 },
			{ "content-encoding: Deflate\r\n", 15 },
			{ "Content-Encoding: deflate\r\n", -15 } };
	for (size_t i = 0; i < 3; i++) {
		struct talk t;
		struct buf packed = { 0 }, head = { 0 };
		talk_init(&t);
		pack(&packed, slice_str(NOOP), codings[i].bits);
		buf_addf(&head, POST "%s", codings[i].coding);
		put_chunked(&t, DIR_C2S, buf_cstr(&head), buf_slice(&packed));
		put_chunked(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str(REPLY));
		put_body(&t, DIR_C2S, buf_cstr(&head), buf_slice(&packed));
		put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n", slice_str("{}"));
		const struct expected e[] = { { DIR_C2S, 1, NOOP }, { DIR_S2C, 1, REPLY }, { DIR_C2S, 2, NOOP } };
		play_every_way(&t, e, 3, "s2c skipped 0 a body in a content coding that is not read\n");
		assert_int_equal(t.r.counts.skipped, 2);
		buf_release(&packed);
		buf_release(&head);
		talk_release(&t);
	}
}

/* A gzip body that is none, one that inflates beyond the limit, one that breaks off, a plain one beyond the limit. */
static void coded_badly(void **state)
{
	(void)state;
	struct talk t;
	struct buf packed = { 0 }, large = { 0 };
	talk_init(&t);
	put_body(&t, DIR_C2S, POST "Content-Encoding: gzip\r\n", slice_of("\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff\xff", 13));
	play_all(&t, SIZE_MAX, 0);
	assert_true(recorder_heard(&t.r, "c2s skipped 0 a compressed body that can't be inflated"));
	talk_release(&t);
	talk_init(&t);
	buf_add_str(&large, "{\"command\":\"");
	for (unsigned i = 0; i < 100000; i++)
		buf_add_byte(&large, (uint8_t)('a' + i * i % 13));
	pack(&packed, buf_slice(&large), 31);
	t.r.limits.message = 70000;
	assert_true(packed.len < t.r.limits.message);
	put_body(&t, DIR_C2S, POST "Content-Encoding: gzip\r\n", buf_slice(&packed));
	put_body(&t, DIR_C2S, POST "Content-Encoding: gzip\r\n", slice_head(buf_slice(&packed), packed.len / 2));
	put_body(&t, DIR_C2S, POST, slice_head(buf_slice(&large), 70001));
	put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	play_all(&t, SIZE_MAX, 0);
	assert_int_equal(t.heard.count, 2);
	assert_true(t.heard.message[0].cut && t.heard.message[0].exchange == 2);
	assert_memory_equal(t.heard.message[0].text.at, large.at, t.heard.message[0].text.len);
	assert_int_equal(t.heard.message[1].exchange, 4);
	assert_int_equal(t.r.counts.overlong, 2);
	assert_true(recorder_heard(&t.r, "c2s overlong 70001"));
	assert_true(recorder_heard(&t.r, " a body that inflates beyond the limit"));
	buf_release(&packed);
	buf_release(&large);
	talk_release(&t);
}

/* Which request an answer is for is not known, but there are some. */
static void coded_and_joined(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n", slice_str("??"));
	forget(&t);
	t.r.conn.start_seen = false;
	struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, NULL);
	play(&t.s, l, SIZE_MAX, 0);
	play_end(l);
	assert_string_equal(buf_cstr(&t.r.news), "s2c skipped 0 a body in a content coding that is not read\n");
	assert_int_equal(t.r.counts.skipped, 2);
	talk_release(&t);
}

/* What is no HTTP between answers is told and counted, and the next one read. */
static void no_http_between(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	for (int i = 0; i < 2; i++) {
		put_body(&t, DIR_C2S, POST, slice_str(NOOP));
		put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str(REPLY));
		if (!i)
			put(&t, DIR_S2C, "HTP/1.1 200 OK, not quite\n");
	}
	play_all(&t, SIZE_MAX, 0);
	assert_int_equal(t.heard.count, 4);
	assert_string_equal(buf_cstr(&t.r.news), "s2c skipped 0 bytes that are no HTTP, where some was to come\n");
	assert_in_range(t.r.counts.skipped, 20, 26);
	talk_release(&t);
}

static void ends_with_connection(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put_body(&t, DIR_C2S, "POST /flow/api/v2/?x=1 HTTP/1.1\r\n", slice_str(NOOP));
	put(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" REPLY);
	const struct expected e[] = { { DIR_C2S, 1, NOOP }, { DIR_S2C, 1, REPLY } };
	play_every_way(&t, e, 2, "");
	talk_release(&t);
}

/* A body without a length lasts until the FIN. Where none came it is cut at every byte of it but the last: nobody wrote bad JSON. */
static void breaks_off(void **state)
{
	(void)state;
	for (size_t n = 1; n <= strlen(REPLY); n++) {
		struct talk t;
		talk_init(&t);
		put(&t, DIR_S2C, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		script_add(&t.s, DIR_S2C, slice_of(REPLY, n));
		put_body(&t, DIR_C2S, POST, slice_str(NOOP));
		struct layer *l = http1_new(&t.r.stream);
		t.r.conn.broke_off[DIR_S2C] = true;
		play_bytes(&t.s, l, DIR_C2S, 0, t.s.wire[DIR_C2S].len);
		play_bytes(&t.s, l, DIR_S2C, 0, t.s.wire[DIR_S2C].len);
		play_end(l);
		assert_int_equal(t.heard.count, 2);
		assert_true(t.heard.message[1].cut == (n < strlen(REPLY)) && !t.heard.message[1].gap);
		assert_int_equal(t.r.counts.cut, n < strlen(REPLY));
		assert_true(slice_eq(buf_slice(&t.heard.message[1].text), slice_of(REPLY, n)));
		talk_release(&t);
	}
}

/* The connection ends inside a body, at every byte of it. */
static void cut_by_end(void **state)
{
	(void)state;
	static const char head[] = POST "Content-Length: 18\r\n\r\n";
	for (size_t n = 0; n < strlen(NOOP); n++) {
		struct talk t;
		talk_init(&t);
		put(&t, DIR_C2S, head);
		script_add(&t.s, DIR_C2S, slice_of(NOOP, n));
		play_all(&t, SIZE_MAX, 0);
		assert_int_equal(t.heard.count, n > 0);
		assert_int_equal(t.r.counts.cut, 1);
		if (n) {
			assert_true(t.heard.message[0].cut && !t.heard.message[0].gap);
			assert_int_equal(t.heard.message[0].size, strlen(NOOP));
			assert_true(slice_eq(buf_slice(&t.heard.message[0].text), slice_of(NOOP, n)));
		} else {
			assert_string_equal(buf_cstr(&t.r.news), "c2s cut 18 \n");
		}
		talk_release(&t);
	}
}

/* Plays bytes of a direction in chunks of `step`; 0: a chunk for each request of that size. */
static void play_chunks(struct talk *t, struct layer *l, size_t from, size_t one, size_t step)
{
	for (size_t to; from < t->s.wire[0].len; from = to) {
		to = step ? from + step : (from / one + 1) * one;
		to = to < t->s.wire[0].len ? to : t->s.wire[0].len;
		play_bytes(&t->s, l, DIR_C2S, from, to);
	}
}

/* A gap of one to three bytes everywhere in three requests, behind which chunks begin with a head, or anywhere. No message is made
 * up, a gap inside a body cuts that one alone, and the requests behind the gap are all there. */
static void check_gaps(size_t step)
{
	struct talk t;
	talk_init(&t);
	for (int i = 0; i < 3; i++)
		put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	size_t one = t.s.wire[0].len / 3, head = one - strlen(NOOP);
	for (size_t at = 1; at < one - 1; at++) {
		for (size_t n = 1; n <= 3 && at + n <= one; n++) {
			forget(&t);
			struct layer *l = http1_new(&t.r.stream);
			play_bytes(&t.s, l, DIR_C2S, 0, at);
			layer_gap(l, DIR_C2S, n, 1);
			play_chunks(&t, l, at + n, one, step);
			play_end(l);
			bool in_body = at >= head;
			size_t cut = in_body && at > head;
			assert_int_equal(t.heard.count, 2 + cut);
			if (cut)
				assert_true(t.heard.message[0].cut && t.heard.message[0].gap && t.heard.message[0].text.len == at - head);
			assert_true(slice_is(buf_slice(&t.heard.message[cut].text), NOOP) && t.heard.message[cut].after_gap);
			assert_int_equal(t.heard.message[cut].exchange, in_body ? 2 : 0);
			assert_false(t.heard.message[cut + 1].after_gap);
		}
	}
	talk_release(&t);
}

static void gap_anywhere(void **state)
{
	(void)state;
	const size_t steps[] = { 0, 1, 2, 7, 8, 9, 50, SIZE_MAX / 2 };
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		check_gaps(steps[i]);
}

static void check_search(enum dir dir, const char *text, uint8_t before, enum find_status status, size_t offset)
{
	struct find f = http1_find(slice_str(text), dir, before);
	assert_int_equal(f.status, status);
	assert_int_equal(f.offset, offset);
}

static void search(void **state)
{
	(void)state;
	check_search(DIR_S2C, "1,2]}HTTP/1.1 200 OK", 'x', FIND_FOUND, 5);
	check_search(DIR_S2C, "HTTP/1.1 200 OK", 0, FIND_FOUND, 0);
	check_search(DIR_S2C, "HTTP/1.1 200 OK", ',', FIND_NONE, 15);
	check_search(DIR_S2C, "says HTTP/1.1 404 Not Found\"}", 'x', FIND_NONE, 29);
	check_search(DIR_S2C, "0\r\n\r\nHTTP/1.1 20", 'x', FIND_MORE, 5);
	check_search(DIR_S2C, "}HTTP/2", 'x', FIND_NONE, 7);
	check_search(DIR_C2S, "}}POST /api/v2 HTTP/1.1\r\n", 'x', FIND_FOUND, 2);
	check_search(DIR_C2S, "}}POST /api/v2 HTTP/1.1\n", 'x', FIND_FOUND, 2);
	check_search(DIR_C2S, "}}POST /api/v2 HTTP/1.", 'x', FIND_MORE, 2);
	check_search(DIR_C2S, "}}POST /other HTTP/1.1\r\n", 'x', FIND_NONE, 24);
	check_search(DIR_C2S, "}}POS", 'x', FIND_MORE, 2);
	check_search(DIR_C2S, "}}PUT", 'x', FIND_NONE, 5);
	char line[1100] = "POST /";
	memset(line + 6, 'x', 1017);
	check_search(DIR_C2S, line, 0, FIND_MORE, 0);
	line[1023] = 'x';
	check_search(DIR_C2S, line, 0, FIND_NONE, 1024);
}

/* A connection joined in a body: the next chunk that begins with a head is where it is read. Responses are told by their bodies. */
static void joined(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put(&t, DIR_C2S, "1,2,3,4]}}}");
	put(&t, DIR_S2C, "ers\":[1,2,3]}");
	put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str(REPLY));
	put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str("{\"other\":1}"));
	put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	forget(&t);
	t.r.conn.start_seen = false;
	struct layer *l = detect_new(&t.r.stream, TRANSPORT_UNKNOWN, NULL);
	play(&t.s, l, SIZE_MAX, 0);
	play_end(l);
	const struct expected e[] = { { DIR_S2C, 0, REPLY }, { DIR_C2S, 0, NOOP } };
	assert_heard(&t, e, 2);
	assert_int_equal(t.r.counts.not_ours, 0);
	talk_release(&t);
}

/* A response that the capture shows before its request still has its number. */
static void answer_first(void **state)
{
	(void)state;
	struct talk t;
	talk_init(&t);
	put_body(&t, DIR_S2C, "HTTP/1.1 200 OK\r\n", slice_str(REPLY));
	put_body(&t, DIR_C2S, POST, slice_str(NOOP));
	struct layer *l = http1_new(&t.r.stream);
	play(&t.s, l, SIZE_MAX, 0);
	play_end(l);
	const struct expected e[] = { { DIR_S2C, 1, REPLY }, { DIR_C2S, 1, NOOP } };
	assert_heard(&t, e, 2);
	talk_release(&t);
}

static void targets(void **state)
{
	(void)state;
	assert_true(rest_target(slice_str("/api/v2")));
	assert_true(rest_target(slice_str("/api/v2/")));
	assert_true(rest_target(slice_str("http://h:80/x/api/v2?a=/b")));
	assert_false(rest_target(slice_str("/api/v1")));
	assert_false(rest_target(slice_str("/api/v2/query")));
	assert_false(rest_target(slice_str("")));
	assert_true(http1_asks_rest(slice_str(POST)));
	assert_false(http1_asks_rest(slice_str("POST /api/v2")));
	assert_false(http1_asks_rest(slice_str("GET /api/v2 HTTP/1.1")));
	assert_true(http1_answers(slice_str("HTTP/1.1 200 OK")));
	assert_false(http1_answers(slice_str("HTTP/1.1")));
}

/* Two members one behind the other are one text; the result is bounded to the byte. */
static void gunzip_members(void **state)
{
	(void)state;
	struct buf packed = { 0 }, out = { 0 };
	pack(&packed, slice_str("first "), 31);
	size_t one = packed.len;
	pack(&packed, slice_str("second"), 31);
	assert_int_equal(gunzip(buf_slice(&packed), 100, &out), GUNZIP_WHOLE);
	assert_string_equal(buf_cstr(&out), "first second");
	for (size_t most = 0; most < 12; most++) {
		buf_clear(&out);
		assert_int_equal(gunzip(buf_slice(&packed), most, &out), GUNZIP_OVERLONG);
		assert_int_equal(out.len, most);
	}
	for (size_t n = 0; n < packed.len; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		memcpy(copy, packed.at, n);
		buf_clear(&out);
		enum gunzip how = gunzip(slice_of(copy, n), 100, &out);
		assert_int_equal(how, n == one || n == one + 1 ? GUNZIP_WHOLE : GUNZIP_CUT);
		free(copy);
	}
	buf_release(&packed);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keep_alive),
		cmocka_unit_test(behind_a_proxy),
		cmocka_unit_test(pipelined),
		cmocka_unit_test(no_body),
		cmocka_unit_test(written_otherwise),
		cmocka_unit_test(coded),
		cmocka_unit_test(coded_badly),
		cmocka_unit_test(coded_and_joined),
		cmocka_unit_test(no_http_between),
		cmocka_unit_test(ends_with_connection),
		cmocka_unit_test(breaks_off),
		cmocka_unit_test(cut_by_end),
		cmocka_unit_test(gap_anywhere),
		cmocka_unit_test(search),
		cmocka_unit_test(joined),
		cmocka_unit_test(answer_first),
		cmocka_unit_test(targets),
		cmocka_unit_test(gunzip_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
