/*
 * The views there are, a row each: NAME gives VIEW_NAME and IN_NAME (its bit in the table of commands); name
 * gives view_name, its table of functions (tui/view.h).
 *
 * Tabs stand beside each other in the title, in this order; one of them is always at the bottom of the
 * stack. The others are opened over whatever is on the screen.
 */
#ifndef TUI_VIEWS_H
#define TUI_VIEWS_H

#define VIEW_TABS(X)                \
	X(THREADS, threads)         \
	X(MESSAGES, messages)       \
	X(CONNECTIONS, connections) \
	X(RULES, rules)             \
	X(STATISTICS, statistics)   \
	X(STREAMS, streams)

#define VIEW_OTHERS(X)    \
	X(DETAIL, detail) \
	X(LADDER, ladder) \
	X(DIFF, diff)     \
	X(HELP, help)

#define VIEW_TABLE(X) VIEW_TABS(X) VIEW_OTHERS(X)

enum view_id {
#define X(NAME, name) VIEW_##NAME,
	VIEW_TABLE(X)
#undef X
		VIEWS
};

/* Where a command applies: a bit for each view. */
enum {
#define X(NAME, name) IN_##NAME = 1 << VIEW_##NAME,
	VIEW_TABLE(X)
#undef X
		EVERYWHERE = (1 << VIEWS) - 1,
#define X(NAME, name) IN_##NAME |
	IN_TABS = VIEW_TABS(X) 0,
#undef X
};

enum {
#define X(NAME, name) +1
	TABS = 0 VIEW_TABS(X)
#undef X
};

struct view_ops;
#define X(NAME, name) extern const struct view_ops view_##name;
VIEW_TABLE(X)
#undef X

#endif
