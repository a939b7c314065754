/*
 * JSON in strings: read by jansson, copied into nodes.
 *
 * jansson builds values of its own, outside the arena, so a text is looked over first: what nests too deep, or
 * has more values than the rest of the budget has room for, is not read at all. The nodes have the place of the
 * string around them.
 */
#include "decode/dissect_part.h"

#include "base/json.h"

#include <jansson.h>

enum { JSON_DEPTH = 64, JSON_BYTES = 8 << 20, DECIMAL = 24 };

/* Where the values of one text go. */
struct target {
	struct dissection *d;
	struct slice whole, value; /* place of the string around */
	bool secret;               /* what comes is within the value of a secret key */
	struct buf scratch;
};

static bool add_value(struct target *t, struct node *parent, struct slice name, json_t *value);

/* No more than `most` values, and no deeper than JSON_DEPTH? Counts generously, and minds nothing else: that is
 * jansson's. */
static bool is_modest(struct slice text, size_t most)
{
	size_t depth = 0, values = 1;
	bool quoted = false;
	for (size_t i = 0; i < text.len && values <= most; i++) {
		uint8_t c = text.at[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (c == '{' || c == '[') {
			values++;
			if (++depth > JSON_DEPTH)
				return false;
		} else if (c == ',')
			values++;
		else if ((c == '}' || c == ']') && depth-- == 0)
			return false;
	}
	return values <= most;
}

static struct slice skip_space(struct slice s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t' || s.at[0] == '\n' || s.at[0] == '\r'))
		s = slice_skip(s, 1);
	return s;
}

/* The JSON value of a text; NULL if it is none. Integers beyond 64 bits are read as doubles. */
static json_t *load(const struct dissection *d, struct slice text)
{
	json_error_t error;
	if (text.len > JSON_BYTES || !is_modest(text, (d->arena.budget - d->arena.used) / sizeof(struct node)))
		return NULL;
	json_t *value = json_loadb((const char *)text.at, text.len, JSON_ALLOW_NUL, &error);
	if (!value && json_error_code(&error) == json_error_numeric_overflow)
		value = json_loadb((const char *)text.at, text.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	return value;
}

/* The digits of v, at the end of `out`: one for every element of an array, so not by printf. */
static struct slice decimal(char out[DECIMAL], int64_t v)
{
	size_t from = DECIMAL;
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		out[--from] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (v < 0)
		out[--from] = '-';
	return slice_of(out + from, DECIMAL - from);
}

static bool add_members(struct target *t, struct node *n, json_t *object)
{
	for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
		struct slice key = node_keep(t->d, n, slice_str(json_object_iter_key(i)));
		if (!key.at || !add_value(t, n, key, json_object_iter_value(i)))
			return false;
	}
	return true;
}

static bool add_elements(struct target *t, struct node *n, json_t *array)
{
	size_t count = json_array_size(array);
	for (size_t i = 0; i < count; i++) {
		char digits[DECIMAL];
		struct slice index = node_keep(t->d, n, decimal(digits, (int64_t)i));
		if (!index.at || !add_value(t, n, index, json_array_get(array, i)))
			return false;
	}
	return true;
}

/* Number or string: the text is the node's own. */
static bool set_text(struct target *t, struct node *n, struct slice text)
{
	n->text = node_keep(t->d, n->parent, text);
	return n->text.at != NULL;
}

static bool set_number(struct target *t, struct node *n, json_t *value)
{
	char digits[DECIMAL];
	struct json j = json_to(&t->scratch);
	n->real = json_number_value(value);
	if (json_is_integer(value))
		return set_text(t, n, decimal(digits, json_integer_value(value)));
	buf_clear(&t->scratch);
	json_double(&j, n->real);
	return set_text(t, n, buf_slice(&t->scratch));
}

static enum node_kind kind_of(json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return NODE_OBJECT;
	case JSON_ARRAY: return NODE_ARRAY;
	case JSON_STRING: return NODE_STRING;
	case JSON_INTEGER:
	case JSON_REAL: return NODE_NUMBER;
	case JSON_NULL: return NODE_NULL;
	default: return NODE_BOOL;
	}
}

/* The values in an object or array. */
static bool add_inner(struct target *t, struct node *n, json_t *value)
{
	bool outer = t->secret;
	t->secret = outer || schema_secret_name(n->name);
	bool added = n->kind == NODE_OBJECT ? add_members(t, n, value) : add_elements(t, n, value);
	t->secret = outer;
	return added;
}

/* False when the budget is spent. */
static bool add_value(struct target *t, struct node *parent, struct slice name, json_t *value)
{
	struct node *n = node_add(t->d, parent, kind_of(value), t->whole, t->value);
	if (!n)
		return false;
	n->name = name;
	n->from_text = true;
	n->text = slice_of(NULL, 0);
	n->secret = (n->kind == NODE_STRING || n->kind == NODE_NUMBER) && (t->secret || schema_secret_name(name));
	switch (n->kind) {
	case NODE_OBJECT:
	case NODE_ARRAY: return add_inner(t, n, value);
	case NODE_NUMBER: return set_number(t, n, value);
	case NODE_BOOL: n->integer = json_is_true(value); return true;
	case NODE_NULL: return true;
	default: break;
	}
	return set_text(t, n, slice_of(json_string_value(value), json_string_length(value)));
}

static void add_root(struct dissection *d, struct node *n, struct slice name, json_t *value)
{
	struct target t = {
		.d = d,
		.whole = slice_of(d->bytes.at + n->offset, n->length),
		.value = slice_of(d->bytes.at + n->value_offset, n->value_length),
	};
	add_value(&t, n, name, value);
	buf_release(&t.scratch);
}

void dissect_json(struct dissection *d, struct node *n)
{
	struct slice begin = skip_space(n->text);
	if (!begin.len || (begin.at[0] != '{' && begin.at[0] != '['))
		return;
	json_t *value = load(d, n->text);
	if (!value)
		return;
	add_root(d, n, slice_str(""), value);
	json_decref(value);
}

struct node *dissect_json_object(struct dissection *d, struct node *n, const char *name, struct slice text)
{
	json_t *value = load(d, text);
	bool object = json_is_object(value);
	if (object)
		add_root(d, n, slice_str(name), value);
	json_decref(value);
	return object && n->last && slice_is(n->last->name, name) ? n->last : NULL;
}
