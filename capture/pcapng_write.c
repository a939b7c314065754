/*
 * Writing pcapng and pcap.
 *
 *	| type 4 | length 4 | body, options, padded to a multiple of 4 | length 4 |
 *
 * A block is begun, filled and ended; its length is put in both places at the end. Options are { code, length, value, padding }, with one of
 * code 0 behind them; a block that has none ends without it.
 */
#include "capture/pcapng_write.h"

enum block { INTERFACE = 1, STATISTICS = 5, PACKET = 6, SECRETS = 10, SECTION = 0x0a0d0d0a };
enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SHB_APPLICATION = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_RESOLUTION = 9,
	EPB_FLAGS = 2,
	ISB_RECEIVED = 4,
	ISB_DROPPED_INTERFACE = 5,
	ISB_DROPPED_KERNEL = 7,
};
enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d, SECOND = 1000000000, PCAP_MICRO = 0xa1b2c3d4, PCAP_NANO = 0xa1b23c4d };

static void add_le16(struct buf *out, uint32_t v)
{
	buf_add_byte(out, (uint8_t)v);
	buf_add_byte(out, (uint8_t)(v >> 8));
}

static void add_le32(struct buf *out, uint32_t v)
{
	add_le16(out, v & 0xffff);
	add_le16(out, v >> 16);
}

static void pad(struct buf *out, size_t len)
{
	buf_add(out, slice_of("\0\0\0", -len % 4));
}

static size_t block_begin(struct buf *out, enum block type)
{
	size_t begin = out->len;
	add_le32(out, type);
	add_le32(out, 0);
	return begin;
}

static void block_end(struct buf *out, size_t begin)
{
	uint32_t length = (uint32_t)(out->len - begin) + 4;
	for (int i = 0; i < 4; i++)
		out->at[begin + 4 + (size_t)i] = (uint8_t)(length >> 8 * i);
	add_le32(out, length);
}

static void add_option(struct buf *out, enum option code, struct slice value)
{
	value = slice_head(value, PCAPNG_OPTION_MAX);
	add_le16(out, code);
	add_le16(out, (uint32_t)value.len);
	buf_add(out, value);
	pad(out, value.len);
}

static void add_option_number(struct buf *out, enum option code, uint64_t v, size_t len)
{
	uint8_t value[8];
	for (size_t i = 0; i < len; i++)
		value[i] = (uint8_t)(v >> 8 * i);
	add_option(out, code, slice_of(value, len));
}

static void add_option_text(struct buf *out, enum option code, const char *text)
{
	if (text && *text)
		add_option(out, code, slice_str(text));
}

static uint64_t power_of_10(unsigned n)
{
	uint64_t v = 1;
	while (n--)
		v *= 10;
	return v;
}

/* Nanoseconds in the unit of an interface: high half, low half. */
static void add_time(struct buf *out, int64_t time, uint8_t digits)
{
	uint64_t units = time < 0 ? 0 : (uint64_t)time / power_of_10(9 - (digits < 9 ? digits : 9));
	add_le32(out, (uint32_t)(units >> 32));
	add_le32(out, (uint32_t)units);
}

void pcapng_add_section(struct buf *out, const char *application)
{
	size_t begin = block_begin(out, SECTION);
	add_le32(out, BYTE_ORDER_MAGIC);
	add_le16(out, 1);
	add_le16(out, 0);
	add_le32(out, UINT32_MAX); /* the length of the section: not told */
	add_le32(out, UINT32_MAX);
	add_option_text(out, SHB_APPLICATION, application);
	if (application && *application)
		add_option(out, OPTION_END, slice_of(NULL, 0));
	block_end(out, begin);
}

void pcapng_add_interface(struct buf *out, const struct packet_interface *i)
{
	size_t begin = block_begin(out, INTERFACE);
	add_le16(out, (uint32_t)i->link);
	add_le16(out, 0);
	add_le32(out, i->snaplen);
	add_option_text(out, IF_NAME, i->name);
	add_option_text(out, IF_DESCRIPTION, i->description);
	add_option_number(out, IF_RESOLUTION, i->digits < 9 ? i->digits : 9, 1);
	add_option(out, OPTION_END, slice_of(NULL, 0));
	block_end(out, begin);
}

static void add_packet_options(struct buf *out, const struct pcapng_packet *p)
{
	size_t before = out->len;
	for (size_t i = 0; i < p->comment_count; i++)
		if (p->comments[i].len)
			add_option(out, OPTION_COMMENT, p->comments[i]);
	if (p->flags)
		add_option_number(out, EPB_FLAGS, p->flags, 4);
	if (out->len > before)
		add_option(out, OPTION_END, slice_of(NULL, 0));
}

void pcapng_add_packet(struct buf *out, const struct pcapng_packet *p)
{
	size_t begin = block_begin(out, PACKET);
	add_le32(out, p->interface);
	add_time(out, p->time, p->digits);
	add_le32(out, (uint32_t)p->bytes.len);
	add_le32(out, p->wire_len > p->bytes.len ? p->wire_len : (uint32_t)p->bytes.len);
	buf_add(out, p->bytes);
	pad(out, p->bytes.len);
	add_packet_options(out, p);
	block_end(out, begin);
}

void pcapng_add_secrets(struct buf *out, uint32_t format, struct slice secrets)
{
	size_t begin = block_begin(out, SECRETS);
	add_le32(out, format);
	add_le32(out, (uint32_t)secrets.len);
	buf_add(out, secrets);
	pad(out, secrets.len);
	block_end(out, begin);
}

void pcapng_add_statistics(struct buf *out, const struct pcapng_statistics *s)
{
	size_t begin = block_begin(out, STATISTICS);
	add_le32(out, s->interface);
	add_time(out, s->time, s->digits);
	add_option_number(out, ISB_RECEIVED, s->received, 8);
	add_option_number(out, ISB_DROPPED_INTERFACE, s->dropped_interface, 8);
	add_option_number(out, ISB_DROPPED_KERNEL, s->dropped_kernel, 8);
	add_option(out, OPTION_END, slice_of(NULL, 0));
	block_end(out, begin);
}

void pcap_add_header(struct buf *out, const struct packet_interface *i)
{
	add_le32(out, i->digits > 6 ? PCAP_NANO : PCAP_MICRO);
	add_le16(out, 2);
	add_le16(out, 4);
	add_le32(out, 0);
	add_le32(out, 0);
	add_le32(out, i->snaplen);
	add_le32(out, (uint32_t)i->link);
}

void pcap_add_packet(struct buf *out, uint8_t digits, int64_t time, struct slice bytes, uint32_t wire_len)
{
	uint64_t ns = time < 0 ? 0 : (uint64_t)time;
	add_le32(out, (uint32_t)(ns / SECOND));
	add_le32(out, (uint32_t)(digits > 6 ? ns % SECOND : ns % SECOND / 1000));
	add_le32(out, (uint32_t)bytes.len);
	add_le32(out, wire_len > bytes.len ? wire_len : (uint32_t)bytes.len);
	buf_add(out, bytes);
}
