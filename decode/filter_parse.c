/*
 * The grammar of the display filter, by recursive descent:
 *
 *	any     = all { ("||" | "or") all }
 *	all     = one { ("&&" | "and") one }
 *	one     = ("!" | "not") one | "(" any ")" | test
 *	test    = field [ operator value | "in" "{" value { [","] value } "}" ]
 *	field   = a name of the table | ("data" | name of a message) { "." name | "[" number "]" | "[" string "]" }
 *
 * p->token is the next token. Tests that need less of a message come before those that need more: && and || are as good in either
 * order. The first error stops everything; whoever made it has put it into *error.
 */
#include "decode/filter_part.h"

#include "base/suggest.h"
#include "base/text.h"

#include <stdlib.h>

enum { SURE = 2 }; /* slips of the pen up to which a suggestion is likely what was meant */

/* Errors. */

static void add_marked(struct buf *out, struct slice text, size_t at, size_t len)
{
	struct buf front = { 0 }, fault = { 0 };
	text_add_safe(&front, slice_head(text, at));
	text_add_safe(&fault, slice_head(slice_skip(text, at), len));
	buf_add_str(out, "\n  ");
	text_add_safe(out, text);
	buf_add_str(out, "\n  ");
	for (int n = text_columns(buf_slice(&front)); n > 0; n--)
		buf_add_byte(out, ' ');
	buf_add_byte(out, '^');
	for (int n = text_columns(buf_slice(&fault)); n > 1; n--)
		buf_add_byte(out, '~');
	buf_release(&front);
	buf_release(&fault);
}

/* A sentence, and the place in the text that it is about. */
static void __attribute__((format(printf, 5, 0)))
say(const struct parser *p, struct buf *out, size_t at, size_t len, const char *format, va_list args)
{
	struct buf sentence = { 0 };
	buf_addv(&sentence, format, args);
	buf_clear(out);
	text_add_safe(out, buf_slice(&sentence));
	add_marked(out, p->text, at, len);
	buf_release(&sentence);
}

bool parse_fail(struct parser *p, size_t at, size_t len, const char *format, ...)
{
	va_list args;
	if (p->failed)
		return false;
	p->failed = true;
	va_start(args, format);
	say(p, p->error, at, len, format, args);
	va_end(args);
	return false;
}

void parse_doubt(struct parser *p, size_t at, size_t len, const char *format, ...)
{
	va_list args;
	if (p->f->doubt.len)
		return;
	va_start(args, format);
	say(p, &p->f->doubt, at, len, format, args);
	va_end(args);
}

static bool unexpected(struct parser *p, const char *wanted)
{
	const struct token *t = &p->token;
	return parse_fail(p, t->at, token_len(t), "%s", t->kind == TOKEN_BAD ? t->fault : wanted);
}

void *parse_take(struct parser *p, size_t n)
{
	void *taken = arena_take(&p->f->arena, n);
	if (!taken)
		parse_fail(p, p->token.at, token_len(&p->token), "the filter is too large");
	return taken;
}

static void advance(struct parser *p)
{
	p->token = filter_lex(p->text, p->token.at + token_len(&p->token));
}

/* What can be asked. */

#define ASK(op) (1u << TEST_##op)
#define ASK_EQUAL (ASK(PRESENT) | ASK(EQ) | ASK(NE))
#define ASK_ORDER (ASK(LT) | ASK(LE) | ASK(GT) | ASK(GE))
#define ASK_SEARCH (ASK(CONTAINS) | ASK(MATCHES))

static unsigned askable(const struct parser *p, const struct test *t)
{
	const unsigned everything = ASK_EQUAL | ASK_ORDER | ASK_SEARCH | ASK(IN), texts = KIND_TEXT | KIND_BYTES | KIND_ANY;
	switch (t->field->pub.type) {
	case FILTER_NUMBER:
	case FILTER_SECONDS:
	case FILTER_TIME: return ASK_EQUAL | ASK_ORDER | ASK(IN);
	case FILTER_YES_NO: return ASK_EQUAL | ASK(IN);
	case FILTER_WORD:
	case FILTER_TEXT: return everything;
	case FILTER_WORDS: return everything & ~ASK_ORDER;
	case FILTER_ADDRESS: return ASK_EQUAL | ASK(IN) | (t->field->textual ? ASK_SEARCH : 0);
	case FILTER_SECRET: return p->f->show_secrets ? everything : ASK(PRESENT);
	case FILTER_DATA:
		if (!t->path || t->path->kinds == KIND_MESSAGE)
			return ASK(PRESENT);
		return (t->path->kinds & texts) ? everything : everything & ~ASK_SEARCH;
	}
	return 0;
}

static bool is_secret(const struct test *t)
{
	return t->field->pub.type == FILTER_SECRET || (t->path && schema_secret_name(path_name(t->path)));
}

static bool check_operator(struct parser *p, const struct test *t)
{
	const struct token *op = &p->token;
	size_t len = token_len(op);
	if (is_secret(t) && !p->f->show_secrets)
		return parse_fail(p, op->at, len, "this is a secret: without --show-secrets one can only ask whether it is there");
	if (askable(p, t) >> t->op & 1)
		return true;
	if (t->field->pub.type == FILTER_DATA && (!t->path || t->path->kinds == KIND_MESSAGE))
		return parse_fail(p, op->at, len, "this is a message: name one of its fields, such as data.collectionname");
	const char *is = t->path ? "the field" : t->field->pub.name;
	return parse_fail(p, op->at, len, "%s can't be compared like that: it is no text%s", is,
			  ((1u << t->op) & ASK_ORDER) ? " and has no order" : "");
}

/* Fields. */

static void add_relative(struct buf *out, struct slice family, const char *name)
{
	if (slice_eq(slice_head(slice_str(name), family.len), family))
		buf_addf(out, "%s%s", out->len ? ", " : "", name);
}

/* A name that Wireshark has and we do not (frame.marked): those of the same protocol that we have. False: there are none. */
static bool suggest_family(struct parser *p, struct slice name, size_t at)
{
	struct buf known = { 0 };
	const uint8_t *dot = memchr(name.at, '.', name.len);
	struct slice family = slice_head(name, dot ? (size_t)(dot - name.at) + 1 : 0);
	const struct filter_field *f;
	const char *alias, *of;
	for (size_t i = 0; family.len && (alias = filter_alias_at(i, &of)); i++)
		add_relative(&known, family, alias);
	for (size_t i = 0; family.len && (f = filter_field_at(i)); i++)
		add_relative(&known, family, f->name);
	bool any = known.len > 0;
	if (any)
		parse_fail(p, at, name.len, "there is no field %.*s; of %.*s there are %s", (int)(name.len < 64 ? name.len : 64),
			   (const char *)name.at, (int)family.len, (const char *)family.at, buf_cstr(&known));
	buf_release(&known);
	return any;
}

static bool unknown_field(struct parser *p, struct slice name, size_t at)
{
	struct suggestion near = { .typed = name };
	const struct filter_field *f;
	const char *alias, *of;
	if (slice_starts(name, "rule."))
		return parse_fail(p, at, name.len, "rules are asked for as in: rules contains \"seq-gap\"");
	for (size_t i = 0; (f = filter_field_at(i)); i++)
		suggestion_offer(&near, f->name);
	for (size_t i = 0; (alias = filter_alias_at(i, &of)); i++)
		suggestion_offer(&near, alias);
	int len = (int)(name.len < 64 ? name.len : 64);
	if ((!near.best || near.distance > SURE) && suggest_family(p, name, at))
		return false;
	if (path_top_name(p->f->schema, name))
		return parse_fail(p, at, name.len, "there is no field %.*s; did you mean data.%.*s?", len, (const char *)name.at, len,
				  (const char *)name.at);
	return parse_fail(p, at, name.len, "there is no field %.*s%s%s%s", len, (const char *)name.at, near.best ? "; did you mean " : "",
			  near.best ? near.best : "", near.best ? "?" : "");
}

/* How many bytes of a name stand before its path, and for which message they do (0: for the payload); 0 if there is no path. */
static size_t path_front(const struct parser *p, struct slice name, type_id *within)
{
	size_t n = 0;
	while (n < name.len && name.at[n] != '.' && name.at[n] != '[')
		n++;
	*within = 0;
	if (n == name.len || slice_is(slice_head(name, n), "data"))
		return n < name.len ? n : 0;
	*within = field_named(name) ? 0 : schema_type_short(p->f->schema, slice_head(name, n));
	return *within ? n : 0;
}

const struct field *parse_name(struct parser *p, struct slice name, size_t at, struct path **path)
{
	type_id within;
	size_t front = path_front(p, name, &within);
	*path = NULL;
	if (front) {
		*path = parse_path(p, within, slice_skip(name, front), at + front);
		if (!*path)
			return NULL;
		name = slice_str("data");
	}
	const struct field *field = field_named(name);
	if (!field)
		unknown_field(p, name, at);
	return field;
}

static bool parse_field(struct parser *p, struct test *t)
{
	struct slice name = p->token.text;
	size_t at = p->token.at, skip = slice_starts(name, "openiap.") ? strlen("openiap.") : 0;
	if (p->token.kind != TOKEN_WORD)
		return unexpected(p, p->token.kind == TOKEN_STRING ? "the name of a field is expected here, and text behind it"
								   : "the name of a field is expected here");
	t->field = parse_name(p, slice_skip(name, skip), at + skip, &t->path);
	if (!t->field)
		return false;
	advance(p);
	return true;
}

/* Values. */

static bool parse_set(struct parser *p, struct test *t)
{
	struct literal **end = &t->literals;
	if (p->token.kind != TOKEN_SET)
		return unexpected(p, "values in braces are expected here, as in {\"query\" \"aggregate\"}");
	advance(p);
	while (p->token.kind != TOKEN_SET_END) {
		if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING)
			return unexpected(p, "a value or the closing brace is expected here");
		struct literal *l = parse_literal(p, t, &p->token);
		if (!l)
			return false;
		*end = l;
		end = &l->next;
		advance(p);
		if (p->token.kind == TOKEN_COMMA)
			advance(p);
	}
	if (!t->literals)
		return unexpected(p, "there is no value in these braces");
	advance(p);
	return true;
}

static bool parse_regex(struct parser *p, struct test *t)
{
	char *why = NULL;
	size_t offset = 0;
	const struct token pattern = p->token;
	if (pattern.kind != TOKEN_STRING)
		return unexpected(p, "a regular expression in double quotes is expected here");
	struct slice text = parse_string(p, &pattern, true);
	if (!text.at)
		return false;
	t->regex = regex_new(text, &why, &offset);
	if (!t->regex) {
		size_t within = offset < pattern.text.len ? offset : pattern.text.len;
		parse_fail(p, pattern.at + 1 + within, 1, "regular expression: %s", why);
		free(why);
		return false;
	}
	regex_keep(&p->f->regexes, t->regex);
	advance(p);
	return true;
}

static bool parse_value(struct parser *p, struct test *t)
{
	if (t->op == TEST_IN)
		return parse_set(p, t);
	if (t->op == TEST_MATCHES)
		return parse_regex(p, t);
	if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING)
		return unexpected(p, "a value is expected here");
	t->literals = parse_literal(p, t, &p->token);
	if (t->literals)
		advance(p);
	return t->literals != NULL;
}

/* The answers for each word of a field that has a list of them. */

static int word_number(const struct parser *p, const struct test *t)
{
	const char *word;
	int i = 0;
	while ((word = t->field->words(p->f->schema, i)) && !same_word(slice_str(word), t->literals->text))
		i++;
	return i;
}

static bool answer(struct parser *p, const struct test *t, int i)
{
	if (t->op >= TEST_LT && t->op <= TEST_GE)
		return test_order(t->op, i - word_number(p, t));
	return test_word(p->f, t, slice_str(t->field->words(p->f->schema, i)));
}

static bool answer_words(struct parser *p, struct test *t)
{
	enum filter_type type = t->field->pub.type;
	if ((type != FILTER_WORD && type != FILTER_WORDS) || t->op == TEST_PRESENT)
		return true;
	while (t->field->words(p->f->schema, t->words))
		t->words++;
	if (type == FILTER_WORD && !(t->truth = parse_take(p, (size_t)t->words * sizeof *t->truth)))
		return false;
	for (int i = 0; i < t->words; i++) {
		bool yes = answer(p, t, i);
		if (type == FILTER_WORD)
			t->truth[i] = yes;
		else if (yes)
			t->mask |= UINT32_C(1) << i;
	}
	return true;
}

/* Expressions. */

static struct expr *parse_any(struct parser *p);

static struct expr *new_expr(struct parser *p, enum expr_kind kind)
{
	struct expr *e = parse_take(p, sizeof *e);
	if (e)
		e->kind = kind;
	return e;
}

static struct expr *parse_test(struct parser *p)
{
	struct expr *e = new_expr(p, EXPR_TEST);
	struct test *t = e ? &e->test : NULL;
	if (!e || !parse_field(p, t))
		return NULL;
	if (p->token.kind == TOKEN_OPERATOR) {
		t->op = p->token.op;
		if (!check_operator(p, t))
			return NULL;
		advance(p);
		if (!parse_value(p, t))
			return NULL;
	}
	p->f->revised |= t->field->revised;
	p->f->of_pair |= t->field->of_pair;
	if (t->field->of_all)
		p->f->of_all = t->field->pub.name;
	bool quick = t->op == TEST_PRESENT && t->field->present && !t->path;
	e->need = quick ? FILTER_INDEX : t->field->pub.need;
	return answer_words(p, t) ? e : NULL;
}

static struct expr *parse_parentheses(struct parser *p)
{
	advance(p);
	struct expr *e = parse_any(p);
	if (e && p->token.kind != TOKEN_CLOSE)
		unexpected(p, "&&, || or the closing parenthesis is expected here");
	if (p->failed)
		return NULL;
	advance(p);
	return e;
}

static struct expr *parse_one(struct parser *p);

static struct expr *parse_not(struct parser *p)
{
	struct expr *e = new_expr(p, EXPR_NOT);
	if (!e)
		return NULL;
	advance(p);
	e->child = parse_one(p);
	if (!e->child)
		return NULL;
	e->need = e->child->need;
	return e;
}

static struct expr *parse_one(struct parser *p)
{
	bool negated = p->token.kind == TOKEN_NOT;
	if (!negated && p->token.kind != TOKEN_OPEN)
		return parse_test(p);
	if (p->nesting == FILTER_NESTING_MAX) {
		unexpected(p, "this is nested too deep");
		return NULL;
	}
	p->nesting++;
	struct expr *e = negated ? parse_not(p) : parse_parentheses(p);
	p->nesting--;
	return e;
}

/* Behind those that need no more than it does. */
static void add_child(struct expr *e, struct expr *child)
{
	struct expr **at = &e->child;
	while (*at && (*at)->need <= child->need)
		at = &(*at)->next;
	child->next = *at;
	*at = child;
	if (child->need > e->need)
		e->need = child->need;
}

/* One, or several with `between` between them. */
static struct expr *parse_list(struct parser *p, enum expr_kind kind, enum token_kind between, struct expr *(*parse)(struct parser *p))
{
	struct expr *first = parse(p), *all = NULL, *child = NULL;
	if (!first || p->token.kind != between || !(all = new_expr(p, kind)))
		return p->failed ? NULL : first;
	add_child(all, first);
	while (p->token.kind == between) {
		advance(p);
		child = parse(p);
		if (!child)
			return NULL;
		add_child(all, child);
	}
	return all;
}

static struct expr *parse_all(struct parser *p)
{
	return parse_list(p, EXPR_ALL, TOKEN_AND, parse_one);
}

static struct expr *parse_any(struct parser *p)
{
	return parse_list(p, EXPR_ANY, TOKEN_OR, parse_all);
}

bool filter_parse(struct filter *f, struct slice text, struct buf *error)
{
	struct parser p = { .f = f, .text = text, .error = error };
	if (text.len > FILTER_TEXT_MAX) {
		buf_addf(error, "the filter is longer than %d characters", FILTER_TEXT_MAX);
		return false;
	}
	p.token = filter_lex(text, 0);
	if (p.token.kind == TOKEN_END)
		return true;
	f->root = parse_any(&p);
	if (f->root && p.token.kind != TOKEN_END)
		unexpected(&p, "&& or || is expected here");
	return !p.failed;
}
