/*
 * Headers of HTTP/2 requests rewritten: in pieces of any size the same comes out as in one; read back, it is what came but for the names; what was
 * rewritten comes out of a second time as it is. The first byte says how large the pieces are.
 */
#include "capture/proxy/authority.h"
#include "capture/proxy/unit.h"
#include "capture/stream/hpack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct proxy_address target = { .scheme = PROXY_GRPCS, .host = "app.openiap.io", .port = 443 };

/* True if it could: *done is how much had come when it could not. */
static bool rewrite(struct slice in, size_t step, struct buf *out, size_t *done)
{
	struct authority *a = authority_new(&target);
	bool more = true;
	*done = 0;
	for (struct slice rest = in; rest.len && !authority_fault(a); rest = slice_skip(rest, step)) {
		struct slice piece = slice_head(rest, step);
		uint8_t *block = malloc(piece.len);
		if (!block)
			abort();
		memcpy(block, piece.at, piece.len);
		if (more)
			more = authority_feed(a, slice_of(block, piece.len), out);
		else
			buf_add(out, piece);
		free(block);
		*done += piece.len;
	}
	bool could = !authority_fault(a);
	if (could)
		authority_end(a, out);
	authority_free(a);
	return could;
}

struct reader {
	struct hpack *hpack;
	struct buf text;
	bool rename; /* reads what came in: with the names that are to come out */
};

static void add_field(void *user, struct slice name, struct slice value)
{
	struct reader *r = user;
	bool named = slice_is(name, ":authority") || slice_is(name, "host"), scheme = slice_is(name, ":scheme");
	struct slice shown = !r->rename ? value : named ? slice_str("app.openiap.io") : scheme ? slice_str("https") : value;
	buf_add(&r->text, name);
	buf_add_byte(&r->text, 0);
	buf_add(&r->text, shown);
	buf_add_byte(&r->text, 0);
}

static void read_headers(struct reader *r, const struct unit *u)
{
	struct slice priority;
	struct buf block = { 0 };
	if (!unit_block(u, &priority, &block))
		abort();
	buf_add_byte(&r->text, (uint8_t)(u->first.flags & (HTTP2_END_STREAM | HTTP2_WITH_PRIORITY)));
	buf_add(&r->text, slice_of(&u->first.stream, sizeof u->first.stream));
	buf_add(&r->text, priority);
	if (!hpack_read(r->hpack, buf_slice(&block), add_field, r))
		abort();
	buf_release(&block);
}

/* What the other end reads: frames as they are, header blocks as their fields. */
static void read_back(struct slice in, bool rename, struct buf *out)
{
	struct reader r = { .hpack = hpack_new(), .rename = rename };
	struct unit u;
	for (in = slice_skip(in, HTTP2_PREFACE); in.len >= HTTP2_HEAD; in = slice_skip(in, u.bytes.len)) {
		u.first = http2_frame_read(in);
		u.bytes = slice_head(in, HTTP2_HEAD + u.first.length);
		if (u.first.type != HTTP2_HEADERS)
			buf_add(&r.text, u.bytes);
		else if (unit_read(in, AUTHORITY_UNIT, &u) == UNIT_WHOLE)
			read_headers(&r, &u);
		else
			break;
	}
	buf_add(&r.text, in);
	buf_add(out, buf_slice(&r.text));
	buf_release(&r.text);
	hpack_free(r.hpack);
}

/* It was rewritten as a whole, with nothing given up in between. */
static void check_fields(struct slice in, struct slice out)
{
	struct buf told = { 0 }, shown = { 0 };
	read_back(in, true, &told);
	read_back(out, false, &shown);
	if (!slice_eq(buf_slice(&told), buf_slice(&shown)))
		abort();
	buf_release(&told);
	buf_release(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 }, again = { 0 };
	size_t step = size ? 1 + data[0] % 29 : 1, done, done_pieces;
	struct slice in = slice_skip(slice_of(data, size), 1);
	bool could = rewrite(in, in.len ? in.len : 1, &whole, &done);
	if (rewrite(in, step, &pieces, &done_pieces) != could || (could && !slice_eq(buf_slice(&whole), buf_slice(&pieces))))
		abort();
	if (could && !slice_eq(in, buf_slice(&whole))) {
		check_fields(in, buf_slice(&whole));
		if (!rewrite(buf_slice(&whole), step, &again, &done) || !slice_eq(buf_slice(&whole), buf_slice(&again)))
			abort();
	}
	buf_release(&whole);
	buf_release(&pieces);
	buf_release(&again);
	return 0;
}
