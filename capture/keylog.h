/*
 * TLS secrets in the NSS key log format (as SSLKEYLOGFILE names it): text lines "LABEL CLIENT_RANDOM SECRET" in hex.
 *
 * Lines come from memory (the secrets block of a pcapng) or from a file that may grow. Who waits for a secret is woken when more
 * have come.
 */
#ifndef CAPTURE_KEYLOG_H
#define CAPTURE_KEYLOG_H

#include "base/bound.h"
#include "base/slice.h"

struct keylog;

enum {
	KEYLOG_RANDOM = 32,
	KEYLOG_SECRET_MAX = 64,
	KEYLOG_MAX = BOUND(65536, 16), /* client randoms kept; the oldest goes first */
	KEYLOG_LINE_MAX = 512
};

/* The secret that a line holds: RFC 5246 (master secret), RFC 8446 section 7.1. */
enum keylog_label {
	KEYLOG_MASTER,           /* CLIENT_RANDOM */
	KEYLOG_CLIENT_EARLY,     /* CLIENT_EARLY_TRAFFIC_SECRET */
	KEYLOG_CLIENT_HANDSHAKE, /* CLIENT_HANDSHAKE_TRAFFIC_SECRET */
	KEYLOG_SERVER_HANDSHAKE, /* SERVER_HANDSHAKE_TRAFFIC_SECRET */
	KEYLOG_CLIENT_DATA,      /* CLIENT_TRAFFIC_SECRET_0 */
	KEYLOG_SERVER_DATA,      /* SERVER_TRAFFIC_SECRET_0 */
	KEYLOG_LABELS
};

struct keylog_counts {
	uint64_t secrets;   /* lines taken in */
	uint64_t bad;       /* lines that are none: no hex, too long, a client random or secret of the wrong size */
	uint64_t forgotten; /* client randoms given up for their number */
};

/* Who waits for secrets. The struct is the waiter's own, and must not go while it waits. */
struct keylog_waiter {
	void (*wake)(void *user, int64_t time);
	void *user;
	struct keylog_waiter **back, *next; /* the key log's; back is NULL while it does not wait */
};

struct keylog *keylog_new(void);
/* NULL is allowed. Nobody may wait any more. */
void keylog_free(struct keylog *k);
/* Takes lines from memory; the last one needs no line break. */
void keylog_feed(struct keylog *k, struct slice text);
/* Reads the file at path. growing: it may be added to, be replaced or not exist yet; it is looked at again by keylog_find, and a
 * last line without a line break waits. Else a pipe is read to its end, however long that takes. path NULL: there is no file, but secrets may come by keylog_feed. False, with errno set, if it
 * can't be read (never when it grows). Once a key log. */
bool keylog_open(struct keylog *k, const char *path, bool growing);
/* True if there is a file, or secrets came without one. */
bool keylog_is_given(const struct keylog *k);
/* False if the file could not be read, or not yet. */
bool keylog_is_there(const struct keylog *k);
/* True if keylog_open was told that the file grows. */
bool keylog_is_growing(const struct keylog *k);
/* What is read may bring secrets to keylog_feed at any time, as a pcapng does. */
void keylog_expect(struct keylog *k);
/* True if secrets may still come: the file grows, or keylog_expect was called. */
bool keylog_may_grow(const struct keylog *k);
/* Nothing is waited for any more: reads what a growing file has by now, with a last line that has no line break. */
void keylog_end(struct keylog *k);
/* The secret with that label of the connection (or handshake) with that client random; empty if there is none. Borrowed until
 * anything else is called here. */
struct slice keylog_find(struct keylog *k, enum keylog_label label, const uint8_t random[KEYLOG_RANDOM]);
/* Whenever a secret is found for the first time, `used` gets it and the others of its client random as lines of a key log, each with its line
 * break, borrowed during the call: what opens the traffic that was read, and no more. NULL: nobody wants to know. */
void keylog_on_use(struct keylog *k, void (*used)(void *user, struct slice lines), void *user);
/* A number that changes when secrets come; looks at a growing file first. */
uint64_t keylog_revision(struct keylog *k);
/* Adds to those who are woken; nothing happens if it waits already. */
void keylog_wait(struct keylog *k, struct keylog_waiter *w);
void keylog_stop_waiting(struct keylog_waiter *w);
/* Wakes all who wait, at that time of the capture. Each may stop waiting, and only itself, from within. */
void keylog_wake(struct keylog *k, int64_t time);
struct keylog_counts keylog_counts(const struct keylog *k);

#endif
