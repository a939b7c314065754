/*
 * One message:
 *
 *	 what is known of it, and the rules it breaks, each with its sentence
 *	 Fields                   | Bytes 18-25
 *	 ▼ envelope: Envelope     | 0000  0a 05 71 75 65 72 79 …
 *	     command: query       | the bytes of the selected field are marked
 *
 * On a narrow terminal the bytes stand below the fields. The message's bytes are copied when it is shown,
 * since the session lends them for a moment only; tree and nodes borrow from that copy. So it stays on the screen when the session
 * forgets the message meanwhile. Bytes of secrets are masked.
 */
#include "tui/view_detail.h"

#include "base/xalloc.h"
#include "decode/forms.h"
#include "tui/detail.h"

#include <stdlib.h>

enum { BUDGET = 32 << 20 /* of a dissection */, WHEEL = 3 };

static struct detail *self(struct view *v)
{
	return (struct detail *)v;
}

static struct view *new_detail(struct app *a)
{
	struct detail *d = xcalloc(1, sizeof *d);
	d->view.ops = &view_detail;
	d->view.app = a;
	dissection_init(&d->d, session_schema(a->session), BUDGET);
	return &d->view;
}

static void free_detail(struct view *v)
{
	struct detail *d = self(v);
	tree_release(&d->tree);
	dissection_release(&d->d);
	buf_release(&d->bytes);
	free(d->node);
	mask_release(&d->mask);
	free(d);
}

/* The cursor of the bytes goes to the selected field. */
static void place_cursor(struct detail *d)
{
	const struct node *n = detail_selected(d);
	d->byte = n && n->offset < d->bytes.len ? n->offset : 0;
}

/* Setting a message. */

static void list_nodes(struct detail *d)
{
	size_t count = 0;
	for (const struct node *n = d->d.root; n; n = node_after(n, d->d.root))
		count++;
	d->node = xreallocarray(d->node, count, sizeof *d->node);
	d->nodes = 0;
	for (const struct node *n = d->d.root; n; n = node_after(n, d->d.root))
		d->node[d->nodes++] = n;
}

static uint32_t place_in_thread(const struct session *s, const struct record *r, uint32_t n)
{
	uint32_t place = 1, at = r->thread;
	for (const struct record *other; at && at != n; at = other->next, place++)
		if (!(other = session_record(s, at)))
			return 0;
	return at == n ? place : 0;
}

/* Makes fields of the bytes. */
static void make_fields(struct detail *d)
{
	bool show_secrets = d->view.app->show_secrets;
	form_dissect(&d->d, &d->record, buf_slice(&d->bytes));
	list_nodes(d);
	mask_clear(&d->mask);
	if (!show_secrets)
		mask_set(&d->mask, d->d.root, buf_slice(&d->bytes));
	tree_set(&d->tree, d->d.root, d->d.payload, show_secrets);
	d->shown = NULL;
	d->rows = (struct list){ 0 };
	d->view.list.end = d->tree.rows;
	d->view.list.top = 0;
	list_show(&d->view.list, d->d.payload ? tree_find(&d->tree, d->d.payload) : 0);
	place_cursor(d);
}

void view_detail_set(struct view *v, uint32_t n)
{
	struct detail *d = self(v);
	const struct session *s = v->app->session;
	struct buf scratch = { 0 };
	d->n = n;
	d->record = *session_record(s, n);
	d->place = place_in_thread(s, &d->record, n);
	buf_clear(&d->bytes);
	buf_add(&d->bytes, session_bytes(s, n, &scratch));
	buf_release(&scratch);
	make_fields(d);
}

static void draw(struct view *v, struct area area)
{
	detail_draw_top(self(v), &area);
	detail_draw_panes(self(v), area);
}

void view_detail_draw_beside(struct view *v, struct area area)
{
	self(v)->beside = self(v)->hide_bytes = true;
	draw(v, area);
}

static void draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	if (row < self(v)->tree.rows)
		tree_add_row(&self(v)->tree, (size_t)row, width, out);
}

static const char *empty(struct view *v)
{
	return self(v)->bytes.len ? "The message is too large to show its fields." : "There are no bytes.";
}

static void add_title(struct view *v, struct line *out)
{
	const struct record *r = &self(v)->record;
	line_addf(out, INK_PLAIN, " %u ", self(v)->n);
	line_add_str(out, INK_PLAIN, r->dir == DIR_C2S ? "→ " : "← ");
	line_add(out, INK_BAR_KEY, session_command_name(v->app->session, r), 40);
}

/* Commands. */

/* The message before this one in its thread; 0 if there is none. */
static uint32_t previous_message(const struct detail *d, const struct record *r)
{
	const struct session *s = d->view.app->session;
	uint32_t at = r->thread;
	for (const struct record *other; at && at != d->n && (other = session_record(s, at)); at = other->next)
		if (other->next == d->n)
			return at;
	return 0;
}

/* The same, or the message behind it, where the first message of the thread is forgotten: no chain leads to all that are left. */
static uint32_t look_for_message(const struct detail *d, const struct record *r, bool forward)
{
	const struct session *s = d->view.app->session;
	const struct record *other;
	for (uint32_t n = forward ? d->n + 1 : d->n - 1; (other = session_record(s, n)); forward ? n++ : n--)
		if (other->thread == r->thread)
			return n;
	return 0;
}

static uint32_t neighbour(const struct detail *d, const struct record *r, bool forward)
{
	if (!session_record(d->view.app->session, r->thread))
		return look_for_message(d, r, forward);
	return forward ? r->next : previous_message(d, r);
}

static unsigned go(struct detail *d, bool forward)
{
	struct app *a = d->view.app;
	const struct record *r = session_record(a->session, d->n);
	uint32_t n = r ? neighbour(d, r, forward) : 0;
	if (n)
		view_detail_set(&d->view, n);
	else if (!r || (!forward && !session_record(a->session, r->thread)))
		app_notice(a, "Messages of this thread are forgotten: the oldest go first, for the memory limit.");
	else
		app_notice(a, forward ? "This is the last message of the thread so far." : "This is the first message of the thread.");
	return REDRAW;
}

/* The selected row was opened: what came out of it is to be seen. */
static void reveal(struct detail *d)
{
	struct list *l = &d->view.list;
	l->end = d->tree.rows;
	list_reveal(l, tree_behind(&d->tree, (size_t)l->selected) - 1);
}

static unsigned toggle(struct detail *d)
{
	size_t i = (size_t)d->view.list.selected;
	if (i < d->tree.rows && d->tree.row[i].part)
		list_select(&d->view.list, i = tree_parent(&d->tree, i));
	if (!tree_close(&d->tree, i) && tree_open(&d->tree, i, d->width))
		reveal(d);
	return REDRAW;
}

static unsigned open_all(struct detail *d)
{
	tree_open_all(&d->tree, (size_t)d->view.list.selected);
	if (d->tree.rows)
		reveal(d);
	return REDRAW;
}

static unsigned go_right(struct detail *d)
{
	size_t i = (size_t)d->view.list.selected;
	if (tree_open(&d->tree, i, d->width))
		reveal(d);
	else if (i < d->tree.rows && d->tree.row[i].open)
		list_move(&d->view.list, 1);
	return REDRAW;
}

static unsigned go_left(struct detail *d)
{
	size_t i = (size_t)d->view.list.selected;
	if (!tree_close(&d->tree, i) && i < d->tree.rows)
		list_select(&d->view.list, tree_parent(&d->tree, i));
	return REDRAW;
}

static void select_node(struct detail *d, const struct node *n)
{
	size_t row = tree_find(&d->tree, n);
	d->view.list.end = d->tree.rows;
	list_show(&d->view.list, row);
}

static void show_node(struct detail *d, const struct node *n)
{
	select_node(d, n);
	d->in_bytes = false;
}

/* The innermost node that has this byte. */
static const struct node *node_of_byte(const struct node *root, size_t byte)
{
	const struct node *n = root, *child = root;
	while (child) {
		n = child;
		for (child = n->child; child; child = child->next)
			if (!child->from_text && !child->apart && byte >= child->offset && byte < child->offset + child->length)
				break;
	}
	return n;
}

/* Puts the cursor on a byte, brings it into sight, and selects the field that has it. */
static void go_to_byte(struct detail *d, size_t byte)
{
	int64_t row = (int64_t)(byte / (size_t)d->hex.per_row), top = (int64_t)d->rows.top, height = d->rows.height;
	d->byte = byte;
	d->shown = node_of_byte(d->d.root, byte);
	select_node(d, d->shown);
	if (row < top)
		list_scroll(&d->rows, row - top);
	else if (row >= top + height)
		list_scroll(&d->rows, row - top - height + 1);
}

/* Movements in the bytes. */
static unsigned move_bytes(struct detail *d, enum command c)
{
	int64_t per_row = d->hex.per_row, height = d->rows.height;
	int64_t page = per_row * (height > 1 ? height - 1 : 1), half = per_row * (height > 1 ? height / 2 : 1);
	int64_t last = (int64_t)d->bytes.len - 1, to = (int64_t)d->byte;
	switch (c) {
	case CMD_LEFT: to--; break;
	case CMD_RIGHT: to++; break;
	case CMD_UP: to -= to >= per_row ? per_row : 0; break;
	case CMD_DOWN: to += to + per_row <= last ? per_row : 0; break;
	case CMD_PAGE_UP: to -= page; break;
	case CMD_PAGE_DOWN: to += page; break;
	case CMD_HALF_UP: to -= half; break;
	case CMD_HALF_DOWN: to += half; break;
	case CMD_FIRST: to = 0; break;
	case CMD_LAST: to = last; break;
	default: return 0;
	}
	if (d->d.root && last >= 0 && per_row && d->hex_area.height > 0)
		go_to_byte(d, (size_t)(to < 0 ? 0 : to > last ? last : to));
	return REDRAW;
}

static unsigned hide_bytes(struct detail *d)
{
	d->hide_bytes = !d->hide_bytes;
	d->in_bytes = false;
	return REDRAW;
}

static unsigned change_pane(struct detail *d)
{
	d->in_bytes = !d->in_bytes && detail_shows_bytes(d);
	if (d->in_bytes)
		place_cursor(d);
	else if (!detail_shows_bytes(d))
		app_notice(d->view.app, d->hide_bytes ? "The bytes are hidden." : "There is no room for the bytes.");
	return REDRAW;
}

static unsigned command(struct view *v, enum command c)
{
	struct detail *d = self(v);
	switch (c) {
	case CMD_NEXT_MESSAGE: return go(d, true);
	case CMD_PREVIOUS_MESSAGE: return go(d, false);
	case CMD_HEX: return hide_bytes(d);
	case CMD_PANE: return change_pane(d);
	case CMD_TOGGLE: return toggle(d);
	case CMD_RIGHT: return d->in_bytes ? move_bytes(d, c) : go_right(d);
	case CMD_LEFT: return d->in_bytes ? move_bytes(d, c) : go_left(d);
	case CMD_OPEN_ALL: return open_all(d);
	default: return d->in_bytes ? move_bytes(d, c) : 0;
	}
}

/* The mouse. */

static bool within(struct area a, struct key key)
{
	return key.row >= a.row && key.row < a.row + a.height && key.col >= a.col && key.col < a.col + a.width;
}

static unsigned click_bytes(struct detail *d, struct key key)
{
	uint64_t row;
	size_t byte;
	if (d->d.root && list_at(&d->rows, key.row - d->hex_area.row, &row) &&
	    hex_byte_at(&d->hex, row, key.col - d->hex_area.col, &byte)) {
		go_to_byte(d, byte);
	}
	d->in_bytes = true;
	return REDRAW;
}

static unsigned mouse(struct view *v, struct key key)
{
	struct detail *d = self(v);
	bool in_bytes = within(d->hex_area, key);
	int64_t wheel = key.code == KEY_WHEEL_UP ? -WHEEL : key.code == KEY_WHEEL_DOWN ? WHEEL : 0;
	uint64_t row;
	if (wheel)
		list_scroll(in_bytes ? &d->rows : &v->list, wheel);
	else if (in_bytes)
		return click_bytes(d, key);
	else if (within(v->body, key) && list_at(&v->list, key.row - v->body.row, &row)) {
		d->in_bytes = false;
		list_select(&v->list, row);
		return key.code == KEY_DOUBLE_CLICK ? toggle(d) : REDRAW;
	}
	return REDRAW;
}

static uint32_t message(struct view *v, uint64_t row)
{
	(void)row;
	return self(v)->n;
}

/* The value of the selected field, or whatever its row says. */
static void copy(struct view *v, uint64_t row, struct buf *out)
{
	if (row < self(v)->tree.rows)
		tree_add_value(&self(v)->tree, (size_t)row, out);
}

static void renew(struct view *v)
{
	uint64_t selected = v->list.selected;
	make_fields(self(v));
	list_select(&v->list, selected);
}

/* Searching: positions are nodes. */

static void positions(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current)
{
	struct detail *d = self(v);
	const struct node *n = detail_selected(d);
	*first = *current = 0;
	*end = d->nodes;
	while (*current < d->nodes && d->node[*current] != n)
		++*current;
}

static bool matches(struct view *v, uint64_t at, const struct pattern *p)
{
	struct detail *d = self(v);
	return at < d->nodes && tree_node_matches(d->node[at], v->app->show_secrets, p);
}

static void show(struct view *v, uint64_t at)
{
	struct detail *d = self(v);
	if (at < d->nodes)
		show_node(d, d->node[at]);
}

const struct view_ops view_detail = {
	.name = "Detail",
	.where = IN_DETAIL,
	.about = "One message: its fields as a tree, with the JSON and the tokens in them, and its bytes. "
		 "The bytes of the selected field are marked.",
	.make = new_detail,
	.free = free_detail,
	.add_title = add_title,
	.draw_row = draw_row,
	.message = message,
	.copy = copy,
	.renew = renew,
	.empty = empty,
	.draw = draw,
	.command = command,
	.mouse = mouse,
	.positions = positions,
	.matches = matches,
	.show = show,
};
