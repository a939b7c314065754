/*
 * What a connection in TLS tells besides its messages: why nothing of it is shown, or no more, and the alerts of its ends.
 */
#include "capture/stream/tls_part.h"

enum {
	ALERTS_MAX = 4, /* alerts told of a connection */
	FATAL = 2,
};

const char tls_no_handshake[] = "TLS whose handshake is not whole in the capture, and which cannot be decrypted without";

static void add_name(struct buf *out, const char *what, const struct buf *name)
{
	if (!name->len)
		return;
	buf_addf(out, "%s%s", out->len ? ", " : "", what);
	buf_add(out, buf_slice(name));
}

void tls_tell(struct tls *t, enum news_kind kind, enum dir dir, int64_t time, const char *text, const char *hint)
{
	struct buf detail = { 0 };
	if (text == t->session.refused)
		add_name(&detail, "", &t->session.refused_name);
	add_name(&detail, "SNI ", &t->session.sni);
	add_name(&detail, "ALPN ", &t->session.alpn);
	if (hint)
		buf_addf(&detail, "%s%s", detail.len ? "; " : "", hint);
	struct news n = { kind, t->stream->conn, dir, time, 0, text, buf_slice(&detail) };
	t->stream->sink->news(t->stream->sink->user, &n);
	buf_release(&detail);
}

/* A connection is counted once, as what it was given up for, or (NULL) not at all. */
static void give_up_as(struct tls *t, enum dir dir, uint64_t *count, const char *text, const char *hint)
{
	if (t->dead)
		return;
	t->dead = t->told = true;
	if (count)
		(*count)++;
	tls_tell(t, NEWS_NOT_OURS, dir, t->side[dir].time, text, hint);
}

void tls_give_up(struct tls *t, enum dir dir, const char *text)
{
	give_up_as(t, dir, t->inner ? NULL : &t->stream->counts->not_ours, text, NULL);
}

/* No more of this direction is read; of the other one it is. */
void tls_give_up_side(struct tls *t, enum dir dir, const char *text)
{
	t->side[dir].dead = t->told = true;
	t->stream->counts->tls_given_up++;
	tls_tell(t, NEWS_NOT_OURS, dir, t->side[dir].time, text, NULL);
}

/* Who has given a key log need not be told to. */
static const char *why_no_keys(const struct keylog *k)
{
	if (!k || !keylog_is_given(k))
		return "node --tls-keylog=FILE, or SSLKEYLOGFILE=FILE for many other programs, writes them, --keylog FILE reads them";
	if (!keylog_is_there(k))
		return "the key log is not there, or can't be read";
	return keylog_counts(k).secrets ? "the key log has others, but not what opens this connection" : "the key log has none at all";
}

void tls_give_up_for_keys(struct tls *t, enum dir dir, uint64_t *count)
{
	give_up_as(t, dir, count, "TLS, no keys", why_no_keys(t->keylog));
}

void tls_tell_alert(struct tls *t, enum dir dir, struct slice body)
{
	static const struct {
		uint8_t code;
		const char *text;
	} alerts[] = {
		{ 10, "TLS alert: unexpected message" },
		{ 20, "TLS alert: bad record MAC" },
		{ 40, "TLS alert: handshake failure" },
		{ 42, "TLS alert: bad certificate" },
		{ 43, "TLS alert: unsupported certificate" },
		{ 44, "TLS alert: certificate revoked" },
		{ 45, "TLS alert: certificate expired" },
		{ 46, "TLS alert: certificate not accepted" },
		{ 47, "TLS alert: illegal parameter" },
		{ 48, "TLS alert: unknown certificate authority" },
		{ 49, "TLS alert: access denied" },
		{ 50, "TLS alert: decode error" },
		{ 51, "TLS alert: decrypt error" },
		{ 70, "TLS alert: protocol version" },
		{ 71, "TLS alert: insufficient security" },
		{ 80, "TLS alert: internal error" },
		{ 86, "TLS alert: inappropriate fallback" },
		{ 109, "TLS alert: missing extension" },
		{ 110, "TLS alert: unsupported extension" },
		{ 112, "TLS alert: unrecognized name" },
		{ 115, "TLS alert: unknown PSK identity" },
		{ 116, "TLS alert: certificate required" },
		{ 120, "TLS alert: no application protocol" },
	};
	bool closing = body.len == 2 && (body.at[1] == 0 || body.at[1] == 90);
	if (body.len != 2 || closing || t->alerts == ALERTS_MAX)
		return;
	const char *last = ++t->alerts == ALERTS_MAX ? "further alerts of this connection are not told" : NULL;
	const char *text = body.at[0] == FATAL ? "TLS alert: fatal, of an unknown kind" : "TLS alert: a warning";
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].code == body.at[1])
			text = alerts[i].text;
	t->told = true;
	tls_tell(t, NEWS_NOTE, dir, t->side[dir].time, text, last);
}
