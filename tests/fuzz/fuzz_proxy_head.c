/* Heads of HTTP/1 requests rewritten: in pieces of any size the same comes out as in one. If a byte is refused, that is so for those in front of
 * it (whether the value that it breaks is replaced depends on the pieces), and all from it on comes out as it is. */
#include "capture/proxy/head.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct proxy_address target = { .scheme = PROXY_WSS, .host = "app.openiap.io", .port = 443, .path = "/ws/v2" };

static void rewrite(struct slice in, size_t step, struct buf *out)
{
	struct http_head *h = http_head_new(&target);
	bool more = true;
	for (; in.len; in = slice_skip(in, step)) {
		struct slice piece = slice_head(in, step);
		uint8_t *block = malloc(piece.len);
		if (!block)
			abort();
		memcpy(block, piece.at, piece.len);
		if (more)
			more = http_head_feed(h, slice_of(block, piece.len), out);
		else
			buf_add(out, piece);
		free(block);
	}
	http_head_end(h, out);
	http_head_free(h);
}

/* How many bytes come before the one that is refused; all, if none is. */
static size_t accepted(struct slice in)
{
	struct http_head *h = http_head_new(&target);
	struct buf out = { 0 };
	size_t n = 0;
	while (n < in.len && http_head_feed(h, slice_of(in.at + n, 1), &out))
		n++;
	http_head_free(h);
	buf_release(&out);
	return n;
}

static void check_end(struct buf *out, struct slice end)
{
	if (out->len < end.len || (end.len && memcmp(out->at + out->len - end.len, end.at, end.len) != 0))
		abort();
	buf_release(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };
	struct slice in = slice_of(data, size);
	size_t step = size ? 1 + data[0] % 7 : 1, good = accepted(in);
	rewrite(slice_head(in, good), size ? size : 1, &whole);
	rewrite(slice_head(in, good), step, &pieces);
	if (!slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	buf_clear(&whole);
	buf_clear(&pieces);
	rewrite(in, size ? size : 1, &whole);
	rewrite(in, step, &pieces);
	check_end(&whole, slice_skip(in, good));
	check_end(&pieces, slice_skip(in, good));
	return 0;
}
