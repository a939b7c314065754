/* HTTP with REST in it: requests and responses made from the input, then fed, torn apart and ended in any way; bodies through gunzip and the
 * JSON form. */
#include "capture/stream/http1.h"

#include "capture/stream/gunzip.h"
#include "decode/json_form.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_stream.h"

enum { MOST = 4096, BUDGET = 1 << 20, NODES = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void play(struct fuzz *f, uint8_t how, struct slice in)
{
	f->conn.start_seen = how;
	fuzz_play(f, http1_new(&f->stream), in);
}

static void inflate(struct slice in)
{
	struct buf out = { 0 };
	enum gunzip how = gunzip(in, MOST, &out);
	fuzz_check(out.len <= MOST && (how != GUNZIP_OVERLONG || out.len == MOST));
	buf_release(&out);
}

/* Every place in the tree lies in the text. */
static void check_places(const struct node *root, struct slice text)
{
	for (const struct node *n = root; n; n = node_after(n, root)) {
		fuzz_check(n->offset <= text.len && n->length <= text.len - n->offset);
		fuzz_check(n->value_offset <= text.len && n->value_length <= text.len - n->value_offset);
	}
}

static void read_json(struct slice in)
{
	static struct schema *schema; /* made once: libFuzzer has no place for a context */
	struct arena a;
	struct json_form form;
	struct dissection d;
	if (!schema)
		schema = schema_new();
	arena_init(&a, BUDGET);
	json_form_read(&a, in, &form);
	arena_release(&a);
	dissection_init(&d, schema, NODES);
	for (uint64_t more = 0; more < 2; more++) {
		dissect_json_form(&d, in, in.len + more);
		check_places(d.root, in);
	}
	dissection_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	if (size && data[0] == '{')
		read_json(in);
	else if (size > 1 && data[0] % 4 == 3)
		inflate(slice_skip(in, 1));
	else
		fuzz_twice(play, size % 2, in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static struct event_list list = { .make = frames_http1 };
	bool events = size && data[0] != '{' && data[0] % 4 != 3;
	return events ? events_mutate(&list, data, size, max_size, seed) : LLVMFuzzerMutate(data, size, max_size);
}
