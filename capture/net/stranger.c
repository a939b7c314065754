/*
 * Segments that are strangers to the connection of their endpoints.
 *
 * A SYN with another number than the connection's is one until it is answered: a server that has the connection open does not take it, and late ones of
 * another time come to nothing.
 *
 * Two of them belong together if the numbers of each lie near those of the other, whichever of the ends sent them.
 */
#include "capture/net/stranger.h"

#include "base/xalloc.h"

#include <string.h>

struct stranger *stranger_new(const struct ip_packet *ip, const struct segment *seg, int64_t time, int64_t at)
{
	size_t len = seg->payload.len;
	struct stranger *s = xmalloc(sizeof *s + len);
	*s = (struct stranger){ .ip = *ip, .seg = *seg, .time = time, .at = at };
	if (len)
		memcpy(s->bytes, seg->payload.at, len);
	s->ip.payload = (struct slice){ NULL, 0 };
	s->seg.payload = slice_of(s->bytes, len);
	return s;
}

static bool same_sender(const struct stranger *s, const struct ip_packet *ip, const struct segment *seg)
{
	return s->seg.sport == seg->sport && memcmp(s->ip.src, ip->src, sizeof ip->src) == 0;
}

/* Behind a SYN comes its acknowledgement, by whichever segment, or what its sender says next. */
static bool follows_syn(const struct stranger *s, const struct ip_packet *ip, const struct segment *seg)
{
	uint32_t first = s->seg.seq + 1;
	if (same_sender(s, ip, seg))
		return !(seg->flags & TCP_SYN) && seg->seq == first;
	return seg->flags & TCP_ACK && seg->ack - first <= s->seg.payload_len;
}

bool stranger_agrees(const struct stranger *s, const struct ip_packet *ip, const struct segment *seg)
{
	if (s->seg.flags & TCP_SYN)
		return follows_syn(s, ip, seg);
	if (same_sender(s, ip, seg))
		return seq_is_near(seg->seq, s->seg.seq) && seq_is_near(seg->ack, s->seg.ack);
	return seq_is_near(seg->seq, s->seg.ack) && seq_is_near(seg->ack, s->seg.seq);
}

bool stranger_is_copy(const struct stranger *s, const struct ip_packet *ip, const struct segment *seg)
{
	return same_sender(s, ip, seg) && seg->seq == s->seg.seq && seg->ack == s->seg.ack && seg->payload_len == s->seg.payload_len;
}
