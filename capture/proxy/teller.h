/* What the relay tells the pipeline through the ring, and what it owes where the ring was full. */
#ifndef CAPTURE_PROXY_TELLER_H
#define CAPTURE_PROXY_TELLER_H

#include "capture/message.h"
#include "capture/proxy/proxy.h"

/* Left free by the bytes of connections, for all that is told about them. */
enum { TELL_RESERVE = 1 << 20 };

/* What a connection has told. Zero it, set id, open and (once) opened. */
struct telling {
	uint64_t id;
	struct proxy_open open;
	int64_t opened; /* time */
	bool silent;    /* never told of at all */
	bool open_told;
	uint64_t lost[2]; /* bytes that did not fit and are not told of yet */
	bool end_owed[2];
	bool closed, closed_told;
	enum conn_end end;
};

int64_t tell_now(void);
/* Tells what is owed. True if nothing is owed any more. */
bool tell_owed(struct telling *t, struct ring *r);
void tell_bytes(struct telling *t, struct ring *r, enum dir dir, struct slice bytes);
void tell_end(struct telling *t, struct ring *r, enum dir dir);
/* A sentence. False: it is dropped, as the ring is full. */
bool tell_note(struct telling *t, struct ring *r, enum dir dir, struct slice text);
void tell_closed(struct telling *t, struct ring *r, enum conn_end end);

#endif
