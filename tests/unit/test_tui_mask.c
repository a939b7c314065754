/* Which bytes of a message are masked. */
#include "tests/mutate.h"
#include "tui/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct schema *schema;
	struct dissection d;
	struct mask mask;
	struct buf m;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->schema = schema_new();
	dissection_init(&f->d, f->schema, 1 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	mask_release(&f->mask);
	dissection_release(&f->d);
	schema_free(f->schema);
	buf_release(&f->m);
	free(f);
	return 0;
}

/* The bytes with a '*' for each that is masked, and a '.' for what is no text. */
static void masked_is(struct fixture *f, const char *expected)
{
	struct buf got = { 0 };
	for (size_t i = 0; i < f->m.len; i++) {
		uint8_t c = f->m.at[i];
		buf_add_byte(&got, mask_has(&f->mask, i) ? '*' : c >= ' ' && c < 0x7f ? c : '.');
	}
	assert_string_equal(buf_cstr(&got), expected);
	assert_false(mask_has(&f->mask, f->m.len));
	for (size_t i = 1; i < f->mask.count; i++)
		assert_true(f->mask.span[i].from > f->mask.span[i - 1].to);
	buf_release(&got);
}

static void dissect(struct fixture *f, const char *type)
{
	dissect_payload(&f->d, schema_type_named(f->schema, slice_str(type)), buf_slice(&f->m));
	mask_set(&f->mask, f->d.root, buf_slice(&f->m));
}

static void test_fields(void **state)
{
	struct fixture *f = *state;
	put_bytes(&f->m, 1, slice_str("anna"));
	put_bytes(&f->m, 2, slice_str("sesame"));
	put_bytes(&f->m, 3, slice_str("e30.e30.x"));
	put_bytes(&f->m, 6, slice_str("node"));
	dissect(f, "SigninRequest");
	masked_is(f, "..anna..******..*********2.node");
	mask_clear(&f->mask);
	masked_is(f, "..anna..sesame..e30.e30.x2.node");
}

static void test_keys_in_json(void **state)
{
	struct fixture *f = *state;
	put_bytes(&f->m, 2, slice_str("{\"password\":\"x\\\"y\",\"a\":{\"jwt\":\"t\"},\"b\":1}"));
	dissect(f, "InsertOneRequest");
	masked_is(f, ".){\"password\":\"****\",\"a\":{\"jwt\":\"*\"},\"b\":1}");
}

/* A text that no dissection looks into hides its secrets too. */
static void test_without_dissection(void **state)
{
	struct fixture *f = *state;
	buf_add_str(&f->m, "\xff\xff{\"password\": \"abc");
	dissect(f, "InsertOneRequest");
	masked_is(f, "..{\"password\": \"***");
	mask_set(&f->mask, NULL, buf_slice(&f->m));
	masked_is(f, "..{\"password\": \"***");
	buf_clear(&f->m);
	mask_set(&f->mask, NULL, buf_slice(&f->m));
	masked_is(f, "");
}

/* A message cut in its token: what is there of it. */
static void test_cut(void **state)
{
	struct fixture *f = *state;
	put_bytes(&f->m, 1, slice_str("ping"));
	put_bytes(&f->m, 7, slice_str("e30.e30.signature"));
	f->m.len -= 5;
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len + 5);
	mask_set(&f->mask, f->d.root, buf_slice(&f->m));
	masked_is(f, "..ping:.************");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_in_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_dissection, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
