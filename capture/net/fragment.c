/*
 * Putting IP fragments together.
 *
 * Fragment offsets count units of 8 bytes (RFC 791, section 3.2; RFC 8200, section 4.5), so a pending
 * packet is a buffer and a bit a unit: set once the unit has arrived. Bytes that arrive twice keep their
 * first value. A packet is whole when its end is known and all units before it are there.
 *
 *	bytes     |0      |8      |16     |24  end
 *	arrived    1       1       0       1            waits for unit 2
 *
 * Pending packets hang in a hash table by their key and in a list by age; the limits push out the oldest. A
 * fragment that was cut by the capture counts as arrived in full: the packet is then handed on with a
 * payload that stops where the first bytes are missing (whole->payload.len < whole->payload_len).
 *
 * Where a capture shows each fragment twice, a copy can come when its packet is whole already: it is known by the packets that were last put together.
 */
#include "capture/net/fragment.h"

#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>

enum {
	UNIT = 8,
	MAX_BYTES = 65535,
	MAX_UNITS = 65536 / UNIT,
	FINISHED = 16,   /* packets put together that are remembered */
	UNKNOWN = 65536, /* an end that no fragment has told yet, a cut that is not there */
};

static const int64_t LIFETIME = 30 * (int64_t)1000000000;
static const uint64_t COPY_NS = 100000000; /* a copy comes in that time; numbers are not used again so soon */

struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint16_t family, proto; /* proto: 0 for IPv6, whose fragments need not agree on it */
};

struct pending {
	struct key key;
	struct pending *chain; /* the next in the same bucket */
	struct pending *older, *newer;
	int64_t time; /* of the fragment that came first */
	uint8_t *bytes;
	uint32_t cap;
	uint32_t units, high; /* units arrived; one past the highest byte announced */
	uint32_t end;         /* length of the packet, or UNKNOWN */
	uint32_t cut;         /* the lowest byte that was not captured, or UNKNOWN */
	uint8_t proto;        /* of the first fragment in the packet */
	uint64_t arrived[MAX_UNITS / 64];
};

/* A packet that was put together. */
struct finished {
	struct key key;
	uint32_t end; /* 0: none */
	int64_t time; /* of the fragment that completed it */
};

struct fragments {
	struct pending **buckets;
	size_t mask; /* number of buckets - 1 */
	uint64_t hash_key;
	struct pending *oldest, *newest;
	struct pending *done; /* the packet handed out last: freed by the next call */
	size_t packets, max_packets;
	size_t bytes, max_bytes;
	struct finished finished[FINISHED];
	size_t next_finished;
	struct fragment_counts counts;
};

struct fragments *fragments_new(size_t max_packets, size_t max_bytes)
{
	struct fragments *f = xcalloc(1, sizeof(*f));
	f->hash_key = hash_new_key();
	size_t buckets = 16;
	while (buckets < max_packets && buckets < 1 << 16)
		buckets *= 2;
	f->buckets = xcalloc(buckets, sizeof(*f->buckets));
	f->mask = buckets - 1;
	f->max_packets = max_packets ? max_packets : 1;
	f->max_bytes = max_bytes;
	return f;
}

static void pending_free(struct pending *p)
{
	if (p)
		free(p->bytes);
	free(p);
}

void fragments_free(struct fragments *f)
{
	if (!f)
		return;
	for (struct pending *p = f->oldest, *next; p; p = next) {
		next = p->newer;
		pending_free(p);
	}
	pending_free(f->done);
	free(f->buckets);
	free(f);
}

static struct pending **bucket_of(const struct fragments *f, const struct key *key)
{
	return &f->buckets[hash_bytes(slice_of(key, sizeof(*key)), f->hash_key) & f->mask];
}

static void unlink_pending(struct fragments *f, struct pending *p)
{
	struct pending **at = bucket_of(f, &p->key);
	while (*at != p)
		at = &(*at)->chain;
	*at = p->chain;
	*(p->older ? &p->older->newer : &f->oldest) = p->newer;
	*(p->newer ? &p->newer->older : &f->newest) = p->older;
	f->packets--;
	f->bytes -= sizeof(*p) + p->cap;
}

static void expire(struct fragments *f, struct pending *p)
{
	unlink_pending(f, p);
	pending_free(p);
	f->counts.expired++;
}

static void expire_old(struct fragments *f, int64_t now)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): expire takes it off the list */
	while (f->oldest && now > f->oldest->time && (uint64_t)now - (uint64_t)f->oldest->time > (uint64_t)LIFETIME)
		expire(f, f->oldest);
}

static void enforce_limits(struct fragments *f, const struct pending *keep)
{
	while (f->packets > f->max_packets || f->bytes > f->max_bytes) {
		struct pending *victim = f->oldest == keep ? f->oldest->newer : f->oldest;
		if (!victim)
			return;
		expire(f, victim);
	}
}

static struct key key_of(const struct ip_packet *ip)
{
	struct key key = { .id = ip->frag_id, .family = ip->family, .proto = ip->family == 4 ? ip->proto : 0 };
	memcpy(key.src, ip->src, 16);
	memcpy(key.dst, ip->dst, 16);
	return key;
}

static struct pending *add_pending(struct fragments *f, const struct key *key, int64_t time)
{
	struct pending **bucket = bucket_of(f, key), *p = xcalloc(1, sizeof(*p));
	p->key = *key;
	p->time = time;
	p->end = UNKNOWN;
	p->cut = UNKNOWN;
	p->chain = *bucket;
	*bucket = p;
	p->older = f->newest;
	*(f->newest ? &f->newest->newer : &f->oldest) = p;
	f->newest = p;
	f->packets++;
	f->bytes += sizeof(*p);
	return p;
}

static struct pending *find_pending(const struct fragments *f, const struct key *key)
{
	struct pending *p = *bucket_of(f, key);
	while (p && memcmp(&p->key, key, sizeof(*key)) != 0)
		p = p->chain;
	return p;
}

static bool can_be(const struct ip_packet *ip)
{
	return ip->payload_len && ip->payload_len <= MAX_BYTES && ip->frag_offset <= MAX_BYTES - ip->payload_len &&
	       !(ip->more && ip->payload_len % UNIT);
}

static bool fits(const struct pending *p, const struct ip_packet *ip)
{
	uint32_t end = ip->frag_offset + ip->payload_len;
	if (p->end != UNKNOWN)
		return ip->more ? end <= p->end : end == p->end;
	return ip->more || end >= p->high;
}

static void grow(struct fragments *f, struct pending *p, uint32_t end)
{
	if (end <= p->cap)
		return;
	uint32_t cap = p->cap ? p->cap : 2048;
	while (cap < end)
		cap *= 2;
	p->bytes = xreallocarray(p->bytes, cap, 1);
	f->bytes += cap - p->cap;
	p->cap = cap;
}

/* Puts the unit at `at` in its place; `here` are its bytes as captured, `wanted` their number as announced. */
static void store_unit(struct fragments *f, struct pending *p, uint32_t at, struct slice here, uint32_t wanted)
{
	uint64_t *word = &p->arrived[at / UNIT / 64], bit = (uint64_t)1 << (at / UNIT % 64);
	if (*word & bit) {
		f->counts.overlaps += wanted;
		return;
	}
	*word |= bit;
	p->units++;
	if (here.len)
		memcpy(p->bytes + at, here.at, here.len);
	if (here.len < wanted && at + here.len < p->cut)
		p->cut = at + (uint32_t)here.len;
}

static void store(struct fragments *f, struct pending *p, const struct ip_packet *ip)
{
	uint32_t end = ip->frag_offset + ip->payload_len;
	grow(f, p, end);
	for (uint32_t done = 0; done < ip->payload_len; done += UNIT) {
		uint32_t wanted = ip->payload_len - done < UNIT ? ip->payload_len - done : UNIT;
		store_unit(f, p, ip->frag_offset + done, slice_head(slice_skip(ip->payload, done), wanted), wanted);
	}
	if (end > p->high)
		p->high = end;
	if (!ip->more)
		p->end = end;
	if (!ip->frag_offset)
		p->proto = ip->proto;
}

static bool is_copy(const struct fragments *f, const struct key *key, uint32_t end, int64_t time)
{
	for (size_t i = 0; i < FINISHED; i++) {
		const struct finished *o = &f->finished[i];
		if (end <= o->end && (uint64_t)time - (uint64_t)o->time + COPY_NS <= 2 * COPY_NS && memcmp(&o->key, key, sizeof(*key)) == 0)
			return true;
	}
	return false;
}

static void remember(struct fragments *f, const struct pending *p, int64_t time)
{
	f->finished[f->next_finished] = (struct finished){ p->key, p->end, time };
	f->next_finished = (f->next_finished + 1) % FINISHED;
}

static bool finish(struct fragments *f, struct pending *p, const struct ip_packet *ip, struct ip_packet *whole)
{
	unlink_pending(f, p);
	f->done = p;
	*whole = *ip;
	whole->proto = p->proto;
	whole->fragment = whole->more = false;
	whole->frag_offset = 0;
	whole->payload = slice_of(p->bytes, p->cut < p->end ? p->cut : p->end);
	whole->payload_len = p->end;
	if (whole->family == 6 && (ip_pass_extensions(whole) != IP_OK || whole->fragment)) {
		f->counts.bad++;
		return false;
	}
	f->counts.packets++;
	return true;
}

bool fragments_feed(struct fragments *f, const struct ip_packet *ip, int64_t time, struct ip_packet *whole)
{
	pending_free(f->done);
	f->done = NULL;
	f->counts.fragments++;
	expire_old(f, time);
	if (!can_be(ip)) {
		f->counts.bad++;
		return false;
	}
	struct key key = key_of(ip);
	struct pending *p = find_pending(f, &key);
	if (!p && is_copy(f, &key, ip->frag_offset + ip->payload_len, time)) {
		f->counts.overlaps += ip->payload_len;
		return false;
	}
	if (!p)
		p = add_pending(f, &key, time);
	if (!fits(p, ip)) {
		f->counts.bad++;
		return false;
	}
	store(f, p, ip);
	enforce_limits(f, p);
	if (p->end == UNKNOWN || p->units != (p->end + UNIT - 1) / UNIT)
		return false;
	remember(f, p, time);
	return finish(f, p, ip, whole);
}

struct fragment_counts fragments_counts(const struct fragments *f)
{
	return f->counts;
}
