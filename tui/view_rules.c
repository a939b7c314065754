/*
 * Broken rules as a tree of three levels: rule, connection, message; and below (at the right on a wide terminal) what the rule of the
 * selected row means.
 *
 *	▼ error    seq-duplicate        3  This seq was sent before in this direction …
 *	    ▼                           3  connection 1 node Henrik
 *	            17  21:18:18.545257 → query 5  entities
 *
 * The groups (tui/broken.h) are built beside those on the screen, and take their place when they are ready. Which rows there are of them is the
 * tree's to say (tui/rule_tree.h).
 */
#include "base/amount.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "decode/seen.h"
#include "tui/app.h"
#include "tui/clock.h"
#include "tui/facts.h"
#include "tui/rule_tree.h"

#include <stdlib.h>

enum {
	WORK = 1024,
	PATIENCE_MS = 500, /* the groups are not built again sooner */
	BESIDE_LEAST = 130,
	BESIDE_SHARE = 3, /* columns from which on the explanation stands at the right, in a third of them */
	BELOW_LEAST = 14,
	BELOW = 9,
	BELOW_MOST = 13, /* rows below the list: half of them, within these */
};

struct rules_view {
	struct view view;
	struct rule_tree tree;
	struct broken *next;       /* groups that are being built; NULL */
	int64_t begun, rest_until; /* ms */
	struct facts_room room;
};

static struct rules_view *self(struct view *v)
{
	return (struct rules_view *)v;
}

static struct view *new_rules(struct app *a)
{
	struct rules_view *r = xcalloc(1, sizeof *r);
	r->view.ops = &view_rules;
	r->view.app = a;
	return &r->view;
}

static void free_rules(struct view *v)
{
	struct rules_view *r = self(v);
	rule_tree_release(&r->tree);
	broken_free(r->next);
	facts_room_release(&r->room);
	free(r);
}

/* The row at that place; NULL if there is none. */
static const struct rule_row *row_of(const struct rules_view *v, uint64_t i)
{
	return i < v->tree.rows ? &v->tree.row[i] : NULL;
}

/* Building. */

static void put_in_place(struct rules_view *v)
{
	struct list *list = &v->view.list;
	uint64_t line = list->selected - list->top;
	size_t selected = rule_tree_take(&v->tree, v->next, (size_t)list->selected);
	v->next = NULL;
	list_set(list, 0, v->tree.rows, list->height);
	list_put(list, selected, line);
	int64_t now = clock_ms(), rest = 4 * (now - v->begun);
	v->rest_until = now + (rest > PATIENCE_MS ? rest : PATIENCE_MS);
}

static bool is_due(const struct rules_view *v)
{
	const struct broken *now = v->tree.groups;
	return !v->next && (!now || (!v->view.app->paused && broken_is_old(now) && clock_ms() >= v->rest_until));
}

static bool work(struct view *view, int64_t until)
{
	struct rules_view *v = self(view);
	if (is_due(v)) {
		v->next = broken_new(view->app->session, view->app->seen.messages);
		v->begun = clock_ms();
	}
	bool busy = v->next != NULL;
	while (v->next && clock_ms() < until)
		if (!broken_step(v->next, WORK))
			put_in_place(v);
	return busy;
}

static const char *doing(struct view *view, int *percent)
{
	const struct rules_view *v = self(view);
	if (!v->next || v->tree.groups)
		return NULL;
	*percent = broken_percent(v->next);
	return "looking for broken rules";
}

/* Drawing. */

static void add_count(struct line *out, uint64_t n, int width)
{
	struct buf text = { 0 };
	amount_add_grouped(&text, n);
	line_add_cell(out, INK_STRONG, buf_slice(&text), width, true);
	buf_release(&text);
}

static void draw_rule(const struct rules_view *v, const struct rule_row *r, int width, struct line *out)
{
	const struct rule_info *info = rule_info(rule_tree_group(&v->tree, r)->rule);
	enum ink ink = facts_severity_ink((int)info->severity);
	line_add_str(out, INK_DIM, r->open ? "▼ " : "► ");
	line_add_cell(out, ink, slice_str(severity_name(info->severity)), 8, false);
	line_add_cell(out, ink, slice_str(info->name), 18, false);
	add_count(out, rule_tree_count(&v->tree, r), 9);
	line_add_str(out, INK_PLAIN, "  ");
	line_add(out, INK_PLAIN, slice_str(info->sentence), width - out->columns);
}

static void draw_conn(struct rules_view *v, const struct rule_row *r, int width, struct line *out)
{
	const struct broken_group *g = rule_tree_group(&v->tree, r);
	struct app *a = v->view.app;
	struct buf text = { 0 };
	line_add_str(out, INK_DIM, r->open ? "    ▼ " : "    ► ");
	add_count(out, g->count, 31);
	buf_addf(&text, "  connection %u ", g->conn);
	buf_add(&text, peers_name(&a->peers, a->session, g->conn));
	line_add(out, INK_PLAIN, buf_slice(&text), width - out->columns);
	buf_release(&text);
}

static void draw_message(struct rules_view *v, const struct rule_row *r, int width, struct line *out)
{
	struct app *a = v->view.app;
	struct buf *text = &a->scratch;
	struct facts f;
	line_addf(out, INK_DIM, "    %10u  ", r->n);
	if (!facts_read(&f, a->session, r->n, &v->room)) {
		line_add(out, INK_DIM, slice_str("forgotten, for the memory limit"), width - out->columns);
		return;
	}
	int time = width < 76 ? 8 : 15;
	buf_clear(text);
	app_add_time(a, text, f.record->time, view_time_above(&v->view, f.record->time), time);
	line_add_cell(out, INK_PLAIN, buf_slice(text), time, false);
	line_add_str(out, facts_ink(f.record), f.record->dir == DIR_C2S ? " → " : " ← ");
	line_add(out, facts_ink(f.record), f.command, 40);
	if (f.record->has_seq)
		line_addf(out, INK_PLAIN, " %d", f.record->seq);
	line_add_str(out, INK_PLAIN, "  ");
	buf_clear(text);
	facts_add_gist(text, a->session, &f);
	line_add(out, INK_PLAIN, buf_slice(text), width - out->columns);
}

static void draw_row(struct view *view, uint64_t row, int width, struct line *out)
{
	struct rules_view *v = self(view);
	const struct rule_row *r = row_of(v, row);
	if (!r)
		return;
	switch (r->level) {
	case LEVEL_RULE: draw_rule(v, r, width, out); break;
	case LEVEL_CONN: draw_conn(v, r, width, out); break;
	case LEVEL_MESSAGE: draw_message(v, r, width, out); break;
	default: line_addf(out, INK_DIM, "                … and %u more, which are not listed", r->n);
	}
}

/* A paragraph: its heading, and the text in as many lines as it takes. False if there are not so many. */
static bool draw_paragraph(struct view *v, struct area *area, const char *heading, const char *text)
{
	struct line *l = &v->app->line;
	struct slice rest = slice_str(text ? text : "");
	bool first = true;
	while (rest.len && area->height > 0) {
		line_clear(l);
		line_add_cell(l, INK_FIELD, slice_str(first ? heading : ""), 16, false);
		int columns = area->width - 17 > 8 ? area->width - 17 : 8;
		line_add(l, INK_PLAIN, line_take(&rest, columns), columns);
		screen_put(v->app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
		area->height--;
		first = false;
	}
	return !rest.len;
}

/* What was seen of it at the message that is selected. */
static bool draw_seen(struct rules_view *v, struct area *area, const struct rule_row *row)
{
	struct buf text = { 0 };
	bool whole = true;
	enum rule rule = (enum rule)rule_tree_group(&v->tree, row)->rule;
	if (row->level == LEVEL_MESSAGE && seen_add(&text, v->view.app->session, row->n, rule, slice_of(NULL, 0)))
		whole = draw_paragraph(&v->view, area, " Seen", buf_cstr(&text));
	buf_release(&text);
	return whole;
}

static void draw_explanation(struct rules_view *v, struct area area)
{
	struct app *a = v->view.app;
	struct line *l = &a->line;
	const struct rule_row *row = row_of(v, v->view.list.selected);
	line_clear(l);
	for (int i = 0; i < area.height; i++)
		screen_put(a->screen, area.row + i, area.col, area.width, l, EMPHASIS_NONE);
	if (!row || area.height < 2)
		return;
	const struct rule_info *info = rule_info(rule_tree_group(&v->tree, row)->rule);
	line_addf(l, INK_HEAD, " %s (%s)", info->name, severity_name(info->severity));
	line_pad(l, INK_HEAD, area.width);
	screen_put(a->screen, area.row++, area.col, area.width, l, EMPHASIS_NONE);
	area.height--;
	bool whole = draw_paragraph(&v->view, &area, " Meaning", info->sentence) && draw_seen(v, &area, row) &&
		     draw_paragraph(&v->view, &area, " The protocol", info->protocol) &&
		     draw_paragraph(&v->view, &area, " The receiver", info->receiver) &&
		     draw_paragraph(&v->view, &area, " Where to look", info->look);
	line_clear(l);
	line_add_str(l, INK_DIM, "…");
	if (!whole)
		screen_put(a->screen, area.row - 1, area.col + area.width - 1, 1, l, EMPHASIS_NONE);
}

static void draw(struct view *view, struct area area)
{
	struct rules_view *v = self(view);
	struct area pane = { 0 };
	if (area.width >= BESIDE_LEAST) {
		int width = area.width / BESIDE_SHARE;
		pane = (struct area){ area.row, area.col + area.width - width, area.height, width };
		area.width -= width;
	} else if (area.height >= BELOW_LEAST) {
		int height = area.height / 2 < BELOW ? BELOW : area.height / 2 > BELOW_MOST ? BELOW_MOST : area.height / 2;
		area.height -= height;
		pane = (struct area){ area.row + area.height, area.col, height, area.width };
	}
	view_set_gutter(view);
	list_set(&view->list, 0, v->tree.rows, area.height > 0 ? area.height : 0);
	view_draw_list(view, area, EMPHASIS_SELECTED);
	if (pane.height > 0)
		draw_explanation(v, pane);
}

static void rows(struct view *view, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = self(view)->tree.rows;
}

static uint32_t message(struct view *view, uint64_t row)
{
	const struct rule_row *r = row_of(self(view), row);
	return r && r->level == LEVEL_MESSAGE ? r->n : 0;
}

static const char *empty(struct view *view)
{
	if (!self(view)->tree.groups)
		return "Looking for broken rules …";
	if (!session_count(view->app->session))
		return app_empty(view->app);
	if (session_first(view->app->session) > 1)
		return "None of the messages that are kept breaks a rule.";
	return app_over(view->app) ? "No rule was broken." : "No rule was broken so far.";
}

/* Commands. */

/* Opens or folds the selected row, and keeps the selection on it. */
static void set_open(struct rules_view *v, bool open)
{
	struct list *list = &v->view.list;
	rule_tree_set_open(&v->tree, (size_t)list->selected, open);
	list_set(list, 0, v->tree.rows, list->height);
}

static unsigned open_row(struct rules_view *v, struct rule_row r)
{
	if (r.level == LEVEL_MESSAGE)
		return app_open_message(v->view.app, r.n);
	if (r.level != LEVEL_MORE)
		set_open(v, !r.open);
	return REDRAW;
}

/* Folds the row; if there is nothing to fold, goes to the one it is in. */
static unsigned go_left(struct rules_view *v, struct rule_row r)
{
	size_t i = (size_t)v->view.list.selected;
	if (r.open) {
		set_open(v, false);
		return REDRAW;
	}
	while (i && v->tree.row[i].level >= r.level)
		i--;
	list_select(&v->view.list, i);
	return REDRAW;
}

static unsigned go_right(struct rules_view *v, struct rule_row r)
{
	if (!r.open && r.level <= LEVEL_CONN)
		set_open(v, true);
	else
		list_move(&v->view.list, 1);
	return REDRAW;
}

static unsigned command(struct view *view, enum command c)
{
	struct rules_view *v = self(view);
	const struct rule_row *selected = row_of(v, view->list.selected);
	if (!selected)
		return 0;
	struct rule_row r = *selected;
	switch (c) {
	case CMD_OPEN: return open_row(v, r);
	case CMD_RIGHT: return go_right(v, r);
	case CMD_LEFT: return go_left(v, r);
	default: return 0;
	}
}

static bool matches(struct view *view, uint64_t row, const struct pattern *p)
{
	struct line text = { 0 };
	draw_row(view, row, 1000, &text);
	bool found = pattern_in(p, buf_slice(&text.text));
	line_release(&text);
	return found;
}

const struct view_ops view_rules = {
	.name = "Rules",
	.where = IN_RULES,
	.about = "The rules of the protocol that were broken: how often, on which connections, by which messages; the worst first.",
	.make = new_rules,
	.free = free_rules,
	.rows = rows,
	.draw_row = draw_row,
	.message = message,
	.empty = empty,
	.draw = draw,
	.command = command,
	.work = work,
	.doing = doing,
	.matches = matches,
};
