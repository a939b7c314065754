/*
 * HPACK on libnghttp2.
 *
 * Both ends keep a table of fields, which blocks add to at the front and refer to by distance from the front (RFC 7541, section 2.3.2).
 * So a reader that has missed blocks can begin with an empty table: a reference to what was added since leads to the right field, one
 * to what was added before leads beyond the end, never to a wrong field. Such a field is left out; where it is one that is added, under a name that is
 * not known, an entry with none takes its place, so that distances stay right. After an error the rest of the block can't be
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
	bool lost;       /* blocks were missed */
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
	h->lost = true;
}

bool hpack_whole(const struct hpack *h)
{
	return !h->lost;
}

/* Hands out the fields of a block, or of a part of it that has them whole. */
static bool inflate(struct hpack *h, struct slice part, bool last, hpack_field *field, void *user)
{
	int flags = NGHTTP2_HD_INFLATE_EMIT;
	while (last ? !(flags & NGHTTP2_HD_INFLATE_FINAL) : part.len || flags & NGHTTP2_HD_INFLATE_EMIT) {
		nghttp2_nv nv;
		flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(h->inflater, &nv, &flags, part.at, part.len, last);
		if (n < 0 || (!n && !flags && part.len))
			return false;
		if (!n && !flags)
			return !last;
		part = slice_skip(part, (size_t)n);
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			field(user, slice_of(nv.name, nv.namelen), slice_of(nv.value, nv.valuelen));
	}
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

/* A string with its length. */
static struct slice take_string(struct cursor *c)
{
	const uint8_t *from = c->rest.at;
	cursor_take(c, take_integer(c, cursor_u8(c), 7));
	return slice_of(from, (size_t)(c->rest.at - from));
}

/* A field as it stands in a block (section 6), or a new size of the table. */
struct form {
	bool resizes, indexed, adds;
	uint32_t name; /* its number in the table; 0: it stands here */
	struct slice value;
};

static struct form take_form(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	struct form f = { .resizes = (first & 0xe0) == 0x20, .indexed = first & 0x80, .adds = (first & 0xc0) == 0x40 };
	uint32_t number = take_integer(c, first, f.indexed ? 7 : f.adds ? 6 : f.resizes ? 5 : 4);
	if (f.resizes)
		return f;
	f.name = number;
	if (f.indexed)
		return f;
	if (!f.name)
		take_string(c);
	f.value = take_string(c);
	return f;
}

static bool add_nameless(struct hpack *h, struct slice value, hpack_field *field, void *user)
{
	static const uint8_t nameless[] = { 0x40, 1, '?' };
	return inflate(h, slice_of(nameless, sizeof nameless), false, field, user) && inflate(h, value, false, field, user);
}

/* Field by field, less those of which the name is not known. */
static bool read_known(struct hpack *h, struct slice block, hpack_field *field, void *user)
{
	struct cursor c = cursor_of(block);
	bool good = true;
	while (good && c.rest.len) {
		const uint8_t *from = c.rest.at;
		struct form f = take_form(&c);
		if (c.short_)
			return false;
		if (f.name <= nghttp2_hd_inflate_get_num_table_entries(h->inflater))
			good = inflate(h, slice_of(from, (size_t)(c.rest.at - from)), false, field, user);
		else if (f.adds)
			good = add_nameless(h, f.value, field, user);
	}
	return good;
}

bool hpack_read(struct hpack *h, struct slice block, hpack_field *field, void *user)
{
	bool good = h->lost ? read_known(h, block, field, user) : inflate(h, block, true, field, user);
	if (good)
		nghttp2_hd_inflate_end_headers(h->inflater);
	else
		hpack_lose(h);
	return good;
}

static void note_sender(void *user, struct slice name, struct slice value)
{
	enum sender *who = user;
	(void)value;
	if (*who == SENDER_UNKNOWN && slice_starts(name, ":"))
		*who = slice_is(name, ":status") ? SENDER_SERVER : SENDER_CLIENT;
}

enum sender hpack_sender(struct slice block)
{
	enum sender who = SENDER_UNKNOWN;
	struct hpack *h = hpack_new();
	h->lost = true;
	hpack_read(h, block, note_sender, &who);
	hpack_free(h);
	return who;
}
