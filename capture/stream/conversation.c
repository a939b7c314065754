/*
 * Conversations within a connection.
 *
 * The rules of the protocol hold for a conversation: its seqs begin at 0, its ids are its own, its requests wait until it ends. Mostly that is
 * a connection. HTTP/2 carries several SetupStreams at a time or one after the other (clients of one process share a connection, proxies
 * share one to the server, and who reconnects finds the old one still open), so each but the first gets a conn_info of its own, with the
 * same ends, and is told to the sink as a connection.
 */
#include "capture/stream/conversation.h"

#include "base/xalloc.h"

#include <stdlib.h>

struct conversation {
	const struct stream *carrier;
	struct conn_info info;
	struct stream stream;
	bool introduced;
};

struct conversation *conversation_new(const struct stream *carrier, bool start_seen, int64_t time)
{
	struct conversation *c = xcalloc(1, sizeof *c);
	c->carrier = carrier;
	c->info = *carrier->conn;
	c->info.number = (uint32_t)++carrier->counts->numbers;
	c->info.start_seen = start_seen;
	c->info.end = CONN_OPEN;
	c->info.opened = time;
	c->info.user = NULL;
	c->stream = *carrier;
	c->stream.conn = &c->info;
	carrier->counts->conversations++;
	return c;
}

void conversation_free(struct conversation *c)
{
	free(c);
}

/* Told with its first message, since to whoever opens a million of them and says nothing there is nothing to be shown. */
static void introduce(struct conversation *c, int64_t time)
{
	struct buf first = { 0 };
	buf_addf(&first, "the first is connection %u", c->info.carrier);
	struct news n = { NEWS_NOTE,
			  &c->info,
			  DIR_C2S,
			  time,
			  0,
			  "a further SetupStream on the same HTTP/2 connection, with seqs and ids of its own",
			  buf_slice(&first) };
	c->introduced = true;
	c->stream.sink->news(c->stream.sink->user, &n);
	buf_release(&first);
}

const struct stream *conversation_stream(struct conversation *c, int64_t time)
{
	const struct conn_info *carrier = c->carrier->conn;
	memcpy(c->info.settled, carrier->settled, sizeof c->info.settled);
	memcpy(c->info.held, carrier->held, sizeof c->info.held);
	c->info.tls = carrier->tls;
	c->info.transport = carrier->transport;
	if (!c->introduced)
		introduce(c, time);
	return &c->stream;
}

void conversation_end(struct conversation *c, enum conn_end end, int64_t time)
{
	c->info.end = end == CONN_OPEN ? c->carrier->conn->end : end;
	c->stream.sink->closed(c->stream.sink->user, &c->info, time);
}
