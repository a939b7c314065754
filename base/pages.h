/* Large zeroed memory straight from the kernel, in huge pages where it has their size: each page that is touched for the first time costs a
 * fault, and one of 2 MiB hardly more than one of 4 KiB. */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum { PAGES_HUGE = 2 << 20 };

/* Under the sanitizers it comes from malloc, so that they see who reads beyond it, and it is not set apart in advance, which would count as lost. */
#ifdef ENVSCOPE_SANITIZED
enum { PAGES_OF_HEAP = 1 };
#else
enum { PAGES_OF_HEAP = 0 };
#endif

/* Ends the program when there is no memory. From PAGES_HUGE on the memory is aligned to that. */
void *pages_new(size_t bytes);
/* Gives memory back, or (but under the sanitizers) a part of it that begins and ends at a page; nothing for 0 bytes. */
void pages_free(void *at, size_t bytes);

/* Sets malloc up so that it asks the kernel for much at a time. To be called once, early. What malloc hands out afterwards lies in huge pages, as
 * long as pages_heap_watch() is called now and then while memory grows. */
void pages_heap_init(void);
/* What malloc has asked for since the call before is to have huge pages. block: a new one of the calling thread; *seen: the caller's, 0 before the
 * first call. */
void pages_heap_watch(uintptr_t *seen, const void *block);

#endif
