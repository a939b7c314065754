/* The TCP header: fields, options, and segments cut at every position. */
#include "capture/net/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* 8080 > 50000, seq 0xfedcba98, ack 0x01234567, 12 bytes of options, FIN PSH ACK and the bits of explicit congestion. */
static const char SEGMENT[] = "\x1f\x90\xc3\x50\xfe\xdc\xba\x98\x01\x23\x45\x67\x80\xd9\x01\xf6\0\0\0\0"
			      "\1\1\x08\x0a\0\0\0\1\0\0\0\2hello";
enum { LENGTH = sizeof(SEGMENT) - 1, HEADER = 32 };

static bool parse(char *copy, size_t captured, uint32_t announced, struct segment *out)
{
	struct ip_packet ip = { .payload = slice_of(copy, captured), .payload_len = announced };
	return tcp_parse(&ip, out);
}

static void test_fields(void **state)
{
	(void)state;
	char copy[LENGTH];
	struct segment s;
	memcpy(copy, SEGMENT, LENGTH);
	assert_true(parse(copy, LENGTH, LENGTH, &s));
	assert_int_equal(s.sport, 8080);
	assert_int_equal(s.dport, 50000);
	assert_true(s.seq == 0xfedcba98);
	assert_true(s.ack == 0x01234567);
	assert_int_equal(s.flags, TCP_FIN | TCP_PSH | TCP_ACK);
	assert_int_equal(s.payload_len, 5);
	assert_true(slice_is(s.payload, "hello"));
}

static void test_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n <= LENGTH; n++) {
		char *copy = malloc(n ? n : 1);
		struct segment s = { 0 };
		memcpy(copy, SEGMENT, n);
		assert_int_equal(parse(copy, n, LENGTH, &s), n >= 20);
		if (n >= 20) {
			assert_int_equal(s.payload_len, 5);
			assert_int_equal(s.payload.len, n > HEADER ? n - HEADER : 0);
		}
		free(copy);
	}
}

static void test_offset_that_cannot_be(void **state)
{
	(void)state;
	char copy[LENGTH];
	struct segment s;
	memcpy(copy, SEGMENT, LENGTH);
	copy[12] = 0x40;
	assert_false(parse(copy, LENGTH, LENGTH, &s));
	copy[12] = (char)0xf0;
	assert_false(parse(copy, LENGTH, LENGTH, &s));
	copy[12] = 0x50;
	assert_false(parse(copy, LENGTH, 19, &s));
	assert_true(parse(copy, 20, 20, &s));
	assert_int_equal(s.payload_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_offset_that_cannot_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
