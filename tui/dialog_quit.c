/*
 * Asking before envscope is left: where what was captured can't be read again, and where Esc was pressed, which may have been meant for
 * something else.
 */
#include "tui/dialogs.h"

#include "base/amount.h"
#include "base/xalloc.h"
#include "tui/app.h"

#include <stdlib.h>

static void free_quit(struct dialog *d)
{
	free(d);
}

static void size(struct dialog *d, int *height, int *width)
{
	(void)d;
	*height = 3;
	*width = 56;
}

static void draw(struct dialog *d, struct area area)
{
	struct line *l = &d->app->line;
	struct buf text = { 0 };
	uint32_t count = session_count(d->app->session);
	amount_add_counted(&text, count, "message");
	if (source_is_live(capture_source(d->app->o->capture)))
		buf_add_str(&text, count == 1 ? " was captured; it is gone then." : " were captured; they are gone then.");
	else
		buf_add_str(&text, count == 1 ? " was read; the file stays as it is." : " were read; the file stays as it is.");
	line_clear(l);
	line_add(l, INK_STRONG, slice_str("Leave envscope?"), area.width);
	dialog_put(d, area, 0, l, EMPHASIS_NONE);
	line_clear(l);
	line_add(l, INK_PLAIN, buf_slice(&text), area.width);
	dialog_put(d, area, 1, l, EMPHASIS_NONE);
	line_clear(l);
	line_add(l, INK_DIM, slice_str("F2 saves them first."), area.width);
	dialog_put(d, area, 2, l, EMPHASIS_NONE);
	buf_release(&text);
}

static unsigned key(struct dialog *d, int key)
{
	if (key == KEY_FUNCTION + 2 || key == 's')
		return app_open_dialog(d->app, dialog_save_new(d->app));
	return key == 'y' || key == 'Y' ? QUIT | CLOSE : CLOSE;
}

static const struct dialog_ops ops = {
	.name = "Quit",
	.hint = "y Leave\tF2 Save\tn Stay",
	.free = free_quit,
	.size = size,
	.draw = draw,
	.key = key,
};

struct dialog *dialog_quit_new(void)
{
	struct dialog *d = xcalloc(1, sizeof *d);
	d->ops = &ops;
	return d;
}
