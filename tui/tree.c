/*
 * The tree as rows in an array: opening a node inserts rows behind it, closing removes all that are deeper.
 *
 * Rows in sight need only the beginning of a value, so a long text is cut before it is made safe. A value
 * that was opened is shown whole, in rows that each know their part of its text; the text of one node is
 * kept, as neighbouring rows mostly want the same.
 */
#include "tui/tree.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "export/value.h"

#include <stdlib.h>

enum {
	ROWS_MAX = 200000,   /* rows that "open all" goes up to */
	PARTS_MAX = 20000,   /* rows of one value */
	VALUE_MAX = 1 << 20, /* bytes of a value that are shown when it is opened */
	LINE_BREAK = 0x240a  /* how base/text.h shows one */
};

void tree_release(struct tree *t)
{
	free(t->row);
	buf_release(&t->value);
	*t = (struct tree){ 0 };
}

/* Makes room for n rows at i. */
static struct tree_row *insert(struct tree *t, size_t i, size_t n)
{
	if (t->cap - t->rows < n) {
		t->cap = t->cap * 2 > t->rows + n ? t->cap * 2 : t->rows + n + 64;
		t->row = xreallocarray(t->row, t->cap, sizeof *t->row);
	}
	memmove(t->row + i + n, t->row + i, (t->rows - i) * sizeof *t->row);
	t->rows += n;
	return t->row + i;
}

/* Removes the rows from `from` to before `to`. */
static void drop(struct tree *t, size_t from, size_t to)
{
	memmove(t->row + from, t->row + to, (t->rows - to) * sizeof *t->row);
	t->rows -= to - from;
}

size_t tree_behind(const struct tree *t, size_t i)
{
	size_t j = i + 1;
	while (j < t->rows && t->row[j].depth > t->row[i].depth)
		j++;
	return j;
}

/* What opens below a node. The object or array that a string of JSON is has no name and no row of its own. */
static bool is_json_root(const struct node *n)
{
	return n->from_text && !n->name.len && n->parent && n->parent->kind == NODE_STRING;
}

static const struct node *first_child(const struct node *n)
{
	return n->child && is_json_root(n->child) ? n->child->child : n->child;
}

static const struct node *parent_of(const struct node *n)
{
	return n->parent && is_json_root(n->parent) ? n->parent->parent : n->parent;
}

/* Appends the value of a node, of a long text about `most` bytes. */
static void add_value(struct buf *out, const struct node *n, bool show_secrets, size_t most)
{
	node_add_head(out, n, show_secrets, most);
	if (n->kind == NODE_MESSAGE) {
		buf_add_str(out, ", ");
		amount_add_counted(out, n->text.len, "byte");
	}
	node_add_remark(out, n);
}

static void open_children(struct tree *t, size_t i)
{
	size_t count = 0;
	for (const struct node *c = first_child(t->row[i].node); c; c = c->next)
		count++;
	uint16_t depth = (uint16_t)(t->row[i].depth + 1);
	struct tree_row *row = insert(t, i + 1, count);
	for (const struct node *c = first_child(t->row[i].node); c; c = c->next)
		*row++ = (struct tree_row){ .node = c, .depth = depth };
	t->row[i].open = true;
}

/* The text of a node that was opened. */
static struct slice whole_value(struct tree *t, const struct node *n)
{
	if (t->valued != n) {
		buf_clear(&t->value);
		add_value(&t->value, n, t->show_secrets, VALUE_MAX);
		t->valued = n;
	}
	return buf_slice(&t->value);
}

/* How many bytes at the front of the text go into a row of so many columns: one character at least, and
 * nothing behind a line break. */
static size_t fitting(struct slice text, int columns)
{
	size_t at = 0;
	while (at < text.len) {
		uint32_t point;
		size_t n = text_next(slice_skip(text, at), &point, NULL);
		columns -= text_width(point);
		if (columns < 0 && at)
			break;
		at += n;
		if (point == LINE_BREAK)
			break;
	}
	return at;
}

static int indent(const struct tree_row *r)
{
	return 2 * r->depth + 3;
}

/* Columns that row i has for a value behind the name. */
static int room(const struct tree_row *r, int width)
{
	return width - indent(r) - text_columns(slice_head(r->node->name, 200)) - 2;
}

/* Cuts a text into parts of so many columns and says in part[] (unless NULL) where they stand; returns how
 * many there are. */
static size_t cut(struct slice text, int columns, struct tree_row *part)
{
	struct slice rest = text;
	size_t k = 0;
	for (; rest.len && k < PARTS_MAX; k++) {
		uint32_t from = (uint32_t)(text.len - rest.len);
		rest = slice_skip(rest, fitting(rest, columns > 8 ? columns : 8));
		if (part) {
			part[k].from = from;
			part[k].to = (uint32_t)(text.len - rest.len);
		}
	}
	return k;
}

static bool open_value(struct tree *t, size_t i, int width)
{
	const struct node *n = t->row[i].node;
	struct slice text = whole_value(t, n);
	struct tree_row form = { .node = n, .depth = (uint16_t)(t->row[i].depth + 1), .part = true };
	int columns = width - indent(&form);
	if (text_columns(slice_head(text, (size_t)width * 4)) <= room(&t->row[i], width))
		return false;
	size_t count = cut(text, columns, NULL);
	struct tree_row *part = insert(t, i + 1, count);
	for (size_t k = 0; k < count; k++)
		part[k] = form;
	cut(text, columns, part);
	t->row[i].open = true;
	return true;
}

bool tree_open(struct tree *t, size_t i, int width)
{
	if (i >= t->rows || t->row[i].open || t->row[i].part)
		return false;
	if (!first_child(t->row[i].node))
		return open_value(t, i, width);
	open_children(t, i);
	return true;
}

bool tree_close(struct tree *t, size_t i)
{
	if (i >= t->rows || !t->row[i].open)
		return false;
	drop(t, i + 1, tree_behind(t, i));
	t->row[i].open = false;
	return true;
}

/* Puts a row that was closed behind all others, with everything in it; `rest` rows are still to come behind it. */
static void add_open(struct tree *t, struct tree_row row, size_t rest)
{
	const struct node *c = first_child(row.node);
	row.open = c && t->rows + rest < ROWS_MAX;
	*insert(t, t->rows, 1) = row;
	for (; row.open && c; c = c->next)
		add_open(t, (struct tree_row){ .node = c, .depth = (uint16_t)(row.depth + 1) }, rest);
}

/* In one pass: to make room for each node by itself would take the square of their number. */
void tree_open_all(struct tree *t, size_t i)
{
	if (i >= t->rows)
		return;
	size_t within = tree_behind(t, i) - i, count = t->rows - i;
	struct tree_row *old = xreallocarray(NULL, count, sizeof *old);
	memcpy(old, t->row + i, count * sizeof *old);
	t->rows = i;
	for (size_t k = 0; k < count; k++) {
		if (k < within && !old[k].open && !old[k].part)
			add_open(t, old[k], count - k - 1);
		else
			*insert(t, t->rows, 1) = old[k];
	}
	free(old);
}

size_t tree_fit(struct tree *t, size_t i, int width)
{
	const struct node *n = i < t->rows ? t->row[i].node : NULL;
	for (size_t k = 0; k < t->rows; k++)
		if (t->row[k].open && !first_child(t->row[k].node)) {
			tree_close(t, k);
			open_value(t, k, width);
		}
	for (i = 0; i < t->rows && t->row[i].node != n;)
		i++;
	return i < t->rows ? i : 0;
}

size_t tree_parent(const struct tree *t, size_t i)
{
	size_t j = i;
	while (j > 0 && t->row[j].depth >= t->row[i].depth)
		j--;
	return j;
}

size_t tree_find(struct tree *t, const struct node *n)
{
	size_t i = 0;
	if (is_json_root(n))
		return tree_find(t, n->parent);
	if (n->parent) {
		i = tree_find(t, parent_of(n));
		if (!t->row[i].open)
			open_children(t, i);
		i++;
	}
	while (i < t->rows && t->row[i].node != n)
		i++;
	return i < t->rows ? i : 0;
}

void tree_set(struct tree *t, const struct node *root, const struct node *open, bool show_secrets)
{
	t->rows = 0;
	t->valued = NULL;
	t->show_secrets = show_secrets;
	if (!root)
		return;
	*insert(t, 0, 1) = (struct tree_row){ .node = root };
	size_t i = tree_find(t, open ? open : root);
	if (first_child(t->row[i].node) && !t->row[i].open)
		open_children(t, i);
}

void tree_add_value(const struct tree *t, size_t i, struct buf *out)
{
	const struct node *n = t->row[i].node;
	if (n->kind == NODE_STRING)
		node_add_plain(out, n, t->show_secrets);
	else
		add_value(out, n, t->show_secrets, VALUE_MAX);
}

static void add_part(struct tree *t, const struct tree_row *r, int width, struct line *out)
{
	struct slice text = whole_value(t, r->node);
	line_pad(out, INK_PLAIN, indent(r));
	line_add(out, INK_PLAIN, slice_head(slice_skip(text, r->from), r->to - r->from), width - out->columns);
}

static enum ink value_ink(const struct tree *t, const struct node *n)
{
	bool container = n->kind == NODE_MESSAGE || n->kind == NODE_OBJECT || n->kind == NODE_ARRAY;
	if (container || (n->secret && !t->show_secrets))
		return INK_DIM;
	return n->kind == NODE_BAD ? INK_ERROR : INK_PLAIN;
}

void tree_add_row(struct tree *t, size_t i, int width, struct line *out)
{
	const struct tree_row *r = &t->row[i];
	const struct node *n = r->node;
	struct buf value = { 0 };
	if (r->part) {
		add_part(t, r, width, out);
		return;
	}
	add_value(&value, n, t->show_secrets, (size_t)width * 4 + 16);
	bool fits = text_columns(slice_head(buf_slice(&value), (size_t)width * 4)) <= room(r, width);
	line_pad(out, INK_PLAIN, indent(r) - 2);
	line_add_str(out, INK_DIM, !first_child(n) && fits ? "  " : r->open ? "▼ " : "► ");
	line_add(out, n->unknown ? INK_DIM : INK_FIELD, n->name, width - out->columns);
	line_add(out, INK_PLAIN, slice_str(n->name.len ? ": " : ""), width - out->columns);
	line_add(out, value_ink(t, n), buf_slice(&value), width - out->columns);
	if (n->fault && n->kind != NODE_BAD)
		line_addf(out, INK_ERROR, "  %s", n->fault);
	buf_release(&value);
}

bool tree_node_matches(const struct node *n, bool show_secrets, const struct pattern *p)
{
	if (pattern_in(p, n->name))
		return true;
	if (n->kind == NODE_BYTES && (!n->secret || show_secrets))
		return pattern_in(p, n->text);
	struct buf value = { 0 };
	add_value(&value, n, show_secrets, SIZE_MAX);
	bool found = pattern_in(p, buf_slice(&value));
	buf_release(&value);
	return found;
}
