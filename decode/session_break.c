/*
 * Messages break rules: marked on the record, counted for its connection, its thread and in all.
 *
 * What a message breaks may be known only later, or turn out to be another rule: then the listener is told.
 */
#include "decode/session_state.h"

#include "base/xalloc.h"

static struct tally *tally_of(const struct session *s, const struct record *r)
{
	const struct record *first = record_at(s, r->thread);
	return first ? tally_at(s, first->tally) : NULL;
}

static void count_broken(struct session *s, struct session_conn *c, enum rule rule, int more)
{
	if (!c->rules) {
		c->rules = xcalloc(RULES, sizeof *c->rules);
		s->breakers++;
	}
	c->rules[rule] += (uint32_t)more;
}

void session_break(struct session *s, struct conn_state *c, struct record *r, enum rule rule)
{
	uint32_t bit = UINT32_C(1) << rule;
	if (r->rules & bit)
		return;
	r->rules |= bit;
	count_broken(s, c->pub, rule, 1);
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
	count_broken(s, c->pub, rule, -1);
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

void session_changes(struct session *s, struct conn_state *c, const struct seq_verdict *v, int64_t time)
{
	for (size_t i = 0; i < v->changes; i++)
		session_break_late(s, c, v->change[i].n, v->change[i].rule, v->change[i].was, time);
}
