/* The legacy protocol: texts as messages, as parts of longer ones in any order, and as JSON. */
#include "decode/legacy.h"

#include "base/json_read.h"
#include "decode/schema.h"

#include <stdlib.h>

enum { BUDGET = 1 << 20, NODES = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static void read_view(struct slice text)
{
	struct arena a;
	struct envelope e;
	arena_init(&a, BUDGET);
	bool good = legacy_read(&a, text, &e);
	check(!good || json_read(text).kind == JSON_READ_OBJECT);
	legacy_member(e.value, "id");
	arena_release(&a);
}

static void read_tree(struct slice text)
{
	static struct schema *schema; /* made once: libFuzzer has no place for a context */
	struct dissection d;
	if (!schema)
		schema = schema_new();
	dissection_init(&d, schema, NODES);
	for (uint64_t more = 0; more < 2; more++) {
		dissect_legacy(&d, text, text.len + more);
		for (const struct node *n = d.root; n; n = node_after(n, d.root)) {
			check(n->offset <= text.len && n->length <= text.len - n->offset);
			check(n->value_offset <= text.len && n->value_length <= text.len - n->value_offset);
		}
	}
	dissection_release(&d);
}

static void take_done(struct legacy_parts *parts, struct legacy_counts *counts, bool end)
{
	struct legacy_whole w;
	while (legacy_done(parts, counts, end, &w)) {
		check(w.cut ? w.size > w.text.len : w.size == w.text.len);
		buf_release(&w.text);
	}
}

/* Texts are lines; one that ends in a tab is cut. */
static void join(struct slice in)
{
	struct legacy_parts *parts = NULL;
	struct legacy_counts counts = { 0 };
	while (in.len) {
		const uint8_t *end = memchr(in.at, '\n', in.len);
		struct slice line = slice_head(in, end ? (size_t)(end - in.at) : in.len);
		struct legacy_part p = { .text = line, .cut = line.len && line.at[line.len - 1] == '\t' };
		in = slice_skip(in, line.len + 1);
		if (legacy_take(&parts, &counts, &p))
			take_done(parts, &counts, false);
	}
	take_done(parts, &counts, true);
	check(counts.bytes == 0);
	legacy_parts_free(parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	read_view(in);
	read_tree(in);
	join(in);
	return 0;
}
