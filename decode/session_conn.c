/*
 * What a session knows of a connection: its state while messages may come, and what stays of it as long as its messages do.
 */
#include "decode/session_state.h"

#include "base/pages.h"
#include "base/xalloc.h"
#include "decode/identity.h"

#include <stdlib.h>

static void free_state(struct session *s, struct conn_state *c)
{
	if (!c)
		return;
	draft_drop_all(s, c);
	legacy_parts_free(c->legacy[DIR_C2S]);
	legacy_parts_free(c->legacy[DIR_S2C]);
	seq_release(&c->seq[DIR_C2S]);
	seq_release(&c->seq[DIR_S2C]);
	free(c->waiting);
	s->states--;
	s->states_of[(uint16_t)c->pub->info.number]--;
	free(c);
}

void session_conn_set_who(struct session *s, struct session_conn *c, struct identity *who)
{
	s->identities += identity_memory(who) - identity_memory(c->who);
	if (c->who)
		identity_release(c->who);
	free(c->who);
	c->who = who;
}

void session_conn_free(struct session *s, struct conn_kept *k)
{
	free_state(s, k->state);
	s->breakers -= k->pub.rules != NULL;
	session_conn_set_who(s, &k->pub, NULL);
	free(k->pub.rules);
	free(k->pub.info.program);
	free(k);
}

void session_conn_learn(struct session_conn *c, const struct conn_info *info)
{
	struct conn_facts *f = &c->info;
	char *program = !f->program && info->program[0] ? xstrdup(info->program) : f->program;
	*f = (struct conn_facts){ info->number, info->carrier,  info->stream,    { info->ends[0], info->ends[1] },
				  info->tls,    info->deflated, info->transport, info->end,
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
	k->pub.place = (uint32_t)s->counts.conns_forgotten + s->conns;
	s->conn[s->conns++] = k;
	s->states++;
	s->states_of[(uint16_t)info->number]++;
	places_set(&s->conn_of, info->number, s->conns);
	c->pub = &k->pub;
	session_conn_learn(&k->pub, info);
	return c;
}

struct conn_state *session_conn_state(struct session *s, struct conn_info *info)
{
	struct conn_state *c = info->user ? info->user : new_conn(s, info);
	bool program = info->program[0];
	c->info = info;
	if (c->transport == info->transport && c->tls == info->tls && c->program == program)
		return c;
	c->transport = (uint8_t)info->transport;
	c->tls = info->tls;
	c->program = program;
	session_conn_learn(c->pub, info);
	return c;
}

void session_conn_drop(struct session *s, uint32_t number)
{
	uint32_t at = places_at(&s->conn_of, number) - 1;
	struct conn_kept *k = s->conn[at];
	places_set(&s->conn_of, number, 0);
	s->conn[at] = s->conn[--s->conns];
	if (at < s->conns)
		places_set(&s->conn_of, s->conn[at]->pub.info.number, at + 1);
	session_conn_free(s, k);
}

void session_conn_end(struct session *s, struct conn_state *c)
{
	struct conn_kept *k = session_conn_kept(s, c->pub->info.number);
	k->closed_after = (uint32_t)s->records.count;
	for (int d = 0; d < 2; d++)
		k->next_seq[d] = c->seq[d].begun ? c->seq[d].high : -1;
	k->state = NULL;
	free_state(s, c);
}
