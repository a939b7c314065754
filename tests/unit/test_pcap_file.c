/*
 * Capture files: pcap and pcapng in all their variants, whole, through a pipe byte by byte, gzipped, cut at
 * every position.
 *
 * A reading is noted as text, a line a packet and a line for how it ended, so that readings of the same
 * file on different ways can be compared.
 */
#include "capture/pcap_file.h"

#include "tests/unit/capture_writer.h"

#include <endian.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static int file_of(struct slice bytes)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	if (bytes.len)
		assert_int_equal(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
	rewind(f);
	int fd = dup(fileno(f));
	fclose(f);
	return fd;
}

static void note_secrets(void *user, uint32_t format, struct slice bytes)
{
	struct buf *out = user;
	buf_addf(out, "secrets %08" PRIx32 " ", format);
	buf_add(out, slice_head(bytes, 40));
	buf_addf(out, " %zu\n", bytes.len);
}

static void note_packet(struct buf *out, const struct packet *p, bool places)
{
	buf_addf(out, "%" PRId64 " link %d wire %" PRIu32 " ", p->time, p->link, p->wire_len);
	if (places)
		buf_addf(out, "at %" PRId64 " ", p->at);
	buf_addf(out, "[%.*s]\n", (int)p->bytes.len, p->bytes.len ? (const char *)p->bytes.at : "");
}

static void note_end(struct buf *out, struct pcap_file *f, enum source_status status)
{
	struct packet p;
	assert_int_equal(pcap_file_next(f, &p), status); /* it sticks */
	buf_addf(out, "%s\n", status == SOURCE_END ? "end" : pcap_file_error(f));
}

/* What a regular file with these bytes is read as; to be released. */
static struct buf read_bytes(struct slice bytes, bool places)
{
	struct buf out = { 0 };
	struct source_options o = { .secrets = note_secrets, .secrets_user = &out };
	struct pcap_file *f = pcap_file_new(file_of(bytes), "x", &o);
	enum source_status status;
	struct packet p;
	while ((status = pcap_file_next(f, &p)) == SOURCE_PACKET) {
		if (p.at >= 0) {
			assert_true((uint64_t)p.at + p.bytes.len <= bytes.len);
			assert_memory_equal(bytes.at + p.at, p.bytes.at, p.bytes.len);
		}
		note_packet(&out, &p, places);
	}
	assert_int_not_equal(status, SOURCE_WAIT);
	note_end(&out, f, status);
	pcap_file_free(f);
	return out;
}

/* The same through a pipe that gets one byte at a time. */
static struct buf read_pipe(struct slice bytes)
{
	struct buf out = { 0 };
	struct source_options o = { .secrets = note_secrets, .secrets_user = &out };
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	struct pcap_file *f = pcap_file_new(ends[0], "x", &o);
	enum source_status status = SOURCE_WAIT;
	struct packet p;
	assert_int_equal(pcap_file_start(f), SOURCE_WAIT);
	for (size_t i = 0; i <= bytes.len && status == SOURCE_WAIT; i++) {
		if (i == bytes.len)
			close(ends[1]);
		else
			assert_int_equal(write(ends[1], bytes.at + i, 1), 1);
		while ((status = pcap_file_next(f, &p)) == SOURCE_PACKET) {
			assert_int_equal(p.at, -1);
			note_packet(&out, &p, false);
		}
	}
	assert_int_not_equal(status, SOURCE_WAIT);
	note_end(&out, f, status);
	pcap_file_free(f);
	return out;
}

static struct buf zip(struct slice bytes)
{
	struct buf out = { 0 };
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	union {
		const uint8_t *from;
		uint8_t *to;
	} in = { .from = bytes.at };
	z.next_in = in.to;
	z.avail_in = (uInt)bytes.len;
	z.avail_out = (uInt)deflateBound(&z, (uLong)bytes.len);
	z.next_out = buf_reserve(&out, z.avail_out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	deflateEnd(&z);
	return out;
}

static void expect(struct slice bytes, bool places, const char *text)
{
	struct buf got = read_bytes(bytes, places);
	assert_string_equal(buf_cstr(&got), text);
	buf_release(&got);
}

/* Removes what offsets in gzipped files are marked with. */
static void forget_unpacked(struct buf *text)
{
	static const char mark[] = " of the unpacked data";
	char *at = strstr((char *)text->at, mark);
	if (at)
		memmove(at, at + strlen(mark), strlen(at + strlen(mark)) + 1);
}

/* The file is read as `text` from a file, through a pipe, and gzipped. */
static void expect_everywhere(struct slice bytes, const char *text)
{
	expect(bytes, false, text);
	struct buf piped = read_pipe(bytes), zipped = zip(bytes), unpacked = read_bytes(buf_slice(&zipped), false);
	assert_string_equal(buf_cstr(&piped), text);
	buf_cstr(&unpacked);
	forget_unpacked(&unpacked);
	assert_string_equal((char *)unpacked.at, text);
	buf_release(&piped);
	buf_release(&zipped);
	buf_release(&unpacked);
}

static void write_three(struct writer *w, uint32_t magic)
{
	write_header(w, magic, 1);
	write_record(w, 1700000000, 123456, "first", 5);
	write_record(w, 1700000001, 999999, "", 60);
	write_record(w, 4000000000, 0, "third packet", 1514);
}

static const char THREE[] = "1700000000123456000 link 1 wire 5 [first]\n"
			    "1700000001999999000 link 1 wire 60 []\n"
			    "4000000000000000000 link 1 wire 1514 [third packet]\n"
			    "end\n";

static void test_pcap(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		write_three(&w, 0xa1b2c3d4);
		expect_everywhere(buf_slice(&w.out), THREE);
		expect(buf_slice(&w.out), true,
		       "1700000000123456000 link 1 wire 5 at 40 [first]\n"
		       "1700000001999999000 link 1 wire 60 at 61 []\n"
		       "4000000000000000000 link 1 wire 1514 at 77 [third packet]\n"
		       "end\n");
		buf_release(&w.out);
	}
}

static void test_pcap_ns(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		write_header(&w, 0xa1b23c4d, 276);
		write_record(&w, 1700000000, 123456789, "first", 5);
		expect_everywhere(buf_slice(&w.out), "1700000000123456789 link 276 wire 5 [first]\nend\n");
		buf_release(&w.out);
	}
}

static void test_pcap_patched(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_header(&w, 0xa1b2cd34, 1);
	for (int i = 0; i < 2; i++) {
		w32(&w, 1700000000);
		w32(&w, 5);
		w32(&w, 5);
		w32(&w, 5);
		w64(&w, 2); /* interface, protocol, kind */
		buf_add_str(&w.out, "hello");
	}
	expect_everywhere(buf_slice(&w.out), "1700000000000005000 link 1 wire 5 [hello]\n"
					     "1700000000000005000 link 1 wire 5 [hello]\nend\n");
	buf_release(&w.out);
}

static void test_pcap_empty(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_header(&w, 0xa1b2c3d4, 0x27730001); /* with the length of a frame check sequence, and reserved bits */
	expect_everywhere(buf_slice(&w.out), "end\n");
	write_record(&w, 1, 0, "x", 0); /* a length on the wire that can't be */
	expect_everywhere(buf_slice(&w.out), "1000000000 link 1 wire 1 [x]\nend\n");
	buf_release(&w.out);
}

static void write_zeros(struct writer *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&w->out, 0);
}

/* The end of a file that a crash has left: nothing but zeros. */
static void test_pcap_zeros_at_the_end(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		write_header(&w, 0xa1b2c3d4, 1);
		write_record(&w, 1, 0, "good", 4);
		size_t good = w.out.len;
		for (size_t n = 17; n < 1000; n += n < 80 ? 1 : 97) {
			char text[160];
			w.out.len = good;
			write_zeros(&w, n);
			snprintf(
				text, sizeof text,
				"1000000000 link 1 wire 4 [good]\nx is damaged at offset 44: nothing but zeros from there to its end, %zu bytes\n",
				n);
			expect_everywhere(buf_slice(&w.out), text);
		}
		buf_release(&w.out);
	}
}

/* What looks so elsewhere is packets without bytes, of 1970. */
static void test_pcap_zeros_elsewhere(void **state)
{
	(void)state;
	static const char TWO[] = "1000000000 link 1 wire 4 [good]\n0 link 1 wire 0 []\n0 link 1 wire 0 []\n";
	struct writer w = { 0 };
	struct buf text = { 0 };
	write_header(&w, 0xa1b2c3d4, 1);
	write_record(&w, 1, 0, "good", 4);
	write_zeros(&w, 16);
	expect_everywhere(buf_slice(&w.out), "1000000000 link 1 wire 4 [good]\n0 link 1 wire 0 []\nend\n");
	write_zeros(&w, 16);
	size_t len = w.out.len;
	write_record(&w, 2, 0, "more", 4);
	buf_addf(&text, "%s2000000000 link 1 wire 4 [more]\nend\n", TWO);
	expect_everywhere(buf_slice(&w.out), buf_cstr(&text));
	expect(buf_slice(&w.out), true,
	       "1000000000 link 1 wire 4 at 40 [good]\n0 link 1 wire 0 at 60 []\n0 link 1 wire 0 at 76 []\n"
	       "2000000000 link 1 wire 4 at 92 [more]\nend\n");
	w.out.len = len;
	buf_add_byte(&w.out, 1);
	buf_clear(&text);
	buf_addf(&text, "%sx ends in the middle of a packet at offset 76\n", TWO);
	expect_everywhere(buf_slice(&w.out), buf_cstr(&text));
	w.out.len = len;
	write_header(&w, 0xa1b2c3d4, 1); /* another capture behind it */
	buf_clear(&text);
	buf_addf(&text, "%send\n", TWO);
	expect_everywhere(buf_slice(&w.out), buf_cstr(&text));
	buf_release(&text);
	buf_release(&w.out);
}

/* There may be a lot of them: whoever reads has its turn in between. */
static void test_pcap_zeros_in_masses(void **state)
{
	(void)state;
	struct writer w = { 0 };
	struct packet p;
	enum source_status status;
	unsigned waits = 0;
	write_header(&w, 0xa1b2c3d4, 1);
	write_zeros(&w, 16 << 20);
	struct pcap_file *f = pcap_file_new(file_of(buf_slice(&w.out)), "x", NULL);
	while ((status = pcap_file_next(f, &p)) == SOURCE_WAIT)
		waits++;
	assert_int_equal(status, SOURCE_DAMAGED);
	assert_string_equal(pcap_file_error(f), "x is damaged at offset 24: nothing but zeros from there to its end, 16777216 bytes");
	assert_int_equal(waits, (1 << 20) / 8192);
	pcap_file_free(f);
	buf_release(&w.out);
}

static void test_pcap_damaged(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_header(&w, 0xa1b2c3d4, 1);
	write_record(&w, 1, 0, "good", 4);
	w64(&w, 2);
	w32(&w, (64 << 20) + 1);
	w32(&w, 60);
	expect_everywhere(buf_slice(&w.out), "1000000000 link 1 wire 4 [good]\n"
					     "x is damaged at offset 44: no packet has 67108865 bytes\n");
	buf_release(&w.out);
}

static void test_pcap_version(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		write_header(&w, 0xa1b2c3d4, 1);
		w.out.at[4] = w.out.at[5] = 1;
		expect(buf_slice(&w.out), false, "x is damaged at offset 0: a version of the pcap format other than 2\n");
		buf_release(&w.out);
	}
}

static void test_no_capture(void **state)
{
	(void)state;
	expect(slice_str(""), false, "x is empty\n");
	expect(slice_str("\n"), false, "x is no capture: it is neither pcap nor pcapng\n");
	expect(slice_str("GET / HTTP/1.1\r\n"), false, "x is no capture: it is neither pcap nor pcapng\n");
	expect(slice_str("\x28\xb5\x2f\xfd\x04"), false, "x is compressed by zstd: zstdcat FILE | envscope -r -\n");
	expect(slice_str("\xfd"
			 "7zXZ"),
	       false, "x is compressed by xz: xzcat FILE | envscope -r -\n");
	expect(slice_str("BZh91AY"), false, "x is compressed by bzip2: bzcat FILE | envscope -r -\n");
	expect(slice_str("\x04\x22\x4d\x18@"), false, "x is compressed by lz4: lz4cat FILE | envscope -r -\n");
	expect(slice_str("PK\x03\x04\x14"), false, "x is a zip archive: unzip -p FILE | envscope -r -\n");
	struct buf zipped = zip(slice_str("GET / HTTP/1.1\r\n")), nothing = zip(slice_str(""));
	expect(buf_slice(&zipped), false, "x is no capture: it is neither pcap nor pcapng\n");
	expect(buf_slice(&nothing), false, "x is empty\n");
	buf_release(&zipped);
	buf_release(&nothing);
}

/* The lines of `text` for the packets that lie wholly in the first n bytes, given the offsets where each packet ends. */
static void expect_cut(struct slice bytes, size_t n, const char *text, const size_t *ends, size_t count)
{
	struct buf want = { 0 }, got = read_bytes(slice_head(bytes, n), false);
	const char *line = text;
	bool between = n == 24;
	for (size_t i = 0; i < count && ends[i] <= n; i++) {
		const char *next = strchr(line, '\n') + 1;
		buf_add(&want, slice_of(line, (size_t)(next - line)));
		line = next;
		between = n == ends[i];
	}
	size_t begin = 24;
	for (size_t i = 0; i < count && ends[i] <= n; i++)
		begin = ends[i];
	if (between)
		buf_add_str(&want, "end\n");
	else if (n < 4)
		buf_add_str(&want, n ? "x is no capture: it is neither pcap nor pcapng\n" : "x is empty\n");
	else if (n < 24)
		buf_add_str(&want, "x ends in the middle of its header at offset 0\n");
	else
		buf_addf(&want, "x ends in the middle of a packet at offset %zu\n", begin);
	assert_string_equal(buf_cstr(&got), buf_cstr(&want));
	buf_release(&want);
	buf_release(&got);
}

static void test_pcap_cut(void **state)
{
	(void)state;
	static const size_t ends[] = { 45, 61, 89 };
	struct writer w = { 0 };
	write_three(&w, 0xa1b2c3d4);
	assert_int_equal(w.out.len, 89);
	for (size_t n = 0; n <= w.out.len; n++)
		expect_cut(buf_slice(&w.out), n, THREE, ends, 3);
	buf_release(&w.out);
}

static void write_all_blocks(struct writer *w)
{
	write_section(w);
	write_interface(w, 1, 0, -1, 0);
	write_interface(w, 101, 8, 9, 0);
	write_packet(w, 0, 1700000000123456, "microseconds", 12);
	write_secrets(w, 0x544c534b, slice_str("CLIENT_RANDOM 00 11\n"));
	write_packet(w, 1, 1700000001123456789, "nanoseconds", 99);
	write_block(w, 4, slice_str("a name resolution block"));
	write_block(w, 5, slice_str("interface statistics"));
	write_block(w, 0x80001234, slice_str(""));
	write_old_packet(w, 1, 1700000002123456789, "an old one", 10);
	write_simple_packet(w, "simple", 6);
}

static const char ALL_BLOCKS[] = "1700000000123456000 link 1 wire 12 [microseconds]\n"
				 "secrets 544c534b CLIENT_RANDOM 00 11\n 20\n"
				 "1700000001123456789 link 101 wire 99 [nanoseconds]\n"
				 "1700000002123456789 link 101 wire 10 [an old one]\n"
				 "0 link 1 wire 6 [simple]\n"
				 "end\n";

static void test_pcapng(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		write_all_blocks(&w);
		expect_everywhere(buf_slice(&w.out), ALL_BLOCKS);
		buf_release(&w.out);
	}
}

static void test_pcapng_cut(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_all_blocks(&w);
	size_t begin = 0;
	for (size_t n = 4; n <= w.out.len; n++) {
		char end[80];
		struct buf got = read_bytes(slice_head(buf_slice(&w.out), n), false);
		uint32_t length = 0;
		if (n - begin >= 12)
			memcpy(&length, w.out.at + begin + 4, 4);
		if (n - begin == le32toh(length))
			begin = n;
		snprintf(end, sizeof(end), "x ends in the middle of a block at offset %zu\n", begin);
		const char *want = begin == n ? "end\n" : end, *text = buf_cstr(&got);
		size_t packets = strlen(text) - strlen(want);
		assert_string_equal(text + packets, want);
		assert_memory_equal(text, ALL_BLOCKS, packets);
		buf_release(&got);
	}
	assert_int_equal(begin, w.out.len);
	buf_release(&w.out);
}

static void test_pcapng_sections(void **state)
{
	(void)state;
	struct writer little = { .big = false }, big = { .big = true };
	write_section(&big);
	write_interface(&big, 113, 0, -1, 0);
	write_packet(&big, 0, 1000000, "big", 3);
	write_section(&little);
	write_interface(&little, 1, 0, 3, 0);
	write_packet(&little, 0, 2000, "little", 6);
	buf_add(&little.out, buf_slice(&big.out));
	write_section(&little);
	write_packet(&little, 0, 3000, "no interface", 6);
	expect_everywhere(buf_slice(&little.out), "2000000000 link 1 wire 6 [little]\n"
						  "1000000000 link 113 wire 3 [big]\n"
						  "x is damaged at offset 232: a packet names an interface that is not described\n");
	buf_release(&little.out);
	buf_release(&big.out);
}

static void test_pcapng_times(void **state)
{
	(void)state;
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t time;
		const char *text;
	} cases[] = {
		{ 0, 0, 1700000000, "1700000000000000000" },
		{ 3, 0, 1700000000123, "1700000000123000000" },
		{ 6, 1700000000, 5, "1700000000000005000" },
		{ 6, -10, 5, "-9999995000" },
		{ 9, 0, 1700000000123456789, "1700000000123456789" },
		{ 12, 0, 1700000000123456789, "1700000000123456" },
		{ 12, 1700000000, 123456789999, "1700000000123456789" },
		{ 28, 0, UINT64_MAX, "1" },
		{ 29, 0, UINT64_MAX, "0" },
		{ 127, 0, UINT64_MAX, "0" },
		{ 0x80, 0, 1700000000, "1700000000000000000" },
		{ 0x80 | 10, 1, 1536, "2500000000" },
		{ 0x80 | 32, 0, (uint64_t)1700000000 << 32 | 0x80000000, "1700000000500000000" },
		{ 0xff, 0, UINT64_MAX, "0" },
		{ 6, 0, UINT64_MAX, "4611686018427387903" },
		{ 6, INT64_MAX, UINT64_MAX, "4611686018427387903" },
		{ 6, INT64_MIN, 0, "-4611686018427387903" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct writer w = { .big = i % 2 };
		char text[80];
		write_section(&w);
		write_interface(&w, 1, 0, cases[i].resolution, cases[i].offset);
		write_packet(&w, 0, cases[i].time, "x", 1);
		snprintf(text, sizeof(text), "%s link 1 wire 1 [x]\nend\n", cases[i].text);
		expect(buf_slice(&w.out), false, text);
		buf_release(&w.out);
	}
}

/* However far apart the times of a file claim to be, what lies between two can be told. */
static void test_pcapng_times_apart(void **state)
{
	(void)state;
	int64_t apart;
	assert_false(__builtin_sub_overflow(PACKET_TIME_MAX, -PACKET_TIME_MAX, &apart));
	assert_false(__builtin_mul_overflow((int64_t)UINT32_MAX, INT64_C(1000000000), &apart));
	assert_true(apart < PACKET_TIME_MAX);
}

static void test_pcapng_snaplen_of_simple_packets(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_section(&w);
	write_interface(&w, 1, 4, -1, 0);
	write_simple_packet(&w, "simp", 6);
	expect_everywhere(buf_slice(&w.out), "0 link 1 wire 6 [simp]\nend\n");
	buf_release(&w.out);
}

static void test_pcapng_without_packets(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_section(&w);
	expect_everywhere(buf_slice(&w.out), "end\n");
	write_block(&w, 77, slice_str("of a kind not known"));
	expect_everywhere(buf_slice(&w.out), "end\n");
	buf_release(&w.out);
}

/* A good section and interface, then one block with that type and body: what it says. */
static void expect_bad_block(uint32_t type, struct slice body, const char *why)
{
	struct writer w = { 0 };
	char text[160];
	write_section(&w);
	write_interface(&w, 1, 0, -1, 0);
	snprintf(text, sizeof(text), "x is damaged at offset %zu: %s\n", w.out.len, why);
	write_block(&w, type, body);
	expect(buf_slice(&w.out), false, text);
	buf_release(&w.out);
}

static void test_pcapng_bad_blocks(void **state)
{
	(void)state;
	static const uint8_t zero[32];
	struct writer packet = { 0 };
	expect_bad_block(6, slice_of(zero, 16), "a packet block is too short");
	expect_bad_block(2, slice_of(zero, 16), "a packet block is too short");
	expect_bad_block(3, slice_of(zero, 0), "a packet is longer than its block");
	expect_bad_block(3, slice_of("\x09\0\0\0bytes", 9), "a packet is longer than its block");
	expect_bad_block(1, slice_of(zero, 4), "an interface description is too short");
	expect_bad_block(10, slice_of(zero, 4), "a secrets block is shorter than its secrets");
	expect_bad_block(10, slice_of("\0\0\0\0\x01\0\0\0", 8), "a secrets block is shorter than its secrets");
	expect_bad_block(0x0a0d0d0a, slice_of(zero, 16), "a section has no byte-order magic");
	expect_bad_block(0x0a0d0d0a, slice_of("\x4d\x3c\x2b\x1a\2\0\0\0", 8), "a section has a version other than 1");
	expect_bad_block(0x0a0d0d0a, slice_of("\x4d\x3c\x2b\x1a", 4), "a section header is too short");
	w32(&packet, 0);
	w64(&packet, 0);
	w32(&packet, 5);
	w32(&packet, 5);
	expect_bad_block(6, buf_slice(&packet.out), "a packet is longer than its block");
	packet.out.at[0] = 1;
	expect_bad_block(6, buf_slice(&packet.out), "a packet names an interface that is not described");
	buf_release(&packet.out);
}

static void test_pcapng_bad_lengths(void **state)
{
	(void)state;
	static const uint32_t lengths[] = { 0, 8, 13, 30, (64 << 20) + 4, UINT32_MAX };
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct writer w = { 0 };
		write_section(&w);
		w32(&w, 6);
		w32(&w, lengths[i]);
		w32(&w, lengths[i]);
		expect(buf_slice(&w.out), false, "x is damaged at offset 28: a block has an impossible length\n");
		buf_release(&w.out);
	}
	struct writer w = { 0 };
	write_section(&w);
	write_interface(&w, 1, 0, -1, 0);
	w.out.at[w.out.len - 4]++;
	expect(buf_slice(&w.out), false, "x is damaged at offset 28: a block has two different lengths\n");
	buf_release(&w.out);
	write_section(&w);
	write_zeros(&w, 12); /* as a crash leaves it */
	expect(buf_slice(&w.out), false, "x is damaged at offset 28: a block has nothing but zeros\n");
	w.out.len -= 12;
	write_simple_packet(&w, "x", 1);
	expect(buf_slice(&w.out), false, "x is damaged at offset 28: a packet comes before the description of its interface\n");
	buf_release(&w.out);
}

/* Options of an interface that are cut or overlong do not hide the interface. */
static void test_pcapng_bad_options(void **state)
{
	(void)state;
	static const char *const options[] = { "\x09\0\xff\0\x09", "\x09", "\x0e\0\x08\0\1\1\1", "\x09\0\x02\0\x09\x09" };
	static const size_t sizes[] = { 5, 1, 7, 6 };
	for (size_t i = 0; i < 4; i++) {
		struct writer w = { 0 }, body = { 0 };
		write_section(&w);
		w64(&body, 1);
		buf_add(&body.out, slice_of(options[i], sizes[i]));
		write_block(&w, 1, buf_slice(&body.out));
		write_packet(&w, 0, 1000000, "x", 1);
		expect(buf_slice(&w.out), false, "1000000000 link 1 wire 1 [x]\nend\n");
		buf_release(&w.out);
		buf_release(&body.out);
	}
}

static void test_secrets_too_long(void **state)
{
	(void)state;
	size_t limit = 16 << 20;
	uint8_t *secrets = calloc(limit + 4, 1);
	struct writer w = { 0 };
	write_section(&w);
	write_secrets(&w, 1, slice_of(secrets, limit + 1));
	write_secrets(&w, 2, slice_of(secrets, limit));
	struct pcap_file *f = pcap_file_new(file_of(buf_slice(&w.out)), "x", NULL);
	struct packet p;
	assert_int_equal(pcap_file_next(f, &p), SOURCE_END);
	struct source_counts counts = { 0 };
	pcap_file_add_drops(f, &counts);
	assert_int_equal(counts.secrets_dropped, 1);
	pcap_file_free(f);
	buf_release(&w.out);
	free(secrets);
}

static void write_statistics(struct writer *w, uint32_t interface, uint64_t dropped_interface, uint64_t dropped_kernel)
{
	const uint64_t values[][2] = { { 4, 1000 }, { 5, dropped_interface }, { 7, dropped_kernel } };
	struct writer body = { .big = w->big };
	w32(&body, interface);
	w64(&body, 0);
	for (size_t i = 0; i < 3; i++) {
		w16(&body, (uint16_t)values[i][0]);
		w16(&body, 8);
		w64(&body, values[i][1]);
	}
	w32(&body, 0);
	write_block(w, 5, buf_slice(&body.out));
	buf_release(&body.out);
}

/* What whoever captured has lost: of each interface the newest count, of all the sum. */
static void test_statistics(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		struct packet p;
		struct source_counts counts = { 0 };
		write_section(&w);
		write_interface(&w, 1, 0, -1, 0);
		write_interface(&w, 1, 0, -1, 0);
		write_statistics(&w, 0, 2, 10);
		write_statistics(&w, 1, 0, 100);
		write_statistics(&w, 0, 3, 30);
		write_statistics(&w, 2, 5, 5); /* of none */
		write_section(&w);
		write_interface(&w, 1, 0, -1, 0);
		write_statistics(&w, 0, 1, 0);
		struct pcap_file *f = pcap_file_new(file_of(buf_slice(&w.out)), "x", NULL);
		assert_int_equal(pcap_file_next(f, &p), SOURCE_END);
		pcap_file_add_drops(f, &counts);
		assert_int_equal(counts.dropped_kernel, 130);
		assert_int_equal(counts.dropped_interface, 4);
		pcap_file_free(f);
		write_statistics(&w, 0, UINT64_MAX, UINT64_MAX);
		f = pcap_file_new(file_of(buf_slice(&w.out)), "x", NULL);
		assert_int_equal(pcap_file_next(f, &p), SOURCE_END);
		pcap_file_add_drops(f, &counts);
		assert_true(counts.dropped_kernel == UINT64_MAX && counts.dropped_interface == UINT64_MAX);
		pcap_file_free(f);
		buf_release(&w.out);
	}
}

/* Comments on anything but packets are counted, behind whatever is before the options of such a block. */
static void test_comments_passed(void **state)
{
	static const struct {
		uint32_t type;
		size_t before; /* bytes of the body before its options */
	} blocks[] = { { 0x0a0d0d0a, 16 }, { 1, 8 }, { 4, 12 }, { 5, 12 }, { 10, 12 }, { 6, 20 } /* a packet, whose comment is its own */ };
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		struct packet p;
		struct source_counts counts = { 0 };
		write_section(&w);
		for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
			struct writer body = { .big = big };
			if (i == 0) {
				w32(&body, 0x1a2b3c4d);
				w16(&body, 1);
			} else if (blocks[i].type == 4) {
				w16(&body, 1); /* a record of 3 bytes */
				w16(&body, 3);
				w32(&body, 0);
			} else if (blocks[i].type == 10) {
				w32(&body, 7);
				w32(&body, 2); /* padded */
			}
			while (body.out.len < blocks[i].before)
				buf_add_byte(&body.out, 0);
			for (int k = 0; k < 2; k++) {
				w16(&body, 1);
				w16(&body, 5);
				buf_add(&body.out, slice_of("hello\0\0\0", 8));
			}
			w32(&body, 0);
			write_block(&w, blocks[i].type, buf_slice(&body.out));
			buf_release(&body.out);
		}
		struct pcap_file *f = pcap_file_new(file_of(buf_slice(&w.out)), "x", NULL);
		assert_int_equal(pcap_file_next(f, &p), SOURCE_PACKET);
		assert_true(slice_eq(p.comments, slice_of("hello\0hello\0", 12)));
		assert_int_equal(pcap_file_next(f, &p), SOURCE_END);
		pcap_file_add_drops(f, &counts);
		assert_int_equal(counts.comments, 10);
		pcap_file_free(f);
		buf_release(&w.out);
	}
}

static void write_packet_behind(struct writer *w, uint32_t interface, uint64_t dropped)
{
	struct writer body = { .big = w->big };
	w32(&body, interface);
	w64(&body, 0);
	w64(&body, 0);
	w16(&body, 2); /* epb_flags */
	w16(&body, 4);
	w32(&body, 1);
	w16(&body, 4);
	w16(&body, 8);
	w64(&body, dropped);
	w32(&body, 0);
	write_block(w, 6, buf_slice(&body.out));
	buf_release(&body.out);
}

static void expect_dropped(struct writer *w, uint64_t kernel, uint64_t interface)
{
	struct source_counts counts = { 0 };
	struct packet p;
	struct pcap_file *f = pcap_file_new(file_of(buf_slice(&w->out)), "x", NULL);
	enum source_status status;
	while ((status = pcap_file_next(f, &p)) == SOURCE_PACKET)
		;
	assert_int_equal(status, SOURCE_END);
	pcap_file_add_drops(f, &counts);
	assert_int_equal(counts.dropped_kernel, kernel);
	assert_int_equal(counts.dropped_interface, interface);
	pcap_file_free(f);
}

/* What packets say was dropped before them is the same as what the statistics of their interface say: the larger counts. */
static void test_dropped_before(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct writer w = { .big = big };
		write_section(&w);
		write_interface(&w, 1, 0, -1, 0);
		write_interface(&w, 1, 0, -1, 0);
		write_packet_behind(&w, 0, 3);
		write_packet_behind(&w, 0, 0);
		write_packet_behind(&w, 0, 4);
		expect_dropped(&w, 7, 0);
		write_old_packet(&w, 1, 0, "x", 1); /* it tells of 7 */
		expect_dropped(&w, 14, 0);
		write_statistics(&w, 0, 2, 1);
		expect_dropped(&w, 12, 2);
		write_packet_behind(&w, 0, 1);
		expect_dropped(&w, 13, 2);
		write_statistics(&w, 0, 2, 6);
		expect_dropped(&w, 13, 2);
		write_statistics(&w, 0, 2, 100);
		expect_dropped(&w, 107, 2);
		write_section(&w);
		write_interface(&w, 1, 0, -1, 0);
		write_packet_behind(&w, 0, 5);
		expect_dropped(&w, 112, 2);
		for (int i = 0; i < 2; i++)
			write_packet_behind(&w, 0, UINT64_MAX);
		expect_dropped(&w, 107 + (UINT64_C(1) << 40), 2);
		buf_release(&w.out);
	}
}

/* One of the kinds of captures that there are, with a packet of that second. */
static void write_kind(struct buf *out, int kind, uint32_t second)
{
	static const uint32_t magic[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34 };
	struct writer w = { .out = *out, .big = kind % 2 };
	if (kind < 6) {
		write_header(&w, magic[kind / 2], 1);
		w32(&w, second);
		w32(&w, 0);
		w32(&w, 3);
		w32(&w, 3);
		buf_add(&w.out, slice_of("\0\0\0\0\0\0\0", magic[kind / 2] == 0xa1b2cd34 ? 8 : 0));
		buf_add_str(&w.out, "abc");
	} else {
		write_section(&w);
		write_interface(&w, 1, 0, 0, 0);
		write_packet(&w, 0, second, "abc", 3);
	}
	*out = w.out;
}

/* Captures of any two kinds, one behind the other in a file. */
static void test_joined(void **state)
{
	(void)state;
	for (int first = 0; first < 8; first++) {
		for (int second = 0; second < 8; second++) {
			struct buf bytes = { 0 };
			write_kind(&bytes, first, 7);
			write_kind(&bytes, second, 8);
			struct buf whole = read_bytes(buf_slice(&bytes), false), pieces = read_pipe(buf_slice(&bytes));
			assert_string_equal(buf_cstr(&whole), "7000000000 link 1 wire 3 [abc]\n8000000000 link 1 wire 3 [abc]\nend\n");
			assert_string_equal(buf_cstr(&pieces), buf_cstr(&whole));
			buf_release(&whole);
			buf_release(&pieces);
			buf_release(&bytes);
		}
	}
}

/* Headers alone, many of them. */
static void test_joined_headers(void **state)
{
	(void)state;
	struct writer w = { 0 };
	for (int i = 0; i < 200000; i++)
		write_header(&w, 0xa1b2c3d4, 1);
	expect(buf_slice(&w.out), false, "end\n");
	buf_release(&w.out);
}

static void add_zipped(struct buf *to, struct slice bytes)
{
	struct buf zipped = zip(bytes);
	buf_add(to, buf_slice(&zipped));
	buf_release(&zipped);
}

static void test_gzip_members(void **state)
{
	(void)state;
	struct writer w = { 0 };
	struct buf zipped = { 0 };
	write_three(&w, 0xa1b2c3d4);
	add_zipped(&zipped, slice_head(buf_slice(&w.out), 50));
	add_zipped(&zipped, slice_str(""));
	add_zipped(&zipped, slice_skip(buf_slice(&w.out), 50));
	expect(buf_slice(&zipped), false, THREE);
	struct buf got = read_pipe(buf_slice(&zipped));
	assert_string_equal(buf_cstr(&got), THREE);
	buf_release(&got);
	buf_release(&zipped);
	buf_release(&w.out);
}

/* Zeros behind the last member fill a block; anything else there is damage. */
static void test_gzip_padded(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_three(&w, 0xa1b2c3d4);
	for (size_t zeros = 1; zeros < 1 << 20; zeros *= 8) {
		struct writer zipped = { 0 };
		add_zipped(&zipped.out, buf_slice(&w.out));
		write_zeros(&zipped, zeros);
		expect(buf_slice(&zipped.out), false, THREE);
		struct buf got = read_pipe(buf_slice(&zipped.out));
		assert_string_equal(buf_cstr(&got), THREE);
		buf_release(&got);
		buf_add_str(&zipped.out, "xyz");
		got = read_bytes(buf_slice(&zipped.out), false);
		assert_non_null(strstr(buf_cstr(&got), "[third packet]\nx holds damaged gzip data at offset "));
		buf_release(&got);
		buf_release(&zipped.out);
	}
	buf_release(&w.out);
}

/* Of a gzipped file that is cut anywhere, the packets are a beginning of all the packets, and the end is no good one. */
static void test_gzip_cut(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_three(&w, 0xa1b2c3d4);
	struct buf zipped = zip(buf_slice(&w.out));
	for (size_t n = 2; n < zipped.len; n++) {
		char end[80];
		snprintf(end, sizeof(end), "x ends in the middle of its gzip data at offset %zu\n", n);
		struct buf got = read_bytes(slice_head(buf_slice(&zipped), n), false);
		const char *text = buf_cstr(&got);
		assert_true(strlen(text) >= strlen(end));
		size_t packets = strlen(text) - strlen(end);
		assert_string_equal(text + packets, end);
		assert_memory_equal(text, THREE, packets);
		buf_release(&got);
	}
	buf_release(&zipped);
	buf_release(&w.out);
}

static void test_gzip_damaged(void **state)
{
	(void)state;
	struct writer w = { 0 };
	write_three(&w, 0xa1b2c3d4);
	for (size_t back = 1; back <= 5; back += 4) { /* of the length, of the checksum */
		struct buf zipped = zip(buf_slice(&w.out));
		zipped.at[zipped.len - back] ^= 1;
		struct buf got = read_bytes(buf_slice(&zipped), false);
		assert_non_null(strstr(buf_cstr(&got), "[third packet]\nx holds damaged gzip data at offset "));
		buf_release(&got);
		buf_release(&zipped);
	}
	buf_release(&w.out);
}

/* More than the buffer holds, with packets longer than it. */
static void test_large(void **state)
{
	(void)state;
	enum { PACKETS = 12, LENGTH = 900000 };
	struct writer w = { 0 };
	write_header(&w, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t length = LENGTH + i * 100000;
		w32(&w, i);
		w32(&w, 0);
		w32(&w, length);
		w32(&w, length);
		memset(buf_reserve(&w.out, length), (int)i, length);
		w.out.len += length;
	}
	struct pcap_file *f = pcap_file_new(file_of(buf_slice(&w.out)), "x", NULL);
	struct packet p;
	for (uint32_t i = 0; i < PACKETS; i++) {
		assert_int_equal(pcap_file_next(f, &p), SOURCE_PACKET);
		assert_int_equal(p.bytes.len, LENGTH + i * 100000);
		assert_memory_equal(p.bytes.at, w.out.at + p.at, p.bytes.len);
		assert_int_equal(p.time, i * (int64_t)1000000000);
	}
	uint64_t done, total;
	pcap_file_progress(f, &done, &total);
	assert_int_equal(done, w.out.len);
	assert_int_equal(total, w.out.len);
	assert_int_equal(pcap_file_next(f, &p), SOURCE_END);
	pcap_file_free(f);
	buf_release(&w.out);
}

/* A descriptor that does not stand at its beginning: places count from the beginning of the file. */
static void test_in_the_middle_of_a_file(void **state)
{
	(void)state;
	struct writer w = { 0 };
	buf_add_str(&w.out, "something before");
	write_three(&w, 0xa1b2c3d4);
	int fd = file_of(buf_slice(&w.out));
	assert_int_equal(lseek(fd, 16, SEEK_SET), 16);
	struct pcap_file *f = pcap_file_new(fd, "x", NULL);
	struct packet p;
	assert_int_equal(pcap_file_next(f, &p), SOURCE_PACKET);
	assert_int_equal(p.at, 56);
	assert_memory_equal(w.out.at + p.at, "first", 5);
	pcap_file_free(f);
	buf_release(&w.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_pcap_ns),
		cmocka_unit_test(test_pcap_patched),
		cmocka_unit_test(test_pcap_empty),
		cmocka_unit_test(test_pcap_zeros_at_the_end),
		cmocka_unit_test(test_pcap_zeros_elsewhere),
		cmocka_unit_test(test_pcap_zeros_in_masses),
		cmocka_unit_test(test_pcap_damaged),
		cmocka_unit_test(test_pcap_version),
		cmocka_unit_test(test_no_capture),
		cmocka_unit_test(test_pcap_cut),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_pcapng_cut),
		cmocka_unit_test(test_pcapng_sections),
		cmocka_unit_test(test_pcapng_times),
		cmocka_unit_test(test_pcapng_times_apart),
		cmocka_unit_test(test_pcapng_snaplen_of_simple_packets),
		cmocka_unit_test(test_pcapng_without_packets),
		cmocka_unit_test(test_pcapng_bad_blocks),
		cmocka_unit_test(test_pcapng_bad_lengths),
		cmocka_unit_test(test_pcapng_bad_options),
		cmocka_unit_test(test_secrets_too_long),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_dropped_before),
		cmocka_unit_test(test_comments_passed),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_joined_headers),
		cmocka_unit_test(test_gzip_members),
		cmocka_unit_test(test_gzip_padded),
		cmocka_unit_test(test_gzip_cut),
		cmocka_unit_test(test_gzip_damaged),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_in_the_middle_of_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
