/*
 * Key logs: the first byte cuts the input in two. The first part is a block of lines in memory, the second a file that grows by so many bytes at a
 * time. Secrets that are found have a size that a line can hold.
 */
#include "capture/keylog.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* Looks for every secret whose client random stands in the text as bytes, or as digits all alike. */
static void look(struct keylog *k, struct slice text)
{
	uint8_t random[KEYLOG_RANDOM];
	for (int digit = 0; digit < 256; digit += 17) {
		memset(random, digit, sizeof random);
		for (int label = 0; label < KEYLOG_LABELS; label++) {
			size_t n = keylog_find(k, (enum keylog_label)label, random).len;
			check(!n || (n >= 32 && n <= KEYLOG_SECRET_MAX));
		}
	}
	for (size_t at = 0; at + KEYLOG_RANDOM <= text.len; at += KEYLOG_RANDOM)
		keylog_find(k, KEYLOG_MASTER, text.at + at);
}

static void grow(struct keylog *k, struct slice text, size_t step)
{
	char path[64];
	int fd = memfd_create("fuzz", 0);
	check(fd >= 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check(keylog_open(k, path, true));
	while (text.len) {
		struct slice part = slice_head(text, step);
		check(write(fd, part.at, part.len) == (ssize_t)part.len);
		keylog_revision(k);
		text = slice_skip(text, part.len);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keylog *k = keylog_new();
	struct slice in = slice_of(data, size);
	if (size) {
		struct slice front = slice_head(slice_skip(in, 1), data[0] & 1 ? size / 2 : 0);
		keylog_feed(k, front);
		grow(k, slice_skip(in, 1 + front.len), 1 + (size_t)(data[0] >> 1) * 8);
		look(k, in);
	}
	struct keylog_counts counts = keylog_counts(k);
	check(counts.secrets <= size && counts.bad <= size + 2);
	keylog_free(k);
	return 0;
}
