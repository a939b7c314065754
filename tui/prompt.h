/* A line that the user types, with a cursor in it and the lines typed before. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "base/buf.h"
#include "tui/line.h"

enum { HISTORY = 32 };

/* Lines typed before, the newest first; the same line stands there once. All zero: none. */
struct history {
	char *line[HISTORY];
	int count;
};

void history_add(struct history *h, const char *line);
void history_release(struct history *h);

struct prompt {
	bool open;
	struct buf text;         /* UTF-8 */
	size_t at;               /* byte of it before which the cursor stands */
	struct history *history; /* borrowed; NULL: none */
	int back;                /* the line of the history that is shown, from 1; 0: what was typed */
	struct buf typed;        /* what was typed before the history was shown */
};

void prompt_release(struct prompt *p);
/* Begins anew with that text, the cursor behind it. */
void prompt_set(struct prompt *p, const char *text);
/* Replaces `length` bytes from `from` on by other text; the cursor stands behind it. */
void prompt_replace(struct prompt *p, size_t from, size_t length, struct slice by);

enum prompt_answer { PROMPT_MORE, PROMPT_DONE, PROMPT_GONE };

/* Takes a key: DONE when the line is complete (Enter), GONE when the user gave it up (Esc, or deleting in
 * an empty line). */
enum prompt_answer prompt_key(struct prompt *p, int key);
/* Appends as much of the text as fits into `width` columns with the cursor in sight; returns the column of
 * the cursor. *from: the first byte of the text that is shown. */
int prompt_draw(const struct prompt *p, int width, struct line *out, size_t *from);

#endif
