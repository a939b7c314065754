/* The Ladder view: the call flow of threads, of a connection, or of what is related to them. */
#ifndef TUI_VIEW_LADDER_H
#define TUI_VIEW_LADDER_H

#include "tui/view.h"

/* Shows a whole connection; selects message n, 0: the first. */
void view_ladder_of_conn(struct view *v, uint32_t conn, uint32_t n);

/* Opens the ladder of the threads whose messages are marked; where none are, of the one that is selected on the screen. */
unsigned view_ladder_open(struct app *a, bool extend);

#endif
