/*
 * The Sec-WebSocket-Extensions of a response, as far as they concern permessage-deflate.
 *
 *	permessage-deflate; server_no_context_takeover; client_max_window_bits=12, something-else; x="a, b"
 *	└ extension ───────────────────────────────────────────────────────────┘  └ extension ──────────┘
 *	                  └ parameter ───────────────┘└ parameter ─────────────┘
 *
 * A value is a token or a quoted string (RFC 6455, section 9.1; RFC 7230, section 3.2.6). The reader takes the text apart into words
 * and the three separators; what is in no order is passed over rather than refused, for the two ends understood each other.
 */
#include "capture/stream/websocket.h"

#include <strings.h>

enum { WORD_MAX = 64, WINDOW_MIN = 8, WINDOW_MAX = 15 };

/* A name or a value, unquoted, cut to what any known one needs. */
struct word {
	char text[WORD_MAX];
	size_t len;
};

static void word_add(struct word *w, uint8_t c)
{
	if (w->len + 1 < sizeof(w->text))
		w->text[w->len++] = (char)c;
}

static uint8_t peek(const struct cursor *c)
{
	return c->rest.len ? c->rest.at[0] : 0;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void skip_spaces(struct cursor *c)
{
	while (is_space(peek(c)))
		cursor_take(c, 1);
}

static void read_quoted(struct cursor *c, struct word *w)
{
	cursor_take(c, 1);
	while (c->rest.len) {
		uint8_t ch = cursor_u8(c);
		if (ch == '"')
			return;
		word_add(w, ch == '\\' ? cursor_u8(c) : ch);
	}
}

/* The next word; empty in front of a separator. */
static struct word read_word(struct cursor *c)
{
	struct word w = { .len = 0 };
	skip_spaces(c);
	if (peek(c) == '"')
		read_quoted(c, &w);
	while (c->rest.len && !is_space(peek(c)) && !strchr(";,=", peek(c)))
		word_add(&w, cursor_u8(c));
	skip_spaces(c);
	w.text[w.len] = 0;
	return w;
}

static bool word_is(const struct word *w, const char *name)
{
	return strcasecmp(w->text, name) == 0;
}

static int window_bits(const struct word *value)
{
	int bits = 0;
	for (size_t i = 0; i < value->len && bits <= WINDOW_MAX; i++)
		bits = value->text[i] >= '0' && value->text[i] <= '9' ? bits * 10 + value->text[i] - '0' : WINDOW_MAX + 1;
	return bits >= WINDOW_MIN && bits <= WINDOW_MAX ? bits : WINDOW_MAX;
}

/* RFC 7692, section 7.1: the server's parameters are about the direction in which it compresses. */
static void set_parameter(struct ws_deflate *d, const struct word *name, const struct word *value)
{
	static const char *const takeover[] = { "client_no_context_takeover", "server_no_context_takeover" };
	static const char *const window[] = { "client_max_window_bits", "server_max_window_bits" };
	for (int dir = DIR_C2S; dir <= DIR_S2C; dir++) {
		if (word_is(name, takeover[dir]))
			d->no_takeover[dir] = true;
		else if (word_is(name, window[dir]))
			d->window_bits[dir] = window_bits(value);
	}
}

/* One extension with its parameters, up to the comma behind it. True if it is permessage-deflate. */
static bool read_extension(struct cursor *c, struct ws_deflate *d)
{
	struct word name = read_word(c);
	*d = (struct ws_deflate){ .on = true, .window_bits = { WINDOW_MAX, WINDOW_MAX } };
	while (c->rest.len && peek(c) != ',') {
		cursor_take(c, 1);
		struct word parameter = read_word(c), value = { .len = 0 };
		if (peek(c) == '=') {
			cursor_take(c, 1);
			value = read_word(c);
		}
		set_parameter(d, &parameter, &value);
	}
	cursor_take(c, 1);
	return word_is(&name, "permessage-deflate");
}

struct ws_deflate ws_deflate_of(struct slice extensions)
{
	struct cursor c = cursor_of(extensions);
	struct ws_deflate d;
	while (c.rest.len)
		if (read_extension(&c, &d))
			return d;
	return (struct ws_deflate){ .on = false };
}
