/* The dissection tree as rows: opening, closing, finding, long values, and what each row says. */
#include "base/text.h"
#include "tests/mutate.h"
#include "tui/tree.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WIDTH = 60 };

struct fixture {
	struct schema *schema;
	struct dissection d;
	struct tree tree;
	struct buf m, out;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->schema = schema_new();
	dissection_init(&f->d, f->schema, 1 << 22);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	tree_release(&f->tree);
	dissection_release(&f->d);
	schema_free(f->schema);
	buf_release(&f->m);
	buf_release(&f->out);
	free(f);
	return 0;
}

static void show(struct fixture *f, const char *type, bool secrets)
{
	dissect_payload(&f->d, schema_type_named(f->schema, slice_str(type)), buf_slice(&f->m));
	tree_set(&f->tree, f->d.root, f->d.payload, secrets);
}

static void rows_are(struct fixture *f, const char *expected)
{
	struct line l = { 0 };
	buf_clear(&f->out);
	for (size_t i = 0; i < f->tree.rows; i++) {
		line_clear(&l);
		tree_add_row(&f->tree, i, WIDTH, &l);
		assert_true(l.columns <= WIDTH);
		buf_add(&f->out, buf_slice(&l.text));
		buf_add_byte(&f->out, '\n');
	}
	line_release(&l);
	assert_string_equal(buf_cstr(&f->out), expected);
}

/* What is copied of a row hides what the row does. */
static void test_copied(void **state)
{
	struct fixture *f = *state;
	put_bytes(&f->m, 1, slice_str("{\"password\":\"xyzzy\"}"));
	put_bytes(&f->m, 2, slice_str("a\nb"));
	for (int shown = 0; shown < 2; shown++) {
		show(f, "QueryRequest", shown);
		buf_clear(&f->out);
		for (size_t i = 0; i < f->tree.rows; i++)
			tree_add_value(&f->tree, i, &f->out);
		assert_int_equal(strstr(buf_cstr(&f->out), "xyzzy") != NULL, shown);
		assert_non_null(strstr(buf_cstr(&f->out), "a\nb"));
	}
}

static void query(struct fixture *f)
{
	put_bytes(&f->m, 1, slice_str("{\"a\":1,\"b\":{\"c\":[true]}}"));
	put_bytes(&f->m, 2, slice_str("entities"));
	put_number(&f->m, 4, 5);
	show(f, "QueryRequest", false);
}

static void test_rows(void **state)
{
	struct fixture *f = *state;
	query(f);
	rows_are(f, " ▼ payload: QueryRequest, 38 bytes\n"
		    "   ► query: {\"a\":1,\"b\":{\"c\":[true]}}\n"
		    "     collectionname: entities\n"
		    "     top: 5\n");
}

/* The object that a string of JSON is has no row of its own. */
static void test_open_and_close(void **state)
{
	struct fixture *f = *state;
	query(f);
	assert_true(tree_open(&f->tree, 1, WIDTH));
	assert_false(tree_open(&f->tree, 1, WIDTH));
	assert_true(tree_open(&f->tree, 3, WIDTH));
	rows_are(f, " ▼ payload: QueryRequest, 38 bytes\n"
		    "   ▼ query: {\"a\":1,\"b\":{\"c\":[true]}}\n"
		    "       a: 1\n"
		    "     ▼ b: {1 key}\n"
		    "       ► c: [1 element]\n"
		    "     collectionname: entities\n"
		    "     top: 5\n");
	assert_int_equal(tree_parent(&f->tree, 4), 3);
	assert_int_equal(tree_parent(&f->tree, 3), 1);
	assert_int_equal(tree_parent(&f->tree, 0), 0);
	assert_false(tree_open(&f->tree, 6, WIDTH));
	assert_false(tree_open(&f->tree, 7, WIDTH));
	assert_false(tree_close(&f->tree, 2));
	assert_true(tree_close(&f->tree, 1));
	assert_int_equal(f->tree.rows, 4);
	tree_open_all(&f->tree, 0);
	assert_int_equal(f->tree.rows, 8);
	assert_true(tree_close(&f->tree, 0));
	rows_are(f, " ► payload: QueryRequest, 38 bytes\n");
}

/* Every node can be found, whatever is closed; the row is its own, or that of the string that is nothing but its JSON. */
static void test_find(void **state)
{
	struct fixture *f = *state;
	query(f);
	for (const struct node *n = f->d.root; n; n = node_after(n, f->d.root)) {
		tree_close(&f->tree, 0);
		const struct node *found = f->tree.row[tree_find(&f->tree, n)].node;
		assert_true(found == n || (found == n->parent && found->kind == NODE_STRING && !n->name.len));
	}
}

static void test_long_value(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	for (int i = 0; i < 15; i++)
		buf_addf(&text, "word%d ", i);
	buf_add_str(&text, "\nsecond\n漢字");
	put_bytes(&f->m, 1, buf_slice(&text));
	show(f, "ErrorResponse", false);
	assert_true(tree_open(&f->tree, 1, WIDTH));
	rows_are(f, " ▼ payload: ErrorResponse, 111 bytes\n"
		    "   ▼ message: word0 word1 word2 word3 word4 word5 word6 wor…\n"
		    "       word0 word1 word2 word3 word4 word5 word6 word7 word8\n"
		    "        word9 word10 word11 word12 word13 word14 ␊\n"
		    "       second␊\n"
		    "       漢字\n");
	assert_int_equal(tree_parent(&f->tree, 3), 1);
	assert_false(tree_open(&f->tree, 3, WIDTH));
	buf_release(&text);
}

/* A long value stays open in rows of another width, and the field behind it is found again. */
static void test_other_width(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	for (int i = 0; i < 15; i++)
		buf_addf(&text, "word%d ", i);
	put_bytes(&f->m, 1, buf_slice(&text));
	put_bytes(&f->m, 2, slice_str("entities"));
	show(f, "QueryRequest", false);
	assert_true(tree_open(&f->tree, 1, WIDTH));
	assert_int_equal(f->tree.rows, 5);
	assert_int_equal(tree_fit(&f->tree, 4, WIDTH / 2), 7);
	assert_int_equal(f->tree.rows, 8);
	assert_int_equal(tree_fit(&f->tree, 3, 4 * WIDTH), 1);
	assert_int_equal(f->tree.rows, 3);
	assert_false(f->tree.row[1].open);
	buf_release(&text);
}

/* Everything in ten thousand objects opens, once, and what was open stays. */
static void test_open_many(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	for (int i = 0; i < 10000; i++)
		buf_addf(&text, "%s{\"a\":{\"b\":%d}}", i ? "," : "[", i);
	buf_add_str(&text, "]");
	put_bytes(&f->m, 1, buf_slice(&text));
	put_bytes(&f->m, 2, slice_str("entities"));
	show(f, "QueryRequest", false);
	assert_true(tree_open(&f->tree, 1, WIDTH));
	assert_true(tree_open(&f->tree, 2, WIDTH));
	tree_open_all(&f->tree, 1);
	assert_int_equal(f->tree.rows, 3 + 3 * 10000);
	for (size_t i = 2; i + 1 < f->tree.rows; i++)
		assert_int_equal(f->tree.row[i].open, (i - 2) % 3 != 2);
	assert_int_equal(f->tree.row[f->tree.rows - 1].depth, 1);
	buf_release(&text);
}

static void test_secret(void **state)
{
	struct fixture *f = *state;
	struct pattern p = { 0 };
	put_bytes(&f->m, 1, slice_str("anna"));
	put_bytes(&f->m, 2, slice_str("sesame"));
	show(f, "SigninRequest", false);
	rows_are(f, " ▼ payload: SigninRequest, 14 bytes\n"
		    "     username: anna\n"
		    "     password: ‹hidden, 6 bytes›\n");
	const struct node *password = node_child(f->d.root, "password");
	pattern_set(&p, slice_str("sesame"));
	assert_false(tree_node_matches(password, false, &p));
	assert_true(tree_node_matches(password, true, &p));
	pattern_set(&p, slice_str("passw"));
	assert_true(tree_node_matches(password, false, &p));
	pattern_release(&p);
	show(f, "SigninRequest", true);
	rows_are(f, " ▼ payload: SigninRequest, 14 bytes\n"
		    "     username: anna\n"
		    "     password: sesame\n");
}

static void test_fault(void **state)
{
	struct fixture *f = *state;
	put_bytes(&f->m, 1, slice_str("x"));
	buf_add(&f->m, slice_str("\xff\xff"));
	show(f, "ErrorResponse", false);
	assert_int_equal(f->tree.rows, 3);
	rows_are(f, " ▼ payload: ErrorResponse, 5 bytes\n"
		    "     message: x\n"
		    "     [no field of a message can be read here: ffff]\n");
}

/* Any tree of any damaged message: all of it opened, no row too wide, everything closed again. */
static void test_anything(void **state)
{
	struct fixture *f = *state;
	struct line l = { 0 };
	uint64_t seed = 4711;
	for (int round = 0; round < 2000; round++) {
		buf_clear(&f->m);
		for (int i = 0, n = (int)chance(&seed, 60); i < n; i++)
			buf_add_byte(&f->m, (uint8_t)(chance(&seed, 4) ? chance(&seed, 30) : chance(&seed, 256)));
		dissect_envelope(&f->d, buf_slice(&f->m), f->m.len + chance(&seed, 2) * 10);
		tree_set(&f->tree, f->d.root, f->d.payload, false);
		tree_open_all(&f->tree, 0);
		for (size_t i = 0; i < f->tree.rows; i++) {
			int width = (int)chance(&seed, 100);
			tree_open(&f->tree, i, width);
			line_clear(&l);
			tree_add_row(&f->tree, i, width, &l);
			assert_true(text_is_utf8(buf_slice(&l.text)));
		}
		tree_close(&f->tree, 0);
		assert_int_equal(f->tree.rows, 1);
	}
	line_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_and_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_value, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_width, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anything, setup, teardown),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
