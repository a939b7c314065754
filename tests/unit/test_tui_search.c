/* Looking for text: the pattern, the order of the search, and the line that the user types it in. */
#include "tui/key.h"
#include "tui/prompt.h"
#include "tui/search.h"
#include "tui/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void found_at(const char *text, const char *in, size_t from, size_t at)
{
	struct pattern p = { 0 };
	uint8_t *copy = malloc(strlen(in));
	memcpy(copy, in, strlen(in));
	pattern_set(&p, slice_str(text));
	assert_int_equal(pattern_find(&p, slice_of(copy, strlen(in)), from), at);
	pattern_release(&p);
	free(copy);
}

static void test_pattern(void **state)
{
	(void)state;
	found_at("b", "abcb", 0, 1);
	found_at("b", "abcb", 2, 3);
	found_at("b", "abcb", 4, SIZE_MAX);
	found_at("", "abc", 0, SIZE_MAX);
	found_at("abcd", "abc", 0, SIZE_MAX);
	found_at("error", "An ERROR", 0, 3);
	found_at("Error", "error Error", 0, 6);
	found_at("aab", "aaAaaB", 0, 3);
	found_at("æ", "xæ", 0, 1);
	found_at("@", "`@", 0, 1);
	found_at("[", "{[", 0, 1);
}

/* Against the plainest search there is, over all short texts of three letters. */
static void test_pattern_everywhere(void **state)
{
	static const char letters[] = "abA";
	(void)state;
	for (int t = 0; t < 3 * 3 * 3 * 3 * 3; t++)
		for (int w = 0; w < 9; w++) {
			char text[6] = { 0 }, word[3] = { letters[w % 3], letters[w / 3], 0 };
			for (int i = 0, n = t; i < 5; i++, n /= 3)
				text[i] = letters[n % 3];
			bool fold = !strchr(word, 'A');
			size_t expected = SIZE_MAX;
			for (size_t i = 0; i < 4 && expected == SIZE_MAX; i++) {
				bool first = text[i] == word[0] || (fold && word[0] == 'a' && text[i] == 'A');
				bool second = text[i + 1] == word[1] || (fold && word[1] == 'a' && text[i + 1] == 'A');
				if (first && second)
					expected = i;
			}
			found_at(word, text, 0, expected);
		}
}

/* A view of numbers: a position matches if it stands in the pattern's text. */
static bool matches(struct view *v, uint64_t at, const struct pattern *p)
{
	(void)v;
	return memchr(p->text.at, (int)('0' + at), p->text.len) != NULL;
}

static const struct view_ops ops = { .matches = matches };

static void search_finds(const char *digits, uint64_t from, bool backward, int at, bool wrapped)
{
	struct view v = { .ops = &ops };
	struct search s = { 0 };
	enum search_result r;
	pattern_set(&s.pattern, slice_str(digits));
	search_start(&s, &v, 2, 9, from, backward);
	while ((r = search_step(&s)) == SEARCH_RUNNING)
		;
	assert_int_equal(r, at < 0 ? SEARCH_NOTHING : SEARCH_FOUND);
	assert_false(s.running);
	if (at >= 0) {
		assert_int_equal(s.at, at);
		assert_int_equal(s.wrapped, wrapped);
	} else {
		assert_int_equal(search_percent(&s), 100);
	}
	search_release(&s);
}

static void test_search(void **state)
{
	(void)state;
	search_finds("5", 3, false, 5, false);
	search_finds("35", 3, false, 5, false);
	search_finds("35", 5, false, 3, true);
	search_finds("35", 5, true, 3, false);
	search_finds("35", 3, true, 5, true);
	search_finds("3", 3, false, 3, true);
	search_finds("28", 8, false, 2, true);
	search_finds("28", 2, true, 8, true);
	search_finds("019", 4, false, -1, false);
	search_finds("4", 100, false, 4, false);
}

static void test_search_goes_on_behind_the_end(void **state)
{
	struct view v = { .ops = &ops };
	struct search s = { 0 };
	(void)state;
	pattern_set(&s.pattern, slice_str("8"));
	search_start(&s, &v, 0, 5, 2, false);
	assert_int_equal(search_step(&s), SEARCH_NOTHING);
	assert_true(search_extend(&s, 0, 9));
	assert_true(s.running);
	assert_int_equal(search_step(&s), SEARCH_FOUND);
	assert_int_equal(s.at, 8);
	assert_false(search_extend(&s, 0, 9));
	search_start(&s, &v, 4, 4, 4, false);
	assert_int_equal(search_step(&s), SEARCH_NOTHING);
	search_release(&s);
}

/* Rows that come in at the top of a list push the others down; the newest are searched in the end. */
static void test_search_in_what_moves(void **state)
{
	struct view v = { .ops = &ops };
	struct search s = { 0 };
	(void)state;
	pattern_set(&s.pattern, slice_str("06"));
	search_start(&s, &v, 0, 5, 4, true); /* what is to be found was at 3 */
	search_shift(&s, 3);
	assert_int_equal(search_step(&s), SEARCH_FOUND);
	assert_int_equal(s.at, 6);

	pattern_set(&s.pattern, slice_str("1"));
	search_start(&s, &v, 0, 5, 2, true);
	search_shift(&s, 3);
	assert_int_equal(search_step(&s), SEARCH_NOTHING);
	assert_true(search_extend(&s, 0, 8));
	assert_int_equal(search_step(&s), SEARCH_FOUND);
	assert_int_equal(s.at, 1);
	search_release(&s);
}

static void type(struct prompt *p, const char *text)
{
	for (; *text; text++)
		assert_int_equal(prompt_key(p, (unsigned char)*text), PROMPT_MORE);
}

static void test_prompt(void **state)
{
	struct prompt p = { .open = true };
	(void)state;
	type(&p, "one two ");
	prompt_key(&p, 0x6f22);
	prompt_key(&p, 0xe6);
	assert_string_equal(buf_cstr(&p.text), "one two 漢æ");
	prompt_key(&p, KEY_BS);
	prompt_key(&p, KEY_BS);
	assert_string_equal(buf_cstr(&p.text), "one two ");
	prompt_key(&p, KEY_CTRL_W);
	assert_string_equal(buf_cstr(&p.text), "one ");
	prompt_key(&p, KEY_ARROW_UP);
	prompt_key(&p, KEY_PAGE_UP);
	prompt_key(&p, 7);
	assert_string_equal(buf_cstr(&p.text), "one ");
	assert_int_equal(prompt_key(&p, KEY_RETURN), PROMPT_DONE);
	assert_false(p.open);
	p.open = true;
	prompt_key(&p, KEY_CTRL_U);
	assert_int_equal(p.text.len, 0);
	assert_int_equal(prompt_key(&p, KEY_BS), PROMPT_GONE);
	p.open = true;
	assert_int_equal(prompt_key(&p, KEY_ESC), PROMPT_GONE);
	prompt_release(&p);
}

static void test_prompt_cursor(void **state)
{
	struct history h = { 0 };
	struct prompt p = { .open = true, .history = &h };
	(void)state;
	history_add(&h, "older");
	history_add(&h, "newer");
	history_add(&h, "older");
	assert_int_equal(h.count, 2);
	type(&p, "abd");
	prompt_key(&p, KEY_ARROW_LEFT);
	type(&p, "c");
	prompt_key(&p, KEY_FIRST);
	prompt_key(&p, KEY_ARROW_LEFT);
	prompt_key(&p, 0xe6);
	assert_string_equal(buf_cstr(&p.text), "æabcd");
	prompt_key(&p, KEY_DELETE);
	prompt_key(&p, KEY_ARROW_RIGHT);
	prompt_key(&p, KEY_CTRL_K);
	assert_string_equal(buf_cstr(&p.text), "æb");
	prompt_key(&p, KEY_ARROW_UP);
	assert_string_equal(buf_cstr(&p.text), "older");
	prompt_key(&p, KEY_ARROW_UP);
	prompt_key(&p, KEY_ARROW_UP);
	assert_string_equal(buf_cstr(&p.text), "newer");
	prompt_key(&p, KEY_ARROW_DOWN);
	prompt_key(&p, KEY_ARROW_DOWN);
	assert_string_equal(buf_cstr(&p.text), "æb");
	prompt_key(&p, KEY_ARROW_LEFT);
	prompt_key(&p, KEY_CTRL_U);
	assert_string_equal(buf_cstr(&p.text), "b");
	prompt_release(&p);
	history_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_pattern_everywhere),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_search_goes_on_behind_the_end),
		cmocka_unit_test(test_search_in_what_moves),
		cmocka_unit_test(test_prompt),
		cmocka_unit_test(test_prompt_cursor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
