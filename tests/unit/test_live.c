/* Live capture on the loopback interface, where it is permitted. */
#include "capture/net/link.h"
#include "capture/net/tcp.h"
#include "capture/source.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int listen_somewhere(struct sockaddr_in *at)
{
	socklen_t size = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)at, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &size), 0);
	return fd;
}

static void say_hello(int listener, const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)at, sizeof(*at)), 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	int other = accept(listener, NULL, NULL);
	close(fd);
	close(other);
}

static bool says_hello(const struct packet *p, uint16_t port)
{
	struct slice bytes;
	struct ip_packet ip;
	struct segment s;
	assert_int_equal(link_strip(p->link, p->bytes, &bytes), LINK_IP);
	assert_int_equal(ip_parse(bytes, &ip), IP_OK);
	assert_true(tcp_parse(&ip, &s));
	assert_true(s.sport == port || s.dport == port);
	return slice_is(s.payload, "hello");
}

static bool hear_hello(struct source *s, uint16_t port)
{
	struct packet p;
	for (int turn = 0; turn < 200; turn++) {
		struct pollfd fd = { source_fd(s), POLLIN, 0 };
		enum source_status status = source_next(s, &p);
		assert_true(status == SOURCE_PACKET || status == SOURCE_WAIT);
		if (status == SOURCE_WAIT)
			poll(&fd, 1, 50);
		else if (says_hello(&p, port))
			return llabs((long long)time(NULL) - p.time / 1000000000) < 60 && p.at == -1;
	}
	return false;
}

static void test_loopback(void **state)
{
	(void)state;
	struct sockaddr_in at;
	char filter[32], error[4700];
	int listener = listen_somewhere(&at);
	uint16_t port = ntohs(at.sin_port);
	snprintf(filter, sizeof(filter), "tcp port %u", (unsigned)port);
	struct source *s = source_open_live("lo", &(struct source_options){ .filter = filter }, error, sizeof(error));
	if (!s) {
		print_message("%s\n", error);
		close(listener);
		skip();
	}
	assert_true(source_is_live(s));
	assert_string_equal(source_name(s), "lo");
	assert_int_equal(source_file(s), -1);
	say_hello(listener, &at);
	assert_true(hear_hello(s, port));
	assert_true(source_counts(s).packets >= 4);
	assert_true(source_counts(s).watched);
	source_free(s);
	close(listener);
}

struct search {
	int number, lo;
};

static void look_for_lo(void *user, const char *text)
{
	struct search *s = user;
	s->number++;
	if (strstr(text, ".lo "))
		s->lo = s->number;
}

/* As listed: `3.lo [Up, Running, Loopback]`. */
static void test_by_number(void **state)
{
	(void)state;
	char error[4700], word[16];
	struct search found = { 0 };
	if (source_list_interfaces(look_for_lo, &found, error, sizeof(error)) != 0 || !found.lo)
		skip();
	snprintf(word, sizeof(word), "%d", found.lo);
	struct source *s = source_open_live(word, NULL, error, sizeof(error));
	assert_non_null(strstr(s ? source_name(s) : error, "lo"));
	if (s)
		source_free(s);
	snprintf(word, sizeof(word), "%d", found.number + 1);
	assert_null(source_open_live(word, NULL, error, sizeof(error)));
	assert_non_null(strstr(error, word));
}

static void test_bad_filter(void **state)
{
	(void)state;
	char error[4700];
	struct source_options o = { .filter = "tcp prot 80" };
	assert_null(source_open_live("lo", &o, error, sizeof(error)));
	assert_true(strstr(error, "syntax error") || strstr(error, "lo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_by_number),
		cmocka_unit_test(test_bad_filter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
