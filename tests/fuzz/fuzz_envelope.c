/*
 * libFuzzer: view, tree and protobuf-c agree on any bytes, as an Envelope and as a payload of each type
 * (tests/agree.h); and the scan, which has a large message in pieces, tells of it what those tell of the whole (tests/scan_agree.h). The tables are
 * made once and kept: libFuzzer has no place for a context.
 */
#include "tests/agree.h"
#include "tests/fuzz/wire_mutate.h"
#include "tests/scan_agree.h"

#include <stdio.h>
#include <stdlib.h>

enum { LARGEST = 8192 }; /* protobuf-c recurses without a limit */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

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

/* The probe, which is shown the front of what may be an Envelope, does not refuse the more of one that it takes when it sees all. */
static void probe(struct slice bytes)
{
	if (envelope_probe(bytes, bytes.len) != PROBE_STRONG)
		return;
	for (size_t n = 0; n < bytes.len && n < PROBE_BYTES; n++)
		demand(envelope_probe(slice_head(bytes, n), bytes.len) == PROBE_NO ? "the probe refuses the front of what it takes" : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct agree a;
	static struct scan scan;
	struct slice bytes = slice_of(data, size);
	if (!a.schema) {
		agree_init(&a);
		scan_init(&scan, a.schema);
	}
	if (size == 0 || size > LARGEST)
		return 0;
	demand(agree_envelope(&a, bytes));
	cut(&a, bytes);
	demand(agree_payload(&a, (type_id)(1 + data[0] % schema_types(a.schema)), slice_skip(bytes, 1)));
	demand(scan_agree_in(&scan, bytes, bytes.len, bytes.len));
	demand(scan_agree_in(&scan, bytes, data[size / 2] % size, bytes.len));
	demand(scan_agree_in(&scan, bytes, 0, 1));
	probe(bytes);
	return 0;
}

/* An Envelope anew, or one that there is, or a payload behind the byte that says of which type. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct schema *schema;
	struct buf out = { 0 };
	struct slice in = slice_of(data, size);
	uint64_t by = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (!schema)
		schema = schema_new();
	uint32_t kind = chance(&by, 8);
	if (kind == 0 || !size)
		return LLVMFuzzerMutate(data, size, max_size);
	if (kind == 1) {
		const ProtobufCMessageDescriptor *type = schema_descriptor(schema, (type_id)(1 + chance(&by, schema_types(schema))));
		struct buf payload = { 0 };
		put_message(&payload, type, &by, 2);
		put_envelope(&out, schema_command_info(schema, (uint16_t)(1 + chance(&by, schema_commands(schema))))->name, type->name,
			     buf_slice(&payload), &by);
		buf_release(&payload);
	} else if (kind < 6) {
		wire_mutate(&out, in, &openiap__envelope__descriptor, &by, 0);
	} else {
		type_id type = (type_id)(1 + data[0] % schema_types(schema));
		buf_add_byte(&out, kind == 6 ? (uint8_t)chance(&by, 256) : data[0]);
		wire_mutate(&out, slice_skip(in, 1), schema_descriptor(schema, type), &by, 0);
	}
	size_t len = out.len;
	if (len && len <= max_size)
		memcpy(data, out.at, len);
	buf_release(&out);
	return len && len <= max_size ? len : LLVMFuzzerMutate(data, size, max_size);
}
