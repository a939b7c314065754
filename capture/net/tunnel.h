/* Tunnels: IP packets that carry IP packets. */
#ifndef CAPTURE_NET_TUNNEL_H
#define CAPTURE_NET_TUNNEL_H

#include "capture/net/ip.h"

enum { TUNNELS_MAX = 4 }; /* one in the other */

enum tunnel_status {
	TUNNEL_NONE,  /* the packet is no tunnel's */
	TUNNEL_IP,    /* *inner is the IP packet in it, with whatever follows */
	TUNNEL_OTHER, /* there is something else in it */
	TUNNEL_SHORT, /* cut before the packet in it */
};

/* Finds the IP packet in a packet of a tunnel: IP in IP (RFC 2003, 2473, 4213), GRE (RFC 2784, 2890) with IP, Ethernet or ERSPAN in it, VXLAN
 * (RFC 7348; port 8472, too, which Linux had first), Geneve (RFC 8926). `outer` is no fragment. *inner borrows from it. */
enum tunnel_status tunnel_strip(const struct ip_packet *outer, struct slice *inner);

#endif
