/*
 * What if the server were slow, lost a message, or broke the order? Changes one direction of connections, to see how the other end takes it:
 * messages behind their lengths (socket, tcp, pipe), WebSocket's (ws, wss) and gRPC's (grpc, grpcs).
 */
#ifndef CAPTURE_PROXY_WHAT_IF_H
#define CAPTURE_PROXY_WHAT_IF_H

#include "base/bound.h"
#include "base/buf.h"
#include "capture/proxy/address.h"
#include "capture/proxy/what_if_chooser.h"

enum {
	WHAT_IF_COMMAND = 64,
	WHAT_IF_HELD = 4 << 20,           /* bytes of a direction that wait at most; a longer message ends the changes */
	WHAT_IF_UNWHOLE = 8 << 20,        /* of gRPC messages that are not whole, of all calls of a connection */
	WHAT_IF_STREAMS = BOUND(1024, 4), /* gRPC calls of a connection at a time */
	WHAT_IF_SWAP_S = 1,               /* so long a message waits for another one to pass it */
	WHAT_IF_UNIT = 1 << 20,           /* bytes of a frame of HTTP/2 that is looked at, with what belongs to its headers */
};

struct what_if_options {
	enum dir on; /* which direction; servers to clients unless told */
	bool on_given;
	const char *only;           /* a display filter: only what matches is changed; NULL: all. For the description */
	char drop[WHAT_IF_COMMAND]; /* messages of that command are not passed on; empty: none. Likewise */
	int64_t delay;              /* ns */
	bool reorder;               /* a message and the one behind it change places */
	bool duplicate;             /* a message is passed on twice */
	struct what_if_chooser chooser;
};

bool what_if_wanted(const struct what_if_options *o);
/* Are there messages in what passes between such addresses that can be changed? */
bool what_if_possible(const struct proxy_address *a);
/* Appends a sentence about what is changed. */
void what_if_describe(struct buf *out, const struct what_if_options *o);

/* The changes of one connection. */
struct what_if;

/* For a connection to `target`. `o` is borrowed, conn is copied. */
struct what_if *what_if_new(const struct what_if_options *o, const struct proxy_address *target, const struct conn_info *conn);
void what_if_free(struct what_if *w);
/* Takes what was read of a direction at `now` (monotonic, ns), and appends to out[d] what is to be passed on in direction d by now. Both can get
 * something: HTTP/2's flow control answers. */
void what_if_feed(struct what_if *w, enum dir dir, struct slice in, int64_t now, struct buf *const out[2]);
/* Nothing more comes in the direction that is not changed. */
void what_if_end(struct what_if *w, enum dir dir, struct buf *const out[2]);
/* Time has passed, or (over) nothing more comes in the direction that is changed: appends what is due. True if more waits for its time. */
bool what_if_due(struct what_if *w, int64_t now, bool over, struct buf *const out[2]);
/* So much waits that nothing more should be read of the direction that is changed. */
bool what_if_full(const struct what_if *w);
/* What the user has to know of it by now, a static sentence, once; NULL: nothing new. */
const char *what_if_news(struct what_if *w);
/* It can go on neither with changes nor without: the sentence says why. */
bool what_if_stuck(const struct what_if *w);

#endif
