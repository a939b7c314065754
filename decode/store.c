/*
 * The store.
 *
 * A place is two bits of kind and 62 bits of offset:
 *
 *	FILE    place in the capture files (base/files.h)
 *	SPOOL   offset in the spool file
 *	RUNS    offset in the spool file of a block of runs: { place of the block before or 0, count, runs … }
 *
 * A run is a place of kind FILE or SPOOL and a length. Blocks hold at most BLOCK_RUNS runs and are chained backwards, so that a message
 * may come in any number of pieces. Writing goes through a buffer of SPOOL_BUFFER bytes, reading looks there too.
 *
 * The spool file only ever grows at its end; its front is given back to the disk as holes, when the messages there are forgotten or the
 * file reaches its limit. What lies below `low` is gone, and a place that leads there can't be read.
 */
#include "decode/store.h"

#include "base/bound.h"
#include "base/file_window.h"
#include "base/temp.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPOOL_BUFFER = BOUND(256 << 10, 1 << 10), BLOCK_RUNS = BOUND(4096, 4), SMALL_RUN = 64, LIMIT_STEPS = 16 };
enum kind { NOWHERE, IN_FILE, IN_SPOOL, IN_RUNS };

struct run {
	uint64_t place;
	uint64_t len;
};

struct block {
	uint64_t older;
	uint64_t count;
};

struct store {
	struct files files;         /* the capture files */
	int one;                    /* the only one of them, if it is that */
	struct file_window *window; /* what was read of them last */
	int spool;                  /* -1 until it is needed */
	char *dir;
	bool broken;      /* the spool could not be made or written */
	uint64_t refused; /* bytes that were not kept since */
	uint64_t written, failed;
	uint64_t low, limit, given_up; /* bytes: given back, at most kept (0: no limit), given back for the limit */
	struct buf pending;            /* bytes of the spool after `written` */
};

static uint64_t place_of(enum kind kind, uint64_t offset)
{
	return (uint64_t)kind << 62 | offset;
}

static uint64_t offset_of(uint64_t place)
{
	return place & (UINT64_MAX >> 2);
}

struct store *store_new(int file, const char *dir)
{
	struct store *s = xcalloc(1, sizeof *s);
	s->window = xcalloc(1, sizeof *s->window);
	s->one = file;
	s->files = (struct files){ &s->one, 1 };
	s->spool = -1;
	s->dir = xstrdup(temp_dir(dir));
	return s;
}

void store_set_files(struct store *s, struct files files)
{
	s->files = files;
	s->window->len = 0;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	if (s->spool >= 0)
		close(s->spool);
	buf_release(&s->pending);
	free(s->window);
	free(s->dir);
	free(s);
}

/* Writes what is pending. False if it can't be: it stays there, and can be read and written later. */
static bool flush(struct store *s)
{
	struct slice left = buf_slice(&s->pending);
	uint64_t to = s->written;
	if (s->spool < 0)
		s->spool = temp_open(s->dir);
	s->broken = s->spool < 0;
	s->refused = 0;
	while (left.len && !s->broken) {
		ssize_t n = pwrite(s->spool, left.at, left.len, (off_t)to);
		if (n < 0 && errno == EINTR)
			continue;
		s->broken = n <= 0;
		left = slice_skip(left, n > 0 ? (size_t)n : 0);
		to += n > 0 ? (uint64_t)n : 0;
	}
	if (s->broken)
		return false;
	s->written = to;
	buf_clear(&s->pending);
	return true;
}

void store_set_limit(struct store *s, uint64_t bytes)
{
	s->limit = bytes;
}

uint64_t store_position(const struct store *s)
{
	return s->written + s->pending.len;
}

void store_give_back(struct store *s, uint64_t below)
{
	if (below > s->written)
		below = s->written;
	if (below <= s->low)
		return;
	fallocate(s->spool, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->low, (off_t)(below - s->low));
	s->low = below;
}

/* The spool has its fill: a part of it goes, the oldest first. */
static void stay_within_limit(struct store *s)
{
	uint64_t before = s->low;
	if (!s->limit || store_position(s) - s->low <= s->limit)
		return;
	store_give_back(s, store_position(s) - s->limit + s->limit / LIMIT_STEPS);
	s->given_up += s->low - before;
}

/* Is there room in the buffer, or can it be made? A disk that was full is tried as often as one that has room: once a buffer. */
static bool has_room(struct store *s, struct slice bytes)
{
	if (s->pending.len + bytes.len <= SPOOL_BUFFER)
		return true;
	if ((!s->broken || s->refused >= SPOOL_BUFFER) && flush(s))
		return true;
	s->refused += bytes.len;
	return false;
}

/* Appends to the spool; returns the place, 0 if there is no room. */
static uint64_t spool_add(struct store *s, struct slice bytes)
{
	if (!has_room(s, bytes))
		return 0;
	uint64_t place = place_of(IN_SPOOL, s->written + s->pending.len);
	buf_add(&s->pending, bytes);
	stay_within_limit(s);
	return place;
}

uint64_t store_add(struct store *s, struct slice bytes, int64_t at)
{
	if (at >= 0 && files_descriptor(s->files, (uint64_t)at) >= 0)
		return place_of(IN_FILE, (uint64_t)at);
	uint64_t place = spool_add(s, bytes);
	s->failed += !place;
	return place;
}

static void write_runs(struct store *s, struct store_draft *d)
{
	struct block b = { d->older, d->runs.len / sizeof(struct run) };
	struct buf all = { 0 };
	buf_add(&all, slice_of(&b, sizeof b));
	buf_add(&all, buf_slice(&d->runs));
	uint64_t place = spool_add(s, buf_slice(&all));
	buf_release(&all);
	d->failed = d->failed || !place;
	d->older = place ? place_of(IN_RUNS, offset_of(place)) : 0;
	buf_clear(&d->runs);
}

void store_piece(struct store *s, struct store_draft *d, struct slice bytes, int64_t at)
{
	if (!bytes.len || d->failed)
		return;
	if (!d->older && !d->runs.len)
		d->begin = store_position(s);
	bool again = at >= 0 && files_descriptor(s->files, (uint64_t)at) >= 0 && bytes.len >= SMALL_RUN;
	uint64_t place = again ? place_of(IN_FILE, (uint64_t)at) : spool_add(s, bytes);
	d->failed = !place;
	struct run last = { 0, 0 };
	if (d->runs.len)
		memcpy(&last, d->runs.at + d->runs.len - sizeof last, sizeof last);
	if (last.len && last.place + last.len == place) {
		last.len += bytes.len;
		memcpy(d->runs.at + d->runs.len - sizeof last, &last, sizeof last);
		return;
	}
	if (d->runs.len == BLOCK_RUNS * sizeof(struct run))
		write_runs(s, d);
	struct run run = { place, bytes.len };
	buf_add(&d->runs, slice_of(&run, sizeof run));
}

uint64_t store_finish(struct store *s, struct store_draft *d, bool cut)
{
	struct run only = { 0, 0 };
	if (d->runs.len == sizeof only && !d->older && !cut)
		memcpy(&only, d->runs.at, sizeof only);
	else if (d->runs.len)
		write_runs(s, d);
	uint64_t place = d->failed ? 0 : only.len ? only.place : d->older;
	s->failed += d->failed;
	d->older = 0;
	d->failed = false;
	buf_clear(&d->runs);
	return place;
}

void store_draft_release(struct store_draft *d)
{
	buf_release(&d->runs);
	*d = (struct store_draft){ 0 };
}

static bool read_spool(const struct store *s, uint8_t *to, uint64_t len, uint64_t offset)
{
	if (offset < s->low)
		return false;
	uint64_t in_file = offset < s->written ? s->written - offset : 0;
	if (in_file > len)
		in_file = len;
	if (in_file && !files_read((struct files){ &s->spool, 1 }, to, in_file, offset))
		return false;
	if (in_file == len)
		return true;
	uint64_t from = offset + in_file - s->written;
	if (from + (len - in_file) > s->pending.len)
		return false;
	memcpy(to + in_file, s->pending.at + from, len - in_file);
	return true;
}

static bool read_run(const struct store *s, uint8_t *to, uint64_t len, uint64_t place)
{
	if (place >> 62 == IN_FILE)
		return file_window_read(s->window, s->files, to, len, offset_of(place));
	return read_spool(s, to, len, offset_of(place));
}

/* Reads a block of runs; false at the end of the chain and on error. */
static bool read_block(const struct store *s, uint64_t place, struct block *b, struct buf *runs)
{
	if (!place || !read_spool(s, (uint8_t *)b, sizeof *b, offset_of(place)) || b->count > BLOCK_RUNS)
		return false;
	size_t n = b->count * sizeof(struct run);
	buf_clear(runs);
	runs->len = read_spool(s, buf_reserve(runs, n), n, offset_of(place) + sizeof *b) ? n : 0;
	return runs->len == n;
}

static struct run run_at(const struct buf *runs, uint64_t i)
{
	struct run r;
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): read_block has put b.count of them there */
	memcpy(&r, runs->at + i * sizeof r, sizeof r);
	return r;
}

/* The bytes that a chain of blocks leads to. */
static uint64_t runs_length(const struct store *s, uint64_t place)
{
	struct buf runs = { 0 };
	struct block b;
	uint64_t total = 0;
	for (; read_block(s, place, &b, &runs); place = b.older)
		for (uint64_t i = 0; i < b.count; i++)
			total += run_at(&runs, i).len;
	buf_release(&runs);
	return total;
}

/* Reads them all, newest block first, so from the back of what is wanted to its front. */
static bool read_runs(const struct store *s, uint8_t *to, uint64_t left, uint64_t place)
{
	struct buf runs = { 0 };
	struct block b;
	bool good = true;
	for (; good && read_block(s, place, &b, &runs); place = b.older) {
		for (uint64_t i = b.count; i > 0 && good; i--) {
			struct run run = run_at(&runs, i - 1);
			good = run.len <= left && read_run(s, to + left - run.len, run.len, run.place);
			left -= good ? run.len : 0;
		}
	}
	buf_release(&runs);
	return good && left == 0;
}

struct slice store_read(const struct store *s, uint64_t place, uint64_t size, struct buf *scratch)
{
	struct slice none = { NULL, 0 };
	bool in_runs = place >> 62 == IN_RUNS;
	uint64_t length = in_runs ? runs_length(s, place) : size;
	if (!place || !length || length > size)
		return none;
	buf_clear(scratch);
	uint8_t *to = buf_reserve(scratch, length);
	if (!(in_runs ? read_runs(s, to, length, place) : read_run(s, to, length, place)))
		return none;
	scratch->len = length;
	return buf_slice(scratch);
}

void store_reset(struct store *s)
{
	buf_clear(&s->pending);
	s->broken = false;
	if (s->written && ftruncate(s->spool, 0) == 0)
		s->written = s->low = 0;
}

uint64_t store_spooled(const struct store *s)
{
	return store_position(s) - s->low;
}

uint64_t store_given_up(const struct store *s)
{
	return s->given_up;
}

uint64_t store_failed(const struct store *s)
{
	return s->failed;
}
