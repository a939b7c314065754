/* Whatever can run inside a connection, found out or told by -d, from its beginning or joined in its middle; fed, torn apart and ended in any
 * way. The first byte says how. */
#include "capture/stream/detect.h"

#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { START_SEEN = 8, WITH_KEYLOG = 16, GUESSED = 32 };

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	static const enum transport forced[] = {
		TRANSPORT_UNKNOWN, TRANSPORT_TCP,    TRANSPORT_WS,  TRANSPORT_GRPC,
		TRANSPORT_REST,    TRANSPORT_LEGACY, TRANSPORT_TLS, TRANSPORT_UNKNOWN,
	};
	struct keylog *keylog = how & WITH_KEYLOG ? keylog_new() : NULL;
	f->conn.start_seen = how & START_SEEN;
	f->joined = !f->conn.start_seen;
	f->guessed = f->conn.guessed = f->joined && how & GUESSED;
	fuzz_play(f, detect_new(&f->stream, forced[how & 7], keylog), in);
	fuzz_check(!f->counts.tls_waiting);
	keylog_free(keylog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		fuzz_twice(play, data[0], slice_of(data + 1, size - 1));
	return 0;
}

static void make(struct buf *out, int dir, uint64_t *seed)
{
	static event_maker *const makers[] = { event_prefixed, frames_ws, frames_http2, frames_http1, frames_tls, frames_preamble };
	makers[chance(seed, sizeof makers / sizeof *makers)](out, dir, seed);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct event_list list = { .front = 1, .make = make };
	return events_mutate(&list, data, size, max_size, seed);
}
