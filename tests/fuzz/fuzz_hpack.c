/*
 * HPACK: a row of header blocks, each behind its length in a byte; 255 stands for blocks that are missing. Each is copied into a heap block of
 * its own size.
 */
#include "capture/stream/hpack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_field(void *user, struct slice name, struct slice value)
{
	uint32_t *sum = user;
	for (size_t i = 0; i < name.len; i++)
		*sum += name.at[i];
	for (size_t i = 0; i < value.len; i++)
		*sum += value.at[i];
}

static void read_block(struct hpack *h, struct slice block, uint32_t *sum)
{
	uint8_t *copy = malloc(block.len ? block.len : 1);
	if (!copy)
		abort();
	if (block.len)
		memcpy(copy, block.at, block.len);
	hpack_read(h, slice_of(copy, block.len), take_field, sum);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;
	struct hpack *h = hpack_new();
	struct cursor c = cursor_of(slice_of(data, size));
	while (c.rest.len) {
		size_t n = cursor_u8(&c);
		if (n == 255)
			hpack_lose(h);
		else
			read_block(h, cursor_take(&c, n < c.rest.len ? n : c.rest.len), &sum);
	}
	hpack_free(h);
	return sum == UINT32_MAX ? -1 : 0; /* so that the bytes are read indeed */
}
