/* A growable run of bytes. `struct buf b = { 0 };` is a valid empty one. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

#include <stdarg.h>

struct buf {
	uint8_t *at;
	size_t len, cap;
};

/* Frees the bytes; the buf is empty and usable again. */
void buf_release(struct buf *b);

/* Empties it but keeps its memory. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

/* Everything in it; valid until the next call that adds, consumes or releases. */
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->at, b->len };
}

/* Makes cap at least len + n. */
void buf_grow(struct buf *b, size_t n);
/* Makes room for n more bytes and returns where they go, never NULL; the caller then adds to len what it wrote. */
static inline uint8_t *buf_reserve(struct buf *b, size_t n)
{
	if (b->cap - b->len < n + !n) /* one for none: there is always something to point to */
		buf_grow(b, n + !n);
	return b->at + b->len;
}
static inline void buf_add(struct buf *b, struct slice s)
{
	if (s.len)
		memcpy(buf_reserve(b, s.len), s.at, s.len);
	b->len += s.len;
}
static inline void buf_add_byte(struct buf *b, uint8_t c)
{
	*buf_reserve(b, 1) = c;
	b->len++;
}
/* The number in decimal, with zeros in front up to `digits` of them. */
void buf_add_number(struct buf *b, uint64_t n, int digits);
/* The same with a minus where it is less than 0, and without zeros. */
void buf_add_integer(struct buf *b, int64_t n);
/* The bytes, two lower-case hexadecimal digits each. */
void buf_add_hex(struct buf *b, struct slice bytes);
static inline void buf_add_str(struct buf *b, const char *text)
{
	buf_add(b, slice_str(text));
}
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* The bytes as a string: adds a NUL behind them that is not counted in len. Valid as buf_slice. */
const char *buf_cstr(struct buf *b);

#endif
