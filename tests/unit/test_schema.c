/*
 * The schema: every message is found by its names, every command goes with the message that the rules of the protocol name, and the
 * descriptors are those of the protocol's tables (in the shared folder: ENVSCOPE_SHARED, or ../shared), where they are there.
 */
#include "base/buf.h"
#include "decode/schema.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MESSAGES = 129, OTHERS = 2 }; /* google.protobuf.Any and Timestamp */

/* Commands that go by no rule. */
static const struct {
	const char *command, *message;
	enum command_kind kind;
} special[] = {
	{ "error", "ErrorResponse", COMMAND_REPLY },
	{ "ping", "PingRequest", COMMAND_REQUEST },
	{ "pong", "PingResponse", COMMAND_REPLY },
	{ "noop", "Noop", COMMAND_SINGLE },
	{ "refreshtoken", "RefreshToken", COMMAND_SINGLE },
	{ "watchevent", "WatchEvent", COMMAND_EVENT },
	{ "queueevent", "QueueEvent", COMMAND_EVENT },
	{ "beginstream", "BeginStream", COMMAND_STREAM },
	{ "stream", "Stream", COMMAND_STREAM },
	{ "endstream", "EndStream", COMMAND_STREAM },
};
enum { SPECIALS = sizeof special / sizeof *special };

static int set_up(void **state)
{
	*state = schema_new();
	return 0;
}

static int tear_down(void **state)
{
	schema_free(*state);
	return 0;
}

static type_id by_name(const struct schema *s, const char *name)
{
	return schema_type_named(s, slice_str(name));
}

static type_id by_url(const struct schema *s, const char *front, const char *name, const char *end)
{
	struct buf url = { 0 };
	buf_addf(&url, "%s%s%s", front, name, end);
	type_id t = schema_type_of_url(s, buf_slice(&url));
	buf_release(&url);
	return t;
}

static bool url_is(const struct schema *s, type_id t, const char *front, const char *name, const char *end)
{
	struct buf url = { 0 };
	buf_addf(&url, "%s%s%s", front, name, end);
	char *exact = malloc(url.len ? url.len : 1);
	memcpy(exact, url.at, url.len);
	bool is = schema_url_is(s, t, slice_of(exact, url.len));
	free(exact);
	buf_release(&url);
	return is;
}

static void test_types(void **state)
{
	const struct schema *s = *state;
	unsigned ours = 0;
	assert_int_equal(schema_types(s), MESSAGES + OTHERS);
	for (type_id t = 1; t <= schema_types(s); t++) {
		const ProtobufCMessageDescriptor *d = schema_descriptor(s, t);
		const char *name = schema_name(s, t);
		assert_string_equal(strrchr(d->name, '.') + 1, name);
		if (strncmp(d->name, "openiap.", 8) != 0) {
			assert_int_equal(by_url(s, "type.googleapis.com/", d->name, ""), t);
			assert_int_equal(by_name(s, name), 0);
			continue;
		}
		ours++;
		assert_int_equal(by_name(s, name), t);
	}
	assert_int_equal(ours, MESSAGES);
	assert_null(schema_descriptor(s, 0));
	assert_null(schema_descriptor(s, MESSAGES + OTHERS + 1));
	assert_null(schema_descriptor(s, UINT16_MAX));
	assert_null(schema_name(s, 0));
	assert_null(schema_name(s, MESSAGES + OTHERS + 1));
}

static void test_urls(void **state)
{
	const struct schema *s = *state;
	for (type_id t = 1; t <= schema_types(s); t++) {
		const char *name = schema_descriptor(s, t)->name;
		assert_int_equal(by_url(s, "type.googleapis.com/", name, ""), t);
		assert_int_equal(by_url(s, "example.org/a/b/", name, ""), t);
		assert_int_equal(by_url(s, "/", name, ""), t);
		assert_int_equal(by_url(s, "", name, ""), t);
		assert_int_equal(by_url(s, "type.googleapis.com/", name, "X"), 0);
		assert_int_equal(by_url(s, "type.googleapis.com/x", name, ""), 0);
		assert_int_equal(by_url(s, "type.googleapis.com/", name, "/"), 0);
		assert_int_equal(by_url(s, "type.googleapis.com/", name + 1, ""), 0);
		assert_true(url_is(s, t, "type.googleapis.com/", name, ""));
		assert_false(url_is(s, t, "type.googleapis.com/", name, "X"));
		assert_false(url_is(s, t, "type.googleapis_com/", name, ""));
		assert_false(url_is(s, t, "", name, ""));
		assert_false(url_is(s, 0, "type.googleapis.com/", name, ""));
		assert_false(url_is(s, t % schema_types(s) + 1, "type.googleapis.com/", name, ""));
	}
	assert_false(url_is(s, 1, "type.googleapis.com/", "", ""));
	assert_false(url_is(s, 1, "", "", ""));
}

static void test_no_types(void **state)
{
	static const char *const urls[] = { "",
					    "/",
					    "type.googleapis.com/",
					    "openiap.",
					    "openiap",
					    "QueryRequest",
					    "openiap.queryrequest",
					    "openiap.Query",
					    "type.googleapis.com/openiap.CustomCommand" };
	const struct schema *s = *state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_int_equal(schema_type_of_url(s, slice_str(urls[i])), 0);
	assert_int_equal(schema_type_of_url(s, (struct slice){ NULL, 0 }), 0);
	assert_int_equal(schema_type_of_url(s, slice_of("openiap.QueryRequest\0", 21)), 0);
	assert_int_equal(schema_type_named(s, (struct slice){ NULL, 0 }), 0);
	assert_int_equal(schema_type_named(s, slice_of("QueryRequest\0", 13)), 0);
	assert_int_equal(by_name(s, "queryrequest"), 0);
	struct buf longest = { 0 };
	for (int n = 0; n < 300; n++) {
		assert_int_equal(schema_type_of_url(s, buf_slice(&longest)), 0);
		assert_int_equal(schema_type_named(s, buf_slice(&longest)), 0);
		assert_int_equal(schema_command(s, buf_slice(&longest)), 0);
		buf_add_byte(&longest, 'a');
	}
	buf_release(&longest);
}

static const struct command_info *command(const struct schema *s, const char *name)
{
	return schema_command_info(s, schema_command(s, slice_str(name)));
}

static void folded(char *out, const char *name, size_t n, const char *end)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	strcpy(out + n, end);
}

static size_t without(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);
	return n > m && strcmp(name + n - m, end) == 0 ? n - m : 0;
}

static bool is_special(const char *name)
{
	for (size_t i = 0; i < SPECIALS; i++)
		if (strcmp(special[i].message, name) == 0)
			return true;
	return false;
}

/* Every XRequest is what the command x carries, every XResponse what xreply carries. */
static void test_rule(void **state)
{
	const struct schema *s = *state;
	unsigned requests = 0, replies = 0;
	for (type_id t = 1; t <= schema_types(s); t++) {
		char name[80];
		const char *message = schema_name(s, t);
		size_t request = without(message, "Request"), response = without(message, "Response");
		if (is_special(message) || (!request && !response))
			continue;
		folded(name, message, request + response, response ? "reply" : "");
		const struct command_info *c = command(s, name);
		assert_non_null(c);
		assert_string_equal(c->name, name);
		assert_int_equal(c->type, t);
		assert_int_equal(c->kind, request ? COMMAND_REQUEST : COMMAND_REPLY);
		requests += request > 0;
		replies += response > 0;
	}
	assert_true(requests > 40 && replies > 40);
}

static void test_special(void **state)
{
	const struct schema *s = *state;
	for (size_t i = 0; i < SPECIALS; i++) {
		const struct command_info *c = command(s, special[i].command);
		assert_non_null(c);
		assert_int_equal(c->type, by_name(s, special[i].message));
		assert_int_not_equal(c->type, 0);
		assert_int_equal(c->kind, special[i].kind);
		assert_int_equal(c->reply_type, 0);
	}
	const struct command_info *element = command(s, "getelement");
	assert_int_equal(element->type, by_name(s, "GetElementRequest"));
	assert_int_equal(element->reply_type, by_name(s, "GetElementResponse"));
	assert_int_not_equal(element->reply_type, 0);
	assert_int_equal(element->kind, COMMAND_REQUEST);
	assert_int_equal(command(s, "query")->reply_type, 0);
}

/* The other way: each command has a message, and only rule and table made it. */
static void test_commands(void **state)
{
	const struct schema *s = *state;
	for (uint16_t i = 1; i <= schema_commands(s); i++) {
		const struct command_info *c = schema_command_info(s, i);
		char upper[80];
		assert_int_equal(schema_command(s, slice_str(c->name)), i);
		if (strcmp(c->name, "queueclosed") != 0) /* of the protocol before Flow 1.5, which had no types */
			assert_non_null(schema_descriptor(s, c->type));
		size_t n = strlen(c->name);
		for (size_t k = 0; k <= n; k++)
			upper[k] = (char)toupper((unsigned char)c->name[k]);
		assert_int_equal(schema_command(s, slice_of(upper, n)), i); /* case does not matter */
		assert_int_not_equal(schema_command(s, slice_of(c->name, n - 1)), i);
	}
	assert_null(schema_command_info(s, 0));
	assert_null(schema_command_info(s, (uint16_t)(schema_commands(s) + 1)));
	assert_null(schema_command_info(s, UINT16_MAX));
}

static void test_no_commands(void **state)
{
	static const char *const names[] = { "", "x", "que", "queryreplyx", "query ", "envelope", "timestamp", "r\xc3\xb6st" };
	const struct schema *s = *state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(schema_command(s, slice_str(names[i])), 0);
	assert_int_equal(schema_command(s, slice_of("query\0", 6)), 0);
	assert_int_equal(schema_command(s, (struct slice){ NULL, 0 }), 0);
}

static void test_fields(void **state)
{
	const struct schema *s = *state;
	for (type_id t = 1; t <= schema_types(s); t++) {
		const ProtobufCMessageDescriptor *d = schema_descriptor(s, t);
		for (unsigned i = 0; i < d->n_fields; i++) {
			assert_ptr_equal(schema_field(d, d->fields[i].id), &d->fields[i]);
			assert_in_range(schema_wire_type(&d->fields[i]), 0, 5);
		}
		assert_null(schema_field(d, 0));
		assert_null(schema_field(d, 1000));
		assert_null(schema_field(d, UINT32_MAX));
	}
}

/* Which fields hold secrets: found by a second look at all of them. */
static void test_secrets(void **state)
{
	const struct schema *s = *state;
	unsigned jwts = 0, passwords = 0;
	for (type_id t = 1; t <= schema_types(s); t++) {
		const ProtobufCMessageDescriptor *d = schema_descriptor(s, t);
		for (unsigned i = 0; i < d->n_fields; i++) {
			bool jwt = strcmp(d->fields[i].name, "jwt") == 0, word = strcmp(d->fields[i].name, "password") == 0;
			assert_int_equal(schema_is_jwt(&d->fields[i]), jwt);
			assert_int_equal(schema_is_secret(&d->fields[i]), jwt || word);
			jwts += jwt;
			passwords += word;
		}
	}
	assert_int_equal(jwts, 4); /* Envelope, SigninRequest, SigninResponse, RefreshToken */
	assert_int_equal(passwords, 1);
	assert_true(schema_secret_name(slice_str("jwt")) && schema_secret_name(slice_str("password")));
	assert_true(schema_secret_name(slice_str("Password")) && schema_secret_name(slice_str("JWT")));
	assert_false(schema_secret_name(slice_str("passwor")) || schema_secret_name(slice_str("")));
}

static const char *type_text(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32: return "int32";
	case PROTOBUF_C_TYPE_INT64: return "int64";
	case PROTOBUF_C_TYPE_FLOAT: return "float";
	case PROTOBUF_C_TYPE_BOOL: return "bool";
	case PROTOBUF_C_TYPE_STRING: return "string";
	case PROTOBUF_C_TYPE_BYTES: return "bytes";
	case PROTOBUF_C_TYPE_MESSAGE: return ((const ProtobufCMessageDescriptor *)f->descriptor)->name;
	default: return "?";
	}
}

/* "openiap.Ace" as "Ace", as the table may have it. */
static const char *short_type(const char *type)
{
	return strncmp(type, "openiap.", 8) == 0 ? type + 8 : type;
}

/* A row of the table: file, message, number, label, type, field. */
static void check_row(const struct schema *s, char *row)
{
	char *cell[6];
	for (size_t i = 0; i < 6; i++)
		cell[i] = strsep(&row, "\t");
	assert_non_null(cell[5]);
	if (!*cell[2]) /* a message without fields */
		return;
	const ProtobufCMessageDescriptor *d = schema_descriptor(s, by_name(s, cell[1]));
	assert_non_null(d);
	const ProtobufCFieldDescriptor *f = schema_field(d, (uint32_t)strtoul(cell[2], NULL, 10));
	assert_non_null(f);
	assert_string_equal(f->name, cell[5]);
	assert_string_equal(short_type(type_text(f)), short_type(cell[4]));
	assert_int_equal(f->label == PROTOBUF_C_LABEL_REPEATED, strcmp(cell[3], "repeated") == 0);
}

/* A row of the table of methods: service, method, request, reply, and whether they are streams. */
static void check_method(const struct schema *s, char *row)
{
	char *cell[4];
	for (size_t i = 0; i < 4; i++)
		cell[i] = strsep(&row, "\t");
	assert_non_null(cell[3]);
	type_id request = schema_type_of_method(s, slice_str(cell[1]), false);
	type_id response = schema_type_of_method(s, slice_str(cell[1]), true);
	assert_int_equal(request, by_name(s, short_type(cell[2])));
	assert_int_equal(response, by_name(s, short_type(cell[3])));
	assert_true(request && response);
}

/* Reads a table of the shared folder; returns its rows, 0 if it is not there. */
static unsigned read_table(const struct schema *s, const char *name, void (*check)(const struct schema *s, char *row))
{
	char path[4096], row[512];
	const char *shared = getenv("ENVSCOPE_SHARED");
	unsigned rows = 0;
	snprintf(path, sizeof path, "%s/protocol/%s", shared ? shared : "../shared", name);
	FILE *in = fopen(path, "r");
	if (!in) {
		print_message("skipped: no %s in the shared folder\n", name);
		return 0;
	}
	while (fgets(row, sizeof row, in)) {
		row[strcspn(row, "\n")] = 0;
		if (rows++)
			check(s, row);
	}
	fclose(in);
	return rows;
}

static void test_tables(void **state)
{
	unsigned fields = read_table(*state, "messages.tsv", check_row), methods = read_table(*state, "services.tsv", check_method);
	assert_true(fields == 0 || fields > 400);
	assert_true(methods == 0 || methods > 40);
}

static void test_no_methods(void **state)
{
	static const char *const names[] = { "", "query", "QueryRequest", "Quer" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(schema_type_of_method(*state, slice_str(names[i]), false), 0);
	assert_int_equal(schema_type_of_method(*state, slice_str("Query"), false), by_name(*state, "QueryRequest"));
	assert_int_equal(schema_type_of_method(*state, slice_str("Query"), true), by_name(*state, "QueryResponse"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),       cmocka_unit_test(test_urls),       cmocka_unit_test(test_no_types),
		cmocka_unit_test(test_rule),        cmocka_unit_test(test_special),    cmocka_unit_test(test_commands),
		cmocka_unit_test(test_no_commands), cmocka_unit_test(test_fields),     cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_tables),      cmocka_unit_test(test_no_methods),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
