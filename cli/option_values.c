/*
 * Values of options: numbers, times, sizes, lists.
 */
#include "cli/option_part.h"

#include "base/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool option_fail(const char *what, const char *value)
{
	fprintf(stderr, "envscope: %s: %s\n", what, value);
	return false;
}

bool option_fail_end(const struct suggestion *near)
{
	if (near->best && near->distance)
		fprintf(stderr, "; did you mean %.*s?", (int)strcspn(near->best, "="), near->best);
	fputc('\n', stderr);
	return false;
}

bool option_fail_near(const char *what, const char *value, const char *const *words)
{
	struct suggestion near = { .typed = slice_of(value, strcspn(value, "=")) };
	for (; *words; words++)
		suggestion_offer(&near, *words);
	fprintf(stderr, "envscope: %s: %s", what, value);
	return option_fail_end(&near);
}

bool option_number(const char *text, uint64_t most, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	*out = n;
	return end != text && !*end && !errno && n <= most && !strchr(text, '-'); /* which strtoull takes, behind blanks too */
}

int64_t option_span(const char *text)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {
		{ "ms", NS_PER_S / 1000 },
		{ "s", NS_PER_S },
		{ "m", 60 * (int64_t)NS_PER_S },
		{ "", NS_PER_S },
	};
	char digits[16] = "";
	uint64_t n;
	size_t len = strspn(text, "0123456789");
	if (!len || len >= sizeof digits)
		return 0;
	memcpy(digits, text, len);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(text + len, units[i].unit) == 0 && option_number(digits, (uint64_t)(INT64_MAX / units[i].ns), &n))
			return (int64_t)n * units[i].ns;
	return 0;
}

bool option_size(const char *v, uint64_t *out)
{
	static const char units[] = "KMGT";
	char digits[24];
	size_t n = strspn(v, "0123456789");
	const char *unit = v[n] ? strchr(units, toupper((unsigned char)v[n])) : NULL; /* small letters do as well */
	if (!n || n >= sizeof digits || (v[n] && (!unit || v[n + 1])))
		return false;
	memcpy(digits, v, n);
	digits[n] = 0;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if (!option_number(digits, UINT64_MAX >> shift, out) || !*out)
		return false;
	*out <<= shift;
	return true;
}

bool option_list(struct options *o, const char *list, bool (*take)(struct options *o, const char *word))
{
	char word[64];
	for (;;) {
		size_t n = strcspn(list, ",");
		size_t kept = n < sizeof word ? n : sizeof word - 1;
		memcpy(word, list, kept);
		word[kept] = 0;
		if (!take(o, word))
			return false;
		if (!list[n])
			return true;
		list += n + 1;
	}
}
