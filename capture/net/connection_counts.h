/* What is counted of TCP connections. */
#ifndef CAPTURE_NET_CONNECTION_COUNTS_H
#define CAPTURE_NET_CONNECTION_COUNTS_H

#include "capture/net/reassembly.h"

struct connections_counts {
	uint64_t connections;  /* seen in all */
	uint64_t forgotten;    /* given up for the limit while open */
	uint64_t segments;     /* with data */
	uint64_t old_segments; /* of connections that have ended */
	uint64_t from_before;  /* with data from before the first of their sender that was captured: not read */
	uint64_t stray_resets; /* that their receiver can't have taken for any */
	uint64_t refused;      /* a reset answered their SYN */
	uint64_t unanswered;   /* nothing did in time */
	uint64_t strays;       /* other segments of which the same is true, copies among them */
	struct reassembly_counts reassembly;
	struct stream_counts stream;
};

#endif
