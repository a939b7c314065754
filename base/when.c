/*
 * Times and spans as text, and times read from it.
 *
 * Division rounds towards minus infinity, so that times before 1970 (a capture can claim anything) come out right too.
 */
#include "base/when.h"

#include <time.h>

enum { DAY = 24 * 60 * 60, TO_MARCH_OF_YEAR_0 = 719468 /* days from there to 1970 */ };

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

int64_t when_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The date of a day, counted from 1970-01-01, in the Gregorian calendar: years begin in March, so that the leap day is their last; an
 * era has 400 years. Good for the days that an int64_t of nanoseconds reaches. */
static void civil_date(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	enum { ERA = 146097 };
	unsigned since = (unsigned)(days + TO_MARCH_OF_YEAR_0), era = since / ERA, in_era = since % ERA;
	unsigned of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	unsigned in_year = in_era - (365 * of_era + of_era / 4 - of_era / 100);
	unsigned from_march = (5 * in_year + 2) / 153;
	*day = in_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = era * 400 + of_era + (*month <= 2);
}

static void put_digits(uint8_t *at, unsigned n, int digits)
{
	for (; digits; n /= 10)
		at[--digits] = (uint8_t)('0' + n % 10);
}

void when_add_iso(struct buf *out, int64_t ns)
{
	static const char form[] = "0000-00-00T00:00:00.000000000Z";
	int64_t rest, seconds = whole_seconds(ns, &rest);
	int64_t days = seconds / DAY - (seconds % DAY < 0);
	unsigned clock = (unsigned)(seconds - days * DAY), year, month, day;
	civil_date(days, &year, &month, &day);
	uint8_t *at = buf_reserve(out, sizeof form - 1);
	memcpy(at, form, sizeof form - 1);
	put_digits(at, year, 4);
	put_digits(at + 5, month, 2);
	put_digits(at + 8, day, 2);
	put_digits(at + 11, clock / 3600, 2);
	put_digits(at + 14, clock / 60 % 60, 2);
	put_digits(at + 17, clock % 60, 2);
	put_digits(at + 20, (unsigned)rest, 9);
	out->len += sizeof form - 1;
}

void when_add_local(struct buf *out, int64_t ns)
{
	int64_t rest, local;
	time_t s = (time_t)whole_seconds(ns, &rest);
	struct tm t = { 0 };
	localtime_r(&s, &t);
	long minutes = t.tm_gmtoff / 60, apart = minutes < 0 ? -minutes : minutes;
	if (__builtin_add_overflow(ns, (int64_t)minutes * 60 * NS_PER_S, &local)) {
		when_add_iso(out, ns);
		return;
	}
	when_add_iso(out, local);
	out->len--; /* the Z */
	buf_addf(out, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', apart / 60, apart % 60);
}

/* Takes a number of n digits between least and most off the front of *s. */
static bool take_number(struct slice *s, size_t n, int least, int most, int *out)
{
	*out = 0;
	if (s->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->at[i] < '0' || s->at[i] > '9')
			return false;
		*out = *out * 10 + (s->at[i] - '0');
	}
	*s = slice_skip(*s, n);
	return *out >= least && *out <= most;
}

static bool take_char(struct slice *s, char c)
{
	if (!s->len || s->at[0] != (uint8_t)c)
		return false;
	*s = slice_skip(*s, 1);
	return true;
}

static bool take_date(struct slice *s, struct tm *t)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (!take_number(s, 4, 1678, 2261, &t->tm_year) || !take_char(s, '-') || !take_number(s, 2, 1, 12, &t->tm_mon) ||
	    !take_char(s, '-') || !take_number(s, 2, 1, 31, &t->tm_mday))
		return false;
	bool leap = t->tm_year % 4 == 0 && (t->tm_year % 100 != 0 || t->tm_year % 400 == 0);
	if (t->tm_mday > days[t->tm_mon - 1] + (leap && t->tm_mon == 2))
		return false;
	t->tm_year -= 1900;
	t->tm_mon--;
	return true;
}

/* Digits beyond the ninth are nobody's. */
static bool take_fraction(struct slice *s, int64_t *ns)
{
	int64_t unit = NS_PER_S / 10;
	int digit;
	if (!take_number(s, 1, 0, 9, &digit))
		return false;
	*ns = digit * unit;
	while (s->len && s->at[0] >= '0' && s->at[0] <= '9') {
		take_number(s, 1, 0, 9, &digit);
		unit /= 10;
		*ns += digit * unit;
	}
	return true;
}

static bool take_clock(struct slice *s, struct tm *t, int64_t *ns)
{
	if (!take_number(s, 2, 0, 23, &t->tm_hour) || !take_char(s, ':') || !take_number(s, 2, 0, 59, &t->tm_min))
		return false;
	if (!take_char(s, ':'))
		return true;
	return take_number(s, 2, 0, 60, &t->tm_sec) && (!take_char(s, '.') || take_fraction(s, ns));
}

static bool take_offset(struct slice *s, int *seconds)
{
	int hours, minutes;
	bool east = s->len && s->at[0] == '+';
	*seconds = 0;
	if (!s->len || take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_number(s, 2, 0, 23, &hours))
		return false;
	take_char(s, ':');
	if (!take_number(s, 2, 0, 59, &minutes))
		return false;
	*seconds = (hours * 60 + minutes) * (east ? 60 : -60);
	return true;
}

/* Seconds since 1970; timegm's end in 2038 where time_t has 32 bits. Years begin in March, as in civil_date. */
static int64_t seconds_of(const struct tm *t)
{
	int year = t->tm_year + 1900 - (t->tm_mon < 2), from_march = (t->tm_mon + 10) % 12;
	int64_t days = 365 * (int64_t)year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + t->tm_mday - 1 -
		       TO_MARCH_OF_YEAR_0;
	return days * DAY + t->tm_hour * 3600 + t->tm_min * 60 + t->tm_sec;
}

bool when_read_iso(struct slice text, int64_t *ns)
{
	struct tm t = { 0 };
	int64_t fraction = 0;
	int offset = 0;
	if (!take_date(&text, &t))
		return false;
	if (take_char(&text, 'T') || take_char(&text, 't') || take_char(&text, ' ')) {
		if (!take_clock(&text, &t, &fraction) || !take_offset(&text, &offset))
			return false;
	}
	*ns = (seconds_of(&t) - offset) * NS_PER_S + fraction;
	return text.len == 0;
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

/* n of `unit` as a decimal number with that many digits behind the point, rounded; a unit has 10^digits parts. */
static void add_decimal(struct buf *out, uint64_t n, uint64_t unit, int digits, const char *name)
{
	uint64_t parts = 1;
	for (int i = 0; i < digits; i++)
		parts *= 10;
	uint64_t rounded = (n + unit / parts / 2) / (unit / parts);
	buf_add_number(out, rounded / parts, 1);
	if (digits) {
		buf_add_byte(out, '.');
		buf_add_number(out, rounded % parts, digits);
	}
	buf_add_str(out, name);
}

/* "1m05s": a number of the larger unit, and what is left in the smaller, of which `parts` make one. */
static void add_pair(struct buf *out, uint64_t n, uint64_t parts, const char *larger, const char *smaller)
{
	buf_add_number(out, n / parts, 1);
	buf_add_str(out, larger);
	buf_add_number(out, n % parts, 2);
	buf_add_str(out, smaller);
}

void when_add_span(struct buf *out, int64_t ns)
{
	enum { US = 1000, MS = 1000000 };
	static const uint64_t s = NS_PER_S;
	uint64_t n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, seconds = (n + s / 2) / s;
	if (ns < 0)
		buf_add_byte(out, '-');
	if (n < MS - US / 2)
		add_decimal(out, n, US, 0, "µs");
	else if (n < s - MS / 2)
		add_decimal(out, n, MS, n < 100 * MS - MS / 20, "ms");
	else if (n < 60 * s - s / 20)
		add_decimal(out, n, s, n < 10 * s - s / 200 ? 2 : 1, "s");
	else if (seconds < 3600)
		add_pair(out, seconds, 60, "m", "s");
	else if (seconds < 100 * 3600)
		add_pair(out, seconds / 60, 60, "h", "m");
	else
		add_decimal(out, n - n % (24 * 3600 * s), 24 * 3600 * s, 0, "d");
}
