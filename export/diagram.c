/*
 * Building the model: finding the lifelines, folding streams, staying within the limits.
 *
 * A lifeline is an address with its port, so that two connections to one server share a lifeline there, and each client has its own. The
 * messages of a stream (beginstream, stream, endstream) become one row, which stands where the stream began and grows until its last
 * message. A row is looked for by its message's number, which grows with the rows.
 */
#include "export/diagram.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "decode/redact.h"
#include "decode/streams.h"

#include <stdlib.h>

enum { FIRST_ROWS = 64, NO_ACTOR = 255 };

void diagram_init(struct diagram *d, size_t rows)
{
	*d = (struct diagram){ .most = rows };
	arena_init(&d->texts, DIAGRAM_TEXTS);
}

void diagram_release(struct diagram *d)
{
	free(d->row);
	arena_release(&d->texts);
	*d = (struct diagram){ 0 };
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->addr, b->addr, a->family == 4 ? 4 : 16) == 0;
}

/* The lifeline of an end; never that of `other`: a socket that has connected to itself has two. */
static uint8_t actor_of(struct diagram *d, const struct endpoint *end, bool server, uint8_t other)
{
	unsigned i = 0;
	while (i < d->actors && (i == other || !same_end(&d->actor[i].end, end)))
		i++;
	if (i == DIAGRAM_ACTORS)
		return NO_ACTOR;
	if (i == d->actors)
		d->actor[d->actors++] = (struct diagram_actor){ .end = *end, .server = server };
	return (uint8_t)i;
}

/* A text that the diagram keeps. */
static struct slice keep(struct diagram *d, struct slice text, size_t most)
{
	return text.len ? arena_copy(&d->texts, slice_head(text, most)) : text;
}

static void name_actor(struct diagram *d, struct diagram_actor *a, const struct identity *i)
{
	struct buf agent = { 0 };
	if (!i)
		return;
	buf_add(&agent, buf_slice(&i->agent));
	if (agent.len && i->version.len)
		buf_add_byte(&agent, ' ');
	buf_add(&agent, buf_slice(&i->version));
	if (agent.len && !slice_eq(a->agent, slice_head(buf_slice(&agent), DIAGRAM_NAME)))
		a->agent = keep(d, buf_slice(&agent), DIAGRAM_NAME);
	if (i->user.len && !slice_eq(a->user, slice_head(buf_slice(&i->user), DIAGRAM_NAME)))
		a->user = keep(d, buf_slice(&i->user), DIAGRAM_NAME);
	buf_release(&agent);
}

/* A new row between the ends of a connection; NULL if it is beyond the limits. */
static struct diagram_row *new_row(struct diagram *d, const struct conn_facts *c, enum dir dir)
{
	if (d->rows == d->most || d->texts.spent)
		return NULL;
	uint8_t client = actor_of(d, &c->ends[DIR_C2S], false, NO_ACTOR), server = actor_of(d, &c->ends[DIR_S2C], true, client);
	if (client == NO_ACTOR || server == NO_ACTOR)
		return NULL;
	if (d->rows == d->cap) {
		d->cap = d->cap ? 2 * d->cap : FIRST_ROWS;
		d->row = xreallocarray(d->row, d->cap, sizeof *d->row);
	}
	struct diagram_row *r = &d->row[d->rows++];
	*r = (struct diagram_row){ .conn = c->number, .latency = -1 };
	r->from = dir == DIR_C2S ? client : server;
	r->to = dir == DIR_C2S ? server : client;
	return r;
}

static struct diagram_row *fold_of(struct diagram *d, uint32_t thread, unsigned *at)
{
	for (unsigned i = 0; i < DIAGRAM_FOLDS; i++) {
		struct diagram_row *r = d->fold[i] ? &d->row[d->fold[i] - 1] : NULL;
		*at = i;
		if (r && r->thread == thread)
			return r;
	}
	return NULL;
}

/* A message of a stream joins the row; true behind its last one. */
static bool fold(struct diagram_row *row, const struct session *s, const struct message_facts *m)
{
	struct thread_info t;
	row->until = m->record->time;
	row->rules |= m->record->rules;
	row->messages++;
	if (session_record(s, m->record->thread)) { /* of a long stream the beginning may be forgotten */
		session_thread(s, m->record->thread, &t);
		row->chunks = t.chunks;
		row->bytes = t.stream_bytes;
		row->stream = t.stream;
	}
	return slice_is(m->envelope.command, "endstream");
}

static void remember_fold(struct diagram *d, const struct diagram_row *row)
{
	for (unsigned i = 0; i < DIAGRAM_FOLDS; i++) {
		if (!d->fold[i]) {
			d->fold[i] = (uint32_t)(row - d->row) + 1;
			return;
		}
	}
}

static void set_row(struct diagram *d, struct diagram_row *row, const struct session *s, const struct message_facts *m)
{
	const struct record *r = m->record;
	struct buf gist = { 0 };
	row->kind = r->role == ROLE_STREAM ? DIAGRAM_STREAM : DIAGRAM_MESSAGE;
	row->role = (enum role)r->role;
	row->failed = r->role == ROLE_REPLY && slice_is(m->envelope.command, "error");
	row->n = m->n;
	row->thread = r->thread;
	row->rules = r->rules;
	row->time = row->until = r->time;
	row->latency = m->latency;
	row->bytes = r->size;
	row->command = keep(d, redact_text(m->envelope.command, &gist), DIAGRAM_NAME);
	buf_clear(&gist);
	form_add_gist(&gist, session_schema(s), r, &m->envelope);
	row->text = keep(d, buf_slice(&gist), SIZE_MAX);
	buf_release(&gist);
}

void diagram_message(struct diagram *d, const struct session *s, const struct message_facts *m, const struct who *who)
{
	unsigned at;
	bool stream = m->record->role == ROLE_STREAM;
	struct diagram_row *row = stream ? fold_of(d, m->record->thread, &at) : NULL;
	if (row) {
		if (fold(row, s, m))
			d->fold[at] = 0;
		return;
	}
	row = m->conn ? new_row(d, &m->conn->info, (enum dir)m->record->dir) : NULL;
	if (!row) {
		d->left_out++;
		return;
	}
	set_row(d, row, s, m);
	if (stream && !fold(row, s, m))
		remember_fold(d, row);
	name_actor(d, &d->actor[m->record->dir == DIR_C2S ? row->from : row->to], who_of(who, row->conn));
}

/* How many rows begin with message n or before it: they are the first ones. */
static size_t rows_until(const struct diagram *d, uint32_t n)
{
	size_t low = 0, high = d->rows;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (d->row[middle].n <= n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The row of message n: its own, or the one into which its stream is folded; NULL if it has none. */
static struct diagram_row *row_of(struct diagram *d, const struct session *s, uint32_t n)
{
	const struct record *r = session_record(s, n);
	uint32_t stream = r && r->role == ROLE_STREAM ? r->thread : 0;
	for (size_t i = rows_until(d, n); i > 0 && (stream || d->row[i - 1].n == n); i--) {
		struct diagram_row *row = &d->row[i - 1];
		if (row->kind != DIAGRAM_NEWS && (row->n == n || (stream && row->kind == DIAGRAM_STREAM && row->thread == stream)))
			return row;
	}
	return NULL;
}

void diagram_rule(struct diagram *d, const struct session *s, uint32_t n, enum rule rule, enum rule was)
{
	struct diagram_row *row = row_of(d, s, n);
	if (!row)
		return;
	if (was != RULES)
		row->rules &= ~(UINT32_C(1) << was);
	row->rules |= UINT32_C(1) << rule;
}

void diagram_news(struct diagram *d, const struct session *s, const struct session_news *news)
{
	struct buf text = { 0 };
	const struct session_conn *c = session_conn(s, news->conn);
	struct diagram_row *row = c ? new_row(d, &c->info, news->dir) : NULL;
	if (!row) {
		d->news_left_out++;
		return;
	}
	row->kind = DIAGRAM_NEWS;
	row->n = news->after;
	row->time = row->until = news->time;
	row->bytes = news->bytes;
	session_news_text(&text, news);
	row->text = keep(d, buf_slice(&text), SIZE_MAX);
	buf_release(&text);
}

void diagram_add_address(struct buf *out, const struct diagram_actor *a)
{
	endpoint_add(out, &a->end);
}

void diagram_add_name(struct buf *out, const struct diagram_actor *a)
{
	if (a->server) {
		buf_add_str(out, "server");
		return;
	}
	text_add_safe(out, a->agent);
	if (a->agent.len && a->user.len)
		buf_add_str(out, ", ");
	text_add_safe(out, a->user);
}

static void add_stream_label(struct buf *out, const struct diagram_row *r)
{
	buf_addf(out, "%u stream of ", r->n);
	amount_add_counted(out, r->chunks, "chunk");
	buf_add_str(out, ", ");
	amount_add_counted(out, r->bytes, "byte");
	if (!(r->stream & STREAM_ENDED))
		buf_add_str(out, ", no end");
	else if (r->stream & STREAM_CHECKED && !(r->stream & STREAM_UNSURE))
		buf_add_str(out, r->stream & STREAM_MATCHES ? ", checksum right" : ", checksum wrong");
}

void diagram_add_label(struct buf *out, const struct diagram_row *r)
{
	if (r->kind == DIAGRAM_NEWS) {
		buf_add(out, r->text);
		return;
	}
	if (r->kind == DIAGRAM_STREAM) {
		add_stream_label(out, r);
		return;
	}
	buf_addf(out, "%u ", r->n);
	text_add_safe(out, r->command);
}

void diagram_add_span(struct buf *out, const struct diagram_row *r)
{
	if (r->kind == DIAGRAM_STREAM && r->until > r->time)
		when_add_span(out, r->until - r->time);
	else if (r->kind == DIAGRAM_MESSAGE && r->latency >= 0)
		when_add_span(out, r->latency);
}

void diagram_add_rules(struct buf *out, uint32_t rules)
{
	const char *before = "";
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--) {
		for (int r = 0; rules >> r; r++) {
			if (!(rules >> r & 1) || (int)rule_info((enum rule)r)->severity != severity)
				continue;
			buf_addf(out, "%s%s", before, rule_info((enum rule)r)->name);
			before = ", ";
		}
	}
}

uint64_t diagram_row_messages(const struct diagram_row *r)
{
	return r->kind == DIAGRAM_STREAM ? r->messages : r->kind == DIAGRAM_MESSAGE;
}

void diagram_add_left_out(struct buf *out, uint64_t messages, uint64_t news, const char *why)
{
	if (messages)
		amount_add_counted(out, messages, "more message");
	if (news) {
		buf_add_str(out, messages ? " and " : "");
		amount_add_counted(out, news, "remark");
		buf_add_str(out, " about the capture");
	}
	if (messages || news)
		buf_addf(out, " %s not shown: %s", messages + news == 1 ? "is" : "are", why);
}
