/*
 * A line of the screen before it is painted: text with the meaning (ink) of each byte.
 *
 * Whatever is added goes through base/text.h, so that a line is always harmless for a terminal; views make
 * lines, tui/screen.c paints them.
 */
#ifndef TUI_LINE_H
#define TUI_LINE_H

#include "base/buf.h"

/* Why text is coloured; tui/screen.c knows how. */
enum ink {
	INK_PLAIN,
	INK_DIM, /* offsets, types, what matters least */
	INK_STRONG,
	INK_REQUEST,
	INK_REPLY,
	INK_STREAM,
	INK_EVENT,
	INK_ERROR, /* failed, and rules of severity error */
	INK_WARNING,
	INK_NOTE,
	INK_FIELD,      /* names of fields */
	INK_BAR,        /* title and footer */
	INK_BAR_KEY,    /* a key in the footer, the screen in view in the title */
	INK_HEAD,       /* titles of columns */
	INK_MARK,       /* bytes of the selected field */
	INK_MARK_VALUE, /* those of them that are its value */
	INK_MATCH,      /* what a search found */
	INKS
};

struct line {
	struct buf text;
	struct buf ink; /* enum ink of each byte of text */
	int columns;    /* that text takes on a terminal */
};

void line_release(struct line *l);
void line_clear(struct line *l);
/* Appends text, made harmless and cut to `columns` columns ("…" where it was cut). */
void line_add(struct line *l, enum ink ink, struct slice text, int columns);
/* Appends text that needs no cutting. */
void line_add_str(struct line *l, enum ink ink, const char *text);
void line_addf(struct line *l, enum ink ink, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Appends spaces until the line is that many columns long. */
void line_pad(struct line *l, enum ink ink, int columns);
/* A cell of a table: text cut or filled with spaces to exactly `width` columns, at the left or the right
 * side of it. */
void line_add_cell(struct line *l, enum ink ink, struct slice text, int width, bool right);
/* How many bytes at the front of a text go into a line of that many columns: up to the last space that is in reach, all if they fit. At least
 * one character. */
size_t line_wrap(struct slice text, int columns);
/* Takes the text of such a line off the front of a text, and the space behind it. */
struct slice line_take(struct slice *text, int columns);
/* Gives `length` bytes of text from byte `from` on another ink (within the text). */
void line_mark(struct line *l, size_t from, size_t length, enum ink ink);

#endif
