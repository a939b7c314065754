/* Which keys do what: the keys of the table of commands, some of them rebound. */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include "tui/commands.h"

enum { KEYMAP_ROWS = 96 };

struct keymap {
	int key[KEYMAP_ROWS][COMMAND_KEYS]; /* by row of the table; KEY_NONE after the last */
};

/* The keys as the table has them. */
void keymap_init(struct keymap *m);
/* What a key does in a context; CMD_NONE if nothing. */
enum command keymap_command(const struct keymap *m, int key, uint32_t context);
/* The first key of row i that does its command in this context; KEY_NONE if none does. */
int keymap_key(const struct keymap *m, unsigned row, uint32_t context);
/* Appends the keys of row i: "F1, ?" */
void keymap_add_keys(struct buf *out, const struct keymap *m, unsigned row);

/* Appends the keys of a command as the config file has them: "F1 ?". False if there is no such command. */
bool keymap_add_words(struct buf *out, const struct keymap *m, const char *command);
/* Rebinds a command, all rows of that name, to keys as the config file has them (none: it has no key). False if it can't be; then
 * *error is a static sentence. */
bool keymap_bind(struct keymap *m, const char *command, const char *keys, const char **error);
/* Two commands that the same key does on one screen: the name of the one that loses, or NULL if there are none. *key: the key. */
const char *keymap_conflict(const struct keymap *m, int *key);

#endif
