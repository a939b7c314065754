/* The headers of HTTP/2 requests, rewritten: read back with an inflater of their own, cut everywhere. */
#include "tests/unit/http2_play.h"

#include "capture/proxy/authority.h"
#include "capture/proxy/unit.h"
#include "capture/stream/hpack.h"

static const struct proxy_address target = { .scheme = PROXY_GRPCS, .host = "app.openiap.io", .port = 443 };

struct reader {
	struct hpack *hpack;
	struct buf text;
};

static void add_field(void *user, struct slice name, struct slice value)
{
	struct reader *r = user;
	buf_add(&r->text, name);
	buf_add_str(&r->text, "=");
	buf_add(&r->text, value);
	buf_add_str(&r->text, "\n");
}

/* Frames as a text: a line a field, a line for any other frame. */
static void describe(struct slice in, struct buf *out)
{
	struct reader r = { .hpack = hpack_new() };
	struct unit u;
	assert_true(slice_starts(in, http2_preface()));
	for (in = slice_skip(in, HTTP2_PREFACE); in.len; in = slice_skip(in, u.bytes.len)) {
		struct slice priority;
		struct buf block = { 0 };
		assert_int_equal(unit_read(in, 1 << 20, &u), UNIT_WHOLE);
		buf_addf(&r.text, "frame %u, stream %u, flags %u\n", u.first.type, u.first.stream,
			 u.first.flags & ~(HTTP2_END_HEADERS | HTTP2_PADDED));
		if (u.first.type == HTTP2_HEADERS) {
			assert_true(unit_block(&u, &priority, &block));
			buf_add(&r.text, priority);
			assert_true(hpack_read(r.hpack, buf_slice(&block), add_field, &r));
		}
		buf_release(&block);
	}
	buf_add(out, buf_slice(&r.text));
	buf_release(&r.text);
	hpack_free(r.hpack);
}

static void rewrite(struct slice in, size_t step, struct buf *out)
{
	struct authority *a = authority_new(&target);
	bool more = true;
	for (size_t at = 0; at < in.len; at += step) {
		struct slice piece = slice_head(slice_skip(in, at), step);
		if (more)
			more = authority_feed(a, piece, out);
		else
			buf_add(out, piece);
	}
	assert_null(authority_fault(a));
	authority_end(a, out);
	authority_free(a);
}

static void add_block(struct buf *out, nghttp2_hd_deflater *d, uint8_t flags, uint32_t stream, const char *authority, const char *more)
{
	const char *fields[] = {
		":method", "POST", ":scheme", "http", ":path", "/a", ":authority", authority, "authorization", more, NULL
	};
	struct ear e = { .deflater = { d } };
	struct buf block = { 0 };
	if (flags & HTTP2_WITH_PRIORITY)
		buf_add(&block, slice_str("prior"));
	block_add(&e, DIR_C2S, &block, authority ? fields : fields + 8);
	size_t first = block.len > 100 ? 30 : block.len;
	frame_add(out, HTTP2_HEADERS, first < block.len ? flags : flags | HTTP2_END_HEADERS, stream, slice_head(buf_slice(&block), first));
	if (first < block.len)
		frame_add(out, HTTP2_CONTINUATION, HTTP2_END_HEADERS, stream, slice_skip(buf_slice(&block), first));
	buf_release(&block);
}

static void conversation(struct buf *out, const char *first)
{
	nghttp2_hd_deflater *d;
	assert_int_equal(nghttp2_hd_deflate_new(&d, 4096), 0);
	buf_add_str(out, http2_preface());
	frame_add(out, HTTP2_SETTINGS, 0, 0, slice_of(NULL, 0));
	add_block(
		out, d, HTTP2_WITH_PRIORITY, 1, first,
		"0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ ~!@#$%^&*()_+{}|:<>?0123456789 abcdefghijklmnopqrstuvwxyz");
	frame_add(out, HTTP2_DATA, 0, 1, slice_str("some data"));
	add_block(out, d, 0, 3, first, "x");
	add_block(out, d, 0, 5, "b:1", "x");
	add_block(out, d, HTTP2_END_STREAM, 1, NULL, "trailer");
	frame_add(out, HTTP2_DATA, HTTP2_END_STREAM, 3, slice_of(NULL, 0));
	nghttp2_hd_deflate_del(d);
}

/* What comes out reads as what went in, but for the names, in pieces of every size. */
static void rewritten(void **state)
{
	struct buf in = { 0 }, expected = { 0 }, text = { 0 };
	(void)state;
	conversation(&in, "127.0.0.1:9000");
	describe(buf_slice(&in), &text);
	char *from = (char *)(uintptr_t)buf_cstr(&text), *at;
	for (; (at = strstr(from, ":authority=")) || (at = strstr(from, ":scheme=http\n")); from = strchr(at, '\n')) {
		char *scheme = strstr(from, ":scheme=http\n");
		at = scheme && scheme < at ? scheme : at;
		buf_add(&expected, slice_of(from, (size_t)(at - from)));
		buf_add_str(&expected, at == scheme ? ":scheme=https" : ":authority=app.openiap.io");
	}
	buf_add_str(&expected, from);
	assert_non_null(strstr(buf_cstr(&text), ":authority=127.0.0.1:9000\n"));
	for (size_t step = 1; step <= in.len; step++) {
		struct buf out = { 0 };
		rewrite(buf_slice(&in), step, &out);
		buf_clear(&text);
		describe(buf_slice(&out), &text);
		assert_string_equal(buf_cstr(&text), buf_cstr(&expected));
		buf_release(&out);
	}
	buf_release(&in);
	buf_release(&expected);
	buf_release(&text);
}

static void assert_untouched(struct slice in, const struct proxy_address *to)
{
	for (size_t step = 1; step <= in.len; step++) {
		struct authority *a = authority_new(to);
		struct buf out = { 0 };
		bool more = true;
		for (size_t at = 0; at < in.len; at += step) {
			struct slice piece = slice_head(slice_skip(in, at), step);
			if (more)
				more = authority_feed(a, piece, &out);
			else
				buf_add(&out, piece);
		}
		authority_end(a, &out);
		assert_null(authority_fault(a));
		assert_true(slice_eq(buf_slice(&out), in));
		buf_release(&out);
		authority_free(a);
	}
}

/* A client that names the target already, and what is no HTTP/2, pass as they come. */
static void untouched(void **state)
{
	static const struct proxy_address plain = { .scheme = PROXY_GRPC, .host = "app.openiap.io", .port = 50051 };
	struct buf in = { 0 };
	(void)state;
	conversation(&in, "app.openiap.io:50051");
	assert_untouched(buf_slice(&in), &plain);
	buf_clear(&in);
	buf_add_str(&in, http2_preface());
	frame_add(&in, HTTP2_HEADERS, HTTP2_END_HEADERS, 1, slice_str("\xff\xff\xff\xff\xff\xff"));
	frame_add(&in, HTTP2_CONTINUATION, 0, 1, slice_str("x"));
	assert_untouched(buf_slice(&in), &target);
	assert_untouched(slice_str("GET / HTTP/1.1\r\n\r\n"), &target);
	assert_untouched(slice_str("PRI * HTTP/1.0\r\n\r\n"), &target);
	assert_untouched(slice_str("PRI"), &target);
	buf_release(&in);
}

/* What can't be read once blocks were made anew ends it. */
static void faults(void **state)
{
	struct buf in = { 0 }, out = { 0 };
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct authority *a = authority_new(&target);
		buf_clear(&in);
		conversation(&in, "a:1");
		assert_true(authority_feed(a, buf_slice(&in), &out));
		buf_clear(&in);
		frame_add(&in, i ? HTTP2_CONTINUATION : HTTP2_HEADERS, HTTP2_END_HEADERS, 7, slice_str("\xff\xff\xff\xff\xff\xff"));
		size_t had = out.len;
		assert_false(authority_feed(a, buf_slice(&in), &out));
		assert_non_null(authority_fault(a));
		assert_int_equal(out.len, had);
		authority_free(a);
	}
	buf_release(&in);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rewritten), cmocka_unit_test(untouched), cmocka_unit_test(faults) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
