/* What if the server were slow, lost a message, or broke the order? Changes one direction of connections that carry messages behind
 * their lengths (socket, tcp, pipe), to see how the other end takes it. */
#ifndef CAPTURE_PROXY_WHAT_IF_H
#define CAPTURE_PROXY_WHAT_IF_H

#include "base/buf.h"
#include "capture/message.h"

enum { WHAT_IF_COMMAND = 64, WHAT_IF_HELD = 4 << 20 /* bytes of a direction that wait at most */ };

struct what_if_options {
	enum dir on;                     /* which direction; servers to clients unless told */
	bool on_given;
	char only[WHAT_IF_COMMAND];      /* only messages of that command; empty: all (but those that are dropped) */
	char drop[WHAT_IF_COMMAND];      /* messages of that command are not passed on; empty: none */
	int64_t delay;                   /* ns */
	bool reorder;                    /* a message and the one behind it change places */
	bool duplicate;                  /* a message is passed on twice */
};

struct what_if;

bool what_if_wanted(const struct what_if_options *o);
/* Appends a sentence about what is changed. */
void what_if_describe(struct buf *out, const struct what_if_options *o);

/* For one direction of a connection. `o` is borrowed. */
struct what_if *what_if_new(const struct what_if_options *o);
void what_if_free(struct what_if *w);
/* Takes what was read at `now` (monotonic, ns), and appends to `out` what is to be passed on by now. A message of more than WHAT_IF_HELD
 * ends the changes: from then on all passes. */
void what_if_feed(struct what_if *w, struct slice in, int64_t now, struct buf *out);
/* Time has passed, or (over) nothing more comes: appends what is due. True if more waits for its time. */
bool what_if_due(struct what_if *w, int64_t now, bool over, struct buf *out);
/* So much waits that nothing more should be read. */
bool what_if_full(const struct what_if *w);

#endif
