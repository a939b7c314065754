/*
 * Choosing messages for what-ifs.
 *
 * A display filter is asked about messages of a session. So the relay's process has a small session of its own, which keeps no bytes, and is fed
 * with the messages of the direction that is changed, one after the other as they come: the filter knows the Envelope and its payload, the
 * connection and the seq. Where it is to know what the other direction tells, too (the request of a reply), that is heard besides, before what answers it.
 */
#include "cli/chooser.h"

#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>

struct chooser {
	struct session *session;
	struct sink sink;
	struct filter *only; /* NULL: all messages */
	const char *drop;
	unsigned verdict; /* on the message that was heard last */
};

static void hear(void *user, uint32_t n, struct slice bytes)
{
	struct chooser *c = user;
	const struct record *r = session_record(c->session, n);
	if (c->only && !filter_match(c->only, c->session, n, bytes))
		return;
	c->verdict = WHAT_IF_CHANGE;
	if (*c->drop && r && slice_is(session_command_name(c->session, r), c->drop))
		c->verdict |= WHAT_IF_DROP;
}

static unsigned judge(void *user, const struct piece *message)
{
	struct chooser *c = user;
	c->verdict = 0;
	c->sink.message(c->sink.user, message);
	return c->verdict;
}

static void overhear(void *user, const struct piece *message)
{
	struct chooser *c = user;
	c->sink.message(c->sink.user, message);
}

static void forget(void *user, struct conn_info *conn, int64_t time)
{
	struct chooser *c = user;
	conn->end = CONN_CLOSED_BY_CLIENT;
	c->sink.closed(c->sink.user, conn, time);
}

struct chooser *chooser_new(struct options *o)
{
	struct what_if_options *what_if = &o->proxy.what_if;
	if (!o->proxy.count || (!o->only_filter && !*what_if->drop))
		return NULL;
	struct chooser *c = xcalloc(1, sizeof *c);
	struct session_options so = { .no_bytes = true, .file = -1, .hash_key = hash_new_key() };
	c->only = o->only_filter;
	c->drop = what_if->drop;
	c->session = session_new(&so, &(struct session_listener){ .user = c, .message = hear });
	c->sink = session_sink(c->session);
	what_if->chooser = (struct what_if_chooser){ c, judge, forget, NULL, c->sink.probe };
	if (c->only && filter_needs_pair(c->only))
		what_if->chooser.heard = overhear;
	return c;
}

void chooser_free(struct chooser *c)
{
	if (!c)
		return;
	session_free(c->session);
	free(c);
}
