/* The link layer: from a captured frame to its IP packet. */
#ifndef CAPTURE_NET_LINK_H
#define CAPTURE_NET_LINK_H

#include "base/slice.h"

/* LINKTYPE_ numbers (tcpdump.org/linktypes.html) that link_strip knows. */
enum {
	LINK_NULL = 0,     /* 4 bytes of address family in the byte order of the capturing machine */
	LINK_ETHERNET = 1, /* with any number (at most 8) of 802.1Q / 802.1ad tags, MPLS labels (at most 16), PPPoE, SNAP */
	LINK_PPP = 9,
	LINK_RAW_BSD = 12, /* DLT_RAW as some systems write it */
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_HDLC = 50, /* or Cisco's HDLC */
	LINK_RAW = 101,
	LINK_CISCO_HDLC = 104,
	LINK_LOOP = 108, /* 4 bytes of address family, big-endian */
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_USER2 = 149, /* anybody's: macOS's tcpdump wrote pktap so, which is told by its header */
	LINK_NFLOG = 239, /* of Linux's firewall */
	LINK_PKTAP = 258, /* of macOS: a frame of another of these, behind a header */
	LINK_SLL2 = 276,
};

enum link_status {
	LINK_IP,      /* *ip is an IPv4 or IPv6 packet (its version nibble tells which), with whatever padding follows it */
	LINK_OTHER,   /* no IP: ARP and such */
	LINK_SHORT,   /* cut before the IP header */
	LINK_UNKNOWN, /* a link type that is not known here */
};

/* Finds the IP packet in a frame of that link type. *ip borrows from frame. */
enum link_status link_strip(int link, struct slice frame, struct slice *ip);
/* True if link_strip knows the type. */
bool link_known(int link);

#endif
