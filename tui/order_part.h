/* What the files tui/order*.c share; not for others. */
#ifndef TUI_ORDER_PART_H
#define TUI_ORDER_PART_H

#include "tui/order.h"

/* Marks a row as let through; false if it was before. */
bool order_enter(struct order *o, uint64_t row);
/* Keeps a row to be sorted in. */
void order_add_fresh(struct order *o, uint64_t row);

/* Rows are asked about again (order_recheck.c): from the revisions on that come from now on. */
void order_recheck_begin(struct order *o);
/* Is there something to ask again, and is it time for it? */
bool order_recheck_waits(const struct order *o);
/* Asks again until the time (clock_ms) is reached or nothing is left; true if rows have left. */
bool order_recheck(struct order *o, int64_t until);

#endif
