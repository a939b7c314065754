/*
 * Broken rules as a tree of three levels: rule, connection, message; and below (at the right on a wide terminal) what the rule of the
 * selected row means.
 *
 *	▼ error    seq-duplicate        3  This seq was sent before in this direction …
 *	    ▼                           3  connection 1 node Henrik
 *	            17  21:18:18.545257 → query 5  entities
 *
 * The groups (tui/broken.h) are built beside those on the screen, and take their place when they are ready. The rows are those of the groups
 * that are open; which are is remembered by rule and connection.
 */
#include "base/amount.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "decode/seen.h"
#include "tui/app.h"
#include "tui/broken.h"
#include "tui/clock.h"
#include "tui/facts.h"

#include <stdlib.h>

enum {
	WORK = 1024,
	PATIENCE_MS = 500,    /* the groups are not built again sooner */
	FEW = 200,            /* messages up to which connections are open at first */
	BESIDE_LEAST = 130, BESIDE_SHARE = 3, /* columns from which on the explanation stands at the right, in a third of them */
	BELOW_LEAST = 14, BELOW = 9,
};

enum level { LEVEL_RULE, LEVEL_CONN, LEVEL_MESSAGE, LEVEL_MORE };

struct row {
	uint32_t group; /* of a rule: its first one */
	uint32_t n;     /* message; of LEVEL_MORE how many are not listed */
	uint8_t level;
	bool open;
};

/* A connection that is not as it is at first: open or closed. */
struct flip {
	enum rule rule;
	uint32_t conn;
};

struct rules_view {
	struct view view;
	struct broken *now, *next;
	int64_t begun, rest_until; /* ms */
	uint32_t folded;           /* bit set of rules that are folded */
	struct flip *flip;
	size_t flips, flip_cap;
	bool few;
	struct row *row;
	size_t rows, row_cap;
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
	broken_free(r->now);
	broken_free(r->next);
	free(r->flip);
	free(r->row);
	facts_room_release(&r->room);
	free(r);
}

/* Which rows there are. */

static size_t flip_of(const struct rules_view *v, const struct broken_group *g)
{
	size_t i = 0;
	while (i < v->flips && (v->flip[i].rule != g->rule || v->flip[i].conn != g->conn))
		i++;
	return i;
}

static bool is_open(const struct rules_view *v, const struct broken_group *g)
{
	return v->few != (flip_of(v, g) < v->flips);
}

static void flip(struct rules_view *v, const struct broken_group *g)
{
	size_t i = flip_of(v, g);
	if (i < v->flips) {
		v->flip[i] = v->flip[--v->flips];
		return;
	}
	if (v->flips == v->flip_cap) {
		v->flip_cap = v->flip_cap ? 2 * v->flip_cap : 16;
		v->flip = xreallocarray(v->flip, v->flip_cap, sizeof *v->flip);
	}
	v->flip[v->flips++] = (struct flip){ g->rule, g->conn };
}

static void add_row(struct rules_view *v, size_t group, enum level level, uint32_t n, bool open)
{
	if (v->rows == v->row_cap) {
		v->row_cap = v->row_cap ? 2 * v->row_cap : 64;
		v->row = xreallocarray(v->row, v->row_cap, sizeof *v->row);
	}
	v->row[v->rows++] = (struct row){ (uint32_t)group, n, (uint8_t)level, open };
}

static void add_conn(struct rules_view *v, size_t i)
{
	const struct broken_group *g = broken_group(v->now, i);
	bool open = is_open(v, g);
	add_row(v, i, LEVEL_CONN, 0, open);
	for (size_t m = 0; open && m < g->messages.count; m++)
		add_row(v, i, LEVEL_MESSAGE, g->messages.at[m], false);
	if (open && g->messages.count < g->count)
		add_row(v, i, LEVEL_MORE, (uint32_t)(g->count - g->messages.count), false);
}

static void make_rows(struct rules_view *v)
{
	v->rows = 0;
	for (size_t i = 0; i < broken_groups(v->now); i++) {
		const struct broken_group *g = broken_group(v->now, i);
		bool open = !(v->folded >> g->rule & 1);
		if (!i || broken_group(v->now, i - 1)->rule != g->rule)
			add_row(v, i, LEVEL_RULE, 0, open);
		if (open)
			add_conn(v, i);
	}
	list_set(&v->view.list, 0, v->rows, v->view.list.height);
}

static uint64_t total(const struct broken *b)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < broken_groups(b); i++)
		sum += broken_group(b, i)->count;
	return sum;
}

/* Building. */

/* A row that shows the same, or what it was in. */
static size_t same_row(const struct rules_view *v, const struct row *r, const struct broken_group *g)
{
	size_t best = 0;
	for (size_t i = 0; i < v->rows; i++) {
		const struct broken_group *other = broken_group(v->now, v->row[i].group);
		bool same = other->rule == g->rule && v->row[i].level <= r->level &&
			    (v->row[i].level == LEVEL_RULE || other->conn == g->conn) && (v->row[i].level != LEVEL_MESSAGE || v->row[i].n == r->n);
		best = same ? i : best;
	}
	return best;
}

static void put_in_place(struct rules_view *v)
{
	struct broken *old = v->now;
	struct row selected = { 0 };
	struct broken_group group = { .rule = RULES };
	if (old && v->view.list.selected < v->rows) {
		selected = v->row[v->view.list.selected];
		group = *broken_group(old, selected.group);
	}
	v->now = v->next;
	v->next = NULL;
	if (!old)
		v->few = total(v->now) <= FEW;
	make_rows(v);
	if (group.rule != RULES)
		list_select(&v->view.list, same_row(v, &selected, &group));
	broken_free(old);
	int64_t now = clock_ms(), rest = 4 * (now - v->begun);
	v->rest_until = now + (rest > PATIENCE_MS ? rest : PATIENCE_MS);
}

static bool is_due(const struct rules_view *v)
{
	return !v->next && (!v->now || (!v->view.app->paused && broken_is_old(v->now) && clock_ms() >= v->rest_until));
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
	if (!v->next || v->now)
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

static void draw_rule(const struct rules_view *v, const struct row *r, int width, struct line *out)
{
	enum rule rule = broken_group(v->now, r->group)->rule;
	const struct rule_info *info = rule_info(rule);
	enum ink ink = facts_severity_ink((int)info->severity);
	uint64_t count = 0;
	for (size_t i = r->group; i < broken_groups(v->now) && broken_group(v->now, i)->rule == rule; i++)
		count += broken_group(v->now, i)->count;
	line_add_str(out, INK_DIM, r->open ? "▼ " : "► ");
	line_add_cell(out, ink, slice_str(severity_name(info->severity)), 8, false);
	line_add_cell(out, ink, slice_str(info->name), 18, false);
	add_count(out, count, 9);
	line_add_str(out, INK_PLAIN, "  ");
	line_add(out, INK_PLAIN, slice_str(info->sentence), width - out->columns);
}

static void draw_conn(struct rules_view *v, const struct row *r, int width, struct line *out)
{
	const struct broken_group *g = broken_group(v->now, r->group);
	struct app *a = v->view.app;
	struct buf text = { 0 };
	line_add_str(out, INK_DIM, r->open ? "    ▼ " : "    ► ");
	add_count(out, g->count, 31);
	buf_addf(&text, "  connection %u ", g->conn);
	buf_add(&text, peers_name(&a->peers, a->session, g->conn));
	line_add(out, INK_PLAIN, buf_slice(&text), width - out->columns);
	buf_release(&text);
}

static void draw_message(struct rules_view *v, const struct row *r, int width, struct line *out)
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
	app_add_time(a, text, f.record->time, f.record->time, time);
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
	if (row >= v->rows)
		return;
	const struct row *r = &v->row[row];
	switch (r->level) {
	case LEVEL_RULE: draw_rule(v, r, width, out); break;
	case LEVEL_CONN: draw_conn(v, r, width, out); break;
	case LEVEL_MESSAGE: draw_message(v, r, width, out); break;
	default: line_addf(out, INK_DIM, "                … and %u more, which are not listed", r->n);
	}
}

/* A paragraph: its heading, and the text in as many lines as it takes. */
static void draw_paragraph(struct view *v, struct area *area, const char *heading, const char *text)
{
	struct line *l = &v->app->line;
	struct slice rest = slice_str(text ? text : "");
	bool first = true;
	while (rest.len && area->height > 0) {
		line_clear(l);
		line_add_cell(l, INK_FIELD, slice_str(first ? heading : ""), 16, false);
		int columns = area->width - 17 > 8 ? area->width - 17 : 8;
		size_t n = line_wrap(rest, columns);
		line_add(l, INK_PLAIN, slice_head(rest, n), columns);
		screen_put(v->app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
		area->height--;
		rest = slice_skip(rest, n);
		if (rest.len && rest.at[0] == ' ')
			rest = slice_skip(rest, 1);
		first = false;
	}
}

/* What was seen of it at the message that is selected. */
static void draw_seen(struct rules_view *v, struct area *area, const struct row *row)
{
	struct buf text = { 0 };
	enum rule rule = (enum rule)broken_group(v->now, row->group)->rule;
	if (row->level == LEVEL_MESSAGE && seen_add(&text, v->view.app->session, row->n, rule, slice_of(NULL, 0)))
		draw_paragraph(&v->view, area, " Seen", buf_cstr(&text));
	buf_release(&text);
}

static void draw_explanation(struct rules_view *v, struct area area)
{
	struct app *a = v->view.app;
	struct line *l = &a->line;
	uint64_t row = v->view.list.selected;
	line_clear(l);
	for (int i = 0; i < area.height; i++)
		screen_put(a->screen, area.row + i, area.col, area.width, l, EMPHASIS_NONE);
	if (row >= v->rows || area.height < 2)
		return;
	const struct rule_info *info = rule_info(broken_group(v->now, v->row[row].group)->rule);
	line_addf(l, INK_HEAD, " %s (%s)", info->name, severity_name(info->severity));
	line_pad(l, INK_HEAD, area.width);
	screen_put(a->screen, area.row++, area.col, area.width, l, EMPHASIS_NONE);
	area.height--;
	draw_paragraph(&v->view, &area, " Meaning", info->sentence);
	draw_seen(v, &area, &v->row[row]);
	draw_paragraph(&v->view, &area, " The protocol", info->protocol);
	draw_paragraph(&v->view, &area, " The receiver", info->receiver);
	draw_paragraph(&v->view, &area, " Where to look", info->look);
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
		area.height -= BELOW;
		pane = (struct area){ area.row + area.height, area.col, BELOW, area.width };
	}
	list_set(&view->list, 0, v->rows, area.height > 0 ? area.height : 0);
	view_draw_list(view, area, EMPHASIS_SELECTED);
	if (pane.height > 0)
		draw_explanation(v, pane);
}

static void rows(struct view *view, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = self(view)->rows;
}

static uint32_t message(struct view *view, uint64_t row)
{
	const struct rules_view *v = self(view);
	return row < v->rows && v->row[row].level == LEVEL_MESSAGE ? v->row[row].n : 0;
}

static const char *empty(struct view *view)
{
	if (!self(view)->now)
		return "Looking for broken rules …";
	return session_count(view->app->session) ? "No rule was broken so far." : app_empty(view->app);
}

/* Commands. */

/* Opens or folds a row; keeps the selection on it. */
static void set_open(struct rules_view *v, struct row r, bool open)
{
	const struct broken_group *g = broken_group(v->now, r.group);
	if (r.open == open)
		return;
	if (r.level == LEVEL_RULE)
		v->folded ^= 1u << g->rule;
	else if (r.level == LEVEL_CONN)
		flip(v, g);
	make_rows(v);
	list_select(&v->view.list, v->view.list.selected);
}

static unsigned open_row(struct rules_view *v, struct row r)
{
	if (r.level == LEVEL_MESSAGE)
		return app_open_message(v->view.app, r.n);
	if (r.level != LEVEL_MORE)
		set_open(v, r, !r.open);
	return REDRAW;
}

/* Folds the row; if there is nothing to fold, goes to the one it is in. */
static unsigned go_left(struct rules_view *v, struct row r)
{
	size_t i = (size_t)v->view.list.selected;
	if (r.open) {
		set_open(v, r, false);
		return REDRAW;
	}
	while (i && v->row[i].level >= r.level)
		i--;
	list_select(&v->view.list, i);
	return REDRAW;
}

static unsigned go_right(struct rules_view *v, struct row r)
{
	if (!r.open && r.level <= LEVEL_CONN)
		set_open(v, r, true);
	else
		list_move(&v->view.list, 1);
	return REDRAW;
}

static unsigned command(struct view *view, enum command c)
{
	struct rules_view *v = self(view);
	if (view->list.selected >= v->rows)
		return 0;
	struct row r = v->row[view->list.selected];
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
	.new = new_rules,
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
