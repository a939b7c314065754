/*
 * HTTP/1: REST, and what leads to a WebSocket or HTTP/2. http_parser takes the heads and bodies apart; only a few headers are kept of each head.
 *
 *	           request to upgrade          101 seen
 *	client: READING ────────────> HOLDING ──────────> THROUGH (the layer above has it)
 *	           └──<── refused: what was held is read ──┘
 *	server: READING ──── 101 ─────────────────────────> THROUGH
 *
 * Either side goes BLIND where it can't be read: a gap that is not inside one body, no HTTP, a head beyond the limit. Then the other
 * side decides alone: a 101 is as good without its request, and while it is under way what a BLIND client sends is held; and a request
 * to upgrade whose answer is not in the capture may have been granted, so that the layer above searches for frames. Where a request is
 * torn before it says what it wants and nothing of the server came yet, what follows is held as well, until the answer says it. A BLIND
 * side reads on at a chunk that begins like a head, since senders begin a segment with it, or at a head of REST within; `lost` has what
 * may be the first bytes of one.
 *
 * Responses answer requests in order: the n-th response and the n-th request are exchange n. What matters of a request that waits for
 * its answer is whether it was a HEAD, whose response has no body, and whether it was REST: a bit each, in a queue. A capture may show
 * a response before its request; such ones are counted as early. Once a side was BLIND nobody knows which belong together
 * (`unsure`), and a response has to show by its body that it is ours.
 */
#include "capture/stream/http1.h"

#include "base/bound.h"
#include "base/buf.h"
#include "base/xalloc.h"
#include "capture/stream/http2.h"
#include "capture/stream/rest.h"
#include "capture/stream/said.h"
#include "capture/stream/websocket.h"

#include <http_parser.h>
#include <stdlib.h>
#include <strings.h>

enum { NAME_MAX_KEPT = 32, QUEUE_MAX = BOUND(64, 4), TARGET_MAX = 1024, START_MIN = 8, FILLER = 4096, TIMES_MAX = BOUND(1024, 128) };
enum mode { READING, HOLDING, THROUGH, BLIND };
enum header { UPGRADE, EXTENSIONS, CODING, USER_AGENT, FORWARDED, FORWARDED_FOR, VIA, HEADERS };

struct side {
	struct http1 *http;
	enum dir dir;
	enum mode mode;
	http_parser parser;
	size_t head_len;          /* bytes of the head so far, without its punctuation */
	char name[NAME_MAX_KEPT]; /* of the header under way; full: a longer one */
	size_t name_len;
	bool in_value, complete; /* a value, not a name, came last; the message is over */
	bool in_body;            /* the head is over and the message is not */
	struct buf target;       /* of the request, its first bytes */
	struct rest_body body;
	struct chunk now; /* what the parser is at */
	struct buf value[HEADERS];
	struct buf lost; /* BLIND: not passed over yet */
	uint8_t before;  /* BLIND: the byte in front of it, 0: it is missing */
	bool ended;
	int64_t time;
};

/* What is held came at this time, from this byte on; and bytes are missing in front of it, lost of them, or 0: nobody knows how many. */
struct held_part {
	size_t from;
	int64_t time;
	uint64_t lost;
	bool gap;
};

struct http1 {
	struct layer layer;
	const struct stream *stream;
	struct layer *above; /* websocket or http2; NULL until the upgrade */
	struct side side[2];
	uint64_t heads, rests; /* queue of requests: bit i is set if the i-th that waits is a HEAD, or REST */
	unsigned waiting, early;
	uint32_t count[2];     /* requests and responses so far */
	bool unsure;           /* some may be missing */
	bool asked;            /* the last request wants a WebSocket or HTTP/2 */
	bool granted, refused; /* the answer to it */
	struct buf held;       /* client bytes behind the request, at most limits->head */
	struct buf parts; /* struct held_part of each packet of them; those beyond TIMES_MAX count as come with the last, and in untimed */
	bool torn;        /* by the capture: a head is not whole */
	bool told_other;
};

static const char *const header_names[HEADERS] = {
	[UPGRADE] = "upgrade",
	[EXTENSIONS] = "sec-websocket-extensions",
	[CODING] = "content-encoding",
	[USER_AGENT] = "user-agent",
	[FORWARDED] = "forwarded",
	[FORWARDED_FOR] = "x-forwarded-for",
	[VIA] = "via",
};

static void tell_other(struct http1 *h, enum dir dir)
{
	if (h->told_other || h->stream->conn->transport == TRANSPORT_REST)
		return;
	h->told_other = true;
	h->stream->conn->transport = TRANSPORT_HTTP;
	h->stream->counts->not_ours++;
	stream_news(h->stream, NEWS_NOT_OURS, dir, h->side[dir].time, 0,
		    h->torn ? "HTTP of which a head is not whole in the capture" : "HTTP that is no WebSocket");
}

/* Counts bytes of a head. True if there are too many. */
static bool too_long(struct side *s, size_t n)
{
	s->head_len += n;
	return s->head_len > s->http->stream->limits->head;
}

static int on_begin(http_parser *p)
{
	struct side *s = p->data;
	s->head_len = s->name_len = 0;
	s->in_value = s->complete = s->in_body = false;
	buf_clear(&s->target);
	for (int i = 0; i < HEADERS; i++)
		buf_clear(&s->value[i]);
	return 0;
}

static int on_text(http_parser *p, const char *at, size_t n)
{
	(void)at;
	return too_long(p->data, n);
}

static int on_target(http_parser *p, const char *at, size_t n)
{
	struct side *s = p->data;
	buf_add(&s->target, slice_head(slice_of(at, n), TARGET_MAX - s->target.len));
	return too_long(s, n);
}

static int on_name(http_parser *p, const char *at, size_t n)
{
	struct side *s = p->data;
	if (s->in_value)
		s->name_len = 0;
	s->in_value = false;
	for (size_t i = 0; i < n && s->name_len < sizeof(s->name); i++)
		s->name[s->name_len++] = at[i];
	return too_long(s, n);
}

/* Where the value of the header under way goes; NULL if it is not kept. */
static struct buf *kept_value(struct side *s)
{
	for (int i = 0; i < HEADERS; i++)
		if (strlen(header_names[i]) == s->name_len && strncasecmp(header_names[i], s->name, s->name_len) == 0)
			return &s->value[i];
	return NULL;
}

/* A header that comes twice is one list (RFC 9110, section 5.3). */
static int on_value(http_parser *p, const char *at, size_t n)
{
	struct side *s = p->data;
	struct buf *value = kept_value(s);
	if (value && !s->in_value && value->len)
		buf_add_byte(value, ',');
	if (value)
		buf_add(value, slice_of(at, n));
	s->in_value = true;
	return too_long(s, n);
}

/* Does the list of protocols to upgrade to have that name? */
static bool names(struct side *s, const char *protocol)
{
	char *next, *list = xstrdup(buf_cstr(&s->value[UPGRADE]));
	bool found = false;
	for (char *word = strtok_r(list, ", \t", &next); word; word = strtok_r(NULL, ", \t", &next))
		found = found || strcasecmp(word, protocol) == 0;
	free(list);
	return found;
}

static bool names_ours(struct side *s)
{
	return names(s, "websocket") || names(s, "h2c");
}

/* The parser's answers: go on; there is no body; stop behind this head. */
enum { GO_ON = 0, NO_BODY = 1, STOP = 2 };

/* The body of a request or response that is REST, or may be. */
static void begin_body(struct side *s, bool guess)
{
	struct http1 *h = s->http;
	bool chunked = s->parser.flags & F_CHUNKED, known = !chunked && s->parser.content_length != UINT64_MAX;
	struct rest_head head = {
		.exchange = h->unsure ? 0 : h->count[s->dir],
		.announced = known ? s->parser.content_length : UINT64_MAX,
		.status = s->dir == DIR_S2C ? s->parser.status_code : 0,
		.coding = buf_slice(&s->value[CODING]),
		.guess = guess,
	};
	rest_begin(&s->body, h->stream, s->dir, &head, s->time);
	if (chunked && s->parser.flags & F_CONTENTLENGTH)
		stream_news(h->stream, NEWS_NOTE, s->dir, s->time, 0,
			    "a Content-Length beside chunks, which does not count (RFC 9112, section 6.3)");
}

/* Behind the head of a request for another protocol. Its body comes before the other protocol (RFC 9110, section 7.8). */
static int before_upgrade(struct side *s)
{
	bool chunked = s->parser.flags & F_CHUNKED, known = s->parser.content_length != UINT64_MAX;
	if (!chunked && !(known && s->parser.content_length))
		return STOP;
	s->parser.upgrade = 1;
	return GO_ON;
}

/* Puts the request into the queue of those that wait for an answer. */
static void push_request(struct http1 *h, bool head, bool rest)
{
	if (h->waiting == QUEUE_MAX) {
		h->unsure = true;
		h->waiting = 0;
	}
	if (h->unsure)
		return;
	uint64_t bit = UINT64_C(1) << h->waiting++;
	h->heads = head ? h->heads | bit : h->heads & ~bit;
	h->rests = rest ? h->rests | bit : h->rests & ~bit;
}

static int on_request(struct side *s)
{
	struct http1 *h = s->http;
	bool answered = h->early > 0;
	bool rest = s->parser.method == HTTP_POST && rest_target(buf_slice(&s->target));
	h->count[DIR_C2S]++;
	conn_set_program(h->stream->conn, buf_slice(&s->value[USER_AGENT]));
	if (s->value[FORWARDED].len || s->value[FORWARDED_FOR].len || s->value[VIA].len)
		h->stream->conn->shared = true;
	h->asked = !rest && names_ours(s);
	if (answered)
		h->early--;
	else
		push_request(h, s->parser.method == HTTP_HEAD, rest);
	if (rest) {
		h->stream->conn->transport = TRANSPORT_REST;
		begin_body(s, false);
	} else if (!h->asked) {
		h->stream->counts->other_http++;
		tell_other(h, s->dir);
	}
	if (h->asked && answered && !h->granted)
		h->asked = false;
	return h->asked ? before_upgrade(s) : GO_ON;
}

enum { WAS_HEAD = 1, WAS_REST = 2, WAS_UNKNOWN = 4 };

/* Takes the request that a response answers off the queue, and says what it was. */
static unsigned take_request(struct http1 *h)
{
	unsigned was = (h->heads & 1 ? WAS_HEAD : 0) | (h->rests & 1 ? WAS_REST : 0);
	if (h->unsure || !h->waiting) {
		h->early += !h->unsure;
		return WAS_UNKNOWN;
	}
	h->waiting--;
	h->heads >>= 1;
	h->rests >>= 1;
	return was;
}

static void refuse(struct side *s)
{
	s->http->refused = true;
	if (!s->http->unsure) /* else it may answer another request */
		said_tell(s->http->stream, s->dir, s->time, "the upgrade was not granted, but answered with the HTTP status",
			  s->parser.status_code, (struct slice){ NULL, 0 });
}

/* Whatever length its head says, there is no body behind the answer to a HEAD, a 204 or a 304. */
static int on_response(struct side *s)
{
	struct http1 *h = s->http;
	unsigned status = s->parser.status_code;
	if (status / 100 == 1 && status != HTTP_STATUS_SWITCHING_PROTOCOLS)
		return GO_ON;
	unsigned was = take_request(h);
	h->count[DIR_S2C]++;
	if (status == HTTP_STATUS_SWITCHING_PROTOCOLS && (names_ours(s) || (h->asked && !h->waiting))) {
		h->granted = true;
		return STOP;
	}
	if (was & (WAS_REST | WAS_UNKNOWN))
		begin_body(s, was & WAS_UNKNOWN);
	else
		tell_other(h, s->dir);
	if (!h->refused && (h->asked || h->side[DIR_C2S].mode == HOLDING) && !h->waiting)
		refuse(s);
	bool bodiless = was & WAS_HEAD || status == HTTP_STATUS_NO_CONTENT || status == HTTP_STATUS_NOT_MODIFIED;
	return bodiless ? NO_BODY : GO_ON;
}

static int on_head(http_parser *p)
{
	struct side *s = p->data;
	s->in_body = true;
	return s->dir == DIR_C2S ? on_request(s) : on_response(s);
}

static int on_body(http_parser *p, const char *at, size_t n)
{
	struct side *s = p->data;
	struct chunk c = chunk_skip(s->now, (size_t)(at - (const char *)s->now.bytes.at));
	rest_feed(&s->body, s->http->stream, s->dir, chunk_head(c, n));
	return 0;
}

static int on_complete(http_parser *p)
{
	struct side *s = p->data;
	s->complete = true;
	s->in_body = false;
	if (!rest_end(&s->body, s->http->stream, s->dir, s->time))
		tell_other(s->http, s->dir);
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_target,
	.on_status = on_text,
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
	.on_body = on_body,
	.on_message_complete = on_complete,
};

static void start_reading(struct side *s)
{
	http_parser_init(&s->parser, s->dir == DIR_C2S ? HTTP_REQUEST : HTTP_RESPONSE);
	s->parser.data = s;
	s->parser.allow_chunked_length = 1;
	s->in_body = false;
	s->mode = READING;
}

/* Each part of what was held with its own time, and what is missing in front of it. */
static void feed_held(struct http1 *h, struct slice held, struct slice parts)
{
	struct held_part part, next;
	for (; parts.len; parts = slice_skip(parts, sizeof part)) {
		memcpy(&part, parts.at, sizeof part);
		size_t to = held.len;
		if (parts.len > sizeof part) {
			memcpy(&next, parts.at + sizeof part, sizeof next);
			to = next.from;
		}
		if (part.gap)
			layer_gap(&h->layer, DIR_C2S, part.lost, part.time);
		layer_feed(&h->layer, DIR_C2S, (struct chunk){ slice_skip(slice_head(held, to), part.from), -1, part.time });
	}
}

/* What was held goes where the client's bytes now go. */
static void release_held(struct http1 *h)
{
	struct side *client = &h->side[DIR_C2S];
	struct buf held = h->held, parts = h->parts;
	int64_t now = client->time;
	h->held = h->parts = (struct buf){ 0 };
	feed_held(h, buf_slice(&held), buf_slice(&parts));
	client->time = now;
	buf_release(&held);
	buf_release(&parts);
}

static struct layer *make_above(struct http1 *h, const bool synced[2])
{
	struct side *client = &h->side[DIR_C2S], *server = &h->side[DIR_S2C];
	struct ws_deflate deflate = { .on = false };
	if (names(synced[DIR_S2C] ? server : client, "h2c"))
		return http2_new(h->stream, synced);
	if (synced[DIR_S2C])
		deflate = ws_deflate_of(buf_slice(&server->value[EXTENSIONS]));
	else if (synced[DIR_C2S]) /* what was offered will have been accepted, where frames say that they are deflated */
		deflate = ws_deflate_of(buf_slice(&client->value[EXTENSIONS]));
	return websocket_new(h->stream, &deflate, synced);
}

/* A head has begun that is not over. */
static bool in_head(const struct side *s)
{
	return s->mode == READING && s->head_len && !s->complete && !s->in_body;
}

/* The connection belongs to the layer above from here on; the client's bytes, behind its request. */
static void hand_over(struct http1 *h, bool client_synced, bool server_synced)
{
	const bool synced[2] = { [DIR_C2S] = client_synced, [DIR_S2C] = server_synced };
	struct side *client = &h->side[DIR_C2S], *server = &h->side[DIR_S2C];
	h->above = make_above(h, synced);
	server->mode = THROUGH;
	if (server->ended)
		layer_end(h->above, DIR_S2C, server->time);
	if (client->mode == READING && (h->early || client->in_body || in_head(client)))
		return;
	client->mode = THROUGH;
	release_held(h);
	if (client->ended)
		layer_end(h->above, DIR_C2S, client->time);
}

/* The request was refused: what followed it is HTTP again. */
static void take_back(struct http1 *h)
{
	h->refused = h->asked = false;
	if (h->side[DIR_C2S].mode != HOLDING)
		return;
	buf_clear(&h->side[DIR_C2S].value[UPGRADE]);
	start_reading(&h->side[DIR_C2S]);
	release_held(h);
}

/* What is held goes without an answer: to the layer above if an upgrade was asked for, or is it; else it is HTTP again. */
static void decide_alone(struct http1 *h)
{
	struct side *client = &h->side[DIR_C2S];
	if ((client->mode == HOLDING && h->asked) || (in_head(client) && names_ours(client)))
		hand_over(h, true, false);
	else
		take_back(h);
}

/* The server's side can't tell the outcome of a request any more. */
static void hand_over_blindly(struct http1 *h)
{
	if (!h->above && h->side[DIR_S2C].mode == BLIND)
		decide_alone(h);
}

/* The request that the server has granted already is not to be had: frames of the client are searched for. */
static void go_through_blindly(struct side *client)
{
	client->mode = THROUGH;
	layer_gap(client->http->above, DIR_C2S, 0, client->time);
}

static void go_blind(struct side *s, const char *why)
{
	struct http1 *h = s->http;
	if (h->above && s->dir == DIR_C2S) {
		go_through_blindly(s);
		return;
	}
	s->mode = BLIND;
	s->before = 0;
	h->unsure = true;
	h->waiting = h->early = 0;
	if (why)
		stream_news(h->stream, NEWS_SKIPPED, s->dir, s->time, 0, why);
	hand_over_blindly(h);
	if (!h->above)
		tell_other(h, s->dir);
}

/* Behind a request that wants another protocol. */
static void request_done(struct http1 *h)
{
	struct side *client = &h->side[DIR_C2S];
	if (!h->asked) {
		start_reading(client); /* another protocol was wanted */
		return;
	}
	client->mode = h->above ? THROUGH : HOLDING;
	hand_over_blindly(h);
}

/* Behind a 101: to a protocol of ours, or to another. */
static void response_done(struct http1 *h)
{
	if (h->granted)
		hand_over(h, h->side[DIR_C2S].mode != BLIND, true);
	else
		go_blind(&h->side[DIR_S2C], NULL);
}

/* Nothing more of a REST connection is lost without a word; what is none is told to be something else. */
static const char *why_blind(const struct side *s, enum http_errno fault)
{
	const struct stream *stream = s->http->stream;
	if (fault == HPE_HEADER_OVERFLOW || s->head_len > stream->limits->head)
		return "an HTTP head beyond the limit";
	return stream->conn->transport == TRANSPORT_REST ? "bytes that are no HTTP, where some was to come" : NULL;
}

static struct chunk read_head(struct side *s, struct chunk c)
{
	s->now = c;
	size_t n = http_parser_execute(&s->parser, &settings, (const char *)c.bytes.at, c.bytes.len);
	struct http1 *h = s->http;
	enum http_errno fault = HTTP_PARSER_ERRNO(&s->parser);
	if (h->refused)
		take_back(h);
	if (fault != HPE_OK) {
		rest_cut(&s->body, h->stream, s->dir, s->time, false);
		go_blind(s, why_blind(s, fault));
		h->stream->counts->skipped += !n && h->stream->conn->transport == TRANSPORT_REST;
		return chunk_skip(c, n ? n : 1);
	}
	if (s->parser.upgrade && s->complete) {
		if (s->dir == DIR_C2S)
			request_done(h);
		else
			response_done(h);
	}
	return chunk_skip(c, n);
}

/* A client goes on once an upgrade is granted: where not a packet of the server is captured, it was, and so it was where none of its bytes are and
 * the client sends more than it would before. The sooner it is decided, the fewer messages get a time that is not theirs. */
static bool must_be_granted(const struct http1 *h, bool much)
{
	const struct side *server = &h->side[DIR_S2C];
	bool alone = h->stream->conn->one_way && !h->held.len;
	return (alone || much) && !server->time && !server->ended;
}

/* The last of what is held, to be put back where it changes. False if there is none. */
static bool last_part(const struct http1 *h, struct held_part *last)
{
	if (h->parts.len)
		memcpy(last, h->parts.at + h->parts.len - sizeof *last, sizeof *last);
	return h->parts.len;
}

static void put_part(struct http1 *h, struct held_part part)
{
	struct held_part last;
	if (last_part(h, &last) && last.from == part.from)
		h->parts.len -= sizeof part;
	buf_add(&h->parts, slice_of(&part, sizeof part));
}

/* Behind what is held n bytes are missing; 0: their number is not known. */
static void lose_held(struct http1 *h, uint64_t n, int64_t time)
{
	struct held_part last, part = { h->held.len, time, n, true };
	if (last_part(h, &last) && last.from == part.from && last.gap)
		part.lost = n && last.lost ? n + last.lost : 0;
	put_part(h, part);
}

/* What may still be held. One gap more than there is room for, and nothing behind it is. */
static size_t room_to_hold(const struct http1 *h)
{
	return h->parts.len / sizeof(struct held_part) > TIMES_MAX ? 0 : h->stream->limits->head - h->held.len;
}

/* Behind what is held there will be bytes of that time. */
static void note_time(struct http1 *h, int64_t time)
{
	struct held_part last, part = { .from = h->held.len, .time = time };
	if (last_part(h, &last) && last.from == part.from) {
		part.gap = last.gap;
		part.lost = last.lost;
	} else if (h->parts.len && last.time == time) {
		return;
	} else if (h->parts.len / sizeof part >= TIMES_MAX) {
		h->stream->counts->untimed++;
		return;
	}
	put_part(h, part);
}

static struct chunk hold(struct side *s, struct chunk c)
{
	struct http1 *h = s->http;
	size_t room = room_to_hold(h);
	if (must_be_granted(h, c.bytes.len > room)) {
		h->unsure = true;
		decide_alone(h);
		return c;
	}
	struct slice part = slice_head(c.bytes, room);
	if (part.len)
		note_time(h, c.time);
	buf_add(&h->held, part);
	if (part.len < c.bytes.len) {
		h->stream->counts->skipped += c.bytes.len - part.len;
		lose_held(h, c.bytes.len - part.len, c.time);
	}
	return chunk_skip(c, c.bytes.len);
}

static struct chunk hand_on(struct side *s, struct chunk c)
{
	layer_feed(s->http->above, s->dir, c);
	return chunk_skip(c, c.bytes.len);
}

/* BLIND: the first n bytes are none of a head. */
static void pass_over(struct side *s, size_t n)
{
	if (n)
		s->before = s->lost.at[n - 1];
	if (s->http->stream->conn->transport == TRANSPORT_REST)
		s->http->stream->counts->skipped += n;
	buf_consume(&s->lost, n);
}

/* Reads on with what was kept. */
static void read_lost(struct side *s)
{
	struct buf lost = s->lost;
	s->lost = (struct buf){ 0 };
	start_reading(s);
	layer_feed(&s->http->layer, s->dir, (struct chunk){ buf_slice(&lost), -1, s->time });
	buf_release(&lost);
}

/* The server's head, as far as it came, grants another protocol. */
static bool is_granting(const struct http1 *h)
{
	return !h->above && in_head(&h->side[DIR_S2C]) && h->side[DIR_S2C].parser.status_code == 101;
}

/* What the client sends from here on waits for the server's answer, behind a gap in its request. */
static void hold_behind_gap(struct side *s)
{
	struct http1 *h = s->http;
	s->mode = HOLDING;
	h->unsure = true;
	h->waiting = h->early = 0;
	lose_held(h, 0, s->time);
}

/* BLIND: looks for a head to read on at. */
static struct chunk find_head(struct side *s, struct chunk c)
{
	bool begins = s->dir == DIR_C2S ? http1_begins(c.bytes) : slice_starts(c.bytes, "HTTP/1.");
	if (s->dir == DIR_C2S && is_granting(s->http)) {
		pass_over(s, s->lost.len);
		hold_behind_gap(s);
		return c;
	}
	if (!s->http->above && !s->lost.len && c.bytes.len >= START_MIN && begins) {
		start_reading(s);
		return c;
	}
	buf_add(&s->lost, c.bytes);
	struct find f = http1_find(buf_slice(&s->lost), s->dir, s->before);
	pass_over(s, s->http->above ? s->lost.len : f.offset);
	if (s->lost.len && f.status == FIND_FOUND)
		read_lost(s);
	return chunk_skip(c, c.bytes.len);
}

static void feed(struct layer *l, enum dir dir, struct chunk c)
{
	static struct chunk (*const take[])(struct side *, struct chunk) = {
		[READING] = read_head,
		[HOLDING] = hold,
		[THROUGH] = hand_on,
		[BLIND] = find_head,
	};
	struct side *s = &((struct http1 *)l)->side[dir];
	s->time = c.time;
	while (c.bytes.len)
		c = take[s->mode](s, c);
}

/* n bytes are missing inside the body: the parser, which counts them, gets others. Nobody else does. */
static void fill_body(struct side *s, uint64_t n)
{
	static const uint8_t filler[FILLER];
	rest_cut(&s->body, s->http->stream, s->dir, s->time, true);
	while (n && s->mode == READING) {
		struct slice part = slice_head(slice_of(filler, sizeof(filler)), n < FILLER ? (size_t)n : FILLER);
		read_head(s, (struct chunk){ part, -1, s->time });
		n -= part.len;
	}
}

/* Part of a request is missing that wants another protocol, or may, and the server may have granted it. */
static bool may_be_granted(struct side *s)
{
	const struct side *server = &s->http->side[DIR_S2C];
	bool may_want = s->parser.method == HTTP_GET && !server->time && !server->ended;
	return s->dir == DIR_C2S && !s->http->above && !s->complete && !s->in_body && (names_ours(s) || may_want || is_granting(s->http));
}

/* The server's answer stops in a head that grants a protocol: it will be a WebSocket, whatever was asked, and nothing is known of it. */
static void grant_blindly(struct http1 *h)
{
	h->unsure = true;
	hand_over(h, false, false);
}

/* The gap may have taken whole messages. */
static void lose(struct side *s)
{
	struct http1 *h = s->http;
	rest_cut(&s->body, h->stream, s->dir, s->time, true);
	if (s->dir == DIR_S2C && is_granting(h)) {
		grant_blindly(h);
		return;
	}
	h->torn = h->torn || in_head(s);
	if (!may_be_granted(s)) {
		go_blind(s, NULL);
		return;
	}
	h->asked = names_ours(s);
	hold_behind_gap(s);
	hand_over_blindly(h);
}

static bool gap_in_body(const struct side *s, uint64_t n)
{
	return s->in_body && n && s->parser.content_length != UINT64_MAX && n <= s->parser.content_length;
}

static void gap(struct layer *l, enum dir dir, uint64_t n, int64_t time)
{
	struct http1 *h = (struct http1 *)l;
	struct side *s = &h->side[dir];
	s->time = time;
	if (s->mode == THROUGH)
		layer_gap(h->above, dir, n, time);
	else if (s->mode == HOLDING)
		lose_held(h, n, time);
	else if (s->mode == READING && gap_in_body(s, n))
		fill_body(s, n);
	else if (s->mode == READING)
		lose(s);
	if (s->mode == BLIND) {
		pass_over(s, s->lost.len);
		s->before = 0;
	}
}

static void end_reading(struct side *s)
{
	s->now = (struct chunk){ .at = -1, .time = s->time };
	if (!s->http->stream->conn->broke_off[s->dir]) /* a body without a length is over */
		http_parser_execute(&s->parser, &settings, NULL, 0);
	rest_cut(&s->body, s->http->stream, s->dir, s->time, false);
}

/* No answer comes any more. */
static void end_answers(struct http1 *h)
{
	if (is_granting(h))
		grant_blindly(h);
	else if (!h->above && h->side[DIR_C2S].mode == HOLDING)
		decide_alone(h);
}

static void end(struct layer *l, enum dir dir, int64_t time)
{
	struct http1 *h = (struct http1 *)l;
	struct side *s = &h->side[dir];
	s->time = time;
	s->ended = true;
	if (s->mode == THROUGH)
		layer_end(h->above, dir, time);
	if (s->mode == BLIND)
		pass_over(s, s->lost.len);
	if (s->mode == READING)
		end_reading(s);
	if (dir == DIR_S2C)
		end_answers(h);
}

static void free_http1(struct layer *l)
{
	struct http1 *h = (struct http1 *)l;
	layer_free(h->above);
	buf_release(&h->held);
	buf_release(&h->parts);
	for (int dir = 0; dir < 2; dir++) {
		for (int i = 0; i < HEADERS; i++)
			buf_release(&h->side[dir].value[i]);
		buf_release(&h->side[dir].target);
		buf_release(&h->side[dir].lost);
		rest_release(&h->side[dir].body);
	}
	free(h);
}

static const struct layer_ops ops = { "http1", feed, gap, end, free_http1, NULL, NULL };

struct layer *http1_new(const struct stream *s)
{
	struct http1 *h = xcalloc(1, sizeof(*h));
	h->layer.ops = &ops;
	h->stream = s;
	for (int dir = 0; dir < 2; dir++) {
		h->side[dir].http = h;
		h->side[dir].dir = (enum dir)dir;
		start_reading(&h->side[dir]);
	}
	return &h->layer;
}

void http1_joined(struct layer *l)
{
	((struct http1 *)l)->unsure = true;
}
