/* Relations: ids found in payloads of every shape, once a message, in order; the first id of a message alone; and as many as are told
 * apart. */
#include "tests/session_feed.h"

#include "decode/relations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define UP DIR_C2S
#define DOWN DIR_S2C

enum { WORKITEM_ID = 1, NAME = 2, FIRST = 1, CORRELATION = 2, ITEMS = 9 };

static int set_up(void **state)
{
	struct feed *f = xcalloc(1, sizeof *f);
	feed_init(f, NULL, NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	feed_release(*state);
	free(*state);
	return 0;
}

/* A message with work items of these ids in the field of that number. */
static void items(struct buf *out, uint32_t field, const char *const *ids)
{
	buf_clear(out);
	for (; *ids; ids++) {
		struct buf item = { 0 };
		put_bytes(&item, WORKITEM_ID, slice_str(*ids));
		put_bytes(out, field, buf_slice(&item));
		buf_release(&item);
	}
}

/* Every relation of a kind, a line each: "id: 1 2 3". */
static void assert_relations(const struct feed *f, enum relation_kind kind, const char *want)
{
	struct relations *r = relations_new(f->session, kind);
	struct buf text = { 0 };
	for (uint32_t i = 0; i < relations_count(r); i++) {
		struct relation one = relations_at(r, i);
		buf_add(&text, one.key);
		for (uint32_t k = 0; k < one.count; k++)
			buf_addf(&text, "%s%u", k ? " " : ": ", one.n[k]);
		buf_add_byte(&text, '\n');
	}
	assert_string_equal(buf_cstr(&text), want);
	assert_int_equal(relations_left_out(r), 0);
	relations_free(r);
	buf_release(&text);
}

#define IDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_workitems(void **state)
{
	struct feed *f = *state;
	struct buf payload = { 0 };
	items(&payload, ITEMS, IDS("b", "a", "b"));
	FEED(f, 0, UP, .command = "pushworkitems", .id = "1", .type = "PushWorkitemsRequest", .payload = buf_slice(&payload));
	items(&payload, FIRST, IDS("a"));
	FEED(f, 0, DOWN, .command = "popworkitemreply", .id = "2", .type = "PopWorkitemResponse", .payload = buf_slice(&payload));
	FEED(f, 0, UP, .command = "updateworkitem", .id = "3", .type = "UpdateWorkitemRequest", .payload = buf_slice(&payload));
	buf_clear(&payload);
	put_bytes(&payload, FIRST, slice_str("b"));
	FEED(f, 0, UP, .command = "deleteworkitem", .id = "4", .type = "DeleteWorkitemRequest", .payload = buf_slice(&payload));
	FEED(f, 0, UP, .command = "unwatch", .id = "5", .type = "UnWatchRequest", .payload = buf_slice(&payload)); /* its id is another */
	assert_relations(f, RELATION_WORKITEM, "b: 1 4\na: 1 2 3\n");
	assert_relations(f, RELATION_CORRELATION, "");
	buf_release(&payload);
}

/* An id beyond 256 bytes is none; the first of several is that of the message. */
/* A reply that is cut behind the _id, or in it. */
static void test_cut(void **state)
{
	struct feed *f = *state;
	struct buf item = { 0 }, payload = { 0 };
	put_bytes(&item, WORKITEM_ID, slice_str("whole"));
	put_bytes(&item, NAME, slice_str("0123456789"));
	put_bytes(&payload, FIRST, buf_slice(&item));
	for (size_t lost = 5; lost <= 15; lost += 10)
		FEED(f, 0, DOWN, .command = "popworkitemreply", .id = "1", .type = "PopWorkitemResponse", .payload = buf_slice(&payload),
		     .cut = true, .gap = true, .lost = lost);
	assert_relations(f, RELATION_WORKITEM, "whole: 1\n");
	buf_release(&item);
	buf_release(&payload);
}

static void test_bounds(void **state)
{
	struct feed *f = *state;
	struct buf payload = { 0 }, id = { 0 }, scratch = { 0 };
	char text[260] = "";
	memset(text, 'x', 257);
	put_bytes(&payload, CORRELATION, slice_str(text));
	FEED(f, 0, UP, .command = "queuemessage", .id = "1", .type = "QueueMessageRequest", .payload = buf_slice(&payload));
	buf_clear(&payload);
	put_bytes(&payload, CORRELATION, slice_str(text + 1));
	FEED(f, 0, UP, .command = "queuemessage", .id = "2", .type = "QueueMessageRequest", .payload = buf_slice(&payload));
	assert_false(relation_id(f->session, RELATION_CORRELATION, 1, &scratch, &id));
	assert_true(relation_id(f->session, RELATION_CORRELATION, 2, &scratch, &id));
	assert_int_equal(id.len, 256);
	items(&payload, ITEMS, IDS("p", "q"));
	uint32_t n = FEED(f, 0, UP, .command = "pushworkitems", .id = "3", .type = "PushWorkitemsRequest", .payload = buf_slice(&payload));
	buf_clear(&id);
	assert_true(relation_id(f->session, RELATION_WORKITEM, n, &scratch, &id));
	assert_string_equal(buf_cstr(&id), "p");
	assert_false(relation_id(f->session, RELATION_TRACE, n, &scratch, &id));
	assert_false(relation_id(f->session, RELATION_TRACE, n + 1, &scratch, &id));
	buf_release(&payload);
	buf_release(&id);
	buf_release(&scratch);
}

/* A message with `count` work items, whose ids are numbers from `from` on. */
static void feed_numbered(struct feed *f, uint32_t from, uint32_t count)
{
	struct buf payload = { 0 }, item = { 0 };
	for (uint32_t i = from; i < from + count; i++) {
		char id[16];
		snprintf(id, sizeof id, "%u", i);
		buf_clear(&item);
		put_bytes(&item, WORKITEM_ID, slice_str(id));
		put_bytes(&payload, ITEMS, buf_slice(&item));
	}
	FEED(f, 0, UP, .command = "pushworkitems", .id = "1", .type = "PushWorkitemsRequest", .payload = buf_slice(&payload));
	buf_release(&item);
	buf_release(&payload);
}

/* As many ids as are told apart, then some that are too many; those that are known go on. */
static void test_too_many(void **state)
{
	enum { TOO_MANY = 3, EACH = 1 << 16 };
	struct feed *f = *state;
	for (uint32_t from = 0; from < RELATIONS_MAX; from += EACH)
		feed_numbered(f, from, RELATIONS_MAX - from < EACH ? RELATIONS_MAX - from : EACH);
	feed_numbered(f, RELATIONS_MAX - 1, 1 + TOO_MANY);
	struct relations *r = relations_new(f->session, RELATION_WORKITEM);
	assert_int_equal(relations_count(r), RELATIONS_MAX);
	assert_int_equal(relations_left_out(r), TOO_MANY);
	assert_true(slice_is(relations_at(r, 0).key, "0"));
	assert_int_equal(relations_at(r, 0).count, 1);
	assert_int_equal(relations_at(r, RELATIONS_MAX - 1).count, 2);
	relations_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_workitems, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
