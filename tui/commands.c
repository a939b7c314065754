/*
 * The table of commands. The order is that of the footer, from left to right, and of the help; when one key
 * stands in several rows that apply, the first one counts.
 */
#include "tui/commands.h"

#include "tui/key.h"

#define F(n) (KEY_FUNCTION + (n))

static const struct command_row commands[] = {
	{ CMD_NEXT_MATCH, "next-match", EVERYWHERE | FOUND, { 'n' }, "Next match", "after a search: go to the next match" },
	{ CMD_PREVIOUS_MATCH, "previous-match", EVERYWHERE | FOUND, { 'N' }, NULL, "after a search: go to the previous match" },
	{ CMD_FORGET_SEARCH, "forget-search", EVERYWHERE | FOUND, { KEY_ESC }, NULL, "after a search: end it" },
	{ CMD_HELP, "help", EVERYWHERE & ~IN_HELP, { F(1), '?' }, "Help", "explain this screen and its keys" },
	{ CMD_BACK, "back", EVERYWHERE & ~(IN_TABS | IN_HELP), { KEY_ESC, 'q' }, "Back", "go back" },
	{ CMD_BACK, "leave-help", IN_HELP, { KEY_ESC, 'q', F(1), '?' }, "Back", "go back" },
	{ CMD_QUIT, "quit", IN_TABS, { 'q' }, "Quit", "leave envscope; live, after a question" },
	{ CMD_LEAVE, "leave", IN_TABS, { KEY_ESC }, NULL, "stop what takes long; else take the filter away, or leave envscope, after a question" },
	{ CMD_OPEN, "open", IN_LISTS, { KEY_RETURN }, "Open", "open the message; of a thread, its first one" },
	{ CMD_OPEN, "open", IN_LADDER, { KEY_RETURN }, "Open", "open the message; a folded stream is unfolded" },
	{ CMD_OPEN, "open", IN_CONNECTIONS, { KEY_RETURN }, "Ladder", "show the connection's messages as a ladder" },
	{ CMD_LADDER, "ladder", IN_LISTS | IN_STREAMS | IN_RULES, { 'L' }, "Ladder", "show the thread, or those that are marked, as a ladder: who sends what to whom" },
	{ CMD_EXTEND, "extend", IN_LISTS | IN_STREAMS | IN_RULES, { F(4), 'x' }, "Extend",
	  "the same, with all threads of the same trace, correlation or work item" },
	{ CMD_EXTEND, "extend", IN_LADDER, { F(4), 'x' }, "Extend", "with all threads of the same trace, correlation or work item, or without them" },
	{ CMD_OPEN, "open", IN_STATISTICS, { KEY_RETURN }, "Open", "show the messages of the row only, by a display filter" },
	{ CMD_ONLY, "only", IN_CONNECTIONS | IN_STATISTICS, { 'm' }, "Messages", "show the messages of the row only, by a display filter" },
	{ CMD_OPEN, "open", IN_RULES, { KEY_RETURN }, "Open", "open the message; of a rule or connection, what is in it" },
	{ CMD_RIGHT, "right", IN_RULES, { KEY_ARROW_RIGHT, 'l' }, NULL, "show what is in it" },
	{ CMD_LEFT, "left", IN_RULES, { KEY_ARROW_LEFT, 'h' }, NULL, "fold it up, or go to what it is in" },
	{ CMD_OPEN, "open", IN_STREAMS, { KEY_RETURN }, "Open", "open the first message of its thread" },
	{ CMD_SAVE_FILE, "save-file", IN_STREAMS, { F(2), 's' }, "Save", "write the file into a folder, for which it asks" },
	{ CMD_BY, "by", IN_STATISTICS, { 'c' }, "Commands/Connections", "change between commands and connections" },
	{ CMD_STATISTICS, "statistics", EVERYWHERE & ~IN_STATISTICS, { 'i' }, NULL, "go to the statistics" },
	{ CMD_FOLD, "fold", IN_LADDER, { 'u' }, "Unfold", "show the messages of the stream one by one, or in one arrow" },
	{ CMD_OPEN_ALL, "unfold-all", IN_LADDER, { '*' }, NULL, "the same for all streams" },
	{ CMD_APART, "apart", IN_LADDER, { 'e' }, "Apart", "a column for each connection, or one for each host" },
	{ CMD_NEXT_CHANGE, "next-change", IN_DIFF, { 'n', ']' }, "Next change", "go to the next difference (] during a search)" },
	{ CMD_PREVIOUS_CHANGE, "previous-change", IN_DIFF, { 'p', '[' }, "Previous", "go to the previous difference" },
	{ CMD_ONLY_CHANGES, "only-changes", IN_DIFF, { 'c' }, "Changes", "show only what differs, or all" },
	{ CMD_TOGGLE, "toggle", IN_DETAIL, { KEY_RETURN, ' ' }, "Open/close", "open or close the field; a long value is shown whole" },
	{ CMD_NEXT_MESSAGE, "next-message", IN_DETAIL, { 'n', ']' }, "Next", "go to the next message of the thread (] during a search)" },
	{ CMD_PREVIOUS_MESSAGE, "previous-message", IN_DETAIL, { 'p', '[' }, "Previous", "go to the previous message of the thread" },
	{ CMD_SAVE, "save", EVERYWHERE & ~(IN_HELP | IN_STREAMS), { F(2), 's' }, "Save", "save messages to a file: all, those of the filter, or those marked" },
	{ CMD_SEARCH, "search", EVERYWHERE, { F(3), '/' }, "Search",
	  "search; small letters find capitals too, n and N go on, Esc stops" },
	{ CMD_FILTER, "filter", IN_LISTS, { F(7), 'f' }, "Filter", "show only what matches a display filter" },
	{ CMD_NO_FILTER, "no-filter", IN_LISTS, { F(9), 'F' }, NULL, "take the filter away" },
	{ CMD_NEXT_TAB, "next-tab", IN_TABS, { KEY_TABULATOR }, "Next tab", "go to the next tab of the title, at the same message" },
	{ CMD_PREVIOUS_TAB, "previous-tab", IN_TABS, { KEY_BACK_TABULATOR }, NULL, "go to the tab before" },
#define X(NAME, name) { CMD_TAB + VIEW_##NAME, "tab-" #name, EVERYWHERE, { '1' + VIEW_##NAME }, NULL, "go to the tab of the " #name },
	VIEW_TABS(X)
#undef X
	{ CMD_PANE, "pane", IN_DETAIL, { KEY_TABULATOR }, "Pane", "change between the fields and the bytes; there a cursor selects the field of its byte" },
	{ CMD_HEX, "bytes", IN_DETAIL, { F(6), 'r' }, "Bytes", "show or hide the bytes" },
	{ CMD_HEX, "beside", IN_LADDER, { F(6), 'r' }, "Message", "show or hide the selected message" },
	{ CMD_PAUSE, "pause", IN_TABS | IN_LADDER, { 'p' }, "Pause", "freeze the screen, or let it go on; the capture goes on meanwhile" },
	{ CMD_FOLLOW, "follow", IN_LISTS, { 'A' }, "Follow", "keep the newest row selected, or stop that" },
	{ CMD_TIME, "time", IN_LISTS | IN_LADDER | IN_STREAMS | IN_RULES, { 'w' }, "Time", "time of day, time since the first packet, or since the row above" },
	{ CMD_CLEAR, "clear", IN_LISTS, { F(5), KEY_CTRL_L }, "Clear", "hide the rows so far; where nothing came since, show them again" },
	{ CMD_SORT_RIGHT, "sort-right", IN_TABLES, { '>', '.' }, "Sort", "sort by the next column at the right" },
	{ CMD_SORT_LEFT, "sort-left", IN_TABLES, { '<', ',' }, NULL, "sort by the next column at the left" },
	{ CMD_REVERSE, "reverse", IN_TABLES, { 'z' }, "Reverse", "turn the order of the rows around" },
	{ CMD_SETTINGS, "settings", EVERYWHERE, { F(8), 'o' }, "Settings", "mouse, colours, times; what is set can be saved" },
	{ CMD_COLUMNS, "columns", IN_TABLES, { F(10), 't' }, "Columns", "choose the columns, their order and width" },
	{ CMD_MARK, "mark", IN_MARKED, { ' ' }, "Mark", "mark the message, or all of the thread; for saving and comparing" },
	{ CMD_DIFF, "diff", IN_MARKED, { 'd' }, "Diff", "compare the two messages marked last, or the marked one with the selected one" },
	{ CMD_UNMARK, "unmark", IN_LISTS, { 'u' }, NULL, "take all marks away" },
	{ CMD_BOOKMARK, "bookmark", IN_LISTS | IN_DETAIL, { 'm' }, NULL, "and a letter: remember the message by it" },
	{ CMD_JUMP, "jump", IN_LISTS | IN_DETAIL, { '\'' }, NULL, "and a letter: go to the message remembered by it" },
	{ CMD_COPY, "copy", EVERYWHERE, { 'y' }, NULL, "copy the row, or the value of the field, to the clipboard (OSC 52)" },
	{ CMD_SECRETS, "secrets", EVERYWHERE & ~IN_HELP, { 'S' }, NULL, "show the values of jwt and password, or hide them again" },
	{ CMD_LADDER, "ladder", IN_DETAIL, { 'L' }, NULL, "show its thread as a ladder: who sends what to whom" },
	{ CMD_EXTEND, "extend", IN_DETAIL, { F(4), 'x' }, NULL, "show its thread as a ladder, with all of the same trace, correlation or work item" },
	{ CMD_OPEN_ALL, "open-all", IN_DETAIL, { '*' }, "Open all", "open the field and everything in it" },
	{ CMD_RIGHT, "right", IN_DETAIL, { KEY_ARROW_RIGHT, 'l' }, NULL, "open the field, or go into it; in the bytes: to the next one" },
	{ CMD_LEFT, "left", IN_DETAIL, { KEY_ARROW_LEFT, 'h' }, NULL, "close the field, or go to the one it is in; in the bytes: to the one before" },
	{ CMD_RIGHT, "right", IN_LADDER, { KEY_ARROW_RIGHT, 'l' }, NULL, "to the columns at the right" },
	{ CMD_LEFT, "left", IN_LADDER, { KEY_ARROW_LEFT, 'h' }, NULL, "to the columns at the left" },
	{ CMD_UP, "up", EVERYWHERE, { KEY_ARROW_UP, 'k' }, NULL, "up" },
	{ CMD_DOWN, "down", EVERYWHERE, { KEY_ARROW_DOWN, 'j' }, NULL, "down" },
	{ CMD_PAGE_UP, "page-up", EVERYWHERE, { KEY_PAGE_UP, KEY_CTRL_B }, NULL, "a page up" },
	{ CMD_PAGE_DOWN, "page-down", EVERYWHERE, { KEY_PAGE_DOWN, KEY_CTRL_F }, NULL, "a page down" },
	{ CMD_HALF_UP, "half-up", EVERYWHERE, { KEY_CTRL_U }, NULL, "half a page up" },
	{ CMD_HALF_DOWN, "half-down", EVERYWHERE, { KEY_CTRL_D }, NULL, "half a page down" },
	{ CMD_PAGE_DOWN, "read-on", IN_HELP, { ' ' }, "Page down", "a page down" },
	{ CMD_FIRST, "first", EVERYWHERE, { KEY_FIRST, 'g' }, NULL, "to the first row" },
	{ CMD_LAST, "last", EVERYWHERE, { KEY_FINAL, 'G' }, NULL, "to the last row" },
};

const struct command_row *command_row(unsigned i)
{
	return i < sizeof commands / sizeof *commands ? &commands[i] : NULL;
}

bool command_applies(const struct command_row *c, uint32_t context)
{
	return (c->where & context & EVERYWHERE) && (!(c->where & FOUND) || (context & FOUND));
}
