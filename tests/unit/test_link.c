/* The link layer: each link type, tags, and frames cut at every position. */
#include "capture/net/link.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ETH "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01"
#define TAG "\x81\x00\x00\x2a"
#define SLL_HEAD "\x00\x00\x03\x04\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00"
#define SLL2_TAIL "\x00\x00\x00\x00\x00\x01\x03\x04\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00"
#define LABELS "\x00\x06\x40\xff\x00\x06\x40\xff\x00\x06\x40\xff\x00\x06\x40\xff"
#define NFLOG_HEAD "\x02\x00\x00\x1e"
#define NFLOG_PREFIX       \
	"\x06\x00\x0a\x00" \
	"a\x00\x00\x00"
#define PKTAP(link)                                            \
	"\x10\x00\x00\x00\x01\x00\x00\x00" link "\x00\x00\x00" \
	"lo0\x00"
#define SNAP "\xaa\xaa\x03\x00\x00\x00"
#define V4 "\x08\x00"
#define V6 "\x86\xdd"

struct frame_case {
	const char *name;
	int link;
	const char *head;
	size_t head_len;
	uint8_t first; /* byte of the IP packet */
	enum link_status status;
};

#define FRAME(name, link, head, first, status)                    \
	{                                                         \
		name, link, head, sizeof(head) - 1, first, status \
	}

static const struct frame_case cases[] = {
	FRAME("ethernet", LINK_ETHERNET, ETH V4, 0x45, LINK_IP),
	FRAME("ethernet, IPv6", LINK_ETHERNET, ETH V6, 0x60, LINK_IP),
	FRAME("a tag", LINK_ETHERNET, ETH TAG V4, 0x45, LINK_IP),
	FRAME("tags of all kinds", LINK_ETHERNET, ETH "\x88\xa8\x00\x01\x91\x00\x00\x02" TAG V6, 0x60, LINK_IP),
	FRAME("8 tags", LINK_ETHERNET, ETH TAG TAG TAG TAG TAG TAG TAG TAG V4, 0x45, LINK_IP),
	FRAME("9 tags", LINK_ETHERNET, ETH TAG TAG TAG TAG TAG TAG TAG TAG TAG V4, 0x45, LINK_OTHER),
	FRAME("PPPoE", LINK_ETHERNET, ETH "\x88\x64\x11\x00\x00\x05\x00\x20\x00\x21", 0x45, LINK_IP),
	FRAME("PPPoE, IPv6 in a tag", LINK_ETHERNET, ETH TAG "\x88\x64\x11\x00\x00\x05\x00\x20\x00\x57", 0x60, LINK_IP),
	FRAME("PPPoE, its own talk", LINK_ETHERNET, ETH "\x88\x64\x11\x00\x00\x05\x00\x20\xc0\x21", 0x45, LINK_OTHER),
	FRAME("a label", LINK_ETHERNET, ETH "\x88\x47\x00\x06\x41\xff", 0x45, LINK_IP),
	FRAME("labels", LINK_SLL,
	      SLL_HEAD "\x88\x48"
		       "\x00\x06\x40\xff"
		       "\x00\x06\x41\xff",
	      0x60, LINK_IP),
	FRAME("a label, no IP", LINK_ETHERNET, ETH "\x88\x47\x00\x06\x41\xff", 0x00, LINK_OTHER),
	FRAME("labels without end", LINK_ETHERNET, ETH "\x88\x47" LABELS LABELS LABELS LABELS, 0x45, LINK_OTHER),
	FRAME("ARP", LINK_ETHERNET, ETH "\x08\x06", 0, LINK_OTHER),
	FRAME("802.3 with a length", LINK_ETHERNET, ETH "\x00\x2e", 0x42, LINK_OTHER),
	FRAME("SNAP", LINK_ETHERNET, ETH "\x05\xdc" SNAP V4, 0x45, LINK_IP),
	FRAME("SNAP in a tag", LINK_ETHERNET, ETH TAG "\x00\x2e" SNAP V6, 0x60, LINK_IP),
	FRAME("SNAP of another OUI", LINK_ETHERNET, ETH "\x00\x2e\xaa\xaa\x03\x00\x00\x0c" V4, 0x45, LINK_OTHER),
	FRAME("no length", LINK_ETHERNET, ETH "\x05\xdd" SNAP V4, 0x45, LINK_OTHER),
	FRAME("cooked, SNAP", LINK_SLL, SLL_HEAD "\x00\x04" SNAP V4, 0x45, LINK_IP),
	FRAME("cooked", LINK_SLL, SLL_HEAD V4, 0x45, LINK_IP),
	FRAME("cooked, IPv6 in a tag", LINK_SLL, SLL_HEAD TAG V6, 0x60, LINK_IP),
	FRAME("cooked, ARP", LINK_SLL, SLL_HEAD "\x08\x06", 0, LINK_OTHER),
	FRAME("cooked 2", LINK_SLL2, V4 SLL2_TAIL, 0x45, LINK_IP),
	FRAME("cooked 2, IPv6", LINK_SLL2, V6 SLL2_TAIL, 0x60, LINK_IP),
	FRAME("cooked 2, ARP", LINK_SLL2, "\x08\x06" SLL2_TAIL, 0, LINK_OTHER),
	FRAME("null, little-endian", LINK_NULL, "\x02\x00\x00\x00", 0x45, LINK_IP),
	FRAME("null, big-endian", LINK_NULL, "\x00\x00\x00\x02", 0x45, LINK_IP),
	FRAME("null, IPv6 of Linux", LINK_NULL, "\x0a\x00\x00\x00", 0x60, LINK_IP),
	FRAME("null, IPv6 of NetBSD", LINK_NULL, "\x18\x00\x00\x00", 0x60, LINK_IP),
	FRAME("null, IPv6 of FreeBSD", LINK_NULL, "\x00\x00\x00\x1c", 0x60, LINK_IP),
	FRAME("null, IPv6 of macOS", LINK_NULL, "\x1e\x00\x00\x00", 0x60, LINK_IP),
	FRAME("null, IPv6 of Windows", LINK_NULL, "\x17\x00\x00\x00", 0x60, LINK_IP),
	FRAME("null, IPX of BSD", LINK_NULL, "\x17\x00\x00\x00", 0xff, LINK_OTHER),
	FRAME("loop, IPv6 of Windows", LINK_LOOP, "\x00\x00\x00\x17", 0x60, LINK_IP),
	FRAME("null, AppleTalk", LINK_NULL, "\x10\x00\x00\x00", 0x45, LINK_OTHER),
	FRAME("loop", LINK_LOOP, "\x00\x00\x00\x18", 0x60, LINK_IP),
	FRAME("loop is big-endian", LINK_LOOP, "\x02\x00\x00\x00", 0x45, LINK_OTHER),
	FRAME("raw", LINK_RAW, "", 0x45, LINK_IP),
	FRAME("raw, no IP", LINK_RAW, "", 0x30, LINK_OTHER),
	FRAME("raw of BSD", LINK_RAW_BSD, "", 0x60, LINK_IP),
	FRAME("raw of OpenBSD", LINK_RAW_OPENBSD, "", 0x45, LINK_IP),
	FRAME("IPv4", LINK_IPV4, "", 0x45, LINK_IP),
	FRAME("IPv6", LINK_IPV6, "", 0x60, LINK_IP),
	FRAME("PPP", LINK_PPP, "\x00\x21", 0x45, LINK_IP),
	FRAME("PPP, IPv6 in frames of HDLC", LINK_PPP, "\xff\x03\x00\x57", 0x60, LINK_IP),
	FRAME("PPP, serial", LINK_PPP_HDLC, "\xff\x03\x00\x21", 0x45, LINK_IP),
	FRAME("Cisco, serial", LINK_PPP_HDLC, "\x0f\x00" V4, 0x45, LINK_IP),
	FRAME("Cisco", LINK_CISCO_HDLC, "\x8f\x00" V6, 0x60, LINK_IP),
	FRAME("Cisco, its own talk", LINK_CISCO_HDLC, "\x8f\x00\x80\x35", 0x00, LINK_OTHER),
	FRAME("PPP, its own talk", LINK_PPP, "\xff\x03\xc0\x21", 0x45, LINK_OTHER),
	FRAME("nflog", LINK_NFLOG, NFLOG_HEAD NFLOG_PREFIX "\x14\x00\x09\x00", 0x45, LINK_IP),
	FRAME("nflog, nothing before it", LINK_NFLOG, NFLOG_HEAD "\x14\x00\x09\x00", 0x60, LINK_IP),
	FRAME("nflog, no packet", LINK_NFLOG, NFLOG_HEAD "\x14\x00\x0a\x00", 0x45, LINK_SHORT),
	FRAME("nflog, a length that can't be", LINK_NFLOG, NFLOG_HEAD "\x03\x00\x09\x00", 0x45, LINK_SHORT),
	FRAME("nflog, a length beyond the end", LINK_NFLOG, NFLOG_HEAD "\x15\x00\x0a\x00", 0x45, LINK_SHORT),
	FRAME("macOS, Ethernet", LINK_PKTAP, PKTAP("\x01") ETH V4, 0x45, LINK_IP),
	FRAME("macOS, loopback", LINK_PKTAP, PKTAP("\x00") "\x1e\x00\x00\x00", 0x60, LINK_IP),
	FRAME("macOS, raw", LINK_PKTAP, PKTAP("\x0c"), 0x45, LINK_IP),
	FRAME("macOS, 802.11", LINK_PKTAP, PKTAP("\x69"), 0x45, LINK_UNKNOWN),
	FRAME("macOS, itself", LINK_PKTAP,
	      "\x10\x00\x00\x00\x01\x00\x00\x00\x02\x01\x00\x00"
	      "lo0\x00",
	      0x45, LINK_UNKNOWN),
	FRAME("macOS, a header beyond the end", LINK_PKTAP, "\xff\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00", 0x45, LINK_SHORT),
	FRAME("802.11", 105, "\x08\x02\x00\x00", 0x45, LINK_UNKNOWN),
};

/* Strips a copy in a heap block of exactly that size. *offset: where the IP packet begins in it. */
static enum link_status strip(int link, struct slice frame, size_t *offset)
{
	uint8_t *copy = malloc(frame.len ? frame.len : 1);
	struct slice ip = { NULL, 0 };
	if (frame.len)
		memcpy(copy, frame.at, frame.len);
	enum link_status status = link_strip(link, slice_of(copy, frame.len), &ip);
	if (status == LINK_IP) {
		*offset = (size_t)(ip.at - copy);
		assert_int_equal(*offset + ip.len, frame.len);
	}
	free(copy);
	return status;
}

static void check_case(const struct frame_case *c)
{
	struct buf frame = { 0 };
	size_t offset = 0;
	buf_add(&frame, slice_of(c->head, c->head_len));
	buf_add_byte(&frame, c->first);
	buf_add_str(&frame, "padding and all");
	if (strip(c->link, buf_slice(&frame), &offset) != c->status)
		fail_msg("%s: wrong status", c->name);
	if (c->status == LINK_IP && offset != c->head_len)
		fail_msg("%s: the packet begins at %zu", c->name, offset);
	for (size_t n = 0; n <= c->head_len; n++) {
		enum link_status status = strip(c->link, slice_head(buf_slice(&frame), n), &offset);
		if (c->status == LINK_IP && status != LINK_SHORT)
			fail_msg("%s, cut after %zu bytes: wrong status", c->name, n);
	}
	buf_release(&frame);
}

static void test_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

/* Of a link type that anybody may use, pktap is what has its header, whole. */
static void test_pktap_by_header(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t byte;
		enum link_status status;
	} changes[] = {
		{ 107, 0, LINK_IP },       /* none that matters */
		{ 0, 107, LINK_UNKNOWN },  /* too short a header */
		{ 0, 160, LINK_UNKNOWN },  /* one beyond the end */
		{ 4, 2, LINK_UNKNOWN },    /* no packet behind it */
		{ 8, 105, LINK_UNKNOWN },  /* one of 802.11 */
		{ 8, 149, LINK_UNKNOWN },  /* one of its own */
		{ 12, 0, LINK_UNKNOWN },   /* no name */
		{ 13, 7, LINK_UNKNOWN },   /* a name that is no text */
		{ 16, 'x', LINK_UNKNOWN }, /* something behind the name */
		{ 121, 6, LINK_OTHER },    /* ARP */
	};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		uint8_t frame[160] = { 108, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 'e', 'n', '0' };
		struct slice whole = slice_of(frame, 154), ip;
		size_t offset = 0;
		memcpy(frame + 108, ETH "\x08\x00\x45", 15);
		frame[changes[i].at] = changes[i].byte;
		assert_int_equal(strip(LINK_USER2, whole, &offset), changes[i].status);
		assert_true(changes[i].status != LINK_IP || offset == 122);
		for (size_t n = 0; n <= 108; n++)
			assert_int_equal(link_strip(LINK_USER2, slice_head(whole, n), &ip), LINK_UNKNOWN);
	}
}

static void test_known(void **state)
{
	(void)state;
	assert_true(link_known(LINK_NULL));
	assert_true(link_known(LINK_ETHERNET));
	assert_true(link_known(LINK_SLL2));
	assert_true(link_known(LINK_IPV6));
	assert_true(link_known(LINK_PPP));
	assert_true(link_known(LINK_NFLOG));
	assert_true(link_known(LINK_PKTAP));
	assert_false(link_known(105));
	assert_false(link_known(LINK_USER2));
	assert_false(link_known(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_pktap_by_header),
		cmocka_unit_test(test_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
