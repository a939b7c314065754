/*
 * A mutator for protobuf messages, for libFuzzer: it goes down into a message, field by field, changes one there, and writes the lengths of all that
 * stands around it anew. So a change of a byte in a string of the payload stays one, where without this it would be the end of the message.
 */
#ifndef TESTS_FUZZ_WIRE_MUTATE_H
#define TESTS_FUZZ_WIRE_MUTATE_H

#include "tests/mutate.h"

enum { WIRE_FIELDS = 64, WIRE_DEEP = 12, WIRE_MORE = 24 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Appends the bytes as libFuzzer changes them. */
static inline void wire_mutate_bytes(struct buf *out, struct slice in)
{
	uint8_t *at = buf_reserve(out, in.len + WIRE_MORE);
	if (in.len)
		memcpy(at, in.at, in.len);
	out->len += LLVMFuzzerMutate(at, in.len, in.len + WIRE_MORE);
}

static inline const ProtobufCMessageDescriptor *wire_inner(const ProtobufCMessageDescriptor *type, uint32_t number)
{
	const ProtobufCFieldDescriptor *field = type ? schema_field(type, number) : NULL;
	return field && field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

static inline void wire_insert(struct buf *out, const ProtobufCMessageDescriptor *type, uint64_t *seed)
{
	if (type && type->n_fields && chance(seed, 4))
		put_field(out, &type->fields[chance(seed, type->n_fields)], seed, 3);
	else
		put_unknown(out, seed);
}

static inline void wire_mutate(struct buf *out, struct slice in, const ProtobufCMessageDescriptor *type, uint64_t *seed, int depth);

/* Appends a field with another value, and its length right. */
static inline void wire_mutate_value(struct buf *out, const struct wire_field *f, const ProtobufCMessageDescriptor *type, uint64_t *seed,
				     int depth)
{
	struct buf value = { 0 };
	if (f->type != WIRE_LENGTH) {
		put_tag(out, f->number, (enum wire_type)f->type);
		if (f->type == WIRE_VARINT)
			put_varint(out, chance(seed, 2) ? f->number_value + chance(seed, 5) - 2 : chance_number(seed), seed);
		else
			wire_mutate_bytes(out, f->bytes);
		return;
	}
	if (f->bytes.len && chance(seed, 4))
		wire_mutate(&value, f->bytes, wire_inner(type, f->number), seed, depth + 1);
	else
		wire_mutate_bytes(&value, f->bytes);
	put_bytes(out, f->number, buf_slice(&value));
	buf_release(&value);
}

static inline void wire_mutate_field(struct buf *out, const struct wire_field *f, const ProtobufCMessageDescriptor *type, uint64_t *seed,
				     int depth)
{
	struct slice whole = slice_of(f->bytes.at + f->bytes.len - f->size, f->size);
	switch (chance(seed, 10)) {
	case 0: break; /* it goes */
	case 1:
		buf_add(out, whole);
		buf_add(out, whole);
		break;
	case 2:
		wire_insert(out, type, seed);
		buf_add(out, whole);
		break;
	case 3: wire_mutate_bytes(out, whole); break;
	case 4: put_bytes(out, f->number, f->bytes); break; /* in another wire type, perhaps */
	default: wire_mutate_value(out, f, type, seed, depth);
	}
}

/* Appends the message with a change in it; type NULL: nothing is known of its fields. */
static inline void wire_mutate(struct buf *out, struct slice in, const ProtobufCMessageDescriptor *type, uint64_t *seed, int depth)
{
	struct wire_field field[WIRE_FIELDS];
	size_t count = 0;
	struct slice rest = in;
	while (count < WIRE_FIELDS && wire_next(&rest, &field[count]) == WIRE_FIELD)
		count++;
	if (!count || depth > WIRE_DEEP || (rest.len && chance(seed, 4) == 0)) {
		wire_mutate_bytes(out, in);
		return;
	}
	size_t chosen = chance(seed, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		if (i == chosen)
			wire_mutate_field(out, &field[i], type, seed, depth);
		else
			buf_add(out, slice_of(field[i].bytes.at + field[i].bytes.len - field[i].size, field[i].size));
	}
	buf_add(out, rest);
}

#endif
