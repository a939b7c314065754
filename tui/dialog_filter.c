/*
 * The display filter:
 *
 *	│ command == "query" && latnecy > 0.2            │
 *	│                       ^~~~~~~                  │
 *	│ there is no field latnecy; did you mean latency? │
 *	│ latency   time from the request to this reply  │  what Tab found
 *
 * The text is looked at after each key, so that the user sees at once whether it holds; it becomes the filter with Enter.
 */
#include "tui/dialogs.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "tui/app.h"
#include "tui/complete.h"

#include <stdlib.h>

enum { WIDTH = 100, LINES = 9, VERDICT = 2 /* the line behind the mark */, WORD = 16 };

struct filter_dialog {
	struct dialog dialog;
	struct prompt prompt;
	struct buf error; /* of filter_new; empty: the text is a filter */
	struct buf doubt; /* of filter_doubt; empty: nothing is odd about it */
	bool refused;     /* Enter was pressed on it */
	struct completion completion;
	bool listing;       /* the candidates are shown, */
	size_t first, page; /* from this one on, as many of them, which the last drawing knew */
};

static void check(struct filter_dialog *d)
{
	struct filter *f = filter_new(buf_cstr(&d->prompt.text), d->dialog.app->show_secrets, &d->error);
	const char *doubt = f ? filter_doubt(f) : NULL;
	buf_clear(&d->doubt);
	buf_add_str(&d->doubt, doubt ? doubt : "");
	filter_free(f);
}

static void free_filter(struct dialog *dialog)
{
	struct filter_dialog *d = (struct filter_dialog *)dialog;
	prompt_release(&d->prompt);
	buf_release(&d->error);
	buf_release(&d->doubt);
	completion_release(&d->completion);
	free(d);
}

static void size(struct dialog *d, int *height, int *width)
{
	const struct filter_dialog *f = (struct filter_dialog *)d;
	int wanted = VERDICT + 1 + (f->listing ? (int)f->completion.count : 0);
	*height = wanted < LINES ? LINES : wanted < *height ? wanted : *height > LINES ? *height : LINES;
	*width = WIDTH;
}

static struct slice sentence_of(const struct buf *error)
{
	const uint8_t *end = error->len ? memchr(error->at, '\n', error->len) : NULL;
	return slice_head(buf_slice(error), end ? (size_t)(end - error->at) : error->len);
}

/* What is wrong is told where there is hardly any room, too, once Enter was pressed. */
static int focus(struct dialog *dialog)
{
	struct filter_dialog *d = (struct filter_dialog *)dialog;
	return d->refused ? VERDICT + dialog_text_rows(sentence_of(&d->error), dialog->box.width) - 1 : 0;
}

/* The line that marks the place of the error, or of what is odd, as far as its part of the text is in sight. */
static void add_mark(struct filter_dialog *d, struct line *out, size_t from)
{
	struct slice error = buf_slice(d->error.len ? &d->error : &d->doubt), hidden = slice_head(buf_slice(&d->prompt.text), from);
	const uint8_t *last = memrchr(error.at, '\n', error.len);
	struct slice mark = slice_skip(error, last ? (size_t)(last - error.at) + 3 : 0);
	line_add(out, d->error.len ? INK_ERROR : INK_DIM, slice_skip(mark, (size_t)text_columns(hidden)), d->dialog.box.width);
}

/* Draws what is to be said of the text; is how many rows that takes. */
static int draw_verdict(struct filter_dialog *d, struct area area)
{
	enum ink ink = d->refused ? INK_ERROR : INK_DIM;
	struct slice words = slice_str("Empty: everything is shown. Tab names the fields.");
	if (d->error.len)
		words = sentence_of(&d->error);
	else if (d->doubt.len)
		ink = INK_PLAIN, words = sentence_of(&d->doubt);
	else if (d->prompt.text.len)
		ink = INK_REPLY, words = slice_str("Right so far: Enter shows what matches.");
	return dialog_put_text(&d->dialog, area, VERDICT, ink, words);
}

/* Draws the candidates from a row on; where not all of them have room, a page of them, and below it which they are. */
static void draw_candidates(struct filter_dialog *d, struct area area, int row)
{
	struct line *l = &d->dialog.app->line;
	const struct completion *c = &d->completion;
	size_t room = area.height > row ? (size_t)(area.height - row) : 0, i;
	bool all = c->count <= room;
	d->page = all || room < 2 ? room : room - 1;
	d->first = all ? 0 : d->first;
	for (i = 0; i < d->page && d->first + i < c->count; i++) {
		const struct candidate *one = &c->candidate[d->first + i];
		line_clear(l);
		line_add_cell(l, INK_FIELD, slice_str(one->word), WORD, false);
		line_add(l, INK_PLAIN, slice_str(one->sentence ? one->sentence : ""), area.width - WORD);
		dialog_put(&d->dialog, area, row++, l, EMPHASIS_NONE);
	}
	line_clear(l);
	if (!all)
		line_addf(l, INK_DIM, "%zu to %zu of %zu: Tab for the next", d->first + 1, d->first + i, c->count);
	if (!all && row < area.height)
		dialog_put(&d->dialog, area, row, l, EMPHASIS_NONE);
}

/* Tab once more: the candidates behind those that are shown, or the first again. */
static void turn_page(struct filter_dialog *d)
{
	d->first += d->page;
	if (d->first >= d->completion.count)
		d->first = 0;
}

static void draw(struct dialog *dialog, struct area area)
{
	struct filter_dialog *d = (struct filter_dialog *)dialog;
	struct line *l = &dialog->app->line;
	size_t from;
	line_clear(l);
	dialog_cursor(dialog, area, 0, prompt_draw(&d->prompt, area.width, l, &from));
	dialog_put(dialog, area, 0, l, EMPHASIS_NONE);
	line_clear(l);
	if (d->error.len || d->doubt.len)
		add_mark(d, l, from);
	dialog_put(dialog, area, 1, l, EMPHASIS_NONE);
	int rows = draw_verdict(d, area);
	if (d->listing)
		draw_candidates(d, area, VERDICT + rows);
}

static unsigned complete(struct filter_dialog *d)
{
	struct completion *c = &d->completion;
	bool again = d->listing;
	completion_make(c, buf_slice(&d->prompt.text), d->prompt.at, session_schema(d->dialog.app->session));
	if (c->common.len > c->length)
		prompt_replace(&d->prompt, c->from, c->length, buf_slice(&c->common));
	if (c->count == 1)
		prompt_replace(&d->prompt, d->prompt.at, 0, slice_str(" "));
	d->listing = c->count > 1;
	if (again && c->common.len <= c->length)
		turn_page(d);
	else
		d->first = 0;
	check(d);
	return REDRAW;
}

static unsigned apply(struct filter_dialog *d)
{
	const char *text = buf_cstr(&d->prompt.text);
	if (d->error.len || !app_set_filter(d->dialog.app, text, &d->error)) {
		d->refused = true;
		d->prompt.open = true;
		return REDRAW;
	}
	if (*text)
		history_add(&d->dialog.app->filters, text);
	return REDRAW | CLOSE;
}

static unsigned key(struct dialog *dialog, int key)
{
	struct filter_dialog *d = (struct filter_dialog *)dialog;
	if (key == KEY_TABULATOR)
		return complete(d);
	d->refused = d->listing = false;
	if (key == KEY_BS && !d->prompt.text.len)
		return REDRAW;
	switch (prompt_key(&d->prompt, key)) {
	case PROMPT_DONE: return apply(d);
	case PROMPT_GONE: return CLOSE;
	case PROMPT_MORE: break;
	}
	check(d);
	return REDRAW;
}

static const struct dialog_ops ops = {
	.name = "Display filter",
	.hint = "Enter Show what matches\tTab Complete\tUp Earlier filters\tEsc Leave",
	.free = free_filter,
	.size = size,
	.focus = focus,
	.draw = draw,
	.key = key,
};

struct dialog *dialog_filter_new(struct app *a)
{
	struct filter_dialog *d = xcalloc(1, sizeof *d);
	d->dialog.ops = &ops;
	d->dialog.app = a;
	d->prompt.history = &a->filters;
	prompt_set(&d->prompt, buf_cstr(&a->filter_text));
	return &d->dialog;
}
