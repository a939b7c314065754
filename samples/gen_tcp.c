/*
 * Makes the packets of a TCP connection: Ethernet, IPv4 (RFC 791) or IPv6 (RFC 8200), TCP (RFC
 * 9293) with the options that systems use today: MSS, SACK permitted, timestamps and window
 * scale on the SYN, timestamps on all others.
 *
 * An `end` is one of the two hosts, a `way` a direction; end[way] is the sender of that way,
 * end[!way] the receiver. Nothing is ever lost between the hosts: the acknowledgement number
 * is always the peer's next sequence number. What the *capture* lacks is made by moving the
 * sequence number without writing a packet.
 */
#include "samples/gen_tcp.h"

#include "base/buf.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd, PROTOCOL_TCP = 6, HOP_LIMIT = 64 };
enum { IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, MTU = 1500, TIMESTAMP_OPTION = 12 };
enum { WINDOW = 502, WINDOW_SYN = 64240, WINDOW_SHIFT = 7, SERVER_PORT = 8080, CLIENT_PORT = 41000 };

static void put_be16(struct buf *b, unsigned v)
{
	buf_add_byte(b, (uint8_t)(v >> 8));
	buf_add_byte(b, (uint8_t)v);
}

static void put_be32(struct buf *b, uint32_t v)
{
	put_be16(b, v >> 16);
	put_be16(b, v & 0xffff);
}

static uint32_t checksum_add(uint32_t sum, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		sum += i % 2 ? s.at[i] : (uint32_t)s.at[i] << 8;
	return sum;
}

static void checksum_set(struct buf *b, size_t at, uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	b->at[at] = (uint8_t)(~sum >> 8);
	b->at[at + 1] = (uint8_t)~sum;
}

static struct slice address_of(const struct tcp *t, enum way way)
{
	return slice_of(t->end[way].address, t->ipv6 ? 16 : 4);
}

static void put_ethernet(struct buf *frame, const struct tcp *t, enum way way)
{
	static const uint8_t mac[2][6] = { { 2, 0, 94, 0, 83, 1 }, { 2, 0, 94, 0, 83, 2 } };
	buf_add(frame, slice_of(mac[!way], 6));
	buf_add(frame, slice_of(mac[way], 6));
	put_be16(frame, t->ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
}

static void put_ipv4(struct buf *frame, struct tcp *t, enum way way, size_t payload)
{
	size_t start = frame->len;
	put_be16(frame, 0x4500);
	put_be16(frame, (unsigned)(IPV4_HEADER + payload));
	put_be16(frame, t->end[way].ident++);
	put_be16(frame, 0x4000);
	put_be16(frame, HOP_LIMIT << 8 | PROTOCOL_TCP);
	put_be16(frame, 0);
	buf_add(frame, address_of(t, way));
	buf_add(frame, address_of(t, !way));
	checksum_set(frame, start + 10, checksum_add(0, slice_of(frame->at + start, IPV4_HEADER)));
}

static void put_ipv6(struct buf *frame, const struct tcp *t, enum way way, size_t payload)
{
	put_be32(frame, 6u << 28);
	put_be16(frame, (unsigned)payload);
	put_be16(frame, PROTOCOL_TCP << 8 | HOP_LIMIT);
	buf_add(frame, address_of(t, way));
	buf_add(frame, address_of(t, !way));
}

static void put_options(struct buf *segment, struct tcp *t, enum way way, unsigned flags)
{
	uint32_t stamp = (uint32_t)(t->file->now / 1000) + (way == C2S ? 0x1000000u : 0x7000000u);
	if (flags & SYN) {
		put_be32(segment, 0x02040000u | (MTU - TCP_HEADER - (t->ipv6 ? IPV6_HEADER : IPV4_HEADER)));
		put_be16(segment, 0x0402);
	} else {
		put_be16(segment, 0x0101);
	}
	put_be16(segment, 0x080a);
	put_be32(segment, stamp);
	put_be32(segment, t->end[way].seen);
	if (flags & SYN)
		put_be32(segment, 0x01030300u | WINDOW_SHIFT);
	t->end[!way].seen = stamp;
}

static void put_tcp(struct buf *segment, struct tcp *t, enum way way, unsigned flags, uint32_t seq)
{
	put_be16(segment, t->end[way].port);
	put_be16(segment, t->end[!way].port);
	put_be32(segment, seq);
	put_be32(segment, flags & ACK ? t->end[!way].seq : 0);
	put_be16(segment, flags);
	put_be16(segment, flags & SYN ? WINDOW_SYN : WINDOW);
	put_be32(segment, 0);
	if (!(flags & RST))
		put_options(segment, t, way, flags);
	segment->at[12] = (uint8_t)(segment->len / 4 << 4);
}

static void packet(struct tcp *t, enum way way, unsigned flags, uint32_t seq, struct slice data)
{
	struct buf segment = { 0 }, frame = { 0 };
	put_tcp(&segment, t, way, flags, seq);
	buf_add(&segment, data);
	uint32_t sum = PROTOCOL_TCP + (uint32_t)segment.len;
	sum = checksum_add(checksum_add(sum, address_of(t, way)), address_of(t, !way));
	checksum_set(&segment, 16, checksum_add(sum, buf_slice(&segment)));
	put_ethernet(&frame, t, way);
	if (t->ipv6)
		put_ipv6(&frame, t, way, segment.len);
	else
		put_ipv4(&frame, t, way, segment.len);
	buf_add(&frame, buf_slice(&segment));
	pcap_file_add(t->file, buf_slice(&frame));
	buf_release(&segment);
	buf_release(&frame);
}

static void acknowledge(struct tcp *t, enum way way)
{
	packet(t, way, ACK, t->end[way].seq, slice_of(NULL, 0));
}

size_t tcp_room(const struct tcp *t)
{
	return MTU - (t->ipv6 ? IPV6_HEADER : IPV4_HEADER) - TCP_HEADER - TIMESTAMP_OPTION;
}

void tcp_init(struct tcp *t, struct pcap_file *file, unsigned number, bool ipv6)
{
	static const uint8_t prefix4[] = { 192, 0, 2 }, prefix6[] = { 0x20, 0x01, 0x0d, 0xb8 };
	*t = (struct tcp){ .file = file, .ipv6 = ipv6 };
	t->end[C2S].port = (uint16_t)(CLIENT_PORT + number);
	t->end[S2C].port = SERVER_PORT;
	for (int way = C2S; way <= S2C; way++) {
		struct tcp_end *end = &t->end[way];
		memcpy(end->address, ipv6 ? prefix6 : prefix4, ipv6 ? sizeof(prefix6) : sizeof(prefix4));
		end->address[ipv6 ? 15 : 3] = (uint8_t)(way == C2S ? 10 + number : 1);
		end->ident = (uint16_t)(0x1d0f * (number + (unsigned)way));
		end->seq = 0x2545f491u * (2 * number + (unsigned)way);
	}
}

void tcp_open(struct tcp *t)
{
	packet(t, C2S, SYN, t->end[C2S].seq++, slice_of(NULL, 0));
	packet(t, S2C, SYN | ACK, t->end[S2C].seq++, slice_of(NULL, 0));
	acknowledge(t, C2S);
}

void tcp_ask(struct tcp *t)
{
	packet(t, C2S, SYN, t->end[C2S].seq, slice_of(NULL, 0));
}

void tcp_refuse(struct tcp *t)
{
	packet(t, C2S, SYN, t->end[C2S].seq++, slice_of(NULL, 0));
	packet(t, S2C, RST | ACK, 0, slice_of(NULL, 0));
}

void tcp_send(struct tcp *t, enum way way, struct slice bytes)
{
	size_t room = tcp_room(t);
	for (unsigned sent = 1; bytes.len; sent++) {
		struct slice part = slice_head(bytes, room);
		bytes = slice_skip(bytes, part.len);
		packet(t, way, bytes.len ? ACK : ACK | PSH, t->end[way].seq, part);
		t->end[way].seq += (uint32_t)part.len;
		if (!bytes.len || sent % 2 == 0)
			acknowledge(t, !way);
	}
}

void tcp_lose(struct tcp *t, enum way way, struct slice bytes)
{
	t->end[way].seq += (uint32_t)bytes.len;
	acknowledge(t, !way);
}

void tcp_finish(struct tcp *t, enum way way)
{
	packet(t, way, FIN | ACK, t->end[way].seq++, slice_of(NULL, 0));
	acknowledge(t, !way);
}

void tcp_close(struct tcp *t, enum way first)
{
	packet(t, first, FIN | ACK, t->end[first].seq++, slice_of(NULL, 0));
	packet(t, !first, FIN | ACK, t->end[!first].seq++, slice_of(NULL, 0));
	acknowledge(t, first);
}

void tcp_reset(struct tcp *t, enum way way)
{
	packet(t, way, RST | ACK, t->end[way].seq, slice_of(NULL, 0));
}

void tcp_keepalive(struct tcp *t, enum way way)
{
	packet(t, way, ACK, t->end[way].seq - 1, slice_of("", 1));
	acknowledge(t, !way);
}
