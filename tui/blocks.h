/* Charts in block characters: pure text. */
#ifndef TUI_BLOCKS_H
#define TUI_BLOCKS_H

#include "base/buf.h"

/* Appends one row of a chart that is `high` rows high, `row` counted from the bottom: a column a value, `most` as high as the chart. What is
 * not 0 shows at least a little. */
void blocks_add_chart(struct buf *out, const uint64_t *value, size_t count, uint64_t most, int row, int high);
uint64_t blocks_most(const uint64_t *value, size_t count);
/* Appends a bar that is `width` columns long for `most`; nothing behind it. */
void blocks_add_bar(struct buf *out, uint64_t value, uint64_t most, int width);

#endif
