/*
 * Packets that wait.
 *
 *	        tail                                   head
 *	... ────┤ packet │ packet │ ...      │ pending ├──── place grows
 *	                                     ^ written
 *
 * A place is the number of bytes that were ever added before it; place % limit is where it stands in the file. A packet never crosses
 * the end of the file: where it would, a mark PAD says that the next one begins at the front. New packets gather in `pending`.
 * What tail has passed may still be read until the next packet is added: `kept`.
 */
#include "export/packet_hold.h"

#include "base/temp.h"
#include "base/xalloc.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

enum { ALIGN = 8, PENDING = 256 << 10, PAD = UINT32_MAX };

struct packet_hold {
	uint64_t limit, kept, tail, head, written;
	int fd;
	struct files files;
	char *dir;
	bool broken; /* the file can't be made or written */
	struct buf pending;
};

struct packet_hold *packet_hold_new(uint64_t limit, struct files files, const char *dir)
{
	struct packet_hold *h = xcalloc(1, sizeof *h);
	h->limit = limit < ALIGN ? ALIGN : limit / ALIGN * ALIGN;
	h->files = files;
	h->fd = -1;
	h->dir = xstrdup(temp_dir(dir));
	h->kept = h->tail = h->head = h->written = h->limit; /* so that no place is 0 */
	return h;
}

void packet_hold_free(struct packet_hold *h)
{
	if (!h)
		return;
	if (h->fd >= 0)
		close(h->fd);
	buf_release(&h->pending);
	free(h->dir);
	free(h);
}

static bool write_all(struct packet_hold *h, struct slice left, uint64_t to)
{
	while (left.len) {
		struct slice part = slice_head(left, (size_t)(h->limit - to % h->limit));
		ssize_t n = pwrite(h->fd, part.at, part.len, (off_t)(to % h->limit));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		left = slice_skip(left, (size_t)n);
		to += (uint64_t)n;
	}
	return true;
}

static bool flush(struct packet_hold *h)
{
	if (h->fd < 0 && !h->broken)
		h->fd = temp_open(h->dir);
	h->broken = h->broken || h->fd < 0 || !write_all(h, buf_slice(&h->pending), h->written);
	if (h->broken) /* what is in memory stays there */
		return false;
	h->written += h->pending.len;
	buf_clear(&h->pending);
	return true;
}

/* Bytes of one packet, which lie either in the file or in pending. */
static bool read_place(struct packet_hold *h, void *to, size_t len, uint64_t place)
{
	if (!len)
		return true;
	if (place < h->written)
		return files_read((struct files){ &h->fd, 1 }, to, len, place % h->limit);
	if (place - h->written + len > h->pending.len)
		return false;
	memcpy(to, h->pending.at + (place - h->written), len);
	return true;
}

static uint64_t next_round(const struct packet_hold *h, uint64_t place)
{
	return (place / h->limit + 1) * h->limit;
}

static size_t padded(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t size_of(const struct held *p)
{
	return padded(sizeof *p + (p->at < 0 ? p->len : 0) + p->comments);
}

/* Where a packet of that size will stand. */
static uint64_t place_for(const struct packet_hold *h, size_t size)
{
	return h->head % h->limit + size > h->limit ? next_round(h, h->head) : h->head;
}

/* Where the packet at or behind tail stands; head if there is none. */
static uint64_t first_place(struct packet_hold *h, struct held *p)
{
	uint64_t place = h->tail;
	if (place < h->head && h->limit - place % h->limit < sizeof *p)
		place = next_round(h, place);
	if (place < h->head && (!read_place(h, p, sizeof *p, place) || p->len == PAD))
		place = next_round(h, place);
	if (place < h->head && !read_place(h, p, sizeof *p, place))
		place = h->head;
	return place < h->head ? place : h->head;
}

uint64_t packet_hold_oldest(struct packet_hold *h)
{
	struct held p;
	uint64_t place = first_place(h, &p);
	h->tail = place;
	if (place == h->head)
		return 0;
	h->tail = place + size_of(&p);
	return place;
}

static void measure(struct held *p, struct slice bytes, struct slice comments)
{
	p->len = (uint32_t)bytes.len;
	p->comments = (uint32_t)comments.len;
}

uint64_t packet_hold_make_room(struct packet_hold *h, const struct held *packet, struct slice bytes, struct slice comments)
{
	struct held p = *packet;
	measure(&p, bytes, comments);
	size_t size = size_of(&p);
	if (size > h->limit || h->broken || place_for(h, size) + size - h->tail <= h->limit)
		return 0;
	return packet_hold_oldest(h);
}

/* The packet is to stand at the front of the file: marks what is left of its end, if a mark fits there. */
static bool pad_to(struct packet_hold *h, uint64_t place)
{
	struct held pad = { .len = PAD };
	if (place == h->head)
		return true;
	if (place - h->head >= sizeof pad)
		buf_add(&h->pending, slice_of(&pad, sizeof pad));
	if (!flush(h))
		return false;
	h->head = h->written = place;
	return true;
}

uint64_t packet_hold_add(struct packet_hold *h, struct held *packet, struct slice bytes, struct slice comments)
{
	static const uint8_t zeros[ALIGN];
	measure(packet, bytes, comments);
	size_t size = size_of(packet);
	uint64_t place = place_for(h, size);
	if (size > h->limit || h->broken || !pad_to(h, place) || (h->pending.len + size > PENDING && !flush(h)))
		return 0;
	size_t before = h->pending.len;
	buf_add(&h->pending, slice_of(packet, sizeof *packet));
	if (packet->at < 0)
		buf_add(&h->pending, bytes);
	buf_add(&h->pending, comments);
	buf_add(&h->pending, slice_of(zeros, size - (h->pending.len - before)));
	h->head = place + size;
	h->kept = h->tail;
	return place;
}

bool packet_hold_get(struct packet_hold *h, uint64_t place, struct held *out)
{
	return place >= h->kept && place < h->head && read_place(h, out, sizeof *out, place);
}

bool packet_hold_read(struct packet_hold *h, uint64_t place, const struct held *p, struct buf *scratch, struct slice *bytes,
		      struct slice *comments)
{
	bool held = p->at < 0;
	buf_clear(scratch);
	uint8_t *to = buf_reserve(scratch, (size_t)p->len + p->comments);
	uint64_t behind = place + sizeof *p;
	bool good = held ? read_place(h, to, p->len, behind) : files_read(h->files, to, p->len, (uint64_t)p->at);
	good = good && read_place(h, to + p->len, p->comments, behind + (held ? p->len : 0));
	*bytes = slice_of(to, p->len);
	*comments = slice_of(to + p->len, p->comments);
	return good;
}

void packet_hold_take(struct packet_hold *h, uint64_t place)
{
	const uint8_t yes = 1;
	uint64_t at = place + offsetof(struct held, taken);
	if (place >= h->written)
		h->pending.at[at - h->written] = yes;
	else
		h->broken = !write_all(h, slice_of(&yes, 1), at) || h->broken;
}
