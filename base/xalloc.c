/*
 * The one place where running out of memory is dealt with.
 *
 * envscope bounds everything that traffic can make grow, so an allocation that fails here means that the machine is out of
 * memory, and a half-working inspector helps nobody: it says so and ends. The terminal is put back by the TUI's atexit
 * handler; what is said before that would go with the screen.
 */
#include "base/xalloc.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool said_last, failed;

static void say(void)
{
	if (failed)
		fputs("envscope: out of memory\n", stderr);
}

void xalloc_say_last(void)
{
	said_last = atexit(say) == 0;
}

void xalloc_fail(void)
{
	failed = true;
	if (!said_last)
		say();
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
