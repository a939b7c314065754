/* How inks look: colours and attributes, on dark and light backgrounds, as the user may change them. */
#ifndef TUI_LOOKS_H
#define TUI_LOOKS_H

#include "tui/line.h"

#include <stdbool.h>

enum { LOOK_DEFAULT = -1 }; /* the terminal's own colour */

enum { LOOK_BOLD = 1, LOOK_UNDERLINE = 2, LOOK_REVERSE = 4 };

enum background { BACKGROUND_UNKNOWN, BACKGROUND_DARK, BACKGROUND_LIGHT };

struct look {
	short color256, color8; /* on terminals with 256 and with 8 colours */
	uint8_t with_color;     /* attributes on terminals with colours, and without */
	uint8_t without;
};

/* The looks of all inks on a background. UNKNOWN: colours that can be read on both. */
void looks_init(struct look looks[INKS], enum background b);
/* What COLORFGBG says of the background of the terminal. */
enum background looks_background(void);
/* What an ink is called in the config file, and what it is for; NULL: it can't be changed. */
const char *look_name(enum ink ink, const char **sentence);
/* Changes a look: "160", "red bold". False if the words say nothing known. */
bool look_read(struct look *look, const char *words);
/* Appends a look as look_read takes it. */
void look_add(struct buf *out, const struct look *look);

#endif
