/*
 * Drafts: messages that come in pieces, until the last one is there.
 *
 * A connection has few of them, at most one for each direction and exchange: a list. What is learned of a message stands in its scan, its bytes go
 * to the store as they come.
 */
#include "decode/session_state.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct draft **draft_find(struct conn_state *c, enum dir dir, uint32_t exchange)
{
	struct draft **at = &c->drafts;
	while (*at && ((*at)->dir != dir || (*at)->exchange != exchange))
		at = &(*at)->next;
	return at;
}

void draft_drop(struct session *s, struct draft **at)
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

void draft_drop_all(struct session *s, struct conn_state *c)
{
	while (c->drafts)
		draft_drop(s, &c->drafts);
}

struct draft *draft_begin(struct session *s, struct conn_state *c, const struct piece *p)
{
	draft_drop(s, draft_find(c, p->dir, p->exchange));
	struct draft *d = xcalloc(1, sizeof *d);
	scan_init(&d->scan, s->schema);
	if (p->encoding == ENCODING_PAYLOAD)
		scan_begin_payload(&d->scan, schema_type_of_method(s->schema, p->method, p->reply), p->size);
	else
		scan_begin(&d->scan, p->size);
	d->session = s;
	d->conn = c;
	d->dir = p->dir;
	d->exchange = p->exchange;
	d->after_gap = p->after_gap;
	d->next = c->drafts;
	c->drafts = d;
	s->drafts++;
	return d;
}
