/*
 * The tree as people read it who know tshark -V: a line a node, "name: value", four spaces a level.
 *
 * Fields without a schema show what the wire tells of their type. What JSON in a string holds, and what is in a
 * token, stands below the string, one level deeper.
 */
#include "export/tree.h"

#include "base/text.h"
#include "export/value.h"

enum { INDENT = 4, LONGEST = 200 };

struct printer {
	struct buf *out;
	const struct tree_options *options;
};

static void add_name(struct buf *out, const struct node *n)
{
	bool element = n->parent && n->parent->kind == NODE_ARRAY && n->kind != NODE_BAD;
	if (!n->name.len && !n->from_text)
		return;
	buf_add_str(out, element ? "[" : "");
	text_add_safe(out, n->name);
	buf_add_str(out, element ? "]" : "");
	if (n->unknown && n->kind != NODE_MESSAGE)
		buf_addf(out, " (%s)", n->type);
	buf_add_str(out, ": ");
}

static bool is_json_root(const struct node *n)
{
	return n->from_text && n->parent->kind == NODE_STRING && !n->name.len;
}

static void add_node(const struct printer *p, const struct node *n, int depth)
{
	if (!is_json_root(n)) {
		buf_addf(p->out, "%*s", depth * INDENT, "");
		add_name(p->out, n);
		node_add_head(p->out, n, p->options->show_secrets, p->options->whole ? SIZE_MAX : LONGEST);
		node_add_remark(p->out, n);
		buf_add_byte(p->out, '\n');
		depth++;
	}
	for (const struct node *c = n->child; c; c = c->next)
		add_node(p, c, depth);
}

void export_tree(struct buf *out, const struct node *root, const struct tree_options *o)
{
	struct printer p = { out, o };
	if (!root)
		return;
	node_add_head(out, root, o->show_secrets, o->whole ? SIZE_MAX : LONGEST);
	node_add_remark(out, root);
	buf_add_byte(out, '\n');
	for (const struct node *c = root->child; c; c = c->next)
		add_node(&p, c, 1);
}
