/* LISTEN=TARGET from any text: what is read can be written, and read again the same. */
#include "capture/proxy/address.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
		if (!proxy_pair_read(&again, buf_cstr(&text), why, sizeof why) || memcmp(&first, &again, sizeof first) != 0)
			abort();
	}
	buf_release(&text);
	return 0;
}
