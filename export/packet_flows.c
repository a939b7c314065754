/*
 * A hash table with chains. A key is the number of a connection, or, with its top bit set, one that packets without a connection have in common.
 * Connections are dropped when the capture says that they are gone; nobody says so of these, so the newest APART_FLOWS are kept.
 */
#include "export/packet_flows.h"

#include "base/xalloc.h"

#include <stdlib.h>

#define APART_KEY (UINT64_C(1) << 63)

static size_t bucket_of(uint64_t key)
{
	return (key ^ key >> 32) % FLOW_BUCKETS;
}

static struct packet_flow *find(const struct packet_flows *f, uint64_t key)
{
	struct packet_flow *flow = f->bucket[bucket_of(key)];
	while (flow && flow->key != key)
		flow = flow->chain;
	return flow;
}

static struct packet_flow *add(struct packet_flows *f, uint64_t key)
{
	struct packet_flow *flow = xcalloc(1, sizeof *flow), **bucket = &f->bucket[bucket_of(key)];
	flow->key = key;
	flow->chain = *bucket;
	*bucket = flow;
	return flow;
}

static void drop(struct packet_flows *f, uint64_t key)
{
	struct packet_flow **at = &f->bucket[bucket_of(key)];
	while (*at && (*at)->key != key)
		at = &(*at)->chain;
	struct packet_flow *flow = *at;
	if (!flow)
		return;
	*at = flow->chain;
	free(flow);
}

void packet_flows_release(struct packet_flows *f)
{
	for (int i = 0; i < FLOW_BUCKETS; i++) {
		while (f->bucket[i])
			drop(f, f->bucket[i]->key);
	}
}

struct packet_flow *packet_flows_find(const struct packet_flows *f, uint32_t conn)
{
	return find(f, conn);
}

struct packet_flow *packet_flows_for(struct packet_flows *f, uint32_t conn)
{
	struct packet_flow *flow = find(f, conn);
	return flow ? flow : add(f, conn);
}

struct packet_flow *packet_flows_for_apart(struct packet_flows *f, uint64_t apart)
{
	uint64_t key = apart | APART_KEY;
	struct packet_flow *flow = find(f, key);
	if (flow)
		return flow;
	drop(f, f->apart[f->next]);
	f->apart[f->next] = key;
	f->next = (f->next + 1) % APART_FLOWS;
	return add(f, key);
}

uint64_t packet_flows_adopt(struct packet_flows *f, uint64_t apart)
{
	const struct packet_flow *flow = find(f, apart | APART_KEY);
	uint64_t place = flow ? flow->last.place : 0;
	drop(f, apart | APART_KEY);
	return place;
}

void packet_flows_drop(struct packet_flows *f, uint32_t conn)
{
	drop(f, conn);
}
