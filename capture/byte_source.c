/*
 * Bytes from a descriptor as one contiguous run, with a big buffer in between.
 *
 *	buffer          at              end          buffer + cap
 *	| consumed      | to be handed out | room     |
 *
 * When fewer bytes are left than are asked for, they move to the front and the rest of the buffer is
 * filled: by read(), or by zlib's inflate from a second buffer of compressed bytes. The buffer doubles only
 * when it is full, so that a length which the file claims costs no memory before that many bytes have come.
 *
 * A descriptor that is no regular file is asked by poll() before each read, since O_NONBLOCK on standard
 * input would also change it for whoever shares it.
 */
#include "capture/byte_source.h"

#include "base/bound.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = BOUND(1 << 18, 1 << 12) };

struct gzip {
	z_stream z;
	uint8_t *packed; /* PIECE bytes */
	bool between;    /* at the end of a member: the file may end here */
	bool damaged;    /* what was unpacked last is good, and nothing behind it */
};

void byte_source_init(struct byte_source *b, int fd)
{
	struct stat st;
	*b = (struct byte_source){ .fd = fd };
	b->cap = PIECE;
	b->buffer = xmalloc(b->cap);
	b->at = b->end = b->buffer;
	b->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!b->regular)
		return;
	off_t start = lseek(fd, 0, SEEK_CUR);
	b->raw = start > 0 ? (uint64_t)start : 0;
	b->end_offset = b->raw;
	b->size = (uint64_t)st.st_size;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

static void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	free(g->packed);
	free(g);
}

void byte_source_release(struct byte_source *b)
{
	gzip_free(b->gzip);
	free(b->buffer);
	if (b->fd >= 0)
		close(b->fd);
	*b = (struct byte_source){ .fd = -1, .stuck = BYTES_END };
}

static enum byte_status read_failed(struct byte_source *b, int reason)
{
	snprintf(b->error, sizeof(b->error), "can't be read: %s", strerror(reason));
	return b->stuck = BYTES_ERROR;
}

static bool is_readable(const struct byte_source *b)
{
	struct pollfd p = { .fd = b->fd, .events = POLLIN };
	return b->regular || poll(&p, 1, 0) > 0;
}

/* Reads at most `room` bytes of the descriptor to `to`; OK means that *got is more than 0. */
static enum byte_status read_some(struct byte_source *b, uint8_t *to, size_t room, size_t *got)
{
	ssize_t n;
	do {
		if (!is_readable(b))
			return BYTES_WAIT;
		n = read(b->fd, to, room);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? BYTES_WAIT : read_failed(b, errno);
	if (n == 0)
		return BYTES_END;
	*got = (size_t)n;
	b->raw += *got;
	return BYTES_OK;
}

static enum byte_status gzip_failed(struct byte_source *b, const char *what)
{
	snprintf(b->error, sizeof(b->error), "%s at offset %llu", what, (unsigned long long)(b->raw - b->gzip->z.avail_in));
	return b->stuck = BYTES_ERROR;
}

static enum byte_status gzip_refill(struct byte_source *b)
{
	struct gzip *g = b->gzip;
	size_t got = 0;
	if (g->z.avail_in)
		return BYTES_OK;
	enum byte_status status = read_some(b, g->packed, PIECE, &got);
	if (status == BYTES_END && !g->between)
		return gzip_failed(b, "ends in the middle of its gzip data");
	g->z.next_in = g->packed;
	g->z.avail_in = (uInt)got;
	return status;
}

/* Behind a member there may be zeros up to the end of the file, as where it fills whole blocks of a tape; gzip passes over them, too. True if all that
 * is there is zeros. */
static bool gzip_pass_zeros(struct gzip *g)
{
	while (g->between && g->z.avail_in && !*g->z.next_in) {
		g->z.next_in++;
		g->z.avail_in--;
	}
	return !g->z.avail_in;
}

static enum byte_status gzip_some(struct byte_source *b, uint8_t *to, size_t room, size_t *got)
{
	struct gzip *g = b->gzip;
	g->z.next_out = to;
	g->z.avail_out = (uInt)room;
	while (g->z.avail_out == room) {
		enum byte_status status = g->damaged ? gzip_failed(b, "holds damaged gzip data") : gzip_refill(b);
		if (status != BYTES_OK)
			return status;
		if (gzip_pass_zeros(g))
			continue;
		int result = inflate(&g->z, Z_NO_FLUSH);
		g->between = result == Z_STREAM_END;
		if (g->between)
			inflateReset(&g->z);
		g->damaged = result != Z_OK && result != Z_STREAM_END;
	}
	*got = room - g->z.avail_out;
	return BYTES_OK;
}

/* The bytes that are left go into another buffer; the one they are in is somebody's who needs it. */
static void change_buffer(struct byte_source *b, size_t left)
{
	const uint8_t *from = b->at;
	size_t cap = left == b->cap ? 2 * b->cap : b->cap;
	b->buffer = b->keeper.exchange(b->keeper.user, b->buffer, b->cap, cap);
	if (left)
		memcpy(b->buffer, from, left);
	b->cap = cap;
}

static void make_room(struct byte_source *b)
{
	size_t left = byte_source_left(b);
	if (b->keeper.exchange) {
		change_buffer(b, left);
	} else if (left == b->cap) {
		b->buffer = xreallocarray(b->buffer, b->cap, 2);
		b->cap *= 2;
	} else if (left && b->at != b->buffer) {
		memmove(b->buffer, b->at, left);
	}
	b->at = b->buffer;
	b->end = b->buffer + left;
}

static enum byte_status read_more(struct byte_source *b)
{
	make_room(b);
	size_t left = byte_source_left(b), got = 0;
	enum byte_status status = b->gzip ? gzip_some(b, b->buffer + left, b->cap - left, &got)
					  : read_some(b, b->buffer + left, b->cap - left, &got);
	b->end += got;
	b->end_offset += got;
	return status;
}

/* What was read of the descriptor so far becomes the input of inflate. */
static void unpack(struct byte_source *b)
{
	struct gzip *g = xcalloc(1, sizeof(*g));
	g->packed = b->buffer;
	g->z.zalloc = xalloc_for_zlib;
	g->z.zfree = xfree_for_zlib;
	g->z.next_in = b->buffer;
	g->z.avail_in = (uInt)byte_source_left(b);
	b->gzip = g;
	b->buffer = xmalloc(b->cap);
	b->at = b->end = b->buffer;
	b->end_offset = 0;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK)
		gzip_failed(b, "can't be unpacked");
}

static enum byte_status detect(struct byte_source *b)
{
	while (byte_source_left(b) < 2) {
		enum byte_status status = read_more(b);
		if (status == BYTES_END)
			break;
		if (status != BYTES_OK)
			return status;
	}
	if (slice_starts(slice_of(b->at, byte_source_left(b)), "\x1f\x8b"))
		unpack(b);
	b->detected = true;
	return BYTES_OK;
}

enum byte_status byte_source_fill(struct byte_source *b, size_t n)
{
	enum byte_status status = b->stuck;
	if (status == BYTES_OK && !b->detected)
		status = detect(b);
	while (status == BYTES_OK && byte_source_left(b) < n)
		status = b->stuck == BYTES_OK ? read_more(b) : b->stuck;
	if (status == BYTES_END)
		b->stuck = BYTES_END;
	return status;
}

struct slice byte_source_keep(struct byte_source *b, const struct byte_keeper *keeper)
{
	b->keeper = *keeper;
	return slice_of(b->buffer, b->cap);
}

void byte_source_progress(const struct byte_source *b, uint64_t *done, uint64_t *total)
{
	*done = b->gzip ? b->raw - b->gzip->z.avail_in : byte_source_offset(b);
	*total = b->size;
}

const char *byte_source_error(const struct byte_source *b)
{
	return b->error;
}
