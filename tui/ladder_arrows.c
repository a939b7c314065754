/*
 * What a row of the ladder says: its arrow with a label (command and seq, "stream ×24, 1.5MB", names of rules) and a note (the gist, how long it
 * took, what was seen of the worst rule).
 */
#include "tui/ladder_part.h"

#include "base/amount.h"
#include "base/when.h"
#include "decode/seen.h"
#include "tui/app.h"

struct ladder_view *ladder_view_of(struct view *v)
{
	return (struct ladder_view *)v;
}

const struct ladder_row *ladder_view_row(const struct ladder_view *l, uint64_t row)
{
	return l->now && row < ladder_rows(l->now) ? ladder_row(l->now, (size_t)row) : NULL;
}

uint32_t ladder_view_message(struct view *v, uint64_t row)
{
	const struct ladder_row *r = ladder_view_row(ladder_view_of(v), row);
	return r && r->kind != LADDER_NEWS ? r->n : 0;
}

static void set_ends(const struct ladder_view *l, struct ladder_arrow *a, uint32_t conn, enum dir dir)
{
	const struct ladder_conn *c = ladder_conn(l->now, conn);
	a->from = c ? c->end[dir] : 0;
	a->to = c ? c->end[!dir] : 0;
}

static void add_message(struct ladder_view *l, const struct facts *f, struct ladder_arrow *a)
{
	buf_add(&l->label, f->command);
	if (f->record->has_seq)
		buf_addf(&l->label, " %d", f->record->seq);
	facts_add_gist(&l->note, l->view.app->session, f);
	a->ink = facts_ink(f->record);
}

static void add_stream(struct ladder_view *l, const struct ladder_row *r, struct ladder_arrow *a)
{
	const struct ladder_fold *f = ladder_fold(l->now, r->at);
	const struct session *s = l->view.app->session;
	const struct record *first = session_record(s, f->first), *last = session_record(s, f->last);
	buf_addf(&l->label, "stream ×%u, ", f->count);
	amount_add_size(&l->label, f->bytes);
	buf_add_str(&l->label, "B");
	if (first && last) {
		buf_add_str(&l->note, "in ");
		when_add_span(&l->note, last->time - first->time);
	}
	a->ink = INK_STREAM;
	a->stroke = STROKE_DOUBLE;
}

/* What was seen of a rule at message n, or, where that is not told or another message of the stream broke it, what the rule says of any. */
static void add_rule_note(struct ladder_view *l, uint32_t n, enum rule rule)
{
	const struct session *s = l->view.app->session;
	bool here = session_record(s, n)->rules & 1u << rule;
	if (!here || !seen_add(&l->note, s, n, rule, slice_of(NULL, 0)))
		buf_add_str(&l->note, rule_info(rule)->sentence);
}

static void add_rules(struct ladder_view *l, uint32_t n, uint32_t rules, struct ladder_arrow *a)
{
	int worst = rules_worst(rules);
	buf_add_str(&l->label, "! ");
	for (int i = 0; i < RULES; i++) {
		const struct rule_info *rule = rule_info((enum rule)i);
		if (!(rules & 1u << i) || rule->severity == SEVERITY_NOTE)
			continue;
		buf_addf(&l->label, "%s ", rule->name);
		if ((int)rule->severity == worst && !l->note.len)
			add_rule_note(l, n, (enum rule)i);
	}
	a->ink = facts_severity_ink(worst);
	a->stroke = STROKE_NONE;
	a->from = a->to = a->from < a->to ? a->from : a->to;
}

static void add_news(struct ladder_view *l, const struct session_news *news, struct ladder_arrow *a)
{
	session_news_text(&l->label, news);
	set_ends(l, a, news->conn, news->dir);
	a->ink = news->kind == NEWS_NOTE || news->kind == NEWS_NOT_OURS ? INK_NOTE : INK_WARNING;
	a->stroke = STROKE_DOTS;
}

bool ladder_view_arrow(struct ladder_view *l, const struct ladder_row *r, struct ladder_arrow *a, int64_t *time)
{
	const struct session *s = l->view.app->session;
	const struct session_news *news = r->kind == LADDER_NEWS ? session_news_at(s, r->at) : NULL;
	const struct record *record = session_record(s, r->n);
	struct facts f;
	buf_clear(&l->label);
	buf_clear(&l->note);
	*a = (struct ladder_arrow){ .note_ink = INK_PLAIN };
	if (r->kind == LADDER_NEWS ? !news : !record)
		return false;
	*time = r->kind == LADDER_RULES ? INT64_MIN : news ? news->time : record->time;
	if (!news)
		set_ends(l, a, record->conn, record->dir ? DIR_S2C : DIR_C2S);
	if (news)
		add_news(l, news, a);
	else if (r->kind == LADDER_RULES)
		add_rules(l, r->n, r->at ? ladder_fold(l->now, r->at - 1)->rules : record->rules, a);
	else if (r->kind == LADDER_STREAM)
		add_stream(l, r, a);
	else if (facts_read(&f, s, r->n, &l->room))
		add_message(l, &f, a);
	a->label = buf_slice(&l->label);
	a->note = buf_slice(&l->note);
	return true;
}
