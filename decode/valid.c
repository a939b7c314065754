/*
 * Would protobuf_c_message_unpack accept these bytes? The question asked for every message, so without allocating anything.
 *
 * protobuf-c refuses: what the wire format refuses, a known field in another wire type than its own, a sub-message that is refused.
 * It accepts unknown fields, strings that are not UTF-8, and a bool in any wire type. A repeated scalar may come packed or not. What it does not have is a
 * limit on nesting; here 100 levels are the end, as in Google's implementations.
 */
#include "decode/schema.h"
#include "decode/wire.h"

enum { DEPTH = 100 };

const ProtobufCFieldDescriptor *schema_field(const ProtobufCMessageDescriptor *type, uint32_t number)
{
	if (number && number <= type->n_fields && type->fields[number - 1].id == number)
		return &type->fields[number - 1];
	return protobuf_c_message_descriptor_get_field(type, number);
}

static bool packed_valid(int wire, struct slice run)
{
	uint64_t ignored;
	if (wire != WIRE_VARINT)
		return run.len % (wire == WIRE_64BIT ? 8 : 4) == 0;
	while (run.len) {
		size_t n = wire_varint(run, 10, &ignored);
		if (!n)
			return false;
		run = slice_skip(run, n);
	}
	return true;
}

static bool valid(const ProtobufCMessageDescriptor *type, struct slice rest, int depth);

static bool field_valid(const ProtobufCFieldDescriptor *field, struct wire_field f, int depth)
{
	int wire = schema_wire_type(field);
	if (field->label == PROTOBUF_C_LABEL_REPEATED && f.type == WIRE_LENGTH && wire != WIRE_LENGTH)
		return packed_valid(wire, f.bytes);
	if (wire != f.type && field->type != PROTOBUF_C_TYPE_BOOL)
		return false;
	return field->type != PROTOBUF_C_TYPE_MESSAGE || (depth < DEPTH && valid(field->descriptor, f.bytes, depth + 1));
}

/* Passes texts shorter than 128 bytes at the front of *rest, of which there is nothing to be judged: most fields are of that kind. */
static void pass_texts(const ProtobufCMessageDescriptor *type, struct slice *rest)
{
	const uint8_t *at = rest->at;
	size_t left = rest->len;
	while (left >= 2 && (at[0] | at[1]) < 0x80 && at[0] >= 8 && (at[0] & 7) == WIRE_LENGTH && at[1] <= left - 2) {
		unsigned index = (at[0] >> 3) - 1u;
		/* of none there may be no array */
		const ProtobufCFieldDescriptor *field = index < type->n_fields ? &type->fields[index] : NULL;
		if (!field || field->id != index + 1 || (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES))
			break;
		left -= 2 + (size_t)at[1];
		at += 2 + at[1];
	}
	*rest = slice_of(at, left);
}

static bool valid(const ProtobufCMessageDescriptor *type, struct slice rest, int depth)
{
	struct wire_field f;
	enum wire_status status;
	while (pass_texts(type, &rest), (status = wire_next(&rest, &f)) == WIRE_FIELD) {
		const ProtobufCFieldDescriptor *field = schema_field(type, f.number);
		if (field && !field_valid(field, f, depth))
			return false;
	}
	return status == WIRE_END;
}

bool schema_valid(const ProtobufCMessageDescriptor *type, struct slice bytes)
{
	return valid(type, bytes, 1);
}
