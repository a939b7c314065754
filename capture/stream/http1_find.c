/*
 * What the first bytes of an HTTP/1 head look like, whole or as far as they go; and where the next head begins in a stream of which something
 * is missing.
 *
 *	…"ok":true}HTTP/1.1 200 OK\r\n…
 *	           └ behind the end of a body: JSON, or the last line of a chunked one
 */
#include "capture/stream/http1.h"

#include "capture/stream/rest.h"

#include <http_parser.h>

enum { TARGET_MAX = 1024, STATUS_LINE = 12, EMPTY_LINES = 2 };

/* Does `in` begin with the text, or is it a beginning of it? */
static bool agrees(struct slice in, const char *text)
{
	size_t n = strlen(text) < in.len ? strlen(text) : in.len;
	return n == 0 || memcmp(in.at, text, n) == 0;
}

/* Behind the method: a target without spaces, then the version. */
static bool target_agrees(struct slice in)
{
	while (in.len && in.at[0] > ' ' && in.at[0] != 0x7f)
		in = slice_skip(in, 1);
	return agrees(in, " HTTP/1.");
}

/* In front of a request line there may be empty lines (RFC 9112, section 2.2). */
bool http1_begins(struct slice in)
{
	static const char *const methods[] = {
#define METHOD(number, name, text) #text " ",
		HTTP_METHOD_MAP(METHOD)
#undef METHOD
	};
	for (int i = 0; i < EMPTY_LINES && agrees(slice_head(in, 2), "\r\n"); i++)
		in = slice_skip(in, 2);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (agrees(in, methods[i]) && target_agrees(slice_skip(in, strlen(methods[i]))))
			return true;
	return false;
}

bool http1_asks_rest(struct slice in)
{
	static const char post[] = "POST ";
	if (!slice_starts(in, post))
		return false;
	struct slice target = slice_head(slice_skip(in, strlen(post)), TARGET_MAX);
	const uint8_t *end = target.len ? memchr(target.at, ' ', target.len) : NULL;
	return end && rest_target(slice_head(target, (size_t)(end - target.at))) && http1_begins(in);
}

bool http1_answers(struct slice in)
{
	return in.len >= 12 && slice_starts(in, "HTTP/1.") && in.at[8] == ' ' && in.at[9] >= '1' && in.at[9] <= '5';
}

static bool has_line_end(struct slice in)
{
	return in.len && (memchr(in.at, '\r', in.len) || memchr(in.at, '\n', in.len));
}

/* Does a head of REST begin here for certain, its request line up to the end? */
static bool is_head(struct slice in, enum dir dir)
{
	return dir == DIR_C2S ? http1_asks_rest(in) && has_line_end(in) : http1_answers(in);
}

/* Could one, given more bytes? */
static bool may_be_head(struct slice in, enum dir dir)
{
	if (dir == DIR_S2C)
		return in.len < STATUS_LINE && agrees(in, "HTTP/1.");
	return in.len < TARGET_MAX && agrees(in, "POST ") && http1_begins(in) && !has_line_end(in);
}

struct find http1_find(struct slice in, enum dir dir, uint8_t before)
{
	for (size_t at = 0; at < in.len; before = in.at[at++]) {
		struct slice rest = slice_skip(in, at);
		if (before && before != '}' && before != '\n')
			continue;
		if (is_head(rest, dir))
			return (struct find){ FIND_FOUND, at };
		if (may_be_head(rest, dir))
			return (struct find){ FIND_MORE, at };
	}
	return (struct find){ FIND_NONE, in.len };
}
