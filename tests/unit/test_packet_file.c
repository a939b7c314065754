/*
 * A capture file that is written, read back by the reader: interfaces, a ring of files, plain pcap with two link types, and what fails: a disk
 * that is full at any byte, a reader that goes.
 */
#include "export/packet_file.h"

#include "capture/pcap_file.h"

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t START = INT64_C(1795392000000000000), SECOND = 1000000000;

struct place {
	char folder[32], path[64];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	strcpy(p->folder, "/tmp/packet_file.XXXXXX");
	if (!mkdtemp(p->folder))
		return -1;
	snprintf(p->path, sizeof p->path, "%s/x.pcapng", p->folder);
	*state = p;
	return 0;
}

/* The files of the folder, in the order of their names. */
static glob_t files_of(const struct place *p)
{
	char pattern[64];
	glob_t found;
	snprintf(pattern, sizeof pattern, "%s/*", p->folder);
	assert_true(glob(pattern, 0, NULL, &found) == 0);
	return found;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	glob_t found = files_of(p);
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
	rmdir(p->folder);
	free(p);
	return 0;
}

static struct packet_file *create(struct packet_file_options o)
{
	char error[256];
	struct packet_file *f = packet_file_new(&o, error, sizeof error);
	assert_non_null(f);
	return f;
}

/* The packets number `from` to `to` - 1: one a second, of 100 bytes that are its number. */
static void put(struct packet_file *f, uint32_t interface, int from, int to)
{
	for (int i = from; i < to; i++) {
		uint8_t bytes[100];
		memset(bytes, i, sizeof bytes);
		packet_file_write(f, &(struct pcapng_packet){ .interface = interface,
							      .time = START + i * SECOND,
							      .bytes = slice_of(bytes, sizeof bytes),
							      .wire_len = 1500 });
	}
}

static void note_secrets(void *user, uint32_t format, struct slice lines)
{
	assert_int_equal(format, PCAPNG_TLS_KEY_LOG);
	buf_add(user, lines);
}

/* Reads a file to its end, which must be a whole one, and looks at every packet; returns how many there are. */
static int read_all(const char *path, int first, int link, struct buf *secrets)
{
	struct source_options o = { .secrets = note_secrets, .secrets_user = secrets };
	struct pcap_file *f = pcap_file_new(open(path, O_RDONLY), path, secrets ? &o : NULL);
	struct packet p;
	enum source_status s;
	int count = 0;
	assert_non_null(f);
	while ((s = pcap_file_next(f, &p)) == SOURCE_PACKET) {
		assert_int_equal(p.bytes.len, 100);
		assert_int_equal(p.bytes.at[99], (uint8_t)(first + count));
		assert_int_equal(p.wire_len, 1500);
		assert_int_equal(p.link, link);
		assert_true(p.time == START + (first + count) * SECOND);
		count++;
	}
	assert_int_equal(s, SOURCE_END);
	pcap_file_free(f);
	return count;
}

/* Of a plain pcap. */
static uint32_t snaplen_of(const char *path)
{
	uint8_t head[24];
	int fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, head, sizeof head), sizeof head);
	close(fd);
	struct cursor c = cursor_of(slice_of(head + 16, 4));
	return cursor_le32(&c);
}

static void test_plain(void **state)
{
	struct place *p = *state;
	struct stat st;
	struct packet_interface eth = { .link = 1, .digits = 9 }, raw = { .link = 101, .digits = 9 };
	struct packet_file *f = create((struct packet_file_options){ .path = p->path });
	uint32_t at = packet_file_interface(f, &eth), other = packet_file_interface(f, &raw);
	assert_int_equal(packet_file_interface(f, &eth), at);
	assert_true(at != other);
	put(f, at, 0, 250);
	assert_int_equal(packet_file_counts(f).packets, 250);
	packet_file_free(f);
	assert_int_equal(read_all(p->path, 0, 1, NULL), 250);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	f = create((struct packet_file_options){ .path = p->path, .format = PACKETS_PCAP });
	at = packet_file_interface(f, &raw);
	other = packet_file_interface(f, &eth);
	put(f, at, 0, 3);
	put(f, other, 3, 5);
	assert_int_equal(packet_file_counts(f).packets, 3);
	assert_int_equal(packet_file_counts(f).other_link, 2);
	packet_file_free(f);
	assert_int_equal(read_all(p->path, 0, 101, NULL), 3);

	struct packet_interface cut = { .link = 101, .snaplen = 96, .digits = 9 }; /* those behind it may be longer */
	f = create((struct packet_file_options){ .path = p->path, .format = PACKETS_PCAP });
	put(f, packet_file_interface(f, &cut), 0, 3);
	packet_file_free(f);
	assert_int_equal(snaplen_of(p->path), 262144);

	packet_file_free(create((struct packet_file_options){ .path = p->path, .format = PACKETS_PCAP }));
	assert_int_equal(read_all(p->path, 0, 1, NULL), 0);
}

/* A ring by size and by time: the newest files are left, each with the secrets, and together they are the end of it all. */
static void ring(const struct place *p, uint64_t bytes, int64_t time, unsigned most)
{
	struct packet_file *f = create(
		(struct packet_file_options){ .path = p->path, .ring_bytes = bytes, .ring_time = time, .ring_files = most });
	uint32_t at = packet_file_interface(f, &(struct packet_interface){ .link = 1, .digits = 9 });
	packet_file_secrets(f, slice_str("CLIENT_RANDOM 00 11\n"));
	put(f, at, 0, 200);
	packet_file_free(f);
	glob_t found = files_of(p);
	int count = 0, of[64];
	assert_true(found.gl_pathc > 1 && found.gl_pathc <= 64);
	assert_true(!most || found.gl_pathc == most);
	for (size_t i = found.gl_pathc; i-- > 0;) {
		struct pcap_file *file = pcap_file_new(open(found.gl_pathv[i], O_RDONLY), "x", NULL);
		struct packet packet;
		of[i] = 0;
		while (pcap_file_next(file, &packet) == SOURCE_PACKET)
			of[i]++;
		pcap_file_free(file);
		count += of[i];
	}
	int first = 200 - count;
	assert_true(most ? first > 0 : first == 0);
	for (size_t i = 0; i < found.gl_pathc; first += of[i], i++) {
		struct buf secrets = { 0 };
		assert_int_equal(read_all(found.gl_pathv[i], first, 1, &secrets), of[i]);
		assert_true(slice_is(buf_slice(&secrets), "CLIENT_RANDOM 00 11\n"));
		buf_release(&secrets);
		unlink(found.gl_pathv[i]);
	}
	globfree(&found);
	fclose(fopen(p->path, "w"));
}

static void test_ring(void **state)
{
	struct place *p = *state;
	ring(p, 4000, 0, 0);
	unlink(p->path);
	ring(p, 4000, 0, 3);
	unlink(p->path);
	ring(p, 0, 10 * SECOND, 0);
	unlink(p->path);
	ring(p, 0, 10 * SECOND, 4);
}

/* A disk that is full after any number of bytes: the file ends with a whole block, and all packets are counted. */
static void test_full(void **state)
{
	struct place *p = *state;
	struct rlimit before, now;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	for (rlim_t room = 200; room < 1200; room += 7) {
		struct packet_file *f = create((struct packet_file_options){ .path = p->path });
		uint32_t at = packet_file_interface(f, &(struct packet_interface){ .link = 1, .digits = 9 });
		now = (struct rlimit){ room, before.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
		for (int i = 0; i < 12; i++) {
			put(f, at, i, i + 1);
			packet_file_flush(f);
		}
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		struct packet_file_counts c = packet_file_counts(f);
		assert_int_equal(c.packets + c.unwritten, 12);
		assert_true(c.error && c.unwritten);
		assert_true(c.stopped == START + (int64_t)c.packets * SECOND);
		packet_file_free(f);
		assert_int_equal(read_all(p->path, 0, 1, NULL), c.packets);
	}
}

/* The same on standard output, behind what is there already, and appended to it: that stays. */
static void full_behind(const struct place *p, int flags)
{
	static const char already[] = "what was there already";
	struct rlimit before, now = { 0 };
	char got[sizeof already] = "";
	int out = dup(STDOUT_FILENO), fd = open(p->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, already, strlen(already)), strlen(already));
	close(fd);
	fd = open(p->path, O_RDWR | flags);
	lseek(fd, 0, flags & O_APPEND ? SEEK_SET : SEEK_END);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	struct packet_file *f = create((struct packet_file_options){ .path = "-" });
	uint32_t at = packet_file_interface(f, &(struct packet_interface){ .link = 1, .digits = 9 });
	now = (struct rlimit){ 600, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	put(f, at, 0, 3);
	packet_file_flush(f);
	put(f, at, 3, 10);
	packet_file_free(f);
	dup2(out, STDOUT_FILENO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(pread(fd, got, strlen(already), 0), strlen(already));
	assert_string_equal(got, already);
	close(fd);
	close(out);
	fd = open(p->path, O_RDONLY);
	lseek(fd, (off_t)strlen(already), SEEK_SET);
	struct pcap_file *again = pcap_file_new(fd, p->path, NULL);
	struct packet packet;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pcap_file_next(again, &packet), SOURCE_PACKET);
	assert_int_equal(pcap_file_next(again, &packet), SOURCE_END);
	pcap_file_free(again);
}

static void test_full_behind(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	full_behind(*state, 0);
	full_behind(*state, O_APPEND);
}

/* A file of another user, which everybody may write, cannot be kept from others: it is refused, with all that is in it. */
static void test_anothers(void **state)
{
	struct place *p = *state;
	struct stat st;
	char error[256];
	if (geteuid() != 0)
		skip();
	int fd = open(p->path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "kept", 4), 4);
	assert_int_equal(fchmod(fd, 0666), 0);
	close(fd);
	assert_int_equal(chmod(p->folder, 0777), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_null(packet_file_new(&(struct packet_file_options){ .path = p->path }, error, sizeof error));
	assert_int_equal(seteuid(0), 0);
	assert_non_null(strstr(error, "can't be written: Operation not permitted"));
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_size, 4);
}

static void test_gone(void **state)
{
	int ends[2];
	char path[32];
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
	struct packet_file *f = create((struct packet_file_options){ .path = path });
	uint32_t at = packet_file_interface(f, &(struct packet_interface){ .link = 1, .digits = 9 });
	put(f, at, 0, 2);
	packet_file_flush(f);
	assert_false(packet_file_closed(f));
	close(ends[0]);
	put(f, at, 2, 4);
	packet_file_flush(f);
	assert_true(packet_file_closed(f));
	assert_int_equal(packet_file_counts(f).packets, 2);
	assert_int_equal(packet_file_counts(f).unwritten, 2);
	packet_file_free(f);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_behind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_anothers, set_up, tear_down),
		cmocka_unit_test(test_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
