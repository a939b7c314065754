/*
 * Saving:
 *
 *	│ Format    text      a line a message                 │
 *	│ Messages  all       79                               │
 *	│ File      envscope.txt                               │
 *	│                                                      │
 *	│ That file is there. Enter once more replaces it.     │
 *
 * Up and Down choose a row, Left and Right what stands there. While it saves, Esc stops it and removes what was written.
 */
#include "tui/dialogs.h"

#include "base/amount.h"
#include "base/xalloc.h"
#include "tui/app.h"
#include "tui/clock.h"
#include "tui/save.h"
#include "tui/status.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { WIDTH = 84, LABEL = 10, CHOICE = 10, SLICE_MS = 8, BAR = 24 };
enum row { ROW_FORMAT, ROW_WHAT, ROW_FILE, ROWS, ROW_MESSAGE = 4 };

struct save_dialog {
	struct dialog dialog;
	enum row row;
	size_t format; /* its place among them */
	enum save_what what;
	struct prompt file;
	bool named;  /* the user has typed a name */
	char *asked; /* the file that is there and may be replaced at the next Enter; NULL */
	struct buf message;
	struct save save;
};

static struct save_dialog *self(struct dialog *d)
{
	return (struct save_dialog *)d;
}

static void free_save(struct dialog *d)
{
	save_release(&self(d)->save);
	prompt_release(&self(d)->file);
	buf_release(&self(d)->message);
	free(self(d)->asked);
	free(d);
}

static void size(struct dialog *d, int *height, int *width)
{
	int rows = dialog_text_rows(buf_slice(&self(d)->message), *width < WIDTH ? *width : WIDTH);
	*height = ROW_MESSAGE + (rows ? rows : 1);
	*width = WIDTH;
}

/* Without a message the row that is chosen; else the end of it. */
static int focus(struct dialog *d)
{
	bool saving = self(d)->save.state == SAVE_RUNNING;
	int rows = dialog_text_rows(buf_slice(&self(d)->message), d->box.width);
	return saving ? ROW_MESSAGE : rows ? ROW_MESSAGE + rows - 1 : (int)self(d)->row;
}

static struct save_format format_of(const struct save_dialog *d)
{
	struct save_format f;
	save_format_at(d->format, &f);
	return f;
}

/* Packets can be saved where their files can be read again. */
static bool offered(const struct save_dialog *d, const struct save_format *f)
{
	return f->exporter || f->packets == RECORD_PDUS || d->dialog.app->o->again;
}

static void change_format(struct save_dialog *d, int by)
{
	struct save_format f;
	size_t count = 1; /* there is one at least */
	while (save_format_at(count, &f))
		count++;
	do {
		d->format = (d->format + count + (size_t)by) % count;
		f = format_of(d);
	} while (!offered(d, &f));
}

/* The first message that can be saved: of what is read once more, none is forgotten. */
static uint32_t first_of(const struct save_dialog *d)
{
	struct save_format f = format_of(d);
	return f.exporter || f.packets == RECORD_PDUS ? session_first(d->dialog.app->session) : 1;
}

/* While the screen is frozen, all that it shows may be forgotten. */
static uint32_t all_of(const struct save_dialog *d)
{
	uint32_t first = first_of(d), last = d->dialog.app->seen.messages;
	return last >= first ? last - first + 1 : 0;
}

static uint32_t marked(const struct save_dialog *d)
{
	return marks_from(&d->dialog.app->marks, first_of(d));
}

static bool possible(const struct save_dialog *d, enum save_what what)
{
	return what == SAVE_ALL || (what == SAVE_FILTERED ? d->dialog.app->filter != NULL : marked(d) > 0);
}

/* A name for the file, as long as the user has given none. */
static void name_file(struct save_dialog *d)
{
	struct buf name = { 0 };
	if (d->named)
		return;
	buf_addf(&name, "envscope.%s", format_of(d).suffix);
	prompt_set(&d->file, buf_cstr(&name));
	buf_release(&name);
}

static void choose(struct save_dialog *d, int by)
{
	if (d->row == ROW_FORMAT)
		change_format(d, by);
	if (d->row == ROW_WHAT)
		do
			d->what = (enum save_what)(((int)d->what + by + SAVE_MARKED + 1) % (SAVE_MARKED + 1));
		while (!possible(d, d->what));
	name_file(d);
}

/* Drawing. */

static int least(int a, int b)
{
	return a < b ? a : b;
}

static const char *const what_names[] = { "all", "filtered", "marked" };

static void add_what(const struct save_dialog *d, struct line *out)
{
	const struct app *a = d->dialog.app;
	struct buf text = { 0 };
	if (d->what == SAVE_FILTERED) {
		buf_addf(&text, "those that match %.*s", (int)a->filter_text.len, (const char *)a->filter_text.at);
	} else {
		amount_add_counted(&text, d->what == SAVE_ALL ? all_of(d) : marked(d), "message");
	}
	line_add_cell(out, INK_STRONG, slice_str(what_names[d->what]), least(CHOICE, d->dialog.box.width - out->columns), false);
	line_add(out, INK_PLAIN, buf_slice(&text), d->dialog.box.width - out->columns);
	buf_release(&text);
}

/* Is there room for what the rows are called? */
static bool labelled(struct area area)
{
	return area.width > 2 * LABEL;
}

static void add_row(struct save_dialog *d, enum row row, struct area area, struct line *out)
{
	static const char *const labels[ROWS] = { "Format", "Messages", "File" };
	size_t from;
	if (labelled(area)) {
		line_add_cell(out, d->row == row ? INK_MARK : INK_FIELD, slice_str(labels[row]), LABEL - 1, false);
		line_add_str(out, INK_PLAIN, " ");
	}
	if (row == ROW_FORMAT) {
		struct save_format f = format_of(d);
		line_add_cell(out, INK_STRONG, slice_str(f.name), least(CHOICE, area.width - out->columns), false);
		line_add(out, INK_PLAIN, slice_str(f.help), area.width - out->columns);
	} else if (row == ROW_WHAT) {
		add_what(d, out);
	} else {
		int column = prompt_draw(&d->file, area.width - out->columns, out, &from);
		if (d->row == ROW_FILE)
			dialog_cursor(&d->dialog, area, (int)row, column);
	}
}

static void add_progress(struct save_dialog *d, struct line *out)
{
	struct buf text = { 0 };
	int percent = save_percent(&d->save);
	buf_add_str(&text, "saving ");
	status_add_bar(&text, percent, BAR);
	buf_addf(&text, " %d%%  Esc stops", percent);
	line_add(out, INK_STRONG, buf_slice(&text), d->dialog.box.width);
	buf_release(&text);
}

static void draw(struct dialog *dialog, struct area area)
{
	struct save_dialog *d = self(dialog);
	struct line *l = &dialog->app->line;
	for (int row = 0; row < ROWS; row++) {
		line_clear(l);
		add_row(d, (enum row)row, area, l);
		dialog_put(dialog, area, row, l, labelled(area) || d->row != (enum row)row ? EMPHASIS_NONE : EMPHASIS_SELECTED);
	}
	if (d->save.state != SAVE_RUNNING) {
		dialog_put_text(dialog, area, ROW_MESSAGE, INK_ERROR, buf_slice(&d->message));
		return;
	}
	line_clear(l);
	add_progress(d, l);
	dialog_put(dialog, area, ROW_MESSAGE, l, EMPHASIS_NONE);
}

/* Saving. */

static void say(struct save_dialog *d, const char *what, const char *why)
{
	buf_clear(&d->message);
	buf_addf(&d->message, "%s%s", what, why);
}

static struct save_job job_of(const struct save_dialog *d)
{
	static const enum time_format times[TIME_MODES] = {
		[TIME_OF_DAY] = TIME_CLOCK,
		[TIME_SINCE_START] = TIME_RELATIVE,
		[TIME_SINCE_ROW] = TIME_DELTA,
	};
	struct app *a = d->dialog.app;
	struct save_format f = format_of(d);
	return (struct save_job){
		.session = a->session,
		.capture = a->o->capture,
		.exporter = f.exporter,
		.packets = f.packets,
		.what = d->what,
		.filter = a->filter,
		.filter_text = buf_cstr(&a->filter_text),
		.marks = &a->marks,
		.last = a->seen.messages,
		.cut = a->intake.stopped || !app_over(a),
		.replace = d->asked != NULL,
		.options = { .show_secrets = a->show_secrets,
			     .full_bytes = true,
			     .utc = a->settings->value[SETTING_ZONE],
			     .time = times[a->settings->value[SETTING_TIME]] },
	};
}

/* The file is there: the user must press Enter on it once more. False if that has happened. */
static bool ask(struct save_dialog *d, const char *path)
{
	if (!save_exists(path)) {
		free(d->asked);
		d->asked = NULL;
		return false;
	}
	if (d->asked && strcmp(d->asked, path) == 0)
		return false;
	free(d->asked);
	d->asked = xstrdup(path);
	say(d, "That file is there already. Enter once more replaces it.", "");
	return true;
}

/* Is it a file that is read? To replace that would lose what can't be read again if saving fails. */
static bool is_source(const struct app *a, const char *path)
{
	const struct source *s = capture_source(a->o->capture);
	struct files files = source_files(s);
	struct stat st, other;
	if (stat(path, &st) != 0)
		return false;
	bool same = stat(source_name(s), &other) == 0 && other.st_dev == st.st_dev && other.st_ino == st.st_ino;
	for (size_t i = 0; i < files.count; i++)
		same = same ||
		       (files.fd[i] >= 0 && fstat(files.fd[i], &other) == 0 && other.st_dev == st.st_dev && other.st_ino == st.st_ino);
	return same;
}

/* What keeps a file of that name from being written; NULL: nothing that is known by now. */
static const char *objection(const struct app *a, const char *path)
{
	struct stat st;
	if (!*path)
		return "The file needs a name.";
	bool there = stat(path, &st) == 0;
	if (there && S_ISDIR(st.st_mode))
		return "That is a folder. The file in it needs a name, too.";
	if (there && !S_ISREG(st.st_mode)) /* a pipe, /dev/null */
		return "That is no file, and none takes its place. Another name, please.";
	return is_source(a, path) ? "That is the capture itself. Another name, please." : NULL;
}

/* Says so, if a file of that name is not to be written. */
static bool refuse(struct save_dialog *d, const char *path)
{
	const struct app *a = d->dialog.app;
	const char *why = objection(a, path), *used = why || !a->o->uses ? NULL : a->o->uses(a->o->user, path);
	if (why)
		say(d, why, "");
	else if (used)
		say(d, "Another name, please. That is ", used);
	return why || used;
}

/* Opens the capture's files once more, where packets are saved; false with a sentence if they can't be. */
static bool open_again(struct save_dialog *d, struct save_job *job, struct second_reading *again)
{
	const struct app *a = d->dialog.app;
	char error[512] = "There is no message so far whose packets could be saved.";
	if (job->exporter || job->packets == RECORD_PDUS)
		return true;
	job->again = again;
	if (job->last && a->o->again(a->o->user, again, error, sizeof error))
		return true;
	say(d, error, "");
	return false;
}

static unsigned start(struct save_dialog *d)
{
	dialog_expand_home(&d->file);
	const char *path = buf_cstr(&d->file.text);
	if (refuse(d, path) || ask(d, path))
		return REDRAW;
	struct save_job job = job_of(d);
	struct second_reading again = { 0 };
	if (!open_again(d, &job, &again))
		return REDRAW;
	if (!save_start(&d->save, &job, path)) {
		say(d, "It can't be written: ", strerror(d->save.error));
		save_release(&d->save);
	}
	d->dialog.busy = d->save.state == SAVE_RUNNING;
	return REDRAW;
}

/* What was to be saved and was not. */
static void add_missed(struct buf *out, uint64_t n, const char *words)
{
	if (!n)
		return;
	buf_add_str(out, "; ");
	amount_add_counted(out, n, words);
}

static unsigned step(struct dialog *dialog)
{
	struct save_dialog *d = self(dialog);
	struct buf count = { 0 };
	switch (save_step(&d->save, clock_ms() + SLICE_MS)) {
	case SAVE_DONE:
		amount_add_counted(&count, save_count(&d->save), "message");
		app_notice(dialog->app, "%s saved to %s", buf_cstr(&count), d->save.path);
		buf_release(&count);
		add_missed(&dialog->app->notice, d->save.missed, "message[ was|s were] forgotten before [it|they] could be looked at");
		add_missed(&dialog->app->notice, d->save.bare, "message[ has|s have] no bytes any more");
		return REDRAW | CLOSE;
	case SAVE_FAILED:
		say(d, "It can't be written: ", strerror(d->save.error));
		save_release(&d->save);
		dialog->busy = false;
		return REDRAW;
	default: return REDRAW;
	}
}

static unsigned stop(struct save_dialog *d)
{
	bool replaced = d->save.job.replace;
	save_release(&d->save);
	d->dialog.busy = false;
	say(d, replaced ? "Stopped; the file is as it was." : "Stopped; the file is removed.", "");
	return REDRAW;
}

/* Keys. */

static void change_row(struct save_dialog *d, int by)
{
	d->row = (enum row)(((int)d->row + by + ROWS) % ROWS);
}

static unsigned edit(struct save_dialog *d, int key)
{
	enum prompt_answer answer = key == KEY_BS && !d->file.text.len ? PROMPT_MORE : prompt_key(&d->file, key);
	d->named = true;
	return answer == PROMPT_GONE ? CLOSE : REDRAW;
}

static unsigned key(struct dialog *dialog, int key)
{
	struct save_dialog *d = self(dialog);
	if (d->save.state == SAVE_RUNNING)
		return key == KEY_ESC ? stop(d) : REDRAW;
	buf_clear(&d->message);
	switch (key) {
	case KEY_RETURN: return start(d);
	case KEY_ARROW_UP:
	case KEY_BACK_TABULATOR: change_row(d, -1); return REDRAW;
	case KEY_ARROW_DOWN:
	case KEY_TABULATOR: change_row(d, 1); return REDRAW;
	default: break;
	}
	if (d->row == ROW_FILE)
		return edit(d, key);
	if (key == KEY_ARROW_LEFT || key == KEY_ARROW_RIGHT || key == ' ')
		choose(d, key == KEY_ARROW_LEFT ? -1 : 1);
	return key == KEY_ESC || key == 'q' ? CLOSE : REDRAW;
}

static unsigned mouse(struct dialog *d, struct key key)
{
	if ((key.code != KEY_CLICK && key.code != KEY_DOUBLE_CLICK) || key.row + d->skip >= ROWS || d->busy)
		return 0;
	self(d)->row = (enum row)(key.row + d->skip);
	if (key.col >= LABEL)
		choose(self(d), 1);
	return REDRAW;
}

static const struct dialog_ops ops = {
	.name = "Save",
	.hint = "Enter Save\tUp/Down Row\tLeft/Right Choose\tEsc Leave",
	.free = free_save,
	.size = size,
	.focus = focus,
	.draw = draw,
	.key = key,
	.mouse = mouse,
	.step = step,
};

struct dialog *dialog_save_new(struct app *a)
{
	struct save_dialog *d = xcalloc(1, sizeof *d);
	d->dialog.ops = &ops;
	d->dialog.app = a;
	d->what = marked(d) ? SAVE_MARKED : a->filter ? SAVE_FILTERED : SAVE_ALL;
	name_file(d);
	return &d->dialog;
}
