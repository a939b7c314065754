/* Differences of two trees: what goes with what, and what counts as changed. Charts. */
#include "tests/mutate.h"
#include "tui/blocks.h"
#include "tui/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The Envelope with a payload; NULL leaves a field out. */
static void envelope(struct buf *out, const char *command, const char *id, const char *query)
{
	struct buf payload = { 0 }, any = { 0 };
	put_bytes(out, 1, slice_str(command));
	if (id)
		put_bytes(out, 4, slice_str(id));
	put_bytes(&payload, 1, slice_str(query));
	put_bytes(&any, 1, slice_str("type.googleapis.com/openiap.QueryRequest"));
	put_bytes(&any, 2, buf_slice(&payload));
	put_bytes(out, 6, buf_slice(&any));
	buf_release(&payload);
	buf_release(&any);
}

struct fixture {
	struct schema *schema;
	struct buf bytes[2];
	struct dissection d[2];
	struct diff diff;
};

static void compare(struct fixture *f)
{
	f->schema = schema_new();
	for (int i = 0; i < 2; i++) {
		dissection_init(&f->d[i], f->schema, 1 << 20);
		dissect_envelope(&f->d[i], buf_slice(&f->bytes[i]), f->bytes[i].len);
	}
	diff_set(&f->diff, f->d[0].root, f->d[1].root);
}

static void release(struct fixture *f)
{
	diff_release(&f->diff);
	for (int i = 0; i < 2; i++) {
		dissection_release(&f->d[i]);
		buf_release(&f->bytes[i]);
	}
	schema_free(f->schema);
}

/* The rows that differ themselves: "~id -a +b". */
static void changes_are(const struct fixture *f, const char *expected)
{
	struct buf got = { 0 };
	for (size_t i = 0; i < f->diff.rows; i++) {
		const struct diff_row *r = &f->diff.row[i];
		if (!diff_is_change(&f->diff, i))
			continue;
		buf_add_str(&got, got.len ? " " : "");
		buf_add_byte(&got, r->kind == DIFF_LEFT ? '-' : r->kind == DIFF_RIGHT ? '+' : '~');
		buf_add(&got, (r->left ? r->left : r->right)->name);
	}
	assert_string_equal(buf_cstr(&got), expected);
	buf_release(&got);
}

static void test_same(void **state)
{
	struct fixture f = { 0 };
	(void)state;
	envelope(&f.bytes[0], "query", "a", "{\"a\":1,\"b\":[1,2]}");
	envelope(&f.bytes[1], "query", "a", "{\"a\":1,\"b\":[1,2]}");
	compare(&f);
	changes_are(&f, "");
	assert_int_equal(f.diff.changes, 0);
	for (size_t i = 0; i < f.diff.rows; i++)
		assert_int_equal(f.diff.row[i].kind, DIFF_SAME);
	release(&f);
}

/* A field that only one has moves nothing else; what holds a difference differs. */
static void test_changes(void **state)
{
	struct fixture f = { 0 };
	(void)state;
	envelope(&f.bytes[0], "query", "a", "{\"x\":0,\"a\":1,\"b\":[1,2],\"c\":3}");
	envelope(&f.bytes[1], "query", NULL, "{\"a\":2,\"b\":[1,3],\"c\":3,\"d\":4}");
	compare(&f);
	changes_are(&f, "-id -x ~a ~1 +d");
	assert_int_equal(f.diff.changes, 5);
	assert_int_equal(f.diff.row[0].kind, DIFF_CHANGED);
	release(&f);
}

static void test_one_side(void **state)
{
	struct fixture f = { 0 };
	(void)state;
	envelope(&f.bytes[0], "query", "a", "{}");
	compare(&f);
	diff_set(&f.diff, f.d[0].root, NULL);
	for (size_t i = 0; i < f.diff.rows; i++)
		assert_int_equal(f.diff.row[i].kind, DIFF_LEFT);
	diff_set(&f.diff, NULL, NULL);
	assert_int_equal(f.diff.rows, 0);
	release(&f);
}

/* More fields than are aligned go in their order. */
static void test_many_fields(void **state)
{
	struct fixture f = { 0 };
	struct buf json = { 0 };
	(void)state;
	for (int i = 0; i < DIFF_ALIGN + 50; i++)
		buf_addf(&json, "%c\"k%d\":%d", i ? ',' : '{', i, i);
	buf_add_str(&json, "}");
	envelope(&f.bytes[0], "query", "a", buf_cstr(&json));
	json.at[json.len - 2] = '0';
	envelope(&f.bytes[1], "query", "a", buf_cstr(&json));
	compare(&f);
	assert_int_equal(f.diff.changes, 1);
	changes_are(&f, "~k1049");
	buf_release(&json);
	release(&f);
}

static void test_charts(void **state)
{
	static const uint64_t value[] = { 0, 1, 50, 100 };
	struct buf out = { 0 };
	(void)state;
	assert_int_equal(blocks_most(value, 4), 100);
	blocks_add_chart(&out, value, 4, 100, 0, 1);
	assert_string_equal(buf_cstr(&out), " ▁▄█");
	buf_clear(&out);
	blocks_add_chart(&out, value, 4, 100, 1, 2); /* the upper of two rows */
	assert_string_equal(buf_cstr(&out), "   █");
	buf_clear(&out);
	blocks_add_bar(&out, 50, 100, 5);
	assert_string_equal(buf_cstr(&out), "██▌");
	buf_clear(&out);
	blocks_add_bar(&out, 1, 1000000, 5);
	assert_string_equal(buf_cstr(&out), "▏");
	buf_clear(&out);
	blocks_add_bar(&out, 0, 0, 5);
	blocks_add_chart(&out, value, 0, 0, 0, 1);
	assert_string_equal(buf_cstr(&out), "");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),        cmocka_unit_test(test_changes), cmocka_unit_test(test_one_side),
		cmocka_unit_test(test_many_fields), cmocka_unit_test(test_charts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
