/* Choosing the columns of a list. */
#ifndef TUI_VIEW_COLUMNS_H
#define TUI_VIEW_COLUMNS_H

#include "tui/view.h"

/* Whose columns; before it is opened. */
void view_columns_set(struct view *v, struct view *of);

#endif
