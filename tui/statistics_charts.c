/*
 * Drawing the statistics: the rate of messages over time, the table, and the latencies of the selected row, a bar for each order of size, below the
 * table or, where there is room, beside it.
 */
#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "tui/app.h"
#include "tui/blocks.h"
#include "tui/statistics_part.h"
#include "tui/sums.h"

enum {
	BESIDE_LEAST = 130,
	BESIDE_SHARE = 3, /* columns from which on the bars stand beside the rows, in a third of them */
	BELOW_LEAST = 17, /* rows from which on they stand below */
	LABEL = 8,
	NUMBERS = 15,
	CHART_MAX = TIMELINE_BINS,
};

static void put(struct view *v, struct area *area, const struct line *l)
{
	if (area->height-- > 0)
		screen_put(v->app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
}

/* Of what was forgotten before it could be added up nothing here tells. */
static void add_missed(struct buf *out, uint32_t missed)
{
	buf_add_str(out, ", without ");
	amount_add_grouped(out, missed);
	buf_add_str(out, " forgotten before");
}

/* Behind "Messages over time": ": 79 in 2.06s, 38/s on average, at most 12 in 1.0ms" */
static void add_rate(struct buf *out, const uint64_t *value, size_t count, int64_t width)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += value[i];
	buf_add_str(out, ": ");
	amount_add_grouped(out, sum);
	if (!count || width <= 0)
		return;
	buf_add_str(out, " in ");
	when_add_span(out, (int64_t)count * width);
	buf_add_str(out, ", ");
	amount_add_grouped(out, (uint64_t)((double)sum / ((double)count * (double)width / NS_PER_S) + 0.5));
	buf_add_str(out, "/s on average, at most ");
	amount_add_grouped(out, blocks_most(value, count));
	buf_add_str(out, " in ");
	when_add_span(out, width);
}

/* The rate, in a heading and `high` rows; each value as wide as there is room for. */
static void draw_rate(struct view *v, struct area *area, int high)
{
	struct line *l = &v->app->line;
	struct buf *text = &statistics_of(v)->text;
	uint64_t value[CHART_MAX], wide[CHART_MAX];
	int64_t width;
	size_t most = area->width < 0 ? 0 : area->width > CHART_MAX ? CHART_MAX : (size_t)area->width;
	size_t count = timeline_fit(stats_rate(sums_of(v->app)), value, most, &width), each = count ? most / count : 0;
	buf_clear(text);
	buf_add_str(text, " Messages over time");
	if (stats_missed(sums_of(v->app)))
		add_missed(text, stats_missed(sums_of(v->app)));
	add_rate(text, value, count, width);
	line_clear(l);
	line_add(l, INK_STRONG, buf_slice(text), area->width);
	put(v, area, l);
	for (size_t i = 0; i < count * each; i++)
		wide[i] = value[i / each];
	for (int row = high - 1; row >= 0; row--) {
		buf_clear(text);
		blocks_add_chart(text, wide, count * each, blocks_most(value, count), row, high);
		line_clear(l);
		line_add(l, INK_STREAM, buf_slice(text), area->width);
		put(v, area, l);
	}
}

/* "query: p50 44.0ms, p90 44.0ms, p99 301ms, max 301ms of 12 replies" */
static void draw_latency_heading(struct view *v, struct area *area, const struct row *r)
{
	static const struct {
		const char *name;
		unsigned percent;
	} shown[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "max", 100 } };
	struct line *l = &v->app->line;
	struct buf *text = &statistics_of(v)->text;
	struct quantile *q = &r->requests->latency;
	line_clear(l);
	if (r->conn)
		line_addf(l, INK_HEAD, " connection %u", r->conn->info.number);
	else {
		line_add_str(l, INK_HEAD, " ");
		line_add(l, INK_HEAD, r->name, area->width / 2);
	}
	buf_clear(text);
	for (size_t i = 0; q->count && i < sizeof shown / sizeof *shown; i++) {
		buf_addf(text, "  %s ", shown[i].name);
		when_add_span(text, quantile_at(q, shown[i].percent));
	}
	if (!q->count)
		buf_add_str(text, r->requests->requests ? ": no request has had its reply" : ": no requests, so no latencies");
	line_add(l, INK_HEAD, buf_slice(text), area->width - l->columns);
	line_pad(l, INK_HEAD, area->width);
	put(v, area, l);
}

/* "  20.0ms ██████▌         123  27%" */
static void draw_bucket(struct view *v, struct area *area, const struct row *r, unsigned bucket, uint64_t count, uint64_t most)
{
	struct line *l = &v->app->line;
	struct buf *text = &statistics_of(v)->text;
	int bar = area->width - LABEL - NUMBERS - 2;
	buf_clear(text);
	when_add_span(text, histogram_from(bucket));
	line_clear(l);
	line_add_cell(l, INK_DIM, buf_slice(text), LABEL, true);
	line_add_str(l, INK_PLAIN, " ");
	buf_clear(text);
	blocks_add_bar(text, count, most, bar);
	line_add_cell(l, INK_REPLY, buf_slice(text), bar > 0 ? bar : 0, false);
	buf_clear(text);
	amount_add_grouped(text, count);
	buf_addf(text, " %3.0f%%", (double)count * 100 / (double)r->requests->latency.count);
	line_add_cell(l, INK_PLAIN, buf_slice(text), NUMBERS, true);
	put(v, area, l);
}

static void clear_area(struct view *v, struct area area)
{
	line_clear(&v->app->line);
	while (area.height > 0)
		put(v, &area, &v->app->line);
}

/* Sums of as many neighbours each as make no more than `rows` of all; how many sums. */
static unsigned merge_buckets(const struct histogram *h, unsigned first, unsigned last, unsigned rows, uint64_t sum[HISTOGRAM_BUCKETS],
			      unsigned *each)
{
	unsigned count = last - first + 1;
	*each = 1 + (count - 1) / rows;
	memset(sum, 0, HISTOGRAM_BUCKETS * sizeof *sum);
	for (unsigned i = 0; i < count; i++)
		sum[i / *each] += h->count[first + i];
	return 1 + (count - 1) / *each;
}

/* The latencies of the selected row: those buckets that have something, and those between; where there is no room for all, several in one. */
static void draw_latencies_of(struct view *v, struct area area)
{
	struct row r;
	uint64_t number;
	unsigned first, last, each;
	uint64_t sum[HISTOGRAM_BUCKETS];
	clear_area(v, area);
	if (!view_row(v, &number) || !statistics_row(v, number, &r))
		return;
	draw_latency_heading(v, &area, &r);
	if (area.height <= 0 || !histogram_span(&r.requests->histogram, &first, &last))
		return;
	unsigned rows = merge_buckets(&r.requests->histogram, first, last, (unsigned)area.height, sum, &each);
	uint64_t most = blocks_most(sum, rows);
	for (unsigned i = 0; i < rows; i++)
		draw_bucket(v, &area, &r, first + i * each, sum[i], most);
}

/* Which buckets the small charts show: those that any row has something in. */
static void find_span(struct statistics *s)
{
	struct stats *st = sums_of(s->view.app);
	bool any = false;
	unsigned first, last;
	s->first = s->last = 0;
	for (size_t i = 0; i < stats_commands(st); i++) {
		if (!histogram_span(&stats_command(st, i)->requests.histogram, &first, &last))
			continue;
		s->first = any && s->first < first ? s->first : first;
		s->last = any && s->last > last ? s->last : last;
		any = true;
	}
}

void statistics_draw(struct view *v, struct area area)
{
	int high = area.height >= 30 ? 4 : area.height >= 16 ? 2 : area.height >= 10 ? 1 : 0;
	struct area pane = { 0 };
	find_span(statistics_of(v));
	v->columns[STATISTICS_NAME].title = statistics_of(v)->by_conn ? "Connection" : "Command";
	if (high)
		draw_rate(v, &area, high);
	if (area.width >= BESIDE_LEAST) {
		int beside = area.width / BESIDE_SHARE;
		pane = (struct area){ area.row, area.col + area.width - beside + 1, area.height, beside - 1 };
		area.width -= beside;
	} else if (area.height >= BELOW_LEAST) {
		int below = area.height * 2 / 5;
		pane = (struct area){ area.row + area.height - below, area.col, below, area.width };
		area.height -= below;
	}
	view_draw_table(v, area);
	if (!pane.height)
		return;
	if (pane.col > area.col)
		clear_area(v, (struct area){ pane.row, pane.col - 1, pane.height, 1 });
	draw_latencies_of(v, pane);
}
