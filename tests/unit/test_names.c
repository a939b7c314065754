/* Commands by number: those of the schema, learnt ones, and those that find no room. */
#include "decode/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct schema *schema;
	struct names names;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->schema = schema_new();
	names_init(&f->names, f->schema);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	names_release(&f->names);
	schema_free(f->schema);
	free(f);
	return 0;
}

static uint16_t number(struct fixture *f, const char *command)
{
	char *exact = malloc(strlen(command) + 1);
	memcpy(exact, command, strlen(command));
	uint16_t n = names_number(&f->names, slice_of(exact, strlen(command)));
	free(exact);
	return n;
}

static bool named(const struct fixture *f, uint16_t n, const char *name)
{
	return slice_is(names_name(&f->names, n), name);
}

static void test_known(void **state)
{
	struct fixture *f = *state;
	for (uint16_t i = 1; i <= schema_commands(f->schema); i++) {
		const struct command_info *info = schema_command_info(f->schema, i);
		assert_int_equal(number(f, info->name), i);
		assert_true(named(f, i, info->name));
		assert_int_equal(names_kind(&f->names, i), info->kind);
	}
	assert_int_equal(number(f, "QUERY"), number(f, "query"));
	assert_int_equal(f->names.count, 0);
}

static void test_unknown(void **state)
{
	struct fixture *f = *state;
	uint16_t own = number(f, "mycommand"), reply = number(f, "mycommandreply"), upper = number(f, "MyCommand");
	assert_true(own > schema_commands(f->schema));
	assert_true(own != reply && own != upper && reply != upper);
	assert_int_equal(number(f, "mycommand"), own);
	assert_true(named(f, own, "mycommand") && named(f, reply, "mycommandreply") && named(f, upper, "MyCommand"));
	assert_int_equal(names_kind(&f->names, own), COMMAND_REQUEST);
	assert_int_equal(names_kind(&f->names, reply), COMMAND_REPLY);
	assert_int_equal(names_kind(&f->names, number(f, "reply")), COMMAND_REQUEST); /* the reply to nothing */
	assert_int_equal(f->names.unnamed, 0);
}

static void test_none(void **state)
{
	struct fixture *f = *state;
	char long_name[NAME_LONGEST + 2];
	memset(long_name, 'a', sizeof long_name);
	long_name[NAME_LONGEST + 1] = 0;
	assert_int_equal(number(f, ""), NAME_NONE);
	assert_int_equal(names_number(&f->names, (struct slice){ NULL, 0 }), NAME_NONE);
	assert_int_equal(f->names.unnamed, 0);
	assert_int_equal(number(f, long_name), NAME_NONE);
	assert_int_equal(names_number(&f->names, slice_of("a\0b", 3)), NAME_NONE);
	assert_int_equal(f->names.unnamed, 2);
	assert_true(named(f, NAME_NONE, "…"));
	long_name[NAME_LONGEST] = 0;
	uint16_t longest = number(f, long_name);
	assert_int_not_equal(longest, NAME_NONE);
	assert_true(named(f, longest, long_name));
	assert_int_equal(names_kind(&f->names, NAME_NONE), COMMAND_REQUEST);
}

/* As many names as there is room for, and more: those that are known stay known. */
static void test_full(void **state)
{
	struct fixture *f = *state;
	char name[32];
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < NAMES_MAX + 100; i++) {
			snprintf(name, sizeof name, "command%u", i);
			uint16_t n = number(f, name);
			assert_int_equal(n, i < NAMES_MAX ? schema_commands(f->schema) + i + 1 : NAME_NONE);
			assert_true(named(f, n, i < NAMES_MAX ? name : "…"));
		}
	}
	assert_int_equal(f->names.unnamed, 200);
	assert_int_equal(number(f, "query"), schema_command(f->schema, slice_str("query")));
}

/* A secret in a command that is JSON is not kept, and makes no name of its own. */
static void test_secret(void **state)
{
	struct fixture *f = *state;
	uint16_t n = number(f, "{\"jwt\":\"ab\"}");
	assert_true(named(f, n, "{\"jwt\":\"‹hidden, 2 bytes›\"}"));
	assert_int_equal(number(f, "{\"jwt\":\"cd\"}"), n);
	assert_int_equal(f->names.count, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_known), TEST(test_unknown), TEST(test_none), TEST(test_full), TEST(test_secret) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
