/*
 * Paths into the payload: data.workitem.name, data.ids[0], data.query._type, data.metadata["any key"].
 *
 * A path can also begin in every message of one type, wherever it is: query.collectionname, workitem.name.
 *
 * When the filter is made a path is followed through all messages of the schema: a name that none has is an error, the kinds of what it
 * leads to tell which comparisons make sense, and which types have its first step tells which payloads need not be dissected. Where it
 * goes into the text of a string, anything may follow, for that is JSON or the claims of a token.
 *
 * In a tree a step of a name goes to all fields of that name, and in an array to the elements first; so whoever asks for a value gets
 * every one of them. Of a singular field that comes twice the last one counts. JSON in strings is not in the tree that a filter makes; it is
 * read where it stands (filter_json.c), or added when a path goes there.
 */
#include "decode/filter_part.h"

#include "base/suggest.h"
#include "decode/dissect_part.h"

#include <google/protobuf/timestamp.pb-c.h>

/* From text. */

static bool is_number(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	return s.len > 0;
}

static uint64_t number_of(struct slice digits)
{
	uint64_t v = 0;
	for (size_t i = 0; i < digits.len; i++)
		v = v * 10 + (uint64_t)(digits.at[i] - '0');
	return v;
}

/* Bytes to the ']' that ends a step, 0 if there is none. `s` begins behind the '['. */
static size_t bracket_len(struct slice s)
{
	bool quoted = s.len && s.at[0] == '"';
	for (size_t i = quoted; i < s.len; i++) {
		if (quoted && s.at[i] == '\\')
			i++;
		else if (quoted && s.at[i] == '"')
			quoted = false;
		else if (!quoted && s.at[i] == ']')
			return i;
	}
	return 0;
}

/* What stands between brackets. */
static bool read_bracket(struct parser *p, struct step *s, struct slice inner)
{
	s->quoted = inner.at[0] == '"' && inner.len > 2 && inner.at[inner.len - 1] == '"';
	s->is_index = !s->quoted;
	if (s->quoted) {
		struct token t = { .kind = TOKEN_STRING, .at = s->at, .text = slice_of(inner.at + 1, inner.len - 2) };
		s->name = parse_string(p, &t, false);
		return s->name.at != NULL;
	}
	if (!is_number(inner) || inner.len > 18)
		return parse_fail(p, s->at, inner.len, "the number of an element, from 0, or a key in double quotes is expected here");
	s->index = number_of(inner);
	return true;
}

/* Takes a step off the front of *text, which stands at *at. */
static struct step *read_step(struct parser *p, struct slice *text, size_t *at)
{
	struct step *s = parse_take(p, sizeof *s);
	bool bracket = text->at[0] == '[';
	size_t n = 0, behind;
	struct slice rest = slice_skip(*text, 1);
	if (!s)
		return NULL;
	s->at = *at + 1;
	while (!bracket && n < rest.len && rest.at[n] != '.' && rest.at[n] != '[')
		n++;
	if (bracket)
		n = bracket_len(rest);
	behind = 1 + n + bracket;
	if (!n || (text->at[0] != '.' && !bracket)) {
		parse_fail(p, *at, text->len, "a field is missing here, as in data.collectionname or data.ids[0]");
		return NULL;
	}
	if (bracket ? !read_bracket(p, s, slice_head(rest, n)) : !(s->name = arena_copy(&p->f->arena, slice_head(rest, n))).at)
		return NULL;
	*text = slice_skip(*text, behind);
	*at += behind;
	return s;
}

static bool read_steps(struct parser *p, struct path *path, struct slice text, size_t at)
{
	struct step **end = &path->first;
	for (int steps = 0; text.len; steps++) {
		if (steps == FILTER_STEPS_MAX)
			return parse_fail(p, at, text.len, "this path is too long");
		struct step *s = read_step(p, &text, &at);
		if (!s)
			return false;
		*end = s;
		end = &s->next;
	}
	return true;
}

/* Through the schema. */

struct survey {
	const struct step *furthest; /* the step that was reached and not found */
	size_t reached;
	bool blocked;            /* it was not found, as it follows a field that holds no others */
	struct suggestion *near; /* second time: names that were there instead */
};

static unsigned kinds_of_message(struct survey *v, const ProtobufCMessageDescriptor *type, const struct step *s, size_t depth);

static unsigned kind_of_field(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING: return KIND_TEXT;
	case PROTOBUF_C_TYPE_BYTES: return KIND_BYTES;
	case PROTOBUF_C_TYPE_BOOL: return KIND_YES_NO;
	case PROTOBUF_C_TYPE_MESSAGE: return field->descriptor == &google__protobuf__timestamp__descriptor ? KIND_TIME : KIND_MESSAGE;
	default: return KIND_NUMBER;
	}
}

static void missed(struct survey *v, const ProtobufCMessageDescriptor *type, const struct step *s, size_t depth)
{
	if (depth > v->reached || !v->furthest) {
		v->furthest = s;
		v->reached = depth;
		v->blocked = false;
	}
	for (unsigned i = 0; v->near && v->furthest == s && i < type->n_fields; i++)
		suggestion_offer(v->near, type->fields[i].name);
}

static void blocked(struct survey *v, const struct step *s, size_t depth)
{
	if (depth > v->reached || !v->furthest) {
		v->furthest = s;
		v->reached = depth;
		v->blocked = true;
	}
}

/* What the steps behind a field may lead to. */
static unsigned kinds_behind(struct survey *v, const ProtobufCFieldDescriptor *field, const struct step *s, size_t depth)
{
	if (s && s->is_index && field->label == PROTOBUF_C_LABEL_REPEATED)
		s = s->next, depth++;
	if (!s)
		return kind_of_field(field);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return kinds_of_message(v, field->descriptor, s, depth);
	if (field->type != PROTOBUF_C_TYPE_STRING) {
		blocked(v, s, depth);
		return 0;
	}
	return KIND_ANY;
}

static unsigned kinds_of_message(struct survey *v, const ProtobufCMessageDescriptor *type, const struct step *s, size_t depth)
{
	const char *name = (const char *)s->name.at;
	const ProtobufCFieldDescriptor *field = s->is_index ? NULL : protobuf_c_message_descriptor_get_field_by_name(type, name);
	if (field)
		return kinds_behind(v, field, s->next, depth + 1);
	if (s->quoted || is_number(s->name))
		return KIND_ANY;
	missed(v, type, s, depth);
	return 0;
}

static unsigned kinds_of_path(struct parser *p, struct path *path, struct survey *v)
{
	unsigned kinds = 0;
	type_id types = schema_types(p->f->schema);
	if (path->within)
		return kinds_of_message(v, schema_descriptor(p->f->schema, path->within), path->first, 0);
	for (type_id t = 1; t <= types; t++) {
		unsigned of_type = kinds_of_message(v, schema_descriptor(p->f->schema, t), path->first, 0);
		path->types[t] = of_type != 0;
		kinds |= of_type;
	}
	return kinds;
}

static bool unknown_name(struct parser *p, struct path *path, const struct survey *first)
{
	const struct step *s = first->furthest ? first->furthest : path->first;
	struct suggestion near = { .typed = s->name };
	struct survey v = { .furthest = s, .reached = first->reached, .near = &near };
	size_t len = s->is_index ? 1 : s->name.len;
	if (s->is_index || first->blocked)
		return parse_fail(p, s->at, len, "there is nothing like that in the field before it");
	kinds_of_path(p, path, &v);
	if (near.best)
		return parse_fail(p, s->at, len, "no message has a field of that name here; did you mean %s?", near.best);
	return parse_fail(p, s->at, len, "no message has a field of that name here; [\"NAME\"] takes any name");
}

struct path *parse_path(struct parser *p, type_id within, struct slice text, size_t at)
{
	struct survey v = { 0 };
	struct path *path = parse_take(p, sizeof *path);
	if (!path || !read_steps(p, path, text, at))
		return NULL;
	size_t types = schema_types(p->f->schema) + (size_t)1;
	path->types = parse_take(p, types * sizeof *path->types);
	if (!path->types)
		return NULL;
	path->within = within;
	memset(path->types, within != 0, types * sizeof *path->types);
	path->types[0] = true;
	path->kinds = kinds_of_path(p, path, &v);
	return path->kinds || unknown_name(p, path, &v) ? path : NULL;
}

struct slice path_name(const struct path *p)
{
	struct slice name = p->first->name;
	for (const struct step *s = p->first; s; s = s->next)
		if (!s->is_index)
			name = s->name;
	return name;
}

bool path_top_name(const struct schema *s, struct slice name)
{
	for (type_id t = 1; t <= schema_types(s); t++) {
		const ProtobufCMessageDescriptor *type = schema_descriptor(s, t);
		for (unsigned i = 0; i < type->n_fields; i++)
			if (slice_is(name, type->fields[i].name))
				return true;
	}
	return false;
}

/* Through a tree. */

static bool visit(const struct path_walk *w, struct node *n, const struct step *s);

/* The elements of an array, each of them or one. */
static bool visit_elements(const struct path_walk *w, struct node *n, const struct step *s)
{
	uint64_t i = 0;
	for (struct node *c = n->child; c; c = c->next, i++) {
		if (s && s->is_index && i != s->index)
			continue;
		if (visit(w, c, s && s->is_index ? s->next : s))
			return true;
	}
	return false;
}

/* The fields of that name; of a singular one that is no message the last. */
static bool visit_fields(const struct path_walk *w, struct node *n, const struct step *s)
{
	struct node *last = NULL;
	const struct step *next = s->next;
	uint64_t i = 0;
	for (struct node *c = n->child; c; c = c->next) {
		if (c->kind == NODE_BAD || !slice_eq(c->name, s->name))
			continue;
		bool many = c->repeated || c->unknown, index = c->repeated && next && next->is_index;
		if (!many && c->kind != NODE_MESSAGE) {
			last = c;
			continue;
		}
		if (index && i++ != next->index)
			continue;
		if (visit(w, c, index ? next->next : next))
			return true;
	}
	return last && visit(w, last, next);
}

/* What is in a text: JSON, or a token's header and claims. TREE: it is in the tree now, if there is anything. */
static enum path_answer look_into(const struct path_walk *w, struct node *n, const struct step *s)
{
	enum path_answer answer = PATH_TREE;
	if (slice_is(n->name, "jwt"))
		dissect_jwt(w->tree, n);
	else if (!n->secret && (!w->in_place || (answer = path_json(w, n->text, s)) == PATH_TREE))
		dissect_json(w->tree, n);
	return answer;
}

static bool visit(const struct path_walk *w, struct node *n, const struct step *s)
{
	if (n->kind == NODE_ARRAY)
		return visit_elements(w, n, s);
	if (!s)
		return w->leaf(w->user, n);
	enum path_answer answer = n->kind == NODE_STRING && !n->child ? look_into(w, n, s) : PATH_TREE;
	if (answer != PATH_TREE)
		return answer == PATH_YES;
	if (n->kind == NODE_STRING && n->child && !n->child->name.len)
		return visit(w, n->child, s);
	return !s->is_index && visit_fields(w, n, s);
}

/* From every message of the path's type, the payload or within it. */
static bool visit_within(const struct path_walk *w, const struct path *path, const struct node *payload)
{
	const char *type = schema_name(w->tree->schema, path->within);
	for (const struct node *n = payload; n; n = node_after(n, payload)) {
		bool same = n->kind == NODE_MESSAGE ? n->type && strcmp(n->type, type) == 0 : n == payload && w->tree->type == path->within;
		if (same && n->child && visit(w, n->child->parent, path->first))
			return true;
	}
	return false;
}

bool path_walk(const struct path *path, const struct node *payload, const struct path_walk *w)
{
	if (path->within)
		return visit_within(w, path, payload);
	return payload->child && visit(w, payload->child->parent, path->first);
}
