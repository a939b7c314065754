/*
 * Tunnels, as the networks of containers and virtual machines use them, and the ports of switches that mirror to far away: what a machine's
 * interface shows is then the packet of the tunnel, and the conversation is inside.
 *
 * GRE and IP in IP are told by the protocol number. VXLAN, VXLAN-GPE and Geneve are UDP, told by the port they are sent to and, since anybody may use
 * that port, by the bits of their header that are always the same. Nothing is copied: the packet inside is a slice of the one around it.
 */
#include "capture/net/tunnel.h"

#include "capture/net/link.h"

enum {
	PROTO_IPV4 = 4,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_GRE = 47,
	PORT_VXLAN = 4789,
	PORT_VXLAN_LINUX = 8472,
	PORT_VXLAN_GPE = 4790,
	PORT_GENEVE = 6081,
	TYPE_IPV4 = 0x0800,
	TYPE_ETHERNET = 0x6558,
	TYPE_IPV6 = 0x86dd,
	TYPE_ERSPAN = 0x88be, /* types I and II */
	TYPE_ERSPAN_3 = 0x22eb,
	GRE_CHECKSUM = 0x8000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_OTHERS = 0x4fff, /* routing, reserved, version: not 0 in none that carries IP so */
	ERSPAN_3_MORE = 1,   /* the last bit of its header: 8 bytes follow */
	VXLAN_FLAGS = 8,     /* there is a number of its network, */
	VXLAN_GROUP = 0x80,  /* and perhaps a group of the sender's (draft-smith-vxlan-group-policy) */
	GPE_FLAGS = 12,      /* there is a number of its network, and in the last byte what is inside (draft-ietf-nvo3-vxlan-gpe) */
	GPE_IPV4 = 1,
	GPE_IPV6 = 2,
	GPE_ETHERNET = 3,
};

static enum tunnel_status is_ip(const struct cursor *c, struct slice *inner)
{
	if (c->short_ || !c->rest.len)
		return TUNNEL_SHORT;
	*inner = c->rest;
	return TUNNEL_IP;
}

static enum tunnel_status strip_ethernet(const struct cursor *c, struct slice *inner)
{
	if (c->short_)
		return TUNNEL_SHORT;
	switch (link_strip(LINK_ETHERNET, c->rest, inner)) {
	case LINK_IP: return TUNNEL_IP;
	case LINK_SHORT: return TUNNEL_SHORT;
	default: return TUNNEL_OTHER;
	}
}

static enum tunnel_status strip_type(const struct cursor *c, uint16_t type, struct slice *inner)
{
	if (type == TYPE_ETHERNET)
		return strip_ethernet(c, inner);
	return type == TYPE_IPV4 || type == TYPE_IPV6 ? is_ip(c, inner) : TUNNEL_OTHER;
}

/* Type I has no header of its own, and is the one without a sequence number. */
static enum tunnel_status strip_erspan(struct cursor *c, uint16_t type, bool numbered, struct slice *inner)
{
	if (type == TYPE_ERSPAN && numbered)
		cursor_take(c, 8);
	if (type == TYPE_ERSPAN_3) {
		cursor_take(c, 8);
		if (cursor_be32(c) & ERSPAN_3_MORE)
			cursor_take(c, 8);
	}
	return strip_ethernet(c, inner);
}

static enum tunnel_status strip_gre(struct cursor *c, struct slice *inner)
{
	uint16_t flags = cursor_be16(c), type = cursor_be16(c);
	if (c->short_)
		return TUNNEL_SHORT;
	if (flags & GRE_OTHERS)
		return TUNNEL_OTHER;
	cursor_take(c, (flags & GRE_CHECKSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQUENCE ? 4 : 0));
	if (type == TYPE_ERSPAN || type == TYPE_ERSPAN_3)
		return strip_erspan(c, type, flags & GRE_SEQUENCE, inner);
	return strip_type(c, type, inner);
}

static enum tunnel_status strip_vxlan(struct cursor *c, struct slice *inner)
{
	uint32_t flags = cursor_be32(c);
	cursor_take(c, 4);
	if (c->short_)
		return TUNNEL_SHORT;
	if ((flags >> 24 & ~(uint32_t)VXLAN_GROUP) != VXLAN_FLAGS)
		return TUNNEL_NONE;
	return strip_ethernet(c, inner);
}

static enum tunnel_status strip_vxlan_gpe(struct cursor *c, struct slice *inner)
{
	uint32_t flags = cursor_be32(c);
	uint8_t inside = (uint8_t)flags;
	cursor_take(c, 4);
	if (c->short_)
		return TUNNEL_SHORT;
	if (flags >> 24 != GPE_FLAGS)
		return TUNNEL_NONE;
	if (inside == GPE_ETHERNET)
		return strip_ethernet(c, inner);
	return inside == GPE_IPV4 || inside == GPE_IPV6 ? is_ip(c, inner) : TUNNEL_OTHER;
}

static enum tunnel_status strip_geneve(struct cursor *c, struct slice *inner)
{
	uint8_t first = cursor_u8(c);
	cursor_take(c, 1);
	uint16_t type = cursor_be16(c);
	cursor_take(c, 4);
	if (c->short_)
		return TUNNEL_SHORT;
	if (first >> 6)
		return TUNNEL_NONE;
	cursor_take(c, (first & 63) * 4u);
	return strip_type(c, type, inner);
}

static enum tunnel_status strip_udp(struct cursor *c, struct slice *inner)
{
	cursor_take(c, 2);
	uint16_t port = cursor_be16(c);
	cursor_take(c, 4);
	if (port == PORT_VXLAN || port == PORT_VXLAN_LINUX)
		return strip_vxlan(c, inner);
	if (port == PORT_VXLAN_GPE)
		return strip_vxlan_gpe(c, inner);
	return port == PORT_GENEVE ? strip_geneve(c, inner) : TUNNEL_NONE;
}

enum tunnel_status tunnel_strip(const struct ip_packet *outer, struct slice *inner)
{
	struct cursor c = cursor_of(outer->payload);
	switch (outer->proto) {
	case PROTO_IPV4:
	case PROTO_IPV6: return is_ip(&c, inner);
	case PROTO_GRE: return strip_gre(&c, inner);
	case PROTO_UDP: return strip_udp(&c, inner);
	default: return TUNNEL_NONE;
	}
}
