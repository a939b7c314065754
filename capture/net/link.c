/*
 * The link layer: from a captured frame to the IP packet in it.
 *
 * Link types differ in what stands before the packet and in how that names the protocol: by an EtherType
 * (Ethernet and the two "cooked" Linux types, whose VLAN tags look alike), by the address family of the
 * machine that captured, by a number of PPP, or not at all. Behind an EtherType there may be labels of MPLS or a
 * session of PPPoE. Each kind has one function; link_strip chooses. Nothing is copied: the packet is a slice of
 * the frame.
 */
#include "capture/net/link.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100, /* IEEE 802.1Q */
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_QINQ = 0x88a8, /* IEEE 802.1ad */
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_PPPOE = 0x8864, /* RFC 2516: a session */
	ETHERTYPE_MPLS = 0x8847,  /* RFC 5332: and its twin */
	ETHERTYPE_MPLS_2 = 0x8848,
	LENGTH_MOST = 1500, /* IEEE 802.3: up to that it is no EtherType but a length */
	SNAP = 0xaaaa0300,  /* RFC 1042: LLC with an EtherType behind it and the OUI 0 */
	PPP_IPV4 = 0x0021,  /* RFC 1332, RFC 5072 */
	PPP_IPV6 = 0x0057,
	PPP_ADDRESS_CONTROL = 0xff03, /* RFC 1662 */
	CISCO_UNICAST = 0x0f,
	CISCO_MULTICAST = 0x8f,
	NFLOG_PAYLOAD = 9,
	FAMILY_WINDOWS = 23,
	PKTAP_HEAD = 108, /* bytes at least, of which so many at that place are the interface's name */
	PKTAP_NAME = 12,
	PKTAP_NAME_LEN = 24,
	MPLS_BOTTOM = 0x100, /* RFC 3032: the last label */
	MAX_TAGS = 8,
	MAX_LABELS = 16,
};

static enum link_status rest_is_ip(const struct cursor *c, struct slice *ip)
{
	if (c->short_ || !c->rest.len)
		return LINK_SHORT;
	*ip = c->rest;
	return LINK_IP;
}

static bool is_tag(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD;
}

static enum link_status strip_raw(struct cursor *c, struct slice *ip)
{
	struct cursor ahead = *c;
	uint8_t version = cursor_u8(&ahead) >> 4;
	if (!ahead.short_ && version != 4 && version != 6)
		return LINK_OTHER;
	return rest_is_ip(c, ip);
}

static enum link_status strip_ppp_protocol(struct cursor *c, struct slice *ip)
{
	uint16_t protocol = cursor_be16(c);
	if (c->short_)
		return LINK_SHORT;
	return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? rest_is_ip(c, ip) : LINK_OTHER;
}

static enum link_status strip_pppoe(struct cursor *c, struct slice *ip)
{
	cursor_take(c, 6);
	return strip_ppp_protocol(c, ip);
}

static enum link_status strip_ppp(struct cursor *c, struct slice *ip)
{
	struct cursor ahead = *c;
	if (cursor_be16(&ahead) == PPP_ADDRESS_CONTROL && !ahead.short_)
		*c = ahead;
	return strip_ppp_protocol(c, ip);
}

/* Nothing says what is below the labels; IP tells itself. */
static enum link_status strip_mpls(struct cursor *c, struct slice *ip)
{
	uint32_t label = 0;
	for (int i = 0; i < MAX_LABELS && !(label & MPLS_BOTTOM) && !c->short_; i++)
		label = cursor_be32(c);
	if (c->short_)
		return LINK_SHORT;
	return label & MPLS_BOTTOM ? strip_raw(c, ip) : LINK_OTHER;
}

/* What names the protocol where a length stands instead; 0: something else does. */
static uint16_t take_snap(struct cursor *c)
{
	uint32_t llc = cursor_be32(c), oui = cursor_be16(c);
	uint16_t type = cursor_be16(c);
	return llc == SNAP && !oui ? type : 0;
}

static enum link_status strip_ethertype(struct cursor *c, uint16_t type, struct slice *ip)
{
	for (int tags = 0; is_tag(type) && tags < MAX_TAGS; tags++) {
		cursor_take(c, 2);
		type = cursor_be16(c);
	}
	if (!c->short_ && type <= LENGTH_MOST)
		type = take_snap(c);
	if (c->short_)
		return LINK_SHORT;
	if (type == ETHERTYPE_PPPOE)
		return strip_pppoe(c, ip);
	if (type == ETHERTYPE_MPLS || type == ETHERTYPE_MPLS_2)
		return strip_mpls(c, ip);
	if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6)
		return LINK_OTHER;
	return rest_is_ip(c, ip);
}

static enum link_status strip_ethernet(struct cursor *c, struct slice *ip)
{
	cursor_take(c, 12);
	uint16_t type = cursor_be16(c);
	return strip_ethertype(c, type, ip);
}

static enum link_status strip_cisco(struct cursor *c, struct slice *ip)
{
	cursor_take(c, 2);
	uint16_t type = cursor_be16(c);
	return strip_ethertype(c, type, ip);
}

/* A serial line has PPP or what Cisco has in its place, told by the address. */
static enum link_status strip_serial(struct cursor *c, struct slice *ip)
{
	struct cursor ahead = *c;
	uint8_t address = cursor_u8(&ahead);
	return address == CISCO_UNICAST || address == CISCO_MULTICAST ? strip_cisco(c, ip) : strip_ppp(c, ip);
}

static enum link_status strip_sll(struct cursor *c, struct slice *ip)
{
	cursor_take(c, 14);
	uint16_t type = cursor_be16(c);
	return strip_ethertype(c, type, ip);
}

static enum link_status strip_sll2(struct cursor *c, struct slice *ip)
{
	uint16_t type = cursor_be16(c);
	cursor_take(c, 18);
	return strip_ethertype(c, type, ip);
}

/* AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS. */
static bool family_is_ip(uint32_t family)
{
	return family == 2 || family == 10 || family == FAMILY_WINDOWS || family == 24 || family == 28 || family == 30;
}

static enum link_status strip_family(struct cursor *c, bool either_order, struct slice *ip)
{
	uint32_t family = cursor_be32(c);
	if (c->short_)
		return LINK_SHORT;
	if (either_order && !family_is_ip(family))
		family = __builtin_bswap32(family);
	if (!family_is_ip(family))
		return LINK_OTHER;
	return family == FAMILY_WINDOWS ? strip_raw(c, ip) : rest_is_ip(c, ip); /* IPX on BSD */
}

/* A packet is one of several values, each with its length and kind in the byte order of the machine that captured: little-endian ones are read. */
static enum link_status strip_nflog(struct cursor *c, struct slice *ip)
{
	cursor_take(c, 4);
	while (c->rest.len) {
		uint32_t head = cursor_le32(c), length = head & 0xffff;
		if (c->short_ || length < 4)
			break;
		if (head >> 16 == NFLOG_PAYLOAD) {
			c->rest = slice_head(c->rest, length - 4);
			return strip_raw(c, ip);
		}
		cursor_take(c, length - 4);
		cursor_take(c, c->short_ ? 0 : -length % 4);
	}
	return LINK_SHORT;
}

/* macOS says of each packet of what interface, process … it is, and of what link type. That of a header in it is not known here. */
static bool strip_pktap(struct cursor *c, int *link)
{
	struct cursor head = *c;
	uint32_t length = cursor_le32(&head);
	cursor_take(&head, 4);
	*link = (int)cursor_le32(&head);
	cursor_take(c, length);
	return !head.short_ && !c->short_;
}

/* The name of an interface: text, and behind it nothing but zeros. */
static bool is_name(struct slice name)
{
	size_t len = 0;
	while (len < name.len && name.at[len] > ' ' && name.at[len] < 127)
		len++;
	for (size_t i = len; i < name.len; i++)
		if (name.at[i])
			return false;
	return len && len < name.len;
}

/* Of a link type that anybody may use: is it that header, whole, with a packet behind it? */
static bool is_pktap(struct slice frame)
{
	struct cursor c = cursor_of(frame);
	uint32_t length = cursor_le32(&c), kind = cursor_le32(&c);
	struct slice name = slice_head(slice_skip(frame, PKTAP_NAME), PKTAP_NAME_LEN);
	return length >= PKTAP_HEAD && length < frame.len && kind == 1 && is_name(name);
}

enum link_status link_strip(int link, struct slice frame, struct slice *ip)
{
	struct cursor c = cursor_of(frame);
	if (link == LINK_USER2 && is_pktap(frame))
		link = LINK_PKTAP;
	if (link == LINK_PKTAP && !strip_pktap(&c, &link))
		return LINK_SHORT;
	switch (link) {
	case LINK_ETHERNET: return strip_ethernet(&c, ip);
	case LINK_SLL: return strip_sll(&c, ip);
	case LINK_SLL2: return strip_sll2(&c, ip);
	case LINK_NULL: return strip_family(&c, true, ip);
	case LINK_LOOP: return strip_family(&c, false, ip);
	case LINK_PPP: return strip_ppp(&c, ip);
	case LINK_PPP_HDLC: return strip_serial(&c, ip);
	case LINK_CISCO_HDLC: return strip_cisco(&c, ip);
	case LINK_NFLOG: return strip_nflog(&c, ip);
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6: return strip_raw(&c, ip);
	default: return LINK_UNKNOWN;
	}
}

bool link_known(int link)
{
	struct slice ip;
	return link_strip(link, slice_of(NULL, 0), &ip) != LINK_UNKNOWN;
}
