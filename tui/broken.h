/* Which messages broke which rules: grouped by rule and connection. Built in slices, and then stays as it is. */
#ifndef TUI_BROKEN_H
#define TUI_BROKEN_H

#include "base/numbers.h"
#include "decode/session.h"

enum { BROKEN_MAX = 1 << 20 /* messages that are listed; more are only counted */ };

/* Messages of one connection that broke one rule. */
struct broken_group {
	enum rule rule;
	uint32_t conn;
	uint64_t count;
	struct numbers messages; /* n, ascending; maybe fewer than count */
};

struct broken;

/* Begins with the session's messages up to `until`. */
struct broken *broken_new(const struct session *s, uint32_t until);
void broken_free(struct broken *b);
/* Goes on, for about `work` messages; true as long as there is more to do. */
bool broken_step(struct broken *b, size_t work);
int broken_percent(const struct broken *b);
/* Groups, the worst rules first, those of a rule beside each other, connections in their order. Good once it is built. */
size_t broken_groups(const struct broken *b);
const struct broken_group *broken_group(const struct broken *b, size_t i);
/* Has a rule been broken since, maybe by an earlier message? */
bool broken_is_old(const struct broken *b);

#endif
