/* One end of a relayed connection: a socket, TLS on it or not. All is non-blocking. */
#ifndef CAPTURE_PROXY_END_H
#define CAPTURE_PROXY_END_H

#include "base/slice.h"

#include <openssl/ssl.h>

enum end_status {
	END_DONE,   /* some was read or written; the handshake is complete */
	END_WAIT,   /* not now: an event will tell */
	END_OVER,   /* reading: the peer sends no more */
	END_ABRUPT, /* the same over TLS, without the peer having said so */
	END_RESET,  /* the connection is gone */
};

struct end {
	int fd;         /* -1: none */
	SSL *ssl;       /* NULL: plain */
	bool connected; /* its socket is; ready: so is TLS, bytes may pass */
	bool ready;
	bool readable;  /* there may be something to read */
	bool in_parts;  /* a read may end before what is there does: at the peer's FIN, at an urgent byte */
	bool told_over; /* end_shut has done its work */
};

void end_init(struct end *e);
enum end_status end_handshake(struct end *e);
/* Reads up to `room` bytes; DONE: *got of them, at least one. */
enum end_status end_read(struct end *e, uint8_t *at, size_t room, size_t *got);
/* Writes what it can; DONE: *put bytes, at least one. RESET: nothing more can be written. */
enum end_status end_write(struct end *e, struct slice bytes, size_t *put);
/* Nothing more will be written: close_notify (not if `abrupt`) and FIN. Call again on WAIT. */
enum end_status end_shut(struct end *e, bool abrupt);
/* Bytes that were written and which the peer has not acknowledged; 0 where that can't be known. */
int end_unsent(const struct end *e);
/* reset: with a RST, as far as the socket has one. */
void end_close(struct end *e, bool reset);

#endif
