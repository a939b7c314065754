/* HTTP/2 with gRPC in it, fed, torn apart and ended in any way. */
#include "capture/stream/http2.h"

#include "capture/stream/http2_frame.h"
#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_found_layer(slice_of(data, size), http2_find, http2_new);
	return 0;
}
