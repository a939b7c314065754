/*
 * The settings: a row for each row of their table (tui/settings.h), changed in place and seen at once; s saves all that is set, columns,
 * colours and keys too.
 */
#include "tui/dialogs.h"

#include "base/xalloc.h"
#include "tui/app.h"
#include "tui/config.h"

#include <stdlib.h>

enum { WIDTH = 96, NAME = 12, VALUE = 10 };

struct settings_dialog {
	struct dialog dialog;
	struct list list;
};

static struct settings_dialog *self(struct dialog *d)
{
	return (struct settings_dialog *)d;
}

static void free_settings(struct dialog *d)
{
	free(d);
}

static void size(struct dialog *d, int *height, int *width)
{
	(void)d;
	*height = SETTINGS + 2;
	*width = WIDTH;
}

static void draw_row(struct dialog *d, int row, struct line *out)
{
	const struct setting_row *s = setting_row((enum setting)row);
	struct slice value = slice_str(s->choice[d->app->settings->value[row]]);
	if (d->box.width < NAME + VALUE) {
		line_add_cell(out, INK_FIELD, slice_str(s->name), d->box.width / 2, false);
		line_add_str(out, INK_PLAIN, " ");
		line_add(out, INK_STRONG, value, d->box.width - out->columns);
		return;
	}
	line_add_cell(out, INK_FIELD, slice_str(s->name), NAME, false);
	line_add_cell(out, INK_STRONG, value, VALUE, false);
	line_add(out, INK_PLAIN, slice_str(s->sentence), d->box.width - out->columns);
}

static void draw(struct dialog *d, struct area area)
{
	struct line *l = &d->app->line;
	struct buf path = { 0 };
	struct area rows = area;
	rows.height = area.height > SETTINGS ? SETTINGS : area.height;
	dialog_draw_list(d, rows, &self(d)->list, SETTINGS, draw_row);
	line_clear(l);
	if (config_path(&path)) {
		line_add_str(l, INK_DIM, "s saves these, columns, colours and keys: ");
		line_add(l, INK_DIM, buf_slice(&path), area.width - l->columns);
	}
	dialog_put(d, area, SETTINGS + 1, l, EMPHASIS_NONE);
	buf_release(&path);
}

/* The next choice (by 1) or the one before (-1) of the selected setting. */
static unsigned change(struct settings_dialog *d, int by)
{
	struct app *a = d->dialog.app;
	int i = (int)d->list.selected, count = 1; /* there is one at least */
	while (count < CHOICES && setting_row((enum setting)i)->choice[count])
		count++;
	a->settings->value[i] = (a->settings->value[i] + by + count) % count;
	app_use_setting(a, (enum setting)i);
	return REDRAW | REPAINT;
}

static unsigned key(struct dialog *d, int key)
{
	if (dialog_move(&self(d)->list, key))
		return REDRAW;
	switch (key) {
	case ' ':
	case KEY_RETURN:
	case KEY_ARROW_RIGHT: return change(self(d), 1);
	case KEY_ARROW_LEFT: return change(self(d), -1);
	case 's': return app_save_settings(d->app);
	case 'q': return CLOSE;
	default: return 0;
	}
}

static unsigned mouse(struct dialog *d, struct key key)
{
	bool hit = dialog_click(&self(d)->list, d->box, d, key);
	return hit && (key.code == KEY_CLICK || key.code == KEY_DOUBLE_CLICK) && key.col >= NAME ? change(self(d), 1) : REDRAW;
}

static const struct dialog_ops ops = {
	.name = "Settings",
	.hint = "Space Change\ts Save\tEsc Done",
	.free = free_settings,
	.size = size,
	.draw = draw,
	.key = key,
	.mouse = mouse,
};

struct dialog *dialog_settings_new(struct app *a)
{
	struct settings_dialog *d = xcalloc(1, sizeof *d);
	d->dialog.ops = &ops;
	d->dialog.app = a;
	return &d->dialog;
}
