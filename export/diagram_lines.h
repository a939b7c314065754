/* A sequence diagram as lines of a language for such diagrams: what mermaid.js and PlantUML share. */
#ifndef EXPORT_DIAGRAM_LINES_H
#define EXPORT_DIAGRAM_LINES_H

#include "export/drawing.h"

struct diagram_language {
	/* Appends text so that nothing in it is syntax, and it stays on its line. */
	void (*text)(struct buf *out, struct slice text);
	/* What stands around the text of an actor, number i from 0, and between its two lines. */
	void (*actor_begin)(struct buf *out, unsigned i);
	void (*actor_end)(struct buf *out, unsigned i);
	const char *line_break;
	/* What stands before the text of an arrow and of a note. */
	void (*arrow)(struct buf *out, const struct diagram_row *r);
	void (*note)(struct buf *out, const struct diagram_row *r);
};

/* Appends a line for each actor. */
void diagram_add_actors(struct buf *out, const struct diagram_language *l, const struct diagram *d);
/* Appends the lines of a row: its arrow and its note, or of news a note. */
void diagram_add_row(struct buf *out, const struct diagram_language *l, const struct diagram_row *r);
/* Appends a note under the first row's lifelines of how many messages and news were left out, if some were. */
void diagram_add_rest(struct buf *out, const struct diagram_language *l, const struct diagram *d, uint64_t messages, uint64_t news,
		      const char *why);

#endif
