/*
 * The bodies of REST.
 *
 * A body is gathered until it ends and then goes to the sink as one message, since JSON can't be understood in parts. One that comes
 * plain and in one run keeps its place in the capture file. A coded one (gzip, deflate) is inflated at its end, within the limit of a
 * message; of one that is cut, as far as its bytes go.
 *
 * Whether a body is a message is told by its first character, "{". The reply to a ping is bare text, and errors of servers in between
 * are HTML: no messages, but notes. A response whose request is not in the capture counts only if it names a command.
 */
#include "capture/stream/rest.h"

#include "base/json_read.h"
#include "capture/stream/gunzip.h"
#include "capture/stream/said.h"

#include <strings.h>

bool rest_target(struct slice target)
{
	static const char path[] = "/api/v2";
	const uint8_t *query = target.len ? memchr(target.at, '?', target.len) : NULL;
	if (query)
		target.len = (size_t)(query - target.at);
	if (target.len && target.at[target.len - 1] == '/')
		target.len--;
	return target.len >= sizeof path - 1 && slice_is(slice_skip(target, target.len - (sizeof path - 1)), path);
}

static bool names(struct slice coding, const char *name)
{
	return coding.len == strlen(name) && strncasecmp((const char *)coding.at, name, coding.len) == 0;
}

/* Is the body one of ours? Where that is a guess, it may well be on a connection that has others. */
static bool is_ours(const struct rest_body *b, const struct stream *s)
{
	return !b->head.guess || s->conn->transport == TRANSPORT_REST;
}

void rest_begin(struct rest_body *b, const struct stream *s, enum dir dir, const struct rest_head *head, int64_t time)
{
	struct slice coding = head->coding;
	buf_clear(&b->bytes);
	b->head = *head;
	b->head.coding = (struct slice){ NULL, 0 };
	b->open = true;
	b->size = 0;
	b->at = -1;
	b->coded = names(coding, "gzip") || names(coding, "x-gzip") || names(coding, "deflate");
	b->unreadable = coding.len && !b->coded && !names(coding, "identity");
	if (b->unreadable && is_ours(b, s))
		stream_news(s, NEWS_SKIPPED, dir, time, 0, "a body in a content coding that is not read");
}

/* `in` is the body, or what is there of it. */
static void hand_on(struct rest_body *b, const struct stream *s, enum dir dir, struct chunk in, uint64_t size, bool cut, bool gap)
{
	struct piece p = {
		.conn = s->conn,
		.dir = dir,
		.encoding = ENCODING_JSON,
		.first = true,
		.last = true,
		.cut = cut,
		.gap = gap,
		.after_gap = b->after_gap,
		.exchange = b->head.exchange,
		.reply = dir == DIR_S2C,
		.size = size,
		.bytes = in.bytes,
		.at = in.at,
		.time = in.time,
	};
	b->after_gap = false;
	s->conn->transport = TRANSPORT_REST;
	s->counts->cut += cut;
	s->sink->message(s->sink->user, &p);
}

static bool is_object(struct slice text)
{
	while (text.len && memchr(" \t\r\n", text.at[0], 4))
		text = slice_skip(text, 1);
	return text.len && text.at[0] == '{';
}

static bool has_command(struct slice text)
{
	return memmem(text.at, text.len, "\"command\"", 9) != NULL;
}

static bool is_message(const struct rest_body *b, struct slice text)
{
	return is_object(text) && (!b->head.guess || has_command(text));
}

static bool no_message(const struct rest_body *b, const struct stream *s, enum dir dir, int64_t time)
{
	if (b->head.guess)
		return false;
	s->counts->no_message++;
	if (b->head.status >= 300)
		said_tell(s, dir, time, "the request was answered with an HTTP status, and no message", b->head.status,
			  (struct slice){ NULL, 0 });
	else
		stream_news(s, NEWS_NOTE, dir, time, 0,
			    !b->size ? "a REST body of no bytes: no message" : "a REST body that is no JSON object: no message");
	return true;
}

/* A body of which nothing was captured. */
static void stump(const struct rest_body *b, const struct stream *s, enum dir dir, int64_t time)
{
	s->counts->cut++;
	stream_news(s, NEWS_CUT, dir, time, b->head.announced == UINT64_MAX ? b->size : b->head.announced, NULL);
}

/* A plain body that comes whole in one chunk needs no copy. */
static bool take_in_place(struct rest_body *b, const struct stream *s, enum dir dir, struct chunk c)
{
	if (b->coded || b->size || c.bytes.len != b->head.announced || !is_message(b, c.bytes))
		return false;
	b->open = false;
	hand_on(b, s, dir, c, c.bytes.len, false, false);
	return true;
}

static void overlong(struct rest_body *b, const struct stream *s, enum dir dir, int64_t time, const char *text)
{
	buf_release(&b->bytes);
	b->unreadable = true;
	if (b->head.guess)
		return;
	s->counts->overlong++;
	uint64_t size = b->head.announced == UINT64_MAX ? b->size : b->head.announced;
	stream_news(s, NEWS_OVERLONG, dir, time, size, text);
}

void rest_feed(struct rest_body *b, const struct stream *s, enum dir dir, struct chunk c)
{
	if (!b->open)
		return;
	bool too_long = c.bytes.len > s->limits->message - b->size ||
			(b->head.announced != UINT64_MAX && b->head.announced > s->limits->message);
	if (b->unreadable && is_ours(b, s))
		s->counts->skipped += c.bytes.len;
	if (b->unreadable || (!too_long && take_in_place(b, s, dir, c)))
		return;
	if (!b->size)
		b->at = c.at;
	else if (b->at < 0 || c.at != b->at + (int64_t)b->size)
		b->at = -1;
	b->size += c.bytes.len;
	if (too_long)
		overlong(b, s, dir, c.time, NULL);
	else
		buf_add(&b->bytes, c.bytes);
}

/* Takes the content coding off what was gathered. False if the result is beyond the limit, or is none. */
static bool decode(struct rest_body *b, const struct stream *s, enum dir dir, int64_t time, bool *cut)
{
	struct buf plain = { 0 };
	enum gunzip how = gunzip(buf_slice(&b->bytes), s->limits->message, &plain);
	buf_release(&b->bytes);
	b->bytes = plain;
	b->at = -1;
	*cut = *cut || how != GUNZIP_WHOLE;
	if (how == GUNZIP_OVERLONG)
		overlong(b, s, dir, time, "a body that inflates beyond the limit");
	else if (how == GUNZIP_BAD && !b->head.guess)
		stream_news(s, NEWS_SKIPPED, dir, time, 0, "a compressed body that can't be inflated to its end");
	return how != GUNZIP_OVERLONG;
}

/* Where nothing tells the length of a body, what broke off may still be all of it. */
static bool may_be_whole(const struct rest_body *b, struct slice text)
{
	struct json_value v = { .cut = true };
	if (b->head.announced == UINT64_MAX)
		v = json_read(text);
	return v.kind == JSON_READ_OBJECT && !v.cut;
}

/* The body is over, one way or the other. */
static bool finish(struct rest_body *b, const struct stream *s, enum dir dir, int64_t time, bool cut, bool gap)
{
	bool was_cut = cut;
	if (!b->open)
		return true;
	b->open = false;
	if (b->unreadable)
		return !b->head.guess;
	if (b->coded && b->bytes.len && !decode(b, s, dir, time, &cut))
		return !b->head.guess;
	struct chunk all = { buf_slice(&b->bytes), b->at, time };
	bool message = is_message(b, all.bytes);
	if (was_cut && !gap && message && may_be_whole(b, all.bytes))
		was_cut = cut = false;
	uint64_t size = was_cut && !b->coded && b->head.announced != UINT64_MAX ? b->head.announced : all.bytes.len;
	if (message)
		hand_on(b, s, dir, all, size, cut, gap);
	else if (!was_cut)
		message = no_message(b, s, dir, time);
	else if (!b->head.guess)
		stump(b, s, dir, time);
	buf_release(&b->bytes);
	return message;
}

bool rest_end(struct rest_body *b, const struct stream *s, enum dir dir, int64_t time)
{
	return finish(b, s, dir, time, false, false);
}

void rest_cut(struct rest_body *b, const struct stream *s, enum dir dir, int64_t time, bool gap)
{
	finish(b, s, dir, time, true, gap);
	b->after_gap = b->after_gap || gap;
}

void rest_release(struct rest_body *b)
{
	buf_release(&b->bytes);
	b->open = false;
}
