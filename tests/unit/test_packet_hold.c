/*
 * Packets that wait, held against a list of all that were ever added: what can be read is right, the oldest go first and in order, and a
 * place that is gone says so. Rings of many sizes, with packets of many, so that they meet the end of the file in every way.
 */
#include "export/packet_hold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ADDED = 2000, LONGEST = 300 };

struct added {
	uint64_t place;
	uint32_t len, comments, seed;
};

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void fill(uint8_t *to, const struct added *a)
{
	for (uint32_t i = 0; i < a->len + a->comments; i++)
		to[i] = (uint8_t)(a->seed + i * 7);
}

static bool check(struct packet_hold *h, const struct added *a)
{
	struct held got;
	struct buf scratch = { 0 };
	struct slice bytes, comments;
	uint8_t expected[2 * LONGEST];
	if (!packet_hold_get(h, a->place, &got))
		return false;
	fill(expected, a);
	assert_int_equal(got.number, a->seed);
	assert_true(packet_hold_read(h, a->place, &got, &scratch, &bytes, &comments));
	assert_true(slice_eq(bytes, slice_of(expected, a->len)));
	assert_true(slice_eq(comments, slice_of(expected + a->len, a->comments)));
	buf_release(&scratch);
	return true;
}

static void play(uint64_t limit, uint32_t seed)
{
	static struct added all[ADDED];
	static const int none = -1;
	struct packet_hold *h = packet_hold_new(limit, (struct files){ &none, 1 }, NULL);
	size_t oldest = 0;
	for (size_t i = 0; i < ADDED; i++) {
		uint8_t bytes[2 * LONGEST];
		uint64_t gone;
		struct added *a = &all[i];
		*a = (struct added){ 0, next(&seed) % LONGEST, next(&seed) % 4 ? 0 : next(&seed) % LONGEST, (uint32_t)i };
		struct held packet = { .at = -1, .number = a->seed };
		fill(bytes, a);
		struct slice comments = slice_of(bytes + a->len, a->comments);
		while ((gone = packet_hold_make_room(h, &packet, slice_of(bytes, a->len), comments))) {
			assert_true(gone == all[oldest].place);
			assert_true(check(h, &all[oldest])); /* it can be read until the next is added */
			oldest++;
		}
		a->place = packet_hold_add(h, &packet, slice_of(bytes, a->len), comments);
		assert_true(a->place != 0);
		assert_true(oldest == 0 || !check(h, &all[oldest - 1]));
		assert_true(check(h, &all[oldest]));
		assert_true(check(h, &all[oldest + (i - oldest) / 2]));
		packet_hold_take(h, a->place);
	}
	for (uint64_t place; (place = packet_hold_oldest(h)); oldest++)
		assert_true(place == all[oldest].place);
	assert_int_equal(oldest, ADDED);
	packet_hold_free(h);
}

static void test_rings(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++)
		play(2048 + 1000 * seed, seed);
	play(1 << 20, 1);
}

/* Bytes that stand in the source's file are read there; a mark is kept in memory and on disk. */
static void test_places(void **state)
{
	(void)state;
	FILE *f = tmpfile();
	struct buf scratch = { 0 };
	struct slice bytes, comments;
	struct held got, packet = { .at = 2 };
	fputs("abcdef", f);
	fflush(f);
	int fd = fileno(f);
	struct packet_hold *h = packet_hold_new(1 << 20, (struct files){ &fd, 1 }, NULL);
	uint64_t place = packet_hold_add(h, &packet, slice_str("cde"), slice_str("note"));
	assert_true(packet_hold_get(h, place, &got) && !got.taken);
	packet_hold_take(h, place);
	for (int i = 0; i < 8000; i++) { /* until it is on disk */
		assert_true(packet_hold_get(h, place, &got) && got.taken);
		packet_hold_add(h, &packet, slice_str("cde"), slice_str(""));
	}
	assert_true(packet_hold_read(h, place, &got, &scratch, &bytes, &comments));
	assert_true(slice_is(bytes, "cde") && slice_is(comments, "note"));
	buf_release(&scratch);
	packet_hold_free(h);
	fclose(f);
}

/* Longer than the whole ring, or no room on disk: it is not held, and that is said. */
static void test_refused(void **state)
{
	(void)state;
	static uint8_t large[5000];
	static const int none = -1;
	struct held packet = { .at = -1 };
	struct packet_hold *h = packet_hold_new(4096, (struct files){ &none, 1 }, NULL);
	assert_true(packet_hold_make_room(h, &packet, slice_of(large, sizeof large), slice_str("")) == 0);
	assert_true(packet_hold_add(h, &packet, slice_of(large, sizeof large), slice_str("")) == 0);
	packet_hold_free(h);
	for (uint64_t limit = 0; limit < 32; limit++) {
		h = packet_hold_new(limit, (struct files){ &none, 1 }, NULL);
		assert_true(packet_hold_make_room(h, &packet, slice_of(large, 1), slice_str("")) == 0);
		assert_true(packet_hold_add(h, &packet, slice_of(large, 1), slice_str("")) == 0);
		assert_true(packet_hold_oldest(h) == 0);
		packet_hold_free(h);
	}
	h = packet_hold_new(1 << 20, (struct files){ &none, 1 }, "/there/is/no/such/folder");
	uint64_t place = 1;
	for (int i = 0; i < 100 && place; i++)
		place = packet_hold_add(h, &packet, slice_of(large, sizeof large), slice_str(""));
	assert_true(place == 0);
	packet_hold_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rings), cmocka_unit_test(test_places), cmocka_unit_test(test_refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
