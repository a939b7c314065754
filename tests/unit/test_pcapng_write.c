/*
 * What is written is read back by the reader: packets to the nanosecond and the byte, interfaces, secrets; and the plain format too. What
 * the reader does not look at (comments, flags, statistics) is held against bytes written by hand.
 */
#include "capture/pcapng_write.h"

#include "capture/pcap_file.h"

#include "tests/unit/capture_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t TIME = INT64_C(1795392000123456789);

static struct packet_interface interface_of(int link, uint8_t digits, const char *name)
{
	struct packet_interface i = { .link = link, .snaplen = 262144, .digits = digits };
	snprintf(i.name, sizeof i.name, "%s", name);
	snprintf(i.description, sizeof i.description, "%s", *name ? "a cable" : "");
	return i;
}

static struct pcap_file *reader(const struct buf *bytes, const struct source_options *o)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	assert_int_equal(fwrite(bytes->at, 1, bytes->len, f), bytes->len);
	rewind(f);
	int fd = dup(fileno(f));
	fclose(f);
	return pcap_file_new(fd, "x", o);
}

static void expect(struct pcap_file *f, int64_t time, const char *bytes, uint32_t wire, const struct packet_interface *i)
{
	struct packet p;
	assert_int_equal(pcap_file_next(f, &p), SOURCE_PACKET);
	assert_true(p.time == time);
	assert_true(slice_is(p.bytes, bytes));
	assert_int_equal(p.wire_len, wire);
	assert_int_equal(p.link, i->link);
	assert_int_equal(p.interface->link, i->link);
	assert_int_equal(p.interface->snaplen, i->snaplen);
	assert_int_equal(p.interface->digits, i->digits);
	assert_string_equal(p.interface->name, i->name);
	assert_string_equal(p.interface->description, i->description);
}

static void expect_end(struct pcap_file *f)
{
	struct packet p;
	assert_int_equal(pcap_file_next(f, &p), SOURCE_END);
	pcap_file_free(f);
}

static void add(struct buf *out, uint32_t interface, uint8_t digits, int64_t time, const char *bytes, uint32_t wire)
{
	struct pcapng_packet p = { .interface = interface, .digits = digits, .time = time, .bytes = slice_str(bytes), .wire_len = wire };
	pcapng_add_packet(out, &p);
}

static void note_secrets(void *user, uint32_t format, struct slice bytes)
{
	buf_addf(user, "%08x %.*s;", (unsigned)format, (int)bytes.len, (const char *)bytes.at);
}

static void test_read_back(void **state)
{
	(void)state;
	struct buf out = { 0 }, secrets = { 0 };
	struct packet_interface i[] = { interface_of(1, 9, "eth0"), interface_of(113, 6, ""), interface_of(228, 3, "x") };
	struct source_options o = { .secrets = note_secrets, .secrets_user = &secrets };
	pcapng_add_section(&out, "a program");
	for (int n = 0; n < 3; n++)
		pcapng_add_interface(&out, &i[n]);
	pcapng_add_secrets(&out, PCAPNG_TLS_KEY_LOG, slice_str("CLIENT_RANDOM 1 2"));
	add(&out, 0, 9, TIME, "one", 3);
	add(&out, 1, 6, TIME, "four", 1500);
	add(&out, 2, 3, TIME, "", 0);
	add(&out, 0, 9, -5, "sixsix", 2); /* before 1970, and a length that can't be */
	struct pcap_file *f = reader(&out, &o);
	expect(f, TIME, "one", 3, &i[0]);
	expect(f, TIME - 789, "four", 1500, &i[1]);
	expect(f, TIME - 456789, "", 0, &i[2]);
	expect(f, 0, "sixsix", 6, &i[0]);
	expect_end(f);
	assert_string_equal(buf_cstr(&secrets), "544c534b CLIENT_RANDOM 1 2;");
	buf_release(&out);
	buf_release(&secrets);
}

/* Each block, once complete, can be read although the next one is cut off anywhere. */
static void test_cut(void **state)
{
	(void)state;
	struct buf out = { 0 };
	struct packet_interface i = interface_of(1, 9, "eth0");
	pcapng_add_section(&out, NULL);
	pcapng_add_interface(&out, &i);
	add(&out, 0, 9, TIME, "first", 5);
	size_t whole = out.len;
	add(&out, 0, 9, TIME + 1, "second", 6);
	for (size_t len = whole + 1; len < out.len; len++) {
		struct buf part = { out.at, len, len };
		struct packet p;
		struct pcap_file *f = reader(&part, NULL);
		expect(f, TIME, "first", 5, &i);
		assert_int_equal(pcap_file_next(f, &p), SOURCE_DAMAGED);
		pcap_file_free(f);
	}
	buf_release(&out);
}

/* Comments come back with their packet, and only with that; cut anywhere, the packet is whole or it is none. */
static void test_comments(void **state)
{
	(void)state;
	struct buf out = { 0 };
	struct packet_interface i = interface_of(1, 9, "eth0");
	struct slice comments[] = { slice_str("a note"), slice_str(""), slice_of("with\0 a NUL", 11) };
	struct pcapng_packet p = {
		.digits = 9, .time = TIME, .bytes = slice_str("abcde"), .wire_len = 5, .comments = comments, .comment_count = 3
	};
	struct packet got;
	pcapng_add_section(&out, NULL);
	pcapng_add_interface(&out, &i);
	size_t front = out.len;
	pcapng_add_packet(&out, &p);
	size_t whole = out.len;
	add(&out, 0, 9, TIME + 1, "next", 4);
	struct pcap_file *f = reader(&out, NULL);
	assert_int_equal(pcap_file_next(f, &got), SOURCE_PACKET);
	assert_true(slice_eq(got.comments, slice_of("a note\0with\0", 12)));
	assert_int_equal(pcap_file_next(f, &got), SOURCE_PACKET);
	assert_int_equal(got.comments.len, 0);
	expect_end(f);
	for (size_t len = front + 1; len < whole; len++) {
		struct buf part = { out.at, len, len };
		f = reader(&part, NULL);
		assert_int_equal(pcap_file_next(f, &got), SOURCE_DAMAGED);
		pcap_file_free(f);
	}
	buf_release(&out);
}

/* The same packet with its options by hand. */
static void test_options(void **state)
{
	(void)state;
	struct buf out = { 0 };
	struct slice comments[] = { slice_str("seq-gap"), slice_str(""), slice_str("id") };
	struct pcapng_packet p = { .interface = 7,
				   .digits = 9,
				   .time = TIME,
				   .bytes = slice_str("abcde"),
				   .wire_len = 5,
				   .flags = PCAPNG_OUTBOUND,
				   .comments = comments,
				   .comment_count = 3 };
	struct writer all = { { 0 }, false }, body = { { 0 }, false };
	pcapng_add_packet(&out, &p);
	w32(&body, 7);
	w32(&body, (uint32_t)(TIME >> 32));
	w32(&body, (uint32_t)TIME);
	w32(&body, 5);
	w32(&body, 5);
	buf_add(&body.out, slice_of("abcde\0\0\0", 8));
	buf_add(&body.out, slice_of("\1\0\7\0seq-gap\0", 12));
	buf_add(&body.out, slice_of("\1\0\2\0id\0\0", 8));
	buf_add(&body.out, slice_of("\2\0\4\0\2\0\0\0", 8));
	w32(&body, 0);
	write_block(&all, 6, buf_slice(&body.out));
	assert_int_equal(out.len, all.out.len);
	assert_memory_equal(out.at, all.out.at, out.len);
	buf_release(&out);
	buf_release(&body.out);
	buf_release(&all.out);
}

static void test_statistics(void **state)
{
	(void)state;
	struct buf out = { 0 };
	struct pcapng_statistics s = {
		.interface = 1, .time = TIME, .digits = 9, .received = 258, .dropped_interface = 3, .dropped_kernel = 4
	};
	struct writer all = { { 0 }, false }, body = { { 0 }, false };
	pcapng_add_statistics(&out, &s);
	w32(&body, 1);
	w32(&body, (uint32_t)(TIME >> 32));
	w32(&body, (uint32_t)TIME);
	buf_add(&body.out, slice_of("\4\0\x08\0\2\1\0\0\0\0\0\0", 12));
	buf_add(&body.out, slice_of("\5\0\x08\0\3\0\0\0\0\0\0\0", 12));
	buf_add(&body.out, slice_of("\7\0\x08\0\4\0\0\0\0\0\0\0", 12));
	w32(&body, 0);
	write_block(&all, 5, buf_slice(&body.out));
	assert_int_equal(out.len, all.out.len);
	assert_memory_equal(out.at, all.out.at, out.len);
	buf_release(&out);
	buf_release(&body.out);
	buf_release(&all.out);
}

/* A comment that is longer than an option can be: cut, and the block is still one. */
static void test_long_comment(void **state)
{
	(void)state;
	struct buf out = { 0 }, text = { 0 };
	struct packet_interface i = interface_of(1, 6, "eth0");
	memset(buf_reserve(&text, 70000), 'x', 70000);
	text.len = 70000;
	struct slice comment = buf_slice(&text);
	struct pcapng_packet p = {
		.digits = 6, .time = 0, .bytes = slice_str("abc"), .wire_len = 3, .comments = &comment, .comment_count = 1
	};
	pcapng_add_section(&out, NULL);
	pcapng_add_interface(&out, &i);
	pcapng_add_packet(&out, &p);
	add(&out, 0, 6, 1000, "next", 4);
	struct pcap_file *f = reader(&out, NULL);
	expect(f, 0, "abc", 3, &i);
	expect(f, 1000, "next", 4, &i);
	expect_end(f);
	buf_release(&out);
	buf_release(&text);
}

static void test_plain(void **state)
{
	(void)state;
	for (uint8_t digits = 6; digits <= 9; digits += 3) {
		struct buf out = { 0 };
		struct packet_interface i = { .link = 276, .snaplen = 65535, .digits = digits };
		int64_t rest = digits == 6 ? 789 : 0;
		pcap_add_header(&out, &i);
		pcap_add_packet(&out, digits, TIME, slice_str("one"), 9);
		pcap_add_packet(&out, digits, TIME, slice_str("two"), 0);
		struct pcap_file *f = reader(&out, NULL);
		expect(f, TIME - rest, "one", 9, &i);
		expect(f, TIME - rest, "two", 3, &i);
		expect_end(f);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back),  cmocka_unit_test(test_cut),          cmocka_unit_test(test_options),
		cmocka_unit_test(test_statistics), cmocka_unit_test(test_long_comment), cmocka_unit_test(test_comments),
		cmocka_unit_test(test_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
