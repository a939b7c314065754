/*
 * The one place where running out of memory is dealt with.
 *
 * envscope bounds everything that traffic can make grow, so an allocation that fails here means that the machine is out of
 * memory, and a half-working inspector helps nobody: it says so and ends. The terminal is put back by the TUI's atexit
 * handler; what is said before that would go with the screen.
 */
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is in a stream's buffer is written behind the handlers. */
void xalloc_fail(void)
{
	static char room[BUFSIZ];
	setvbuf(stderr, room, _IOFBF, sizeof room);
	fputs("envscope: out of memory\n", stderr);
	exit(3);
}

static void *checked(void *p)
{
	if (!p)
		xalloc_fail();
	return p;
}

void *xmalloc(size_t n)
{
	return checked(malloc(n ? n : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t count, size_t size)
{
	return checked(reallocarray(p, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return checked(strdup(text));
}

void *xalloc_for_zlib(void *user, unsigned count, unsigned size)
{
	(void)user;
	return xreallocarray(NULL, count, size);
}

void xfree_for_zlib(void *user, void *p)
{
	(void)user;
	free(p);
}
