/* The WebSocket layer, fed, torn apart and ended in any way; the first byte says what the handshake did. */
#include "capture/stream/websocket.h"

#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void check_find(struct slice in, uint8_t how)
{
	struct fuzz f;
	fuzz_init(&f, 0);
	struct find found = websocket_find(&f.stream, in, how & 1, how & 2);
	fuzz_check(found.status != FIND_FOUND || found.offset < in.len);
	fuzz_check(found.offset <= in.len);
}

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	const bool synced[2] = { how & 1, how & 2 };
	struct ws_deflate deflate = { how & 4, { how & 8, how & 16 }, { 8 + (how >> 5), 15 } };
	f->joined = !synced[0] || !synced[1];
	fuzz_play(f, websocket_new(&f->stream, &deflate, synced), in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	check_find(slice_of(data + 1, size - 1), data[0]);
	fuzz_twice(play, data[0], slice_of(data + 1, size - 1));
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct event_list list = { .front = 1, .make = frames_ws };
	return events_mutate(&list, data, size, max_size, seed);
}
