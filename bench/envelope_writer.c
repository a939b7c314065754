/*
 * The wire format of protobuf: a field is a key (number << 3 | wire type) as a varint, then a varint (wire
 * type 0), or a length and as many bytes (wire type 2).
 *
 * The Envelope's data field holds an Any, whose length stands in front of it: it is added up before
 * anything is written, so that a large payload is copied once.
 */
#include "bench/envelope_writer.h"

#define TYPE_PREFIX "type.googleapis.com/openiap."

enum { ENVELOPE_COMMAND = 1, ENVELOPE_PRIORITY, ENVELOPE_SEQ, ENVELOPE_ID, ENVELOPE_RID, ENVELOPE_DATA };
enum { ANY_TYPE_URL = 1, ANY_VALUE };
enum { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

static void put_varint(struct buf *out, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		buf_add_byte(out, (uint8_t)(value | 0x80));
	buf_add_byte(out, (uint8_t)value);
}

static size_t varint_length(uint64_t value)
{
	size_t n = 1;
	while (value >>= 7)
		n++;
	return n;
}

static void put_length(struct buf *out, uint32_t field, size_t len)
{
	put_varint(out, field << 3 | WIRE_LENGTH);
	put_varint(out, len);
}

void put_number(struct buf *out, uint32_t field, uint64_t value)
{
	if (!value)
		return;
	put_varint(out, field << 3 | WIRE_VARINT);
	put_varint(out, value);
}

void put_bytes(struct buf *out, uint32_t field, struct slice bytes)
{
	if (!bytes.len)
		return;
	put_length(out, field, bytes.len);
	buf_add(out, bytes);
}

static void put_any(struct buf *out, const char *type, struct slice payload)
{
	size_t url = strlen(TYPE_PREFIX) + strlen(type);
	size_t len = 1 + varint_length(url) + url;
	if (payload.len)
		len += 1 + varint_length(payload.len) + payload.len;
	put_length(out, ENVELOPE_DATA, len);
	put_length(out, ANY_TYPE_URL, url);
	buf_add_str(out, TYPE_PREFIX);
	buf_add_str(out, type);
	put_bytes(out, ANY_VALUE, payload);
}

void put_envelope(struct buf *out, const struct envelope *e, struct slice payload)
{
	size_t start = out->len;
	buf_add(out, slice_of("\0\0\0\0", 4));
	put_bytes(out, ENVELOPE_COMMAND, slice_str(e->command));
	put_number(out, ENVELOPE_PRIORITY, e->priority);
	put_number(out, ENVELOPE_SEQ, e->seq);
	put_bytes(out, ENVELOPE_ID, e->id);
	put_bytes(out, ENVELOPE_RID, e->rid);
	put_any(out, e->type, payload);
	size_t len = out->len - start - 4;
	for (int i = 0; i < 4; i++)
		out->at[start + (size_t)i] = (uint8_t)(len >> 8 * i);
}
