/* IPv4 and IPv6 headers: lengths, fragments, extension headers, and packets cut at every position. */
#include "capture/net/ip.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t ADDRESSES[32] = { 0xfd, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
				       0xfe, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17 };

static void add_u16(struct buf *b, unsigned v)
{
	buf_add_byte(b, (uint8_t)(v >> 8));
	buf_add_byte(b, (uint8_t)v);
}

static void add_v4(struct buf *b, unsigned words, unsigned total, unsigned fragment, uint8_t proto)
{
	buf_add_byte(b, (uint8_t)(0x40 | words));
	buf_add_byte(b, 0);
	add_u16(b, total);
	add_u16(b, 0xbeef);
	add_u16(b, fragment);
	buf_add_byte(b, 64);
	buf_add_byte(b, proto);
	add_u16(b, 0);
	buf_add(b, slice_of(ADDRESSES, 4));
	buf_add(b, slice_of(ADDRESSES + 16, 4));
	for (unsigned i = 5; i < words; i++)
		buf_add(b, slice_of("\1\1\1\1", 4));
}

static void add_v6(struct buf *b, unsigned length, uint8_t next)
{
	buf_add(b, slice_of("\x60\0\0\0", 4));
	add_u16(b, length);
	buf_add_byte(b, next);
	buf_add_byte(b, 64);
	buf_add(b, slice_of(ADDRESSES, 32));
}

/* An extension header of `bytes` bytes that says so with `units`. */
static void add_extension(struct buf *b, uint8_t next, uint8_t units, size_t bytes)
{
	buf_add_byte(b, next);
	buf_add_byte(b, units);
	for (size_t i = 2; i < bytes; i++)
		buf_add_byte(b, 0);
}

struct parsed {
	uint8_t *copy; /* the payload borrows from it */
	struct ip_packet ip;
	enum ip_status status;
};

static struct parsed parse(struct slice bytes)
{
	struct parsed p = { .copy = malloc(bytes.len ? bytes.len : 1) };
	if (bytes.len)
		memcpy(p.copy, bytes.at, bytes.len);
	p.status = ip_parse(slice_of(p.copy, bytes.len), &p.ip);
	return p;
}

static enum ip_status status_of(struct slice bytes)
{
	struct parsed p = parse(bytes);
	free(p.copy);
	return p.status;
}

static void expect_payload(struct slice bytes, uint8_t proto, const char *payload, uint32_t announced)
{
	struct parsed p = parse(bytes);
	assert_int_equal(p.status, IP_OK);
	assert_int_equal(p.ip.proto, proto);
	assert_int_equal(p.ip.payload.len, strlen(payload));
	assert_memory_equal(p.ip.payload.at, payload, strlen(payload));
	assert_int_equal(p.ip.payload_len, announced);
	free(p.copy);
}

static void test_v4(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v4(&b, 5, 25, 0x4000, 6);
	buf_add_str(&b, "hellopadding");
	struct parsed p = parse(buf_slice(&b));
	assert_int_equal(p.status, IP_OK);
	assert_int_equal(p.ip.family, 4);
	assert_memory_equal(p.ip.src, "\xfd\1\2\3\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(p.ip.dst, "\xfe\x1f\x1e\x1d\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_false(p.ip.fragment);
	free(p.copy);
	expect_payload(buf_slice(&b), 6, "hello", 5);
	buf_release(&b);
}

static void test_v4_options(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v4(&b, 15, 65, 0, 17);
	buf_add_str(&b, "hello");
	expect_payload(buf_slice(&b), 17, "hello", 5);
	for (size_t n = 0; n < 60; n++)
		assert_int_equal(status_of(slice_head(buf_slice(&b), n)), IP_SHORT);
	for (size_t n = 0; n <= 5; n++) {
		char payload[6] = "hello";
		payload[n] = '\0';
		expect_payload(slice_head(buf_slice(&b), 60 + n), 17, payload, 5);
	}
	buf_release(&b);
}

static void test_v4_without_length(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v4(&b, 5, 0, 0, 6);
	buf_add_str(&b, "a large segment");
	expect_payload(buf_slice(&b), 6, "a large segment", 15);
	buf_release(&b);
}

static void test_v4_that_cannot_be(void **state)
{
	(void)state;
	static const struct {
		unsigned words, total;
	} headers[] = { { 4, 40 }, { 0, 40 }, { 5, 19 }, { 6, 23 }, { 5, 1 } };
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct buf b = { 0 };
		add_v4(&b, headers[i].words, headers[i].total, 0, 6);
		buf_add_str(&b, "hello, hello, hello, hello");
		assert_int_equal(status_of(buf_slice(&b)), IP_BAD);
		buf_release(&b);
	}
	assert_int_equal(status_of(slice_str("Penguins")), IP_BAD);
	assert_int_equal(status_of(slice_of(NULL, 0)), IP_SHORT);
}

static void test_v4_fragments(void **state)
{
	(void)state;
	static const struct {
		unsigned field;
		bool fragment, more;
		uint32_t offset;
	} fields[] = {
		{ 0x0000, false, false, 0 }, { 0x4000, false, false, 0 },    { 0x2000, true, true, 0 },
		{ 0x2003, true, true, 24 },  { 0x1fff, true, false, 65528 },
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct buf b = { 0 };
		add_v4(&b, 5, 25, fields[i].field, 6);
		buf_add_str(&b, "hello");
		struct parsed p = parse(buf_slice(&b));
		assert_int_equal(p.ip.fragment, fields[i].fragment);
		assert_int_equal(p.ip.more, fields[i].more);
		assert_int_equal(p.ip.frag_offset, fields[i].offset);
		assert_int_equal(p.ip.frag_id, 0xbeef);
		free(p.copy);
		buf_release(&b);
	}
}

static void test_v6(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v6(&b, 5, 6);
	buf_add_str(&b, "hellopadding");
	struct parsed p = parse(buf_slice(&b));
	assert_int_equal(p.status, IP_OK);
	assert_int_equal(p.ip.family, 6);
	assert_memory_equal(p.ip.src, ADDRESSES, 16);
	assert_memory_equal(p.ip.dst, ADDRESSES + 16, 16);
	free(p.copy);
	expect_payload(buf_slice(&b), 6, "hello", 5);
	for (size_t n = 0; n < 40; n++)
		assert_int_equal(status_of(slice_head(buf_slice(&b), n)), IP_SHORT);
	expect_payload(slice_head(buf_slice(&b), 42), 6, "he", 5);
	buf_release(&b);
}

static void test_v6_without_length(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v6(&b, 0, 0);
	buf_add(&b, slice_of("\x06\0\xc2\x04\0\1\0\5", 8)); /* jumbo payload, RFC 2675 */
	buf_add_str(&b, "a very large segment");
	expect_payload(buf_slice(&b), 6, "a very large segment", 20);
	buf_release(&b);
}

static void test_v6_extensions(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v6(&b, 8 + 16 + 8 + 24 + 5, 0);
	add_extension(&b, 43, 0, 8);  /* hop-by-hop */
	add_extension(&b, 60, 1, 16); /* routing */
	add_extension(&b, 51, 0, 8);  /* destination */
	add_extension(&b, 6, 4, 24);  /* authentication: units of 4, less 2 */
	buf_add_str(&b, "hello");
	expect_payload(buf_slice(&b), 6, "hello", 5);
	for (size_t n = 0; n < 96; n++)
		assert_int_equal(status_of(slice_head(buf_slice(&b), n)), IP_SHORT);
	buf_release(&b);
}

static void test_v6_extensions_that_cannot_be(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v6(&b, 8, 0);
	add_extension(&b, 6, 1, 16); /* longer than the packet */
	assert_int_equal(status_of(buf_slice(&b)), IP_BAD);
	buf_release(&b);
	for (int headers = 16; headers <= 17; headers++) {
		add_v6(&b, (unsigned)headers * 8, 60);
		for (int i = 1; i <= headers; i++)
			add_extension(&b, i == headers ? 6 : 60, 0, 8);
		assert_int_equal(status_of(buf_slice(&b)), headers == 16 ? IP_OK : IP_BAD);
		buf_release(&b);
	}
	add_v6(&b, 1, 60);
	buf_add_str(&b, "xpadding");
	assert_int_equal(status_of(buf_slice(&b)), IP_BAD);
	buf_release(&b);
}

static void test_v6_fragments(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v6(&b, 8 + 5, 44);
	buf_add(&b, slice_of("\x3c\0\x01\x01\xde\xad\xbe\xef", 8));
	buf_add_str(&b, "hello");
	struct parsed p = parse(buf_slice(&b));
	assert_int_equal(p.status, IP_OK);
	assert_true(p.ip.fragment && p.ip.more);
	assert_int_equal(p.ip.frag_offset, 256);
	assert_true(p.ip.frag_id == 0xdeadbeef);
	free(p.copy);
	expect_payload(buf_slice(&b), 60, "hello", 5); /* what follows is payload, not a header */
	for (size_t n = 40; n < 48; n++)
		assert_int_equal(status_of(slice_head(buf_slice(&b), n)), IP_SHORT);
	buf_release(&b);
}

static void test_v6_atomic_fragment(void **state)
{
	(void)state;
	struct buf b = { 0 };
	add_v6(&b, 8 + 8 + 5, 44);
	buf_add(&b, slice_of("\x3c\0\0\0\xde\xad\xbe\xef", 8));
	add_extension(&b, 6, 0, 8);
	buf_add_str(&b, "hello");
	struct parsed p = parse(buf_slice(&b));
	assert_false(p.ip.fragment);
	free(p.copy);
	expect_payload(buf_slice(&b), 6, "hello", 5);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v4_options),
		cmocka_unit_test(test_v4_without_length),
		cmocka_unit_test(test_v4_that_cannot_be),
		cmocka_unit_test(test_v4_fragments),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_v6_without_length),
		cmocka_unit_test(test_v6_extensions),
		cmocka_unit_test(test_v6_extensions_that_cannot_be),
		cmocka_unit_test(test_v6_fragments),
		cmocka_unit_test(test_v6_atomic_fragment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
