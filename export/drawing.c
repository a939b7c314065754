/*
 * From the printer to a diagram.
 */
#include "export/drawing.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <stdlib.h>

struct drawing *drawing_begin(struct printer *p, size_t rows)
{
	struct drawing *d = xcalloc(1, sizeof *d);
	diagram_init(&d->diagram, rows);
	p->state = d;
	return d;
}

void drawing_heard(struct printer *p, const struct record *record, struct slice bytes)
{
	struct drawing *d = p->state;
	who_hear(&d->who, p->session, record, bytes);
}

void drawing_message(struct printer *p, const struct message_facts *m)
{
	struct drawing *d = p->state;
	diagram_message(&d->diagram, p->session, m, &d->who);
}

void drawing_rule(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct drawing *d = p->state;
	(void)time;
	diagram_rule(&d->diagram, p->session, n, rule, was);
}

void drawing_news(struct printer *p, const struct session_news *news)
{
	struct drawing *d = p->state;
	diagram_news(&d->diagram, p->session, news);
}

void drawing_release(struct printer *p)
{
	struct drawing *d = p->state;
	if (!d)
		return;
	diagram_release(&d->diagram);
	who_release(&d->who);
	free(d);
	p->state = NULL;
}

void drawing_add_line(struct buf *out, const struct diagram_row *r, int columns)
{
	struct buf span = { 0 }, left = { 0 };
	diagram_add_span(&span, r);
	int behind = span.len ? text_columns(buf_slice(&span)) + 2 : 0;
	diagram_add_label(&left, r);
	if (r->kind == DIAGRAM_MESSAGE && r->text.len) {
		buf_add_byte(&left, ' ');
		buf_add(&left, r->text);
	}
	text_add_fit(out, buf_slice(&left), columns - behind);
	if (span.len)
		buf_addf(out, " +%s", buf_cstr(&span));
	buf_release(&span);
	buf_release(&left);
}

void drawing_add_note(struct buf *out, const struct diagram_row *r)
{
	if (!r->rules)
		return;
	buf_addf(out, "%s: ", severity_name((enum severity)rules_worst(r->rules)));
	diagram_add_rules(out, r->rules);
}
