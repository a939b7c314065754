/*
 * What the capture tells besides messages: gaps, bytes that are no message, ends. Each is a row, and a gap changes what may be said of the
 * messages behind it. A message of which nothing can be shown is such a row too.
 */
#include "decode/redact.h"
#include "decode/session_state.h"

/* There may have been messages in that direction of which nothing is known. */
static void see_gap(struct session *s, struct conn_state *c, const struct news *n, enum dir dir)
{
	if (n->kind != NEWS_CUT)
		lack_begin(c, dir, n->time);
	c->pub->gaps += n->kind == NEWS_GAP;
	seq_capture_gap(&c->seq[dir]);
	streams_gap(s->streams, n->conn->number, dir);
}

/* What an end says for itself may have a token in it; and where too many said something, it is but shown that there was something. */
static struct slice keep_detail(struct session *s, struct slice detail)
{
	struct buf scratch = { 0 };
	struct slice kept = texts_keep(&s->texts, redact_text(detail, &scratch));
	buf_release(&scratch);
	return detail.len && !kept.len ? slice_str("…") : kept;
}

void session_take_news(void *user, const struct news *n)
{
	struct session *s = user;
	struct conn_state *c = session_conn_state(s, n->conn);
	struct session_news row = { n->kind, n->dir,   n->conn->number, (uint32_t)s->records.count,
				    n->time, n->bytes, n->text,         keep_detail(s, n->detail) };
	if (n->kind == NEWS_GAP || n->kind == NEWS_SKIPPED || n->kind == NEWS_CUT || n->kind == NEWS_OVERLONG)
		see_gap(s, c, n, n->dir);
	if (n->kind == NEWS_NOT_OURS && n->conn->transport != TRANSPORT_HTTP) { /* HTTP is read on, all else in neither direction */
		see_gap(s, c, n, DIR_C2S);
		see_gap(s, c, n, DIR_S2C);
	}
	if (s->options.keep && s->news.count < NEWS_MAX)
		*(struct session_news *)chunks_add(&s->news) = row;
	else
		s->counts.news_forgotten += s->options.keep;
	if (s->listener.news)
		s->listener.news(s->listener.user, &row);
}

void session_stump(struct session *s, const struct piece *p)
{
	struct news n = { NEWS_CUT, p->conn, p->dir, p->time, p->size, NULL, { 0 } };
	session_take_news(s, &n);
}

bool session_is_stump(struct session *s, const struct arrival *a, const struct piece *p)
{
	bool damaged = a->cut || (a->after_gap && !a->readable), named = a->cut && schema_command(s->schema, a->e.command);
	if (!damaged || named || a->e.id.len || a->e.rid.len || a->encoding == ENCODING_PAYLOAD)
		return false;
	session_stump(s, p);
	return true;
}
