/*
 * The stack of views: a tab at the bottom, what was opened from it above.
 *
 * A view is made when it is first wanted and then keeps its place until the end. Only where it is wanted while it is on the stack
 * already (the Detail of another message, opened from a picture that was opened from a Detail), a second one is made; then view[]
 * knows the newest, and the older one goes when the stack comes down to it.
 */
#include "tui/app.h"

#include "base/text.h"

static const struct view_ops *const all[VIEWS] = {
#define X(NAME, name) [VIEW_##NAME] = &view_##name,
	VIEW_TABLE(X)
#undef X
};

struct view *app_view(const struct app *a)
{
	return a->stack[a->depth - 1];
}

enum view_id app_id(const struct view *v)
{
	int id = 0;
	while (id < VIEWS - 1 && all[id] != v->ops)
		id++;
	return (enum view_id)id;
}

static bool on_stack(const struct app *a, const struct view *v)
{
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i] == v)
			return true;
	return false;
}

/* Gives the view's list the columns that the user has set. */
static void use_columns(struct app *a, struct view *v, enum view_id id)
{
	struct slice words = buf_slice(&a->settings->columns[id]), wrong;
	if (!words.len || !v->column_count || layout_read(&v->layout, v->columns, v->column_count, words, &wrong))
		return;
	buf_addf(a->complaints, "line %d: there is no column ", a->settings->columns_line[id]);
	text_add_safe(a->complaints, wrong);
	buf_add_str(a->complaints, ", or it stands there twice\n");
}

bool app_follows(const struct app *a)
{
	int set = a->settings->value[SETTING_FOLLOW];
	return set ? set == 1 : source_is_live(capture_source(a->o->capture));
}

static struct view *make(struct app *a, enum view_id id)
{
	struct view *v = all[id]->make(a);
	view_init(v);
	use_columns(a, v, id);
	v->follow = (v->ops->where & IN_LISTS) && app_follows(a);
	if (v->ops->pick)
		order_set_filter(&v->order, a->filter);
	return a->view[id] = v;
}

struct view *app_get(struct app *a, enum view_id id)
{
	struct view *v = a->view[id];
	return !v || ((int)id >= TABS && on_stack(a, v)) ? make(a, id) : v;
}

static void drop(struct app *a, struct view *v)
{
	if (a->view[app_id(v)] == v)
		return;
	if (a->search.view == v)
		search_clear(&a->search);
	view_free(v);
}

void app_open(struct app *a, enum view_id id)
{
	struct view *v = app_get(a, id);
	if (a->depth == STACK_MAX) {
		app_notice(a, "So many screens lie over each other that there is no room for one more.");
		return;
	}
	if (v->ops->open)
		v->ops->open(v);
	a->stack[a->depth++] = v;
}

void app_back(struct app *a)
{
	if (a->depth > 1)
		drop(a, a->stack[--a->depth]);
}

void app_show_tab(struct app *a, enum view_id tab)
{
	uint32_t n = view_message(app_view(a));
	struct view *from = app_view(a), *to = app_get(a, tab);
	a->resting = NULL;
	if (from == to)
		return;
	while (a->depth > 1)
		app_back(a);
	if (a->depth && a->stack[0] == to)
		return;
	a->stack[0] = to;
	a->depth = 1;
	if (to->ops->open)
		to->ops->open(to);
	if (n && !view_follows(to))
		view_select(to, n);
}

void app_release_views(struct app *a)
{
	while (a->depth > 1)
		app_back(a);
	for (int i = 0; i < VIEWS; i++)
		if (a->view[i])
			view_free(a->view[i]);
}
