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

/* Makes room for n more bytes and returns where they go; the caller then adds to len what it wrote. */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, struct slice s);
void buf_add_byte(struct buf *b, uint8_t c);
void buf_add_str(struct buf *b, const char *text);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* The bytes as a string: adds a NUL behind them that is not counted in len. Valid as buf_slice. */
const char *buf_cstr(struct buf *b);

#endif
