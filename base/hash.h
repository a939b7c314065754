/* A keyed 64-bit hash of bytes, fast on the short strings that ids are. Not for cryptography; the key keeps a sender who
 * does not know it from choosing ids that collide: each table of what a sender chooses has one of its own (hash_new_key). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

#include <endian.h>
#include <sys/random.h>
#include <time.h>

/* A key that nobody can guess; while the kernel has no randomness yet, one that is at least another each time. */
static inline uint64_t hash_new_key(void)
{
	uint64_t key;
	struct timespec now;
	if (getrandom(&key, sizeof key, GRND_NONBLOCK) == sizeof key)
		return key;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uintptr_t)&key;
}

#ifdef __SIZEOF_INT128__
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#else /* 32 bits: the same in four products */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	uint64_t a1 = a >> 32, b1 = b >> 32, a0 = (uint32_t)a, b0 = (uint32_t)b;
	uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (uint32_t)middle;
	return (other << 32 | (uint32_t)low) ^ (a1 * b1 + (middle >> 32) + (other >> 32));
}
#endif

/* Up to 8 bytes, the first lowest on every machine: spans are told by hashes, and may come from several (export/otlp_ids.c). */
static inline uint64_t hash_word(const uint8_t *at, size_t n)
{
	uint64_t word = 0;
	memcpy(&word, at, n);
	return le64toh(word);
}

/* The last bytes, fewer than 8, in one word: two overlapping loads are quicker than a call for so few. */
static inline uint64_t hash_tail(const uint8_t *at, size_t left)
{
	if (left >= 4)
		return hash_word(at, 4) << 32 | hash_word(at + left - 4, 4);
	return left ? (uint64_t)at[0] << 16 | (uint64_t)at[left / 2] << 8 | at[left - 1] : 0;
}

/* The hash of s under the key; never 0, so that 0 can mark an empty slot. Up to 16 bytes, as nearly all ids and commands have, are two
 * words that may overlap. */
static inline uint64_t hash_bytes(struct slice s, uint64_t key)
{
	uint64_t h = key ^ (s.len * 0x9e3779b97f4a7c15u), last;
	const uint8_t *at = s.at;
	size_t left = s.len;
	for (; left > 16; at += 8, left -= 8)
		h = hash_mix(h ^ hash_word(at, 8), 0xd6e8feb86659fd93u);
	last = left >= 8 ? hash_word(at + left - 8, 8) : 0;
	h = hash_mix(h ^ (left >= 8 ? hash_word(at, 8) : hash_tail(at, left)), last ^ key ^ 0xa0761d6478bd642fu);
	h = hash_mix(h ^ key, 0xe7037ed1a0b428dbu);
	return h ? h : 1;
}

#endif
