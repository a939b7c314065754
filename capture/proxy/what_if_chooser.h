/* Who says which messages a what-if changes. */
#ifndef CAPTURE_PROXY_WHAT_IF_CHOOSER_H
#define CAPTURE_PROXY_WHAT_IF_CHOOSER_H

#include "capture/message.h"

/* What a chooser answers: bits. */
enum { WHAT_IF_CHANGE = 1, WHAT_IF_DROP = 2 };

/* capture/ never looks into a message, and asks. judge NULL: all are changed. It is asked in the relay's process. */
struct what_if_chooser {
	void *user;
	unsigned (*judge)(void *user, const struct piece *message);
	void (*closed)(void *user, struct conn_info *conn, int64_t time);
	/* A message of the other direction, in pieces, before anything that comes behind it is asked about. NULL: nobody wants to know. */
	void (*heard)(void *user, const struct piece *message);
	enum probe (*probe)(struct slice head, uint64_t length); /* with heard: that of a sink */
};

#endif
