/* What the user has set: one table for the settings dialog, the config file and the man page. */
#ifndef TUI_SETTINGS_H
#define TUI_SETTINGS_H

#include "tui/keymap.h"
#include "tui/looks.h"

enum setting { SETTING_MOUSE, SETTING_COLOURS, SETTING_BACKGROUND, SETTING_TIME, SETTING_ZONE, SETTING_FOLLOW, SETTINGS };

enum { CHOICES = 4 };

struct setting_row {
	const char *name, *sentence;
	const char *choice[CHOICES]; /* the first one is the default; NULL after the last */
};

struct settings {
	int value[SETTINGS]; /* the number of the choice */
	struct keymap keys;
	struct look looks[INKS];
	uint32_t own_looks;        /* a bit for each ink whose look the user set */
	struct buf columns[VIEWS]; /* of a view's list, as the config file has it; empty: as they come */
	int columns_line[VIEWS];   /* where it stands there */
};

const struct setting_row *setting_row(enum setting s);
void settings_init(struct settings *s);
void settings_release(struct settings *s);
/* Looks for the background that is set, with the user's own on top. */
void settings_choose_looks(struct settings *s);

#endif
