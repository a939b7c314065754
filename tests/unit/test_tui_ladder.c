/* Ladders: which rows there are, in any slices; columns; and how their lines are drawn. */
#include "base/text.h"
#include "tests/session_feed.h"
#include "tui/ladder.h"
#include "tui/ladder_line.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The rows as text: "1" a message, "3×4" a folded stream, "!2" broken rules of message 2, "~" news. */
static void rows_are(const struct ladder *l, const char *expected)
{
	struct buf got = { 0 };
	for (size_t i = 0; i < ladder_rows(l); i++) {
		const struct ladder_row *r = ladder_row(l, i);
		buf_add_str(&got, i ? " " : "");
		if (r->kind == LADDER_NEWS)
			buf_addf(&got, "~");
		else if (r->kind == LADDER_RULES)
			buf_addf(&got, "!%u", r->n);
		else if (r->kind == LADDER_STREAM)
			buf_addf(&got, "%ux%u", r->n, ladder_fold(l, r->at)->count);
		else
			buf_addf(&got, "%u", r->n);
	}
	assert_string_equal(buf_cstr(&got), expected);
	buf_release(&got);
}

static struct ladder *built(const struct feed *f, const struct ladder_spec *spec, size_t slice)
{
	struct ladder *l = ladder_new(f->session, spec, session_count(f->session));
	while (ladder_step(l, slice))
		assert_int_equal(ladder_rows(l), 0);
	assert_int_equal(ladder_percent(l), 100);
	return l;
}

/* Two connections; a download and a query between its messages; a gap; a seq that comes twice. */
static void talk(struct feed *f)
{
	feed_init(f, NULL, NULL);
	feed_open(f, 1, true);
	FEED(f, 0, DIR_C2S, .command = "download", .id = "d");                 /* 1 */
	FEED(f, 0, DIR_S2C, .command = "beginstream", .id = "s1", .rid = "d"); /* 2 */
	FEED(f, 0, DIR_C2S, .command = "query", .id = "q");                    /* 3 */
	FEED(f, 0, DIR_S2C, .command = "stream", .id = "s2", .rid = "d");      /* 4 */
	FEED(f, 1, DIR_C2S, .command = "query", .id = "other");                /* 5 */
	FEED(f, 0, DIR_S2C, .command = "queryreply", .id = "r", .rid = "q");   /* 6 */
	feed_news(f, 0, DIR_S2C, NEWS_NOTE, 0);
	feed_news(f, 1, DIR_S2C, NEWS_NOTE, 0);
	FEED(f, 0, DIR_S2C, .command = "endstream", .id = "s3", .rid = "d");          /* 7 */
	FEED(f, 0, DIR_S2C, .command = "downloadreply", .id = "s4", .rid = "d");      /* 8 */
	FEED(f, 0, DIR_C2S, .command = "noop", .id = "n", .seq = 1, .has_seq = true); /* 9: a seq again */
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t slice = 1; slice < 12; slice++) {
		struct feed f;
		struct ladder_spec conn = { .conn = 1 }, threads = { 0 };
		talk(&f);
		struct ladder *l = built(&f, &conn, slice);
		rows_are(l, "1 2x3 3 6 ~ 8 9 !9");
		assert_int_equal(ladder_row_of(l, 7), 1); /* folded */
		assert_int_equal(ladder_row_of(l, 6), 3);
		assert_int_equal(ladder_row_of(l, 9), 6);
		assert_int_equal(ladder_messages(l), 8);
		ladder_free(l);
		numbers_put(&conn.unfolded, 1);
		l = built(&f, &conn, slice);
		rows_are(l, "1 2 3 4 6 ~ 7 8 9 !9");
		ladder_free(l);
		numbers_put(&threads.threads, 5);
		numbers_put(&threads.threads, 3);
		l = built(&f, &threads, slice);
		rows_are(l, "3 5 6");
		assert_int_equal(ladder_threads(l), 2);
		ladder_free(l);
		ladder_spec_release(&conn);
		ladder_spec_release(&threads);
		feed_release(&f);
	}
}

/* Connections of one host share the client's column, unless they are asked apart. */
static void test_ends(void **state)
{
	struct feed f;
	struct ladder_spec spec = { 0 };
	(void)state;
	feed_init(&f, NULL, NULL);
	feed_open(&f, 1, true);
	for (unsigned i = 0; i < 2; i++) {
		f.conn[i].ends[DIR_C2S] = (struct endpoint){ { 10, 0, 0, 1 }, 4, (uint16_t)(4000 + i) };
		f.conn[i].ends[DIR_S2C] = (struct endpoint){ { 10, 0, 0, 2 }, 4, 80 };
		FEED(&f, i, DIR_C2S, .command = "query", .id = "q");
		numbers_put(&spec.threads, i + 1);
	}
	struct ladder *l = built(&f, &spec, 100);
	assert_int_equal(ladder_ends(l), 2);
	assert_true(ladder_end(l, 0)->several);
	assert_false(ladder_end(l, 1)->several);
	assert_int_equal(ladder_conn(l, 2)->end[DIR_C2S], 0);
	assert_int_equal(ladder_conn(l, 2)->end[DIR_S2C], 1);
	assert_null(ladder_conn(l, 3));
	ladder_free(l);
	spec.apart = true;
	l = built(&f, &spec, 100);
	assert_int_equal(ladder_ends(l), 3);
	assert_int_equal(ladder_conn(l, 2)->end[DIR_C2S], 2);
	ladder_free(l);
	ladder_spec_release(&spec);
	feed_release(&f);
}

/* What names the same correlation belongs together, on whatever connection; and its whole threads. */
static void test_extend(void **state)
{
	struct feed f;
	struct ladder_spec spec = { .extend = true };
	struct buf push = { 0 };
	(void)state;
	feed_init(&f, NULL, NULL);
	feed_open(&f, 1, true);
	feed_text(&push, 2, "corr"); /* correlationId */
	FEED(&f, 0, DIR_C2S, .command = "queuemessage", .id = "a", .type = "QueueMessageRequest", .payload = buf_slice(&push));
	FEED(&f, 1, DIR_C2S, .command = "query", .id = "b");
	numbers_put(&spec.threads, 1);
	struct ladder *l = built(&f, &spec, 1);
	rows_are(l, "1");
	assert_false(ladder_is_old(l, session_count(f.session)));
	FEED(&f, 1, DIR_S2C, .command = "queueevent", .id = "c", .type = "QueueEvent", .payload = buf_slice(&push));
	FEED(&f, 0, DIR_S2C, .command = "queuemessagereply", .id = "d", .rid = "a");
	assert_true(ladder_is_old(l, session_count(f.session)));
	ladder_free(l);
	l = built(&f, &spec, 1);
	rows_are(l, "1 3 4");
	ladder_free(l);
	spec.extend = false;
	l = built(&f, &spec, 1);
	rows_are(l, "1 4");
	ladder_free(l);
	buf_release(&push);
	ladder_spec_release(&spec);
	feed_release(&f);
}

static void line_is(const struct ladder_layout *l, const struct ladder_arrow *a, const char *expected)
{
	struct line line = { 0 };
	ladder_add_arrow(&line, l, a);
	struct slice got = buf_slice(&line.text);
	assert_int_equal(line.columns, l->width);
	if (!slice_is(got, expected))
		fail_msg("the line is \"%.*s\"", (int)got.len, (const char *)got.at);
	line_release(&line);
}

static void test_lines(void **state)
{
	struct ladder_layout l;
	struct ladder_arrow a = { .from = 0, .to = 1, .label = slice_str("query 3") };
	(void)state;
	ladder_fit(&l, 2, 40, 0);
	assert_int_equal(l.spacing, LADDER_SPACING);
	ladder_fit(&l, 2, 60, 0);
	assert_int_equal(ladder_scroll_max(&l), 0);
	line_is(&l, &a, "           │───────────── query 3 ─────────────→│           ");
	a = (struct ladder_arrow){
		.from = 1, .to = 0, .stroke = STROKE_DOUBLE, .label = slice_str("stream ×24, 1.5MB"), .note = slice_str("in 3ms")
	};
	line_is(&l, &a, "           │←═══ stream ×24, 1.5MB  in 3ms ═════│           ");
	a = (struct ladder_arrow){ .from = 0, .to = 1, .stroke = STROKE_DOTS, .label = slice_str("gap") };
	line_is(&l, &a, "           │··············· gap ················│           ");
	a = (struct ladder_arrow){ .from = 0, .to = 0, .stroke = STROKE_NONE, .label = slice_str("! seq-gap") };
	line_is(&l, &a, "           │  ! seq-gap                         │           ");
	a = (struct ladder_arrow){ .from = 0, .to = 1, .label = slice_str("a name that is much too long for its arrow to show") };
	line_is(&l, &a, "           │── a name that is much too long … ─→│           ");
}

/* Three ends where there is room for one and a half: an arrow over a column, parts in sight, wide characters. */
static void test_scroll(void **state)
{
	struct ladder_layout l;
	struct ladder_arrow a = { .from = 0, .to = 2, .label = slice_str("漢字") };
	(void)state;
	ladder_fit(&l, 3, 50, 0);
	line_is(&l, &a, "           │──────────────── 漢字 ───┼────────────");
	assert_int_equal(ladder_scroll_max(&l), 25);
	assert_int_equal(ladder_scroll_to(&l, 0, 1), 0);
	assert_int_equal(ladder_scroll_to(&l, 1, 2), 15);
	ladder_fit(&l, 3, 50, 1000);
	assert_int_equal(l.scroll, 25);
	line_is(&l, &a, "────────────┼─── 漢字 ───────────────→│           ");
	for (int width = 0; width < 30; width++) /* nothing is too narrow */
		for (int scroll = 0; scroll < 80; scroll++) {
			struct line line = { 0 };
			ladder_fit(&l, 3, width, scroll);
			ladder_add_arrow(&line, &l, &a);
			assert_int_equal(line.columns, width);
			line_release(&line);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_ends),   cmocka_unit_test(test_extend),
		cmocka_unit_test(test_lines), cmocka_unit_test(test_scroll),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
