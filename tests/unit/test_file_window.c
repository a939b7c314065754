/* Reading ahead: whatever is asked for in whatever order is what the file has there; what it has not is not read. */
#include "base/file_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 3 * WINDOW_BYTES + 77 };

static uint8_t byte_at(uint64_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static int write_file(void)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	for (uint64_t i = 0; i < SIZE; i++)
		fputc(byte_at(i), f);
	fflush(f);
	int fd = dup(fileno(f));
	fclose(f);
	return fd;
}

static void expect(struct file_window *a, struct files f, size_t len, uint64_t place, bool there)
{
	uint8_t got[WINDOW_BYTES];
	assert_int_equal(file_window_read(a, f, got, len, place), there);
	for (size_t i = 0; there && i < len; i++)
		assert_int_equal(got[i], byte_at(files_offset(place) + i));
}

static void orders(void **state)
{
	(void)state;
	int fd = write_file();
	struct files f = { &fd, 1 };
	struct file_window *a = calloc(1, sizeof *a);
	for (uint64_t at = 0; at + 137 <= SIZE; at += 137 + at % 50)
		expect(a, f, 137, at, true);
	for (uint64_t at = SIZE - 137; at > 1000; at -= 991)
		expect(a, f, 137, at, true);
	srand(1);
	for (int i = 0; i < 5000; i++) {
		size_t len = 1 + (size_t)rand() % (i % 10 ? 300 : 9000);
		expect(a, f, len, (uint64_t)rand() % (SIZE - len), true);
	}
	expect(a, f, WINDOW_BYTES, 5, true);
	expect(a, f, 10, SIZE - 10, true);
	expect(a, f, 11, SIZE - 10, false);
	expect(a, f, 1, SIZE, false);
	free(a);
	close(fd);
}

/* A window that ended with the file does not end there once the file has grown. */
static void growing(void **state)
{
	(void)state;
	int fd = write_file();
	struct files f = { &fd, 1 };
	struct file_window *a = calloc(1, sizeof *a);
	expect(a, f, 100, SIZE - 200, true);
	expect(a, f, 60, SIZE - 100, true);
	expect(a, f, 60, SIZE - 40, false);
	for (uint64_t i = SIZE; i < SIZE + 100; i++) {
		uint8_t b = byte_at(i);
		assert_int_equal(pwrite(fd, &b, 1, (off_t)i), 1);
	}
	expect(a, f, 60, SIZE - 40, true);
	expect(a, f, 60, SIZE + 20, true);
	free(a);
	close(fd);
}

/* Places of two files are never taken for each other. */
static void two_files(void **state)
{
	(void)state;
	int fd[2] = { write_file(), -1 };
	struct files f = { fd, 2 };
	struct file_window *a = calloc(1, sizeof *a);
	expect(a, f, 50, 100, true);
	expect(a, f, 50, 150, true);
	expect(a, f, 50, UINT64_C(1) << FILES_BITS | 200, false);
	free(a);
	close(fd[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(orders), cmocka_unit_test(growing), cmocka_unit_test(two_files) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
