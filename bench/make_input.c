/*
 * make_input: writes the captures that are measured.
 *
 *	make_input small FILE [COUNT]	COUNT small Envelopes, 2,500,000 unless given
 *	make_input big FILE [MB]	large Envelopes, MB million bytes of capture, 1000 unless given
 *	make_input short FILE [COUNT]	COUNT connections of one request and reply each, one after the other, 1,000,000 unless given
 *	make_input soak FILE [COUNT]	small ones over eight hours, 500,000,000 unless given
 *	make_input crowd FILE [COUNT]	the same with 20,000 of them open at a time, 200,000 unless given
 *
 * Prints what it wrote: "packets N messages N bytes N", bytes being the size of the file.
 */
#include "bench/traffic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct input {
	const char *name;
	uint64_t (*write)(struct tcp_writer *w, uint64_t size);
	uint64_t size, unit;
	uint32_t gap; /* microseconds between packets */
};

static uint64_t write_short(struct tcp_writer *w, uint64_t connections)
{
	return short_traffic_write(w, connections, 1);
}

static uint64_t write_crowd(struct tcp_writer *w, uint64_t connections)
{
	return short_traffic_write(w, connections, 20000);
}

static const struct input inputs[] = {
	{ "small", small_traffic_write, 2500000, 1, 50 }, { "big", big_traffic_write, 1000, 1000000, 500 },
	{ "short", write_short, 1000000, 1, 50 },         { "soak", small_traffic_write, 500000000, 1, 98 },
	{ "crowd", write_crowd, 200000, 1, 50 },
};

static const struct input *input_named(const char *name)
{
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
		if (!strcmp(inputs[i].name, name))
			return &inputs[i];
	return NULL;
}

static bool parse_size(const char *text, uint64_t *size)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	*size = n;
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && n > 0 && n <= 1000000000;
}

static int write_input(const struct input *in, const char *path, uint64_t size)
{
	struct tcp_writer w;
	if (!tcp_writer_init(&w, path, in->gap)) {
		fprintf(stderr, "make_input: %s: %s\n", path, strerror(errno));
		return 1;
	}
	uint64_t messages = in->write(&w, size * in->unit);
	if (!tcp_writer_release(&w)) {
		fprintf(stderr, "make_input: %s: %s\n", path, strerror(errno));
		return 1;
	}
	printf("packets %" PRIu64 " messages %" PRIu64 " bytes %" PRIu64 "\n", w.packets, messages, w.bytes);
	return 0;
}

int main(int argc, char **argv)
{
	const struct input *in = argc == 3 || argc == 4 ? input_named(argv[1]) : NULL;
	uint64_t size = in ? in->size : 0;
	if (!in || (argc == 4 && !parse_size(argv[3], &size))) {
		fputs("usage: make_input small|big|short|crowd|soak FILE [SIZE]\n", stderr);
		return 2;
	}
	return write_input(in, argv[2], size);
}
