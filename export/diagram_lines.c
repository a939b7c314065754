/*
 * Lines of a diagram: their order and what is in them. How a text is made harmless and what an arrow looks like is the language's.
 */
#include "export/diagram_lines.h"

enum { COLUMNS = 72 };

static void add_actor(struct buf *out, const struct diagram_language *l, unsigned i, const struct diagram_actor *a)
{
	struct buf text = { 0 };
	l->actor_begin(out, i);
	diagram_add_address(&text, a);
	l->text(out, buf_slice(&text));
	buf_clear(&text);
	diagram_add_name(&text, a);
	if (text.len)
		buf_add_str(out, l->line_break);
	l->text(out, buf_slice(&text));
	l->actor_end(out, i);
	buf_release(&text);
}

void diagram_add_actors(struct buf *out, const struct diagram_language *l, const struct diagram *d)
{
	for (unsigned i = 0; i < d->actors; i++)
		add_actor(out, l, i, &d->actor[i]);
}

static void add_note(struct buf *out, const struct diagram_language *l, const struct diagram_row *r, struct slice text)
{
	l->note(out, r);
	l->text(out, text);
	buf_add_byte(out, '\n');
}

void diagram_add_row(struct buf *out, const struct diagram_language *l, const struct diagram_row *r)
{
	struct buf text = { 0 };
	if (r->kind == DIAGRAM_NEWS) {
		add_note(out, l, r, r->text);
		return;
	}
	drawing_add_line(&text, r, COLUMNS);
	l->arrow(out, r);
	l->text(out, buf_slice(&text));
	buf_add_byte(out, '\n');
	buf_clear(&text);
	drawing_add_note(&text, r);
	if (text.len)
		add_note(out, l, r, buf_slice(&text));
	buf_release(&text);
}

void diagram_add_rest(struct buf *out, const struct diagram_language *l, const struct diagram *d, uint64_t messages, uint64_t news,
		      const char *why)
{
	struct buf note = { 0 };
	diagram_add_left_out(&note, messages, news, why);
	if (note.len && d->rows)
		add_note(out, l, &(struct diagram_row){ .kind = DIAGRAM_NEWS, .from = d->row[0].from, .to = d->row[0].to },
			 buf_slice(&note));
	buf_release(&note);
}
