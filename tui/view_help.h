/* The help: what a view shows and which keys it knows. */
#ifndef TUI_VIEW_HELP_H
#define TUI_VIEW_HELP_H

#include "tui/view.h"

/* Which view to explain; before it is opened. */
void view_help_set(struct view *v, struct view *of);

#endif
