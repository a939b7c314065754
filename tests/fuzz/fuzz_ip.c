/*
 * Frames from arbitrary bytes, through link layer, IP, fragments, tunnels and TCP.
 *
 * The input is a row of frames: a byte for the link type, two for the length, the frame. Each frame is
 * copied into a block of its own size. Time moves by a second a frame.
 */
#include "base/xalloc.h"
#include "capture/net/fragment.h"
#include "capture/net/link.h"
#include "capture/net/tcp.h"
#include "capture/net/tunnel.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int LINKS[] = { LINK_ETHERNET, LINK_RAW, LINK_NULL,  LINK_SLL,   LINK_SLL2, LINK_LOOP,
			     LINK_IPV6,     LINK_PPP, LINK_NFLOG, LINK_PKTAP, 105 };

static uint32_t sum_of(struct slice s)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < s.len; i++)
		sum += s.at[i];
	return sum;
}

static uint32_t read_packet(const struct ip_packet *ip)
{
	struct segment s;
	if (ip->fragment || ip->payload.len > ip->payload_len)
		abort();
	if (ip->proto != IP_PROTO_TCP || !tcp_parse(ip, &s))
		return sum_of(ip->payload);
	if (s.payload.len > s.payload_len || s.payload_len > ip->payload_len)
		abort();
	return sum_of(s.payload);
}

static uint32_t read_frame(struct fragments *f, int link, struct slice frame, int64_t time)
{
	struct slice bytes;
	struct ip_packet ip, whole;
	if (link_strip(link, frame, &bytes) != LINK_IP || ip_parse(bytes, &ip) != IP_OK)
		return 0;
	if (ip.fragment) {
		if (!fragments_feed(f, &ip, time, &whole))
			return 0;
		ip = whole;
	}
	for (int i = 0; i < TUNNELS_MAX && tunnel_strip(&ip, &bytes) == TUNNEL_IP; i++)
		if (ip_parse(bytes, &ip) != IP_OK || ip.fragment)
			return 0;
	return read_packet(&ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fragments *f = fragments_new(8, 200000);
	struct cursor c = cursor_of(slice_of(data, size));
	uint32_t sum = 0;
	for (int64_t time = 0; c.rest.len && !c.short_; time += 1000000000) {
		int link = LINKS[cursor_u8(&c) % (sizeof(LINKS) / sizeof(LINKS[0]))];
		size_t length = cursor_be16(&c);
		struct slice frame = cursor_take(&c, length < c.rest.len ? length : c.rest.len);
		uint8_t *copy = xmalloc(frame.len);
		if (frame.len)
			memcpy(copy, frame.at, frame.len);
		sum += read_frame(f, link, slice_of(copy, frame.len), time);
		free(copy);
	}
	fragments_free(f);
	return sum == UINT32_MAX ? -1 : 0; /* so that the bytes are read indeed */
}
