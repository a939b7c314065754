/*
 * JSON web tokens (RFC 7519) in their compact form (RFC 7515, section 7.1): header, claims and signature in
 * base64url, with dots between them. Header and claims become children of the token's string; the signature
 * stays hidden with the string.
 */
#include "decode/dissect_part.h"

#include <math.h>

static int digit_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* What base64url without padding (RFC 4648, section 5) stands for, in the arena; {NULL, 0} if it is not that,
 * or too much. */
static struct slice decoded(struct dissection *d, struct slice text)
{
	uint8_t *out = arena_take(&d->arena, text.len / 4 * 3 + 3);
	size_t len = 0;
	uint32_t bits = 0;
	for (size_t i = 0; out && i < text.len; i++) {
		int value = digit_value(text.at[i]);
		if (value < 0)
			return slice_of(NULL, 0);
		bits = bits << 6 | (uint32_t)value;
		if (i % 4)
			out[len++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	return slice_of(out, len);
}

/* Takes what stands before the next dot off the front of *rest; false if there is no dot. */
static bool take_section(struct slice *rest, struct slice *section)
{
	const uint8_t *dot = rest->len ? memchr(rest->at, '.', rest->len) : NULL;
	if (!dot)
		return false;
	*section = slice_of(rest->at, (size_t)(dot - rest->at));
	*rest = slice_skip(*rest, section->len + 1);
	return true;
}

/* The claims that are times (RFC 7519, section 4.1): seconds since 1970. */
static void mark_times(struct node *claims)
{
	for (struct node *c = claims->child; c; c = c->next) {
		bool time = slice_is(c->name, "exp") || slice_is(c->name, "iat") || slice_is(c->name, "nbf");
		if (!time || c->kind != NODE_NUMBER || !(fabs(c->real) < 9.2e9))
			continue;
		c->type = "NumericDate";
		c->integer = llround(c->real * 1e3) * 1000000;
	}
}

void dissect_jwt(struct dissection *d, struct node *n)
{
	struct slice rest = n->text, header, claims;
	if (!take_section(&rest, &header) || !take_section(&rest, &claims))
		return;
	if (!dissect_json_object(d, n, "header", decoded(d, header)))
		return;
	struct node *c = dissect_json_object(d, n, "claims", decoded(d, claims));
	if (c)
		mark_times(c);
}
