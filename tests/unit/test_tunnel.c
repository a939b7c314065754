/* Tunnels: each kind, its options, what is not IP inside, and packets cut at every position. */
#include "capture/net/tunnel.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ETH "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01"
#define V4 "\x08\x00"
#define V6 "\x86\xdd"
#define TAG "\x81\x00\x00\x2a"
#define UDP(port) "\x9c\x40" port "\x00\x00\x00\x00"
#define VXLAN UDP("\x12\xb5") "\x08\x00\x00\x00\x00\x00\x2a\x00"
#define GPE(inside) UDP("\x12\xb6") "\x0c\x00\x00" inside "\x00\x00\x2a\x00"
#define GENEVE UDP("\x17\xc1")
#define FOUR "\x01\x02\x03\x04"

struct tunnel_case {
	const char *name;
	uint8_t proto;
	const char *head;
	size_t head_len;
	uint8_t first; /* byte of the packet inside */
	enum tunnel_status status;
};

#define TUNNEL(name, proto, head, first, status)                   \
	{                                                          \
		name, proto, head, sizeof(head) - 1, first, status \
	}

static const struct tunnel_case cases[] = {
	TUNNEL("IPv4 in IP", 4, "", 0x45, TUNNEL_IP),
	TUNNEL("IPv6 in IP", 41, "", 0x60, TUNNEL_IP),
	TUNNEL("TCP", 6, "", 0x45, TUNNEL_NONE),
	TUNNEL("GRE", 47, "\x00\x00" V4, 0x45, TUNNEL_IP),
	TUNNEL("GRE, IPv6", 47, "\x00\x00" V6, 0x60, TUNNEL_IP),
	TUNNEL("GRE with a key", 47, "\x20\x00" V4 FOUR, 0x45, TUNNEL_IP),
	TUNNEL("GRE with all it can have", 47, "\xb0\x00" V4 FOUR FOUR FOUR, 0x45, TUNNEL_IP),
	TUNNEL("GRE, Ethernet", 47, "\x00\x00\x65\x58" ETH TAG V6, 0x60, TUNNEL_IP),
	TUNNEL("GRE, ARP", 47, "\x00\x00\x65\x58" ETH "\x08\x06", 0x00, TUNNEL_OTHER),
	TUNNEL("GRE, PPP", 47, "\x30\x01\x88\x0b" FOUR FOUR, 0x45, TUNNEL_OTHER),
	TUNNEL("GRE, a keep-alive", 47, "\x00\x00\x00\x00", 0x00, TUNNEL_OTHER),
	TUNNEL("ERSPAN I", 47, "\x00\x00\x88\xbe" ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("ERSPAN II", 47, "\x10\x00\x88\xbe" FOUR FOUR FOUR ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("ERSPAN III", 47, "\x10\x00\x22\xeb" FOUR FOUR FOUR "\x00\x00\x00\x00" ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("ERSPAN III, longer", 47, "\x10\x00\x22\xeb" FOUR FOUR FOUR "\x00\x00\x00\x01" FOUR FOUR ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("VXLAN", 17, VXLAN ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("VXLAN, a tag", 17, VXLAN ETH TAG V6, 0x60, TUNNEL_IP),
	TUNNEL("VXLAN, ARP", 17, VXLAN ETH "\x08\x06", 0x00, TUNNEL_OTHER),
	TUNNEL("VXLAN as Linux had it", 17, UDP("\x21\x18") "\x08\x00\x00\x00\x00\x00\x2a\x00" ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("VXLAN with a group", 17, UDP("\x12\xb5") "\x88\x48\x12\x34\x00\x00\x2a\x00" ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("no VXLAN on its port", 17, UDP("\x12\xb5") "\x45\x00\x00\x00\x00\x00\x2a\x00" ETH V4, 0x45, TUNNEL_NONE),
	TUNNEL("VXLAN-GPE, IPv4", 17, GPE("\x01"), 0x45, TUNNEL_IP),
	TUNNEL("VXLAN-GPE, IPv6", 17, GPE("\x02"), 0x60, TUNNEL_IP),
	TUNNEL("VXLAN-GPE, Ethernet", 17, GPE("\x03") ETH TAG V4, 0x45, TUNNEL_IP),
	TUNNEL("VXLAN-GPE, NSH", 17, GPE("\x04"), 0x45, TUNNEL_OTHER),
	TUNNEL("no VXLAN-GPE on its port", 17, UDP("\x12\xb6") "\x4c\x00\x00\x01\x00\x00\x2a\x00", 0x45, TUNNEL_NONE),
	TUNNEL("Geneve", 17, GENEVE "\x00\x00\x65\x58\x00\x00\x2a\x00" ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("Geneve with options", 17, GENEVE "\x02\x00\x65\x58\x00\x00\x2a\x00" FOUR FOUR ETH V4, 0x45, TUNNEL_IP),
	TUNNEL("Geneve, IPv6", 17, GENEVE "\x00\x00\x86\xdd\x00\x00\x2a\x00", 0x60, TUNNEL_IP),
	TUNNEL("Geneve, something else", 17, GENEVE "\x00\x00\x88\x0b\x00\x00\x2a\x00", 0x60, TUNNEL_OTHER),
	TUNNEL("no Geneve on its port", 17, GENEVE "\x40\x00\x65\x58\x00\x00\x2a\x00" ETH V4, 0x45, TUNNEL_NONE),
	TUNNEL("UDP of another port", 17, UDP("\x00\x35") "\x08\x00\x00\x00\x00\x00\x2a\x00" ETH V4, 0x45, TUNNEL_NONE),
};

/* Strips a copy in a heap block of exactly that size. *offset: where the packet inside begins in it. */
static enum tunnel_status strip(uint8_t proto, struct slice payload, size_t *offset)
{
	uint8_t *copy = malloc(payload.len ? payload.len : 1);
	struct slice inner = { NULL, 0 };
	if (payload.len)
		memcpy(copy, payload.at, payload.len);
	const struct ip_packet outer = {
		.family = 4, .proto = proto, .payload = slice_of(copy, payload.len), .payload_len = (uint32_t)payload.len
	};
	enum tunnel_status status = tunnel_strip(&outer, &inner);
	if (status == TUNNEL_IP) {
		*offset = (size_t)(inner.at - copy);
		assert_int_equal(*offset + inner.len, payload.len);
	}
	free(copy);
	return status;
}

static void check_case(const struct tunnel_case *c)
{
	struct buf packet = { 0 };
	size_t offset = 0;
	buf_add(&packet, slice_of(c->head, c->head_len));
	buf_add_byte(&packet, c->first);
	buf_add_str(&packet, "and so on");
	if (strip(c->proto, buf_slice(&packet), &offset) != c->status)
		fail_msg("%s: wrong status", c->name);
	if (c->status == TUNNEL_IP && offset != c->head_len)
		fail_msg("%s: the packet begins at %zu", c->name, offset);
	bool udp = c->proto == 17; /* which it is of, the first 8 bytes don't tell */
	for (size_t n = 0; n <= c->head_len; n++) {
		enum tunnel_status status = strip(c->proto, slice_head(buf_slice(&packet), n), &offset);
		if (c->status == TUNNEL_IP && status != TUNNEL_SHORT && (!udp || n >= 4))
			fail_msg("%s, cut after %zu bytes: wrong status", c->name, n);
	}
	buf_release(&packet);
}

static void test_tunnels(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tunnels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
