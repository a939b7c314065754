/*
 * Texts kept once. What is said about connections repeats (the same server name a thousand times), but the wire can make up as many
 * as it likes: so they are told apart by a hash table of fixed size, and beyond TEXTS_MAX none is learnt.
 */
#include "decode/texts.h"

#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>

enum { SLOTS = 2 * TEXTS_MAX };

void texts_release(struct texts *t)
{
	for (uint16_t i = 0; i < t->count; i++)
		free(t->text[i]);
	free(t->text);
	free(t->slot);
	*t = (struct texts){ 0 };
}

struct slice texts_keep(struct texts *t, struct slice text)
{
	if (!text.len || text.len > TEXT_LONGEST || memchr(text.at, 0, text.len))
		return (struct slice){ 0 };
	if (!t->slot) {
		t->text = xcalloc(TEXTS_MAX, sizeof *t->text);
		t->slot = xcalloc(SLOTS, sizeof *t->slot);
		t->hash_key = hash_new_key();
	}
	size_t i = hash_bytes(text, t->hash_key) % SLOTS;
	for (; t->slot[i]; i = (i + 1) % SLOTS)
		if (slice_is(text, t->text[t->slot[i] - 1]))
			return slice_str(t->text[t->slot[i] - 1]);
	if (t->count == TEXTS_MAX)
		return (struct slice){ 0 };
	char *copy = xcalloc(1, text.len + 1);
	memcpy(copy, text.at, text.len);
	t->text[t->count++] = copy;
	t->slot[i] = t->count;
	return slice_of(copy, text.len);
}
