/* HTTP/1 and the upgrade, fed, torn apart and ended in any way; and the negotiation of extensions from any text. Of a long input that is the
 * front: what those two go by stands there, and is gone through again and again. */
#include "capture/stream/http1.h"

#include "capture/stream/websocket.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { FRONT = 256, METHOD = 24 };

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	(void)how;
	fuzz_play(f, http1_new(&f->stream), in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size), method = slice_head(in, METHOD);
	struct ws_deflate d = ws_deflate_of(slice_head(in, FRONT));
	for (int dir = 0; d.on && dir < 2; dir++)
		fuzz_check(d.window_bits[dir] >= 8 && d.window_bits[dir] <= 15);
	for (size_t n = method.len; n-- && http1_begins(method);)
		fuzz_check(http1_begins(slice_head(method, n)));
	fuzz_twice(play, 0, in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct event_list list = { .make = frames_http1 };
	return events_mutate(&list, data, size, max_size, seed);
}
