/* The hello messages of TLS: whatever is found in one lies within its bytes. */
#include "capture/stream/tls_hello.h"

#include "capture/stream/tls_record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_within(struct slice part, struct slice all)
{
	check(!part.len || (part.at >= all.at && part.at + part.len <= all.at + all.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct tls_client_hello client;
	struct tls_server_hello server;
	if (tls_client_hello(in, &client)) {
		check_within(client.sni, in);
		check_within(client.alpn, in);
	}
	if (tls_server_hello(in, &server))
		check_within(server.alpn, in);
	tls_accepts_early_data(in);
	for (int final = 0; final < 2; final++) {
		struct find f = tls_find(in, final);
		check(f.status == FIND_FOUND ? f.offset < in.len : f.offset <= in.len);
	}
	for (size_t n = size; n-- && tls_begins(in);)
		check(tls_begins(slice_head(in, n)));
	return 0;
}
