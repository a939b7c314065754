/* The dissection tree as indented text. */
#ifndef EXPORT_TREE_H
#define EXPORT_TREE_H

#include "base/buf.h"
#include "decode/dissect.h"

struct tree_options {
	bool show_secrets;
	bool whole; /* long strings and bytes are not cut */
};

/* Appends the tree below root, a line a node; nothing if root is NULL. The first line is root's type. */
void export_tree(struct buf *out, const struct node *root, const struct tree_options *o);

#endif
