/*
 * Completing a display filter, and what a search looks for: at any byte of any text, what is offered begins with the word there and is what the
 * common front says; what a pattern finds stands there, and nothing stands before it.
 */
#include "tui/complete.h"
#include "tui/pattern.h"

#include <stdlib.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool good)
{
	if (!good)
		abort();
}

static void complete(struct slice text, size_t at, const struct schema *schema)
{
	struct completion c = { 0 };
	completion_make(&c, text, at, schema);
	demand(c.from <= at && c.from + c.length == at);
	struct slice word = slice_head(slice_skip(text, c.from), c.length);
	for (size_t i = 0; i < c.count; i++) {
		struct slice offered = slice_str(c.candidate[i].word);
		demand(slice_eq(slice_head(offered, word.len), word));
		demand(slice_eq(slice_head(offered, c.common.len), buf_slice(&c.common)));
	}
	demand(!c.count || c.common.len >= word.len);
	completion_release(&c);
}

static bool stands(struct slice what, struct slice in, size_t at, bool fold)
{
	struct slice there = slice_head(slice_skip(in, at), what.len);
	if (there.len < what.len)
		return false;
	for (size_t i = 0; i < what.len; i++) {
		uint8_t a = what.at[i], b = there.at[i];
		if (fold && b >= 'A' && b <= 'Z')
			b |= 0x20;
		if (a != b)
			return false;
	}
	return true;
}

static void search(struct slice what, struct slice in)
{
	struct pattern p = { 0 };
	pattern_set(&p, what);
	size_t first = SIZE_MAX;
	for (size_t i = 0; what.len && i < in.len && first == SIZE_MAX; i++)
		if (stands(what, in, i, p.fold))
			first = i;
	demand(pattern_find(&p, in, 0) == first);
	pattern_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct schema *schema; /* made once: libFuzzer has no place for a context */
	if (!schema)
		schema = schema_new();
	if (!size)
		return 0;
	struct slice text = slice_of(data + 1, size - 1);
	complete(text, data[0] < text.len ? data[0] : text.len, schema);
	complete(text, text.len, schema);
	search(slice_head(text, data[0] % 8), slice_skip(text, data[0] % 8));
	return 0;
}
