/*
 * Sums, one pass over the records.
 *
 * A request that is open when its record is passed goes to a list, which is gone through again and again: those that have ended leave it.
 * What was a message that stands alone becomes a request when its reply comes (a ping), so it is counted with that reply.
 *
 * Connections that the session has forgotten, for its memory limit, are forgotten here too, when they have become many.
 */
#include "decode/stats.h"

#include "base/places.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* A request without its final reply so far. */
struct waiting {
	uint32_t n, conn;
	uint16_t command;
};

/* Sums of a connection. */
struct conn_stats {
	uint32_t number;
	struct request_stats requests;
};

enum { CONNS_SPARE = 1024 /* beyond twice those that the session knows */ };

struct stats {
	const struct session *session;
	enum stats_kind of;
	uint32_t next;
	uint32_t missed; /* messages that were forgotten before they could be added */
	struct timeline rate;
	struct command_stats *command;
	size_t commands, command_cap;
	uint32_t *command_of; /* number of a command → index + 1 */
	struct conn_stats *conn;
	size_t conns, conn_cap;
	struct places conn_of; /* number of a connection → index + 1 */
	struct waiting *open;
	size_t opens, open_cap;
	size_t open_at; /* the next one to look at again */
};

struct stats *stats_new(const struct session *s, enum stats_kind of)
{
	struct stats *st = xcalloc(1, sizeof *st);
	st->session = s;
	st->of = of;
	st->next = 1;
	st->command_of = xcalloc(UINT16_MAX + 1, sizeof *st->command_of);
	return st;
}

void stats_free(struct stats *st)
{
	if (!st)
		return;
	for (size_t i = 0; i < st->commands; i++)
		quantile_release(&st->command[i].requests.latency);
	for (size_t i = 0; i < st->conns; i++)
		quantile_release(&st->conn[i].requests.latency);
	free(st->command);
	free(st->command_of);
	free(st->conn);
	places_release(&st->conn_of);
	free(st->open);
	free(st);
}

static struct command_stats *command_of(struct stats *st, const struct record *r)
{
	uint32_t *index = &st->command_of[r->command];
	if (!*index) {
		if (st->commands == st->command_cap) {
			st->command_cap = st->command_cap ? 2 * st->command_cap : 64;
			st->command = xreallocarray(st->command, st->command_cap, sizeof *st->command);
		}
		st->command[st->commands++] = (struct command_stats){ .name = session_command_name(st->session, r) };
		*index = (uint32_t)st->commands;
	}
	return &st->command[*index - 1];
}

static struct request_stats *add_conn(struct stats *st, uint32_t number)
{
	if (!st->conn || st->conns == st->conn_cap) {
		st->conn_cap = st->conn_cap ? 2 * st->conn_cap : 16;
		st->conn = xreallocarray(st->conn, st->conn_cap, sizeof *st->conn);
	}
	st->conn[st->conns++] = (struct conn_stats){ .number = number };
	places_set(&st->conn_of, number, (uint32_t)st->conns);
	return &st->conn[st->conns - 1].requests;
}

static struct request_stats *conn_of(struct stats *st, uint32_t number)
{
	struct request_stats *known = stats_conn(st, number);
	return known ? known : add_conn(st, number);
}

static void forget_conns(struct stats *st)
{
	size_t kept = 0;
	if (st->conns < 2 * (size_t)session_conns(st->session) + CONNS_SPARE)
		return;
	for (size_t i = 0; i < st->conns; i++) {
		uint32_t number = st->conn[i].number;
		bool known = session_conn(st->session, number) != NULL;
		if (known)
			st->conn[kept++] = st->conn[i];
		else
			quantile_release(&st->conn[i].requests.latency);
		places_set(&st->conn_of, number, known ? (uint32_t)kept : 0);
	}
	st->conns = kept;
}

/* The state of request n; of one whose thread begins with an answer that came first, that of its thread. */
static enum thread_state state_of(const struct session *s, const struct record *r, uint32_t n)
{
	struct thread_info t;
	if (r->thread == n)
		return (enum thread_state)r->state;
	session_thread(s, r->thread, &t);
	return t.request == n ? t.state : THREAD_ORPHAN;
}

static bool is_open(enum thread_state state)
{
	return state == THREAD_OPEN || state == THREAD_STREAMING;
}

static void end_request(const struct stats *st, struct request_stats *q, enum thread_state state, int64_t latency)
{
	if (!q)
		return;
	q->errors += state == THREAD_FAILED;
	q->unanswered += state == THREAD_UNANSWERED || state == THREAD_BROKEN;
	q->unsure += state == THREAD_UNSURE;
	if (latency < 0)
		return;
	quantile_add(&q->latency, latency);
	if (st->of == STATS_SHOWN)
		histogram_add(&q->histogram, latency);
}

/* The sums that a message counts in: those of its command and those of its connection, NULL if they are not wanted. Good until something is added to
 * either. */
struct sums {
	struct request_stats *of[2];
};

static struct sums sums_of(struct stats *st, const struct record *r)
{
	struct request_stats *command = st->of & STATS_COMMANDS ? &command_of(st, r)->requests : NULL;
	return (struct sums){ { command, st->of & STATS_CONNS ? conn_of(st, r->conn) : NULL } };
}

/* The request has ended in that state. */
static void ended(const struct stats *st, const struct sums *sums, const struct record *r, enum thread_state state)
{
	bool answered = state == THREAD_DONE || state == THREAD_FAILED;
	const struct record *first = session_record(st->session, r->thread);
	const struct record *reply = answered && first ? session_record(st->session, first->reply) : NULL;
	int64_t latency = reply ? reply->time - r->time : -1; /* less than 0 where the capture has the reply first: none */
	end_request(st, sums->of[0], state, latency);
	end_request(st, sums->of[1], state, latency);
}

static void count_request(const struct sums *sums, bool open)
{
	for (int i = 0; i < 2; i++) {
		if (!sums->of[i])
			continue;
		sums->of[i]->requests++;
		sums->of[i]->open += open;
	}
}

static void add_open(struct stats *st, const struct record *r, uint32_t n)
{
	if (st->opens == st->open_cap) {
		st->open_cap = st->open_cap ? 2 * st->open_cap : 64;
		st->open = xreallocarray(st->open, st->open_cap, sizeof *st->open);
	}
	st->open[st->opens++] = (struct waiting){ n, r->conn, r->command };
}

static void add_request(struct stats *st, const struct sums *sums, const struct record *r, uint32_t n)
{
	enum thread_state state = state_of(st->session, r, n);
	count_request(sums, is_open(state));
	if (is_open(state))
		add_open(st, r, n);
	else
		ended(st, sums, r, state);
}

/* Was it the reply to a message that stood alone? */
static void add_reply(struct stats *st, const struct record *r, uint32_t n)
{
	const struct record *first = session_record(st->session, r->thread);
	if (!first || first->role != ROLE_SINGLE || first->reply != n)
		return;
	struct sums sums = sums_of(st, first);
	count_request(&sums, false);
	ended(st, &sums, first, (enum thread_state)first->state);
}

static void count_command(struct command_stats *c, const struct record *r)
{
	c->count++;
	c->bytes[r->dir] += r->size;
}

static void add_message(struct stats *st, const struct record *r, uint32_t n)
{
	struct sums sums = sums_of(st, r);
	if (st->of & STATS_COMMANDS)
		count_command(command_of(st, r), r);
	if (st->of == STATS_SHOWN)
		timeline_add(&st->rate, r->time);
	if (r->role == ROLE_REQUEST)
		add_request(st, &sums, r, n);
	else if (r->role == ROLE_REPLY && r->thread != n)
		add_reply(st, r, n);
}

static void end_wait(struct stats *st, const struct waiting *w)
{
	struct request_stats *conn = stats_conn(st, w->conn);
	if (st->of & STATS_COMMANDS)
		st->command[st->command_of[w->command] - 1].requests.open--;
	if (conn)
		conn->open--;
}

/* Looks at open requests again. Of one that was forgotten meanwhile nothing more is known. */
static void look_again(struct stats *st, size_t work)
{
	for (; work && st->open_at < st->opens; work--) {
		struct waiting w = st->open[st->open_at];
		const struct record *r = session_record(st->session, w.n);
		enum thread_state state = r ? state_of(st->session, r, w.n) : THREAD_ORPHAN;
		if (r && is_open(state)) {
			st->open_at++;
			continue;
		}
		end_wait(st, &w);
		if (r) {
			struct sums sums = sums_of(st, r);
			ended(st, &sums, r, state);
		}
		st->open[st->open_at] = st->open[--st->opens];
	}
	if (st->open_at >= st->opens)
		st->open_at = 0;
}

bool stats_step(struct stats *st, uint32_t until, size_t work)
{
	size_t left = work;
	forget_conns(st);
	if (st->next < session_first(st->session)) {
		st->missed += session_first(st->session) - st->next;
		st->next = session_first(st->session);
	}
	for (; left && st->next <= until; left--, st->next++) {
		const struct record *r = session_record(st->session, st->next);
		if (r)
			add_message(st, r, st->next);
	}
	look_again(st, work);
	return st->next <= until;
}

uint32_t stats_missed(const struct stats *st)
{
	return st->missed;
}

uint32_t stats_next(const struct stats *st)
{
	return st->next;
}

size_t stats_commands(const struct stats *st)
{
	return st->commands;
}

struct command_stats *stats_command(struct stats *st, size_t i)
{
	return &st->command[i];
}

struct request_stats *stats_conn(struct stats *st, uint32_t number)
{
	uint32_t i = places_at(&st->conn_of, number);
	return i ? &st->conn[i - 1].requests : NULL;
}

const struct timeline *stats_rate(const struct stats *st)
{
	return &st->rate;
}
