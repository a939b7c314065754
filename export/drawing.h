/* What the formats that draw diagrams share: the printer's messages go into a diagram, which is drawn when everything has been read. */
#ifndef EXPORT_DRAWING_H
#define EXPORT_DRAWING_H

#include "export/diagram.h"

/* The state of such a printer. */
struct drawing {
	struct diagram diagram;
	struct who who;
};

/* For exporter.begin: prepares a drawing of at most that many rows. */
struct drawing *drawing_begin(struct printer *p, size_t rows);
/* For the other members of the exporter. */
void drawing_heard(struct printer *p, const struct record *record, struct slice bytes);
void drawing_message(struct printer *p, const struct message_facts *m);
void drawing_rule(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time);
void drawing_news(struct printer *p, const struct session_news *news);
void drawing_release(struct printer *p);

/* Appends label, gist, and time of a row on one line, at most `columns` columns, harmless for a terminal: "4 queryreply [{"_id": … +44.0ms". */
void drawing_add_line(struct buf *out, const struct diagram_row *r, int columns);
/* The note that a row carries: its broken rules; nothing if there are none. */
void drawing_add_note(struct buf *out, const struct diagram_row *r);

#endif
