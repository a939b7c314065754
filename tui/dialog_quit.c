/*
 * Asking before envscope is left: where what was captured can't be read again, and where Esc was pressed, which may have been meant for
 * something else.
 */
#include "tui/dialogs.h"

#include "base/amount.h"
#include "base/xalloc.h"
#include "tui/app.h"

#include <stdlib.h>

enum { WIDTH = 56 };

static void free_quit(struct dialog *d)
{
	free(d);
}

/* What becomes of what was captured. */
static void add_what(const struct app *a, struct buf *out)
{
	uint32_t count = session_count(a->session);
	if (!count) {
		buf_add_str(out, "There was no message, only news.");
		return;
	}
	amount_add_counted(out, count, "message");
	const char *were = count == 1 ? "was" : "were", *gone = count == 1 ? "it is gone" : "they are gone";
	if (!source_is_live(capture_source(a->o->capture)))
		buf_addf(out, " %s read; the file stays as it is.", were);
	else if (a->o->writes)
		buf_addf(out, " %s captured; what -w wrote stays.", were);
	else
		buf_addf(out, " %s captured; %s then.", were, gone);
}

static bool can_save(const struct dialog *d)
{
	return session_count(d->app->session) > 0;
}

static void size(struct dialog *d, int *height, int *width)
{
	struct buf text = { 0 };
	*width = *width < WIDTH ? *width : WIDTH;
	add_what(d->app, &text);
	*height = 1 + can_save(d) + dialog_text_rows(buf_slice(&text), *width);
	buf_release(&text);
}

static void draw(struct dialog *d, struct area area)
{
	static const char question[] = "Leave envscope?";
	struct buf text = { 0 };
	bool fits = area.width >= (int)sizeof question - 1;
	int row = dialog_put_text(d, area, 0, INK_STRONG, slice_str(fits ? question : "Leave?"));
	add_what(d->app, &text);
	row += dialog_put_text(d, area, row, INK_PLAIN, buf_slice(&text));
	if (can_save(d))
		dialog_put_text(d, area, row, INK_DIM, slice_str("F2 saves them first."));
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
	.hint = "y Leave\tn Stay\tF2 Save",
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
