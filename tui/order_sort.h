/* Sorting rows by their keys in slices of time, with 8 bytes of memory a row. */
#ifndef TUI_ORDER_SORT_H
#define TUI_ORDER_SORT_H

#include "tui/order.h"

struct order_entry {
	struct order_key key;
	uint32_t row;
};

/* Less, equal or greater than 0; of rows with the same key the lower one comes first. */
int order_compare(const struct order_entry *a, const struct order_entry *b);

/* A sort of `count` rows that stand at `from`; their sorted runs are put into `rows`, which it takes over (it frees them; they may be the
 * same array). They are merged with `old` ones that are sorted already. from and old are borrowed until the end. */
struct order_sort *order_sort_new(const struct order_source *source, int column, uint32_t *rows, size_t count, const uint32_t *from,
				  const uint32_t *old, size_t old_count);
void order_sort_free(struct order_sort *s);
/* Works until the time (clock_ms); true when it is done. */
bool order_sort_step(struct order_sort *s, int64_t until);
int order_sort_percent(const struct order_sort *s);
/* The sorted rows, which are the caller's from then on; when it is done. */
uint32_t *order_sort_take(struct order_sort *s, size_t *count);

#endif
