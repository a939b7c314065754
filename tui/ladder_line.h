/* The lines of a ladder: columns as vertical lines, arrows between them. Pure text. */
#ifndef TUI_LADDER_LINE_H
#define TUI_LADDER_LINE_H

#include "tui/line.h"

enum {
	LADDER_SPACING = 26 /* columns of the terminal from one end to the next, at least */,
	LADDER_MARGIN = 11 /* beside the outer ones */
};

/* Where the ends stand: end i at column LADDER_MARGIN + i * spacing. */
struct ladder_layout {
	unsigned ends;
	int spacing;
	int width;  /* columns that are in sight */
	int scroll; /* columns that are out of sight at the left */
};

/* Fits ends into a width; keeps `scroll` within what there is. */
void ladder_fit(struct ladder_layout *l, unsigned ends, int width, int scroll);
/* Columns that can be out of sight at most. */
int ladder_scroll_max(const struct ladder_layout *l);
/* The scroll that brings both ends into sight as far as they fit; the present one if they are. */
int ladder_scroll_to(const struct ladder_layout *l, unsigned from, unsigned to);

enum ladder_stroke {
	STROKE_ARROW,  /* ───→ */
	STROKE_DOUBLE, /* ═══→ of several messages */
	STROKE_NONE,   /* only the text */
	STROKE_DOTS,   /* ····  of what is missing, no head */
};

struct ladder_arrow {
	unsigned from, to;
	enum ladder_stroke stroke;
	enum ink ink;
	struct slice label, note; /* what it is, and more about it where there is room */
	enum ink note_ink;
};

/* Appends exactly `width` columns. */
void ladder_add_arrow(struct line *out, const struct ladder_layout *l, const struct ladder_arrow *a);
/* Appends a line of names, each over its end: name(user, i, buf) appends that of end i. */
void ladder_add_names(struct line *out, const struct ladder_layout *l, enum ink ink,
		      void (*name)(void *user, unsigned end, struct buf *out), void *user);

#endif
