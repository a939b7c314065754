/* The hex dump: rows, marks, masks, and which byte stands where. */
#include "base/text.h"
#include "tui/hex.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void row_is(const struct hex *h, uint64_t row, const char *expected)
{
	struct line l = { 0 };
	hex_add_row(&l, h, row);
	struct slice got = buf_slice(&l.text);
	if (!slice_is(got, expected))
		fail_msg("row %d is \"%.*s\"", (int)row, (int)got.len, (const char *)got.at);
	line_release(&l);
}

static const uint8_t bytes[] = "Hello,\033[2J\xff\0world \"and\" more\n";

static void test_rows(void **state)
{
	struct hex h = { .bytes = slice_of(bytes, 29), .per_row = 16 };
	(void)state;
	assert_int_equal(hex_rows(&h), 2);
	row_is(&h, 0, "0000  48 65 6c 6c 6f 2c 1b 5b  32 4a ff 00 77 6f 72 6c  Hello,.[2J..worl");
	row_is(&h, 1, "0010  64 20 22 61 6e 64 22 20  6d 6f 72 65 0a           d \"and\" more.");
	row_is(&h, 2, "");
	h.per_row = 8;
	assert_int_equal(hex_rows(&h), 4);
	row_is(&h, 1, "0008  32 4a ff 00 77 6f 72 6c  2J..worl");
	row_is(&h, 3, "0018  6d 6f 72 65 0a           more.");
}

static void test_masked(void **state)
{
	struct span spans[] = { { 2, 4 }, { 10, 18 } };
	const struct mask mask = { spans, 2 };
	struct hex h = { .bytes = slice_of(bytes, 29), .per_row = 16, .mask = &mask };
	(void)state;
	row_is(&h, 0, "0000  48 65 ** ** 6f 2c 1b 5b  32 4a ** ** ** ** ** **  He**o,.[2J******");
	row_is(&h, 1, "0010  ** ** 22 61 6e 64 22 20  6d 6f 72 65 0a           **\"and\" more.");
}

/* The text of a row with the marked parts in brackets: [field], <value>. */
static void marks_are(const struct hex *h, uint64_t row, const char *expected)
{
	struct line l = { 0 };
	struct buf got = { 0 };
	hex_add_row(&l, h, row);
	for (size_t i = 0; i < l.text.len; i++) {
		enum ink ink = l.ink.at[i], before = i ? l.ink.at[i - 1] : INK_PLAIN;
		if (ink != before && (before == INK_MARK || before == INK_MARK_VALUE))
			buf_add_byte(&got, before == INK_MARK ? ']' : '>');
		if (ink != before && (ink == INK_MARK || ink == INK_MARK_VALUE))
			buf_add_byte(&got, ink == INK_MARK ? '[' : '<');
		buf_add_byte(&got, l.text.at[i]);
	}
	if (strcmp(buf_cstr(&got), expected) != 0)
		fail_msg("row %d is \"%s\"", (int)row, buf_cstr(&got));
	buf_release(&got);
	line_release(&l);
}

static void test_marks(void **state)
{
	struct hex h = { .bytes = slice_of(bytes, 16), .per_row = 8, .field = { 5, 12 }, .value = { 7, 12 } };
	(void)state;
	marks_are(&h, 0, "0000  48 65 6c 6c 6f [2c 1b ]<5b>  Hello[,.]<[");
	marks_are(&h, 1, "0008  <32 4a ff 00> 77 6f 72 6c  <2J..>worl");
}

static void test_offsets(void **state)
{
	static uint8_t zero[0x10001];
	struct hex h = { .bytes = slice_of(zero, sizeof zero), .per_row = 16 };
	(void)state;
	row_is(&h, 0x1000, "010000  00                                                .");
	assert_int_equal(hex_width(16, 16), 72);
	assert_int_equal(hex_width(16, 8), 39);
	assert_int_equal(hex_width(sizeof zero, 16), 74);
	assert_int_equal(hex_per_row(16, 72), 16);
	assert_int_equal(hex_per_row(16, 71), 8);
	assert_int_equal(hex_per_row(16, 38), 0);
}

/* Each byte is found at both of its places, and nothing in between. */
static void test_byte_at(void **state)
{
	struct hex h = { .bytes = slice_of(bytes, 29), .per_row = 16 };
	int found[32] = { 0 };
	(void)state;
	for (uint64_t row = 0; row < 3; row++)
		for (int col = 0; col < 80; col++) {
			size_t byte;
			if (!hex_byte_at(&h, row, col, &byte))
				continue;
			assert_int_equal(byte / 16, row);
			found[byte]++;
		}
	for (int i = 0; i < 29; i++)
		assert_int_equal(found[i], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),    cmocka_unit_test(test_masked),  cmocka_unit_test(test_marks),
		cmocka_unit_test(test_offsets), cmocka_unit_test(test_byte_at),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
