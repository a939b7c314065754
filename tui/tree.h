/*
 * A dissection tree as rows: the nodes whose parents are open, and the parts of long values that were opened.
 *
 * Nodes belong to the dissection; a tree must be set anew before the dissection is.
 */
#ifndef TUI_TREE_H
#define TUI_TREE_H

#include "decode/dissect.h"
#include "tui/line.h"
#include "tui/pattern.h"

struct tree_row {
	const struct node *node;
	uint32_t from, to; /* part of the node's value shown in a row of its own (bytes of its text) */
	uint16_t depth;
	bool open, part;
};

struct tree {
	struct tree_row *row;
	size_t rows, cap;
	bool show_secrets;
	struct buf value; /* of the node `valued`, as text */
	const struct node *valued;
};

void tree_release(struct tree *t);
/* Shows this tree, with its root open, and the ways down to `open` and its children. */
void tree_set(struct tree *t, const struct node *root, const struct node *open, bool show_secrets);
/* Opens row i: its children, or its value in parts of `width` columns if it does not fit behind its name.
 * False if there is nothing to open. */
bool tree_open(struct tree *t, size_t i, int width);
/* Closes row i; false if it was not open. */
bool tree_close(struct tree *t, size_t i);
/* Opens row i and everything in it, up to a limit. */
void tree_open_all(struct tree *t, size_t i);
/* The row of the node that row i is in; i itself at the top. */
size_t tree_parent(const struct tree *t, size_t i);
/* The first row behind row i that is not inside it. */
size_t tree_behind(const struct tree *t, size_t i);
/* The row of a node; opens what it is in. */
size_t tree_find(struct tree *t, const struct node *n);
/* Makes the parts of all long values anew, for rows of another width. Returns where the field of row i stands then. */
size_t tree_fit(struct tree *t, size_t i, int width);
/* Appends row i, made for `width` columns. */
void tree_add_row(struct tree *t, size_t i, int width, struct line *out);
/* Appends the whole value of row i, as it is shown. */
void tree_add_value(const struct tree *t, size_t i, struct buf *out);
/* True if the node's name or value, as it is shown, holds the pattern. */
bool tree_node_matches(const struct node *n, bool show_secrets, const struct pattern *p);

#endif
