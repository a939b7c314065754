/*
 * -T fields and -T csv: a line a message, a column a field.
 *
 * The two differ in how they are written. fields is tshark's: separator, quotes and line breaks in values as its options say, so that a
 * script written for it can be kept. csv is RFC 4180: lines end in CR LF, a value is quoted where it has to be.
 *
 * A field can have several values (either port, the elements of an array): they stand in one column with the aggregator between them.
 */
#include "base/text.h"
#include "base/when.h"
#include "decode/redact.h"
#include "export/data.h"
#include "export/exporter.h"
#include "export/value.h"

/* Values. */

static void add_object(struct buf *out, const struct node *n, bool show_secrets)
{
	struct json j = json_to(out);
	export_node(&j, n, &(struct data_options){ .show_secrets = show_secrets, .full_bytes = true });
}

static void add_node(struct buf *out, const struct node *n, bool show_secrets)
{
	switch (n->kind) {
	case NODE_MESSAGE:
	case NODE_OBJECT:
	case NODE_ARRAY: add_object(out, n, show_secrets); break;
	case NODE_BOOL: buf_add_byte(out, n->integer ? '1' : '0'); break;
	case NODE_NUMBER:
	case NODE_STRING: node_add_plain(out, n, show_secrets); break;
	default: node_add_value(out, n, show_secrets);
	}
}

static void add_text(struct buf *out, struct slice text, bool show_secrets)
{
	if (show_secrets)
		buf_add(out, text);
	else
		redact_add(out, text);
}

static void add_secret(struct buf *out, struct slice text, bool show_secrets)
{
	if (show_secrets)
		buf_add(out, text);
	else
		redact_note(out, text.len);
}

static void add_value(struct buf *out, const struct pick *v, bool show_secrets)
{
	switch (v->type) {
	case FILTER_NUMBER:
	case FILTER_YES_NO: buf_add_integer(out, v->number); break;
	case FILTER_SECONDS: when_add_seconds(out, v->number); break;
	case FILTER_TIME: when_add_iso(out, v->number); break;
	case FILTER_ADDRESS: (v->port ? endpoint_add : endpoint_add_address)(out, v->end); break;
	case FILTER_SECRET: add_secret(out, v->text, show_secrets); break;
	case FILTER_DATA: add_node(out, v->node, show_secrets); break;
	default: add_text(out, v->text, show_secrets);
	}
}

/* Columns. */

/* Appends what at the front of text needs nothing, and returns how many bytes that was. */
static size_t add_plain(struct buf *out, struct slice text, char quote)
{
	size_t n = text_plain(text, quote);
	const uint8_t *slash = n ? memchr(text.at, '\\', n) : NULL;
	if (slash)
		n = (size_t)(slash - text.at);
	buf_add(out, slice_head(text, n));
	return n;
}

/* What would break a line or a column stands as \n, \r, \t, \\; all else as text_add_safe has it. */
static void add_escaped(struct buf *out, struct slice text, char quote)
{
	static const char escaped[] = "\nn\rr\tt\\\\";
	for (size_t n; text.len; text = slice_skip(text, n)) {
		uint32_t point;
		n = add_plain(out, text, quote);
		if (n)
			continue;
		n = text_next(text, &point, NULL);
		const char *e = point && point < 0x80 ? strchr(escaped, (int)point) : NULL;
		if (e && (e - escaped) % 2 == 0) {
			buf_add_byte(out, '\\');
			buf_add_byte(out, (uint8_t)e[1]);
			continue;
		}
		if (quote && point == (uint32_t)quote)
			buf_add_byte(out, (uint8_t)quote);
		text_add_safe(out, slice_head(text, n));
	}
}

/* RFC 4180 knows no escapes: line breaks and tabs stay as they are. */
static void add_kept(struct buf *out, struct slice text, char quote)
{
	(void)quote;
	for (size_t n; text.len; text = slice_skip(text, n)) {
		uint32_t point;
		n = text_plain(text, 0);
		buf_add(out, slice_head(text, n));
		if (n)
			continue;
		n = text_next(text, &point, NULL);
		if (point == '\r' || point == '\n' || point == '\t')
			buf_add_byte(out, (uint8_t)point);
		else
			text_add_safe(out, slice_head(text, n));
	}
}

static bool always_quoted(const struct field_options *o)
{
	return o->quote == '"' || o->quote == '\'';
}

static void quote_fields(struct buf *out, struct slice text, const struct field_options *o)
{
	if (always_quoted(o))
		buf_add_byte(out, (uint8_t)o->quote);
	buf_add(out, text);
	if (always_quoted(o))
		buf_add_byte(out, (uint8_t)o->quote);
}

/* RFC 4180, section 2: quotes around what has a separator, a quote or a line break in it; a quote in it stands twice. */
static void quote_csv(struct buf *out, struct slice text, const struct field_options *o)
{
	uint8_t separator = (uint8_t)(o->separator ? o->separator : ','), quote = o->quote == '\'' ? '\'' : '"';
	bool quoted = always_quoted(o);
	for (size_t i = 0; i < text.len && !quoted; i++) {
		uint8_t c = text.at[i];
		quoted = c == separator || c == '"' || c == '\r' || c == '\n' || c == ' ';
	}
	if (!quoted) {
		buf_add(out, text);
		return;
	}
	buf_add_byte(out, quote);
	for (const uint8_t *found; (found = memchr(text.at, quote, text.len)) != NULL;
	     text = slice_skip(text, (size_t)(found - text.at) + 1)) {
		buf_add(out, slice_head(text, (size_t)(found - text.at) + 1));
		buf_add_byte(out, quote);
	}
	buf_add(out, text);
	buf_add_byte(out, quote);
}

/* A format: how a value is made harmless, how a column is written, and what stands between and behind. */
struct table {
	void (*add)(struct buf *out, struct slice value, char quote);
	void (*quote)(struct buf *out, struct slice text, const struct field_options *o);
	char separator;
	const char *end;
	bool header;
};

static const struct table fields_table = { add_escaped, quote_fields, '\t', "\n", false },
			  csv_table = { add_kept, quote_csv, ',', "\r\n", true };

/* A column under way: its values so far, harmless, with what the user wants between them. */
struct column {
	struct printer *printer;
	const struct table *table;
	size_t values;
};

static void add_harmless(const struct column *c, struct slice value)
{
	const struct field_options *o = c->printer->options.fields;
	c->table->add(&c->printer->scratch, value, always_quoted(o) ? o->quote : 0);
}

static void take_value(void *user, const struct pick *v)
{
	struct column *c = user;
	struct printer *p = c->printer;
	const struct field_options *o = p->options.fields;
	if (o->occurrence == OCCURRENCE_FIRST && c->values)
		return;
	if (o->occurrence == OCCURRENCE_LAST)
		buf_clear(&p->scratch);
	else if (c->values)
		buf_add_byte(&p->scratch, (uint8_t)(o->aggregator ? o->aggregator : ','));
	buf_clear(&p->value);
	add_value(&p->value, v, p->options.show_secrets);
	add_harmless(c, buf_slice(&p->value));
	c->values++;
}

static void begin_column(struct column *c, struct printer *p, const struct table *t)
{
	*c = (struct column){ .printer = p, .table = t };
	buf_clear(&p->scratch);
}

static void end_column(const struct column *c, size_t i)
{
	struct printer *p = c->printer;
	const struct field_options *o = p->options.fields;
	if (i)
		buf_add_byte(&p->line, (uint8_t)(o->separator ? o->separator : c->table->separator));
	c->table->quote(&p->line, buf_slice(&p->scratch), o);
}

static void write_header(struct printer *p, const struct table *t)
{
	const struct field_options *o = p->options.fields;
	struct column c;
	if (o->bom)
		text_add_point(&p->line, 0xfeff);
	if (!(o->header < 0 ? t->header : o->header))
		return;
	for (size_t i = 0; i < picks_count(o->picks); i++) {
		begin_column(&c, p, t);
		add_harmless(&c, slice_str(picks_name(o->picks, i)));
		end_column(&c, i);
	}
	buf_add_str(&p->line, t->end);
}

static void write_row(struct printer *p, const struct message_facts *m, const struct table *t)
{
	const struct field_options *o = p->options.fields;
	struct column c;
	picks_look(o->picks, p->session, m->n, m->bytes, capture_first_time(p->capture));
	for (size_t i = 0; i < picks_count(o->picks); i++) {
		begin_column(&c, p, t);
		picks_values(o->picks, i, take_value, &c);
		end_column(&c, i);
	}
	buf_add_str(&p->line, t->end);
}

static void fields_begin(struct printer *p)
{
	write_header(p, &fields_table);
}

static void fields_message(struct printer *p, const struct message_facts *m)
{
	write_row(p, m, &fields_table);
}

static void csv_begin(struct printer *p)
{
	write_header(p, &csv_table);
}

static void csv_message(struct printer *p, const struct message_facts *m)
{
	write_row(p, m, &csv_table);
}

const struct exporter exporter_fields = {
	.name = "fields",
	.help = "a line a message with the fields of -e, as tshark writes them",
	.secretive = true,
	.settled = true,
	.columns = COLUMNS_CHOSEN,
	.begin = fields_begin,
	.message = fields_message,
};

const struct exporter exporter_csv = {
	.name = "csv",
	.help = "a table (RFC 4180) with the fields of -e, or the usual ones",
	.secretive = true,
	.settled = true,
	.columns = COLUMNS_USUAL,
	.begin = csv_begin,
	.message = csv_message,
};
