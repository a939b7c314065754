/*
 * Reports about a whole capture, made from a session when everything is read: one table of reports, each a table of columns and a function
 * that hands on its rows. Text and ndjson both come from these.
 */
#ifndef EXPORT_REPORT_H
#define EXPORT_REPORT_H

#include "export/exporter.h"

/* What a report is made from. Nothing in it is owned. */
struct report_source {
	const struct session *session; /* with its records kept (and its bytes, where the report asks for them) */
	const struct capture_counts *counts;
	int64_t first_time;    /* of the first packet: where relative times begin */
	enum time_format time; /* of times in text */
	bool utc, show_secrets;
};

enum cell_kind {
	CELL_TEXT,
	CELL_COUNT,
	CELL_BYTES,
	CELL_RATE, /* bytes a second */
	CELL_SPAN, /* ns; seconds in ndjson */
	CELL_TIME, /* ns since 1970 */
	CELL_BOOL,
	CELL_NUMBERS, /* text: an array of uint32_t; in text only how many they are */
};

struct report_column {
	const char *heading; /* NULL: not in text */
	const char *key;     /* of ndjson; NULL: not there */
	enum cell_kind kind;
	uint8_t most;      /* columns of the terminal that a text may take; 0: no limit */
	const char *about; /* a sentence for the man page */
};

/* A value in a row; all zero: none. */
struct report_cell {
	bool known, about; /* there is a value; it is only about that */
	int64_t number;    /* all kinds but CELL_TEXT and CELL_NUMBERS */
	struct slice text; /* as it came from the wire: made harmless when it is written */
};

struct report_writer;

struct report {
	const char *name, *sentence;
	const struct report_column *column;
	unsigned columns;
	bool bytes; /* needs the bytes of messages */
	/* Calls report_row for each row. */
	void (*rows)(struct report_writer *w, const struct report_source *from);
	/* Text of another form than the table of columns; NULL. */
	void (*text)(struct buf *out, const struct report_source *from);
};

/* The reports: the i-th (from 0), NULL after the last; and by name, NULL if there is none. */
const struct report *report_at(size_t i);
const struct report *report_named(const char *name);
/* Writes a report. ndjson: as objects, one a line, each with the key "report"; else as text under a heading if `heading` is set. False
 * when it could not be written whole (errno says why). */
bool report_write(const struct report *r, const struct report_source *from, bool ndjson, bool heading, FILE *out);

/* For the functions that make rows: one cell a column. Borrowed during the call. */
void report_row(struct report_writer *w, const struct report_cell *cells);

static inline struct report_cell cell_number(uint64_t n)
{
	return (struct report_cell){ .known = true, .number = n > INT64_MAX ? INT64_MAX : (int64_t)n };
}

/* A span or time where 0 and more are values and less is none. */
static inline struct report_cell cell_span(int64_t ns)
{
	return (struct report_cell){ .known = ns >= 0, .number = ns };
}

/* A text, none if it is empty. */
static inline struct report_cell cell_text(struct slice text)
{
	return (struct report_cell){ .known = text.len > 0, .text = text };
}

#endif
