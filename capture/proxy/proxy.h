/*
 * The proxy: listens, connects, passes bytes on as they are, and tells the pipeline of them.
 *
 * It relays in a process of its own, so that nothing that envscope does with the bytes can hold up the traffic.
 */
#ifndef CAPTURE_PROXY_PROXY_H
#define CAPTURE_PROXY_PROXY_H

#include "capture/proxy/address.h"
#include "capture/proxy/ring.h"
#include "capture/proxy/what_if.h"

struct proxy;

enum { PROXY_PAIRS_MAX = 16, PROXY_NETS_MAX = 64, PROXY_CONNECTIONS = 4096 };

struct proxy_options {
	struct proxy_pair pairs[PROXY_PAIRS_MAX];
	size_t count;
	struct proxy_net allow[PROXY_NETS_MAX]; /* clients beyond loopback */
	size_t allow_count;
	const char *cert, *key;         /* PEM files for encrypted listeners; NULL: a certificate is made */
	const char *cacert;             /* PEM file of those who vouch for targets; NULL: the system's */
	bool insecure;                  /* targets may be anybody */
	struct what_if_options what_if; /* only for pairs of plain bytes */
	/* Asked once ports and keys are open, before there are pipes and the relay; false, after it has said why: nothing may go on. NULL: there is
	 * nothing to give up. */
	bool (*give_up_root)(void *user);
	void *user; /* its argument */
};

/* What the relay counts; sent as RING_COUNTS when it changed. */
struct proxy_counts {
	uint64_t refused_full;    /* clients turned away: too many connections */
	uint64_t refused_address; /* clients turned away: their address is not allowed */
	uint64_t untold;          /* connections that did not fit into the queue at all */
	uint64_t unsaid;          /* sentences about connections that did not */
};

/* What RING_OPEN brings. */
struct proxy_open {
	uint8_t addr[2][16]; /* client and target, as in struct endpoint; family 0: a pipe, or not known */
	uint8_t family[2];
	uint16_t port[2];
	uint8_t pair; /* which of the pairs */
};

/* Binds all listeners, prepares TLS, and starts the relay. What is to be known of it (where it listens, which certificate, what is not
 * verified) goes line by line, without line break, to `say`. NULL if something of that fails, with a sentence in why, or an empty
 * one where it was said already. `o` is borrowed
 * during the call. */
struct proxy *proxy_new(const struct proxy_options *o, void (*say)(void *user, const char *line), void *user, char *why, size_t why_size);
/* Ends the relay, which closes all connections, and waits for it. What it has told until then can still be taken. */
void proxy_stop(struct proxy *p);
/* Stops it, if nobody has, and frees all. */
void proxy_free(struct proxy *p);
/* The next record of the ring (ring.h). False if there is none now: poll proxy_fd(), or look at proxy_alive(). */
bool proxy_take(struct proxy *p, struct ring_record *head, struct slice *bytes);
int proxy_fd(const struct proxy *p);
/* False if the relay has ended by itself: it crashed. */
bool proxy_alive(struct proxy *p);
/* "ws://127.0.0.1:9000 → wss://app.openiap.io:443/ws/v2", of all pairs, with the ports that it really listens on. */
const char *proxy_name(const struct proxy *p);
/* How many pairs there are; and the i-th alone (from 0) as proxy_name has it, NULL behind the last. */
size_t proxy_pairs(const struct proxy *p);
const char *proxy_pair_name(const struct proxy *p, size_t i);
/* The SHA-256 of the certificate that was made for encrypted listeners, "AB:CD:…"; NULL: none was made. */
const char *proxy_fingerprint(const struct proxy *p);
/* What the user must not forget about it: the i-th sentence, harmless for a terminal; NULL behind the last. */
const char *proxy_warning(const struct proxy *p, size_t i);
/* The pair, with the port that it really listens on. */
const struct proxy_pair *proxy_pair(const struct proxy *p, size_t i);

#endif
