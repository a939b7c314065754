/*
 * Where the bytes of messages are: in the capture file, where they can be read again, or in a spool file.
 *
 * A place is a number that a record keeps. A message that stands in one run in the capture file costs nothing; one that comes in pieces
 * costs a list of runs, which goes to the spool file too, so that no memory grows with the bytes of messages.
 */
#ifndef DECODE_STORE_H
#define DECODE_STORE_H

#include "base/buf.h"
#include "base/files.h"

struct store;

/* A message that comes in pieces. */
struct store_draft {
	struct buf runs; /* runs not written to the spool yet */
	uint64_t older;  /* place of the block of runs written before, 0 for none */
	uint64_t begin;  /* of what is kept of it, nothing lies in the spool below that */
	bool failed;
};

/* file: descriptor of the capture file to read from again, -1 for none; dir: where the spool file is made when it is first needed (NULL:
 * $TMPDIR, else /tmp). The spool file has no name and goes with the process. */
struct store *store_new(int file, const char *dir);
/* The capture is in several files, borrowed, instead of that one. */
void store_set_files(struct store *s, struct files files);
void store_free(struct store *s);

/* Keeps a whole message; at: its place in the capture file or -1. Returns its place, 0 if it can't be kept. */
uint64_t store_add(struct store *s, struct slice bytes, int64_t at);
/* Keeps a piece of a message. */
void store_piece(struct store *s, struct store_draft *d, struct slice bytes, int64_t at);
/* The place of a drafted message; the draft is empty again. cut: it is shorter than its record says, so that its place must know its
 * length. 0 if a piece could not be kept. */
uint64_t store_finish(struct store *s, struct store_draft *d, bool cut);
void store_draft_release(struct store_draft *d);

/* What was kept at a place, at most `size` bytes. Borrowed from scratch. Empty if it can't be read. */
struct slice store_read(const struct store *s, uint64_t place, uint64_t size, struct buf *scratch);
/* Everything kept so far is no longer needed: gives the spool file's space back. */
void store_reset(struct store *s);
/* The most bytes that the spool file may take of the disk, 0 for no limit: beyond it the oldest are given up. */
void store_set_limit(struct store *s, uint64_t bytes);
/* Where the spool file ends, and giving the disk back what lies below an offset: a place that leads there can't be read any more. */
uint64_t store_position(const struct store *s);
void store_give_back(struct store *s, uint64_t below);
/* Bytes given up for the limit. */
uint64_t store_given_up(const struct store *s);
/* Bytes in the spool file; messages that could not be kept (the spool is full or can't be made). */
uint64_t store_spooled(const struct store *s);
uint64_t store_failed(const struct store *s);

#endif
