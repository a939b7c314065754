/*
 * libFuzzer: view, tree and protobuf-c agree on any bytes, as an Envelope and as a payload of each type
 * (tests/agree.h). The tables are made once and kept: libFuzzer has no place for a context.
 */
#include "tests/agree.h"

#include <stdio.h>
#include <stdlib.h>

enum { LARGEST = 8192 }; /* protobuf-c recurses without a limit */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

/* As if the capture had only the front of it: whatever the tree then is, it lies within the bytes. */
static void cut(struct agree *a, struct slice bytes)
{
	dissect_envelope(&a->tree, slice_head(bytes, bytes.len / 2), bytes.len);
	demand(agree_places(&a->tree));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct agree a;
	struct slice bytes = slice_of(data, size);
	if (!a.schema)
		agree_init(&a);
	if (size == 0 || size > LARGEST)
		return 0;
	demand(agree_envelope(&a, bytes));
	cut(&a, bytes);
	demand(agree_payload(&a, (type_id)(1 + data[0] % schema_types(a.schema)), slice_skip(bytes, 1)));
	return 0;
}
