/*
 * Saving messages to a file in slices: in any of the formats of export/, each as a packet of a pcapng, or the packets they came in, for which
 * the capture's files are read once more.
 *
 * The file is new: one of that name that is there already is replaced only if that is asked for, and only once all is
 * written. It is readable and writable by its owner only. A struct save must stay where it is while it is at work.
 */
#ifndef TUI_SAVE_H
#define TUI_SAVE_H

#include "export/exporter.h"
#include "export/rewriter.h"
#include "tui/marks.h"

/* A format that needs nothing but messages. */
struct save_format {
	const char *name, *help, *suffix; /* suffix: of the usual file name */
	const struct exporter *exporter;  /* NULL: pcapng … */
	enum record_what packets;         /* … of that */
};

/* The i-th format (from 0); false after the last. */
bool save_format_at(size_t i, struct save_format *out);

enum save_what { SAVE_ALL, SAVE_FILTERED, SAVE_MARKED };

struct save_job {
	const struct session *session;
	const struct capture *capture;
	const struct exporter *exporter;    /* NULL: pcapng … */
	enum record_what packets;           /* … of that; other than RECORD_PDUS only with `again` */
	const struct second_reading *again; /* taken over by save_start; NULL: none */
	struct print_options options;
	enum save_what what;
	struct filter *filter;     /* for FILTERED; borrowed */
	const char *filter_text;   /* the same as it was typed, for save_start */
	const struct marks *marks; /* for MARKED; borrowed */
	uint32_t last;             /* the last message to look at */
	bool cut;     /* there is more in the files than what was read: of what is read once more no message behind `last` is taken */
	bool replace; /* a file of that name */
};

enum save_state { SAVE_IDLE, SAVE_RUNNING, SAVE_DONE, SAVE_FAILED };

struct save {
	enum save_state state;
	struct save_job job;
	struct field_options fields; /* columns of a table */
	struct printer printer;      /* or, for messages as packets, a recorder; for the packets themselves a rewriter */
	struct recorder *recorder;
	struct rewriter *rewriter;
	struct session_listener listener; /* of one of the first two */
	FILE *out;
	char *path;           /* as it was given */
	char *target, *part;  /* what that leads to; what it is called until it is whole, the same unless it replaces another one */
	int error;            /* errno */
	uint32_t first, next; /* messages: where it began, the next one */
	uint32_t news;        /* the next one */
	uint32_t missed;      /* messages that the session has forgotten before their turn came */
	uint32_t bare;        /* messages of which it has no bytes any more */
	struct buf bytes;
};

/* Is there a file of that name? */
bool save_exists(const char *path);
/* Begins; false with errno in s->error if the file can't be made. */
bool save_start(struct save *s, const struct save_job *job, const char *path);
/* Goes on until that time (clock_ms). */
enum save_state save_step(struct save *s, int64_t until);
int save_percent(const struct save *s);
/* How many messages were written so far. */
uint64_t save_count(const struct save *s);
/* Gives it up and removes what was written, if it is under way; frees what it has. */
void save_release(struct save *s);

#endif
