/* A thread as it was when the screen was frozen. */
#ifndef TUI_AS_OF_H
#define TUI_AS_OF_H

#include "decode/session.h"

/* session_thread, but of the messages up to number n only. What broke a thread later without a message (its
 * connection ended) shows all the same, and threads of very many messages are shown as they are now. */
void thread_as_of(const struct session *s, uint32_t first, uint32_t n, struct thread_info *out);

#endif
