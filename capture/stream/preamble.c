/*
 * Preambles.
 *
 *	HAProxy to server     PROXY TCP4 192.0.2.7 198.51.100.2 41234 8080 ␍␊ | what the client sent
 *	client to proxy       CONNECT flow.example:443 HTTP/1.1 ␍␊ … ␍␊ ␍␊    | what is meant for the server
 *	proxy to client       HTTP/1.1 200 Connection established ␍␊ ␍␊      | what the server answers
 *
 * Behind it a connection is what it would be without. So its bytes are kept until it is whole, and taken off; then this layer steps aside. A
 * request to connect counts only with its answer, since a proxy may refuse; one that wants to know first who asks (407) is asked again. Where anything is not as it should be, too long, or missing, all that was
 * kept is handed on as it came.
 */
#include "capture/stream/preamble.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <strings.h>

#include <arpa/inet.h>

enum {
	CONNECT_MAX = 8192,  /* bytes of the head of the request, and of its answer's */
	REFUSAL_MAX = 65536, /* bytes of the page behind the head of a 407 */
	REFUSALS_MAX = 3,
};
enum { V1_MAX = 107, V2_HEAD = 16, V2_INET = 0x11, V2_INET6 = 0x21 };
#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

struct preamble {
	struct layer layer;
	const struct stream *stream;
	struct layer *inner; /* NULL once it has stepped aside */
	bool passed;
	struct buf held[2];
	int64_t time[2]; /* of the newest of them */
};

/* Where a preamble stands; n: its bytes. */
struct extent {
	enum status { WHOLE, MORE, NONE } status;
	size_t n;
};

static bool begins(struct slice in, struct slice with)
{
	size_t n = in.len < with.len ? in.len : with.len;
	return n == 0 || memcmp(in.at, with.at, n) == 0;
}

static struct slice signature(void)
{
	return slice_of(V2_SIGNATURE, sizeof V2_SIGNATURE - 1);
}

bool preamble_begins(struct slice in)
{
	return begins(in, slice_str("PROXY ")) || begins(in, slice_str("CONNECT ")) || begins(in, signature());
}

/* Up to and with the first `end`, which stands within the first `most` bytes. */
static struct extent up_to(struct slice in, const char *end, size_t most)
{
	struct slice look = slice_head(in, most);
	const void *at = look.len ? memmem(look.at, look.len, end, strlen(end)) : NULL;
	if (at)
		return (struct extent){ WHOLE, (size_t)((const uint8_t *)at - in.at) + strlen(end) };
	return (struct extent){ in.len < most ? MORE : NONE, 0 };
}

static struct extent extent_v2(struct slice in)
{
	if (in.len < V2_HEAD)
		return (struct extent){ MORE, 0 };
	size_t n = V2_HEAD + ((size_t)in.at[14] << 8 | in.at[15]);
	if (in.at[12] >> 4 != 2)
		return (struct extent){ NONE, 0 };
	return (struct extent){ in.len < n ? MORE : WHOLE, n };
}

static void tell(const struct preamble *p, const char *sentence, struct slice detail)
{
	struct buf safe = { 0 };
	text_add_safe(&safe, detail);
	struct news n = { NEWS_NOTE, p->stream->conn, DIR_C2S, p->time[DIR_C2S], 0, sentence, buf_slice(&safe) };
	p->stream->sink->news(p->stream->sink->user, &n);
	buf_release(&safe);
}

/* As version 1 would have written it. */
static void describe_v2(struct buf *out, struct slice header)
{
	char from[INET6_ADDRSTRLEN] = "", to[INET6_ADDRSTRLEN] = "";
	bool v6 = header.at[13] == V2_INET6;
	size_t size = v6 ? 16 : 4;
	const uint8_t *at = header.at + V2_HEAD;
	if ((header.at[12] & 15) != 1 || (!v6 && header.at[13] != V2_INET) || header.len < V2_HEAD + 2 * size + 4) {
		buf_add_str(out, "UNKNOWN");
		return;
	}
	inet_ntop(v6 ? AF_INET6 : AF_INET, at, from, sizeof from);
	inet_ntop(v6 ? AF_INET6 : AF_INET, at + size, to, sizeof to);
	at += 2 * size;
	buf_addf(out, "TCP%c %s %s %u %u", v6 ? '6' : '4', from, to, (unsigned)at[0] << 8 | at[1], (unsigned)at[2] << 8 | at[3]);
}

static void tell_client(const struct preamble *p, struct slice header)
{
	struct buf v2 = { 0 };
	struct slice detail = slice_skip(slice_head(header, header.len - 2), strlen("PROXY "));
	if (begins(header, signature())) {
		describe_v2(&v2, header);
		detail = buf_slice(&v2);
	}
	tell(p, "behind a load balancer, which names the client (PROXY protocol)", detail);
	buf_release(&v2);
}

/* All that was kept goes on, less the preamble of either end. */
static void pass(struct preamble *p, size_t off_client, size_t off_server)
{
	const size_t off[2] = { [DIR_C2S] = off_client, [DIR_S2C] = off_server };
	p->passed = true;
	for (enum dir dir = DIR_C2S; dir <= DIR_S2C; dir++) {
		struct slice in = slice_skip(buf_slice(&p->held[dir]), off[dir]);
		layer_feed(p->inner, dir, (struct chunk){ in, -1, p->time[dir] });
		buf_release(&p->held[dir]);
	}
}

/* "HTTP/1.1 2": the proxy has connected. */
static bool is_connected(struct slice answer)
{
	return answer.len > 9 && slice_starts(answer, "HTTP/1.") && answer.at[8] == ' ' && answer.at[9] == '2';
}

/* The host and port that a request begins with; name and password in front of them, which no client should send, are secret. */
static struct slice connect_target(struct slice request)
{
	size_t from = 0, n = 0;
	for (; n < request.len && request.at[n] > ' '; n++)
		from = request.at[n] == '@' ? n + 1 : from;
	return slice_of(request.at + from, n - from);
}

static bool is_refused(struct slice answer)
{
	return answer.len > 11 && slice_starts(answer, "HTTP/1.") && memcmp(answer.at + 8, " 407", 4) == 0;
}

/* The Content-Length of a head, which ends with an empty line; REFUSAL_MAX + 1 if it has none, or one beyond that. */
static size_t body_length(struct slice head)
{
	static const char name[] = "\r\ncontent-length:";
	size_t len = sizeof name - 1, n = 0;
	while (head.len > len && strncasecmp((const char *)head.at, name, len) != 0)
		head = slice_skip(head, 1);
	if (head.len <= len)
		return REFUSAL_MAX + 1;
	for (head = slice_skip(head, len); head.at[0] == ' '; head = slice_skip(head, 1))
		;
	for (; head.at[0] >= '0' && head.at[0] <= '9' && n <= REFUSAL_MAX; head = slice_skip(head, 1))
		n = 10 * n + (head.at[0] & 15);
	return n;
}

static struct extent extent_refusal(struct slice answer)
{
	struct extent head = up_to(answer, "\r\n\r\n", CONNECT_MAX);
	if (head.status != WHOLE)
		return head;
	size_t body = body_length(slice_head(answer, head.n)), n = head.n + body;
	return (struct extent){ body > REFUSAL_MAX ? NONE : answer.len < n ? MORE : WHOLE, n };
}

/* Passes over requests that were refused, and the refusals. */
static enum status pass_refused(struct slice *in, struct slice *answer)
{
	for (int i = 0; i < REFUSALS_MAX && is_refused(*answer); i++) {
		struct extent request = up_to(*in, "\r\n\r\n", CONNECT_MAX), refusal = extent_refusal(*answer);
		if (request.status != WHOLE || refusal.status != WHOLE)
			return request.status == NONE || refusal.status == NONE ? NONE : MORE;
		*in = slice_skip(*in, request.n);
		*answer = slice_skip(*answer, refusal.n);
	}
	return begins(*in, slice_str("CONNECT ")) ? WHOLE : NONE;
}

static void look_for_connect(struct preamble *p)
{
	struct slice in = buf_slice(&p->held[DIR_C2S]), answer = buf_slice(&p->held[DIR_S2C]);
	enum status refused = pass_refused(&in, &answer);
	struct extent request = up_to(in, "\r\n\r\n", CONNECT_MAX), reply = up_to(answer, "\r\n\r\n", CONNECT_MAX);
	bool other = in.len > 2 * CONNECT_MAX || (refused == WHOLE && answer.len > 11 && !is_connected(answer));
	if (refused == NONE || request.status == NONE || reply.status == NONE || other) {
		pass(p, 0, 0);
		return;
	}
	if (refused == MORE || request.status == MORE || reply.status == MORE)
		return;
	tell(p, "through a proxy of HTTP, which was asked to connect (CONNECT)", connect_target(slice_skip(in, strlen("CONNECT "))));
	pass(p, p->held[DIR_C2S].len - in.len + request.n, p->held[DIR_S2C].len - answer.len + reply.n);
}

static void look(struct preamble *p)
{
	struct slice in = buf_slice(&p->held[DIR_C2S]);
	if (slice_starts(in, "CONNECT ")) {
		look_for_connect(p);
		return;
	}
	struct extent e = begins(in, signature()) ? extent_v2(in) : up_to(in, "\r\n", V1_MAX);
	if (e.status == MORE && !p->held[DIR_S2C].len)
		return;
	if (e.status == WHOLE)
		tell_client(p, slice_head(in, e.n));
	pass(p, e.status == WHOLE ? e.n : 0, 0);
}

static void feed(struct layer *layer, enum dir dir, struct chunk c)
{
	struct preamble *p = (struct preamble *)layer;
	if (p->passed) {
		layer_feed(p->inner, dir, c);
		return;
	}
	p->time[dir] = c.time;
	buf_add(&p->held[dir], c.bytes);
	look(p);
}

static void gap(struct layer *layer, enum dir dir, uint64_t n, int64_t time)
{
	struct preamble *p = (struct preamble *)layer;
	if (!p->passed)
		pass(p, 0, 0);
	layer_gap(p->inner, dir, n, time);
}

static void end(struct layer *layer, enum dir dir, int64_t time)
{
	struct preamble *p = (struct preamble *)layer;
	if (!p->passed)
		pass(p, 0, 0);
	layer_end(p->inner, dir, time);
}

static void free_layer(struct layer *layer)
{
	struct preamble *p = (struct preamble *)layer;
	layer_free(p->inner);
	buf_release(&p->held[0]);
	buf_release(&p->held[1]);
	free(p);
}

static struct layer *step_aside(struct layer *layer)
{
	struct preamble *p = (struct preamble *)layer;
	struct layer *inner = p->inner;
	if (!p->passed)
		return layer;
	p->inner = NULL;
	free_layer(layer);
	return layer_step_aside(inner);
}

static const struct layer_ops ops = { "preamble", feed, gap, end, free_layer, step_aside, NULL };

struct layer *preamble_new(const struct stream *s, struct layer *inner)
{
	struct preamble *p = xcalloc(1, sizeof *p);
	p->layer.ops = &ops;
	p->stream = s;
	p->inner = inner;
	return &p->layer;
}
