/*
 * Decompression of permessage-deflate: the first byte says how large the window is. Then a byte an event: that many bytes of a message, 255 its
 * end, 254 a new context. A failure is followed by a new context, as the contract demands.
 */
#include "capture/stream/inflate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NEW_CONTEXT = 254, END_OF_MESSAGE = 255 };

static void check(bool good)
{
	if (!good)
		abort();
}

static void take_out(void *user, struct slice bytes)
{
	uint32_t *sum = user;
	check(bytes.len && bytes.len <= INFLATE_PIECE);
	for (size_t i = 0; i < bytes.len; i++)
		*sum += bytes.at[i];
}

static bool feed(struct inflater *f, struct slice in, uint32_t *sum)
{
	uint8_t *copy = malloc(in.len ? in.len : 1);
	check(copy != NULL);
	if (in.len)
		memcpy(copy, in.at, in.len);
	bool good = inflater_feed(f, slice_of(copy, in.len), take_out, sum);
	free(copy);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;
	struct cursor c = cursor_of(slice_of(data, size));
	struct inflater *f = inflater_new(8 + cursor_u8(&c) % 8);
	while (c.rest.len) {
		size_t n = cursor_u8(&c);
		bool good = n != NEW_CONTEXT;
		if (n == END_OF_MESSAGE)
			good = inflater_end_message(f, take_out, &sum);
		else if (good)
			good = feed(f, cursor_take(&c, n < c.rest.len ? n : c.rest.len), &sum);
		if (!good)
			inflater_clear(f);
	}
	inflater_free(f);
	return sum == UINT32_MAX ? -1 : 0; /* so that the bytes are read indeed */
}
