/*
 * Open threads of a connection: a list from the newest to the oldest, through the links `reply` (older) and `request` (newer) of their first
 * records, which are free until an answer comes.
 */
#include "decode/session_state.h"

void thread_open_add(struct session *s, struct conn_state *c, uint32_t n)
{
	struct record *r = record_at(s, n), *next = record_at(s, c->open);
	r->reply = next ? c->open : 0;
	r->request = 0;
	if (next)
		next->request = n;
	else
		c->oldest = n;
	c->open = n;
}

void thread_open_remove(struct session *s, struct record *r, uint32_t n)
{
	const struct conn_kept *kept = session_conn_kept(s, r->conn);
	struct conn_state *c = kept ? kept->state : NULL;
	struct record *newer = record_at(s, r->request), *older = record_at(s, r->reply);
	if (newer)
		newer->reply = r->reply;
	if (older)
		older->request = r->request;
	if (c && c->open == n)
		c->open = older ? r->reply : 0;
	if (c && c->oldest == n)
		c->oldest = newer ? r->request : 0;
	if (c && c->overdue == n)
		c->overdue = older ? r->reply : 0;
	r->reply = r->request = 0;
}
