/*
 * Streams: the beginstream, stream … endstream of an upload or download (protocol.md, "Streams"): their order, their size, their
 * checksum, in constant memory.
 */
#ifndef DECODE_STREAMS_H
#define DECODE_STREAMS_H

#include "base/bound.h"
#include "base/slice.h"

enum { STREAMS_MAX = BOUND(1024, 4), STREAM_CHECKSUM = 64 }; /* under way at a time; hex digits of a SHA-256 */

/* What became of a stream: bits. */
enum {
	STREAM_BEGUN = 1,
	STREAM_ENDED = 2,
	STREAM_CHECKED = 4, /* the checksum was compared … */
	STREAM_MATCHES = 8, /* … and is right */
	STREAM_UNSURE = 16, /* the capture, or the order of messages, does not let one tell */
};

/* "right", "wrong", "not told", "unsure": what these bits say of the checksum. Static. */
const char *stream_checksum_word(unsigned stream);

struct streams;
struct stream_track;

/* A checksum that is not that of the data. */
struct stream_mismatch {
	uint32_t n;                         /* the message that was blamed for it; the session's to fill in */
	uint8_t found[32];                  /* SHA-256 of the data */
	uint8_t announced[STREAM_CHECKSUM]; /* as it came, but in lower case */
};

struct streams *streams_new(void);
void streams_free(struct streams *s);
/* A new track; 0 if too many are under way (counted). `checksum` is what beginstream announces, maybe empty. */
uint32_t streams_begin(struct streams *s, uint32_t conn, unsigned dir, struct slice checksum);
/* The data of a stream as it passes. */
void streams_data(struct streams *s, uint32_t track, struct slice bytes);
/* Bytes may be missing from the streams of that connection and direction. */
void streams_gap(struct streams *s, uint32_t conn, unsigned dir);
void streams_unsure(struct streams *s, uint32_t track);
/* The stream has ended: bits of CHECKED, MATCHES, UNSURE; where it was checked and does not match, *mismatch is filled in. The track is
 * gone. */
unsigned streams_end(struct streams *s, uint32_t track, struct stream_mismatch *mismatch);
/* Gives a track back without a verdict, or all tracks of a connection. */
void streams_drop(struct streams *s, uint32_t track);
void streams_drop_conn(struct streams *s, uint32_t conn);
bool streams_is_unsure(const struct streams *s, uint32_t track);
/* Streams that found no track: nothing is said about their checksums. */
uint64_t streams_untracked(const struct streams *s);

#endif
