/*
 * One direction of a TCP connection: segments in, bytes in order out (RFC 9293, section 3.4).
 *
 * Offsets are 64-bit and continue the 32-bit sequence numbers across their wrap. Where bytes come twice the first copy counts. Early
 * segments wait, in bounded number and size, until what precedes them comes or is given up for lost to the capture. What precedes
 * them is also what they acknowledge of the other direction: an answer is handed on after what it answers, even if the capture saw
 * the two the other way round.
 */
#ifndef CAPTURE_NET_REASSEMBLY_H
#define CAPTURE_NET_REASSEMBLY_H

#include "base/bound.h"
#include "capture/stream/layer.h"

enum {
	REASSEMBLY_SEGMENTS = BOUND(4096, 96),       /* early segments that wait in one direction */
	REASSEMBLY_BYTES = BOUND(8 << 20, 16 << 10), /* and their bytes */
};

struct early; /* an early segment, copied */

/* Where bytes in order go. Their time is that of their packet, or of what they waited for, if that was captured later. */
struct reassembly_out {
	void *user;
	void (*bytes)(void *user, struct chunk c);
	void (*gap)(void *user, uint64_t n, int64_t time);
	int64_t *handed; /* the owner's: time of what was handed on last, 0 at first */
	/* What is missing was given up: what waits for that in the other direction goes on, before what is behind the gap. May be NULL. */
	void (*resume_other)(void *user);
};

struct reassembly_counts {
	uint64_t duplicate_bytes, out_of_order, gaps, gap_bytes;
	bool copied; /* a SYN or bytes have come twice: there may be copies of all packets */
};

struct reassembly {
	const struct reassembly *other; /* the other direction; set by the owner */
	uint64_t next;                  /* offset of the first byte not handed on */
	uint64_t end;                   /* of the stream; UINT64_MAX until that is known */
	uint64_t acked;                 /* highest offset that the other side acknowledged; 0 if none */
	struct early **early;           /* by offset, not overlapping */
	uint32_t bytes;                 /* in early */
	uint32_t ticks;                 /* packets of the connection, counted by the owner */
	uint16_t count, cap;            /* of early: about twice REASSEMBLY_SEGMENTS at most, while one is taken in pieces */
	uint16_t stamped;               /* the first that many of early know since when the bytes before them are acknowledged */
	bool known;                     /* next is */
};

void reassembly_release(struct reassembly *r);
/* The next byte has this sequence number (SYN + 1, or the first segment seen of a connection joined in its middle). */
void reassembly_start(struct reassembly *r, uint32_t seq);
/* Takes bytes at seq; hands on what is in order. needs: the offset of the other direction up to which their sender had acknowledged it,
 * 0 if that is not known. */
void reassembly_add(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, uint32_t seq, struct chunk c,
		    uint64_t needs);
/* The bytes from seq until end were in a packet that the capture cut: they are lost, unless bytes before them are missing, which are waited for, or
 * something came twice: then a copy that is not cut may follow. */
void reassembly_cut(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, uint32_t seq, uint32_t end,
		    int64_t time);
/* The offset behind the last byte that was captured. */
uint64_t reassembly_last(const struct reassembly *r);
/* The stream ends before this sequence number (FIN); call once. Bytes that are missing before it are waited for, then given up;
 * any behind it are dropped, and counted as duplicates. */
void reassembly_end(struct reassembly *r, struct reassembly_counts *n, uint32_t seq, int64_t time);
/* The other direction has got on, up to what has the time not_before: hands on what waited for that. True if anything did. */
bool reassembly_resume(struct reassembly *r, const struct reassembly_out *out, int64_t not_before);
/* The other side acknowledged everything before this sequence number. */
void reassembly_ack(struct reassembly *r, uint32_t ack, int64_t time);
/* True while early bytes wait for missing ones. */
static inline bool reassembly_waits(const struct reassembly *r)
{
	return r->count > 0;
}
/* Gives up the bytes that are missing first if they are acknowledged and have not come for a while, and hands on what waits behind them. True if it
 * did: there may be more. one_way: nothing was ever captured of the other side. */
bool reassembly_tick(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, int64_t time, bool one_way);
/* The time of the packet that waits first, INT64_MAX if none does. */
int64_t reassembly_waiting(const struct reassembly *r);
/* Gives up what that packet waits for, in either direction, and hands on what can be. To be called only while reassembly_waits(). */
void reassembly_give_up(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, int64_t time);
/* Gives up all that is missing before `until` (an offset; UINT64_MAX: before the last early byte) and hands on the rest. */
void reassembly_flush(struct reassembly *r, const struct reassembly_out *out, struct reassembly_counts *n, uint64_t until, int64_t time);
/* The offset of a sequence number near `next`. */
uint64_t reassembly_offset(const struct reassembly *r, uint32_t seq);

#endif
