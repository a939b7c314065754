/* UTF-8 by the grammar of RFC 3629, text made harmless, text fitted into columns. */
#include "base/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* RFC 3629, section 4: what may follow a first byte. Tails that are not named are 80-BF. */
static const struct {
	uint8_t from, to, second_from, second_to;
	size_t len;
} grammar[] = {
	{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static bool within(uint8_t c, uint8_t from, uint8_t to)
{
	return c >= from && c <= to;
}

/* Bytes of the character at the front by that grammar, 0 for none. */
static size_t by_grammar(struct slice s)
{
	for (size_t i = 0; i < sizeof grammar / sizeof *grammar; i++) {
		size_t n = grammar[i].len;
		if (!within(s.at[0], grammar[i].from, grammar[i].to))
			continue;
		if (s.len < n || (n > 1 && !within(s.at[1], grammar[i].second_from, grammar[i].second_to)))
			return 0;
		for (size_t k = 2; k < n; k++)
			if (!within(s.at[k], 0x80, 0xbf))
				return 0;
		return n;
	}
	return 0;
}

static uint32_t bits_of(struct slice s, size_t n)
{
	static const uint8_t mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t p = s.at[0] & mask[n];
	for (size_t i = 1; i < n; i++)
		p = p << 6 | (s.at[i] & 0x3f);
	return p;
}

static void check_bytes(struct slice s)
{
	uint32_t p;
	bool valid;
	size_t want = by_grammar(s), got = text_next(s, &p, &valid);
	bool right = want ? valid && got == want && p == bits_of(s, want) : !valid && got == 1 && p == TEXT_REPLACEMENT;
	if (!right)
		fail_msg("%02x %02x %02x %02x of %zu bytes: took %zu, U+%04X", s.at[0], s.len > 1 ? s.at[1] : 0, s.len > 2 ? s.at[2] : 0,
			 s.len > 3 ? s.at[3] : 0, s.len, got, p);
}

/* Every sequence of one, two and three bytes, each as all there is. */
static void test_three_bytes(void **state)
{
	uint8_t *exact[4];
	(void)state;
	for (size_t n = 1; n < 4; n++)
		exact[n] = malloc(n);
	for (uint32_t v = 0; v < 1u << 24; v++) {
		uint8_t bytes[] = { (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
		size_t n = v & 0xff ? 3 : v & 0xff00 ? 2 : 1;
		memcpy(exact[n], bytes, n);
		check_bytes(slice_of(exact[n], n));
		if (n < 3) {
			memcpy(exact[3], bytes, 3);
			check_bytes(slice_of(exact[3], 3));
		}
	}
	for (size_t n = 1; n < 4; n++)
		free(exact[n]);
}

/* Four bytes: every first, second and third, with fourths around the borders; and with a byte behind. */
static void test_four_bytes(void **state)
{
	static const uint8_t fourth[] = { 0x00, 0x7f, 0x80, 0x81, 0xa5, 0xbe, 0xbf, 0xc0, 0xff };
	uint8_t *four = malloc(4), *five = malloc(5);
	(void)state;
	for (uint32_t v = 0; v < 1u << 20; v++) {
		uint8_t bytes[] = { (uint8_t)(0xf0 | v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
		memcpy(four, bytes, 3);
		memcpy(five, bytes, 3);
		five[4] = 0x80;
		for (size_t i = 0; i < sizeof fourth; i++) {
			four[3] = five[3] = fourth[i];
			check_bytes(slice_of(four, 4));
			check_bytes(slice_of(five, 5));
		}
	}
	free(four);
	free(five);
}

/* Every code point there and back; each prefix of its bytes is no UTF-8. */
static void test_points(void **state)
{
	struct buf b = { 0 };
	(void)state;
	for (uint32_t p = 0; p <= 0x10ffff; p++) {
		uint32_t back;
		bool valid;
		if (p == 0xd800)
			p = 0xe000;
		buf_clear(&b);
		text_add_point(&b, p);
		assert_int_equal(b.len, p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4);
		assert_int_equal(text_next(buf_slice(&b), &back, &valid), b.len);
		assert_true(valid && back == p);
		assert_true(text_is_utf8(buf_slice(&b)));
		for (size_t n = 1; n < b.len; n++)
			assert_false(text_is_utf8(slice_of(b.at, n)));
	}
	buf_release(&b);
}

static void test_is_utf8(void **state)
{
	static const char *const good[] = { "", "abc", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x98\x80x" };
	static const char *const bad[] = {
		"\x80", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xfe\xff", "ok\xff"
	};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(text_is_utf8(slice_str(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(text_is_utf8(slice_str(bad[i])));
		assert_false(text_is_printable(slice_str(bad[i])));
	}
	assert_true(text_is_utf8(slice_of("a\0b", 3)));
}

static void test_is_printable(void **state)
{
	(void)state;
	assert_true(text_is_printable(slice_str("tab\tline\r\nend \xc3\xa4")));
	for (uint32_t p = 0; p < 0x100; p++) {
		struct buf b = { 0 };
		text_add_point(&b, p);
		bool control = (p < 0x20 && p != '\t' && p != '\n' && p != '\r') || (p >= 0x7f && p < 0xa0);
		assert_int_equal(text_is_printable(buf_slice(&b)), !control);
		buf_release(&b);
	}
}

static void check_safe(const char *text, const char *shown)
{
	struct buf b = { 0 };
	text_add_safe(&b, slice_str(text));
	assert_string_equal(buf_cstr(&b), shown);
	buf_release(&b);
}

static void test_safe(void **state)
{
	(void)state;
	check_safe("", "");
	check_safe("gr\xc3\xbc\xc3\x9f dich", "grüß dich");
	check_safe("a\nb\rc\td", "a␊b␍c␉d");
	check_safe("\x1b[2J\x07", "␛[2J␇");
	check_safe("\x7f", "␡");
	check_safe("x\xc2\x9by", "x\xef\xbf\xbdy");         /* CSI in one character */
	check_safe("\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd"); /* a byte, a replacement each */
	check_safe("\xe2\x80\xae"
		   "abc\xe2\x80\xac",
		   "\xef\xbf\xbd"
		   "abc\xef\xbf\xbd");              /* right-to-left override */
	check_safe("\xe2\x80\xa8", "\xef\xbf\xbd"); /* line separator */
	struct buf b = { 0 };
	text_add_safe(&b, slice_of("a\0b", 3));
	assert_string_equal(buf_cstr(&b), "a␀b");
	buf_release(&b);
}

static bool harms(uint32_t p)
{
	static const uint32_t turning[] = { 0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d,
					    0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0x2028, 0x2029 };
	for (size_t i = 0; i < sizeof turning / sizeof *turning; i++)
		if (p == turning[i])
			return true;
	return p < 0x20 || (p >= 0x7f && p < 0xa0);
}

static void check_harmless(struct slice out)
{
	while (out.len) {
		uint32_t p;
		bool valid;
		out = slice_skip(out, text_next(out, &p, &valid));
		assert_true(valid);
		if (harms(p))
			fail_msg("U+%04X came out", p);
	}
}

/* No code point that could harm comes out, and all others but a few come out as they are. */
static void test_safe_points(void **state)
{
	struct buf in = { 0 }, out = { 0 };
	unsigned changed = 0;
	(void)state;
	for (uint32_t p = 0; p <= 0x10ffff; p++) {
		if (p == 0xd800)
			p = 0xe000;
		buf_clear(&in);
		buf_clear(&out);
		text_add_point(&in, p);
		text_add_safe(&out, buf_slice(&in));
		check_harmless(buf_slice(&out));
		changed += !slice_eq(buf_slice(&in), buf_slice(&out));
		assert_true(!harms(p) || !slice_eq(buf_slice(&in), buf_slice(&out)));
	}
	assert_int_equal(changed, 32 + 33 + 20 + 4); /* C0, DEL and C1, turning and lines, U+FEFF and U+FFF9 … */
	buf_release(&in);
	buf_release(&out);
}

static void test_safe_noise(void **state)
{
	struct buf out = { 0 };
	uint8_t *noise = malloc(64);
	uint64_t seed = 7;
	(void)state;
	for (int round = 0; round < 100000; round++) {
		for (size_t i = 0; i < 64; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			noise[i] = (uint8_t)(seed >> 56);
		}
		buf_clear(&out);
		text_add_safe(&out, slice_of(noise, 64));
		check_harmless(buf_slice(&out));
	}
	buf_release(&out);
	free(noise);
}

static void check_fit(const char *text, int columns, const char *shown, int used)
{
	struct buf b = { 0 };
	buf_add_str(&b, "|");
	assert_int_equal(text_add_fit(&b, slice_str(text), columns), used);
	assert_string_equal(buf_cstr(&b) + 1, shown);
	buf_release(&b);
}

static void test_fit(void **state)
{
	(void)state;
	check_fit("", 0, "", 0);
	check_fit("abc", 5, "abc", 3);
	check_fit("abc", 3, "abc", 3);
	check_fit("abc", 2, "a…", 2);
	check_fit("abc", 1, "…", 1);
	check_fit("abc", 0, "", 0);
	check_fit("abc", -1, "", 0);
	check_fit("漢字", 4, "漢字", 4);
	check_fit("漢字", 3, "漢…", 3);
	check_fit("漢字", 2, "…", 1);
	check_fit("ab漢字", 4, "ab…", 3);
	check_fit("e\xcc\x81"
		  "e\xcc\x81"
		  "e\xcc\x81",
		  3,
		  "e\xcc\x81"
		  "e\xcc\x81"
		  "e\xcc\x81",
		  3);
	check_fit("e\xcc\x81"
		  "e\xcc\x81"
		  "e\xcc\x81",
		  2, "e\xcc\x81…", 2);
	check_fit("a\x1b[0mb", 4, "a␛[…", 4);
	check_fit("\xff\xff\xff", 2, "\xef\xbf\xbd…", 2);
}

/* Texts of narrow, wide, combining, harmful and broken characters by chance. What fits stays whole; else it is the longest
 * beginning that leaves a column for the ellipsis. */
static void test_fit_by_chance(void **state)
{
	static const char *const pieces[] = { "a",    "z",    "漢",       "😀", "\xcc\x81", "\xcc\xa3", "\x1b",
					      "\xff", "\xc3", "\xe2\x82", "é", "\n",       "字",       " " };
	uint64_t seed = 3;
	(void)state;
	for (int round = 0; round < 50000; round++) {
		struct buf in = { 0 }, safe = { 0 }, out = { 0 };
		for (int i = 0; i < round % 13; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			buf_add_str(&in, pieces[(seed >> 40) % (sizeof pieces / sizeof *pieces)]);
		}
		text_add_safe(&safe, buf_slice(&in));
		int all = text_columns(buf_slice(&safe)), columns = (int)(seed >> 33) % 16;
		int used = text_add_fit(&out, buf_slice(&in), columns);
		assert_int_equal(used, text_columns(buf_slice(&out)));
		assert_true(used <= columns);
		if (all <= columns) {
			assert_true(slice_eq(buf_slice(&out), buf_slice(&safe)));
		} else if (columns > 0) {
			assert_true(out.len >= 3 && memcmp(out.at + out.len - 3, "…", 3) == 0);
			size_t front = out.len - 3;
			assert_true(front < safe.len && memcmp(out.at, safe.at, front) == 0);
			uint32_t next;
			text_next(slice_skip(buf_slice(&safe), front), &next, NULL);
			assert_true(used - 1 + text_width(next) > columns - 1);
		} else {
			assert_int_equal(out.len, 0);
		}
		buf_release(&in);
		buf_release(&safe);
		buf_release(&out);
	}
}

static void test_width(void **state)
{
	(void)state;
	for (uint32_t p = 0x20; p < 0x7f; p++)
		assert_int_equal(text_width(p), 1);
	assert_int_equal(text_width(0x301), 0);
	assert_int_equal(text_width(0x6f22), 2);
	assert_int_equal(text_width(0x1f600), 2);
	assert_int_equal(text_width(0xfffd), 1);
	assert_int_equal(text_width(0x241b), 1);
	assert_int_equal(text_width(0xe000), 1); /* private: whatever the locale says, it is shown in a column */
	for (uint32_t p = 0; p <= 0x10ffff; p++)
		assert_in_range(text_width(p), 0, 2);
	assert_int_equal(text_columns(slice_str("a漢\xcc\x81\xff")), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_bytes),   cmocka_unit_test(test_four_bytes),   cmocka_unit_test(test_points),
		cmocka_unit_test(test_is_utf8),       cmocka_unit_test(test_is_printable), cmocka_unit_test(test_safe),
		cmocka_unit_test(test_safe_points),   cmocka_unit_test(test_safe_noise),   cmocka_unit_test(test_fit),
		cmocka_unit_test(test_fit_by_chance), cmocka_unit_test(test_width),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
