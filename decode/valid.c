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

static bool valid(const ProtobufCMessageDescriptor *type, struct slice rest, int depth)
{
	struct wire_field f;
	enum wire_status status;
	while ((status = wire_next(&rest, &f)) == WIRE_FIELD) {
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
