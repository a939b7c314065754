/* What a search looks for: a piece of text. Without capitals in it, it finds capitals too (ASCII). */
#ifndef TUI_PATTERN_H
#define TUI_PATTERN_H

#include "base/buf.h"

struct pattern {
	struct buf text; /* empty: finds nothing */
	bool fold;       /* capitals and small letters are the same */
};

void pattern_release(struct pattern *p);
void pattern_set(struct pattern *p, struct slice text);
/* Where it stands first in `in` at or after `from`; SIZE_MAX if it does not. */
size_t pattern_find(const struct pattern *p, struct slice in, size_t from);
static inline bool pattern_in(const struct pattern *p, struct slice in)
{
	return pattern_find(p, in, 0) != SIZE_MAX;
}

#endif
