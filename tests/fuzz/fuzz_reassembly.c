/*
 * One direction of TCP: events with segments of a stream whose bytes are known from their place, in any order, twice, overlapping; with
 * acknowledgements, time, an end. What comes out stands in order, each byte once and with its value; what is missing is told as a gap. In the end
 * nothing waits.
 *
 * An event: a byte (what), two (where, from the byte that is due), one (how much).
 */
#include "capture/net/reassembly.h"

#include "base/when.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM = 1 << 16, END_ROOM = 64 }; /* the end waits as a segment without bytes, beyond the limits if need be */

struct fuzz {
	struct reassembly r, other;
	struct reassembly_out out;
	int64_t handed;
	struct reassembly_counts n;
	uint64_t zero, next, gaps;
	uint8_t bytes[STREAM];
	int64_t time;
};

static void demand(bool good)
{
	if (!good)
		abort();
}

static void on_bytes(void *user, struct chunk c)
{
	struct fuzz *f = user;
	demand(c.bytes.len > 0);
	for (size_t i = 0; i < c.bytes.len; i++)
		demand(c.bytes.at[i] == f->bytes[(f->next + i) % STREAM]);
	f->next += c.bytes.len;
}

static void on_gap(void *user, uint64_t n, int64_t time)
{
	struct fuzz *f = user;
	(void)time;
	demand(n > 0);
	f->next += n;
	f->gaps += n;
}

/* A segment of so many bytes, in a block of its own size. */
static void add(struct fuzz *f, uint64_t from, size_t len, uint64_t needs)
{
	uint8_t *copy = malloc(len ? len : 1);
	demand(copy != NULL);
	for (size_t i = 0; i < len; i++)
		copy[i] = f->bytes[(from + i) % STREAM];
	reassembly_add(&f->r, &f->out, &f->n, (uint32_t)(f->zero + from), (struct chunk){ slice_of(copy, len), -1, f->time }, needs);
	free(copy);
}

static void event(struct fuzz *f, struct cursor *c)
{
	uint8_t what = cursor_u8(c);
	int64_t at = (int64_t)f->next + (int16_t)cursor_be16(c);
	size_t len = cursor_u8(c) * (what & 0x80 ? 16 : 1);
	uint64_t from = at < 0 ? 0 : (uint64_t)at;
	switch (what & 7) {
	case 0: reassembly_ack(&f->r, (uint32_t)(f->zero + from), f->time); break;
	case 1: f->time += (int64_t)len * NS_PER_S / 10; break;
	case 2:
		f->r.ticks++;
		while (reassembly_tick(&f->r, &f->out, &f->n, f->time, what & 8))
			;
		break;
	case 3:
		f->other.next += len;
		reassembly_resume(&f->r, &f->out, 0);
		break;
	case 4:
		if (f->r.end == UINT64_MAX && what & 0x40)
			reassembly_end(&f->r, &f->n, (uint32_t)(f->zero + from), f->time);
		break;
	case 5: add(f, from, len, f->other.next + (what >> 3 & 7)); break;
	default: add(f, from, len, 0);
	}
	bool ended = f->r.end != UINT64_MAX;
	demand(f->r.count <= REASSEMBLY_SEGMENTS + ended && f->r.bytes <= REASSEMBLY_BYTES + (ended ? END_ROOM : 0) &&
	       f->r.stamped <= f->r.count);
	demand(f->r.next == f->zero + f->next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz f;
	struct cursor c = cursor_of(slice_of(data, size));
	f = (struct fuzz){ .out = { &f, on_bytes, on_gap, &f.handed } };
	for (size_t i = 0; i < STREAM; i++)
		f.bytes[i] = (uint8_t)(i * 31 + i / 256);
	f.r.other = &f.other;
	reassembly_start(&f.other, 7);
	uint32_t seq = cursor_le32(&c);
	reassembly_start(&f.r, seq);
	f.zero = f.r.next;
	while (c.rest.len && !c.short_)
		event(&f, &c);
	reassembly_flush(&f.r, &f.out, &f.n, UINT64_MAX, f.time);
	demand(!f.r.count && !f.r.bytes && f.gaps == f.n.gap_bytes);
	reassembly_release(&f.r);
	reassembly_release(&f.other);
	return 0;
}
