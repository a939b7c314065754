/*
 * The terminal: with tui/keyboard.h the only part of envscope that knows curses. It paints lines and reads keys.
 *
 * While a screen exists the terminal is put back when the program exits or crashes; the signals TERM, HUP
 * and INT are the caller's.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "tui/key.h"
#include "tui/line.h"
#include "tui/looks.h"

#include <stdbool.h>

struct screen;

struct screen_options {
	bool color; /* where the terminal has colours */
	bool mouse;
	bool ascii;               /* nothing else is painted, from the beginning to the end */
	const struct look *looks; /* of each ink; borrowed during the call */
};

/* Takes the terminal over; the locale is set by then (LC_CTYPE). Keys are read from standard input, or from
 * /dev/tty where that is no terminal. NULL on failure, with a static sentence in *error. */
struct screen *screen_new(const struct screen_options *o, const char **error);
/* Gives the terminal back. */
void screen_free(struct screen *s);

/* Changes colours and mouse. */
void screen_set(struct screen *s, const struct screen_options *o);

int screen_rows(const struct screen *s);
int screen_columns(const struct screen *s);
/* The descriptor that becomes readable when a key is pressed. */
int screen_fd(const struct screen *s);
/* The next key that is there; false if there is none. */
bool screen_key(struct screen *s, struct key *out);

/* Paints a line at that place, cut (then it ends in "…") or filled to `width` columns, all clipped to the terminal. How a row is
 * emphasized goes on top of the inks. */
enum emphasis { EMPHASIS_NONE, EMPHASIS_BAR, EMPHASIS_SELECTED, EMPHASIS_SELECTED_ELSEWHERE };
void screen_put(struct screen *s, int row, int col, int width, const struct line *l, enum emphasis e);
/* Shows the cursor there until the next flush; without it the cursor is hidden. */
void screen_cursor(struct screen *s, int row, int col);
/* Brings what was put to the terminal. */
void screen_flush(struct screen *s);
/* Asks the terminal to put a text into the clipboard (OSC 52). */
void screen_copy(struct screen *s, struct slice text);
/* The next flush paints every cell afresh. */
void screen_repaint(struct screen *s);

#endif
