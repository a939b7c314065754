/*
 * The session: a message arrives, gets its record, its rules, its thread.
 *
 * One way through: sink_message → (whole: at once; in pieces: a draft gathers the facts until the last one) → arrival_take() → record, type
 * rules, seq rules, thread_message → listener. That stands in arrival.c, threading in thread.c.
 *
 * What those stand on: connections in session_conn.c, broken rules in session_break.c, bounds in session_bound.c. What others read is
 * in session_read.c.
 */
#include "decode/session_state.h"

#include "base/when.h"
#include "base/xalloc.h"

#include <stdlib.h>

static bool still_open(void *user, const struct id_entry *e)
{
	const struct session *s = user;
	const struct record *r = record_at(s, e->n);
	if (!r)
		return (e->kind == ID_WATCH || e->kind == ID_QUEUE) && s->states_of[e->of];
	const struct session_conn *c = session_conn(s, r->conn);
	const struct record *first = record_at(s, r->thread);
	if (!c || c->closed)
		return false;
	return e->kind != ID_MESSAGE || (first && thread_is_open(first));
}

static struct known_commands know_commands(const struct schema *schema)
{
#define KNOW(name) .name = schema_command(schema, slice_str(#name))
	return (struct known_commands){
		KNOW(error),
		KNOW(ping),
		KNOW(pong),
		KNOW(noop),
		KNOW(signin),
		KNOW(signinreply),
		KNOW(download),
		KNOW(upload),
		KNOW(beginstream),
		KNOW(stream),
		KNOW(endstream),
		KNOW(watch),
		KNOW(watchreply),
		KNOW(watchevent),
		KNOW(queuemessage),
		KNOW(registerqueue),
		KNOW(registerqueuereply),
		KNOW(registerexchangereply),
	};
#undef KNOW
}

struct session *session_new(const struct session_options *o, const struct session_listener *listener)
{
	struct session *s = xcalloc(1, sizeof *s);
	s->options = *o;
	if (listener)
		s->listener = *listener;
	s->schema = schema_new();
	names_init(&s->names, s->schema);
	s->known = know_commands(s->schema);
	s->store = store_new(o->file, NULL);
	if (o->files.count)
		store_set_files(s->store, o->files);
	store_set_limit(s->store, o->spool);
	s->streams = streams_new();
	form_init(&s->form);
	s->ids = idtable_new(o->hash_key, still_open, s);
	chunks_init(&s->records, sizeof(struct record));
	chunks_init(&s->tallies, sizeof(struct tally));
	chunks_init(&s->threads, sizeof(uint32_t));
	chunks_init(&s->news, sizeof(struct session_news));
	chunks_init(&s->spooled, sizeof(uint64_t));
	chunks_init(&s->mismatches, sizeof(struct stream_mismatch));
	if (o->keep)
		s->revision = xcalloc(REVISIONS_MAX, sizeof *s->revision);
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->conns; i++)
		session_conn_free(s, s->conn[i]);
	free(s->conn);
	places_release(&s->conn_of);
	chunks_release(&s->records);
	chunks_release(&s->tallies);
	chunks_release(&s->threads);
	chunks_release(&s->news);
	chunks_release(&s->spooled);
	chunks_release(&s->mismatches);
	free(s->revision);
	idtable_free(s->ids);
	streams_free(s->streams);
	form_release(&s->form);
	store_free(s->store);
	names_release(&s->names);
	texts_release(&s->texts);
	schema_free(s->schema);
	free(s);
}

static void take_whole(struct session *s, const struct piece *p)
{
	struct arrival a;
	arrival_init(&a, s, p);
	a.good = a.readable = envelope_read(p->bytes, &a.e) && p->size > 0;
	a.has_seq = a.good || a.e.id.len > 0;
	arrival_prepare(s, &a);
	if (session_is_stump(s, &a, p))
		return;
	session_stay_bounded(s);
	bool keep = s->options.keep && !s->options.no_bytes;
	uint64_t place = keep ? store_add(s->store, p->bytes, p->at) : 0;
	arrival_take(s, &a, p, place, true);
}

/* The scan could not tell what the message is: now all of it can be read. What of its data went into a checksum is not to be trusted. */
static void judge_whole(struct session *s, struct arrival *a, const struct draft *d)
{
	struct envelope e = { .value = a->bytes };
	bool by_command, bare = a->encoding == ENCODING_PAYLOAD;
	streams_gap(s->streams, a->info->number, a->dir);
	if (a->bytes.len < d->captured || (!bare && !envelope_read(a->bytes, &e)))
		return;
	type_id number = bare ? schema_type_of_method(s->schema, a->method, a->reply) : envelope_payload_type(s->schema, &e, &by_command);
	const ProtobufCMessageDescriptor *type = schema_descriptor(s->schema, number);
	if (!bare)
		a->e = e;
	a->good = !type || schema_valid(type, e.value);
}

/* What the scan tells of the message. */
static void read_draft(struct session *s, struct arrival *a, const struct draft *d, const struct piece *p)
{
	a->readable = scan_readable(&d->scan);
	a->good = scan_unsure(&d->scan) || scan_good(&d->scan);
	a->data_len = d->scan.tapped;
	a->after_gap = d->after_gap;
	a->e = scan_envelope(&d->scan);
	a->has_seq = scan_readable(&d->scan) || a->e.id.len > 0;
	if (p->encoding != ENCODING_PAYLOAD)
		return;
	struct piece front = *p;
	front.bytes = a->e.value;
	form_take(&s->form, &front);
	a->e = s->form.e;
	a->has_seq = false;
}

static void end_draft(struct session *s, struct draft **at, const struct piece *p)
{
	struct draft *d = *at;
	struct arrival a;
	struct buf scratch = { 0 };
	bool keep = s->options.keep && !s->options.no_bytes;
	uint64_t place = store_finish(s->store, &d->bytes, p->cut);
	bool unsure = scan_unsure(&d->scan);
	arrival_init(&a, s, p);
	read_draft(s, &a, d, p);
	if (s->listener.message || unsure)
		a.bytes = store_read(s->store, place, d->captured, &scratch);
	if (s->listener.message && place && d->captured && !a.bytes.len)
		s->counts.unreadable++;
	if (unsure)
		judge_whole(s, &a, d);
	arrival_prepare(s, &a);
	if (!session_is_stump(s, &a, p)) {
		session_stay_bounded(s);
		arrival_take(s, &a, p, keep ? place : 0, false);
	}
	buf_release(&scratch);
	draft_drop(s, at);
	if (!keep && !s->drafts)
		store_reset(s->store);
}

static void sink_message(void *user, const struct piece *p)
{
	struct session *s = user;
	bool whole = p->first && p->last && !p->cut;
	if (s->records.count == MESSAGES_MAX) {
		s->counts.unnumbered += p->last;
		return;
	}
	if (p->encoding == ENCODING_JSON || p->encoding == ENCODING_LEGACY || (whole && p->encoding == ENCODING_PAYLOAD)) {
		formed_message(s, p);
		return;
	}
	if (whole) {
		take_whole(s, p);
		return;
	}
	struct conn_state *c = session_conn_state(s, p->conn);
	if (p->first) {
		struct draft *begun = draft_begin(s, c, p);
		begun->scan.tap = thread_stream_tap;
		begun->scan.tap_user = begun;
	}
	struct draft **at = draft_find(c, p->dir, p->exchange), *d = *at;
	if (!d)
		return;
	scan_feed(&d->scan, p->bytes);
	store_piece(s->store, &d->bytes, p->bytes, p->at);
	d->captured += p->bytes.len;
	if (p->last)
		end_draft(s, at, p);
}

static void sink_closed(void *user, struct conn_info *info, int64_t time)
{
	struct session *s = user;
	struct conn_state *c = info->user;
	struct seq_verdict v;
	if (!c)
		return;
	formed_closed(s, c, info, time);
	session_conn_learn(c->pub, info);
	c->pub->closed = info->end != CONN_OPEN;
	c->pub->ended = time;
	draft_drop_all(s, c);
	for (int d = 0; d < 2 && c->pub->closed && info->end != CONN_FORGOTTEN; d++) { /* of what was forgotten the rest is not known */
		seq_end(&c->seq[d], &v);
		session_changes(s, c, &v, time);
	}
	thread_conn_closed(s, c, time);
	streams_drop_conn(s->streams, info->number);
	info->user = NULL;
	c->info = NULL;
	if (!s->options.keep)
		session_conn_drop(s, info->number);
	else if (c->pub->closed)
		session_conn_end(s, c);
}

void session_clock(struct session *s, int64_t now)
{
	if (!s->options.no_reply || now - s->looked < NS_PER_S)
		return;
	s->looked = now;
	for (uint32_t i = 0; i < s->conns; i++)
		if (s->conn[i]->state)
			thread_overdue(s, s->conn[i]->state, now);
}

struct sink session_sink(struct session *s)
{
	return (struct sink){ s, sink_message, session_take_news, sink_closed, envelope_probe, envelope_sender };
}
