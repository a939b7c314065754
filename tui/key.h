/* Keys as the screen hands them on: a code point, or one of these. */
#ifndef TUI_KEY_H
#define TUI_KEY_H

#include "base/buf.h"

enum {
	KEY_NONE,
	KEY_CTRL_A = 1,
	KEY_CTRL_B = 2,
	KEY_CTRL_D = 4,
	KEY_CTRL_E = 5,
	KEY_CTRL_F = 6,
	KEY_CTRL_K = 11,
	KEY_CTRL_L = 12,
	KEY_CTRL_U = 21,
	KEY_CTRL_W = 23,
	KEY_BS = 8,
	KEY_TABULATOR = 9,
	KEY_RETURN = 13,
	KEY_ESC = 27,
	KEY_NAMED = 0x110000, /* beyond all code points */
	KEY_ARROW_UP,
	KEY_ARROW_DOWN,
	KEY_ARROW_LEFT,
	KEY_ARROW_RIGHT,
	KEY_FIRST,
	KEY_FINAL,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_BACK_TABULATOR,
	KEY_DELETE,
	KEY_RESIZED,
	KEY_CLICK,
	KEY_DOUBLE_CLICK,
	KEY_WHEEL_UP,
	KEY_WHEEL_DOWN,
	KEY_FUNCTION, /* KEY_FUNCTION + 1 is F1 */
};

struct key {
	int code;
	int row, col; /* of the mouse, from 0 */
};

/* "F1", "Enter", "Ctrl-L", "g" … */
void key_add_name(struct buf *out, int code);
/* The key of that name; KEY_NONE if there is none. Capitals of names do not matter. */
int key_named(struct slice name);

#endif
