/*
 * The settings of -E, and what columns there are: those of -e, or the usual ones of a table.
 *
 * A setting is a row with a name, what the help shows, and a function that takes its value. What was not set stays 0 (header: -1), which means: as
 * the format has it.
 */
#include "export/field_options.h"

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
	{ "separator", "separator=/t|/s|CHARACTER", "between the columns: tab, space, any other (fields: tab, csv: comma)",
	  take_separator },
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

const char *field_setting_name(size_t i)
{
	return i < SETTINGS ? settings[i].name : NULL;
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
	"n",   "time",    "conn", "src",    "dst",  "transport", "command", "seq",  "id",
	"rid", "message", "size", "thread", "role", "latency",   "rules",   "gist",
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
