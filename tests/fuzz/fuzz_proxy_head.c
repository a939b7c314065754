/* Heads of HTTP/1 requests rewritten: in pieces of any size the same comes out as in one, and nothing but values that are replaced is lost. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };
	struct slice in = slice_of(data, size);
	size_t step = size ? 1 + data[0] % 7 : 1;
	rewrite(in, size ? size : 1, &whole);
	rewrite(in, step, &pieces);
	if (!slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
