/* --otlp on the command line: spans go to a collector beside whatever else is shown or printed. */
#ifndef CLI_POSTING_H
#define CLI_POSTING_H

#include "cli/options.h"
#include "export/otlp_post.h"

struct posting {
	struct otlp_post *post;         /* NULL: nothing is posted */
	struct printer printer;         /* -T otlp, into the post */
	struct session_listener spans;  /* its share of what is heard */
	struct session_listener before; /* who else hears; each may be NULL */
};

/* Prepares it if --otlp asks for it. waits: reading can wait where the collector is slow, until a signal comes (a file that is only printed). False,
 * after a message on standard error, if the URL is none. */
bool posting_open(struct posting *p, const struct options *o, bool waits);
void posting_release(struct posting *p);
/* The listener that hears for it and for `other`, of which it keeps a copy. */
struct session_listener posting_listener(struct posting *p, const struct session_listener *other);
/* The session is there: before the first message. */
void posting_begin(struct posting *p, const struct session *s, const struct capture *c, struct filter *f);
/* To be called now and then. */
void posting_step(struct posting *p);
/* The same for screens over a file, which can't wait: true while nothing more of it should be read, since the collector is behind. Takes some ms then. */
bool posting_catch_up(struct posting *p);
/* The capture has ended: sends the rest and says on standard error what became of the spans. Another signal gives it up. False if some spans were
 * not taken. */
bool posting_finish(struct posting *p);

#endif
