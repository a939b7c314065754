/* A relayed connection: a client's end, the target's end, and the bytes that flow between them. */
#ifndef CAPTURE_PROXY_BRIDGE_H
#define CAPTURE_PROXY_BRIDGE_H

#include "capture/proxy/authority.h"
#include "capture/proxy/end.h"
#include "capture/proxy/head.h"
#include "capture/proxy/route.h"
#include "capture/proxy/teller.h"

enum { BRIDGE_CHUNK = 64 * 1024, BRIDGE_PATIENCE_S = 10, BRIDGE_NEXT_S = 3 /* for an address that is not the target's last one */ };

/* What is registered with epoll, and whose event it is. */
struct watch {
	enum { WATCH_PARENT, WATCH_LISTENER, WATCH_END } kind;
	void *owner; /* the bridge, or the route */
	int fd;
	enum dir side; /* which end */
};

struct flow {
	struct buf pending;          /* bytes that are to be written, … */
	size_t written;              /* … of which so many were */
	struct http_head *head;      /* rewrites what passes; NULL */
	struct authority *authority; /* or this one; NULL */
	bool over, abrupt;           /* its sender has ended; without saying so over TLS */
	bool reset;                  /* its sender is gone */
	bool shut;                   /* the end was passed on */
	bool broken;                 /* its receiver takes nothing any more */
};

/* What all bridges share. */
struct bridge_shared {
	int epoll;
	struct ring *ring;
	const struct proxy_options *options;
	uint8_t chunk[BRIDGE_CHUNK]; /* what was read last */
	struct buf rewritten;        /* and what became of it */
	uint64_t unsaid;             /* sentences that were dropped */
};

struct bridge {
	struct bridge_shared *shared;
	const struct route *route;
	struct telling telling;
	struct end end[2]; /* by the direction in which it sends: [DIR_C2S] is the client */
	struct watch watch[2];
	struct flow flow[2];     /* by direction: from end[dir] to end[!dir] */
	struct what_if *what_if; /* changes what passes; NULL */
	size_t next_address;     /* of the target's, to be tried next */
	int64_t deadline;        /* monotonic, ns; 0: none */
	bool retry;              /* look again soon, without an event */
	bool done;               /* closed; the owner frees it */
	bool first_over_told;
	enum dir first_over;                        /* who ended first */
	bool queued;                                /* the owner's: there may be more to do */
	struct bridge *older, *newer, *next_queued; /* the owner's lists */
};

int64_t bridge_clock(void);
/* A bridge from a client's connected socket, which it takes over, to the route's target. It connects at once. */
struct bridge *bridge_new(struct bridge_shared *s, const struct route *r, int fd, uint64_t id, const struct sockaddr_storage *client,
			  bool silent);
/* An event of one of its ends. */
void bridge_event(struct bridge *b, enum dir side, uint32_t events);
/* Moves bytes. True if it stopped although there may be more: call again when others had their turn. */
bool bridge_pump(struct bridge *b);
/* Time has passed: deadlines. `again`: it had asked, by `retry`, to be looked at. */
void bridge_tick(struct bridge *b, int64_t now, bool again);
/* Closes both ends (the relay ends) and tells nothing of it. */
void bridge_free(struct bridge *b);

#endif
