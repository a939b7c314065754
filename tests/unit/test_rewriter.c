/*
 * A capture read once more for its packets: from several files, of messages that a filter or a mark asks for, out of TLS (the secrets stand in what is
 * written, which then needs no key log), and what fails.
 */
#include "export/rewriter.h"

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILES = 3 };

static const char tcp[] = "samples/tcp.pcap", tls[] = "samples/wss13_aes256.pcap.gz", tls_keys[] = "samples/wss13_aes256.keys";

struct place {
	char folder[32], out[64], again[64], part[FILES][64];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	char folder[] = "/tmp/rewriter.XXXXXX";
	if (!mkdtemp(folder))
		return -1;
	strcpy(p->folder, folder);
	snprintf(p->out, sizeof p->out, "%s/out.pcapng", folder);
	snprintf(p->again, sizeof p->again, "%s/again.pcapng", folder);
	for (int i = 0; i < FILES; i++)
		snprintf(p->part[i], sizeof p->part[i], "%s/%d.pcap", folder, i);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	unlink(p->out);
	unlink(p->again);
	for (int i = 0; i < FILES; i++)
		unlink(p->part[i]);
	rmdir(p->folder);
	free(p);
	return 0;
}

static void take_secrets(void *keylog, uint32_t format, struct slice lines)
{
	(void)format;
	keylog_feed(keylog, lines);
}

static struct source *open_source(const char *const *paths, size_t count, struct keylog *keys)
{
	struct source_options o = { .secrets = take_secrets, .secrets_user = keys };
	struct source *sources[FILES];
	char error[256];
	for (size_t i = 0; i < count; i++) {
		sources[i] = source_open_file(paths[i], keys ? &o : NULL, error, sizeof error);
		assert_non_null(sources[i]);
	}
	return source_merge(sources, count);
}

static struct second_reading reading(const char *const *paths, size_t count, const char *keys)
{
	struct second_reading r = { .keylog = keylog_new() };
	assert_true(keylog_open(r.keylog, keys, false));
	r.source = open_source(paths, count, r.keylog);
	return r;
}

/* Writes what the options want; returns how many messages that were. */
static uint64_t rewrite(struct second_reading again, const struct rewriter_options *o)
{
	enum rewriter_state state;
	int error, percent = 0;
	struct rewriter *r = rewriter_new(o, &again, &error);
	assert_non_null(r);
	assert_int_equal(error, 0);
	while ((state = rewriter_step(r)) == REWRITER_MORE) {
		assert_true(rewriter_percent(r) >= percent);
		percent = rewriter_percent(r);
	}
	assert_int_equal(state, REWRITER_DONE);
	assert_true(rewriter_percent(r) == 100 || again.messages || again.capture.span);
	uint64_t matched = rewriter_matched(r);
	rewriter_free(r);
	return matched;
}

static struct rewriter_options to(const char *path, enum record_what what)
{
	return (struct rewriter_options){ .record = { .file = { .path = path }, .what = what } };
}

/* The packets of one file are those of the other. Returns how many there are. */
static int same_packets(const char *a, const char *b)
{
	struct source *one = open_source(&a, 1, NULL), *other = open_source(&b, 1, NULL);
	struct packet p, q;
	int count = 0;
	while (source_next(one, &p) == SOURCE_PACKET) {
		assert_int_equal(source_next(other, &q), SOURCE_PACKET);
		assert_int_equal(p.bytes.len, q.bytes.len);
		assert_memory_equal(p.bytes.at, q.bytes.at, p.bytes.len);
		assert_true(p.time == q.time);
		count++;
	}
	assert_int_equal(source_next(other, &q), SOURCE_END);
	source_free(one);
	source_free(other);
	return count;
}

static int packets_of(const char *path)
{
	return same_packets(path, path);
}

/* Cuts a capture into files of some packets each; the last has the rest. */
static void cut(const struct place *p, const char *path, int packets)
{
	static uint8_t bytes[1 << 20];
	FILE *in = fopen(path, "rb"), *out = NULL;
	size_t size = fread(bytes, 1, sizeof bytes, in), at = 24;
	fclose(in);
	for (int i = 0; at + 16 <= size; i++) {
		uint32_t length;
		memcpy(&length, bytes + at + 8, 4);
		length = le32toh(length);
		if (i % packets == 0 && i / packets < FILES) {
			if (out)
				fclose(out);
			out = fopen(p->part[i / packets], "wb");
			fwrite(bytes, 1, 24, out);
		}
		fwrite(bytes + at, 1, 16 + length, out);
		at += 16 + length;
	}
	fclose(out);
}

static void test_several_files(void **state)
{
	const struct place *p = *state;
	cut(p, tcp, 70);
	const char *const parts[] = { p->part[2], p->part[0], p->part[1] }; /* in whatever order they are named */
	struct rewriter_options o = to(p->out, RECORD_CONNECTIONS);
	assert_int_equal(rewrite(reading(parts, FILES, NULL), &o), 79);
	assert_int_equal(same_packets(p->out, tcp), 208);

	o.filter = "command == \"popworkitem\"";
	o.record.what = RECORD_PACKETS;
	assert_int_equal(rewrite(reading(parts, FILES, NULL), &o), 1);
	int few = packets_of(p->out);
	assert_true(few > 0 && few < 20);
}

static bool is_29(void *user, uint32_t n)
{
	++*(int *)user;
	return n == 29;
}

static void test_marked(void **state)
{
	const struct place *p = *state;
	const char *path = tcp;
	int asked = 0;
	struct rewriter_options o = to(p->out, RECORD_PACKETS), same = to(p->again, RECORD_PACKETS);
	o.record.wanted = is_29; /* which is the popworkitem */
	o.record.user = &asked;
	same.filter = "command == \"popworkitem\"";
	assert_int_equal(rewrite(reading(&path, 1, NULL), &o), 1);
	assert_true(asked >= 79);
	assert_int_equal(rewrite(reading(&path, 1, NULL), &same), 1);
	assert_true(same_packets(p->out, p->again) > 0);
}

/* What was not read the first time, after -c or -a, is not written. */
static void test_stopped(void **state)
{
	const struct place *p = *state;
	const char *path = tcp;
	struct rewriter_options o = to(p->out, RECORD_CONNECTIONS);
	struct second_reading again = reading(&path, 1, NULL);
	again.messages = 10;
	assert_int_equal(rewrite(again, &o), 10);
	assert_int_equal(packets_of(p->out), 42);
	again = reading(&path, 1, NULL);
	again.capture.span = 1000000000;
	assert_int_equal(rewrite(again, &o), 25);
	assert_int_equal(packets_of(p->out), 108);
}

static void test_tls(void **state)
{
	const struct place *p = *state;
	const char *path = tls, *written = p->out;
	struct rewriter_options o = to(p->out, RECORD_CONNECTIONS), again = to(p->again, RECORD_CONNECTIONS);
	uint64_t all = rewrite(reading(&path, 1, tls_keys), &o);
	assert_true(all > 50);
	assert_int_equal(same_packets(p->out, tls), packets_of(tls));
	assert_int_equal(rewrite(reading(&written, 1, NULL), &again), all); /* by the secrets that stand in it */
	assert_int_equal(rewrite(reading(&path, 1, NULL), &again), 0);

	o.filter = again.filter = "command == \"popworkitem\"";
	o.record.what = RECORD_PACKETS;
	uint64_t some = rewrite(reading(&path, 1, tls_keys), &o);
	assert_true(some && some < all);
	assert_int_equal(packets_of(p->out), packets_of(tls)); /* nothing in there can be read without what came before it */
	assert_int_equal(rewrite(reading(&written, 1, NULL), &again), some);
}

static void test_failures(void **state)
{
	const struct place *p = *state;
	const char *path = tcp;
	int error;
	struct rewriter_options o = to(p->out, RECORD_CONNECTIONS);
	struct second_reading again = reading(&path, 1, NULL);
	o.filter = "command ==";
	assert_null(rewriter_new(&o, &again, &error));
	assert_int_equal(error, 0);

	o = to("/there/is/no/such/folder.pcapng", RECORD_CONNECTIONS);
	again = reading(&path, 1, NULL);
	assert_null(rewriter_new(&o, &again, &error));
	assert_int_equal(error, ENOENT);

	struct rlimit before, now;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	now = (struct rlimit){ 100000, before.rlim_max };
	o = to(p->out, RECORD_CONNECTIONS);
	again = reading(&path, 1, NULL);
	struct rewriter *r = rewriter_new(&o, &again, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	enum rewriter_state s;
	while ((s = rewriter_step(r)) == REWRITER_MORE)
		;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(s, REWRITER_FAILED);
	assert_int_equal(rewriter_error(r), EFBIG);
	rewriter_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_several_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
