/*
 * HPACK on libnghttp2.
 *
 * Both ends keep a table of fields, which blocks add to at the front and refer to by distance from the front (RFC 7541, section 2.3.2).
 * So a reader that has missed blocks can begin with an empty table: a reference to what was added since leads to the right field, one
 * to what was added before leads beyond the end and is an error, never a wrong field. After an error the rest of the block can't be
 * read, and what it would have added is missing in front of all else: the table is emptied again.
 *
 * How large the table may be is settled by the receiver's SETTINGS, but the sender tells in its blocks which size it uses (section
 * 6.3), and a table smaller than the sender's fails as above. So SETTINGS need not be followed; TABLE_MAX bounds the memory.
 */
#include "capture/stream/hpack.h"

#include "base/xalloc.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

enum { TABLE_MAX = 1 << 16 };

struct hpack {
	nghttp2_hd_inflater *inflater;
	nghttp2_mem mem; /* which the inflater refers to */
};

static void *take(size_t size, void *user)
{
	(void)user;
	return xmalloc(size ? size : 1);
}

static void give_back(void *p, void *user)
{
	(void)user;
	free(p);
}

static void *take_zeroed(size_t count, size_t size, void *user)
{
	(void)user;
	return xcalloc(count ? count : 1, size ? size : 1);
}

static void *take_again(void *p, size_t size, void *user)
{
	(void)user;
	return xreallocarray(p, 1, size ? size : 1);
}

static void begin(struct hpack *h)
{
	if (nghttp2_hd_inflate_new2(&h->inflater, &h->mem) != 0)
		abort();
	nghttp2_hd_inflate_change_table_size(h->inflater, TABLE_MAX);
}

struct hpack *hpack_new(void)
{
	struct hpack *h = xcalloc(1, sizeof(*h));
	h->mem = (nghttp2_mem){ NULL, take, give_back, take_zeroed, take_again };
	begin(h);
	return h;
}

void hpack_free(struct hpack *h)
{
	if (!h)
		return;
	nghttp2_hd_inflate_del(h->inflater);
	free(h);
}

void hpack_lose(struct hpack *h)
{
	nghttp2_hd_inflate_del(h->inflater);
	begin(h);
}

bool hpack_read(struct hpack *h, struct slice block, hpack_field *field, void *user)
{
	int flags = 0;
	while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
		nghttp2_nv nv;
		flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(h->inflater, &nv, &flags, block.at, block.len, 1);
		if (n < 0 || (!n && !flags)) {
			hpack_lose(h);
			return false;
		}
		block = slice_skip(block, (size_t)n);
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			field(user, slice_of(nv.name, nv.namelen), slice_of(nv.value, nv.valuelen));
	}
	nghttp2_hd_inflate_end_headers(h->inflater);
	return true;
}

/* An integer of which `bits` stand in its first byte (RFC 7541, section 5.1). */
static uint32_t take_integer(struct cursor *c, uint8_t first, unsigned bits)
{
	uint32_t most = (1u << bits) - 1, n = first & most;
	bool more = n == most;
	for (unsigned shift = 0; more && shift < 28; shift += 7) {
		uint8_t byte = cursor_u8(c);
		n += (byte & 0x7fu) << shift;
		more = byte & 0x80;
	}
	c->short_ = c->short_ || more;
	return n;
}

static void skip_string(struct cursor *c)
{
	cursor_take(c, take_integer(c, cursor_u8(c), 7));
}

enum sender hpack_sender(struct slice block)
{
	enum { LAST_OF_REQUEST = 7, LAST_OF_RESPONSE = 14 }; /* pseudo-header fields in the static table (RFC 7541, appendix A) */
	struct cursor c = cursor_of(block);
	while (c.rest.len) {
		uint8_t first = cursor_u8(&c);
		bool indexed = first & 0x80, resizes = (first & 0xe0) == 0x20;
		uint32_t name = take_integer(&c, first, indexed ? 7 : first & 0x40 ? 6 : resizes ? 5 : 4);
		if (c.short_)
			break;
		if (!resizes && name && name <= LAST_OF_RESPONSE)
			return name <= LAST_OF_REQUEST ? SENDER_CLIENT : SENDER_SERVER;
		if (indexed || resizes)
			continue;
		if (!name)
			skip_string(&c);
		skip_string(&c);
	}
	return SENDER_UNKNOWN;
}
