/*
 * The JSON writer: a comma flag and a buf.
 *
 * Whoever writes calls in the order of the text: json_open, json_key, a value, json_close. Nesting needs no stack, since
 * closing a bracket always leaves a comma due.
 */
#include "base/json.h"

#include "base/text.h"
#include "base/when.h"

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

static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Is any of eight bytes not plain? Each line marks in the top bits of the bytes below 0x20, or equal to one value, or not ASCII. */
static bool any_special(const uint8_t *at)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x80 * ones;
	uint64_t v, quote, slash, del;
	memcpy(&v, at, sizeof v);
	quote = v ^ ('"' * ones);
	slash = v ^ ('\\' * ones);
	del = v ^ (0x7f * ones);
	uint64_t found = (v - 0x20 * ones) & ~v;
	found |= (quote - ones) & ~quote;
	found |= (slash - ones) & ~slash;
	found |= (del - ones) & ~del;
	return ((found | v) & tops) != 0;
}

/* How many bytes from the front need no escape. */
static size_t plain_run(struct slice s)
{
	size_t run = 0;
	while (run + 8 <= s.len && !any_special(s.at + run))
		run += 8;
	while (run < s.len && plain(s.at[run]))
		run++;
	return run;
}

static void add_escape(struct buf *out, uint32_t p)
{
	static const char letters[] = "btn\vfr"; /* from U+0008; \v has no short form */
	bool itself = p == '"' || p == '\\', short_form = p >= 8 && p <= 13 && p != '\v';
	if (itself || short_form) {
		buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)(itself ? p : (uint8_t)letters[p - 8]));
	} else {
		buf_addf(out, "\\u%04x", (unsigned)p);
	}
}

static void add_quoted(struct buf *out, struct slice s)
{
	buf_add_byte(out, '"');
	while (s.len) {
		size_t run = plain_run(s);
		buf_add(out, slice_head(s, run));
		s = slice_skip(s, run);
		if (!s.len)
			break;
		uint32_t p;
		s = slice_skip(s, text_next(s, &p, NULL));
		if (p == '"' || p == '\\' || text_acts(p))
			add_escape(out, p);
		else
			text_add_point(out, p);
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
