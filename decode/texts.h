/* Texts that many rows share, each kept once: a bounded number, for as long as the session lives. */
#ifndef DECODE_TEXTS_H
#define DECODE_TEXTS_H

#include "base/bound.h"
#include "base/slice.h"

enum { TEXTS_MAX = BOUND(4096, 16), TEXT_LONGEST = 512 };

/* { 0 } is an initialized one. */
struct texts {
	char **text;
	uint16_t count;
	uint16_t *slot; /* open addressing: index + 1 into text */
	uint64_t hash_key;
};

void texts_release(struct texts *t);
/* The text as it is kept, until texts_release; empty if it is too long or found no more room. */
struct slice texts_keep(struct texts *t, struct slice text);

#endif
