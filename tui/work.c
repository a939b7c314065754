/*
 * What goes on between keys, in slices: the view's own work, a search, a dialog's, filtering and sorting. Esc stops it.
 */
#include "tui/app.h"

#include "tui/clock.h"

enum { SLICE_MS = 8 };

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

/* Nothing was found; but rows may have come since the search began. */
static void search_ended(struct app *a)
{
	struct search *s = &a->search;
	uint64_t first, end, current;
	view_positions(s->view, &first, &end, &current);
	if (!search_extend(s, first, end))
		app_notice(a, "Not found: %s", buf_cstr(&s->pattern.text));
}

/* In a list that is turned around, and not filtered, each row stands at another place when some have come or gone. */
static void follow_places(struct search *s)
{
	const struct view *v = s->view;
	uint64_t edge = v->list.first + v->list.end;
	if (v->order.reverse && !v->order.ready)
		search_shift(s, edge - s->edge);
	s->edge = edge;
}

static unsigned step_search(struct app *a)
{
	struct search *s = &a->search;
	follow_places(s);
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

unsigned app_step(struct app *a)
{
	view_take_up(app_view(a));
	unsigned reaction = step_view(a);
	if (a->search.running)
		reaction |= step_search(a);
	if (a->dialog && a->dialog->busy)
		reaction |= a->dialog->ops->step(a->dialog);
	if (reaction & CLOSE)
		app_close_dialog(a);
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
	view_stop_order(app_view(a));
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

bool app_stop(struct app *a)
{
	return stop_order(a) || stop_view(a);
}
