/*
 * The fields of one message: bytes and a descriptor become nodes.
 *
 * Each field is first a part (the field, and how much of it the capture lacks), then a node, or several for a
 * packed run. What is not in the schema goes to dissect_unknown.c; strings are looked into by dissect_json.c
 * and dissect_jwt.c.
 *
 * A message cut by the end of the capture is read as far as it goes; where that is, is kept in cut_in.
 */
#include "decode/dissect_part.h"

#include "decode/redact.h"
#include "decode/token.h"

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

enum { DEPTH = 100 };

/* How the values of a protobuf-c type are shown. */
static const struct shape {
	uint8_t kind;
	const char *name;
} shapes[] = {
	[PROTOBUF_C_TYPE_INT32] = { NODE_INT, "int32" },         [PROTOBUF_C_TYPE_SINT32] = { NODE_INT, "sint32" },
	[PROTOBUF_C_TYPE_SFIXED32] = { NODE_INT, "sfixed32" },   [PROTOBUF_C_TYPE_INT64] = { NODE_INT, "int64" },
	[PROTOBUF_C_TYPE_SINT64] = { NODE_INT, "sint64" },       [PROTOBUF_C_TYPE_SFIXED64] = { NODE_INT, "sfixed64" },
	[PROTOBUF_C_TYPE_UINT32] = { NODE_UINT, "uint32" },      [PROTOBUF_C_TYPE_FIXED32] = { NODE_UINT, "fixed32" },
	[PROTOBUF_C_TYPE_UINT64] = { NODE_UINT, "uint64" },      [PROTOBUF_C_TYPE_FIXED64] = { NODE_UINT, "fixed64" },
	[PROTOBUF_C_TYPE_FLOAT] = { NODE_FLOAT, "float" },       [PROTOBUF_C_TYPE_DOUBLE] = { NODE_DOUBLE, "double" },
	[PROTOBUF_C_TYPE_BOOL] = { NODE_BOOL, "bool" },          [PROTOBUF_C_TYPE_ENUM] = { NODE_INT, "enum" },
	[PROTOBUF_C_TYPE_STRING] = { NODE_STRING, "string" },    [PROTOBUF_C_TYPE_BYTES] = { NODE_BYTES, "bytes" },
	[PROTOBUF_C_TYPE_MESSAGE] = { NODE_MESSAGE, "message" },
};

static struct node *add_of_field(struct dissection *d, struct node *parent, const ProtobufCFieldDescriptor *field, struct slice whole,
				 struct slice value)
{
	struct node *n = node_add(d, parent, (enum node_kind)shapes[field->type].kind, whole, value);
	if (!n)
		return NULL;
	n->name = slice_str(field->name);
	n->number = field->id;
	n->type = shapes[field->type].name;
	n->repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	n->secret = schema_is_secret(field);
	return n;
}

static void add_bad(struct dissection *d, struct node *parent, const ProtobufCFieldDescriptor *field, const struct part *p,
		    const char *fault)
{
	struct node *n = add_of_field(d, parent, field, part_whole(p), p->field.bytes);
	if (!n)
		return;
	n->kind = NODE_BAD;
	n->fault = fault;
}

/* Values. */

static void set_number(struct node *n, ProtobufCType type, uint64_t v)
{
	uint32_t low = (uint32_t)v;
	float f;
	switch (type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32: n->integer = low; break;
	case PROTOBUF_C_TYPE_SINT32: n->integer = (int32_t)(low >> 1 ^ (0 - (low & 1))); break;
	case PROTOBUF_C_TYPE_SINT64: n->integer = (int64_t)(v >> 1 ^ (0 - (v & 1))); break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64: n->integer = (int64_t)v; break;
	case PROTOBUF_C_TYPE_FLOAT:
		memcpy(&f, &low, sizeof f);
		n->real = (double)f;
		break;
	case PROTOBUF_C_TYPE_DOUBLE: memcpy(&n->real, &v, sizeof v); break;
	default: n->integer = (int32_t)low;
	}
}

/* What protobuf-c takes for true: any byte that has one of its low seven bits set. */
static bool truth(struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.at[i] & 0x7f)
			return true;
	return false;
}

/* All behind the tag, a length included: protobuf-c takes a bool in any wire type. */
static struct slice behind_tag(const struct part *p)
{
	struct slice s = part_whole(p);
	while (s.at[0] & 0x80)
		s = slice_skip(s, 1);
	return slice_skip(s, 1);
}

/* What an Any holds is one whole message, with all its secrets: shown only where it is dissected, as that of the Envelope is. */
static bool holds_message(const ProtobufCFieldDescriptor *field)
{
	return field == &google__protobuf__any__descriptor.fields[1];
}

static void add_string(struct dissection *d, struct node *parent, const ProtobufCFieldDescriptor *field, const struct part *p)
{
	struct node *n = add_of_field(d, parent, field, part_whole(p), p->field.bytes);
	if (!n)
		return;
	n->secret = n->secret || holds_message(field) || (n->kind == NODE_BYTES && redact_found(n->text));
	if (p->missing)
		node_cut(n, p->missing);
	else if (d->shallow)
		return;
	else if (schema_is_jwt(field))
		dissect_jwt(d, n);
	else if (n->kind == NODE_STRING && !n->secret)
		dissect_json(d, n);
}

static void add_message(struct dissection *d, struct node *parent, const ProtobufCFieldDescriptor *field, const struct part *p, int depth)
{
	int64_t ns;
	if (depth == DEPTH) {
		add_bad(d, parent, field, p, "messages nested too deep");
		return;
	}
	struct node *n = add_of_field(d, parent, field, part_whole(p), p->field.bytes);
	if (!n)
		return;
	const ProtobufCMessageDescriptor *type = field->descriptor;
	n->type = schema_type_name(type);
	dissect_fields(d, n, type, p->field.bytes, p->missing, depth + 1);
	const struct node *const part = n;
	if (type == &google__protobuf__timestamp__descriptor && !p->missing && !node_fault(n) && node_timestamp(&part, 1, &ns)) {
		n->kind = NODE_TIME;
		n->integer = ns;
	}
}

static void add_number(struct dissection *d, struct node *parent, const ProtobufCFieldDescriptor *field, const struct part *p)
{
	struct node *n = add_of_field(d, parent, field, part_whole(p), p->field.bytes);
	if (!n)
		return;
	if (field->type == PROTOBUF_C_TYPE_BOOL)
		n->integer = truth(behind_tag(p));
	else
		set_number(n, field->type, p->field.number_value);
}

/* Bytes that the first element of a packed run takes; 0 if it can't be read. */
static size_t packed_size(const ProtobufCFieldDescriptor *field, struct slice run, uint64_t *value)
{
	int wire = schema_wire_type(field);
	size_t n = wire == WIRE_64BIT ? 8 : 4;
	if (wire == WIRE_VARINT)
		return wire_varint(run, 10, value);
	if (n > run.len)
		return 0;
	*value = wire_fixed(run.at, n);
	return n;
}

static void add_packed(struct dissection *d, struct node *parent, const ProtobufCFieldDescriptor *field, const struct part *p)
{
	uint64_t value = 0;
	for (struct slice run = p->field.bytes; run.len && !dissect_full(d);) {
		size_t size = packed_size(field, run, &value);
		if (!size) {
			add_bad(d, parent, field, p, "a packed value that can't be read");
			return;
		}
		struct slice place = slice_head(run, size);
		struct node *n = add_of_field(d, parent, field, place, place);
		if (n)
			set_number(n, field->type, field->type == PROTOBUF_C_TYPE_BOOL ? truth(place) : value);
		run = slice_skip(run, size);
	}
}

/* Messages. */

static bool is_packed(const ProtobufCFieldDescriptor *field, const struct part *p)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED && p->field.type == WIRE_LENGTH && schema_wire_type(field) != WIRE_LENGTH;
}

static void add_part(struct dissection *d, struct node *parent, const ProtobufCMessageDescriptor *type, const struct part *p, int depth)
{
	const ProtobufCFieldDescriptor *field = type ? schema_field(type, p->field.number) : NULL;
	if (!field) {
		dissect_unknown(d, parent, p, depth);
		return;
	}
	bool packed = is_packed(field, p);
	if (!packed && p->field.type != schema_wire_type(field) && field->type != PROTOBUF_C_TYPE_BOOL)
		add_bad(d, parent, field, p, "not the wire type of this field");
	else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		add_message(d, parent, field, p, depth);
	else if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES)
		add_string(d, parent, field, p);
	else if (packed && !p->missing)
		add_packed(d, parent, field, p);
	else if (!p->missing)
		add_number(d, parent, field, p);
}

enum next { NEXT_PART, NEXT_END, NEXT_BAD, NEXT_CUT };

/* Would zeros behind them make the bytes, which end the capture, a header? */
static bool header_begins(struct slice bytes)
{
	uint8_t padded[20] = { 0 };
	struct wire_field f;
	uint64_t length;
	if (bytes.len >= 10)
		return false;
	if (bytes.len)
		memcpy(padded, bytes.at, bytes.len);
	return bytes.len == 0 || wire_header(slice_of(padded, sizeof padded), &f, &length) > 0;
}

/* Takes a field off the front of *rest that is not whole, `missing` bytes of the message being beyond the
 * capture. */
static enum next next_cut(struct slice *rest, uint64_t missing, struct part *p)
{
	uint64_t length;
	size_t head = wire_header(*rest, &p->field, &length);
	if (!head)
		return header_begins(*rest) ? NEXT_CUT : NEXT_BAD;
	struct slice there = slice_skip(*rest, head);
	if (p->field.type == WIRE_VARINT)
		return there.len < 10 ? NEXT_CUT : NEXT_BAD;
	if (p->field.type != WIRE_LENGTH)
		return NEXT_CUT;
	if (length > there.len + missing)
		return NEXT_BAD;
	p->field.bytes = there;
	p->field.size = rest->len;
	p->missing = length - there.len;
	*rest = slice_skip(*rest, rest->len);
	return NEXT_PART;
}

static enum next next_part(struct slice *rest, uint64_t missing, struct part *p)
{
	p->missing = 0;
	switch (wire_next(rest, &p->field)) {
	case WIRE_FIELD: return NEXT_PART;
	case WIRE_END: return missing ? NEXT_CUT : NEXT_END;
	default: return missing ? next_cut(rest, missing, p) : NEXT_BAD;
	}
}

static bool has_secret(const struct node *parent)
{
	for (const struct node *c = parent->child; c; c = c->next)
		if (c->secret)
			return true;
	return false;
}

/* Why no field can be read there. Groups are named, since other parsers skip one that they don't know. */
static const char *why_unread(struct slice rest)
{
	uint64_t tag;
	size_t n = wire_varint(rest, 5, &tag);
	bool group = n && rest.at[0] >= 8 && ((tag & 7) == WIRE_GROUP || (tag & 7) == WIRE_GROUP_END);
	return group ? "a group (wire type 3 or 4), which proto3 does not have" : "no field of a message can be read here";
}

/* Adds what can't be read on. It may hold a secret: the field that it begins with may be known though its end is not;
 * something in it looks like a token; or it is the end of a secret before it whose length is wrong. */
static void add_rest(struct dissection *d, struct node *parent, const ProtobufCMessageDescriptor *type, struct slice rest)
{
	struct wire_field f;
	uint64_t length;
	struct node *n = node_add(d, parent, NODE_BAD, rest, rest);
	if (!n)
		return;
	n->fault = why_unread(rest);
	const ProtobufCFieldDescriptor *field = type && wire_header(rest, &f, &length) ? schema_field(type, f.number) : NULL;
	n->secret = (field && schema_is_secret(field)) || token_inside(rest) || has_secret(parent);
}

void dissect_fields(struct dissection *d, struct node *n, const ProtobufCMessageDescriptor *type, struct slice bytes, uint64_t missing,
		    int depth)
{
	struct part p;
	enum next next = NEXT_PART;
	while (!dissect_full(d) && (next = next_part(&bytes, missing, &p)) == NEXT_PART) {
		if (p.missing)
			d->cut_in = n;
		add_part(d, n, type, &p, depth);
		if (p.missing)
			return;
	}
	if (next == NEXT_CUT)
		d->cut_in = n;
	else if (next == NEXT_BAD)
		add_rest(d, n, type, bytes);
}
