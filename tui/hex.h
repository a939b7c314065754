/* Bytes as rows of a hex dump: offset, bytes, characters; some marked, some masked. Pure text. */
#ifndef TUI_HEX_H
#define TUI_HEX_H

#include "tui/line.h"
#include "tui/mask.h"

struct hex {
	struct slice bytes;
	int per_row;              /* 8 or 16 */
	struct span field, value; /* marked: the field, and in it its value */
	const struct mask *mask;  /* shown as **; or NULL */
};

/* Bytes in a row of that many columns: 16, 8, or 0 where not even these fit. */
int hex_per_row(size_t bytes, int width);
/* Columns of a row. */
int hex_width(size_t bytes, int per_row);
static inline uint64_t hex_rows(const struct hex *h)
{
	return h->per_row ? (h->bytes.len + (size_t)h->per_row - 1) / (size_t)h->per_row : 0;
}
void hex_add_row(struct line *out, const struct hex *h, uint64_t row);
/* The column where a byte stands in its row, in the hex half. */
int hex_column(const struct hex *h, size_t byte);
/* The byte that stands at a column of a row, in either form; false if none does. */
bool hex_byte_at(const struct hex *h, uint64_t row, int col, size_t *byte);

#endif
