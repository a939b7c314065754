/*
 * -T fields and -T csv: a line a message, a column a field.
 *
 * The two differ in how they are written. fields is tshark's: separator, quotes and line breaks in values as its options say, so that a
 * script written for it can be kept. csv is RFC 4180: lines end in CR LF, a value is quoted where it has to be.
 *
 * A field can have several values (either port, the elements of an array): they stand in one column with the aggregator between them.
 */
#include "export/fields.h"

#include "base/text.h"
#include "base/when.h"
#include "decode/redact.h"
#include "export/data.h"
#include "export/exporter.h"
#include "export/value.h"

/* Settings. */

static bool is_yes(const char *v)
{
	return v[0] && strchr("yY1", v[0]);
}

static bool is_yes_or_no(const char *v)
{
	return v[0] && !v[1] && strchr("yYnN10", v[0]);
}

static bool take_bom(struct field_options *o, const char *v)
{
	o->bom = is_yes(v);
	return is_yes_or_no(v);
}

static bool take_header(struct field_options *o, const char *v)
{
	o->header = is_yes(v);
	return is_yes_or_no(v);
}

/* One character, or a name for one that a shell does not like. */
static bool take_char(char *out, const char *v)
{
	*out = strcmp(v, "/t") == 0 ? '\t' : strcmp(v, "/s") == 0 ? ' ' : v[0];
	return *out && *out != '\n' && *out != '\r' && (!v[1] || *out != v[0]);
}

static bool take_separator(struct field_options *o, const char *v)
{
	return take_char(&o->separator, v);
}

static bool take_aggregator(struct field_options *o, const char *v)
{
	return take_char(&o->aggregator, v);
}

static bool take_quote(struct field_options *o, const char *v)
{
	o->quote = v[0] == 'd' ? '"' : v[0] == 's' ? '\'' : ' ';
	return v[0] && !v[1] && strchr("dsn", v[0]);
}

static bool take_occurrence(struct field_options *o, const char *v)
{
	o->occurrence = v[0] == 'f' ? OCCURRENCE_FIRST : v[0] == 'l' ? OCCURRENCE_LAST : OCCURRENCE_ALL;
	return v[0] && !v[1] && strchr("fla", v[0]);
}

static const struct setting {
	const char *name, *values, *sentence;
	bool (*take)(struct field_options *o, const char *value);
} settings[] = {
	{ "bom", "bom=y|n", "a byte order mark in front of all, by which some spreadsheets know UTF-8", take_bom },
	{ "header", "header=y|n", "the names of the fields as the first line (fields: n, csv: y)", take_header },
	{ "separator", "separator=/t|/s|CHARACTER", "between the columns: tab, space, any other (fields: tab, csv: comma)", take_separator },
	{ "quote", "quote=d|s|n", "values in double quotes, in single ones, in none (csv: where they have to be)", take_quote },
	{ "occurrence", "occurrence=f|l|a", "of several values the first, the last, or all (default)", take_occurrence },
	{ "aggregator", "aggregator=/s|CHARACTER", "between several values (default: comma)", take_aggregator },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

const char *field_setting_at(size_t i, const char **sentence)
{
	if (i >= SETTINGS)
		return NULL;
	*sentence = settings[i].sentence;
	return settings[i].values;
}

bool field_options_take(struct field_options *o, const char *setting)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		size_t n = strlen(settings[i].name);
		if (strncmp(setting, settings[i].name, n) == 0 && setting[n] == '=')
			return settings[i].take(o, setting + n + 1);
	}
	return false;
}

static const char *const table_columns[] = {
	"n", "time", "conn", "src", "dst", "transport", "command", "seq", "id", "rid", "message", "size", "thread", "role", "latency",
	"rules", "gist",
};

bool field_options_ready(struct field_options *o, bool table, bool show_secrets, struct buf *error)
{
	bool own = o->count > 0;
	size_t count = own ? o->count : table ? sizeof table_columns / sizeof *table_columns : 0;
	o->picks = picks_new(show_secrets);
	for (size_t i = 0; i < count; i++)
		if (!picks_add(o->picks, own ? o->name[i] : table_columns[i], error))
			return false;
	return true;
}

void field_options_release(struct field_options *o)
{
	picks_free(o->picks);
	o->picks = NULL;
}

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
	case NODE_NUMBER: buf_add(out, n->text); break;
	case NODE_STRING: node_add_plain(out, n, show_secrets); break;
	default: node_add_value(out, n, show_secrets);
	}
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
	default: buf_add(out, v->text);
	}
}

/* Columns. */

/* A column under way: its values so far, as they are. */
struct column {
	struct buf *text;
	const struct field_options *options;
	bool show_secrets;
	size_t values;
};

static void take_value(void *user, const struct pick *v)
{
	struct column *c = user;
	enum occurrence o = c->options->occurrence;
	if (o == OCCURRENCE_FIRST && c->values)
		return;
	if (o == OCCURRENCE_LAST)
		buf_clear(c->text);
	else if (c->values)
		buf_add_byte(c->text, (uint8_t)(c->options->aggregator ? c->options->aggregator : ','));
	add_value(c->text, v, c->show_secrets);
	c->values++;
}

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

static void add_fields_value(struct buf *out, struct slice text, const struct field_options *o)
{
	char quote = o->quote == ' ' ? 0 : o->quote;
	if (quote)
		buf_add_byte(out, (uint8_t)quote);
	add_escaped(out, text, quote);
	if (quote)
		buf_add_byte(out, (uint8_t)quote);
}

/* RFC 4180, section 2: quotes around what has a separator, a quote or a line break in it; a quote in it stands twice. */
static void add_csv_value(struct buf *out, struct slice text, const struct field_options *o)
{
	char separator = o->separator ? o->separator : ',', quote = o->quote == '\'' ? '\'' : '"';
	bool quoted = o->quote == '"' || o->quote == '\'';
	for (size_t i = 0; i < text.len && !quoted; i++) {
		uint8_t c = text.at[i];
		quoted = c == (uint8_t)separator || c == '"' || c == '\r' || c == '\n' || c == ' ';
	}
	if (quoted)
		buf_add_byte(out, (uint8_t)quote);
	for (size_t n; text.len; text = slice_skip(text, n)) {
		uint32_t point;
		n = text_plain(text, quoted ? quote : 0);
		buf_add(out, slice_head(text, n));
		if (n)
			continue;
		n = text_next(text, &point, NULL);
		if (quoted && point == (uint32_t)quote)
			buf_add_byte(out, (uint8_t)quote);
		if (point == '\r' || point == '\n' || point == '\t')
			buf_add_byte(out, (uint8_t)point);
		else
			text_add_safe(out, slice_head(text, n));
	}
	if (quoted)
		buf_add_byte(out, (uint8_t)quote);
}

/* A format: how a value is written, and what stands between and behind. */
struct table {
	void (*add)(struct buf *out, struct slice text, const struct field_options *o);
	char separator;
	const char *end;
	bool header;
};

static const struct table fields_table = { add_fields_value, '\t', "\n", false }, csv_table = { add_csv_value, ',', "\r\n", true };

static void end_column(struct printer *p, const struct table *t, size_t i, struct slice text)
{
	const struct field_options *o = p->options.fields;
	if (i)
		buf_add_byte(&p->line, (uint8_t)(o->separator ? o->separator : t->separator));
	t->add(&p->line, text, o);
}

static void write_header(struct printer *p, const struct table *t)
{
	const struct field_options *o = p->options.fields;
	if (o->bom)
		text_add_point(&p->line, 0xfeff);
	if (!(o->header < 0 ? t->header : o->header))
		return;
	for (size_t i = 0; i < picks_count(o->picks); i++)
		end_column(p, t, i, slice_str(picks_name(o->picks, i)));
	buf_add_str(&p->line, t->end);
}

static void write_row(struct printer *p, const struct message_facts *m, const struct table *t)
{
	const struct field_options *o = p->options.fields;
	picks_look(o->picks, p->session, m->n, m->bytes, capture_first_time(p->capture));
	for (size_t i = 0; i < picks_count(o->picks); i++) {
		struct column c = { &p->scratch, o, p->options.show_secrets, 0 };
		buf_clear(c.text);
		picks_values(o->picks, i, take_value, &c);
		end_column(p, t, i, buf_slice(c.text));
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
	.name = "fields", .help = "a line a message with the fields of -e, as tshark writes them", .columns = COLUMNS_CHOSEN,
	.begin = fields_begin, .message = fields_message,
};

const struct exporter exporter_csv = {
	.name = "csv", .help = "a table (RFC 4180) with the fields of -e, or the usual ones", .columns = COLUMNS_USUAL,
	.begin = csv_begin, .message = csv_message,
};
