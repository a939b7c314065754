/*
 * What keeps a session within its bounds: the oldest chunks of records are forgotten, and with them what only they pointed to.
 *
 * Without `keep` a window of records stays; with a memory budget as many as that has room for. The spool file gives back what lies before
 * the oldest record, connections that are closed go with their last message.
 */
#include "base/xalloc.h"
#include "decode/identity.h"
#include "decode/session_state.h"

/* Records of a chunk are about to go: what points to them is undone. */
static void unhook(struct session *s, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		struct record *r = chunks_at(&s->records, i);
		if (r->thread == i + 1 && thread_is_open(r))
			thread_open_remove(s, r, (uint32_t)i + 1);
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

/* Of a signin that is about to go with all before `before`, or its reply, what it said stays as long as its connection. */
static void keep_identities(struct session *s, uint64_t before)
{
	for (uint32_t i = 0; i < s->conns; i++) {
		struct session_conn *c = &s->conn[i]->pub;
		bool stays = s->conn[i]->state || s->conn[i]->closed_after > before;
		bool request = c->signin > s->records.first && c->signin <= before;
		bool reply = c->signin_reply > s->records.first && c->signin_reply <= before;
		if (!stays || (!request && !reply))
			continue;
		struct identity *who = xcalloc(1, sizeof *who);
		identity_read(who, s, c);
		session_conn_set_who(s, c, who);
	}
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
			session_conn_free(s, k);
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
	if (s->options.keep)
		keep_identities(s, before);
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
