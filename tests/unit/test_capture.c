/*
 * A capture that comes through a pipe, and pauses: what time it is, which need not be what this machine's clock says, and what waits no longer.
 */
#include "capture/capture.h"

#include "base/when.h"
#include "decode/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEADER = 24, RECORD = 16 };
enum { MISSING = 14, LAST = 19 }; /* packets of samples/tcp.pcap: the data of a request, and the one that acknowledges its reply */

static const int64_t SHORT = NS_PER_S / 5, LONG = 2 * (int64_t)NS_PER_S + NS_PER_S / 2;

static void on_message(void *user, const struct piece *p)
{
	*(unsigned *)user += p->last;
}

static void on_news(void *user, const struct news *n)
{
	(void)user;
	(void)n;
}

static void on_closed(void *user, struct conn_info *conn, int64_t time)
{
	(void)user;
	(void)conn;
	(void)time;
}

/* The first packets of the sample, less the one that is missing; *time: of the last. */
static struct buf first_packets(int64_t *time)
{
	static uint8_t sample[16384];
	struct buf out = { 0 };
	FILE *in = fopen("samples/tcp.pcap", "rb");
	assert_non_null(in);
	assert_int_equal(fread(sample, 1, sizeof sample, in), sizeof sample);
	fclose(in);
	const uint8_t *at = sample + HEADER;
	buf_add(&out, slice_of(sample, HEADER));
	for (int i = 1; i <= LAST; i++) {
		struct cursor c = cursor_of(slice_of(at, RECORD));
		int64_t seconds = cursor_le32(&c), microseconds = cursor_le32(&c);
		size_t size = RECORD + cursor_le32(&c);
		*time = seconds * NS_PER_S + microseconds * 1000;
		if (i != MISSING)
			buf_add(&out, slice_of(at, size));
		at += size;
	}
	return out;
}

static struct capture *open_pipe(int fd, unsigned *messages)
{
	char path[32], error[256];
	const struct sink sink = { messages, on_message, on_news, on_closed, envelope_probe, envelope_sender };
	const struct capture_options o = { .threads = 0 };
	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	struct source *source = source_open_file(path, NULL, error, sizeof error);
	assert_non_null(source);
	return capture_new(source, &sink, &o);
}

static void read_all(struct capture *c)
{
	enum capture_status status;
	while ((status = capture_step(c, 100)) == CAPTURE_MORE)
		;
	assert_int_equal(status, CAPTURE_WAIT);
}

static void pause_for(int64_t time)
{
	const struct timespec t = { time / NS_PER_S, time % NS_PER_S };
	nanosleep(&t, NULL);
}

static void test_pause(void **state)
{
	(void)state;
	unsigned messages = 0;
	int ends[2];
	int64_t last;
	struct buf packets = first_packets(&last);
	assert_int_equal(pipe(ends), 0);
	struct capture *c = open_pipe(ends[0], &messages);
	assert_int_equal(capture_clock(c), 0);
	read_all(c);
	pause_for(SHORT);
	assert_int_equal(capture_clock(c), 0);

	assert_int_equal(write(ends[1], packets.at, packets.len), packets.len);
	read_all(c);
	pause_for(SHORT);
	read_all(c);
	int64_t clock = capture_clock(c);
	assert_true(clock >= last + SHORT && clock < last + 60 * (int64_t)NS_PER_S);
	assert_int_equal(messages, 2);
	assert_int_equal(capture_counts(c).gaps, 0);

	pause_for(LONG);
	read_all(c);
	assert_int_equal(messages, 3);
	assert_int_equal(capture_counts(c).last_time, last);
	close(ends[0]);
	close(ends[1]);
	capture_finish(c);
	assert_int_equal(capture_counts(c).gaps, 1);
	capture_free(c);
	buf_release(&packets);
}

/* A fragment of an IPv4 packet in Ethernet, as a record of the capture. */
static void fragment_write(struct buf *out, uint8_t proto, uint16_t units, bool more, struct slice payload)
{
	const uint8_t size = (uint8_t)(14 + 20 + payload.len), record[RECORD] = { 1, [8] = size, [12] = size };
	uint8_t head[34] = { [12] = 8, [14] = 0x45, [19] = 7, [22] = 64, [23] = proto, [26] = 10, [30] = 10, [33] = 1 };
	head[17] = (uint8_t)(20 + payload.len);
	head[20] = (uint8_t)(units >> 8 | (more ? 0x20 : 0));
	head[21] = (uint8_t)units;
	buf_add(out, slice_of(record, sizeof record));
	buf_add(out, slice_of(head, sizeof head));
	buf_add(out, payload);
}

/* What is counted of two fragments, the second of which has the end. */
static struct capture_counts read_fragments(uint8_t proto, struct slice first, struct slice last)
{
	static const uint8_t header[HEADER] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, [16] = 255, 255, [20] = 1 };
	struct buf packets = { 0 };
	unsigned messages = 0;
	int ends[2];
	buf_add(&packets, slice_of(header, sizeof header));
	fragment_write(&packets, proto, 0, true, first);
	fragment_write(&packets, proto, (uint16_t)(first.len / 8), false, last);
	assert_int_equal(pipe(ends), 0);
	struct capture *c = open_pipe(ends[0], &messages);
	assert_int_equal(write(ends[1], packets.at, packets.len), packets.len);
	read_all(c);
	struct capture_counts counts = capture_counts(c);
	assert_int_equal(counts.fragments.packets, 1);
	close(ends[0]);
	close(ends[1]);
	capture_free(c);
	buf_release(&packets);
	return counts;
}

/* Fragments of two packets with one number, of which the capture lacks the others: their receivers took no such segment. */
static void test_fragments_of_two(void **state)
{
	(void)state;
	for (uint8_t told = 0; told < 2; told++) {
		const uint8_t tcp[24] = { [1] = 1, [3] = 2, [12] = 5 << 4, [13] = 16, [16] = told };
		struct capture_counts n = read_fragments(6, slice_of(tcp, sizeof tcp), slice_str("another one's"));
		assert_int_equal(n.damaged, told);
		assert_int_equal(n.segments, !told);
	}
}

/* The same in a tunnel, of which the fragments are: a packet in it that is longer than what was put together was not cut by the capture. */
static void test_fragments_of_two_in_tunnel(void **state)
{
	(void)state;
	for (uint8_t more = 0; more < 2; more++) {
		const uint8_t gre[48] = { [2] = 8,   [4] = 0x45,    [7] = (uint8_t)(52 + more),
					  [12] = 64, [13] = 6,      [16] = 10,
					  [20] = 10, [23] = 1,      [25] = 1,
					  [27] = 2,  [36] = 5 << 4, [37] = 16 };
		struct capture_counts n = read_fragments(47, slice_of(gre, sizeof gre), slice_str("anothers"));
		assert_int_equal(n.bad, more);
		assert_int_equal(n.segments, !more);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_fragments_of_two),
		cmocka_unit_test(test_fragments_of_two_in_tunnel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
