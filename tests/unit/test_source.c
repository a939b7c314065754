/* Sources: what each failure says, capture filters, pipes and standard input, progress, places. */
#include "capture/packet_filter.h"
#include "capture/source.h"

#include "tests/unit/capture_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_ROOM = 200 };

struct place {
	char dir[64];
	char path[PATH_ROOM];
};

static struct place new_place(const char *name)
{
	struct place p = { .dir = "/tmp/envscope-source-XXXXXX" };
	assert_non_null(mkdtemp(p.dir));
	snprintf(p.path, sizeof(p.path), "%s/%s", p.dir, name);
	return p;
}

static void remove_place(const struct place *p)
{
	unlink(p->path);
	rmdir(p->dir);
}

static void write_file(const char *path, struct slice bytes)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	if (bytes.len)
		assert_int_equal(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
	fclose(f);
}

static struct source *open_file(const char *path, const char *filter)
{
	char error[512] = "";
	struct source *s = source_open_file(path, &(struct source_options){ .filter = filter }, error, sizeof(error));
	if (!s)
		fail_msg("%s", error);
	return s;
}

/* Opening path fails with a sentence: `what`, where @ stands for the path. */
static void expect_refused(const char *path, const char *what)
{
	char error[512] = "", want[512];
	int before = (int)strcspn(what, "@");
	assert_null(source_open_file(path, NULL, error, sizeof(error)));
	snprintf(want, sizeof(want), "%.*s%s%s", before, what, path, what + before + 1);
	assert_string_equal(error, want);
}

static void test_files_that_are_none(void **state)
{
	(void)state;
	struct place p = new_place("x.pcap");
	expect_refused(p.path, "there is no file @");
	expect_refused(p.dir, "@ is a directory, not a capture");
	write_file(p.path, slice_str(""));
	expect_refused(p.path, "@ is empty");
	write_file(p.path, slice_str("Dear reader"));
	expect_refused(p.path, "@ is no capture: it is neither pcap nor pcapng");
	write_file(p.path, slice_of("\xd4\xc3\xb2\xa1\2\0", 6));
	expect_refused(p.path, "@ ends in the middle of its header at offset 0");
	remove_place(&p);
	expect_refused("/dev/null", "@ is empty");
	expect_refused("/dev/zero", "@ is no capture: it is neither pcap nor pcapng");
}

static void test_no_permission(void **state)
{
	(void)state;
	struct place p = new_place("x.pcap");
	write_file(p.path, slice_str("secret"));
	chmod(p.path, 0);
	bool root = geteuid() == 0;
	chmod(p.dir, 0755);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	expect_refused(p.path, "no permission to read @");
	if (root)
		assert_int_equal(seteuid(0), 0);
	remove_place(&p);
}

static void test_sentence_has_one_line(void **state)
{
	(void)state;
	char error[512];
	assert_null(source_open_file("/nowhere/a\nb\033[2J", NULL, error, sizeof(error)));
	assert_string_equal(error, "there is no file /nowhere/a\u240ab\u241b[2J");
	assert_null(source_open_live("none\nsuch", NULL, error, sizeof(error)));
	assert_null(strchr(error, '\n'));
}

static void test_no_interface(void **state)
{
	(void)state;
	char error[512];
	assert_null(source_open_live("nosuchinterface", NULL, error, sizeof(error)));
	assert_non_null(strstr(error, "nosuchinterface"));
	if (geteuid() == 0)
		assert_string_equal(error, "there is no interface nosuchinterface (-D lists them)");
}

static void test_no_permission_to_capture(void **state)
{
	(void)state;
	char error[4700];
	bool root = geteuid() == 0;
	if (root)
		assert_int_equal(seteuid(65534), 0);
	struct source *s = source_open_live("lo", NULL, error, sizeof(error));
	if (root)
		assert_int_equal(seteuid(0), 0);
	if (s) {
		source_free(s);
		print_message("capturing is permitted here: nothing to test\n");
		skip();
	}
	assert_non_null(strstr(error, "no permission to capture on lo"));
	assert_non_null(strstr(error, "setcap cap_net_raw,cap_net_admin=eip /"));
	assert_non_null(strstr(error, "group"));
}

static const uint8_t TCP_FRAME[] = "\0\0\0\0\0\0\0\0\0\0\0\0\x08\0"
				   "\x45\0\0\x28\0\0\0\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2"
				   "\x1f\x90\xc3\x50\0\0\0\0\0\0\0\0\x50\x02\0\0\0\0\0\0";
enum { FRAME_LENGTH = 54, IP_AT = 14, PROTO_AT = 23 };

/* A frame with that protocol, of port 8080; from the IP header on if `raw`. */
static void add_frame(struct writer *w, uint32_t interface, bool raw, uint8_t proto)
{
	struct writer body = { 0 };
	uint32_t length = raw ? FRAME_LENGTH - IP_AT : FRAME_LENGTH;
	w32(&body, interface);
	w64(&body, 0);
	w32(&body, length);
	w32(&body, length);
	buf_add(&body.out, slice_of(TCP_FRAME + (raw ? IP_AT : 0), length));
	body.out.at[20 + (raw ? PROTO_AT - IP_AT : PROTO_AT)] = proto;
	write_block(w, 6, buf_slice(&body.out));
	buf_release(&body.out);
}

/* Ethernet, raw IP, 802.11 (which nobody here reads): TCP and UDP of each. */
static void write_mixed(const char *path)
{
	struct writer w = { 0 };
	write_section(&w);
	write_interface(&w, 1, 0, -1, 0);
	write_interface(&w, 101, 0, -1, 0);
	write_interface(&w, 105, 0, -1, 0);
	for (uint32_t interface = 0; interface < 3; interface++) {
		add_frame(&w, interface, interface == 1, 6);
		add_frame(&w, interface, interface == 1, 17);
		add_frame(&w, interface, interface == 1, 6);
	}
	write_file(path, buf_slice(&w.out));
	buf_release(&w.out);
}

static void expect_matches(const char *path, const char *filter, int ethernet, int raw, uint64_t filtered)
{
	struct source *s = open_file(path, filter);
	struct packet p;
	int seen[2] = { 0 };
	enum source_status status;
	while ((status = source_next(s, &p)) == SOURCE_PACKET) {
		if (p.link == 1 || p.link == 101)
			seen[p.link == 101]++;
	}
	assert_int_equal(status, SOURCE_END);
	assert_int_equal(seen[0], ethernet);
	assert_int_equal(seen[1], raw);
	assert_int_equal(source_counts(s).filtered, filtered);
	assert_int_equal(source_counts(s).packets, 9 - filtered);
	source_free(s);
}

static void test_filter(void **state)
{
	(void)state;
	struct place p = new_place("mixed.pcapng");
	write_mixed(p.path);
	expect_matches(p.path, NULL, 3, 3, 0);
	expect_matches(p.path, "tcp", 2, 2, 5);
	expect_matches(p.path, "tcp port 8080 or udp", 3, 3, 3);
	expect_matches(p.path, "port 1", 0, 0, 9);
	expect_matches(p.path, "ether src 0:0:0:0:0:0", 3, 0, 6); /* can't be used on raw IP */
	remove_place(&p);
}

static void test_bad_filter(void **state)
{
	(void)state;
	struct place p = new_place("mixed.pcapng");
	char error[512];
	write_mixed(p.path);
	struct source_options o = { .filter = "tcp prot 80" };
	assert_null(source_open_file(p.path, &o, error, sizeof(error)));
	assert_non_null(strstr(error, "capture filter \"tcp prot 80\": "));
	assert_non_null(strstr(error, "syntax error"));
	assert_false(packet_filter_check("(", error, sizeof(error)));
	assert_true(packet_filter_check("tcp port 8080 and host 10.0.0.1", error, sizeof(error)));
	assert_true(packet_filter_check("ether host 0:0:0:0:0:1", error, sizeof(error)));
	remove_place(&p);
}

/* An expression that can be used on some link type, but not on the only one of the file. */
static void test_filter_for_another_link_type(void **state)
{
	(void)state;
	struct place p = new_place("raw.pcap");
	struct writer w = { 0 };
	struct packet packet;
	write_header(&w, 0xa1b2c3d4, 101);
	write_record(&w, 1, 0, "E", 1);
	write_file(p.path, buf_slice(&w.out));
	struct source *s = open_file(p.path, "ether src 0:0:0:0:0:0");
	assert_int_equal(source_next(s, &packet), SOURCE_DAMAGED);
	assert_int_equal(source_next(s, &packet), SOURCE_DAMAGED);
	assert_non_null(strstr(source_error(s), "capture filter \"ether src 0:0:0:0:0:0\": "));
	source_free(s);
	buf_release(&w.out);
	remove_place(&p);
}

/* A filter that matches nothing gives the caller its turn. */
static void test_filter_waits(void **state)
{
	(void)state;
	struct place p = new_place("many.pcap");
	struct writer w = { 0 };
	struct packet packet;
	int waits = 0;
	write_header(&w, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < 20000; i++)
		write_record(&w, i, 0, "short", 5);
	write_file(p.path, buf_slice(&w.out));
	struct source *s = open_file(p.path, "tcp");
	enum source_status status;
	while ((status = source_next(s, &packet)) == SOURCE_WAIT) {
		struct pollfd fd = { source_fd(s), POLLIN, 0 };
		assert_int_equal(poll(&fd, 1, 0), 1);
		waits++;
	}
	assert_int_equal(status, SOURCE_END);
	assert_int_equal(waits, 2);
	assert_int_equal(source_counts(s).filtered, 20000);
	source_free(s);
	buf_release(&w.out);
	remove_place(&p);
}

static void test_file(void **state)
{
	(void)state;
	struct place p = new_place("a\tb.pcap");
	struct writer w = { 0 };
	struct packet packet;
	char again[5];
	uint64_t done, total;
	write_header(&w, 0xa1b2c3d4, 1);
	write_record(&w, 1, 0, "hello", 5);
	write_record(&w, 2, 0, "world", 5);
	buf_add_str(&w.out, "rest");
	write_file(p.path, buf_slice(&w.out));
	struct source *s = open_file(p.path, NULL);
	assert_false(source_is_live(s));
	assert_non_null(strstr(source_name(s), "/a\u2409b.pcap"));
	assert_int_equal(source_next(s, &packet), SOURCE_PACKET);
	assert_int_equal(pread(source_file(s), again, 5, packet.at), 5);
	assert_memory_equal(again, "hello", 5);
	source_progress(s, &done, &total);
	assert_int_equal(done, 45);
	assert_int_equal(total, 70);
	assert_int_equal(source_next(s, &packet), SOURCE_PACKET);
	assert_int_equal(source_next(s, &packet), SOURCE_DAMAGED);
	assert_non_null(strstr(source_error(s), "b.pcap ends in the middle of a packet at offset 66"));
	assert_int_equal(source_counts(s).packets, 2);
	assert_int_equal(source_counts(s).bytes, 10);
	source_free(s);
	buf_release(&w.out);
	remove_place(&p);
}

static struct source *open_stdin(int fd)
{
	int kept = dup(0);
	assert_int_equal(dup2(fd, 0), 0);
	struct source *s = open_file("-", NULL);
	dup2(kept, 0);
	close(kept);
	return s;
}

static void test_standard_input(void **state)
{
	(void)state;
	struct writer w = { 0 };
	struct packet packet;
	int ends[2];
	write_header(&w, 0xa1b2c3d4, 1);
	write_record(&w, 1, 0, "hello", 5);
	assert_int_equal(pipe(ends), 0);
	struct source *s = open_stdin(ends[0]);
	assert_string_equal(source_name(s), "standard input");
	assert_true(source_is_live(s));
	assert_int_equal(source_file(s), -1);
	assert_int_equal(source_next(s, &packet), SOURCE_WAIT);
	assert_int_equal(write(ends[1], w.out.at, w.out.len), w.out.len);
	struct pollfd fd = { source_fd(s), POLLIN, 0 };
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_int_equal(source_next(s, &packet), SOURCE_PACKET);
	assert_true(slice_is(packet.bytes, "hello"));
	assert_int_equal(source_next(s, &packet), SOURCE_WAIT);
	assert_int_equal(write(ends[1], "junk", 4), 4);
	close(ends[1]);
	assert_int_equal(source_next(s, &packet), SOURCE_DAMAGED);
	assert_string_equal(source_error(s), "standard input ends in the middle of a packet at offset 45");
	source_free(s);
	close(ends[0]);
	buf_release(&w.out);
}

static void test_pipe_that_is_no_capture(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "permission denied\n" };
	static const char *const sentences[] = { "standard input is empty", "standard input is no capture: it is neither pcap nor pcapng" };
	for (int i = 0; i < 2; i++) {
		struct packet packet;
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		struct source *s = open_stdin(ends[0]);
		assert_int_equal(write(ends[1], texts[i], strlen(texts[i])), strlen(texts[i]));
		close(ends[1]);
		assert_int_equal(source_next(s, &packet), SOURCE_DAMAGED);
		assert_string_equal(source_error(s), sentences[i]);
		source_free(s);
		close(ends[0]);
	}
}

/* A named pipe can be opened before anybody writes to it. */
static void test_named_pipe(void **state)
{
	(void)state;
	struct place p = new_place("fifo");
	struct writer w = { 0 };
	struct packet packet;
	write_header(&w, 0xa1b23c4d, 1);
	write_record(&w, 1, 7, "hello", 5);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	struct source *s = open_file(p.path, NULL);
	assert_int_equal(source_next(s, &packet), SOURCE_WAIT);
	int fd = open(p.path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(source_next(s, &packet), SOURCE_WAIT);
	assert_int_equal(write(fd, w.out.at, w.out.len), w.out.len);
	assert_int_equal(source_next(s, &packet), SOURCE_PACKET);
	assert_int_equal(packet.time, 1000000007);
	close(fd);
	assert_int_equal(source_next(s, &packet), SOURCE_END);
	source_free(s);
	buf_release(&w.out);
	remove_place(&p);
}

/* Is the source's descriptor readable within so many ms? */
static bool is_readable(const struct source *s, int ms)
{
	struct pollfd fd = { source_fd(s), POLLIN, 0 };
	return poll(&fd, 1, ms) == 1;
}

static void send_record(int fd, uint32_t seconds)
{
	struct writer w = { 0 };
	write_record(&w, seconds, 0, "hello", 5);
	assert_int_equal(write(fd, w.out.at, w.out.len), w.out.len);
	buf_release(&w.out);
}

/* Of two pipes the silent one is waited for, but not for long, and not by asking again and again; what the other has besides is in no hurry. */
static void test_pipes_as_one(void **state)
{
	(void)state;
	struct place p[2] = { new_place("a"), new_place("b") };
	struct source *two[2];
	struct writer w = { 0 };
	struct packet packet;
	int fd[2];
	write_header(&w, 0xa1b2c3d4, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mkfifo(p[i].path, 0600), 0);
		two[i] = open_file(p[i].path, NULL);
		fd[i] = open(p[i].path, O_WRONLY);
		assert_int_equal(write(fd[i], w.out.at, w.out.len), w.out.len);
	}
	struct source *s = source_merge(two, 2);
	send_record(fd[1], 1);
	send_record(fd[0], 2);
	assert_int_equal(source_next(s, &packet), SOURCE_PACKET);
	assert_true(packet.time == INT64_C(1000000000));
	send_record(fd[0], 3); /* nobody needs it while the one before is in hand */
	int waits = 0;
	for (; source_next(s, &packet) == SOURCE_WAIT; waits++)
		assert_true(is_readable(s, 200));
	assert_true(packet.time == INT64_C(2000000000));
	assert_in_range(waits, 1, 3);
	assert_int_equal(source_next(s, &packet), SOURCE_PACKET);
	assert_true(packet.time == INT64_C(3000000000));
	assert_int_equal(source_next(s, &packet), SOURCE_WAIT);
	assert_false(is_readable(s, 50));
	close(fd[0]);
	assert_true(is_readable(s, 0));
	assert_int_equal(source_next(s, &packet), SOURCE_WAIT);
	assert_false(is_readable(s, 0));
	close(fd[1]);
	assert_int_equal(source_next(s, &packet), SOURCE_END);
	source_free(s);
	buf_release(&w.out);
	remove_place(&p[0]);
	remove_place(&p[1]);
}

/* A file whose filter passes over many packets is gone on with at once, also beside a pipe. */
static void test_filter_beside_a_pipe(void **state)
{
	(void)state;
	struct place p[2] = { new_place("a"), new_place("b") };
	struct writer w = { 0 };
	struct packet packet;
	write_header(&w, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < 20000; i++)
		write_record(&w, i, 0, "short", 5);
	write_file(p[0].path, buf_slice(&w.out));
	assert_int_equal(mkfifo(p[1].path, 0600), 0);
	struct source *s = source_merge((struct source *[]){ open_file(p[0].path, "tcp"), open_file(p[1].path, NULL) }, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(source_next(s, &packet), SOURCE_WAIT);
		assert_true(is_readable(s, 200));
	}
	source_free(s);
	buf_release(&w.out);
	remove_place(&p[0]);
	remove_place(&p[1]);
}

static void note_secrets(void *user, uint32_t format, struct slice bytes)
{
	struct buf *out = user;
	buf_addf(out, "%08x:", (unsigned)format);
	buf_add(out, bytes);
}

static void note_section(void *user)
{
	buf_add_str(user, "section:");
}

static void test_secrets(void **state)
{
	(void)state;
	struct place p = new_place("secrets.pcapng");
	struct writer w = { .big = true };
	struct buf got = { 0 };
	struct packet packet;
	char error[512];
	write_section(&w);
	write_secrets(&w, 0x544c534b, slice_str("CLIENT_RANDOM 1 2"));
	write_secrets(&w, 7, slice_str(""));
	write_file(p.path, buf_slice(&w.out));
	struct source_options o = { .secrets = note_secrets, .section = note_section, .secrets_user = &got };
	struct source *s = source_open_file(p.path, &o, error, sizeof(error));
	assert_non_null(s);
	assert_int_equal(source_next(s, &packet), SOURCE_END);
	assert_string_equal(buf_cstr(&got), "section:544c534b:CLIENT_RANDOM 1 200000007:");
	assert_int_equal(source_counts(s).secrets_dropped, 0);
	source_free(s);
	buf_release(&got);
	buf_release(&w.out);
	remove_place(&p);
}

static void count_line(void *user, const char *text)
{
	int *lines = user;
	char number[16];
	snprintf(number, sizeof(number), "%d.", ++*lines);
	assert_memory_equal(text, number, strlen(number));
	assert_null(strchr(text, '\n'));
}

static void test_list(void **state)
{
	(void)state;
	char error[512] = "";
	int lines = 0;
	int status = source_list_interfaces(count_line, &lines, error, sizeof(error));
	assert_int_equal(status, lines ? 0 : -1);
	assert_int_equal(error[0] != '\0', status != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_no_permission),
		cmocka_unit_test(test_sentence_has_one_line),
		cmocka_unit_test(test_no_interface),
		cmocka_unit_test(test_no_permission_to_capture),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_bad_filter),
		cmocka_unit_test(test_filter_for_another_link_type),
		cmocka_unit_test(test_filter_waits),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_pipe_that_is_no_capture),
		cmocka_unit_test(test_named_pipe),
		cmocka_unit_test(test_pipes_as_one),
		cmocka_unit_test(test_filter_beside_a_pipe),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
