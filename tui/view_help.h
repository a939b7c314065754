/* The help: what a view shows and which keys it knows. */
#ifndef TUI_VIEW_HELP_H
#define TUI_VIEW_HELP_H

#include "tui/keymap.h"
#include "tui/view.h"

/* Which view to explain; before it is opened. */
void view_help_set(struct view *v, struct view *whose);

/* Gives a line for each command of a screen (its bit of the table): its keys and what it does. */
void view_help_add_keys(const struct keymap *map, uint32_t where, help_fn *out, void *user);

#endif
