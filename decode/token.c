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

static bool is_base64url(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Where the base64url that begins there ends, with the dots in it if `dots`. */
static size_t run_end(struct slice text, size_t at, bool dots)
{
	while (at < text.len && (is_base64url(text.at[at]) || (dots && text.at[at] == '.')))
		at++;
	return at;
}

static const char begin[] = "eyJ"; /* {" in base64 */
enum { BEGIN = sizeof begin - 1, SHORTEST = 32, SHORTEST_HEADER = 16 };

/* Looked for is its last letter, which few texts have. */
bool token_inside(struct slice bytes)
{
	for (size_t at = BEGIN - 1; at < bytes.len;) {
		const uint8_t *last = memchr(bytes.at + at, begin[BEGIN - 1], bytes.len - at);
		if (!last)
			return false;
		at = (size_t)(last - bytes.at) + 1;
		struct slice text = slice_skip(bytes, at - BEGIN);
		if (slice_starts(text, begin) && run_end(text, 0, true) >= SHORTEST)
			return true;
	}
	return false;
}

bool token_at(struct slice text, size_t at, size_t *next)
{
	*next = at + 1;
	if (!slice_starts(slice_skip(text, at), begin))
		return false;
	size_t header = run_end(text, at, false), claims = run_end(text, header + 1, false), end = run_end(text, claims, true);
	*next = header;
	if (claims >= text.len || text.at[header] != '.' || text.at[claims] != '.')
		return false;
	if (header - at < SHORTEST_HEADER || end - at < SHORTEST)
		return false;
	*next = end;
	return true;
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
