/*
 * The panes of the Detail view: fields at the left, bytes at the right, or below them where the terminal is
 * narrow.
 */
#include "tui/detail.h"

enum {
	WIDE = 100,      /* columns from which on the bytes stand beside the fields */
	TREE_LEAST = 48, /* columns that the fields keep when there are 16 bytes in a row */
	BELOW_LEAST = 8, /* rows from which on there is room for bytes below the fields */
};

const struct node *detail_selected(const struct detail *d)
{
	size_t i = (size_t)d->view.list.selected;
	return i < d->tree.rows ? d->tree.row[i].node : NULL;
}

bool detail_shows_bytes(const struct detail *d)
{
	bool drawn = d->width;
	return !d->hide_bytes && (!drawn || (d->hex_area.height > 0 && d->hex.per_row > 0));
}

static void draw_heading(struct detail *d, struct area *area, const char *text, bool has_keys)
{
	struct line *l = &d->view.app->line;
	if (area->height < 1)
		return;
	line_clear(l);
	line_addf(l, INK_HEAD, has_keys ? "[%s]" : " %s", text);
	line_pad(l, INK_HEAD, area->width);
	screen_put(d->view.app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
	area->height--;
}

static void draw_tree(struct detail *d, struct area area)
{
	if (d->width != area.width)
		d->view.list.selected = tree_fit(&d->tree, (size_t)d->view.list.selected, area.width);
	d->width = area.width;
	draw_heading(d, &area, "Fields", !d->in_bytes && !d->hide_bytes);
	list_set(&d->view.list, 0, d->tree.rows, area.height > 0 ? area.height : 0);
	view_draw_list(&d->view, area, d->beside ? EMPHASIS_NONE : d->in_bytes ? EMPHASIS_SELECTED_ELSEWHERE : EMPHASIS_SELECTED);
}

/* Brings the bytes of the selected node into sight when another one was selected. */
static void follow_selection(struct detail *d, const struct node *n)
{
	if (!n || n == d->shown)
		return;
	uint64_t first = n->offset / (uint32_t)d->hex.per_row;
	uint64_t last = (n->offset + (n->length ? n->length - 1 : 0)) / (uint32_t)d->hex.per_row;
	bool seen = first >= d->rows.top && last < d->rows.top + (uint64_t)d->rows.height;
	d->shown = n;
	if (seen)
		return;
	list_scroll(&d->rows, -(int64_t)d->rows.top);
	list_scroll(&d->rows, (int64_t)first - (first > 0 && last > first ? 1 : 0));
}

static void draw_hex_heading(struct detail *d, struct area *area, const struct node *n)
{
	struct buf text = { 0 };
	buf_add_str(&text, "Bytes");
	if (n && n->length) {
		buf_addf(&text, " %u-%u", n->offset, n->offset + n->length - 1);
		buf_addf(&text, n->from_text || n->apart ? " (the text it is in)" : " (value %u)", n->value_length);
	}
	draw_heading(d, area, buf_cstr(&text), d->in_bytes);
	buf_release(&text);
}

/* The terminal's cursor on the byte, while the bytes have the keys and nothing is being typed. */
static void draw_cursor(struct detail *d, struct area area)
{
	uint64_t row = d->byte / (size_t)d->hex.per_row;
	bool seen = row >= d->rows.top && row < d->rows.top + (uint64_t)(area.height > 0 ? area.height : 0);
	if (d->in_bytes && !d->beside && seen && d->byte < d->bytes.len && !d->view.app->prompt.open)
		screen_cursor(d->view.app->screen, area.row + (int)(row - d->rows.top), area.col + hex_column(&d->hex, d->byte));
}

static void draw_hex(struct detail *d, struct area area)
{
	const struct node *n = detail_selected(d);
	struct line *l = &d->view.app->line;
	uint64_t row;
	d->hex = (struct hex){ .bytes = buf_slice(&d->bytes), .per_row = hex_per_row(d->bytes.len, area.width), .mask = &d->mask };
	draw_hex_heading(d, &area, n);
	d->hex_area = area;
	if (!d->hex.per_row)
		return;
	if (n) {
		d->hex.field = (struct span){ n->offset, n->offset + n->length };
		d->hex.value = (struct span){ n->value_offset, n->value_offset + n->value_length };
	}
	list_set(&d->rows, 0, hex_rows(&d->hex), area.height > 0 ? area.height : 0);
	follow_selection(d, n);
	for (int i = 0; i < area.height; i++) {
		line_clear(l);
		if (list_at(&d->rows, i, &row))
			hex_add_row(l, &d->hex, row);
		screen_put(d->view.app->screen, area.row + i, area.col, area.width, l, EMPHASIS_NONE);
	}
	draw_cursor(d, area);
}

static void draw_divider(struct detail *d, struct area area)
{
	struct line *l = &d->view.app->line;
	line_clear(l);
	line_add_str(l, INK_DIM, "│");
	for (int i = 0; i < area.height; i++)
		screen_put(d->view.app->screen, area.row + i, area.col, 1, l, EMPHASIS_NONE);
}

/* Fields and bytes, each in its area. What is not seen has no keys. */
static void draw_both(struct detail *d, struct area fields, struct area bytes)
{
	d->in_bytes = d->in_bytes && bytes.height > 1 && hex_per_row(d->bytes.len, bytes.width);
	draw_tree(d, fields);
	draw_hex(d, bytes);
}

static void draw_beside(struct detail *d, struct area area)
{
	int hex = hex_width(d->bytes.len, 16);
	if (area.width - hex - 2 < TREE_LEAST)
		hex = hex_width(d->bytes.len, 8);
	int tree = area.width - hex - 2;
	draw_divider(d, (struct area){ area.row, area.col + tree, area.height, 1 });
	draw_both(d, (struct area){ area.row, area.col, area.height, tree },
		  (struct area){ area.row, area.col + tree + 1, area.height, hex + 1 });
}

static void draw_below(struct detail *d, struct area area)
{
	int hex = area.height < BELOW_LEAST ? 0 : area.height * 2 / 5;
	draw_both(d, (struct area){ area.row, area.col, area.height - hex, area.width },
		  (struct area){ area.row + area.height - hex, area.col, hex, area.width });
}

void detail_draw_panes(struct detail *d, struct area area)
{
	d->hex_area = (struct area){ 0 };
	d->hex.per_row = 0;
	if (d->hide_bytes)
		draw_tree(d, area);
	else if (area.width >= WIDE)
		draw_beside(d, area);
	else
		draw_below(d, area);
}
