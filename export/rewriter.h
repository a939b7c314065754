/*
 * A capture read once more from its files, for its packets: those of messages that are wanted, or their whole connections, go to another file.
 * What -w does while it reads, done afterwards.
 */
#ifndef EXPORT_REWRITER_H
#define EXPORT_REWRITER_H

#include "capture/capture.h"
#include "export/recorder.h"

/* The same capture from its beginning. */
struct second_reading {
	struct source *source;          /* whoever gets this frees it, and the key log */
	struct keylog *keylog;          /* NULL: none */
	struct capture_options capture; /* as it was read the first time; what it borrows lives on */
	int64_t no_reply;               /* of struct session_options */
	uint64_t messages;              /* it was read until it had so many messages; 0: to its end */
};

struct rewriter_options {
	struct recorder_options record; /* what goes where: packets or connections */
	const char *filter;             /* display filter, for the call; NULL: none */
	bool show_secrets;              /* the filter may ask for them */
};

enum rewriter_state { REWRITER_MORE, REWRITER_DONE, REWRITER_FAILED };

struct rewriter;

/* Takes over the source and the key log, also when it fails: then NULL, with the errno of what can't be written (0: the filter is wrong). */
struct rewriter *rewriter_new(const struct rewriter_options *o, const struct second_reading *again, int *error);
void rewriter_free(struct rewriter *r);
/* Goes on with some packets. FAILED: writing failed (rewriter_error); what can't be read on ends it as it ended the first reading. */
enum rewriter_state rewriter_step(struct rewriter *r);
int rewriter_error(const struct rewriter *r);
int rewriter_percent(const struct rewriter *r);
/* Messages that were wanted. */
uint64_t rewriter_matched(const struct rewriter *r);

#endif
