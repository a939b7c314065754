/*
 * Packets that were never sent.
 *
 * A proxied connection is two, with other packets on each side, or none at all; what is recorded is the one that the client and the
 * server believe in: from the client's address to the target's, the bytes as their senders sent them, at the times at which they
 * passed. So a recording can be read again, and any other tool reads it. Sequence numbers begin at 1000 and 2000; every segment
 * acknowledges all that came before it. Link type raw IP; the checksums are right.
 */
#include "capture/proxy/packets.h"

#include "capture/net/checksum.h"
#include "capture/net/tcp.h"

#include <arpa/inet.h>

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, LINKTYPE_RAW = 101, WINDOW = 65535, HOPS = 64 };

static const struct packet_interface interface = {
	.link = LINKTYPE_RAW, .digits = 9, .name = "proxy", .description = "what passed envscope's proxy"
};

static void put16(uint8_t *at, unsigned n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static void put32(uint8_t *at, uint32_t n)
{
	put16(at, n >> 16);
	put16(at + 2, n & 0xffff);
}

static void put_checksum(uint8_t *at, uint64_t sum)
{
	uint16_t n = (uint16_t)~checksum_fold(sum);
	memcpy(at, &n, sizeof n);
}

/* The address in 16 bytes, an IPv4 one mapped. */
static void put_address(uint8_t *at, const struct endpoint *e)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	memcpy(at, e->family == 4 ? mapped : e->addr, 12);
	memcpy(at + 12, e->addr + (e->family == 4 ? 0 : 12), 4);
}

/* The IP header; returns its length and gives the sum of TCP's pseudo-header. */
static size_t put_ip(uint8_t *at, const struct packets *p, enum dir dir, size_t tcp, uint64_t *sum)
{
	const struct endpoint *from = &p->ends[dir], *to = &p->ends[!dir];
	if (from->family == 4 && to->family == 4) {
		memset(at, 0, IPV4_HEADER);
		at[0] = 0x45;
		put16(at + 2, (unsigned)(IPV4_HEADER + tcp));
		at[6] = 0x40;
		at[8] = HOPS;
		at[9] = IPPROTO_TCP;
		memcpy(at + 12, from->addr, 4);
		memcpy(at + 16, to->addr, 4);
		put_checksum(at + 10, checksum_sum(slice_of(at, IPV4_HEADER)));
		*sum = checksum_pseudo_header(from->addr, to->addr, (uint32_t)tcp);
		return IPV4_HEADER;
	}
	memset(at, 0, IPV6_HEADER);
	at[0] = 0x60;
	put16(at + 4, (unsigned)tcp);
	at[6] = IPPROTO_TCP;
	at[7] = HOPS;
	put_address(at + 8, from);
	put_address(at + 24, to);
	*sum = checksum_pseudo_header(at + 8, at + 24, (uint32_t)tcp);
	return IPV6_HEADER;
}

/* One segment; its sequence number goes on by what it takes. */
static void send_segment(struct packets *p, enum dir dir, unsigned flags, struct slice data, int64_t time, packets_out *out, void *user)
{
	uint8_t bytes[IPV6_HEADER + TCP_HEADER + PACKETS_SEGMENT];
	uint64_t sum;
	size_t tcp = TCP_HEADER + data.len, ip = put_ip(bytes, p, dir, tcp, &sum);
	uint8_t *at = bytes + ip;
	memset(at, 0, TCP_HEADER);
	put16(at, p->ends[dir].port);
	put16(at + 2, p->ends[!dir].port);
	put32(at + 4, p->next[dir]);
	put32(at + 8, flags & TCP_ACK ? p->next[!dir] : 0);
	at[12] = TCP_HEADER / 4 << 4;
	at[13] = (uint8_t)flags;
	put16(at + 14, WINDOW);
	if (data.len)
		memcpy(at + TCP_HEADER, data.at, data.len);
	put_checksum(at + 16, sum + checksum_sum(slice_of(at, tcp)));
	p->next[dir] += (uint32_t)data.len + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	struct packet packet = { slice_of(bytes, ip + tcp), (uint32_t)(ip + tcp), LINKTYPE_RAW, time, -1, &interface, { NULL, 0 } };
	out(user, &packet, dir, (uint32_t)data.len);
}

void packets_open(struct packets *p, const struct endpoint ends[2], int64_t time, packets_out *out, void *user)
{
	struct slice none = { 0 };
	*p = (struct packets){ .ends = { ends[0], ends[1] }, .next = { 1000, 2000 } };
	send_segment(p, DIR_C2S, TCP_SYN, none, time, out, user);
	send_segment(p, DIR_S2C, TCP_SYN | TCP_ACK, none, time, out, user);
	send_segment(p, DIR_C2S, TCP_ACK, none, time, out, user);
}

void packets_bytes(struct packets *p, enum dir dir, struct slice bytes, int64_t time, packets_out *out, void *user)
{
	send_segment(p, dir, TCP_ACK | TCP_PSH, bytes, time, out, user);
}

void packets_gap(struct packets *p, enum dir dir, uint64_t n)
{
	p->next[dir] += (uint32_t)n;
}

void packets_end(struct packets *p, enum dir dir, int64_t time, packets_out *out, void *user)
{
	if (!p->ended[dir])
		send_segment(p, dir, TCP_FIN | TCP_ACK, slice_of(NULL, 0), time, out, user);
	p->ended[dir] = true;
}

void packets_reset(struct packets *p, enum dir dir, int64_t time, packets_out *out, void *user)
{
	if (!p->ended[0] || !p->ended[1])
		send_segment(p, dir, TCP_RST | TCP_ACK, slice_of(NULL, 0), time, out, user);
	p->ended[0] = p->ended[1] = true;
}
