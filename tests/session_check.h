/*
 * What must hold of a session at any time, whatever it was fed: threads are chains that go forward, sums are the sums of what they sum up, every
 * open thread hangs in the list of its connection and nothing else does. For tests only, hence whole in a header.
 */
#ifndef TESTS_SESSION_CHECK_H
#define TESTS_SESSION_CHECK_H

#include "base/xalloc.h"
#include "decode/session_state.h"

#include <stdlib.h>

static inline bool check_is_open(const struct record *r)
{
	return r->state == THREAD_OPEN || r->state == THREAD_STREAMING;
}

/* Sums over a chain, made anew. */
struct check_sums {
	uint64_t bytes[2];
	uint32_t messages, events, rules, last, first_answer;
};

/* Walks a chain from its first message. in_chain[n - first kept] is set for each message of it. */
static inline const char *check_walk(const struct session *s, uint32_t head, uint8_t *in_chain, struct check_sums *sums)
{
	const struct record *first = record_at(s, head);
	*sums = (struct check_sums){ 0 };
	for (uint32_t n = head; n;) {
		const struct record *r = record_at(s, n);
		if (!r)
			return "a chain leads to a message that is not there";
		if (r->thread != head)
			return "a chain leads to a message of another thread";
		if (r->conn != first->conn)
			return "a chain leads to another connection";
		if (r->next && r->next <= n)
			return "a chain goes backwards";
		in_chain[n - session_first(s)]++;
		sums->bytes[r->dir] += r->size;
		sums->messages++;
		sums->events += r->role == ROLE_EVENT;
		sums->rules |= r->rules;
		if (!sums->first_answer && r->dir != first->dir)
			sums->first_answer = n;
		sums->last = n;
		n = r->next;
	}
	return NULL;
}

static inline const char *check_tally(const struct session *s, const struct record *first, const struct check_sums *sums)
{
	const struct tally *t = tally_at(s, first->tally);
	if (!t)
		return sums->messages > 2 ? "a long thread has no tally" : NULL;
	if (t->bytes[0] != sums->bytes[0] || t->bytes[1] != sums->bytes[1])
		return "the bytes of a tally are wrong";
	if (t->messages != sums->messages || t->events != sums->events)
		return "the messages of a tally are wrong";
	if (t->messages <= RECOUNT_MAX ? t->rules != sums->rules : (sums->rules & ~t->rules) != 0)
		return "the rules of a tally are wrong";
	if (t->first_answer != sums->first_answer)
		return "the first answer of a tally is wrong";
	return NULL;
}

/* What a screen is told. */
static inline const char *check_info(const struct session *s, uint32_t head, const struct check_sums *sums)
{
	struct thread_info i;
	session_thread(s, head, &i);
	if (i.first != head || i.last != sums->last)
		return "the ends of a thread are wrong";
	if (i.bytes[0] != sums->bytes[0] || i.bytes[1] != sums->bytes[1] || i.messages != sums->messages)
		return "the sums of a thread are wrong";
	if (i.state >= THREAD_STATES || i.percent < -1 || i.percent > 100)
		return "the state of a thread is none";
	const struct record *request = record_at(s, i.request), *reply = record_at(s, i.reply);
	if (request && request->thread != head)
		return "the request of a thread is another's";
	if (reply && (reply->thread != head || reply->role != ROLE_REPLY))
		return "the reply of a thread is none of it";
	if ((i.state == THREAD_DONE || i.state == THREAD_FAILED) && (!i.reply || !i.request))
		return "a thread is done without request or reply";
	return NULL;
}

static inline const char *check_head(const struct session *s, uint32_t n, uint8_t *in_chain)
{
	struct check_sums sums;
	const struct record *first = record_at(s, n);
	const char *why = check_walk(s, n, in_chain, &sums);
	if (!why && (first->last ? first->last : n) != sums.last)
		why = "a chain ends elsewhere than it says";
	if (!why)
		why = check_tally(s, first, &sums);
	return why ? why : check_info(s, n, &sums);
}

/* The list of open threads of a connection; counts how many there are. */
static inline const char *check_open(const struct session *s, const struct conn_state *c, uint64_t *open)
{
	uint32_t newer = 0;
	uint64_t left = s->records.count - s->records.first;
	for (uint32_t n = c->open; n; left--) {
		const struct record *r = record_at(s, n);
		if (!r || !left)
			return r ? "a list of open threads has no end" : "a list of open threads leads to nothing";
		if (r->thread != n || !check_is_open(r))
			return "a list of open threads has one that is not open";
		if (r->conn != c->pub->info.number)
			return "a list of open threads has one of another connection";
		if (r->request != newer)
			return "a list of open threads is not linked both ways";
		newer = n;
		n = r->reply;
		++*open;
	}
	if (c->oldest != newer)
		return "the oldest open thread is not the last of the list";
	if (c->pub->closed)
		return "a connection is closed and has its state still";
	return c->waiting_count > WAITING_MAX ? "too many wait" : NULL;
}

static inline const char *check_conns(const struct session *s, uint64_t open)
{
	uint64_t listed = 0;
	uint32_t breakers = 0;
	for (uint32_t i = 0; i < s->conns; i++) {
		const struct conn_kept *k = s->conn[i];
		breakers += k->pub.rules != NULL;
		const char *why = k->state ? check_open(s, k->state, &listed) : NULL;
		if (why)
			return why;
		if (session_conn(s, k->pub.info.number) != &k->pub || (k->state && k->state->pub != &k->pub))
			return "a connection is not found by its number";
	}
	if (breakers != s->breakers)
		return "the connections that broke a rule are counted wrong";
	return listed == open ? NULL : "an open thread is in no list";
}

/* With every message still there: what was counted is what the records say. */
static inline const char *check_counts(const struct session *s)
{
	struct session_counts want = { .messages = 0 };
	uint64_t messages = 0;
	for (uint64_t i = 0; i < s->records.count; i++) {
		const struct record *r = chunks_at(&s->records, i);
		want.bytes += r->size;
		for (int rule = 0; rule < RULES; rule++)
			want.rules[rule] += r->rules >> rule & 1;
	}
	struct session_counts c = session_counts(s);
	if (c.messages != s->records.count || c.bytes != want.bytes)
		return "messages or bytes are counted wrong";
	for (int rule = 0; rule < RULES; rule++)
		if (c.rules[rule] != want.rules[rule])
			return "the rules are counted wrong";
	for (uint32_t i = 0; i < s->conns; i++) {
		const struct session_conn *k = session_conn_at(s, i);
		messages += k->messages[0] + k->messages[1];
		if (s->options.keep && (session_conn_from(s, k->place) != i || (i && session_conn_at(s, i - 1)->place >= k->place)))
			return "the connections are not in order";
		for (int rule = 0; rule < RULES; rule++)
			want.rules[rule] -= session_conn_broken(k, (enum rule)rule);
	}
	for (int rule = 0; rule < RULES && s->options.keep; rule++)
		if (want.rules[rule])
			return "the rules of the connections are counted wrong";
	return !s->options.keep || messages == c.messages ? NULL : "the messages of the connections are counted wrong";
}

static inline const char *check_threads(const struct session *s)
{
	uint32_t before = 0;
	for (uint32_t i = 0; i < session_threads(s); i++) {
		uint32_t n = session_thread_at(s, i);
		if (n && n <= before)
			return "the threads are not in order";
		if (record_at(s, n) && record_at(s, n)->thread != n)
			return "one of the threads is none";
		before = n ? n : before;
	}
	return NULL;
}

static inline const char *check_records(const struct session *s, uint8_t *in_chain)
{
	uint64_t open = 0;
	for (uint64_t i = s->records.first; i < s->records.count; i++) {
		const struct record *r = chunks_at(&s->records, i);
		if (!r->thread || r->thread > i + 1)
			return "a message is in a thread that begins later";
		open += r->thread == i + 1 && check_is_open(r);
		const char *why = r->thread == i + 1 ? check_head(s, (uint32_t)i + 1, in_chain) : NULL;
		if (why)
			return why;
	}
	for (uint64_t i = s->records.first; i < s->records.count; i++) {
		const struct record *r = chunks_at(&s->records, i);
		if (in_chain[i - s->records.first] != (record_at(s, r->thread) != NULL))
			return "a message is not in the chain of its thread, or twice";
	}
	return check_conns(s, open);
}

/* NULL if all holds; else a sentence. */
static inline const char *session_check(const struct session *s)
{
	uint8_t *in_chain = xcalloc(s->records.count - s->records.first + 1, 1);
	const char *why = check_records(s, in_chain);
	free(in_chain);
	if (!why)
		why = check_threads(s);
	return why || s->records.first ? why : check_counts(s);
}

#endif
