/*
 * What keys and clicks do to the screens as a whole: searching, filtering, sorting, marking, freezing, clearing, leaving. A key goes to what
 * waits for it first: a letter that was asked for, the line being typed, the dialog; then it stops long work, if it is Esc; then it is looked up
 * in the table of commands. What is no matter of the whole goes to the view.
 */
#include "tui/app.h"
#include "tui/dialogs.h"
#include "tui/view_detail.h"
#include "tui/view_diff.h"
#include "tui/view_help.h"
#include "tui/view_ladder.h"

#include "base/amount.h"

static void search_again(struct app *a, bool backward)
{
	struct view *v = app_view(a);
	uint64_t first, end, current;
	view_positions(v, &first, &end, &current);
	search_start(&a->search, v, first, end, current, backward);
}

static unsigned prompt(struct app *a, int key)
{
	enum prompt_answer answer = prompt_key(&a->prompt, key);
	if (answer != PROMPT_DONE)
		return REDRAW;
	if (a->prompt.text.len) {
		pattern_set(&a->search.pattern, buf_slice(&a->prompt.text));
		history_add(&a->searches, buf_cstr(&a->prompt.text));
	}
	if (a->search.pattern.text.len)
		search_again(a, false);
	return REDRAW;
}

static unsigned change_tab(struct app *a, int by)
{
	app_show_tab(a, (enum view_id)(((int)app_id(app_view(a)) + by + TABS) % TABS));
	return REDRAW;
}

/* The place of a column from the left, -1 for none. */
static int place_of(const struct view *v, int column)
{
	int place = v->column_count - 1;
	while (place >= 0 && v->layout.order[place] != column)
		place--;
	return place;
}

/* Sorts by the column that is shown next to the one sorted by now, at the right (by 1) or left (-1); beyond the last one not at all. */
static unsigned sort_by(struct view *v, int by)
{
	int place = place_of(v, v->order.column);
	if (!v->ops->key)
		return REDRAW;
	if (v->order.column == ORDER_NONE && by < 0)
		place = v->column_count;
	do
		place += by;
	while (place >= 0 && place < v->column_count && (v->layout.hidden & 1u << v->layout.order[place]));
	view_set_column(v, place >= 0 && place < v->column_count ? v->layout.order[place] : ORDER_NONE);
	return REDRAW;
}

/* Hides the rows there are; when all are hidden already, shows them again. */
static unsigned clear_rows(struct app *a)
{
	bool all_hidden = a->cleared.threads == a->seen.threads && a->cleared.messages == a->seen.messages &&
			  a->cleared.news == a->seen.news;
	if (all_hidden) {
		a->cleared = (struct extent){ 0 };
		return REDRAW | REPAINT;
	}
	a->cleared = a->seen;
	app_notice(a, "The rows so far are hidden. F5 shows them again while nothing new has come.");
	return REDRAW | REPAINT;
}

/* Esc goes back one step first: it takes a filter away, and ends the reading of a file. Then it asks where something would be lost that can't be read again, or where Esc may have been meant for something else. */
static unsigned leave(struct app *a, bool by_esc)
{
	if (by_esc && app_widen(a))
		return REDRAW;
	if (by_esc && intake_stop(&a->intake)) {
		app_notice(a, "Stopped: no more of the file is read. Esc once more asks whether to leave.");
		return REDRAW;
	}
	bool ask = by_esc || source_is_live(capture_source(a->o->capture));
	bool anything = session_count(a->session) || (by_esc && session_news_count(a->session));
	return ask && anything ? app_open_dialog(a, dialog_quit_new()) : QUIT;
}

static unsigned open_help(struct app *a)
{
	view_help_set(app_get(a, VIEW_HELP), app_view(a));
	app_open(a, VIEW_HELP);
	return REDRAW;
}

/* Marks the message of the selected row; in a list of threads all messages of it. */
static unsigned mark(struct app *a)
{
	enum { MOST = 1 << 20 };
	struct view *v = app_view(a);
	uint32_t n = view_message(v), at = n;
	bool marked = !marks_has(&a->marks, n);
	const struct record *r;
	if (!n)
		return REDRAW;
	for (int i = 0; i < MOST && at && (r = session_record(a->session, at)); i++, at = r->next) {
		marks_set(&a->marks, at, marked);
		if (v->ops != &view_threads)
			break;
	}
	if (marked && a->marks.latest[0] != n) {
		a->marks.latest[1] = a->marks.latest[0];
		a->marks.latest[0] = n;
	}
	list_move(&v->list, 1);
	return REDRAW;
}

static unsigned wait_for_letter(struct app *a, enum command c)
{
	a->waiting = c;
	a->waiting_for = view_message(app_view(a));
	app_notice(a, c == CMD_JUMP ? "Go to the bookmark of which letter?" : "Bookmark this message by which letter?");
	return REDRAW;
}

/* Goes to a message: in the list on the screen, else in the Messages. */
static void jump(struct app *a, uint32_t n)
{
	if (app_view(a)->ops == &view_detail) {
		view_detail_set(app_view(a), n);
		return;
	}
	if (!app_view(a)->ops->row_of)
		app_show_tab(a, VIEW_MESSAGES);
	if (!view_select(app_view(a), n))
		app_notice(a, "Message %u is not among these rows; a filter or F5 may hide it.", n);
}

static unsigned take_letter(struct app *a, int key)
{
	enum command c = a->waiting;
	uint32_t n = a->waiting_for;
	a->waiting = CMD_NONE;
	if (key < 'a' || key > 'z')
		return REDRAW;
	uint32_t *bookmark = &a->marks.bookmark[key - 'a'];
	if (c == CMD_BOOKMARK && n)
		*bookmark = *bookmark == n ? 0 : n;
	else if (c == CMD_JUMP && session_record(a->session, *bookmark))
		jump(a, *bookmark);
	else if (c == CMD_JUMP && *bookmark)
		app_open_message(a, *bookmark); /* which says that it is forgotten */
	else if (c == CMD_JUMP)
		app_notice(a, "There is no bookmark %c.", key);
	return REDRAW;
}

static unsigned copy(struct app *a)
{
	enum { MOST = 50000 };
	struct buf text = { 0 };
	if (view_copy(app_view(a), &text)) {
		struct slice part = slice_head(buf_slice(&text), MOST);
		screen_copy(a->screen, part);
		buf_clear(&a->scratch);
		amount_add_counted(&a->scratch, part.len, "byte");
		app_notice(a, "%s%s went to the clipboard.", part.len < text.len ? "The first " : "", buf_cstr(&a->scratch));
	}
	buf_release(&text);
	return REDRAW;
}

/* Shows secrets, or hides them: whatever was made with them is made again. */
static unsigned change_secrets(struct app *a)
{
	struct buf text = { 0 }, error = { 0 };
	bool narrowed = a->narrowed;
	a->show_secrets = !a->show_secrets;
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i]->ops->renew)
			a->stack[i]->ops->renew(a->stack[i]);
	buf_add(&text, buf_slice(&a->filter_text));
	if (text.len && !app_set_filter(a, buf_cstr(&text), &error))
		app_set_filter(a, "", &error);
	a->narrowed = narrowed && a->filter;
	buf_release(&text);
	buf_release(&error);
	return REDRAW;
}

static unsigned change_time(struct app *a)
{
	int *mode = &a->settings->value[SETTING_TIME];
	*mode = (*mode + 1) % TIME_MODES;
	return REDRAW;
}

/* Follows the newest row, or stops that. */
static unsigned follow(struct app *a, struct view *v)
{
	if (v->order.column != ORDER_NONE)
		app_notice(a, "Rows that are sorted by a column are not followed: the newest one may stand anywhere among them.");
	else
		v->follow = !v->follow;
	return REDRAW;
}

static unsigned start_prompt(struct app *a)
{
	a->prompt.open = true;
	a->prompt.history = &a->searches;
	prompt_set(&a->prompt, "");
	return REDRAW;
}

static unsigned back(struct app *a)
{
	app_back(a);
	return REDRAW;
}

static unsigned command(struct app *a, enum command c)
{
	struct view *v = app_view(a);
	if (c >= CMD_TAB && c < CMD_TAB + TABS) {
		app_show_tab(a, (enum view_id)(c - CMD_TAB));
		return REDRAW;
	}
	switch (c) {
	case CMD_NONE: return 0;
	case CMD_HELP: return open_help(a);
	case CMD_SEARCH: return start_prompt(a);
	case CMD_NEXT_MATCH: search_again(a, false); return REDRAW;
	case CMD_PREVIOUS_MATCH: search_again(a, true); return REDRAW;
	case CMD_FORGET_SEARCH: search_clear(&a->search); return REDRAW;
	case CMD_SAVE: return app_open_dialog(a, dialog_save_new(a));
	case CMD_MARK: return mark(a);
	case CMD_UNMARK: marks_clear(&a->marks); return REDRAW;
	case CMD_BOOKMARK:
	case CMD_JUMP: return wait_for_letter(a, c);
	case CMD_COPY: return copy(a);
	case CMD_SECRETS: return change_secrets(a);
	case CMD_FILTER: return app_open_dialog(a, dialog_filter_new(a));
	case CMD_NO_FILTER: app_set_filter(a, "", NULL); return REDRAW;
	case CMD_NEXT_TAB: return change_tab(a, 1);
	case CMD_PREVIOUS_TAB: return change_tab(a, -1);
	case CMD_SORT_RIGHT: return sort_by(v, 1);
	case CMD_SORT_LEFT: return sort_by(v, -1);
	case CMD_REVERSE: return view_reverse(v);
	case CMD_DIFF: return view_diff_open(a);
	case CMD_STATISTICS: app_show_tab(a, VIEW_STATISTICS); return REDRAW;
	case CMD_LADDER: return view_command(v, c) ? REDRAW : view_ladder_open(a, false);
	case CMD_EXTEND: return view_command(v, c) ? REDRAW : view_ladder_open(a, true);
	case CMD_PAUSE: a->paused = !a->paused; return REDRAW;
	case CMD_FOLLOW: return follow(a, v);
	case CMD_TIME: return change_time(a);
	case CMD_CLEAR: return clear_rows(a);
	case CMD_COLUMNS: return app_open_dialog(a, dialog_columns_new(a, v));
	case CMD_SETTINGS: return app_open_dialog(a, dialog_settings_new(a));
	case CMD_BACK: return back(a);
	case CMD_QUIT: return leave(a, false);
	case CMD_LEAVE: return leave(a, true);
	default: return view_command(v, c);
	}
}

/* Says so of a key that does nothing here: silence leaves open whether it was heard. */
static unsigned refuse(struct app *a, int key)
{
	buf_clear(&a->scratch);
	key_add_name(&a->scratch, key);
	if (a->scratch.len)
		app_notice(a, "%s does nothing here. F1 tells what the keys do.", buf_cstr(&a->scratch));
	return 0;
}

/* Why a command can't be done here: a list has no rows, or the selected one is no message. NULL: it can. A ladder can be of marked messages, too. */
static const char *objection(const struct app *a, enum command c)
{
	struct view *v = app_view(a);
	bool ladder = (c == CMD_LADDER || c == CMD_EXTEND) && !(v->ops->where & IN_LADDER) &&
		      !((v->ops->where & IN_MARKED) && a->marks.count);
	bool with_message = c == CMD_MARK || c == CMD_BOOKMARK || ladder;
	bool with_row = with_message || c == CMD_OPEN || c == CMD_COPY || c == CMD_ONLY || c == CMD_SAVE_FILE;
	if (with_row && (v->ops->where & (IN_TABLES | IN_RULES)) && list_empty(&v->list))
		return "There is no row to do that with.";
	return with_message && v->ops->message && !view_message(v) ? "This row is no message to do that with." : NULL;
}

/* Does a command, or says why it can't be done. */
static unsigned try_command(struct app *a, enum command c)
{
	const char *why = objection(a, c);
	if (!why)
		return command(a, c);
	app_notice(a, "%s", why);
	return 0;
}

/* Does what a key stands for on the screen in view. */
static unsigned command_key(struct app *a, int key)
{
	enum command c = keymap_command(&a->settings->keys, key, app_context(a));
	return c == CMD_NONE ? refuse(a, key) : try_command(a, c);
}

static unsigned mouse(struct app *a, struct key key)
{
	if (key.row == screen_rows(a->screen) - 1 && key.code == KEY_CLICK)
		return try_command(a, frame_footer_at(a, key.col));
	if (key.row == 0 && key.code == KEY_CLICK && frame_tab_at(a, key.col) < TABS) {
		app_show_tab(a, (enum view_id)frame_tab_at(a, key.col));
		return REDRAW;
	}
	return view_mouse(app_view(a), key);
}

unsigned app_key(struct app *a, struct key key)
{
	if (key.code == KEY_RESIZED)
		return REDRAW | REPAINT;
	buf_clear(&a->notice);
	if (a->waiting)
		return take_letter(a, key.code);
	if (a->prompt.open)
		return prompt(a, key.code);
	if (a->search.running) {
		a->search.running = false;
		if (key.code == KEY_ESC)
			return REDRAW;
	}
	if (a->dialog) {
		unsigned reaction = dialog_key(a->dialog, key);
		if (reaction & CLOSE)
			app_close_dialog(a);
		return REDRAW | (reaction & ~(unsigned)CLOSE);
	}
	if (key.code == KEY_ESC && app_stop(a))
		return REDRAW;
	if (key.code >= KEY_CLICK && key.code <= KEY_WHEEL_DOWN)
		return REDRAW | mouse(a, key);
	return REDRAW | command_key(a, key.code);
}
