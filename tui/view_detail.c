/*
 * One message:
 *
 *	 what is known of it, and the rules it breaks, each with its sentence
 *	 Fields                   | Bytes 18-25
 *	 ▼ envelope: Envelope     | 0000  0a 05 71 75 65 72 79 …
 *	     command: query       | the bytes of the selected field are marked
 *
 * On a narrow terminal the bytes stand below the fields. The message's bytes are copied when it is shown, since the session lends them
 * for a moment only; tree and nodes borrow from that copy. Bytes of secrets are masked.
 */
#include "tui/view_detail.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "decode/redact.h"
#include "tui/app.h"
#include "tui/facts.h"
#include "tui/hex.h"
#include "tui/tree.h"

#include <stdlib.h>

enum {
	BUDGET = 32 << 20,   /* of a dissection */
	WIDE = 100,          /* columns from which on the bytes stand beside the fields */
	TREE_LEAST = 48,     /* columns that the fields keep when there are 16 bytes in a row */
	BELOW_LEAST = 8,     /* rows from which on there is room for bytes below the fields */
	RULES_SHOWN = 4,
	WHEEL = 3,
};

struct detail {
	struct view view;         /* its list: the rows of the tree */
	uint32_t n;
	uint32_t place;           /* which message of its thread it is, from 1; 0 unknown */
	struct buf bytes;
	struct dissection d;
	struct tree tree;
	const struct node **node; /* all nodes in order: what is searched */
	size_t nodes;
	struct span *masked;      /* bytes of secrets */
	size_t masked_count;
	bool hide_bytes;
	bool in_bytes;            /* the bytes have the keys */
	struct list rows;         /* of the bytes; nothing is selected there */
	struct hex hex;
	struct area hex_area;
	const struct node *shown; /* the node whose bytes were brought into sight */
	int width;                /* of the tree when it was drawn last */
};

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
	free(d->masked);
	free(d);
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

static void mask(struct detail *d, size_t from, size_t to)
{
	d->masked = xreallocarray(d->masked, d->masked_count + 1, sizeof *d->masked);
	d->masked[d->masked_count++] = (struct span){ (uint32_t)from, (uint32_t)to };
}

static int by_place(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* Puts the spans in order and joins those that overlap. */
static void join_masked(struct detail *d)
{
	size_t count = 0;
	if (d->masked_count)
		qsort(d->masked, d->masked_count, sizeof *d->masked, by_place);
	for (size_t i = 0; i < d->masked_count; i++) {
		struct span *last = count ? &d->masked[count - 1] : NULL;
		if (!last || d->masked[i].from > last->to)
			d->masked[count++] = d->masked[i];
		else if (d->masked[i].to > last->to)
			last->to = d->masked[i].to;
	}
	d->masked_count = count;
}

/* Which bytes are secret: values of secret fields, and of secret keys in whatever JSON the message holds. */
static void list_masked(struct detail *d)
{
	struct slice bytes = buf_slice(&d->bytes);
	size_t start, end = 0;
	d->masked_count = 0;
	if (d->view.app->o->show_secrets)
		return;
	for (size_t i = 0; i < d->nodes; i++)
		if (d->node[i]->secret && !d->node[i]->from_text)
			mask(d, d->node[i]->value_offset, d->node[i]->value_offset + d->node[i]->value_length);
	while (redact_next(bytes, end, &start, &end))
		mask(d, start, end);
	join_masked(d);
}

static uint32_t place_in_thread(const struct session *s, const struct record *r, uint32_t n)
{
	uint32_t place = 1, at = r->thread;
	for (const struct record *other; at && at != n; at = other->next, place++)
		if (!(other = session_record(s, at)))
			return 0;
	return at == n ? place : 0;
}

static void dissect(struct detail *d, const struct record *r)
{
	if (r->encoding == ENCODING_ENVELOPE)
		dissect_envelope(&d->d, buf_slice(&d->bytes), r->size);
	else
		dissect_payload(&d->d, r->type, buf_slice(&d->bytes));
}

void view_detail_set(struct view *v, uint32_t n)
{
	struct detail *d = self(v);
	const struct session *s = v->app->session;
	const struct record *r = session_record(s, n);
	struct buf scratch = { 0 };
	d->n = n;
	d->place = place_in_thread(s, r, n);
	buf_clear(&d->bytes);
	buf_add(&d->bytes, session_bytes(s, n, &scratch));
	buf_release(&scratch);
	dissect(d, r);
	list_nodes(d);
	list_masked(d);
	tree_set(&d->tree, d->d.root, d->d.payload, v->app->o->show_secrets);
	d->shown = NULL;
	d->rows = (struct list){ 0 };
	d->view.list.end = d->tree.rows;
	d->view.list.top = 0;
	list_show(&v->list, d->d.payload ? tree_find(&d->tree, d->d.payload) : 0);
}

/* The top: what is known of the message. */

/* Appends a fact to the line; draws the line first if it would be too long with it. */
static void add_fact(struct detail *d, struct area *area, enum ink ink, struct slice text)
{
	struct line *l = &d->view.app->line;
	if (l->columns > 1 && l->columns + 2 + text_columns(text) > area->width && area->height > 0) {
		screen_put(d->view.app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
		area->height--;
		line_clear(l);
	}
	line_add_str(l, INK_PLAIN, l->columns > 1 ? "  " : l->columns ? "" : " ");
	line_add(l, ink, text, area->width - l->columns);
}

static void end_line(struct detail *d, struct area *area)
{
	struct line *l = &d->view.app->line;
	if (l->columns && area->height > 0) {
		screen_put(d->view.app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
		area->height--;
	}
	line_clear(l);
}

static void add_place(const struct detail *d, struct buf *out, const struct record *r)
{
	struct thread_info info;
	if (r->role != ROLE_SINGLE)
		buf_addf(out, "%s", role_name((enum role)r->role));
	if (!d->place || !session_record(d->view.app->session, r->thread))
		return;
	session_thread(d->view.app->session, r->thread, &info);
	if (info.messages > 1)
		buf_addf(out, ", %u of %u in its thread (%s)", d->place, info.messages, thread_state_name(info.state));
}

static void add_latency(const struct detail *d, struct buf *out)
{
	int64_t latency = session_latency(d->view.app->session, d->n);
	if (latency < 0)
		return;
	buf_add_str(out, "after ");
	when_add_span(out, latency);
}

enum fact { FACT_TRANSPORT, FACT_SIZE, FACT_TIME, FACT_TYPE, FACT_PLACE, FACT_LATENCY, FACTS };

static void make_fact(struct detail *d, enum fact fact, const struct record *r, struct buf *out)
{
	struct app *a = d->view.app;
	switch (fact) {
	case FACT_TRANSPORT:
		buf_addf(out, "connection %u (%s%s, ", r->conn, transport_name((enum transport)r->transport), r->tls ? "+tls" : "");
		buf_add(out, peers_name(&a->peers, a->session, r->conn));
		buf_add_str(out, ")");
		break;
	case FACT_SIZE:
		amount_add_grouped(out, r->size);
		buf_add_str(out, " bytes");
		break;
	case FACT_TIME: when_add_clock(out, r->time, a->o->utc); break;
	case FACT_TYPE:
		if (d->d.type_by_command && d->d.type)
			buf_add_str(out, "type known by the command only");
		break;
	case FACT_PLACE: add_place(d, out, r); break;
	default: add_latency(d, out);
	}
}

static void draw_facts(struct detail *d, struct area *area, const struct record *r)
{
	struct buf text = { 0 };
	line_clear(&d->view.app->line);
	for (int i = 0; i < FACTS; i++) {
		buf_clear(&text);
		make_fact(d, (enum fact)i, r, &text);
		if (text.len)
			add_fact(d, area, INK_PLAIN, buf_slice(&text));
	}
	end_line(d, area);
	buf_release(&text);
}

static void draw_rules(struct detail *d, struct area *area, uint32_t rules)
{
	struct line *l = &d->view.app->line;
	int shown = 0;
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
		for (int i = 0; i < RULES; i++) {
			const struct rule_info *rule = rule_info((enum rule)i);
			if (!(rules & 1u << i) || rule->severity != (enum severity)severity || shown++ >= RULES_SHOWN)
				continue;
			line_clear(l);
			line_addf(l, facts_severity_ink(severity), " %s %s", severity_name(rule->severity), rule->name);
			line_addf(l, INK_PLAIN, ": %s", rule->sentence);
			end_line(d, area);
		}
	line_clear(l);
	if (shown > RULES_SHOWN)
		line_addf(l, INK_DIM, " and %d more rules", shown - RULES_SHOWN);
	end_line(d, area);
}

static void draw_missing(struct detail *d, struct area *area, const struct record *r)
{
	struct buf text = { 0 };
	if (d->bytes.len >= r->size)
		return;
	buf_add_str(&text, d->bytes.len ? "Cut: only " : "Its bytes can't be read again: ");
	amount_add_grouped(&text, d->bytes.len);
	buf_add_str(&text, " of ");
	amount_add_grouped(&text, r->size);
	buf_add_str(&text, " bytes are there.");
	line_clear(&d->view.app->line);
	add_fact(d, area, INK_WARNING, buf_slice(&text));
	end_line(d, area);
	buf_release(&text);
}

/* The panes. */

static const struct node *selected(const struct detail *d)
{
	size_t i = (size_t)d->view.list.selected;
	return i < d->tree.rows ? d->tree.row[i].node : NULL;
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
		tree_close_values(&d->tree);
	d->width = area.width;
	draw_heading(d, &area, "Fields", !d->in_bytes && !d->hide_bytes);
	list_set(&d->view.list, 0, d->tree.rows, area.height > 0 ? area.height : 0);
	view_draw_list(&d->view, area, d->in_bytes ? EMPHASIS_SELECTED_ELSEWHERE : EMPHASIS_SELECTED);
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
		buf_addf(&text, n->from_text ? " (the text it is in)" : " (value %u)", n->value_length);
	}
	draw_heading(d, area, buf_cstr(&text), d->in_bytes);
	buf_release(&text);
}

static void draw_hex(struct detail *d, struct area area)
{
	const struct node *n = selected(d);
	struct line *l = &d->view.app->line;
	uint64_t row;
	d->hex = (struct hex){ .bytes = buf_slice(&d->bytes), .per_row = hex_per_row(d->bytes.len, area.width),
			       .masked = d->masked, .masked_count = d->masked_count };
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
}

static void draw_divider(struct detail *d, struct area area)
{
	struct line *l = &d->view.app->line;
	line_clear(l);
	line_add_str(l, INK_DIM, "│");
	for (int i = 0; i < area.height; i++)
		screen_put(d->view.app->screen, area.row + i, area.col, 1, l, EMPHASIS_NONE);
}

static void draw_beside(struct detail *d, struct area area)
{
	int hex = hex_width(d->bytes.len, 16);
	if (area.width - hex - 2 < TREE_LEAST)
		hex = hex_width(d->bytes.len, 8);
	int tree = area.width - hex - 2;
	draw_tree(d, (struct area){ area.row, area.col, area.height, tree });
	draw_divider(d, (struct area){ area.row, area.col + tree, area.height, 1 });
	draw_hex(d, (struct area){ area.row, area.col + tree + 1, area.height, hex + 1 });
}

static void draw_below(struct detail *d, struct area area)
{
	int hex = area.height < BELOW_LEAST ? 0 : area.height * 2 / 5;
	draw_tree(d, (struct area){ area.row, area.col, area.height - hex, area.width });
	draw_hex(d, (struct area){ area.row + area.height - hex, area.col, hex, area.width });
}

/* The top, in a third of the area at most; takes it off the area. */
static void draw_top(struct detail *d, struct area *area)
{
	const struct record *r = session_record(d->view.app->session, d->n);
	struct area top = { area->row, area->col, area->height / 3, area->width };
	if (!r)
		return;
	draw_missing(d, &top, r);
	draw_facts(d, &top, r);
	draw_rules(d, &top, r->rules);
	area->height -= top.row - area->row;
	area->row = top.row;
}

static void draw(struct view *v, struct area area)
{
	struct detail *d = self(v);
	d->hex_area = (struct area){ 0 };
	draw_top(d, &area);
	if (d->hide_bytes)
		draw_tree(d, area);
	else if (area.width >= WIDE)
		draw_beside(d, area);
	else
		draw_below(d, area);
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
	const struct session *s = v->app->session;
	const struct record *r = session_record(s, self(v)->n);
	line_addf(out, INK_PLAIN, " %u ", self(v)->n);
	if (!r)
		return;
	line_add_str(out, INK_PLAIN, r->dir == DIR_C2S ? "→ " : "← ");
	line_add(out, INK_BAR_KEY, session_command_name(s, r), 40);
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

static unsigned go(struct detail *d, bool forward)
{
	struct app *a = d->view.app;
	const struct record *r = session_record(a->session, d->n);
	uint32_t n = !r ? 0 : forward ? r->next : previous_message(d, r);
	if (n && session_record(a->session, n))
		view_detail_set(&d->view, n);
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

/* Movements of the bytes: they have no selection, so their view moves. */
static unsigned move_bytes(struct detail *d, enum command c)
{
	int64_t page = d->rows.height > 1 ? d->rows.height - 1 : 1, all = INT64_MAX;
	switch (c) {
	case CMD_UP: list_scroll(&d->rows, -1); break;
	case CMD_DOWN: list_scroll(&d->rows, 1); break;
	case CMD_PAGE_UP: list_scroll(&d->rows, -page); break;
	case CMD_PAGE_DOWN: list_scroll(&d->rows, page); break;
	case CMD_FIRST: list_scroll(&d->rows, -all); break;
	case CMD_LAST: list_scroll(&d->rows, all); break;
	default: return 0;
	}
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
	d->in_bytes = !d->in_bytes && !d->hide_bytes;
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
	case CMD_RIGHT: return go_right(d);
	case CMD_LEFT: return go_left(d);
	case CMD_OPEN_ALL: return open_all(d);
	default: return d->in_bytes ? move_bytes(d, c) : 0;
	}
}

static void show_node(struct detail *d, const struct node *n)
{
	size_t row = tree_find(&d->tree, n);
	d->view.list.end = d->tree.rows;
	list_show(&d->view.list, row);
	d->in_bytes = false;
}

/* The mouse. */

static bool within(struct area a, struct key key)
{
	return key.row >= a.row && key.row < a.row + a.height && key.col >= a.col && key.col < a.col + a.width;
}

/* The innermost node that has this byte. */
static const struct node *node_of_byte(const struct node *root, size_t byte)
{
	const struct node *n = root, *child = root;
	while (child) {
		n = child;
		for (child = n->child; child; child = child->next)
			if (!child->from_text && byte >= child->offset && byte < child->offset + child->length)
				break;
	}
	return n;
}

static unsigned click_bytes(struct detail *d, struct key key)
{
	uint64_t row;
	size_t byte;
	if (d->d.root && list_at(&d->rows, key.row - d->hex_area.row, &row) &&
	    hex_byte_at(&d->hex, row, key.col - d->hex_area.col, &byte)) {
		d->shown = node_of_byte(d->d.root, byte); /* its bytes are in sight: they were clicked */
		show_node(d, d->shown);
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

/* Searching: positions are nodes. */

static void positions(struct view *v, uint64_t *first, uint64_t *end, uint64_t *current)
{
	struct detail *d = self(v);
	const struct node *n = selected(d);
	*first = *current = 0;
	*end = d->nodes;
	while (*current < d->nodes && d->node[*current] != n)
		++*current;
}

static bool matches(struct view *v, uint64_t at, const struct pattern *p)
{
	struct detail *d = self(v);
	return at < d->nodes && tree_node_matches(d->node[at], v->app->o->show_secrets, p);
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
	.about = "One message: its fields as a tree, with the JSON and the tokens in them, and its bytes. The bytes of the selected field are marked.",
	.new = new_detail,
	.free = free_detail,
	.add_title = add_title,
	.draw_row = draw_row,
	.empty = empty,
	.draw = draw,
	.command = command,
	.mouse = mouse,
	.positions = positions,
	.matches = matches,
	.show = show,
};
