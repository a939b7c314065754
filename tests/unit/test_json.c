/* The JSON writer, read again by jansson. */
#include "base/json.h"
#include "base/text.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FLAGS = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES };

static json_t *read_again(struct buf *b)
{
	json_error_t error;
	json_t *j = json_loadb((const char *)b->at, b->len, FLAGS, &error);
	if (!j)
		fail_msg("%s: %s", error.text, buf_cstr(b));
	return j;
}

static void test_shape(void **state)
{
	struct buf b = { 0 };
	struct json j = json_to(&b);
	(void)state;
	json_open(&j, '{');
	json_key(&j, "a");
	json_open(&j, '[');
	json_close(&j, ']');
	json_key(&j, "b");
	json_open(&j, '[');
	json_int(&j, -1);
	json_uint(&j, UINT64_MAX);
	json_bool(&j, true);
	json_bool(&j, false);
	json_none(&j);
	json_text(&j, "x");
	json_open(&j, '{');
	json_close(&j, '}');
	json_raw(&j, "%d.%02d", 3, 7);
	json_close(&j, ']');
	json_key_slice(&j, slice_str("\"c"));
	json_slice(&j, slice_of("y\0z", 3));
	json_close(&j, '}');
	assert_string_equal(buf_cstr(&b), "{\"a\":[],\"b\":[-1,18446744073709551615,true,false,null,\"x\",{},3.07],"
					  "\"\\\"c\":\"y\\u0000z\"}");
	buf_release(&b);
}

/* The bytes as they should come back: what is no UTF-8 as U+FFFD. */
static void repaired(struct buf *out, struct slice s)
{
	while (s.len) {
		uint32_t p;
		s = slice_skip(s, text_next(s, &p, NULL));
		text_add_point(out, p);
	}
}

static void check_string(struct slice s)
{
	struct buf b = { 0 }, want = { 0 };
	struct json j = json_to(&b);
	json_slice(&j, s);
	repaired(&want, s);
	assert_true(text_is_utf8(buf_slice(&b)));
	for (size_t i = 0; i < b.len; i++)
		assert_true(b.at[i] >= 0x20 && b.at[i] != 0x7f);
	json_t *back = read_again(&b);
	assert_true(json_is_string(back));
	assert_true(slice_eq(slice_of(json_string_value(back), json_string_length(back)), buf_slice(&want)));
	json_decref(back);
	buf_release(&b);
	buf_release(&want);
}

static void test_every_byte(void **state)
{
	uint8_t *text = malloc(3);
	(void)state;
	check_string((struct slice){ NULL, 0 });
	for (unsigned v = 0; v < 256; v++) {
		memcpy(text, (uint8_t[]){ 'a', (uint8_t)v, 'b' }, 3);
		check_string(slice_of(text, 3));
		check_string(slice_of(text + 1, 1));
		check_string(slice_of(text, 2));
	}
	free(text);
}

static void test_escapes(void **state)
{
	struct buf b = { 0 };
	struct json j = json_to(&b);
	(void)state;
	json_text(&j, "\b\t\n\v\f\r\"\\/\x1b\x7f€\xff");
	assert_string_equal(buf_cstr(&b), "\"\\b\\t\\n\\u000b\\f\\r\\\"\\\\/\\u001b\\u007f€\xef\xbf\xbd\"");
	buf_release(&b);
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 20;
}

static void test_noise(void **state)
{
	uint64_t seed = 9;
	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = next(&seed) % 48;
		uint8_t *text = malloc(n ? n : 1);
		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)(next(&seed) % (round % 2 ? 256 : 128));
		check_string(slice_of(text, n));
		free(text);
	}
}

/* Writes a value by chance, and makes the same with jansson. */
static json_t *some_value(struct json *j, uint64_t *seed, int depth)
{
	char key[32];
	uint64_t kind = next(seed) % (depth < 5 ? 8 : 6);
	bool array = kind == 6;
	int64_t number = (int64_t)(next(seed) << 22 ^ next(seed));
	double real = (double)(number % 1000000000) / 7 + 0.03; /* has a point */
	switch (kind) {
	case 0: json_none(j); return json_null();
	case 1: json_bool(j, number & 1); return json_boolean(number & 1);
	case 2: json_int(j, number); return json_integer(number);
	case 3: json_double(j, real); return json_real(real);
	case 4: json_text(j, "te\"xt\n"); return json_string("te\"xt\n");
	case 5: json_uint(j, (uint64_t)number >> 1); return json_integer((json_int_t)((uint64_t)number >> 1));
	}
	json_t *all = array ? json_array() : json_object();
	json_open(j, array ? '[' : '{');
	for (uint64_t i = 0, n = next(seed) % 6; i < n; i++) {
		snprintf(key, sizeof key, "k\"%llu", (unsigned long long)i);
		if (!array)
			json_key_slice(j, slice_str(key));
		json_t *inner = some_value(j, seed, depth + 1);
		if (array)
			json_array_append_new(all, inner);
		else
			json_object_set_new(all, key, inner);
	}
	json_close(j, array ? ']' : '}');
	return all;
}

static void test_values(void **state)
{
	uint64_t seed = 4;
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf b = { 0 };
		struct json j = json_to(&b);
		json_t *want = some_value(&j, &seed, 0), *back = read_again(&b);
		if (!json_equal(want, back))
			fail_msg("%s", buf_cstr(&b));
		json_decref(want);
		json_decref(back);
		buf_release(&b);
	}
}

static void check_double(double v, bool single)
{
	struct buf b = { 0 };
	struct json j = json_to(&b);
	if (single)
		json_float(&j, (float)v);
	else
		json_double(&j, v);
	json_t *back = read_again(&b);
	if (!isfinite(single ? (float)v : v)) {
		assert_true(json_is_null(back));
	} else {
		assert_true(json_is_number(back));
		if (single)
			assert_true(strtof(buf_cstr(&b), NULL) == (float)v);
		else
			assert_true(json_number_value(back) == v);
	}
	json_decref(back);
	buf_release(&b);
}

static void test_doubles(void **state)
{
	static const double some[] = { 0.0,     -0.0,    1,        -1,        0.1,
				       1.0 / 3, 1e15,    1e16,     1e17,      1e21,
				       1e22,    1e300,   -1e-300,  DBL_MAX,   DBL_MIN,
				       FLT_MAX, FLT_MIN, 5e-324,   1e-45,     123456789012345680.0,
				       0.1f,    NAN,     INFINITY, -INFINITY, 4503599627370497.5 };
	uint64_t seed = 12;
	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		check_double(some[i], false);
		check_double(some[i], true);
	}
	for (int round = 0; round < 50000; round++) {
		uint64_t bits = next(&seed) << 40 ^ next(&seed) << 20 ^ next(&seed);
		double v;
		memcpy(&v, &bits, sizeof v);
		check_double(v, false);
		float f;
		memcpy(&f, &bits, sizeof f);
		check_double((double)f, true);
	}
}

static void check_text(const char *want, double v, bool single)
{
	struct buf b = { 0 };
	struct json j = json_to(&b);
	if (single)
		json_float(&j, (float)v);
	else
		json_double(&j, v);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

/* No digits that say nothing. */
static void test_short(void **state)
{
	(void)state;
	check_text("0.1", 0.1, false);
	check_text("0.1", 0.1, true);
	check_text("3", 3, false);
	check_text("0.3", 0.3, true);
	check_text("0.33333334", 1.0 / 3, true);
	check_text("0.3333333333333333", 1.0 / 3, false);
	check_text("16777216", 16777216, true);
	check_text("1e+22", 1e22, false);
}

static void check_base64(const char *in, const char *out)
{
	struct buf b = { 0 };
	struct json j = json_to(&b);
	json_base64(&j, slice_str(in));
	assert_int_equal(b.len, strlen(out) + 2);
	assert_memory_equal(b.at + 1, out, strlen(out));
	buf_release(&b);
}

/* The examples of RFC 4648, section 10, and all 64 letters. */
static void test_base64(void **state)
{
	(void)state;
	check_base64("", "");
	check_base64("f", "Zg==");
	check_base64("fo", "Zm8=");
	check_base64("foo", "Zm9v");
	check_base64("foob", "Zm9vYg==");
	check_base64("fooba", "Zm9vYmE=");
	check_base64("foobar", "Zm9vYmFy");
	check_base64("\x01\x10\x83\x10Q\x87 \x92\x8b\x30\xd3\x8f"
		     "A\x14\x93QU\x97"
		     "a\x96\x9b"
		     "q\xd7\x9f\x82\x18\xa3\x92Y\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3]"
		     "\xb7\xe3\x9e\xbb\xf3\xdf\xbf",
		     "ARCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

/* Any byte at any place among plain ones is found: the text reads back, and what needs an escape has one. */
static void test_byte_everywhere(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 0x80; c++) {
		for (size_t at = 0; at < 24; at++) {
			uint8_t text[24];
			struct buf b = { 0 };
			struct json j = json_to(&b);
			memset(text, 'a', sizeof text);
			text[at] = (uint8_t)c;
			json_slice(&j, slice_of(text, sizeof text));
			bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
			assert_int_equal(b.len == sizeof text + 2, plain);
			assert_memory_equal(b.at + 1, text, at);
			assert_memory_equal(b.at + b.len - 1 - (sizeof text - 1 - at), text + at + 1, sizeof text - 1 - at);
			buf_release(&b);
		}
	}
}

/* What a terminal would obey is escaped, and reads back as what it was: C1 controls, marks that turn text around. */
static void test_acting(void **state)
{
	static const char text[] = "a\xc2\x9b"
				   "31m\xe2\x80\xae\x7f\xc3\xa9",
			  escaped[] = "\"a\\u009b31m\\u202e\\u007f\xc3\xa9\"";
	struct buf b = { 0 };
	struct json j = json_to(&b);
	(void)state;
	json_text(&j, text);
	assert_int_equal(b.len, sizeof escaped - 1);
	assert_memory_equal(b.at, escaped, b.len);
	json_t *back = json_loadb((const char *)b.at, b.len, JSON_DECODE_ANY, NULL);
	assert_string_equal(json_string_value(back), text);
	json_decref(back);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_everywhere), cmocka_unit_test(test_acting),  cmocka_unit_test(test_shape),
		cmocka_unit_test(test_every_byte),      cmocka_unit_test(test_escapes), cmocka_unit_test(test_noise),
		cmocka_unit_test(test_values),          cmocka_unit_test(test_doubles), cmocka_unit_test(test_short),
		cmocka_unit_test(test_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
