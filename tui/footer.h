/* The footer: the commands that apply and have a label, each with its key, from left to right as far as there is room. */
#ifndef TUI_FOOTER_H
#define TUI_FOOTER_H

#include "tui/keymap.h"
#include "tui/line.h"

/* Appends it to an empty line: "F1 Help Enter Open …", no wider than `width` columns. context: as for command_applies. */
void footer_add(struct line *out, const struct keymap *keys, uint32_t context, int width);
/* The command whose item stands at a column of it; CMD_NONE if none does. */
enum command footer_at(const struct keymap *keys, uint32_t context, int width, int col);

#endif
