/*
 * The TCP header.
 *
 * Only what reassembly needs is read; options are passed over. The payload keeps both lengths, what was
 * captured and what was sent, so that a capture with short packets still tells how much of the stream is
 * missing.
 */
#include "capture/net/tcp.h"

enum { TCP_HEADER = 20 };

bool tcp_parse(const struct ip_packet *ip, struct segment *out)
{
	struct cursor all = cursor_of(ip->payload);
	struct cursor c = cursor_of(cursor_take(&all, TCP_HEADER));
	if (all.short_)
		return false;
	out->sport = cursor_be16(&c);
	out->dport = cursor_be16(&c);
	out->seq = cursor_be32(&c);
	out->ack = cursor_be32(&c);
	uint32_t header = (cursor_u8(&c) >> 4) * 4u;
	out->flags = cursor_u8(&c) & 63;
	if (header < TCP_HEADER || header > ip->payload_len)
		return false;
	out->payload = slice_skip(ip->payload, header);
	out->payload_len = ip->payload_len - header;
	return true;
}
