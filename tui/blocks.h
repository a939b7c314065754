/* Charts in block characters: pure text. */
#ifndef TUI_BLOCKS_H
#define TUI_BLOCKS_H

#include "tui/line.h"

/* One row of a chart that is `high` rows high, `row` counted from the bottom: a column a value, the tallest as high as the chart. What is not
 * 0 shows at least a little. */
void blocks_add_chart(struct line *out, enum ink ink, const uint64_t *value, size_t count, int row, int high);
/* A bar that is `width` columns long for `most`, filled up with spaces to `width`. */
void blocks_add_bar(struct line *out, enum ink ink, uint64_t value, uint64_t most, int width);

#endif
