/*
 * The protobuf wire format, read exactly as protobuf_c_message_unpack (1.4) reads it: what it refuses is refused here, so that view,
 * tree and that function always agree.
 */
#ifndef DECODE_WIRE_H
#define DECODE_WIRE_H

#include "base/slice.h"

enum wire_type { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_LENGTH = 2, WIRE_GROUP = 3, WIRE_GROUP_END = 4, WIRE_32BIT = 5 };

struct wire_field {
	uint32_t number;
	uint8_t type;          /* enum wire_type */
	uint64_t number_value; /* VARINT, 64BIT, 32BIT */
	struct slice bytes;    /* LENGTH: the content; else the encoded value */
	size_t size;           /* of the whole field, tag and length included */
};

enum wire_status { WIRE_FIELD, WIRE_END, WIRE_BAD };

/* Reads a varint of at most `most` bytes from the front of s; returns the bytes it took, 0 if it does not end in them. */
static inline size_t wire_varint(struct slice s, size_t most, uint64_t *value)
{
	size_t n = s.len < most ? s.len : most;
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++) {
		if (i < 10)
			v |= (uint64_t)(s.at[i] & 0x7f) << (7 * i);
		if (s.at[i] < 0x80) {
			*value = v;
			return i + 1;
		}
	}
	return 0;
}

static inline uint64_t wire_fixed(const uint8_t *at, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

/* The header of a field: number, type, and for WIRE_LENGTH the length in *length; returns the bytes it took, 0 if it is cut or can't
 * be (groups, types 6 and 7, a length beyond INT32_MAX, a number 0 in one byte: in more bytes protobuf-c takes it). Varints of other
 * types are not looked at. */
static inline size_t wire_header(struct slice s, struct wire_field *f, uint64_t *length)
{
	uint64_t tag;
	size_t n = wire_varint(s, 5, &tag), m;
	if (!n || s.at[0] < 8) /* NOLINT(clang-analyzer-core.NullDereference): at is there where n is */
		return 0;
	f->number = (uint32_t)(tag >> 3);
	f->type = (uint8_t)(tag & 7);
	*length = 0;
	if (f->type == WIRE_LENGTH) {
		m = wire_varint(slice_skip(s, n), 5, length);
		if (!m || *length > INT32_MAX)
			return 0;
		return n + m;
	}
	return f->type == WIRE_VARINT || f->type == WIRE_64BIT || f->type == WIRE_32BIT ? n : 0;
}

/* The common fields: number up to 15, length-delimited and shorter than 128 bytes, or a varint below 128. False if it is another. */
static inline bool wire_next_short(struct slice *rest, struct wire_field *f)
{
	const uint8_t *at = rest->at;
	if (rest->len < 2 || at[0] < 8 || (at[0] | at[1]) >= 0x80)
		return false;
	size_t n;
	f->type = at[0] & 7;
	if (f->type == WIRE_LENGTH) {
		n = at[1];
		f->number_value = 0;
		f->bytes = slice_of(at + 2, n);
	} else if (f->type == WIRE_VARINT) {
		n = 0;
		f->number_value = at[1];
		f->bytes = slice_of(at + 1, 1);
	} else {
		return false;
	}
	if (n > rest->len - 2)
		return false;
	f->number = at[0] >> 3;
	f->size = 2 + n;
	rest->at += f->size;
	rest->len -= f->size;
	return true;
}

/* Any field at the front of *rest, which is not empty. */
static inline enum wire_status wire_next_any(struct slice *rest, struct wire_field *f)
{
	uint64_t length;
	size_t head = wire_header(*rest, f, &length), n;
	if (!head)
		return WIRE_BAD;
	struct slice value = slice_skip(*rest, head);
	switch (f->type) {
	case WIRE_VARINT:
		n = wire_varint(value, 10, &f->number_value);
		if (!n)
			return WIRE_BAD;
		break;
	case WIRE_LENGTH: n = (size_t)length; break;
	default: n = f->type == WIRE_64BIT ? 8 : 4;
	}
	if (n > value.len)
		return WIRE_BAD;
	if (f->type == WIRE_64BIT || f->type == WIRE_32BIT)
		f->number_value = wire_fixed(value.at, n);
	f->bytes = slice_of(value.at, n);
	f->size = head + n;
	*rest = slice_skip(*rest, f->size);
	return WIRE_FIELD;
}

/* Takes the next field off the front of *rest. WIRE_END when it is empty; on WIRE_BAD *rest stays where the fault is. */
static inline enum wire_status wire_next(struct slice *rest, struct wire_field *f)
{
	if (!rest->len)
		return WIRE_END;
	if (wire_next_short(rest, f))
		return WIRE_FIELD;
	return wire_next_any(rest, f);
}

/* The first field at the top level of a payload that has that number and wire type and is not empty; its value is empty, or 0, if there is none. */
static inline struct wire_field payload_field(struct slice payload, uint32_t number, unsigned type)
{
	struct wire_field f;
	while (wire_next(&payload, &f) == WIRE_FIELD)
		if (f.number == number && f.type == type && f.bytes.len)
			return f;
	return (struct wire_field){ 0 };
}

static inline struct slice payload_bytes(struct slice payload, uint32_t number)
{
	return payload_field(payload, number, WIRE_LENGTH).bytes;
}

static inline uint64_t payload_number(struct slice payload, uint32_t number)
{
	return payload_field(payload, number, WIRE_VARINT).number_value;
}

#endif
