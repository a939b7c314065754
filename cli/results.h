/* What is printed when everything has been read: reports, the check, what was extracted, and what was lost. */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include "cli/options.h"
#include "export/extract.h"

struct results {
	const struct options *options;
	const struct session *session;
	const struct capture *capture;
	const char *source;      /* name of what was read */
	struct extract *extract; /* NULL for none */
	const char *damage;      /* why the source could not be read to its end; NULL if it could */
	bool of_part;            /* that is said of one of several sources, and others were read on */
	FILE *out;
};

/* True if anything is wanted that is made from the records when everything has been read. */
bool results_wanted(const struct options *o);
/* True if some of it looks at the bytes of messages again. */
bool results_need_bytes(const struct options *o);
/* Prints it all on standard output; the lines of extracted files on standard error if messages, reports or a check stand there. Returns the
 * errno of what could not be written, 0 where all could or the reader has gone. */
int results_print(const struct results *r, bool messages_shown);
/* Prints, behind results_print, how many messages match the display filter where the reports are about all of them; and on standard error what the
 * filter gave up, and the damage. */
void results_print_remarks(const struct results *r);
/* Prints on standard error what was lost, in one line, or nothing if nothing was; with `counts` all counts. Nothing where the report summary has
 * them. */
void results_print_lost(const struct results *r, bool counts);
/* Prints all counts on standard error. */
void results_print_counts(const struct session *session, const struct capture *capture);
/* True if the check was wanted and found what it was to fail on. */
bool results_fail(const struct results *r);

#endif
