/* The Detail view: one message, its fields as a tree and its bytes. */
#ifndef TUI_VIEW_DETAIL_H
#define TUI_VIEW_DETAIL_H

#include "tui/view.h"

/* Shows message n, which must be kept. */
void view_detail_set(struct view *v, uint32_t n);

#endif
