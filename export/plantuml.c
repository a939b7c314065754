/*
 * -T plantuml: a sequence diagram in the syntax of PlantUML.
 *
 * PlantUML reads markup (Creole, some HTML, [[links]]) and functions of its preprocessor (%name) in every text. So each character that could
 * begin one is written as <U+HEX>, which it knows as the character itself.
 */
#include "export/drawing.h"

#include "base/text.h"

enum { ROWS = 500, COLUMNS = 72 };

static void add_text(struct buf *out, struct slice text)
{
	uint32_t p = 0;
	while (text.len) {
		uint32_t before = p;
		text = slice_skip(text, text_next(text, &p, NULL));
		bool word = (p >= '0' && p <= '9') || (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z') || p >= 0xa0;
		bool single = p && strchr(" .,:()+-/_", (int)p) && p != before; /* doubled, some of them are markup */
		if (word || single)
			text_add_point(out, p);
		else
			buf_addf(out, "<U+%04X>", p);
	}
}

static void add_actor(struct buf *out, unsigned i, const struct diagram_actor *a)
{
	struct buf text = { 0 };
	buf_add_str(out, "participant \"");
	diagram_add_address(&text, a);
	add_text(out, buf_slice(&text));
	buf_clear(&text);
	diagram_add_name(&text, a);
	if (text.len)
		buf_add_str(out, "\\n");
	add_text(out, buf_slice(&text));
	buf_addf(out, "\" as A%u\n", i);
	buf_release(&text);
}

static const char *arrow_of(const struct diagram_row *r)
{
	if (r->failed)
		return "-[#C0392B]->";
	if (r->role == ROLE_REPLY)
		return "-->";
	return r->role == ROLE_EVENT || r->kind == DIAGRAM_STREAM ? "->>" : "->";
}

static void add_note(struct buf *out, const struct diagram_row *r, struct slice text)
{
	static const char *const colors[] = { [SEVERITY_NOTE] = "#EEF2F7", [SEVERITY_WARNING] = "#FFF3CD", [SEVERITY_ERROR] = "#F8D7DA" };
	int worst = rules_worst(r->rules);
	buf_addf(out, "note over A%u, A%u %s : ", r->from, r->to, colors[worst < 0 ? SEVERITY_NOTE : worst]);
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
	buf_addf(out, "A%u %s A%u : ", r->from, arrow_of(r), r->to);
	add_text(out, buf_slice(&text));
	buf_add_byte(out, '\n');
	buf_clear(&text);
	drawing_add_note(&text, r);
	if (text.len)
		add_note(out, r, buf_slice(&text));
	buf_release(&text);
}

static void plantuml_begin(struct printer *p)
{
	drawing_begin(p, ROWS);
}

static void plantuml_end(struct printer *p)
{
	const struct drawing *drawing = p->state;
	const struct diagram *d = &drawing->diagram;
	struct buf *out = &p->line, note = { 0 };
	buf_add_str(out, "@startuml\n");
	for (unsigned i = 0; i < d->actors; i++)
		add_actor(out, i, &d->actor[i]);
	for (size_t i = 0; i < d->rows; i++)
		add_row(out, &d->row[i]);
	diagram_add_left_out(&note, d->left_out, "the limit is 500 arrows and 16 participants");
	if (note.len && d->rows)
		add_note(out, &(struct diagram_row){ .from = d->row[0].from, .to = d->row[0].to }, buf_slice(&note));
	buf_add_str(out, "@enduml\n");
	buf_release(&note);
}

const struct exporter exporter_plantuml = {
	.name = "plantuml", .help = "a sequence diagram for PlantUML", .begin = plantuml_begin, .message = drawing_message, .rule = drawing_rule,
	.news = drawing_news, .end = plantuml_end, .heard = drawing_heard, .release = drawing_release,
};
