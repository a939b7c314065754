/* The Messages view: a row a message, and between them news about what is no message. */
#ifndef TUI_VIEW_MESSAGES_H
#define TUI_VIEW_MESSAGES_H

#include "tui/view.h"

extern const struct view_ops view_messages;

/* n of the selected message; 0 if there is none, or news are selected. */
uint32_t view_messages_message(const struct view *v);
void view_messages_select(struct view *v, uint32_t n);

#endif
