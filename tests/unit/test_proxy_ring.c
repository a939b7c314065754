/* The ring between relay and pipeline, in one process and between two. */
#include "capture/proxy/teller.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROOM = 8192 };

static bool put(struct ring *r, uint64_t id, size_t n, size_t reserve)
{
	uint8_t bytes[ROOM];
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(id + i);
	struct ring_record head = { .kind = RING_BYTES, .id = id, .amount = id * 3, .time = 5 };
	return ring_put(r, &head, slice_of(bytes, n), reserve);
}

static void assert_record(const struct ring_record *head, struct slice bytes, uint64_t id, size_t n)
{
	assert_int_equal(head->id, id);
	assert_int_equal(head->amount, id * 3);
	assert_int_equal(bytes.len, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(bytes.at[i], (uint8_t)(id + i));
}

/* Every length at every place of the ring. */
static void order(void **state)
{
	struct ring *r = ring_new(ROOM);
	struct ring_record head;
	struct slice bytes;
	(void)state;
	assert_non_null(r);
	assert_false(ring_take(r, &head, &bytes));
	for (uint64_t id = 0; id < 5000; id++) {
		size_t n = id * 7 % 3000;
		assert_true(put(r, id, n, 0));
		assert_true(put(r, id + 1, n / 2, 0));
		assert_true(ring_take(r, &head, &bytes));
		assert_record(&head, bytes, id, n);
		assert_true(ring_take(r, &head, &bytes));
		assert_record(&head, bytes, id + 1, n / 2);
		assert_false(ring_take(r, &head, &bytes));
	}
	ring_free(r);
}

static void full(void **state)
{
	struct ring *r = ring_new(ROOM);
	struct ring_record head;
	struct slice bytes;
	size_t held = 0;
	(void)state;
	while (put(r, held, 100, 1000))
		held++;
	assert_true(held > 40);
	assert_true(put(r, held, 100, 0));
	assert_false(put(r, held, 1000, 0));
	for (size_t i = 0; i <= held; i++) {
		assert_true(ring_take(r, &head, &bytes));
		assert_record(&head, bytes, i, 100);
	}
	assert_false(ring_take(r, &head, &bytes));
	assert_true(put(r, 1, 8000, 0));
	ring_free(r);
}

/* A reader that waits is woken; one that was not told to wait is not. */
static void waking(void **state)
{
	struct ring *r = ring_new(ROOM);
	struct ring_record head;
	struct slice bytes;
	struct pollfd p = { .fd = ring_fd(r), .events = POLLIN };
	(void)state;
	assert_false(ring_owes_wake(r));
	assert_true(put(r, 1, 10, 0));
	assert_true(ring_owes_wake(r));
	ring_wake(r);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_true(ring_take(r, &head, &bytes));
	assert_false(ring_take(r, &head, &bytes));
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_true(put(r, 1, 10, 0));
	assert_int_equal(poll(&p, 1, 0), 0);
	ring_wake(r);
	assert_false(ring_owes_wake(r));
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_true(ring_take(r, &head, &bytes));
	assert_false(ring_take(r, &head, &bytes));
	assert_int_equal(poll(&p, 1, 0), 0);
	ring_free(r);
}

static void between_processes(void **state)
{
	enum { RECORDS = 200000 };
	struct ring *r = ring_new(ROOM);
	struct ring_record head;
	struct slice bytes;
	struct pollfd p = { .fd = ring_fd(r), .events = POLLIN };
	(void)state;
	pid_t writer = fork();
	if (writer == 0) {
		for (uint64_t id = 0; id < RECORDS; id++)
			for (; !put(r, id, id % 200, 0); usleep(10))
				ring_wake(r);
		ring_wake(r);
		_exit(0);
	}
	for (uint64_t id = 0; id < RECORDS; id++) {
		while (!ring_take(r, &head, &bytes))
			assert_int_equal(poll(&p, 1, 20000), 1);
		assert_record(&head, bytes, id, id % 200);
	}
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	ring_free(r);
}

/* What is told of a connection while the reader is slow: bytes become a gap, a sentence is dropped and that is known, the end is owed. */
static void owed(void **state)
{
	enum { LONG = TELL_RESERVE / 2 };
	static const uint8_t text[LONG];
	struct ring *r = ring_new(2 * TELL_RESERVE);
	struct telling t = { .id = 7 }, silent = { .silent = true };
	struct ring_record head;
	struct slice bytes;
	(void)state;
	tell_bytes(&t, r, DIR_C2S, slice_of(text, LONG));
	tell_bytes(&t, r, DIR_C2S, slice_of(text, LONG));
	assert_true(tell_note(&t, r, DIR_C2S, slice_of(text, LONG)));
	assert_true(tell_note(&t, r, DIR_C2S, slice_of(text, LONG)));
	assert_false(tell_note(&t, r, DIR_C2S, slice_of(text, LONG)));
	assert_true(tell_note(&silent, r, DIR_C2S, slice_of(text, LONG)));
	while (tell_note(&t, r, DIR_C2S, slice_of(text, 0)))
		;
	tell_closed(&t, r, CONN_CLOSED_BY_CLIENT);
	assert_false(tell_owed(&t, r));
	for (int i = 0; i < 3; i++)
		assert_true(ring_take(r, &head, &bytes));
	assert_true(head.kind == RING_GAP && head.amount == LONG);
	assert_true(tell_owed(&t, r));
	while (ring_take(r, &head, &bytes) && head.kind == RING_NOTE)
		;
	assert_true(head.kind == RING_CLOSED && head.id == 7);
	ring_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(full),
		cmocka_unit_test(waking),
		cmocka_unit_test(owed),
		cmocka_unit_test(between_processes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
