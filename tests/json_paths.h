/*
 * Paths into JSON, with a tree and without one (decode/filter_json.c): what a text tells on each of a few paths must be the same. Without a
 * tree it may be told twice, first in part. For tests only, hence whole in a header.
 */
#ifndef TESTS_JSON_PATHS_H
#define TESTS_JSON_PATHS_H

#include "decode/dissect_part.h"
#include "decode/filter_part.h"

static inline bool json_paths_tell(void *user, const struct node *n)
{
	struct buf *out = user;
	bool text = n->kind == NODE_STRING;
	buf_addf(out, "%u %d %d %lld %.17g ", n->kind, n->secret, n->child != NULL, (long long)n->integer, n->real);
	if (text)
		buf_add(out, n->text);
	buf_add_byte(out, '\n');
	return false;
}

/* Tells what stands at the path of those names (three at most; a digit is the number of an element) in a string with that text. */
static inline void json_paths_ask(struct dissection *d, const char *const *names, struct slice text, bool in_place, struct buf *out)
{
	struct step steps[4] = { { .name = slice_str("text") } };
	struct path path = { .first = steps };
	struct path_walk w = { .tree = d, .in_place = in_place, .leaf = json_paths_tell, .user = out };
	for (int i = 0; names[i]; i++) {
		struct step *s = &steps[i + 1];
		s[-1].next = s;
		s->is_index = names[i][0] >= '0' && names[i][0] <= '9';
		s->index = s->is_index ? (uint64_t)(names[i][0] - '0') : 0;
		s->name = slice_str(names[i]);
	}
	struct node *n = dissect_begin(d, text) ? node_add(d, d->root, NODE_STRING, d->bytes, d->bytes) : NULL;
	if (!n)
		return;
	n->name = slice_str("text");
	path_walk(&path, d->root, &w);
}

/* Do both ways tell the same? */
static inline bool json_paths_agree(struct dissection *d, struct slice text)
{
	static const char *const paths[][4] = {
		{ "a" },
		{ "a", "b" },
		{ "0" },
		{ "1", "a" },
		{ "a", "0" },
		{ "a", "a", "b" },
		{ "b", "0", "a" },
		{ "password" },
		{ "jwt", "claims" },
		{ "password", "0" },
		{ "password", "a" },
	};
	bool same = true;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct buf tree = { 0 }, place = { 0 };
		json_paths_ask(d, paths[i], text, false, &tree);
		json_paths_ask(d, paths[i], text, true, &place);
		struct slice end = place.len >= tree.len ? slice_skip(buf_slice(&place), place.len - tree.len) : buf_slice(&place);
		same = same && slice_eq(end, buf_slice(&tree));
		buf_release(&tree);
		buf_release(&place);
	}
	return same;
}

#endif
