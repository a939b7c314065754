/*
 * The ring.
 *
 *	        tail (reader)             head (writer)
 *	          v                         v
 *	|  free   | record | record | record|   free    |
 *	0                                             size      (and the same memory once more behind it)
 *
 * The memory is mapped twice, one behind the other, so that a record that wraps around is still one run of bytes. head and tail only
 * grow; each is written by one side. A record is the struct and its bytes, filled up to a multiple of 8.
 *
 * A reader that finds nothing says so in `waiting`; the writer that sees that, when it looks (ring_wake), writes to an event descriptor. While
 * the reader is busy nobody makes a system call.
 */
#include "capture/proxy/ring.h"

#include "base/xalloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 64 << 10 }; /* the largest that Linux knows: what is mapped begins at a multiple of it, whatever the machine's is */

struct shared {
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) atomic_bool waiting;
};

struct ring {
	struct shared *shared; /* the first page; the records are behind it */
	uint8_t *records;
	size_t size;
	uint64_t taken; /* the reader: behind the record that was handed out last */
	bool owed;      /* the writer: something was put since it woke the reader */
	int event;
};

static size_t record_size(uint32_t bytes)
{
	return (sizeof(struct ring_record) + bytes + 7) & ~(size_t)7;
}

/* One page, then `size` bytes, then the same again. NULL on failure. */
static uint8_t *map_twice(int fd, size_t size)
{
	uint8_t *at = mmap(NULL, PAGE + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	void *first = mmap(at, PAGE + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	void *second = mmap(at + PAGE + size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, PAGE);
	if (first != MAP_FAILED && second != MAP_FAILED)
		return at;
	munmap(at, PAGE + 2 * size);
	return NULL;
}

struct ring *ring_new(size_t room)
{
	struct ring *r = xcalloc(1, sizeof *r);
	r->size = (room + PAGE - 1) & ~(size_t)(PAGE - 1);
	r->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int fd = memfd_create("envscope", MFD_CLOEXEC);
	uint8_t *at = fd >= 0 && ftruncate(fd, (off_t)(PAGE + r->size)) == 0 ? map_twice(fd, r->size) : NULL;
	if (fd >= 0)
		close(fd);
	r->shared = (struct shared *)(void *)at;
	r->records = at ? at + PAGE : NULL;
	if (at && r->event >= 0)
		return r;
	ring_free(r);
	return NULL;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	if (r->shared)
		munmap(r->shared, PAGE + 2 * r->size);
	if (r->event >= 0)
		close(r->event);
	free(r);
}

bool ring_owes_wake(const struct ring *r)
{
	return r->owed;
}

void ring_wake(struct ring *r)
{
	uint64_t one = 1;
	r->owed = false;
	if (atomic_exchange(&r->shared->waiting, false) && write(r->event, &one, sizeof one) < 0)
		return; /* its count is full: the reader wakes anyway */
}

bool ring_put(struct ring *r, const struct ring_record *head, struct slice bytes, size_t reserve)
{
	uint64_t at = atomic_load_explicit(&r->shared->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&r->shared->tail, memory_order_acquire);
	size_t need = record_size((uint32_t)bytes.len);
	if (need + reserve > r->size - (at - tail))
		return false;
	uint8_t *to = r->records + at % r->size;
	struct ring_record written = *head;
	written.size = (uint32_t)bytes.len;
	memcpy(to, &written, sizeof written);
	if (bytes.len)
		memcpy(to + sizeof written, bytes.at, bytes.len);
	atomic_store(&r->shared->head, at + need);
	r->owed = true;
	return true;
}

bool ring_take(struct ring *r, struct ring_record *head, struct slice *bytes)
{
	uint64_t count;
	atomic_store_explicit(&r->shared->tail, r->taken, memory_order_release);
	if (atomic_load(&r->shared->head) == r->taken) {
		if (read(r->event, &count, sizeof count) < 0)
			count = 0;
		atomic_store(&r->shared->waiting, true);
		if (atomic_load(&r->shared->head) == r->taken)
			return false;
		atomic_store(&r->shared->waiting, false);
	}
	const uint8_t *at = r->records + r->taken % r->size;
	memcpy(head, at, sizeof *head);
	*bytes = slice_of(at + sizeof *head, head->size);
	r->taken += record_size(head->size);
	return true;
}

int ring_fd(const struct ring *r)
{
	return r->event;
}
