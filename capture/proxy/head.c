/*
 * Rewriting the heads of HTTP/1 requests.
 *
 * A head is gathered until its blank line has come, and then given to http_parser in one piece: in which pieces it came can't matter. What
 * http_parser finds (the request's target, names, values) are places in it; everything between them is copied as it is.
 *
 *	GET / HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nUpgrade: …\r\n\r\n
 *	^copied          ^copied until here, then the new value; ^copied goes on here
 *
 * Only a head that was understood as a whole is rewritten; any other, or one that is too long, passes as it came, and all behind it.
 * http_parser also finds where a body ends and the next head begins; bodies pass as they come.
 *
 * After an upgrade the bytes are no HTTP any more, unless it was refused; then the next request follows. Bytes that can't begin a request line
 * are not gathered. No WebSocket frame of a client is one: its second byte has the mask's bit, a method has letters only. What comes behind a
 * CONNECT is meant for whom that names.
 */
#include "capture/proxy/head.h"

#include "base/xalloc.h"

#include <http_parser.h>
#include <stdlib.h>
#include <strings.h>

enum { METHOD_MAX = 32 };

enum header { OTHER, HOST, ORIGIN, EXTENSIONS };

struct http_head {
	http_parser parser;
	struct buf host, origin; /* the new values */
	const char *path;        /* for a request for "/"; NULL */
	bool withhold;           /* no extensions are offered to the target */
	struct buf head;         /* the one that is gathered */
	bool in_body;            /* it was passed on, its body is under way */
	bool head_done, done;    /* the parser has seen the end of a head; of a request */
	size_t copied;           /* of the head that is parsed: bytes that are dealt with */
	enum header header;      /* under way */
	bool replaced;           /* its value was already (it may be folded into several lines) */
	struct buf edited;       /* the new head */
};

static size_t place_of(const struct http_head *h, const char *at)
{
	return (size_t)((const uint8_t *)at - h->head.at);
}

static void copy_until(struct http_head *h, size_t place)
{
	if (place > h->copied)
		buf_add(&h->edited, slice_of(h->head.at + h->copied, place - h->copied));
	h->copied = place > h->copied ? place : h->copied;
}

static void replace(struct http_head *h, size_t place, size_t n, struct slice by)
{
	copy_until(h, place);
	buf_add(&h->edited, by);
	h->copied += n;
}

static int on_target(http_parser *p, const char *at, size_t n)
{
	struct http_head *h = p->data;
	if (h->path && n == 1 && *at == '/')
		replace(h, place_of(h, at), n, slice_str(h->path));
	return 0;
}

static enum header header_named(const char *at, size_t n)
{
	static const char *const names[] = { [HOST] = "host", [ORIGIN] = "origin", [EXTENSIONS] = "sec-websocket-extensions" };
	for (enum header i = HOST; i <= EXTENSIONS; i++)
		if (n == strlen(names[i]) && strncasecmp(at, names[i], n) == 0)
			return i;
	return OTHER;
}

static int on_name(http_parser *p, const char *at, size_t n)
{
	struct http_head *h = p->data;
	h->header = header_named(at, n);
	h->replaced = false;
	if (h->header == EXTENSIONS && h->withhold)
		copy_until(h, place_of(h, at));
	return 0;
}

/* Leaves the header out, up to and with the end of the line that `place` is in. */
static void leave_line_out(struct http_head *h, size_t place)
{
	while (place < h->head.len && h->head.at[place] != '\n')
		place++;
	h->copied = place < h->head.len ? place + 1 : place;
}

/* Where an empty value stands, of which http_parser says only that it is in front of the line behind it. */
static size_t place_of_none(const struct http_head *h, size_t place)
{
	if (place && h->head.at[place - 1] == '\n')
		place--;
	return place && h->head.at[place - 1] == '\r' ? place - 1 : place;
}

static int on_value(http_parser *p, const char *at, size_t n)
{
	struct http_head *h = p->data;
	size_t place = n ? place_of(h, at) : place_of_none(h, place_of(h, at));
	if (h->header == EXTENSIONS && h->withhold)
		leave_line_out(h, place + n);
	else if ((h->header == HOST || h->header == ORIGIN) && !h->replaced)
		replace(h, place, n, buf_slice(h->header == HOST ? &h->host : &h->origin));
	else if (h->header == HOST || h->header == ORIGIN)
		h->copied = place + n; /* with the end of the line before: an empty line would end the head */
	h->replaced = true;
	return 0;
}

static int on_head_done(http_parser *p)
{
	struct http_head *h = p->data;
	h->head_done = true;
	return 0;
}

/* The parser stops here, so that where the next head begins is known. */
static int on_done(http_parser *p)
{
	struct http_head *h = p->data;
	h->done = true;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings head_settings = {
	.on_url = on_target,
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_headers_complete = on_head_done,
	.on_message_complete = on_done,
};
static const http_parser_settings body_settings = { .on_message_complete = on_done };

struct http_head *http_head_new(const struct proxy_address *target, bool withhold)
{
	struct http_head *h = xcalloc(1, sizeof *h);
	proxy_authority_add(&h->host, target);
	buf_addf(&h->origin, "%s://%s", proxy_is_tls(target) ? "https" : "http", buf_cstr(&h->host));
	h->path = target->path[0] && target->path[1] ? target->path : NULL;
	h->withhold = withhold;
	return h;
}

void http_head_free(struct http_head *h)
{
	if (!h)
		return;
	buf_release(&h->host);
	buf_release(&h->origin);
	buf_release(&h->head);
	buf_release(&h->edited);
	free(h);
}

size_t http_head_size(struct slice in, size_t from)
{
	for (size_t i = from; i + 1 < in.len; i++) {
		if (in.at[i] != '\n')
			continue;
		if (in.at[i + 1] == '\n')
			return i + 2;
		if (in.at[i + 1] == '\r' && i + 2 < in.len && in.at[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

/* Could a request line of HTTP/1 begin so? */
static bool may_be_request(struct slice in)
{
	size_t n = 0;
	while (n < in.len && ((in.at[n] >= 'A' && in.at[n] <= 'Z') || in.at[n] == '-'))
		n++;
	if (n == in.len || n > METHOD_MAX)
		return n <= METHOD_MAX;
	const uint8_t *end = memchr(in.at, '\n', in.len);
	if (!n || in.at[n] != ' ')
		return false;
	return !end || memmem(in.at, (size_t)(end - in.at), " HTTP/1.", 8);
}

/* A CR that ends no line: parsers differ in what they make of it. */
static bool has_bare_cr(struct slice in)
{
	for (size_t i = 0; i + 1 < in.len; i++)
		if (in.at[i] == '\r' && in.at[i + 1] != '\n')
			return true;
	return false;
}

/* The head has come whole: rewrites it. False if it is not understood, or what is behind it is for somebody else. */
static bool take_head(struct http_head *h, struct buf *out)
{
	buf_clear(&h->edited);
	h->copied = 0;
	h->head_done = h->done = false;
	http_parser_init(&h->parser, HTTP_REQUEST);
	h->parser.data = h;
	size_t taken = http_parser_execute(&h->parser, &head_settings, (const char *)h->head.at, h->head.len);
	enum http_errno error = HTTP_PARSER_ERRNO(&h->parser);
	bool understood = !has_bare_cr(buf_slice(&h->head)) && h->head_done && taken == h->head.len &&
			  (error == HPE_OK || error == HPE_PAUSED);
	if (understood)
		copy_until(h, h->head.len);
	buf_add(out, buf_slice(understood ? &h->edited : &h->head));
	buf_release(&h->head);
	buf_release(&h->edited);
	h->in_body = understood && !h->done;
	return understood && h->parser.method != HTTP_CONNECT;
}

/* Gathers what belongs to a head from the front of *in. False once this is no request. */
static bool gather(struct http_head *h, struct slice *in, struct buf *out)
{
	size_t line_ends = 0, had = h->head.len;
	while (!had && line_ends < in->len && (in->at[line_ends] == '\r' || in->at[line_ends] == '\n'))
		line_ends++;
	buf_add(out, slice_head(*in, line_ends)); /* in front of a head they mean nothing */
	*in = slice_skip(*in, line_ends);
	struct slice piece = slice_head(*in, HTTP_HEAD_MAX - had);
	buf_add(&h->head, piece);
	size_t size = http_head_size(buf_slice(&h->head), had > 2 ? had - 2 : 0);
	h->head.len = size ? size : h->head.len;
	*in = slice_skip(*in, h->head.len - had);
	if (!may_be_request(buf_slice(&h->head)))
		return false;
	return size ? take_head(h, out) : h->head.len < HTTP_HEAD_MAX;
}

/* Passes a body on. False if it is none that can be. */
static bool pass_body(struct http_head *h, struct slice *in, struct buf *out)
{
	h->done = false;
	size_t taken = http_parser_execute(&h->parser, &body_settings, (const char *)in->at, in->len);
	enum http_errno error = HTTP_PARSER_ERRNO(&h->parser);
	if (error != HPE_OK && error != HPE_PAUSED)
		return false;
	taken = h->done && taken < in->len ? taken : in->len;
	buf_add(out, slice_head(*in, taken));
	*in = slice_skip(*in, taken);
	h->in_body = !h->done;
	return true;
}

bool http_head_feed(struct http_head *h, struct slice in, struct buf *out)
{
	bool more = true;
	while (in.len && more)
		more = h->in_body ? pass_body(h, &in, out) : gather(h, &in, out);
	if (more)
		return true;
	http_head_end(h, out);
	buf_add(out, in);
	return false;
}

void http_head_end(struct http_head *h, struct buf *out)
{
	buf_add(out, buf_slice(&h->head));
	buf_release(&h->head);
}
