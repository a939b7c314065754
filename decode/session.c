/*
 * The session: a message arrives, gets its record, its rules, its thread.
 *
 * One way through: sink_message → (whole: at once; in pieces: a draft gathers the facts until the last one) → arrival_take() → record, type
 * rules, seq rules, thread_message → listener. That stands in arrival.c, threading in thread.c, what others read in session_read.c.
 *
 * Records stay in chunks. Without `keep`, or with a memory budget, the oldest chunks are forgotten as new ones are added.
 */
#include "decode/session_state.h"

#include "base/pages.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "decode/dissect.h"

#include <stdlib.h>

static bool still_open(void *user, const struct id_entry *e)
{
	const struct session *s = user;
	const struct record *r = record_at(s, e->n);
	if (!r)
		return e->kind == ID_WATCH || e->kind == ID_QUEUE;
	const struct session_conn *c = session_conn(s, r->conn);
	const struct record *first = record_at(s, r->thread);
	if (!c || c->closed)
		return false;
	return e->kind != ID_MESSAGE || (first && (first->state == THREAD_OPEN || first->state == THREAD_STREAMING));
}

static struct known_commands know_commands(const struct schema *schema)
{
#define KNOW(name) .name = schema_command(schema, slice_str(#name))
	return (struct known_commands){
		KNOW(error), KNOW(ping), KNOW(pong), KNOW(noop), KNOW(signin), KNOW(signinreply), KNOW(download), KNOW(upload), KNOW(beginstream),
		KNOW(stream), KNOW(endstream), KNOW(watch), KNOW(watchreply), KNOW(watchevent), KNOW(queuemessage),
		KNOW(registerqueue), KNOW(registerqueuereply), KNOW(registerexchangereply),
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
	s->store = store_new(o->file, o->spool_dir);
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

/* Where the list has the draft of that direction and exchange, or its end. */
static struct draft **find_draft(struct conn_state *c, enum dir dir, uint32_t exchange)
{
	struct draft **at = &c->drafts;
	while (*at && ((*at)->dir != dir || (*at)->exchange != exchange))
		at = &(*at)->next;
	return at;
}

static void drop_draft(struct session *s, struct draft **at)
{
	struct draft *d = *at;
	if (!d)
		return;
	*at = d->next;
	scan_release(&d->scan);
	store_draft_release(&d->bytes);
	free(d);
	s->drafts--;
}

static void drop_drafts(struct session *s, struct conn_state *c)
{
	while (c->drafts)
		drop_draft(s, &c->drafts);
}

static void free_state(struct session *s, struct conn_state *c)
{
	if (!c)
		return;
	drop_drafts(s, c);
	legacy_parts_free(c->legacy[DIR_C2S]);
	legacy_parts_free(c->legacy[DIR_S2C]);
	seq_release(&c->seq[DIR_C2S]);
	seq_release(&c->seq[DIR_S2C]);
	free(c->waiting);
	free(c);
	s->states--;
}

static void free_kept(struct session *s, struct conn_kept *k)
{
	free_state(s, k->state);
	free(k->pub.rules);
	free(k->pub.info.program);
	free(k);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->conns; i++)
		free_kept(s, s->conn[i]);
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

static void learn(struct conn_facts *f, const struct conn_info *info)
{
	char *program = !f->program && info->program[0] ? xstrdup(info->program) : f->program;
	*f = (struct conn_facts){ info->number, info->carrier, { info->ends[0], info->ends[1] }, info->tls, info->deflated, info->transport, info->end,
				  info->opened, program };
}

/* A connection has something to say for the first time. */
static struct conn_state *new_conn(struct session *s, struct conn_info *info)
{
	struct conn_kept *k = xcalloc(1, sizeof *k);
	struct conn_state *c = info->user = k->state = xcalloc(1, sizeof *c);
	pages_heap_watch(&s->heap, k);
	if (s->conns == s->conns_cap) {
		s->conns_cap = s->conns_cap ? 2 * s->conns_cap : 64;
		s->conn = xreallocarray(s->conn, s->conns_cap, sizeof(struct conn_kept *));
	}
	s->conn[s->conns++] = k;
	s->states++;
	places_set(&s->conn_of, info->number, s->conns);
	c->pub = &k->pub;
	learn(&k->pub.info, info);
	return c;
}

struct conn_state *session_conn_state(struct session *s, struct conn_info *info)
{
	struct conn_state *c = info->user ? info->user : new_conn(s, info);
	bool program = info->program[0];
	if (c->transport == info->transport && c->tls == info->tls && c->program == program)
		return c;
	c->transport = (uint8_t)info->transport;
	c->tls = info->tls;
	c->program = program;
	learn(&c->pub->info, info);
	return c;
}

static struct tally *tally_of(const struct session *s, const struct record *r)
{
	const struct record *first = record_at(s, r->thread);
	return first ? tally_at(s, first->tally) : NULL;
}

static void count_broken(struct session_conn *c, enum rule rule, int more)
{
	if (!c->rules)
		c->rules = xcalloc(RULES, sizeof *c->rules);
	c->rules[rule] += (uint32_t)more;
}

void session_break(struct session *s, struct conn_state *c, struct record *r, enum rule rule)
{
	uint32_t bit = UINT32_C(1) << rule;
	if (r->rules & bit)
		return;
	r->rules |= bit;
	count_broken(c->pub, rule, 1);
	s->counts.rules[rule]++;
	struct tally *t = tally_of(s, r);
	if (t)
		t->rules |= bit;
}

/* A rule is no longer broken by a message of the thread: is it by another? A very long thread is not asked; there it stays. */
static void recount_rules(struct session *s, const struct record *of)
{
	struct tally *t = tally_of(s, of);
	if (!t || t->messages > RECOUNT_MAX)
		return;
	t->rules = 0;
	for (const struct record *r = record_at(s, of->thread); r; r = record_at(s, r->next))
		t->rules |= r->rules;
}

static void unbreak(struct session *s, struct conn_state *c, struct record *r, enum rule rule)
{
	r->rules &= ~(UINT32_C(1) << rule);
	count_broken(c->pub, rule, -1);
	s->counts.rules[rule]--;
	recount_rules(s, r);
}

void session_break_late(struct session *s, struct conn_state *c, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct record *r = record_at(s, n);
	if (r && was != RULES && !(r->rules >> was & 1)) /* something else took its place before */
		return;
	if (r && was != RULES)
		unbreak(s, c, r, was);
	if (r) {
		session_break(s, c, r, rule);
		session_revise(s, n, false);
	}
	if (s->listener.rule)
		s->listener.rule(s->listener.user, n, rule, was, time);
}

/* Records of a chunk are about to go: what points to them is undone. */
static void unhook(struct session *s, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		struct record *r = chunks_at(&s->records, i);
		if (r->thread == i + 1 && (r->state == THREAD_OPEN || r->state == THREAD_STREAMING))
			thread_unlink(s, r, (uint32_t)i + 1);
		struct tally *t = tally_at(s, r->tally);
		if (t) {
			streams_drop(s->streams, t->track);
			t->messages = s->free_tally;
			s->free_tally = r->tally;
		}
	}
}

/* The list of threads forgets those whose first message is forgotten, a chunk of them at a time. */
static void forget_threads(struct session *s)
{
	const uint32_t *last;
	while ((last = chunks_at(&s->threads, s->threads.first + CHUNK_ITEMS - 1)) && *last <= s->records.first)
		chunks_forget(&s->threads, s->threads.first + CHUNK_ITEMS);
}

/* Connections that are closed and have nothing left to be seen of them. */
static void forget_conns(struct session *s)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < s->conns; i++) {
		struct conn_kept *k = s->conn[i];
		bool gone = !k->state && k->closed_after <= s->records.first;
		places_set(&s->conn_of, k->pub.info.number, gone ? 0 : kept + 1);
		if (gone)
			free_kept(s, k);
		else
			s->conn[kept++] = k;
	}
	s->counts.conns_forgotten += s->conns - kept;
	s->conns = kept;
}

/* Where the spool file begins for the records from here on: at its end, or where a message under way began. */
static uint64_t spool_begin(const struct session *s)
{
	uint64_t begin = store_position(s->store);
	for (uint32_t i = 0; s->drafts && i < s->conns; i++) {
		const struct conn_state *c = s->conn[i]->state;
		for (const struct draft *d = c ? c->drafts : NULL; d; d = d->next)
			if (d->captured && d->bytes.begin < begin)
				begin = d->bytes.begin;
	}
	return begin;
}

static void forget_oldest(struct session *s, uint64_t keep)
{
	uint64_t before = s->records.count > keep ? s->records.count - keep : 0;
	before -= before % CHUNK_ITEMS;
	if (before <= s->records.first)
		return;
	unhook(s, s->records.first, before);
	uint64_t gone = before - s->records.first;
	chunks_forget(&s->records, before);
	if (!s->options.keep)
		return;
	s->counts.forgotten += gone;
	const uint64_t *begin = chunks_at(&s->spooled, before / CHUNK_ITEMS);
	if (begin)
		store_give_back(s->store, *begin);
	forget_threads(s);
	forget_conns(s);
}

/* Once a chunk, in front of its first message: while nothing of that is in the spool but as a draft. */
void session_stay_bounded(struct session *s)
{
	if (s->records.count % CHUNK_ITEMS)
		return;
	if (s->options.keep)
		*(uint64_t *)chunks_add(&s->spooled) = spool_begin(s);
	if (!s->options.keep) {
		forget_oldest(s, WINDOW);
	} else if (s->options.memory) {
		size_t used = session_counts(s).memory, records = chunks_memory(&s->records);
		uint64_t kept = s->records.count - s->records.first;
		if (used > s->options.memory && kept > 2 * CHUNK_ITEMS) {
			uint64_t over = (used - s->options.memory) / (records / kept + 1) + CHUNK_ITEMS;
			forget_oldest(s, over < kept - CHUNK_ITEMS ? kept - over : CHUNK_ITEMS);
		}
	}
}

static void sink_news(void *user, const struct news *n);

void session_stump(struct session *s, const struct piece *p)
{
	struct news n = { NEWS_CUT, p->conn, p->dir, p->time, p->size, NULL, { 0 } };
	sink_news(s, &n);
}

bool session_is_stump(struct session *s, const struct arrival *a, const struct piece *p)
{
	bool damaged = a->cut || (a->after_gap && !a->readable);
	if (!damaged || a->e.id.len || a->e.rid.len || a->encoding == ENCODING_PAYLOAD)
		return false;
	session_stump(s, p);
	return true;
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

static void begin_draft(struct session *s, struct conn_state *c, const struct piece *p)
{
	drop_draft(s, find_draft(c, p->dir, p->exchange));
	struct draft *d = xcalloc(1, sizeof *d);
	scan_init(&d->scan, s->schema);
	if (p->encoding == ENCODING_PAYLOAD)
		scan_begin_payload(&d->scan, schema_type_of_method(s->schema, p->method, p->reply), p->size);
	else
		scan_begin(&d->scan, p->size);
	d->scan.tap = thread_stream_tap;
	d->scan.tap_user = d;
	d->session = s;
	d->conn = c;
	d->dir = p->dir;
	d->exchange = p->exchange;
	d->after_gap = p->after_gap;
	d->next = c->drafts;
	c->drafts = d;
	s->drafts++;
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
	drop_draft(s, at);
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
	if (p->first)
		begin_draft(s, c, p);
	struct draft **at = find_draft(c, p->dir, p->exchange), *d = *at;
	if (!d)
		return;
	scan_feed(&d->scan, p->bytes);
	store_piece(s->store, &d->bytes, p->bytes, p->at);
	d->captured += p->bytes.len;
	if (p->last)
		end_draft(s, at, p);
}

/* There may have been messages in that direction of which nothing is known. */
static void see_gap(struct session *s, struct conn_state *c, const struct news *n, enum dir dir)
{
	c->gap[dir] = c->gap[dir] || n->kind != NEWS_CUT;
	c->pub->gaps += n->kind == NEWS_GAP;
	seq_capture_gap(&c->seq[dir]);
	streams_gap(s->streams, n->conn->number, dir);
}

static void sink_news(void *user, const struct news *n)
{
	struct session *s = user;
	struct conn_state *c = session_conn_state(s, n->conn);
	struct session_news row = { n->kind, n->dir, n->conn->number, (uint32_t)s->records.count, n->time, n->bytes, n->text,
				    texts_keep(&s->texts, n->detail) };
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

/* Nothing is kept: the connection goes, and the last one takes its place. */
static void drop_conn(struct session *s, uint32_t number)
{
	uint32_t at = places_at(&s->conn_of, number) - 1;
	struct conn_kept *k = s->conn[at];
	places_set(&s->conn_of, number, 0);
	s->conn[at] = s->conn[--s->conns];
	if (at < s->conns)
		places_set(&s->conn_of, s->conn[at]->pub.info.number, at + 1);
	free_kept(s, k);
}

/* It has ended: what others see of it stays. */
static void end_state(struct session *s, struct conn_state *c)
{
	struct conn_kept *k = session_conn_kept(s, c->pub->info.number);
	k->closed_after = (uint32_t)s->records.count;
	for (int d = 0; d < 2; d++)
		k->next_seq[d] = c->seq[d].begun ? c->seq[d].high : -1;
	k->state = NULL;
	free_state(s, c);
}

static void sink_closed(void *user, struct conn_info *info, int64_t time)
{
	struct session *s = user;
	struct conn_state *c = info->user;
	struct seq_verdict v;
	if (!c)
		return;
	formed_closed(s, c, info, time);
	learn(&c->pub->info, info);
	c->pub->closed = info->end != CONN_OPEN;
	c->pub->ended = time;
	drop_drafts(s, c);
	for (int d = 0; d < 2 && c->pub->closed; d++) {
		seq_end(&c->seq[d], &v);
		session_changes(s, c, &v, time);
	}
	thread_conn_closed(s, c, time);
	streams_drop_conn(s->streams, info->number);
	info->user = NULL;
	if (!s->options.keep)
		drop_conn(s, info->number);
	else if (c->pub->closed)
		end_state(s, c);
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
	return (struct sink){ s, sink_message, sink_news, sink_closed, envelope_probe };
}
