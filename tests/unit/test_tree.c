/* The tree as text, and single values. */
#include "export/tree.h"
#include "export/value.h"
#include "tests/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct schema *schema;
	struct dissection d;
	struct tree_options options;
	struct buf m, out;
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
	dissection_release(&f->d);
	schema_free(f->schema);
	buf_release(&f->m);
	buf_release(&f->out);
	free(f);
	return 0;
}

static void put_text(struct buf *out, uint32_t number, const char *text)
{
	put_bytes(out, number, slice_str(text));
}

static const char *tree_of(struct fixture *f, const char *type)
{
	if (type)
		dissect_payload(&f->d, schema_type_named(f->schema, slice_str(type)), buf_slice(&f->m));
	buf_clear(&f->out);
	export_tree(&f->out, f->d.root, &f->options);
	return buf_cstr(&f->out);
}

static void put_one(struct buf *out, const ProtobufCFieldDescriptor *field)
{
	static const uint8_t some[8] = { 1 };
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES: put_text(out, field->id, "x"); break;
	case PROTOBUF_C_TYPE_MESSAGE: put_text(out, field->id, ""); break;
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
		put_tag(out, field->id, WIRE_64BIT);
		buf_add(out, slice_of(some, 8));
		break;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
		put_tag(out, field->id, WIRE_32BIT);
		buf_add(out, slice_of(some, 4));
		break;
	default: put_number(out, field->id, 1);
	}
}

/* Of every message that there is, with all its fields set, each stands there by its name. */
static void test_every_field(void **state)
{
	struct fixture *f = *state;
	unsigned fields = 0;
	for (type_id t = 1; t <= schema_types(f->schema); t++) {
		const ProtobufCMessageDescriptor *type = schema_descriptor(f->schema, t);
		buf_clear(&f->m);
		for (unsigned i = 0; i < type->n_fields; i++)
			put_one(&f->m, &type->fields[i]);
		dissect_payload(&f->d, t, buf_slice(&f->m));
		const char *tree = tree_of(f, NULL);
		for (unsigned i = 0; i < type->n_fields; i++, fields++) {
			char line[128];
			snprintf(line, sizeof line, "\n    %s: ", type->fields[i].name);
			if (!strstr(tree, line))
				fail_msg("%s has no %s:\n%s", type->name, type->fields[i].name, tree);
		}
	}
	assert_true(fields > 400);
}

static void test_envelope(void **state)
{
	struct fixture *f = *state;
	struct buf q = { 0 }, any = { 0 };
	put_text(&q, 1, "{\"a\":[1,\"1\"],\"\":{},\"b\":null}");
	put_text(&q, 2, "");
	put_number(&q, 4, 5);
	put_text(&any, 1, "openiap.QueryRequest");
	put_bytes(&any, 2, buf_slice(&q));
	put_text(&f->m, 1, "query");
	put_bytes(&f->m, 6, buf_slice(&any));
	put_text(&f->m, 7, MUTATE_JWT);
	dissect_envelope(&f->d, buf_slice(&f->m), f->m.len);
	assert_string_equal(tree_of(f, NULL), "Envelope\n"
					      "    command: query\n"
					      "    data: Any\n"
					      "        type_url: openiap.QueryRequest\n"
					      "        value: QueryRequest\n"
					      "            query: {\"a\":[1,\"1\"],\"\":{},\"b\":null}\n"
					      "                a: [2 elements]\n"
					      "                    [0]: 1\n"
					      "                    [1]: \"1\"\n"
					      "                : {0 keys}\n"
					      "                b: null\n"
					      "            collectionname: \"\"\n"
					      "            top: 5\n"
					      "    jwt: ‹hidden, 138 bytes›\n"
					      "        header: {2 keys}\n"
					      "            alg: \"HS256\"\n"
					      "            typ: \"JWT\"\n"
					      "        claims: {3 keys}\n"
					      "            data: {1 key}\n"
					      "                username: \"allan\"\n"
					      "            iat: 1764000000 (2025-11-24T16:00:00.000000000Z)\n"
					      "            exp: 1764003600 (2025-11-24T17:00:00.000000000Z)\n");
	f->options.show_secrets = true;
	assert_non_null(strstr(tree_of(f, NULL), "    jwt: " MUTATE_JWT "\n"));
	buf_release(&q);
	buf_release(&any);
}

static void test_unknown_and_bad(void **state)
{
	struct fixture *f = *state;
	put_number(&f->m, 77, 150);
	put_bytes(&f->m, 78, slice_of("\x08\x01\x12\x01z", 5));
	put_number(&f->m, 2, 1);
	buf_add(&f->m, slice_of("\x0f\xff", 2));
	assert_string_equal(tree_of(f, "QueryRequest"), "QueryRequest\n"
							"    77 (varint): 150\n"
							"    78: message\n"
							"        1 (varint): 1\n"
							"        2 (string): z\n"
							"    collectionname: [not the wire type of this field: 01]\n"
							"    [no field of a message can be read here: 0fff]\n");
	dissect_envelope(&f->d, slice_str("\x0a\x05qu"), 20);
	assert_string_equal(tree_of(f, NULL), "Envelope\n"
					      "    command: qu\n"
					      "    [the capture ends here, 16 bytes are missing]\n");
}

/* What can be read, though receivers in other languages refuse it, is remarked upon, and nothing else is. */
static void test_remarks(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 1, "\xc3\xa9");
	put_text(&f->m, 2, "a\xff");
	buf_add(&f->m, slice_of("\xf8\xff\xff\xff\x0f\x01\x80\x80\x80\x80\x10\x01", 12));
	assert_string_equal(tree_of(f, "QueryRequest"), "QueryRequest\n"
							"    query: \xc3\xa9\n"
							"    collectionname: a\xef\xbf\xbd [not UTF-8: most receivers refuse it]\n"
							"    536870911 (varint): 1\n"
							"    536870912 (varint): 1 [beyond all field numbers: most receivers refuse it]\n");
	dissect_envelope(&f->d, slice_str("\x22\x01z"), 3);
	assert_string_equal(tree_of(f, NULL), "Envelope [it has no command]\n    id: z\n");
	dissect_envelope(&f->d, slice_str("\x22\x01z"), 9);
	assert_string_equal(tree_of(f, NULL), "Envelope\n    id: z\n    [the capture ends here, 6 bytes are missing]\n");
}

static void test_long(void **state)
{
	struct fixture *f = *state;
	char text[400];
	memset(text, 'x', sizeof text);
	memcpy(text + 199, "\xc3\xa9", 2);
	put_bytes(&f->m, 1, slice_of(text, sizeof text));
	const char *line = tree_of(f, "QueryResponse");
	assert_non_null(strstr(line, "xx… (400 bytes)\n"));
	assert_int_equal(strlen(line), strlen("QueryResponse\n    results: … (400 bytes)\n") + 199);
	f->options.whole = true;
	assert_int_equal(strlen(tree_of(f, "QueryResponse")), strlen("QueryResponse\n    results: \n") + 400);
}

/* Nothing from the wire does anything to a terminal, nor begins a line; names come from it too. */
static void test_safe(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 1, "{\"\\u001b[2J\\n\":\"\\r\"}");
	put_text(&f->m, 2, "a\x1b[31m\nb\xe2\x80\xaeu");
	assert_string_equal(tree_of(f, "QueryRequest"), "QueryRequest\n"
							"    query: {\"\\u001b[2J\\n\":\"\\r\"}\n"
							"        ␛[2J␊: \"␍\"\n"
							"    collectionname: a␛[31m␊b\xef\xbf\xbdu\n");
}

static void value_is(struct fixture *f, const char *type, struct slice bytes, const char *value)
{
	dissect_payload(&f->d, schema_type_named(f->schema, slice_str(type)), bytes);
	buf_clear(&f->out);
	node_add_value(&f->out, f->d.root->child, false);
	assert_string_equal(buf_cstr(&f->out), value);
}

static void test_values(void **state)
{
	struct fixture *f = *state;
	value_is(f, "Stream", slice_of("\x0a\x03\x00\xff\x10", 5), "00ff10");
	value_is(f, "Stream", slice_of("\x0a\x00", 2), "");
	value_is(f, "CountResponse", slice_of("\x08\xff\xff\xff\xff\x0f", 6), "-1");
	value_is(f, "UploadResponse", slice_of("\x2d\xcd\xcc\xcc\x3d", 5), "0.1");
	value_is(f, "UploadResponse", slice_of("\x2d\x00\x00\x80\xff", 5), "-inf");
	value_is(f, "ListCollectionsRequest", slice_of("\x08\x00", 2), "false");
	value_is(f, "Noop", slice_of("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11), "18446744073709551615");
	value_is(f, "SigninRequest",
		 slice_str("\x12\x03"
			   "abc"),
		 "‹hidden, 3 bytes›");
	value_is(f, "SigninRequest",
		 slice_str("\x12\x7f"
			   "abc"),
		 "‹hidden, 5 bytes›");
	value_is(f, "InsertOneRequest", slice_str("\x12\x14{\"password\": \"abcd\"}"), "{\"password\": \"‹hidden, 4 bytes›\"}");
	value_is(f, "BeginStream", slice_of("\x12\x04\x22\x02\x08\x01", 6), "Stat");
	value_is(f, "Workitem", slice_of("\x2a\x02\x08\x01", 4), "1970-01-01T00:00:01.000000000Z");
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;
	export_tree(&f->out, NULL, &f->options);
	assert_int_equal(f->out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_field, setup, teardown),
		cmocka_unit_test_setup_teardown(test_envelope, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_and_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remarks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_safe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
