/*
 * Printing a session as it grows: one table of formats, each a file of this folder.
 *
 * A printer hears of messages, rules and news through the session's listener, and writes each at once; it keeps nothing of them.
 */
#ifndef EXPORT_EXPORTER_H
#define EXPORT_EXPORTER_H

#include "capture/capture.h"
#include "decode/filter.h"
#include "decode/forms.h"
#include "decode/session.h"
#include "export/field_options.h"

#include <stdio.h>

enum { PRINTED_WINDOW = 65536 }; /* messages of which it is known whether they were printed */

enum time_format { TIME_RELATIVE, TIME_CLOCK, TIME_DATE, TIME_DELTA, TIME_EPOCH };

struct print_options {
	bool show_secrets, full_bytes, utc, color;
	enum time_format time;
	const struct field_options *fields; /* for a format with columns */
};

/* Appends a time (ns since 1970) in that format, of a clock in UTC or else in local time; relative ones and deltas are from `since`. */
void time_format_add(struct buf *out, enum time_format format, bool utc, int64_t time, int64_t since);

struct exporter;

struct printer {
	const struct exporter *exporter;
	struct print_options options;
	const struct session *session;
	const struct capture *capture;
	struct filter *filter; /* only what matches is printed; NULL: everything; not owned */
	FILE *out;
	uint64_t limit; /* messages to print, 0 for all */
	uint64_t printed;
	bool closed;                       /* the reader has gone, or writing failed */
	int error;                         /* errno of a failed write, 0 where the reader just closed the pipe */
	int64_t time_before;               /* of the message printed before, for TIME_DELTA */
	uint8_t shown[PRINTED_WINDOW / 8]; /* with a filter: a bit for each of the last messages */
	struct buf line, scratch, value;
	struct dissection dissection;
	struct form form;                 /* of the message that is printed */
	const char *source, *filter_text; /* what is read, and the filter as given; NULL; not owned */
	void *state;                      /* the format's own; NULL at first */
};

/* A message as a format gets it. */
struct message_facts {
	uint32_t n;
	const struct record *record;
	const struct session_conn *conn;
	struct envelope envelope;
	struct slice bytes; /* of the Envelope, as far as captured */
	int64_t latency;    /* ns, -1 for none */
};

/* Whether a format has columns that -e chooses. */
enum exporter_columns { COLUMNS_NONE, COLUMNS_CHOSEN, COLUMNS_USUAL /* without -e those of a default */ };

struct exporter {
	const char *name, *help;
	enum exporter_columns columns;
	/* Which of print_options it heeds: time (else it has a form of its own) and utc, color, show_secrets, full_bytes. */
	bool timed, coloured, secretive, cuts;
	/* What becomes known of a message later has no line of its own: a filter that asks for it is to be asked when all is read. */
	bool settled;
	/* Each appends to p->line; NULL: nothing to write. */
	void (*begin)(struct printer *p);
	void (*message)(struct printer *p, const struct message_facts *m);
	void (*rule)(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time);
	void (*news)(struct printer *p, const struct session_news *news);
	/* A thread ended with its connection (session_listener.over); also of messages that the filter has passed over. */
	void (*over)(struct printer *p, uint32_t thread, int64_t time);
	void (*end)(struct printer *p);
	/* Hears of every message, also of those that the filter passes over, before message() does; writes nothing. */
	void (*heard)(struct printer *p, const struct record *record, struct slice bytes);
	/* Frees p->state. */
	void (*release)(struct printer *p);
};

extern const struct exporter exporter_text, exporter_tree, exporter_ndjson, exporter_fields, exporter_csv, exporter_json, exporter_pdml;
extern const struct exporter exporter_mermaid, exporter_plantuml, exporter_svg, exporter_html, exporter_otlp;

/* The formats: the i-th (from 0), NULL after the last; and by name, NULL if there is none. */
const struct exporter *exporter_at(size_t i);
const struct exporter *exporter_named(const char *name);

/* Prepares a printer; session, capture and filter are set by the caller before the first message (the first two need
 * the listener first). */
void printer_init(struct printer *p, const struct exporter *e, const struct print_options *o, FILE *out);
void printer_release(struct printer *p);
/* The listener that makes it print. */
struct session_listener printer_listener(struct printer *p);
/* Prints the messages that the session has kept, by what is known of them now: instead of the listener, between beginning and end. */
void printer_print_kept(struct printer *p);
/* The beginning and the end of the output. */
void printer_begin(struct printer *p);
void printer_end(struct printer *p);
/* Hands on what is printed by now. Who reads it may have gone, or writing fail: then no more output is wanted. */
void printer_flush(struct printer *p);
/* True when no more output is wanted: the limit is reached, or nobody reads any more. */
bool printer_done(const struct printer *p);
/* Appends the time as the options want it, or relative to the first packet. */
void printer_add_time(struct printer *p, int64_t time);
/* ns since the first packet of the capture. */
int64_t printer_relative(const struct printer *p, int64_t time);

#endif
