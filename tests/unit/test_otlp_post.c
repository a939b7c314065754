/*
 * Spans to a collector that is not there: what finds no room in the queue is counted at once and nothing waits, so that a live capture goes on;
 * in the end each span has been counted once. And what is no URL, or no header, is refused.
 */
#include "export/otlp_post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SPANS = 40000, SPAN = 1000 };

static volatile sig_atomic_t stop;

static void on_alarm(int signal)
{
	(void)signal;
	stop = 1;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_gone(void **state)
{
	char error[256], span[SPAN + 32];
	struct otlp_post *p = otlp_post_new("http://127.0.0.1:1", NULL, false, error, sizeof error);
	(void)state;
	assert_non_null(p);
	int n = snprintf(span, sizeof span, "{\"resourceSpans\":[{\"x\":\"%0*d\"}]}\n", SPAN - 40, 0);
	double begin = now();
	for (int i = 0; i < SPANS; i++)
		assert_int_equal(fwrite(span, 1, (size_t)n, otlp_post_file(p)), n);
	assert_true(now() - begin < 10);
	struct otlp_post_counts c = otlp_post_counts(p);
	assert_true(c.overflowed > SPANS / 4 && c.overflowed < SPANS);
	signal(SIGALRM, on_alarm);
	alarm(1);
	otlp_post_finish(p, &stop);
	c = otlp_post_counts(p);
	assert_int_equal(c.sent, 0);
	assert_int_equal(c.overflowed + c.unsent, SPANS);
	assert_true(strstr(otlp_post_error(p), "can't be reached") != NULL);
	otlp_post_free(p);
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "=x", "key", "a=b,key", "a=%0d%0aX-Other: 1", "a=%00", "a=%1b" };
	char error[256];
	(void)state;
	assert_null(otlp_post_new("ftp://127.0.0.1/", NULL, false, error, sizeof error));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct otlp_post *p = otlp_post_new("http://127.0.0.1:1", bad[i], false, error, sizeof error);
		if (p)
			fail_msg("%s is taken", bad[i]);
		assert_true(strstr(error, "key=value") != NULL);
	}
	struct otlp_post *p = otlp_post_new("http://127.0.0.1:1", " a=b , c=d%20e,,", false, error, sizeof error);
	assert_non_null(p);
	otlp_post_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
