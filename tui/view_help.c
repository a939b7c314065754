/*
 * The help: lines made when it is opened, from the tables that the program itself works with: the commands
 * that apply, the columns of the view, the rules, the counts of what was lost.
 */
#include "tui/view_help.h"

#include "base/amount.h"
#include "base/xalloc.h"
#include "export/summary.h"
#include "tui/app.h"
#include "tui/facts.h"

#include <stdlib.h>

enum { LEFT = 20 };

/* A line: something and what it means; or a heading, or an empty line. */
struct entry {
	struct buf left, right;
	enum ink ink;
};

struct help {
	struct view view;
	struct view *of;
	struct entry *entry;
	size_t count, cap;
	int width; /* of the terminal the lines were made for */
};

static void add_entry(struct help *h, enum ink ink, struct slice left, struct slice right)
{
	if (h->count == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 64;
		h->entry = xreallocarray(h->entry, h->cap, sizeof *h->entry);
	}
	struct entry *e = &h->entry[h->count++];
	*e = (struct entry){ .ink = ink };
	buf_add(&e->left, left);
	buf_add(&e->right, right);
}

/* For names and keys; less than usual where next to no room would be left for what they mean. */
static int left_width(const struct help *h)
{
	return h->width > LEFT + 22 ? LEFT : h->width * 3 / 8;
}

static void add(void *user, enum ink ink, const char *left, const char *right)
{
	struct help *h = user;
	int room = h->width - left_width(h) - 2, width = room > 8 ? room : 8;
	struct slice name = slice_str(left), rest = slice_str(right);
	do {
		add_entry(h, ink, name, line_take(&rest, width));
		name.len = 0;
	} while (rest.len);
}

static void drop_entries(struct help *h)
{
	for (size_t i = 0; i < h->count; i++) {
		buf_release(&h->entry[i].left);
		buf_release(&h->entry[i].right);
	}
	h->count = 0;
}

static void heading(struct help *h, const char *text)
{
	add(h, INK_PLAIN, "", "");
	add(h, INK_STRONG, text, "");
}

void view_help_add_keys(const struct keymap *map, uint32_t where, help_fn *out, void *user)
{
	const struct command_row *c;
	struct buf keys = { 0 };
	for (unsigned i = 0; (c = command_row(i)); i++) {
		if (!(c->where & where))
			continue;
		buf_clear(&keys);
		keymap_add_keys(&keys, map, i);
		out(user, INK_FIELD, buf_cstr(&keys), c->sentence);
	}
	buf_release(&keys);
}

static void add_commands(struct help *h)
{
	heading(h, "Keys");
	view_help_add_keys(&h->view.app->settings->keys, h->of->ops->where, add, h);
	add(h, INK_FIELD, "mouse",
	    "a click selects, or sorts by the title of a column; a double click opens, the wheel scrolls; tabs and footer can be clicked");
}

static void add_columns(struct help *h)
{
	if (!h->of->column_count)
		return;
	heading(h, "Columns");
	for (int i = 0; i < h->of->column_count; i++)
		add(h, INK_FIELD, h->of->columns[i].title, h->of->columns[i].sentence);
}

static void add_colours(struct help *h)
{
	heading(h, "Colours");
	add(h, INK_REQUEST, "request", "requests, and threads that wait for their reply");
	add(h, INK_REPLY, "reply", "replies");
	add(h, INK_STREAM, "stream", "messages of a download or an upload");
	add(h, INK_EVENT, "event", "events of a watch or a queue");
	add(h, INK_ERROR, "error", "error replies, and broken rules that are errors");
	add(h, INK_WARNING, "warning", "broken rules that are warnings, and what was lost");
}

static void add_rules(struct help *h)
{
	struct buf text = { 0 };
	heading(h, "Rules of the protocol");
	for (int r = 0; r < RULES; r++) {
		const struct rule_info *info = rule_info((enum rule)r);
		buf_clear(&text);
		buf_addf(&text, "%s: %s", severity_name(info->severity), info->sentence);
		add(h, facts_severity_ink(info->severity), info->name, buf_cstr(&text));
	}
	buf_release(&text);
}

static void add_counts(struct help *h)
{
	struct session_counts s = session_counts(h->view.app->session);
	struct capture_counts c = capture_counts(h->view.app->o->capture);
	struct buf number = { 0 }, words = { 0 };
	struct summary_count k;
	heading(h, "What was lost or passed over");
	for (unsigned i = 0; (k = summary_count(i, &c, &s)).words; i++) {
		buf_clear(&number);
		buf_clear(&words);
		amount_add_grouped(&number, k.value);
		amount_add_words(&words, k.value, k.words);
		add(h, !k.value ? INK_DIM : k.lost ? INK_WARNING : INK_PLAIN, buf_cstr(&number), buf_cstr(&words));
	}
	buf_release(&number);
	buf_release(&words);
}

static void make_entries(struct help *h)
{
	struct view *whose = h->of;
	drop_entries(h);
	h->width = screen_columns(h->view.app->screen);
	add(h, INK_STRONG, whose->ops->name, whose->ops->about);
	if (whose->ops->help)
		whose->ops->help(whose, add, h);
	add_commands(h);
	add_columns(h);
	add_colours(h);
	add_rules(h);
	add_counts(h);
}

void view_help_set(struct view *v, struct view *whose)
{
	struct help *h = (struct help *)v;
	h->of = whose;
	h->width = 0;
	v->list.selected = v->list.top = 0;
}

static struct view *new_help(struct app *a)
{
	struct help *h = xcalloc(1, sizeof *h);
	h->view.ops = &view_help;
	h->view.app = a;
	return &h->view;
}

static void free_help(struct view *v)
{
	struct help *h = (struct help *)v;
	drop_entries(h);
	free(h->entry);
	free(h);
}

static void rows(struct view *v, uint64_t *first, uint64_t *end)
{
	struct help *h = (struct help *)v;
	if (h->width != screen_columns(v->app->screen))
		make_entries(h);
	*first = 0;
	*end = h->count;
}

static void draw_row(struct view *v, uint64_t row, int width, struct line *out)
{
	const struct help *h = (const struct help *)v;
	const struct entry *e = &h->entry[row];
	line_add_str(out, INK_PLAIN, " ");
	line_add_cell(out, e->ink, buf_slice(&e->left), e->right.len ? left_width(h) : width - 1, false);
	line_pad(out, INK_PLAIN, left_width(h) + 2);
	line_add(out, INK_PLAIN, buf_slice(&e->right), width - out->columns);
}

static bool matches(struct view *v, uint64_t row, const struct pattern *p)
{
	const struct entry *e = &((struct help *)v)->entry[row];
	return pattern_in(p, buf_slice(&e->left)) || pattern_in(p, buf_slice(&e->right));
}

const struct view_ops view_help = {
	.name = "Help",
	.where = IN_HELP,
	.about = "What the screen below shows, and its keys.",
	.make = new_help,
	.free = free_help,
	.rows = rows,
	.draw_row = draw_row,
	.matches = matches,
};
