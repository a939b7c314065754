/*
 * follow KEYLOG CAPTURE FOLDER: writes what envscope makes of a capture of one connection, for follow.sh to hold against what tshark makes of it.
 *
 *	FOLDER/tls.c2s, tls.s2c    the bytes that TLS carries
 *	FOLDER/grpc.c2s, grpc.s2c  the data of the HTTP/2 stream: the messages of gRPC, with the five bytes in front that were taken off
 *
 * The whole pipeline runs as it is. Where TLS makes the layer inside (detect_new without a key log), the linker puts __wrap_detect_new in its
 * place, and with it a tap that writes what is fed and hands it on.
 */
#include "base/xalloc.h"
#include "capture/capture.h"
#include "capture/stream/detect.h"
#include "decode/envelope.h"

#include <stdio.h>
#include <stdlib.h>

enum { TLS, GRPC, KINDS };

struct follow {
	FILE *out[KINDS][2];
};

struct tap {
	struct layer layer;
	struct follow *follow;
	struct layer *inner;
};

struct layer *__real_detect_new(const struct stream *s, enum transport forced, struct keylog *keylog);
struct layer *__wrap_detect_new(const struct stream *s, enum transport forced, struct keylog *keylog);

static void feed(struct layer *l, enum dir dir, struct chunk c)
{
	struct tap *t = (struct tap *)l;
	fwrite(c.bytes.at, 1, c.bytes.len, t->follow->out[TLS][dir]);
	layer_feed(t->inner, dir, c);
}

static void gap(struct layer *l, enum dir dir, uint64_t n, int64_t time)
{
	layer_gap(((struct tap *)l)->inner, dir, n, time);
}

static void end(struct layer *l, enum dir dir, int64_t time)
{
	layer_end(((struct tap *)l)->inner, dir, time);
}

static void free_tap(struct layer *l)
{
	layer_free(((struct tap *)l)->inner);
	free(l);
}

static const struct layer_ops ops = { "tap", feed, gap, end, free_tap, NULL, NULL };

struct layer *__wrap_detect_new(const struct stream *s, enum transport forced, struct keylog *keylog)
{
	struct layer *l = __real_detect_new(s, forced, keylog);
	if (keylog)
		return l;
	struct tap *t = xcalloc(1, sizeof *t);
	*t = (struct tap){ .layer.ops = &ops, .follow = s->sink->user, .inner = l };
	return &t->layer;
}

static void take_message(void *user, const struct piece *p)
{
	struct follow *f = user;
	FILE *out = f->out[GRPC][p->dir];
	const uint8_t prefix[] = { 0, (uint8_t)(p->size >> 24), (uint8_t)(p->size >> 16), (uint8_t)(p->size >> 8), (uint8_t)p->size };
	if (p->conn->transport != TRANSPORT_GRPC)
		return;
	if (p->first)
		fwrite(prefix, 1, sizeof prefix, out);
	if (p->bytes.len)
		fwrite(p->bytes.at, 1, p->bytes.len, out);
}

static void take_news(void *user, const struct news *n)
{
	(void)user;
	(void)n;
}

static void take_closed(void *user, struct conn_info *conn, int64_t time)
{
	(void)user;
	(void)conn;
	(void)time;
}

static FILE *open_in(const char *folder, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static bool run(struct follow *f, struct keylog *keylog, const char *file)
{
	char error[256] = "";
	struct source *source = source_open_file(file, NULL, error, sizeof error);
	if (!source) {
		fprintf(stderr, "%s: %s\n", file, error);
		return false;
	}
	const struct sink sink = { f, take_message, take_news, take_closed, envelope_probe, envelope_sender };
	struct capture *c = capture_new(source, &sink, &(struct capture_options){ .keylog = keylog });
	enum capture_status status;
	do
		status = capture_step(c, 1000);
	while (status == CAPTURE_MORE);
	capture_finish(c);
	capture_free(c);
	return status == CAPTURE_END;
}

int main(int argc, char **argv)
{
	static const char *const names[KINDS][2] = { { "tls.c2s", "tls.s2c" }, { "grpc.c2s", "grpc.s2c" } };
	struct follow f;
	struct keylog *keylog = keylog_new();
	if (argc != 4 || !keylog_open(keylog, argv[1], false))
		return 2;
	for (int i = 0; i < KINDS; i++)
		for (int dir = 0; dir < 2; dir++)
			f.out[i][dir] = open_in(argv[3], names[i][dir]);
	bool good = run(&f, keylog, argv[2]);
	for (int i = 0; i < KINDS; i++)
		for (int dir = 0; dir < 2; dir++)
			fclose(f.out[i][dir]);
	keylog_free(keylog);
	return good ? 0 : 1;
}
