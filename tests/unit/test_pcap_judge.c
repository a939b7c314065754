/*
 * The reader of capture files held against an independent one: libpcap's packets, times, lengths and bytes
 * of the same file.
 *
 * The files are the samples, the generated ones where they are built, and rewritings of a real capture by
 * impair.py of the shared folder (ENVSCOPE_SHARED, or ../shared), where that and Python are there.
 */
#include "capture/source.h"

#include <glob.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_ROOM = 512 };

static int link_of(int dlt)
{
	return dlt == DLT_RAW ? 101 : dlt;
}

static void compare_packet(const char *path, pcap_t *judge, const struct packet *p, unsigned number)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	if (pcap_next_ex(judge, &h, &bytes) != 1)
		fail_msg("%s: libpcap has no packet %u", path, number);
	bool same = h->caplen == p->bytes.len && h->len == p->wire_len && link_of(pcap_datalink(judge)) == p->link &&
		    (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec == p->time && memcmp(bytes, p->bytes.at, h->caplen) == 0;
	if (!same)
		fail_msg("%s: packet %u is another one for libpcap", path, number);
}

static void compare_place(const char *path, int fd, const struct packet *p, unsigned number)
{
	uint8_t *again = malloc(p->bytes.len + 1);
	if (pread(fd, again, p->bytes.len, p->at) != (ssize_t)p->bytes.len || memcmp(again, p->bytes.at, p->bytes.len) != 0)
		fail_msg("%s: packet %u does not stand at %" PRId64, path, number, p->at);
	free(again);
}

static unsigned compare(const char *path)
{
	char error[512], why[PCAP_ERRBUF_SIZE];
	struct source *s = source_open_file(path, NULL, error, sizeof(error));
	pcap_t *judge = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!s || !judge)
		fail_msg("%s: %s, %s", path, s ? "read" : error, judge ? "read" : why);
	enum source_status status;
	struct packet p;
	unsigned number = 0;
	while ((status = source_next(s, &p)) == SOURCE_PACKET) {
		compare_packet(path, judge, &p, ++number);
		compare_place(path, source_file(s), &p, number);
	}
	struct pcap_pkthdr *h;
	const u_char *bytes;
	if (status != SOURCE_END || pcap_next_ex(judge, &h, &bytes) != PCAP_ERROR_BREAK)
		fail_msg("%s: does not end after packet %u", path, number);
	pcap_close(judge);
	source_free(s);
	return number;
}

static size_t compare_all(const char *pattern)
{
	glob_t found;
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	size_t count = found.gl_pathc;
	for (size_t i = 0; i < count; i++)
		compare(found.gl_pathv[i]);
	globfree(&found);
	return count;
}

static void test_samples(void **state)
{
	(void)state;
	size_t files = compare_all("samples/*.pcap") + compare_all("build/samples/*.pcap");
	print_message("%zu files\n", files);
	if (!files)
		skip();
}

static bool find_shared(char *path, size_t size)
{
	const char *shared = getenv("ENVSCOPE_SHARED");
	snprintf(path, size, "%s", shared ? shared : "../shared");
	char probe[PATH_ROOM];
	snprintf(probe, sizeof(probe), "%s/tools/impair.py", path);
	return access(probe, R_OK) == 0 && system("python3 -c '' 2>/dev/null") == 0;
}

static void test_impaired(void **state)
{
	(void)state;
	static const char *const links[] = { "", "--vlan", "--sll", "--sll2", "--raw", "--null" };
	static const char *const forms[] = {
		"",
		"--be",
		"--ns",
		"--ns --be",
		"--pcapng",
		"--pcapng --ns",
		"--pcapng --be --ns",
		"--ipv6 --frag 600 --pcapng",
		"--frag 600 --be",
	};
	char shared[PATH_ROOM / 2], dir[] = "/tmp/envscope-judge-XXXXXX", file[64], command[3 * PATH_ROOM];
	if (!find_shared(shared, sizeof(shared))) {
		print_message("impair.py or Python is not there\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/x.pcap", dir);
	for (size_t l = 0; l < sizeof(links) / sizeof(links[0]); l++) {
		for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
			snprintf(command, sizeof(command), "python3 '%s/tools/impair.py' '%s/captures/tcp.pcap' '%s' %s %s >/dev/null",
				 shared, shared, file, links[l], forms[f]);
			assert_int_equal(system(command), 0);
			assert_true(compare(file) >= 140);
		}
	}
	unlink(file);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_impaired),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
