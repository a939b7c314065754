/* The Threads view, where envscope starts: a row a thread. */
#ifndef TUI_VIEW_THREADS_H
#define TUI_VIEW_THREADS_H

#include "tui/view.h"

extern const struct view_ops view_threads;

/* n of the first message of the selected thread; 0 if there is none. */
uint32_t view_threads_message(const struct view *v);
/* Selects the thread that message n belongs to. */
void view_threads_select(struct view *v, uint32_t n);

#endif
