/*
 * REST's Envelope: the view, and the tree.
 *
 * The view goes through the members of the object and, of data, to the value: an array of numbers or base64, which becomes bytes in
 * the arena. Only what has escapes in it is copied besides. The tree shows every member where it stands in the text; in the place of
 * data.value comes the payload, dissected from the decoded bytes.
 *
 * A member that comes twice counts the last time, as it does for JSON.parse.
 */
#include "decode/json_form.h"

#include "base/digit.h"
#include "decode/dissect_part.h"

#include "base.pb-c.h"

enum { BYTE_MAX = 255, TEXT_MAX = INT32_MAX };

bool json_form_text(struct arena *a, const struct json_value *v, struct slice *out)
{
	*out = v->kind == JSON_READ_NUMBER ? v->text : (struct slice){ NULL, 0 };
	if (v->kind != JSON_READ_STRING)
		return v->kind == JSON_READ_NUMBER || v->kind == JSON_READ_NULL;
	*out = json_inner(v);
	if (!out->len || !memchr(out->at, '\\', out->len))
		return true;
	struct buf plain = { 0 };
	json_unescape(&plain, *out);
	*out = arena_copy(a, buf_slice(&plain));
	buf_release(&plain);
	return out->at != NULL;
}

bool json_form_int(const struct json_value *v, int32_t *out)
{
	int64_t wide = 0;
	bool good = v->kind == JSON_READ_NULL || (json_read_integer(v, &wide) && wide >= INT32_MIN && wide <= INT32_MAX);
	*out = good ? (int32_t)wide : 0;
	return good;
}

/* The payload. */

/* Base64 (RFC 4648, sections 4 and 5), padded or not. */
static bool read_base64(struct arena *a, const struct json_value *v, struct slice *out)
{
	uint32_t bits = 0;
	size_t n = 0, i = 0;
	struct slice text;
	uint8_t *at = json_form_text(a, v, &text) ? arena_take(a, text.len / 4 * 3 + 3) : NULL;
	if (!at)
		return false;
	for (int digit; i < text.len && (digit = base64_digit(text.at[i])) >= 0; i++) {
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4)
			at[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	*out = slice_of(at, n);
	while (i < text.len && text.at[i] == '=')
		i++;
	return i == text.len;
}

/* An array of numbers from 0 to 255. */
static bool read_array(struct arena *a, struct slice text, struct slice *out)
{
	struct json_walk w = json_walk(text);
	struct json_value v;
	int64_t byte;
	size_t n = 0;
	uint8_t *at = arena_take(a, text.len / 2 + 1); /* a digit and a comma each, at least */
	if (!at)
		return false;
	*out = slice_of(at, 0);
	while (json_next(&w, NULL, &v) && !v.cut) {
		if (!json_read_integer(&v, &byte) || byte < 0 || byte > BYTE_MAX)
			return false;
		at[n++] = (uint8_t)byte;
		out->len = n;
	}
	return !w.bad && !w.cut;
}

static bool read_buffer(struct arena *a, struct slice text, struct slice *out)
{
	struct json_walk w = json_walk(text);
	struct json_value v, data = { .kind = JSON_READ_NONE };
	struct slice key;
	while (json_next(&w, &key, &v))
		if (json_key_is(key, "data"))
			data = v;
	if (data.kind == JSON_READ_ARRAY)
		return read_array(a, data.text, out);
	return data.kind == JSON_READ_STRING && read_base64(a, &data, out);
}

static bool read_value(struct arena *a, const struct json_value *v, struct json_form *out)
{
	bool good = false;
	if (v->kind == JSON_READ_NULL)
		return true;
	if (v->kind == JSON_READ_OBJECT)
		good = read_buffer(a, v->text, &out->e.value);
	else if (v->kind == JSON_READ_ARRAY)
		good = read_array(a, v->text, &out->e.value);
	else if (v->kind == JSON_READ_STRING)
		good = read_base64(a, v, &out->e.value);
	out->payload = v->text;
	out->unread = !good && !v->cut && !a->spent;
	return good;
}

static bool read_data(struct arena *a, const struct json_value *v, struct json_form *out)
{
	struct json_walk w = json_walk(v->text);
	struct json_value member, value = { .kind = JSON_READ_NULL };
	struct slice key;
	bool good = true;
	if (v->kind != JSON_READ_OBJECT)
		return v->kind == JSON_READ_NULL;
	out->e.has_data = true;
	while (json_next(&w, &key, &member)) {
		if (json_key_is(key, "type_url") && !member.cut)
			good = json_form_text(a, &member, &out->e.type_url) && good;
		else if (json_key_is(key, "value"))
			value = member;
	}
	return read_value(a, &value, out) && good;
}

/* The Envelope. */

static const struct text_member {
	const char *name;
	size_t offset; /* in struct envelope */
} text_members[] = {
	{ "command", offsetof(struct envelope, command) }, { "id", offsetof(struct envelope, id) },
	{ "rid", offsetof(struct envelope, rid) },         { "jwt", offsetof(struct envelope, jwt) },
	{ "traceid", offsetof(struct envelope, traceid) }, { "spanid", offsetof(struct envelope, spanid) },
};
enum { TEXT_MEMBERS = sizeof text_members / sizeof *text_members };

static bool read_member(struct arena *a, struct slice key, const struct json_value *v, struct json_form *out)
{
	for (size_t i = 0; i < TEXT_MEMBERS; i++)
		if (json_key_is(key, text_members[i].name))
			return json_form_text(a, v, (struct slice *)(void *)((char *)&out->e + text_members[i].offset));
	if (json_key_is(key, "priority"))
		return json_form_int(v, &out->e.priority);
	if (!json_key_is(key, "seq"))
		return true;
	out->has_seq = v->kind == JSON_READ_NUMBER;
	return json_form_int(v, &out->e.seq);
}

bool json_form_read(struct arena *a, struct slice text, struct json_form *out)
{
	struct json_walk w = json_walk(text);
	struct json_value v, data = { .kind = JSON_READ_NULL };
	struct slice key;
	bool good = w.object;
	*out = (struct json_form){ .has_seq = false };
	while (json_next(&w, &key, &v)) {
		if (json_key_is(key, "data"))
			data = v;
		else if (!v.cut)
			good = read_member(a, key, &v, out) && good;
	}
	good = read_data(a, &data, out) && good;
	return good && json_walk_whole(&w);
}

/* The tree. */

/* At that place stands something that it can't hold. */
static void add_bad(struct dissection *d, struct node *parent, struct slice place, const char *fault)
{
	struct node *n = node_add(d, parent, NODE_BAD, place, slice_head(place, 0));
	if (n)
		n->fault = fault;
}

static bool fits(const ProtobufCFieldDescriptor *field, const struct json_value *v)
{
	int32_t number;
	if (v->kind == JSON_READ_NULL || v->cut)
		return true;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return v->kind == JSON_READ_STRING || v->kind == JSON_READ_NUMBER;
	return field->type == PROTOBUF_C_TYPE_INT32 && json_form_int(v, &number);
}

/* The fields of the Envelope have their numbers and types from the schema. */
static void name_field(struct dissection *d, struct node *n, const ProtobufCMessageDescriptor *type, const struct json_value *v)
{
	const ProtobufCFieldDescriptor *field = NULL;
	for (unsigned i = 0; i < type->n_fields && !field; i++)
		if (slice_is(n->name, type->fields[i].name))
			field = &type->fields[i];
	if (!field)
		return;
	n->number = field->id;
	n->secret = schema_is_secret(field) && n->text.len;
	if (n->kind == NODE_STRING && !d->shallow && schema_is_jwt(field))
		dissect_jwt(d, n);
	if (!fits(field, v))
		add_bad(d, d->root, v->text, "not a value of this field's type");
}

/* The nodes below n were made from bytes that are not in the message: their place is that of n's value. */
static void set_apart(struct node *n)
{
	for (struct node *c = n->child; c; c = c->next) {
		c->apart = true;
		c->offset = c->value_offset = n->value_offset;
		c->length = c->value_length = n->value_length;
		set_apart(c);
	}
}

static void add_payload(struct dissection *d, struct node *any, const struct slice *place, const struct json_form *form, uint64_t missing)
{
	struct node *n = node_add(d, any, NODE_MESSAGE, place[0], place[1]);
	const char *type = schema_name(d->schema, d->type);
	struct slice text = d->bytes;
	if (!n)
		return;
	n->name = slice_str("value");
	n->type = type ? type : "message";
	n->text = form->e.value;
	d->payload = n;
	d->bytes = form->e.value.at ? form->e.value : slice_str("");
	dissect_fields(d, n, schema_descriptor(d->schema, d->type), d->bytes, missing, 1);
	d->bytes = text;
	set_apart(n);
	if (form->unread)
		add_bad(d, n, place[1], "neither an array of bytes nor base64");
}

static void add_data(struct dissection *d, const struct slice *place, const struct json_value *data, const struct json_form *form,
		     uint64_t missing)
{
	struct node *any = node_add(d, d->root, NODE_MESSAGE, place[0], place[1]);
	struct json_walk w = json_walk(data->text);
	struct json_value v;
	struct slice key;
	if (!any)
		return;
	any->name = slice_str("data");
	any->type = "Any";
	any->number = 6;
	while (json_next(&w, &key, &v) && !dissect_full(d)) {
		struct slice member[2] = { dissect_member_place(key, &v), v.text };
		if (json_key_is(key, "value") && v.kind != JSON_READ_NULL && v.text.at == form->payload.at)
			add_payload(d, any, member, form, v.cut ? missing : 0);
		else
			dissect_member(d, any, key, &v);
	}
	if (data->cut && !d->cut_in)
		d->cut_in = any;
}

static void add_member(struct dissection *d, struct slice key, const struct json_value *v, const struct json_form *form, uint64_t missing)
{
	struct slice place[2] = { dissect_member_place(key, v), v->text };
	if (json_key_is(key, "data") && v->kind == JSON_READ_OBJECT) {
		add_data(d, place, v, form, missing);
		return;
	}
	struct node *n = dissect_member(d, d->root, key, v);
	if (n)
		name_field(d, n, &openiap__envelope__descriptor, v);
}

void dissect_json_form(struct dissection *d, struct slice text, uint64_t total)
{
	uint64_t missing = total > text.len ? total - text.len : 0;
	struct json_form form;
	struct json_value v;
	struct slice key;
	if (!dissect_begin(d, slice_head(text, TEXT_MAX)) || dissect_full(d))
		return;
	d->root->name = slice_str("envelope");
	d->root->type = "Envelope";
	json_form_read(&d->arena, d->bytes, &form);
	d->type = envelope_payload_type(d->schema, &form.e, &d->type_by_command);
	struct json_walk w = json_walk(d->bytes);
	while (json_next(&w, &key, &v) && !dissect_full(d))
		add_member(d, key, &v, &form, missing);
	if (missing && !d->cut_in)
		d->cut_in = d->root;
	else if (!missing)
		dissect_text_rest(d, &w);
	dissect_finish(d, missing);
}
