/* LISTEN=TARGET from any text: what is read can be written, and read again the same, but for what a query says, which is not written. */
#include "capture/proxy/address.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct proxy_address *a, const struct proxy_address *b)
{
	size_t n = proxy_is_pipe(a) ? sizeof a->path : strcspn(a->path, "?") + 1;
	return a->scheme == b->scheme && a->port == b->port && strcmp(a->host, b->host) == 0 && strncmp(a->path, b->path, n) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_pair first, again;
	struct buf text = { 0 };
	char why[64];
	buf_add(&text, slice_of(data, size));
	if (proxy_pair_read(&first, buf_cstr(&text), why, sizeof why)) {
		buf_clear(&text);
		proxy_address_add(&text, &first.listen);
		buf_add_str(&text, "=");
		proxy_address_add(&text, &first.target);
		if (!proxy_pair_read(&again, buf_cstr(&text), why, sizeof why) || !same(&first.listen, &again.listen) ||
		    !same(&first.target, &again.target))
			abort();
	}
	buf_release(&text);
	return 0;
}
