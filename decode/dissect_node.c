/*
 * Nodes of a tree: how they are added, and what is asked of them.
 *
 * They come from the arena. One, the spare, is set aside at the beginning: it ends the tree when the budget is spent, and it being gone
 * stops all loops.
 */
#include "decode/dissect_part.h"

enum { SECONDS = 1, NANOS = 2 }; /* google.protobuf.Timestamp */

const char dissect_cut[] = "the capture ends here";
const char dissect_spent[] = "too many fields to show";

static void link_last(struct node *parent, struct node *n)
{
	n->parent = parent;
	if (parent->last)
		parent->last->next = n;
	else
		parent->child = n;
	parent->last = n;
}

static void spend(struct dissection *d, struct node *parent)
{
	struct node *n = d->spare;
	if (!n)
		return;
	n->kind = NODE_BAD;
	n->fault = dissect_spent;
	n->offset = n->value_offset = parent->last ? parent->last->offset + parent->last->length : parent->value_offset;
	link_last(parent, n);
	d->spare = NULL;
}

struct node *node_add(struct dissection *d, struct node *parent, enum node_kind kind, struct slice whole, struct slice value)
{
	struct node *n = dissect_full(d) ? NULL : arena_take(&d->arena, sizeof *n);
	if (!n) {
		spend(d, parent);
		return NULL;
	}
	n->kind = (uint8_t)kind;
	n->offset = (uint32_t)(whole.at - d->bytes.at);
	n->length = (uint32_t)whole.len;
	n->value_offset = (uint32_t)(value.at - d->bytes.at);
	n->value_length = (uint32_t)value.len;
	n->text = value;
	link_last(parent, n);
	return n;
}

struct slice node_keep(struct dissection *d, struct node *parent, struct slice text)
{
	struct slice kept = arena_copy(&d->arena, text);
	if (!kept.at)
		spend(d, parent);
	return kept;
}

void node_cut(struct node *n, uint64_t missing)
{
	n->fault = dissect_cut;
	n->integer = (int64_t)missing;
}

struct node *node_child(const struct node *n, const char *name)
{
	struct node *c = n->child;
	while (c && !slice_is(c->name, name))
		c = c->next;
	return c;
}

const struct node *node_after(const struct node *n, const struct node *top)
{
	if (n->child)
		return n->child;
	while (n != top && !n->next)
		n = n->parent;
	return n == top ? NULL : n->next;
}

const char *node_fault(const struct node *n)
{
	const struct node *c = n;
	while (c && c->kind != NODE_BAD)
		c = node_after(c, n);
	return c ? c->fault : NULL;
}

bool node_timestamp(const struct node *const *parts, size_t count, int64_t *ns)
{
	int64_t seconds = 0, nanos = 0;
	for (size_t i = 0; i < count; i++) {
		for (const struct node *c = parts[i]->child; c; c = c->next) {
			if (c->kind == NODE_INT && c->number == SECONDS)
				seconds = c->integer;
			else if (c->kind == NODE_INT && c->number == NANOS)
				nanos = c->integer;
		}
	}
	*ns = 0;
	if (nanos < 0 || nanos > 999999999 || seconds < INT64_MIN / 1000000000 || seconds > INT64_MAX / 1000000000 - 1)
		return false;
	*ns = seconds * 1000000000 + nanos;
	return true;
}
