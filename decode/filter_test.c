/*
 * One value against the literals of a test.
 *
 * All numbers are compared as long double, which holds every 64-bit integer. Where a test has several literals (in), one has to be
 * equal. That "!=" means equal to none is for the caller, who knows all values of a field; here it is "==".
 */
#include "decode/filter_part.h"

#include <ctype.h>

bool test_order(enum test_op op, int sign)
{
	switch (op) {
	case TEST_LT: return sign < 0;
	case TEST_LE: return sign <= 0;
	case TEST_GT: return sign > 0;
	case TEST_GE: return sign >= 0;
	default: return sign == 0;
	}
}

bool test_number(const struct test *t, long double v)
{
	for (const struct literal *l = t->literals; l; l = l->next)
		if (test_order(t->op, (v > l->number) - (v < l->number)))
			return true;
	return false;
}

bool test_time(const struct test *t, int64_t v)
{
	for (const struct literal *l = t->literals; l; l = l->next)
		if (test_order(t->op, (v > l->time) - (v < l->time)))
			return true;
	return false;
}

static int compare(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int sign = n ? memcmp(a.at, b.at, n) : 0;
	return sign ? sign : (a.len > b.len) - (a.len < b.len);
}

bool has_part(struct slice text, struct slice part)
{
	return !part.len || (text.len && memmem(text.at, text.len, part.at, part.len));
}

static bool search(struct filter *f, const struct test *t, struct slice v)
{
	enum regex_answer answer = regex_match(t->regex, v);
	f->given_up += answer == REGEX_GIVEN_UP;
	return answer == REGEX_YES;
}

bool test_text(struct filter *f, const struct test *t, struct slice v)
{
	if (t->op == TEST_MATCHES)
		return search(f, t, v);
	for (const struct literal *l = t->literals; l; l = l->next)
		if (t->op == TEST_CONTAINS ? has_part(v, l->text) : test_order(t->op, compare(v, l->text)))
			return true;
	return false;
}

bool same_word(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.len && a.len == b.len; i++)
		if (tolower(a.at[i]) != tolower(b.at[i]))
			return false;
	return a.len == b.len;
}

bool test_word(struct filter *f, const struct test *t, struct slice word)
{
	if (t->op == TEST_MATCHES || t->op == TEST_CONTAINS)
		return test_text(f, t, word);
	for (const struct literal *l = t->literals; l; l = l->next)
		if (same_word(word, l->text))
			return true;
	return false;
}

static bool in_network(const struct address *a, const struct endpoint *e)
{
	int whole = a->bits / 8, rest = a->bits % 8;
	if (e->family != a->family || (a->port >= 0 && e->port != a->port))
		return false;
	return memcmp(e->addr, a->bytes, (size_t)whole) == 0 && (!rest || (e->addr[whole] ^ a->bytes[whole]) >> (8 - rest) == 0);
}

bool test_endpoint(struct filter *f, const struct test *t, const struct endpoint *e)
{
	if (t->op == TEST_MATCHES || t->op == TEST_CONTAINS) {
		buf_clear(&f->text);
		endpoint_add(&f->text, e);
		return test_text(f, t, buf_slice(&f->text));
	}
	for (const struct literal *l = t->literals; l; l = l->next)
		if (in_network(&l->address, e))
			return true;
	return false;
}
