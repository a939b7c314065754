/* The Ladder view: the call flow of threads, of a connection, or of what is related to them. */
#ifndef TUI_VIEW_LADDER_H
#define TUI_VIEW_LADDER_H

#include "base/numbers.h"
#include "tui/view.h"

/* Shows threads (n of their first messages, ascending), with all that are related to them if `extend`; selects message n. */
void view_ladder_of_threads(struct view *v, const struct numbers *threads, bool extend, uint32_t n);
/* Shows a whole connection; selects message n, 0: the first. */
void view_ladder_of_conn(struct view *v, uint32_t conn, uint32_t n);

/* Opens the ladder of what is selected on the screen: the thread of a message. */
unsigned view_ladder_open(struct app *a, bool extend);

#endif
