/*
 * Slices and the cursor: the one door through which bytes from the wire are read.
 *
 * A slice borrows: whoever made it says how long its bytes live. A cursor walks a slice and sticks at "short": a read
 * past the end yields zero and marks the cursor, so that a parser reads a whole header and checks once.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *at;
	size_t len;
};

static inline struct slice slice_of(const void *at, size_t len)
{
	return (struct slice){ at, len };
}

/* The bytes of a NUL-terminated string, without the NUL. */
static inline struct slice slice_str(const char *text)
{
	return (struct slice){ (const uint8_t *)text, strlen(text) };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
	return slice_eq(a, slice_str(text));
}

static inline bool slice_starts(struct slice a, const char *text)
{
	size_t n = strlen(text);
	return a.len >= n && (n == 0 || memcmp(a.at, text, n) == 0);
}

/* At most the first n bytes. */
static inline struct slice slice_head(struct slice a, size_t n)
{
	return (struct slice){ a.at, a.len < n ? a.len : n };
}

/* What follows the first n bytes; empty when there are no more than n. */
static inline struct slice slice_skip(struct slice a, size_t n)
{
	if (n >= a.len)
		return (struct slice){ a.len ? a.at + a.len : a.at, 0 };
	return (struct slice){ a.at + n, a.len - n };
}

struct cursor {
	struct slice rest;
	bool short_; /* a read went past the end; everything after reads as zero */
};

static inline struct cursor cursor_of(struct slice s)
{
	return (struct cursor){ s, false };
}

/* The next n bytes, or an empty slice and a stuck cursor. */
static inline struct slice cursor_take(struct cursor *c, size_t n)
{
	if (c->short_ || n > c->rest.len) {
		c->short_ = true;
		return (struct slice){ NULL, 0 };
	}
	struct slice s = { c->rest.at, n };
	c->rest.at = n ? c->rest.at + n : c->rest.at;
	c->rest.len -= n;
	return s;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	struct slice s = cursor_take(c, 1);
	return s.len ? s.at[0] : 0;
}

static inline uint16_t cursor_be16(struct cursor *c)
{
	struct slice s = cursor_take(c, 2);
	return s.len ? (uint16_t)(s.at[0] << 8 | s.at[1]) : 0;
}

static inline uint32_t cursor_be32(struct cursor *c)
{
	struct slice s = cursor_take(c, 4);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): at is there where len is */
	return s.len ? (uint32_t)s.at[0] << 24 | (uint32_t)s.at[1] << 16 | (uint32_t)s.at[2] << 8 | s.at[3] : 0;
}

static inline uint64_t cursor_be64(struct cursor *c)
{
	uint64_t high = cursor_be32(c);
	return high << 32 | cursor_be32(c);
}

static inline uint32_t cursor_le32(struct cursor *c)
{
	struct slice s = cursor_take(c, 4);
	return s.len ? (uint32_t)s.at[3] << 24 | (uint32_t)s.at[2] << 16 | (uint32_t)s.at[1] << 8 | s.at[0] : 0;
}

static inline uint64_t cursor_le64(struct cursor *c)
{
	uint64_t low = cursor_le32(c);
	return (uint64_t)cursor_le32(c) << 32 | low;
}

#endif
