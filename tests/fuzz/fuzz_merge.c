/*
 * Several capture files read as one: each packet of each comes once, those of a file in their order, and of those that are next always the earliest.
 * The input is two to four files, each behind its length in two bytes.
 */
#include "base/xalloc.h"
#include "capture/source.h"
#include "tests/fuzz/pcap_mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { FILES = 4, SPACE = 1 << 10 };

/* Packets of a file, read alone. */
struct alone {
	int64_t time[SPACE];
	uint32_t sum[SPACE];
	size_t count, next;
	bool damaged;
};

static void demand(bool good)
{
	if (!good)
		abort();
}

static struct source *open_bytes(struct slice bytes)
{
	char path[64], error[256];
	int fd = memfd_create("fuzz", 0);
	demand(fd >= 0 && write(fd, bytes.at, bytes.len) == (ssize_t)bytes.len);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct source *s = source_open_file(path, NULL, error, sizeof error);
	close(fd);
	return s;
}

static uint32_t sum_of(const struct packet *p)
{
	uint32_t sum = p->wire_len + (uint32_t)p->link;
	for (size_t i = 0; i < p->bytes.len; i++)
		sum = sum * 31 + p->bytes.at[i];
	return sum;
}

static void read_alone(struct alone *a, struct source *s)
{
	struct packet p;
	enum source_status status;
	while ((status = source_next(s, &p)) == SOURCE_PACKET) {
		demand(a->count < SPACE);
		a->time[a->count] = p.time;
		a->sum[a->count++] = sum_of(&p);
	}
	a->damaged = status == SOURCE_DAMAGED;
	source_free(s);
}

/* Which of the files the packet is next of, of those whose next is the earliest the first. */
static void take(struct alone *a, size_t files, const struct packet *p)
{
	struct alone *first = NULL;
	for (size_t i = 0; i < files; i++)
		if (a[i].next < a[i].count && (!first || a[i].time[a[i].next] < first->time[first->next]))
			first = &a[i];
	demand(first && first->time[first->next] == p->time && first->sum[first->next] == sum_of(p));
	first->next++;
}

static void read_together(struct alone *a, struct source **sources, size_t files)
{
	struct packet p;
	enum source_status status;
	bool damaged = false;
	struct source *all = source_merge(sources, files);
	while ((status = source_next(all, &p)) == SOURCE_PACKET)
		take(a, files, &p);
	for (size_t i = 0; i < files; i++) {
		demand(a[i].next == a[i].count);
		damaged = damaged || a[i].damaged;
	}
	demand(status == (damaged ? SOURCE_DAMAGED : SOURCE_END));
	demand(!damaged || source_error(all)[0]);
	source_free(all);
}

/* The next file of the input. */
static struct slice part(struct slice *in)
{
	struct slice file = slice_head(slice_skip(*in, 2), (size_t)(in->at[0] | in->at[1] << 8));
	*in = slice_skip(*in, 2 + file.len);
	return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *sources[FILES];
	struct alone *a = xcalloc(FILES, sizeof *a);
	struct slice in = slice_of(data, size);
	size_t files = 0;
	while (in.len > 2 && files < FILES) {
		struct slice bytes = part(&in);
		if (!(sources[files] = open_bytes(bytes)))
			continue;
		read_alone(&a[files], open_bytes(bytes));
		files++;
	}
	if (files > 1)
		read_together(a, sources, files);
	else if (files)
		source_free(sources[0]);
	free(a);
	return 0;
}

/* One of the files is changed as captures are. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct pcap_mutate m;
	struct slice in = slice_of(data, size);
	struct buf out = { 0 };
	uint64_t by = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	size_t chosen = chance(&by, FILES), room = 16384;
	if (size < 3 || chance(&by, 4) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	for (size_t i = 0; in.len > 2; i++) {
		struct slice file = part(&in);
		struct buf b = { 0 };
		buf_reserve(&b, room + file.len);
		buf_add(&b, file);
		if (i == chosen)
			b.len = pcap_mutate(&m, b.at, b.len, room < UINT16_MAX ? room : UINT16_MAX, seed);
		buf_add_byte(&out, (uint8_t)b.len);
		buf_add_byte(&out, (uint8_t)(b.len >> 8));
		buf_add(&out, buf_slice(&b));
		buf_release(&b);
	}
	size_t len = out.len;
	if (len && len <= max_size)
		memcpy(data, out.at, len);
	buf_release(&out);
	return len && len <= max_size ? len : LLVMFuzzerMutate(data, size, max_size);
}
