/* Allocation that ends the program, with a sentence on standard error, when memory is out. Sizes that the wire drives are
 * capped by their callers before they come here. */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stddef.h>

/* For memory that was asked for otherwise: ends the program, with that sentence, behind what handlers do at exit. */
_Noreturn void xalloc_fail(void);
/* n bytes, not cleared; to be freed with free(). */
void *xmalloc(size_t n);
/* count * size bytes of zero, the product checked for overflow; to be freed with free(). */
void *xcalloc(size_t count, size_t size);
/* The block at p (or NULL) with count * size bytes; to be freed with free(). */
void *xreallocarray(void *p, size_t count, size_t size);
/* A copy of text; to be freed with free(). */
char *xstrdup(const char *text);
/* The same as zlib wants it: z_stream.zalloc and .zfree. */
void *xalloc_for_zlib(void *user, unsigned count, unsigned size);
void xfree_for_zlib(void *user, void *p);

#endif
