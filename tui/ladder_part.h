/*
 * The ladder's view within: what its files share (view_ladder.c, ladder_arrows.c, ladder_draw.c).
 */
#ifndef TUI_LADDER_PART_H
#define TUI_LADDER_PART_H

#include "tui/facts.h"
#include "tui/ladder.h"
#include "tui/ladder_line.h"
#include "tui/view.h"

struct ladder_view {
	struct view view;
	struct ladder_spec spec;
	struct ladder *now, *next; /* what is shown, what is being built; NULL for none */
	uint32_t wanted;           /* message to be selected when next is ready */
	int64_t begun, rest_until; /* ms: when next was begun; when another one may be */
	struct ladder_layout layout;
	int scroll, gutter, time;
	struct facts_room room;
	struct buf label, note;
	struct view *beside; /* a Detail view; NULL until it is needed */
	uint32_t beside_n;
	bool no_beside;
	bool marked; /* its threads are those that were marked */
	bool asked;  /* next was asked for by a key */
};

struct ladder_view *ladder_view_of(struct view *v);
/* A row of what is shown; NULL if there is none. */
const struct ladder_row *ladder_view_row(const struct ladder_view *l, uint64_t row);
/* The message of a row, 0 for none. */
uint32_t ladder_view_message(struct view *v, uint64_t row);
/* Makes the arrow of a row, and the time it stands at (INT64_MIN: none); its texts live until the next one is made. False if its message is
 * forgotten. */
bool ladder_view_arrow(struct ladder_view *l, const struct ladder_row *r, struct ladder_arrow *a, int64_t *time);

/* For the table of functions. */
void ladder_draw_row(struct view *v, uint64_t row, int width, struct line *out);
void ladder_draw(struct view *v, struct area area);

#endif
