/* Which bytes of a message are secret: values of secret fields, and of secret keys in whatever JSON it
 * holds. */
#ifndef TUI_MASK_H
#define TUI_MASK_H

#include "decode/dissect.h"

/* Bytes from `from` to before `to`. */
struct span {
	uint32_t from, to;
};

struct mask {
	struct span *span; /* in order, without overlap */
	size_t count;
};

void mask_release(struct mask *m);
/* Nothing is secret. */
static inline void mask_clear(struct mask *m)
{
	m->count = 0;
}
/* The secrets of these bytes, of which root is the dissection (or NULL). */
void mask_set(struct mask *m, const struct node *root, struct slice bytes);
/* Is byte i secret? */
bool mask_has(const struct mask *m, size_t i);
/* Is one of the bytes from `from` to before `to`? */
bool mask_has_any(const struct mask *m, size_t from, size_t to);

#endif
