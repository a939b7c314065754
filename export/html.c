/*
 * -T html: one self-contained report, to be attached to a ticket.
 *
 * What is shown of a message is made while its bytes are at hand: its line, and its fields as -V prints them, both escaped. Threads and
 * connections are rows that are renewed with each of their messages, since the session forgets them while it goes on. The page is written
 * in the end (export/html_page.c), when the rules that become known late are known.
 */
#include "base/text.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "decode/redact.h"
#include "export/html_part.h"
#include "export/svg.h"
#include "export/tree.h"
#include "export/xml.h"

#include <stdlib.h>

enum { FIRST_ITEMS = 64, GIST_COLUMNS = 120 };

/* How many items have a number below. */
static size_t place_of(const struct html_table *t, uint32_t number)
{
	size_t low = 0, high = t->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t there;
		memcpy(&there, t->at + middle * t->size, sizeof there);
		if (there < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void *html_find(const struct html_table *t, uint32_t number)
{
	size_t i = place_of(t, number);
	uint32_t there;
	if (i == t->count)
		return NULL;
	memcpy(&there, t->at + i * t->size, sizeof there);
	return there == number ? t->at + i * t->size : NULL;
}

static void *find_or_add(struct html_table *t, uint32_t number)
{
	void *found = html_find(t, number);
	if (found)
		return found;
	if (t->count == t->cap) {
		t->cap = t->cap ? 2 * t->cap : FIRST_ITEMS;
		t->at = xreallocarray(t->at, t->cap, t->size);
	}
	size_t i = place_of(t, number);
	uint8_t *at = t->at + i * t->size;
	memmove(at + t->size, at, (t->count++ - i) * t->size);
	memset(at, 0, t->size);
	memcpy(at, &number, sizeof number);
	return at;
}

static void add_cell(struct buf *out, const char *class, struct slice text, int columns)
{
	struct buf fit = { 0 };
	text_add_fit(&fit, text, columns);
	buf_addf(out, "<span class=\"%s\">", class);
	xml_add(out, buf_slice(&fit));
	buf_add_str(out, "</span>");
	buf_release(&fit);
}

/* The line that is always seen, but for the rules. */
static void add_line(struct buf *out, struct printer *p, const struct message_facts *m)
{
	const struct record *r = m->record;
	struct buf text = { 0 };
	buf_addf(out, "<span class=\"n\">%u</span><span class=\"t\">", m->n);
	when_add_seconds(out, printer_relative(p, r->time));
	out->len -= 3;
	buf_addf(out, "</span><span class=\"w\">%u %s</span>", r->conn, r->dir == DIR_C2S ? "→" : "←");
	add_cell(out, "c", redact_text(m->envelope.command, &text), 40);
	buf_clear(&text);
	form_add_gist(&text, session_schema(p->session), r, &m->envelope);
	add_cell(out, "g", buf_slice(&text), GIST_COLUMNS);
	buf_clear(&text);
	if (m->latency >= 0)
		when_add_span(&text, m->latency);
	add_cell(out, "l", buf_slice(&text), 12);
	buf_release(&text);
}

static void add_fields(struct buf *out, struct printer *p, const struct message_facts *m)
{
	struct tree_options o = { .show_secrets = p->options.show_secrets, .whole = p->options.full_bytes };
	struct buf tree = { 0 };
	p->dissection.shallow = false;
	form_dissect(&p->dissection, m->record, m->bytes);
	export_tree(&tree, p->dissection.root, &o);
	size_t shown = tree.len;
	if (shown > HTML_FIELDS) {
		shown = HTML_FIELDS;
		while (shown && tree.at[shown - 1] != '\n')
			shown--;
	}
	xml_add(out, slice_head(buf_slice(&tree), shown));
	if (shown < tree.len)
		buf_addf(out, "… %zu more bytes: envscope -V shows all", tree.len - shown);
	buf_release(&tree);
}

static void take_message(struct html *h, struct printer *p, const struct message_facts *m)
{
	if (h->messages == h->cap) {
		h->cap = h->cap ? 2 * h->cap : FIRST_ITEMS;
		h->message = xreallocarray(h->message, h->cap, sizeof *h->message);
	}
	struct html_message *row = &h->message[h->messages++];
	*row = (struct html_message){
		.n = m->n, .thread = m->record->thread, .rules = m->record->rules, .role = (enum role)m->record->role
	};
	row->failed = row->role == ROLE_REPLY && slice_is(m->envelope.command, "error");
	row->line = h->texts.len;
	add_line(&h->texts, p, m);
	row->fields = h->texts.len;
	add_fields(&h->texts, p, m);
	row->end = h->texts.len;
}

static void take_thread(struct html *h, struct printer *p, const struct message_facts *m)
{
	if (!session_record(p->session, m->record->thread))
		return;
	struct html_thread *t = find_or_add(&h->threads, m->record->thread);
	session_thread(p->session, t->first, &t->info);
	t->conn = m->record->conn;
	uint32_t shown = t->info.request ? t->info.request : t->first;
	if (m->n != shown && t->command.len)
		return;
	struct buf gist = { 0 };
	struct slice command = redact_text(m->envelope.command, &gist);
	t->command = arena_copy(&h->drawing.diagram.texts, slice_head(command, DIAGRAM_NAME));
	buf_clear(&gist);
	form_add_gist(&gist, session_schema(p->session), m->record, &m->envelope);
	t->gist = arena_copy(&h->drawing.diagram.texts, buf_slice(&gist));
	buf_release(&gist);
}

static void take_conn(struct html *h, const struct message_facts *m)
{
	if (!m->conn)
		return;
	struct html_conn *c = find_or_add(&h->conns, m->conn->info.number);
	c->info = m->conn->info;
	c->info.program = NULL;
	c->messages++;
}

/* Is a number met for the first time? */
static bool is_new(struct buf *met, uint32_t number)
{
	uint8_t bit = (uint8_t)(1u << number % 8);
	while (met->len <= number / 8)
		buf_add_byte(met, 0);
	bool new = !(met->at[number / 8] & bit);
	met->at[number / 8] |= bit;
	return new;
}

/* A message breaks other rules than were counted. */
static void recount_rules(struct html_counts *c, uint32_t before, uint32_t after)
{
	int was = rules_worst(before), is = rules_worst(after);
	if (was >= 0)
		c->worst[was]--;
	if (is >= 0)
		c->worst[is]++;
	for (int i = 0; i < RULES; i++) {
		c->broken[i] -= before >> i & 1;
		c->broken[i] += after >> i & 1;
	}
}

static void count_message(struct html_counts *c, const struct record *r)
{
	c->threads += is_new(&c->threads_met, r->thread);
	c->conns += is_new(&c->conns_met, r->conn);
	recount_rules(c, 0, r->rules);
}

/* A message beyond the limits: the rows of its thread and its connection, if there are some, tell of it. */
static void leave_out(struct html *h, struct printer *p, const struct message_facts *m)
{
	struct html_thread *t = html_find(&h->threads, m->record->thread);
	struct html_conn *c = html_find(&h->conns, m->record->conn);
	h->left_out++;
	h->drawing.diagram.left_out++;
	if (t && session_record(p->session, t->first))
		session_thread(p->session, t->first, &t->info);
	if (c)
		c->messages++;
}

static void html_begin(struct printer *p)
{
	struct html *h = xcalloc(1, sizeof *h);
	diagram_init(&h->drawing.diagram, SVG_ROWS);
	h->threads.size = sizeof(struct html_thread);
	h->conns.size = sizeof(struct html_conn);
	p->state = h;
}

static void html_message(struct printer *p, const struct message_facts *m)
{
	struct html *h = p->state;
	int64_t time = m->record->time; /* not in their order where one waited for what the capture lacks */
	h->first = h->first && h->first < time ? h->first : time;
	h->last = h->last > time ? h->last : time;
	count_message(&h->counts, m->record);
	if (h->messages == HTML_MESSAGES || h->texts.len > HTML_BYTES) {
		leave_out(h, p, m);
		return;
	}
	drawing_message(p, m);
	take_message(h, p, m);
	take_thread(h, p, m);
	take_conn(h, m);
}

/* The message that is shown with that number; NULL. */
static struct html_message *message_shown(const struct html *h, uint32_t n)
{
	size_t low = 0, high = h->messages;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (h->message[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low < h->messages && h->message[low].n == n ? &h->message[low] : NULL;
}

static void html_rule(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct html *h = p->state;
	struct html_message *m = message_shown(h, n);
	const struct record *r = session_record(p->session, n); /* which knows of it already */
	uint32_t bit = UINT32_C(1) << rule, replaced = was == RULES ? 0 : UINT32_C(1) << was;
	uint32_t before = m ? m->rules : r ? (r->rules & ~bit) | replaced : 0;
	drawing_rule(p, n, rule, was, time);
	recount_rules(&h->counts, before, (before & ~replaced) | bit);
	if (!m)
		return;
	m->rules = (before & ~replaced) | bit;
	struct html_thread *t = html_find(&h->threads, m->thread);
	if (t && session_record(p->session, t->first))
		session_thread(p->session, t->first, &t->info);
}

static void html_end(struct printer *p)
{
	struct html *h = p->state;
	for (size_t i = 0; i < h->threads.count; i++) {
		struct html_thread *t = (struct html_thread *)(void *)(h->threads.at + i * h->threads.size);
		if (session_record(p->session, t->first))
			session_thread(p->session, t->first, &t->info);
	}
	html_page(&p->line, h, p);
}

static void html_release(struct printer *p)
{
	struct html *h = p->state;
	if (h) {
		free(h->message);
		free(h->threads.at);
		free(h->conns.at);
		buf_release(&h->texts);
		buf_release(&h->counts.threads_met);
		buf_release(&h->counts.conns_met);
	}
	drawing_release(p);
}

const struct exporter exporter_html = {
	.name = "html",
	.help = "a report to attach to a ticket: one file, no network",
	.secretive = true,
	.cuts = true,
	.settled = true,
	.begin = html_begin,
	.message = html_message,
	.rule = html_rule,
	.news = drawing_news,
	.end = html_end,
	.heard = drawing_heard,
	.release = html_release,
};
