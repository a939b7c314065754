/* The table of TCP connections: which segment belongs to which, when one begins and ends. */
#ifndef CAPTURE_NET_CONNECTION_H
#define CAPTURE_NET_CONNECTION_H

#include "base/bound.h"
#include "capture/net/connection_counts.h"
#include "capture/net/tcp.h"

struct connections;

enum { CONNECTIONS_MAX = BOUND(65536, 8) }; /* tracked at a time; the least recently seen goes first */

/* Makes the lowest stream layer of a new connection. `s` lives as long as the layer. */
typedef struct layer *layer_maker(void *user, const struct stream *s);

/* The sink and limits must outlive it. */
struct connections *connections_new(const struct sink *sink, const struct stream_limits *limits, layer_maker *make, void *user);
void connections_free(struct connections *t);
/* Told the number of each connection of which no further segment will be known. */
void connections_on_forget(struct connections *t, void (*gone)(void *user, uint32_t conn), void *user);

/* Which connection a segment belongs to; 0: none (a reset of an unknown one), or not yet: then it and the one that shows it have a number in common. */
struct connection_of {
	uint32_t number;
	enum dir dir;
	uint64_t apart; /* 0: it is not so */
};
/* Takes a segment. at: place of its payload in the capture file, or -1. */
struct connection_of connections_feed(struct connections *t, const struct ip_packet *ip, const struct segment *seg, int64_t time,
				      int64_t at);
/* Time has passed: connections that wait for missing bytes may give them up. Call about once a second of capture time. */
void connections_tick(struct connections *t, int64_t time);
/* How many wait for missing bytes: what a tick has to look at. */
size_t connections_waiting(const struct connections *t);
/* The capture ends: what waits is handed on, and every connection that is open is told to the sink as it is. */
void connections_finish(struct connections *t, int64_t time);
const struct connections_counts *connections_counts(const struct connections *t);

#endif
