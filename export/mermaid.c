/*
 * -T mermaid: a sequence diagram in the syntax of mermaid.js, which GitHub, GitLab and many wikis draw from a ```mermaid block.
 *
 * Its grammar ends a text at a line break or a semicolon and reads #NUMBER; as the character of that number. So every character that is not
 * plainly a letter, a digit or harmless punctuation is written that way, and no text from the wire can end its own line. Renderers refuse
 * a text of more than 50,000 characters (maxTextSize): the diagram stays below that.
 */
#include "base/bound.h"
#include "base/text.h"
#include "export/diagram_lines.h"

enum { ROWS = BOUND(500, 20), TEXT_MAX = 48000 };

/* Of a line with one of these, a colon and a #NUMBER; the last semicolon is taken away before it is read. */
static bool is_styling(struct slice text)
{
	return slice_starts(text, "style") || slice_starts(text, "classDef");
}

static void add_text(struct buf *out, struct slice text)
{
	while (text.len) {
		uint32_t p;
		bool styling = is_styling(text);
		text = slice_skip(text, text_next(text, &p, NULL));
		bool plain = (p >= '0' && p <= '9') || (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z') || p >= 0xa0 ||
			     (p && strchr(" ._,+=()/{}[]\"':-?!*", (int)p));
		if (plain && !styling)
			text_add_point(out, p);
		else
			buf_addf(out, "#%u;", p);
	}
}

static void begin_actor(struct buf *out, unsigned i)
{
	buf_addf(out, "    participant A%u as ", i);
}

static void end_actor(struct buf *out, unsigned i)
{
	(void)i;
	buf_add_byte(out, '\n');
}

static const char *arrow_of(const struct diagram_row *r)
{
	if (r->failed)
		return "--x";
	if (r->role == ROLE_REPLY)
		return "-->>";
	return r->role == ROLE_EVENT || r->kind == DIAGRAM_STREAM ? "-)" : "->>";
}

static void begin_arrow(struct buf *out, const struct diagram_row *r)
{
	buf_addf(out, "    A%u%sA%u: ", r->from, arrow_of(r), r->to);
}

static void begin_note(struct buf *out, const struct diagram_row *r)
{
	buf_addf(out, "    Note over A%u,A%u: ", r->from < r->to ? r->from : r->to, r->from < r->to ? r->to : r->from);
}

static const struct diagram_language language = { add_text, begin_actor, end_actor, "<br/>", begin_arrow, begin_note };

static void mermaid_begin(struct printer *p)
{
	drawing_begin(p, ROWS);
}

static void mermaid_end(struct printer *p)
{
	const struct drawing *drawing = p->state;
	const struct diagram *d = &drawing->diagram;
	struct buf *out = &p->line;
	uint64_t messages = d->left_out, news = d->news_left_out;
	buf_add_str(out, "sequenceDiagram\n");
	diagram_add_actors(out, &language, d);
	for (size_t i = 0; i < d->rows; i++) {
		const struct diagram_row *r = &d->row[i];
		if (out->len < TEXT_MAX) {
			diagram_add_row(out, &language, r);
			continue;
		}
		messages += diagram_row_messages(r);
		news += r->kind == DIAGRAM_NEWS;
	}
	diagram_add_rest(out, &language, d, messages, news, "the limit is 500 arrows, 16 participants or 48,000 characters");
}

const struct exporter exporter_mermaid = {
	.name = "mermaid",
	.help = "a sequence diagram for mermaid.js",
	.settled = true,
	.begin = mermaid_begin,
	.message = drawing_message,
	.rule = drawing_rule,
	.news = drawing_news,
	.end = mermaid_end,
	.heard = drawing_heard,
	.release = drawing_release,
};
