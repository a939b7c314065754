/*
 * Drawing arrows.
 *
 *	  margin    spacing       spacing   margin
 *	<········>│<···········>│<·········>│<····>
 *	          │─ query 3 ─→│                    the text in the middle of what is in sight of the arrow
 *
 * Positions are columns of the whole ladder; only scroll … scroll + width - 1 are drawn.
 */
#include "tui/ladder_line.h"

#include "base/text.h"

enum { DASHES = 3 /* columns of an arrow that its text leaves free at either side */ };

static int place(const struct ladder_layout *l, unsigned end)
{
	return LADDER_MARGIN + (int)end * l->spacing;
}

static int total(const struct ladder_layout *l)
{
	return l->ends ? place(l, l->ends - 1) + LADDER_MARGIN + 1 : 0;
}

int ladder_scroll_max(const struct ladder_layout *l)
{
	return total(l) > l->width ? total(l) - l->width : 0;
}

static int within(int n, int least, int most)
{
	return n > most ? most : n < least ? least : n;
}

void ladder_fit(struct ladder_layout *l, unsigned ends, int width, int scroll)
{
	l->ends = ends;
	l->width = width > 0 ? width : 0;
	l->spacing = ends > 1 ? (width - 2 * LADDER_MARGIN - 1) / (int)(ends - 1) : 0;
	l->spacing = l->spacing > LADDER_SPACING ? l->spacing : LADDER_SPACING;
	l->scroll = within(scroll, 0, ladder_scroll_max(l));
}

int ladder_scroll_to(const struct ladder_layout *l, unsigned from, unsigned to)
{
	int left = place(l, from < to ? from : to) - 2, right = place(l, from < to ? to : from) + 2;
	int scroll = l->scroll;
	if (right > scroll + l->width)
		scroll = right - l->width;
	if (left < scroll)
		scroll = left;
	return within(scroll, 0, ladder_scroll_max(l));
}

/* An arrow as it is drawn. */
struct span {
	int left, right;    /* its ends */
	int text, text_end; /* where its text goes */
	int note;           /* columns of it that the note has */
};

/* Columns for a note beside a label, in a room for both: all, or at least a few. */
static int note_columns(int room, int label, int note)
{
	enum { FEW = 4, BETWEEN = 2, AROUND = 2 };
	int left = room - label - BETWEEN - AROUND;
	return note <= left ? note : left >= FEW ? left : 0;
}

static struct span span_of(const struct ladder_layout *l, const struct ladder_arrow *a)
{
	struct span s = { .left = place(l, a->from < a->to ? a->from : a->to), .right = place(l, a->from < a->to ? a->to : a->from) };
	if (a->stroke == STROKE_NONE)
		s.right = total(l);
	int from = (s.left < l->scroll ? l->scroll : s.left) + DASHES, to = s.right < l->scroll + l->width ? s.right : l->scroll + l->width;
	int label = text_columns(a->label), room = to - from - (a->stroke == STROKE_NONE ? 0 : DASHES - 1);
	s.note = note_columns(room, label, text_columns(a->note));
	int wanted = label + (s.note ? s.note + 2 : 0) + 2;
	wanted = wanted > room ? room : wanted;
	if (wanted < 3)
		return s;
	s.text = a->stroke == STROKE_NONE ? from - 1 : from + (room - wanted) / 2;
	s.text_end = s.text + wanted;
	return s;
}

static void add_text(struct line *out, const struct ladder_arrow *a, int note, int columns)
{
	int end = out->columns + columns;
	line_add_str(out, INK_PLAIN, " ");
	line_add(out, a->ink, a->label, end - 1 - out->columns);
	if (note && end - out->columns > 3) {
		line_add_str(out, INK_PLAIN, "  ");
		line_add(out, a->note_ink, a->note, end - 1 - out->columns);
	}
	line_pad(out, INK_PLAIN, end);
}

static void add_stroke(struct line *out, const struct ladder_arrow *a, const struct span *s, int x, bool at_end)
{
	bool right = a->from < a->to;
	if (a->stroke == STROKE_DOTS)
		line_add_str(out, a->ink, at_end ? "│" : "·");
	else if (x == (right ? s->right - 1 : s->left + 1))
		line_add_str(out, a->ink, right ? "→" : "←");
	else if (at_end)
		line_add_str(out, a->ink, a->stroke == STROKE_DOUBLE ? "╪" : "┼");
	else
		line_add_str(out, a->ink, a->stroke == STROKE_DOUBLE ? "═" : "─");
}

static bool is_end(const struct ladder_layout *l, int x)
{
	return x >= LADDER_MARGIN && (x - LADDER_MARGIN) % l->spacing == 0;
}

void ladder_add_arrow(struct line *out, const struct ladder_layout *l, const struct ladder_arrow *a)
{
	struct span s = span_of(l, a);
	int most = l->scroll + l->width;
	for (int x = l->scroll; x < most; x++) {
		if (x == s.text && s.text_end > s.text) {
			int columns = s.text_end < most ? s.text_end - x : most - x;
			add_text(out, a, s.note, columns);
			x += columns - 1;
		} else if (a->stroke != STROKE_NONE && x > s.left && x < s.right) {
			add_stroke(out, a, &s, x, is_end(l, x));
		} else {
			line_add_str(out, INK_DIM, x < total(l) && is_end(l, x) ? "│" : " ");
		}
	}
}

void ladder_add_names(struct line *out, const struct ladder_layout *l, enum ink ink,
		      void (*name)(void *user, unsigned end, struct buf *out), void *user)
{
	struct buf text = { 0 };
	int origin = out->columns;
	for (unsigned i = 0; i < l->ends; i++) {
		buf_clear(&text);
		name(user, i, &text);
		int columns = text_columns(buf_slice(&text)), room = l->spacing - 2;
		columns = columns < room ? columns : room;
		int from = place(l, i) - columns / 2 - l->scroll, to = from + columns;
		from = within(from, 0, l->width - columns > 0 ? l->width - columns : 0);
		bool seen = to > 0 && place(l, i) - l->scroll < l->width + LADDER_MARGIN && from + origin >= out->columns;
		if (!seen || from >= l->width)
			continue;
		line_pad(out, ink, origin + from);
		line_add(out, ink, buf_slice(&text), columns < l->width - from ? columns : l->width - from);
	}
	line_pad(out, ink, origin + l->width);
	buf_release(&text);
}
