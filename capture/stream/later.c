/*
 * A queue of items in one buffer:
 *
 *	| item | bytes | item | item | bytes | …
 *	               ^ taken
 *
 * What was taken stays until later_trim, so that an item can be read where it is and trimming costs one move for many items.
 */
#include "capture/stream/later.h"

#include <string.h>

size_t later_cost(const struct later_item *item)
{
	return sizeof *item + item->bytes.len;
}

void later_put(struct later *l, const struct later_item *item)
{
	buf_add(&l->items, slice_of(item, sizeof *item));
	buf_add(&l->items, item->bytes);
}

bool later_first(const struct later *l, struct later_item *item)
{
	if (l->taken == l->items.len)
		return false;
	memcpy(item, l->items.at + l->taken, sizeof *item);
	item->bytes.at = l->items.at + l->taken + sizeof *item;
	return true;
}

void later_take(struct later *l)
{
	struct later_item item;
	if (later_first(l, &item))
		l->taken += later_cost(&item);
}

size_t later_trim(struct later *l)
{
	size_t n = l->taken;
	buf_consume(&l->items, n);
	l->taken = 0;
	return n;
}

size_t later_release(struct later *l)
{
	size_t n = l->items.len;
	buf_release(&l->items);
	l->taken = 0;
	return n;
}
