/* The name that was meant by one that is misspelt. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include "base/slice.h"

/* The nearest of the names that were offered. Begin with { .typed = … }, borrowed. */
struct suggestion {
	struct slice typed;
	const char *best; /* NULL: none is near; else one that was offered, borrowed */
	int distance;     /* of best: slips of the pen */
};

/* name: borrowed. Of names that are equally near the first one stays. */
void suggestion_offer(struct suggestion *s, const char *name);

#endif
