/* The store: bytes in the capture file, in the spool, in runs of both; read back, cut short, given up, and when there is no room. */
#include "decode/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILE_SIZE = 100000 };

static uint8_t file_byte(size_t i)
{
	return (uint8_t)(i * 31 + i / 251);
}

static void fill(uint8_t *at, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = file_byte(from + i);
}

/* A file with known bytes, without a name. */
static int make_file(void)
{
	char path[] = "/tmp/envscope-test-XXXXXX";
	uint8_t *bytes = malloc(FILE_SIZE);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	fill(bytes, 0, FILE_SIZE);
	assert_int_equal(write(fd, bytes, FILE_SIZE), FILE_SIZE);
	free(bytes);
	return fd;
}

/* A message of n bytes that no other has. */
static struct slice message(struct buf *b, unsigned number, size_t n)
{
	buf_clear(b);
	for (size_t i = 0; i < n; i++)
		buf_add_byte(b, (uint8_t)(number * 7 + i * 13 + i / 256));
	return buf_slice(b);
}

static void assert_reads(const struct store *s, uint64_t place, uint64_t size, struct slice want)
{
	struct buf scratch = { 0 };
	struct slice got = store_read(s, place, size, &scratch);
	assert_int_equal(got.len, want.len);
	assert_true(slice_eq(got, want));
	buf_release(&scratch);
}

static void test_file(void **state)
{
	int fd = make_file();
	struct store *s = store_new(fd, NULL);
	uint8_t want[1000];
	(void)state;
	for (size_t at = 0; at < FILE_SIZE; at += 997) {
		size_t n = FILE_SIZE - at < sizeof want ? FILE_SIZE - at : sizeof want;
		fill(want, at, n);
		uint64_t place = store_add(s, slice_of(want, n), (int64_t)at);
		assert_true(place != 0);
		assert_reads(s, place, n, slice_of(want, n));
	}
	assert_int_equal(store_spooled(s), 0);
	uint64_t beyond = store_add(s, slice_of(want, 10), FILE_SIZE - 5); /* as if the file had shrunk */
	assert_reads(s, beyond, 10, (struct slice){ NULL, 0 });
	assert_reads(s, 0, 10, (struct slice){ NULL, 0 });
	store_free(s);
	close(fd);
}

/* Messages of all sizes in the spool, more than its buffer holds, some larger than that. */
static void test_spool(void **state)
{
	enum { MESSAGES = 3000 };
	static uint64_t place[MESSAGES];
	static size_t size[MESSAGES];
	struct store *s = store_new(-1, NULL);
	struct buf b = { 0 };
	uint64_t all = 0;
	(void)state;
	for (unsigned i = 0; i < MESSAGES; i++) {
		size[i] = i % 500 == 77 ? 300000 + i : i % 900;
		place[i] = store_add(s, message(&b, i, size[i]), i % 2 ? 5 : -1); /* no file: its place there says nothing */
		assert_true(place[i] != 0);
		all += size[i];
		assert_reads(s, place[i], size[i], buf_slice(&b));
	}
	for (unsigned i = 0; i < MESSAGES; i++)
		assert_reads(s, place[i], size[i], message(&b, i, size[i]));
	assert_true(store_spooled(s) == all);
	assert_int_equal(store_failed(s), 0);
	buf_release(&b);
	store_free(s);
}

/* Keeps a message in pieces of some size; those at odd positions stand in the file, where it has the same bytes. */
static uint64_t in_pieces(struct store *s, struct slice bytes, size_t piece, int64_t at, bool cut)
{
	struct store_draft d = { 0 };
	bool odd = false;
	for (size_t from = 0; from < bytes.len; from += piece, odd = !odd)
		store_piece(s, &d, slice_head(slice_skip(bytes, from), piece), odd ? at + (int64_t)from : -1);
	uint64_t place = store_finish(s, &d, cut);
	assert_int_equal(d.runs.len, 0);
	store_draft_release(&d);
	return place;
}

static void test_runs(void **state)
{
	static const size_t pieces[] = { 1, 2, 63, 64, 65, 1000, 39999, 40000, 50000 };
	int fd = make_file();
	struct store *s = store_new(fd, NULL);
	uint8_t want[40000];
	(void)state;
	fill(want, 777, sizeof want);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		for (int cut = 0; cut < 2; cut++) {
			uint64_t place = in_pieces(s, slice_of(want, sizeof want), pieces[i], 777, cut);
			assert_true(place != 0);
			assert_reads(s, place, sizeof want, slice_of(want, sizeof want));
			/* of a message that is cut the record says a larger size */
			if (cut)
				assert_reads(s, place, 100000, slice_of(want, sizeof want));
			if (cut)
				assert_reads(s, place, sizeof want - 1, (struct slice){ NULL, 0 });
		}
	}
	assert_int_equal(store_failed(s), 0);
	store_free(s);
	close(fd);
}

/* A message in pieces that follow each other in the file is one run there and costs nothing. */
static void test_adjacent(void **state)
{
	int fd = make_file();
	struct store *s = store_new(fd, NULL);
	struct store_draft d = { 0 };
	uint8_t want[50000];
	(void)state;
	fill(want, 100, sizeof want);
	for (size_t at = 0; at < sizeof want; at += 1000)
		store_piece(s, &d, slice_of(want + at, 1000), 100 + (int64_t)at);
	uint64_t place = store_finish(s, &d, false);
	assert_reads(s, place, sizeof want, slice_of(want, sizeof want));
	assert_int_equal(store_spooled(s), 0);
	store_draft_release(&d);
	store_free(s);
	close(fd);
}

/* Drafts under way at once, byte by byte in turns: more runs than a block of them holds, several times over. */
static void test_interleaved(void **state)
{
	enum { DRAFTS = 3, SIZE = 20000 };
	struct store *s = store_new(-1, NULL);
	struct store_draft d[DRAFTS] = { { .older = 0 } };
	struct buf b[DRAFTS] = { { 0 } };
	uint64_t place[DRAFTS];
	(void)state;
	for (unsigned k = 0; k < DRAFTS; k++)
		message(&b[k], k, SIZE + k);
	for (size_t i = 0; i < SIZE + DRAFTS; i++)
		for (unsigned k = 0; k < DRAFTS; k++)
			store_piece(s, &d[k], slice_head(slice_skip(buf_slice(&b[k]), i), 1), -1);
	for (unsigned k = 0; k < DRAFTS; k++)
		place[k] = store_finish(s, &d[k], k == 1);
	for (unsigned k = 0; k < DRAFTS; k++) {
		assert_reads(s, place[k], SIZE + k, buf_slice(&b[k]));
		store_draft_release(&d[k]);
		buf_release(&b[k]);
	}
	assert_int_equal(store_failed(s), 0);
	store_free(s);
}

/* A draft given up costs nobody anything. */
static void test_dropped(void **state)
{
	struct store *s = store_new(-1, NULL);
	struct store_draft gone = { 0 }, empty = { 0 };
	struct buf b = { 0 };
	(void)state;
	store_piece(s, &gone, message(&b, 1, 5000), -1);
	store_draft_release(&gone);
	uint64_t place = store_add(s, message(&b, 2, 5000), -1);
	assert_reads(s, place, 5000, buf_slice(&b));
	store_piece(s, &empty, (struct slice){ NULL, 0 }, 7);
	assert_reads(s, store_finish(s, &empty, true), 100, (struct slice){ NULL, 0 });
	assert_int_equal(store_failed(s), 0);
	store_draft_release(&empty);
	buf_release(&b);
	store_free(s);
}

static void test_reset(void **state)
{
	struct store *s = store_new(-1, NULL);
	struct buf b = { 0 };
	(void)state;
	for (int round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 10; i++)
			assert_true(store_add(s, message(&b, i, 100000 + i), -1) != 0);
		assert_int_equal(store_spooled(s), 1000045);
		store_reset(s);
		assert_int_equal(store_spooled(s), 0);
		uint64_t place = store_add(s, message(&b, 99, 70000), -1);
		assert_reads(s, place, 70000, buf_slice(&b));
		store_reset(s);
	}
	buf_release(&b);
	store_free(s);
}

/* Below what was given back nothing can be read, above it everything; a message in pieces that reaches below is gone whole. */
static void test_given_back(void **state)
{
	struct store *s = store_new(-1, NULL);
	struct buf b = { 0 };
	uint64_t place[100];
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		place[i] = store_add(s, message(&b, i, 10000), -1);
	uint64_t pieces = in_pieces(s, message(&b, 100, 50000), 1000, 0, false);
	store_give_back(s, 500000);
	store_give_back(s, 400000);
	assert_int_equal(store_spooled(s), store_position(s) - 500000);
	for (unsigned i = 0; i < 100; i++) {
		struct slice want = i < 50 ? slice_of(NULL, 0) : message(&b, i, 10000);
		assert_reads(s, place[i], 10000, want);
	}
	assert_reads(s, pieces, 50000, message(&b, 100, 50000));
	store_give_back(s, 1000001);
	assert_reads(s, pieces, 50000, slice_of(NULL, 0));
	assert_int_equal(store_given_up(s), 0);
	assert_int_equal(store_failed(s), 0);
	buf_release(&b);
	store_free(s);
}

/* The limit holds at every message, the newest are always there, and what was given up is counted. */
static void test_limit(void **state)
{
	enum { LIMIT = 4 << 20, SIZE = 5000, COUNT = 5000, SURE = (LIMIT - LIMIT / 8) / SIZE };
	static uint64_t place[COUNT];
	struct store *s = store_new(-1, NULL);
	struct buf b = { 0 };
	(void)state;
	store_set_limit(s, LIMIT);
	for (unsigned i = 0; i < COUNT; i++) {
		place[i] = store_add(s, message(&b, i, SIZE), -1);
		assert_true(place[i] && store_spooled(s) <= LIMIT);
	}
	for (unsigned i = COUNT - SURE; i < COUNT; i++)
		assert_reads(s, place[i], SIZE, message(&b, i, SIZE));
	assert_reads(s, place[0], SIZE, slice_of(NULL, 0));
	assert_int_equal(store_given_up(s) + store_spooled(s), (uint64_t)COUNT * SIZE);
	buf_release(&b);
	store_free(s);
}

/* No folder for the spool: what is in the buffer can be read, the rest is counted, the capture file goes on working. */
static void test_no_spool(void **state)
{
	int fd = make_file();
	struct store *s = store_new(fd, "/nonexistent/folder");
	struct buf b = { 0 };
	uint8_t want[1000];
	uint64_t first = 0, kept = 0;
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t place = store_add(s, message(&b, i, 1000), -1);
		first = i ? first : place;
		kept += place != 0;
	}
	assert_in_range(kept, 1, 999);
	assert_int_equal(store_failed(s), 1000 - kept);
	assert_reads(s, first, 1000, message(&b, 0, 1000));
	assert_true(in_pieces(s, buf_slice(&b), 100, 0, false) == 0);
	assert_int_equal(store_failed(s), 1001 - kept);
	fill(want, 50, 1000);
	assert_reads(s, store_add(s, slice_of(want, 1000), 50), 1000, slice_of(want, 1000));
	buf_release(&b);
	store_free(s);
	close(fd);
}

/* The disk is full in the middle of it, and has room again later: every message is either readable or counted, the last ones are readable. */
static void test_full_disk(void **state)
{
	enum { MESSAGES = 3000, FULL_UNTIL = 2000 };
	static uint64_t place[MESSAGES];
	struct rlimit before, small;
	struct buf b = { 0 };
	uint64_t lost = 0;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1000000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	struct store *s = store_new(-1, NULL);
	for (unsigned i = 0; i < MESSAGES; i++) {
		if (i == FULL_UNTIL)
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		place[i] = store_add(s, message(&b, i, 1000), -1);
	}
	for (unsigned i = 0; i < MESSAGES; i++) {
		lost += !place[i];
		if (place[i])
			assert_reads(s, place[i], 1000, message(&b, i, 1000));
	}
	assert_in_range(lost, 1, FULL_UNTIL + 300 - 900);
	assert_true(place[MESSAGES - 1] != 0);
	assert_int_equal(store_failed(s), lost);
	buf_release(&b);
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),       cmocka_unit_test(test_spool),       cmocka_unit_test(test_runs),
		cmocka_unit_test(test_adjacent),   cmocka_unit_test(test_interleaved), cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_given_back), cmocka_unit_test(test_limit),       cmocka_unit_test(test_reset),
		cmocka_unit_test(test_no_spool),   cmocka_unit_test(test_full_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
