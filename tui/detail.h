/* What the files of the Detail view share; not for others. */
#ifndef TUI_DETAIL_H
#define TUI_DETAIL_H

#include "tui/app.h"
#include "tui/hex.h"
#include "tui/tree.h"

struct detail {
	struct view view; /* its list: the rows of the tree */
	uint32_t n;
	struct record record; /* as it was when it was drawn last: the session may forget it */
	uint32_t place;       /* which message of its thread it is, from 1; 0 unknown */
	struct buf bytes;
	struct dissection d;
	struct tree tree;
	const struct node **node; /* all nodes in order: what is searched */
	size_t nodes;
	struct mask mask; /* bytes of secrets */
	bool hide_bytes;
	bool in_bytes;    /* the bytes have the keys */
	bool beside;      /* it is drawn beside another view, which has the keys */
	bool top_full;    /* not all that is known of the message found room at its top */
	struct list rows; /* of the bytes; nothing is selected there */
	size_t byte;      /* where the cursor is while the bytes have the keys; in `bytes`, or 0 */
	struct hex hex;
	struct area hex_area;
	const struct node *shown; /* the node whose bytes were brought into sight */
	int width;                /* of the tree when it was drawn last */
};

/* The node of the selected row; NULL if there is none. */
const struct node *detail_selected(const struct detail *d);
/* Draws what is known of the message, in a third of the area at most, and takes it off the area. */
void detail_draw_top(struct detail *d, struct area *area);
/* Are bytes on the screen, or may they be when it is drawn for the first time? */
bool detail_shows_bytes(const struct detail *d);
/* Draws fields and bytes. */
void detail_draw_panes(struct detail *d, struct area area);

#endif
