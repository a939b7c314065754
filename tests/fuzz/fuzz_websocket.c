/* The WebSocket layer, fed, torn apart and ended in any way; the first byte says what the handshake did. */
#include "capture/stream/websocket.h"

#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_find(const struct fuzz *f, struct slice in, uint8_t how)
{
	struct find found = websocket_find(&f->stream, in, how & 1, how & 2);
	fuzz_check(found.status != FIND_FOUND || found.offset < in.len);
	fuzz_check(found.offset <= in.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f;
	if (!size)
		return 0;
	fuzz_init(&f);
	const bool synced[2] = { data[0] & 1, data[0] & 2 };
	struct ws_deflate deflate = { data[0] & 4, { data[0] & 8, data[0] & 16 }, { 8 + (data[0] >> 5), 15 } };
	check_find(&f, slice_of(data + 1, size - 1), data[0]);
	fuzz_play(&f, websocket_new(&f.stream, &deflate, synced), slice_of(data + 1, size - 1));
	return 0;
}
