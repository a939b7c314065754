/* Keys and clicks as curses reports them, turned into ours. */
#ifndef TUI_KEYBOARD_H
#define TUI_KEYBOARD_H

#include "tui/key.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEYBOARD_HEARD = 8 };

/* Where the mouse was pressed last, and when. All zero: nowhere. */
struct keyboard {
	int64_t clicked; /* ms */
	int row, col;
	struct key heard[KEYBOARD_HEARD]; /* of the mouse, and not given to anybody yet: the last comes first */
	int waiting;
};

/* Tells curses what else terminals send; after it has begun. */
void keyboard_init(void);
/* Whether clicks and the wheel are reported, or left to the terminal. */
void keyboard_mouse(bool on);
/* The next key that is there; false if there is none. */
bool keyboard_key(struct keyboard *k, struct key *out);

#endif
