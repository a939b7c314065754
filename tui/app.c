/*
 * What the screens share, kept together: views, dialog, filter, settings, what is shown and what time it is there. What keys do with it is in
 * tui/actions.c, what goes on between keys in tui/work.c.
 */
#include "tui/app.h"

#include "base/when.h"
#include "decode/stats.h"
#include "tui/config.h"
#include "tui/view_detail.h"

#include <stdlib.h>

#define REPLAY_NS (3600 * (int64_t)NS_PER_S) /* packets so old do not come from the wire now */

/* As if it had been typed. */
static void begin_filtered(struct app *a, const char *filter)
{
	struct buf error = { 0 };
	if (filter && app_set_filter(a, filter, &error))
		history_add(&a->filters, filter);
	buf_release(&error);
}

void app_init(struct app *a, const struct tui_options *o, struct screen *screen, struct settings *settings, struct buf *complaints)
{
	*a = (struct app){ .screen = screen, .settings = settings, .complaints = complaints, .show_secrets = o->show_secrets };
	a->o = o;
	a->session = o->session;
	a->intake = (struct intake){ .capture = o->capture, .state = INTAKE_READING, .enough = o->enough, .user = o->user };
	a->stack[0] = app_get(a, VIEW_THREADS);
	a->depth = 1;
	for (int id = 0; id < TABS; id++)
		app_get(a, (enum view_id)id);
	begin_filtered(a, o->filter);
}

struct screen_options app_screen_options(const struct settings *s)
{
	const char *no_color = getenv("NO_COLOR");
	int colours = s->value[SETTING_COLOURS];
	bool color = colours == 1 || (colours == 0 && !(no_color && *no_color));
	return (struct screen_options){ .color = color, .mouse = s->value[SETTING_MOUSE] == 0, .looks = s->looks };
}

void app_use_setting(struct app *a, enum setting i)
{
	settings_choose_looks(a->settings);
	struct screen_options so = app_screen_options(a->settings);
	screen_set(a->screen, &so);
	if (i != SETTING_FOLLOW)
		return;
	for (int tab = 0; tab < TABS; tab++)
		a->view[tab]->follow = (a->view[tab]->ops->where & IN_LISTS) && app_follows(a);
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

void app_close_dialog(struct app *a)
{
	struct dialog *d = a->dialog;
	a->dialog = NULL;
	if (d)
		d->ops->free(d);
}

void app_release(struct app *a)
{
	app_close_dialog(a);
	app_release_views(a);
	filter_free(a->filter);
	peers_release(&a->peers);
	stats_free(a->stats);
	marks_release(&a->marks);
	search_release(&a->search);
	buf_release(&a->filter_text);
	buf_release(&a->narrowed_text);
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
	app_close_dialog(a);
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
			view_set_filter(a->view[i], f);
	filter_free(a->filter);
	a->filter = f;
	a->narrowed = false;
	buf_clear(&a->filter_text);
	buf_add_str(&a->filter_text, text);
	return true;
}

void app_show_filtered(struct app *a, enum view_id tab, const char *filter)
{
	struct buf error = { 0 };
	enum view_id from = app_id(a->stack[0]);
	buf_clear(&a->narrowed_text);
	buf_add(&a->narrowed_text, buf_slice(&a->filter_text));
	a->narrowed_from = from;
	a->narrowed = app_set_filter(a, filter, &error);
	if (a->narrowed) {
		history_add(&a->filters, filter);
		app_notice(a, "Only what matches %s is shown. Esc goes back, F9 shows all.", filter);
	} else {
		app_notice(a, "%s", buf_cstr(&error));
	}
	app_show_tab(a, tab);
	buf_release(&error);
}

bool app_widen(struct app *a)
{
	struct buf error = { 0 };
	if (!a->filter)
		return false;
	if (!a->narrowed) {
		app_set_filter(a, "", NULL);
		bool loading = !intake_over(&a->intake) && !source_is_live(capture_source(a->o->capture));
		app_notice(a, "The filter is taken away. Esc once more %s.", loading ? "ends the reading" : "asks whether to leave");
		return true;
	}
	if (!app_set_filter(a, buf_cstr(&a->narrowed_text), &error))
		app_set_filter(a, "", &error);
	buf_release(&error);
	app_show_tab(a, a->narrowed_from);
	return true;
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

const char *app_frozen_out(const struct app *a)
{
	if (!a->paused || !session_count(a->session) || a->seen.messages >= session_first(a->session))
		return NULL;
	return a->seen.messages ? "All that the frozen screen showed is forgotten, for the memory limit. p lets it go on."
				: "The screen was frozen before the first message came. p lets it go on.";
}

const char *app_empty(const struct app *a)
{
	if (app_frozen_out(a))
		return app_frozen_out(a);
	if (a->filter && session_count(a->session))
		return order_busy(&app_view(a)->order) ? "No row matches the filter so far."
						       : "No row matches the filter. Esc takes it away.";
	if (session_threads(a->session) || (a->cleared.news && app_view(a)->ops->news))
		return "All rows so far are hidden. F5 shows them again.";
	bool news = session_news_count(a->session) > 0;
	if (intake_over(&a->intake))
		return news ? "There was no message in the capture. What there was instead is told on Messages: press 2."
			    : "The capture is at its end, and there was no message in it.";
	if (news)
		return "No message so far. What there was instead is told on Messages: press 2.";
	if (capture_counts(a->o->capture).source.packets)
		return "Waiting for the first message …";
	return source_proxy(capture_source(a->o->capture)) ? "Waiting for the first client …" : "Waiting for the first packet …";
}

void app_conn_rows(const struct app *a, uint64_t *first, uint64_t *end)
{
	const struct session_conn *oldest = session_conn_at(a->session, 0);
	*end = a->seen.conns;
	*first = oldest && oldest->place < *end ? oldest->place : *end;
}

const struct session_conn *app_conn(const struct app *a, uint64_t row)
{
	uint32_t place = (uint32_t)row;
	const struct session_conn *c = session_conn_at(a->session, session_conn_from(a->session, place));
	return c && c->place == place ? c : NULL;
}

uint32_t app_last_conn(const struct app *a)
{
	uint32_t conns = session_conns(a->session);
	return conns ? session_conn_at(a->session, conns - 1)->info.number : 0;
}

bool app_over(const struct app *a)
{
	return intake_over(&a->intake) && a->seen.messages == session_count(a->session);
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
	uint64_t conns = session_counts(a->session).conns_forgotten + session_conns(a->session);
	a->seen = (struct extent){ session_threads(a->session), session_count(a->session), session_news_count(a->session),
				   (uint32_t)conns };
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
