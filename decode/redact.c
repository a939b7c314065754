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
 *
 * Some writers (.NET's; PHP's if asked to) write a quote in a string as \u0022. A string of that has \\u0022, or
 * \\\u0022 if only its own writer does so: with each level backslashes are doubled, and the quote that the last
 * `"` became brought one more. So the lowest bit of their number tells how much fewer they are than before `"`.
 *
 * A JSON web token is known by its form, whatever holds it: the value of another key, a header, a line of a log.
 */
#include "decode/redact.h"

#include "base/amount.h"
#include "base/digit.h"
#include "decode/schema.h"
#include "decode/token.h"

enum { ESCAPE = 6 /* bytes of \u006a */ };

void redact_note(struct buf *out, size_t bytes)
{
	buf_addf(out, "‹hidden, %zu ", bytes);
	amount_add_words(out, bytes, "byte");
	buf_add_str(out, "›");
}

/* A quote, as itself or as an escape. */
struct quote {
	size_t at, end; /* of `"` or u0022 */
	size_t slashes; /* the backslashes before it */
	size_t level;   /* if all of them are its own */
};

/* Backslashes right before `end`, no further back than `start`. */
static size_t backslashes(struct slice text, size_t start, size_t end)
{
	size_t n = 0;
	while (end - n > start && text.at[end - n - 1] == '\\')
		n++;
	return n;
}

/* Is there a quote at that byte? Its backslashes are no further back than `start`. */
static bool read_quote(struct slice text, size_t start, size_t at, struct quote *q)
{
	bool escape = text.at[at] == 'u';
	if (!escape && text.at[at] != '"')
		return false;
	if (escape && (text.len - at < ESCAPE - 1 || memcmp(text.at + at, "u0022", ESCAPE - 1) != 0))
		return false;
	size_t n = backslashes(text, start, at);
	if (escape && !n)
		return false;
	*q = (struct quote){ at, at + (escape ? ESCAPE - 1 : 1), n, escape ? n + (n & -n) - 1 : n };
	return true;
}

/* The next quote at or after `from`, before which its backslashes do not begin. */
static bool find_quote(struct slice text, size_t from, struct quote *q)
{
	for (size_t at = from; at < text.len; at++)
		if (read_quote(text, from, at, q))
			return true;
	return false;
}

/* Where a quote begins that ends a string of that level: behind backslashes that are within the string. */
static size_t quote_start(const struct quote *q, size_t level)
{
	return q->at - (level - (q->level - q->slashes));
}

/* Takes that small letter from the end of a text of *len bytes, in either case, as itself or as \u006a with the backslashes of whatever level. */
static bool take_letter(struct slice text, size_t *len, uint8_t letter)
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

/* Does the text end in the quote that begins a key? */
static bool ends_in_quote(struct slice text)
{
	struct quote q;
	return text.len && (text.at[text.len - 1] == '"' || (text.len >= ESCAPE && read_quote(text, 0, text.len - ESCAPE + 1, &q)));
}

/* Does a quote end a secret key that ends before `end`? */
static bool ends_secret_key(struct slice text, size_t end)
{
	for (size_t i = 0; i < SCHEMA_SECRETS; i++) {
		size_t left = end, letters = schema_secrets[i].len;
		while (letters && take_letter(text, &left, schema_secrets[i].at[letters - 1]))
			letters--;
		if (!letters && ends_in_quote(slice_head(text, left)))
			return true;
	}
	return false;
}

/* Could the quote at `at` end a secret key? There is what can lead to a value behind it, and in front the last letter, an escape, or the backslash
 * of a quote in a string. Says no to most. */
static bool may_end_key(struct slice text, size_t at)
{
	if (!at || at + 1 == text.len || (text.at[at + 1] != ':' && text.at[at + 1] > ' '))
		return false;
	uint8_t c = text.at[at - 1];
	for (size_t i = 0; i < SCHEMA_SECRETS; i++)
		if ((c | 0x20) == schema_secrets[i].at[schema_secrets[i].len - 1])
			return true;
	return c == '\\' || (at >= ESCAPE && text.at[at - 5] == 'u' && text.at[at - ESCAPE] == '\\');
}

bool redact_needed(struct slice text)
{
	if (!text.len)
		return false;
	const uint8_t *quote = text.at, *end = text.at + text.len;
	while (quote < end && (quote = memchr(quote, '"', (size_t)(end - quote)))) {
		size_t at = (size_t)(quote++ - text.at);
		if (may_end_key(text, at) && ends_secret_key(text, at - backslashes(text, 0, at)))
			return true;
	}
	const uint8_t *slash = memchr(text.at, '\\', text.len);
	return (slash && memmem(slash, (size_t)(end - slash), "\\u0022", ESCAPE)) || token_inside(text);
}

static size_t skip_space(struct slice text, size_t i)
{
	while (i < text.len && memchr(" \t\r\n", text.at[i], 4))
		i++;
	return i;
}

/* Where the string that begins at `start` ends: *end, before the quote that ends at *next. */
static void string_end(struct slice text, size_t start, size_t level, size_t *end, size_t *next)
{
	struct quote q;
	for (size_t from = start; from < text.len; from = q.end) {
		if (!find_quote(text, from, &q))
			break;
		if (q.level % (2 * (level + 1)) == level) {
			*end = quote_start(&q, level);
			*next = q.end;
			return;
		}
	}
	*end = *next = text.len;
}

/* Where the object or array that begins at `start` ends; with the string that it is in, if it does not end before. */
static size_t container_end(struct slice text, size_t start, size_t level)
{
	size_t depth = 0, i = start, last;
	struct quote q;
	while (i < text.len) {
		uint8_t c = text.at[i];
		if (read_quote(text, start, i, &q)) {
			if (q.level < level)
				return i - q.slashes;
			string_end(text, q.end, level, &last, &i);
			continue;
		}
		i++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return i;
	}
	return text.len;
}

/* The value behind the key that ends in that quote; false if there is none. */
static bool find_value(struct slice text, const struct quote *key, size_t *start, size_t *end)
{
	struct quote q;
	size_t i = skip_space(text, key->end), quote;
	if (i == text.len || text.at[i] != ':')
		return false;
	i = skip_space(text, i + 1);
	for (quote = i; quote < text.len && text.at[quote] == '\\';)
		quote++;
	if (quote < text.len && read_quote(text, i, quote, &q) && q.level == key->level) {
		*start = q.end;
		string_end(text, *start, key->level, end, &quote);
		return true;
	}
	*start = *end = i;
	if (i < text.len && (text.at[i] == '{' || text.at[i] == '[')) {
		*end = container_end(text, i, key->level);
		return true;
	}
	while (*end < text.len && !memchr(",]}[{\\\" \t\r\n", text.at[*end], 11))
		(*end)++;
	return *end > *start;
}

bool redact_next(struct slice text, size_t from, size_t *start, size_t *end)
{
	struct quote q;
	for (size_t next, at = from; at < text.len; at = next) {
		if (token_at(text, at, &next)) {
			*start = at;
			*end = next;
			return true;
		}
		if (!read_quote(text, from, at, &q))
			continue;
		if (ends_secret_key(text, q.at - q.slashes) && find_value(text, &q, start, end))
			return true;
		from = next = q.end;
	}
	return false;
}

bool redact_found(struct slice text)
{
	size_t start, end;
	return redact_needed(text) && redact_next(text, 0, &start, &end);
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

struct slice redact_text(struct slice text, struct buf *scratch)
{
	if (!redact_needed(text))
		return text;
	buf_clear(scratch);
	redact_add(scratch, text);
	return buf_slice(scratch);
}
