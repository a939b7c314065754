/*
 * Into which folder a file goes:
 *
 *	│ report.pdf                                           │
 *	│ Folder  build/files                                  │
 *	│ It can't be used: Permission denied                  │
 *
 * What is done with the folder is the business of whoever asked. The folder that was given last is what the next dialog begins with.
 */
#include "tui/dialogs.h"

#include "base/xalloc.h"
#include "tui/app.h"

#include <stdlib.h>

enum { WIDTH = 60, LABEL = 8 };
enum { ROW_WHAT, ROW_FOLDER, ROW_MESSAGE };

struct folder_dialog {
	struct dialog dialog;
	struct buf what, message;
	struct prompt folder;
	folder_fn *use;
	void *user;
};

static struct folder_dialog *self(struct dialog *d)
{
	return (struct folder_dialog *)d;
}

static void free_folder(struct dialog *d)
{
	prompt_release(&self(d)->folder);
	buf_release(&self(d)->what);
	buf_release(&self(d)->message);
	free(d);
}

static struct slice message_of(const struct folder_dialog *d)
{
	return d->message.len ? buf_slice(&d->message) : slice_str("It is made if it is not there; no file is overwritten.");
}

static void size(struct dialog *d, int *height, int *width)
{
	*width = *width < WIDTH ? *width : WIDTH;
	*height = ROW_MESSAGE + dialog_text_rows(message_of(self(d)), *width);
}

static int focus(struct dialog *d)
{
	return self(d)->message.len ? ROW_MESSAGE + dialog_text_rows(message_of(self(d)), d->box.width) - 1 : ROW_FOLDER;
}

static void draw(struct dialog *dialog, struct area area)
{
	struct folder_dialog *d = self(dialog);
	struct line *l = &dialog->app->line;
	size_t from;
	line_clear(l);
	line_add(l, INK_STRONG, buf_slice(&d->what), area.width);
	dialog_put(dialog, area, ROW_WHAT, l, EMPHASIS_NONE);
	line_clear(l);
	if (area.width > 2 * LABEL)
		line_add_cell(l, INK_FIELD, slice_str("Folder"), LABEL, false);
	int column = prompt_draw(&d->folder, area.width - l->columns, l, &from);
	dialog_cursor(dialog, area, ROW_FOLDER, column);
	dialog_put(dialog, area, ROW_FOLDER, l, EMPHASIS_NONE);
	dialog_put_text(dialog, area, ROW_MESSAGE, d->message.len ? INK_ERROR : INK_DIM, message_of(d));
}

static unsigned take(struct folder_dialog *d)
{
	struct app *a = d->dialog.app;
	dialog_expand_home(&d->folder);
	const char *folder = buf_cstr(&d->folder.text);
	buf_clear(&d->message);
	d->folder.open = true;
	if (!d->use(d->user, *folder ? folder : ".", &d->message))
		return REDRAW;
	buf_clear(&a->folder);
	buf_add_str(&a->folder, folder);
	return REDRAW | CLOSE;
}

static unsigned key(struct dialog *dialog, int key)
{
	struct folder_dialog *d = self(dialog);
	if (key == KEY_BS && !d->folder.text.len)
		return REDRAW;
	switch (prompt_key(&d->folder, key)) {
	case PROMPT_DONE: return take(d);
	case PROMPT_GONE: return CLOSE;
	default: return REDRAW;
	}
}

static const struct dialog_ops ops = {
	.name = "Save the file",
	.hint = "Enter Save\tCtrl-U Empty the line\tEsc Leave",
	.free = free_folder,
	.size = size,
	.focus = focus,
	.draw = draw,
	.key = key,
};

struct dialog *dialog_folder_new(struct app *a, struct slice what, folder_fn *use, void *user)
{
	struct folder_dialog *d = xcalloc(1, sizeof *d);
	d->dialog.ops = &ops;
	d->dialog.app = a;
	d->use = use;
	d->user = user;
	buf_add(&d->what, what);
	prompt_set(&d->folder, a->folder.len ? buf_cstr(&a->folder) : ".");
	return &d->dialog;
}
