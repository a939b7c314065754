/*
 * A relayed connection.
 *
 *	          flow[DIR_C2S]
 *	client ────────────────> target        end[DIR_C2S] is the client, end[DIR_S2C] the target:
 *	       <────────────────               the index says in which direction an end sends
 *	          flow[DIR_S2C]
 *
 * A flow reads a chunk only when all of the chunk before was written: a receiver that is slow thus stops its sender, and a bridge holds one
 * chunk a direction at most. What is read is told to the pipeline before anything else is read, so that a request is known before its reply; where
 * it passes as it is, once it was written, so that nobody waits for that.
 *
 * Ends: a FIN (or TLS's close_notify) goes on as such once all before it is written, and the other direction lives on. A reset goes on
 * as a reset, after what its sender had sent before it. If an end takes no more bytes, what it still sends is
 * read to its end, then both are reset.
 */
#include "capture/proxy/bridge.h"

#include "base/text.h"
#include "base/when.h"
#include "base/xalloc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { TURN = 16 }; /* chunks of a direction before others have their turn */

int64_t bridge_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void watch_end(struct bridge *b, enum dir side)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = &b->watch[side] };
	b->watch[side] = (struct watch){ WATCH_END, b, b->end[side].fd, side };
	epoll_ctl(b->shared->epoll, EPOLL_CTL_ADD, b->end[side].fd, &e);
}

static void release(struct bridge *b)
{
	for (int d = 0; d < 2; d++) {
		struct flow *f = &b->flow[d];
		buf_release(&f->pending);
		http_head_free(f->head);
		authority_free(f->authority);
		f->head = NULL;
		f->authority = NULL;
	}
	what_if_free(b->what_if);
	b->what_if = NULL;
}

/* Both ends go. `end` is told, `by_reset`: they go with a reset. */
static void finish(struct bridge *b, enum conn_end end, bool by_reset)
{
	if (b->done)
		return;
	b->done = true;
	tell_closed(&b->telling, b->shared->ring, end);
	end_close(&b->end[0], by_reset);
	end_close(&b->end[1], by_reset);
	release(b);
}

static enum conn_end reset_by(enum dir side)
{
	return side == DIR_C2S ? CONN_RESET_BY_CLIENT : CONN_RESET_BY_SERVER;
}

static void note(struct bridge *b, enum dir dir, struct slice text)
{
	b->shared->unsaid += !tell_note(&b->telling, b->shared->ring, dir, text);
}

/* A sentence about one end: "the target WHERE WHAT". */
static void tell_about(struct bridge *b, enum dir side, const char *what)
{
	struct buf text = { 0 }, safe = { 0 };
	buf_add_str(&text, side == DIR_S2C ? "the target " : "the client of ");
	proxy_address_add(&text, side == DIR_S2C ? &b->route->pair.target : &b->route->pair.listen);
	buf_addf(&text, " %s", what);
	text_add_safe(&safe, buf_slice(&text));
	note(b, side, buf_slice(&safe));
	buf_release(&text);
	buf_release(&safe);
}

/* Such a sentence, and the end of the bridge. */
static void fail(struct bridge *b, enum dir side, const char *what)
{
	tell_about(b, side, what);
	finish(b, reset_by(side), true);
}

static void have_patience(struct bridge *b, int seconds)
{
	b->deadline = bridge_clock() + seconds * (int64_t)NS_PER_S;
}

static void set_options(int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on); /* an urgent byte is one of them */
}

/* TLS begins on an end, or it is ready without. */
static void equip(struct bridge *b, enum dir side)
{
	struct end *e = &b->end[side];
	SSL_CTX *c = side == DIR_C2S ? b->route->server : b->route->client;
	e->connected = true;
	have_patience(b, BRIDGE_PATIENCE_S);
	if (c)
		e->ssl = side == DIR_C2S ? tls_server_new(c, e->fd) : tls_client_new(c, &b->route->pair.target, e->fd);
	e->ready = !c;
	if (side == DIR_S2C)
		tell_owed(&b->telling, b->shared->ring);
	if (c && !e->ssl)
		fail(b, side, "cannot have TLS: out of memory");
}

static void connect_next(struct bridge *b);

/* Begins with the next of the target's addresses. */
static void try_next(struct bridge *b)
{
	have_patience(b, b->next_address + 1 < b->route->targets ? BRIDGE_NEXT_S : BRIDGE_PATIENCE_S);
	connect_next(b);
}

/* The address did not answer: the next one, or none is left. */
static void connect_failed(struct bridge *b, int reason)
{
	char what[128];
	end_close(&b->end[DIR_S2C], false);
	if (b->next_address < b->route->targets) {
		try_next(b);
		return;
	}
	snprintf(what, sizeof what, "cannot be reached: %s", strerror(reason));
	fail(b, DIR_S2C, what);
}

static void connect_next(struct bridge *b)
{
	const struct route_address *at = &b->route->target[b->next_address++];
	struct end *e = &b->end[DIR_S2C];
	struct endpoint to = route_endpoint(&at->at);
	e->fd = socket(at->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	b->telling.open.family[DIR_S2C] = to.family;
	b->telling.open.port[DIR_S2C] = to.port;
	memcpy(b->telling.open.addr[DIR_S2C], to.addr, sizeof to.addr);
	int got = e->fd < 0 ? -1 : connect(e->fd, (const struct sockaddr *)&at->at, at->size);
	if (got != 0 && e->fd >= 0 && errno == EAGAIN) { /* a pipe whose queue of new clients is full */
		end_close(e, false);
		b->next_address--;
		b->retry = true;
		return;
	}
	if (got != 0 && (e->fd < 0 || errno != EINPROGRESS)) {
		connect_failed(b, errno);
		return;
	}
	if (to.family)
		set_options(e->fd);
	watch_end(b, DIR_S2C);
	if (got == 0)
		equip(b, DIR_S2C);
}

/* What rewrites and changes the bytes. */
static void prepare(struct bridge *b, const struct endpoint *client)
{
	const struct what_if_options *o = &b->shared->options->what_if;
	const struct proxy_address *target = &b->route->pair.target;
	bool changes = what_if_wanted(o) && what_if_possible(target);
	struct conn_info info = {
		.number = (uint32_t)b->telling.id, .stream = (uint32_t)b->telling.id - 1, .opened = b->telling.opened, .start_seen = true
	};
	if (proxy_family(target) == PROXY_HTTP1)
		b->flow[DIR_C2S].head = http_head_new(target, changes);
	if (proxy_family(target) == PROXY_HTTP2)
		b->flow[DIR_C2S].authority = authority_new(target);
	info.ends[DIR_C2S] = *client;
	info.settled[0] = info.settled[1] = true;
	info.tls = proxy_is_tls(&b->route->pair.listen) || proxy_is_tls(target);
	if (proxy_is_pipe(&b->route->pair.listen) || proxy_is_pipe(target))
		info.transport = TRANSPORT_PIPE;
	if (changes)
		b->what_if = what_if_new(o, target, &info);
}

struct bridge *bridge_new(struct bridge_shared *s, const struct route *r, int fd, uint64_t id, const struct sockaddr_storage *client,
			  bool silent)
{
	struct bridge *b = xcalloc(1, sizeof *b);
	struct endpoint from = route_endpoint(client);
	b->shared = s;
	b->route = r;
	b->telling = (struct telling){ .id = id, .opened = tell_now(), .silent = silent };
	b->telling.open.pair = r->index;
	b->telling.open.family[DIR_C2S] = from.family;
	b->telling.open.port[DIR_C2S] = from.port;
	memcpy(b->telling.open.addr[DIR_C2S], from.addr, sizeof from.addr);
	end_init(&b->end[0]);
	end_init(&b->end[1]);
	b->end[DIR_C2S].fd = fd;
	if (from.family)
		set_options(fd);
	prepare(b, &from);
	watch_end(b, DIR_C2S);
	equip(b, DIR_C2S);
	if (!b->done)
		try_next(b);
	return b;
}

/* Writes what is pending. True if nothing is left. */
static bool flush(struct bridge *b, enum dir dir)
{
	struct flow *f = &b->flow[dir];
	size_t put;
	while (f->written < f->pending.len) {
		switch (end_write(&b->end[!dir], slice_skip(buf_slice(&f->pending), f->written), &put)) {
		case END_DONE: f->written += put; break;
		case END_WAIT: return false;
		default: f->broken = true; return false;
		}
	}
	f->written = 0;
	buf_release(&f->pending);
	return true;
}

/* What is no HTTP may be TLS, by a client that was told so of its URL. */
static void tell_if_tls(struct bridge *b, struct slice bytes)
{
	if (bytes.len > 1 && bytes.at[0] == 0x16 && bytes.at[1] == 3)
		tell_about(b, DIR_C2S, "speaks TLS, which passes as it is: LISTEN would take it off as wss, https or grpcs");
}

/* What the target is told instead of what the client said. */
static struct slice rewrite(struct bridge *b, struct flow *f, struct slice bytes)
{
	struct buf *out = &b->shared->rewritten;
	if (!f->head && !f->authority)
		return bytes;
	buf_clear(out);
	if (f->head && !http_head_feed(f->head, bytes, out)) {
		http_head_free(f->head);
		f->head = NULL;
		tell_if_tls(b, bytes);
	}
	if (f->authority && !authority_feed(f->authority, bytes, out) && !authority_fault(f->authority)) {
		authority_free(f->authority);
		f->authority = NULL;
		tell_if_tls(b, bytes);
	}
	return buf_slice(out);
}

/* Tells what became of the changes, and of what could not be rewritten. False if the connection is over. */
static bool tell_faults(struct bridge *b)
{
	const struct authority *a = b->flow[DIR_C2S].authority;
	const char *news = b->what_if ? what_if_news(b->what_if) : NULL;
	if (news)
		note(b, b->shared->options->what_if.on, slice_str(news));
	if (a && authority_fault(a))
		fail(b, DIR_C2S, authority_fault(a));
	else if (b->what_if && what_if_stuck(b->what_if))
		finish(b, reset_by(DIR_C2S), true);
	return !b->done;
}

/* Bytes on their way: written at once as far as possible, the rest is pending. */
static void pass(struct bridge *b, enum dir dir, struct slice bytes)
{
	struct flow *f = &b->flow[dir];
	struct buf *const out[2] = { &b->flow[0].pending, &b->flow[1].pending };
	size_t put = 0;
	bytes = rewrite(b, f, bytes);
	if (b->what_if)
		what_if_feed(b->what_if, dir, bytes, bridge_clock(), out);
	if (!tell_faults(b))
		return;
	if (b->what_if) {
		flush(b, DIR_C2S);
		flush(b, DIR_S2C);
		return;
	}
	if (!bytes.len)
		return;
	switch (end_write(&b->end[!dir], bytes, &put)) {
	case END_DONE: break;
	case END_WAIT: put = 0; break;
	default: f->broken = true; return;
	}
	buf_add(&f->pending, slice_skip(bytes, put));
}

/* The sender has ended: what was held back of it goes on. */
static void end_rewriting(struct bridge *b, enum dir dir)
{
	struct flow *f = &b->flow[dir];
	struct buf *const out[2] = { &b->flow[0].pending, &b->flow[1].pending };
	struct buf rest = { 0 };
	if (f->head)
		http_head_end(f->head, &rest);
	if (f->authority)
		authority_end(f->authority, &rest);
	if (b->what_if && rest.len)
		what_if_feed(b->what_if, dir, buf_slice(&rest), bridge_clock(), out);
	else
		buf_add(&f->pending, buf_slice(&rest));
	if (b->what_if && dir != b->shared->options->what_if.on)
		what_if_end(b->what_if, dir, out);
	buf_release(&rest);
}

/* TLS was ended by its peer's alert, or by what is none. */
static void tell_tls_fault(struct bridge *b, enum dir side)
{
	struct buf what = { 0 };
	buf_add_str(&what, "ends TLS: ");
	if (tls_add_reason(&what))
		tell_about(b, side, buf_cstr(&what));
	buf_release(&what);
}

static void take_over(struct bridge *b, enum dir dir, enum end_status status)
{
	struct flow *f = &b->flow[dir];
	f->over = true;
	f->abrupt = status == END_ABRUPT;
	f->reset = status == END_RESET;
	if (!b->first_over_told)
		b->first_over = dir;
	b->first_over_told = true;
	if (f->reset && b->end[dir].ssl)
		tell_tls_fault(b, dir);
	end_rewriting(b, dir);
	if (!f->reset)
		tell_end(&b->telling, b->shared->ring, dir);
}

/* Passes the end of a flow on, once all before it is written. */
static void pass_end(struct bridge *b, enum dir dir)
{
	struct flow *f = &b->flow[dir];
	if (f->reset && end_unsent(&b->end[!dir]) > 0 && bridge_clock() < b->deadline)
		b->retry = true;
	else if (f->reset)
		finish(b, reset_by(dir), true);
	else if (!f->shut && end_shut(&b->end[!dir], f->abrupt) != END_WAIT)
		f->shut = true;
}

/* What-ifs: lets go what is due. False if nothing more is to be read of a direction, or ended, before its time has come. */
static bool let_go(struct bridge *b, enum dir dir)
{
	struct buf *const out[2] = { &b->flow[0].pending, &b->flow[1].pending };
	const struct flow *f = &b->flow[dir], *back = &b->flow[!dir];
	if (!b->what_if || dir != b->shared->options->what_if.on)
		return true;
	bool waits = what_if_due(b->what_if, bridge_clock(), f->over, out);
	b->retry |= waits;
	if (back->pending.len > BRIDGE_CHUNK && !back->broken)
		return false; /* what answers it is not taken */
	return !waits || (!f->over && !what_if_full(b->what_if));
}

/* One chunk of a direction. True if there may be more. */
static bool step(struct bridge *b, enum dir dir)
{
	struct flow *f = &b->flow[dir];
	size_t got;
	bool held = !f->broken && !let_go(b, dir);
	if (f->broken || !flush(b, dir) || held)
		return false;
	if (f->over) {
		pass_end(b, dir);
		return false;
	}
	enum end_status status = end_read(&b->end[dir], b->shared->chunk, BRIDGE_CHUNK, &got);
	if (status == END_WAIT)
		return false;
	if (status == END_DONE) {
		struct slice bytes = slice_of(b->shared->chunk, got);
		bool as_it_is = !f->head && !f->authority && !b->what_if;
		if (!as_it_is)
			tell_bytes(&b->telling, b->shared->ring, dir, bytes);
		pass(b, dir, bytes);
		if (as_it_is)
			tell_bytes(&b->telling, b->shared->ring, dir, bytes);
		return true;
	}
	take_over(b, dir, status);
	if (f->reset)
		have_patience(b, BRIDGE_PATIENCE_S);
	return true;
}

/* A receiver that takes nothing any more: its flow is broken. What it has sent is read to its end. */
static void end_if_over(struct bridge *b)
{
	for (int d = 0; d < 2 && !b->done; d++) {
		const struct flow *f = &b->flow[d], *back = &b->flow[!d];
		if (f->broken && (back->broken || (back->over && !back->pending.len)))
			finish(b, reset_by(!d), true);
	}
	if (!b->done && b->flow[0].shut && b->flow[1].shut)
		finish(b, b->first_over == DIR_C2S ? CONN_CLOSED_BY_CLIENT : CONN_CLOSED_BY_SERVER, false);
}

bool bridge_pump(struct bridge *b)
{
	bool more[2] = { true, true };
	if (b->done || !b->end[0].ready || !b->end[1].ready)
		return false;
	for (int i = 0; i < TURN && !b->done && (more[0] || more[1]); i++)
		for (int d = 0; d < 2 && !b->done; d++)
			more[d] = more[d] && step(b, (enum dir)d);
	if (!b->done)
		end_if_over(b);
	return !b->done && (more[0] || more[1]);
}

static void fail_at_tls(struct bridge *b, enum dir side)
{
	struct buf what = { 0 };
	buf_add_str(&what, "shows a certificate that is not accepted: ");
	if (!tls_add_refusal(&what, b->end[side].ssl)) {
		buf_clear(&what);
		buf_add_str(&what, side == DIR_S2C ? "refuses TLS: " : "does not agree on TLS: ");
		tls_add_reason(&what);
	}
	fail(b, side, buf_cstr(&what));
	buf_release(&what);
}

static void shake_hands(struct bridge *b, enum dir side)
{
	struct end *e = &b->end[side];
	enum end_status status = end_handshake(e);
	if (status == END_DONE)
		e->ready = true;
	else if (status != END_WAIT)
		fail_at_tls(b, side);
}

/* A socket that was connecting has an event. */
static void see_connected(struct bridge *b)
{
	int reason = 0;
	socklen_t size = sizeof reason;
	getsockopt(b->end[DIR_S2C].fd, SOL_SOCKET, SO_ERROR, &reason, &size);
	if (reason)
		connect_failed(b, reason);
	else
		equip(b, DIR_S2C);
}

void bridge_event(struct bridge *b, enum dir side, uint32_t events)
{
	struct end *e = &b->end[side];
	if (b->done || e->fd != b->watch[side].fd)
		return;
	e->readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	e->in_parts |= (events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	if (!e->connected && events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		see_connected(b);
	if (!b->done && e->connected && !e->ready)
		shake_hands(b, side);
	if (!b->done && b->end[0].ready && b->end[1].ready && !b->flow[0].reset && !b->flow[1].reset)
		b->deadline = 0;
}

void bridge_tick(struct bridge *b, int64_t now, bool again)
{
	if (b->done)
		return;
	if (again && b->end[DIR_S2C].fd < 0)
		connect_next(b);
	if (b->done || !b->deadline || now < b->deadline || b->flow[0].reset || b->flow[1].reset)
		return;
	struct end *target = &b->end[DIR_S2C];
	if (target->fd >= 0 && !target->connected && b->next_address < b->route->targets)
		connect_failed(b, ETIMEDOUT);
	else if (!target->ready)
		fail(b, DIR_S2C, target->connected ? "does not answer to TLS" : "cannot be reached: it does not answer");
	else
		fail(b, DIR_C2S, "does not begin with TLS");
}

void bridge_free(struct bridge *b)
{
	end_close(&b->end[0], false);
	end_close(&b->end[1], false);
	release(b);
	free(b);
}
