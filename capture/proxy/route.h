/* A pair as the relay uses it: sockets that listen, addresses of the target, contexts of TLS. */
#ifndef CAPTURE_PROXY_ROUTE_H
#define CAPTURE_PROXY_ROUTE_H

#include "capture/message.h"
#include "capture/proxy/tls_side.h"

#include <sys/socket.h>

enum { ROUTE_ADDRESSES = 8 };

struct route_address {
	struct sockaddr_storage at;
	socklen_t size;
};

struct route {
	struct proxy_pair pair; /* listen.port is the real one */
	uint8_t index;          /* which of the pairs */
	int listener[ROUTE_ADDRESSES];
	size_t listeners;
	bool bound;                                   /* a pipe: its socket is in the file system */
	struct route_address target[ROUTE_ADDRESSES]; /* tried in this order */
	size_t targets;
	SSL_CTX *server, *client; /* NULL: plain */
};

/* Looks the target up, and binds the listeners, but for a pipe; addresses of the target that are a listener's own are left out. False, with a sentence in
 * why. */
bool route_open(struct route *r, const struct proxy_options *o, size_t pair, char *why, size_t why_size);
/* Where it listens on a pipe: binds that. A socket that nobody listens on any more is taken over; *taken_over says so. False likewise. */
bool route_open_pipe(struct route *r, bool *taken_over, char *why, size_t why_size);
/* Closes it; unlink: and removes a pipe's socket. */
void route_close(struct route *r, bool unlink);
/* The endpoint of a socket address; family 0 for a pipe. */
struct endpoint route_endpoint(const struct sockaddr_storage *at);
/* May a client with this address connect? Loopback and pipes always may. */
bool route_allows(const struct proxy_options *o, const struct endpoint *client);

#endif
