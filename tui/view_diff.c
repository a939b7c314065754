/*
 * Two messages side by side:
 *
 *	  12 → query 3  21:18:18.721242        14 → query 4  21:18:18.809249
 *	  command: query                     │ command: query
 *	~ seq: 3                             │ seq: 4
 *	- collectionname: entities           │
 *
 * The bytes of both are copied and dissected when they are set; the rows are made by tui/diff.h. A sign in front says what colours say too.
 */
#include "tui/view_diff.h"

#include "base/amount.h"
#include "base/numbers.h"
#include "export/value.h"
#include "tui/app.h"
#include "tui/diff.h"
#include "tui/facts.h"

enum { BUDGET = 16 << 20 /* of a dissection */, SIGN = 2, DEEPEST = 40, LONGEST = 4096 /* bytes of a value that a search looks at */ };

struct side {
	uint32_t n;
	struct buf bytes;
	struct dissection d;
};

struct diff_view {
	struct view view;
	struct side side[2];
	struct diff diff;
	bool only_changes;
	struct numbers shown; /* rows of the diff that are shown */
	struct buf text;
	struct facts_room room;
};

static struct diff_view *self(struct view *v)
{
	return (struct diff_view *)v;
}

static struct view *new_diff(struct app *a)
{
	struct diff_view *d = xcalloc(1, sizeof *d);
	d->view.ops = &view_diff;
	d->view.app = a;
	for (int i = 0; i < 2; i++)
		dissection_init(&d->side[i].d, session_schema(a->session), BUDGET);
	return &d->view;
}

static void free_diff(struct view *v)
{
	struct diff_view *d = self(v);
	for (int i = 0; i < 2; i++) {
		dissection_release(&d->side[i].d);
		buf_release(&d->side[i].bytes);
	}
	diff_release(&d->diff);
	numbers_release(&d->shown);
	buf_release(&d->text);
	facts_room_release(&d->room);
	free(d);
}

/* Rows. */

/* Shows a row, if it is wanted. */
static void choose_rows(struct diff_view *d)
{
	d->shown.count = 0;
	for (size_t i = 0; i < d->diff.rows; i++)
		if (!d->only_changes || d->diff.row[i].kind != DIFF_SAME)
			numbers_add(&d->shown, (uint32_t)i);
	list_set(&d->view.list, 0, d->shown.count, d->view.list.height);
}

static void set_side(struct diff_view *d, struct side *s, uint32_t n)
{
	const struct session *session = d->view.app->session;
	struct buf scratch = { 0 };
	s->n = n;
	buf_clear(&s->bytes);
	buf_add(&s->bytes, session_bytes(session, n, &scratch));
	buf_release(&scratch);
	form_dissect(&s->d, session_record(session, n), buf_slice(&s->bytes));
}

static void set(struct diff_view *d, uint32_t left, uint32_t right)
{
	set_side(d, &d->side[0], left);
	set_side(d, &d->side[1], right);
	diff_set(&d->diff, d->side[0].d.root, d->side[1].d.root);
	d->view.list = (struct list){ 0 };
	choose_rows(d);
}

unsigned view_diff_open(struct app *a)
{
	uint32_t n = view_message(app_view(a)), first = a->marks.latest[1], second = a->marks.latest[0];
	if (!marks_has(&a->marks, first)) {
		first = second;
		second = n;
	}
	if (!marks_has(&a->marks, first) || !second || first == second) {
		app_notice(a, "Mark two messages with Space to compare them, or one and select another.");
		return REDRAW;
	}
	if (!session_record(a->session, first) || !session_record(a->session, second)) {
		app_notice(a, "One of the two is forgotten: the oldest go first, for the memory limit.");
		return REDRAW;
	}
	set(self(app_get(a, VIEW_DIFF)), first < second ? first : second, first < second ? second : first);
	app_open(a, VIEW_DIFF);
	return REDRAW;
}

/* Drawing. */

static const struct diff_row *row_at(const struct diff_view *d, uint64_t row)
{
	return row < d->shown.count ? &d->diff.row[d->shown.at[row]] : NULL;
}

static void add_field(struct diff_view *d, const struct diff_row *r, const struct node *n, enum ink ink, int end, struct line *out)
{
	int depth = r->depth < DEEPEST ? r->depth : DEEPEST, indent = out->columns + depth * 2;
	if (!n)
		return;
	line_pad(out, INK_PLAIN, indent < end ? indent : end);
	line_add(out, ink == INK_PLAIN ? INK_FIELD : ink, n->name.len ? n->name : slice_str("–"), end - out->columns);
	line_add(out, ink, slice_str(": "), end - out->columns);
	buf_clear(&d->text);
	node_add_head(&d->text, n, d->view.app->show_secrets, (size_t)(end > 0 ? end : 0) * 4 + 16);
	line_add(out, ink, buf_slice(&d->text), end - out->columns);
}

static void draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	static const char *const signs[] = { [DIFF_SAME] = "  ", [DIFF_CHANGED] = "  ", [DIFF_LEFT] = "- ", [DIFF_RIGHT] = "+ " };
	struct diff_view *d = self(v);
	const struct diff_row *r = row_at(d, row);
	int half = (width - SIGN - 3) / 2, left = SIGN + half;
	if (!r)
		return;
	bool change = diff_is_change(&d->diff, d->shown.at[row]);
	enum ink ink = !change ? INK_PLAIN : r->kind == DIFF_LEFT ? INK_ERROR : r->kind == DIFF_RIGHT ? INK_REPLY : INK_EVENT;
	line_add_str(out, ink, change && r->kind == DIFF_CHANGED ? "~ " : signs[r->kind]);
	add_field(d, r, r->left, ink, left, out);
	line_pad(out, INK_PLAIN, left);
	line_add(out, INK_DIM, slice_str(" │ "), 3);
	add_field(d, r, r->right, ink, width, out);
}

static void add_heading(struct diff_view *d, const struct side *s, int end, struct line *out)
{
	struct facts f;
	line_addf(out, INK_HEAD, "%u ", s->n);
	if (!facts_read(&f, d->view.app->session, s->n, &d->room))
		return;
	line_add_str(out, INK_HEAD, f.record->dir == DIR_C2S ? "→ " : "← ");
	line_add(out, INK_HEAD, f.command, end - out->columns);
	buf_clear(&d->text);
	if (f.record->has_seq)
		buf_addf(&d->text, " %d", f.record->seq);
	buf_addf(&d->text, "  conn %u  ", f.record->conn);
	const struct record *left = session_record(d->view.app->session, d->side[0].n);
	app_add_time(d->view.app, &d->text, f.record->time, left ? left->time : f.record->time, 15);
	line_add(out, INK_HEAD, buf_slice(&d->text), end - out->columns);
}

static void draw(struct view *v, struct area area)
{
	struct diff_view *d = self(v);
	struct line *l = &v->app->line;
	int half = (area.width - SIGN - 3) / 2;
	if (area.height > 2) {
		line_clear(l);
		line_pad(l, INK_HEAD, SIGN);
		add_heading(d, &d->side[0], SIGN + half, l);
		line_pad(l, INK_HEAD, SIGN + half + 3);
		add_heading(d, &d->side[1], area.width, l);
		line_pad(l, INK_HEAD, area.width);
		screen_put(v->app->screen, area.row++, area.col, area.width, l, EMPHASIS_NONE);
		area.height--;
	}
	list_set(&v->list, 0, d->shown.count, area.height > 0 ? area.height : 0);
	view_draw_list(v, area, EMPHASIS_SELECTED);
}

static void add_title(struct view *v, struct line *out)
{
	const struct diff_view *d = self(v);
	struct buf text = { 0 };
	amount_add_counted(&text, d->diff.changes, "field[ differs|s differ]");
	line_addf(out, INK_PLAIN, " %s ", buf_cstr(&text));
	buf_release(&text);
	if (d->diff.cut)
		line_add_str(out, INK_PLAIN, "so far; there are too many to compare them all ");
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	*first = 0;
	*end = self(v)->shown.count;
}

static const char *empty(struct view *v)
{
	return self(v)->only_changes && self(v)->diff.rows ? "The two messages are the same." : "There is nothing to compare.";
}

static void renew(struct view *v)
{
	choose_rows(self(v));
}

/* Commands. */

static unsigned go_to_change(struct diff_view *d, int by)
{
	int64_t i = (int64_t)d->view.list.selected + by;
	while (i >= 0 && (size_t)i < d->shown.count && !diff_is_change(&d->diff, d->shown.at[i]))
		i += by;
	if (i >= 0 && (size_t)i < d->shown.count)
		list_show(&d->view.list, (uint64_t)i);
	else
		app_notice(d->view.app, by > 0 ? "Nothing differs below." : "Nothing differs above.");
	return REDRAW;
}

static unsigned command(struct view *v, enum command c)
{
	struct diff_view *d = self(v);
	switch (c) {
	case CMD_NEXT_CHANGE: return go_to_change(d, 1);
	case CMD_PREVIOUS_CHANGE: return go_to_change(d, -1);
	case CMD_ONLY_CHANGES:
		d->only_changes = !d->only_changes;
		choose_rows(d);
		return REDRAW;
	default: return 0;
	}
}

static bool matches(struct view *v, uint64_t row, const struct pattern *p)
{
	const struct diff_row *r = row_at(self(v), row);
	const struct node *n[] = { r ? r->left : NULL, r ? r->right : NULL };
	struct buf text = { 0 };
	bool found = false;
	for (int i = 0; i < 2 && !found; i++) {
		buf_clear(&text);
		if (n[i])
			node_add_head(&text, n[i], v->app->show_secrets, LONGEST);
		found = n[i] && (pattern_in(p, n[i]->name) || pattern_in(p, buf_slice(&text)));
	}
	buf_release(&text);
	return found;
}

static void help(struct view *v, help_fn *add, void *user)
{
	(void)v;
	add(user, INK_EVENT, "~", "both have the field, with different values");
	add(user, INK_ERROR, "-", "only the message at the left has it");
	add(user, INK_REPLY, "+", "only the message at the right has it");
}

const struct view_ops view_diff = {
	.name = "Diff",
	.where = IN_DIFF,
	.about = "Two messages side by side, the fields of the one beside those of the other; what differs is coloured.",
	.make = new_diff,
	.free = free_diff,
	.add_title = add_title,
	.rows = rows,
	.draw_row = draw_row,
	.empty = empty,
	.draw = draw,
	.command = command,
	.renew = renew,
	.matches = matches,
	.help = help,
};
