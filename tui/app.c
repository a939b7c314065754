/*
 * What keys do to the screens as a whole: opening and leaving views, searching, freezing, clearing.
 *
 * Views lie on a stack: Threads or Messages at the bottom, what was opened from them above. A view is made
 * when it is first opened and then keeps its place until the end.
 */
#include "tui/app.h"

#include "base/when.h"
#include "tui/view_columns.h"
#include "tui/view_detail.h"
#include "tui/view_help.h"
#include "tui/view_messages.h"
#include "tui/view_threads.h"

static const struct view_ops *const all[VIEWS] = {
	[VIEW_THREADS] = &view_threads, [VIEW_MESSAGES] = &view_messages, [VIEW_DETAIL] = &view_detail,
	[VIEW_COLUMNS] = &view_columns, [VIEW_HELP] = &view_help,
};

void app_init(struct app *a, const struct tui_options *o)
{
	*a = (struct app){ 0 };
	a->o = o;
	a->session = o->session;
	a->intake = (struct intake){ o->capture, INTAKE_READING };
	a->depth = 1;
	for (enum view_id id = VIEW_THREADS; id <= VIEW_MESSAGES; id++)
		app_get(a, id)->list.follow = source_is_live(capture_source(o->capture));
}

void app_release(struct app *a)
{
	for (int i = 0; i < VIEWS; i++)
		if (a->view[i])
			a->view[i]->ops->free(a->view[i]);
	peers_release(&a->peers);
	search_release(&a->search);
	buf_release(&a->prompt.text);
	buf_release(&a->notice);
	buf_release(&a->scratch);
	line_release(&a->line);
}

struct view *app_get(struct app *a, enum view_id id)
{
	if (!a->view[id])
		a->view[id] = all[id]->new(a);
	return a->view[id];
}

struct view *app_view(const struct app *a)
{
	return a->view[a->stack[a->depth - 1]];
}

void app_open(struct app *a, enum view_id id)
{
	struct view *v = app_get(a, id);
	if (app_view(a) == v || a->depth == VIEWS)
		return;
	if (v->ops->open)
		v->ops->open(v);
	a->stack[a->depth++] = id;
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

uint32_t app_context(const struct app *a)
{
	const struct view *v = app_view(a);
	return v->ops->where | (a->search.view == v && a->search.pattern.text.len ? FOUND : 0);
}

void app_take_up(struct app *a)
{
	if (a->paused)
		return;
	a->seen = (struct extent){ session_threads(a->session), session_count(a->session),
				   session_news_count(a->session) };
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
	if (a->time_mode == TIME_CLOCK)
		when_add_clock(out, time, a->o->utc);
	else if (a->time_mode == TIME_RELATIVE)
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

unsigned app_search_step(struct app *a)
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
	if (a->prompt.text.len)
		pattern_set(&a->search.pattern, buf_slice(&a->prompt.text));
	if (a->search.pattern.text.len)
		search_again(a, false);
	return REDRAW;
}

/* Threads or Messages at the bottom of the stack; the other one comes up at the same place of the session. */
static unsigned switch_lists(struct app *a)
{
	struct view *from = app_view(a);
	bool threads = a->stack[0] == VIEW_THREADS;
	struct view *to = app_get(a, threads ? VIEW_MESSAGES : VIEW_THREADS);
	uint32_t n = threads ? view_threads_message(from) : view_messages_message(from);
	a->stack[0] = threads ? VIEW_MESSAGES : VIEW_THREADS;
	if (n && !to->list.follow) {
		if (threads)
			view_messages_select(to, n);
		else
			view_threads_select(to, n);
	}
	return REDRAW;
}

/* Hides the rows there are; when all are hidden already, shows them again. */
static unsigned clear_rows(struct app *a)
{
	bool all_hidden = a->cleared.threads == a->seen.threads && a->cleared.messages == a->seen.messages;
	a->cleared = all_hidden ? (struct extent){ 0 } : a->seen;
	if (!all_hidden)
		app_notice(a, "The rows so far are hidden. F5 shows them again while nothing new has come.");
	return REDRAW | REPAINT;
}

static unsigned leave(struct app *a)
{
	bool live = source_is_live(capture_source(a->o->capture));
	a->leaving = live && session_count(a->session);
	return a->leaving ? REDRAW : QUIT;
}

static unsigned open_columns(struct app *a)
{
	struct view *v = app_view(a);
	view_columns_set(app_get(a, VIEW_COLUMNS), v);
	app_open(a, VIEW_COLUMNS);
	return REDRAW;
}

static unsigned open_help(struct app *a)
{
	view_help_set(app_get(a, VIEW_HELP), app_view(a));
	app_open(a, VIEW_HELP);
	return REDRAW;
}

static unsigned start_prompt(struct app *a)
{
	a->prompt.open = true;
	buf_clear(&a->prompt.text);
	return REDRAW;
}

static unsigned back(struct app *a)
{
	if (a->depth > 1)
		a->depth--;
	return REDRAW;
}

static unsigned command(struct app *a, enum command c)
{
	struct view *v = app_view(a);
	switch (c) {
	case CMD_NONE: return 0;
	case CMD_HELP: return open_help(a);
	case CMD_SEARCH: return start_prompt(a);
	case CMD_NEXT_MATCH: search_again(a, false); return REDRAW;
	case CMD_PREVIOUS_MATCH: search_again(a, true); return REDRAW;
	case CMD_FORGET_SEARCH: search_clear(&a->search); return REDRAW;
	case CMD_SWITCH: return switch_lists(a);
	case CMD_PAUSE: a->paused = !a->paused; return REDRAW;
	case CMD_FOLLOW: v->list.follow = !v->list.follow; return REDRAW;
	case CMD_TIME: a->time_mode = (a->time_mode + 1) % TIME_MODES; return REDRAW;
	case CMD_CLEAR: return clear_rows(a);
	case CMD_COLUMNS: return open_columns(a);
	case CMD_BACK: return back(a);
	case CMD_QUIT: return leave(a);
	default: return view_command(v, c);
	}
}

static unsigned mouse(struct app *a, struct key key)
{
	if (key.row == screen_rows(a->screen) - 1 && key.code == KEY_CLICK)
		return command(a, frame_footer_at(a, key.col));
	return view_mouse(app_view(a), key);
}

unsigned app_key(struct app *a, struct key key)
{
	if (key.code == KEY_RESIZED)
		return REDRAW | REPAINT;
	if (a->leaving) {
		a->leaving = false;
		return key.code == 'y' || key.code == 'Y' ? QUIT : REDRAW;
	}
	buf_clear(&a->notice);
	if (a->prompt.open)
		return prompt(a, key.code);
	if (a->search.running) {
		a->search.running = false;
		if (key.code == KEY_ESC)
			return REDRAW;
	}
	if (key.code >= KEY_CLICK && key.code <= KEY_WHEEL_DOWN)
		return REDRAW | mouse(a, key);
	return REDRAW | command(a, command_of_key(key.code, app_context(a)));
}
