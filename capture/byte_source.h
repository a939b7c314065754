/*
 * Bytes from a descriptor, plain or gzipped (RFC 1952, told by its magic), as one contiguous run.
 *
 * The caller peeks at as many bytes as it needs and consumes what it has used. What peek returns lives until the next peek. A
 * peek that can't be answered yet loses nothing: it is asked again.
 */
#ifndef CAPTURE_BYTE_SOURCE_H
#define CAPTURE_BYTE_SOURCE_H

#include "base/slice.h"

struct gzip;

/* Somebody who needs bytes longer than until the next peek. When there is no more room in the buffer, its bytes stay where they are: it
 * is handed to `exchange`, which takes it over and returns another one of `cap` bytes, from malloc. */
struct byte_keeper {
	void *user;
	uint8_t *(*exchange)(void *user, uint8_t *used, size_t used_cap, size_t cap);
};

enum byte_status {
	BYTES_OK,
	BYTES_WAIT,  /* a pipe with nothing in it: poll the descriptor and ask again */
	BYTES_END,   /* the descriptor ends before that many bytes */
	BYTES_ERROR, /* byte_source_error() says what; the bytes before are all handed out */
};

struct byte_source {
	int fd;            /* owned */
	bool regular;      /* a file that can be read again */
	bool detected;     /* it is known whether the bytes are gzipped */
	struct gzip *gzip; /* NULL: plain */
	uint8_t *buffer;
	size_t cap;
	const uint8_t *at, *end;   /* in buffer: what is not consumed yet */
	uint64_t end_offset;       /* of `end`, in the file if plain, else in the unpacked bytes */
	uint64_t raw, size;        /* the descriptor's offset; the size of the file, 0 if it is none */
	enum byte_status stuck;    /* END or ERROR, once met */
	struct byte_keeper keeper; /* or nobody */
	char error[160];
};

/* Takes the descriptor, which is closed by release. Reads from where the descriptor stands. */
void byte_source_init(struct byte_source *b, int fd);
void byte_source_release(struct byte_source *b);

/* From here on. Returns the buffer that is in use now. */
struct slice byte_source_keep(struct byte_source *b, const struct byte_keeper *keeper);

/* Reads until n bytes are there. For byte_source_peek. */
enum byte_status byte_source_fill(struct byte_source *b, size_t n);

/* The next n bytes, without consuming them. On END and ERROR, byte_source_left() bytes are there. */
static inline enum byte_status byte_source_peek(struct byte_source *b, size_t n, struct slice *out)
{
	if ((size_t)(b->end - b->at) < n) {
		enum byte_status status = byte_source_fill(b, n);
		if (status != BYTES_OK)
			return status;
	}
	*out = (struct slice){ b->at, n };
	return BYTES_OK;
}

/* Consumes n bytes, at most as many as were peeked at. */
static inline void byte_source_consume(struct byte_source *b, size_t n)
{
	b->at += n;
}

/* Bytes that are there and not consumed. */
static inline size_t byte_source_left(const struct byte_source *b)
{
	return (size_t)(b->end - b->at);
}

/* The place of the next byte: in the file, or in the unpacked bytes of a gzipped one. */
static inline uint64_t byte_source_offset(const struct byte_source *b)
{
	return b->end_offset - byte_source_left(b);
}

/* True if a byte stands in the file at the offset that byte_source_offset says. */
static inline bool byte_source_is_plain_file(const struct byte_source *b)
{
	return b->regular && !b->gzip;
}

/* Bytes of the file that are used up, and in all (0: not known). Of a gzipped file both count compressed bytes. */
void byte_source_progress(const struct byte_source *b, uint64_t *done, uint64_t *total);
/* After BYTES_ERROR, the end of a sentence that begins with the file's name: "can't be read: Input/output error". */
const char *byte_source_error(const struct byte_source *b);

#endif
