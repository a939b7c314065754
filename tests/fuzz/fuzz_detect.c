/* Whatever can run inside a connection, found out or told by -d, from its beginning or joined in its middle; fed, torn apart and ended in any
 * way. The first byte says how. */
#include "capture/stream/detect.h"

#include "tests/fuzz/fuzz_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum transport forced[] = {
		TRANSPORT_UNKNOWN, TRANSPORT_TCP, TRANSPORT_WS, TRANSPORT_GRPC,
		TRANSPORT_REST, TRANSPORT_LEGACY, TRANSPORT_TLS, TRANSPORT_UNKNOWN,
	};
	struct fuzz f;
	if (!size)
		return 0;
	fuzz_init(&f);
	f.conn.start_seen = data[0] & 8;
	struct keylog *keylog = data[0] & 16 ? keylog_new() : NULL;
	fuzz_play(&f, detect_new(&f.stream, forced[data[0] & 7], keylog), slice_of(data + 1, size - 1));
	fuzz_check(!f.counts.tls_waiting);
	keylog_free(keylog);
	return 0;
}
