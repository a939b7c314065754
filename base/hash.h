/* A keyed 64-bit hash of bytes, fast on the short strings that ids are. Not for cryptography; the key keeps a sender who
 * does not know it from choosing ids that collide. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The hash of s under the key; never 0, so that 0 can mark an empty slot. */
static inline uint64_t hash_bytes(struct slice s, uint64_t key)
{
	uint64_t h = key ^ (s.len * 0x9e3779b97f4a7c15u), word;
	const uint8_t *at = s.at;
	size_t left = s.len;
	for (; left >= 8; at += 8, left -= 8) {
		memcpy(&word, at, 8);
		h = hash_mix(h ^ word, 0xd6e8feb86659fd93u);
	}
	word = 0;
	if (left)
		memcpy(&word, at, left);
	h = hash_mix(h ^ word, 0xa0761d6478bd642fu);
	h = hash_mix(h ^ key, 0xe7037ed1a0b428dbu);
	return h ? h : 1;
}

#endif
