/* A search that runs through the rows of a view in slices, so that keys are answered meanwhile. */
#ifndef TUI_SEARCH_H
#define TUI_SEARCH_H

#include "tui/pattern.h"

struct view;

enum search_result { SEARCH_RUNNING, SEARCH_FOUND, SEARCH_NOTHING };

struct search {
	struct pattern pattern;
	struct view *view; /* the one that was searched; NULL before the first search */
	bool running, backward;
	bool wrapped;        /* the match stands behind the end (before the beginning) of where the search started */
	uint64_t first, end; /* positions that are searched: first … end - 1 */
	uint64_t at;         /* the next one to look at; the match when FOUND */
	uint64_t left;       /* how many are still to be looked at */
	uint64_t edge;       /* of a list: its first place and its end, added; both when it was looked at last */
};

/* Starts behind (backward: before) position `from` of first … end - 1, goes around and ends with `from`
 * itself. */
void search_start(struct search *s, struct view *v, uint64_t first, uint64_t end, uint64_t from, bool backward);
/* Goes on with positions that were added behind the end, or before the beginning, since: of first … end - 1; false if there are none. After
 * SEARCH_NOTHING. */
bool search_extend(struct search *s, uint64_t first, uint64_t end);
/* What was at a position has moved by so many, which may be less than 0 (modulo 2^64). */
void search_shift(struct search *s, uint64_t by);
/* Goes on for a few milliseconds. */
enum search_result search_step(struct search *s);
/* How much has been looked at, in percent. */
int search_percent(const struct search *s);
/* Forgets it, pattern and all. */
void search_clear(struct search *s);
void search_release(struct search *s);

#endif
