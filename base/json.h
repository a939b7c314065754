/* A JSON writer (RFC 8259) that appends to a buf and sets the commas. Its output is always valid UTF-8: what is not becomes
 * U+FFFD; and nothing in it moves a terminal: what would (text_acts) is escaped. Reading JSON is a library's work (docs/libraries.md); that library has the names json_string and json_null. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

struct json {
	struct buf *out; /* not owned */
	bool comma;      /* a comma is due before the next value */
};

static inline struct json json_to(struct buf *out)
{
	return (struct json){ out, false };
}

void json_open(struct json *j, char bracket);  /* '{' or '[' */
void json_close(struct json *j, char bracket); /* '}' or ']' */
/* A key, and a string, of the program's own: nothing in it needs an escape. */
void json_key_plain(struct json *j, struct slice key);
void json_plain(struct json *j, struct slice text);
static inline void json_key(struct json *j, const char *key)
{
	json_key_plain(j, slice_str(key));
}
static inline void json_word(struct json *j, const char *text)
{
	json_plain(j, slice_str(text));
}
void json_key_slice(struct json *j, struct slice key);
void json_slice(struct json *j, struct slice text);
void json_text(struct json *j, const char *text);
void json_int(struct json *j, int64_t value);
void json_uint(struct json *j, uint64_t value);
void json_bool(struct json *j, bool value);
void json_none(struct json *j);
/* A decimal that reads back as the same double or float, with no more digits than that takes (15 to 17, or 6 to 9); null for
 * what JSON has no number for. */
void json_double(struct json *j, double value);
void json_float(struct json *j, float value);
/* A value that is JSON already, formatted as by printf. */
void json_raw(struct json *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A time, ns since 1970, as a string in ISO 8601; and a span of ns as a number of seconds with 9 decimals. */
void json_iso(struct json *j, int64_t ns);
void json_seconds(struct json *j, int64_t ns);
/* The bytes as a string of base64 (RFC 4648, section 4). */
void json_base64(struct json *j, struct slice bytes);

#endif
