/*
 * Fragments of IP packets whose bytes are known from their place: in any order, twice, overlapping, cut by the capture, with ends that differ, of several
 * packets at a time and more than are kept. What is put together has each byte with its value, of none that did not come.
 *
 * An event: a byte (bits 0 and 1 which packet, 2 that more follows, 3 IPv6, 4 to 7 how much time passes), one (where, in units of 8 bytes), one (how
 * many bytes), and one (how many of them the capture has; 255: all).
 */
#include "capture/net/fragment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IDS = 8, UNIT = 8, PLACES = 256, ROOM = PLACES * UNIT + 512, NS = 1000000000, PACKETS = 5, BYTES = 20000 };

struct model {
	uint8_t came[IDS][ROOM]; /* bytes of each packet that were shown since it was put together last */
	int64_t time;
};

static void demand(bool good)
{
	if (!good)
		abort();
}

static uint8_t byte_at(unsigned id, size_t at)
{
	return (uint8_t)(at * 7 + at / 256 + id * 31);
}

static void check_whole(struct model *m, unsigned id, const struct ip_packet *whole)
{
	demand(!whole->fragment && whole->payload.len <= whole->payload_len && whole->payload_len <= ROOM);
	for (size_t i = 0; i < whole->payload.len; i++)
		demand(whole->payload.at[i] == byte_at(id, i) && m->came[id][i]);
	memset(m->came[id], 0, sizeof m->came[id]);
}

static void event(struct model *m, struct fragments *f, struct cursor *c)
{
	uint8_t what = cursor_u8(c);
	unsigned id = (what & 3) | (what >> 1 & 4);
	size_t at = cursor_u8(c) * (size_t)UNIT, n = cursor_u8(c), captured = cursor_u8(c);
	struct ip_packet whole, ip = { .family = what & 8 ? 6 : 4,
				       .src = { 1 },
				       .dst = { 2 },
				       .proto = 17,
				       .payload_len = (uint32_t)n,
				       .fragment = true,
				       .more = what & 4,
				       .frag_id = id,
				       .frag_offset = (uint32_t)at };
	captured = captured < n ? captured : n;
	uint8_t *block = malloc(captured ? captured : 1);
	demand(block != NULL);
	for (size_t i = 0; i < captured; i++)
		block[i] = byte_at(id, at + i);
	memset(m->came[id] + at, 1, captured);
	ip.payload = slice_of(block, captured);
	m->time += (int64_t)(what >> 4) * NS;
	if (fragments_feed(f, &ip, m->time, &whole))
		check_whole(m, id, &whole);
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	struct fragments *f = fragments_new(PACKETS, BYTES);
	struct cursor c = cursor_of(slice_of(data, size));
	m = (struct model){ .time = 0 };
	uint64_t fed = 0;
	for (; c.rest.len && !c.short_; fed++)
		event(&m, f, &c);
	struct fragment_counts n = fragments_counts(f);
	demand(n.fragments == fed && n.packets <= fed);
	fragments_free(f);
	return 0;
}
