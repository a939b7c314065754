/*
 * A descriptor that is written to, whose reader may take nothing for a while, or for ever.
 *
 * Mostly it is waited for as long as that takes. Once the program is to end, a reader has a second to take something, as often as it does.
 */
#ifndef BASE_OUTLET_H
#define BASE_OUTLET_H

#include "base/slice.h"

#include <signal.h>
#include <stdio.h>

struct outlet {
	int fd;       /* not owned */
	bool regular; /* a file: there is nobody to wait for */
	int error;    /* errno of what stopped it, 0 for nothing: then no more is written. EINTR: the reader took nothing in its second */
	const volatile sig_atomic_t *ending; /* not 0 once the program is to end; NULL: there is no such thing; not owned */
};

/* Of an open descriptor, be it a pipe, a file or a terminal. */
void outlet_init(struct outlet *o, int fd, const volatile sig_atomic_t *ending);
/* Writes all of it. False: o->error says why, and what of it was written is not known. */
bool outlet_write(struct outlet *o, struct slice bytes);
/* A stream that writes there, fully buffered; errno is o->error where it fails. Closing it leaves the descriptor open. NULL without memory. */
FILE *outlet_stream(struct outlet *o);

#endif
