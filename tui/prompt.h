/* A line that the user types. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "base/buf.h"

struct prompt {
	bool open;
	struct buf text; /* UTF-8 */
};

enum prompt_answer { PROMPT_MORE, PROMPT_DONE, PROMPT_GONE };

/* Takes a key: DONE when the line is complete (Enter), GONE when the user gave it up (Esc, or deleting in
 * an empty line). */
enum prompt_answer prompt_key(struct prompt *p, int key);

#endif
