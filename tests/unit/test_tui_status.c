/* The status line in any width, what was lost, and the bar. */
#include "base/text.h"
#include "tui/status.h"

#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct session_counts session = { .messages = 2500000, .memory = 160 << 20 };
static const struct capture_counts capture = { .source = { .packets = 1460000, .dropped_kernel = 3, .dropped_interface = 4 } };

static void status_is(int width, const char *expected)
{
	struct line l = { 0 };
	status_add(&l, "some/where/big.pcap", &session, &capture, 1250000, width);
	struct slice got = buf_slice(&l.text);
	if (!slice_is(got, expected))
		fail_msg("in %d columns: \"%.*s\"", width, (int)got.len, (const char *)got.at);
	line_release(&l);
}

static void test_status(void **state)
{
	const char *whole = " some/where/big.pcap  1,460,000 packets  2,500,000 messages  7 dropped  1,250,000 threads  160MB memory";
	(void)state;
	status_is(200, whole);
	status_is((int)strlen(whole), whole);
	status_is(80, " big.pcap  1.46M packets  2.50M messages  7 dropped  1.25M threads  160MB memory");
	status_is(70, " big.pcap  1.46M pkts  2.50M msgs  7 dropped  1.25M thr  160MB");
	status_is(20, " big.pcap  1.46M pk…");
}

static void test_losses(void **state)
{
	struct buf out = { 0 };
	struct session_counts s = { 0 };
	struct capture_counts c = { 0 };
	(void)state;
	status_add_losses(&out, &s, &c, true, 200, 1);
	assert_int_equal(out.len, 0);
	c.segments = c.duplicate_bytes = 5;
	status_add_losses(&out, &s, &c, true, 200, 1);
	assert_int_equal(out.len, 0);
	c.gaps = 2;
	s.forgotten = 1234;
	status_add_losses(&out, &s, &c, true, 200, 1);
	assert_string_equal(buf_cstr(&out), " Lost: 2 gaps in the capture · 1,234 messages forgotten for the memory limit");
	buf_clear(&out);
	s.forgotten = 0;
	c.watcher = (struct watcher_counts){ .error = ENOSPC, .stopped = 3723000001000, .unwritten = 9 };
	status_add_losses(&out, &s, &c, true, 200, 1);
	assert_string_equal(
		buf_cstr(&out),
		" Writing stopped at 01:02:03.000001: No space left on device  Lost: 9 packets not written · 2 gaps in the capture");
	buf_release(&out);
}

static void losses_are(int columns, int lines, const struct session_counts *s, const struct capture_counts *c, const char *expected)
{
	struct buf out = { 0 };
	buf_add_str(&out, "before");
	status_add_losses(&out, s, c, true, columns, lines);
	assert_string_equal(buf_cstr(&out) + 6, expected);
	buf_release(&out);
}

/* Where there is little room, the first count is told, and how many more there are. */
static void test_losses_short(void **state)
{
	struct session_counts s = { .forgotten = 1234 };
	struct capture_counts c = { .gaps = 2, .gap_bytes = 1448, .stream = { .cut = 1 } };
	const char *first = " Lost: 2 gaps in the capture · 3 more";
	(void)state;
	losses_are(40, 3, &s, &c, " Lost: 2 gaps in the capture · 1,448 bytes missing there · 1 message cut · 1 more");
	losses_are(40, 1, &s, &c, first);
	losses_are(text_columns(slice_str(first)), 1, &s, &c, first);
	losses_are(30, 1, &s, &c, " Lost: 2 gaps in the… · 3 more");
	losses_are(10, 1, &s, &c, " Lost: 2 g… · 3 more");
	s = (struct session_counts){ 0 };
	c = (struct capture_counts){ .gaps = 2 };
	losses_are(20, 1, &s, &c, " Lost: 2 gaps in th…");
	c.watcher = (struct watcher_counts){ .error = ENOSPC, .stopped = 3723000001000, .unwritten = 9 };
	losses_are(50, 1, &s, &c, " Writing stopped  Lost: 9 packets not wr… · 1 more");
}

static void bar_is(int percent, const char *expected)
{
	struct buf out = { 0 };
	status_add_bar(&out, percent, 4);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
}

static void test_bar(void **state)
{
	(void)state;
	bar_is(0, "░░░░");
	bar_is(1, "█░░░");
	bar_is(50, "██░░");
	bar_is(100, "████");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_losses_short),
		cmocka_unit_test(test_bar),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
