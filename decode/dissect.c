/*
 * The dissector: an Envelope or a bare message becomes a tree.
 *
 * The Envelope's own fields are walked first (dissect_fields.c); the payload is dissected last, when all that
 * tells its type has been read, and takes the place of the Any's value. Then the node is added that says where
 * the capture ended, if it did.
 */
#include "decode/dissect.h"

#include "decode/dissect_part.h"

#include "base.pb-c.h"

enum { BYTES_MAX = INT32_MAX };
enum { COMMAND = 1, RID = 5, DATA = 6, TYPE_URL = 1, VALUE = 2 };

/* The tree. */

bool dissect_begin(struct dissection *d, struct slice bytes)
{
	arena_clear(&d->arena);
	d->bytes = bytes.at ? bytes : slice_str("");
	d->type = 0;
	d->type_by_command = false;
	d->payload = d->cut_in = NULL;
	d->root = arena_take(&d->arena, sizeof *d->root);
	d->spare = d->root ? arena_take(&d->arena, sizeof *d->spare) : NULL;
	if (!d->root)
		return false;
	d->root->length = d->root->value_length = (uint32_t)d->bytes.len;
	d->root->text = d->bytes;
	if (!d->spare) {
		d->root->kind = NODE_BAD;
		d->root->fault = dissect_spent;
	}
	return true;
}

void dissect_finish(struct dissection *d, uint64_t missing)
{
	struct slice end = slice_skip(d->bytes, d->bytes.len);
	struct node *n = d->cut_in ? node_add(d, d->cut_in, NODE_BAD, end, end) : NULL;
	if (!n)
		return;
	n->fault = dissect_cut;
	n->integer = (int64_t)missing;
}

/* The text of the last string of that number among the children of n; *text stays if there is none. */
static void find_text(const struct node *n, uint32_t number, struct slice *text)
{
	for (const struct node *c = n->child; c; c = c->next)
		if (c->number == number && c->kind == NODE_STRING)
			*text = c->text;
}

/* The node that holds the payload: of an Any given twice, the last value that is not empty, as protobuf-c
 * merges them. */
static struct node *find_value(const struct node *root)
{
	struct node *found = NULL;
	for (const struct node *any = root->child; any; any = any->next) {
		struct node *value = NULL;
		for (struct node *c = any->number == DATA ? any->child : NULL; c; c = c->next)
			if (c->number == VALUE && c->kind == NODE_BYTES)
				value = c;
		if (value && (!found || value->text.len || value->fault))
			found = value;
	}
	return found;
}

/* The node of a payload that has no bytes, for which the Any then has no field; NULL if there is no Any, or no
 * whole one. */
static struct node *add_empty_value(struct dissection *d)
{
	struct node *any = NULL;
	for (struct node *c = d->root->child; c; c = c->next)
		if (c->number == DATA)
			any = c;
	if (!any || any->kind != NODE_MESSAGE || node_fault(any) || d->cut_in == any)
		return NULL;
	struct slice end = slice_of(any->text.at + any->text.len, 0);
	struct node *n = node_add(d, any, NODE_BYTES, end, end);
	if (!n)
		return NULL;
	n->name = slice_str("value");
	n->number = VALUE;
	return n;
}

type_id envelope_payload_type(const struct schema *s, const struct envelope *e, bool *by_command)
{
	type_id t = schema_type_of_url(s, e->type_url);
	*by_command = t == 0;
	const struct command_info *info = t ? NULL : schema_command_info(s, schema_command(s, e->command));
	if (!info)
		return t;
	return info->reply_type && e->rid.len ? info->reply_type : info->type;
}

static void find_type(struct dissection *d)
{
	struct envelope e = { 0 };
	find_text(d->root, COMMAND, &e.command);
	find_text(d->root, RID, &e.rid);
	for (const struct node *c = d->root->child; c; c = c->next)
		if (c->number == DATA)
			find_text(c, TYPE_URL, &e.type_url);
	d->type = envelope_payload_type(d->schema, &e, &d->type_by_command);
}

static void dissect_value(struct dissection *d)
{
	struct node *value = find_value(d->root);
	if (!value)
		value = add_empty_value(d);
	if (!value)
		return;
	uint64_t missing = (uint64_t)value->integer;
	const char *name = schema_name(d->schema, d->type);
	value->kind = NODE_MESSAGE;
	value->type = name ? name : "message";
	value->integer = 0;
	value->fault = NULL;
	value->secret = false;
	d->payload = value;
	dissect_fields(d, value, schema_descriptor(d->schema, d->type), value->text, missing, 1);
}

void dissect_envelope(struct dissection *d, struct slice bytes, uint64_t total)
{
	const ProtobufCMessageDescriptor *type = &openiap__envelope__descriptor;
	uint64_t missing = total > bytes.len ? total - bytes.len : 0;
	if (!dissect_begin(d, slice_head(bytes, BYTES_MAX)) || dissect_full(d))
		return;
	d->root->name = slice_str("envelope");
	d->root->type = schema_type_name(type);
	dissect_fields(d, d->root, type, d->bytes, missing, 1);
	find_type(d);
	dissect_value(d);
	dissect_finish(d, missing);
}

void dissect_payload(struct dissection *d, type_id type, struct slice bytes)
{
	dissect_payload_front(d, type, bytes, bytes.len);
}

void dissect_payload_front(struct dissection *d, type_id type, struct slice bytes, uint64_t total)
{
	uint64_t missing = total > bytes.len ? total - bytes.len : 0;
	const char *name = schema_name(d->schema, type);
	if (!dissect_begin(d, slice_head(bytes, BYTES_MAX)) || dissect_full(d))
		return;
	d->root->name = slice_str("payload");
	d->root->type = name ? name : "message";
	d->type = type;
	d->payload = d->root;
	dissect_fields(d, d->root, schema_descriptor(d->schema, type), d->bytes, missing, 1);
	dissect_finish(d, missing);
}

void dissection_init(struct dissection *d, const struct schema *schema, size_t budget)
{
	*d = (struct dissection){ .schema = schema };
	arena_init(&d->arena, budget);
}

void dissection_release(struct dissection *d)
{
	arena_release(&d->arena);
	*d = (struct dissection){ .schema = d->schema, .shallow = d->shallow, .arena = d->arena };
}
