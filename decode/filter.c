/*
 * Asking a filter about a message.
 *
 * A look is made for each message: it starts with the record, and reads bytes, view and tree only when a test asks. Tests that need less
 * stand before those that need more (filter_parse.c), so that most messages are decided by their record alone.
 *
 * A field may have several values (either port, the elements of an array): a test holds if one of them passes; != holds if the field is
 * there and none of them is equal.
 */
#include "decode/filter_part.h"

#include "base/json_read.h"
#include "base/xalloc.h"
#include "decode/redact.h"

#include <float.h>
#include <stdlib.h>

struct filter *filter_new(const char *text, bool show_secrets, struct buf *error)
{
	struct filter *f = xcalloc(1, sizeof *f);
	buf_clear(error);
	f->schema = schema_new();
	f->show_secrets = show_secrets;
	arena_init(&f->arena, FILTER_MEMORY_MAX);
	dissection_init(&f->dissection, f->schema, FILTER_DISSECTION_MAX);
	form_init(&f->form);
	if (filter_parse(f, slice_str(text), error))
		return f;
	filter_free(f);
	return NULL;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	regex_free_all(f->regexes);
	dissection_release(&f->dissection);
	form_release(&f->form);
	arena_release(&f->arena);
	schema_free(f->schema);
	buf_release(&f->doubt);
	buf_release(&f->bytes);
	buf_release(&f->text);
	free(f);
}

const char *filter_doubt(struct filter *f)
{
	return f->doubt.len ? buf_cstr(&f->doubt) : NULL;
}

enum filter_need filter_needs(const struct filter *f)
{
	return f->root ? f->root->need : FILTER_INDEX;
}

bool filter_lasting(const struct filter *f)
{
	return !f->revised;
}

bool filter_needs_pair(const struct filter *f)
{
	return f->of_pair;
}

const char *filter_needs_all(const struct filter *f)
{
	return f->of_all;
}

void filter_set_start(struct filter *f, int64_t time)
{
	f->start = time;
}

uint64_t filter_given_up(const struct filter *f)
{
	return f->given_up;
}

/* What is read of a message. */

static struct slice look_bytes(struct look *l)
{
	if (!l->has_bytes)
		l->bytes = session_bytes(l->s, l->n, &l->f->bytes);
	l->has_bytes = true;
	return l->bytes;
}

const struct envelope *look_envelope(struct look *l)
{
	if (!l->has_envelope)
		form_read(&l->f->form, l->s, l->r, look_bytes(l));
	l->has_envelope = true;
	return &l->f->form.e;
}

const struct node *look_payload(struct look *l)
{
	struct dissection *d = &l->f->dissection;
	if (!l->has_tree) {
		d->shallow = true; /* a path looks into the strings that it goes through */
		look_envelope(l);
		form_dissect_payload(d, l->r, l->bytes, &l->f->form);
	}
	l->has_tree = true;
	return form_payload(d);
}

/* Tests: found says whether the field has a value, the result whether one passes. */

static bool number_passes(struct look *l, const struct test *t, bool *found)
{
	int64_t v[2];
	int n = t->field->number(l, v);
	bool yes_no = t->field->pub.type == FILTER_YES_NO, time = t->field->pub.type == FILTER_TIME;
	*found = n > 0;
	if (t->op == TEST_PRESENT)
		return n && (!yes_no || v[0]);
	for (int i = 0; i < n; i++)
		if (time ? test_time(t, v[i]) : test_number(t, v[i]))
			return true;
	return false;
}

static bool word_passes(struct look *l, const struct test *t, bool *found)
{
	int word = t->field->word(l);
	*found = word != -1;
	if (word >= 0)
		return t->op == TEST_PRESENT || (word < t->words && t->truth[word]);
	if (word != WORD_OTHER)
		return false;
	struct slice text = t->field->text(l);
	*found = text.len > 0;
	return *found && (t->op == TEST_PRESENT || test_word(l->f, t, text));
}

static bool words_pass(struct look *l, const struct test *t, bool *found)
{
	uint32_t set = t->field->set(l);
	*found = true;
	return t->op == TEST_PRESENT ? set != 0 : (set & t->mask) != 0;
}

static bool address_passes(struct look *l, const struct test *t, bool *found)
{
	const struct endpoint *e[2];
	int n = t->field->ends(l, e);
	for (int i = 0; i < n; i++) {
		*found |= e[i]->family != 0;
		if (e[i]->family && (t->op == TEST_PRESENT || test_endpoint(l->f, t, e[i])))
			return true;
	}
	return false;
}

static bool text_passes(struct look *l, const struct test *t, bool *found)
{
	struct slice text = t->field->text(l);
	*found = text.at != NULL;
	if (t->op == TEST_PRESENT)
		return text.len > 0;
	return *found && test_text(l->f, t, text);
}

/* Values in the payload. */

struct ask {
	struct look *look;
	const struct test *test;
	bool found;
};

static bool is_there(const struct node *n)
{
	switch (n->kind) {
	case NODE_STRING:
	case NODE_BYTES: return n->text.len > 0;
	case NODE_BOOL: return n->integer != 0;
	case NODE_OBJECT:
	case NODE_MESSAGE: return n->child != NULL;
	default: return n->kind != NODE_NULL;
	}
}

static unsigned kinds_of_test(const struct test *t)
{
	return t->op == TEST_MATCHES ? KIND_TEXT | KIND_BYTES : t->literals->kinds;
}

/* Text as it is shown: without the secrets that are in it. */
static bool node_text_passes(struct ask *a, const struct node *n)
{
	struct filter *f = a->look->f;
	bool hide = n->kind == NODE_STRING && !f->show_secrets;
	return test_text(f, a->test, hide ? redact_text(n->text, &f->text) : n->text);
}

/* Is it an integer of JSON within 64 bits? Such a one is known to its last digit, which a double would not keep. */
static bool is_integer(const struct node *n, int64_t *v)
{
	return n->kind == NODE_NUMBER && json_read_integer(&(struct json_value){ .kind = JSON_READ_NUMBER, .text = n->text }, v);
}

static long double real_of(const struct node *n)
{
	int64_t v;
	return is_integer(n, &v) ? (long double)v : n->real;
}

/* The test with one literal, or a pattern. */
static bool value_passes(struct ask *a, const struct node *n)
{
	unsigned kinds = kinds_of_test(a->test);
	switch (n->kind) {
	case NODE_STRING:
	case NODE_BYTES: return kinds & (KIND_TEXT | KIND_BYTES) && node_text_passes(a, n);
	case NODE_BOOL: return kinds & KIND_YES_NO && test_number(a->test, n->integer);
	case NODE_INT: return kinds & KIND_NUMBER && test_number(a->test, n->integer);
	case NODE_UINT: return kinds & KIND_NUMBER && test_number(a->test, (uint64_t)n->integer);
	case NODE_TIME: return kinds & KIND_TIME && test_time(a->test, n->integer);
	case NODE_NUMBER:
		if (n->type && kinds & KIND_TIME)
			return test_time(a->test, n->integer);
		return kinds & KIND_NUMBER && test_number(a->test, real_of(n));
	case NODE_FLOAT:
	case NODE_DOUBLE: return kinds & KIND_NUMBER && n->real == n->real && test_number(a->test, n->real);
	default: return false;
	}
}

/* A literal's number as precise as the node's, so that 0.1 equals 0.1. */
static long double as_precise(const struct node *n, long double v)
{
	int64_t integer;
	if (n->kind == NODE_FLOAT)
		return v > FLT_MAX || v < -FLT_MAX ? v : (float)v;
	if (is_integer(n, &integer))
		return v;
	return (n->kind == NODE_DOUBLE || n->kind == NODE_NUMBER) && v <= DBL_MAX && v >= -DBL_MAX ? (double)v : v;
}

static bool any_literal_passes(struct ask *a, const struct node *n)
{
	const struct test *whole = a->test;
	bool passes = false;
	for (struct literal *l = whole->literals; l && !passes; l = l->next) {
		struct literal alone = *l;
		struct test one = *whole;
		alone.next = NULL;
		alone.number = as_precise(n, l->number);
		one.literals = &alone;
		a->test = &one;
		passes = value_passes(a, n);
	}
	a->test = whole;
	return passes;
}

static bool leaf(void *user, const struct node *n)
{
	struct ask *a = user;
	a->found |= a->test->op == TEST_PRESENT ? is_there(n) : n->kind != NODE_NULL;
	if (a->test->op == TEST_PRESENT)
		return is_there(n);
	if (n->secret && !a->look->f->show_secrets)
		return false;
	return a->test->op == TEST_MATCHES ? value_passes(a, n) : any_literal_passes(a, n);
}

static bool data_passes(struct look *l, const struct test *t, bool *found)
{
	struct ask a = { .look = l, .test = t };
	struct path_walk w = { .tree = &l->f->dissection, .in_place = true, .leaf = leaf, .user = &a };
	bool by_schema = l->r->encoding != ENCODING_LEGACY;
	if (!l->r->has_data || (by_schema && !t->path->types[l->r->type]))
		return false;
	const struct node *payload = look_payload(l);
	bool passes = payload && path_walk(t->path, payload, &w);
	*found = a.found;
	return passes;
}

static bool any_passes(struct look *l, const struct test *t, bool *found)
{
	if (t->op == TEST_PRESENT && t->field->present && !t->path)
		return *found = t->field->present(l->r);
	switch (t->field->pub.type) {
	case FILTER_WORD: return word_passes(l, t, found);
	case FILTER_WORDS: return words_pass(l, t, found);
	case FILTER_ADDRESS: return address_passes(l, t, found);
	case FILTER_TEXT:
	case FILTER_SECRET: return text_passes(l, t, found);
	case FILTER_DATA: return data_passes(l, t, found);
	default: return number_passes(l, t, found);
	}
}

static bool test_holds(struct look *l, const struct test *t)
{
	bool found = false, passes = any_passes(l, t, &found);
	return t->op == TEST_NE ? found && !passes : passes;
}

static bool holds(struct look *l, const struct expr *e)
{
	if (e->kind == EXPR_TEST)
		return test_holds(l, &e->test);
	if (e->kind == EXPR_NOT)
		return !holds(l, e->child);
	bool any = e->kind == EXPR_ANY;
	for (const struct expr *c = e->child; c; c = c->next)
		if (holds(l, c) == any)
			return any;
	return !any;
}

bool filter_match(struct filter *f, const struct session *s, uint32_t n, struct slice bytes)
{
	struct look l;
	l.f = f;
	l.s = s;
	l.n = n;
	l.r = session_record(s, n);
	l.bytes = bytes;
	l.has_bytes = bytes.len > 0;
	l.has_envelope = l.has_tree = false;
	return l.r && (!f->root || holds(&l, f->root));
}
