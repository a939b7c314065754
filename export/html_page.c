/*
 * The page of -T html: head, summary, rules, threads, ladder, messages.
 *
 * It asks nothing of a network: style and script stand in it, and a Content-Security-Policy allows nothing else, the script by its SHA-256. The
 * script only filters rows; without it everything can still be read. What came from the wire was made harmless and escaped when it was taken in.
 */
#include "export/html_part.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "export/summary.h"
#include "export/svg.h"
#include "export/xml.h"

#include <openssl/evp.h>

static const char style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1f2937;--dim:#6b7280;--line:#e2e8f0;--box:#f8fafc;--link:#1d4ed8;--req:#1d4ed8;--rep:#0f766e;"
	"--evt:#7e22ce;--str:#b45309;--bad:#dc2626;--note:#e2e8f0;--notet:#334155;--warn:#fde68a;--warnt:#78350f;--err:#fecaca;--errt:#7f1d1d}"
	"@media(prefers-color-scheme:dark){:root{--bg:#0f172a;--fg:#e2e8f0;--dim:#94a3b8;--line:#334155;--box:#1e293b;--link:#7cb0ff;--req:#7cb0ff;"
	"--rep:#5eead4;--evt:#d8b4fe;--str:#fbbf24;--bad:#f87171;--note:#334155;--notet:#e2e8f0;--warn:#78500f;--warnt:#fef3c7;--err:#7f1d1d;--errt:#fee2e2}}"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:1280px;padding:24px;background:var(--bg);color:var(--fg);font:14px/1.5 system-ui,sans-serif}"
	"h1{font-size:22px;margin:0}h2{font-size:16px;margin:32px 0 8px}a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}"
	".dim{color:var(--dim)}.cards{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}.card{background:var(--box);border:1px solid var(--line);"
	"border-radius:8px;padding:10px 16px;min-width:120px}.card b{display:block;font-size:20px;font-weight:600}"
	"table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600;color:var(--dim);font-size:12px}th,td{padding:4px 12px 4px 0;"
	"border-bottom:1px solid var(--line);vertical-align:top}td.r,th.r{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
	"td.m,summary,pre,code{font:12px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}td.m{overflow-wrap:anywhere}"
	".pill{display:inline-block;border-radius:9px;padding:0 8px;margin-left:4px;font-size:11px;line-height:18px;white-space:nowrap}"
	".p0{background:var(--note);color:var(--notet)}.p1{background:var(--warn);color:var(--warnt)}.p2{background:var(--err);color:var(--errt)}"
	".scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;max-height:80vh}.scroll th{position:sticky;top:0;background:var(--bg)}.scroll td:first-child,.scroll th:first-child{padding-left:12px}"
	"#q{position:sticky;top:8px;z-index:1;width:100%;padding:8px 12px;margin:24px 0 0;font:inherit;color:inherit;background:var(--box);"
	"border:1px solid var(--line);border-radius:8px}"
	"details.m{border-bottom:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 26px}details.m:target{background:var(--box)}"
	"details.m>summary{display:flex;gap:10px;padding:3px 4px;cursor:pointer;list-style:none;white-space:nowrap}summary::-webkit-details-marker{display:none}"
	"summary:hover{background:var(--box)}.n{flex:0 0 5ch;text-align:right;color:var(--dim)}.t{flex:0 0 12ch;text-align:right;color:var(--dim)}"
	".w{flex:0 0 6ch;text-align:right;color:var(--dim)}.c{flex:0 0 22ch;overflow:hidden;text-overflow:ellipsis;font-weight:600}"
	".g{flex:1 1 0;overflow:hidden;text-overflow:ellipsis}.l{flex:0 0 8ch;text-align:right;color:var(--dim)}"
	".request .c,.single .c{color:var(--req)}.reply .c{color:var(--rep)}.event .c{color:var(--evt)}.stream .c{color:var(--str)}.failed .c,.bad{color:var(--bad)}"
	"pre{margin:0 0 8px 7ch;padding:8px 12px;background:var(--box);border-radius:8px;overflow-x:auto}[hidden]{display:none!important}"
	"@media print{#q{display:none}.scroll{max-height:none}}";

static const char script[] =
	"'use strict';const q=document.getElementById('q'),k=document.getElementById('k'),rows=[...document.querySelectorAll('[data-f]')];"
	"let text=null;q.hidden=false;q.addEventListener('input',()=>{text=text||rows.map(r=>r.textContent.toLowerCase());"
	"const w=q.value.toLowerCase().split(/\\s+/).filter(x=>x);let n=0;rows.forEach((r,i)=>{r.hidden=!w.every(x=>text[i].includes(x));"
	"n+=!r.hidden&&r.tagName==='DETAILS'});k.textContent=w.length?n+' match':''});"
	"const open=()=>{const m=document.getElementById(location.hash.slice(1));if(m&&m.tagName==='DETAILS')m.open=true};"
	"addEventListener('hashchange',open);open();";

static void add_hash(struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char text[EVP_MAX_MD_SIZE * 2];
	unsigned n = 0;
	if (!EVP_Digest(script, sizeof script - 1, digest, &n, EVP_sha256(), NULL))
		return;
	EVP_EncodeBlock(text, digest, (int)n);
	buf_addf(out, "script-src 'sha256-%s';", (const char *)text);
}

static void add_head(struct buf *out, const struct printer *p)
{
	buf_add_str(
		out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\""
		"default-src 'none';style-src 'unsafe-inline';");
	add_hash(out);
	buf_add_str(out, "base-uri 'none';form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
			 "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	xml_add_str(out, p->source ? p->source : "envscope");
	buf_addf(out, " – envscope</title>\n<style>%s</style>\n</head>\n<body>\n", style);
}

static void add_safe(struct buf *out, struct slice text)
{
	struct buf safe = { 0 };
	text_add_safe(&safe, text);
	xml_add(out, buf_slice(&safe));
	buf_release(&safe);
}

static void add_pills(struct buf *out, uint32_t rules)
{
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
		for (int r = 0; rules >> r; r++)
			if (rules >> r & 1 && (int)rule_info((enum rule)r)->severity == severity)
				buf_addf(out, "<span class=\"pill p%d\">%s</span>", severity, rule_info((enum rule)r)->name);
}

static void add_card(struct buf *out, uint64_t n, const char *words)
{
	buf_add_str(out, "<div class=\"card\"><b>");
	amount_add_grouped(out, n);
	buf_add_str(out, "</b>");
	amount_add_words(out, n, words);
	buf_add_str(out, "</div>\n");
}

static void add_losses(struct buf *out, const struct capture_counts *c, const struct session_counts *s)
{
	struct buf text = { 0 };
	if (!summary_anything_lost(c, s))
		return;
	summary_add_losses(&text, c, s);
	buf_add_str(out, "<p class=\"bad\">Missing from what was captured: ");
	xml_add(out, buf_slice(&text));
	buf_add_str(out, "</p>\n");
	buf_release(&text);
}

static void add_summary(struct buf *out, const struct html *h, const struct printer *p)
{
	struct capture_counts c = capture_counts(p->capture);
	struct session_counts s = session_counts(p->session);
	buf_add_str(out, "<h1>");
	xml_add_str(out, p->source ? p->source : "envscope");
	buf_add_str(out, "</h1>\n<div class=\"dim\">OpenIAP Flow messages, by envscope " ENVSCOPE_VERSION);
	if (h->messages) {
		buf_add_str(out, " · ");
		when_add_iso(out, h->first);
		buf_add_str(out, " · ");
		when_add_span(out, h->last - h->first);
	}
	if (p->filter_text) {
		buf_add_str(out, " · only what matches <code>");
		add_safe(out, slice_str(p->filter_text));
		buf_add_str(out, "</code>");
	}
	buf_add_str(out, "</div>\n<div class=\"cards\">\n");
	add_card(out, p->printed, "message");
	add_card(out, h->counts.threads, "thread");
	add_card(out, h->counts.conns, "connection");
	add_card(out, h->counts.worst[SEVERITY_ERROR], "with [an error|errors]");
	add_card(out, h->counts.worst[SEVERITY_WARNING], "with [a warning|warnings]");
	add_card(out, c.source.packets, "packet[s] read");
	buf_add_str(out, "</div>\n");
	add_losses(out, &c, &s);
	if (!h->left_out)
		return;
	buf_add_str(out, "<p class=\"bad\">");
	diagram_add_left_out(out, h->left_out, 0,
			     "a report has at most 10,000 messages, or 48 MiB of them; "
			     "a display filter (-Y) chooses which. The counts above and the broken rules are of all");
	buf_add_str(out, "</p>\n");
}

/* The first message shown that breaks a rule, which is what a link can lead to; 0. */
static uint32_t first_with(const struct html *h, int rule)
{
	size_t i = 0;
	while (i < h->messages && !(h->message[i].rules >> rule & 1))
		i++;
	return i < h->messages ? h->message[i].n : 0;
}

static void add_rule(struct buf *out, const struct html *h, int i)
{
	const struct rule_info *rule = rule_info((enum rule)i);
	uint32_t first = first_with(h, i);
	buf_addf(out, "<tr><td><span class=\"pill p%d\">%s</span><td class=\"r\">", (int)rule->severity, rule->name);
	amount_add_grouped(out, h->counts.broken[i]);
	buf_add_str(out, "<td>");
	if (first)
		buf_addf(out, "<a href=\"#m%u\">%u</a>", first, first);
	buf_addf(out, "<td>%s <span class=\"dim\">Where to look: %s</span>\n", rule->sentence, rule->look);
}

static void add_rules(struct buf *out, const struct html *h)
{
	bool any = false;
	for (int i = 0; i < RULES; i++) {
		if (!h->counts.broken[i])
			continue;
		if (!any)
			buf_add_str(
				out,
				"<h2>Broken rules</h2>\n<table id=\"rules\"><tr><th>Rule<th class=\"r\">Messages<th>First<th>Meaning\n");
		any = true;
		add_rule(out, h, i);
	}
	if (any)
		buf_add_str(out, "</table>\n");
}

/* The heading of a table that is about the messages shown. */
static void add_heading(struct buf *out, const struct html *h, const char *words)
{
	buf_addf(out, "<h2>%s%s</h2>\n", words, h->left_out ? " <span class=\"dim\">of the messages shown</span>" : "");
}

static void add_end(struct buf *out, const struct endpoint *end)
{
	struct buf text = { 0 };
	endpoint_add(&text, end);
	xml_add(out, buf_slice(&text));
	buf_release(&text);
}

static void add_conns(struct buf *out, const struct html *h)
{
	add_heading(out, h, "Connections");
	buf_add_str(
		out,
		"<div class=\"scroll\"><table id=\"conns\"><tr><th class=\"r\">No.<th>Client<th>Who<th>Server<th>Transport<th class=\"r\">Messages\n");
	for (size_t i = 0; i < h->conns.count; i++) {
		const struct html_conn *c = (const struct html_conn *)(const void *)(h->conns.at + i * h->conns.size);
		const struct identity *who = who_of(&h->drawing.who, c->number);
		buf_addf(out, "<tr data-f><td class=\"r\">%u<td class=\"m\">", c->number);
		add_end(out, &c->info.ends[DIR_C2S]);
		buf_add_str(out, "<td>");
		if (who) {
			add_safe(out, slice_head(buf_slice(&who->agent), DIAGRAM_NAME));
			buf_add_byte(out, ' ');
			add_safe(out, slice_head(buf_slice(&who->version), DIAGRAM_NAME));
			buf_add_str(out, who->user.len ? ", " : "");
			add_safe(out, slice_head(buf_slice(&who->user), DIAGRAM_NAME));
		}
		buf_add_str(out, "<td class=\"m\">");
		add_end(out, &c->info.ends[DIR_S2C]);
		buf_addf(out, "<td>%s%s<td class=\"r\">", transport_name(c->info.transport), c->info.tls ? " over TLS" : "");
		amount_add_grouped(out, c->messages);
		buf_add_byte(out, '\n');
	}
	buf_add_str(out, "</table></div>\n");
}

static void add_latency(struct buf *out, int64_t latency)
{
	buf_add_str(out, "<td class=\"r\">");
	if (latency >= 0)
		when_add_span(out, latency);
}

static void add_thread(struct buf *out, const struct html_thread *t)
{
	bool bad = t->info.state == THREAD_FAILED || t->info.state == THREAD_UNANSWERED || t->info.state == THREAD_BROKEN;
	buf_addf(out, "<tr data-f><td class=\"r\"><a href=\"#m%u\">%u</a><td class=\"r\">%u<td class=\"m\">", t->first, t->first, t->conn);
	add_safe(out, t->command);
	buf_add_str(out, "<td class=\"m\">");
	xml_add(out, t->gist);
	buf_addf(out, "<td class=\"%s\">%s", bad ? "bad" : "", thread_state_name(t->info.state));
	add_latency(out, t->info.latency_last);
	buf_addf(out, "<td class=\"r\">%u<td class=\"r\">", t->info.messages);
	amount_add_size(out, t->info.bytes[DIR_C2S] + t->info.bytes[DIR_S2C]);
	buf_add_str(out, "<td>");
	add_pills(out, t->info.rules);
	buf_add_byte(out, '\n');
}

static void add_threads(struct buf *out, const struct html *h)
{
	add_heading(out, h, "Threads");
	buf_add_str(
		out,
		"<div class=\"scroll\"><table id=\"threads\"><tr><th class=\"r\">First<th class=\"r\">Conn.<th>Request<th>About<th>State<th class=\"r\">Latency"
		"<th class=\"r\">Messages<th class=\"r\">Bytes<th>Rules\n");
	for (size_t i = 0; i < h->threads.count; i++)
		add_thread(out, (const struct html_thread *)(const void *)(h->threads.at + i * h->threads.size));
	buf_add_str(out, "</table></div>\n");
}

static void add_message(struct buf *out, const struct html *h, const struct html_message *m)
{
	buf_addf(out, "<details data-f class=\"m %s\" id=\"m%u\"><summary>", m->failed ? "failed" : role_name(m->role), m->n);
	buf_add(out, slice_of(h->texts.at + m->line, m->fields - m->line));
	if (m->rules) {
		buf_add_str(out, "<span>");
		add_pills(out, m->rules);
		buf_add_str(out, "</span>");
	}
	buf_add_str(out, "</summary><pre>");
	buf_add(out, slice_of(h->texts.at + m->fields, m->end - m->fields));
	buf_add_str(out, "</pre></details>\n");
}

void html_page(struct buf *out, const struct html *h, const struct printer *p)
{
	struct svg_options svg = { .start = capture_first_time(p->capture), .links = true };
	add_head(out, p);
	add_summary(out, h, p);
	add_rules(out, h);
	buf_add_str(out,
		    "<input id=\"q\" hidden type=\"search\" placeholder=\"Show only rows with all of these words\" aria-label=\"Filter\">"
		    "<div class=\"dim\" id=\"k\"></div>\n");
	add_conns(out, h);
	add_threads(out, h);
	buf_add_str(out, "<h2>Ladder</h2>\n<div class=\"scroll\">\n");
	svg_add(out, &h->drawing.diagram, &svg);
	buf_add_str(out, "</div>\n<h2>Messages</h2>\n");
	for (size_t i = 0; i < h->messages; i++)
		add_message(out, h, &h->message[i]);
	buf_addf(out, "<script>%s</script>\n</body>\n</html>\n", script);
}
