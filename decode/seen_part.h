/* Between decode/seen.c and decode/seen_stream.c only. */
#ifndef DECODE_SEEN_PART_H
#define DECODE_SEEN_PART_H

#include "decode/forms.h"

/* One case of a broken rule, and where it is told. */
struct seen {
	struct buf *out;
	const struct session *session;
	uint32_t n;
	const struct record *r;
	const struct session_conn *conn; /* NULL if it is forgotten */
	struct slice bytes;              /* empty if they can't be had */
	struct form form;                /* read from them */
};

/* Appends text of the wire, harmless and not too long. */
void seen_text(struct seen *x, struct slice text);

void seen_stream_order(struct seen *x);
void seen_stream_incomplete(struct seen *x);
void seen_stream_checksum(struct seen *x);
void seen_stream_size(struct seen *x);

#endif
