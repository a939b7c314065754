/*
 * -T text: a line a message, as tcpdump and tshark users expect it.
 *
 *	   12  0.034120000  127.0.0.1:43466 → 127.0.0.1:28080  tcp  seq 3  query  id=mhimi07bg  168 B  entities {"_type":"test"}
 *
 * Text from the wire goes through text_add_safe, columns are padded by their width on the screen.
 */
#include "base/text.h"
#include "base/when.h"
#include "decode/gist.h"
#include "decode/redact.h"
#include "decode/seen.h"
#include "export/exporter.h"

enum { ID_COLUMNS = 36 };

static const char *color_of(const struct record *r)
{
	if (rules_worst(r->rules) == SEVERITY_ERROR)
		return "\033[1;31m";
	if (r->state == THREAD_FAILED || r->rules >> RULE_ERROR_REPLY & 1)
		return "\033[31m";
	static const char *const by_role[] = { "", "\033[36m", "\033[32m", "\033[34m", "\033[35m" };
	return by_role[r->role];
}

static void pad(struct buf *out, size_t from, int columns)
{
	for (int n = text_columns(slice_of(out->at + from, out->len - from)); n < columns; n++)
		buf_add_byte(out, ' ');
}

/* The number, with blanks in front of it up to so many columns. Of what each line has nothing goes through printf, which took a fifth of the time. */
static void add_right(struct buf *out, int64_t n, int columns)
{
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	int width = n < 0 ? 2 : 1;
	for (uint64_t rest = size; rest >= 10; rest /= 10)
		width++;
	for (; width < columns; width++)
		buf_add_byte(out, ' ');
	if (n < 0)
		buf_add_byte(out, '-');
	buf_add_number(out, size, 1);
}

static void add_wire(struct printer *p, const char *name, struct slice value)
{
	if (!value.len)
		return;
	buf_add_byte(&p->line, ' ');
	buf_add_str(&p->line, name);
	buf_add_byte(&p->line, '=');
	text_add_fit(&p->line, redact_text(value, &p->scratch), ID_COLUMNS);
}

static void add_rules(struct buf *out, uint32_t rules)
{
	const char *before = "  [";
	for (int r = 0; r < RULES; r++) {
		if (!(rules >> r & 1))
			continue;
		buf_addf(out, "%s%s", before, rule_info((enum rule)r)->name);
		before = ", ";
	}
	if (rules)
		buf_add_str(out, "]");
}

static void add_ends(struct buf *out, const struct session_conn *c, enum dir dir)
{
	size_t from = out->len;
	endpoint_add(out, &c->info.ends[dir]);
	buf_add_str(out, " → ");
	endpoint_add(out, &c->info.ends[!dir]);
	pad(out, from, 35);
}

/* How the line begins: number (0: none), time, who to whom. */
static void add_front(struct printer *p, uint32_t n, int64_t time, uint32_t conn, enum dir dir)
{
	const struct session_conn *c = session_conn(p->session, conn);
	if (n)
		add_right(&p->line, n, 6);
	else
		buf_add_str(&p->line, "     -");
	buf_add_str(&p->line, "  ");
	printer_add_time(p, time);
	buf_add_str(&p->line, "  ");
	if (c)
		add_ends(&p->line, c, dir);
}

static void add_latency(struct buf *out, int64_t latency)
{
	if (latency < 0)
		return;
	buf_add_str(out, "  +");
	when_add_span(out, latency);
}

static void text_message(struct printer *p, const struct message_facts *m)
{
	const struct record *r = m->record;
	struct buf *out = &p->line;
	if (p->options.color)
		buf_add_str(out, color_of(r));
	add_front(p, m->n, r->time, r->conn, (enum dir)r->dir);
	buf_add_str(out, "  ");
	size_t from = out->len;
	buf_add_str(out, transport_name((enum transport)r->transport));
	pad(out, from, 4);
	buf_add_byte(out, ' ');
	if (r->has_seq)
		add_right(out, r->seq, 5);
	else
		buf_add_str(out, "    -");
	buf_add_byte(out, ' ');
	from = out->len;
	text_add_fit(out, redact_text(m->envelope.command, &p->scratch), 40);
	pad(out, from, 18);
	add_wire(p, "id", m->envelope.id);
	add_wire(p, "rid", m->envelope.rid);
	buf_add_str(out, "  ");
	add_right(out, r->size, 1);
	buf_add_str(out, " B");
	if (r->cut)
		buf_addf(out, " (%zu captured)", m->bytes.len);
	add_latency(out, m->latency);
	buf_add_str(out, "  ");
	form_add_gist(out, session_schema(p->session), r, &m->envelope);
	add_rules(out, r->rules);
	if (p->options.color)
		buf_add_str(out, "\033[0m");
	buf_add_byte(out, '\n');
}

static void text_rule(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	buf_add_str(&p->line, "     -  ");
	printer_add_time(p, time);
	buf_addf(&p->line, "  message %u: %s (%s)%s%s: %s", n, rule_info(rule)->name, severity_name(rule_info(rule)->severity),
		 was == RULES ? "" : ", no longer ", was == RULES ? "" : rule_info(was)->name, rule_info(rule)->sentence);
	seen_add_sentence(&p->line, p->session, n, rule, (struct slice){ NULL, 0 });
	buf_add_byte(&p->line, '\n');
}

static void text_news(struct printer *p, const struct session_news *news)
{
	add_front(p, 0, news->time, news->conn, news->dir);
	buf_add_str(&p->line, "  ");
	session_news_text(&p->line, news);
	buf_add_byte(&p->line, '\n');
}

const struct exporter exporter_text = {
	.name = "text",
	.help = "a line a message",
	.timed = true,
	.coloured = true,
	.message = text_message,
	.rule = text_rule,
	.news = text_news,
};
