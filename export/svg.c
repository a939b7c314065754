/*
 * -T svg: a diagram as a picture.
 *
 *	 time |   lifeline 0              lifeline 1        | rules
 *	      |  +----------+            +----------+       |
 *	      |       |  label            +1.2ms  |         |
 *	0.004 |       |-------------------------->|         | (seq-gap)
 *
 * Everything is placed by arithmetic from the row and the actor; texts are cut by columns of a monospaced font, whose width is assumed
 * with some room to spare. A row is a group with a title, which browsers show as a tooltip.
 */
#include "export/svg.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "export/drawing.h"
#include "export/xml.h"

enum {
	TIME_WIDTH = 104,
	TOP = 16,
	BOX_HEIGHT = 48,
	ROW = 38,
	BOX_COLUMNS = 28,
	EDGE = 116,
	RULES_WIDTH = 250,
	RULE_COLUMNS = 31,
	SPACING_WIDE = 640,
	SPACING_LEAST = 330,
	LETTER_TENTHS = 73,
	FOOT = 30,
};

static const char style[] =
	"<style>"
	".ev{--bg:#fff;--fg:#1f2937;--dim:#6b7280;--line:#cbd5e1;--box:#f1f5f9;--req:#1d4ed8;--rep:#0f766e;--evt:#7e22ce;--str:#b45309;--bad:#dc2626;"
	"--note:#e2e8f0;--notet:#334155;--warn:#fde68a;--warnt:#78350f;--err:#fecaca;--errt:#7f1d1d}"
	"@media(prefers-color-scheme:dark){.ev{--bg:#0f172a;--fg:#e2e8f0;--dim:#94a3b8;--line:#475569;--box:#1e293b;--req:#7cb0ff;--rep:#5eead4;"
	"--evt:#d8b4fe;--str:#fbbf24;--bad:#f87171;--note:#334155;--notet:#e2e8f0;--warn:#78500f;--warnt:#fef3c7;--err:#7f1d1d;--errt:#fee2e2}}"
	".ev{background:var(--bg)}.ev text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:var(--fg);white-space:pre}"
	".ev .dim{fill:var(--dim);font-size:11px}.ev .who{font-weight:600}.ev .end{text-anchor:end}.ev .mid{text-anchor:middle}"
	".ev .life{stroke:var(--line)}.ev .box{fill:var(--box);stroke:var(--line)}.ev path{fill:none;stroke:currentColor;stroke-width:1.4}"
	".ev .tip{fill:currentColor;stroke:none}.ev .request,.ev .single{color:var(--req)}.ev .reply{color:var(--rep)}.ev .event{color:var(--evt)}"
	".ev .stream{color:var(--str)}.ev .failed{color:var(--bad)}.ev .reply path.shaft,.ev .failed path.shaft{stroke-dasharray:6 4}"
	".ev .stream path.shaft{stroke-width:3.2}.ev .failed .label{fill:var(--bad)}.ev .hit{fill:transparent}.ev g:hover>.hit{fill:var(--box)}"
	".ev .p0{fill:var(--note)}.ev .p1{fill:var(--warn)}.ev .p2{fill:var(--err)}.ev .t0{fill:var(--notet)}.ev .t1{fill:var(--warnt)}.ev .t2{fill:var(--errt)}"
	"</style>";

/* Where things are. */
struct layout {
	int spacing, width, height, rules; /* rules: where the column begins, 0 for none */
};

static bool any_rules(const struct diagram *d)
{
	for (size_t i = 0; i < d->rows; i++)
		if (d->row[i].rules)
			return true;
	return false;
}

static int actor_x(const struct layout *l, unsigned actor)
{
	return TIME_WIDTH + EDGE + (int)actor * l->spacing;
}

static struct layout lay_out(const struct diagram *d)
{
	struct layout l = { 0 };
	int gaps = d->actors > 1 ? (int)d->actors - 1 : 1;
	l.spacing = SPACING_WIDE * 2 / (gaps + 1);
	if (l.spacing < SPACING_LEAST)
		l.spacing = SPACING_LEAST;
	l.width = actor_x(&l, (unsigned)gaps) + EDGE;
	if (any_rules(d)) {
		l.rules = l.width - EDGE + 24;
		l.width = l.rules + RULES_WIDTH;
	}
	l.height = TOP + BOX_HEIGHT + ROW / 2 + (int)d->rows * ROW + FOOT + (d->left_out || d->news_left_out ? ROW : 0);
	return l;
}

/* A text that is cut to so many columns. */
static void add_text(struct buf *out, int x, int y, const char *class, struct slice text, int columns)
{
	struct buf fit = { 0 };
	text_add_fit(&fit, text, columns);
	buf_addf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	xml_add(out, buf_slice(&fit));
	buf_add_str(out, "</text>");
	buf_release(&fit);
}

static void add_actor(struct buf *out, const struct layout *l, const struct diagram_actor *a, unsigned i)
{
	struct buf text = { 0 };
	int x = actor_x(l, i), bottom = l->height - FOOT / 2;
	buf_addf(out, "<path class=\"life\" d=\"M%d %dV%d\"/>", x, TOP + BOX_HEIGHT, bottom);
	buf_addf(out, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>", x - 110, TOP, 220, BOX_HEIGHT);
	diagram_add_name(&text, a);
	int line = TOP + (text.len ? 20 : 29);
	add_text(out, x, line, "mid who", buf_slice(&text), BOX_COLUMNS);
	buf_clear(&text);
	diagram_add_address(&text, a);
	add_text(out, x, TOP + (line == TOP + 20 ? 37 : 29), "mid dim", buf_slice(&text), BOX_COLUMNS + 4);
	buf_add_byte(out, '\n');
	buf_release(&text);
}

static const char *class_of(const struct diagram_row *r)
{
	if (r->failed)
		return "failed";
	return r->kind == DIAGRAM_STREAM ? "stream" : role_name(r->role);
}

static void add_arrow(struct buf *out, const struct layout *l, const struct diagram_row *r, int y)
{
	int from = actor_x(l, r->from), to = actor_x(l, r->to), way = to < from ? -1 : 1;
	buf_addf(out, "<path class=\"shaft\" d=\"M%d %dH%d\"/>", from, y, to - way * 8);
	if (r->failed)
		buf_addf(out, "<path d=\"M%d %dl%d 10m0 -10l%d 10\"/>", to - way * 12, y - 5, way * 10, -way * 10);
	else
		buf_addf(out, "<path class=\"tip\" d=\"M%d %dl%d -5v10z\"/>", to - way, y, -way * 10);
}

/* Label on the left of the arrow's way, latency on its right. */
static void add_label(struct buf *out, const struct layout *l, const struct diagram_row *r, int y)
{
	struct buf label = { 0 }, span = { 0 };
	int a = actor_x(l, r->from), b = actor_x(l, r->to), left = a < b ? a : b, right = a < b ? b : a;
	int columns = (right - left - 20) * 10 / LETTER_TENTHS;
	diagram_add_span(&span, r);
	if (span.len) {
		buf_addf(out, "<text x=\"%d\" y=\"%d\" class=\"dim end\">", right - 12, y - 7);
		xml_add(out, buf_slice(&span));
		buf_add_str(out, "</text>");
		columns -= text_columns(buf_slice(&span)) + 1;
	}
	diagram_add_label(&label, r);
	if (r->kind == DIAGRAM_MESSAGE && r->text.len) {
		buf_add_str(&label, "  ");
		buf_add(&label, r->text);
	}
	add_text(out, left + 10, y - 7, "label", buf_slice(&label), columns);
	buf_release(&label);
	buf_release(&span);
}

static void add_rules(struct buf *out, const struct layout *l, const struct diagram_row *r, int y)
{
	struct buf rules = { 0 };
	int worst = rules_worst(r->rules);
	if (worst < 0)
		return;
	diagram_add_rules(&rules, r->rules);
	int columns = text_columns(buf_slice(&rules));
	int width = (columns < RULE_COLUMNS ? columns : RULE_COLUMNS) * LETTER_TENTHS / 10 + 18;
	buf_addf(out, "<rect class=\"p%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"20\" rx=\"10\"/>", worst, l->rules, y - 12, width);
	char class[] = { 't', (char)('0' + worst), 0 };
	add_text(out, l->rules + 9, y + 2, class, buf_slice(&rules), RULE_COLUMNS);
	buf_release(&rules);
}

static void add_title(struct buf *out, const struct diagram_row *r)
{
	struct buf text = { 0 };
	drawing_add_line(&text, r, 240);
	if (r->kind == DIAGRAM_MESSAGE) {
		buf_add_str(&text, ", ");
		amount_add_counted(&text, r->bytes, "byte");
	}
	if (r->rules) {
		buf_add_str(&text, ", ");
		drawing_add_note(&text, r);
	}
	buf_add_str(out, "<title>");
	xml_add(out, buf_slice(&text));
	buf_add_str(out, "</title>");
	buf_release(&text);
}

static void add_news(struct buf *out, const struct layout *l, const struct diagram_row *r, int y)
{
	int a = actor_x(l, r->from), b = actor_x(l, r->to), left = a < b ? a : b, width = a < b ? b - a : a - b;
	buf_addf(out, "<rect class=\"p1\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"22\" rx=\"4\"/>", left + 8, y - 16, width - 16);
	add_text(out, left + width / 2, y - 1, "mid t1", r->text, (width - 40) * 10 / LETTER_TENTHS);
}

static void add_row(struct buf *out, const struct layout *l, const struct svg_options *o, const struct diagram_row *r, int y)
{
	struct buf time = { 0 };
	bool link = o->links && r->kind != DIAGRAM_NEWS;
	if (link)
		buf_addf(out, "<a href=\"#m%u\">", r->n);
	buf_addf(out, "<g class=\"%s\">", r->kind == DIAGRAM_NEWS ? "news" : class_of(r));
	add_title(out, r);
	buf_addf(out, "<rect class=\"hit\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>", y - ROW + 10, l->width, ROW);
	when_add_seconds(&time, r->time - o->start);
	add_text(out, TIME_WIDTH - 8, y - 2, "dim end", slice_head(buf_slice(&time), time.len - 3), 16);
	if (r->kind == DIAGRAM_NEWS) {
		add_news(out, l, r, y);
	} else {
		add_arrow(out, l, r, y);
		add_label(out, l, r, y);
		add_rules(out, l, r, y);
	}
	buf_addf(out, "</g>%s\n", link ? "</a>" : "");
	buf_release(&time);
}

static uint64_t messages_of(const struct diagram *d)
{
	uint64_t n = 0;
	for (size_t i = 0; i < d->rows; i++)
		n += diagram_row_messages(&d->row[i]);
	return n;
}

void svg_add(struct buf *out, const struct diagram *d, const struct svg_options *o)
{
	struct layout l = lay_out(d);
	struct buf note = { 0 };
	int y = TOP + BOX_HEIGHT + ROW;
	buf_addf(out,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ev\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">",
		 l.width, l.height, l.width, l.height);
	buf_add_str(out, "<title>");
	amount_add_counted(out, messages_of(d), "message");
	buf_addf(out, " between %u ends</title>%s\n", d->actors, style);
	buf_addf(out, "<rect width=\"%d\" height=\"%d\" style=\"fill:var(--bg)\"/>\n", l.width, l.height);
	for (unsigned i = 0; i < d->actors; i++)
		add_actor(out, &l, &d->actor[i], i);
	for (size_t i = 0; i < d->rows; i++, y += ROW)
		add_row(out, &l, o, &d->row[i], y);
	diagram_add_left_out(&note, d->left_out, d->news_left_out, "the limit is 500 arrows and 16 lifelines");
	if (note.len)
		add_text(out, TIME_WIDTH, y, "dim", buf_slice(&note), 120);
	buf_add_str(out, "</svg>\n");
	buf_release(&note);
}

static void svg_begin(struct printer *p)
{
	drawing_begin(p, SVG_ROWS);
}

static void svg_end(struct printer *p)
{
	const struct drawing *drawing = p->state;
	struct svg_options o = { .start = capture_first_time(p->capture) };
	buf_add_str(&p->line, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	svg_add(&p->line, &drawing->diagram, &o);
}

const struct exporter exporter_svg = {
	.name = "svg",
	.help = "a sequence diagram as a picture",
	.settled = true,
	.begin = svg_begin,
	.message = drawing_message,
	.rule = drawing_rule,
	.news = drawing_news,
	.end = svg_end,
	.heard = drawing_heard,
	.release = drawing_release,
};
