/*
 * Paths of the display filter into the JSON of a string: without a tree they tell what they do with one, which jansson made.
 */
#include "tests/json_paths.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dissection d; /* made once: libFuzzer has no place for a context */
	if (!d.schema)
		dissection_init(&d, schema_new(), FILTER_DISSECTION_MAX);
	d.shallow = true;
	if (!json_paths_agree(&d, slice_of(data, size)))
		abort();
	return 0;
}
