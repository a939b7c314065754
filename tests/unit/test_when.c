/* Times and spans as text. */
#include "base/text.h"
#include "base/when.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ZONE "CET-1CEST,M3.5.0,M10.5.0/3"

static void check_iso(int64_t ns, const char *want)
{
	struct buf b = { 0 };
	when_add_iso(&b, ns);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void test_iso(void **state)
{
	(void)state;
	check_iso(0, "1970-01-01T00:00:00.000000000Z");
	check_iso(1795466616062123456, "2026-11-23T20:43:36.062123456Z");
	check_iso(951827696 * INT64_C(1000000000) + 1, "2000-02-29T12:34:56.000000001Z");
	check_iso(-1, "1969-12-31T23:59:59.999999999Z");
	check_iso(-1000000000, "1969-12-31T23:59:59.000000000Z");
	check_iso(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
	check_iso(INT64_MIN, "1677-09-21T00:12:43.145224192Z");
}

/* Days of a date since 1970-01-01, counted month by month. */
static int64_t days_of(int year, int month, int day)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t days = day - 1;
	for (int y = 1970; y < year; y++)
		days += y % 4 == 0 && (y % 100 || y % 400 == 0) ? 366 : 365;
	for (int m = 1; m < month; m++)
		days += lengths[m - 1] + (m == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0));
	return days;
}

/* The first of each month at odd times of the day, read back and counted anew. */
static void test_iso_calendar(void **state)
{
	(void)state;
	for (int year = 1970; year < 2262; year++) {
		for (int month = 1; month <= 12; month++) {
			char want[64];
			int second = (year * 31 + month) % 60, ns = year * 1000 + month;
			int64_t t = (days_of(year, month, 1) * 86400 + 13 * 3600 + 7 * 60 + second) * NS_PER_S + ns;
			snprintf(want, sizeof want, "%04d-%02d-01T13:07:%02d.%09dZ", year, month, second, ns);
			check_iso(t, want);
		}
	}
}

static void check_clock(int64_t ns, bool utc, const char *want)
{
	struct buf b = { 0 };
	when_add_clock(&b, ns, utc);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void test_clock(void **state)
{
	const int64_t summer = INT64_C(1782216000) * NS_PER_S; /* 2026-06-23 12:00 UTC */
	(void)state;
	check_clock(summer + 62123999, true, "12:00:00.062123"); /* cut, not rounded */
	check_clock(summer + 62123999, false, "14:00:00.062123");
	check_clock(summer + 180 * INT64_C(86400) * NS_PER_S, false, "13:00:00.000000");
	check_clock(-1, true, "23:59:59.999999");
}

static void check_local(int64_t ns, const char *want)
{
	struct buf b = { 0 };
	when_add_local(&b, ns);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void test_local(void **state)
{
	const int64_t summer = INT64_C(1782255600) * NS_PER_S; /* 2026-06-23 23:00 UTC */
	(void)state;
	check_local(summer + 62123999, "2026-06-24T01:00:00.062123999+02:00");
	check_local(summer + 180 * INT64_C(86400) * NS_PER_S, "2026-12-21T00:00:00.000000000+01:00");
	check_local(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
	setenv("TZ", "XXX3:30", 1);
	tzset();
	check_local(summer, "2026-06-23T19:30:00.000000000-03:30");
	check_local(-1, "1969-12-31T20:29:59.999999999-03:30");
	setenv("TZ", ZONE, 1);
	tzset();
}

static void check_seconds(int64_t ns, const char *want)
{
	struct buf b = { 0 };
	when_add_seconds(&b, ns);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void test_seconds(void **state)
{
	(void)state;
	check_seconds(0, "0.000000000");
	check_seconds(120500, "0.000120500");
	check_seconds(NS_PER_S, "1.000000000");
	check_seconds(-1, "-0.000000001");
	check_seconds(-1000000000, "-1.000000000");
	check_seconds(-1000000001, "-1.000000001");
	check_seconds(INT64_MAX, "9223372036.854775807");
	check_seconds(INT64_MIN, "-9223372036.854775808");
}

static void check_span(int64_t ns, const char *want)
{
	struct buf b = { 0 };
	when_add_span(&b, ns);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

static void test_span(void **state)
{
	const int64_t s = NS_PER_S;
	(void)state;
	check_span(0, "0µs");
	check_span(499, "0µs");
	check_span(120000, "120µs");
	check_span(999499, "999µs");
	check_span(999500, "1.0ms");
	check_span(3400000, "3.4ms");
	check_span(99949999, "99.9ms");
	check_span(99950000, "100ms");
	check_span(999499999, "999ms");
	check_span(999500000, "1.00s");
	check_span(1200000000, "1.20s");
	check_span(9994999999, "9.99s");
	check_span(9995000000, "10.0s");
	check_span(59949999999, "59.9s");
	check_span(59950000000, "1m00s");
	check_span(125 * s, "2m05s");
	check_span(125 * s + s / 2, "2m06s");
	check_span(3599 * s, "59m59s");
	check_span(3600 * s - 1, "1h00m");
	check_span(3600 * s, "1h00m");
	check_span(11520 * s, "3h12m");
	check_span(359999 * s, "99h59m");
	check_span(360000 * s, "4d");
	check_span(INT64_MAX, "106751d");
	check_span(-120000, "-120µs");
	check_span(-125 * s, "-2m05s");
	check_span(INT64_MIN, "-106751d");
}

/* What a span says, in ns, and how far it may be off. */
static double read_span(const char *text, double *off)
{
	char *unit;
	double value = strtod(text, &unit), more = 0;
	double step = strchr(text, '.') ? (text[1] == '.' && *unit == 's' ? 0.01 : 0.1) : 1;
	if (strncmp(unit, "µs", 3) == 0)
		*off = step * 1e3, value *= 1e3;
	else if (strncmp(unit, "ms", 2) == 0)
		*off = step * 1e6, value *= 1e6;
	else if (*unit == 's')
		*off = step * 1e9, value *= 1e9;
	else if (*unit == 'm')
		more = strtod(unit + 1, NULL) * 1e9, *off = 1e9, value *= 60e9;
	else if (*unit == 'h')
		more = strtod(unit + 1, NULL) * 60e9, *off = 60e9, value *= 3600e9;
	else
		*off = 86400e9, value *= 86400e9;
	return value + more;
}

/* Spans of any size: never wider than they may be, never further off than their last digit. */
static void test_span_by_chance(void **state)
{
	uint64_t seed = 5;
	(void)state;
	for (int round = 0; round < 200000; round++) {
		struct buf b = { 0 };
		double off = 0;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		int64_t ns = (int64_t)(seed >> 1 >> round % 63);
		when_add_span(&b, ns);
		assert_true(text_columns(buf_slice(&b)) <= 7);
		double said = read_span(buf_cstr(&b), &off), d = said - (double)ns;
		if (d > off * 1.001 || -d > off * 1.001)
			fail_msg("%lld ns is shown as %s", (long long)ns, buf_cstr(&b));
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iso),
		cmocka_unit_test(test_iso_calendar),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_span_by_chance),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", ZONE, 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
