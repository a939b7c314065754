/*
 * One pass over the records. A hash table finds the group of a rule and a connection.
 */
#include "tui/broken.h"

struct broken {
	const struct session *session;
	uint32_t until, next, first; /* first: the oldest message there was */
	uint64_t stamp;              /* broken rules that the session counted when it began */
	size_t listed;
	struct broken_group *group;
	size_t groups, cap;
	uint32_t *slot; /* group + 1; a power of two, at least twice the groups */
	uint32_t slots;
	bool done;
};

static uint64_t stamp_of(const struct session *s)
{
	struct session_counts c = session_counts(s);
	uint64_t sum = 0;
	for (int r = 0; r < RULES; r++)
		sum += c.rules[r];
	return sum;
}

struct broken *broken_new(const struct session *s, uint32_t until)
{
	struct broken *b = xcalloc(1, sizeof *b);
	b->session = s;
	b->until = until;
	b->next = b->first = session_first(s);
	b->stamp = stamp_of(s);
	return b;
}

void broken_free(struct broken *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->groups; i++)
		numbers_release(&b->group[i].messages);
	free(b->group);
	free(b->slot);
	free(b);
}

static uint32_t *slot_of(const struct broken *b, enum rule rule, uint32_t conn)
{
	uint32_t i = ((conn * RULES + (uint32_t)rule) * 2654435761u) & (b->slots - 1);
	const struct broken_group *g;
	for (; b->slot[i]; i = (i + 1) & (b->slots - 1)) {
		g = &b->group[b->slot[i] - 1];
		if (g->rule == rule && g->conn == conn)
			break;
	}
	return &b->slot[i];
}

static void grow(struct broken *b)
{
	b->cap = b->cap ? 2 * b->cap : 32;
	b->group = xreallocarray(b->group, b->cap, sizeof *b->group);
	free(b->slot);
	b->slots = (uint32_t)(2 * b->cap);
	b->slot = xcalloc(b->slots, sizeof *b->slot);
	for (size_t i = 0; i < b->groups; i++)
		*slot_of(b, b->group[i].rule, b->group[i].conn) = (uint32_t)i + 1;
}

static void add(struct broken *b, enum rule rule, uint32_t conn, uint32_t n)
{
	if (b->groups == b->cap)
		grow(b);
	uint32_t *slot = slot_of(b, rule, conn);
	if (!*slot) {
		b->group[b->groups++] = (struct broken_group){ .rule = rule, .conn = conn };
		*slot = (uint32_t)b->groups;
	}
	struct broken_group *g = &b->group[*slot - 1];
	g->count++;
	if (b->listed == BROKEN_MAX)
		return;
	b->listed++;
	numbers_add(&g->messages, n);
}

static int worst_first(const void *a, const void *b)
{
	const struct broken_group *x = a, *y = b;
	int severity = (int)rule_info(y->rule)->severity - (int)rule_info(x->rule)->severity;
	if (severity || x->rule != y->rule)
		return severity ? severity : x->rule < y->rule ? -1 : 1;
	return x->conn < y->conn ? -1 : x->conn > y->conn;
}

bool broken_step(struct broken *b, size_t work)
{
	for (; work && b->next <= b->until; work--, b->next++) {
		const struct record *r = session_record(b->session, b->next);
		for (uint32_t rules = r ? r->rules : 0; rules; rules &= rules - 1)
			add(b, (enum rule)__builtin_ctz(rules), r->conn, b->next);
	}
	if (b->next > b->until && !b->done) {
		if (b->groups)
			qsort(b->group, b->groups, sizeof *b->group, worst_first);
		b->done = true;
	}
	return !b->done;
}

int broken_percent(const struct broken *b)
{
	uint32_t first = session_first(b->session);
	return b->until > first && b->next > first ? (int)((uint64_t)(b->next - first) * 100 / (b->until - first + 1)) : 0;
}

size_t broken_groups(const struct broken *b)
{
	return b->done ? b->groups : 0;
}

const struct broken_group *broken_group(const struct broken *b, size_t i)
{
	return &b->group[i];
}

bool broken_is_old(const struct broken *b)
{
	return b->stamp != stamp_of(b->session) || b->first != session_first(b->session);
}
