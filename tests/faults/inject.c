/*
 * Faults for a program that is tested, as a library to be preloaded. What is to fail is said by the environment:
 *
 *	INJECT_ALLOC=N    the N-th allocation (from 1) fails
 *	INJECT_EACH=N...  main() is run for each of these numbers, in a process of its own in which that allocation fails, and the program ends. Each has
 *	                  a folder of its own, INJECT_IN/N, for what it prints (out, err). Standard output gets a line each: N and the status of wait()
 *	INJECT_LIST=FILE  nothing fails; the numbers of allocations are written, the first and the last from each place in the program
 *	INJECT_COUNT=FILE nothing fails; the number of allocations is written
 *	INJECT_KEEP=1     memory that is freed is not used again: what was in it and not wiped can be found
 *	INJECT_READ=N     the N-th read of a file with .pcap in its name fails with EIO, and all after it
 *	INJECT_PREAD=N    the same for reading at a place
 *	INJECT_CLOSE=N    the N-th close of such a file that was written fails with ENOSPC
 *	INJECT_LOOKUP=S   looking up a name takes so many seconds, and finds nothing
 *	INJECT_CLOCK=MS   the clock that tells the time of day stands MS milliseconds back at every second look
 *
 * Allocations are counted from main() on, those of libraries and memory that is mapped without a file too: what comes before that is the
 * loader's. A place is a path of return addresses.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 8, PLACES = 1 << 14, PATIENCE = 20 };

int __libc_start_main(int (*entry)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end);
/* A library that is preloaded has no other place for what it knows. */
static bool counting;
static _Thread_local bool inside;
static _Atomic uint64_t allocations;
static uint64_t fail_at, reads, fail_read, preads, fail_pread, closes, fail_close;
static bool listing, keeping;
static struct {
	uint64_t hash, first, last;
} places[PLACES];

static uint64_t number(const char *name)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : 0;
}

/* Remembers the first and the last number of the place that is asked from. */
static void note_place(uint64_t this_one)
{
	void *frame[DEPTH];
	uint64_t hash = 14695981039346656037u;
	int depth = backtrace(frame, DEPTH);
	for (int i = 2; i < depth; i++)
		hash = (hash ^ (uintptr_t)frame[i]) * 1099511628211u;
	for (size_t at = hash % PLACES, tries = 0; tries < PLACES; at = (at + 1) % PLACES, tries++) {
		if (places[at].hash && places[at].hash != hash)
			continue;
		if (!places[at].hash)
			places[at].first = this_one;
		places[at].hash = hash;
		places[at].last = this_one;
		return;
	}
}

/* Curses asks for memory and does not look whether it got some (_nc_setupterm): what it asks for itself is not made to fail. */
static bool is_of_curses(void)
{
	void *frame[DEPTH];
	Dl_info where;
	inside = true;
	int depth = backtrace(frame, DEPTH);
	bool found = false;
	for (int i = 2; i < depth && !found; i++)
		found = dladdr(frame[i], &where) && where.dli_fname &&
			(strstr(where.dli_fname, "libtinfo") || strstr(where.dli_fname, "libncurses"));
	inside = false;
	return found;
}

/* Counts an allocation; true if it is to fail. */
static bool fails(void)
{
	if (!counting || inside)
		return false;
	uint64_t this_one = ++allocations;
	if (listing) {
		inside = true;
		note_place(this_one);
		inside = false;
	}
	return this_one == fail_at && !is_of_curses();
}

/* The allocator behind this library: that of libc, or of the address sanitizer. Looked up at the first call, which is the loader's. */
static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*mmap)(void *, size_t, int, int, int, off_t);
	void (*free)(void *);
} behind;

static void find_allocator(void)
{
	behind.calloc = dlsym(RTLD_NEXT, "calloc");
	behind.realloc = dlsym(RTLD_NEXT, "realloc");
	behind.mmap = dlsym(RTLD_NEXT, "mmap");
	behind.free = dlsym(RTLD_NEXT, "free");
	behind.malloc = dlsym(RTLD_NEXT, "malloc");
}

void *malloc(size_t n)
{
	if (!behind.malloc)
		find_allocator();
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	return behind.malloc(n);
}

void *calloc(size_t count, size_t size)
{
	if (!behind.malloc)
		find_allocator();
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	return behind.calloc(count, size);
}

void *realloc(void *p, size_t n)
{
	if (!behind.malloc)
		find_allocator();
	if (fails()) {
		errno = ENOMEM;
		return NULL;
	}
	return behind.realloc(p, n);
}

void free(void *p)
{
	if (!keeping && behind.free)
		behind.free(p);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	if (!behind.malloc)
		find_allocator();
	if (flags & MAP_ANONYMOUS && fails()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return behind.mmap(at, n, protection, flags, fd, offset);
}

static void write_count(void)
{
	FILE *out;
	const char *path = getenv("INJECT_COUNT");
	inside = true;
	out = path ? fopen(path, "w") : NULL;
	if (!out)
		return;
	fprintf(out, "%llu\n", (unsigned long long)allocations);
	fclose(out);
}

static void write_places(void)
{
	FILE *out;
	write_count();
	if (!listing)
		return;
	inside = true;
	out = fopen(getenv("INJECT_LIST"), "w");
	for (size_t i = 0; out && i < PLACES; i++)
		if (places[i].hash)
			fprintf(out, "%llu\n%llu\n", (unsigned long long)places[i].first, (unsigned long long)places[i].last);
	if (out)
		fclose(out);
}

static int (*real_main)(int, char **, char **);

static void print_to(int fd, const char *name)
{
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file < 0 || dup2(file, fd) < 0)
		_exit(127);
	close(file);
}

/* For the process that lets allocation n fail. */
static void settle(uint64_t n)
{
	char folder[4096];
	snprintf(folder, sizeof folder, "%s/%llu", getenv("INJECT_IN"), (unsigned long long)n);
	if (mkdir(folder, 0700) < 0 || chdir(folder) < 0)
		_exit(127);
	print_to(1, "out");
	print_to(2, "err");
	alarm(PATIENCE);
	fail_at = n;
	counting = true;
}

/* Starting the program takes longer than what it does: it is started once, and forks. Returns in a process of its own for each number. */
static void fork_each(const char *numbers)
{
	char *end;
	for (uint64_t n; (n = strtoull(numbers, &end, 10)); numbers = end) {
		int status;
		pid_t child = fork();
		if (!child) {
			settle(n);
			return;
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			_exit(127);
		dprintf(1, "%llu %d\n", (unsigned long long)n, status);
	}
	_exit(0);
}

static int counted_main(int argc, char **argv, char **environment)
{
	void *warm[2];
	backtrace(warm, 2); /* it loads a library the first time */
	fail_at = number("INJECT_ALLOC");
	fail_read = number("INJECT_READ");
	fail_pread = number("INJECT_PREAD");
	fail_close = number("INJECT_CLOSE");
	listing = getenv("INJECT_LIST") != NULL;
	keeping = getenv("INJECT_KEEP") != NULL;
	atexit(write_places);
	counting = fail_at || listing || getenv("INJECT_COUNT");
	if (getenv("INJECT_EACH"))
		fork_each(getenv("INJECT_EACH"));
	return real_main(argc, argv, environment);
}

int __libc_start_main(int (*entry)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
		     void *) = dlsym(RTLD_NEXT, "__libc_start_main");
	real_main = entry;
	return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* Is ".pcap" in the name of the file? */
static bool is_capture(int fd)
{
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n < 4)
		return false;
	path[n] = 0;
	return strstr(path, ".pcap") != NULL;
}

ssize_t read(int fd, void *to, size_t n)
{
	static ssize_t (*real)(int, void *, size_t);
	if (!real)
		real = dlsym(RTLD_NEXT, "read");
	if (fail_read && is_capture(fd) && ++reads >= fail_read) {
		errno = EIO;
		return -1;
	}
	return real(fd, to, n);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
	static ssize_t (*real)(int, void *, size_t, off64_t);
	if (!real)
		real = dlsym(RTLD_NEXT, "pread64");
	if (fail_pread && is_capture(fd) && ++preads >= fail_pread) {
		errno = EIO;
		return -1;
	}
	return real(fd, to, n, at);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	return pread64(fd, to, n, at);
}

/* The file is closed all the same, as the system's close() does. */
int close(int fd)
{
	static int (*real)(int);
	if (!real)
		real = dlsym(RTLD_NEXT, "close");
	bool fails_now = fail_close && is_capture(fd) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY && ++closes == fail_close;
	int result = real(fd);
	if (!fails_now)
		return result;
	errno = ENOSPC;
	return -1;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	if (!real)
		real = dlsym(RTLD_NEXT, "getaddrinfo");
	uint64_t seconds = number("INJECT_LOOKUP");
	if (!seconds)
		return real(name, service, hints, out);
	sleep((unsigned)seconds);
	return EAI_AGAIN;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	static bool back;
	if (!real)
		real = dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(clock, out);
	uint64_t ms = clock == CLOCK_REALTIME ? number("INJECT_CLOCK") : 0;
	back = !back;
	if (ms && back)
		out->tv_sec -= (time_t)(ms / 1000) + 1;
	return result;
}
