/* The table of commands holds what the footer, the help and the man page promise. */
#include "tui/footer.h"
#include "tui/key.h"
#include "tui/keymap.h"
#include "tui/view_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint32_t screens[] = {
#define X(NAME, name) IN_##NAME,
	VIEW_TABLE(X)
#undef X
};
enum { SCREENS = sizeof screens / sizeof *screens };

static enum command command_of_key(int key, uint32_t context)
{
	struct keymap map;
	keymap_init(&map);
	return keymap_command(&map, key, context);
}

static void test_rows_are_whole(void **state)
{
	const struct command_row *c;
	unsigned i;
	(void)state;
	for (i = 0; (c = command_row(i)); i++) {
		assert_int_not_equal(c->command, CMD_NONE);
		assert_int_not_equal(c->where & EVERYWHERE, 0);
		assert_int_not_equal(c->keys[0], KEY_NONE);
		assert_non_null(c->sentence);
	}
	assert_true(i > 20 && i <= KEYMAP_ROWS);
	assert_null(command_row(i + 1));
}

/* On one screen a key does one thing; only a search takes keys over. */
static void test_no_key_twice(void **state)
{
	const struct command_row *a, *b;
	(void)state;
	for (unsigned i = 0; (a = command_row(i)); i++)
		for (unsigned j = i + 1; (b = command_row(j)); j++)
			for (int k = 0; k < COMMAND_KEYS * COMMAND_KEYS; k++) {
				int key = a->keys[k / COMMAND_KEYS];
				bool same = key != KEY_NONE && key == b->keys[k % COMMAND_KEYS];
				bool together = (a->where & b->where & EVERYWHERE) && !((a->where ^ b->where) & FOUND);
				assert_false(same && together);
			}
}

/* Every function key has a letter, and nothing has only a function key. */
static void test_function_keys_have_letters(void **state)
{
	const struct command_row *c;
	(void)state;
	for (unsigned i = 0; (c = command_row(i)); i++) {
		bool function = false, other = false;
		for (int k = 0; k < COMMAND_KEYS && c->keys[k] != KEY_NONE; k++)
			*(c->keys[k] > KEY_FUNCTION ? &function : &other) = true;
		assert_true(!function || other);
	}
}

/* From every screen one can get help, search, and get out. */
static void test_everywhere(void **state)
{
	(void)state;
	for (int i = 0; i < SCREENS; i++) {
		bool tab = screens[i] & IN_TABS;
		assert_int_equal(command_of_key(KEY_ESC, screens[i]), tab ? CMD_LEAVE : CMD_BACK);
		assert_int_equal(command_of_key('q', screens[i]), tab ? CMD_QUIT : CMD_BACK);
		assert_int_equal(command_of_key('/', screens[i]), CMD_SEARCH);
		assert_int_equal(command_of_key('?', screens[i]), screens[i] == IN_HELP ? CMD_BACK : CMD_HELP);
		assert_int_equal(command_of_key('G', screens[i]), CMD_LAST);
		assert_int_equal(command_of_key(0x1234, screens[i]), CMD_NONE);
	}
}

static void test_search_takes_keys_over(void **state)
{
	(void)state;
	assert_int_equal(command_of_key('n', IN_DETAIL), CMD_NEXT_MESSAGE);
	assert_int_equal(command_of_key('n', IN_DETAIL | FOUND), CMD_NEXT_MATCH);
	assert_int_equal(command_of_key(']', IN_DETAIL | FOUND), CMD_NEXT_MESSAGE);
	assert_int_equal(command_of_key('n', IN_THREADS), CMD_NONE);
	assert_int_equal(command_of_key(KEY_ESC, IN_DETAIL | FOUND), CMD_FORGET_SEARCH);
	assert_int_equal(command_of_key('p', IN_DETAIL), CMD_PREVIOUS_MESSAGE);
	assert_int_equal(command_of_key('p', IN_MESSAGES), CMD_PAUSE);
}

static void test_names(void **state)
{
	struct buf out = { 0 };
	struct keymap map;
	const struct command_row *c;
	(void)state;
	for (unsigned i = 0; (c = command_row(i)); i++)
		for (int k = 0; k < COMMAND_KEYS && c->keys[k] != KEY_NONE; k++) {
			buf_clear(&out);
			key_add_name(&out, c->keys[k]);
			assert_true(out.len > 0);
			assert_int_equal(key_named(buf_slice(&out)), c->keys[k]);
		}
	buf_clear(&out);
	keymap_init(&map);
	keymap_add_keys(&out, &map, 3);
	assert_string_equal(buf_cstr(&out), "F1, ?");
	buf_release(&out);
}

static void test_binding(void **state)
{
	struct keymap map;
	struct buf out = { 0 };
	const char *error;
	int key;
	(void)state;
	keymap_init(&map);
	assert_null(keymap_conflict(&map, &key));
	assert_true(keymap_bind(&map, "help", "F12 Ctrl-H  \xc3\xa9", &error));
	assert_int_equal(keymap_command(&map, KEY_FUNCTION + 12, IN_THREADS), CMD_HELP);
	assert_int_equal(keymap_command(&map, 0xe9, IN_DETAIL), CMD_HELP);
	assert_int_equal(keymap_command(&map, KEY_FUNCTION + 1, IN_THREADS), CMD_NONE);
	assert_true(keymap_add_words(&out, &map, "help"));
	assert_string_equal(buf_cstr(&out), "F12 Backspace \xc3\xa9");
	assert_true(keymap_bind(&map, "help", "", &error));
	assert_int_equal(keymap_command(&map, 0xe9, IN_DETAIL), CMD_NONE);
	assert_false(keymap_bind(&map, "help", "F13", &error));
	assert_false(keymap_bind(&map, "help", "a b c d e", &error));
	assert_false(keymap_bind(&map, "helpp", "a", &error));
	assert_true(keymap_bind(&map, "help", "G", &error));
	assert_string_equal(keymap_conflict(&map, &key), "last");
	assert_int_equal(key, 'G');
	buf_release(&out);
}

/* Is "KEY LABEL" an item of the footer? */
static bool in_footer(const struct line *footer, int key, const char *label)
{
	struct buf item = { 0 }, text = { 0 };
	buf_add_str(&item, " ");
	key_add_name(&item, key);
	buf_addf(&item, " %s ", label);
	buf_add_str(&text, " ");
	buf_add(&text, buf_slice(&footer->text));
	buf_add_str(&text, " ");
	bool found = strstr(buf_cstr(&text), buf_cstr(&item)) != NULL;
	buf_release(&item);
	buf_release(&text);
	return found;
}

/* Every command with a label stands in the footer of its screens, with its first key; no others do. */
static void test_footer_is_whole(void **state)
{
	struct keymap map;
	struct line footer = { 0 };
	const struct command_row *c;
	(void)state;
	keymap_init(&map);
	for (int s = 0; s < SCREENS; s++) {
		int items = 0, columns = 0;
		line_clear(&footer);
		footer_add(&footer, &map, screens[s], 2000);
		for (unsigned i = 0; (c = command_row(i)); i++) {
			if (!c->label || !(c->where & screens[s]) || (c->where & FOUND))
				continue;
			if (!in_footer(&footer, c->keys[0], c->label))
				fail_msg("screen %d: %s is not in its footer", s, c->name);
			items++;
		}
		for (int col = 0; col < footer.columns; col++)
			columns += footer_at(&map, screens[s], 2000, col) != CMD_NONE &&
				   (!col || footer_at(&map, screens[s], 2000, col - 1) == CMD_NONE);
		assert_int_equal(columns, items);
		line_clear(&footer);
		footer_add(&footer, &map, screens[s] | FOUND, 2000);
		assert_true(in_footer(&footer, 'n', "Next match"));
	}
	line_release(&footer);
}

struct wanted {
	const char *keys, *sentence;
	int found;
};

static void compare(void *user, enum ink ink, const char *left, const char *right)
{
	struct wanted *w = user;
	(void)ink;
	w->found += strcmp(left, w->keys) == 0 && strcmp(right, w->sentence) == 0;
}

/* Every command is explained in the help of its screens, with all its keys, and nowhere else. */
static void test_help_is_whole(void **state)
{
	struct keymap map;
	struct buf keys = { 0 };
	const struct command_row *c;
	(void)state;
	keymap_init(&map);
	for (int s = 0; s < SCREENS; s++)
		for (unsigned i = 0; (c = command_row(i)); i++) {
			struct wanted w = { NULL, c->sentence, 0 };
			buf_clear(&keys);
			for (int k = 0; k < COMMAND_KEYS && c->keys[k] != KEY_NONE; k++) {
				buf_add_str(&keys, k ? ", " : "");
				key_add_name(&keys, c->keys[k]);
			}
			w.keys = buf_cstr(&keys);
			view_help_add_keys(&map, screens[s], compare, &w);
			if (w.found != (c->where & screens[s] ? 1 : 0))
				fail_msg("screen %d: %s is %d times in its help", s, c->name, w.found);
		}
	buf_release(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_no_key_twice),
		cmocka_unit_test(test_function_keys_have_letters),
		cmocka_unit_test(test_everywhere),
		cmocka_unit_test(test_search_takes_keys_over),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_footer_is_whole),
		cmocka_unit_test(test_help_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
