/*
 * Reading a session: what exporters and screens ask.
 *
 * Nothing here changes it. A thread's facts come from its first record and, where it has more than two messages, from its tally, so
 * that a row costs the same however long the thread is.
 */
#include "decode/session_state.h"

#include "base/amount.h"

#include <stdlib.h>

const char *role_name(enum role r)
{
	static const char *const names[] = { "single", "request", "reply", "stream", "event" };
	return names[r];
}

const char *thread_state_name(enum thread_state s)
{
	static const char *const names[THREAD_STATES] = { "single",     "open",   "streaming", "done",      "failed",
							  "unanswered", "broken", "unsure",    "no request" };
	return names[s];
}

const struct schema *session_schema(const struct session *s)
{
	return s->schema;
}

struct session_counts session_counts(const struct session *s)
{
	struct session_counts c = s->counts;
	c.ids_forgotten = idtable_forgotten(s->ids);
	c.parts_forgotten = s->legacy.given_up;
	c.commands_unnamed = s->names.unnamed;
	c.streams_untracked = streams_untracked(s->streams);
	c.spool = store_spooled(s->store);
	c.spool_given_up = store_given_up(s->store);
	c.unreadable += store_failed(s->store);
	c.memory = chunks_memory(&s->records) + chunks_memory(&s->tallies) + chunks_memory(&s->threads) + chunks_memory(&s->news) +
		   idtable_memory(s->ids) + s->conns * sizeof(struct conn_kept) + s->states * sizeof(struct conn_state) +
		   s->breakers * RULES * sizeof(uint32_t) + s->identities + places_memory(&s->conn_of);
	return c;
}

uint32_t session_count(const struct session *s)
{
	return (uint32_t)s->records.count;
}

uint32_t session_first(const struct session *s)
{
	return (uint32_t)s->records.first + 1;
}

const struct record *session_record(const struct session *s, uint32_t n)
{
	return record_at(s, n);
}

struct slice session_bytes(const struct session *s, uint32_t n, struct buf *scratch)
{
	const struct record *r = record_at(s, n);
	return r ? store_read(s->store, r->place, r->size, scratch) : (struct slice){ NULL, 0 };
}

struct slice session_command_name(const struct session *s, const struct record *r)
{
	return names_name(&s->names, r->command);
}

/* n of the thread's request: its first message, or the one that came after its answer. */
static uint32_t request_of(const struct session *s, const struct record *first, uint32_t n)
{
	if (first->role == ROLE_REQUEST || first->role == ROLE_SINGLE)
		return n;
	const struct tally *t = tally_at(s, first->tally);
	if (t && t->request)
		return t->request;
	return thread_is_open(first) ? 0 : first->request;
}

static int64_t span(const struct session *s, uint32_t from, uint32_t to)
{
	const struct record *a = record_at(s, from), *b = record_at(s, to);
	return a && b && from != to ? b->time - a->time : -1;
}

static uint32_t first_answer(const struct session *s, const struct record *first, const struct tally *t)
{
	if (t)
		return t->first_answer;
	const struct record *second = record_at(s, first->next);
	return second && second->dir != first->dir ? first->next : 0;
}

static void add_sums(const struct session *s, const struct record *first, struct thread_info *out)
{
	const struct tally *t = tally_at(s, first->tally);
	if (t) {
		out->bytes[0] = t->bytes[0];
		out->bytes[1] = t->bytes[1];
		out->messages = t->messages;
		out->chunks = t->chunks;
		out->events = t->events;
		out->rules = t->rules | first->rules;
		out->stream = t->stream;
		out->stream_bytes = t->stream_bytes;
		out->stream_total = t->stream_total;
		if (t->stream_total)
			out->percent = (int)(t->stream_bytes >= t->stream_total ? 100 : 100 * t->stream_bytes / t->stream_total);
		return;
	}
	const struct record *both[] = { first, record_at(s, first->next) };
	for (int i = 0; i < 2 && both[i]; i++) {
		out->bytes[both[i]->dir] += both[i]->size;
		out->messages++;
		out->events += both[i]->role == ROLE_EVENT;
		out->rules |= both[i]->rules;
	}
}

void session_thread(const struct session *s, uint32_t n, struct thread_info *out)
{
	const struct record *first = record_at(s, n);
	*out = (struct thread_info){ .first = n, .latency_first = -1, .latency_last = -1, .percent = -1 };
	if (!first)
		return;
	out->request = request_of(s, first, n);
	out->reply = thread_is_open(first) ? 0 : first->reply;
	out->last = first->last ? first->last : n;
	out->state = (enum thread_state)first->state;
	out->time = first->time;
	out->latency_first = span(s, out->request, first_answer(s, first, tally_at(s, first->tally)));
	out->latency_last = span(s, out->request, out->reply);
	add_sums(s, first, out);
}

uint32_t session_threads(const struct session *s)
{
	return (uint32_t)s->threads.count;
}

uint32_t session_thread_at(const struct session *s, uint32_t i)
{
	const uint32_t *n = chunks_at(&s->threads, i);
	return n ? *n : 0;
}

uint32_t session_event_of(const struct session *s, uint32_t n)
{
	const struct record *r = record_at(s, n);
	return r && r->role == ROLE_REPLY && r->thread != n ? r->request : 0;
}

uint32_t session_request_of(const struct session *s, uint32_t n)
{
	const struct record *r = record_at(s, n);
	if (!r || r->role == ROLE_REQUEST || r->thread == n)
		return 0;
	const struct record *first = record_at(s, r->thread);
	uint32_t event = session_event_of(s, n), request = event ? event : first ? request_of(s, first, r->thread) : 0;
	return request < n ? request : 0;
}

int64_t session_latency(const struct session *s, uint32_t n)
{
	const struct record *r = record_at(s, n);
	uint32_t request = r && r->role == ROLE_REPLY ? session_request_of(s, n) : 0;
	return request ? span(s, request, n) : -1;
}

uint32_t session_conns(const struct session *s)
{
	return s->conns;
}

const struct session_conn *session_conn_at(const struct session *s, uint32_t i)
{
	return i < s->conns ? &s->conn[i]->pub : NULL;
}

uint32_t session_conn_from(const struct session *s, uint32_t place)
{
	uint32_t low = 0, high = s->conns;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (s->conn[middle]->pub.place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct session_conn *session_conn(const struct session *s, uint32_t number)
{
	const struct conn_kept *k = session_conn_kept(s, number);
	return k ? &k->pub : NULL;
}

int64_t session_next_seq(const struct session *s, uint32_t number, enum dir dir)
{
	const struct conn_kept *k = session_conn_kept(s, number);
	if (!k)
		return -1;
	if (!k->state)
		return k->next_seq[dir];
	return k->state->seq[dir].begun ? k->state->seq[dir].high : -1;
}

uint32_t session_news_count(const struct session *s)
{
	return (uint32_t)s->news.count;
}

const struct session_news *session_news_at(const struct session *s, uint32_t i)
{
	return chunks_at(&s->news, i);
}

void session_revisions(const struct session *s, uint64_t *first, uint64_t *end)
{
	*end = s->revisions;
	*first = s->revisions > REVISIONS_MAX ? s->revisions - REVISIONS_MAX : 0;
}

struct session_revision session_revision_at(const struct session *s, uint64_t i)
{
	return s->revision[i % REVISIONS_MAX];
}

const struct stream_mismatch *session_mismatch(const struct session *s, uint32_t n)
{
	uint64_t low = 0, high = s->mismatches.count;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct stream_mismatch *m = chunks_at(&s->mismatches, middle);
		if (m->n == n)
			return m;
		if (m->n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void session_news_text(struct buf *out, const struct session_news *n)
{
	static const char *const before[NEWS_KINDS] = { "gap: ", "skipped ", "over-long message: a length of ", "cut: ", "", "" };
	static const char *const words[NEWS_KINDS] = { "byte[ is|s are] missing from the capture",
						       "byte[s] before the next message that could be found",
						       "byte[s] is beyond the limit",
						       "byte[s] of a message of which too little was captured to tell what it was",
						       "",
						       "" };
	if (n->kind == NEWS_GAP && !n->bytes) {
		buf_add_str(out, "gap: bytes are missing from the capture");
	} else if (n->text) {
		buf_add_str(out, n->text);
	} else {
		buf_add_str(out, before[n->kind]);
		amount_add_counted(out, n->bytes, words[n->kind]);
	}
	buf_add_str(out, n->detail.len ? ": " : "");
	buf_add(out, n->detail);
}
