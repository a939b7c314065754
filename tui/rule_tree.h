/*
 * Broken rules as rows: a tree of rules, their connections, and the messages there, in which each may be open or folded. What is open is remembered
 * by rule and connection, so that it stays when the groups are built anew.
 */
#ifndef TUI_RULE_TREE_H
#define TUI_RULE_TREE_H

#include "tui/broken.h"

enum rule_level { LEVEL_RULE, LEVEL_CONN, LEVEL_MESSAGE, LEVEL_MORE };

struct rule_row {
	uint32_t group; /* of a rule: its first one */
	uint32_t n;     /* message; of LEVEL_MORE how many are not listed */
	uint8_t level;
	bool open;
};

/* A connection that is not as it is at first: open or closed. */
struct rule_flip {
	enum rule rule;
	uint32_t conn;
};

/* All zero: nothing was looked for yet. */
struct rule_tree {
	struct broken *groups; /* NULL: none yet */
	uint32_t folded;       /* bit set of rules that are folded */
	struct rule_flip *flip;
	size_t flips, flip_cap;
	bool few; /* connections are open at first */
	struct rule_row *row;
	size_t rows, row_cap;
};

void rule_tree_release(struct rule_tree *t);
/* Takes over other groups, and makes the rows of them; those it had are freed. `row` (an index, or more than there are) is what is selected;
 * returns where it, or what it was in, is now. */
size_t rule_tree_take(struct rule_tree *t, struct broken *groups, size_t row);
/* Opens or folds the row at index i; rows are made anew. */
void rule_tree_set_open(struct rule_tree *t, size_t i, bool open);
/* The group of a row. */
const struct broken_group *rule_tree_group(const struct rule_tree *t, const struct rule_row *r);
/* How many messages broke the rule of a row of LEVEL_RULE. */
uint64_t rule_tree_count(const struct rule_tree *t, const struct rule_row *r);

#endif
