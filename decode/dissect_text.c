/*
 * Messages that are JSON text: values become nodes where they stand.
 *
 * Here nothing is built in between: json_read.c says where each value is, so that every node of the outer text has its own place in the
 * message, and only strings with escapes are copied. The JSON inside a string of it is read the same way from the string's
 * text, and its nodes have the place of the string.
 */
#include "decode/dissect_part.h"

#include <stdio.h>
#include <stdlib.h>

enum { INDEX_MAX = 24, NUMBER_MAX = 64 };

static const char bad_json[] = "no JSON can be read here";

/* Where the nodes of one text stand: each for itself, or all at one place. */
struct frame {
	struct dissection *d;
	const struct node *within; /* the string that the text is in; NULL: the message itself */
	bool secret;               /* within the value of a secret key */
};

static enum node_kind kind_of(const struct json_value *v)
{
	static const uint8_t kinds[] = {
		[JSON_READ_NONE] = NODE_BAD,      [JSON_READ_OBJECT] = NODE_OBJECT, [JSON_READ_ARRAY] = NODE_ARRAY,
		[JSON_READ_STRING] = NODE_STRING, [JSON_READ_NUMBER] = NODE_NUMBER, [JSON_READ_TRUE] = NODE_BOOL,
		[JSON_READ_FALSE] = NODE_BOOL,    [JSON_READ_NULL] = NODE_NULL,
	};
	return (enum node_kind)kinds[v->kind];
}

struct slice dissect_member_place(struct slice key, const struct json_value *v)
{
	const uint8_t *from = key.at ? key.at - 1 : v->text.at;
	return slice_of(from, (size_t)(v->text.at + v->text.len - from));
}

/* The text between quotes, without escapes. {NULL, 0} when the budget is spent. */
static struct slice plain(struct dissection *d, struct node *parent, struct slice inside)
{
	if (!inside.len || !memchr(inside.at, '\\', inside.len))
		return inside;
	struct buf out = { 0 };
	json_unescape(&out, inside);
	struct slice kept = node_keep(d, parent, buf_slice(&out));
	buf_release(&out);
	return kept;
}

static void set_number(struct node *n, struct slice text)
{
	char digits[NUMBER_MAX];
	struct slice head = slice_head(text, NUMBER_MAX - 1);
	memcpy(digits, head.at, head.len);
	digits[head.len] = '\0';
	n->real = strtod(digits, NULL);
}

static struct node *add_node(const struct frame *f, struct node *parent, struct slice key, const struct json_value *v)
{
	struct slice inside = v->kind == JSON_READ_STRING ? json_inner(v) : v->text;
	struct slice whole = dissect_member_place(key, v);
	if (f->within) {
		whole = slice_of(f->d->bytes.at + f->within->offset, f->within->length);
		inside = slice_of(f->d->bytes.at + f->within->value_offset, f->within->value_length);
	}
	struct node *n = node_add(f->d, parent, kind_of(v), whole, inside);
	if (!n)
		return NULL;
	n->from_text = f->within != NULL;
	n->name = plain(f->d, n, key);
	n->text = v->kind == JSON_READ_STRING ? plain(f->d, n, json_inner(v)) : v->kind == JSON_READ_NUMBER ? v->text : slice_of(NULL, 0);
	n->integer = v->kind == JSON_READ_TRUE;
	n->secret = n->text.len && (f->secret || schema_secret_name(n->name));
	if (v->kind == JSON_READ_NUMBER)
		set_number(n, v->text);
	return n;
}

static struct node *add_value(const struct frame *f, struct node *parent, struct slice key, const struct json_value *v);

static void add_inner(const struct frame *f, struct node *n, const struct json_value *v)
{
	struct json_walk w = json_walk(v->text);
	struct json_value member;
	struct slice key;
	struct frame inner = { f->d, f->within, f->secret || schema_secret_name(n->name) };
	for (size_t i = 0; json_next(&w, &key, &member) && !dissect_full(f->d); i++) {
		struct node *c = add_value(&inner, n, key, &member);
		if (!c || w.object)
			continue;
		char index[INDEX_MAX];
		int len = snprintf(index, sizeof index, "%zu", i);
		c->name = node_keep(f->d, c, slice_of(index, (size_t)len));
	}
}

static struct node *add_value(const struct frame *f, struct node *parent, struct slice key, const struct json_value *v)
{
	struct node *n = add_node(f, parent, key, v);
	if (n && (v->kind == JSON_READ_OBJECT || v->kind == JSON_READ_ARRAY))
		add_inner(f, n, v);
	if (n && v->cut && !f->within && !f->d->cut_in)
		f->d->cut_in = n->kind == NODE_OBJECT || n->kind == NODE_ARRAY ? n : parent;
	return n;
}

struct node *dissect_member(struct dissection *d, struct node *parent, struct slice key, const struct json_value *v)
{
	struct frame f = { d, NULL, false };
	return add_value(&f, parent, key, v);
}

void dissect_text_within(struct dissection *d, struct node *n)
{
	struct frame f = { d, n, false };
	struct json_value v = json_read(n->text);
	bool container = v.kind == JSON_READ_OBJECT || v.kind == JSON_READ_ARRAY;
	if (container && !v.cut)
		add_value(&f, n, (struct slice){ NULL, 0 }, &v);
}

void dissect_text_rest(struct dissection *d, const struct json_walk *w)
{
	struct slice rest = w->rest.at ? w->rest : d->bytes;
	if (json_walk_whole(w) || dissect_full(d))
		return;
	struct node *n = node_add(d, d->root, NODE_BAD, rest, rest);
	if (n)
		n->fault = bad_json;
}
