/*
 * A growable run of bytes, doubling as it grows.
 *
 *	at            at + len        at + cap
 *	| bytes in use | room          |
 *
 * Limits are the callers': a buf grows as far as it is told to.
 */
#include "base/buf.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 20 /* digits of a number of 64 bits */ };

void buf_release(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ 0 };
}

void buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 64;
	while (cap - b->len < n)
		cap *= 2;
	b->at = xreallocarray(b->at, cap, 1);
	b->cap = cap;
}

static int digits_of(uint64_t n)
{
	int digits = 1;
	for (uint64_t limit = 10; n >= limit; limit *= 10)
		if (++digits == LONGEST)
			break;
	return digits;
}

void buf_add_number(struct buf *b, uint64_t n, int digits)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657"
		"585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
	int least = digits_of(n);
	size_t len = (size_t)(least > digits ? least : digits);
	uint8_t *first = buf_reserve(b, len), *at = first + len;
	for (; n >= 100; n /= 100) {
		at -= 2;
		memcpy(at, pairs + 2 * (n % 100), 2);
	}
	if (n >= 10) {
		at -= 2;
		memcpy(at, pairs + 2 * n, 2);
	} else {
		*--at = (uint8_t)('0' + n);
	}
	while (at > first)
		*--at = '0';
	b->len += len;
}

void buf_add_integer(struct buf *b, int64_t n)
{
	if (n < 0)
		buf_add_byte(b, '-');
	buf_add_number(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 1);
}

void buf_add_hex(struct buf *b, struct slice bytes)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *at = buf_reserve(b, 2 * bytes.len);
	for (size_t i = 0; i < bytes.len; i++) {
		*at++ = (uint8_t)digits[bytes.at[i] >> 4];
		*at++ = (uint8_t)digits[bytes.at[i] & 15];
	}
	b->len += 2 * bytes.len;
}

void buf_addv(struct buf *b, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): args is the caller's */
	int n = vsnprintf((char *)buf_reserve(b, 64), 64, format, args);
	if (n >= 64)
		vsnprintf((char *)buf_reserve(b, (size_t)n + 1), (size_t)n + 1, format, again);
	if (n > 0)
		b->len += (size_t)n;
	va_end(again);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_addv(b, format, args);
	va_end(args);
}

void buf_consume(struct buf *b, size_t n)
{
	if (n < b->len)
		memmove(b->at, b->at + n, b->len - n);
	b->len -= n;
}

const char *buf_cstr(struct buf *b)
{
	*buf_reserve(b, 1) = 0;
	return (const char *)b->at;
}
