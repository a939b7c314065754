/* HTTP/2 with gRPC in it, fed, torn apart and ended in any way. The first byte says which directions begin at their beginning. */
#include "capture/stream/http2.h"

#include "capture/stream/http2_frame.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	const bool synced[2] = { how & 1, how & 2 };
	fuzz_play(f, http2_new(&f->stream, synced), in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	fuzz_find(http2_find, slice_of(data + 1, size - 1));
	fuzz_twice(play, data[0], slice_of(data + 1, size - 1));
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct event_list list = { .front = 1, .make = frames_http2 };
	return events_mutate(&list, data, size, max_size, seed);
}
