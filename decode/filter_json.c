/*
 * Paths into the JSON of a string, without a tree.
 *
 * What is JSON, and what its values are, is jansson's to say (dissect_json.c). A text in which nothing is met that jansson and the reader of
 * base/json_read.h could see differently is gone through where it stands, which takes a tenth of the time: no escapes, no byte 0, no
 * number that may be too large, not deep, UTF-8. Such a text is JSON for both or for neither, and its values are the same. All else takes the way
 * through the tree, and so does what begins like JSON within a string of the JSON.
 *
 * Nothing is told before the text is known to be JSON to its end. Of members with one name the last one counts.
 */
#include "decode/filter_part.h"

#include "base/json_read.h"
#include "base/text.h"
#include "decode/dissect_part.h"

#include <stdlib.h>

enum { DEPTH = 64, DIGITS = 18 /* in a row: 18 fit into an int64_t */, NUMBER = 64 };

/* Nothing in it of which the two readers could think differently. */
static bool is_plain(struct slice text)
{
	unsigned depth = 0, digits = 0;
	bool quoted = false, wide = false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		wide = wide || c >= 0x80;
		if (c == '\\' || c == '\0') /* jansson passes over a 0 behind a number */
			return false;
		quoted ^= c == '"';
		if (quoted)
			continue;
		if (c >= '0' && c <= '9') {
			if (++digits > DIGITS)
				return false;
			continue;
		}
		if (digits && (c == 'e' || c == 'E'))
			return false;
		digits = 0;
		depth += c == '{' || c == '[';
		depth -= depth && (c == '}' || c == ']');
		if (depth > DEPTH)
			return false;
	}
	return !wide || text_is_utf8(text);
}

static bool begins_like_json(struct slice text)
{
	while (text.len && strchr(" \t\n\r", text.at[0]) && text.at[0])
		text = slice_skip(text, 1);
	return text.len && (text.at[0] == '{' || text.at[0] == '[');
}

static enum node_kind kind_of(const struct json_value *v)
{
	switch (v->kind) {
	case JSON_READ_OBJECT: return NODE_OBJECT;
	case JSON_READ_STRING: return NODE_STRING;
	case JSON_READ_NUMBER: return NODE_NUMBER;
	case JSON_READ_NULL: return NODE_NULL;
	default: return NODE_BOOL;
	}
}

/* A fraction is no longer than two rows of DIGITS and three other characters. */
static double number_of(const struct json_value *v)
{
	int64_t integer;
	char copy[NUMBER] = "";
	if (json_read_integer(v, &integer))
		return (double)integer;
	memcpy(copy, v->text.at, v->text.len < NUMBER ? v->text.len : NUMBER - 1);
	return strtod(copy, NULL);
}

/* The value as a node that lives during the call. Of an object only whether it has members is told. */
static bool tell(const struct path_walk *w, const struct json_value *v, struct slice name)
{
	struct json_walk members = json_walk(v->text);
	struct json_value member;
	struct node inner = { .kind = NODE_NULL };
	struct node n = { .name = name, .kind = (uint8_t)kind_of(v), .from_text = true, .integer = v->kind == JSON_READ_TRUE };
	n.secret = (v->kind == JSON_READ_STRING || v->kind == JSON_READ_NUMBER) && schema_secret_name(name);
	if (v->kind == JSON_READ_STRING) {
		n.text = json_inner(v);
	} else if (v->kind == JSON_READ_NUMBER) {
		n.real = number_of(v);
		n.text = v->text;
	} else if (v->kind == JSON_READ_OBJECT && json_next(&members, NULL, &member)) {
		n.child = &inner;
	}
	return w->leaf(w->user, &n);
}

/* The last member of that name; kind JSON_READ_NONE if there is none. */
static struct json_value member_of(struct json_walk *w, struct slice name)
{
	struct json_value v, found = { .kind = JSON_READ_NONE };
	struct slice key;
	while (json_next(w, &key, &v))
		if (slice_eq(key, name))
			found = v;
	return found;
}

static enum path_answer visit(const struct path_walk *w, const struct json_value *v, struct slice name, const struct step *s);

static enum path_answer visit_elements(const struct path_walk *w, struct slice array, const struct step *s)
{
	struct json_walk elements = json_walk(array);
	struct json_value v;
	bool index = s && s->is_index;
	enum path_answer answer = PATH_NO;
	for (uint64_t i = 0; answer == PATH_NO && json_next(&elements, NULL, &v); i++)
		if (!index || i == s->index)
			answer = visit(w, &v, slice_str(""), index ? s->next : s);
	return answer;
}

/* As visit() of filter_path.c. */
static enum path_answer visit(const struct path_walk *w, const struct json_value *v, struct slice name, const struct step *s)
{
	bool container = v->kind == JSON_READ_ARRAY || v->kind == JSON_READ_OBJECT;
	if (container && schema_secret_name(name))
		return PATH_TREE; /* which knows that all of it is secret */
	if (v->kind == JSON_READ_ARRAY)
		return visit_elements(w, v->text, s);
	if (!s)
		return tell(w, v, name) ? PATH_YES : PATH_NO;
	if (v->kind == JSON_READ_STRING)
		return slice_is(name, "jwt") || begins_like_json(json_inner(v)) ? PATH_TREE : PATH_NO;
	if (v->kind != JSON_READ_OBJECT || s->is_index)
		return PATH_NO;
	struct json_walk members = json_walk(v->text);
	struct json_value found = member_of(&members, s->name);
	return found.kind == JSON_READ_NONE ? PATH_NO : visit(w, &found, s->name, s->next);
}

/* The outermost object is not yet known to be one to its end. */
static enum path_answer visit_object(const struct path_walk *w, struct slice text, const struct step *s)
{
	struct json_walk members = json_walk(text);
	struct json_value found = member_of(&members, s->name);
	if (!json_walk_whole(&members) || found.kind == JSON_READ_NONE || s->is_index)
		return PATH_NO;
	return visit(w, &found, s->name, s->next);
}

enum path_answer path_json(const struct path_walk *w, struct slice text, const struct step *s)
{
	if (!begins_like_json(text))
		return PATH_NO;
	if (text.len > (w->tree->arena.budget - w->tree->arena.used) / sizeof(struct node) || !is_plain(text))
		return PATH_TREE;
	if (json_walk(text).object)
		return visit_object(w, text, s);
	struct json_value array = json_read(text);
	return array.kind == JSON_READ_NONE || array.cut ? PATH_NO : visit_elements(w, text, s);
}
