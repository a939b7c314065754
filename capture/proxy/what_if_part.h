/* What the files of the what-ifs share; not for others. */
#ifndef CAPTURE_PROXY_WHAT_IF_PART_H
#define CAPTURE_PROXY_WHAT_IF_PART_H

#include "capture/proxy/what_if.h"

/* What waits: its bytes stand in `waiting`, in the order in which it goes on. */
enum held_kind {
	HELD_WIRE,    /* goes on as it is */
	HELD_HEADERS, /* likewise: a header block of HTTP/2 */
	HELD_DATA,    /* data of an HTTP/2 stream, to be put into frames as its receiver has room for it */
	HELD_END,     /* nothing: the end of that stream */
};

struct held {
	int64_t time; /* when it is due */
	size_t bytes;
	uint32_t stream; /* of HTTP/2; 0 */
	enum held_kind kind;
	bool closes; /* with it, the direction of the stream is over */
};

struct what_if {
	const struct what_if_options *o;
	const struct framing *framing;
	void *state; /* the framing's */
	struct conn_info conn;
	struct buf gathered;      /* messages that are not whole */
	struct buf swapped;       /* one that waits for the next to pass it, */
	struct held swapped_held; /* what it will be held as, */
	int64_t swapped_until;    /* and how long it waits at most */
	struct buf waiting, held; /* bytes, and a struct held for each run of them */
	size_t headers;           /* header blocks among them */
	bool through;             /* no changes any more */
	bool stuck;
	const char *news;
	struct ear *ear; /* for a chooser that listens to the other direction; NULL */
	int64_t now;     /* during a call, as are these */
	struct buf *const *out;
};

/* How messages stand in the bytes of a connection. */
struct framing {
	enum transport transport;
	void *(*make)(struct what_if *w);
	void (*free)(void *state);
	/* Bytes of the direction that is changed, and of the other one: the latter appends what passes to w->out itself. */
	void (*feed)(struct what_if *w, struct slice in);
	void (*feed_other)(struct what_if *w, struct slice in);
	/* HELD_DATA, HELD_END: appends what can go by now, and returns how many of the bytes that was; *done: there is nothing left of it. */
	size_t (*send)(struct what_if *w, const struct held *h, struct slice bytes, bool *done);
	/* A HELD_HEADERS or HELD_WIRE that closes its stream has gone. */
	void (*closed)(struct what_if *w, uint32_t stream);
	/* What was gathered outside of w->gathered, and can't become a message any more. */
	void (*flush)(struct what_if *w, enum dir dir);
};

extern const struct framing what_if_prefix, what_if_websocket, what_if_http2;

/* Puts bytes at the end of what waits. */
void what_if_hold(struct what_if *w, struct held h, struct slice wire);
/* A message: `message` is judged; `wire` goes on, or not, as h. */
void what_if_message(struct what_if *w, struct held h, struct slice wire, struct piece *message);
/* The message that waits for another one to pass it waits no longer. stream 0: whichever it is of. */
void what_if_let_swapped_go(struct what_if *w, uint32_t stream);
/* From here on everything passes as it is. */
void what_if_give_up(struct what_if *w, const char *why);

#endif
