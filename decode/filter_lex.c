/*
 * Tokens of the display filter.
 *
 * A word is a run of what names, numbers, times and addresses are made of: 2026-11-22T20:43:36Z and data.ids[0] are one word each.
 * A quoted key in brackets belongs to its word: data.query["two words"]. Keywords are words that stand in a table. Escapes in strings
 * are left for whoever knows what the string is for.
 */
#include "decode/filter_part.h"

static const struct lexeme {
	const char *text;
	enum token_kind kind;
	enum test_op op;
} signs[] = {
	{ "==", TOKEN_OPERATOR, TEST_EQ }, { "!=", TOKEN_OPERATOR, TEST_NE }, { "<=", TOKEN_OPERATOR, TEST_LE },
	{ ">=", TOKEN_OPERATOR, TEST_GE }, { "<", TOKEN_OPERATOR, TEST_LT },  { ">", TOKEN_OPERATOR, TEST_GT },
	{ "~", TOKEN_OPERATOR, TEST_MATCHES }, { "&&", TOKEN_AND, 0 }, { "||", TOKEN_OR, 0 }, { "!", TOKEN_NOT, 0 },
	{ "(", TOKEN_OPEN, 0 }, { ")", TOKEN_CLOSE, 0 }, { "{", TOKEN_SET, 0 }, { "}", TOKEN_SET_END, 0 }, { ",", TOKEN_COMMA, 0 },
}, keywords[] = {
	{ "eq", TOKEN_OPERATOR, TEST_EQ }, { "ne", TOKEN_OPERATOR, TEST_NE }, { "lt", TOKEN_OPERATOR, TEST_LT },
	{ "le", TOKEN_OPERATOR, TEST_LE }, { "gt", TOKEN_OPERATOR, TEST_GT }, { "ge", TOKEN_OPERATOR, TEST_GE },
	{ "contains", TOKEN_OPERATOR, TEST_CONTAINS }, { "matches", TOKEN_OPERATOR, TEST_MATCHES }, { "in", TOKEN_OPERATOR, TEST_IN },
	{ "and", TOKEN_AND, 0 }, { "or", TOKEN_OR, 0 }, { "not", TOKEN_NOT, 0 },
};
enum { SIGNS = sizeof signs / sizeof *signs, KEYWORDS = sizeof keywords / sizeof *keywords };

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool in_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80 || (c && strchr("_.:-+/$@[]", c));
}

/* Bytes of a string at the front of s, its quotes included; 0 if it does not end. */
static size_t string_len(struct slice s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			return i + 1;
	}
	return 0;
}

static size_t word_len(struct slice s)
{
	size_t n = 0, key;
	while (n < s.len) {
		if (in_word(s.at[n]))
			n++;
		else if (n && s.at[n - 1] == '[' && s.at[n] == '"' && (key = string_len(slice_skip(s, n))))
			n += key;
		else
			break;
	}
	return n;
}

static struct token token_of(const struct lexeme *x, struct slice text, size_t at)
{
	return (struct token){ .kind = x->kind, .op = x->op, .at = at, .text = text };
}

static struct token lex_string(struct slice rest, size_t at)
{
	size_t n = string_len(rest);
	if (!n)
		return (struct token){ .kind = TOKEN_BAD, .at = at, .text = rest, .fault = "this text has no closing quote" };
	return (struct token){ .kind = TOKEN_STRING, .at = at, .text = slice_of(rest.at + 1, n - 2) };
}

static struct token lex_bad(struct slice rest, size_t at)
{
	const char *fault = "this means nothing in a filter";
	switch (rest.at[0]) {
	case '=': fault = "equality is written =="; break;
	case '&': fault = "\"and\" is written &&"; break;
	case '|': fault = "\"or\" is written ||"; break;
	case '\'': fault = "text stands in double quotes"; break;
	}
	return (struct token){ .kind = TOKEN_BAD, .at = at, .text = slice_head(rest, 1), .fault = fault };
}

struct token filter_lex(struct slice text, size_t at)
{
	while (at < text.len && is_space(text.at[at]))
		at++;
	struct slice rest = slice_skip(text, at);
	if (!rest.len)
		return (struct token){ .kind = TOKEN_END, .at = at, .text = rest };
	if (rest.at[0] == '"')
		return lex_string(rest, at);
	for (size_t i = 0; i < SIGNS; i++)
		if (slice_starts(rest, signs[i].text))
			return token_of(&signs[i], slice_head(rest, strlen(signs[i].text)), at);
	struct slice word = slice_head(rest, word_len(rest));
	if (!word.len)
		return lex_bad(rest, at);
	for (size_t i = 0; i < KEYWORDS; i++)
		if (slice_is(word, keywords[i].text))
			return token_of(&keywords[i], word, at);
	return (struct token){ .kind = TOKEN_WORD, .at = at, .text = word };
}

size_t token_len(const struct token *t)
{
	return t->kind == TOKEN_STRING ? t->text.len + 2 : t->text.len;
}
