/*
 * -T otlp: OpenTelemetry traces, a line a span.
 *
 * A span is a thread: the request with all that answers it. It is written when its final reply has come, or its connection has ended; what is
 * still open in the end is written then. An event (of a watch or a queue) is a span of its own under its registration, as its
 * registration was answered long before.
 *
 * Ids. The spanid of a request names the sender's span around the call, which is also what the receiver takes for the parent of its own work:
 * so it is the span's id, and what the server reports to the same backend hangs under it. A second request with the same spanid, as a sender has
 * that makes no span for each call, gets an id of its own and the first as its parent. A reply's spanid is the server's span: a link.
 *
 * Open spans, and registrations, hang in a hash table by the n of their thread's first message, and in a list by age, whose oldest gives way.
 */
#include "export/otlp_part.h"

#include "base/hash.h"
#include "base/xalloc.h"
#include "decode/redact.h"

#include <stdlib.h>

enum { SLOTS = 2 * OTLP_SPANS };

struct otlp {
	struct who who;
	struct otlp_span *slot[SLOTS], *oldest, *newest;
	unsigned spans;
	uint64_t used[OTLP_USED], hash_key;
};

static struct otlp_span **slot_of(struct otlp *o, uint32_t thread)
{
	struct otlp_span **at = &o->slot[thread % SLOTS];
	while (*at && (*at)->thread != thread)
		at = &(*at)->chain;
	return at;
}

static void free_span(struct otlp_span *s)
{
	buf_release(&s->events);
	free(s);
}

static void write_span(struct printer *p, const struct otlp_span *s)
{
	const struct otlp *o = p->state;
	otlp_span_add(&p->line, s, who_of(&o->who, s->conn));
}

/* What the session knows of the thread, while it does. */
static void renew(struct printer *p, struct otlp_span *s)
{
	struct thread_info t;
	if (!session_record(p->session, s->thread))
		return;
	session_thread(p->session, s->thread, &t);
	s->state = t.state;
	s->rules |= t.rules;
	s->messages = t.messages;
	s->bytes[0] = t.bytes[0];
	s->bytes[1] = t.bytes[1];
}

/* The span is no longer kept. */
static void drop(struct otlp *o, struct otlp_span *s)
{
	*slot_of(o, s->thread) = s->chain;
	if (s->older)
		s->older->newer = s->newer;
	else
		o->oldest = s->newer;
	if (s->newer)
		s->newer->older = s->older;
	else
		o->newest = s->older;
	o->spans--;
	free_span(s);
}

/* The oldest gives way; what of it is still open is written as it is. */
static void drop_oldest(struct printer *p)
{
	struct otlp *o = p->state;
	if (!o->oldest->finished) {
		renew(p, o->oldest);
		o->oldest->given_up = true;
		write_span(p, o->oldest);
	}
	drop(o, o->oldest);
}

static void keep_span(struct printer *p, struct otlp_span *s)
{
	struct otlp *o = p->state;
	if (o->spans == OTLP_SPANS)
		drop_oldest(p);
	*slot_of(o, s->thread) = s;
	s->older = o->newest;
	if (o->newest)
		o->newest->newer = s;
	else
		o->oldest = s;
	o->newest = s;
	o->spans++;
}

/* Remembers a span id of an Envelope; true if it was there already. */
static bool use(struct otlp *o, const struct otlp_context *c)
{
	uint64_t key = hash_bytes(slice_of(c->trace, sizeof c->trace), o->hash_key ^ hash_word(c->span, sizeof c->span));
	uint64_t *at = &o->used[key % OTLP_USED];
	bool before = *at == key;
	*at = key;
	return before;
}

static void set_ids(struct otlp *o, struct otlp_span *s, const struct message_facts *m)
{
	struct otlp_context c = otlp_context_of(&m->envelope);
	s->context = c;
	if (c.has_span && !use(o, &c))
		return;
	s->has_parent = c.has_span;
	memcpy(s->parent, c.span, sizeof s->parent);
	otlp_make_ids(&s->context, m->conn, m);
}

static void set_gist(struct printer *p, struct otlp_text *out, const struct message_facts *m)
{
	struct buf gist = { 0 };
	form_add_gist(&gist, session_schema(p->session), m->record, &m->envelope);
	otlp_text_set(out, buf_slice(&gist));
	buf_release(&gist);
}

static struct otlp_span *new_span(struct printer *p, const struct message_facts *m)
{
	const struct record *r = m->record;
	struct otlp_span *s = xcalloc(1, sizeof *s);
	s->thread = r->thread;
	s->conn = r->conn;
	s->kind = r->dir == DIR_S2C && r->role != ROLE_REQUEST ? OTLP_CONSUMER : OTLP_CLIENT;
	s->dir = (enum dir)r->dir;
	s->transport = (enum transport)r->transport;
	s->tls = r->tls;
	s->start = s->end = r->time;
	s->n = m->n;
	s->messages = 1;
	s->rules = r->rules;
	s->bytes[r->dir] = r->size;
	s->state = (enum thread_state)r->state;
	if (m->conn)
		memcpy(s->ends, m->conn->info.ends, sizeof s->ends);
	otlp_text_set(&s->name, m->envelope.command.len ? redact_text(m->envelope.command, &p->scratch) : slice_str("_OTHER"));
	otlp_text_set(&s->id, redact_text(m->envelope.id, &p->scratch));
	s->registration = slice_is(m->envelope.command, "watch") || slice_starts(m->envelope.command, "register");
	set_gist(p, &s->gist, m);
	return s;
}

static bool is_over(const struct otlp_span *s)
{
	return s->state != THREAD_OPEN && s->state != THREAD_STREAMING && s->state != THREAD_ORPHAN;
}

/* Writes a span that is over. A registration stays. */
static void finish(struct printer *p, struct otlp_span *s)
{
	write_span(p, s);
	s->finished = true;
	if (!s->registration)
		drop(p->state, s);
}

/* A message of a stream joins its span. What comes behind the final reply has a span of its own, which ends with the stream. */
static void join_stream(struct printer *p, struct otlp_span *s, const struct message_facts *m)
{
	s->end = m->record->time;
	otlp_span_event(s, m);
	if (is_over(s) && slice_is(m->envelope.command, "endstream"))
		finish(p, s);
}

/* The first message of a thread, or one of a thread whose span is written or not known any more. */
static void begin_span(struct printer *p, const struct message_facts *m)
{
	struct otlp *o = p->state;
	struct otlp_span *s = new_span(p, m);
	set_ids(o, s, m);
	if (m->record->role == ROLE_REPLY) {
		s->dir = (enum dir) !m->record->dir;
		s->kind = OTLP_CLIENT;
		s->start -= m->latency > 0 ? m->latency : 0;
	}
	if (m->record->thread != m->n)
		renew(p, s);
	if (m->record->role == ROLE_STREAM && !*slot_of(o, s->thread)) { /* a registration may be there */
		keep_span(p, s);
		join_stream(p, s, m);
	} else if (is_over(s) || m->record->role == ROLE_REPLY) {
		write_span(p, s);
		free_span(s);
	} else {
		keep_span(p, s);
	}
}

/* An event of a watch or queue, under its registration. */
static void add_event(struct printer *p, const struct message_facts *m)
{
	struct otlp *o = p->state;
	const struct otlp_span *registration = *slot_of(o, m->record->thread);
	struct otlp_span *s = new_span(p, m);
	struct otlp_context c = otlp_context_of(&m->envelope);
	s->state = THREAD_SINGLE;
	if (registration && c.has_trace) {
		s->link = registration->context;
		s->has_link = true;
	} else if (registration) {
		c = registration->context;
	}
	s->context = c;
	s->has_parent = c.has_span;
	memcpy(s->parent, c.span, sizeof s->parent);
	otlp_make_ids(&s->context, m->conn, m);
	write_span(p, s);
	free_span(s);
}

/* The code of an ErrorResponse; its message is its gist. */
static void set_error(struct printer *p, struct otlp_span *s, const struct message_facts *m)
{
	p->dissection.shallow = true;
	form_dissect(&p->dissection, m->record, m->bytes);
	const struct node *payload = form_payload(&p->dissection), *code = payload ? node_child(payload, "code") : NULL;
	if (code && code->kind == NODE_INT) {
		s->code = (int32_t)code->integer;
		s->has_code = true;
	}
	set_gist(p, &s->error, m);
}

/* The final reply, or one of several answers that are none. */
static void end_span(struct printer *p, struct otlp_span *s, const struct message_facts *m)
{
	struct otlp_context c = otlp_context_of(&m->envelope);
	s->end = m->record->time;
	renew(p, s);
	if (c.has_span && memcmp(c.span, s->context.span, sizeof c.span) != 0) {
		s->link = c;
		s->has_link = true;
	}
	if (slice_is(m->envelope.command, "error"))
		set_error(p, s, m);
	finish(p, s);
}

static void otlp_message(struct printer *p, const struct message_facts *m)
{
	struct otlp *o = p->state;
	struct otlp_span *s = *slot_of(o, m->record->thread);
	if (m->record->role == ROLE_EVENT) {
		add_event(p, m);
	} else if (!s || s->finished) {
		begin_span(p, m);
	} else if (m->record->role == ROLE_REPLY) {
		end_span(p, s, m);
	} else if (m->record->role == ROLE_STREAM) {
		join_stream(p, s, m);
	} else {
		s->end = m->record->time;
	}
}

static void otlp_rule(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct otlp *o = p->state;
	const struct record *r = session_record(p->session, n);
	struct otlp_span *s = r ? *slot_of(o, r->thread) : NULL;
	(void)time;
	if (!s || s->finished)
		return;
	if (was != RULES)
		s->rules &= ~(UINT32_C(1) << was);
	s->rules |= UINT32_C(1) << rule;
}

/* What will have no reply ends with its connection. */
static void otlp_over(struct printer *p, uint32_t thread, int64_t time)
{
	struct otlp_span *s = *slot_of(p->state, thread);
	if (!s || s->finished)
		return;
	renew(p, s);
	s->end = time;
	finish(p, s);
}

static void otlp_heard(struct printer *p, const struct record *record, struct slice bytes)
{
	struct otlp *o = p->state;
	who_hear(&o->who, p->session, record, bytes);
}

static void otlp_begin(struct printer *p)
{
	struct otlp *o = xcalloc(1, sizeof *o);
	o->hash_key = hash_new_key();
	p->state = o;
}

static void otlp_end(struct printer *p)
{
	struct otlp *o = p->state;
	while (o->oldest) {
		struct otlp_span *s = o->oldest;
		if (!s->finished) {
			renew(p, s);
			write_span(p, s);
		}
		drop(o, s);
	}
}

static void otlp_release(struct printer *p)
{
	struct otlp *o = p->state;
	if (!o)
		return;
	while (o->oldest)
		drop(o, o->oldest); /* NOLINT(clang-analyzer-unix.Malloc): drop takes it off the list */
	who_release(&o->who);
	free(o);
	p->state = NULL;
}

const struct exporter exporter_otlp = {
	.name = "otlp",
	.help = "OpenTelemetry traces (OTLP/JSON), a span a thread",
	.begin = otlp_begin,
	.message = otlp_message,
	.rule = otlp_rule,
	.over = otlp_over,
	.end = otlp_end,
	.heard = otlp_heard,
	.release = otlp_release,
};
