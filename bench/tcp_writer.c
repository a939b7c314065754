/*
 * One packet of the file:
 *
 *	| pcap record 16 | Ethernet 14 | IPv4 20 | TCP 20 + options | payload |
 *	                 '---------------- head, built here -------'
 *
 * The head is built back to back in one small array and written, then the payload straight from the
 * caller's bytes. All numbers are written byte by byte, so the file does not depend on the machine's byte
 * order. Checksums are those of RFC 1071.
 */
#include "bench/tcp_writer.h"

#include "base/xalloc.h"

#include <stdlib.h>

enum {
	FILE_BUFFER = 4 << 20,
	RECORD = 16,
	ETHERNET = 14,
	IP = 20,
	TCP = 20,
	HEAD_MAX = RECORD + ETHERNET + IP + TCP + 40,
	SNAPLEN = 262144,
	LINK_ETHERNET = 1,
};

enum { FLAG_FIN = 0x01, FLAG_SYN = 0x02, FLAG_PSH = 0x08, FLAG_ACK = 0x10 };

#define START UINT64_C(1767225600000000) /* 2026-01-01 */

static void put_le32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

static void put_be16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_be32(uint8_t *at, uint32_t v)
{
	put_be16(at, v >> 16);
	put_be16(at + 2, v);
}

static void write_bytes(struct tcp_writer *w, const void *at, size_t len)
{
	fwrite(at, 1, len, w->file);
	w->bytes += len;
}

static void write_file_header(struct tcp_writer *w)
{
	uint8_t h[24] = { 0 };
	put_le32(h, 0xa1b2c3d4);
	put_le32(h + 4, 2 | 4 << 16);
	put_le32(h + 16, SNAPLEN);
	put_le32(h + 20, LINK_ETHERNET);
	write_bytes(w, h, sizeof h);
}

bool tcp_writer_init(struct tcp_writer *w, const char *path, uint32_t gap)
{
	*w = (struct tcp_writer){ .file = fopen(path, "wb"), .now = START, .gap = gap };
	if (!w->file)
		return false;
	w->buffer = xmalloc(FILE_BUFFER);
	setvbuf(w->file, w->buffer, _IOFBF, FILE_BUFFER);
	write_file_header(w);
	return true;
}

bool tcp_writer_release(struct tcp_writer *w)
{
	bool fine = !ferror(w->file);
	fine = fclose(w->file) == 0 && fine;
	free(w->buffer);
	w->file = NULL;
	w->buffer = NULL;
	return fine;
}

static uint64_t sum_of(const uint8_t *at, size_t len)
{
	uint64_t sum = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	return len % 2 ? sum + ((uint32_t)at[len - 1] << 8) : sum;
}

static uint32_t checksum(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)~sum & 0xffff;
}

static void put_record(uint8_t *at, uint64_t now, size_t len)
{
	put_le32(at, (uint32_t)(now / 1000000));
	put_le32(at + 4, (uint32_t)(now % 1000000));
	put_le32(at + 8, (uint32_t)len);
	put_le32(at + 12, (uint32_t)len);
}

static void put_ethernet(uint8_t *at, const struct tcp_end *from, const struct tcp_end *to)
{
	put_be16(at, 0x0200);
	put_be32(at + 2, to->address);
	put_be16(at + 6, 0x0200);
	put_be32(at + 8, from->address);
	put_be16(at + 12, 0x0800);
}

static void put_ip(uint8_t *at, const struct tcp_end *from, const struct tcp_end *to, size_t len)
{
	put_be32(at, 0x45000000 | (uint32_t)len);
	put_be32(at + 4, 0x4000);
	put_be32(at + 8, 0x40060000);
	put_be32(at + 12, from->address);
	put_be32(at + 16, to->address);
	put_be16(at + 10, checksum(sum_of(at, IP)));
}

static size_t put_options(uint8_t *at, uint32_t flags, uint32_t segment_max, uint64_t now)
{
	uint8_t *p = at;
	if (flags & FLAG_SYN) {
		put_be32(p, 0x02040000 | (segment_max + 12));
		put_be32(p + 4, 0x01030307);
		p += 8;
	}
	put_be32(p, 0x0101080a);
	put_be32(p + 4, (uint32_t)(now / 1000));
	put_be32(p + 8, flags == FLAG_SYN ? 0 : (uint32_t)(now / 1000));
	return (size_t)(p + 12 - at);
}

static size_t put_tcp(uint8_t *at, const struct tcp_connection *c, enum side from, uint32_t flags, uint64_t now)
{
	const struct tcp_end *me = &c->end[from], *peer = &c->end[!from];
	size_t len = TCP + put_options(at + TCP, flags, c->segment_max, now);
	put_be16(at, me->port);
	put_be16(at + 2, peer->port);
	put_be32(at + 4, me->sequence);
	put_be32(at + 8, flags & FLAG_ACK ? peer->sequence : 0);
	put_be32(at + 12, (uint32_t)len / 4 << 28 | flags << 16 | 0xffff);
	put_be32(at + 16, 0);
	return len;
}

/* The pseudo header's addresses lie right in front of the TCP header, at the end of the IP header. */
static void put_tcp_checksum(uint8_t *tcp, size_t len, struct slice payload)
{
	uint64_t sum = sum_of(tcp - 8, len + 8) + 6 + len + payload.len + sum_of(payload.at, payload.len);
	put_be16(tcp + 16, checksum(sum));
}

static void write_packet(struct tcp_writer *w, struct tcp_connection *c, enum side from, uint32_t flags, struct slice payload)
{
	const struct tcp_end *me = &c->end[from], *peer = &c->end[!from];
	uint8_t head[HEAD_MAX], *ip = head + RECORD + ETHERNET, *tcp = ip + IP;
	size_t len = put_tcp(tcp, c, from, flags, w->now);
	put_ip(ip, me, peer, IP + len + payload.len);
	put_tcp_checksum(tcp, len, payload);
	put_ethernet(head + RECORD, me, peer);
	put_record(head, w->now, ETHERNET + IP + len + payload.len);
	write_bytes(w, head, RECORD + ETHERNET + IP + len);
	write_bytes(w, payload.at, payload.len);
	c->end[from].sequence += (uint32_t)payload.len + (flags & (FLAG_SYN | FLAG_FIN) ? 1 : 0);
	w->packets++;
	w->now += w->gap;
}

void tcp_writer_open(struct tcp_writer *w, struct tcp_connection *c)
{
	struct slice nothing = slice_str("");
	write_packet(w, c, CLIENT, FLAG_SYN, nothing);
	write_packet(w, c, SERVER, FLAG_SYN | FLAG_ACK, nothing);
	write_packet(w, c, CLIENT, FLAG_ACK, nothing);
}

void tcp_writer_close(struct tcp_writer *w, struct tcp_connection *c)
{
	struct slice nothing = slice_str("");
	write_packet(w, c, CLIENT, FLAG_FIN | FLAG_ACK, nothing);
	write_packet(w, c, SERVER, FLAG_FIN | FLAG_ACK, nothing);
	write_packet(w, c, CLIENT, FLAG_ACK, nothing);
}

void tcp_writer_send(struct tcp_writer *w, struct tcp_connection *c, enum side from, struct slice bytes)
{
	for (unsigned n = 1; bytes.len; n++) {
		struct slice segment = slice_head(bytes, c->segment_max);
		bytes = slice_skip(bytes, segment.len);
		write_packet(w, c, from, FLAG_ACK | (bytes.len ? 0 : FLAG_PSH), segment);
		if (n % 2 == 0 || (n > 1 && !bytes.len))
			write_packet(w, c, !from, FLAG_ACK, slice_str(""));
	}
}
