/* The Detail view: one message, its fields as a tree and its bytes. */
#ifndef TUI_VIEW_DETAIL_H
#define TUI_VIEW_DETAIL_H

#include "tui/view.h"

/* Shows message n, which must be kept. */
void view_detail_set(struct view *v, uint32_t n);

/* Draws what it shows without the bytes, and nothing selected: beside another view. */
void view_detail_draw_beside(struct view *v, struct area area);

#endif
