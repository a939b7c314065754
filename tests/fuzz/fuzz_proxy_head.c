/* Heads of HTTP/1 requests rewritten: in pieces of any size the same comes out as in one; what is not rewritten is what came. */
#include "capture/proxy/head.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct proxy_address target = { .scheme = PROXY_WSS, .host = "app.openiap.io", .port = 443, .path = "/ws/v2" };

static void rewrite(struct slice in, size_t step, bool withhold, struct buf *out)
{
	struct http_head *h = http_head_new(&target, withhold);
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

/* What was rewritten comes out of a second time as it is. */
static void check_twice(struct slice out, bool withhold)
{
	struct buf again = { 0 };
	rewrite(out, out.len ? out.len : 1, withhold, &again);
	if (!slice_eq(out, buf_slice(&again)))
		abort();
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };
	struct slice in = slice_of(data, size);
	bool withhold = size && data[size - 1] & 1;
	rewrite(in, size ? size : 1, withhold, &whole);
	rewrite(in, size ? 1 + data[0] % 7 : 1, withhold, &pieces);
	if (!slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	check_twice(buf_slice(&whole), withhold);
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
