/*
 * Rewriting the headers of HTTP/2 requests.
 *
 *	preface, SETTINGS, DATA …                        pass as they come
 *	HEADERS (CONTINUATION …) ─> inflated ─> :authority, :scheme ─> deflated ─> HEADERS (CONTINUATION …)
 *
 * Header blocks refer to a table that both ends keep (RFC 7541). So either all of a connection are read and made anew, or none is: the first
 * request tells. What is made anew refers to no table: it begins by saying that its table has no room (section 4.2), which any receiver
 * must allow, and has each field as a literal that is never indexed, which is what a field that came as such has to stay (section 6.2.3).
 */
#include "capture/proxy/authority.h"

#include "base/xalloc.h"
#include "capture/proxy/unit.h"
#include "capture/stream/hpack.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

enum { FRAME_MAX = 16384 };

struct field {
	size_t name, value; /* bytes of each; they stand one behind the other in `text` */
};

struct authority {
	struct buf name; /* of the target */
	const char *scheme;
	struct buf in; /* what is not whole */
	size_t pass;   /* so many bytes pass before the next frame begins */
	struct hpack *hpack;
	nghttp2_hd_deflater *deflater; /* NULL: nothing was rewritten yet */
	struct buf text, fields;
	bool begun;   /* the preface has come */
	bool differs; /* a field of the block under way had to be replaced */
	bool too_much;
	const char *fault;
};

struct authority *authority_new(const struct proxy_address *target)
{
	struct authority *a = xcalloc(1, sizeof *a);
	proxy_authority_add(&a->name, target);
	a->scheme = proxy_is_tls(target) ? "https" : "http";
	a->hpack = hpack_new();
	a->pass = HTTP2_PREFACE;
	return a;
}

void authority_free(struct authority *a)
{
	if (!a)
		return;
	hpack_free(a->hpack);
	if (a->deflater)
		nghttp2_hd_deflate_del(a->deflater);
	buf_release(&a->name);
	buf_release(&a->in);
	buf_release(&a->text);
	buf_release(&a->fields);
	free(a);
}

const char *authority_fault(const struct authority *a)
{
	return a->fault;
}

static void take_field(void *user, struct slice name, struct slice value)
{
	struct authority *a = user;
	struct slice new = slice_is(name, ":scheme")                                ? slice_str(a->scheme)
			   : slice_is(name, ":authority") || slice_is(name, "host") ? buf_slice(&a->name)
										    : value;
	struct field f = { name.len, new.len };
	a->too_much |= a->text.len + name.len + new.len > AUTHORITY_FIELDS;
	if (a->too_much)
		return;
	a->differs |= !slice_eq(new, value);
	buf_add(&a->fields, slice_of(&f, sizeof f));
	buf_add(&a->text, name);
	buf_add(&a->text, new);
}

/* The fields, deflated. */
static void deflate(struct authority *a, struct buf *block)
{
	size_t n = a->fields.len / sizeof(struct field);
	nghttp2_nv *nv = xcalloc(n ? n : 1, sizeof *nv);
	uint8_t *at = a->text.at;
	for (size_t i = 0; i < n; i++) {
		struct field f;
		memcpy(&f, a->fields.at + i * sizeof f, sizeof f);
		nv[i] = (nghttp2_nv){ at, at + f.name, f.name, f.value, NGHTTP2_NV_FLAG_NO_INDEX };
		at += f.name + f.value;
	}
	size_t most = nghttp2_hd_deflate_bound(a->deflater, nv, n);
	ssize_t size = nghttp2_hd_deflate_hd(a->deflater, buf_reserve(block, most), most, nv, n);
	free(nv);
	if (size < 0)
		a->fault = "sends headers that can't be written anew: the connection is given up";
	else
		block->len += (size_t)size;
}

/* A block as frames. */
static void add_block(struct buf *out, const struct unit *u, struct slice priority, struct slice block)
{
	uint8_t flags = u->first.flags & (HTTP2_END_STREAM | HTTP2_WITH_PRIORITY);
	struct slice piece = slice_head(block, FRAME_MAX - priority.len), rest = slice_skip(block, piece.len);
	struct buf payload = { 0 };
	buf_add(&payload, priority);
	buf_add(&payload, piece);
	unit_add(out, HTTP2_HEADERS, rest.len ? flags : flags | HTTP2_END_HEADERS, u->first.stream, buf_slice(&payload));
	buf_release(&payload);
	while (rest.len) {
		piece = slice_head(rest, FRAME_MAX);
		rest = slice_skip(rest, piece.len);
		unit_add(out, HTTP2_CONTINUATION, rest.len ? 0 : HTTP2_END_HEADERS, u->first.stream, piece);
	}
}

/* A header block. False if this and all behind it pass as they are. */
static bool take_headers(struct authority *a, const struct unit *u, struct buf *out)
{
	struct slice priority;
	struct buf block = { 0 };
	buf_clear(&a->text);
	buf_clear(&a->fields);
	a->differs = a->too_much = false;
	bool read = unit_block(u, &priority, &block) && hpack_read(a->hpack, buf_slice(&block), take_field, a) && !a->too_much;
	buf_clear(&block);
	bool rewrite = a->deflater || (read && a->differs);
	if (a->deflater && !read)
		a->fault = "sends headers that can't be read: the connection is given up";
	else if (rewrite && !a->deflater && nghttp2_hd_deflate_new(&a->deflater, 0) != 0)
		abort();
	if (rewrite && !a->fault) {
		deflate(a, &block);
		add_block(out, u, priority, buf_slice(&block));
	} else if (!a->fault) {
		buf_add(out, u->bytes);
	}
	buf_release(&block);
	return rewrite && !a->fault;
}

/* One frame at the front of `in`. False if all passes as it is from here on. *size: bytes that were dealt with, 0: it is not whole. */
static bool take_frame(struct authority *a, struct slice in, struct buf *out, size_t *size)
{
	struct unit u;
	*size = 0;
	if (in.len < HTTP2_HEAD)
		return true;
	struct http2_frame f = http2_frame_read(in);
	if (f.type != HTTP2_HEADERS && f.type != HTTP2_CONTINUATION && f.type != HTTP2_PUSH_PROMISE) {
		a->pass = HTTP2_HEAD + f.length;
		return true;
	}
	enum unit_status status = f.type == HTTP2_HEADERS ? unit_read(in, AUTHORITY_UNIT, &u) : UNIT_BAD;
	if (status == UNIT_MORE)
		return true;
	if (status == UNIT_BAD && a->deflater)
		a->fault = "sends headers of more than 256 KiB, or what is no HTTP/2: the connection is given up";
	if (status == UNIT_BAD)
		return false;
	*size = u.bytes.len;
	return take_headers(a, &u, out);
}

/* Does it begin, as far as it goes, as HTTP/2 does? */
static bool may_be_http2(struct slice in)
{
	struct slice preface = slice_str(http2_preface());
	return slice_eq(slice_head(in, HTTP2_PREFACE), slice_head(preface, in.len));
}

bool authority_feed(struct authority *a, struct slice in, struct buf *out)
{
	size_t at = 0, size;
	buf_add(&a->in, in);
	bool more = a->begun || may_be_http2(buf_slice(&a->in));
	if (more && a->in.len < HTTP2_PREFACE && !a->begun)
		return true;
	a->begun = true;
	for (bool stuck = false; more && !stuck;) {
		struct slice rest = slice_skip(buf_slice(&a->in), at), passed = slice_head(rest, a->pass);
		size = 0;
		buf_add(out, passed);
		a->pass -= passed.len;
		more = a->pass || take_frame(a, slice_skip(rest, passed.len), out, &size);
		stuck = a->pass ? passed.len == rest.len : !size;
		at += passed.len + size;
	}
	buf_consume(&a->in, at);
	if (!more && !a->fault)
		authority_end(a, out);
	return more;
}

void authority_end(struct authority *a, struct buf *out)
{
	buf_add(out, buf_slice(&a->in));
	buf_release(&a->in);
}
