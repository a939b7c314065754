/* Completing the word before the cursor of a display filter: names of fields, and words that a field can have. */
#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

#include "base/buf.h"
#include "decode/filter.h"

/* What could stand there. */
struct candidate {
	const char *word;
	const char *sentence; /* NULL: none */
};

struct completion {
	size_t from, length; /* the word before the cursor */
	struct candidate *candidate;
	size_t count, cap;
	struct buf common; /* what all candidates begin with */
};

void completion_release(struct completion *c);
/* What the text up to byte `at` can go on with. schema: for the words of fields. */
void completion_make(struct completion *c, struct slice text, size_t at, const struct schema *schema);

#endif
