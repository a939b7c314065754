/*
 * A mutator for texts that are made of words (a display filter, a command line, a config file), for libFuzzer: it puts in words that the target takes
 * from the program's own tables, at the bounds of others or in their place. That is a dictionary which can't grow old.
 */
#ifndef TESTS_FUZZ_WORDS_H
#define TESTS_FUZZ_WORDS_H

#include "tests/mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Appends a word, or some, by chance, from *seed. */
typedef void words_maker(struct buf *out, uint64_t *seed);

static inline bool words_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

/* LLVMFuzzerCustomMutator's work. The first `front` bytes are no text. */
static inline size_t words_mutate(words_maker *make, size_t front, uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct buf out = { 0 };
	uint64_t by = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (size < front || chance(&by, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	size_t at = front + chance(&by, (uint32_t)(size - front) + 1), end = at;
	while (at > front && words_char(data[at - 1]))
		at--;
	if (chance(&by, 2))
		while (end < size && words_char(data[end]))
			end++;
	else
		end = at;
	buf_add(&out, slice_of(data, at));
	make(&out, &by);
	buf_add(&out, slice_of(data + end, size - end));
	size_t len = out.len;
	if (len && len <= max_size)
		memcpy(data, out.at, len);
	buf_release(&out);
	return len && len <= max_size ? len : LLVMFuzzerMutate(data, size, max_size);
}

#endif
