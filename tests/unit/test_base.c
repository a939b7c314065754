/* base/: slices and the cursor, the growable buffer, the arena, chunked arrays, the hash. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/chunks.h"
#include "base/hash.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The bytes in a heap block of exactly their size, so that a sanitizer sees a read beyond them. */
static struct slice exact(const void *at, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	if (n)
		memcpy(copy, at, n);
	return slice_of(copy, n);
}

static void drop(struct slice s)
{
	free((void *)(uintptr_t)s.at);
}

static void test_slices(void **state)
{
	struct slice none = { NULL, 0 }, abc = slice_str("abc");
	(void)state;
	assert_true(slice_eq(none, slice_str("")));
	assert_true(slice_eq(abc, slice_of("abcd", 3)));
	assert_false(slice_eq(abc, slice_str("abd")));
	assert_false(slice_eq(abc, slice_str("ab")));
	assert_true(slice_is(abc, "abc"));
	assert_false(slice_is(abc, "abcd"));
	assert_true(slice_starts(abc, "") && slice_starts(abc, "ab") && slice_starts(abc, "abc"));
	assert_false(slice_starts(abc, "abcd"));
	assert_false(slice_starts(none, "a"));
	assert_true(slice_starts(none, ""));
	assert_true(slice_is(slice_head(abc, 2), "ab"));
	assert_true(slice_is(slice_head(abc, 9), "abc"));
	assert_true(slice_is(slice_skip(abc, 2), "c"));
	assert_int_equal(slice_skip(abc, 3).len, 0);
	assert_int_equal(slice_skip(abc, SIZE_MAX).len, 0);
	assert_ptr_equal(slice_skip(abc, 9).at, abc.at + 3);
	assert_null(slice_skip(none, 1).at);
}

static void test_cursor_numbers(void **state)
{
	static const uint8_t bytes[] = { 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8 };
	struct slice s = exact(bytes, sizeof bytes);
	struct cursor c = cursor_of(s);
	(void)state;
	assert_int_equal(cursor_u8(&c), 0xf1);
	assert_int_equal(cursor_be16(&c), 0xf2f3);
	assert_int_equal(cursor_be32(&c), 0xf4f5f6f7);
	assert_int_equal(c.rest.len, 1);
	assert_false(c.short_);
	c = cursor_of(s);
	assert_true(cursor_be64(&c) == 0xf1f2f3f4f5f6f7f8u);
	c = cursor_of(s);
	assert_true(cursor_le64(&c) == 0xf8f7f6f5f4f3f2f1u);
	c = cursor_of(s);
	assert_true(cursor_le32(&c) == 0xf4f3f2f1u);
	assert_int_equal(cursor_take(&c, 4).len, 4);
	assert_int_equal(cursor_take(&c, 0).len, 0);
	assert_false(c.short_);
	drop(s);
}

/* Every read, from every length: a value when there is enough, else zero, and the cursor sticks. */
static void test_cursor_short(void **state)
{
	static const uint8_t bytes[] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	static const size_t needed[] = { 1, 2, 4, 8, 4, 8 };
	(void)state;
	for (size_t n = 0; n <= sizeof bytes; n++) {
		for (size_t read = 0; read < sizeof needed / sizeof *needed; read++) {
			struct slice s = exact(bytes, n);
			struct cursor c = cursor_of(s);
			uint64_t v = 0;
			switch (read) {
			case 0: v = cursor_u8(&c); break;
			case 1: v = cursor_be16(&c); break;
			case 2: v = cursor_be32(&c); break;
			case 3: v = cursor_be64(&c); break;
			case 4: v = cursor_le32(&c); break;
			case 5: v = cursor_le64(&c); break;
			}
			assert_int_equal(c.short_, n < needed[read]);
			if (!c.short_)
				assert_true(v == 0x0101010101010101u >> (64 - 8 * needed[read]));
			drop(s);
		}
	}
}

static void test_cursor_sticks(void **state)
{
	struct slice s = exact("abc", 3);
	struct cursor c = cursor_of(s);
	(void)state;
	assert_int_equal(cursor_take(&c, 4).len, 0);
	assert_true(c.short_);
	assert_int_equal(cursor_u8(&c), 0);
	assert_null(cursor_take(&c, 1).at);
	assert_int_equal(cursor_take(&c, SIZE_MAX).len, 0);
	assert_true(c.short_);
	struct cursor empty = cursor_of((struct slice){ NULL, 0 });
	assert_int_equal(cursor_take(&empty, 0).len, 0);
	assert_false(empty.short_);
	assert_int_equal(cursor_be64(&empty), 0);
	assert_true(empty.short_);
	drop(s);
}

static void test_buf(void **state)
{
	struct buf b = { 0 };
	(void)state;
	assert_non_null(buf_reserve(&b, 0));
	buf_release(&b);
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(b.len, 0);
	buf_add(&b, (struct slice){ NULL, 0 });
	buf_add_str(&b, "one ");
	buf_add_byte(&b, 't');
	buf_addf(&b, "%s %d", "wo", 3);
	assert_string_equal(buf_cstr(&b), "one two 3");
	assert_int_equal(buf_slice(&b).len, 9);
	buf_consume(&b, 4);
	assert_string_equal(buf_cstr(&b), "two 3");
	buf_consume(&b, 5);
	assert_int_equal(b.len, 0);
	buf_add_str(&b, "x");
	uint8_t *at = b.at;
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_ptr_equal(b.at, at);
	buf_release(&b);
	assert_null(b.at);
	buf_add_str(&b, "again");
	assert_string_equal(buf_cstr(&b), "again");
	buf_release(&b);
}

/* Formatted text of every length around the first guess of buf_addv, behind any number of bytes. */
static void test_buf_format(void **state)
{
	char text[300];
	(void)state;
	for (size_t before = 0; before < 70; before += 7) {
		for (size_t n = 0; n < sizeof text; n++) {
			struct buf b = { 0 };
			memset(text, 'a' + (int)(n % 26), n);
			text[n] = 0;
			for (size_t i = 0; i < before; i++)
				buf_add_byte(&b, '.');
			buf_addf(&b, "%s", text);
			assert_int_equal(b.len, before + n);
			assert_memory_equal(b.at + before, text, n);
			assert_int_equal(strlen(buf_cstr(&b)), before + n);
			buf_release(&b);
		}
	}
}

/* Adds and consumes by chance, held against a plain array. */
static void test_buf_model(void **state)
{
	struct buf b = { 0 };
	static uint8_t model[1 << 16];
	size_t len = 0;
	uint32_t seed = 1;
	(void)state;
	for (int round = 0; round < 20000; round++) {
		seed = seed * 1664525 + 1013904223;
		size_t n = seed >> 16 & 127;
		if (seed >> 8 & 1 && len + n < sizeof model) {
			uint8_t *to = buf_reserve(&b, n);
			assert_true(b.cap - b.len >= n);
			for (size_t i = 0; i < n; i++)
				to[i] = model[len + i] = (uint8_t)(seed >> 24) + (uint8_t)i;
			b.len += n;
			len += n;
		} else {
			n = n < len ? n : len;
			buf_consume(&b, n);
			memmove(model, model + n, len - n);
			len -= n;
		}
		assert_int_equal(b.len, len);
		assert_true(slice_eq(buf_slice(&b), slice_of(model, len)));
	}
	buf_release(&b);
}

static void test_arena(void **state)
{
	struct arena a;
	(void)state;
	arena_init(&a, 100000);
	for (int round = 0; round < 3; round++) {
		uint8_t *at[200];
		for (size_t i = 0; i < 200; i++) {
			at[i] = arena_take(&a, i + 1);
			assert_non_null(at[i]);
			assert_int_equal((uintptr_t)at[i] % alignof(max_align_t), 0);
			for (size_t k = 0; k <= i; k++)
				assert_int_equal(at[i][k], 0);
			memset(at[i], (int)i, i + 1);
		}
		for (size_t i = 0; i < 200; i++)
			for (size_t k = 0; k <= i; k++)
				assert_int_equal(at[i][k], i);
		assert_int_equal(a.used, 200 * 201 / 2);
		assert_false(a.spent);
		arena_clear(&a);
		assert_int_equal(a.used, 0);
	}
	arena_release(&a);
}

static void test_arena_budget(void **state)
{
	struct arena a;
	(void)state;
	arena_init(&a, 1000);
	assert_non_null(arena_take(&a, 0));
	assert_non_null(arena_take(&a, 999));
	assert_null(arena_take(&a, 2));
	assert_true(a.spent);
	assert_non_null(arena_take(&a, 1)); /* what still fits is given */
	assert_null(arena_take(&a, 1));
	assert_null(arena_take(&a, SIZE_MAX));
	arena_clear(&a);
	assert_false(a.spent);
	assert_non_null(arena_take(&a, 1000));
	assert_null(arena_copy(&a, slice_str("x")).at);
	arena_release(&a);
	assert_null(a.blocks);
	assert_int_equal(a.budget, 1000);
	assert_non_null(arena_take(&a, 1000));
	arena_release(&a);
}

/* Takes larger than a block, mixed with small ones. */
static void test_arena_large(void **state)
{
	struct arena a;
	(void)state;
	arena_init(&a, 10 << 20);
	uint8_t *small = arena_take(&a, 10), *large = arena_take(&a, 1 << 20), *after = arena_take(&a, 10);
	memset(small, 1, 10);
	memset(large, 2, 1 << 20);
	memset(after, 3, 10);
	assert_int_equal(small[9], 1);
	assert_int_equal(large[(1 << 20) - 1], 2);
	arena_clear(&a);
	const uint8_t *again = arena_take(&a, 1 << 20);
	for (size_t i = 0; i < 1 << 20; i++)
		if (again[i])
			fail_msg("byte %zu is not zero after a clear", i);
	arena_release(&a);
}

static void test_arena_copy(void **state)
{
	struct arena a;
	(void)state;
	arena_init(&a, 100);
	struct slice s = arena_copy(&a, slice_str("text"));
	assert_true(slice_is(s, "text"));
	assert_int_equal(s.at[4], 0);
	struct slice none = arena_copy(&a, (struct slice){ NULL, 0 });
	assert_non_null(none.at);
	assert_int_equal(none.len, 0);
	assert_int_equal(none.at[0], 0);
	arena_release(&a);
}

static void test_chunks(void **state)
{
	struct chunks c;
	(void)state;
	chunks_init(&c, sizeof(uint64_t));
	assert_null(chunks_at(&c, 0));
	uint64_t *first = chunks_add(&c);
	*first = 7;
	for (uint64_t i = 1; i < 3 * CHUNK_ITEMS + 5; i++) {
		uint64_t *item = chunks_add(&c);
		assert_true(*item == 0);
		*item = i + 7;
	}
	assert_ptr_equal(chunks_at(&c, 0), first); /* nothing moved */
	assert_int_equal(c.count, 3 * CHUNK_ITEMS + 5);
	for (uint64_t i = 0; i < c.count; i++)
		if (*(uint64_t *)chunks_at(&c, i) != i + 7)
			fail_msg("item %llu", (unsigned long long)i);
	assert_null(chunks_at(&c, c.count));
	assert_null(chunks_at(&c, UINT64_MAX));
	assert_true(chunks_memory(&c) >= (size_t)4 * CHUNK_ITEMS * sizeof *first);
	chunks_forget(&c, (uint64_t)2 * CHUNK_ITEMS); /* of chunks that share a huge page, one goes alone */
	for (uint64_t i = c.first; i < c.count; i++)
		if (*(uint64_t *)chunks_at(&c, i) != i + 7)
			fail_msg("item %llu", (unsigned long long)i);
	chunks_release(&c);
	assert_int_equal(c.count, 0);
	assert_int_equal(chunks_memory(&c), 0);
}

/* Forgetting: whole chunks only, numbers go on, memory comes back. */
static void test_chunks_forget(void **state)
{
	struct chunks c;
	(void)state;
	chunks_init(&c, 64);
	for (uint64_t i = 0; i < 4 * CHUNK_ITEMS; i++)
		*(uint64_t *)chunks_add(&c) = i;
	size_t all = chunks_memory(&c);
	assert_true(all >= (size_t)4 * CHUNK_ITEMS * 64);
	chunks_forget(&c, CHUNK_ITEMS - 1);
	assert_int_equal(c.first, 0);
	chunks_forget(&c, CHUNK_ITEMS);
	assert_int_equal(c.first, CHUNK_ITEMS);
	assert_null(chunks_at(&c, CHUNK_ITEMS - 1));
	assert_true(*(uint64_t *)chunks_at(&c, CHUNK_ITEMS) == CHUNK_ITEMS);
	assert_int_equal(all - chunks_memory(&c), CHUNK_ITEMS * 64);
	chunks_forget(&c, 1); /* behind what is gone: nothing */
	chunks_forget(&c, 3 * CHUNK_ITEMS + 17);
	assert_int_equal(c.first, 3 * CHUNK_ITEMS);
	*(uint64_t *)chunks_add(&c) = 99;
	assert_true(*(uint64_t *)chunks_at(&c, 4 * CHUNK_ITEMS) == 99);
	chunks_forget(&c, UINT64_MAX); /* no more than there is */
	assert_int_equal(c.first, 4 * CHUNK_ITEMS);
	assert_true(*(uint64_t *)chunks_at(&c, 4 * CHUNK_ITEMS) == 99);
	chunks_release(&c);
}

/* A chunk that is filled to its last item and forgotten whole, over and over: memory stays at one chunk. */
static void test_chunks_endless(void **state)
{
	struct chunks c;
	(void)state;
	chunks_init(&c, 20);
	for (uint64_t i = 0; i < 40 * (uint64_t)CHUNK_ITEMS; i++) {
		chunks_add(&c);
		if ((i + 1) % CHUNK_ITEMS == 0) {
			chunks_forget(&c, i + 1);
			assert_true(chunks_memory(&c) < (size_t)CHUNK_ITEMS * 20);
			assert_null(chunks_at(&c, i));
		}
	}
	assert_int_equal(c.first, c.count);
	chunks_release(&c);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Ids of all lengths that differ in one byte, and decimal ones: no two alike, under two keys. */
static void test_hash(void **state)
{
	enum { N = 200000 };
	uint64_t *h = malloc(N * sizeof *h);
	(void)state;
	for (uint64_t key = 0; key < 2; key++) {
		size_t n = 0;
		for (size_t len = 0; len <= 40; len++) {
			for (size_t i = 0; i < (len ? len : 1); i++) {
				uint8_t text[40] = { 0 };
				text[i] = 1;
				struct slice s = exact(text, len);
				h[n++] = hash_bytes(s, key);
				assert_true(hash_bytes(s, key) == h[n - 1]);
				assert_true(hash_bytes(s, key ^ 1) != h[n - 1]);
				drop(s);
			}
		}
		for (unsigned i = 0; n < N; i++) {
			char text[16];
			int len = snprintf(text, sizeof text, "%u", i);
			h[n++] = hash_bytes(slice_of(text, (size_t)len), key);
		}
		qsort(h, n, sizeof *h, compare);
		for (size_t i = 0; i < n; i++)
			assert_true(h[i] != 0 && (i == 0 || h[i] != h[i - 1]));
	}
	free(h);
}

/* Decimal ids fill a table of twice their number evenly: no long way to a free slot. */
static void test_hash_spread(void **state)
{
	enum { N = 1 << 14 };
	static uint8_t used[2 * N];
	size_t longest = 0;
	(void)state;
	for (unsigned i = 0; i < N; i++) {
		char text[16];
		int len = snprintf(text, sizeof text, "%u", i);
		size_t at = hash_bytes(slice_of(text, (size_t)len), 42) & (2 * N - 1), way = 0;
		for (; used[at]; way++)
			at = (at + 1) & (2 * N - 1);
		used[at] = 1;
		longest = way > longest ? way : longest;
	}
	assert_in_range(longest, 1, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slices),        cmocka_unit_test(test_cursor_numbers),
		cmocka_unit_test(test_cursor_short),  cmocka_unit_test(test_cursor_sticks),
		cmocka_unit_test(test_buf),           cmocka_unit_test(test_buf_format),
		cmocka_unit_test(test_buf_model),     cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_budget),  cmocka_unit_test(test_arena_large),
		cmocka_unit_test(test_arena_copy),    cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_chunks_forget), cmocka_unit_test(test_chunks_endless),
		cmocka_unit_test(test_hash),          cmocka_unit_test(test_hash_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
