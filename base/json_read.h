/*
 * Reading JSON (RFC 8259) in place: values as slices of their text, so that each is known with its offset, and a text of any size
 * is read without building anything.
 *
 * A text may be cut: the value in which it ends is marked, and can be read as far as it goes.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/buf.h"

enum json_read_kind {
	JSON_READ_NONE, /* no JSON stands there */
	JSON_READ_OBJECT,
	JSON_READ_ARRAY,
	JSON_READ_STRING,
	JSON_READ_NUMBER,
	JSON_READ_TRUE,
	JSON_READ_FALSE,
	JSON_READ_NULL,
};

enum { JSON_READ_DEPTH = 128 }; /* what nests deeper is JSON_READ_NONE */

struct json_value {
	enum json_read_kind kind;
	bool cut;          /* the text ends within it, or right behind a number */
	struct slice text; /* as it is written: a string with its quotes, an object with its braces */
};

/* The value that the text holds, with nothing but space around it. */
struct json_value json_read(struct slice text);

/* Going through the members of an object or the elements of an array. */
struct json_walk {
	struct slice rest;
	bool object, first, bad; /* bad: what follows can't be read; what was handed out before was right */
	bool cut;                /* the text ended before the closing brace or bracket */
};

/* Begins with an object or array as json_read() gives it, or with the unread text of one: then the walk says in the end whether it was
 * good. Space before it is passed over; other values have no members. */
struct json_walk json_walk(struct slice text);
/* The next member or element; false behind the last. *key (NULL allowed): as it is written, without its quotes, escapes not undone;
 * empty in an array. After false, walk.rest is what follows the object, if neither bad nor cut. */
bool json_next(struct json_walk *w, struct slice *key, struct json_value *out);
/* After false: did it end as it should, with nothing but space behind it? */
bool json_walk_whole(const struct json_walk *w);
/* What stands between the quotes of a string, escapes not undone, as far as it is there. */
struct slice json_inner(const struct json_value *string);
/* Appends the text of such an inside with its escapes undone, as UTF-8. A surrogate without its other half becomes U+FFFD. */
void json_unescape(struct buf *out, struct slice inside);
/* Is a key, as json_next() gives it, that name, be it written with escapes or without? */
bool json_key_is(struct slice key, const char *name);
/* A number that is an integer within int64_t; false for all others. */
bool json_read_integer(const struct json_value *number, int64_t *out);

#endif
