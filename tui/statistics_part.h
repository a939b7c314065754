/*
 * The statistics' view within: what its files share (view_statistics.c, statistics_charts.c).
 */
#ifndef TUI_STATISTICS_PART_H
#define TUI_STATISTICS_PART_H

#include "decode/stats.h"
#include "tui/view.h"

enum { STATISTICS_NAME = 0 /* the column with the name of a row */ };

struct statistics {
	struct view view;
	bool by_conn;
	bool begun;           /* it was sorted for the first time */
	unsigned first, last; /* buckets that any row has something in */
	struct buf text;
	struct request_stats none; /* of a connection without messages */
};

/* A row: a command or a connection. */
struct row {
	struct slice name; /* of a command */
	const struct session_conn *conn;
	uint64_t count, bytes[2];
	struct request_stats *requests;
};

struct statistics *statistics_of(struct view *v);
/* Reads a row; false if there is none. It lives until the sums go on. */
bool statistics_row(struct view *v, uint64_t number, struct row *out);

/* For the table of functions. */
void statistics_draw(struct view *v, struct area area);

#endif
