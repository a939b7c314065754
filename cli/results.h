/* What is printed when everything has been read: reports, the check, and what was extracted. */
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
};

/* True if anything is wanted that is made from the records when everything has been read. */
bool results_wanted(const struct options *o);
/* True if some of it looks at the bytes of messages again. */
bool results_need_bytes(const struct options *o);
bool results_have_report(const struct options *o, const char *name);
/* Prints it all on standard output; the lines of extracted files on standard error if messages, reports or a check stand there. Returns the
 * errno of what could not be written, 0 where all could or the reader has gone. */
int results_print(const struct results *r, bool messages_shown);
/* True if the check was wanted and found what it was to fail on. */
bool results_fail(const struct results *r);

#endif
