/* The length prefix, fed, torn apart and ended in any way; the first byte says which directions begin with a length. */
#include "capture/stream/length_prefix.h"

#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_find(const struct fuzz *f, struct slice in, bool final)
{
	struct find found = length_prefix_find(&f->stream, in, final);
	fuzz_check(found.status == FIND_FOUND ? found.offset < in.len : found.offset <= in.len);
	fuzz_check(!final || found.status != FIND_MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f;
	if (!size)
		return 0;
	fuzz_init(&f);
	const bool synced[2] = { data[0] & 1, data[0] & 2 };
	struct slice in = slice_of(data + 1, size - 1);
	check_find(&f, in, false);
	check_find(&f, in, true);
	fuzz_play(&f, length_prefix_new(&f.stream, synced), in);
	return 0;
}
