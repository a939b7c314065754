/*
 * The frame around the views:
 *
 *	 Threads  Messages                          following  12/345
 *	 …the view…
 *	 a notice, if there is one; it may take several lines
 *	 Lost: what was lost, if anything was
 *	 tcp.pcap  123 packets  79 messages …
 *	 F1 Help  Enter Open  …                     (or the line being typed)
 *
 * On a terminal too low for that the view goes before the rest.
 */
#include "tui/app.h"
#include "tui/footer.h"
#include "tui/status.h"

#include "base/amount.h"
#include "base/text.h"

enum {
	LEAST_BODY = 4,
	BAR = 16,
	PAIR_LINES = 4,
	NOTICE_LINES = 3,
	LOSS_LINES = 3 /* of what is wrong with the capture */,
	LEAST_LIST = 3, /* rows of a list, below the tabs and its titles, that longer sentences leave it */
	SIGNED = 4      /* letters from which on a name that is cut ends in "…" */
};

/* The line that is being made, emptied. */
static struct line *fresh(struct app *a)
{
	line_clear(&a->line);
	return &a->line;
}

/* Columns of the names of all tabs, each cut to `cut` letters except the one in view. */
static int tabs_width(struct app *a, size_t cut)
{
	int width = 0;
	for (int id = 0; id < TABS; id++) {
		size_t length = strlen(app_get(a, (enum view_id)id)->ops->name);
		bool whole = a->stack[0] == a->view[id] || length < cut;
		width += (int)(whole ? length : cut) + 2;
	}
	return width;
}

/* The names of the tabs: those that are not in view become shorter where there is no room. */
static void add_tabs(struct app *a, struct line *out, int width)
{
	size_t cut = 16;
	while (cut > 1 && tabs_width(a, cut) > width)
		cut--;
	for (int id = 0; id < TABS; id++) {
		struct slice name = slice_str(app_get(a, (enum view_id)id)->ops->name);
		bool in_view = a->stack[0] == a->view[id];
		line_add_str(out, in_view ? INK_BAR_KEY : INK_PLAIN, " ");
		line_add(out, in_view ? INK_BAR_KEY : INK_PLAIN, in_view || cut >= SIGNED ? name : slice_head(name, cut),
			 in_view ? 32 : (int)cut);
		line_add_str(out, in_view ? INK_BAR_KEY : INK_PLAIN, " ");
		a->tab_end[id] = out->columns;
	}
}

static void add_names(struct app *a, struct line *out, int width)
{
	memset(a->tab_end, 0, sizeof a->tab_end);
	if (a->depth == 1) {
		add_tabs(a, out, width);
		return;
	}
	for (int i = 0; i < a->depth; i++) {
		enum ink ink = i == a->depth - 1 ? INK_BAR_KEY : INK_PLAIN;
		line_addf(out, ink, i ? "> %s " : " %s ", a->stack[i]->ops->name);
	}
}

int frame_tab_at(const struct app *a, int col)
{
	int id = 0;
	while (id < TABS && col >= a->tab_end[id])
		id++;
	return id;
}

static void add_progress(struct buf *out, const char *what, int percent)
{
	buf_addf(out, "%s ", what);
	status_add_bar(out, percent, BAR);
	buf_addf(out, " %d%%  ", percent);
}

/* "paused, 1,234 newer" */
static void add_paused(const struct app *a, struct buf *out)
{
	buf_add_str(out, "paused");
	uint32_t newer = session_count(a->session) - a->seen.messages;
	if (newer) {
		buf_add_str(out, ", ");
		amount_add_grouped(out, newer);
		buf_add_str(out, " newer");
	}
	buf_add_str(out, "  ");
}

static void add_loading(const struct app *a, struct buf *out)
{
	const char *what = a->intake.resting ? a->intake.resting : "loading";
	bool stopped = a->intake.stopped;
	uint64_t done = 0, total = 0;
	if ((intake_over(&a->intake) && !stopped) || source_is_live(capture_source(a->o->capture)))
		return;
	capture_progress(a->o->capture, &done, &total);
	int percent = !total ? -1 : done < total ? (int)((double)done * 100 / (double)total) : 100;
	if (percent < 0)
		buf_addf(out, "%s  ", stopped ? "not read to its end" : what);
	else if (stopped)
		buf_addf(out, "only %d%% read  ", percent);
	else
		add_progress(out, what, percent);
}

/* By what the rows are sorted: "by Latency ▲" */
static void add_sorting(const struct view *v, struct buf *out)
{
	if (v->order.column != ORDER_NONE)
		buf_addf(out, "by %s ", v->columns[v->order.column].title);
	buf_add_str(out, v->order.reverse ? "▼  " : "▲  ");
}

static uint64_t news_of(struct view *v)
{
	return v->ops->news ? v->ops->news(v) : 0;
}

/* Where in the list the selection is: "5/109 · 2 news". */
static void add_position(struct view *v, struct buf *out)
{
	uint64_t news = v->order.filter ? 0 : news_of(v);
	if (list_empty(&v->list))
		return;
	amount_add_grouped(out, v->list.selected - v->list.first + 1);
	buf_add_byte(out, '/');
	amount_add_grouped(out, v->list.end - v->list.first);
	if (news) {
		buf_add_str(out, " · ");
		amount_add_grouped(out, news);
		buf_add_str(out, " news");
	}
	buf_add_byte(out, ' ');
}

/* What is going on, at the right of the title. */
static void add_flags(const struct app *a, struct buf *out)
{
	struct view *v = app_view(a);
	int percent = 0;
	const char *doing = order_doing(&v->order, &percent);
	if (!doing && v->ops->doing && a->resting != v)
		doing = v->ops->doing(v, &percent);
	if (a->search.running)
		add_progress(out, "searching, Esc stops", search_percent(&a->search));
	else if (doing)
		add_progress(out, doing, percent);
	else
		add_loading(a, out);
	if (v->order.column != ORDER_NONE || v->order.reverse)
		add_sorting(v, out);
	if (a->paused)
		add_paused(a, out);
	if (a->resting == v)
		buf_add_str(out, "stopped  ");
	if (view_follows(v))
		buf_add_str(out, "following  ");
	add_position(v, out);
}

static void draw_title(struct app *a, int width)
{
	static const char secrets[] = " SECRETS SHOW ";
	struct line *l = fresh(a);
	struct view *v = app_view(a);
	buf_clear(&a->scratch);
	add_flags(a, &a->scratch);
	int right = text_columns(buf_slice(&a->scratch)) + (a->show_secrets ? (int)sizeof secrets - 1 : 0);
	add_names(a, l, width - right);
	if (v->ops->add_title)
		v->ops->add_title(v, l);
	screen_put(a->screen, 0, 0, width, l, EMPHASIS_BAR);
	bool covered = l->columns > width - right;
	line_clear(l);
	if (covered)
		line_add_str(l, INK_PLAIN, "…");
	if (a->show_secrets)
		line_add_str(l, INK_ERROR, secrets);
	line_add(l, INK_PLAIN, buf_slice(&a->scratch), width);
	screen_put(a->screen, 0, l->columns < width ? width - l->columns : 0, l->columns, l, EMPHASIS_BAR);
}

enum command frame_footer_at(const struct app *a, int col)
{
	return footer_at(&a->settings->keys, app_context(a), screen_columns(a->screen), col);
}

/* The keys of a dialog, "Enter Show\tEsc Leave": of each part the first word is a key. */
static void draw_hint(struct line *out, const char *hint, int width)
{
	while (*hint) {
		size_t all = strcspn(hint, "\t"), key = strcspn(hint, " ");
		line_add(out, INK_BAR_KEY, slice_of((const uint8_t *)hint, key), width - out->columns);
		line_add(out, INK_BAR, slice_of((const uint8_t *)hint + key, all - key), width - out->columns);
		line_pad(out, INK_PLAIN, out->columns < width ? out->columns + 1 : width);
		hint += all + (hint[all] != 0);
	}
}

static void draw_footer(struct app *a, int row, int width)
{
	struct line *l = fresh(a);
	if (a->dialog) {
		draw_hint(l, a->dialog->ops->hint, width);
	} else if (a->prompt.open) {
		size_t from;
		line_add_str(l, INK_STRONG, width < 24 ? "/" : " Search: ");
		screen_cursor(a->screen, row, prompt_draw(&a->prompt, width - l->columns, l, &from));
	} else {
		footer_add(l, &a->settings->keys, app_context(a), width);
	}
	screen_put(a->screen, row, 0, width, l, EMPHASIS_NONE);
}

static void draw_status(struct app *a, int row, int width, const struct session_counts *s, const struct capture_counts *c)
{
	struct line *l = fresh(a);
	const char *source = source_proxy(capture_source(a->o->capture)) ? "proxy" : a->o->source;
	status_add(l, source, s, c, session_threads(a->session), width);
	screen_put(a->screen, row, 0, width, l, EMPHASIS_NONE);
}

/* Draws a line of text at the bottom of what is left of the rows, if there is text and room. */
static void draw_text(struct app *a, int *bottom, int width, enum ink ink, struct slice text)
{
	if (!text.len || *bottom < LEAST_BODY)
		return;
	struct line *l = fresh(a);
	line_add(l, ink, text, width);
	screen_put(a->screen, --*bottom, 0, width, l, EMPHASIS_NONE);
}

/* How many lines a sentence may take: one, and more only where the list keeps some rows. */
static int lines_for(int bottom, int most)
{
	int spare = bottom - LEAST_LIST - 2;
	return spare < 1 ? 1 : spare < most ? spare : most;
}

/* The same for a sentence that may be longer than a line; the parts after the first begin with the space that was between. */
static void draw_wrapped(struct app *a, int *bottom, int width, enum ink ink, struct slice text, int lines)
{
	size_t n = lines > 1 ? line_wrap(text, width) : text.len;
	if (n < text.len)
		draw_wrapped(a, bottom, width, ink, slice_skip(text, n), lines - 1);
	draw_text(a, bottom, width, ink, slice_head(text, n));
}

/* The filter, and how many rows it lets through. */
static void draw_filter(struct app *a, int *bottom, int width)
{
	const struct view *v = app_view(a);
	uint64_t first, end;
	if (!a->filter)
		return;
	buf_clear(&a->scratch);
	buf_add_str(&a->scratch, v->order.filter ? " Filter " : " Filter of Threads and Messages  ");
	if (v->order.filter) {
		v->ops->rows(app_view(a), &first, &end);
		amount_add_grouped(&a->scratch, v->order.count);
		buf_add_byte(&a->scratch, '/');
		amount_add_counted(&a->scratch, end - first - news_of(app_view(a)), v->ops->noun);
		buf_add_str(&a->scratch, "  ");
	}
	buf_add(&a->scratch, buf_slice(&a->filter_text));
	draw_text(a, bottom, width, INK_STRONG, buf_slice(&a->scratch));
}

static void draw_damage(struct app *a, int *bottom, int width)
{
	if (a->intake.state != INTAKE_DAMAGED && !source_lost_part(capture_source(a->o->capture)))
		return;
	buf_clear(&a->scratch);
	buf_addf(&a->scratch, " %s", source_error(capture_source(a->o->capture)));
	draw_wrapped(a, bottom, width, INK_ERROR, buf_slice(&a->scratch), lines_for(*bottom, LOSS_LINES));
}

/* Where there is no room for it, it goes without its colons. */
static void draw_fingerprint(struct app *a, int *bottom, int width, const char *fingerprint)
{
	static const char label[] = " Certificate, SHA-256 ", short_label[] = " SHA-256 ";
	bool fits = sizeof label + strlen(fingerprint) <= (size_t)width;
	buf_clear(&a->scratch);
	buf_add_str(&a->scratch, fits ? label : short_label);
	for (; *fingerprint; fingerprint++)
		if (fits || *fingerprint != ':')
			buf_add_byte(&a->scratch, (uint8_t)*fingerprint);
	draw_text(a, bottom, width, INK_STRONG, buf_slice(&a->scratch));
}

/* Appends where the proxy listens and leads to: as many pairs to a line as fit, and how many more there are than fit into the lines. */
static void add_pairs(struct buf *out, const struct proxy *p, int width)
{
	static const char label[] = " Listening on ";
	enum { INDENT = sizeof label - 1 };
	const char *name;
	int used = 0, lines = 0;
	for (size_t i = 0; (name = proxy_pair_name(p, i)); i++) {
		int columns = text_columns(slice_str(name));
		if (i && used + columns + 3 <= width) { /* a comma, a space, a comma behind it */
			buf_addf(out, ", %s", name);
			used += 2 + columns;
			continue;
		}
		if (++lines > PAIR_LINES) {
			buf_addf(out, ",\n%*sand %zu more", INDENT, "", proxy_pairs(p) - i);
			return;
		}
		buf_add_str(out, i ? ",\n" : label);
		buf_addf(out, "%*s%s", i ? INDENT : 0, "", name);
		used = INDENT + columns;
	}
}

/* Draws lines of text as draw_text does one. */
static void draw_lines(struct app *a, int *bottom, int width, enum ink ink, struct slice text)
{
	while (text.len) {
		const uint8_t *end = memrchr(text.at, '\n', text.len);
		size_t before = end ? (size_t)(end - text.at) : 0;
		draw_text(a, bottom, width, ink, slice_skip(text, end ? before + 1 : 0));
		text.len = before;
	}
}

/* What is to be known of the proxy: where it listens, which certificate it shows, and in red what is not as it should be about it. */
static void draw_proxy(struct app *a, int *bottom, int width)
{
	const struct proxy *p = source_proxy(capture_source(a->o->capture));
	if (!p)
		return;
	buf_clear(&a->scratch);
	add_pairs(&a->scratch, p, width);
	draw_lines(a, bottom, width, INK_STRONG, buf_slice(&a->scratch));
	if (proxy_fingerprint(p))
		draw_fingerprint(a, bottom, width, proxy_fingerprint(p));
	for (size_t i = 0; proxy_warning(p, i); i++) {
		buf_clear(&a->scratch);
		buf_addf(&a->scratch, " %s", proxy_warning(p, i));
		draw_text(a, bottom, width, INK_ERROR, buf_slice(&a->scratch));
	}
}

static void draw_losses(struct app *a, int *bottom, int width, const struct session_counts *s, const struct capture_counts *c)
{
	buf_clear(&a->scratch);
	int lines = lines_for(*bottom, LOSS_LINES);
	status_add_losses(&a->scratch, s, c, a->o->utc, width, lines);
	draw_wrapped(a, bottom, width, INK_WARNING, buf_slice(&a->scratch), lines);
}

void frame_draw(struct app *a)
{
	int width = screen_columns(a->screen), bottom = screen_rows(a->screen);
	struct session_counts s = session_counts(a->session);
	struct capture_counts c = capture_counts(a->o->capture);
	if (bottom > 2)
		draw_footer(a, --bottom, width);
	if (bottom > LEAST_BODY)
		draw_status(a, --bottom, width, &s, &c);
	draw_proxy(a, &bottom, width);
	draw_filter(a, &bottom, width);
	draw_losses(a, &bottom, width, &s, &c);
	draw_damage(a, &bottom, width);
	draw_wrapped(a, &bottom, width, INK_STRONG, buf_slice(&a->notice), lines_for(bottom, NOTICE_LINES));
	struct area body = { 1, 0, bottom - 1, width };
	view_draw(app_view(a), body);
	if (a->dialog)
		dialog_draw(a->dialog, body);
	draw_title(a, width);
	screen_flush(a->screen);
}
