/* The payload as JSON: each kind of value, gathering and merging, faults, secrets; all of it read again with
 * jansson. */
#include "export/data.h"
#include "tests/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#define READ_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

struct fixture {
	struct schema *schema;
	struct dissection d;
	struct data_options options;
	struct buf m, out;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->schema = schema_new();
	dissection_init(&f->d, f->schema, (size_t)64 << 20);
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

/* The text that export_data writes; always JSON, and nothing behind it. */
static const char *written(struct fixture *f)
{
	json_error_t error;
	buf_clear(&f->out);
	struct json j = json_to(&f->out);
	export_data(&j, &f->d, &f->options);
	json_t *read = json_loadb((const char *)f->out.at, f->out.len, READ_FLAGS, &error);
	if (!read)
		fail_msg("no JSON: %s", error.text);
	json_decref(read);
	return buf_cstr(&f->out);
}

/* What is written for the message in f->m. */
static const char *data_of(struct fixture *f, const char *type)
{
	type_id t = type ? schema_type_named(f->schema, slice_str(type)) : 0;
	assert_true(!type || t);
	dissect_payload(&f->d, t, buf_slice(&f->m));
	const char *text = written(f);
	buf_clear(&f->m);
	return text;
}

static void test_values(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 1, "{\"name\" : 1.50}");
	put_text(&f->m, 2, "caf\xc3\xa9 \xff \"\n");
	put_number(&f->m, 4, 0);
	put_number(&f->m, 5, (uint64_t)-5);
	put_number(&f->m, 8, 1);
	assert_string_equal(data_of(f, "QueryRequest"),
			    "{\"query\":\"{\\\"name\\\" : 1.50}\",\"collectionname\":\"caf\xc3\xa9 \xef\xbf\xbd \\\"\\n\",\"top\":0,"
			    "\"skip\":-5,\"explain\":true}");
	assert_string_equal(data_of(f, "QueryRequest"), "{}");
	put_tag(&f->m, 5, WIRE_32BIT);
	buf_add(&f->m, slice_of("\xcd\xcc\xcc\x3d", 4)); /* 0.1f */
	put_tag(&f->m, 7, WIRE_32BIT);
	buf_add(&f->m, slice_of("\x00\x00\x80\x7f", 4)); /* infinity */
	assert_string_equal(data_of(f, "UploadResponse"), "{\"mb\":0.1,\"mbps\":null}");
}

static void test_payload(void **state)
{
	struct fixture *f = *state;
	dissect_envelope(&f->d, slice_str("\x0a\x04noop"), 6);
	assert_string_equal(written(f), "null");
	dissect_envelope(&f->d, slice_of("\x0a\x04noop\x32\x00", 8), 8);
	assert_string_equal(written(f), "{}");
	const char count[] = "\x0a\x0a"
			     "countreply"
			     "\x32\x04\x12\x02\x08\x07";
	dissect_envelope(&f->d, slice_str(count), sizeof count - 1);
	assert_string_equal(written(f), "{\"result\":7}");
}

static void test_repeated(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 4, "a");
	put_text(&f->m, 1, "first");
	put_text(&f->m, 4, "");
	put_text(&f->m, 1, "last");
	put_text(&f->m, 4, "c");
	assert_string_equal(data_of(f, "DeleteManyRequest"), "{\"collectionname\":\"last\",\"ids\":[\"a\",\"\",\"c\"]}");
	put_bytes(&f->m, 5, slice_of("\x12\x01x", 3));
	put_bytes(&f->m, 5, slice_of("\x12\x01y\x0a\x01i", 6));
	assert_string_equal(data_of(f, "User"), "{\"roles\":[{\"name\":\"x\"},{\"_id\":\"i\",\"name\":\"y\"}]}");
	put_text(&f->m, 1, "one");
	assert_string_equal(data_of(f, "DistinctResponse"), "{\"results\":[\"one\"]}");
}

/* BeginStream.stat in three parts: what one part lacks is in another, and repeated fields are joined. */
static void test_merged(void **state)
{
	struct fixture *f = *state;
	put_bytes(&f->m, 2, slice_of("\x70\x05\x10\x01", 4));
	put_bytes(&f->m, 2, slice_of("\x70\x06\x22\x02\x08\x01", 6));
	put_bytes(&f->m, 2, slice_of("\x22\x02\x10\x02", 4));
	assert_string_equal(data_of(f, "BeginStream"),
			    "{\"stat\":{\"blksize\":1,\"ctime\":\"1970-01-01T00:00:01.000000002Z\",\"size\":6}}");
	put_bytes(&f->m, 2, slice_of("\x2a\x00", 2));
	put_bytes(&f->m, 2, slice_of("\x0a\x01n\x2a\x03\x12\x01r", 8));
	assert_string_equal(data_of(f, "SigninResponse"), "{\"user\":{\"_id\":\"n\",\"roles\":[{},{\"name\":\"r\"}]}}");
}

static void test_time(void **state)
{
	struct fixture *f = *state;
	struct buf t = { 0 };
	put_number(&t, 1, 1764000000);
	put_number(&t, 2, 5);
	put_bytes(&f->m, 5, buf_slice(&t));
	put_bytes(&f->m, 6, slice_of("\x08\x05\x10\xff\xff\xff\xff\x07", 8)); /* nanos 2147483647 */
	assert_string_equal(data_of(f, "Workitem"),
			    "{\"nextrun\":\"2025-11-24T16:00:00.000000005Z\",\"lastrun\":{\"seconds\":5,\"nanos\":2147483647}}");
	buf_release(&t);
}

static void test_bytes(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[257];
	memset(bytes, 0xfb, sizeof bytes);
	put_bytes(&f->m, 1, slice_of(bytes, 4));
	assert_string_equal(data_of(f, "Stream"), "{\"data\":\"+/v7+w==\"}");
	put_bytes(&f->m, 1, slice_of(bytes, 256));
	const char *whole = data_of(f, "Stream");
	assert_int_equal(strlen(whole), strlen("{\"data\":\"\"}") + 344);
	put_bytes(&f->m, 1, slice_of(bytes, 257));
	assert_string_equal(data_of(f, "Stream"),
			    "{\"data\":{\"bytes\":257,\"head\":\"+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7\"}}");
	f->options.full_bytes = true;
	put_bytes(&f->m, 1, slice_of(bytes, 257));
	assert_int_equal(strlen(data_of(f, "Stream")), strlen("{\"data\":\"\"}") + 344);
}

static void test_unknown(void **state)
{
	struct fixture *f = *state;
	put_number(&f->m, 7, 5);
	put_text(&f->m, 2, "text");
	put_bytes(&f->m, 3, slice_of("\x08\x96\x01", 3));
	put_number(&f->m, 7, UINT64_MAX);
	put_bytes(&f->m, 4, slice_of("\x00\xff", 2));
	assert_string_equal(data_of(f, NULL), "{\"2\":\"text\",\"3\":{\"1\":150},\"4\":\"AP8=\",\"7\":[5,18446744073709551615]}");
	put_number(&f->m, 99, 5);
	put_text(&f->m, 1, "r");
	assert_string_equal(data_of(f, "QueryResponse"), "{\"results\":\"r\",\"99\":5}");
}

static void test_secrets(void **state)
{
	struct fixture *f = *state;
	for (int shown = 0; shown < 2; shown++) {
		f->options.show_secrets = shown;
		put_text(&f->m, 1, "allan");
		put_text(&f->m, 2, "hunter2");
		put_text(&f->m, 3, "token");
		put_text(&f->m, 6, "{\"password\":\"x\"}");
		assert_string_equal(
			data_of(f, "SigninRequest"),
			shown ? "{\"username\":\"allan\",\"password\":\"hunter2\",\"jwt\":\"token\",\"agent\":\"{\\\"password\\\":\\\"x\\\"}\"}"
			      : "{\"username\":\"allan\",\"password\":\"‹hidden, 7 bytes›\",\"jwt\":\"‹hidden, 5 bytes›\","
				"\"agent\":\"{\\\"password\\\":\\\"‹hidden, 1 byte›\\\"}\"}");
	}
}

static void test_fault(void **state)
{
	struct fixture *f = *state;
	put_text(&f->m, 1, "{}");
	put_number(&f->m, 2, 1);
	put_number(&f->m, 4, 3);
	buf_add(&f->m, slice_of("\x1a\x7f\x41", 3));
	assert_string_equal(data_of(f, "QueryRequest"), "{\"query\":\"{}\",\"top\":3,\"fault\":\"not the wire type of this field\"}");
	buf_add(&f->m, slice_of("\x0f", 1));
	assert_string_equal(data_of(f, "QueryRequest"), "{\"fault\":\"no field of a message can be read here\"}");
	const char cut[] = "\x0a\x05query\x32\x30\x12\x2e\x0a\x10{\"_type\":\"te";
	dissect_envelope(&f->d, slice_str(cut), 57);
	assert_string_equal(written(f), "{\"query\":\"{\\\"_type\\\":\\\"te\",\"fault\":\"the capture ends here\"}");
}

/* 100,000 elements of one field and 50,000 of another, in turn, and as many unknown numbers: no square of
 * that. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (uint32_t i = 0; i < 100000; i++) {
		put_text(&f->m, 4, "x");
		put_number(&f->m, 200000 - i, i);
		if (i % 2)
			put_text(&f->m, 7, "y");
	}
	data_of(f, "StripeSubscription");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_true(to.tv_sec - from.tv_sec < 5);
	json_error_t error;
	json_t *read = json_loadb((const char *)f->out.at, f->out.len, 0, &error);
	assert_int_equal(json_array_size(json_object_get(read, "default_tax_rates")), 50000);
	assert_int_equal(json_integer_value(json_object_get(read, "100001")), 99999);
	json_decref(read);
}

/* Whatever a message of any type holds, JSON comes out. */
static void test_any_message(void **state)
{
	struct fixture *f = *state;
	struct buf before = { 0 };
	uint64_t seed = 3;
	for (unsigned round = 0; round < 5000; round++) {
		type_id t = (type_id)(round % (schema_types(f->schema) + 1u));
		put_message(&f->m, schema_descriptor(f->schema, t ? t : 1), &seed, 0);
		if (round % 3)
			mutate(&f->m, buf_slice(&before), &seed);
		buf_clear(&before);
		buf_add(&before, buf_slice(&f->m));
		dissect_payload(&f->d, t, buf_slice(&f->m));
		written(f);
		buf_clear(&f->m);
	}
	buf_release(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_repeated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_merged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_any_message, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
