/*
 * -T ndjson: one JSON object a line, for scripts. Keys and their order are a contract (docs/ndjson.md).
 */
#include "base/json.h"
#include "decode/redact.h"
#include "decode/seen.h"
#include "export/data.h"
#include "export/exporter.h"

static void add_time_keys(struct printer *p, struct json *j, int64_t time)
{
	json_key(j, "time");
	json_iso(j, time);
	json_key(j, "rel");
	json_seconds(j, printer_relative(p, time));
}

static void add_conn_keys(struct json *j, const struct session_conn *c, enum dir dir)
{
	static const char *const keys[] = { "src", "dst" };
	json_key(j, "conn");
	json_uint(j, c ? c->info.number : 0);
	for (int i = 0; i < 2; i++) {
		json_key(j, keys[i]);
		buf_add_byte(j->out, '"');
		if (c)
			endpoint_add(j->out, &c->info.ends[i ? !dir : dir]);
		buf_add_byte(j->out, '"');
		j->comma = true;
	}
	json_key(j, "dir");
	json_word(j, dir == DIR_C2S ? "c2s" : "s2c");
}

static void add_text(struct printer *p, struct json *j, const char *key, struct slice value)
{
	json_key(j, key);
	json_slice(j, p->options.show_secrets ? value : redact_text(value, &p->scratch));
}

static void add_envelope_keys(struct printer *p, struct json *j, const struct message_facts *m)
{
	const struct envelope *e = &m->envelope;
	add_text(p, j, "command", e->command);
	json_key(j, "priority");
	json_int(j, e->priority);
	json_key(j, "seq");
	if (m->record->has_seq)
		json_int(j, m->record->seq);
	else
		json_none(j);
	add_text(p, j, "id", e->id);
	add_text(p, j, "rid", e->rid);
	add_text(p, j, "traceid", e->traceid);
	add_text(p, j, "spanid", e->spanid);
	add_text(p, j, "type_url", e->type_url);
}

static void add_thread_keys(struct printer *p, struct json *j, const struct message_facts *m)
{
	const char *name = schema_name(session_schema(p->session), form_type(session_schema(p->session), m->record));
	json_key(j, "message");
	if (name)
		json_word(j, name);
	else
		json_none(j);
	json_key(j, "size");
	json_uint(j, m->record->size);
	json_key(j, "thread");
	json_uint(j, m->record->thread);
	json_key(j, "role");
	json_word(j, role_name((enum role)m->record->role));
	json_key(j, "latency");
	if (m->latency < 0)
		json_none(j);
	else
		json_seconds(j, m->latency);
}

static void add_rules(struct json *j, uint32_t rules)
{
	json_key(j, "rules");
	json_open(j, '[');
	for (int r = 0; rules >> r; r++)
		if (rules >> r & 1)
			json_word(j, rule_info((enum rule)r)->name);
	json_close(j, ']');
}

static void add_secret(struct printer *p, struct json *j, const char *key, struct slice value)
{
	if (!value.len)
		return;
	json_key(j, key);
	if (p->options.show_secrets) {
		json_slice(j, value);
		return;
	}
	struct buf note = { 0 };
	redact_note(&note, value.len);
	json_slice(j, buf_slice(&note));
	buf_release(&note);
}

static void ndjson_message(struct printer *p, const struct message_facts *m)
{
	struct json j = json_to(&p->line);
	struct data_options data = { .show_secrets = p->options.show_secrets, .full_bytes = p->options.full_bytes };
	json_open(&j, '{');
	json_key(&j, "n");
	json_uint(&j, m->n);
	add_time_keys(p, &j, m->record->time);
	add_conn_keys(&j, m->conn, (enum dir)m->record->dir);
	json_key(&j, "transport");
	json_word(&j, transport_name((enum transport)m->record->transport));
	json_key(&j, "tls");
	json_bool(&j, m->record->tls);
	add_envelope_keys(p, &j, m);
	add_thread_keys(p, &j, m);
	add_rules(&j, m->record->rules);
	add_secret(p, &j, "jwt", m->envelope.jwt);
	if (m->record->cut) {
		json_key(&j, "captured");
		json_uint(&j, m->bytes.len);
	}
	json_key(&j, "data");
	p->dissection.shallow = true;
	form_dissect(&p->dissection, m->record, m->bytes);
	export_data(&j, &p->dissection, &data);
	json_close(&j, '}');
	buf_add_byte(&p->line, '\n');
}

static void ndjson_rule(struct printer *p, uint32_t n, enum rule rule, enum rule was, int64_t time)
{
	struct json j = json_to(&p->line);
	struct buf seen = { 0 };
	json_open(&j, '{');
	json_key(&j, "event");
	json_word(&j, "rule");
	json_key(&j, "n");
	json_uint(&j, n);
	json_key(&j, "rule");
	json_word(&j, rule_info(rule)->name);
	json_key(&j, "severity");
	json_word(&j, severity_name(rule_info(rule)->severity));
	if (was != RULES) {
		json_key(&j, "was");
		json_word(&j, rule_info(was)->name);
	}
	add_time_keys(p, &j, time);
	json_key(&j, "seen");
	seen_add(&seen, p->session, n, rule, (struct slice){ NULL, 0 });
	json_slice(&j, buf_slice(&seen));
	buf_release(&seen);
	json_close(&j, '}');
	buf_add_byte(&p->line, '\n');
}

static void ndjson_news(struct printer *p, const struct session_news *news)
{
	static const char *const kinds[NEWS_KINDS] = { "gap", "skipped", "over-long", "cut", "not-ours", "note" };
	struct json j = json_to(&p->line);
	struct buf text = { 0 };
	json_open(&j, '{');
	json_key(&j, "event");
	json_word(&j, kinds[news->kind]);
	add_time_keys(p, &j, news->time);
	add_conn_keys(&j, session_conn(p->session, news->conn), news->dir);
	json_key(&j, "bytes");
	json_uint(&j, news->bytes);
	json_key(&j, "text");
	session_news_text(&text, news);
	json_slice(&j, buf_slice(&text));
	json_close(&j, '}');
	buf_add_byte(&p->line, '\n');
	buf_release(&text);
}

const struct exporter exporter_ndjson = {
	.name = "ndjson",
	.help = "one JSON object a message",
	.secretive = true,
	.cuts = true,
	.message = ndjson_message,
	.rule = ndjson_rule,
	.news = ndjson_news,
};
