/* The Diff view: two messages side by side. */
#ifndef TUI_VIEW_DIFF_H
#define TUI_VIEW_DIFF_H

#include "tui/view.h"

/* Compares the two messages that were marked last, or the one that is marked with the selected one; says what is missing otherwise. */
unsigned view_diff_open(struct app *a);

#endif
