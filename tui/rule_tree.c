/*
 * Rows of broken rules, of three levels:
 *
 *	▼ rule
 *	    ▼ connection
 *	        message
 *
 * They are an array that is made anew whenever something is opened or folded; messages are listed up to a limit (tui/broken.h), and a last row
 * says how many more there are. Where few messages broke a rule all connections are open at first, else none.
 */
#include "tui/rule_tree.h"

#include "base/xalloc.h"

#include <stdlib.h>

enum { FEW = 200 /* messages up to which connections are open at first */ };

void rule_tree_release(struct rule_tree *t)
{
	broken_free(t->groups);
	free(t->flip);
	free(t->row);
	*t = (struct rule_tree){ 0 };
}

const struct broken_group *rule_tree_group(const struct rule_tree *t, const struct rule_row *r)
{
	return broken_group(t->groups, r->group);
}

uint64_t rule_tree_count(const struct rule_tree *t, const struct rule_row *r)
{
	enum rule rule = rule_tree_group(t, r)->rule;
	uint64_t count = 0;
	for (size_t i = r->group; i < broken_groups(t->groups) && broken_group(t->groups, i)->rule == rule; i++)
		count += broken_group(t->groups, i)->count;
	return count;
}

/* What is open. */

static size_t flip_of(const struct rule_tree *t, const struct broken_group *g)
{
	size_t i = 0;
	while (i < t->flips && (t->flip[i].rule != g->rule || t->flip[i].conn != g->conn))
		i++;
	return i;
}

static bool is_open(const struct rule_tree *t, const struct broken_group *g)
{
	return t->few != (flip_of(t, g) < t->flips);
}

static void flip(struct rule_tree *t, const struct broken_group *g)
{
	size_t i = flip_of(t, g);
	if (i < t->flips) {
		t->flip[i] = t->flip[--t->flips];
		return;
	}
	if (t->flips == t->flip_cap) {
		t->flip_cap = t->flip_cap ? 2 * t->flip_cap : 16;
		t->flip = xreallocarray(t->flip, t->flip_cap, sizeof *t->flip);
	}
	t->flip[t->flips++] = (struct rule_flip){ g->rule, g->conn };
}

/* Rows. */

static void add_row(struct rule_tree *t, size_t group, enum rule_level level, uint32_t n, bool open)
{
	if (t->rows == t->row_cap) {
		t->row_cap = t->row_cap ? 2 * t->row_cap : 64;
		t->row = xreallocarray(t->row, t->row_cap, sizeof *t->row);
	}
	t->row[t->rows++] = (struct rule_row){ (uint32_t)group, n, (uint8_t)level, open };
}

static void add_conn(struct rule_tree *t, size_t i)
{
	const struct broken_group *g = broken_group(t->groups, i);
	bool open = is_open(t, g);
	add_row(t, i, LEVEL_CONN, 0, open);
	for (size_t m = 0; open && m < g->messages.count; m++)
		add_row(t, i, LEVEL_MESSAGE, g->messages.at[m], false);
	if (open && g->messages.count < g->count)
		add_row(t, i, LEVEL_MORE, (uint32_t)(g->count - g->messages.count), false);
}

static void make_rows(struct rule_tree *t)
{
	t->rows = 0;
	for (size_t i = 0; i < broken_groups(t->groups); i++) {
		const struct broken_group *g = broken_group(t->groups, i);
		bool open = !(t->folded >> g->rule & 1);
		if (!i || broken_group(t->groups, i - 1)->rule != g->rule)
			add_row(t, i, LEVEL_RULE, 0, open);
		if (open)
			add_conn(t, i);
	}
}

/* A row that shows the same; or what it was in; or, where that connection is gone, the one before it. */
static size_t same_row(const struct rule_tree *t, const struct rule_row *r, const struct broken_group *g)
{
	size_t best = 0;
	for (size_t i = 0; i < t->rows; i++) {
		const struct broken_group *other = rule_tree_group(t, &t->row[i]);
		bool same = other->rule == g->rule && t->row[i].level <= r->level &&
			    (t->row[i].level == LEVEL_RULE || other->conn == g->conn ||
			     (t->row[i].level == LEVEL_CONN && other->conn < g->conn)) &&
			    (t->row[i].level != LEVEL_MESSAGE || t->row[i].n == r->n);
		best = same ? i : best;
	}
	return best;
}

static uint64_t total(const struct broken *b)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < broken_groups(b); i++)
		sum += broken_group(b, i)->count;
	return sum;
}

size_t rule_tree_take(struct rule_tree *t, struct broken *groups, size_t row)
{
	struct broken *old = t->groups;
	bool selected = old && row < t->rows;
	struct rule_row was = selected ? t->row[row] : (struct rule_row){ 0 };
	struct broken_group group = selected ? *broken_group(old, was.group) : (struct broken_group){ 0 };
	t->groups = groups;
	if (!old)
		t->few = total(groups) <= FEW;
	make_rows(t);
	broken_free(old);
	return selected ? same_row(t, &was, &group) : row;
}

void rule_tree_set_open(struct rule_tree *t, size_t i, bool open)
{
	struct rule_row r = t->row[i];
	const struct broken_group *g = rule_tree_group(t, &r);
	if (r.open == open)
		return;
	if (r.level == LEVEL_RULE)
		t->folded ^= 1u << g->rule;
	else if (r.level == LEVEL_CONN)
		flip(t, g);
	make_rows(t);
}
