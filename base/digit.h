/* What one character stands for as a digit. */
#ifndef BASE_DIGIT_H
#define BASE_DIGIT_H

#include <stdint.h>

/* Of hexadecimal, in either case; -1 if it is none. */
static inline int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of base64, in the alphabet of RFC 4648, section 4, or that of section 5 (base64url); -1 if it is of neither. */
static inline int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

#endif
