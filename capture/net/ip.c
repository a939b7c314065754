/*
 * IPv4 and IPv6 headers.
 *
 * Two lengths are kept apart all the way: payload.len is what was captured, payload_len what the header
 * announces. A header that runs past the announced length is bad; one that runs past what was captured is
 * only short. Padding that the link layer put behind the packet ends here, because the payload is cut to
 * the announced length.
 *
 * A packet whose sender left segmentation to the network card can carry a length of 0: what was captured
 * counts then.
 */
#include "capture/net/ip.h"

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	IPV4_MORE = 0x2000,
	IPV4_OFFSET = 0x1fff,
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_AH = 51,
	EXT_DESTINATION = 60,
	EXT_MAX = 16,
};

static enum ip_status parse_ipv4(struct slice bytes, struct ip_packet *out)
{
	struct cursor all = cursor_of(bytes);
	struct cursor c = cursor_of(cursor_take(&all, IPV4_HEADER));
	if (all.short_)
		return IP_SHORT;
	uint32_t header = (cursor_u8(&c) & 15) * 4u;
	cursor_take(&c, 1);
	uint32_t total = cursor_be16(&c);
	out->frag_id = cursor_be16(&c);
	uint32_t fragment = cursor_be16(&c);
	cursor_take(&c, 1);
	out->proto = cursor_u8(&c);
	cursor_take(&c, 2);
	memcpy(out->src, cursor_take(&c, 4).at, 4);
	memcpy(out->dst, cursor_take(&c, 4).at, 4);

	if (header < IPV4_HEADER || (total && total < header))
		return IP_BAD;
	if (header > bytes.len)
		return IP_SHORT;
	out->family = 4;
	out->payload = slice_skip(bytes, header);
	out->payload_len = total ? total - header : (uint32_t)out->payload.len;
	out->payload = slice_head(out->payload, out->payload_len);
	out->more = fragment & IPV4_MORE;
	out->frag_offset = (fragment & IPV4_OFFSET) * 8;
	out->fragment = out->more || out->frag_offset;
	return IP_OK;
}

static enum ip_status pass(struct ip_packet *p, uint32_t n)
{
	if (n > p->payload_len)
		return IP_BAD;
	if (n > p->payload.len)
		return IP_SHORT;
	p->payload = slice_skip(p->payload, n);
	p->payload_len -= n;
	return IP_OK;
}

static enum ip_status pass_fragment_header(struct ip_packet *p)
{
	struct cursor c = cursor_of(p->payload);
	uint8_t next = cursor_u8(&c);
	cursor_take(&c, 1);
	uint32_t offset = cursor_be16(&c);
	uint32_t id = cursor_be32(&c);
	enum ip_status status = pass(p, 8);
	if (status != IP_OK)
		return status;
	p->proto = next;
	p->more = offset & 1;
	p->frag_offset = offset & 0xfff8;
	p->frag_id = id;
	p->fragment = p->more || p->frag_offset;
	return IP_OK;
}

static enum ip_status pass_extension(struct ip_packet *p)
{
	if (p->proto == EXT_FRAGMENT)
		return pass_fragment_header(p);
	struct cursor c = cursor_of(p->payload);
	uint8_t next = cursor_u8(&c);
	uint32_t units = cursor_u8(&c);
	if (c.short_)
		return p->payload_len < 2 ? IP_BAD : IP_SHORT;
	enum ip_status status = pass(p, p->proto == EXT_AH ? (units + 2) * 4 : (units + 1) * 8);
	p->proto = next;
	return status;
}

static bool is_extension(uint8_t proto)
{
	return proto == EXT_HOP_BY_HOP || proto == EXT_ROUTING || proto == EXT_FRAGMENT || proto == EXT_AH || proto == EXT_DESTINATION;
}

enum ip_status ip_pass_extensions(struct ip_packet *p)
{
	for (int passed = 0; is_extension(p->proto) && !p->fragment; passed++) {
		enum ip_status status = passed < EXT_MAX ? pass_extension(p) : IP_BAD;
		if (status != IP_OK)
			return status;
	}
	return IP_OK;
}

static enum ip_status parse_ipv6(struct slice bytes, struct ip_packet *out)
{
	struct cursor all = cursor_of(bytes);
	struct cursor c = cursor_of(cursor_take(&all, IPV6_HEADER));
	if (all.short_)
		return IP_SHORT;
	cursor_take(&c, 4);
	uint32_t length = cursor_be16(&c);
	out->proto = cursor_u8(&c);
	cursor_take(&c, 1);
	memcpy(out->src, cursor_take(&c, 16).at, 16);
	memcpy(out->dst, cursor_take(&c, 16).at, 16);
	out->family = 6;
	out->payload_len = length ? length : (uint32_t)all.rest.len;
	out->payload = slice_head(all.rest, out->payload_len);
	return ip_pass_extensions(out);
}

enum ip_status ip_parse(struct slice bytes, struct ip_packet *out)
{
	*out = (struct ip_packet){ 0 };
	if (!bytes.len)
		return IP_SHORT;
	struct cursor c = cursor_of(bytes);
	switch (cursor_u8(&c) >> 4) {
	case 4: return parse_ipv4(bytes, out);
	case 6: return parse_ipv6(bytes, out);
	default: return IP_BAD;
	}
}
