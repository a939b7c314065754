/*
 * Spans to a collector that is not there: what finds no room in the queue is counted at once and nothing waits, so that a live capture goes on;
 * in the end each span has been counted once. Who can read on later is told to, within the time given. And what is no URL, or no header, is refused.
 */
#include "export/otlp_post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SPANS = 40000, SPAN = 1000, SLICE_MS = 50 };

static volatile sig_atomic_t stop;

static void on_alarm(int signal)
{
	(void)signal;
	stop = 1;
}

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct otlp_post *post_to_nobody(void)
{
	char error[256];
	struct otlp_post *p = otlp_post_new("http://127.0.0.1:1", NULL, error, sizeof error);
	assert_non_null(p);
	return p;
}

static void write_spans(struct otlp_post *p, int count)
{
	char span[SPAN + 32];
	int n = snprintf(span, sizeof span, "{\"resourceSpans\":[{\"x\":\"%0*d\"}]}\n", SPAN - 40, 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(fwrite(span, 1, (size_t)n, otlp_post_file(p)), n);
}

static void test_gone(void **state)
{
	struct otlp_post *p = post_to_nobody();
	(void)state;
	double begin = now(CLOCK_PROCESS_CPUTIME_ID);
	write_spans(p, SPANS);
	assert_true(now(CLOCK_PROCESS_CPUTIME_ID) - begin < 10);
	struct otlp_post_counts c = otlp_post_counts(p);
	assert_true(c.overflowed > SPANS / 4 && c.overflowed < SPANS);
	signal(SIGALRM, on_alarm);
	alarm(1);
	otlp_post_wait(p, &stop);
	assert_false(otlp_post_finish(p, POST_FINISH_MS));
	c = otlp_post_counts(p);
	assert_int_equal(c.sent, 0);
	assert_int_equal(c.overflowed + c.unsent, SPANS);
	assert_true(strstr(otlp_post_error(p), "can't be reached") != NULL);
	otlp_post_free(p);
}

/* Nobody is kept from his keys for longer than he says, and that is sleep. */
static void test_catch_up(void **state)
{
	struct otlp_post *p = post_to_nobody();
	(void)state;
	write_spans(p, POST_BEHIND / SPAN / 2);
	assert_false(otlp_post_catch_up(p, SLICE_MS));
	write_spans(p, POST_BEHIND / SPAN);
	double used = now(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < 10; i++) {
		double before = now(CLOCK_MONOTONIC);
		assert_true(otlp_post_catch_up(p, SLICE_MS));
		double took = now(CLOCK_MONOTONIC) - before;
		assert_true(took > 0.8e-3 * SLICE_MS && took < 1);
	}
	assert_true(now(CLOCK_PROCESS_CPUTIME_ID) - used < 5e-3 * SLICE_MS);
	assert_int_equal(otlp_post_counts(p).overflowed, 0);
	otlp_post_free(p);
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "=x", "key", "a=b,key", "a=%0d%0aX-Other: 1", "a=%00", "a=%1b" };
	char error[256];
	(void)state;
	assert_null(otlp_post_new("ftp://127.0.0.1/", NULL, error, sizeof error));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct otlp_post *p = otlp_post_new("http://127.0.0.1:1", bad[i], error, sizeof error);
		if (p)
			fail_msg("%s is taken", bad[i]);
		assert_true(strstr(error, "key=value") != NULL);
	}
	struct otlp_post *p = otlp_post_new("http://127.0.0.1:1", " a=b , c=d%20e,,", error, sizeof error);
	assert_non_null(p);
	otlp_post_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_catch_up),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
