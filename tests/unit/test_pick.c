/* Short names of messages, and the names of fields that columns can have. */
#include "base/buf.h"
#include "decode/pick.h"
#include "tests/filter_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_shorts(void **state)
{
	struct schema *s = schema_new();
	(void)state;
	for (type_id t = 1; t <= schema_types(s); t++)
		assert_int_equal(schema_type_short(s, slice_str(schema_short(s, t))), t);
	assert_string_equal(schema_short(s, schema_type_named(s, slice_str("QueryRequest"))), "query");
	assert_string_equal(schema_short(s, schema_type_named(s, slice_str("QueryResponse"))), "queryreply");
	assert_string_equal(schema_short(s, schema_type_named(s, slice_str("PingResponse"))), "pong");
	assert_string_equal(schema_short(s, schema_type_named(s, slice_str("Workitem"))), "workitem");
	assert_null(schema_short(s, 0));
	assert_int_equal(schema_type_short(s, slice_str("nothing")), 0);
	schema_free(s);
}

/* No field of the display filter is taken for a path into a message of that name. */
static void test_no_clash(void **state)
{
	struct picks *p = picks_new(false);
	struct buf error = { 0 };
	const struct filter_field *f;
	(void)state;
	for (size_t i = 0; (f = filter_field_at(i)); i++)
		assert_true(picks_add(p, f->name, &error));
	picks_free(p);
	buf_release(&error);
}

static void test_names(void **state)
{
	static const char *const good[] = {
		"seq", "openiap.seq", "data.query._type", "openiap.query.query._type", "workitem.files[0].filename", "data"
	};
	static const char *const bad[] = { "", "openiap.", "sqe", "query.nothing", "workitem", "nothing.name", "data.", "query.top.x" };
	struct buf error = { 0 };
	struct picks *p = picks_new(false);
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!picks_add(p, good[i], &error))
			fail_msg("%s: %s", good[i], buf_cstr(&error));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(picks_add(p, bad[i], &error));
		assert_true(error.len > 0);
	}
	assert_int_equal(picks_count(p), sizeof good / sizeof *good);
	assert_string_equal(picks_name(p, 1), "openiap.seq");
	picks_free(p);
	buf_release(&error);
}

/* Names of Wireshark's: those we have, and an error that helps where we have none. */
static void test_names_of_wireshark(void **state)
{
	static const char *const good[] = { "frame.number", "frame.len",          "frame.time_epoch",    "ip.src",
					    "tcp.stream",   "tcp.srcport",        "_ws.col.Info",        "openiap.length",
					    "openiap.size", "openiap.request_in", "openiap.response_in", "openiap.latency" };
	static const struct {
		const char *name, *help;
	} bad[] = {
		{ "frame.marked", "of frame. there are frame.number, frame.time" },
		{ "tcp.flags", "of tcp. there are tcp.port, tcp.srcport, tcp.dstport, tcp.stream" },
		{ "_ws.col.Protocol", "of _ws. there are _ws.col.Info" },
		{ "frame.nubmer", "did you mean frame.number?" },
		{ "openiap.rule.seq_gap", "rules contains" },
	};
	struct buf error = { 0 };
	struct picks *p = picks_new(false);
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!picks_add(p, good[i], &error))
			fail_msg("%s: %s", good[i], buf_cstr(&error));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(picks_add(p, bad[i].name, &error));
		if (!strstr(buf_cstr(&error), bad[i].help))
			fail_msg("%s: %s", bad[i].name, buf_cstr(&error));
	}
	picks_free(p);
	buf_release(&error);
}

static void take_text(void *user, const struct pick *v)
{
	buf_add(user, v->text);
	buf_add_byte(user, ' ');
}

/* A command is as it was sent, that of the request as the protocol has it. */
static void test_command_as_sent(void **state)
{
	struct filter_session f;
	struct buf text = { 0 };
	struct picks *p = picks_new(false);
	(void)state;
	filter_session_init(&f);
	fs_send(&f, (struct fs_head){ .command = "Query", .type = "QueryRequest", .id = "a7", .seq = 5 });
	assert_true(picks_add(p, "command", &text) && picks_add(p, "request", &text));
	for (uint32_t n = 10; n <= 11; n++) {
		picks_look(p, f.session, n, buf_slice(&f.bytes[n]), FILTER_SESSION_START);
		picks_values(p, 0, take_text, &text);
		picks_values(p, 1, take_text, &text);
	}
	assert_string_equal(buf_cstr(&text), "error query Query query ");
	picks_free(p);
	buf_release(&text);
	filter_session_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shorts),          cmocka_unit_test(test_no_clash),
		cmocka_unit_test(test_names),           cmocka_unit_test(test_names_of_wireshark),
		cmocka_unit_test(test_command_as_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
