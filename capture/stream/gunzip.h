/* Content codings of HTTP (RFC 9110, section 8.4.1) and grpc-encoding: gzip (RFC 1952), deflate (zlib, RFC 1950, or bare, RFC 1951). */
#ifndef CAPTURE_STREAM_GUNZIP_H
#define CAPTURE_STREAM_GUNZIP_H

#include "base/buf.h"

enum gunzip {
	GUNZIP_WHOLE,
	GUNZIP_CUT,      /* the bytes end before what they hold does */
	GUNZIP_BAD,      /* no such bytes, or damaged ones; what came before the damage is in `out` */
	GUNZIP_OVERLONG, /* more than `most` bytes come out: the first `most` are in `out` */
};

/* Inflates `in`, and appends at most `most` bytes to `out`. Which of the codings it is, its first bytes tell. */
enum gunzip gunzip(struct slice in, uint64_t most, struct buf *out);

#endif
