/* The relay: the loop that accepts, connects and moves bytes. It runs in a process of its own. */
#ifndef CAPTURE_PROXY_RELAY_H
#define CAPTURE_PROXY_RELAY_H

#include "capture/proxy/bridge.h"

struct relay_setup {
	const struct proxy_options *options;
	struct route *routes;
	size_t count;
	struct ring *ring;
	int parent; /* a socket whose other end the parent has: its end ends the relay */
};

/* Relays until the parent goes. Returns an exit status. */
int relay_run(const struct relay_setup *s);

#endif
