/*
 * Writing to a reader that may take nothing.
 *
 * A write to a pipe that is full waits in the kernel, and a signal that comes then ends it only if nothing was taken yet: after a part, it is
 * the next write that waits, and no signal comes any more. So once the program is to end, poll() does the waiting, and no more is written at a
 * time than a pipe that has room is sure to take.
 */
#include "base/outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS = 1000 };

void outlet_init(struct outlet *o, int fd, const volatile sig_atomic_t *ending)
{
	struct stat st;
	*o = (struct outlet){ .fd = fd, .ending = ending, .regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) };
}

/* Has the reader room, be it after a moment? Another signal ends the wait. */
static bool reader_takes(const struct outlet *o)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };
	return poll(&p, 1, WAIT_MS) > 0;
}

bool outlet_write(struct outlet *o, struct slice left)
{
	while (left.len && !o->error) {
		bool haste = !o->regular && o->ending && *o->ending;
		if (haste && !reader_takes(o)) {
			o->error = EINTR;
			break;
		}
		ssize_t n = write(o->fd, left.at, haste && left.len > PIPE_BUF ? PIPE_BUF : left.len);
		if (n < 0 && errno == EAGAIN)
			reader_takes(o);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			o->error = n < 0 ? errno : EIO;
		else
			left = slice_skip(left, (size_t)n);
	}
	errno = o->error;
	return !o->error;
}

static ssize_t take_written(void *user, const char *at, size_t length)
{
	return outlet_write(user, slice_of(at, length)) ? (ssize_t)length : 0;
}

FILE *outlet_stream(struct outlet *o)
{
	return fopencookie(o, "w", (cookie_io_functions_t){ .write = take_written });
}
