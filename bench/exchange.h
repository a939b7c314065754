/*
 * The small requests and replies that most traffic consists of: which commands, how often each, and what
 * their payloads say.
 */
#ifndef BENCH_EXCHANGE_H
#define BENCH_EXCHANGE_H

#include "base/buf.h"
#include "bench/random.h"

/* One field of a payload: a text, in which each '#' becomes a random decimal digit and each '@' a random
 * hexadecimal one, or without a text a number. */
struct field {
	uint32_t number;
	const char *text;
	uint32_t value;
};

enum { FIELDS_MAX = 5 };

struct half {
	const char *command;
	const char *type;
	struct field field[FIELDS_MAX]; /* ends early at number 0 */
};

struct exchange {
	uint32_t weight;
	struct half request, reply;
};

/* One of the exchanges, each as often as its weight says. It lives as long as the program. */
const struct exchange *exchange_pick(struct random *r);
/* Appends the payload of one half, protobuf-encoded. */
void put_payload(struct buf *out, const struct half *h, struct random *r);

#endif
