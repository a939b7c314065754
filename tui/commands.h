/* What keys do: one table for key dispatch, footer, help and man page. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H

#include "base/buf.h"
#include "tui/views.h"

#include <stdbool.h>
#include <stdint.h>

enum command {
	CMD_NONE,
	CMD_HELP,
	CMD_OPEN,
	CMD_SEARCH,
	CMD_NEXT_MATCH,
	CMD_PREVIOUS_MATCH,
	CMD_FORGET_SEARCH,
	CMD_SAVE,
	CMD_FILTER,
	CMD_NO_FILTER,
	CMD_NEXT_TAB,
	CMD_PREVIOUS_TAB,
	CMD_SORT_RIGHT,
	CMD_SORT_LEFT,
	CMD_REVERSE,
	CMD_PANE,
	CMD_LADDER,
	CMD_EXTEND,
	CMD_FOLD,
	CMD_APART,
	CMD_ONLY,
	CMD_BY,
	CMD_SAVE_FILE,
	CMD_STATISTICS,
	CMD_DIFF,
	CMD_NEXT_CHANGE,
	CMD_PREVIOUS_CHANGE,
	CMD_ONLY_CHANGES,
	CMD_CLEAR,
	CMD_MARK,
	CMD_UNMARK,
	CMD_BOOKMARK,
	CMD_JUMP,
	CMD_COPY,
	CMD_SECRETS,
	CMD_PAUSE,
	CMD_FOLLOW,
	CMD_TIME,
	CMD_COLUMNS,
	CMD_SETTINGS,
	CMD_TOGGLE,
	CMD_RIGHT,
	CMD_LEFT,
	CMD_OPEN_ALL,
	CMD_NEXT_MESSAGE,
	CMD_PREVIOUS_MESSAGE,
	CMD_HEX,
	CMD_UP,
	CMD_DOWN,
	CMD_PAGE_UP,
	CMD_PAGE_DOWN,
	CMD_HALF_UP,
	CMD_HALF_DOWN,
	CMD_FIRST,
	CMD_LAST,
	CMD_BACK,
	CMD_QUIT,
	CMD_LEAVE,
	CMD_TAB, /* + the number of the tab; must be the last */
};

enum {
	IN_LISTS = IN_THREADS | IN_MESSAGES,                                /* what can be filtered and marked */
	IN_TABLES = IN_LISTS | IN_CONNECTIONS | IN_STATISTICS | IN_STREAMS, /* what has columns, and can be sorted by them */
	IN_MARKED = IN_LISTS | IN_LADDER | IN_RULES,                        /* where messages are marked */
	FOUND = 1 << 28,                                                    /* and only after a search */
};

enum { COMMAND_KEYS = 4 };

struct command_row {
	enum command command;
	const char *name; /* for the config file; rows of the same name have the same keys there */
	uint32_t where;
	int keys[COMMAND_KEYS]; /* KEY_NONE after the last; the first one stands in the footer */
	const char *label;      /* in the footer; NULL: not there */
	const char *sentence;
};

/* The rows of the table in order, for whoever lists them: NULL after the last. */
const struct command_row *command_row(unsigned i);
/* Does it apply in a context: the bit of the screen, and FOUND after a search? */
bool command_applies(const struct command_row *c, uint32_t context);

#endif
