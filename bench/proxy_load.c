/*
 * Load for a proxy: a server, and a client that measures.
 *
 *	proxy_load serve ECHO_PORT SINK_PORT     echoes; or takes all and answers the end with one byte. Prints "ready".
 *	proxy_load latency PORT COUNT            small Envelopes there and back, one at a time: median and 99th percentile, microseconds
 *	proxy_load messages PORT COUNT           small Envelopes one way, as fast as they go: messages a second
 *	proxy_load bulk PORT MIB                 Envelopes of 64 KiB one way: MiB a second
 *	proxy_load paced PORT COUNT              small Envelopes one way, 100,000 a second: messages a second
 *	proxy_load live PORT COUNT               the same, 200,000 a second, ten in a segment
 *	proxy_load idle PORT COUNT               so many connections at once, an Envelope there and back on each: milliseconds for all
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LARGE = 65536, BATCH = 256, BUFFER = 1 << 18 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)atoi(port)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int dial(const char *port)
{
	struct sockaddr_in to = loopback(port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void send_all(int fd, const uint8_t *at, size_t n)
{
	for (ssize_t put; n; at += put, n -= (size_t)put)
		if ((put = send(fd, at, n, MSG_NOSIGNAL)) <= 0)
			die("send");
}

static void receive_all(int fd, uint8_t *at, size_t n)
{
	for (ssize_t got; n; at += got, n -= (size_t)got)
		if ((got = recv(fd, at, n, 0)) <= 0)
			die("recv");
}

static size_t put_varint(uint8_t *at, uint64_t n)
{
	size_t i = 0;
	for (; n > 127; n >>= 7)
		at[i++] = (uint8_t)(n | 128);
	at[i++] = (uint8_t)n;
	return i;
}

/* An Envelope behind its length: command, seq, id, a jwt of `filler` bytes. */
static size_t put_message(uint8_t *at, uint64_t seq, size_t filler)
{
	size_t n = 4;
	memcpy(at + n, "\x0a\x04noop\x18", 7);
	n += 7;
	n += put_varint(at + n, seq);
	at[n++] = 0x22;
	n += (at[n] = (uint8_t)sprintf((char *)at + n + 1, "%llu", (unsigned long long)seq)) + 1u;
	at[n++] = 0x3a;
	n += put_varint(at + n, filler);
	memset(at + n, 'x', filler);
	n += filler;
	uint32_t length = (uint32_t)(n - 4);
	memcpy(at, &length, 4);
	return n;
}

struct served {
	int fd;
	bool sink;
};

static void *serve_one(void *user)
{
	struct served s = *(struct served *)user;
	uint8_t *buffer = malloc(BUFFER);
	ssize_t got;
	free(user);
	if (!buffer)
		exit(1);
	while ((got = recv(s.fd, buffer, BUFFER, 0)) > 0)
		if (!s.sink)
			send_all(s.fd, buffer, (size_t)got);
	if (s.sink)
		send_all(s.fd, buffer, 1);
	close(s.fd);
	free(buffer);
	return NULL;
}

static void *serve_port(void *user)
{
	struct served *listener = user;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 1 << 16);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	for (;;) {
		struct served *s = malloc(sizeof *s);
		pthread_t thread;
		int on = 1;
		if (!s)
			exit(1);
		*s = (struct served){ accept(listener->fd, NULL, NULL), listener->sink };
		setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (s->fd < 0 || pthread_create(&thread, &small, serve_one, s) != 0)
			die("accept");
	}
	return NULL;
}

static int listen_on(const char *port)
{
	struct sockaddr_in at = loopback(port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0)
		die("listen");
	return fd;
}

static void serve(const char *echo_port, const char *sink_port)
{
	struct served echo = { listen_on(echo_port), false }, sink = { listen_on(sink_port), true };
	pthread_t thread;
	if (pthread_create(&thread, NULL, serve_port, &echo) != 0)
		die("thread");
	puts("ready");
	fflush(stdout);
	serve_port(&sink);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void latency(const char *port, size_t count)
{
	uint8_t out[512], in[512];
	double *took = calloc(count, sizeof *took);
	int fd = dial(port);
	if (!took)
		exit(1);
	for (size_t i = 0; i < count + 100; i++) {
		size_t n = put_message(out, i, 110);
		double begun = now();
		send_all(fd, out, n);
		receive_all(fd, in, n);
		if (i >= 100)
			took[i - 100] = now() - begun;
	}
	qsort(took, count, sizeof *took, compare);
	printf("%.1f %.1f\n", took[count / 2], took[count * 99 / 100]);
}

/* Sends, no faster than `rate` messages a second (0: as fast as it goes), and waits until the sink has it all. Returns microseconds. */
static double pour(const char *port, size_t count, size_t filler, size_t batch, double rate)
{
	uint8_t *out = malloc(batch * (filler + 64)), last;
	int fd = dial(port);
	double begun = now();
	if (!out)
		exit(1);
	for (size_t i = 0; i < count;) {
		size_t n = 0;
		for (size_t k = 0; k < batch && i < count; k++)
			n += put_message(out + n, i++, filler);
		send_all(fd, out, n);
		double early = rate > 0 ? begun + (double)i * 1e6 / rate - now() : 0;
		if (early > 0)
			usleep((useconds_t)early);
	}
	shutdown(fd, SHUT_WR);
	receive_all(fd, &last, 1);
	return now() - begun;
}

static void idle(const char *port, size_t count)
{
	uint8_t out[512], in[512];
	int *fd = calloc(count, sizeof *fd);
	struct rlimit most = { 1 << 16, 1 << 16 };
	size_t n = put_message(out, 0, 110);
	double begun = now();
	setrlimit(RLIMIT_NOFILE, &most);
	for (size_t i = 0; fd && i < count; i++)
		fd[i] = dial(port);
	for (size_t i = 0; fd && i < count; i++)
		send_all(fd[i], out, n);
	for (size_t i = 0; fd && i < count; i++)
		receive_all(fd[i], in, n);
	printf("%.0f\n", (now() - begun) / 1e3);
}

int main(int argc, char **argv)
{
	size_t n = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	if (argc != 4)
		return 2;
	if (strcmp(argv[1], "serve") == 0)
		serve(argv[2], argv[3]);
	else if (strcmp(argv[1], "latency") == 0)
		latency(argv[2], n);
	else if (strcmp(argv[1], "messages") == 0)
		printf("%.0f\n", (double)n * 1e6 / pour(argv[2], n, 110, BATCH, 0));
	else if (strcmp(argv[1], "paced") == 0)
		printf("%.0f\n", (double)n * 1e6 / pour(argv[2], n, 110, 100, 1e5));
	else if (strcmp(argv[1], "live") == 0)
		printf("%.0f\n", (double)n * 1e6 / pour(argv[2], n, 110, 10, 2e5));
	else if (strcmp(argv[1], "bulk") == 0)
		printf("%.0f\n", (double)n * 1e6 / pour(argv[2], n * ((1 << 20) / LARGE), LARGE, 4, 0));
	else
		idle(argv[2], n);
	return 0;
}
