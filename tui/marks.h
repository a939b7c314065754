/* Messages that the user has marked: a bit for each. */
#ifndef TUI_MARKS_H
#define TUI_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOOKMARKS = 26 };

/* All zero: none. */
struct marks {
	uint8_t *bit;
	size_t size;
	uint32_t count;
	uint32_t latest[2];           /* marked last, and before that; 0 */
	uint32_t bookmark[BOOKMARKS]; /* n of the message that letter stands for; 0 */
};

void marks_release(struct marks *m);
bool marks_has(const struct marks *m, uint32_t n);
void marks_set(struct marks *m, uint32_t n, bool marked);
/* The first marked message after n; 0 if there is none. */
uint32_t marks_next(const struct marks *m, uint32_t n);
/* How many messages from n on are marked. */
uint32_t marks_from(const struct marks *m, uint32_t n);
/* Takes all marks away; bookmarks stay. */
void marks_clear(struct marks *m);
/* The letter of a message's bookmark, 0 for none. */
char marks_letter(const struct marks *m, uint32_t n);
/* Is there anything to show? */
bool marks_any(const struct marks *m);

#endif
