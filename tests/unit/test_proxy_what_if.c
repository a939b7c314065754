/* What-ifs: dropped, doubled, reordered and delayed messages, however the bytes are cut. */
#include "capture/proxy/what_if.h"

#include "base/when.h"
#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct proxy_address target = { .scheme = PROXY_SOCKET, .host = "a", .port = 1 };
static const struct conn_info conn = { .number = 1 };

/* A chooser: messages of one command (all, if it is empty), of which one is dropped. */
struct choice {
	const char *only, *drop;
};

static unsigned judge(void *user, const struct piece *m)
{
	const struct choice *c = user;
	struct slice command = slice_head(slice_skip(m->bytes, 5), 4);
	assert_true(m->first && m->last && m->size == m->bytes.len && m->conn->number == 1);
	if (*c->only && !slice_is(command, c->only) && !slice_is(command, c->drop))
		return 0;
	return slice_is(command, c->drop) ? WHAT_IF_CHANGE | WHAT_IF_DROP : WHAT_IF_CHANGE;
}

#define CHOOSE(the_only, the_drop) .chooser = { .user = &(struct choice){ the_only, the_drop }, .judge = judge }

static void feed_one(struct what_if *w, struct slice in, int64_t now, struct buf *out)
{
	struct buf other = { 0 };
	what_if_feed(w, DIR_C2S, in, now, (struct buf *const[2]){ out, &other });
	assert_int_equal(other.len, 0);
}

static bool due_one(struct what_if *w, int64_t now, bool over, struct buf *out)
{
	struct buf other = { 0 };
	return what_if_due(w, now, over, (struct buf *const[2]){ out, &other });
}

/* "ping" and so on as Envelopes behind their lengths, a digit as id: "a1" is command "aaaa", id 1. */
static void add_messages(struct buf *out, const char *script)
{
	for (; script[0] && script[1]; script += 2) {
		uint8_t bytes[] = { 9, 0, 0, 0, 0x22, 1, 0, 0x0a, 4, 0, 0, 0, 0 };
		bytes[6] = (uint8_t)script[1];
		memset(bytes + 9, script[0], 4);
		buf_add(out, slice_of(bytes, sizeof bytes));
	}
}

static void assert_bytes(struct slice got, const char *script)
{
	struct buf expected = { 0 };
	add_messages(&expected, script);
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.at, expected.at, got.len);
	buf_release(&expected);
}

/* Fed in pieces of every size; then over. */
static void assert_changed(const struct what_if_options *o, const char *in, const char *expected)
{
	struct buf bytes = { 0 };
	add_messages(&bytes, in);
	for (size_t step = 1; step <= bytes.len; step++) {
		struct what_if *w = what_if_new(o, &target, &conn);
		struct buf out = { 0 };
		for (size_t at = 0; at < bytes.len; at += step)
			feed_one(w, slice_head(slice_skip(buf_slice(&bytes), at), step), 0, &out);
		assert_false(due_one(w, 0, true, &out));
		assert_bytes(buf_slice(&out), expected);
		buf_release(&out);
		what_if_free(w);
	}
	buf_release(&bytes);
}

static void changes(void **state)
{
	(void)state;
	assert_changed(&(struct what_if_options){ CHOOSE("", "bbbb") }, "a1b2c3b4", "a1c3");
	assert_changed(&(struct what_if_options){ .duplicate = true }, "a1b2", "a1a1b2b2");
	assert_changed(&(struct what_if_options){ .duplicate = true, CHOOSE("bbbb", "") }, "a1b2", "a1b2b2");
	assert_changed(&(struct what_if_options){ .reorder = true }, "a1b2c3d4e5", "b2a1d4c3e5");
	assert_changed(&(struct what_if_options){ .reorder = true, CHOOSE("bbbb", "") }, "a1b2c3d4", "a1c3b2d4");
	assert_changed(&(struct what_if_options){ .reorder = true, .duplicate = true }, "a1b2c3", "b2b2a1a1c3c3");
	assert_changed(&(struct what_if_options){ .reorder = true, CHOOSE("", "bbbb") }, "a1b2c3d4", "c3a1d4");
	assert_changed(&(struct what_if_options){ .reorder = true, .duplicate = true, CHOOSE("bbbb", "") }, "a1b2", "a1b2b2");
}

static void delay(void **state)
{
	struct what_if_options o = { .delay = 100, CHOOSE("bbbb", "") };
	struct what_if *w = what_if_new(&o, &target, &conn);
	struct buf in = { 0 }, out = { 0 };
	(void)state;
	add_messages(&in, "a1b2c3");
	feed_one(w, buf_slice(&in), 1000, &out);
	assert_bytes(buf_slice(&out), "a1");
	assert_true(due_one(w, 1099, false, &out));
	assert_bytes(buf_slice(&out), "a1");
	assert_false(due_one(w, 1100, false, &out));
	assert_bytes(buf_slice(&out), "a1b2c3"); /* nothing passes what waits */
	buf_release(&in);
	buf_release(&out);
	what_if_free(w);
}

/* The message that is passed by another keeps its delay, also where the other has none, and where none comes any more. */
static void delay_reordered(void **state)
{
	struct what_if_options o = { .delay = 100, .reorder = true, CHOOSE("bbbb", "") };
	struct what_if *w = what_if_new(&o, &target, &conn);
	struct buf in = { 0 }, out = { 0 };
	(void)state;
	add_messages(&in, "b1a2b3");
	feed_one(w, buf_slice(&in), 1000, &out);
	assert_bytes(buf_slice(&out), "a2");
	assert_true(due_one(w, 1099, true, &out));
	assert_bytes(buf_slice(&out), "a2");
	assert_false(due_one(w, 1100, true, &out));
	assert_bytes(buf_slice(&out), "a2b1b3");
	buf_release(&in);
	buf_release(&out);
	what_if_free(w);
}

/* Where no other one comes, a message waits for a second, and then goes on as it is. */
static void swapped_by_none(void **state)
{
	const int64_t second = NS_PER_S;
	struct what_if_options o = { .reorder = true };
	struct what_if *w = what_if_new(&o, &target, &conn);
	struct buf in = { 0 }, out = { 0 };
	(void)state;
	add_messages(&in, "a1");
	feed_one(w, buf_slice(&in), 1000, &out);
	assert_true(due_one(w, 1000 + second - 1, false, &out));
	assert_int_equal(out.len, 0);
	assert_false(due_one(w, 1000 + second, false, &out));
	assert_bytes(buf_slice(&out), "a1");
	buf_clear(&in);
	add_messages(&in, "b2c3"); /* the next one waits for a second of its own */
	buf_clear(&out);
	feed_one(w, buf_slice(&in), 2 * second, &out);
	assert_bytes(buf_slice(&out), "c3b2");
	buf_release(&in);
	buf_release(&out);
	what_if_free(w);
}

/* The input cut in two at every byte: a message's time is that of its last byte. */
static void cut_in_two(void **state)
{
	struct what_if_options o = { .delay = 100 };
	struct buf in = { 0 };
	(void)state;
	add_messages(&in, "a1b2");
	for (size_t cut = 0; cut <= in.len; cut++) {
		struct what_if *w = what_if_new(&o, &target, &conn);
		struct buf out = { 0 };
		feed_one(w, slice_head(buf_slice(&in), cut), 0, &out);
		feed_one(w, slice_skip(buf_slice(&in), cut), 50, &out);
		assert_int_equal(out.len, 0);
		assert_int_equal(due_one(w, 100, false, &out), cut < in.len);
		assert_bytes(buf_slice(&out), cut < in.len / 2 ? "" : cut < in.len ? "a1" : "a1b2");
		assert_false(due_one(w, 150, true, &out));
		assert_bytes(buf_slice(&out), "a1b2");
		buf_release(&out);
		what_if_free(w);
	}
	buf_release(&in);
}

/* A connection that ends at any byte: what is whole is changed, the rest passes as it is, and last. */
static void cut_short(void **state)
{
	static const char *const doubled[] = { "", "a1a1", "a1a1b2b2", "a1a1b2b2c3c3" };
	struct what_if_options o = { .duplicate = true };
	struct buf in = { 0 };
	(void)state;
	add_messages(&in, "a1b2c3");
	for (size_t end = 0, one = in.len / 3; end <= in.len; end++) {
		struct what_if *w = what_if_new(&o, &target, &conn);
		struct buf out = { 0 };
		size_t whole = end / one, rest = end % one;
		feed_one(w, slice_head(buf_slice(&in), end), 0, &out);
		assert_bytes(buf_slice(&out), doubled[whole]);
		assert_false(due_one(w, 0, true, &out));
		assert_int_equal(out.len, 2 * whole * one + rest);
		if (rest)
			assert_memory_equal(out.at + 2 * whole * one, in.at + whole * one, rest);
		buf_release(&out);
		what_if_free(w);
	}
	buf_release(&in);
}

/* What waits is limited: no more is to be read, until its time has come. */
static void full(void **state)
{
	struct what_if_options o = { .delay = 100 };
	struct what_if *w = what_if_new(&o, &target, &conn);
	struct buf in = { 0 }, out = { 0 };
	size_t fed = 0;
	(void)state;
	for (int i = 0; i < 1000; i++)
		add_messages(&in, "a1");
	for (; !what_if_full(w); fed += in.len)
		feed_one(w, buf_slice(&in), 0, &out);
	assert_int_equal(out.len, 0);
	assert_in_range(fed, WHAT_IF_HELD, WHAT_IF_HELD + (1 << 16) + in.len);
	assert_false(due_one(w, 100, false, &out));
	assert_int_equal(out.len, fed);
	assert_false(what_if_full(w));
	buf_release(&in);
	buf_release(&out);
	what_if_free(w);
}

/* What is no message of the protocol passes. */
static void no_messages(void **state)
{
	struct what_if_options o = { .duplicate = true };
	struct what_if *w = what_if_new(&o, &target, &conn);
	struct buf out = { 0 };
	(void)state;
	feed_one(w, slice_str("GET / HTTP/1.1\r\n"), 0, &out);
	feed_one(w, slice_str("more"), 0, &out);
	assert_true(slice_is(buf_slice(&out), "GET / HTTP/1.1\r\nmore"));
	assert_false(what_if_full(w));
	buf_release(&out);
	what_if_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes),
		cmocka_unit_test(delay),
		cmocka_unit_test(delay_reordered),
		cmocka_unit_test(swapped_by_none),
		cmocka_unit_test(cut_in_two),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(full),
		cmocka_unit_test(no_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
