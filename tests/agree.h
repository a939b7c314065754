/*
 * Three readers of the same bytes must agree: protobuf_c_message_unpack (the referee), the view (envelope_read,
 * schema_valid), and the dissection tree; on what they take and on the value of every field. For tests only,
 * hence whole in a header.
 *
 * The referee merges sub-messages that a singular field has twice as protobuf-c 1.4 does: strings and bytes of
 * the earlier stay where the later has none, but its numbers and its unknown fields are lost. The tree has them
 * all; here it is read by that rule.
 */
#ifndef TESTS_AGREE_H
#define TESTS_AGREE_H

#include "base/arena.h"
#include "decode/dissect.h"

#include "base.pb-c.h"

struct agree {
	struct schema *schema;
	struct dissection tree;
	struct arena memory; /* of the referee and the comparison */
};

/* Nodes of the occurrences of one field, or of one message. */
struct agree_nodes {
	const struct node **at;
	size_t count;
};

static inline void agree_init(struct agree *a)
{
	a->schema = schema_new();
	dissection_init(&a->tree, a->schema, (size_t)64 << 20);
	arena_init(&a->memory, (size_t)256 << 20);
}

static inline void agree_release(struct agree *a)
{
	dissection_release(&a->tree);
	arena_release(&a->memory);
	schema_free(a->schema);
}

static inline void *agree_alloc(void *memory, size_t n)
{
	return arena_take(memory, n);
}

static inline void agree_free(void *memory, void *p)
{
	(void)memory;
	(void)p;
}

/* The referee's message, NULL if it refuses; lives until the memory is cleared. */
static inline ProtobufCMessage *agree_unpack(struct agree *a, const ProtobufCMessageDescriptor *type, struct slice bytes)
{
	ProtobufCAllocator allocator = { agree_alloc, agree_free, &a->memory };
	return protobuf_c_message_unpack(type, &allocator, bytes.len, bytes.at);
}

/* The occurrences of a field in several parts of a message. */
static inline struct agree_nodes agree_gather(struct agree *a, struct agree_nodes parts, uint32_t number)
{
	struct agree_nodes out = { NULL, 0 };
	size_t most = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < parts.count; i++) {
			for (const struct node *c = parts.at[i]->child; c; c = c->next) {
				if (c->number != number || c->unknown)
					continue;
				if (pass == 0)
					most++;
				else
					out.at[out.count++] = c;
			}
		}
		if (pass == 0)
			out.at = arena_take(&a->memory, (most + 1) * sizeof *out.at);
	}
	return out;
}

static inline const char *agree_message(struct agree *a, struct agree_nodes parts, const ProtobufCMessage *ref);

static inline bool agree_text(const char *ref, struct slice text)
{
	const uint8_t *nul = text.len ? memchr(text.at, 0, text.len) : NULL;
	size_t len = nul ? (size_t)(nul - text.at) : text.len;
	return strlen(ref) == len && (len == 0 || memcmp(ref, text.at, len) == 0);
}

static inline bool agree_float(double tree, float ref)
{
	float f = (float)tree;
	return memcmp(&f, &ref, sizeof f) == 0 || (f != f && ref != ref);
}

/* Is the value at `at` that of the node? n NULL: the default. */
static inline bool agree_scalar(ProtobufCType type, const void *at, const struct node *n)
{
	int64_t integer = n ? n->integer : 0;
	uint32_t low;
	uint64_t all;
	float single;
	switch (type) {
	case PROTOBUF_C_TYPE_FLOAT: memcpy(&single, at, sizeof single); return agree_float(n ? n->real : 0, single);
	case PROTOBUF_C_TYPE_DOUBLE: return memcmp(at, n ? &n->real : &(double){ 0 }, sizeof(double)) == 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64: memcpy(&all, at, sizeof all); return all == (uint64_t)integer;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32: memcpy(&low, at, sizeof low); return low == integer;
	default: memcpy(&low, at, sizeof low); return (int32_t)low == integer;
	}
}

static inline const char *agree_bytes(const ProtobufCBinaryData *ref, const struct node *n)
{
	struct slice text = n ? n->text : slice_of(NULL, 0);
	return slice_eq(slice_of(ref->data, ref->len), text) ? NULL : "bytes differ";
}

/* One value, the element of a repeated field or the last of a singular one, at `at` in the referee's
 * message. */
static inline const char *agree_value(struct agree *a, const ProtobufCFieldDescriptor *field, const void *at, const struct node *n)
{
	const char *text;
	const ProtobufCMessage *message;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		memcpy(&text, at, sizeof text);
		return agree_text(text, n ? n->text : slice_of(NULL, 0)) ? NULL : "a string differs";
	case PROTOBUF_C_TYPE_BYTES: return agree_bytes(at, n);
	case PROTOBUF_C_TYPE_MESSAGE: memcpy(&message, at, sizeof message); return agree_message(a, (struct agree_nodes){ &n, 1 }, message);
	default: return agree_scalar(field->type, at, n) ? NULL : "a number differs";
	}
}

static inline size_t agree_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING: return sizeof(char *);
	case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_MESSAGE: return sizeof(ProtobufCMessage *);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE: return 8;
	default: return 4;
	}
}

static inline const char *agree_repeated(struct agree *a, const ProtobufCFieldDescriptor *field, const ProtobufCMessage *ref,
					 struct agree_nodes nodes)
{
	const uint8_t *base = (const uint8_t *)ref, *elements;
	size_t count;
	memcpy(&count, base + field->quantifier_offset, sizeof count);
	memcpy(&elements, base + field->offset, sizeof elements);
	if (count != nodes.count)
		return "the number of elements differs";
	for (size_t i = 0; i < count; i++) {
		const char *why = agree_value(a, field, elements + i * agree_size(field->type), nodes.at[i]);
		if (why || !nodes.at[i]->repeated)
			return why ? why : "an element is not marked as repeated";
	}
	return NULL;
}

/* Of bytes given in several parts, the last that are not empty. */
static inline const struct node *agree_last_bytes(struct agree *a, struct agree_nodes parts, uint32_t number)
{
	const struct node *found = NULL;
	for (size_t i = 0; i < parts.count; i++) {
		struct agree_nodes nodes = agree_gather(a, (struct agree_nodes){ &parts.at[i], 1 }, number);
		const struct node *last = nodes.count ? nodes.at[nodes.count - 1] : NULL;
		if (last && (last->value_length || !found))
			found = last;
	}
	return found;
}

static inline const char *agree_singular(struct agree *a, const ProtobufCFieldDescriptor *field, const ProtobufCMessage *ref,
					 struct agree_nodes parts)
{
	const uint8_t *at = (const uint8_t *)ref + field->offset;
	struct agree_nodes last_part = { parts.at + parts.count - 1, 1 };
	bool numeric = field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE;
	struct agree_nodes nodes = agree_gather(a, numeric ? last_part : parts, field->id);
	const struct node *last = nodes.count ? nodes.at[nodes.count - 1] : NULL;
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return agree_value(a, field, at, agree_last_bytes(a, parts, field->id));
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return agree_value(a, field, at, last);
	const ProtobufCMessage *message;
	memcpy(&message, at, sizeof message);
	if (!message || !last)
		return !message && !last ? NULL : "only one of them has a message";
	return agree_message(a, nodes, message);
}

/* Unknown fields: the same numbers and the same bytes, in the same order. */
static inline const char *agree_unknown(struct agree *a, const struct node *part, const ProtobufCMessage *ref)
{
	size_t i = 0;
	for (const struct node *c = part->child; c; c = c->next) {
		if (!c->unknown)
			continue;
		if (i == ref->n_unknown_fields)
			return "the tree has more unknown fields";
		const ProtobufCMessageUnknownField *u = &ref->unknown_fields[i++];
		struct slice whole = slice_of(a->tree.bytes.at + c->offset, c->length);
		if (u->tag != c->number || u->len >= whole.len ||
		    !slice_eq(slice_skip(whole, whole.len - u->len), slice_of(u->data, u->len)))
			return "an unknown field differs";
	}
	return i == ref->n_unknown_fields ? NULL : "the tree has fewer unknown fields";
}

static inline const char *agree_message(struct agree *a, struct agree_nodes parts, const ProtobufCMessage *ref)
{
	const char *why = agree_unknown(a, parts.at[parts.count - 1], ref);
	for (unsigned i = 0; !why && i < ref->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &ref->descriptor->fields[i];
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			why = agree_repeated(a, field, ref, agree_gather(a, parts, field->id));
		else
			why = agree_singular(a, field, ref, parts);
	}
	return why;
}

static inline bool agree_within(const struct node *inner, uint32_t from, uint32_t len)
{
	return inner->offset >= from && (uint64_t)inner->offset + inner->length <= (uint64_t)from + len;
}

/* Does every node lie in its parent, and its value in it, and is its text what stands there? */
static inline const char *agree_places(const struct dissection *d)
{
	for (const struct node *n = d->root; n; n = node_after(n, d->root)) {
		const struct node *p = n->parent;
		if (n->value_offset < n->offset || n->value_offset + n->value_length > n->offset + n->length)
			return "a value lies outside its field";
		if (p && !n->from_text && !agree_within(n, p->value_offset, p->value_length))
			return "a field lies outside its message";
		if (p && n->from_text && (n->offset != p->offset || n->length != p->length))
			return "JSON lies elsewhere than its string";
		if (!n->from_text && n->text.len && n->text.at != d->bytes.at + n->value_offset)
			return "a text is not what stands there";
		if (p && p->last->next)
			return "the last child is not the last";
	}
	return NULL;
}

static inline int agree_depth(const ProtobufCMessage *ref);

static inline int agree_field_depth(const ProtobufCMessage *ref, const ProtobufCFieldDescriptor *field)
{
	const uint8_t *base = (const uint8_t *)ref;
	const ProtobufCMessage *const *messages = (const ProtobufCMessage *const *)(const void *)(base + field->offset);
	size_t count = 1;
	int most = 0;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&count, base + field->quantifier_offset, sizeof count);
		memcpy(&messages, base + field->offset, sizeof messages);
	}
	for (size_t i = 0; i < count; i++) {
		int depth = messages[i] ? agree_depth(messages[i]) : 0;
		most = depth > most ? depth : most;
	}
	return most;
}

/* Levels of messages in the referee's. */
static inline int agree_depth(const ProtobufCMessage *ref)
{
	int most = 0;
	for (unsigned i = 0; i < ref->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &ref->descriptor->fields[i];
		int depth = field->type == PROTOBUF_C_TYPE_MESSAGE ? agree_field_depth(ref, field) : 0;
		most = depth > most ? depth : most;
	}
	return most + 1;
}

/* A payload whose tree is the one below n. */
static inline const char *agree_payload_tree(struct agree *a, type_id type, struct slice bytes, const struct node *n)
{
	const ProtobufCMessageDescriptor *descriptor = schema_descriptor(a->schema, type);
	if (!descriptor)
		return NULL;
	const ProtobufCMessage *ref = agree_unpack(a, descriptor, bytes);
	bool valid = schema_valid(descriptor, bytes);
	if (valid != (node_fault(n) == NULL))
		return "schema_valid and the tree differ";
	if (!valid && ref && agree_depth(ref) > 100)
		return NULL;
	if (valid != (ref != NULL))
		return valid ? "protobuf-c refuses this payload" : "only protobuf-c takes this payload";
	return ref ? agree_message(a, (struct agree_nodes){ &n, 1 }, ref) : NULL;
}

/* NULL if all agree on the bytes as a message of that type; else a sentence. */
static inline const char *agree_payload(struct agree *a, type_id type, struct slice bytes)
{
	arena_clear(&a->memory);
	dissect_payload(&a->tree, type, bytes);
	const char *why = agree_places(&a->tree);
	return why ? why : agree_payload_tree(a, type, bytes, a->tree.root);
}

/* The first fault of the Envelope itself, not of its payload. */
static inline const char *agree_envelope_fault(const struct dissection *d)
{
	const struct node *n = d->root;
	while (n && n->kind != NODE_BAD) {
		if (n != d->payload) {
			n = node_after(n, d->root);
			continue;
		}
		while (n != d->root && !n->next)
			n = n->parent;
		n = n == d->root ? NULL : n->next;
	}
	return n ? n->fault : NULL;
}

static inline const char *agree_view(const struct envelope *e, const Openiap__Envelope *ref)
{
	if (!agree_text(ref->command, e->command) || !agree_text(ref->id, e->id) || !agree_text(ref->rid, e->rid) ||
	    !agree_text(ref->jwt, e->jwt) || !agree_text(ref->traceid, e->traceid) || !agree_text(ref->spanid, e->spanid))
		return "a string of the view differs";
	if (ref->priority != e->priority || ref->seq != e->seq)
		return "a number of the view differs";
	if (e->has_data != (ref->data != NULL))
		return "the view and protobuf-c differ about data";
	if (!ref->data)
		return NULL;
	if (!agree_text(ref->data->type_url, e->type_url))
		return "the type_url of the view differs";
	return slice_eq(slice_of(ref->data->value.data, ref->data->value.len), e->value) ? NULL : "the value of the view differs";
}

/* NULL if all agree on the bytes as an Envelope, and on its payload; else a sentence. */
static inline const char *agree_envelope(struct agree *a, struct slice bytes)
{
	struct envelope e;
	bool by_command;
	arena_clear(&a->memory);
	bool taken = envelope_read(bytes, &e);
	const ProtobufCMessage *ref = agree_unpack(a, &openiap__envelope__descriptor, bytes);
	dissect_envelope(&a->tree, bytes, bytes.len);
	const struct dissection *d = &a->tree;
	const char *why = agree_places(d);
	if (why)
		return why;
	if (taken != (ref != NULL))
		return taken ? "protobuf-c refuses what the view takes" : "the view refuses what protobuf-c takes";
	if (taken != (agree_envelope_fault(d) == NULL))
		return taken ? "the tree refuses what the view takes" : "the tree takes what the view refuses";
	if (!ref)
		return NULL;
	why = agree_view(&e, (const Openiap__Envelope *)ref);
	if (!why)
		why = agree_message(a, (struct agree_nodes){ (const struct node *[]){ d->root }, 1 }, ref);
	if (why)
		return why;
	if (d->type != envelope_payload_type(a->schema, &e, &by_command) || d->type_by_command != by_command)
		return "the tree has another payload type than the view";
	if (e.has_data != (d->payload != NULL) || (d->payload && !slice_eq(d->payload->text, e.value)))
		return "the tree has another payload than the view";
	return d->payload ? agree_payload_tree(a, d->type, e.value, d->payload) : NULL;
}

#endif
