/*
 * Kept calls of a sink.
 *
 *	| call | conn_info, if it has changed | piece, news or time | bytes they refer to | call | ...
 *
 * All parts begin at multiples of 8. The pieces and news are kept as the structs that they are; their slices are set anew when they are
 * told, to the bytes behind them.
 *
 * A conn_info changes while its connection lives. `known`, in conn_info.user of the keeping side, remembers what the telling side's copy
 * says: settled and held go along with each call, since they change often; the rest only where it has changed.
 */
#include "capture/events.h"

#include "base/xalloc.h"

#include <stdlib.h>

enum { CACHE_LINE = 64 };
enum what { MESSAGE, NEWS, CLOSED };

/* Of a connection, on the telling side, which frees it. Both sides write all the time, so what is theirs must not share a cache line. */
struct copy {
	uint8_t apart[CACHE_LINE];
	struct conn_info conn;
	uint8_t from_behind[CACHE_LINE];
};

struct call {
	struct copy *copy;
	uint32_t size; /* of all parts */
	uint8_t what;  /* enum what */
	bool changed;  /* a conn_info follows */
	bool stay;     /* the bytes of the message are not kept here */
	bool settled[2];
	uint8_t held[2];
};

/* Of a connection, on the keeping side. */
struct known {
	struct copy *copy;
	enum transport transport; /* these five as the copy has them */
	bool tls, deflated, start_seen, program;
};

static size_t aligned(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* Takes note of what the connection is like now. True if the copy has to be told. */
static bool note(struct known *k, const struct conn_info *conn)
{
	bool program = conn->program[0];
	bool same = k->transport == conn->transport && k->tls == conn->tls && k->deflated == conn->deflated &&
		    k->start_seen == conn->start_seen && k->program == program;
	k->transport = conn->transport;
	k->tls = conn->tls;
	k->deflated = conn->deflated;
	k->start_seen = conn->start_seen;
	k->program = program;
	return !same;
}

static struct known *new_known(struct conn_info *conn)
{
	struct known *k = conn->user = xcalloc(1, sizeof *k);
	k->copy = xcalloc(1, sizeof *k->copy);
	return k;
}

/* Where the piece, news or time of a call is. */
static void *own_part(struct call *call)
{
	return (uint8_t *)(call + 1) + (call->changed ? aligned(sizeof(struct conn_info)) : 0);
}

/* Begins a call whose own part has `size` bytes, and behind it room for so many more. */
static struct call *begin(struct events *e, enum what what, struct conn_info *conn, size_t size, size_t more)
{
	struct known *k = conn->user;
	bool is_new = !k;
	if (is_new)
		k = new_known(conn);
	bool changed = note(k, conn) || is_new || what == CLOSED;
	size_t info = changed ? aligned(sizeof *conn) : 0, all = sizeof(struct call) + info + aligned(size + more);
	struct call *call = (struct call *)(void *)buf_reserve(&e->calls, all);
	*call = (struct call){ k->copy,
			       (uint32_t)all,
			       (uint8_t)what,
			       changed,
			       false,
			       { conn->settled[0], conn->settled[1] },
			       { conn->held[0], conn->held[1] } };
	if (changed)
		memcpy(call + 1, conn, sizeof *conn);
	e->calls.len += all;
	return call;
}

static void keep_bytes(uint8_t *to, struct slice bytes)
{
	if (bytes.len)
		memcpy(to, bytes.at, bytes.len);
}

static bool stays(const struct events *e, struct slice bytes)
{
	return e->stays.len && bytes.at >= e->stays.at && bytes.at + bytes.len <= e->stays.at + e->stays.len;
}

static void keep_message(void *user, const struct piece *p)
{
	struct events *e = user;
	bool stay = stays(e, p->bytes);
	size_t copied = stay ? 0 : p->bytes.len;
	struct call *call = begin(e, MESSAGE, p->conn, sizeof *p, copied + p->method.len);
	struct piece *kept = own_part(call);
	*kept = *p;
	call->stay = stay;
	keep_bytes((uint8_t *)(kept + 1), slice_head(p->bytes, copied));
	keep_bytes((uint8_t *)(kept + 1) + copied, p->method);
}

static void keep_news(void *user, const struct news *n)
{
	struct news *kept = own_part(begin(user, NEWS, n->conn, sizeof *n, n->detail.len));
	*kept = *n;
	keep_bytes((uint8_t *)(kept + 1), n->detail);
}

static void keep_closed(void *user, struct conn_info *conn, int64_t time)
{
	int64_t *kept = own_part(begin(user, CLOSED, conn, sizeof time, 0));
	*kept = time;
	free(conn->user);
	conn->user = NULL;
}

struct sink events_sink(struct events *e, const struct sink *to)
{
	return (struct sink){ e, keep_message, keep_news, keep_closed, to->probe, to->sender };
}

static void tell_message(const struct call *call, struct piece *p, const struct sink *to)
{
	p->conn = &call->copy->conn;
	p->method.at = (const uint8_t *)(p + 1);
	if (!call->stay) {
		p->bytes.at = p->method.at;
		p->method.at += p->bytes.len;
	}
	to->message(to->user, p);
}

static void tell_news(struct news *n, struct conn_info *conn, const struct sink *to)
{
	n->conn = conn;
	n->detail.at = (const uint8_t *)(n + 1);
	to->news(to->user, n);
}

/* The copy becomes what the connection was when the call was kept. */
static void renew(struct call *call)
{
	struct conn_info *conn = &call->copy->conn;
	void *user = conn->user;
	if (call->changed)
		memcpy(conn, call + 1, sizeof *conn);
	conn->user = user;
	memcpy(conn->settled, call->settled, sizeof conn->settled);
	memcpy(conn->held, call->held, sizeof conn->held);
}

void events_tell(struct buf *calls, const struct sink *to)
{
	for (size_t at = 0; at < calls->len;) {
		struct call *call = (struct call *)(void *)(calls->at + at);
		void *own = own_part(call);
		renew(call);
		at += call->size;
		switch ((enum what)call->what) {
		case MESSAGE: tell_message(call, own, to); break;
		case NEWS: tell_news(own, &call->copy->conn, to); break;
		case CLOSED:
			to->closed(to->user, &call->copy->conn, *(const int64_t *)own);
			free(call->copy);
			break;
		}
	}
	buf_clear(calls);
}
