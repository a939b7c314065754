/*
 * -T plantuml: a sequence diagram in the syntax of PlantUML.
 *
 * PlantUML reads markup (Creole, some HTML, [[links]]) and functions of its preprocessor (%name) in every text. So each character that could
 * begin one is written as <U+HEX>, which it knows as the character itself.
 */
#include "base/text.h"
#include "export/diagram_lines.h"

enum { ROWS = 500 };

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

static void begin_actor(struct buf *out, unsigned i)
{
	(void)i;
	buf_add_str(out, "participant \"");
}

static void end_actor(struct buf *out, unsigned i)
{
	buf_addf(out, "\" as A%u\n", i);
}

static const char *arrow_of(const struct diagram_row *r)
{
	if (r->failed)
		return "-[#C0392B]->";
	if (r->role == ROLE_REPLY)
		return "-->";
	return r->role == ROLE_EVENT || r->kind == DIAGRAM_STREAM ? "->>" : "->";
}

static void begin_arrow(struct buf *out, const struct diagram_row *r)
{
	buf_addf(out, "A%u %s A%u : ", r->from, arrow_of(r), r->to);
}

static void begin_note(struct buf *out, const struct diagram_row *r)
{
	static const char *const colors[] = { [SEVERITY_NOTE] = "#EEF2F7", [SEVERITY_WARNING] = "#FFF3CD", [SEVERITY_ERROR] = "#F8D7DA" };
	int worst = rules_worst(r->rules);
	buf_addf(out, "note over A%u, A%u %s : ", r->from, r->to, colors[worst < 0 ? SEVERITY_NOTE : worst]);
}

static const struct diagram_language language = { add_text, begin_actor, end_actor, "\\n", begin_arrow, begin_note };

static void plantuml_begin(struct printer *p)
{
	drawing_begin(p, ROWS);
}

static void plantuml_end(struct printer *p)
{
	const struct drawing *drawing = p->state;
	const struct diagram *d = &drawing->diagram;
	struct buf *out = &p->line;
	buf_add_str(out, "@startuml\n");
	diagram_add_actors(out, &language, d);
	for (size_t i = 0; i < d->rows; i++)
		diagram_add_row(out, &language, &d->row[i]);
	diagram_add_rest(out, &language, d, d->left_out, d->news_left_out, "the limit is 500 arrows and 16 participants");
	buf_add_str(out, "@enduml\n");
}

const struct exporter exporter_plantuml = {
	.name = "plantuml",
	.help = "a sequence diagram for PlantUML",
	.settled = true,
	.begin = plantuml_begin,
	.message = drawing_message,
	.rule = drawing_rule,
	.news = drawing_news,
	.end = plantuml_end,
	.heard = drawing_heard,
	.release = drawing_release,
};
