/*
 * The blocks of a pcapng file.
 *
 *	| type 4 | length 4 | body, padded to a multiple of 4 | length 4 |
 *
 * A section header block says the byte order of its section and forgets the interfaces of the one before.
 * Interface description blocks are numbered from 0 within the section; a packet block names one and takes
 * its link type and its time unit from it. Time units are 10^-n or 2^-n seconds: what turns a time into
 * nanoseconds is worked out once, when the interface is described, since nearly all of them are a plain
 * factor.
 *
 * What whoever captured has lost stands in two places, statistics of an interface and packets of it, and is the same: the larger counts. The
 * statistics come last, and say whether the kernel or the interface has lost it; packets don't, so that it is the kernel's where only they tell it.
 */
#include "capture/pcapng.h"

#include "base/bound.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_OLD_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_NAMES = 4,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_DROPPED_BEFORE = 4, /* of a packet: epb_dropcount */
	OPTION_NAME = 2,
	OPTION_DESCRIPTION = 3,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
	OPTION_DROPPED_INTERFACE = 5, /* of statistics: isb_ifdrop, isb_osdrop */
	OPTION_DROPPED_KERNEL = 7,
	MAX_INTERFACES = BOUND(65536, 8),
	DROPS_UNKNOWN = 0xffff, /* of an old packet block */
	FINEST = 28,            /* decimal places of a second: 64 bits of a finer unit are less than a nanosecond */
};

static const uint32_t BYTE_ORDER_MAGIC = 0x1a2b3c4d;
static const int64_t SECOND = 1000000000;
static const uint64_t DROPS_MAX = UINT64_C(1) << 40; /* packets of an interface: what is more can't be true */

struct pcapng_interface {
	struct packet_interface pub;
	uint64_t factor; /* ns = time * factor >> shift, or time / divisor where that is not 1 */
	uint64_t divisor;
	unsigned shift;
	int64_t offset;                             /* ns to be added */
	uint64_t dropped_kernel, dropped_interface; /* as its newest statistics say */
	uint64_t dropped_before;                    /* as its packets say, together */
	uint64_t dropped_more;                      /* what that is more than the statistics say */
};

struct reader {
	struct cursor c;
	bool big;
};

static uint32_t u32(struct reader *r)
{
	uint32_t v = cursor_le32(&r->c);
	return r->big ? __builtin_bswap32(v) : v;
}

static uint16_t u16(struct reader *r)
{
	uint16_t v = cursor_be16(&r->c);
	return r->big ? v : __builtin_bswap16(v);
}

static uint64_t u64(struct reader *r)
{
	uint64_t v = cursor_le64(&r->c);
	return r->big ? __builtin_bswap64(v) : v;
}

/* The next option of a block; false at their end. */
static bool next_option(struct reader *r, uint16_t *code, struct reader *value)
{
	*code = u16(r);
	uint16_t length = u16(r);
	*value = (struct reader){ cursor_of(cursor_take(&r->c, length)), r->big };
	if (*code == OPTION_END || r->c.short_)
		return false;
	cursor_take(&r->c, -(size_t)length % 4);
	return true;
}

static struct pcapng_step other(void)
{
	return (struct pcapng_step){ PCAPNG_OTHER, NULL };
}

static struct pcapng_step bad(const char *why)
{
	return (struct pcapng_step){ PCAPNG_BAD, why };
}

void pcapng_release(struct pcapng *ng)
{
	free(ng->interfaces);
	buf_release(&ng->comments);
	ng->interfaces = NULL;
	ng->count = ng->cap = 0;
}

/* Comments on anything but packets are counted, and no more. */
static void count_comments(struct pcapng *ng, struct reader options)
{
	struct reader value;
	uint16_t code;
	while (next_option(&options, &code, &value))
		ng->comments_passed += code == OPTION_COMMENT && value.c.rest.len;
}

static bool is_big_endian(struct slice order)
{
	struct cursor c = cursor_of(order);
	return cursor_be32(&c) == BYTE_ORDER_MAGIC;
}

uint32_t pcapng_block_length(const struct pcapng *ng, struct slice head)
{
	struct reader r = { cursor_of(head), ng->big_endian };
	if (u32(&r) == PCAPNG_MAGIC)
		r.big = is_big_endian(slice_skip(head, 8));
	uint32_t length = u32(&r);
	bool good = length >= PCAPNG_HEAD && length <= PCAPNG_MAX_BLOCK && length % 4 == 0;
	return good && !r.c.short_ ? length : 0;
}

static struct pcapng_step take_section(struct pcapng *ng, struct slice body)
{
	struct reader r = { cursor_of(body), is_big_endian(body) };
	if (u32(&r) != BYTE_ORDER_MAGIC)
		return bad("a section has no byte-order magic");
	uint16_t major = u16(&r);
	if (r.c.short_)
		return bad("a section header is too short");
	if (major != 1)
		return bad("a section has a version other than 1");
	ng->big_endian = r.big;
	ng->count = 0;
	cursor_take(&r.c, 2 + 8); /* minor version; length of the section */
	count_comments(ng, r);
	if (ng->section)
		ng->section(ng->user);
	return other();
}

static uint64_t power_of_10(unsigned n)
{
	uint64_t v = 1;
	while (n--)
		v *= 10;
	return v;
}

/* The unit of times, if_tsresol: 10^-n seconds, or with the highest bit 2^-n. */
static void set_unit(struct pcapng_interface *i, uint8_t resolution)
{
	unsigned n = resolution & 127;
	bool binary = resolution & 128;
	i->factor = binary ? (uint64_t)SECOND : n <= 9 ? power_of_10(9 - n) : n <= FINEST ? 1 : 0;
	i->divisor = binary || n <= 9 || n > FINEST ? 1 : power_of_10(n - 9);
	i->shift = binary ? n : 0;
	i->pub.digits = binary || n > 9 ? 9 : (uint8_t)n;
}

static void set_offset(struct pcapng_interface *i, int64_t seconds)
{
	if (__builtin_mul_overflow(seconds, SECOND, &i->offset))
		i->offset = seconds < 0 ? INT64_MIN : INT64_MAX;
}

static void keep_text(char *to, size_t size, struct slice text)
{
	struct slice kept = slice_head(text, size - 1);
	memcpy(to, kept.at, kept.len);
	to[kept.len] = 0;
}

static void take_options(struct pcapng_interface *i, struct reader *r)
{
	struct reader value;
	uint16_t code;
	while (next_option(r, &code, &value)) {
		size_t length = value.c.rest.len;
		if (code == OPTION_NAME)
			keep_text(i->pub.name, sizeof i->pub.name, value.c.rest);
		if (code == OPTION_DESCRIPTION)
			keep_text(i->pub.description, sizeof i->pub.description, value.c.rest);
		if (code == OPTION_TSRESOL && length == 1)
			set_unit(i, cursor_u8(&value.c));
		if (code == OPTION_TSOFFSET && length == 8)
			set_offset(i, (int64_t)u64(&value));
	}
}

static struct pcapng_step take_interface(struct pcapng *ng, struct reader *r)
{
	if (ng->count == MAX_INTERFACES)
		return bad("a section has more than 65536 interfaces");
	struct pcapng_interface i = { .pub.link = u16(r) };
	u16(r);
	i.pub.snaplen = u32(r);
	if (r->c.short_)
		return bad("an interface description is too short");
	set_unit(&i, 6);
	count_comments(ng, *r);
	take_options(&i, r);
	if (ng->count == ng->cap) {
		ng->cap = ng->cap ? ng->cap * 2 : 8;
		ng->interfaces = xreallocarray(ng->interfaces, ng->cap, sizeof(i));
	}
	ng->interfaces[ng->count++] = i;
	return other();
}

/* time * factor >> shift, at most INT64_MAX. The product takes 96 bits at most, as a factor has 30: two words, whatever the machine has. */
static uint64_t scale(uint64_t time, uint64_t factor, unsigned shift)
{
	uint64_t low = (uint32_t)time * factor, high = (time >> 32) * factor + (low >> 32);
	if (shift >= 32)
		return shift < 96 ? high >> (shift - 32) : 0;
	if (high >> (31 + shift))
		return INT64_MAX;
	return high << (32 - shift) | (uint32_t)low >> shift;
}

static int64_t to_ns(const struct pcapng_interface *i, uint64_t time)
{
	uint64_t unsigned_ns = i->divisor == 1 ? scale(time, i->factor, i->shift) : time / i->divisor;
	int64_t ns = unsigned_ns > INT64_MAX ? INT64_MAX : (int64_t)unsigned_ns;
	if (i->offset && __builtin_add_overflow(ns, i->offset, &ns))
		ns = i->offset < 0 ? INT64_MIN : INT64_MAX;
	return ns > PACKET_TIME_MAX ? PACKET_TIME_MAX : ns < -PACKET_TIME_MAX ? -PACKET_TIME_MAX : ns;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* The count of an option; 0 if it is none. */
static uint64_t count_of(struct reader *value)
{
	return value->c.rest.len == 8 ? u64(value) : 0;
}

/* What packets say beyond the statistics is counted anew. The sum of all can't overflow but by files that no disk holds. */
static void weigh(struct pcapng *ng, struct pcapng_interface *i)
{
	uint64_t told = plus(i->dropped_kernel, i->dropped_interface);
	uint64_t more = i->dropped_before > told ? i->dropped_before - told : 0;
	ng->dropped_more += more - i->dropped_more;
	i->dropped_more = more;
}

static void drop_before(struct pcapng *ng, struct pcapng_interface *i, uint64_t packets)
{
	i->dropped_before = plus(i->dropped_before, packets);
	if (i->dropped_before > DROPS_MAX)
		i->dropped_before = DROPS_MAX;
	weigh(ng, i);
}

static void take_comment(struct buf *comments, struct slice value)
{
	const uint8_t *end = value.len ? memchr(value.at, 0, value.len) : NULL;
	if (end == value.at || !value.len)
		return;
	buf_add(comments, slice_head(value, end ? (size_t)(end - value.at) : value.len));
	buf_add_byte(comments, 0);
}

static void take_packet_options(struct pcapng *ng, struct pcapng_interface *i, struct reader *r)
{
	struct reader option;
	uint16_t code;
	while (next_option(r, &code, &option)) {
		if (code == OPTION_COMMENT)
			take_comment(&ng->comments, option.c.rest);
		if (code == OPTION_DROPPED_BEFORE)
			drop_before(ng, i, count_of(&option));
	}
}

static struct pcapng_step give(const struct pcapng_interface *i, struct reader *r, uint32_t captured, struct slice block,
			       struct packet *out)
{
	struct slice bytes = cursor_take(&r->c, captured);
	if (r->c.short_)
		return bad("a packet is longer than its block");
	out->bytes = bytes;
	if (out->wire_len < captured)
		out->wire_len = captured;
	out->link = i->pub.link;
	out->interface = &i->pub;
	out->at = captured ? bytes.at - block.at : (int64_t)block.len;
	return (struct pcapng_step){ PCAPNG_PACKET, NULL };
}

/* An enhanced packet block, or the packet block that it replaced, with a drop count beside the interface. */
static struct pcapng_step take_packet(struct pcapng *ng, struct reader *r, bool old, struct slice block, struct packet *out)
{
	uint32_t number = old ? u16(r) : u32(r), drops = old ? u16(r) : 0;
	uint64_t time = (uint64_t)u32(r) << 32;
	time |= u32(r);
	uint32_t captured = u32(r);
	out->wire_len = u32(r);
	if (r->c.short_)
		return bad("a packet block is too short");
	if (number >= ng->count)
		return bad("a packet names an interface that is not described");
	struct pcapng_interface *i = &ng->interfaces[number];
	out->time = to_ns(i, time);
	if (drops && drops != DROPS_UNKNOWN)
		drop_before(ng, i, drops);
	struct pcapng_step step = give(i, r, captured, block, out);
	cursor_take(&r->c, -(size_t)captured % 4);
	buf_clear(&ng->comments);
	take_packet_options(ng, i, r);
	out->comments = buf_slice(&ng->comments);
	return step;
}

static struct pcapng_step take_simple_packet(struct pcapng *ng, struct reader *r, struct slice block, struct packet *out)
{
	out->wire_len = u32(r);
	out->time = 0;
	out->comments = (struct slice){ NULL, 0 };
	if (!ng->count)
		return bad("a packet comes before the description of its interface");
	const struct pcapng_interface *i = ng->interfaces;
	uint32_t limit = i->pub.snaplen, captured = limit && limit < out->wire_len ? limit : out->wire_len;
	return give(i, r, captured, block, out);
}

static struct pcapng_step take_secrets(struct pcapng *ng, struct reader *r)
{
	uint32_t format = u32(r), length = u32(r);
	struct slice bytes = cursor_take(&r->c, length);
	if (r->c.short_)
		return bad("a secrets block is shorter than its secrets");
	if (length > PCAPNG_MAX_SECRETS)
		ng->secrets_dropped++;
	else if (ng->secrets)
		ng->secrets(ng->user, format, bytes);
	cursor_take(&r->c, -(size_t)length % 4);
	count_comments(ng, *r);
	return other();
}

/* Names of addresses are not used; behind the last record are options. */
static struct pcapng_step pass_names(struct pcapng *ng, struct reader *r)
{
	struct reader value;
	uint16_t type;
	while (next_option(r, &type, &value))
		; /* a record is made like an option */
	count_comments(ng, *r);
	return other();
}

/* A counter that only grows, as one interface has it, and the sum of all. */
static void count_up(uint64_t *one, uint64_t *all, struct reader *value)
{
	uint64_t now = count_of(value);
	if (now > *one) {
		*all = plus(*all, now - *one);
		*one = now;
	}
}

/* What whoever captured has lost. An interface may have several such blocks, each with what it counted from its beginning. */
static struct pcapng_step take_statistics(struct pcapng *ng, struct reader *r)
{
	struct reader value;
	uint32_t number = u32(r);
	uint16_t code;
	cursor_take(&r->c, 8); /* time */
	count_comments(ng, *r);
	if (number >= ng->count)
		return other();
	struct pcapng_interface *i = &ng->interfaces[number];
	while (next_option(r, &code, &value)) {
		if (code == OPTION_DROPPED_INTERFACE)
			count_up(&i->dropped_interface, &ng->dropped_interface, &value);
		if (code == OPTION_DROPPED_KERNEL)
			count_up(&i->dropped_kernel, &ng->dropped_kernel, &value);
	}
	weigh(ng, i);
	return other();
}

uint64_t pcapng_dropped_kernel(const struct pcapng *ng)
{
	return plus(ng->dropped_kernel, ng->dropped_more);
}

void pcapng_each_drops(const struct pcapng *ng, void (*take)(void *user, const struct interface_drops *d), void *user)
{
	for (uint32_t i = 0; i < ng->count; i++) {
		const struct pcapng_interface *of = &ng->interfaces[i];
		struct interface_drops d = { &of->pub, plus(of->dropped_kernel, of->dropped_more), of->dropped_interface };
		if (d.kernel || d.by_interface)
			take(user, &d);
	}
}

struct pcapng_step pcapng_block(struct pcapng *ng, struct slice block, struct packet *out)
{
	struct reader r = { cursor_of(block), ng->big_endian };
	uint32_t type = u32(&r);
	cursor_take(&r.c, 4);
	struct slice body = slice_head(r.c.rest, block.len - PCAPNG_HEAD);
	struct slice trailer = slice_skip(r.c.rest, body.len);
	if (!slice_eq(trailer, slice_head(slice_skip(block, 4), 4)))
		return bad("a block has two different lengths");
	if (type == PCAPNG_MAGIC)
		return take_section(ng, body);
	r.c.rest = body;
	switch (type) {
	case BLOCK_INTERFACE: return take_interface(ng, &r);
	case BLOCK_OLD_PACKET:
	case BLOCK_PACKET: return take_packet(ng, &r, type == BLOCK_OLD_PACKET, block, out);
	case BLOCK_SIMPLE_PACKET: return take_simple_packet(ng, &r, block, out);
	case BLOCK_NAMES: return pass_names(ng, &r);
	case BLOCK_STATISTICS: return take_statistics(ng, &r);
	case BLOCK_SECRETS: return take_secrets(ng, &r);
	default: return other();
	}
}
