/*
 * Rewriting the heads of HTTP/1 requests.
 *
 * http_parser finds where names and values stand, and where a body ends and the next head begins; it hands out places in the bytes
 * that it is fed. Everything is copied as it is up to such a place, and only what is to be replaced is left out and something else put
 * there. So there is no head in memory, and nothing to limit: a head of any length streams through. What http_parser refuses (a head
 * beyond its 80 KiB, too) passes unchanged from there on; the target will say what it thinks of it.
 *
 *	GET / HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nUpgrade: …
 *	^copied          ^copied until here, then the new value; ^copied goes on here
 *
 * After an upgrade the bytes are no HTTP any more, unless it was refused; then the next request follows. No WebSocket frame and
 * no HTTP/2 preface is a request line, so that trying a new parser on what follows tells which it is.
 */
#include "capture/proxy/head.h"

#include "base/xalloc.h"

#include <http_parser.h>
#include <stdlib.h>
#include <strings.h>

enum { NAME_KEPT = 8 }; /* longer than any name that matters */

struct http_head {
	http_parser parser;
	struct buf host, origin;  /* the new values */
	const char *path;         /* for a request for "/"; NULL */
	char name[NAME_KEPT];     /* of the header under way, its beginning */
	size_t name_len;
	bool in_value;            /* a value came last, no name */
	bool replaced;            /* the value under way was already */
	bool in_target, slash;    /* the request's target is under way; its "/" is held back */
	struct slice in;          /* what is fed now */
	size_t copied;            /* bytes of it that are dealt with */
	struct buf *out;
};

static void copy_until(struct http_head *h, const char *at)
{
	size_t until = (size_t)((const uint8_t *)at - h->in.at);
	if (until > h->copied)
		buf_add(h->out, slice_of(h->in.at + h->copied, until - h->copied));
	h->copied = until;
}

static int on_begin(http_parser *p)
{
	struct http_head *h = p->data;
	h->name_len = 0;
	h->in_value = h->in_target = false;
	return 0;
}

/* A "/" was all that came of the target so far; the byte behind it tells whether it is all of it. */
static void let_slash_go(struct http_head *h, uint8_t next)
{
	buf_add_str(h->out, next == ' ' ? h->path : "/");
	h->slash = false;
}

static int on_target(http_parser *p, const char *at, size_t n)
{
	struct http_head *h = p->data;
	bool first = !h->in_target;
	h->in_target = true;
	if (!h->path || !first || n != 1 || *at != '/')
		return 0;
	copy_until(h, at);
	h->copied++;
	if (h->copied < h->in.len)
		let_slash_go(h, h->in.at[h->copied]);
	else
		h->slash = true;
	return 0;
}

static int on_name(http_parser *p, const char *at, size_t n)
{
	struct http_head *h = p->data;
	if (h->in_value)
		h->name_len = 0;
	h->in_value = h->replaced = false;
	for (size_t i = 0; i < n && h->name_len < NAME_KEPT; i++)
		h->name[h->name_len++] = at[i];
	return 0;
}

static const struct buf *replacement(const struct http_head *h)
{
	if (h->name_len == 4 && strncasecmp(h->name, "host", 4) == 0)
		return &h->host;
	return h->name_len == 6 && strncasecmp(h->name, "origin", 6) == 0 ? &h->origin : NULL;
}

static int on_value(http_parser *p, const char *at, size_t n)
{
	struct http_head *h = p->data;
	const struct buf *new = replacement(h);
	h->in_value = true;
	if (!new)
		return 0;
	copy_until(h, at);
	if (!h->replaced)
		buf_add(h->out, buf_slice(new));
	h->replaced = true;
	h->copied += n;
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_target,
	.on_header_field = on_name,
	.on_header_value = on_value,
};

static void start(struct http_head *h)
{
	http_parser_init(&h->parser, HTTP_REQUEST);
	h->parser.data = h;
	on_begin(&h->parser);
}

struct http_head *http_head_new(const struct proxy_address *target)
{
	struct http_head *h = xcalloc(1, sizeof *h);
	proxy_authority_add(&h->host, target);
	buf_addf(&h->origin, "%s://%s", proxy_is_tls(target) ? "https" : "http", buf_cstr(&h->host));
	h->path = target->path[0] && target->path[1] ? target->path : NULL;
	start(h);
	return h;
}

void http_head_free(struct http_head *h)
{
	if (!h)
		return;
	buf_release(&h->host);
	buf_release(&h->origin);
	free(h);
}

/* Feeds the parser and copies what it took. True if that ended in a request to upgrade. */
static bool execute(struct http_head *h, struct slice in, size_t *taken)
{
	h->in = in;
	h->copied = 0;
	if (h->slash)
		let_slash_go(h, in.at[0]);
	*taken = http_parser_execute(&h->parser, &settings, (const char *)in.at, in.len);
	bool upgrade = h->parser.upgrade && HTTP_PARSER_ERRNO(&h->parser) == HPE_OK;
	if (!upgrade)
		*taken = in.len;
	copy_until(h, (const char *)in.at + *taken);
	return upgrade;
}

bool http_head_feed(struct http_head *h, struct slice in, struct buf *out)
{
	size_t taken;
	h->out = out;
	while (in.len) {
		bool upgrade = execute(h, in, &taken);
		if (HTTP_PARSER_ERRNO(&h->parser) != HPE_OK)
			return false;
		if (upgrade)
			start(h);
		in = slice_skip(in, taken);
	}
	return true;
}

void http_head_end(struct http_head *h, struct buf *out)
{
	if (h->slash)
		buf_add_str(out, "/");
	h->slash = false;
}
