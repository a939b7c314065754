/*
 * The session: a message arrives, gets its record, its rules, its thread.
 *
 * One way through: sink_message → (whole: at once; in pieces: a draft gathers the facts until the last one) → take() → record, type
 * rules, seq rules, thread_message → listener. What others read of it stands in session_read.c, threading in thread.c.
 *
 * Records stay in chunks. Without `keep`, or with a memory budget, the oldest chunks are forgotten as new ones are added.
 */
#include "decode/session_state.h"

#include "base/xalloc.h"

#include <ctype.h>
#include <stdlib.h>

static bool still_open(void *user, const struct id_entry *e)
{
	const struct session *s = user;
	const struct record *r = record_at(s, e->n);
	if (!r)
		return e->kind == ID_WATCH || e->kind == ID_QUEUE;
	const struct session_conn *c = session_conn(s, r->conn);
	if (!c || c->closed)
		return false;
	return e->kind != ID_MESSAGE || r->state == THREAD_OPEN || r->state == THREAD_STREAMING;
}

static struct known_commands know_commands(const struct schema *schema)
{
#define KNOW(name) .name = schema_command(schema, slice_str(#name))
	return (struct known_commands){ KNOW(error), KNOW(ping), KNOW(signin), KNOW(signinreply), KNOW(download), KNOW(upload),
					KNOW(beginstream), KNOW(stream), KNOW(watchreply), KNOW(watchevent),
					KNOW(registerqueuereply), KNOW(registerexchangereply) };
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
	s->ids = idtable_new(o->hash_key, still_open, s);
	chunks_init(&s->records, sizeof(struct record));
	chunks_init(&s->tallies, sizeof(struct tally));
	chunks_init(&s->threads, sizeof(uint32_t));
	chunks_init(&s->news, sizeof(struct session_news));
	return s;
}

static void drop_draft(struct session *s, struct conn_state *c, enum dir dir)
{
	struct draft *d = c->draft[dir];
	if (!d)
		return;
	scan_release(&d->scan);
	store_draft_release(&d->bytes);
	free(d);
	c->draft[dir] = NULL;
	s->drafts--;
}

static void free_conn(struct session *s, struct conn_state *c)
{
	drop_draft(s, c, DIR_C2S);
	drop_draft(s, c, DIR_S2C);
	free(c);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->conns; i++)
		if (s->conn[i])
			free_conn(s, s->conn[i]);
	free(s->conn);
	free(s->conn_of);
	chunks_release(&s->records);
	chunks_release(&s->tallies);
	chunks_release(&s->threads);
	chunks_release(&s->news);
	idtable_free(s->ids);
	store_free(s->store);
	names_release(&s->names);
	schema_free(s->schema);
	free(s);
}

static void grow_conn_of(struct session *s, uint32_t number)
{
	uint32_t cap = s->conn_of_cap ? s->conn_of_cap : 64;
	while (cap <= number)
		cap *= 2;
	if (cap == s->conn_of_cap)
		return;
	s->conn_of = xreallocarray(s->conn_of, cap, sizeof *s->conn_of);
	memset(s->conn_of + s->conn_of_cap, 0, (cap - s->conn_of_cap) * sizeof *s->conn_of);
	s->conn_of_cap = cap;
}

/* The state of a connection, made when it first has something to say. */
static struct conn_state *conn_of(struct session *s, struct conn_info *info)
{
	struct conn_state *c = info->user;
	if (!c) {
		c = info->user = xcalloc(1, sizeof *c);
		if (s->conns == s->conns_cap) {
			s->conns_cap = s->conns_cap ? 2 * s->conns_cap : 64;
			s->conn = xreallocarray(s->conn, s->conns_cap, sizeof(struct conn_state *));
		}
		s->conn[s->conns++] = c;
		grow_conn_of(s, info->number);
		s->conn_of[info->number] = s->conns;
		c->pub.info = *info;
	}
	c->pub.info.transport = info->transport;
	c->pub.info.tls = info->tls;
	return c;
}

void session_break(struct session *s, struct conn_state *c, struct record *r, enum rule rule)
{
	uint32_t bit = UINT32_C(1) << rule;
	if (r->rules & bit)
		return;
	r->rules |= bit;
	c->pub.rules[rule]++;
	s->counts.rules[rule]++;
}

void session_break_late(struct session *s, struct conn_state *c, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct record *r = record_at(s, n);
	if (r) {
		if (was != RULES && r->rules >> was & 1) {
			r->rules &= ~(UINT32_C(1) << was);
			c->pub.rules[was]--;
			s->counts.rules[was]--;
		}
		session_break(s, c, r, rule);
		struct record *first = record_at(s, r->thread);
		struct tally *t = first ? tally_at(s, first->tally) : NULL;
		if (t)
			t->rules |= UINT32_C(1) << rule;
	}
	if (s->listener.rule)
		s->listener.rule(s->listener.user, n, rule, was, time);
}

static void late_changes(struct session *s, struct conn_state *c, const struct seq_verdict *v, int64_t time)
{
	for (size_t i = 0; i < v->changes; i++)
		session_break_late(s, c, v->change[i].n, v->change[i].rule, v->change[i].was, time);
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
			t->messages = s->free_tally;
			s->free_tally = r->tally;
		}
	}
}

static void forget_oldest(struct session *s, uint64_t keep)
{
	uint64_t before = s->records.count > keep ? s->records.count - keep : 0;
	before -= before % CHUNK_ITEMS;
	if (before <= s->records.first)
		return;
	unhook(s, s->records.first, before);
	if (s->options.keep)
		s->counts.forgotten += before - s->records.first;
	chunks_forget(&s->records, before);
}

/* Keeps memory within its bounds, once a chunk. */
static void stay_bounded(struct session *s)
{
	if (s->records.count % CHUNK_ITEMS)
		return;
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

static bool same_folded(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.len && a.len == b.len; i++)
		if (tolower(a.at[i]) != tolower(b.at[i]))
			return false;
	return a.len == b.len;
}

static struct slice without_end(struct slice s, const char *end)
{
	size_t n = strlen(end);
	if (s.len > n && same_folded(slice_skip(s, s.len - n), slice_str(end)))
		s.len -= n;
	return s;
}

/* Do a command and a type that the schema does not have go together? By the rule of names, or because both are the same word. */
static bool names_agree(struct slice command, struct slice url)
{
	size_t from = url.len;
	while (from && url.at[from - 1] != '/' && url.at[from - 1] != '.')
		from--;
	struct slice type = slice_skip(url, from);
	return same_folded(command, type) || same_folded(command, without_end(type, "request")) ||
	       same_folded(without_end(command, "reply"), without_end(type, "response"));
}

/* What the payload is, and the rules about it (protocol.md, "Command and message"). */
static void take_type(struct session *s, struct arrival *a)
{
	const struct command_info *info = schema_command_info(s->schema, a->r->command);
	type_id by_command = info ? info->type : 0, by_url = 0;
	if (info && info->reply_type && a->e.rid.len)
		by_command = info->reply_type;
	a->r->has_data = a->e.has_data;
	if (!a->e.has_data) {
		a->r->type = 0;
		return;
	}
	if (schema_url_is(s->schema, by_command, a->e.type_url))
		by_url = by_command;
	else if (a->e.type_url.len)
		by_url = schema_type_of_url(s->schema, a->e.type_url);
	else if (!a->cut)
		session_break(s, a->conn, a->r, RULE_TYPE_MISSING);
	bool other = info && info->reply_type && by_url == info->type;
	if (a->e.type_url.len && a->e.command.len && by_url != by_command && !other && !names_agree(a->e.command, a->e.type_url))
		session_break(s, a->conn, a->r, RULE_TYPE_MISMATCH);
	a->r->type = by_url ? by_url : by_command;
	a->r->untyped = !by_url;
}

static void take_seq(struct session *s, struct arrival *a)
{
	struct seq_verdict v;
	struct seq *seq = &a->conn->seq[a->dir];
	if (!a->has_seq) {
		seq_capture_gap(seq);
		return;
	}
	a->r->seq = a->e.seq;
	a->r->has_seq = true;
	seq_message(seq, a->e.seq, a->n, a->info->start_seen, &v);
	for (int rule = 0; v.rules >> rule; rule++)
		if (v.rules >> rule & 1)
			session_break(s, a->conn, a->r, (enum rule)rule);
	late_changes(s, a->conn, &v, a->r->time);
	if (a->cut) /* the gap that cut it may have taken whole messages after it too */
		seq_capture_gap(seq);
}

static void take_rules(struct session *s, struct arrival *a)
{
	if (!a->good && !a->cut)
		session_break(s, a->conn, a->r, RULE_DECODE);
	if (a->gap || a->after_gap)
		session_break(s, a->conn, a->r, RULE_CAPTURE_GAP);
	if (a->unmasked)
		session_break(s, a->conn, a->r, RULE_UNMASKED);
	if (a->e.priority < 0 || a->e.priority > 3)
		session_break(s, a->conn, a->r, RULE_PRIORITY_RANGE);
	if (a->r->command == s->known.error && a->e.rid.len)
		session_break(s, a->conn, a->r, RULE_ERROR_REPLY);
}

/* A payload that lies whole in the bytes: is it valid? (A draft's was checked as it came.) */
static bool payload_valid(const struct session *s, type_id type, const struct envelope *e)
{
	const ProtobufCMessageDescriptor *d = schema_descriptor(s->schema, type);
	return !d || schema_valid(d, e->value);
}

static void see_signin(struct arrival *a, const struct session *s)
{
	struct session_conn *c = &a->conn->pub;
	if (a->r->command == s->known.signin && !c->signin_reply)
		c->signin = a->n;
	else if (a->r->command == s->known.signinreply)
		c->signin = a->r->thread, c->signin_reply = a->n;
}

static void count_arrival(struct session *s, struct arrival *a)
{
	struct session_conn *c = &a->conn->pub;
	if (!c->first)
		c->first = a->r->time;
	c->last = a->r->time;
	c->messages[a->dir]++;
	c->bytes[a->dir] += a->r->size;
	s->counts.messages++;
	s->counts.bytes += a->r->size;
	see_signin(a, s);
	if (s->options.keep && a->r->thread == a->n)
		*(uint32_t *)chunks_add(&s->threads) = a->n;
}

static int8_t clamped(int32_t priority)
{
	return (int8_t)(priority < INT8_MIN ? INT8_MIN : priority > INT8_MAX ? INT8_MAX : priority);
}

/* A message is complete: `a` knows what the bytes say, p where they came from. whole: a->bytes is all of it. */
static void take(struct session *s, struct arrival *a, const struct piece *p, uint64_t place, bool whole)
{
	stay_bounded(s);
	a->r = chunks_add(&s->records);
	a->n = (uint32_t)s->records.count;
	*a->r = (struct record){
		.time = p->time, .place = place, .size = (uint32_t)p->size, .conn = p->conn->number,
		.command = names_number(&s->names, a->e.command), .dir = p->dir & 1, .encoding = p->encoding & 3, .cut = a->cut,
		.has_rid = a->e.rid.len > 0, .has_jwt = a->e.jwt.len > 0, .priority = clamped(a->e.priority),
		.transport = p->conn->transport & 127, .tls = p->conn->tls,
	};
	take_type(s, a);
	if (whole && a->good && !a->cut)
		a->good = payload_valid(s, a->r->type, &a->e);
	take_rules(s, a);
	take_seq(s, a);
	thread_message(s, a);
	count_arrival(s, a);
	if (s->listener.message)
		s->listener.message(s->listener.user, a->n, a->bytes);
}

static void sink_news(void *user, const struct news *n);

/* Of a cut message that does not even show its id nothing can be said but that it was there. */
static bool is_stump(struct session *s, const struct arrival *a, const struct piece *p)
{
	if (!a->cut || a->e.id.len)
		return false;
	struct news n = { NEWS_CUT, p->conn, p->dir, p->time, p->size, NULL };
	sink_news(s, &n);
	return true;
}

/* Field by field, but for the Envelope, which whoever reads it fills in whole. */
static void arrival_init(struct arrival *a, struct session *s, const struct piece *p)
{
	a->conn = conn_of(s, p->conn);
	a->info = p->conn;
	a->dir = p->dir;
	a->bytes = p->bytes;
	a->cut = p->cut;
	a->gap = p->gap;
	a->after_gap = p->after_gap;
	a->unmasked = p->unmasked;
	a->rid_key = 0;
}

/* Where the id table will be looked at: told to the cache while other things are done. */
static void prepare_keys(struct session *s, struct arrival *a)
{
	uint32_t conn = a->info->number;
	a->id_key = idtable_key(s->ids, conn, a->dir, false, a->e.id);
	idtable_prefetch(s->ids, a->id_key);
	if (!a->e.rid.len)
		return;
	a->rid_key = idtable_key(s->ids, conn, !a->dir, false, a->e.rid);
	idtable_prefetch(s->ids, a->rid_key);
}

static void take_whole(struct session *s, const struct piece *p)
{
	struct arrival a;
	arrival_init(&a, s, p);
	a.good = envelope_read(p->bytes, &a.e) && p->size > 0;
	a.has_seq = a.good || a.e.id.len > 0;
	prepare_keys(s, &a);
	uint64_t place = 0;
	if (is_stump(s, &a, p))
		return;
	if (s->options.keep)
		place = p->cut ? store_cut(s->store, p->bytes, p->at) : store_add(s->store, p->bytes, p->at);
	take(s, &a, p, place, true);
}

static void begin_draft(struct session *s, struct conn_state *c, const struct piece *p)
{
	drop_draft(s, c, p->dir);
	struct draft *d = c->draft[p->dir] = xcalloc(1, sizeof *d);
	scan_init(&d->scan, s->schema);
	scan_begin(&d->scan, p->size);
	d->after_gap = p->after_gap;
	s->drafts++;
}

static void end_draft(struct session *s, struct conn_state *c, const struct piece *p)
{
	struct draft *d = c->draft[p->dir];
	struct arrival a;
	struct buf scratch = { 0 };
	uint64_t place = store_finish(s->store, &d->bytes, p->cut);
	arrival_init(&a, s, p);
	a.e = scan_envelope(&d->scan);
	a.good = scan_good(&d->scan);
	a.has_seq = a.good || a.e.id.len > 0;
	a.after_gap = d->after_gap;
	prepare_keys(s, &a);
	if (s->listener.message)
		a.bytes = store_read(s->store, place, d->captured, &scratch);
	if (!is_stump(s, &a, p))
		take(s, &a, p, place, false);
	buf_release(&scratch);
	drop_draft(s, c, p->dir);
	if (!s->options.keep && !s->drafts)
		store_reset(s->store);
}

static void sink_message(void *user, const struct piece *p)
{
	struct session *s = user;
	if (p->first && p->last) {
		take_whole(s, p);
		return;
	}
	struct conn_state *c = conn_of(s, p->conn);
	if (p->first)
		begin_draft(s, c, p);
	struct draft *d = c->draft[p->dir];
	if (!d)
		return;
	scan_feed(&d->scan, p->bytes);
	store_piece(s->store, &d->bytes, p->bytes, p->at);
	d->captured += p->bytes.len;
	if (p->last)
		end_draft(s, c, p);
}

static void sink_news(void *user, const struct news *n)
{
	struct session *s = user;
	struct conn_state *c = conn_of(s, n->conn);
	struct session_news row = { n->kind, n->dir, n->conn->number, (uint32_t)s->records.count, n->time, n->bytes, n->text };
	if (n->kind == NEWS_GAP || n->kind == NEWS_SKIPPED || n->kind == NEWS_CUT || n->kind == NEWS_OVERLONG) {
		c->gap[n->dir] = c->gap[n->dir] || n->kind == NEWS_GAP;
		c->pub.gaps += n->kind == NEWS_GAP;
		seq_capture_gap(&c->seq[n->dir]);
	}
	if (s->options.keep && s->news.count < NEWS_MAX)
		*(struct session_news *)chunks_add(&s->news) = row;
	else
		s->counts.news_forgotten += s->options.keep;
	if (s->listener.news)
		s->listener.news(s->listener.user, &row);
}

static void sink_closed(void *user, struct conn_info *info, int64_t time)
{
	struct session *s = user;
	struct conn_state *c = info->user;
	struct seq_verdict v;
	if (!c)
		return;
	c->pub.info = *info;
	c->pub.info.user = NULL;
	c->pub.closed = info->end != CONN_OPEN;
	drop_draft(s, c, DIR_C2S);
	drop_draft(s, c, DIR_S2C);
	for (int d = 0; d < 2 && c->pub.closed; d++) {
		seq_end(&c->seq[d], &v);
		late_changes(s, c, &v, time);
	}
	thread_conn_closed(s, c, time);
	info->user = NULL;
	if (s->options.keep)
		return;
	uint32_t at = s->conn_of[info->number] - 1;
	s->conn_of[info->number] = 0;
	s->conn[at] = s->conn[--s->conns];
	if (at < s->conns)
		s->conn_of[s->conn[at]->pub.info.number] = at + 1;
	free_conn(s, c);
}

struct sink session_sink(struct session *s)
{
	return (struct sink){ s, sink_message, sink_news, sink_closed, envelope_probe };
}
