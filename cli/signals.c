/*
 * Signals. A handler only notes what came; loops look at the notes between two steps, and poll() is interrupted, so they look soon.
 */
#include "cli/signals.h"

#include <stddef.h>

static volatile sig_atomic_t stop, again, counts;

static void note(int number)
{
	if (number == SIGUSR1)
		counts = 1;
	else if (stop)
		again = number;
	else
		stop = number;
}

void signals_install(void)
{
	static const int noted[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	struct sigaction a = { .sa_handler = note };
	sigemptyset(&a.sa_mask);
	for (size_t i = 0; i < sizeof noted / sizeof *noted; i++) {
		a.sa_flags = noted[i] == SIGUSR1 ? SA_RESTART
						 : 0; /* whoever asks for counts does not end a write that waits for its reader */
		sigaction(noted[i], &a, NULL);
	}
	a.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &a, NULL);
	sigaction(SIGXFSZ, &a, NULL);
}

const volatile sig_atomic_t *signals_stop(void)
{
	return &stop;
}

const volatile sig_atomic_t *signals_next(void)
{
	again = 0;
	return stop ? &again : &stop;
}

bool signals_take_counts(void)
{
	bool taken = counts != 0;
	counts = 0;
	return taken;
}
