/* The JSON reader, held against jansson; REST's Envelope as a view and as a tree, whole and cut everywhere. */
#include "decode/json_form.h"

#include "decode/dissect_part.h"

#include "base/xalloc.h"
#include "decode/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

enum { BUDGET = 1 << 22 };

/* A copy in a block of its exact size. */
static struct slice block_of(struct slice s)
{
	uint8_t *at = malloc(s.len ? s.len : 1);
	assert_non_null(at);
	if (s.len)
		memcpy(at, s.at, s.len);
	return slice_of(at, s.len);
}

static void free_block(struct slice s)
{
	free((void *)(uintptr_t)s.at);
}

/* The reader. */

static bool whole(struct slice text)
{
	struct json_value v = json_read(text);
	return v.kind != JSON_READ_NONE && !v.cut;
}

static void kinds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum json_read_kind kind;
		bool cut;
	} cases[] = {
		{ "{}", JSON_READ_OBJECT, false },
		{ " [ ] ", JSON_READ_ARRAY, false },
		{ "\"a\\u00e6\\\"\"", JSON_READ_STRING, false },
		{ "true", JSON_READ_TRUE, false },
		{ "false", JSON_READ_FALSE, false },
		{ "null\n", JSON_READ_NULL, false },
		{ "0", JSON_READ_NUMBER, false },
		{ "-12.5e+3", JSON_READ_NUMBER, false },
		{ "1E9", JSON_READ_NUMBER, false },
		{ "-", JSON_READ_NUMBER, true },
		{ "1.", JSON_READ_NUMBER, true },
		{ "1e", JSON_READ_NUMBER, true },
		{ "01", JSON_READ_NUMBER, true },
		{ "01 ", JSON_READ_NONE, false },
		{ "tru", JSON_READ_TRUE, true },
		{ "trux", JSON_READ_NONE, false },
		{ "\"ab", JSON_READ_STRING, true },
		{ "\"\\u12", JSON_READ_STRING, true },
		{ "\"\\x\"", JSON_READ_NONE, false },
		{ "\"a\nb\"", JSON_READ_NONE, false },
		{ "{\"a\":[1,2", JSON_READ_OBJECT, true },
		{ "{\"a\":[1,2}", JSON_READ_NONE, false },
		{ "{\"a\" 1}", JSON_READ_NONE, false },
		{ "{a:1}", JSON_READ_NONE, false },
		{ "[1,]", JSON_READ_NONE, false },
		{ "{\"a\":1,}", JSON_READ_NONE, false },
		{ "[1 2]", JSON_READ_NONE, false },
		{ "{} x", JSON_READ_NONE, false },
		{ "", JSON_READ_NONE, false },
		{ "]", JSON_READ_NONE, false },
		{ "[[[[{\"x\":{}}]]]]", JSON_READ_ARRAY, false },
		{ "\"\\ud83d\"", JSON_READ_STRING, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice text = block_of(slice_str(cases[i].text));
		struct json_value v = json_read(text);
		if (v.kind != cases[i].kind || v.cut != cases[i].cut)
			fail_msg("%s: kind %d, cut %d", cases[i].text, v.kind, v.cut);
		free_block(text);
	}
}

static void depth(void **state)
{
	(void)state;
	struct buf deep = { 0 };
	for (int i = 0; i < JSON_READ_DEPTH; i++)
		buf_add_byte(&deep, '[');
	for (int i = 0; i < JSON_READ_DEPTH; i++)
		buf_add_byte(&deep, ']');
	assert_true(whole(buf_slice(&deep)));
	deep.len = 0;
	for (int i = 0; i <= JSON_READ_DEPTH; i++)
		buf_add_byte(&deep, '[');
	assert_int_equal(json_read(buf_slice(&deep)).kind, JSON_READ_NONE);
	buf_release(&deep);
}

static void walk(void **state)
{
	(void)state;
	struct slice text = block_of(slice_str(" { \"a\" : 1 , \"b\\n\":[true,\"x\"],\"c\":{\"d\":null}} "));
	struct json_walk w = json_walk(text);
	struct json_value v, e;
	struct slice key;
	int64_t n;
	assert_true(json_next(&w, &key, &v) && slice_is(key, "a") && json_read_integer(&v, &n) && n == 1);
	assert_true(json_next(&w, &key, &v) && slice_is(key, "b\\n") && slice_is(v.text, "[true,\"x\"]"));
	struct json_walk inner = json_walk(v.text);
	assert_true(json_next(&inner, &key, &e) && e.kind == JSON_READ_TRUE && !key.len);
	assert_true(json_next(&inner, NULL, &e) && slice_is(json_inner(&e), "x"));
	assert_false(json_next(&inner, NULL, &e));
	assert_true(json_walk_whole(&inner));
	assert_true(json_next(&w, &key, &v) && slice_is(v.text, "{\"d\":null}"));
	assert_false(json_next(&w, &key, &v));
	assert_true(json_walk_whole(&w));
	free_block(text);
}

static void integers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "-1", true, -1 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "-9223372036854775809", false, 0 },
		{ "1.0", false, 0 },
		{ "1e2", false, 0 },
		{ "\"1\"", false, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json_value v = json_read(slice_str(cases[i].text));
		int64_t n = 0;
		assert_int_equal(json_read_integer(&v, &n), cases[i].good);
		assert_true(n == cases[i].value);
	}
}

static void unescape(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "plain", "plain" },
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
		{ "\\u00e6\\u20AC", "æ€" },
		{ "\\ud83d\\ude80!", "🚀!" },
		{ "\\ud83d!", "\xef\xbf\xbd!" },
		{ "\\ude80\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\\ud83d\\ud83d\\ude80", "\xef\xbf\xbd🚀" },
		{ "x\\", "x" },
		{ "x\\u12", "x" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = { 0 };
		struct slice text = block_of(slice_str(cases[i][0]));
		json_unescape(&out, text);
		assert_string_equal(buf_cstr(&out), cases[i][1]);
		buf_release(&out);
		free_block(text);
	}
}

static uint32_t chance(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/* Texts with bytes changed, left out, doubled: both readers must take the same ones. Bytes stay ASCII without NUL, since UTF-8 is no
 * business of the reader. */
static void mutate(struct buf *text, uint32_t *seed)
{
	static const char bytes[] = "{}[]\",:\\/u0123456789-+.eEtruefalsn \n";
	for (uint32_t times = chance(seed, 3) + 1; times && text->len; times--) {
		size_t at = chance(seed, (uint32_t)text->len);
		switch (chance(seed, 3)) {
		case 0: text->at[at] = (uint8_t)bytes[chance(seed, sizeof bytes - 1)]; break;
		case 1: memmove(text->at + at, text->at + at + 1, --text->len - at); break;
		default: buf_add(text, slice_of("]}\",1", chance(seed, 6)));
		}
	}
}

static bool jansson_takes(struct slice s)
{
	json_error_t error;
	json_t *v = json_loadb((const char *)s.at, s.len, JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
	enum json_error_code code = v ? json_error_unknown : json_error_code(&error);
	json_decref(v);
	return v || code == json_error_numeric_overflow;
}

static bool has_surrogate(struct slice s)
{
	return memmem(s.at, s.len, "\\ud", 3) || memmem(s.at, s.len, "\\uD", 3);
}

static void agrees_with_jansson(void **state)
{
	(void)state;
	static const char *const seeds[] = {
		"{\"command\":\"query\",\"seq\":12,\"data\":{\"value\":{\"type\":\"Buffer\",\"data\":[1,22,255]}},\"rid\":null}",
		"[0,-1.5e3,true,false,null,\"a\\u00e6\\n\",[],{},[{\"x\":[{}]}]]",
		"  {\"a\":{\"b\":{\"c\":[[[1]]]}},\"d\":\"\\\\\\\"\"}  ",
	};
	uint32_t seed = 7;
	for (int i = 0; i < 60000; i++) {
		struct buf text = { 0 };
		buf_add_str(&text, seeds[i % 3]);
		mutate(&text, &seed);
		struct slice block = block_of(buf_slice(&text));
		if (!has_surrogate(block) && whole(block) != jansson_takes(block))
			fail_msg("the readers differ: %s", buf_cstr(&text));
		free_block(block);
		buf_release(&text);
	}
}

/* The Envelope. */

#define SIGNIN "\"value\":{\"type\":\"Buffer\",\"data\":[10,3,97,98,99,18,2,120,121]}"
#define TYPED "{\"type_url\":\"type.googleapis.com/openiap.SigninRequest\"," SIGNIN "}"
static const char signin[] = "{\"id\":\"y\\u00f8r\",\"command\":\"signin\",\"priority\":2,\"seq\":7,\"rid\":\"\",\"data\":" TYPED
			     ",\"jwt\":\"\",\"traceid\":null,\"spanid\":\"s1\",\"else\":[1,{\"x\":true}]}";
static const char payload[] = "\x0a\x03"
			      "abc"
			      "\x12\x02xy";

struct fixture {
	struct schema *schema;
	struct arena arena;
	struct dissection d;
	struct json_form form;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	f->schema = schema_new();
	arena_init(&f->arena, BUDGET);
	dissection_init(&f->d, f->schema, BUDGET);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	dissection_release(&f->d);
	arena_release(&f->arena);
	schema_free(f->schema);
	free(f);
	return 0;
}

static bool read_form(struct fixture *f, const char *text)
{
	arena_clear(&f->arena);
	return json_form_read(&f->arena, slice_str(text), &f->form);
}

static void view(void **state)
{
	struct fixture *f = *state;
	assert_true(read_form(f, signin));
	assert_true(slice_is(f->form.e.id, "yør") && slice_is(f->form.e.command, "signin") && f->form.e.rid.len == 0);
	assert_true(f->form.has_seq && f->form.e.seq == 7 && f->form.e.priority == 2);
	assert_true(slice_is(f->form.e.spanid, "s1") && f->form.e.traceid.len == 0);
	assert_true(f->form.e.has_data && slice_is(f->form.e.type_url, "type.googleapis.com/openiap.SigninRequest"));
	assert_true(slice_is(f->form.e.value, payload));
	assert_true(slice_starts(f->form.payload, "{\"type\":\"Buffer\""));
	assert_true(read_form(f, " {\"command\":\"noop\"}\n"));
	assert_true(!f->form.has_seq && !f->form.e.has_data && f->form.e.id.len == 0);
	assert_true(read_form(
		f, "{\"\\u0069d\":\"i\",\"se\\u0071\":3,\"d\\u0061ta\":{\"type\\u005furl\":\"openiap.Noop\",\"\\u0076alue\":[8]}}"));
	assert_true(slice_is(f->form.e.id, "i") && f->form.has_seq && f->form.e.seq == 3);
	assert_true(slice_is(f->form.e.type_url, "openiap.Noop") && slice_is(f->form.e.value, "\x08"));
}

/* The writings of a payload that are taken, and those that are not. */
static void values(void **state)
{
	static const struct {
		const char *value, *bytes;
		bool good;
	} cases[] = {
		{ "{\"data\":[97,98],\"type\":\"Buffer\"}", "ab", true },
		{ "[97, 98]", "ab", true },
		{ "\"YWI=\"", "ab", true },
		{ "\"YWI\"", "ab", true },
		{ "\"YW\\/-\"", "ao\xfe", true },
		{ "\"\"", "", true },
		{ "null", "", true },
		{ "{\"type\":\"Buffer\",\"data\":\"YWI=\"}", "ab", true },
		{ "{\"type\":\"Buffer\",\"data\":[]}", "", true },
		{ "[97,256]", "a", false },
		{ "[97,-1]", "a", false },
		{ "[97,1.5]", "a", false },
		{ "{\"type\":\"Buffer\"}", "", false },
		{ "\"YW=I\"", "a", false },
		{ "7", "", false },
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf text = { 0 };
		buf_addf(&text, "{\"command\":\"x\",\"data\":{\"value\":%s}}", cases[i].value);
		if (read_form(f, buf_cstr(&text)) != cases[i].good || !slice_is(f->form.e.value, cases[i].bytes))
			fail_msg("%s: %.*s", cases[i].value, (int)f->form.e.value.len, (const char *)f->form.e.value.at);
		buf_release(&text);
	}
}

static void faults(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"\"command\"",
		"{\"command\":\"noop\"",
		"{\"command\":\"noop\"} x",
		"{\"command\":[]}",
		"{\"seq\":1.5}",
		"{\"seq\":3000000000}",
		"{\"seq\":\"1\"}",
		"{\"data\":7}",
		"{\"id\":true}",
		"{\"command\" \"noop\"}",
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (read_form(f, bad[i]))
			fail_msg("%s was taken", bad[i]);
	assert_true(read_form(f, "{\"id\":12,\"command\":\"a\",\"command\":\"b\"}"));
	assert_true(slice_is(f->form.e.id, "12") && slice_is(f->form.e.command, "b"));
}

/* Of an id or a type only the whole is good for anything. */
static bool whole_or_none(struct slice text, const char *whole)
{
	return !text.len || slice_is(text, whole);
}

/* Each front of the text: what is there is read, and it is never taken for whole. */
static void cut_everywhere(void **state)
{
	struct fixture *f = *state;
	size_t command = (size_t)(strstr(signin, ",\"priority") - signin);
	for (size_t n = 0; n < sizeof signin - 1; n++) {
		struct slice front = block_of(slice_of(signin, n));
		arena_clear(&f->arena);
		assert_false(json_form_read(&f->arena, front, &f->form));
		if (n >= command)
			assert_true(slice_is(f->form.e.id, "yør") && slice_is(f->form.e.command, "signin"));
		assert_true(whole_or_none(f->form.e.id, "yør") && whole_or_none(f->form.e.command, "signin") &&
			    whole_or_none(f->form.e.type_url, "type.googleapis.com/openiap.SigninRequest"));
		struct slice value = f->form.e.value;
		assert_true(value.len < sizeof payload && (value.len == 0 || memcmp(value.at, payload, value.len) == 0));
		dissect_json_form(&f->d, front, sizeof signin - 1);
		assert_string_equal(node_fault(f->d.root), "the capture ends here");
		free_block(front);
	}
}

static const struct node *at(const struct node *n, const char *name)
{
	n = node_child(n, name);
	assert_non_null(n);
	return n;
}

static void assert_place(const struct node *n, const char *text, const char *whole_text, const char *value)
{
	assert_true(slice_eq(slice_of(text + n->offset, n->length), slice_str(whole_text)));
	assert_true(slice_eq(slice_of(text + n->value_offset, n->value_length), slice_str(value)));
}

static void tree(void **state)
{
	struct fixture *f = *state;
	dissect_json_form(&f->d, slice_of(signin, sizeof signin - 1), sizeof signin - 1);
	const struct node *root = f->d.root;
	assert_null(node_fault(root));
	assert_place(at(root, "id"), signin, "\"id\":\"y\\u00f8r\"", "y\\u00f8r");
	assert_true(slice_is(at(root, "id")->text, "yør"));
	assert_place(at(root, "seq"), signin, "\"seq\":7", "7");
	assert_int_equal(at(root, "traceid")->kind, NODE_NULL);
	const struct node *x = at(at(at(root, "else"), "1"), "x");
	assert_true(x->kind == NODE_BOOL && x->integer);
	assert_place(x, signin, "\"x\":true", "true");
	const struct node *value = at(at(root, "data"), "value");
	assert_ptr_equal(value, f->d.payload);
	assert_string_equal(value->type, "SigninRequest");
	assert_false(f->d.type_by_command);
	const struct node *password = at(value, "password");
	assert_true(password->apart && password->secret && slice_is(password->text, "xy"));
	assert_place(password, signin, &SIGNIN[strlen("\"value\":")], &SIGNIN[strlen("\"value\":")]);
}

/* Bytes that are no message, text that is no JSON, a payload without a type. */
static void tree_of_bad(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "{\"command\":\"query\",\"data\":{\"value\":[10,200]}}", broken[] = "{\"command\":\"query\" oh";
	dissect_json_form(&f->d, slice_str(text), sizeof text - 1);
	assert_true(f->d.type_by_command && f->d.payload && node_fault(f->d.payload));
	assert_string_equal(f->d.payload->type, "QueryRequest");
	dissect_json_form(&f->d, slice_str(broken), sizeof broken - 1);
	assert_string_equal(node_fault(f->d.root), "no JSON can be read here");
	dissect_json_form(&f->d, slice_str("hello"), 5);
	assert_string_equal(node_fault(f->d.root), "no JSON can be read here");
	static const char *const no_bytes[] = { "{\"query\":\"{}\"}", "[10,256]", "\"{}\"", "7" };
	for (size_t i = 0; i < sizeof no_bytes / sizeof *no_bytes; i++) {
		char said[64];
		snprintf(said, sizeof said, "{\"command\":\"query\",\"data\":{\"value\":%s}}", no_bytes[i]);
		dissect_json_form(&f->d, slice_str(said), strlen(said));
		assert_string_equal(f->d.payload->last->fault, "neither an array of bytes nor base64");
	}
	static const char *const misfits[] = { "\"data\":\"{}\"", "\"seq\":\"1\"", "\"id\":[]", "\"data\":[1]", "\"priority\":0.5" };
	for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++) {
		char said[64];
		snprintf(said, sizeof said, "{\"command\":\"query\",%s}", misfits[i]);
		dissect_json_form(&f->d, slice_str(said), strlen(said));
		assert_string_equal(node_fault(f->d.root), "not a value of this field's type");
	}
}

/* A payload for which there is no room is not said to be none. */
static void tree_without_room(void **state)
{
	struct fixture *f = *state;
	struct dissection d;
	struct buf text = { 0 };
	buf_add_str(&text, "{\"command\":\"query\",\"data\":{\"value\":[10,2,123,125");
	for (int i = 0; i < 4000; i++)
		buf_add_str(&text, ",1");
	buf_add_str(&text, "]}}");
	dissection_init(&d, f->d.schema, 4000);
	dissect_json_form(&d, buf_slice(&text), text.len);
	assert_non_null(d.payload);
	assert_null(d.payload->child);
	dissection_release(&d);
	buf_release(&text);
}

/* What is cut is what the end of the capture lies in: not a payload in front of it. */
static void tree_of_cut(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "{\"command\":\"query\",\"data\":{\"value\":[10,2,123,125],\"type_url\":\"type.goo";
	dissect_json_form(&f->d, slice_str(text), sizeof text + 10);
	assert_null(node_fault(f->d.payload));
	assert_ptr_equal(f->d.payload->parent->last->fault, dissect_cut);
	dissect_json_form(&f->d, slice_of(text, 47), sizeof text + 10);
	assert_ptr_equal(node_fault(f->d.payload), dissect_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(depth),
		cmocka_unit_test(walk),
		cmocka_unit_test(integers),
		cmocka_unit_test(unescape),
		cmocka_unit_test(agrees_with_jansson),
		cmocka_unit_test_setup_teardown(view, setup, teardown),
		cmocka_unit_test_setup_teardown(values, setup, teardown),
		cmocka_unit_test_setup_teardown(faults, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_everywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(tree, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_of_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_of_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(tree_without_room, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
