/* Saving as pcapng: what stands in the file, for all messages and for marked ones; a file that is there; giving up. */
#include "capture/source.h"
#include "export/pdu.h"
#include "tests/session_feed.h"
#include "tui/clock.h"
#include "tui/save.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct saving {
	struct feed feed;
	struct marks marks;
	char folder[32], path[64];
};

static int set_up(void **state)
{
	struct saving *s = xcalloc(1, sizeof *s);
	snprintf(s->folder, sizeof s->folder, "/tmp/test_save.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof s->path, "%s/a.pcapng", s->folder);
	feed_init(&s->feed, NULL, NULL);
	FEED(&s->feed, 0, DIR_C2S, .command = "query", .id = "q");
	FEED(&s->feed, 0, DIR_S2C, .command = "queryreply", .id = "r", .rid = "q");
	FEED(&s->feed, 0, DIR_C2S, .command = "noop", .id = "n");
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct saving *s = *state;
	unlink(s->path);
	rmdir(s->folder);
	marks_release(&s->marks);
	feed_release(&s->feed);
	free(s);
	return 0;
}

static struct save_job job_of(struct saving *s, enum save_what what)
{
	return (struct save_job){ .session = s->feed.session, .what = what, .marks = &s->marks, .last = session_count(s->feed.session) };
}

/* Reads the file: its packets are exported PDUs that hold these Envelopes' ids, one each. */
static void holds(const char *path, const char *ids)
{
	char error[256];
	struct packet p;
	struct source *source = source_open_file(path, &(struct source_options){ 0 }, error, sizeof error);
	assert_non_null(source);
	for (; *ids; ids++) {
		assert_int_equal(source_next(source, &p), SOURCE_PACKET);
		assert_int_equal(p.interface->link, LINK_UPPER_PDU);
		assert_int_equal(p.bytes.len, p.wire_len);
		assert_non_null(memmem(p.bytes.at, p.bytes.len, "openiap", 7));
		assert_non_null(memmem(p.bytes.at, p.bytes.len, (char[]){ 0x22, 1, *ids }, 3)); /* field 4, one byte */
	}
	assert_int_equal(source_next(source, &p), SOURCE_END);
	source_free(source);
}

static void test_all(void **state)
{
	struct saving *s = *state;
	struct save_job job = job_of(s, SAVE_ALL);
	struct save save;
	assert_true(save_start(&save, &job, s->path));
	assert_int_equal(save_step(&save, clock_ms() + 10000), SAVE_DONE);
	assert_int_equal(save_count(&save), 3);
	assert_int_equal(save_percent(&save), 100);
	save_release(&save);
	holds(s->path, "qrn");
}

/* What the session forgets meanwhile can't be saved, and is counted. */
static void test_forgotten(void **state)
{
	enum { LIMIT = 3 * 32768 }; /* messages, at which the first ones are forgotten */
	struct session_options o = { .keep = true, .memory = 1, .file = -1, .hash_key = 7 };
	struct saving *s = *state;
	struct save save;
	feed_release(&s->feed);
	feed_init(&s->feed, &o, NULL);
	for (int i = 0; i < LIMIT; i++)
		FEED(&s->feed, 0, DIR_C2S, .command = "noop", .id = "n");
	struct save_job job = job_of(s, SAVE_ALL);
	assert_true(save_start(&save, &job, s->path));
	assert_int_equal(save_step(&save, 0), SAVE_RUNNING);
	uint64_t before = save_count(&save);
	FEED(&s->feed, 0, DIR_C2S, .command = "noop", .id = "n");
	uint32_t first = session_first(s->feed.session);
	assert_true(first > before);
	assert_int_equal(save_step(&save, clock_ms() + 60000), SAVE_DONE);
	assert_int_equal(save.missed, first - 1 - before);
	assert_int_equal(save_count(&save) + save.missed, LIMIT);
	save_release(&save);
}

static void test_marked(void **state)
{
	struct saving *s = *state;
	struct save_job job = job_of(s, SAVE_MARKED);
	struct save save;
	marks_set(&s->marks, 2, true);
	assert_true(save_start(&save, &job, s->path));
	assert_int_equal(save_step(&save, clock_ms() + 10000), SAVE_DONE);
	assert_int_equal(save_count(&save), 1);
	save_release(&save);
	holds(s->path, "r");
}

static bool holds_anything(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_size;
}

static void test_a_file_that_is_there(void **state)
{
	struct saving *s = *state;
	struct save_job job = job_of(s, SAVE_ALL);
	struct save save;
	FILE *there = fopen(s->path, "w");
	fclose(there);
	assert_false(save_start(&save, &job, s->path));
	assert_int_equal(save.error, EEXIST);
	save_release(&save);
	assert_true(save_exists(s->path));
	job.replace = true;
	assert_true(save_start(&save, &job, s->path));
	save_release(&save); /* given up: it is as it was */
	assert_true(save_exists(s->path) && !holds_anything(s->path));
	assert_true(save_start(&save, &job, s->path));
	assert_int_equal(save_step(&save, clock_ms() + 10000), SAVE_DONE);
	save_release(&save);
	holds(s->path, "qrn");
	unlink(s->path);
	assert_int_equal(rmdir(s->folder), 0); /* nothing is left beside it */
	mkdir(s->folder, 0700);
}

/* What it replaces may be the end of a link, which stays one. */
static void test_a_link(void **state)
{
	struct saving *s = *state;
	struct save_job job = job_of(s, SAVE_ALL);
	struct save save;
	struct stat st;
	char link[72];
	snprintf(link, sizeof link, "%s/link", s->folder);
	fclose(fopen(s->path, "w"));
	assert_int_equal(symlink("a.pcapng", link), 0);
	job.replace = true;
	assert_true(save_start(&save, &job, link));
	assert_int_equal(save_step(&save, clock_ms() + 10000), SAVE_DONE);
	save_release(&save);
	assert_true(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
	holds(s->path, "qrn");
	unlink(link);
}

static uint64_t packets_saved(struct saving *s, uint32_t last, bool cut)
{
	char error[256];
	struct save_job job = job_of(s, SAVE_ALL);
	struct second_reading again = { .source = source_open_file("samples/tcp.pcap", &(struct source_options){ 0 }, error, sizeof error),
					.capture = { .threads = 1 } };
	struct save save;
	job.packets = RECORD_CONNECTIONS;
	job.again = &again;
	job.last = last;
	job.cut = cut;
	assert_non_null(again.source);
	assert_true(save_start(&save, &job, s->path));
	assert_int_equal(save_step(&save, clock_ms() + 60000), SAVE_DONE);
	uint64_t count = save_count(&save);
	save_release(&save);
	unlink(s->path);
	return count;
}

/* Where reading was stopped, no packets of what was not read are saved. */
static void test_packets_of_a_part(void **state)
{
	assert_int_equal(packets_saved(*state, 10, true), 10);
	assert_int_equal(packets_saved(*state, 79, false), 79);
}

static void test_formats(void **state)
{
	struct save_format f;
	size_t i = 0;
	bool has[5] = { 0 };
	static const char *const wanted[] = { "pcapng", "ndjson", "json", "text", "pdml" };
	(void)state;
	for (; save_format_at(i, &f); i++) {
		assert_true(strcmp(f.name, "fields") != 0);
		for (size_t k = 0; k < 5; k++)
			has[k] |= strcmp(f.name, wanted[k]) == 0;
	}
	for (size_t k = 0; k < 5; k++)
		assert_true(has[k]);
	assert_false(save_format_at(i + 1, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_file_that_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_packets_of_a_part, set_up, tear_down),
		cmocka_unit_test(test_formats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
