/*
 * Times and spans as text.
 *
 * Division rounds towards minus infinity, so that times before 1970 (a capture can claim anything) come out right too.
 */
#include "base/when.h"

#include <time.h>

static int64_t whole_seconds(int64_t ns, int64_t *rest)
{
	int64_t s = ns / NS_PER_S, r = ns % NS_PER_S;
	if (r < 0) {
		r += NS_PER_S;
		s--;
	}
	*rest = r;
	return s;
}

void when_add_iso(struct buf *out, int64_t ns)
{
	int64_t rest;
	time_t s = (time_t)whole_seconds(ns, &rest);
	struct tm t = { 0 };
	gmtime_r(&s, &t);
	static const char between[] = "--T::.";
	const int part[] = { t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (int)rest };
	for (int i = 0; i < 7; i++) {
		buf_add_number(out, (uint64_t)part[i], i == 0 ? 4 : i == 6 ? 9 : 2);
		buf_add_byte(out, i < 6 ? (uint8_t)between[i] : 'Z');
	}
}

void when_add_clock(struct buf *out, int64_t ns, bool utc)
{
	int64_t rest;
	time_t s = (time_t)whole_seconds(ns, &rest);
	struct tm t = { 0 };
	if (utc)
		gmtime_r(&s, &t);
	else
		localtime_r(&s, &t);
	buf_addf(out, "%02d:%02d:%02d.%06d", t.tm_hour, t.tm_min, t.tm_sec, (int)(rest / 1000));
}

void when_add_seconds(struct buf *out, int64_t ns)
{
	uint64_t n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	if (ns < 0)
		buf_add_byte(out, '-');
	buf_add_number(out, n / NS_PER_S, 1);
	buf_add_byte(out, '.');
	buf_add_number(out, n % NS_PER_S, 9);
}

void when_add_span(struct buf *out, int64_t ns)
{
	const char *sign = ns < 0 ? "-" : "";
	double s = (ns < 0 ? -(double)ns : (double)ns) / NS_PER_S;
	if (s < 0.000999500)
		buf_addf(out, "%s%.0fµs", sign, s * 1e6);
	else if (s < 0.999500)
		buf_addf(out, "%s%.*fms", sign, s < 0.09995 ? 1 : 0, s * 1e3);
	else if (s < 59.95)
		buf_addf(out, "%s%.*fs", sign, s < 9.995 ? 2 : 1, s);
	else if (s < 3599.5)
		buf_addf(out, "%s%dm%02ds", sign, (int)(s + 0.5) / 60, (int)(s + 0.5) % 60);
	else if (s < 100 * 3600)
		buf_addf(out, "%s%dh%02dm", sign, (int)(s + 0.5) / 3600, (int)(s + 0.5) % 3600 / 60);
	else
		buf_addf(out, "%s%dd", sign, (int)(s / 86400));
}
