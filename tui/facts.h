/* What is known of one message: its record, and its bytes read again. Rows of lists and the top of the
 * Detail view are made from it. */
#ifndef TUI_FACTS_H
#define TUI_FACTS_H

#include "decode/forms.h"
#include "tui/line.h"
#include "tui/order.h"
#include "tui/pattern.h"

/* The memory that facts borrow from. All zero: empty. */
struct facts_room {
	struct buf bytes;
	struct form form;
};
void facts_room_release(struct facts_room *room);

struct facts {
	uint32_t n;
	const struct record *record;
	struct slice command;
	struct slice bytes;       /* borrowed as by session_bytes; empty if they can't be read */
	struct envelope envelope; /* its view; borrows from bytes and the room */
};

/* Reads message n; false if it is forgotten. What is in *out lives until the room or the session is used
 * again. */
bool facts_read(struct facts *out, const struct session *s, uint32_t n, struct facts_room *room);
/* Appends what its payload is about. */
void facts_add_gist(struct buf *out, const struct session *s, const struct facts *f);
/* Do its bytes have the pattern somewhere, where they may be shown? */
bool facts_match(const struct facts *f, const struct session *s, bool show_secrets, const struct pattern *p);
/* The colour of a message: by its role, or for being an error. */
enum ink facts_ink(const struct record *r);
/* Appends a transport and whether it runs inside TLS: "grpc+tls", or "grpc+" where that does not fit into `width` columns. */
void facts_add_transport(struct buf *out, enum transport t, bool tls, int width);
/* Appends the names of rules in a bit set, worst first, a space between; returns the ink of the worst. */
enum ink facts_add_rules(struct buf *out, uint32_t rules);
/* What a bit set of rules is sorted by: the worst severity, then how many. */
struct order_key facts_rules_key(uint32_t rules);
enum ink facts_severity_ink(int severity);

#endif
