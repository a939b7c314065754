/*
 * JSON web tokens: three sections in base64url with dots between them, header, claims and signature. The signature is never read here.
 */
#include "decode/token.h"

#include "base/digit.h"

#include <jansson.h>
#include <math.h>

enum { BUDGET = 256 << 10 };

/* What base64url without padding (RFC 4648, section 5) stands for, in the arena; {NULL, 0} if it is not that, or too much. */
static struct slice decoded(struct arena *a, struct slice text)
{
	uint8_t *out = arena_take(a, text.len / 4 * 3 + 3);
	size_t len = 0;
	uint32_t bits = 0;
	for (size_t i = 0; out && i < text.len; i++) {
		int value = base64_digit(text.at[i]);
		if (value < 0 || text.at[i] == '+' || text.at[i] == '/')
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

bool token_read(struct arena *a, struct slice token, struct slice *header, struct slice *claims)
{
	struct slice first, second;
	if (!take_section(&token, &first) || !take_section(&token, &second))
		return false;
	*header = decoded(a, first);
	*claims = decoded(a, second);
	return header->at && claims->at;
}

static size_t token_run(struct slice text)
{
	size_t n = 0;
	for (; n < text.len; n++) {
		uint8_t c = text.at[n];
		bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
		if (!digit && c != '.')
			break;
	}
	return n;
}

bool token_inside(struct slice bytes)
{
	static const char begin[] = "eyJ"; /* {" in base64 */
	enum { SHORTEST = 32 };
	const uint8_t *at;
	while (bytes.len >= SHORTEST && (at = memmem(bytes.at, bytes.len, begin, sizeof begin - 1))) {
		bytes = slice_skip(bytes, (size_t)(at - bytes.at));
		if (token_run(bytes) >= SHORTEST)
			return true;
		bytes = slice_skip(bytes, 1);
	}
	return false;
}

bool token_time(double seconds, int64_t *ns)
{
	if (!(fabs(seconds) < 9.2e9))
		return false;
	*ns = llround(seconds * 1e3) * 1000000;
	return true;
}

bool token_expiry(struct slice token, int64_t *ns)
{
	struct arena a;
	struct slice header, claims;
	json_t *root = NULL;
	arena_init(&a, BUDGET);
	if (token_read(&a, token, &header, &claims))
		root = json_loadb((const char *)claims.at, claims.len, 0, NULL);
	const json_t *exp = json_object_get(root, "exp");
	bool found = json_is_number(exp) && token_time(json_number_value(exp), ns);
	json_decref(root);
	arena_release(&a);
	return found;
}
