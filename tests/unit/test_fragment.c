/*
 * Putting fragments together: every order, overlaps, holes, limits, expiry, and a random crowd held against
 * a simple model.
 *
 * The packet that is cut up is a pattern: its byte i is known, so that a whole packet can be judged by
 * itself.
 */
#include "capture/net/fragment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t SECOND = 1000000000;

static uint8_t pattern(uint32_t at)
{
	return (uint8_t)(at * 31 + at / 251);
}

struct piece_of {
	uint32_t offset, length;
	bool more;
};

static struct ip_packet fragment_of(uint8_t family, uint32_t id, struct piece_of p)
{
	struct ip_packet ip = { .family = family,
				.proto = 6,
				.fragment = true,
				.more = p.more,
				.frag_id = id,
				.frag_offset = p.offset,
				.payload_len = p.length };
	ip.src[0] = 10;
	ip.dst[0] = 20;
	return ip;
}

/* Feeds a packet whose payload is a heap block of exactly its size, filled with the pattern (or, marked, with 0xee). */
static bool feed(struct fragments *f, struct ip_packet ip, size_t captured, bool marked, int64_t time, struct ip_packet *whole)
{
	uint8_t *bytes = malloc(captured ? captured : 1);
	for (size_t i = 0; i < captured; i++)
		bytes[i] = marked ? 0xee : pattern(ip.frag_offset + (uint32_t)i);
	ip.payload = slice_of(bytes, captured);
	bool done = fragments_feed(f, &ip, time, whole);
	free(bytes);
	return done;
}

static bool feed_piece(struct fragments *f, uint32_t id, struct piece_of p, struct ip_packet *whole)
{
	return feed(f, fragment_of(4, id, p), p.length, false, 0, whole);
}

static void expect_pattern(const struct ip_packet *whole, size_t captured, uint32_t length)
{
	assert_int_equal(whole->payload.len, captured);
	assert_int_equal(whole->payload_len, length);
	assert_false(whole->fragment);
	assert_false(whole->more);
	assert_int_equal(whole->frag_offset, 0);
	assert_int_equal(whole->src[0], 10);
	assert_int_equal(whole->dst[0], 20);
	for (uint32_t i = 0; i < captured; i++)
		assert_int_equal(whole->payload.at[i], pattern(i));
}

static const struct piece_of FOUR[4] = {
	{ 0, 1480, true },
	{ 1480, 8, true },
	{ 1488, 2960, true },
	{ 4448, 13, false },
};

static void test_every_order(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole;
	uint64_t packets = 0;
	for (int code = 0; code < 256; code++) {
		int order[4] = { code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3 };
		if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15)
			continue;
		for (int i = 0; i < 4; i++) {
			bool done = feed_piece(f, (uint32_t)code, FOUR[order[i]], &whole);
			assert_int_equal(done, i == 3);
		}
		expect_pattern(&whole, 4461, 4461);
		assert_int_equal(whole.proto, 6);
		packets++;
	}
	assert_int_equal(packets, 24);
	assert_int_equal(fragments_counts(f).packets, 24);
	assert_int_equal(fragments_counts(f).fragments, 96);
	assert_int_equal(fragments_counts(f).overlaps + fragments_counts(f).bad + fragments_counts(f).expired, 0);
	fragments_free(f);
}

static void test_missing(void **state)
{
	(void)state;
	for (int missing = 0; missing < 4; missing++) {
		struct fragments *f = fragments_new(16, 1 << 20);
		struct ip_packet whole;
		for (int i = 0; i < 8; i++) {
			if (i % 4 != missing)
				assert_false(feed_piece(f, 7, FOUR[i % 4], &whole));
		}
		assert_true(feed_piece(f, 7, FOUR[missing], &whole));
		expect_pattern(&whole, 4461, 4461);
		fragments_free(f);
	}
}

static void test_first_bytes_stay(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole;
	assert_false(feed_piece(f, 1, (struct piece_of){ 16, 16, true }, &whole));
	assert_false(feed(f, fragment_of(4, 1, (struct piece_of){ 16, 16, true }), 16, true, 0, &whole));
	assert_false(feed_piece(f, 1, (struct piece_of){ 0, 24, true }, &whole));
	assert_int_equal(fragments_counts(f).overlaps, 24);
	assert_false(feed(f, fragment_of(4, 1, (struct piece_of){ 0, 16, true }), 16, true, 0, &whole));
	assert_true(feed_piece(f, 1, (struct piece_of){ 24, 13, false }, &whole));
	expect_pattern(&whole, 37, 37);
	assert_int_equal(fragments_counts(f).overlaps, 48);
	fragments_free(f);
}

/* A port that mirrors, or an interface of several, shows each fragment twice: the last one comes once more when its packet is whole. */
static void test_copies(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole;
	for (uint32_t id = 0; id < 40; id++) {
		for (int i = 0; i < 4; i++) {
			assert_int_equal(feed_piece(f, id, FOUR[i], &whole), i == 3);
			if (i < 3)
				assert_false(feed_piece(f, id, FOUR[i], &whole));
		}
		expect_pattern(&whole, 4461, 4461);
		assert_false(feed(f, fragment_of(4, id, FOUR[3]), 13, true, SECOND / 100, &whole));
		assert_false(feed(f, fragment_of(4, id, FOUR[3]), 13, true, -SECOND / 100, &whole));
	}
	assert_int_equal(fragments_counts(f).overlaps, 40 * (4448 + 2 * 13));

	/* Another packet, with a number that is used again. */
	assert_false(feed(f, fragment_of(4, 39, FOUR[0]), 1480, false, SECOND, &whole));
	assert_int_equal(fragments_counts(f).overlaps, 40 * (4448 + 2 * 13));
	assert_false(feed(f, fragment_of(4, 50, FOUR[0]), 1480, false, 100 * SECOND, &whole));
	assert_int_equal(fragments_counts(f).expired, 1);
	fragments_free(f);
}

static void test_that_cannot_be(void **state)
{
	(void)state;
	static const struct piece_of bad[] = {
		{ 65528, 8, false }, { 65528, 65528, true }, { 8, 65528, false }, { 0, 9, true }, { 0, 0, true }, { 16, 0, false },
	};
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole;
	size_t count = sizeof(bad) / sizeof(bad[0]);
	for (size_t i = 0; i < count; i++)
		assert_false(feed_piece(f, 1, bad[i], &whole));
	assert_int_equal(fragments_counts(f).bad, count);
	fragments_free(f);
}

static void test_longest(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1);
	struct ip_packet whole;
	assert_false(feed_piece(f, 1, (struct piece_of){ 65528, 7, false }, &whole));
	assert_true(feed_piece(f, 1, (struct piece_of){ 0, 65528, true }, &whole));
	expect_pattern(&whole, 65535, 65535);
	fragments_free(f);
}

static void test_two_ends(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole;
	assert_false(feed_piece(f, 1, (struct piece_of){ 16, 8, false }, &whole));
	assert_false(feed_piece(f, 1, (struct piece_of){ 24, 8, false }, &whole));
	assert_false(feed_piece(f, 1, (struct piece_of){ 8, 8, false }, &whole));
	assert_false(feed_piece(f, 1, (struct piece_of){ 16, 16, true }, &whole));
	assert_int_equal(fragments_counts(f).bad, 3);
	assert_true(feed_piece(f, 1, (struct piece_of){ 0, 16, true }, &whole));
	expect_pattern(&whole, 24, 24);

	assert_false(feed_piece(f, 2, (struct piece_of){ 32, 8, true }, &whole));
	assert_false(feed_piece(f, 2, (struct piece_of){ 8, 8, false }, &whole)); /* ends before what is there */
	assert_int_equal(fragments_counts(f).bad, 4);
	fragments_free(f);
}

static void test_kept_apart(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole, tail = fragment_of(4, 1, (struct piece_of){ 8, 5, false });
	assert_false(feed_piece(f, 1, (struct piece_of){ 0, 8, true }, &whole));
	struct ip_packet others[5] = { tail, tail, tail, tail, tail };
	others[0].frag_id = 2;
	others[1].proto = 17;
	others[2].src[3] = 1;
	others[3].dst[15] = 1;
	others[4].family = 6;
	for (int i = 0; i < 5; i++)
		assert_false(feed(f, others[i], 5, false, 0, &whole));
	assert_true(feed(f, tail, 5, false, 0, &whole));
	expect_pattern(&whole, 13, 13);
	fragments_free(f);
}

static void test_cut_by_the_capture(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole;
	assert_false(feed(f, fragment_of(4, 1, (struct piece_of){ 24, 24, true }), 10, false, 0, &whole));
	assert_false(feed(f, fragment_of(4, 1, (struct piece_of){ 48, 9, false }), 0, false, 0, &whole));
	assert_true(feed(f, fragment_of(4, 1, (struct piece_of){ 0, 24, true }), 24, false, 0, &whole));
	expect_pattern(&whole, 34, 57);
	fragments_free(f);
}

static void test_expiry(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct piece_of head = { 0, 8, true }, tail = { 8, 5, false };
	struct ip_packet whole;
	assert_false(feed(f, fragment_of(4, 1, head), 8, false, 0, &whole));
	assert_false(feed(f, fragment_of(4, 2, head), 8, false, 5 * SECOND, &whole));
	assert_false(feed(f, fragment_of(4, 1, tail), 5, false, 30 * SECOND + 1, &whole));
	assert_int_equal(fragments_counts(f).expired, 1);
	assert_true(feed(f, fragment_of(4, 2, tail), 5, false, 35 * SECOND, &whole));
	assert_false(feed(f, fragment_of(4, 3, head), 8, false, INT64_MIN, &whole));
	assert_false(feed(f, fragment_of(4, 4, head), 8, false, INT64_MAX, &whole));
	assert_int_equal(fragments_counts(f).expired, 3); /* the tail of 1, the head of 3 */
	fragments_free(f);
}

static void test_limit_of_packets(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(3, 1 << 20);
	struct ip_packet whole;
	for (uint32_t id = 1; id <= 5; id++)
		assert_false(feed_piece(f, id, (struct piece_of){ 0, 8, true }, &whole));
	assert_int_equal(fragments_counts(f).expired, 2);
	for (uint32_t id = 3; id <= 5; id++)
		assert_true(feed_piece(f, id, (struct piece_of){ 8, 5, false }, &whole));
	assert_false(feed_piece(f, 1, (struct piece_of){ 8, 5, false }, &whole));
	fragments_free(f);
}

static void test_limit_of_bytes(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(1000, 300000);
	struct ip_packet whole;
	for (uint32_t id = 1; id <= 100; id++)
		assert_false(feed_piece(f, id, (struct piece_of){ 65520, 8, true }, &whole));
	assert_int_equal(fragments_counts(f).expired, 96);
	assert_false(feed_piece(f, 97, (struct piece_of){ 65528, 7, false }, &whole));
	assert_true(feed_piece(f, 97, (struct piece_of){ 0, 65520, true }, &whole));
	expect_pattern(&whole, 65535, 65535);
	fragments_free(f);
}

static void test_v6_next_header(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(16, 1 << 20);
	struct ip_packet whole, tail = fragment_of(6, 1, (struct piece_of){ 8, 5, false });
	struct ip_packet head = fragment_of(6, 1, (struct piece_of){ 0, 8, true });
	tail.proto = 17; /* only the first fragment's counts */
	assert_false(feed(f, tail, 5, false, 0, &whole));
	assert_true(feed(f, head, 8, false, 0, &whole));
	expect_pattern(&whole, 13, 13);
	assert_int_equal(whole.proto, 6);
	fragments_free(f);
}

/* The whole packet begins with an extension header, or, which is not allowed, with another fragment header. */
static void test_v6_extension_inside(void **state)
{
	(void)state;
	static const struct {
		uint8_t first;
		bool good;
	} kinds[] = { { 60, true }, { 44, false } };
	for (size_t i = 0; i < 2; i++) {
		struct fragments *f = fragments_new(16, 1 << 20);
		struct ip_packet whole, head = fragment_of(6, 1, (struct piece_of){ 0, 8, true });
		struct ip_packet tail = fragment_of(6, 1, (struct piece_of){ 8, 5, false });
		uint8_t extension[8] = { 6, 0, 0, i ? 1 : 0, 0, 0, 0, 9 }, hello[5] = { 'h', 'e', 'l', 'l', 'o' };
		head.proto = kinds[i].first;
		head.payload = slice_of(extension, 8);
		tail.payload = slice_of(hello, 5);
		assert_false(fragments_feed(f, &head, 0, &whole));
		assert_int_equal(fragments_feed(f, &tail, 0, &whole), kinds[i].good);
		assert_int_equal(fragments_counts(f).bad, !kinds[i].good);
		if (kinds[i].good) {
			assert_int_equal(whole.proto, 6);
			assert_int_equal(whole.payload_len, 5);
			assert_true(slice_is(whole.payload, "hello"));
		}
		fragments_free(f);
	}
}

enum { MODEL_BYTES = 160 };

struct model {
	bool there[MODEL_BYTES];
	uint32_t end; /* 0: not known */
};

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* What the packet must do with the piece: true when it is whole then. */
static bool model_feed(struct model *m, struct piece_of p)
{
	uint32_t end = p.offset + p.length, high = 0, count = 0;
	for (uint32_t i = 0; i < MODEL_BYTES; i++)
		high = m->there[i] ? i + 1 : high;
	bool fits = m->end ? (p.more ? end <= m->end : end == m->end) : p.more || end >= high;
	if (!fits)
		return false;
	for (uint32_t i = p.offset; i < end; i++)
		m->there[i] = true;
	if (!p.more)
		m->end = end;
	for (uint32_t i = 0; i < MODEL_BYTES; i++)
		count += m->there[i];
	return m->end && count == m->end;
}

static void test_random_crowd(void **state)
{
	(void)state;
	struct fragments *f = fragments_new(64, 1 << 20);
	struct model models[8] = { 0 };
	uint32_t seed = 1, packets = 0, ids[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	for (int round = 0; round < 20000; round++) {
		uint32_t id = next_random(&seed) % 8;
		struct piece_of p = { .offset = next_random(&seed) % 10 * 8, .more = next_random(&seed) % 4 };
		p.length = 8 * (1 + next_random(&seed) % 6);
		if (!p.more)
			p = (struct piece_of){ 8 * (8 + next_random(&seed) % 6), 48 - next_random(&seed) % 12, false };
		struct ip_packet whole;
		bool done = feed_piece(f, ids[id], p, &whole);
		assert_int_equal(done, model_feed(&models[id], p));
		if (!done)
			continue;
		expect_pattern(&whole, models[id].end, models[id].end);
		models[id] = (struct model){ 0 };
		ids[id] += 8;
		packets++;
	}
	assert_true(packets > 500);
	assert_int_equal(fragments_counts(f).packets, packets);
	fragments_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order),        cmocka_unit_test(test_missing),
		cmocka_unit_test(test_first_bytes_stay),   cmocka_unit_test(test_copies),
		cmocka_unit_test(test_that_cannot_be),     cmocka_unit_test(test_longest),
		cmocka_unit_test(test_two_ends),           cmocka_unit_test(test_kept_apart),
		cmocka_unit_test(test_cut_by_the_capture), cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_limit_of_packets),   cmocka_unit_test(test_limit_of_bytes),
		cmocka_unit_test(test_v6_next_header),     cmocka_unit_test(test_v6_extension_inside),
		cmocka_unit_test(test_random_crowd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
