/*
 * The checksum of IP and TCP.
 *
 * Sums are kept in the byte order of this machine, which changes both sides alike (RFC 1071, section 2), so that they can be made of eight
 * bytes at a time.
 */
#include "capture/net/checksum.h"

uint64_t checksum_sum(struct slice bytes)
{
	uint64_t sum = 0, word;
	for (; bytes.len >= sizeof word; bytes = slice_skip(bytes, sizeof word)) {
		memcpy(&word, bytes.at, sizeof word);
		sum += (word & UINT32_MAX) + (word >> 32);
	}
	word = 0;
	if (bytes.len)
		memcpy(&word, bytes.at, bytes.len);
	return sum + (word & UINT32_MAX) + (word >> 32);
}

uint16_t checksum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

uint64_t checksum_pseudo_header(const uint8_t src[16], const uint8_t dst[16], uint32_t len)
{
	uint8_t rest[8] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, IP_PROTO_TCP };
	return checksum_sum(slice_of(src, 16)) + checksum_sum(slice_of(dst, 16)) + checksum_sum(slice_of(rest, sizeof rest));
}

enum checksum checksum_of(const struct ip_packet *ip)
{
	uint16_t has;
	if (ip->payload.len != ip->payload_len || ip->payload.len < TCP_CHECKSUM_AT + sizeof has)
		return CHECKSUM_UNTOLD;
	uint64_t pseudo = checksum_pseudo_header(ip->src, ip->dst, ip->payload_len);
	memcpy(&has, ip->payload.at + TCP_CHECKSUM_AT, sizeof has);
	if (has == checksum_fold(pseudo))
		return CHECKSUM_UNTOLD;
	return checksum_fold(pseudo + checksum_sum(ip->payload)) == UINT16_MAX ? CHECKSUM_RIGHT : CHECKSUM_WRONG;
}
