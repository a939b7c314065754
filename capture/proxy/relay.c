/*
 * The relay.
 *
 * One loop on epoll. Sockets report edges (see end.c); a bridge that has had its turn and could go on is queued, so that one that
 * transfers a gigabyte does not keep the others waiting. Bridges are freed between two rounds of events only, since an event that was
 * fetched already may still name them. One that is closed but owes the pipeline something (teller.c) stays until that is told.
 */
#include "capture/proxy/relay.h"

#include "base/when.h"
#include "base/xalloc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EVENTS = 256, ACCEPTS = 64, TICK_MS = 500, SOON_MS = 20, OWING_MAX = 4096, WAKE_NS = 1000000 };

struct relay {
	const struct relay_setup *setup;
	struct bridge_shared shared;
	struct watch parent, listener[PROXY_PAIRS_MAX * ROUTE_ADDRESSES];
	size_t listeners;
	struct bridge *newest;             /* those that are open */
	struct bridge *queue, **queue_end; /* those that could go on */
	struct bridge *debtors;            /* those that are closed and owe something */
	size_t open, owing;                /* how many are open, and owe */
	size_t open_max;
	uint64_t last_id;
	int64_t ticked;
	int64_t woken; /* when the pipeline was told last that there is something */
	bool soon;     /* somebody wants to be looked at without an event */
	bool deaf;     /* until the next tick no client is accepted: descriptors or memory are out */
	struct proxy_counts counts, counts_told;
	bool stop;
};

static bool watch(struct relay *r, struct watch *w)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = w };
	return epoll_ctl(r->shared.epoll, EPOLL_CTL_ADD, w->fd, &e) == 0;
}

static void enqueue(struct relay *r, struct bridge *b)
{
	if (b->queued)
		return;
	b->queued = true;
	b->next_queued = NULL;
	*r->queue_end = b;
	r->queue_end = &b->next_queued;
}

static void add(struct relay *r, const struct route *route, int fd, const struct sockaddr_storage *client)
{
	bool silent = r->owing >= OWING_MAX;
	struct bridge *b = bridge_new(&r->shared, route, fd, ++r->last_id, client, silent);
	r->counts.untold += silent;
	b->older = r->newest;
	if (r->newest)
		r->newest->newer = b;
	r->newest = b;
	r->open++;
	enqueue(r, b);
}

static void listen_or_not(struct relay *r, bool deaf)
{
	if (r->deaf == deaf)
		return;
	r->deaf = deaf;
	for (size_t i = 0; i < r->listeners; i++) {
		struct epoll_event e = { .events = deaf ? 0 : EPOLLIN, .data.ptr = &r->listener[i] };
		epoll_ctl(r->shared.epoll, EPOLL_CTL_MOD, r->listener[i].fd, &e);
	}
}

/* Accepts one client. False if there is none, or if none can be for now: those who wait do not go away, and would be told of at once again. */
static bool accept_one(struct relay *r, const struct watch *w)
{
	struct sockaddr_storage client = { 0 };
	socklen_t size = sizeof client;
	int fd = accept4(w->fd, (struct sockaddr *)&client, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		bool none_left = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM,
		     again = errno == EINTR || errno == ECONNABORTED;
		listen_or_not(r, none_left);
		return again;
	}
	struct endpoint from = route_endpoint(&client);
	bool allowed = route_allows(r->setup->options, &from), full = r->open >= r->open_max;
	if (allowed && !full) {
		add(r, w->owner, fd, &client);
		return true;
	}
	struct end e = { .fd = fd };
	end_close(&e, true);
	*(allowed ? &r->counts.refused_full : &r->counts.refused_address) += 1;
	return true;
}

static void take_event(struct relay *r, const struct epoll_event *e)
{
	struct watch *w = e->data.ptr;
	switch (w->kind) {
	case WATCH_PARENT: r->stop = true; break;
	case WATCH_LISTENER:
		for (int i = 0; i < ACCEPTS && accept_one(r, w); i++)
			;
		break;
	case WATCH_END:
		bridge_event(w->owner, w->side, e->events);
		enqueue(r, w->owner);
		break;
	}
}

/* A closed bridge goes, or becomes a debtor. */
static void retire(struct relay *r, struct bridge *b)
{
	*(b->newer ? &b->newer->older : &r->newest) = b->older;
	if (b->older)
		b->older->newer = b->newer;
	r->open--;
	if (tell_owed(&b->telling, r->shared.ring)) {
		bridge_free(b);
		return;
	}
	b->next_queued = r->debtors;
	r->debtors = b;
	r->owing++;
}

/* Everybody who is queued has one turn. */
static void take_turns(struct relay *r)
{
	struct bridge *b = r->queue, *next;
	r->queue = NULL;
	r->queue_end = &r->queue;
	for (; b; b = next) {
		next = b->next_queued;
		b->queued = false;
		bool more = bridge_pump(b);
		r->soon |= b->retry;
		if (b->done)
			retire(r, b);
		else if (more)
			enqueue(r, b);
	}
}

static void pay_debts(struct relay *r)
{
	while (r->debtors && tell_owed(&r->debtors->telling, r->shared.ring)) {
		struct bridge *b = r->debtors;
		r->debtors = b->next_queued;
		r->owing--;
		bridge_free(b);
	}
}

static void tell_counts(struct relay *r)
{
	struct ring_record head = { .kind = RING_COUNTS, .time = tell_now() };
	r->counts.unsaid = r->shared.unsaid;
	if (memcmp(&r->counts, &r->counts_told, sizeof r->counts) == 0)
		return;
	if (ring_put(r->shared.ring, &head, slice_of(&r->counts, sizeof r->counts), 0))
		r->counts_told = r->counts;
}

/* Time has passed: deadlines, retries, debts. What is owed by open connections is paid, too. */
static void tick(struct relay *r, int64_t now)
{
	r->ticked = now;
	r->soon = false;
	listen_or_not(r, false);
	pay_debts(r);
	for (struct bridge *b = r->newest; b; b = b->older) {
		bool again = b->retry;
		b->retry = false;
		bridge_tick(b, now, again);
		tell_owed(&b->telling, r->shared.ring);
		if (again || b->done)
			enqueue(r, b);
	}
}

/* The pipeline is woken once in a while only: where messages come one by one, a process more that wants to run would slow them down. */
static void wake_reader(struct relay *r, int64_t now)
{
	if (!ring_owes_wake(r->shared.ring) || now - r->woken < WAKE_NS)
		return;
	ring_wake(r->shared.ring);
	r->woken = now;
}

static int patience(const struct relay *r)
{
	if (r->queue)
		return 0;
	if (ring_owes_wake(r->shared.ring))
		return 1;
	return r->soon || r->debtors ? SOON_MS : TICK_MS;
}

static void loop(struct relay *r)
{
	struct epoll_event events[EVENTS];
	while (!r->stop) {
		int n = epoll_wait(r->shared.epoll, events, EVENTS, patience(r));
		for (int i = 0; i < n; i++)
			take_event(r, &events[i]);
		take_turns(r);
		tell_counts(r);
		int64_t now = bridge_clock();
		if (now - r->ticked >= (r->soon || r->debtors ? SOON_MS : TICK_MS) * (int64_t)(NS_PER_S / 1000))
			tick(r, now);
		wake_reader(r, now);
	}
}

/* As many connections as descriptors allow, two each. */
static size_t connections_possible(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return PROXY_CONNECTIONS;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	size_t files = l.rlim_cur < 4 * PROXY_CONNECTIONS ? l.rlim_cur : 4 * PROXY_CONNECTIONS, others = files < 256 ? files / 4 : 64;
	size_t possible = (files - others) / 2;
	return possible < PROXY_CONNECTIONS ? possible : PROXY_CONNECTIONS;
}

/* The parent's signals are its own: Ctrl-C ends it, which ends the relay, in order, and so does a SIGTERM to all that belong to it, as of who stops a service;
 * Ctrl-Z must not stop the traffic. */
static void leave_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGTSTP, SIGWINCH, SIGQUIT };
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	setpgid(0, 0);
}

/* False if not all can be watched: then it could never be told to end. */
static bool watch_all(struct relay *r)
{
	r->parent = (struct watch){ .kind = WATCH_PARENT, .fd = r->setup->parent };
	bool good = watch(r, &r->parent);
	for (size_t i = 0; i < r->setup->count; i++) {
		struct route *route = &r->setup->routes[i];
		for (size_t k = 0; k < route->listeners; k++) {
			struct watch *w = &r->listener[r->listeners++];
			*w = (struct watch){ .kind = WATCH_LISTENER, .owner = route, .fd = route->listener[k] };
			good = watch(r, w) && good;
		}
	}
	return good;
}

static void close_all(struct relay *r)
{
	struct bridge *b;
	while ((b = r->newest)) {
		r->newest = b->older;
		bridge_free(b);
	}
	while ((b = r->debtors)) {
		r->debtors = b->next_queued;
		bridge_free(b);
	}
	buf_release(&r->shared.rewritten);
	if (r->shared.epoll >= 0)
		close(r->shared.epoll);
	free(r);
}

int relay_run(const struct relay_setup *s)
{
	struct relay *r = xcalloc(1, sizeof *r);
	r->setup = s;
	r->queue_end = &r->queue;
	r->open_max = connections_possible();
	r->shared.ring = s->ring;
	r->shared.options = s->options;
	r->shared.epoll = epoll_create1(EPOLL_CLOEXEC);
	r->ticked = bridge_clock();
	leave_signals();
	bool watching = watch_all(r);
	if (watching)
		loop(r);
	close_all(r);
	return watching ? 0 : 1;
}
