/*
 * Which rows of a list are shown, and in which order: those a display filter lets through, sorted by a
 * column.
 *
 * A list has rows (numbered for ever, as its view numbers them) and places (what is on the screen from top
 * to bottom). Without filter and sorting a place is its row, and nothing is kept, as long as rows are forgotten at the
 * beginning only. Else the rows are kept in
 * the order of their places: 4 bytes a row, and while sorting twice that more. All work is done in slices,
 * and goes on with rows that are added later. Rows come and go where the filter depends on what becomes known
 * of a message later.
 */
#ifndef TUI_ORDER_H
#define TUI_ORDER_H

#include "base/slice.h"
#include "decode/filter.h"

/* What a row is sorted by: compared from the first part to the last. */
struct order_key {
	uint64_t part[4];
};

/* By a number; by the first 32 bytes of a text, small and capital letters alike. */
struct order_key order_key_number(int64_t n);
struct order_key order_key_text(struct slice text);

/* Does a row match now? Not known: a part was asked and did not match, or there is no such row. */
enum order_answer { ORDER_NO, ORDER_YES, ORDER_NOT_KNOWN };

/* The list. `user` goes to each function. */
struct order_source {
	void *user;
	/* Rows there are: *first … *end - 1. */
	void (*rows)(void *user, uint64_t *first, uint64_t *end);
	/* What the filter is asked about, numbered so that new ones get higher numbers: rows, or messages that
	 * rows are made of. Asked about one: does it match, and which row shows it? */
	void (*candidates)(void *user, uint64_t *first, uint64_t *end);
	bool (*pick)(void *user, uint64_t candidate, struct filter *f, uint64_t *row);
	/* What a row is sorted by in that column. */
	struct order_key (*key)(void *user, uint64_t row, int column);
	/* A number that is another one when that may have changed for rows that are there; not asked for ORDER_NONE. NULL: it never does. */
	uint64_t (*stamp)(void *user, int column);
	/* Revisions of what was asked about, numbered for ever: those from *first to *end - 1 are known. False if rows are to stay as they are for
	 * now, or for ever. NULL: there are none; then the functions below are not needed. */
	bool (*revisions)(void *user, uint64_t *first, uint64_t *end);
	struct session_revision (*revision)(void *user, uint64_t i);
	/* The message that a row shows or begins with, 0 for none. */
	uint32_t (*message)(void *user, uint64_t row);
	/* Asks again about what is revised. *step, 0 at first, is moved on while there is more to ask, and is 0 again in the end. */
	enum order_answer (*recheck)(void *user, struct session_revision r, uint32_t *step, struct filter *f, uint64_t *row);
	/* Where rows are forgotten not only at the beginning: how many have been so far, and whether a row is still there. NULL: they are not. */
	uint64_t (*forgotten)(void *user);
	bool (*is_kept)(void *user, uint64_t row);
};

enum { ORDER_NONE = -1 }; /* instead of a column: as rows are numbered */

struct order_sort; /* a sort under way */

struct order {
	struct order_source source;
	struct filter *filter; /* borrowed; NULL: all rows */
	int column;
	bool reverse;
	bool kept;     /* rows are kept: there is a filter, they are to be sorted, or some between others are gone */
	bool ready;    /* and are what is shown: when they were sorted once, else at once */
	uint32_t *row; /* by place */
	size_t count, cap;
	uint64_t first;       /* rows below are gone, … */
	uint64_t forgotten;   /* … and so many in all, as the source says it */
	uint64_t start, next; /* candidates: the first one that was asked about, and the next one */
	uint64_t end;         /* candidates there were when it was looked last */
	uint8_t *has;         /* a bit for each row from has_from on that the filter has let through */
	size_t has_size;
	uint64_t has_from;
	uint32_t *fresh; /* rows that are to be sorted in */
	size_t fresh_count, fresh_cap;
	struct order_sort *sort;
	bool again;                  /* all rows are to be sorted anew */
	uint64_t stamp;              /* of what they were sorted by when that began last */
	int64_t stale_rest;          /* ms: when they may be sorted anew for another one */
	bool renewing;               /* that is why they are sorted */
	uint64_t revision;           /* the next one to be asked about */
	uint64_t review, review_end; /* rows that are all to be asked about again, since revisions were missed */
	uint32_t recheck_step;       /* how far the one under way is */
	int64_t recheck_rest;        /* ms: when may be asked again */
	int64_t took, rest_until;    /* ms: what taking in new rows took last, and when it may be done again */
};

void order_init(struct order *o, const struct order_source *source);
void order_release(struct order *o);
/* Another filter (NULL: none), which is borrowed until the next call: begins anew. */
void order_set_filter(struct order *o, struct filter *f);
/* Another column to sort by. The places stay as they are until it is done. */
void order_set_column(struct order *o, int column);
/* Works until the time (clock_ms) is reached or nothing is left to do. True if places have changed. */
bool order_step(struct order *o, int64_t until);
/* Are all rows being sorted, or about to be? */
bool order_sorts(const struct order *o);
/* Is there work for order_step? */
bool order_busy(const struct order *o);
/* Gives up what is under way: the sort (rows stand as they are numbered), or the filter (it lets everything through). */
void order_stop(struct order *o);
/* What it is doing ("filtering", "sorting"; NULL for nothing worth telling), and how far it is. */
const char *order_doing(const struct order *o, int *percent);
/* Places there are: *first … *end - 1. */
void order_places(const struct order *o, uint64_t *first, uint64_t *end);
/* The row at a place, which must be there; and the place of a row, false if it is not shown. */
uint64_t order_row(const struct order *o, uint64_t place);
bool order_place(const struct order *o, uint64_t row, uint64_t *place);

#endif
