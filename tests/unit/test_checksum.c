/* Checksums: against RFC 1071 word by word, with a bit turned, and those of the packets that the proxy records. */
#include "capture/net/checksum.h"

#include "capture/proxy/packets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 97, AT = 16, RAW_IPV4 = 20, RAW_IPV6 = 40 };

/* As the RFC says it: words in network order, the odd byte padded. */
static uint16_t slow_sum(uint32_t sum, const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t slow_pseudo(const struct ip_packet *ip)
{
	uint16_t sum = slow_sum(IP_PROTO_TCP + ip->payload_len, ip->src, ip->family == 4 ? 4 : 16);
	return slow_sum(sum, ip->dst, ip->family == 4 ? 4 : 16);
}

static void put(uint8_t *segment, uint16_t checksum)
{
	segment[AT] = (uint8_t)(checksum >> 8);
	segment[AT + 1] = (uint8_t)checksum;
}

/* A segment of n bytes with a right checksum, in a block of its own. */
static uint8_t *fill(struct ip_packet *ip, size_t n, bool ipv6)
{
	uint8_t *segment = calloc(1, n);
	*ip = (struct ip_packet){
		.family = ipv6 ? 6 : 4, .proto = IP_PROTO_TCP, .payload = slice_of(segment, n), .payload_len = (uint32_t)n
	};
	for (size_t i = 0; i < (ipv6 ? 16u : 4u); i++) {
		ip->src[i] = (uint8_t)(rand() >> 7);
		ip->dst[i] = (uint8_t)(rand() >> 7);
	}
	for (size_t i = 0; i < n; i++)
		segment[i] = (uint8_t)(rand() >> 7);
	put(segment, 0);
	put(segment, (uint16_t)~slow_sum(slow_pseudo(ip), segment, n));
	return segment;
}

static void test_every_length(void **state)
{
	(void)state;
	for (size_t n = 20; n < MOST; n++)
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			struct ip_packet ip;
			uint8_t *segment = fill(&ip, n, ipv6);
			assert_int_equal(checksum_of(&ip), CHECKSUM_RIGHT);
			for (size_t bit = 0; bit < 8 * n; bit++) {
				segment[bit / 8] ^= (uint8_t)(1 << bit % 8);
				assert_int_equal(checksum_of(&ip), CHECKSUM_WRONG);
				segment[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
			ip.src[0] ^= 1;
			assert_int_equal(checksum_of(&ip), CHECKSUM_WRONG);
			free(segment);
		}
}

static void test_untold(void **state)
{
	(void)state;
	struct ip_packet ip;
	uint8_t *segment = fill(&ip, MOST, false);
	put(segment, slow_pseudo(&ip));
	assert_int_equal(checksum_of(&ip), CHECKSUM_UNTOLD);
	put(segment, 0);
	ip.payload.len--;
	assert_int_equal(checksum_of(&ip), CHECKSUM_UNTOLD);
	ip.payload_len = 17;
	ip.payload.len = 17;
	assert_int_equal(checksum_of(&ip), CHECKSUM_UNTOLD);
	free(segment);
}

static void take(void *user, const struct packet *p, enum dir dir, uint32_t data)
{
	struct ip_packet ip;
	(void)dir;
	(void)data;
	assert_int_equal(ip_parse(p->bytes, &ip), IP_OK);
	assert_int_equal(checksum_of(&ip), CHECKSUM_RIGHT);
	if (ip.family == 4)
		assert_int_equal(slow_sum(0, p->bytes.at, RAW_IPV4), 0xffff);
	++*(int *)user;
}

static void test_recorded(void **state)
{
	(void)state;
	struct endpoint v4 = { .addr = { 192, 0, 2, 1 }, .family = 4, .port = 4000 },
			v6 = { .addr = { 0x20, 1, 0xd, 0xb8 }, .family = 6, .port = 80 };
	const struct endpoint pairs[][2] = { { v4, v4 }, { v6, v6 }, { v4, v6 } };
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct packets p;
		int seen = 0;
		packets_open(&p, pairs[i], 1, take, &seen);
		packets_bytes(&p, DIR_C2S, slice_str("odd"), 2, take, &seen);
		packets_bytes(&p, DIR_S2C, slice_str("even"), 3, take, &seen);
		packets_end(&p, DIR_C2S, 4, take, &seen);
		assert_true(seen >= 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_recorded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
