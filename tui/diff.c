/*
 * Comparing trees, from the top down. The fields of two messages are paired by their names: as many pairs as there can be without crossing
 * (the longest common subsequence), so that a field that only one has moves nothing else.
 */
#include "tui/diff.h"

#include "base/xalloc.h"

#include <stdlib.h>

void diff_release(struct diff *d)
{
	free(d->row);
	*d = (struct diff){ 0 };
}

static size_t add_row(struct diff *d, const struct node *left, const struct node *right, unsigned depth, enum diff_kind kind)
{
	if (d->rows == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 64;
		d->row = xreallocarray(d->row, d->cap, sizeof *d->row);
	}
	d->row[d->rows] = (struct diff_row){ left, right, (uint16_t)depth, (uint8_t)kind };
	return d->rows++;
}

/* The fields of a node; those of JSON in a string stand right below the string. */
static const struct node *children_of(const struct node *n)
{
	const struct node *c = n->child;
	bool json_root = c && c->from_text && !c->name.len && n->kind == NODE_STRING;
	return json_root ? c->child : c;
}

static bool is_container(const struct node *n)
{
	return n->kind == NODE_MESSAGE || n->kind == NODE_OBJECT || n->kind == NODE_ARRAY;
}

static bool same_value(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->type != b->type)
		return false;
	if (is_container(a) || (children_of(a) && children_of(b)))
		return true;
	return a->integer == b->integer && (a->real == b->real || a->kind == NODE_NUMBER) && slice_eq(a->text, b->text);
}

static size_t count_of(const struct node *n)
{
	size_t count = 0;
	for (const struct node *c = n; c; c = c->next)
		count++;
	return count;
}

static void add_tree(struct diff *d, const struct node *n, bool left, unsigned depth)
{
	if (d->rows >= DIFF_ROWS) {
		d->cut = true;
		return;
	}
	add_row(d, left ? n : NULL, left ? NULL : n, depth, left ? DIFF_LEFT : DIFF_RIGHT);
	d->changes += depth == 0 || !children_of(n);
	for (const struct node *c = children_of(n); c; c = c->next)
		add_tree(d, c, left, depth + 1);
}

static bool pair(struct diff *d, const struct node *a, const struct node *b, unsigned depth);

/* Fields in their order, as far as their names agree. */
static bool pair_in_order(struct diff *d, const struct node *a, const struct node *b, unsigned depth)
{
	bool differ = false;
	for (; a && b; a = a->next, b = b->next) {
		if (slice_eq(a->name, b->name)) {
			differ |= pair(d, a, b, depth);
			continue;
		}
		add_tree(d, a, true, depth);
		add_tree(d, b, false, depth);
		differ = true;
	}
	for (; a; a = a->next, differ = true)
		add_tree(d, a, true, depth);
	for (; b; b = b->next, differ = true)
		add_tree(d, b, false, depth);
	return differ;
}

/* length[i * (m + 1) + j]: how many pairs there can be from field i of a and field j of b on. */
static uint16_t *pairs_from(const struct node *const *a, size_t n, const struct node *const *b, size_t m)
{
	uint16_t *length = xcalloc((n + 1) * (m + 1), sizeof *length);
	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;) {
			uint16_t *here = &length[i * (m + 1) + j], skip_a = here[m + 1], skip_b = here[1];
			*here = slice_eq(a[i]->name, b[j]->name) ? (uint16_t)(here[m + 2] + 1) : skip_a > skip_b ? skip_a : skip_b;
		}
	return length;
}

static const struct node **list_of(const struct node *first, size_t count)
{
	const struct node **list = xcalloc(count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++, first = first->next)
		list[i] = first;
	return list;
}

static bool pair_fields(struct diff *d, const struct node *first_a, const struct node *first_b, unsigned depth)
{
	size_t n = count_of(first_a), m = count_of(first_b), i = 0, j = 0;
	bool differ = false;
	if (n > DIFF_ALIGN || m > DIFF_ALIGN)
		return pair_in_order(d, first_a, first_b, depth);
	const struct node **a = list_of(first_a, n), **b = list_of(first_b, m);
	uint16_t *length = pairs_from(a, n, b, m);
	while (i < n || j < m) {
		if (i < n && j < m && slice_eq(a[i]->name, b[j]->name)) {
			differ |= pair(d, a[i++], b[j++], depth);
			continue;
		}
		bool left = j == m || (i < n && length[(i + 1) * (m + 1) + j] >= length[i * (m + 1) + j + 1]);
		add_tree(d, left ? a[i++] : b[j++], left, depth);
		differ = true;
	}
	free(length);
	free(a);
	free(b);
	return differ;
}

/* Compares two nodes that go with each other; true if they differ. */
static bool pair(struct diff *d, const struct node *a, const struct node *b, unsigned depth)
{
	if (d->rows >= DIFF_ROWS) {
		d->cut = true;
		return false;
	}
	size_t row = add_row(d, a, b, depth, DIFF_SAME);
	bool same = same_value(a, b), deep = same || (is_container(a) && is_container(b));
	bool differ = !same;
	d->changes += differ;
	if (deep)
		differ |= pair_fields(d, children_of(a), children_of(b), depth + 1);
	d->row[row].kind = differ ? DIFF_CHANGED : DIFF_SAME;
	return differ;
}

void diff_set(struct diff *d, const struct node *left, const struct node *right)
{
	d->rows = d->changes = 0;
	d->cut = false;
	if (left && right)
		pair(d, left, right, 0);
	else if (left || right)
		add_tree(d, left ? left : right, left != NULL, 0);
}

bool diff_is_change(const struct diff *d, size_t row)
{
	const struct diff_row *r = &d->row[row];
	return r->kind == DIFF_LEFT || r->kind == DIFF_RIGHT || (r->kind == DIFF_CHANGED && !same_value(r->left, r->right));
}
