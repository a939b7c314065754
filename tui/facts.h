/* What is known of one message: its record, and its bytes read again. Rows of lists and the top of the
 * Detail view are made from it. */
#ifndef TUI_FACTS_H
#define TUI_FACTS_H

#include "decode/session.h"
#include "tui/line.h"

struct facts {
	uint32_t n;
	const struct record *record;
	struct slice command;
	struct slice bytes;        /* borrowed as by session_bytes; empty if they can't be read */
	struct envelope envelope;  /* borrows from bytes; empty where they are no Envelope */
};

/* Reads message n; false if it is forgotten. What is in *out lives until scratch or the session is used
 * again. */
bool facts_read(struct facts *out, const struct session *s, uint32_t n, struct buf *scratch);
/* Appends what its payload is about. */
void facts_add_gist(struct buf *out, const struct session *s, const struct facts *f);
/* The colour of a message: by its role, or for being an error. */
enum ink facts_ink(const struct record *r);
/* Appends the names of rules in a bit set, worst first, a space between; returns the ink of the worst. */
enum ink facts_add_rules(struct buf *out, uint32_t rules);
enum ink facts_severity_ink(int severity);

#endif
