/*
 * Servers say in words what was wrong, behind the code of a WebSocket's close, in gRPC's grpc-message and in HTTP/2's GOAWAY. It is the wire's text, of
 * any length: it is told cut at a limit and without what would move a terminal. Tokens in it are hidden where news are kept (decode/session_news.c).
 */
#include "capture/stream/said.h"

#include "base/digit.h"
#include "base/text.h"

/* White space is a space: made harmless as text is, it would be none any more between the key of a secret and its value. */
static void add_said(struct buf *out, struct slice said)
{
	struct buf line = { 0 };
	for (size_t i = 0; i < said.len; i++)
		buf_add_byte(&line, memchr("\t\r\n", said.at[i], 3) ? ' ' : said.at[i]);
	text_add_safe(out, buf_slice(&line));
	buf_release(&line);
}

void said_tell(const struct stream *s, enum dir dir, int64_t time, const char *sentence, uint32_t number, struct slice said)
{
	struct buf detail = { 0 };
	if (number)
		buf_addf(&detail, "%u", number);
	if (number && said.len)
		buf_add_str(&detail, ", ");
	add_said(&detail, slice_head(said, SAID_MAX));
	if (said.len > SAID_MAX)
		buf_add_str(&detail, "…");
	struct news n = { NEWS_NOTE, s->conn, dir, time, number, sentence, buf_slice(&detail) };
	s->sink->news(s->sink->user, &n);
	buf_release(&detail);
}

void said_unescape(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool escape = text.at[i] == '%' && text.len - i > 2;
		int high = escape ? hex_digit(text.at[i + 1]) : -1, low = escape ? hex_digit(text.at[i + 2]) : -1;
		bool good = high >= 0 && low >= 0;
		buf_add_byte(out, good ? (uint8_t)(high << 4 | low) : text.at[i]);
		i += good ? 2 : 0;
	}
}
