/* The length prefix, fed, torn apart and ended in any way. The first byte says which directions begin at their beginning. */
#include "capture/stream/length_prefix.h"

#include "tests/fuzz/event_mutate.h"
#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	const bool synced[2] = { how & 1, how & 2 };
	f->joined = !synced[0] || !synced[1];
	fuzz_play(f, length_prefix_new(&f->stream, synced), in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	fuzz_find(length_prefix_find, slice_of(data + 1, size - 1));
	fuzz_twice(play, data[0], slice_of(data + 1, size - 1));
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct event_list list = { .front = 1, .make = event_prefixed };
	return events_mutate(&list, data, size, max_size, seed);
}
