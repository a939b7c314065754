/* The gist: what it tells of the messages one meets, and that it never tells a secret, whatever the message. */
#include "base/text.h"
#include "decode/gist.h"
#include "tests/mutate.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int set_up(void **state)
{
	*state = schema_new();
	return 0;
}

static int tear_down(void **state)
{
	schema_free(*state);
	return 0;
}

static void gist_of(const struct schema *s, struct buf *out, const char *type, struct slice payload)
{
	uint8_t *exact = malloc(payload.len ? payload.len : 1);
	if (payload.len)
		memcpy(exact, payload.at, payload.len);
	buf_clear(out);
	gist_add(out, s, schema_type_named(s, slice_str(type)), slice_of(exact, payload.len));
	free(exact);
}

static void check(const struct schema *s, const char *type, struct buf *payload, const char *want)
{
	struct buf out = { 0 };
	gist_of(s, &out, type, buf_slice(payload));
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
	buf_clear(payload);
}

static void put(struct buf *out, const struct schema *s, const char *type, const char *field, struct slice value)
{
	const ProtobufCMessageDescriptor *d = schema_descriptor(s, schema_type_named(s, slice_str(type)));
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, field);
	assert_non_null(f);
	put_bytes(out, f->id, value);
}

static void test_telling(void **state)
{
	const struct schema *s = *state;
	struct buf b = { 0 };
	put(&b, s, "QueryRequest", "query", slice_str("{\"_type\":\"test\"}"));
	put(&b, s, "QueryRequest", "collectionname", slice_str("entities"));
	check(s, "QueryRequest", &b, "entities {\"_type\":\"test\"}");
	put(&b, s, "ErrorResponse", "stack", slice_str("at x"));
	put(&b, s, "ErrorResponse", "message", slice_str("no\nsuch collection"));
	check(s, "ErrorResponse", &b, "no␊such collection");
	put(&b, s, "Stream", "data", slice_str("12345"));
	check(s, "Stream", &b, "5 bytes");
	check(s, "QueryRequest", &b, "");
	buf_add_str(&b, "xyz");
	check(s, "NoSuchType", &b, "3 bytes of an unknown type");
	check(s, "NoSuchType", &b, "");
	buf_release(&b);
}

/* A message within a message: its telling fields, if that is what the message is about. */
static void test_nested(void **state)
{
	const struct schema *s = *state;
	struct buf b = { 0 }, item = { 0 };
	put(&item, s, "Workitem", "name", slice_str("invoice 7"));
	put(&item, s, "Workitem", "state", slice_str("new"));
	put(&b, s, "PopWorkitemResponse", "workitem", buf_slice(&item));
	check(s, "PopWorkitemResponse", &b, "invoice 7 new");
	buf_release(&b);
	buf_release(&item);
}

static void test_cut(void **state)
{
	const struct schema *s = *state;
	struct buf b = { 0 }, text = { 0 }, out = { 0 };
	for (int i = 0; i < 500; i++)
		buf_add_str(&text, "ä");
	put(&b, s, "ErrorResponse", "message", buf_slice(&text));
	gist_of(s, &out, "ErrorResponse", buf_slice(&b));
	assert_int_equal(text_columns(buf_slice(&out)), 60);
	assert_int_equal(out.len, 59 * 2 + 3);
	/* the front of the payload only, as of a message that is cut or large: cut anywhere, even in a character */
	for (size_t n = 0; n < 120; n++) {
		gist_of(s, &out, "ErrorResponse", slice_head(buf_slice(&b), n));
		assert_true(text_is_utf8(buf_slice(&out)));
		assert_in_range(text_columns(buf_slice(&out)), 0, 60);
	}
	buf_release(&b);
	buf_release(&text);
	buf_release(&out);
}

static void assert_harmless(const struct buf *out)
{
	struct slice rest = buf_slice(out);
	assert_true(text_is_utf8(rest));
	for (size_t i = 0; i < rest.len; i++)
		assert_true(rest.at[i] >= 0x20 && rest.at[i] != 0x7f);
}

#define SECRET "s3cr3t"

/* Each field of each type by itself, with a secret where secrets may stand: as the value of a secret field, or in JSON in another. */
static void test_secrets(void **state)
{
	static const char *const texts[] = {
		"{\"password\":\"" SECRET "\"}", "{\"a\":1,\"jwt\" : \"" SECRET "\"}",       "{\"x\":\"{\\\"jwt\\\":\\\"" SECRET "\\\"}\"}",
		"{\"password\":\"" SECRET,       "\xff{\"password\":\"" SECRET "\"}\x1b[0m",
	};
	const struct schema *s = *state;
	struct buf b = { 0 }, out = { 0 };
	unsigned shown = 0;
	for (type_id t = 1; t <= schema_types(s); t++) {
		const ProtobufCMessageDescriptor *d = schema_descriptor(s, t);
		for (unsigned i = 0; i < d->n_fields; i++) {
			const ProtobufCFieldDescriptor *f = &d->fields[i];
			for (size_t k = 0; f->type == PROTOBUF_C_TYPE_STRING && k < sizeof texts / sizeof *texts; k++) {
				buf_clear(&b);
				buf_clear(&out);
				put_bytes(&b, f->id, slice_str(schema_is_secret(f) ? SECRET : texts[k]));
				gist_add(&out, s, t, buf_slice(&b));
				assert_null(strstr(buf_cstr(&out), SECRET));
				assert_harmless(&out);
				shown += out.len > 0;
			}
		}
	}
	assert_true(shown > 300);
	buf_release(&b);
	buf_release(&out);
}

/* A secret that begins anywhere before the place where the text is cut. */
static void test_secret_at_the_cut(void **state)
{
	const struct schema *s = *state;
	struct buf b = { 0 }, text = { 0 }, out = { 0 };
	for (size_t before = 0; before < 260; before++) {
		buf_clear(&text);
		buf_clear(&b);
		buf_add_str(&text, "{\"a\":\"");
		for (size_t i = 0; i < before; i++)
			buf_add_byte(&text, 'x');
		buf_add_str(&text, "\",\"password\":\"" SECRET "\"}");
		put(&b, s, "InsertOneRequest", "item", buf_slice(&text));
		for (size_t n = 0; n <= b.len; n++) {
			gist_of(s, &out, "InsertOneRequest", slice_head(buf_slice(&b), n));
			assert_null(strstr(buf_cstr(&out), "s3"));
		}
	}
	buf_release(&b);
	buf_release(&text);
	buf_release(&out);
}

/* Messages by chance, good and damaged: never wide, never harmful. */
static void test_by_chance(void **state)
{
	const struct schema *s = *state;
	struct buf before = { 0 }, out = { 0 };
	uint64_t seed = 31;
	int widest = 0;
	for (unsigned round = 0; round < 100000; round++) {
		struct buf m = { 0 };
		type_id t = (type_id)(1 + round % schema_types(s));
		put_message(&m, schema_descriptor(s, t), &seed, 0);
		if (round % 3 == 0)
			mutate(&m, buf_slice(&before), &seed);
		gist_of(s, &out, schema_name(s, t), buf_slice(&m));
		assert_harmless(&out);
		if (round % 3 && strstr(buf_cstr(&out), "secret"))
			fail_msg("%s", buf_cstr(&out));
		int columns = text_columns(buf_slice(&out));
		widest = columns > widest ? columns : widest;
		buf_release(&before);
		before = m;
	}
	assert_in_range(widest, 60, 121);
	buf_release(&before);
	buf_release(&out);
}

#define TEST(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_telling),           TEST(test_nested),    TEST(test_cut), TEST(test_secrets),
		TEST(test_secret_at_the_cut), TEST(test_by_chance),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
