/* The check: what makes it fail, its formats held against jansson and against XML's own rules, escaping. */
#include "base/text.h"
#include "capture/capture.h"
#include "decode/session.h"
#include "export/check.h"
#include "export/xml.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool broken(uint32_t rules, enum rule r)
{
	return rules >> r & 1;
}

static void test_fail_on(void **state)
{
	uint32_t rules = 0;
	(void)state;
	assert_true(check_add_fail_on(&rules, "error"));
	assert_true(broken(rules, RULE_DECODE) && broken(rules, RULE_SEQ_GAP_FINAL));
	assert_false(broken(rules, RULE_SEQ_GAP) || broken(rules, RULE_TYPE_MISSING) || broken(rules, RULE_ERROR_REPLY));
	assert_true(check_add_fail_on(&rules, "error-reply"));
	assert_true(broken(rules, RULE_ERROR_REPLY));
	assert_false(broken(rules, RULE_TYPE_MISSING));
	assert_true(check_add_fail_on(&rules, "warning"));
	assert_true(broken(rules, RULE_TYPE_MISSING) && broken(rules, RULE_SEQ_GAP) && !broken(rules, RULE_SEQ_START));
	assert_true(check_add_fail_on(&rules, "note"));
	assert_int_equal(rules, (UINT32_C(1) << RULES) - 1);
	rules = 0;
	assert_true(check_add_fail_on(&rules, "seq-gap")); /* both severities */
	assert_int_equal(rules, UINT32_C(1) << RULE_SEQ_GAP | UINT32_C(1) << RULE_SEQ_GAP_FINAL);
	for (const char *const *w = (const char *const[]){ "", "errors", "seq", "ERROR", NULL }; *w; w++)
		assert_false(check_add_fail_on(&rules, *w));
}

static void test_formats(void **state)
{
	(void)state;
	assert_int_equal(check_format_named("text"), CHECK_TEXT);
	assert_int_equal(check_format_named("json"), CHECK_JSON);
	assert_int_equal(check_format_named("junit"), CHECK_JUNIT);
	assert_int_equal(check_format_named("xml"), CHECK_NONE);
}

static void xml_is(struct slice text, const char *expected)
{
	struct buf out = { 0 };
	xml_add(&out, text);
	if (!slice_is(buf_slice(&out), expected))
		fail_msg("%s", buf_cstr(&out));
	buf_release(&out);
}

static void test_xml(void **state)
{
	(void)state;
	xml_is(slice_str("<a b=\"c\" d='e'>&amp;]]>"), "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;amp;]]&gt;");
	xml_is(slice_str("line\nnext\ttab\rend"), "line&#10;next&#9;tab&#13;end");
	xml_is(slice_of("\0\x01\x1b\x7f", 4), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd&#x7f;");
	xml_is(slice_str("\xc2\x9b"
			 "31m\xe2\x80\xae"),
	       "&#x9b;31m&#x202e;");                                               /* what a terminal would obey */
	xml_is(slice_str("\xef\xbf\xbe\xef\xbf\xbf"), "\xef\xbf\xbd\xef\xbf\xbd"); /* U+FFFE, U+FFFF */
	xml_is(slice_str("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
	xml_is(slice_str("\xff\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	xml_is(slice_str("\xf0\x9f\x9a\x80 \xc3\xa6"), "\xf0\x9f\x9a\x80 \xc3\xa6");
}

/* Reads a capture and writes its check; to be freed. */
static char *check_of(const char *path, const char *file, const char *fail_on, enum check_format format, bool *fails)
{
	char error[256], *text;
	size_t len;
	struct source *source = source_open_file(path, NULL, error, sizeof error);
	assert_non_null(source);
	struct session_options o = { .keep = true, .no_bytes = true, .file = source_file(source), .hash_key = 7 };
	struct session *s = session_new(&o, NULL);
	struct sink sink = session_sink(s);
	struct capture_options none = { 0 };
	struct capture *c = capture_new(source, &sink, &none);
	while (capture_step(c, 1000) == CAPTURE_MORE)
		;
	capture_finish(c);
	struct check_source from = { .session = s, .file = file, .first_time = capture_first_time(c) };
	assert_true(check_add_fail_on(&from.fail_on, fail_on));
	FILE *out = open_memstream(&text, &len);
	assert_true(check_write(&from, format, out));
	fclose(out);
	*fails = check_fails(&from);
	assert_true(text_is_utf8(slice_of(text, len)));
	capture_free(c);
	session_free(s);
	return text;
}

static void test_json(void **state)
{
	bool fails;
	(void)state;
	char *text = check_of("samples/tcp.pcap", "a \"name\"\n\xff", "warning", CHECK_JSON, &fails);
	json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	json_t *list = json_object_get(j, "broken");
	assert_true(fails && json_is_true(json_object_get(j, "failed")));
	assert_int_equal(json_integer_value(json_object_get(j, "messages")), 79);
	assert_int_equal(json_integer_value(json_object_get(j, "warnings")), 6);
	assert_int_equal(json_integer_value(json_object_get(j, "notes")), 3);
	assert_int_equal(json_array_size(list), 9);
	assert_string_equal(json_string_value(json_object_get(j, "file")), "a \"name\"\n\xef\xbf\xbd");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "rule")), "token-expired");
	assert_true(json_is_true(json_object_get(json_array_get(list, 1), "fails")));
	assert_true(json_is_false(json_object_get(json_array_get(list, 0), "fails")));
	json_decref(j);
	free(text);
	text = check_of("build/samples/upload.pcap", "f", "note", CHECK_JSON, &fails);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "broken")), 0);
	assert_false(fails || json_is_true(json_object_get(j, "failed")));
	json_decref(j);
	free(text);
}

static unsigned times(const char *text, const char *word)
{
	unsigned n = 0;
	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

/* Late rules stand with their last word only: the gap that was a warning is an error in the end. */
static void test_late(void **state)
{
	bool fails;
	(void)state;
	char *text = check_of("build/samples/seq_gap.pcap", "f", "error", CHECK_TEXT, &fails);
	assert_true(fails);
	assert_int_equal(times(text, "seq-gap"), 1);
	assert_int_equal(times(text, "seq-gap (error)"), 1);
	free(text);
	text = check_of("build/samples/seq_reordered.pcap", "f", "warning", CHECK_TEXT, &fails);
	assert_false(fails);
	assert_int_equal(times(text, "seq-reordered (note)"), 2);
	assert_int_equal(times(text, "seq-gap"), 0);
	free(text);
}

static void test_junit(void **state)
{
	bool fails;
	(void)state;
	char *text = check_of("samples/tcp.pcap", "<&\"\x01>.pcap", "type-missing", CHECK_JUNIT, &fails);
	assert_true(fails);
	assert_non_null(strstr(text, "<testsuite name=\"envscope: &lt;&amp;&quot;\xef\xbf\xbd&gt;.pcap\""));
	assert_int_equal(times(text, "<testcase "), RULES);
	assert_int_equal(times(text, "<failure "), 1);
	assert_int_equal(times(text, "<system-out>"), 3);
	assert_int_equal(times(text, "failures=\"1\""), 2);
	assert_int_equal(times(text, "type-missing (warning)"), 5);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_on), cmocka_unit_test(test_formats), cmocka_unit_test(test_xml),
		cmocka_unit_test(test_json),    cmocka_unit_test(test_late),    cmocka_unit_test(test_junit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
