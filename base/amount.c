/*
 * Numbers for people: grouped where there is room, with three digits and a unit where there is not.
 */
#include "base/amount.h"

void amount_add_grouped(struct buf *out, uint64_t n)
{
	if (n < 1000) {
		buf_add_number(out, n, 1);
		return;
	}
	amount_add_grouped(out, n / 1000);
	buf_add_byte(out, ',');
	buf_add_number(out, n % 1000, 3);
}

/* Of "one|more" or "more" what n things need. */
static struct slice choose(struct slice choice, uint64_t n)
{
	const uint8_t *bar = memchr(choice.at, '|', choice.len);
	size_t one = bar ? (size_t)(bar - choice.at) : 0;
	return n == 1 ? slice_head(choice, one) : slice_skip(choice, one + (bar != NULL));
}

void amount_add_words(struct buf *out, uint64_t n, const char *words)
{
	const char *open = strchr(words, '[');
	if (!open) {
		buf_addf(out, "%s%s", words, n == 1 ? "" : "s");
		return;
	}
	for (; open; open = strchr(words, '[')) {
		size_t length = strcspn(open, "]");
		buf_add(out, slice_of(words, (size_t)(open - words)));
		buf_add(out, choose(slice_of(open + 1, length - 1), n));
		words = open + length + (open[length] == ']');
	}
	buf_add_str(out, words);
}

void amount_add_counted(struct buf *out, uint64_t n, const char *words)
{
	amount_add_grouped(out, n);
	buf_add_byte(out, ' ');
	amount_add_words(out, n, words);
}

static const char units[] = "KMGTPE";

/* n as three significant digits and the unit of the power of `step` that fits; digits: of the fraction below ten. */
static void scaled(struct buf *out, uint64_t n, double step, int digits)
{
	double value = (double)n / step;
	size_t unit = 0;
	while (value >= 999.5 && unit < sizeof units - 2) {
		value /= step;
		unit++;
	}
	int fraction = value < 9.995 ? digits : value < 99.95 ? digits - 1 : 0;
	buf_addf(out, "%.*f%c", fraction, value, units[unit]);
}

void amount_add_short(struct buf *out, uint64_t n)
{
	if (n < 100000)
		buf_addf(out, "%u", (unsigned)n);
	else
		scaled(out, n, 1000, 2);
}

void amount_add_size(struct buf *out, uint64_t bytes)
{
	if (bytes < 1000)
		buf_addf(out, "%u", (unsigned)bytes);
	else
		scaled(out, bytes, 1024, 1);
}
