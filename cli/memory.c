/*
 * The memory of the libraries.
 *
 * OpenSSL, once it runs out in the middle of setting itself up, fails later at a null pointer; jansson would take good JSON for none. So both get
 * theirs from base/xalloc.h, where running out ends the program with a sentence. What they ask for is bounded by their callers. zlib, nghttp2
 * and PCRE2 get the same where they are used.
 *
 * What OpenSSL gives back is wiped, as it may have been a key. OpenSSL must not clean up at the end either: that would wait for the setting up
 * in the middle of which memory ran out.
 */
#include "cli/memory.h"

#include "base/xalloc.h"

#include <jansson.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void *take(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return xmalloc(n);
}

static void give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

/* As realloc: no block is a new one, no bytes are the end of it. */
static void *resize(void *p, size_t n, const char *file, int line)
{
	void *to = n ? xmalloc(n) : NULL;
	size_t had = p ? malloc_usable_size(p) : 0;
	if (to && had)
		memcpy(to, p, had < n ? had : n);
	give(p, file, line);
	return to;
}

void memory_for_libraries(void)
{
	CRYPTO_set_mem_functions(take, resize, give);
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	json_set_alloc_funcs(xmalloc, free);
}
