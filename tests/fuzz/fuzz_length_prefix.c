/* The length prefix, fed, torn apart and ended in any way. */
#include "capture/stream/length_prefix.h"

#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_found_layer(slice_of(data, size), length_prefix_find, length_prefix_new);
	return 0;
}
