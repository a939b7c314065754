/* The heads of HTTP/1 requests, rewritten: whole, byte by byte, cut at every place. */
#include "capture/proxy/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct proxy_address target = { .scheme = PROXY_WSS, .host = "app.openiap.io", .port = 443, .path = "/ws/v2" };

struct run {
	struct http_head *head;
	struct buf out;
	bool over;
};

/* Each piece in a heap block of its own size. */
static void feed(struct run *r, struct slice in)
{
	uint8_t *block = malloc(in.len ? in.len : 1);
	assert_non_null(block);
	if (in.len)
		memcpy(block, in.at, in.len);
	if (r->over)
		buf_add(&r->out, in);
	else
		r->over = !http_head_feed(r->head, slice_of(block, in.len), &r->out);
	free(block);
}

static void finish(struct run *r, struct slice expected)
{
	http_head_end(r->head, &r->out);
	if (!slice_eq(buf_slice(&r->out), expected))
		fail_msg("got <%s>\nnot <%.*s>", buf_cstr(&r->out), (int)expected.len, (const char *)expected.at);
	http_head_free(r->head);
	buf_release(&r->out);
}

static void assert_rewritten_bytes(struct slice in, struct slice expected)
{
	for (size_t cut = 0; cut <= in.len; cut++) {
		struct run r = { .head = http_head_new(&target) };
		feed(&r, slice_head(in, cut));
		feed(&r, slice_skip(in, cut));
		finish(&r, expected);
	}
	struct run r = { .head = http_head_new(&target) };
	for (size_t i = 0; i < in.len; i++)
		feed(&r, slice_of(in.at + i, 1));
	finish(&r, expected);
}

static void assert_rewritten(const char *in, const char *expected)
{
	assert_rewritten_bytes(slice_str(in), slice_str(expected));
}

static void upgrade(void **state)
{
	(void)state;
	assert_rewritten("GET /ws/v2?a=b HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nUpgrade: websocket\r\nORIGIN:http://x.y:1 \r\n"
			 "Connection: Upgrade\r\nSec-WebSocket-Protocol: a, b\r\n\r\n\x82\x85GET /Host: a",
			 "GET /ws/v2?a=b HTTP/1.1\r\nHost: app.openiap.io\r\nUpgrade: websocket\r\nORIGIN:https://app.openiap.io\r\n"
			 "Connection: Upgrade\r\nSec-WebSocket-Protocol: a, b\r\n\r\n\x82\x85GET /Host: a");
}

static void path(void **state)
{
	(void)state;
	assert_rewritten("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET // HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nHosts: a\r\nhos: t\r\n\r\nOPTIONS * HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n",
			 "GET /ws/v2 HTTP/1.1\r\nHost: app.openiap.io\r\n\r\nGET // HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nHosts: a\r\nhos: t\r\n\r\n"
			 "OPTIONS * HTTP/1.1\r\n\r\nGET /ws/v2 HTTP/1.0\r\n\r\n");
}

/* Bodies are passed over, and the head behind them is found. */
static void bodies(void **state)
{
	(void)state;
	assert_rewritten("POST /api/v2 HTTP/1.1\r\nContent-Length: 9\r\nHost:a\r\n\r\nHost: b\r\nPOST /x HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "8\r\nHost: d\n\r\n0\r\n\r\nGET /y HTTP/1.1\r\nHost: e\r\n\r\n",
			 "POST /api/v2 HTTP/1.1\r\nContent-Length: 9\r\nHost:app.openiap.io\r\n\r\nHost: b\r\nPOST /x HTTP/1.1\r\nHost: app.openiap.io\r\n"
			 "Transfer-Encoding: chunked\r\n\r\n8\r\nHost: d\n\r\n0\r\n\r\nGET /y HTTP/1.1\r\nHost: app.openiap.io\r\n\r\n");
}

/* An upgrade that was refused: the next request is rewritten, too. */
static void refused(void **state)
{
	(void)state;
	assert_rewritten("GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
			 "GET /a HTTP/1.1\r\nHost: app.openiap.io\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nGET /b HTTP/1.1\r\nHost: app.openiap.io\r\n\r\n");
}

/* What is no HTTP passes as it is. */
static void malformed(void **state)
{
	static const char *const texts[] = {
		"", "/", "G", "GET", "GET ", "GET /", "\r\n\r\n", "Host: a\r\n\r\n", "GET /a FTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\x02",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nHost: a", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHo\x01st: a\r\n\r\n",
		"POST /a HTTP/1.1\r\nContent-Length: x\r\nHost: a\r\n\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_rewritten(texts[i], texts[i]);
}

/* A head of any length streams through; http-parser refuses it in the end, and then it is not rewritten any more. */
static void endless(void **state)
{
	struct run r = { .head = http_head_new(&target) };
	struct buf in = { 0 };
	(void)state;
	feed(&r, slice_str("GET /a HTTP/1.1\r\nHost: a\r\n"));
	for (int i = 0; i < 20000 && !r.over; i++)
		buf_add_str(&in, "X-Long: abcdefghijklmnopqrstuvwxyz\r\n");
	buf_add_str(&in, "Host: a\r\n\r\n");
	for (size_t at = 0; at < in.len; at += 1000)
		feed(&r, slice_head(slice_skip(buf_slice(&in), at), 1000));
	assert_true(r.over);
	assert_true(slice_starts(buf_slice(&r.out), "GET /a HTTP/1.1\r\nHost: app.openiap.io\r\nX-Long: "));
	assert_int_equal(r.out.len, in.len + strlen("GET /a HTTP/1.1\r\nHost: app.openiap.io\r\n"));
	buf_release(&in);
	buf_release(&r.out);
	http_head_free(r.head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrade), cmocka_unit_test(path), cmocka_unit_test(bodies),
		cmocka_unit_test(refused), cmocka_unit_test(malformed), cmocka_unit_test(endless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
