/* permessage-deflate's inflating: the examples of RFC 7692, contexts, windows, pieces, bombs, and what is no deflate. */
#include "capture/stream/inflate.h"

#include "tests/unit/stream_play.h"

struct heard {
	struct buf bytes;
	size_t total, largest;
	bool keep;
};

static void take(void *user, struct slice bytes)
{
	struct heard *h = user;
	h->total += bytes.len;
	if (bytes.len > h->largest)
		h->largest = bytes.len;
	if (h->keep)
		buf_add(&h->bytes, bytes);
}

/* Feeds a message in pieces of at most `most` bytes, each in a block of its own. */
static bool feed(struct inflater *f, struct slice in, size_t most, struct heard *h)
{
	for (size_t at = 0; at < in.len; at += most) {
		struct slice part = slice_head(slice_skip(in, at), most);
		uint8_t *block = malloc(part.len);
		assert_non_null(block);
		memcpy(block, part.at, part.len);
		bool good = inflater_feed(f, slice_of(block, part.len), take, h);
		free(block);
		if (!good)
			return false;
	}
	return inflater_end_message(f, take, h);
}

static void expect(struct inflater *f, struct slice in, size_t most, struct slice want)
{
	struct heard h = { .keep = true };
	assert_true(feed(f, in, most, &h));
	assert_int_equal(h.bytes.len, want.len);
	if (want.len)
		assert_memory_equal(h.bytes.at, want.at, want.len);
	buf_release(&h.bytes);
}

#define BYTES(...) slice_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* RFC 7692, section 7.2.3; all of them say Hello, one after the other in one context. */
static void rfc_examples(void **state)
{
	(void)state;
	const struct slice hello = slice_str("Hello");
	for (size_t most = 1; most <= 16; most++) {
		struct inflater *f = inflater_new(15);
		expect(f, BYTES(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00), most, hello);
		expect(f, BYTES(0xf2, 0x00, 0x11, 0x00, 0x00), most, hello);
		expect(f, BYTES(0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00), most, hello);
		expect(f, BYTES(0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00), most, hello);
		expect(f, BYTES(0xf2, 0x00, 0x11, 0x00, 0x00), most, hello);
		expect(f, BYTES(0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00), most, hello);
		expect(f, BYTES(0x00), most, slice_str(""));
		expect(f, BYTES(0xf2, 0x00, 0x11, 0x00, 0x00), most, hello);
		inflater_free(f);
	}
}

/* A final block without the byte 00 behind it, and what refers back across it. */
static void final_block_at_the_very_end(void **state)
{
	(void)state;
	struct inflater *f = inflater_new(15);
	expect(f, BYTES(0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00), 99, slice_str("Hello"));
	expect(f, BYTES(0xf2, 0x00, 0x11, 0x00, 0x00), 1, slice_str("Hello"));
	inflater_free(f);
}

static void windows_and_takeover(void **state)
{
	(void)state;
	for (int bits = 9; bits <= 16; bits++) {
		z_stream z;
		deflate_begin(&z, bits <= 15 ? bits : 15);
		struct inflater *f = inflater_new(bits <= 15 ? bits : 0);
		for (unsigned i = 0; i < 40; i++) {
			struct buf message = { 0 }, packed = { 0 };
			envelope_write(&message, "query", i, i * 97);
			deflate_write(&z, &packed, buf_slice(&message));
			expect(f, buf_slice(&packed), i % 3 ? 1000 : 3, buf_slice(&message));
			buf_release(&message);
			buf_release(&packed);
		}
		deflateEnd(&z);
		inflater_free(f);
	}
}

/* After clear() a message that refers to the one before fails, and gives nothing that is wrong. */
static void lost_context(void **state)
{
	(void)state;
	struct inflater *f = inflater_new(15);
	struct heard h = { .keep = true };
	expect(f, BYTES(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00), 99, slice_str("Hello"));
	inflater_clear(f);
	assert_false(feed(f, BYTES(0xf2, 0x00, 0x11, 0x00, 0x00), 99, &h));
	assert_true(h.bytes.len <= 1 && (h.bytes.len == 0 || h.bytes.at[0] == 'H'));
	inflater_clear(f);
	expect(f, BYTES(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00), 99, slice_str("Hello"));
	buf_release(&h.bytes);
	inflater_free(f);
}

static void faults(void **state)
{
	(void)state;
	const struct slice bad[] = {
		BYTES(0x07, 0x00),                               /* a block type that is not one */
		BYTES(0x00, 0x05, 0x00, 0x00, 0x00, 0x41),       /* a stored block whose lengths differ */
		BYTES(0xf2, 0x48, 0xcd, 0xc9),                   /* the end of the message is missing */
		BYTES(0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65), /* likewise, in a stored block */
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct inflater *f = inflater_new(15);
		struct heard h = { .keep = false };
		assert_false(feed(f, bad[i], 1, &h));
		inflater_clear(f);
		expect(f, BYTES(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00), 99, slice_str("Hello"));
		inflater_free(f);
	}
}

/* Each final block costs a copy of the window: a message full of them is refused. */
static void too_many_final_blocks(void **state)
{
	(void)state;
	struct inflater *f = inflater_new(15);
	struct heard h = { .keep = false };
	struct buf flood = { 0 };
	for (int i = 0; i < 1000; i++)
		buf_add(&flood, BYTES(0x03, 0x00));
	assert_false(feed(f, buf_slice(&flood), 10000, &h));
	inflater_clear(f);
	for (int i = 0; i < 50; i++)
		expect(f, BYTES(0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00), 99, slice_str("Hello"));
	buf_release(&flood);
	inflater_free(f);
}

/* 16 MB of zeros from 16 KB, in pieces of bounded size. */
static void bomb(void **state)
{
	(void)state;
	enum { SIZE = 16 << 20 };
	uint8_t *zeros = calloc(1, SIZE);
	assert_non_null(zeros);
	struct buf packed = { 0 };
	z_stream z;
	deflate_begin(&z, 15);
	deflate_write(&z, &packed, slice_of(zeros, SIZE));
	deflateEnd(&z);
	free(zeros);
	assert_true(packed.len < SIZE / 900);
	struct inflater *f = inflater_new(15);
	struct heard h = { .keep = false };
	assert_true(feed(f, buf_slice(&packed), packed.len, &h));
	assert_int_equal(h.total, SIZE);
	assert_true(h.largest <= INFLATE_PIECE);
	inflater_free(f);
	buf_release(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_examples),
		cmocka_unit_test(final_block_at_the_very_end),
		cmocka_unit_test(windows_and_takeover),
		cmocka_unit_test(lost_context),
		cmocka_unit_test(faults),
		cmocka_unit_test(too_many_final_blocks),
		cmocka_unit_test(bomb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
