/*
 * What keys do to the screens as a whole: searching, filtering, sorting, freezing, clearing; and the work that goes on between keys.
 */
#include "tui/app.h"

#include "base/when.h"
#include "decode/stats.h"
#include "tui/clock.h"
#include "tui/config.h"
#include "tui/dialogs.h"
#include "tui/view_detail.h"
#include "tui/view_diff.h"
#include "tui/view_help.h"
#include "tui/view_ladder.h"

#include <stdlib.h>

enum { SLICE_MS = 8 };
#define REPLAY_NS (3600 * (int64_t)NS_PER_S) /* packets so old do not come from the wire now */

void app_init(struct app *a, const struct tui_options *o, struct screen *screen, struct settings *settings, struct buf *complaints)
{
	*a = (struct app){ .screen = screen, .settings = settings, .complaints = complaints, .show_secrets = o->show_secrets };
	a->o = o;
	a->session = o->session;
	a->intake = (struct intake){ o->capture, INTAKE_READING };
	a->stack[0] = app_get(a, VIEW_THREADS);
	a->depth = 1;
	for (int id = 0; id < TABS; id++)
		app_get(a, (enum view_id)id);
}

struct screen_options app_screen_options(const struct settings *s)
{
	const char *no_color = getenv("NO_COLOR");
	int colours = s->value[SETTING_COLOURS];
	bool color = colours == 1 || (colours == 0 && !(no_color && *no_color));
	return (struct screen_options){ .color = color, .mouse = s->value[SETTING_MOUSE] == 0, .looks = s->looks };
}

void app_use_settings(struct app *a)
{
	settings_choose_looks(a->settings);
	struct screen_options so = app_screen_options(a->settings);
	screen_set(a->screen, &so);
	for (int i = 0; i < TABS; i++)
		a->view[i]->list.follow = app_follows(a);
}

unsigned app_save_settings(struct app *a)
{
	struct buf path = { 0 }, error = { 0 };
	if (!config_path(&path))
		app_notice(a, "There is no place for a config file: neither ENVSCOPE_CONFIG nor XDG_CONFIG_HOME nor HOME is set.");
	else if (config_write(a->settings, buf_cstr(&path), &error))
		app_notice(a, "Saved to %s", buf_cstr(&path));
	else
		app_notice(a, "%s", buf_cstr(&error));
	buf_release(&path);
	buf_release(&error);
	return REDRAW;
}

static void close_dialog(struct app *a)
{
	struct dialog *d = a->dialog;
	a->dialog = NULL;
	if (d)
		d->ops->free(d);
}

void app_release(struct app *a)
{
	close_dialog(a);
	app_release_views(a);
	filter_free(a->filter);
	peers_release(&a->peers);
	stats_free(a->stats);
	marks_release(&a->marks);
	search_release(&a->search);
	buf_release(&a->filter_text);
	prompt_release(&a->prompt);
	buf_release(&a->folder);
	history_release(&a->filters);
	history_release(&a->searches);
	buf_release(&a->notice);
	buf_release(&a->scratch);
	line_release(&a->line);
}

unsigned app_open_dialog(struct app *a, struct dialog *d)
{
	close_dialog(a);
	a->dialog = d;
	d->app = a;
	return REDRAW;
}

bool app_set_filter(struct app *a, const char *text, struct buf *error)
{
	struct filter *f = NULL;
	if (*text && !(f = filter_new(text, a->show_secrets, error)))
		return false;
	for (int i = 0; i < VIEWS; i++)
		if (a->view[i] && a->view[i]->ops->pick)
			order_set_filter(&a->view[i]->order, f);
	filter_free(a->filter);
	a->filter = f;
	buf_clear(&a->filter_text);
	buf_add_str(&a->filter_text, text);
	return true;
}

void app_show_filtered(struct app *a, enum view_id tab, const char *filter)
{
	struct buf error = { 0 };
	if (app_set_filter(a, filter, &error))
		app_notice(a, "Only what matches %s is shown. F9 shows all again.", filter);
	else
		app_notice(a, "%s", buf_cstr(&error));
	app_show_tab(a, tab);
	buf_release(&error);
}

unsigned app_open_message(struct app *a, uint32_t n)
{
	if (!session_record(a->session, n)) {
		app_notice(a, "Message %u is forgotten: the oldest go first, for the memory limit.", n);
		return REDRAW;
	}
	view_detail_set(app_get(a, VIEW_DETAIL), n);
	app_open(a, VIEW_DETAIL);
	return REDRAW;
}

const char *app_empty(const struct app *a)
{
	if (a->filter && session_count(a->session))
		return order_busy(&app_view(a)->order) ? "No row matches the filter so far." : "No row matches the filter. F9 takes it away.";
	if (session_threads(a->session))
		return "All rows so far are hidden. F5 shows them again.";
	if (intake_over(&a->intake))
		return "The capture is at its end, and there was no message in it.";
	if (capture_counts(a->o->capture).source.packets)
		return "Waiting for the first message …";
	return source_proxy(capture_source(a->o->capture)) ? "Waiting for the first client …" : "Waiting for the first packet …";
}

uint32_t app_context(const struct app *a)
{
	const struct view *v = app_view(a);
	return v->ops->where | (a->search.view == v && a->search.pattern.text.len ? FOUND : 0);
}

/* Live that of the clock; of a file, or an old capture that comes through a pipe, that of the last packet. */
static int64_t time_now(const struct app *a)
{
	bool live = !intake_over(&a->intake) && source_is_live(capture_source(a->o->capture));
	int64_t last = capture_counts(a->o->capture).last_time, now = when_now();
	return live && now - last < REPLAY_NS ? now : last;
}

void app_take_up(struct app *a)
{
	if (a->paused)
		return;
	a->seen = (struct extent){ session_threads(a->session), session_count(a->session),
				   session_news_count(a->session) };
	a->now = time_now(a);
}

void app_notice(struct app *a, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_clear(&a->notice);
	buf_add_byte(&a->notice, ' ');
	buf_addv(&a->notice, format, args);
	va_end(args);
}

/* Cuts decimals off a time that is in `out` from `from` on, until it fits. */
static void fit_decimals(struct buf *out, size_t from, int width)
{
	const uint8_t *dot = memchr(out->at + from, '.', out->len - from);
	size_t least = dot ? (size_t)(dot - out->at) : out->len;
	while (out->len > least && (out->len - from > (size_t)width || out->len > least + 7 || out->len == least + 1))
		out->len--;
}

void app_add_time(const struct app *a, struct buf *out, int64_t time, int64_t before, int width)
{
	size_t from = out->len;
	int mode = a->settings->value[SETTING_TIME];
	if (mode == TIME_OF_DAY)
		when_add_clock(out, time, a->settings->value[SETTING_ZONE]);
	else if (mode == TIME_SINCE_START)
		when_add_seconds(out, time - capture_first_time(a->o->capture));
	else
		when_add_seconds(out, time - before);
	fit_decimals(out, from, width);
}

static void search_again(struct app *a, bool backward)
{
	struct view *v = app_view(a);
	uint64_t first, end, current;
	view_positions(v, &first, &end, &current);
	search_start(&a->search, v, first, end, current, backward);
}

/* Nothing was found; but rows may have come since the search began. */
static void search_ended(struct app *a)
{
	struct search *s = &a->search;
	uint64_t first, end, current;
	view_positions(s->view, &first, &end, &current);
	if (end > s->end)
		search_extend(s, end);
	else
		app_notice(a, "Not found: %s", buf_cstr(&s->pattern.text));
}

static unsigned step_search(struct app *a)
{
	struct search *s = &a->search;
	switch (search_step(s)) {
	case SEARCH_RUNNING: break;
	case SEARCH_NOTHING: search_ended(a); break;
	case SEARCH_FOUND:
		view_show(s->view, s->at);
		if (s->wrapped)
			app_notice(a, "The search went on from the other end.");
	}
	return REDRAW;
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
	order_set_column(&v->order, place >= 0 && place < v->column_count ? v->layout.order[place] : ORDER_NONE);
	return REDRAW;
}

static unsigned reverse(struct view *v)
{
	uint64_t row, place;
	bool there = view_row(v, &row) && v->list.selected != v->list.first; /* the top stays the top */
	if (!v->ops->key)
		return REDRAW;
	v->order.reverse = !v->order.reverse;
	if (there && order_place(&v->order, row, &place))
		list_show(&v->list, place);
	return REDRAW;
}

/* Hides the rows there are; when all are hidden already, shows them again. */
static unsigned clear_rows(struct app *a)
{
	bool all_hidden = a->cleared.threads == a->seen.threads && a->cleared.messages == a->seen.messages;
	if (all_hidden) {
		a->cleared = (struct extent){ 0 };
		return REDRAW | REPAINT;
	}
	a->cleared = a->seen;
	app_notice(a, "The rows so far are hidden. F5 shows them again while nothing new has come.");
	return REDRAW | REPAINT;
}

/* Asks first where something would be lost that can't be read again, or where Esc may have been meant for something else. */
static unsigned leave(struct app *a, bool by_esc)
{
	bool ask = by_esc || source_is_live(capture_source(a->o->capture));
	return ask && session_count(a->session) ? app_open_dialog(a, dialog_quit_new()) : QUIT;
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
		app_notice(a, "Message %u is not among these rows; a filter may hide it.", n);
}

static unsigned take_letter(struct app *a, int key)
{
	enum command c = a->waiting;
	uint32_t n = view_message(app_view(a));
	a->waiting = CMD_NONE;
	if (key < 'a' || key > 'z')
		return REDRAW;
	uint32_t *bookmark = &a->marks.bookmark[key - 'a'];
	if (c == CMD_BOOKMARK && n)
		*bookmark = *bookmark == n ? 0 : n;
	else if (c == CMD_JUMP && session_record(a->session, *bookmark))
		jump(a, *bookmark);
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
		app_notice(a, part.len < text.len ? "The first %zu bytes went to the clipboard." : "%zu bytes went to the clipboard.", part.len);
	}
	buf_release(&text);
	return REDRAW;
}

/* Shows secrets, or hides them: whatever was made with them is made again. */
static unsigned change_secrets(struct app *a)
{
	struct buf text = { 0 }, error = { 0 };
	a->show_secrets = !a->show_secrets;
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i]->ops->renew)
			a->stack[i]->ops->renew(a->stack[i]);
	buf_add(&text, buf_slice(&a->filter_text));
	if (text.len && !app_set_filter(a, buf_cstr(&text), &error))
		app_set_filter(a, "", &error);
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
	case CMD_REVERSE: return reverse(v);
	case CMD_DIFF: return view_diff_open(a);
	case CMD_STATISTICS: app_show_tab(a, VIEW_STATISTICS); return REDRAW;
	case CMD_LADDER: return view_command(v, c) ? REDRAW : view_ladder_open(a, false);
	case CMD_EXTEND: return view_command(v, c) ? REDRAW : view_ladder_open(a, true);
	case CMD_PAUSE: a->paused = !a->paused; return REDRAW;
	case CMD_FOLLOW: v->list.follow = !v->list.follow; return REDRAW;
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

static unsigned mouse(struct app *a, struct key key)
{
	if (key.row == screen_rows(a->screen) - 1 && key.code == KEY_CLICK)
		return command(a, frame_footer_at(a, key.col));
	if (key.row == 0 && key.code == KEY_CLICK && frame_tab_at(a, key.col) < TABS) {
		app_show_tab(a, (enum view_id)frame_tab_at(a, key.col));
		return REDRAW;
	}
	return view_mouse(app_view(a), key);
}


bool app_busy(const struct app *a)
{
	return a->working || a->search.running || order_busy(&app_view(a)->order) || (a->dialog && a->dialog->busy);
}

/* The view's own work; what it has done shows when it is done, and on the way. */
static unsigned step_view(struct app *a)
{
	struct view *v = app_view(a);
	bool before = a->working;
	a->working = v->ops->work && a->resting != v && v->ops->work(v, clock_ms() + SLICE_MS);
	return before || a->working ? REDRAW : 0;
}

unsigned app_step(struct app *a)
{
	unsigned reaction = step_view(a);
	if (a->search.running)
		reaction |= step_search(a);
	if (a->dialog && a->dialog->busy)
		reaction |= a->dialog->ops->step(a->dialog);
	if (reaction & CLOSE)
		close_dialog(a);
	if (order_busy(&app_view(a)->order))
		reaction |= view_step(app_view(a), clock_ms() + SLICE_MS);
	return reaction & ~(unsigned)CLOSE;
}

static bool stop_order(struct app *a)
{
	struct order *o = &app_view(a)->order;
	bool filtered = o->filter;
	int percent;
	if (!order_doing(o, &percent))
		return false;
	order_stop(o);
	if (filtered && !o->filter)
		app_set_filter(a, "", NULL);
	return true;
}

/* Of a view's own work what can be given up is; that of a tab rests. */
static bool stop_view(struct app *a)
{
	struct view *v = app_view(a);
	int percent;
	if (v->ops->stop && v->ops->stop(v))
		return true;
	if ((int)app_id(v) >= TABS || a->resting == v || !v->ops->doing || !v->ops->doing(v, &percent))
		return false;
	a->resting = v;
	a->working = false;
	app_notice(a, "Stopped. It goes on when this tab is opened again.");
	return true;
}

/* Gives up what is under way; false if nothing is. */
static bool stop(struct app *a)
{
	return stop_order(a) || stop_view(a);
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
			close_dialog(a);
		return REDRAW | (reaction & ~(unsigned)CLOSE);
	}
	if (key.code == KEY_ESC && stop(a))
		return REDRAW;
	if (key.code >= KEY_CLICK && key.code <= KEY_WHEEL_DOWN)
		return REDRAW | mouse(a, key);
	return REDRAW | command(a, keymap_command(&a->settings->keys, key.code, app_context(a)));
}
