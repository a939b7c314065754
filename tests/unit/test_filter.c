/* The display filter: what each operator says about each type, what is refused and where the caret stands, what is read of a message,
 * and that nothing a user or a peer writes makes it run for ever. */
#include "base/when.h"
#include "decode/filter.h"
#include "tests/filter_session.h"
#include "tests/json_paths.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

struct fixture {
	struct filter_session s;
	struct buf error;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	filter_session_init(&f->s);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	filter_session_release(&f->s);
	buf_release(&f->error);
	free(f);
	return 0;
}

static struct filter *made(struct fixture *f, const char *text, bool secrets)
{
	struct filter *filter = filter_new(text, secrets, &f->error);
	if (!filter)
		fail_msg("%s: %s", text, buf_cstr(&f->error));
	filter_set_start(filter, FILTER_SESSION_START);
	return filter;
}

/* The numbers of the messages that match, asked with their bytes and without. */
static void matches(struct fixture *f, struct filter *filter, struct buf *out)
{
	for (uint32_t n = 1; n <= session_count(f->s.session); n++) {
		bool match = filter_match(filter, f->s.session, n, slice_of(NULL, 0));
		assert_int_equal(match, filter_match(filter, f->s.session, n, buf_slice(&f->s.bytes[n])));
		if (match)
			buf_addf(out, "%s%u", out->len ? " " : "", n);
	}
}

static void expect_with(struct fixture *f, const char *text, const char *numbers, bool secrets)
{
	struct buf out = { 0 };
	struct filter *filter = made(f, text, secrets);
	matches(f, filter, &out);
	if (strcmp(buf_cstr(&out), numbers) != 0)
		fail_msg("%s: matches %s, not %s", text, buf_cstr(&out), numbers);
	assert_int_equal(filter_given_up(filter), 0);
	filter_free(filter);
	buf_release(&out);
}

struct expectation {
	const char *text, *numbers;
};

#define EXPECT_ALL(f, list)                                           \
	for (size_t i_ = 0; i_ < sizeof(list) / sizeof *(list); i_++) \
	expect_with(f, (list)[i_].text, (list)[i_].numbers, false)

#define ALL "1 2 3 4 5 6 7 8 9 10"

static void test_numbers(void **state)
{
	static const struct expectation list[] = {
		{ "n == 3", "3" },
		{ "n != 3", "1 2 4 5 6 7 8 9 10" },
		{ "n < 3", "1 2" },
		{ "n <= 3", "1 2 3" },
		{ "n > 8", "9 10" },
		{ "n >= 8", "8 9 10" },
		{ "n eq 3", "3" },
		{ "n ne 3", "1 2 4 5 6 7 8 9 10" },
		{ "n lt 2", "1" },
		{ "n le 1", "1" },
		{ "n gt 9", "10" },
		{ "n ge 10", "10" },
		{ "n in {1 3, 5}", "1 3 5" },
		{ "n == 0x0a", "10" },
		{ "n == 3.0", "3" },
		{ "n > 9.5", "10" },
		{ "n > -1 && n < 2e0", "1" },
		{ "conn == 1", ALL },
		{ "conn", ALL },
		{ "priority == 2", "1" },
		{ "priority > 0", "1" },
		{ "seq == 2", "4 6" },
		{ "seq >= 4", "8" },
		{ "size > 200", "1 8" },
		{ "thread == 1", "1 2" },
		{ "port == 8080", ALL },
		{ "port == 50000 && n == 2", "2" },
		{ "port != 8080", "" },
		{ "port in {1 2}", "" },
		{ "src.port == 8080", "2 3 4 10" },
		{ "dst.port == 8080", "1 5 6 7 8 9" },
		{ "tcp.srcport == 50000", "1 5 6 7 8 9" },
		{ "openiap.n == 3", "3" },
		{ "n==3||n==4", "3 4" },
		{ "n>=3&&n<=4", "3 4" },
	};
	EXPECT_ALL(*state, list);
}

static void test_spans_and_times(void **state)
{
	static const struct expectation list[] = {
		{ "rel == 0.25", "1" },
		{ "rel == .5", "2" },
		{ "rel > 2.2500000001", "10" },
		{ "rel <= 0.25", "1" },
		{ "latency == 0.25", "2 10" },
		{ "latency > 0.25", "" },
		{ "latency >= 0.25", "2 10" },
		{ "latency < 10", "2 10" },
		{ "latency", "2 10" },
		{ "latency != 1", "2 10" },
		{ "!latency && n < 4", "1 3" },
		{ "latency in {0.1 0.25}", "2 10" },
		{ "time == 2025-11-22T20:40:00.25Z", "1" },
		{ "time == \"2025-11-22T20:40:00.250Z\"", "1" },
		{ "time == 2025-11-22T21:40:00.250000000+01:00", "1" },
		{ "time == 2025-11-22T15:10:00.25-0530", "1" },
		{ "time < 2025-11-22T20:40:01Z", "1 2 3" },
		{ "time <= 2025-11-22T20:40:01Z", "1 2 3 4" },
		{ "time >= 2025-11-22", ALL },
		{ "time >= 2025-11-23", "" },
		{ "time > 2025-11-22T20:40", ALL },
		{ "time > \"2025-11-22 20:40:02\"", "9 10" },
		{ "time in {2025-11-22T20:40:00.25Z 2025-11-22T20:40:00.5Z}", "1 2" },
		{ "time != 2025-11-22", ALL },
	};
	EXPECT_ALL(*state, list);
}

static void test_words(void **state)
{
	static const struct expectation list[] = {
		{ "command == \"query\"", "1 9" },
		{ "command == query", "1 9" },
		{ "command == \"QUERY\"", "1 9" },
		{ "command != \"query\" && n < 4", "2 3" },
		{ "command in {\"query\" \"noop\"}", "1 5 9" },
		{ "command contains \"query\"", "1 2 9" },
		{ "command contains \"QUERY\"", "" },
		{ "command matches \"^q.*y$\"", "1 2 9" },
		{ "command ~ \"REPLY$\"", "2 3 4" },
		{ "command matches \"(?-i)REPLY$\"", "" },
		{ "command == \"mycommand\"", "7" },
		{ "command == \"MyCommand\"", "7" },
		{ "command matches \"^my\"", "7" },
		{ "command in {watch mycommand}", "6 7" },
		{ "command", ALL },
		{ "dir == c2s", "1 5 6 7 8 9" },
		{ "dir == \"s2c\"", "2 3 4 10" },
		{ "dir != c2s", "2 3 4 10" },
		{ "transport == tcp", ALL },
		{ "transport in {ws grpc}", "" },
		{ "role == reply", "2 3 4 10" },
		{ "role == \"request\"", "1 6 7 8 9" },
		{ "role in {single event}", "5" },
		{ "message == \"QueryRequest\"", "1 9" },
		{ "message matches \"Response$\"", "2 3 4 10" },
		{ "message", "1 2 3 4 5 6 8 9 10" },
		{ "message != \"QueryRequest\" && n < 3", "2" },
		{ "message contains \"Workitem\"", "3" },
		{ "state == failed", "9 10" },
		{ "state == done && n < 3", "1 2" },
		{ "state == \"no request\"", "3 4" },
		{ "tls", "" },
		{ "tls == false", ALL },
		{ "tls == 1", "" },
		{ "tls != true", ALL },
		{ "tls in {false}", ALL },
		{ "!tls", ALL },
	};
	EXPECT_ALL(*state, list);
}

static void test_rules(void **state)
{
	static const struct expectation list[] = {
		{ "rules", "3 4 9 10" },
		{ "rules == \"seq-duplicate\"", "9" },
		{ "rules contains \"seq\"", "9" },
		{ "rules matches \"^(error|seq)-\"", "9 10" },
		{ "rules in {rid-unknown error-reply}", "3 4 10" },
		{ "rules != \"seq-duplicate\" && n > 7", "8 10" },
		{ "!rules && n > 7", "8" },
		{ "severity", "3 4 9 10" },
		{ "severity == error", "9" },
		{ "severity >= warning", "3 4 9" },
		{ "severity < \"warning\"", "10" },
		{ "severity > note", "3 4 9" },
		{ "severity <= note", "10" },
		{ "severity != note", "3 4 9" },
		{ "severity contains \"err\"", "9" },
	};
	EXPECT_ALL(*state, list);
}

static void test_texts(void **state)
{
	static const struct expectation list[] = {
		{ "id == \"a1\"", "1" },
		{ "id != \"a1\" && n < 3", "2" },
		{ "id < \"a2\"", "1 7" },
		{ "id >= \"b3\"", "4 10" },
		{ "id > \"b4\"", "" },
		{ "id <= \"a1\"", "1 7" },
		{ "id contains \"a\"", "1 5 6 7 8 9" },
		{ "id matches \"^a[0-9]\"", "1 5 6 8 9" },
		{ "id in {\"a1\" \"b1\"}", "1 2" },
		{ "id == \"a\\n4\"", "7" },
		{ "id == \"a\\x0a4\"", "7" },
		{ "id == \"\\u0061\\u000a4\"", "7" },
		{ "id matches \"a\\s4\"", "7" },
		{ "id matches \"\\x61\\n\"", "7" },
		{ "rid", "2 3 4 10" },
		{ "rid == \"\"", "1 5 6 7 8 9" },
		{ "!rid && dir == s2c", "" },
		{ "rid contains \"\"", ALL },
		{ "rid == \"a1\"", "2" },
		{ "traceid", "8" },
		{ "traceid contains \"b34d\"", "8" },
		{ "spanid", "" },
		{ "type_url contains \"openiap.My\"", "7" },
		{ "type_url == \"\"", "5 9" },
		{ "gist contains \"entities\"", "1 6" },
		{ "gist contains \"hunter2\"", "" },
		{ "jwt", "8" },
		{ "not jwt and n > 7", "9 10" },
	};
	EXPECT_ALL(*state, list);
}

static void test_addresses(void **state)
{
	static const struct expectation list[] = {
		{ "addr == 192.0.2.9", ALL },
		{ "addr == \"192.0.2.9\"", ALL },
		{ "addr != 192.0.2.9", "" },
		{ "addr == 192.0.2.8", "" },
		{ "addr == 192.0.2.0/24", ALL },
		{ "addr == 192.0.2.8/31", ALL },
		{ "addr == 192.0.2.10/31", "" },
		{ "addr == 0.0.0.0/0", ALL },
		{ "addr == 2001:db8::1", ALL },
		{ "addr == 2001:db8::/32", ALL },
		{ "addr == [2001:db8::1]", ALL },
		{ "src == [2001:db8::1]:8080", "2 3 4 10" },
		{ "src == [2001:db8::1]:8081", "" },
		{ "src == 192.0.2.9:50000", "1 5 6 7 8 9" },
		{ "dst == 192.0.2.9", "2 3 4 10" },
		{ "src.addr == 192.0.2.9", "1 5 6 7 8 9" },
		{ "dst.addr in {192.0.2.9 10.0.0.1}", "2 3 4 10" },
		{ "ip.src == 192.0.2.9", "1 5 6 7 8 9" },
		{ "src contains \"192.0\"", "1 5 6 7 8 9" },
		{ "dst matches \":8080$\"", "1 5 6 7 8 9" },
		{ "src", ALL },
		{ "src == \"192.0.2.9:50000\"", "1 5 6 7 8 9" },
	};
	EXPECT_ALL(*state, list);
}

static void test_fields_of_data(void **state)
{
	static const struct expectation list[] = {
		{ "data", "1 2 3 4 6 7 8 10" },
		{ "data.collectionname == \"entities\"", "1 6" },
		{ "data.collectionname", "1 6" },
		{ "data.collectionname != \"x\"", "1 6" },
		{ "data.collectionname contains \"tit\"", "1 6" },
		{ "data.collectionname > \"e\"", "1 6" },
		{ "data.collectionname in {\"a\" \"entities\"}", "1 6" },
		{ "data.top == 5", "1" },
		{ "data.top > 4 && data.top <= 5", "1" },
		{ "data.top in {1 5}", "1" },
		{ "data.skip", "" },
		{ "data.explain", "1" },
		{ "data.explain == true", "1" },
		{ "data.explain == 1", "1" },
		{ "data.explain != false", "1" },
		{ "data.mb == 0.1", "4" },
		{ "data.mb > 0.1", "" },
		{ "data.mb >= 0.1", "4" },
		{ "data.workitem.name contains \"\xc3\xa9\"", "3" },
		{ "data.workitem.name matches \"^wi . 1$\"", "3" },
		{ "data.workitem", "3" },
		{ "data.workitem.retries == -3", "3" },
		{ "data.workitem.retries < 0", "3" },
		{ "data.workitem.nextrun > 2026-11-22", "3" },
		{ "data.workitem.nextrun == \"2026-11-22T19:00:00Z\"", "3" },
		{ "data.workitem.nextrun > \"2026-11-22T19:00:00Z\"", "" },
		{ "data.workitem.nextrun.seconds == 1795374000", "3" },
		{ "data.workitem.files.filename == \"b.png\"", "3" },
		{ "data.workitem.files.filename != \"b.png\"", "" },
		{ "data.workitem.files[0].filename == \"a.txt\"", "3" },
		{ "data.workitem.files[1].filename == \"a.txt\"", "" },
		{ "data.workitem.files[2]", "" },
		{ "data.workitem.files", "3" },
		{ "data.workitem.files.file contains \"PNG\"", "3" },
		{ "data.workitem.files.file == \"\\x89PNG\\x00\"", "3" },
		{ "data.paths contains \"second\"", "6" },
		{ "data.paths[0] contains \"second\"", "" },
		{ "data.paths[1] contains \"second\"", "6" },
		{ "data.paths", "6" },
		{ "data.1 == \"free text\"", "7" },
		{ "data.2 == 7", "7" },
		{ "data[\"collectionname\"] == \"entities\"", "1 6" },
		{ "data.message contains \"collection\"", "10" },
		{ "openiap.data.top == 5", "1" },
	};
	EXPECT_ALL(*state, list);
}

static void test_json(void **state)
{
	static const struct expectation list[] = {
		{ "data.query._type == \"test\"", "1" },
		{ "data.query._type", "1" },
		{ "data.query.age == 40", "1" },
		{ "data.query.age > 39.5", "1" },
		{ "data.query.age == \"40\"", "" },
		{ "data.query.price == 0.1", "1" },
		{ "data.query.tags == \"b\"", "1" },
		{ "data.query.tags[0] == \"b\"", "" },
		{ "data.query.tags[1] == \"b\"", "1" },
		{ "data.query.tags != \"c\"", "1" },
		{ "data.query.tags != \"b\"", "" },
		{ "data.query.none", "" },
		{ "data.query.no", "" },
		{ "data.query.no == false", "1" },
		{ "data.query.nested.x.y == 2", "1" },
		{ "data.query.nested.x[0].y == 2", "" },
		{ "data.query.nested.x[1].y == 2", "1" },
		{ "data.query[\"odd key\"] == \"odd\"", "1" },
		{ "data.query.nested", "1" },
		{ "data.query.missing != 1", "" },
		{ "data.results.name == \"y\"", "2" },
		{ "data.results[0].name == \"y\"", "" },
		{ "data.results[1].name in {\"x\" \"y\"}", "2" },
		{ "data.results[7]", "" },
		{ "data.query contains \"_type\"", "1" },
		{ "data.query.when > \"2026-01-01\"", "1" },
		{ "data.query.when > 2026-01-01", "1" },
		{ "data.query.when in {5 \"2026-01-02\" true}", "1" },
		{ "data.jwt.claims.data.username == \"allan\"", "8" },
		{ "data.jwt.claims.exp > 2025-01-01", "8" },
		{ "data.jwt.claims.exp == 1764003600", "8" },
		{ "data.query.deep.k == 7", "1" },
		{ "data.query.deep.k[0] == 7", "1" },
		{ "data.query.deep.k[1]", "1" },
		{ "data.query.deep.k[2]", "" },
		{ "data.query.deep.k.password", "1" },
		{ "data.query.deep.j", "" },
		{ "data.query.in.jwt.claims.data.username", "1" },
		{ "data.query.in.password.x", "" },
		{ "data.query.in.password", "1" },
		{ "data.query.deep contains \"{\"", "1" },
		{ "data.jwt.header.alg == \"HS256\"", "8" },
	};
	EXPECT_ALL(*state, list);
}

/* Integers that a double can't tell from their neighbours. */
static void test_large_integers(void **state)
{
	static const struct expectation list[] = {
		{ "data.query.id == 9007199254740993", "11" },
		{ "data.query.id == 9007199254740992", "" },
		{ "data.query.id > 9007199254740992", "11" },
		{ "data.query.id < 9007199254740993.5", "11" },
		{ "data.projection.at == 1700000000123456789", "11" },
		{ "data.projection.at in {1700000000123456788 1700000000123456790}", "" },
		{ "data.projection.least == -9223372036854775808", "11" },
		{ "data.projection.least > -9223372036854775808", "" },
		{ "data.query.tenth == 0.1", "11" },
		{ "data.projection.large == 1e300", "11" },
	};
	struct fixture *f = *state;
	if (LDBL_MANT_DIG < 64) /* as on 32-bit ARM */
		skip();
	fs_text(&f->s, 1, "{\"id\":9007199254740993,\"tenth\":0.1}"); /* is read where it stands */
	fs_text(&f->s, 3, "{\"at\":1700000000123456789,\"least\":-9223372036854775808,\"large\":1e300}");
	fs_send(&f->s, (struct fs_head){ .command = "query", .type = "QueryRequest", .id = "a7", .seq = 5 });
	EXPECT_ALL(f, list);
}

/* Text of a few words, mostly JSON, sometimes not. */
static void add_json_by_chance(struct buf *out, uint64_t *seed, int depth)
{
	static const char *const plain[] = { "1",
					     "-0",
					     "2.50",
					     "1e3",
					     "1E999",
					     "123456789012345678",
					     "12345678901234567890",
					     "true",
					     "null",
					     "\"\"",
					     "\"x\"",
					     "\"{}\"",
					     "\" [1]\"",
					     "\"\\u0041\"",
					     "\"\\ud800\"",
					     "\"\xc3\xa9\"",
					     "\"\xff\"",
					     "01",
					     "tru",
					     "\"\x01\"",
					     "",
					     "1.",
					     "\"eyJhIjoxfQ.eyJhIjoxfQ.x\"" };
	static const char *const keys[] = { "a", "a", "b", "b", "jwt", "password", "\\u0061", "", "a\\u0000" };
	unsigned kind = depth > 4 ? 2 : chance(seed, 3);
	if (kind == 2) {
		buf_add_str(out, plain[chance(seed, chance(seed, 4) ? 11 : sizeof plain / sizeof *plain)]);
		return;
	}
	buf_add_byte(out, kind ? '[' : '{');
	for (unsigned i = 0, n = chance(seed, 4); i < n; i++) {
		buf_add_str(out, i ? (chance(seed, 60) ? ", " : "") : "");
		if (!kind)
			buf_addf(out, "\"%s\"%s", keys[chance(seed, chance(seed, 4) ? 6 : sizeof keys / sizeof *keys)],
				 chance(seed, 60) ? ":" : "");
		add_json_by_chance(out, seed, depth + 1);
	}
	buf_add_byte(out, chance(seed, 60) ? (kind ? ']' : '}') : ' ');
}

static void test_json_in_place(void **state)
{
	struct fixture *f = *state;
	struct dissection d;
	struct buf text = { 0 };
	uint64_t seed = 0x5eed;
	dissection_init(&d, session_schema(f->s.session), FILTER_DISSECTION_MAX);
	d.shallow = true;
	for (int i = 0; i < 20000; i++) {
		buf_clear(&text);
		add_json_by_chance(&text, &seed, 0);
		if (!json_paths_agree(&d, buf_slice(&text)))
			fail_msg("%s", buf_cstr(&text));
	}
	buf_release(&text);
	dissection_release(&d);
}

static void test_precedence(void **state)
{
	static const struct expectation list[] = {
		{ "", ALL },
		{ " \t\n", ALL },
		{ "n == 1 || n == 2 && n == 3", "1" },
		{ "(n == 1 || n == 2) && n == 2", "2" },
		{ "! n == 1 && n < 3", "2" },
		{ "!(n > 1 || n == 5)", "1" },
		{ "not n > 1", "1" },
		{ "!!(n == 1)", "1" },
		{ "not not not n > 1", "1" },
		{ "((((n == 1))))", "1" },
		{ "n == 1 or n == 2 and n == 3 or n == 4", "1 4" },
		{ "data.top == 5 || n == 2", "1 2" },
		{ "data.top == 5 && n == 2", "" },
		{ "id == \"a1\" && n == 1 && data.top == 5 && id matches \"1\"", "1" },
	};
	EXPECT_ALL(*state, list);
}

/* Errors: the sentence has `words`, the caret stands under the first character that differs from a space in `mark`. */
static void refused(struct fixture *f, const char *text, const char *mark, const char *words)
{
	struct filter *filter = filter_new(text, false, &f->error);
	if (filter)
		fail_msg("%s: is no error", text);
	const char *error = buf_cstr(&f->error), *first = strchr(error, '\n'), *second = first ? strchr(first + 1, '\n') : NULL;
	assert_non_null(second);
	if (!strstr(error, words) || strstr(error, words) > first)
		fail_msg("%s: does not say \"%s\" but %s", text, words, error);
	if (strncmp(first, "\n  ", 3) != 0 || strncmp(first + 3, text, strlen(text)) != 0)
		fail_msg("%s: is not shown but %s", text, error);
	if (strncmp(second, "\n  ", 3) != 0 || strcmp(second + 3, mark) != 0)
		fail_msg("%s: the mark is not\n  %s but %s", text, mark, error);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *mark, *words;
	} list[] = {
		{ "comand == \"query\"", "^~~~~~", "no field comand; did you mean command?" },
		{ "n == 1 && latncy > 1", "          ^~~~~~", "did you mean latency?" },
		{ "collectionname == \"x\"", "^~~~~~~~~~~~~~", "did you mean data.collectionname?" },
		{ "data.colectionname == \"x\"", "     ^~~~~~~~~~~~~", "did you mean collectionname?" },
		{ "data.collectionName", "     ^~~~~~~~~~~~~~", "did you mean collectionname?" },
		{ "openiap.data.workitem.nmae == \"x\"", "                      ^~~~", "did you mean name?" },
		{ "data.qqqqqqqqqqq", "     ^~~~~~~~~~~", "takes any name" },
		{ "data.top.x == 1", "         ^", "nothing like that in the field before" },
		{ "command > 5", "          ^", "command is text" },
		{ "command > \"a\"", "          ^~~", "no order" },
		{ "command == 5", "           ^", "command is text" },
		{ "seq == \"5\"", "       ^~~", "seq is a number" },
		{ "seq == five", "       ^~~~", "seq is a number" },
		{ "seq == 5x", "       ^~", "seq is a number" },
		{ "seq == nan", "       ^~~", "seq is a number" },
		{ "latency > \"1s\"", "          ^~~~", "a number of seconds" },
		{ "id == 5", "      ^", "id is text, which stands in double quotes" },
		{ "id == abc", "      ^~~", "double quotes" },
		{ "time > 5", "       ^", "a time such as" },
		{ "time > 2026-02-30", "       ^~~~~~~~~~", "a time such as" },
		{ "addr == 1.2.3", "        ^~~~~", "an address such as" },
		{ "addr == 1.2.3.4/33", "        ^~~~~~~~~~", "an address such as" },
		{ "addr == 1.2.3.4:70000", "        ^~~~~~~~~~~~~", "an address such as" },
		{ "addr contains \"1\"", "     ^~~~~~~~", "no text" },
		{ "addr < 1.2.3.4", "     ^", "no order" },
		{ "size contains \"5\"", "     ^~~~~~~~", "no text" },
		{ "tls > 0", "    ^", "no order" },
		{ "tls == 2", "       ^", "true or false" },
		{ "tls in {true 2}", "             ^", "true or false" },
		{ "rules > \"a\"", "      ^", "no order" },
		{ "rules == \"seq-gpa\"", "         ^~~~~~~~~", "did you mean \"seq-gap\"?" },
		{ "role == replay", "        ^~~~~~", "did you mean \"reply\"?" },
		{ "dir in {c2s \"up\"}", "            ^~~~", "dir is never that" },
		{ "message == \"QueryReqest\"", "           ^~~~~~~~~~~~~", "did you mean \"QueryRequest\"?" },
		{ "data.collectionname > 5", "                      ^", "the field is text" },
		{ "data.top == \"5\"", "            ^~~", "the field is a number" },
		{ "data.top contains \"5\"", "         ^~~~~~~~", "no text" },
		{ "data.explain == \"yes\"", "                ^~~~~", "true or false" },
		{ "data.workitem.nextrun > \"soon\"", "                        ^~~~~~", "a time" },
		{ "data.workitem == \"x\"", "              ^~", "name one of its fields" },
		{ "data == 5", "     ^~", "name one of its fields" },
		{ "data.query.x == y", "                ^", "double quotes" },
		{ "data.", "    ^", "a field is missing" },
		{ "data..x", "    ^~~", "a field is missing" },
		{ "data.ids[x]", "         ^", "the number of an element" },
		{ "data.ids[]", "        ^~", "a field is missing" },
		{ "id matches \"a(\"", "              ^", "regular expression: missing closing parenthesis" },
		{ "id matches \"[z-a]\"", "               ^", "regular expression: range out of order" },
		{ "id matches 5", "           ^", "a regular expression in double quotes" },
		{ "id == \"\\q\"", "       ^~", "no such escape" },
		{ "id == \"open", "      ^~~~~", "no closing quote" },
		{ "id == 'a'", "      ^", "double quotes" },
		{ "id = \"a\"", "   ^", "equality is written ==" },
		{ "n & n", "  ^", "\"and\" is written &&" },
		{ "n | n", "  ^", "\"or\" is written ||" },
		{ "n ==", "    ^", "a value is expected" },
		{ "n == == 5", "     ^~", "a value is expected" },
		{ "n == 5 6", "       ^", "&& or || is expected" },
		{ "n == 5 &&", "         ^", "the name of a field is expected" },
		{ "(n == 5", "       ^", "closing parenthesis" },
		{ "n == 5)", "      ^", "&& or || is expected" },
		{ "()", " ^", "the name of a field is expected" },
		{ "!", " ^", "the name of a field is expected" },
		{ "\"a\" == id", "^~~", "the name of a field is expected" },
		{ "n in 5", "     ^", "values in braces" },
		{ "n in {}", "      ^", "no value in these braces" },
		{ "n in {5", "       ^", "closing brace" },
		{ "n in {5 \"6\"}", "        ^~~", "a number" },
		{ "id == \"\xc3\xa9\xe4\xb8\xad\" && x", "              ^", "no field x" },
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		refused(*state, list[i].text, list[i].mark, list[i].words);
}

/* What is no error, since there may be such messages, but hardly what was meant. The first of several is told. */
static void test_doubts(void **state)
{
	static const struct {
		const char *text, *said;
	} list[] = {
		{ "command == qury", "the protocol has no such command; did you mean \"query\"?\n  command == qury\n             ^~~~" },
		{ "n && request != \"png\" && command == qury",
		  "the protocol has no such command; did you mean \"ping\"?\n  n && request != \"png\" && command == qury\n                  ^~~~~" },
		{ "command in {ping \"agregate\"}",
		  "the protocol has no such command; did you mean \"aggregate\"?\n  command in {ping \"agregate\"}\n                   ^~~~~~~~~~" },
		{ "rules contains seqgap",
		  "rules never has that in it; did you mean \"seq-gap\"?\n  rules contains seqgap\n                 ^~~~~~" },
		{ "role contains \"zz\"", "role never has that in it\n  role contains \"zz\"\n                ^~~~" },
		{ "command == getthemoonandthestars", NULL },
		{ "command contains qury", NULL },
		{ "command == QUERY", NULL },
		{ "rules contains \"seq\"", NULL },
		{ "command contains \"\"", NULL },
		{ "rules contains \"\"", NULL },
		{ "command matches \"qury\"", NULL },
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct filter *filter = filter_new(list[i].text, false, &f->error);
		assert_non_null(filter);
		assert_int_equal(f->error.len, 0);
		const char *said = filter_doubt(filter);
		assert_string_equal(said ? said : "", list[i].said ? list[i].said : "");
		filter_free(filter);
	}
}

static void test_secrets(void **state)
{
	static const char *const list[] = { "jwt == \"x\"",
					    "jwt contains \"x\"",
					    "jwt matches \"x\"",
					    "data.jwt == \"x\"",
					    "data.password >= \"a\"",
					    "data.query.password matches \"x\"",
					    "data.query[\"password\"] in {\"x\"}",
					    "data.query.password[0] == \"x\"",
					    "data.query.deep.k.password == \"p\"" };
	static const struct expectation hidden[] = {
		{ "jwt", "8" },
		{ "data.jwt", "8" },
		{ "data.password", "8" },
		{ "data.query.password", "1" },
		{ "data.query contains \"hunter2\"", "" },
		{ "data.query contains \"hidden\"", "1" },
		{ "data.query matches \"hunter\"", "" },
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		assert_null(filter_new(list[i], false, &f->error));
		assert_non_null(strstr(buf_cstr(&f->error), "this is a secret"));
	}
	EXPECT_ALL(f, hidden);
	expect_with(f, "data.password == \"hunter2\"", "8", true);
	expect_with(f, "data.query.password == \"hunter2\"", "1", true);
	expect_with(f, "data.query contains \"hunter2\"", "1", true);
	expect_with(f, "jwt matches \"^eyJ\" && data.jwt contains \"eyJ\"", "8", true);
}

/* Escapes and bidirectional marks of the user's own text do nothing to his terminal either. */
static void test_harmless_error(void **state)
{
	struct fixture *f = *state;
	assert_null(filter_new("\x1b[2J\n == 5", false, &f->error));
	assert_null(memchr(f->error.at, 0x1b, f->error.len));
	assert_string_equal(strchr(buf_cstr(&f->error), '\n'), "\n  \xe2\x90\x9b[2J\xe2\x90\x8a == 5\n  ^");
}

static void test_needs(void **state)
{
	static const struct {
		const char *text;
		enum filter_need need;
	} list[] = {
		{ "", FILTER_INDEX },
		{ "command == \"query\" && seq > 10 && latency < 1", FILTER_INDEX },
		{ "rid || jwt || data", FILTER_INDEX },
		{ "rules || severity == error || addr == 1.2.3.4", FILTER_INDEX },
		{ "id == \"x\"", FILTER_ENVELOPE },
		{ "!(n == 1 || gist)", FILTER_ENVELOPE },
		{ "data.top == 1", FILTER_PAYLOAD },
		{ "id == \"x\" || data.top", FILTER_PAYLOAD },
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct filter *filter = made(*state, list[i].text, false);
		assert_int_equal(filter_needs(filter), list[i].need);
		filter_free(filter);
	}
}

/* What later messages can change is asked for or not. */
static void test_lasting(void **state)
{
	static const struct {
		const char *text;
		bool lasting;
	} list[] = {
		{ "", true },
		{ "command == \"query\" && latency < 1 || role == reply", true },
		{ "state == open", false },
		{ "rules", false },
		{ "!(n == 1 && (id == \"x\" || severity >= warning))", false },
		{ "data.top == 1 && state != done", false },
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct filter *filter = made(*state, list[i].text, false);
		assert_int_equal(filter_lasting(filter), list[i].lasting);
		filter_free(filter);
	}
}

/* Can it be asked about one message of one direction? */
static void test_needs_all(void **state)
{
	static const struct {
		const char *text, *field;
	} list[] = {
		{ "", NULL },
		{ "command == \"query\" && seq > 1 || role == reply && id == \"x\" || data.top == 1", NULL },
		{ "!(seq == 1 && latency < 1)", "latency" },
		{ "n > 5", "n" },
		{ "frame.time_relative > 1", "rel" },
		{ "thread == 1", "thread" },
		{ "state == open", "state" },
		{ "rules", "rules" },
		{ "severity == error", "severity" },
		{ "request == query", NULL },
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct filter *filter = made(*state, list[i].text, false);
		const char *field = filter_needs_all(filter);
		assert_true(!field == !list[i].field);
		if (field)
			assert_string_equal(field, list[i].field);
		filter_free(filter);
	}
}

/* A message that the record alone decides is not read: wrong bytes are not noticed then. */
static void test_lazy(void **state)
{
	struct fixture *f = *state;
	struct filter *filter = made(f, "data.top == 5 && n == 2 || id == \"a1\" && n == 3", false);
	assert_false(filter_match(filter, f->s.session, 1, slice_str("\xff")));
	assert_false(filter_match(filter, f->s.session, 2, slice_str("\xff")));
	assert_true(filter_match(filter, f->s.session, 3, buf_slice(&f->s.bytes[1])));
	assert_false(filter_match(filter, f->s.session, 0, slice_str("")));
	assert_false(filter_match(filter, f->s.session, 11, slice_str("")));
	filter_free(filter);
	filter = made(f, "data.workitem.name == \"x\"", false);
	assert_false(filter_match(filter, f->s.session, 1, buf_slice(&f->s.bytes[3])));
	filter_free(filter);
}

static void repeat(struct buf *out, const char *text, int times)
{
	for (int i = 0; i < times; i++)
		buf_add_str(out, text);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	for (int times = 99; times <= 101; times++) {
		buf_clear(&text);
		repeat(&text, times % 2 ? "!" : "(", times);
		buf_add_str(&text, "n == 1");
		repeat(&text, ")", times % 2 ? 0 : times);
		struct filter *filter = filter_new(buf_cstr(&text), false, &f->error);
		assert_int_equal(filter != NULL, times <= 100);
		filter_free(filter);
	}
	assert_non_null(strstr(buf_cstr(&f->error), "nested too deep"));
	buf_clear(&text);
	repeat(&text, "!(", 8000);
	assert_null(filter_new(buf_cstr(&text), false, &f->error));
	buf_clear(&text);
	repeat(&text, "n||", 5000);
	buf_add_str(&text, "n");
	filter_free(made(f, buf_cstr(&text), false));
	repeat(&text, "  ", 1000);
	assert_null(filter_new(buf_cstr(&text), false, &f->error));
	assert_non_null(strstr(buf_cstr(&f->error), "longer than"));
	buf_clear(&text);
	buf_add_str(&text, "data.query");
	repeat(&text, ".x", 40);
	assert_null(filter_new(buf_cstr(&text), false, &f->error));
	assert_non_null(strstr(buf_cstr(&f->error), "too long"));
	buf_release(&text);
}

/* Patterns that take for ever on texts made for it. */
static void test_hostile_patterns(void **state)
{
	static const char *const patterns[] = {
		"(a+)+$", "(a|a)+$", "(a|aa)+$", "a*b", ".*.*=.*", "(x+x+)+y|(a+a+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"
	};
	struct fixture *f = *state;
	struct buf long_text = { 0 }, filter_text = { 0 };
	repeat(&long_text, "a", 1 << 20);
	buf_add_byte(&long_text, '!');
	fs_text(&f->s, 1, buf_cstr(&long_text));
	fs_text(&f->s, 2, "long");
	buf_clear(&f->s.bytes[0]);
	fs_send(&f->s, (struct fs_head){ .command = "query", .type = "QueryRequest", .id = "a7", .seq = 5 });
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		buf_clear(&filter_text);
		buf_addf(&filter_text, "data.query matches \"%s\"", patterns[i]);
		struct filter *filter = made(f, buf_cstr(&filter_text), false);
		clock_t began = clock();
		assert_false(filter_match(filter, f->s.session, 11, slice_of(NULL, 0)));
		assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 5);
		assert_int_equal(filter_given_up(filter), 1);
		filter_free(filter);
	}
	struct filter *filter = made(f, "data.query matches \"^a\" && data.query matches \"(?<=a)a{7}\"", false);
	assert_true(filter_match(filter, f->s.session, 11, slice_of(NULL, 0)));
	assert_int_equal(filter_given_up(filter), 0);
	filter_free(filter);
	buf_release(&long_text);
	buf_release(&filter_text);
}

/* A search through windows finds what lies in, behind and across them, once. */
static void test_long_texts(void **state)
{
	struct fixture *f = *state;
	const size_t places[] = { 0, 1, 508, 509, 510, 511, 512, 513, 1023, 1024, 4096, 9000, 9994 };
	struct filter *found = made(f, "data.query matches \"x{3}y\"", false), *end = made(f, "data.query matches \"-$\"", false),
		      *begin = made(f, "data.query matches \"^x\"", false);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct buf text = { 0 }, payload = { 0 }, any = { 0 }, e = { 0 };
		repeat(&text, "-", 10000);
		memcpy(text.at + places[i], "xxxy", 4);
		put_bytes(&payload, 1, buf_slice(&text));
		put_bytes(&any, 1, slice_str("openiap.QueryRequest"));
		put_bytes(&any, 2, buf_slice(&payload));
		put_bytes(&e, 6, buf_slice(&any));
		assert_true(filter_match(found, f->s.session, 1, buf_slice(&e)));
		assert_true(filter_match(end, f->s.session, 1, buf_slice(&e)));
		assert_int_equal(filter_match(begin, f->s.session, 1, buf_slice(&e)), places[i] == 0);
		buf_release(&text);
		buf_release(&payload);
		buf_release(&any);
		buf_release(&e);
	}
	filter_free(found);
	filter_free(end);
	filter_free(begin);
}

/* Bytes that are no Envelope, cut at every place. */
static void test_every_cut(void **state)
{
	struct fixture *f = *state;
	struct filter *filter = made(f, "data.query.nested.x.y == 2 && id == \"a1\" && gist", false);
	for (uint32_t n = 1; n <= 10; n++) {
		for (size_t len = 1; len <= f->s.bytes[n].len; len++) {
			uint8_t *copy = malloc(len);
			memcpy(copy, f->s.bytes[n].at, len);
			bool match = filter_match(filter, f->s.session, n, slice_of(copy, len));
			assert_true(!match || n == 1);
			assert_true(match || n != 1 || len < f->s.bytes[n].len);
			free(copy);
		}
	}
	filter_free(filter);
}

static void test_iso(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "1970-01-01", 0 },
		{ "1970-01-01T00:00:00.000000001Z", 1 },
		{ "1969-12-31T23:59:59Z", -NS_PER_S },
		{ "2000-02-29T12:34:56.789", INT64_C(951827696789000000) },
		{ "1970-01-01T01:00+01:00", 0 },
		{ "1970-01-01t00:00:01.5z", 1500000000 },
		{ "1970-01-01T00:00:00.1234567899Z", 123456789 },
		{ "2261-12-31", INT64_C(9214560000000000000) },
	};
	static const char *const bad[] = { "",
					   "2026",
					   "2026-1-1",
					   "2026-00-01",
					   "2026-13-01",
					   "2026-02-29",
					   "1900-02-29",
					   "2026-01-01T",
					   "2026-01-01T24:00",
					   "2026-01-01T10:60",
					   "2026-01-01T10:00:00.",
					   "2026-01-01T10:00:00X",
					   "2026-01-01T10:00Z ",
					   "2026-01-01Z",
					   "1677-01-01",
					   "2262-01-01",
					   "2026-01-01T10:00+1",
					   "2026-01-01T10:00+01:" };
	int64_t ns;
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(when_read_iso(slice_str(good[i].text), &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (when_read_iso(slice_str(bad[i]), &ns))
			fail_msg("%s is no time", bad[i]);
}

/* docs/filter.md lists each field as the table has it, in its order. */
static void test_document(void **state)
{
	const struct filter_field *field;
	struct buf text = { 0 }, row = { 0 };
	FILE *in = fopen("docs/filter.md", "r");
	(void)state;
	if (!in) {
		print_message("docs/filter.md is not in sight from here: not compared\n");
		skip();
	}
	while (!feof(in))
		text.len += fread(buf_reserve(&text, 4096), 1, 4096, in);
	fclose(in);
	const char *at = buf_cstr(&text);
	for (size_t i = 0; (field = filter_field_at(i)); i++) {
		static const char *const needs[] = { "record", "Envelope", "payload" };
		buf_clear(&row);
		buf_addf(&row, "\n| `%s` | %s | %s | %s |", field->name, filter_type_name(field->type), needs[field->need],
			 field->sentence);
		at = strstr(at, buf_cstr(&row));
		if (!at)
			fail_msg("docs/filter.md lacks%s", buf_cstr(&row));
	}
	buf_release(&text);
	buf_release(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_numbers),
		TEST(test_spans_and_times),
		TEST(test_words),
		TEST(test_rules),
		TEST(test_texts),
		TEST(test_addresses),
		TEST(test_fields_of_data),
		TEST(test_json),
		TEST(test_json_in_place),
		TEST(test_large_integers),
		TEST(test_precedence),
		TEST(test_errors),
		TEST(test_doubts),
		TEST(test_secrets),
		TEST(test_harmless_error),
		TEST(test_needs),
		TEST(test_lasting),
		TEST(test_needs_all),
		TEST(test_lazy),
		TEST(test_limits),
		TEST(test_hostile_patterns),
		TEST(test_long_texts),
		TEST(test_every_cut),
		cmocka_unit_test(test_iso),
		cmocka_unit_test(test_document),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
