/*
 * -T mermaid: a sequence diagram in the syntax of mermaid.js, which GitHub, GitLab and many wikis draw from a ```mermaid block.
 *
 * Its grammar ends a text at a line break or a semicolon and reads #NUMBER; as the character of that number. So every character that is not
 * plainly a letter, a digit or harmless punctuation is written that way, and no text from the wire can end its own line. Renderers refuse
 * a text of more than 50,000 characters (maxTextSize): the diagram stays below that.
 */
#include "export/drawing.h"

#include "base/text.h"

enum { ROWS = 500, COLUMNS = 72, TEXT_MAX = 48000 };

static void add_text(struct buf *out, struct slice text)
{
	while (text.len) {
		uint32_t p;
		text = slice_skip(text, text_next(text, &p, NULL));
		bool plain = (p >= '0' && p <= '9') || (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z') || p >= 0xa0 || (p && strchr(" ._,+=()/{}[]\"':-?!*", (int)p));
		if (plain)
			text_add_point(out, p);
		else
			buf_addf(out, "#%u;", p);
	}
}

static void add_actor(struct buf *out, unsigned i, const struct diagram_actor *a)
{
	struct buf text = { 0 };
	buf_addf(out, "    participant A%u as ", i);
	diagram_add_address(&text, a);
	add_text(out, buf_slice(&text));
	buf_clear(&text);
	diagram_add_name(&text, a);
	if (text.len)
		buf_add_str(out, "<br/>");
	add_text(out, buf_slice(&text));
	buf_add_byte(out, '\n');
	buf_release(&text);
}

static const char *arrow_of(const struct diagram_row *r)
{
	if (r->failed)
		return "--x";
	if (r->role == ROLE_REPLY)
		return "-->>";
	return r->role == ROLE_EVENT || r->kind == DIAGRAM_STREAM ? "-)" : "->>";
}

static void add_note(struct buf *out, const struct diagram_row *r, struct slice text)
{
	buf_addf(out, "    Note over A%u,A%u: ", r->from < r->to ? r->from : r->to, r->from < r->to ? r->to : r->from);
	add_text(out, text);
	buf_add_byte(out, '\n');
}

static void add_row(struct buf *out, const struct diagram_row *r)
{
	struct buf text = { 0 };
	if (r->kind == DIAGRAM_NEWS) {
		add_note(out, r, r->text);
		return;
	}
	drawing_add_line(&text, r, COLUMNS);
	buf_addf(out, "    A%u%sA%u: ", r->from, arrow_of(r), r->to);
	add_text(out, buf_slice(&text));
	buf_add_byte(out, '\n');
	buf_clear(&text);
	drawing_add_note(&text, r);
	if (text.len)
		add_note(out, r, buf_slice(&text));
	buf_release(&text);
}

static void mermaid_begin(struct printer *p)
{
	drawing_begin(p, ROWS);
}

static void mermaid_end(struct printer *p)
{
	const struct drawing *drawing = p->state;
	const struct diagram *d = &drawing->diagram;
	struct buf *out = &p->line, note = { 0 };
	uint64_t left_out = d->left_out;
	buf_add_str(out, "sequenceDiagram\n");
	for (unsigned i = 0; i < d->actors; i++)
		add_actor(out, i, &d->actor[i]);
	for (size_t i = 0; i < d->rows; i++) {
		if (out->len < TEXT_MAX)
			add_row(out, &d->row[i]);
		else
			left_out += d->row[i].kind != DIAGRAM_NEWS;
	}
	diagram_add_left_out(&note, left_out, "the limit is 500 arrows, 16 participants or 48,000 characters");
	if (note.len && d->rows)
		add_note(out, &d->row[0], buf_slice(&note));
	buf_release(&note);
}

const struct exporter exporter_mermaid = {
	.name = "mermaid", .help = "a sequence diagram for mermaid.js", .begin = mermaid_begin, .message = drawing_message, .rule = drawing_rule,
	.news = drawing_news, .end = mermaid_end, .heard = drawing_heard, .release = drawing_release,
};
