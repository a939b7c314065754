/*
 * The JSON writer: a comma flag and a buf.
 *
 * Whoever writes calls in the order of the text: json_open, json_key, a value, json_close. Nesting needs no stack, since
 * closing a bracket always leaves a comma due.
 */
#include "base/json.h"

#include "base/text.h"
#include "base/when.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void value_next(struct json *j)
{
	if (j->comma)
		buf_add_byte(j->out, ',');
	j->comma = true;
}

void json_open(struct json *j, char bracket)
{
	value_next(j);
	buf_add_byte(j->out, (uint8_t)bracket);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	buf_add_byte(j->out, (uint8_t)bracket);
	j->comma = true;
}

void json_plain(struct json *j, struct slice text)
{
	uint8_t *at = buf_reserve(j->out, text.len + 3), *from = at;
	if (j->comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, text.at, text.len);
	at += text.len;
	*at++ = '"';
	j->out->len += (size_t)(at - from);
	j->comma = true;
}

void json_key_plain(struct json *j, struct slice key)
{
	json_plain(j, key);
	buf_add_byte(j->out, ':');
	j->comma = false;
}

static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Marks in the top bits of eight bytes those that are not plain: below 0x20, equal to one value, or not ASCII, a line each. The lowest mark is right;
 * above it there can be too many. */
static uint64_t specials(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x80 * ones;
	uint64_t quote = v ^ ('"' * ones), slash = v ^ ('\\' * ones), del = v ^ (0x7f * ones);
	uint64_t found = (v - 0x20 * ones) & ~v;
	found |= (quote - ones) & ~quote;
	found |= (slash - ones) & ~slash;
	found |= (del - ones) & ~del;
	return (found | v) & tops;
}

/* Copies what at the front needs no escape, to where there is room for all of s, and tells how much that is. */
static size_t copy_plain(uint8_t *to, struct slice s)
{
	size_t n = 0;
	for (; s.len - n >= 8; n += 8) {
		uint64_t v, found;
		memcpy(&v, s.at + n, sizeof v);
		memcpy(to + n, &v, sizeof v);
		found = specials(le64toh(v));
		if (found)
			return n + (size_t)__builtin_ctzll(found) / 8;
	}
	for (; n < s.len && plain(s.at[n]); n++)
		to[n] = s.at[n];
	return n;
}

static void add_escaped(struct buf *out, uint8_t c)
{
	buf_add_byte(out, '\\');
	buf_add_byte(out, c);
}

static void add_escape(struct buf *out, uint32_t p)
{
	static const char letters[] = "btn\vfr"; /* from U+0008; \v has no short form */
	if (p >= 8 && p <= 13 && p != '\v')
		add_escaped(out, (uint8_t)letters[p - 8]);
	else
		buf_addf(out, "\\u%04x", (unsigned)p);
}

/* Adds the character at the front, which may need an escape, and tells how many bytes it took. */
static size_t add_special(struct buf *out, struct slice s)
{
	uint32_t p;
	if (s.at[0] == '"' || s.at[0] == '\\') {
		add_escaped(out, s.at[0]);
		return 1;
	}
	size_t n = text_next(s, &p, NULL);
	if (text_acts(p))
		add_escape(out, p);
	else
		text_add_point(out, p);
	return n;
}

static void add_quoted(struct buf *out, struct slice s)
{
	buf_add_byte(out, '"');
	while (s.len) {
		size_t n = copy_plain(buf_reserve(out, s.len), s);
		out->len += n;
		s = slice_skip(s, n);
		if (s.len)
			s = slice_skip(s, add_special(out, s));
	}
	buf_add_byte(out, '"');
}

void json_key_slice(struct json *j, struct slice key)
{
	value_next(j);
	add_quoted(j->out, key);
	buf_add_byte(j->out, ':');
	j->comma = false;
}

void json_slice(struct json *j, struct slice text)
{
	value_next(j);
	add_quoted(j->out, text);
}

void json_text(struct json *j, const char *text)
{
	json_slice(j, slice_str(text));
}

void json_raw(struct json *j, const char *format, ...)
{
	value_next(j);
	va_list args;
	va_start(args, format);
	buf_addv(j->out, format, args);
	va_end(args);
}

void json_int(struct json *j, int64_t value)
{
	value_next(j);
	buf_add_integer(j->out, value);
}

void json_uint(struct json *j, uint64_t value)
{
	value_next(j);
	buf_add_number(j->out, value, 1);
}

void json_iso(struct json *j, int64_t ns)
{
	value_next(j);
	buf_add_byte(j->out, '"');
	when_add_iso(j->out, ns);
	buf_add_byte(j->out, '"');
}

void json_seconds(struct json *j, int64_t ns)
{
	value_next(j);
	when_add_seconds(j->out, ns);
}

void json_bool(struct json *j, bool value)
{
	value_next(j);
	buf_add_str(j->out, value ? "true" : "false");
}

void json_none(struct json *j)
{
	value_next(j);
	buf_add_str(j->out, "null");
}

void json_double(struct json *j, double value)
{
	char text[40];
	if (!isfinite(value)) {
		json_none(j);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	json_raw(j, "%s", text);
}

void json_float(struct json *j, float value)
{
	char text[40];
	if (!isfinite(value)) {
		json_none(j);
		return;
	}
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, (double)value);
		if (strtof(text, NULL) == value)
			break;
	}
	json_raw(j, "%s", text);
}

void json_base64(struct json *j, struct slice bytes)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	value_next(j);
	buf_add_byte(j->out, '"');
	for (; bytes.len; bytes = slice_skip(bytes, 3)) {
		uint32_t word = 0;
		for (size_t i = 0; i < 3; i++)
			word = word << 8 | (i < bytes.len ? bytes.at[i] : 0);
		for (size_t i = 0; i < 4; i++)
			buf_add_byte(j->out, i <= bytes.len ? (uint8_t)letters[word >> (18 - 6 * i) & 63] : '=');
	}
	buf_add_byte(j->out, '"');
}
