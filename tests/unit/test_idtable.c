/*
 * The id table against a plain array: what is open stays, what is closed stays for a generation at least, nothing is found that was not
 * added, and memory is bounded.
 */
#include "decode/idtable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { REMEMBERED = 16384, OPEN_MOST = 524288 }; /* as docs/limits.md says */

struct model {
	struct idtable *t;
	uint64_t *key;
	bool *open; /* by n */
	uint32_t n; /* ids added */
};

static bool still_open(void *user, const struct id_entry *e)
{
	const struct model *m = user;
	assert_in_range(e->n, 1, m->n);
	return m->open[e->n];
}

static void model_init(struct model *m, uint32_t most)
{
	m->t = idtable_new(77, still_open, m);
	m->key = calloc(most + 1, sizeof *m->key);
	m->open = calloc(most + 1, sizeof *m->open);
	m->n = 0;
}

static void model_release(struct model *m)
{
	idtable_free(m->t);
	free(m->key);
	free(m->open);
}

static uint64_t key_of(const struct idtable *t, uint32_t number)
{
	char id[16];
	int len = snprintf(id, sizeof id, "%u", number);
	return idtable_key(t, 1, 0, false, slice_of(id, (size_t)len));
}

static void add(struct model *m, bool open)
{
	uint32_t n = ++m->n;
	m->key[n] = key_of(m->t, n);
	m->open[n] = open;
	assert_null(idtable_find(m->t, m->key[n]));
	struct id_entry *e = idtable_add(m->t, m->key[n], n, (enum id_kind)(n % 4), open);
	assert_int_equal(e->n, n);
}

static bool found(const struct model *m, uint32_t n)
{
	const struct id_entry *e = idtable_find(m->t, m->key[n]);
	if (!e)
		return false;
	assert_true(e->key == m->key[n]);
	assert_int_equal(e->n, n);
	assert_int_equal(e->kind, n % 4);
	return true;
}

static void test_closed(void **state)
{
	struct model m;
	(void)state;
	model_init(&m, 200000);
	assert_null(idtable_find(m.t, key_of(m.t, 1)));
	for (uint32_t n = 1; n <= 200000; n++) {
		add(&m, false);
		uint32_t oldest = n > REMEMBERED ? n - REMEMBERED + 1 : 1;
		assert_true(found(&m, oldest) && found(&m, n) && found(&m, oldest + (n - oldest) / 2));
		assert_null(idtable_find(m.t, key_of(m.t, n + 1)));
	}
	unsigned left = 0;
	for (uint32_t n = 1; n <= 200000; n++)
		left += found(&m, n);
	assert_in_range(left, REMEMBERED, 2 * REMEMBERED);
	assert_in_range(idtable_memory(m.t), left * sizeof(struct id_entry), 8 * REMEMBERED * sizeof(struct id_entry));
	assert_int_equal(idtable_forgotten(m.t), 0);
	model_release(&m);
}

/* Nothing is ever closed: all are found, none forgotten, up to the limit that is promised. */
static void test_all_open(void **state)
{
	struct model m;
	(void)state;
	model_init(&m, OPEN_MOST);
	for (uint32_t n = 1; n <= OPEN_MOST; n++) {
		add(&m, true);
		assert_true(found(&m, 1) && found(&m, 1 + n / 2) && found(&m, n));
	}
	for (uint32_t n = 1; n <= OPEN_MOST; n++)
		if (!found(&m, n))
			fail_msg("%u", n);
	assert_int_equal(idtable_forgotten(m.t), 0);
	model_release(&m);
}

/* Beyond the limit: memory stays, what is given up is counted, the newest are there. */
static void test_too_many_open(void **state)
{
	enum { MOST = 5 * OPEN_MOST };
	struct model m;
	uint64_t left = 0;
	(void)state;
	model_init(&m, MOST);
	for (uint32_t n = 1; n <= MOST; n++)
		add(&m, true);
	for (uint32_t n = 1; n <= MOST; n++)
		left += found(&m, n);
	assert_true(left + idtable_forgotten(m.t) == MOST);
	assert_in_range(left, OPEN_MOST, 4 * OPEN_MOST);
	for (uint32_t n = MOST - OPEN_MOST; n <= MOST; n++)
		assert_true(found(&m, n));
	assert_in_range(idtable_memory(m.t), 1, 16u * OPEN_MOST * sizeof(struct id_entry));
	model_release(&m);
}

/* A few stay open among many that close; some of them close later, through the entry or by what the callback says. */
static void test_mixed(void **state)
{
	enum { MOST = 400000 };
	struct model m;
	(void)state;
	model_init(&m, MOST);
	for (uint32_t n = 1; n <= MOST; n++) {
		add(&m, n % 10 == 0);
		if (n % 10 == 0 && n > 50000) {
			uint32_t closing = n - 50000;
			struct id_entry *e = idtable_find(m.t, m.key[closing]);
			assert_non_null(e);
			if (closing % 20)
				e->open = false;
			m.open[closing] = closing % 100 == 0;
		}
	}
	for (uint32_t n = 10; n <= MOST; n += 10) {
		bool closed = n <= MOST - 50000 && (n % 20 || !m.open[n]);
		if (!closed)
			assert_true(found(&m, n));
		else if (n < MOST - 200000)
			assert_false(found(&m, n));
	}
	assert_int_equal(idtable_forgotten(m.t), 0);
	model_release(&m);
}

/* An entry changed in place keeps what it was changed to when it moves on. */
static void test_changed(void **state)
{
	struct model m;
	(void)state;
	model_init(&m, 100000);
	add(&m, true);
	idtable_find(m.t, m.key[1])->kind = ID_ORPHAN;
	for (uint32_t n = 2; n <= 100000; n++)
		add(&m, false);
	const struct id_entry *e = idtable_find(m.t, m.key[1]);
	assert_non_null(e);
	assert_int_equal(e->kind, ID_ORPHAN);
	assert_true(e->open);
	model_release(&m);
}

/* The same id of another connection, direction or kind is another id. */
static void test_keys(void **state)
{
	uint64_t key[64];
	size_t keys = 0;
	struct idtable *t = idtable_new(1, still_open, NULL), *other = idtable_new(2, still_open, NULL);
	(void)state;
	for (uint32_t conn = 1; conn < 5; conn++)
		for (unsigned dir = 0; dir < 2; dir++)
			for (unsigned registration = 0; registration < 2; registration++)
				for (int id = 0; id < 4; id++)
					key[keys++] = idtable_key(t, conn, dir, registration, slice_of("5555", (size_t)id));
	for (size_t i = 0; i < keys; i++) {
		assert_true(key[i] != 0);
		for (size_t k = 0; k < i; k++)
			assert_true(key[i] != key[k]);
	}
	assert_true(idtable_key(other, 1, 0, false, slice_str("5")) != idtable_key(t, 1, 0, false, slice_str("5")));
	assert_true(idtable_key(t, 4, 1, true, slice_of("5555", 3)) == key[63]);
	idtable_prefetch(t, key[0]); /* of an empty table */
	assert_int_equal(idtable_memory(t), 0);
	idtable_free(t);
	idtable_free(other);
	idtable_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed), cmocka_unit_test(test_all_open), cmocka_unit_test(test_too_many_open),
		cmocka_unit_test(test_mixed),  cmocka_unit_test(test_changed),  cmocka_unit_test(test_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
