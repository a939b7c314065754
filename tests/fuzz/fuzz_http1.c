/* HTTP/1 and the upgrade, fed, torn apart and ended in any way; and the negotiation of extensions from any text. */
#include "capture/stream/http1.h"

#include "capture/stream/websocket.h"
#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f;
	struct slice in = slice_of(data, size);
	struct ws_deflate d = ws_deflate_of(in);
	for (int dir = 0; d.on && dir < 2; dir++)
		fuzz_check(d.window_bits[dir] >= 8 && d.window_bits[dir] <= 15);
	for (size_t n = size; n-- && http1_begins(in);)
		fuzz_check(http1_begins(slice_head(in, n)));
	fuzz_init(&f);
	fuzz_play(&f, http1_new(&f.stream), in);
	return 0;
}
