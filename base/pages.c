/*
 * Mapped memory. To be aligned to huge pages, more is mapped than is wanted, and what stands before and behind is given back.
 *
 * The heap: malloc asks the kernel for HEAP_STEP more at a time, and of those the kernel is asked to make huge pages before they are touched.
 * (glibc does the same by itself if GLIBC_TUNABLES says so, which a program can't for itself.) The heap of the first thread ends at the program's
 * break; another thread's lies above, in pieces of HEAP_STEP aligned to their size. Where malloc does it otherwise, pages are small, and that is all.
 */
#include "base/pages.h"

#include "base/xalloc.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	HEAP_STEP = 64 << 20,
	HEAP_LARGEST = 4 << 20, /* larger blocks have mappings of their own */
	HEAP_FIRST = 256 << 10, /* more than there is before anything was asked for */
	HEADER = 64,            /* at most what malloc needs beside a block */
};

void *pages_new(size_t bytes)
{
	size_t more = bytes < PAGES_HUGE ? 0 : PAGES_HUGE;
	if (PAGES_OF_HEAP)
		return xcalloc(1, bytes);
	uint8_t *at = mmap(NULL, bytes + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		xalloc_fail();
	if (!more)
		return at;
	size_t before = (PAGES_HUGE - (uintptr_t)at % PAGES_HUGE) % PAGES_HUGE;
	pages_free(at, before);
	pages_free(at + before + bytes, more - before);
	madvise(at + before, bytes, MADV_HUGEPAGE);
	return at + before;
}

void pages_free(void *at, size_t bytes)
{
	if (PAGES_OF_HEAP)
		free(at);
	else if (bytes)
		munmap(at, bytes);
}

static uintptr_t huge_from(uintptr_t at)
{
	return (at + PAGES_HUGE - 1) / PAGES_HUGE * PAGES_HUGE;
}

/* The heap has grown. */
static void grown(uintptr_t *seen, uintptr_t end)
{
	uintptr_t from = huge_from(*seen ? *seen : end - HEAP_STEP);
	if (*seen)
		from -= PAGES_HUGE; /* the page in which it ended */
	if (from < end)
		madvise((void *)from, end - from, MADV_HUGEPAGE); /* NOLINT(performance-no-int-to-ptr) */
	*seen = end;
}

void pages_heap_watch(uintptr_t *seen, const void *block)
{
	uintptr_t end = (uintptr_t)sbrk(0), around = (uintptr_t)block / HEAP_STEP * HEAP_STEP;
	if (PAGES_OF_HEAP)
		return;
	if ((uintptr_t)block < end) {
		if (end != *seen)
			grown(seen, end);
	} else if (around != *seen) {
		madvise((void *)around, HEAP_STEP, MADV_HUGEPAGE); /* NOLINT(performance-no-int-to-ptr) */
		*seen = around;
	}
}

/* The first block makes the heap grow. It then takes all that lies before the first huge page, and behind it bytes that were touched before the
 * kernel was asked; they are left alone for ever. */
void pages_heap_init(void)
{
	uintptr_t seen = 0;
	if (PAGES_OF_HEAP)
		return;
	mallopt(M_TOP_PAD, HEAP_STEP);
	mallopt(M_MMAP_THRESHOLD, HEAP_LARGEST);
	uint8_t *first = malloc(HEAP_FIRST);
	if (!first)
		return;
	pages_heap_watch(&seen, first);
	void *apart = realloc(first, huge_from((uintptr_t)first + HEAP_FIRST + HEADER) - (uintptr_t)first);
	(void)apart;
} /* NOLINT(clang-analyzer-unix.Malloc): left alone for ever */
