/*
 * Relations, collected in one pass over the records when somebody asks.
 *
 * Where a type's id stands is looked up by field names: a table says for each kind which fields lead to it, and of a message with a list of
 * items each has one. Which types are worth reading is found out once. The protocol before Flow 1.5 has no types: there the command and
 * the keys of the JSON tell. A hash table finds the relation of an id; each has a list of messages that grows as they are found. An id that
 * is longer than KEY_MAX is none.
 */
#include "decode/relations.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/json_read.h"
#include "base/xalloc.h"
#include "decode/forms.h"
#include "decode/legacy.h"
#include "decode/wire.h"

#include <stdlib.h>

enum { KEY_MAX = 256, ENVELOPE_DATA = 6, ANY_VALUE = 2 };

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
	uint64_t hash_key;
	struct arena keys;
	uint64_t left_out;
	uint32_t n; /* the message whose ids are added */
};

/* Who is told of each id of a message. */
struct finder {
	void (*found)(void *user, struct slice id);
	void *user;
	bool any;
};

static void tell(struct finder *f, struct slice id)
{
	if (!id.len || id.len > KEY_MAX)
		return;
	f->any = true;
	f->found(f->user, id);
}

/* Fields that lead to the id: of the payload, and where that is a message of that one, be it repeated. NULL: there is no second step. */
static const struct path {
	enum relation_kind kind;
	const char *field, *then;
} paths[] = {
	{ RELATION_CORRELATION, "correlationId", NULL },
	{ RELATION_WORKITEM, "workitem", "_id" },
	{ RELATION_WORKITEM, "workitems", "_id" },
	{ RELATION_WORKITEM, "items", "_id" },
	{ RELATION_WORKITEM, "_id", NULL },
};
enum { PATHS = sizeof paths / sizeof *paths };

static const ProtobufCFieldDescriptor *field_named(const ProtobufCMessageDescriptor *type, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(type, name);
}

/* Could a message of this type have an id of this kind there? Work items' _id must not be taken from other messages that have one. */
static const ProtobufCFieldDescriptor *path_begins(const ProtobufCMessageDescriptor *type, const struct path *p)
{
	const ProtobufCFieldDescriptor *field = type ? field_named(type, p->field) : NULL;
	if (!field || (p->then && field->type != PROTOBUF_C_TYPE_MESSAGE))
		return NULL;
	return p->kind != RELATION_WORKITEM || strstr(type->name, "Workitem") ? field : NULL;
}

/* The paths of one kind in one type, by number. */
struct way {
	uint32_t field[PATHS]; /* 0: not in this type */
	uint32_t then[PATHS];  /* 0: there is no second step */
	bool any;
};

static struct way way_in(enum relation_kind kind, const ProtobufCMessageDescriptor *type)
{
	struct way way = { .any = false };
	for (size_t i = 0; i < PATHS; i++) {
		const ProtobufCFieldDescriptor *field = paths[i].kind == kind ? path_begins(type, &paths[i]) : NULL;
		const ProtobufCFieldDescriptor *then = field && paths[i].then ? field_named(field->descriptor, paths[i].then) : NULL;
		if (!field || (paths[i].then && !then))
			continue;
		way.field[i] = field->id;
		way.then[i] = then ? then->id : 0;
		way.any = true;
	}
	return way;
}

/* What there is of the field of that number at the end of a message that is cut in it; empty if it is another one. */
static struct slice cut_field(struct slice message, uint32_t number)
{
	struct wire_field w;
	uint64_t length;
	while (wire_next(&message, &w) == WIRE_FIELD)
		;
	size_t head = message.len ? wire_header(message, &w, &length) : 0;
	return head && w.number == number && w.type == WIRE_LENGTH ? slice_skip(message, head) : (struct slice){ NULL, 0 };
}

/* Of a message in the payload that is cut, what is there may have the id. */
static void follow(struct finder *f, uint32_t field, uint32_t then, struct slice value)
{
	struct wire_field w;
	while (wire_next(&value, &w) == WIRE_FIELD)
		if (w.number == field && w.type == WIRE_LENGTH)
			tell(f, then ? payload_bytes(w.bytes, then) : w.bytes);
	if (then)
		tell(f, payload_bytes(cut_field(value, field), then));
}

static void payload_ids(struct finder *f, const struct way *way, struct slice value)
{
	for (size_t i = 0; i < PATHS && !f->any; i++)
		if (way->field[i])
			follow(f, way->field[i], way->then[i], value);
}

static struct slice member(struct slice object, const char *name)
{
	struct json_walk w = json_walk(object);
	struct json_value v;
	struct slice key;
	while (json_next(&w, &key, &v))
		if (json_key_is(key, name))
			return v.text;
	return (struct slice){ NULL, 0 };
}

/* The command of a legacy message that is about work items ends in their name: addworkitem, popworkitem … */
static bool about_workitem(struct slice command)
{
	static const char end[] = "workitem";
	size_t n = sizeof end - 1;
	return command.len > n && slice_is(slice_skip(command, command.len - n), end);
}

static void legacy_ids(struct finder *f, enum relation_kind kind, const struct form *form)
{
	struct slice value = form->e.value;
	if (kind == RELATION_CORRELATION)
		tell(f, legacy_member(value, "correlationId"));
	if (kind != RELATION_WORKITEM || !about_workitem(form->command))
		return;
	struct slice id = legacy_member(member(value, "result"), "_id");
	tell(f, id.len ? id : legacy_member(value, "_id"));
}

/* form: made before, used again for each message. */
static void read_ids(struct finder *f, const struct session *s, enum relation_kind kind, const struct way *way, uint32_t n,
		     struct form *form, struct buf *scratch)
{
	const struct record *record = session_record(s, n);
	struct slice bytes = session_bytes(s, n, scratch);
	form_read(form, s, record, bytes);
	bool cut = record->cut && record->encoding == ENCODING_ENVELOPE && !form->e.value.len;
	if (kind == RELATION_TRACE)
		tell(f, form->e.traceid);
	else if (record->encoding == ENCODING_LEGACY)
		legacy_ids(f, kind, form);
	else
		payload_ids(f, way, cut ? cut_field(cut_field(bytes, ENVELOPE_DATA), ANY_VALUE) : form->e.value);
}

/* Is it worth reading? way: of its type. */
static bool wanted(enum relation_kind kind, const struct record *record, const struct way *way)
{
	if (kind == RELATION_TRACE)
		return record->has_trace;
	return record->encoding == ENCODING_LEGACY || way->any;
}

/* Only the first of several is wanted. */
static void take_first(void *user, struct slice id)
{
	struct buf *out = user;
	if (!out->len)
		buf_add(out, id);
}

bool relation_id(const struct session *s, enum relation_kind kind, uint32_t n, struct buf *scratch, struct buf *out)
{
	const struct record *record = session_record(s, n);
	struct buf id = { 0 };
	struct form form;
	struct finder f = { take_first, &id, false };
	struct way way = way_in(kind, record ? schema_descriptor(session_schema(s), record->type) : NULL);
	if (!record || !wanted(kind, record, &way))
		return false;
	form_init(&form);
	read_ids(&f, s, kind, &way, n, &form, scratch);
	form_release(&form);
	buf_add(out, buf_slice(&id));
	buf_release(&id);
	return f.any;
}

static uint32_t *slot_of(const struct relations *r, struct slice key)
{
	uint32_t i = (uint32_t)hash_bytes(key, r->hash_key) & (r->slots - 1);
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

static struct group *group_of(struct relations *r, struct slice key)
{
	if (r->groups == r->cap)
		grow(r);
	uint32_t *slot = slot_of(r, key);
	if (*slot)
		return &r->group[*slot - 1];
	struct slice copy = r->groups < RELATIONS_MAX ? arena_copy(&r->keys, key) : (struct slice){ NULL, 0 };
	if (!copy.at)
		return NULL;
	r->group[r->groups++] = (struct group){ .key = copy };
	*slot = r->groups;
	return &r->group[r->groups - 1];
}

static void add(void *user, struct slice key)
{
	struct relations *r = user;
	struct group *g = group_of(r, key);
	if (!g) {
		r->left_out++;
		return;
	}
	if (g->count && g->n[g->count - 1] == r->n)
		return;
	if (g->count == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 4;
		g->n = xreallocarray(g->n, g->cap, sizeof *g->n);
	}
	g->n[g->count++] = r->n;
}

/* For each type the way to its ids. To be freed. */
static struct way *ways_of(const struct schema *schema, enum relation_kind kind)
{
	type_id count = schema_types(schema);
	struct way *way = xcalloc((size_t)count + 1, sizeof *way);
	for (type_id t = 1; t <= count; t++)
		way[t] = way_in(kind, schema_descriptor(schema, t));
	return way;
}

struct relations *relations_new(const struct session *s, enum relation_kind kind)
{
	struct relations *r = xcalloc(1, sizeof *r);
	r->hash_key = hash_new_key();
	struct buf scratch = { 0 };
	struct form form;
	struct way *way = ways_of(session_schema(s), kind);
	arena_init(&r->keys, SIZE_MAX);
	form_init(&form);
	for (r->n = session_first(s); r->n <= session_count(s); r->n++) {
		const struct record *record = session_record(s, r->n);
		struct finder f = { add, r, false };
		if (record && wanted(kind, record, &way[record->type]))
			read_ids(&f, s, kind, &way[record->type], r->n, &form, &scratch);
	}
	form_release(&form);
	free(way);
	buf_release(&scratch);
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

uint64_t relations_left_out(const struct relations *r)
{
	return r->left_out;
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
