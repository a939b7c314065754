/* Two dissection trees side by side: which field of the one goes with which of the other, and what differs. */
#ifndef TUI_DIFF_H
#define TUI_DIFF_H

#include "decode/dissect.h"

enum {
	DIFF_ROWS = 100000, /* rows; what is beyond is not compared */
	DIFF_ALIGN = 1000,  /* fields of one message that are put beside each other wherever they stand; more go in their order */
};

enum diff_kind {
	DIFF_SAME,
	DIFF_CHANGED, /* another value; or something in it differs */
	DIFF_LEFT,    /* only at the left */
	DIFF_RIGHT,
};

struct diff_row {
	const struct node *left, *right; /* one of them may be NULL */
	uint16_t depth;
	uint8_t kind;
};

/* All zero: empty. The nodes stay the dissections'. */
struct diff {
	struct diff_row *row;
	size_t rows, cap;
	size_t changes; /* fields that differ, without those that only hold such */
	bool cut;       /* there are more rows than DIFF_ROWS */
};

void diff_release(struct diff *d);
/* Compares two trees; either may be NULL. */
void diff_set(struct diff *d, const struct node *left, const struct node *right);
/* Is something different in this row itself, not only in a field of it? */
bool diff_is_change(const struct diff *d, size_t row);

#endif
