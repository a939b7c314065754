/*
 * Hiding secrets in text.
 *
 * JSON goes through strings of messages (a user that is inserted, the data of a queue message), with passwords
 * and tokens in it, and JSON in strings of that JSON. The text is not parsed: it may be cut, or too large, and
 * should stay as it was written. Instead each quote that ends a secret key is found, and what stands behind its
 * colon.
 *
 * `level` is the number of backslashes before a quote: 0 in JSON, 1 in a string of it, 3 in a string of that. A
 * quote ends a string of its level if the backslashes before it, less those that are pairs within the string,
 * are just as many.
 */
#include "decode/redact.h"

#include "base/amount.h"
#include "base/digit.h"
#include "decode/schema.h"

enum { ESCAPE = 6 /* bytes of \u006a */ };

void redact_note(struct buf *out, size_t bytes)
{
	buf_addf(out, "‹hidden, %zu ", bytes);
	amount_add_words(out, bytes, "byte");
	buf_add_str(out, "›");
}

static size_t find_quote(struct slice text, size_t from)
{
	const uint8_t *at = from < text.len ? memchr(text.at + from, '"', text.len - from) : NULL;
	return at ? (size_t)(at - text.at) : text.len;
}

/* Backslashes right before `end`, no further back than `start`. */
static size_t backslashes(struct slice text, size_t start, size_t end)
{
	size_t n = 0;
	while (end - n > start && text.at[end - n - 1] == '\\')
		n++;
	return n;
}

/* Takes that small letter from the end of a text of *len bytes, in either case, as itself or as \u006a with the backslashes of whatever level. */
static bool take_letter(struct slice text, size_t *len, char letter)
{
	size_t n = *len;
	if (n && (text.at[n - 1] | 0x20) == letter) {
		*len = n - 1;
		return true;
	}
	if (n < ESCAPE || text.at[n - 5] != 'u' || text.at[n - ESCAPE] != '\\')
		return false;
	int value = 0;
	for (size_t i = n - 4; i < n; i++) {
		int digit = hex_digit(text.at[i]);
		if (digit < 0)
			return false;
		value = 16 * value + digit;
	}
	*len = n - ESCAPE - backslashes(text, 0, n - ESCAPE);
	return (value | 0x20) == letter;
}

/* Does the quote end a secret key? */
static bool ends_secret_key(struct slice text, size_t quote, size_t level)
{
	const char *name;
	for (size_t i = 0; (name = schema_secret(i)); i++) {
		size_t left = quote - level, letters = strlen(name);
		while (letters && take_letter(text, &left, name[letters - 1]))
			letters--;
		if (!letters && left && text.at[left - 1] == '"')
			return true;
	}
	return false;
}

/* Could the quote at `at` end a secret key, after its last letter, an escape, or the backslash of a quote in a string? Says no to most. */
static bool may_end_key(struct slice text, size_t at)
{
	const char *name;
	uint8_t c = text.at[at - 1];
	for (size_t i = 0; (name = schema_secret(i)); i++)
		if ((c | 0x20) == name[strlen(name) - 1])
			return true;
	return c == '\\' || (at >= ESCAPE && text.at[at - 5] == 'u' && text.at[at - ESCAPE] == '\\');
}

bool redact_needed(struct slice text)
{
	for (size_t i = find_quote(text, 1); i < text.len; i++)
		if (text.at[i] == '"' && may_end_key(text, i) && ends_secret_key(text, i, backslashes(text, 0, i)))
			return true;
	return false;
}

static size_t skip_space(struct slice text, size_t i)
{
	while (i < text.len && memchr(" \t\r\n", text.at[i], 4))
		i++;
	return i;
}

/* Where the string that begins at `start` ends. */
static size_t string_end(struct slice text, size_t start, size_t level)
{
	size_t quote = start;
	while ((quote = find_quote(text, quote)) < text.len) {
		if (backslashes(text, start, quote) % (2 * (level + 1)) == level)
			return quote - level;
		quote++;
	}
	return text.len;
}

/* Where the object or array that begins at `start` ends; with the string that it is in, if it does not end before. */
static size_t container_end(struct slice text, size_t start, size_t level)
{
	size_t depth = 0, i = start;
	while (i < text.len) {
		uint8_t c = text.at[i];
		if (c == '"') {
			size_t slashes = backslashes(text, start, i);
			if (slashes < level)
				return i - slashes;
			i = string_end(text, i + 1, level) + level;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			return i + 1;
		}
		i++;
	}
	return text.len;
}

/* The value behind the key that ends in that quote; false if there is none. */
static bool find_value(struct slice text, size_t quote, size_t level, size_t *start, size_t *end)
{
	size_t i = skip_space(text, quote + 1);
	if (i == text.len || text.at[i] != ':')
		return false;
	i = skip_space(text, i + 1);
	size_t next = find_quote(text, i);
	if (next < text.len && next - i == level && backslashes(text, i, next) == level) {
		*start = next + 1;
		*end = string_end(text, *start, level);
		return true;
	}
	*start = *end = i;
	if (i < text.len && (text.at[i] == '{' || text.at[i] == '[')) {
		*end = container_end(text, i, level);
		return true;
	}
	while (*end < text.len && !memchr(",]}[{\\\" \t\r\n", text.at[*end], 11))
		(*end)++;
	return *end > *start;
}

bool redact_next(struct slice text, size_t from, size_t *start, size_t *end)
{
	for (size_t quote = find_quote(text, from); quote < text.len; quote = find_quote(text, quote + 1)) {
		size_t level = backslashes(text, from, quote);
		if (ends_secret_key(text, quote, level) && find_value(text, quote, level, start, end))
			return true;
	}
	return false;
}

void redact_add(struct buf *out, struct slice text)
{
	size_t done = 0, start, end;
	bool needed = redact_needed(text);
	while (needed && redact_next(text, done, &start, &end)) {
		buf_add(out, slice_of(text.at + done, start - done));
		redact_note(out, end - start);
		done = end;
	}
	buf_add(out, slice_skip(text, done));
}
