/*
 * The top of the Detail view: what is known of the message, in as many lines as that takes, and each broken
 * rule with its sentence and what was seen of it.
 */
#include "tui/detail.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "decode/seen.h"
#include "tui/facts.h"

enum { RULES_SHOWN = 4 };

/* Appends a fact to the line; draws the line first if it would be too long with it. */
static void add_fact(struct detail *d, struct area *area, enum ink ink, struct slice text)
{
	struct line *l = &d->view.app->line;
	if (l->columns > 1 && l->columns + 2 + text_columns(text) > area->width && area->height > 0) {
		screen_put(d->view.app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
		area->height--;
		line_clear(l);
	}
	line_add_str(l, INK_PLAIN, l->columns > 1 ? "  " : l->columns ? "" : " ");
	line_add(l, ink, text, area->width - l->columns);
}

static void end_line(struct detail *d, struct area *area)
{
	struct line *l = &d->view.app->line;
	if (l->columns && area->height > 0) {
		screen_put(d->view.app->screen, area->row++, area->col, area->width, l, EMPHASIS_NONE);
		area->height--;
	} else if (l->columns) {
		d->top_full = true;
	}
	line_clear(l);
}

static void add_place(const struct detail *d, struct buf *out, const struct record *r)
{
	struct thread_info info;
	if (r->role != ROLE_SINGLE)
		buf_addf(out, "%s", role_name((enum role)r->role));
	if (!d->place || !session_record(d->view.app->session, r->thread))
		return;
	session_thread(d->view.app->session, r->thread, &info);
	if (info.messages > 1)
		buf_addf(out, ", %u of %u in its thread (%s)", d->place, info.messages, thread_state_name(info.state));
}

static void add_latency(const struct detail *d, struct buf *out)
{
	int64_t latency = session_latency(d->view.app->session, d->n);
	if (latency < 0)
		return;
	buf_add_str(out, "after ");
	when_add_span(out, latency);
}

enum fact { FACT_TRANSPORT, FACT_SIZE, FACT_TIME, FACT_TYPE, FACT_PLACE, FACT_LATENCY, FACTS };

static void make_fact(struct detail *d, enum fact fact, const struct record *r, struct buf *out)
{
	struct app *a = d->view.app;
	switch (fact) {
	case FACT_TRANSPORT:
		buf_addf(out, "connection %u (%s%s, ", r->conn, transport_name((enum transport)r->transport), r->tls ? "+tls" : "");
		buf_add(out, session_conn(a->session, r->conn) ? peers_name(&a->peers, a->session, r->conn) : slice_str("forgotten"));
		buf_add_str(out, ")");
		break;
	case FACT_SIZE: amount_add_counted(out, r->size, "byte"); break;
	case FACT_TIME: when_add_clock(out, r->time, a->settings->value[SETTING_ZONE]); break;
	case FACT_TYPE:
		if (r->has_data && d->d.type_by_command && d->d.type)
			buf_add_str(out, "type known by the command only");
		break;
	case FACT_PLACE: add_place(d, out, r); break;
	default: add_latency(d, out);
	}
}

static void draw_facts(struct detail *d, struct area *area, const struct record *r)
{
	struct buf text = { 0 };
	line_clear(&d->view.app->line);
	for (int i = 0; i < FACTS; i++) {
		buf_clear(&text);
		make_fact(d, (enum fact)i, r, &text);
		if (text.len)
			add_fact(d, area, INK_PLAIN, buf_slice(&text));
	}
	end_line(d, area);
	buf_release(&text);
}

/* What was seen of it, on a line of its own. */
static void draw_seen(struct detail *d, struct area *area, enum rule rule)
{
	struct line *l = &d->view.app->line;
	struct buf text = { 0 };
	if (seen_add(&text, d->view.app->session, d->n, rule, buf_slice(&d->bytes))) {
		line_clear(l);
		line_add_str(l, INK_DIM, "   seen: ");
		line_add(l, INK_PLAIN, buf_slice(&text), area->width - l->columns);
		end_line(d, area);
	}
	buf_release(&text);
}

static void draw_rules(struct detail *d, struct area *area, uint32_t rules)
{
	struct line *l = &d->view.app->line;
	int shown = 0;
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
		for (int i = 0; i < RULES; i++) {
			const struct rule_info *rule = rule_info((enum rule)i);
			if (!(rules & 1u << i) || rule->severity != (enum severity)severity || shown++ >= RULES_SHOWN)
				continue;
			line_clear(l);
			line_addf(l, facts_severity_ink(severity), " %s %s", severity_name(rule->severity), rule->name);
			line_addf(l, INK_PLAIN, ": %s", rule->sentence);
			end_line(d, area);
			draw_seen(d, area, (enum rule)i);
		}
	line_clear(l);
	if (shown > RULES_SHOWN)
		line_addf(l, INK_DIM, " and %d more", shown - RULES_SHOWN);
	end_line(d, area);
}

static void draw_missing(struct detail *d, struct area *area, const struct record *r)
{
	struct buf text = { 0 };
	if (d->bytes.len >= r->size)
		return;
	buf_add_str(&text, d->bytes.len ? "Cut: only " : "Its bytes can't be read again: ");
	amount_add_grouped(&text, d->bytes.len);
	buf_add_str(&text, " of ");
	amount_add_counted(&text, r->size, "byte");
	buf_add_str(&text, " are there.");
	line_clear(&d->view.app->line);
	add_fact(d, area, INK_WARNING, buf_slice(&text));
	end_line(d, area);
	buf_release(&text);
}

static void draw_forgotten(struct detail *d, struct area *area)
{
	line_clear(&d->view.app->line);
	add_fact(d, area, INK_WARNING, slice_str("Forgotten by now, for the memory limit: this is a copy."));
	end_line(d, area);
}

/* Lines that found no room: the last one ends in a sign of it. */
static void mark_full(struct detail *d, const struct area *below)
{
	static const char more[] = " …";
	enum { WIDTH = 2 };
	struct line *l = &d->view.app->line;
	line_clear(l);
	line_add_str(l, INK_WARNING, more);
	screen_put(d->view.app->screen, below->row - 1, below->col + below->width - WIDTH, WIDTH, l, EMPHASIS_NONE);
	line_clear(l);
}

void detail_draw_top(struct detail *d, struct area *area)
{
	const struct record *r = session_record(d->view.app->session, d->n);
	struct area top = { area->row, area->col, area->height / 3, area->width };
	d->top_full = false;
	if (r)
		d->record = *r;
	else
		draw_forgotten(d, &top);
	draw_missing(d, &top, &d->record);
	draw_facts(d, &top, &d->record);
	draw_rules(d, &top, d->record.rules);
	if (d->top_full && top.row > area->row)
		mark_full(d, &top);
	area->height -= top.row - area->row;
	area->row = top.row;
}
