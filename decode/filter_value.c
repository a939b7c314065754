/*
 * Literals: what stands on the right of an operator, read as the field on the left wants it.
 *
 * A literal that can never be equal to the field, or compared with it, is an error here and not a filter that never matches. Data
 * fields may hold anything, so theirs is read as all that it could be.
 */
#include "decode/filter_part.h"

#include "base/digit.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/when.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_LONGEST = 64 };

/* Strings. */

/* A number of n hexadecimal digits. */
static bool hex_number(struct slice s, size_t n, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		int digit = i < s.len ? hex_digit(s.at[i]) : -1;
		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return true;
}

/* Appends what the escape behind a backslash means; returns the bytes it took, 0 if there is no such escape. */
static size_t add_escape(struct buf *out, struct slice s)
{
	static const char letters[] = "\"\"\\\\n\nr\rt\t";
	uint32_t point;
	for (size_t i = 0; letters[i]; i += 2) {
		if (s.at[0] == (uint8_t)letters[i]) {
			buf_add_byte(out, (uint8_t)letters[i + 1]);
			return 1;
		}
	}
	if (s.at[0] == 'x' && hex_number(slice_skip(s, 1), 2, &point)) {
		buf_add_byte(out, (uint8_t)point);
		return 3;
	}
	if (s.at[0] == 'u' && hex_number(slice_skip(s, 1), 4, &point) && (point < 0xd800 || point > 0xdfff)) {
		text_add_point(out, point);
		return 5;
	}
	return 0;
}

/* What the characters of a string token mean. In a regular expression only \" is the filter's, all else PCRE2's. */
static bool unescape(struct parser *p, const struct token *token, bool regex, struct buf *out)
{
	struct slice s = token->text;
	for (size_t i = 0; i < s.len; i++) {
		size_t n = 0;
		if (s.at[i] != '\\' || (regex && s.at[i + 1] != '"')) {
			buf_add_byte(out, s.at[i]);
			if (s.at[i] == '\\' && i + 1 < s.len)
				buf_add_byte(out, s.at[++i]);
			continue;
		}
		n = add_escape(out, slice_skip(s, i + 1));
		if (!n)
			return parse_fail(p, token->at + 1 + i, 2,
					  "there is no such escape; there are \\\" \\\\ \\n \\r \\t \\xHH \\uHHHH");
		i += n;
	}
	return true;
}

struct slice parse_string(struct parser *p, const struct token *token, bool regex)
{
	struct buf plain = { 0 };
	struct slice kept = { NULL, 0 };
	if (unescape(p, token, regex, &plain)) {
		kept = arena_copy(&p->f->arena, buf_slice(&plain));
		if (!kept.at)
			parse_fail(p, token->at, token_len(token), "the filter is too large");
	}
	buf_release(&plain);
	return kept;
}

/* Numbers. */

static bool read_number(struct slice text, long double *out)
{
	char copy[NUMBER_LONGEST], *end;
	if (!text.len || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	size_t sign = copy[0] == '-' || copy[0] == '+';
	if (copy[sign] != '.' && (copy[sign] < '0' || copy[sign] > '9'))
		return false;
	*out = strtold(copy, &end);
	return !*end && isfinite(*out);
}

static bool read_yes_no(struct slice text, long double *out)
{
	*out = slice_is(text, "true") || slice_is(text, "1");
	return *out != 0 || slice_is(text, "false") || slice_is(text, "0");
}

/* Addresses: 192.0.2.1, 10.0.0.0/8, 192.0.2.1:8080, 2001:db8::1, 2001:db8::/32, [2001:db8::1]:8080. */

static bool read_small(struct slice text, int most, int *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' || *out > most)
			return false;
		*out = *out * 10 + (text.at[i] - '0');
	}
	return text.len && *out <= most;
}

static bool read_plain_address(struct slice text, struct address *a)
{
	char copy[INET6_ADDRSTRLEN];
	if (!text.len || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	a->family = strchr(copy, ':') ? 6 : 4;
	a->bits = a->family == 6 ? 128 : 32;
	return inet_pton(a->family == 6 ? AF_INET6 : AF_INET, copy, a->bytes) == 1;
}

/* Splits text at its last c; false if it has none. */
static bool split(struct slice text, char c, struct slice *front, struct slice *back)
{
	for (size_t i = text.len; i-- > 0;) {
		if (text.at[i] == (uint8_t)c) {
			*front = slice_head(text, i);
			*back = slice_skip(text, i + 1);
			return true;
		}
	}
	return false;
}

static bool read_address(struct slice text, struct address *a)
{
	struct slice front, back;
	*a = (struct address){ .port = -1 };
	if (!text.len || memchr(text.at, 0, text.len))
		return false;
	if (text.at[0] == '[' && split(text, ']', &front, &back)) {
		if (!read_plain_address(slice_skip(front, 1), a) || a->family != 6)
			return false;
		return !back.len || (back.at[0] == ':' && read_small(slice_skip(back, 1), 65535, &a->port));
	}
	if (split(text, '/', &front, &back)) {
		int bits;
		if (!read_plain_address(front, a) || !read_small(back, a->bits, &bits))
			return false;
		a->bits = bits;
		return true;
	}
	if (read_plain_address(text, a))
		return true;
	return split(text, ':', &front, &back) && read_plain_address(front, a) && a->family == 4 && read_small(back, 65535, &a->port);
}

/* Literals by the field's type. */

static bool refuse(struct parser *p, const struct token *t, const char *name, const char *wants)
{
	return parse_fail(p, t->at, token_len(t), "%s is %s", name, wants);
}

/* A word that is not in the list of the field, or, of a part that is asked for, in none of its words. Where there are others too, it may be one of
 * these. */
static bool other_word(struct parser *p, const struct test *t, const struct token *token, const char *near)
{
	const char *name = t->field->pub.name, *mean = near ? "; did you mean \"" : "", *end = near ? "\"?" : "";
	bool part = t->op == TEST_CONTAINS;
	if (!part && !t->field->open)
		return parse_fail(p, token->at, token_len(token), "%s is never that%s%s%s", name, mean, near ? near : "", end);
	if (!t->field->open)
		parse_doubt(p, token->at, token_len(token), "%s never has that in it%s%s%s", name, mean, near ? near : "", end);
	else if (near && !part)
		parse_doubt(p, token->at, token_len(token), "the protocol has no such command%s%s%s", mean, near, end);
	return true;
}

/* The word of a field with a list of them. */
static bool word_literal(struct parser *p, const struct test *t, struct literal *l, const struct token *token)
{
	struct suggestion near = { .typed = l->text };
	const char *word;
	bool whole = t->op == TEST_EQ || t->op == TEST_NE || t->op == TEST_IN;
	if (!whole && t->op >= TEST_LT && t->op <= TEST_GE && !t->field->ordered)
		return parse_fail(p, token->at, token_len(token), "%s has no order; == != in contains matches can be asked",
				  t->field->pub.name);
	for (int i = 0; (word = t->field->words(p->f->schema, i)); i++) {
		if (t->op == TEST_CONTAINS ? has_part(slice_str(word), l->text) : same_word(l->text, slice_str(word)))
			return true;
		suggestion_offer(&near, word);
	}
	return other_word(p, t, token, near.best);
}

static bool text_literal(struct parser *p, const struct test *t, struct literal *l, const struct token *token)
{
	enum filter_type type = t->field->pub.type;
	bool words = type == FILTER_WORD || type == FILTER_WORDS;
	if (token->kind == TOKEN_WORD && (!words || read_number(token->text, &l->number)))
		return refuse(p, token, t->field->pub.name, "text, which stands in double quotes here");
	l->text = token->text;
	if (token->kind == TOKEN_STRING)
		l->text = parse_string(p, token, false);
	l->kinds = KIND_TEXT;
	return l->text.at && (!words || word_literal(p, t, l, token));
}

static bool address_literal(struct parser *p, const struct test *t, struct literal *l, const struct token *token)
{
	if (t->op == TEST_CONTAINS) {
		if (token->kind != TOKEN_STRING)
			return refuse(p, token, t->field->pub.name, "looked at as text by this, which stands in double quotes");
		l->text = parse_string(p, token, false);
		return l->text.at != NULL;
	}
	return read_address(token->text, &l->address) ||
	       refuse(p, token, t->field->pub.name, "an address such as 192.0.2.1, 10.0.0.0/8, [2001:db8::1]:8080");
}

static bool data_literal(struct parser *p, const struct test *t, struct literal *l, const struct token *token)
{
	bool quoted = token->kind == TOKEN_STRING;
	unsigned can = t->path->kinds, ask;
	l->text = quoted ? parse_string(p, token, false) : token->text;
	if (!l->text.at)
		return false;
	if (when_read_iso(l->text, &l->time))
		l->kinds |= KIND_TIME;
	if (quoted || l->kinds)
		l->kinds |= KIND_TEXT | KIND_BYTES;
	else if (read_number(token->text, &l->number))
		l->kinds |= KIND_NUMBER | (l->number == 0 || l->number == 1 ? KIND_YES_NO : 0);
	else if (read_yes_no(token->text, &l->number))
		l->kinds |= KIND_YES_NO;
	ask = t->op == TEST_CONTAINS ? l->kinds & (KIND_TEXT | KIND_BYTES) : l->kinds;
	if (!l->kinds)
		return parse_fail(p, token->at, token_len(token), "text stands in double quotes");
	if (!(can & KIND_ANY) && !(can & ask))
		return parse_fail(p, token->at, token_len(token), "the field is %s and never that",
				  can & (KIND_TEXT | KIND_BYTES) ? "text"
				  : can & KIND_TIME              ? "a time"
				  : can & KIND_NUMBER            ? "a number"
				  : can & KIND_YES_NO            ? "true or false"
								 : "a message");
	return true;
}

static bool number_literal(struct parser *p, const struct test *t, struct literal *l, const struct token *token)
{
	l->kinds = KIND_NUMBER;
	if (token->kind != TOKEN_WORD || !read_number(token->text, &l->number))
		return refuse(p, token, t->field->pub.name, t->field->pub.type == FILTER_SECONDS ? "a number of seconds" : "a number");
	if (t->field->pub.type == FILTER_SECONDS)
		l->number = roundl(l->number * NS_PER_S);
	return true;
}

static bool fill(struct parser *p, const struct test *t, struct literal *l, const struct token *token)
{
	switch (t->field->pub.type) {
	case FILTER_NUMBER:
	case FILTER_SECONDS: return number_literal(p, t, l, token);
	case FILTER_TIME:
		return when_read_iso(token->text, &l->time) ||
		       refuse(p, token, t->field->pub.name, "a time such as 2026-11-22 or 2026-11-22T20:43:36.5Z");
	case FILTER_YES_NO: return read_yes_no(token->text, &l->number) || refuse(p, token, t->field->pub.name, "true or false");
	case FILTER_ADDRESS: return address_literal(p, t, l, token);
	case FILTER_DATA: return data_literal(p, t, l, token);
	default: return text_literal(p, t, l, token);
	}
}

struct literal *parse_literal(struct parser *p, const struct test *t, const struct token *token)
{
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_STRING) {
		parse_fail(p, token->at, token_len(token), "a value is missing here");
		return NULL;
	}
	struct literal *l = parse_take(p, sizeof *l);
	return l && fill(p, t, l, token) ? l : NULL;
}
