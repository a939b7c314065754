/*
 * A second thread that reads ahead changes nothing of what the sink is told: every call, with all that it carries, is compared with those
 * that one thread makes, for each sample and for a capture of many blocks.
 */
#include "capture/capture.h"
#include "decode/envelope.h"

#include <endian.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { COPIES = 60, PORT_AT = 14 + 20 };
enum { LARGE = 60000, LARGE_PACKETS = 100 };

/* Calls as text. */
struct log {
	struct buf text;
	size_t calls, closed;
};

static void add_conn(struct log *l, const struct conn_info *c)
{
	l->calls++;
	buf_addf(&l->text, "conn %u ", c->number);
	endpoint_add(&l->text, &c->ends[0]);
	endpoint_add(&l->text, &c->ends[1]);
	buf_addf(&l->text, " %d%d%d%d %d %lld %s ", c->start_seen, c->tls, c->settled[0], c->settled[1], c->transport, (long long)c->opened,
		 c->program);
	assert_true(!c->user || c->user == l);
}

static void on_message(void *user, const struct piece *p)
{
	struct log *l = user;
	add_conn(l, p->conn);
	p->conn->user = l; /* it is the sink's, and stays */
	buf_addf(&l->text, "message %d %d %d%d%d%d%d%d%d%d %u %llu %llu %lld %lld ", p->dir, p->encoding, p->first, p->last, p->cut, p->gap,
		 p->after_gap, p->unmasked, p->reply, p->failed, p->exchange, (unsigned long long)p->size, (unsigned long long)p->offset,
		 (long long)p->at, (long long)p->time);
	buf_add(&l->text, p->method);
	buf_add(&l->text, p->bytes);
	buf_add_byte(&l->text, '\n');
}

static void on_news(void *user, const struct news *n)
{
	struct log *l = user;
	add_conn(l, n->conn);
	buf_addf(&l->text, "news %d %d %lld %llu %s ", n->kind, n->dir, (long long)n->time, (unsigned long long)n->bytes,
		 n->text ? n->text : "");
	buf_add(&l->text, n->detail);
	buf_add_byte(&l->text, '\n');
}

static void on_closed(void *user, struct conn_info *conn, int64_t time)
{
	struct log *l = user;
	add_conn(l, conn);
	l->closed++;
	conn->user = NULL;
	buf_addf(&l->text, "closed %d %lld\n", conn->end, (long long)time);
}

static struct capture *begin(const char *path, struct keylog *keylog, unsigned threads, struct log *l)
{
	char error[256];
	struct source *source = source_open_file(path, NULL, error, sizeof error);
	const struct sink sink = { l, on_message, on_news, on_closed, envelope_probe, envelope_sender };
	const struct capture_options o = { .threads = threads, .keylog = keylog };
	assert_non_null(source);
	return capture_new(source, &sink, &o);
}

/* Everything that a capture tells, and what it counts in the end. */
static struct log log_of(const char *path, unsigned threads, enum capture_status *status, struct capture_counts *counts)
{
	struct log l = { { 0 }, 0, 0 };
	char keys[4096];
	uint64_t done, total;
	struct keylog *keylog = keylog_new();
	snprintf(keys, sizeof keys, "%.*s.keys", (int)(strlen(path) - 5), path);
	if (access(keys, R_OK) == 0)
		assert_true(keylog_open(keylog, keys, false));
	struct capture *c = begin(path, keylog, threads, &l);
	while ((*status = capture_step(c, 100)) == CAPTURE_MORE)
		;
	if (*status == CAPTURE_DAMAGED)
		buf_add_str(&l.text, source_error(capture_source(c)));
	capture_finish(c);
	*counts = capture_counts(c);
	capture_progress(c, &done, &total);
	assert_true(total && done <= total);
	buf_addf(&l.text, "%lld", (long long)capture_first_time(c));
	capture_free(c);
	keylog_free(keylog);
	return l;
}

static size_t same_calls(const char *path, unsigned threads)
{
	enum capture_status status[2];
	struct capture_counts counts[2];
	struct log one = log_of(path, 1, &status[0], &counts[0]), two = log_of(path, threads, &status[1], &counts[1]);
	size_t calls = one.calls;
	assert_int_equal(status[0], status[1]);
	assert_int_equal(one.calls, two.calls);
	if (!slice_eq(buf_slice(&one.text), buf_slice(&two.text)))
		fail_msg("%s differs", path);
	assert_memory_equal(&counts[0], &counts[1], sizeof counts[0]);
	buf_release(&one.text);
	buf_release(&two.text);
	return calls;
}

static void test_samples(void **state)
{
	glob_t found;
	(void)state;
	assert_int_equal(glob("samples/*.pcap*", 0, NULL, &found), 0);
	assert_int_equal(glob("build/samples/*.pcap*", GLOB_APPEND, NULL, &found), 0);
	assert_true(found.gl_pathc > 40);
	for (size_t i = 0; i < found.gl_pathc; i++)
		same_calls(found.gl_pathv[i], 2);
	globfree(&found);
}

static void add_u16(uint8_t *at, unsigned more)
{
	unsigned n = (unsigned)(at[0] << 8 | at[1]) + more;
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

/* samples/tcp.pcap as often as COPIES says, each time with other ports of the client. The last packet is cut. */
static void write_many(char path[])
{
	char error[256];
	uint8_t head[24], record[16] = { 0 };
	int sample = open("samples/tcp.pcap", O_RDONLY), fd = mkstemp(path);
	assert_int_equal(read(sample, head, sizeof head), sizeof head);
	assert_int_equal(write(fd, head, sizeof head), sizeof head);
	close(sample);
	for (unsigned i = 0; i < COPIES; i++) {
		struct source *s = source_open_file("samples/tcp.pcap", NULL, error, sizeof error);
		struct packet p;
		struct buf b = { 0 };
		while (source_next(s, &p) == SOURCE_PACKET) {
			uint32_t words[4] = { htole32((uint32_t)(p.time / 1000000000)), htole32((uint32_t)(p.time % 1000000000 / 1000)),
					      htole32((uint32_t)p.bytes.len), htole32(p.wire_len) };
			memcpy(record, words, sizeof words);
			buf_add(&b, slice_of(record, sizeof record));
			size_t at = b.len;
			buf_add(&b, p.bytes);
			bool from_server = b.at[at + PORT_AT] == 28080 >> 8 && b.at[at + PORT_AT + 1] == (28080 & 255);
			add_u16(b.at + at + PORT_AT + (from_server ? 2 : 0), i);
		}
		source_free(s);
		size_t len = b.len - (i == COPIES - 1 ? 7 : 0);
		assert_int_equal(write(fd, b.at, len), len);
		buf_release(&b);
	}
	close(fd);
}

static void test_many(void **state)
{
	char path[] = "/tmp/envscope-threads-XXXXXX";
	(void)state;
	write_many(path);
	assert_true(same_calls(path, 2) > COPIES * 79);
	unlink(path);
}

/* Large packets, one Envelope in each, of one connection that was joined in its middle. */
static void write_large(char path[])
{
	static uint8_t head[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 0xff, 0xff, [20] = 1 };
	static uint8_t packet[16 + 54 + LARGE] = {
		[4] = 1,
		[16 + 12] = 8,
		0,
		0x45,
		[16 + 14 + 8] = 64,
		6,
		[16 + 26] = 10,
		0,
		0,
		1,
		10,
		0,
		0,
		2,
		0x9c,
		0x40,
		0x6d,
		0xb0,
		[16 + 46] = 0x50,
		0x10,
		[16 + 54] = (LARGE - 4) & 255,
		(LARGE - 4) >> 8,
		0,
		0,
		0x0a,
		4,
		'n',
		'o',
		'o',
		'p',
		0x3a,
		((LARGE - 14) & 127) | 128,
		((LARGE - 14) >> 7 & 127) | 128,
		(LARGE - 14) >> 14,
	};
	uint32_t caught = 54 + LARGE, seq = 1;
	int fd = mkstemp(path);
	memset(packet + sizeof packet - (LARGE - 14), 'x', LARGE - 14);
	memcpy(packet + 8, &(uint32_t){ htole32(caught) }, 4);
	memcpy(packet + 12, &(uint32_t){ htole32(caught) }, 4);
	packet[16 + 16] = (caught - 14) >> 8;
	packet[16 + 17] = (caught - 14) & 255;
	assert_int_equal(write(fd, head, sizeof head), sizeof head);
	for (int i = 0; i < LARGE_PACKETS; i++, seq += LARGE) {
		for (int k = 0; k < 4; k++)
			packet[16 + 38 + k] = (uint8_t)(seq >> (24 - 8 * k));
		assert_int_equal(write(fd, packet, sizeof packet), sizeof packet);
	}
	close(fd);
}

/* They are read by one thread after all, unless two are asked for. */
static void test_large(void **state)
{
	char path[] = "/tmp/envscope-threads-XXXXXX";
	(void)state;
	write_large(path);
	for (unsigned threads = 0; threads < 3; threads += 2)
		assert_true(same_calls(path, threads) > LARGE_PACKETS);
	unlink(path);
}

/* The caller may stop at any time; all connections that were seen are closed all the same. */
static void test_stop(void **state)
{
	char path[] = "/tmp/envscope-threads-XXXXXX";
	(void)state;
	write_many(path);
	for (unsigned steps = 0; steps < 4; steps++) {
		struct log l = { { 0 }, 0, 0 };
		struct capture *c = begin(path, NULL, 2, &l);
		for (unsigned i = 0; i < steps; i++)
			assert_int_equal(capture_step(c, 1), CAPTURE_MORE);
		capture_finish(c);
		assert_int_equal(l.closed, capture_counts(c).connections);
		capture_free(c);
		c = begin(path, NULL, 2, &l);
		for (unsigned i = 0; i < steps; i++)
			capture_step(c, 1);
		capture_free(c); /* without an end */
		buf_release(&l.text);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
