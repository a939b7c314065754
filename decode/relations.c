/*
 * Relations, collected in one pass over the records when somebody asks.
 *
 * Where a type's id stands is looked up by field names: a table says for each kind which fields lead to it. A hash table finds the
 * relation of an id; each has a list of messages that grows as they are found. An id that is longer than KEY_MAX is none.
 */
#include "decode/relations.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "decode/forms.h"
#include "decode/wire.h"

#include <stdlib.h>

enum { KEY_MAX = 256 };

struct group {
	struct slice key;
	uint32_t *n;
	uint32_t count, cap;
};

struct relations {
	struct group *group;
	uint32_t groups, cap;
	uint32_t *slot; /* index + 1 */
	uint32_t slots; /* a power of two, at least twice the groups */
	struct arena keys;
};

/* Fields that lead to the id: of the payload, and where that is a message of that one. NULL: there is no second step. */
static const struct path {
	enum relation_kind kind;
	const char *field, *then;
} paths[] = {
	{ RELATION_CORRELATION, "correlationId", NULL },
	{ RELATION_WORKITEM, "workitem", "_id" },
	{ RELATION_WORKITEM, "_id", NULL },
};

static struct slice text_field(const ProtobufCMessageDescriptor **type, struct slice bytes, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(*type, name);
	struct slice found = { NULL, 0 };
	struct wire_field f;
	while (field && wire_next(&bytes, &f) == WIRE_FIELD)
		if (f.number == field->id && f.type == WIRE_LENGTH)
			found = f.bytes;
	if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
		*type = field->descriptor;
	return found;
}

/* Could a message of this type have an id of this kind? Work items' _id must not be taken from other messages that have one. */
static bool type_has(const ProtobufCMessageDescriptor *type, const struct path *p)
{
	if (!type || !protobuf_c_message_descriptor_get_field_by_name(type, p->field))
		return false;
	return p->kind != RELATION_WORKITEM || strstr(type->name, "Workitem");
}

static struct slice payload_id(enum relation_kind kind, const ProtobufCMessageDescriptor *type, struct slice value)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const ProtobufCMessageDescriptor *at = type;
		if (paths[i].kind != kind || !type_has(type, &paths[i]))
			continue;
		struct slice id = text_field(&at, value, paths[i].field);
		if (paths[i].then)
			id = text_field(&at, id, paths[i].then);
		if (id.len)
			return id;
	}
	return (struct slice){ NULL, 0 };
}

static bool worth_reading(enum relation_kind kind, const struct record *record, const ProtobufCMessageDescriptor *type)
{
	if (record->encoding == ENCODING_LEGACY)
		return false;
	if (kind == RELATION_TRACE)
		return record->has_trace;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (paths[i].kind == kind && type_has(type, &paths[i]))
			return true;
	return false;
}

bool relation_id(const struct session *s, enum relation_kind kind, uint32_t n, struct buf *scratch, struct buf *out)
{
	const struct record *record = session_record(s, n);
	const ProtobufCMessageDescriptor *type = record ? schema_descriptor(session_schema(s), record->type) : NULL;
	struct form form;
	if (!record || !worth_reading(kind, record, type))
		return false;
	form_init(&form);
	form_read(&form, s, record, session_bytes(s, n, scratch));
	struct slice id = kind == RELATION_TRACE ? form.e.traceid : payload_id(kind, type, form.e.value);
	bool known = id.len && id.len <= KEY_MAX;
	if (known)
		buf_add(out, id);
	form_release(&form);
	return known;
}

static uint32_t *slot_of(const struct relations *r, struct slice key)
{
	uint32_t i = (uint32_t)hash_bytes(key, 0) & (r->slots - 1);
	while (r->slot[i] && !slice_eq(r->group[r->slot[i] - 1].key, key))
		i = (i + 1) & (r->slots - 1);
	return &r->slot[i];
}

static void grow(struct relations *r)
{
	r->cap = r->cap ? 2 * r->cap : 64;
	r->group = xreallocarray(r->group, r->cap, sizeof *r->group);
	free(r->slot);
	r->slots = 2 * r->cap;
	r->slot = xcalloc(r->slots, sizeof *r->slot);
	for (uint32_t i = 0; i < r->groups; i++)
		*slot_of(r, r->group[i].key) = i + 1;
}

static void add(struct relations *r, struct slice key, uint32_t n)
{
	if (r->groups == r->cap)
		grow(r);
	uint32_t *slot = slot_of(r, key);
	if (!*slot) {
		struct slice copy = arena_copy(&r->keys, key);
		if (!copy.at)
			return;
		r->group[r->groups++] = (struct group){ .key = copy };
		*slot = r->groups;
	}
	struct group *g = &r->group[*slot - 1];
	if (g->count == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 4;
		g->n = xreallocarray(g->n, g->cap, sizeof *g->n);
	}
	g->n[g->count++] = n;
}

struct relations *relations_new(const struct session *s, enum relation_kind kind)
{
	struct relations *r = xcalloc(1, sizeof *r);
	struct buf scratch = { 0 }, id = { 0 };
	arena_init(&r->keys, SIZE_MAX);
	for (uint32_t n = session_first(s); n <= session_count(s); n++) {
		buf_clear(&id);
		if (relation_id(s, kind, n, &scratch, &id))
			add(r, buf_slice(&id), n);
	}
	buf_release(&scratch);
	buf_release(&id);
	return r;
}

void relations_free(struct relations *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->groups; i++)
		free(r->group[i].n);
	free(r->group);
	free(r->slot);
	arena_release(&r->keys);
	free(r);
}

uint32_t relations_count(const struct relations *r)
{
	return r->groups;
}

struct relation relations_at(const struct relations *r, uint32_t i)
{
	const struct group *g = &r->group[i];
	return (struct relation){ g->key, g->n, g->count };
}
