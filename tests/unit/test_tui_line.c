/* Lines: text made harmless, an ink for each byte, cells of an exact width; and the columns made of such cells. */
#include "base/text.h"
#include "tui/columns.h"

#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void text_is(const struct line *l, const char *expected)
{
	assert_true(slice_is(buf_slice(&l->text), expected));
	assert_int_equal(l->text.len, l->ink.len);
	assert_int_equal(l->columns, text_columns(buf_slice(&l->text)));
}

static void test_harmless(void **state)
{
	struct line l = { 0 };
	(void)state;
	line_add(&l, INK_ERROR,
		 slice_str("a\033[2Jb\r\n\x9b"
			   "31m"),
		 100);
	text_is(&l, "a␛[2Jb␍␊\xef\xbf\xbd"
		    "31m");
	for (size_t i = 0; i < l.ink.len; i++)
		assert_int_equal(l.ink.at[i], INK_ERROR);
	line_clear(&l);
	line_addf(&l, INK_PLAIN, "%s", "\033]0;title\007");
	text_is(&l, "␛]0;title␇");
	line_release(&l);
}

static void test_cut_and_padded(void **state)
{
	struct line l = { 0 };
	(void)state;
	line_add(&l, INK_PLAIN, slice_str("abcdef"), 4);
	text_is(&l, "abc…");
	line_pad(&l, INK_DIM, 6);
	text_is(&l, "abc…  ");
	line_pad(&l, INK_DIM, 3);
	text_is(&l, "abc…  ");
	assert_int_equal(l.ink.at[l.ink.len - 1], INK_DIM);
	line_release(&l);
}

static void test_cells(void **state)
{
	struct line l = { 0 };
	(void)state;
	line_add_cell(&l, INK_PLAIN, slice_str("12"), 5, true);
	line_add_cell(&l, INK_PLAIN, slice_str("ab"), 4, false);
	line_add_cell(&l, INK_PLAIN, slice_str("漢字漢"), 5, false);
	line_add_cell(&l, INK_PLAIN, slice_str("123456"), 3, true);
	text_is(&l, "   12ab  漢字…12…");
	assert_int_equal(l.columns, 17);
	line_release(&l);
}

static void test_mark(void **state)
{
	struct line l = { 0 };
	(void)state;
	line_add_str(&l, INK_PLAIN, "0123456789");
	line_mark(&l, 2, 3, INK_MATCH);
	line_mark(&l, 9, 100, INK_MARK);
	line_mark(&l, 10, 1, INK_MARK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(l.ink.at[i], i >= 2 && i < 5 ? INK_MATCH : i == 9 ? INK_MARK : INK_PLAIN);
	line_release(&l);
}

static enum ink draw(struct cell *c)
{
	buf_addf(c->text, "%s/%d", (const char *)c->row, c->width);
	return INK_NOTE;
}

static const struct column columns[] = {
	{ "First", 4, 6, 0, 0, KIND_TEXT, draw, "", false },
	{ "Second", 3, 10, 2, 1, KIND_NUMBER, draw, "", false },
	{ "Third", 5, 5, 1, 2, KIND_TEXT, draw, "", false },
};

static void widths_are(int width, uint32_t hidden, int a, int b, int c)
{
	int widths[COLUMNS_MAX];
	struct layout layout;
	layout_init(&layout);
	layout.hidden = hidden;
	columns_fit(columns, 3, &layout, width, widths);
	assert_int_equal(widths[0], a);
	assert_int_equal(widths[1], b);
	assert_int_equal(widths[2], c);
}

static void test_columns_fit(void **state)
{
	(void)state;
	widths_are(14, 0, 4, 3, 5);
	widths_are(16, 0, 6, 3, 5);
	widths_are(18, 0, 6, 5, 5);
	widths_are(23, 0, 6, 10, 5);
	widths_are(26, 0, 6, 12, 6);
	widths_are(13, 0, 6, 6, 0);
	widths_are(7, 0, 6, 0, 0);
	widths_are(3, 0, 0, 0, 0);
	widths_are(14, 1, 0, 8, 5);
	widths_are(14, 7, 0, 0, 0);
}

/* Ids come before what can be cut, and alike. */
static void test_columns_first(void **state)
{
	static const struct column table[] = {
		{ "Gist", 4, 8, 1, 0, KIND_TEXT, draw, "", false },
		{ "Id", 5, 9, 0, 3, KIND_ID, draw, "", false },
		{ "Rid", 5, 9, 0, 3, KIND_ID, draw, "", false },
	};
	static const struct {
		int width, gist, id, rid;
	} want[] = {
		{ 16, 4, 5, 5 }, { 18, 4, 6, 6 }, { 21, 4, 8, 7 }, { 24, 4, 9, 9 }, { 27, 7, 9, 9 }, { 40, 20, 9, 9 }, { 15, 5, 9, 0 }
	};
	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		int widths[COLUMNS_MAX];
		struct layout layout;
		layout_init(&layout);
		columns_fit(table, 3, &layout, want[i].width, widths);
		assert_int_equal(widths[0], want[i].gist);
		assert_int_equal(widths[1], want[i].id);
		assert_int_equal(widths[2], want[i].rid);
	}
}

/* Names get no more than they can use; what they leave goes to the others. */
static void test_columns_names(void **state)
{
	static const struct column table[] = {
		{ "Command", 4, 8, 1, 0, KIND_NAME, draw, "", false },
		{ "Gist", 4, 8, 1, 0, KIND_TEXT, draw, "", false },
	};
	static const struct {
		int width, command, gist;
	} want[] = { { 37, 18, 18 }, { 57, NAME_MOST, 28 }, { 101, NAME_MOST, 72 } };
	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		int widths[COLUMNS_MAX];
		struct layout layout;
		layout_init(&layout);
		columns_fit(table, 2, &layout, want[i].width, widths);
		assert_int_equal(widths[0], want[i].command);
		assert_int_equal(widths[1], want[i].gist);
	}
}

static void test_columns_never_too_wide(void **state)
{
	(void)state;
	for (int width = 1; width < 300; width++)
		for (uint32_t hidden = 0; hidden < 8; hidden++) {
			int widths[COLUMNS_MAX], sum = -1;
			struct layout layout;
			layout_init(&layout);
			layout.hidden = hidden;
			columns_fit(columns, 3, &layout, width, widths);
			for (int i = 0; i < 3; i++) {
				sum += widths[i] ? widths[i] + 1 : 0;
				assert_true(!widths[i] || widths[i] >= columns[i].min);
			}
			assert_true(sum <= width);
			assert_true(width < 23 || (hidden & 2) || sum == width);
		}
}

static void test_columns_row(void **state)
{
	struct line l = { 0 };
	struct buf scratch = { 0 };
	int widths[COLUMNS_MAX] = { 4, 6, 0 };
	struct layout layout;
	(void)state;
	layout_init(&layout);
	columns_add_titles(&l, columns, 3, &layout, widths, -1, false);
	text_is(&l, "Fir… Second");
	line_clear(&l);
	columns_add_titles(&l, columns, 3, &layout, widths, 0, true);
	text_is(&l, "Fir…▼Second");
	line_clear(&l);
	columns_add_titles(&l, columns, 3, &layout, widths, 1, false);
	text_is(&l, "Fir… ▲Seco…");
	widths[2] = 9;
	line_clear(&l);
	columns_add_titles(&l, columns, 3, &layout, widths, 1, false);
	text_is(&l, "Fir… Second▲Third    ");
	line_clear(&l);
	columns_add_titles(&l, columns, 3, &layout, widths, 2, true);
	text_is(&l, "Fir… Second Third▼   ");
	assert_int_equal(columns_at(3, &layout, widths, 11), 1); /* the sign, too, is the column */
	assert_int_equal(columns_at(3, &layout, widths, 12), 2);
	widths[2] = 0;
	line_clear(&l);
	columns_add_row(&l, columns, 3, &layout, widths, NULL, "r", &scratch);
	text_is(&l, "r/4     r/6");
	buf_clear(&scratch);
	columns_add_text(&scratch, columns, 3, NULL, "r");
	assert_string_equal(buf_cstr(&scratch), "r/1000 r/1000 r/1000 ");
	line_release(&l);
	buf_release(&scratch);
}

static bool reads(struct layout *l, const char *words)
{
	struct slice wrong;
	return layout_read(l, columns, 3, slice_str(words), &wrong);
}

static void test_layout(void **state)
{
	struct layout l;
	struct line line = { 0 };
	struct buf scratch = { 0 };
	int widths[COLUMNS_MAX];
	(void)state;
	layout_init(&l);
	assert_true(reads(&l, "third  First:9"));
	layout_add(&scratch, &l, columns, 3);
	assert_string_equal(buf_cstr(&scratch), "Third First:9");
	columns_fit(columns, 3, &l, 30, widths);
	assert_int_equal(widths[0], 9);
	assert_int_equal(widths[1], 0);
	assert_int_equal(widths[2], 20);
	columns_add_row(&line, columns, 3, &l, widths, NULL, "r", &scratch);
	text_is(&line, "r/20                 r/9      ");
	assert_false(reads(&l, "First Fourth"));
	assert_false(reads(&l, "First First"));
	assert_false(reads(&l, "First:9x"));
	assert_false(reads(&l, "First:201"));
	line_release(&line);
	buf_release(&scratch);
}

static void wraps(const char *text, int width, size_t expected)
{
	assert_int_equal(line_wrap(slice_str(text), width), expected);
}

static void test_wrap(void **state)
{
	(void)state;
	wraps("", 10, 0);
	wraps("one two", 10, 7);
	wraps("one two", 7, 7);
	wraps("one two", 6, 3);
	wraps("one two", 3, 3); /* the space need not fit */
	wraps("one two", 2, 2);
	wraps("漢字 x", 4, 6);
	wraps("漢字", 1, 3); /* at least one character */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harmless),      cmocka_unit_test(test_cut_and_padded),
		cmocka_unit_test(test_cells),         cmocka_unit_test(test_mark),
		cmocka_unit_test(test_columns_fit),   cmocka_unit_test(test_columns_first),
		cmocka_unit_test(test_columns_names), cmocka_unit_test(test_columns_never_too_wide),
		cmocka_unit_test(test_columns_row),   cmocka_unit_test(test_layout),
		cmocka_unit_test(test_wrap),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
