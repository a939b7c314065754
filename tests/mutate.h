/*
 * Messages by chance, from a seed: good ones of every type, made from the descriptors, and damaged ones made
 * from those. For tests only, hence whole in a header.
 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "base/buf.h"
#include "decode/schema.h"
#include "decode/wire.h"

#include <stdio.h>

#include "base.pb-c.h"

/* A token with the claims {"data":{"username":"allan"},"iat":1764000000,"exp":1764003600}. */
#define MUTATE_JWT                                                                              \
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."                                                 \
	"eyJkYXRhIjp7InVzZXJuYW1lIjoiYWxsYW4ifSwiaWF0IjoxNzY0MDAwMDAwLCJleHAiOjE3NjQwMDM2MDB9." \
	"bm8gc2lnbmF0dXJl"

static inline uint32_t chance(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)((*seed * 0x2545f4914f6cdd1du) >> 33) % below;
}

/* A varint; now and then one in more bytes than it needs. */
static inline void put_varint(struct buf *out, uint64_t v, uint64_t *seed)
{
	int spare = seed && v >> 42 == 0 && chance(seed, 40) == 0 ? 1 + (int)chance(seed, 3) : 0;
	for (; v >= 0x80; v >>= 7)
		buf_add_byte(out, (uint8_t)(v | 0x80));
	buf_add_byte(out, (uint8_t)(spare ? v | 0x80 : v));
	for (; spare; spare--)
		buf_add_byte(out, spare > 1 ? 0x80 : 0);
}

static inline void put_tag(struct buf *out, uint32_t number, enum wire_type type)
{
	put_varint(out, (uint64_t)number << 3 | type, NULL);
}

static inline void put_bytes(struct buf *out, uint32_t number, struct slice bytes)
{
	put_tag(out, number, WIRE_LENGTH);
	put_varint(out, bytes.len, NULL);
	buf_add(out, bytes);
}

static inline void put_number(struct buf *out, uint32_t number, uint64_t v)
{
	put_tag(out, number, WIRE_VARINT);
	put_varint(out, v, NULL);
}

static inline uint64_t chance_number(uint64_t *seed)
{
	uint64_t high = chance(seed, 1u << 31), middle = chance(seed, 1u << 31), v = high << 33 ^ middle << 2 ^ chance(seed, 4);
	return v >> chance(seed, 64);
}

static inline void put_some_text(struct buf *out, uint32_t number, uint64_t *seed)
{
	static const char *const texts[] = {
		"",
		"entities",
		"Gl\xc3\xbchwein",
		"{\"name\":\"x\",\"age\":{\"$gt\":3}}",
		"[1,2.5,true,null,\"a\"]",
		"{\"open\":",
		"[[[[]]]]",
		MUTATE_JWT,
		"a.b.c",
		"not \xff utf-8",
		"\x1b[2J",
		"{\"password\":\"secret\"}",
		"\n\t{}",
		"\x08\x96\x01",
	};
	put_bytes(out, number, slice_str(texts[chance(seed, sizeof texts / sizeof *texts)]));
}

static inline void put_unknown(struct buf *out, uint64_t *seed)
{
	uint32_t number = 100 + chance(seed, 1u << (chance(seed, 28)));
	uint64_t v = chance_number(seed);
	switch (chance(seed, 4)) {
	case 0: put_number(out, number, v); break;
	case 1: put_some_text(out, number, seed); break;
	case 2:
		put_tag(out, number, WIRE_64BIT);
		buf_add(out, slice_of(&v, 8));
		break;
	default: put_tag(out, number, WIRE_32BIT); buf_add(out, slice_of(&v, 4));
	}
}

static inline void put_bool(struct buf *out, uint32_t number, uint64_t *seed)
{
	uint64_t v = chance(seed, 3) ? chance(seed, 2) : chance_number(seed);
	bool odd = chance(seed, 20) == 0; /* protobuf-c takes a bool in any wire type */
	put_tag(out, number, odd ? WIRE_32BIT : WIRE_VARINT);
	if (odd)
		buf_add(out, slice_of(&v, 4));
	else
		put_varint(out, v, seed);
}

static inline void put_message(struct buf *out, const ProtobufCMessageDescriptor *type, uint64_t *seed, int depth);

static inline void put_field(struct buf *out, const ProtobufCFieldDescriptor *field, uint64_t *seed, int depth)
{
	struct buf inner = { 0 };
	uint64_t v = chance_number(seed);
	int wire = schema_wire_type(field);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		put_message(&inner, field->descriptor, seed, depth + 1);
		put_bytes(out, field->id, buf_slice(&inner));
	} else if (wire == WIRE_LENGTH) {
		put_some_text(out, field->id, seed);
	} else if (field->type == PROTOBUF_C_TYPE_BOOL) {
		put_bool(out, field->id, seed);
	} else {
		put_tag(out, field->id, (enum wire_type)wire);
		if (wire == WIRE_VARINT)
			put_varint(out, v, seed);
		else
			buf_add(out, slice_of(&v, wire == WIRE_64BIT ? 8 : 4));
	}
	buf_release(&inner);
}

/* Appends a message of that type: some of its fields, in any order, some of them twice. */
static inline void put_message(struct buf *out, const ProtobufCMessageDescriptor *type, uint64_t *seed, int depth)
{
	uint32_t count = chance(seed, depth > 3 ? 3 : 9);
	for (uint32_t i = 0; i < count; i++) {
		if (type->n_fields && chance(seed, 12))
			put_field(out, &type->fields[chance(seed, type->n_fields)], seed, depth);
		else
			put_unknown(out, seed);
	}
}

/* Appends an Envelope with that payload, its fields in any order, the Any now and then in two parts. */
static inline void put_envelope(struct buf *out, const char *command, const char *name, struct slice payload, uint64_t *seed)
{
	char url[128];
	struct buf any = { 0 }, more = { 0 };
	int n = snprintf(url, sizeof url, "%s%s", chance(seed, 2) ? "type.googleapis.com/" : "", name);
	if (chance(seed, 6))
		put_bytes(&any, 1, slice_of(url, (size_t)n));
	put_bytes(chance(seed, 10) ? &any : &more, 2, payload);
	put_message(out, &openiap__envelope__descriptor, seed, chance(seed, 4) ? 4 : 0);
	if (chance(seed, 8))
		put_bytes(out, 1, slice_str(command));
	put_bytes(out, 6, buf_slice(&any));
	if (more.len || chance(seed, 30) == 0)
		put_bytes(out, 6, buf_slice(&more));
	if (chance(seed, 3) == 0)
		put_bytes(out, 5, slice_str("17"));
	buf_release(&any);
	buf_release(&more);
}

/* Appends a copy of one of the message's own fields. */
static inline void double_field(struct buf *m, uint64_t *seed)
{
	struct slice rest = buf_slice(m), field = { 0 };
	struct wire_field f;
	struct buf copy = { 0 };
	for (uint32_t left = chance(seed, 8) + 1; left && wire_next(&rest, &f) == WIRE_FIELD; left--)
		field = slice_of(f.bytes.at + f.bytes.len - f.size, f.size);
	buf_add(&copy, field);
	buf_add(m, buf_slice(&copy));
	buf_release(&copy);
}

/* Puts a piece of `other` somewhere into m, over what is there or between it. */
static inline void mutate_splice(struct buf *m, struct slice other, uint64_t *seed)
{
	struct buf out = { 0 };
	size_t at = chance(seed, (uint32_t)m->len + 1), from = chance(seed, (uint32_t)other.len + 1);
	struct slice piece = slice_head(slice_skip(other, from), chance(seed, 40));
	buf_add(&out, slice_head(buf_slice(m), at));
	buf_add(&out, piece);
	buf_add(&out, slice_skip(buf_slice(m), at + (chance(seed, 2) ? piece.len : 0)));
	buf_release(m);
	*m = out;
}

/* Damages the message in one to three places; `other` is another good message. */
static inline void mutate(struct buf *m, struct slice other, uint64_t *seed)
{
	for (uint32_t left = 1 + chance(seed, 3); left && m->len; left--) {
		uint8_t *byte = &m->at[chance(seed, (uint32_t)m->len)];
		switch (chance(seed, 7)) {
		case 0: *byte ^= (uint8_t)(1u << chance(seed, 8)); break;
		case 1: *byte = (uint8_t)chance(seed, 256); break;
		case 2: *byte = (uint8_t)(*byte + chance(seed, 5) - 2); break;
		case 3: *byte = (uint8_t)((*byte & 0xf8) | chance(seed, 8)); break;
		case 4: m->len = chance(seed, (uint32_t)m->len + 1); break;
		case 5: mutate_splice(m, other, seed); break;
		default: double_field(m, seed);
		}
	}
}

#endif
