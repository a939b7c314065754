/* Signals: the only thing in envscope that has to be a global, since a handler can be told nothing. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* INT, TERM and HUP ask to end, USR1 asks for the counts, PIPE and XFSZ are ignored (writing says EPIPE, EFBIG). */
void signals_install(void);
/* Becomes the signal's number when one asks to end. */
const volatile sig_atomic_t *signals_stop(void);
/* The same of the next one, whether one came before or not. */
const volatile sig_atomic_t *signals_next(void);
/* True once after each USR1. */
bool signals_take_counts(void);

#endif
