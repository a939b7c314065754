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
		struct run r = { .head = http_head_new(&target, false) };
		feed(&r, slice_head(in, cut));
		feed(&r, slice_skip(in, cut));
		finish(&r, expected);
	}
	struct run r = { .head = http_head_new(&target, false) };
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
	assert_rewritten(
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET // HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nHosts: a\r\nhos: t\r\n\r\nOPTIONS * HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"GET /ws/v2 HTTP/1.1\r\nHost: app.openiap.io\r\n\r\nGET // HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nHosts: a\r\nhos: t\r\n\r\n"
		"OPTIONS * HTTP/1.1\r\n\r\nGET /ws/v2 HTTP/1.0\r\n\r\n");
}

/* A whole URL is for a proxy of HTTP, which the target may be; what is behind a CONNECT is for another server. */
static void to_a_proxy(void **state)
{
	(void)state;
	assert_rewritten(
		"GET http://a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\nCONNECT a.b:80 HTTP/1.1\r\nHost: a.b\r\n\r\nGET / HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET http://a.b/ HTTP/1.1\r\nHost: app.openiap.io\r\n\r\nCONNECT a.b:80 HTTP/1.1\r\nHost: app.openiap.io\r\n\r\n"
		"GET / HTTP/1.1\r\nHost: a.b\r\n\r\n");
}

/* Bodies are passed over, and the head behind them is found. */
static void bodies(void **state)
{
	(void)state;
	assert_rewritten(
		"POST /api/v2 HTTP/1.1\r\nContent-Length: 9\r\nHost:a\r\n\r\nHost: b\r\nPOST /x HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n"
		"8\r\nHost: d\n\r\n0\r\n\r\nGET /y HTTP/1.1\r\nHost: e\r\n\r\n",
		"POST /api/v2 HTTP/1.1\r\nContent-Length: 9\r\nHost:app.openiap.io\r\n\r\nHost: b\r\nPOST /x HTTP/1.1\r\nHost: app.openiap.io\r\n"
		"Transfer-Encoding: chunked\r\n\r\n8\r\nHost: d\n\r\n0\r\n\r\nGET /y HTTP/1.1\r\nHost: app.openiap.io\r\n\r\n");
}

/* An empty value, and one that is folded. */
static void odd_values(void **state)
{
	(void)state;
	assert_rewritten("GET /a HTTP/1.1\r\nHost:\r\nX: y\r\n\r\n", "GET /a HTTP/1.1\r\nHost:app.openiap.io\r\nX: y\r\n\r\n");
	assert_rewritten("GET /a HTTP/1.1\r\nX: y\r\nHost: \r\n\r\n", "GET /a HTTP/1.1\r\nX: y\r\nHost: app.openiap.io\r\n\r\n");
	assert_rewritten("GET /a HTTP/1.1\r\nHost: x\r\n folded\r\n\t more \r\nX: y\r\n\r\n",
			 "GET /a HTTP/1.1\r\nHost: app.openiap.io\r\nX: y\r\n\r\n");
	assert_rewritten("GET /a HTTP/1.1\nHost:\n x\n \nX: y\n\n", "GET /a HTTP/1.1\nHost:\n app.openiap.io\nX: y\n\n");
	assert_rewritten("GET /a HTTP/1.1\nOrigin:\n\n", "GET /a HTTP/1.1\nOrigin:https://app.openiap.io\n\n");
}

/* An upgrade that was refused: the next request is rewritten, too. */
static void refused(void **state)
{
	(void)state;
	assert_rewritten(
		"GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /a HTTP/1.1\r\nHost: app.openiap.io\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nGET /b HTTP/1.1\r\nHost: app.openiap.io\r\n\r\n");
}

/* What is no HTTP passes as it is. */
static void malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"G",
		"GET",
		"GET ",
		"GET /",
		"\r\n\r\n",
		"Host: a\r\n\r\n",
		"GET /a FTP/1.1\r\nHost: a\r\n\r\n",
		"\x16\x03\x01\x02",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nHost: a",
		"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /a HTTP/1.1\r\nHo\x01st: a\r\n\r\n",
		"POST /a HTTP/1.1\r\nContent-Length: x\r\nHost: a\r\n\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_rewritten(texts[i], texts[i]);
}

/* A head that is too long passes as it is; so does all behind it, and little of it is held back. */
static void endless(void **state)
{
	struct run r = { .head = http_head_new(&target, false) };
	struct buf in = { 0 };
	(void)state;
	buf_add_str(&in, "GET /a HTTP/1.1\r\nHost: a\r\n");
	while (in.len < 3 * HTTP_HEAD_MAX)
		buf_add_str(&in, "X-Long: abcdefghijklmnopqrstuvwxyz\r\n");
	buf_add_str(&in, "\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
	for (size_t at = 0; at < in.len; at += 1000) {
		feed(&r, slice_head(slice_skip(buf_slice(&in), at), 1000));
		assert_true(at - (r.out.len < at ? r.out.len : at) <= HTTP_HEAD_MAX);
	}
	assert_true(r.over);
	finish(&r, buf_slice(&in));
	buf_release(&in);
}

/* One of the greatest length that is allowed is rewritten. */
static void longest(void **state)
{
	struct buf in = { 0 }, expected = { 0 };
	(void)state;
	buf_add_str(&in, "GET /a HTTP/1.1\r\nHost: a\r\nX: ");
	while (in.len < HTTP_HEAD_MAX - 4)
		buf_add_byte(&in, 'x');
	buf_add_str(&in, "\r\n\r\n");
	buf_add_str(&expected, "GET /a HTTP/1.1\r\nHost: app.openiap.io");
	buf_add(&expected, slice_skip(buf_slice(&in), strlen("GET /a HTTP/1.1\r\nHost: a")));
	for (size_t step = 1000; step <= in.len; step *= 3) {
		struct run r = { .head = http_head_new(&target, false) };
		for (size_t at = 0; at < in.len; at += step)
			feed(&r, slice_head(slice_skip(buf_slice(&in), at), step));
		assert_false(r.over);
		finish(&r, buf_slice(&expected));
	}
	buf_release(&in);
	buf_release(&expected);
}

/* What could still be the method of a request is held back; what is too long for one passes at once. */
static void method(void **state)
{
	static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG";
	(void)state;
	for (size_t n = 32; n <= 33; n++) {
		struct run r = { .head = http_head_new(&target, false) };
		feed(&r, slice_of(name, n));
		assert_int_equal(r.over, n == 33);
		assert_int_equal(r.out.len, n == 33 ? n : 0);
		finish(&r, slice_of(name, n));
	}
}

/* Where messages are to be changed, no compression is offered; all else of the head stays. */
static void withheld(void **state)
{
	static const char *const texts[][2] = {
		{ "GET /a HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\nHost: a\r\n\r\n",
		  "GET /a HTTP/1.1\r\nHost: app.openiap.io\r\n\r\n" },
		{ "GET /a HTTP/1.1\r\nX: y\r\nsec-websocket-extensions: a; b,\r\n c\r\n\r\n", "GET /a HTTP/1.1\r\nX: y\r\n\r\n" },
		{ "GET /a HTTP/1.1\nSec-WebSocket-Extensions:\nX: y\n\n", "GET /a HTTP/1.1\nX: y\n\n" },
		{ "GET /a HTTP/1.1\r\nSec-WebSocket-Extension: a\r\nSec-WebSocket-Version: 13\r\n\r\n",
		  "GET /a HTTP/1.1\r\nSec-WebSocket-Extension: a\r\nSec-WebSocket-Version: 13\r\n\r\n" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct run r = { .head = http_head_new(&target, true) };
		feed(&r, slice_str(texts[i][0]));
		finish(&r, slice_str(texts[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrade), cmocka_unit_test(path),       cmocka_unit_test(to_a_proxy), cmocka_unit_test(bodies),
		cmocka_unit_test(refused), cmocka_unit_test(malformed),  cmocka_unit_test(endless),    cmocka_unit_test(longest),
		cmocka_unit_test(method),  cmocka_unit_test(odd_values), cmocka_unit_test(withheld),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
