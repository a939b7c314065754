/* Ids by which messages are related to some threads: traces, correlations, work items. */
#ifndef TUI_RELATED_H
#define TUI_RELATED_H

#include "base/numbers.h"
#include "decode/relations.h"

enum { RELATED_KEYS = 64, RELATED_FROM = 64 /* messages of a thread whose ids count */ };

struct related_key {
	enum relation_kind kind;
	struct buf id;
};

/* All zero: none. */
struct related {
	struct related_key key[RELATED_KEYS];
	unsigned keys;
	struct buf bytes, id; /* scratch */
};

void related_release(struct related *r);
/* Takes the ids of a thread, given by its first message. */
void related_add(struct related *r, const struct session *s, uint32_t thread);
/* Does message n have one of them? */
bool related_has(struct related *r, const struct session *s, uint32_t n);

#endif
