/* Secrets in text: whole JSON, cut JSON, JSON in strings of JSON, and what only looks like it. */
#include "decode/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* {"alg":"HS256"}, {"id":1} and a signature: 60 bytes. */
#define TOKEN "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.AAAAAAAAAAAAAAAAAAAAAAAAAA-"

static const struct {
	const char *text, *shown;
} cases[] = {
	{ "", "" },
	{ "no secret", "no secret" },
	{ "the password is x", "the password is x" },
	{ "{\"password\":\"abc\"}", "{\"password\":\"‹hidden, 3 bytes›\"}" },
	{ "{\"a\":1,\"jwt\" :\n \"abc\",\"b\":\"c\"}", "{\"a\":1,\"jwt\" :\n \"‹hidden, 3 bytes›\",\"b\":\"c\"}" },
	{ "{\"password\":\"\"}", "{\"password\":\"‹hidden, 0 bytes›\"}" },
	{ "{\"password\":\"a\\\"b\",\"x\":1}", "{\"password\":\"‹hidden, 4 bytes›\",\"x\":1}" },
	{ "{\"password\":\"a\\\\\",\"x\":1}", "{\"password\":\"‹hidden, 3 bytes›\",\"x\":1}" },
	{ "{\"password\":1234,\"x\":1}", "{\"password\":‹hidden, 4 bytes›,\"x\":1}" },
	{ "{\"password\":{\"jwt\":\"x\",\"y\":\"z\"},\"a\":1}", "{\"password\":‹hidden, 19 bytes›,\"a\":1}" },
	{ "{\"jwt\":{\"$in\":[\"a]}\\\"\",[1,{}]]} ,\"a\":1}", "{\"jwt\":‹hidden, 24 bytes› ,\"a\":1}" },
	{ "{\"password\":[\"abc\", 1", "{\"password\":‹hidden, 9 bytes›" },
	{ "{\"p\":\"{\\\"jwt\\\":[\\\"a]\\\"],\\\"b\\\":1}\",\"c\":2}", "{\"p\":\"{\\\"jwt\\\":‹hidden, 8 bytes›,\\\"b\\\":1}\",\"c\":2}" },
	{ "{\"p\":\"{\\\"jwt\\\":[1,2\",\"c\":[2]}", "{\"p\":\"{\\\"jwt\\\":‹hidden, 4 bytes›\",\"c\":[2]}" },
	{ "{\"password\":\"abc", "{\"password\":\"‹hidden, 3 bytes›" },
	{ "{\"password\":", "{\"password\":" },
	{ "{\"password\"", "{\"password\"" },
	{ "password\":\"x\"", "password\":\"x\"" },
	{ "{\"mypassword\":\"x\",\"passwordless\":\"y\"}", "{\"mypassword\":\"x\",\"passwordless\":\"y\"}" },
	{ "[\"password\",\"x\"]", "[\"password\",\"x\"]" },
	{ "{\"p\":\"{\\\"jwt\\\":\\\"abc\\\",\\\"b\\\":1}\",\"c\":2}",
	  "{\"p\":\"{\\\"jwt\\\":\\\"‹hidden, 3 bytes›\\\",\\\"b\\\":1}\",\"c\":2}" },
	{ "\\\\\\\"jwt\\\\\\\":\\\\\\\"a\\\\\\\\\\\\\\\"b\\\\\\\"}", "\\\\\\\"jwt\\\\\\\":\\\\\\\"‹hidden, 10 bytes›\\\\\\\"}" },
	{ "{\"pass\\u0077ord\":\"abc\",\"\\u006A\\u0057\\u0074\":1}",
	  "{\"pass\\u0077ord\":\"‹hidden, 3 bytes›\",\"\\u006A\\u0057\\u0074\":‹hidden, 1 byte›}" },
	{ "{\"p\":\"{\\\"\\\\u006awt\\\":\\\"abc\\\",\\\"jw\\u0074\\\":[1]}\"}",
	  "{\"p\":\"{\\\"\\\\u006awt\\\":\\\"‹hidden, 3 bytes›\\\",\\\"jw\\u0074\\\":‹hidden, 3 bytes›}\"}" },
	{ "{\"jw\\u0075\":\"abc\",\"j\\u0177t\":1,\"\\x006awt\":2,\"u006awt\":3}",
	  "{\"jw\\u0075\":\"abc\",\"j\\u0177t\":1,\"\\x006awt\":2,\"u006awt\":3}" },
	{ "{\"p\":\"{\\u0022jwt\\u0022: \\u0022a\\\\\\u0022c\\u0022,\\u0022b\\u0022:1}\",\"c\":2}",
	  "{\"p\":\"{\\u0022jwt\\u0022: \\u0022‹hidden, 10 bytes›\\u0022,\\u0022b\\u0022:1}\",\"c\":2}" },
	{ "{\"p\":\"{\\u0022jwt\\u0022:[\\u0022a]\\u0022,1],\\u0022b\\u0022:{\\\"password\\\":\\u0022x\\\"}}\"}",
	  "{\"p\":\"{\\u0022jwt\\u0022:‹hidden, 18 bytes›,\\u0022b\\u0022:{\\\"password\\\":\\u0022‹hidden, 1 byte›\\\"}}\"}" },
	{ "\\\\u0022jwt\\\\u0022:\\\\u0022a\\\\\\\\\\\\u0022b\\\\u0022}", "\\\\u0022jwt\\\\u0022:\\\\u0022‹hidden, 13 bytes›\\\\u0022}" },
	{ "\\\\\\u0022jwt\\\\\\u0022:\\\\\\u0022a\\\\\\\"}", "\\\\\\u0022jwt\\\\\\u0022:\\\\\\u0022‹hidden, 1 byte›\\\\\\\"}" },
	{ "{\"p\":\"{\\u0022jwt\\u0022:\\u0022ab\",\"c\":2}", "{\"p\":\"{\\u0022jwt\\u0022:\\u0022‹hidden, 10 bytes›" },
	{ "{\"p\":\"\\u0023jwt\\u0022:1,u0022jwt\\u0022:1\"}", "{\"p\":\"\\u0023jwt\\u0022:1,u0022jwt\\u0022:1\"}" },
	{ "{\"Password\":\"ab\",\"JWT\":[1]}", "{\"Password\":\"‹hidden, 2 bytes›\",\"JWT\":‹hidden, 3 bytes›}" },
	{ "Bearer " TOKEN ", and more", "Bearer ‹hidden, 60 bytes›, and more" },
	{ "{\"access_token\":\"" TOKEN "\",\"password\":1}", "{\"access_token\":\"‹hidden, 60 bytes›\",\"password\":‹hidden, 1 byte›}" },
	{ "{\"jwt\":\"x " TOKEN "\",\"a\":\"\\n" TOKEN "\"}", "{\"jwt\":\"‹hidden, 62 bytes›\",\"a\":\"\\n‹hidden, 60 bytes›\"}" },
	{ "\\u0022" TOKEN "\\u0022", "\\u0022‹hidden, 60 bytes›\\u0022" },
	{ "eyJ.eyJhbGciOiJkaXIifQ.." TOKEN, "eyJ.‹hidden, 80 bytes›" },
	{ "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0 eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.", "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0 ‹hidden, 33 bytes›" },
	{ "eyJhbGciOiJIUzI1NiJ9aaaaaaaaaaaaaaaaaaaaaaaaaaa", "eyJhbGciOiJIUzI1NiJ9aaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "eyJhbGciOiJIUzI1NiJ9.aaaaaaaaaaaaaaaaaaaaaaaaaa", "eyJhbGciOiJIUzI1NiJ9.aaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "eyJhIjoxfQ.a.b, eyJhbGciOiJIUzI1NiJ9/a.b.c", "eyJhIjoxfQ.a.b, eyJhbGciOiJIUzI1NiJ9/a.b.c" },
	{ "{\"jwt\":\"a\",\"jwt\":\"b\"}", "{\"jwt\":\"‹hidden, 1 byte›\",\"jwt\":\"‹hidden, 1 byte›\"}" },
};

static void test_cases(void **state)
{
	struct buf out = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].text);
		uint8_t *exact = malloc(n + !n);
		memcpy(exact, cases[i].text, n);
		buf_clear(&out);
		redact_add(&out, slice_of(exact, n));
		assert_string_equal(buf_cstr(&out), cases[i].shown);
		if (strcmp(cases[i].text, cases[i].shown) != 0)
			assert_true(redact_needed(slice_of(exact, n)));
		free(exact);
	}
	buf_release(&out);
}

/* Cut anywhere, no byte of the secret comes out. */
static void test_cut(void **state)
{
	static const char text[] = "{\"a\":\"{\\\"password\\\": \\\"zzzz\\\"}\", \"b\":\"{\\u0022jwt\\u0022:\\u0022zz\\u0022}\", "
				   "\"jwt\" : \"zzz\\\"zz\", \"password\":zzzz, \"jwt\":[\"zz]z\", {\"a\":\"z\"}]}";
	struct buf out = { 0 };
	(void)state;
	for (size_t n = 0; n <= strlen(text); n++) {
		uint8_t *exact = malloc(n + 1);
		memcpy(exact, text, n);
		buf_clear(&out);
		redact_add(&out, slice_of(exact, n));
		assert_null(strchr(buf_cstr(&out), 'z'));
		free(exact);
	}
	buf_release(&out);
}

/* Texts made to be slow are not: backslashes and quotes without end, and many keys. */
static void test_time(void **state)
{
	static const char *const patterns[] = { "\\",
						"\"",
						"\\\"",
						"\"jwt\":",
						"\"jwt\":\\",
						"\"jwt\":\\\"",
						"\"jwt\":[",
						"\"jwt\":{\\",
						" ",
						"\\u0074\"",
						"\\\\\\\\u0064",
						"\"\\u006awt\":",
						"\"jwt\" ",
						"\\u0022",
						"\\\\u0022jwt\\\\u0022:",
						"\\u0022jwt\\u0022:[",
						"eyJ",
						"eyJaaaaaaaaaaaaa",
						"eyJaaaaaaaaaaaaa.",
						"eyJaaaaaaaaaaaaa.a,",
						TOKEN "," };
	struct buf text = { 0 }, out = { 0 };
	struct timespec from, to;
	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		buf_clear(&text);
		buf_clear(&out);
		buf_add_str(&text, "{\"password\":1,\"jwt\":");
		while (text.len < 1000000)
			buf_add_str(&text, patterns[i]);
		redact_add(&out, buf_slice(&text));
		assert_true(out.len > 0);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_true(to.tv_sec - from.tv_sec < 3);
	buf_release(&text);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
