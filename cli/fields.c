/*
 * What the display filter can be asked, from its own table.
 */
#include "cli/fields.h"

#include "decode/filter.h"

enum { WORDS_SHOWN = 12 };

static const struct {
	const char *what, *sentence;
} grammar[] = {
	{ "== != < <= > >=", "compare; also eq ne lt le gt ge. With several values != means that none is equal" },
	{ "contains", "the text has that part" },
	{ "matches or ~", "a Perl-compatible regular expression is found in the text; case does not matter but behind (?-i)" },
	{ "in {A B}", "equal to one of the values" },
	{ "&& || !", "and, or, not; parentheses" },
	{ "a field alone", "it is present and not empty" },
};
enum { GRAMMAR = sizeof grammar / sizeof *grammar };

static const char values[] =
	"Text stands in double quotes, with \\\" \\\\ \\n \\r \\t \\xHH \\uHHHH. Words of a list need no quotes. Times are ISO 8601, UTC "
	"unless an offset says otherwise. Seconds may have decimals. The prefix openiap. may stand before a field.";

static const char data[] =
	"data.NAME is a field of the payload, data.NAME.NAME a field of a message in it or a key of JSON in its text, data.NAME[0] an element, "
	"data.NAME[\"any key\"] a key of any form. Without a number one of the elements is enough. "
	"COMMAND.NAME, MESSAGE.NAME is a field only of what that command carries, or of the messages of that name, wherever in the payload.";

static const char *const examples[] = {
	"command == \"query\" && seq > 10",
	"!(role == \"event\")",
	"rules contains \"seq\"",
	"latency > 0.5",
	"command in {\"query\" \"aggregate\"}",
	"id matches \"^a[0-9]\"",
	"data.collectionname == \"entities\"",
	"data.query._type == \"test\"",
	"severity >= warning && time >= 2026-11-22T20:43:36Z",
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

/* The words that a field can have, if they are few. */
static void print_words(FILE *out, const struct filter_field *f, const struct schema *schema)
{
	const char *word, *before = ": ";
	if (f->type != FILTER_WORD || filter_word_at(f, schema, WORDS_SHOWN))
		return;
	for (int i = 0; (word = filter_word_at(f, schema, i)); i++) {
		fprintf(out, "%s%s", before, word);
		before = ", ";
	}
}

static void each_field(FILE *out, const char *format, const char *after)
{
	const struct filter_field *f;
	struct schema *schema = schema_new();
	for (size_t i = 0; (f = filter_field_at(i)); i++) {
		fprintf(out, format, f->name, filter_type_name(f->type));
		fputs(f->sentence, out);
		print_words(out, f, schema);
		fputs(after, out);
	}
	schema_free(schema);
}

static void print_aliases(FILE *out)
{
	const char *alias, *name, *before = "Also known: ";
	for (size_t i = 0; (alias = filter_alias_at(i, &name)); i++) {
		fprintf(out, "%s%s for %s", before, alias, name);
		before = ", ";
	}
	fputs(".\n", out);
}

void fields_help(FILE *out)
{
	fputs("A display filter (-Y EXPR) says which messages to show, in Wireshark's grammar.\n\n", out);
	for (int i = 0; i < GRAMMAR; i++)
		fprintf(out, "  %-16s %s\n", grammar[i].what, grammar[i].sentence);
	fprintf(out, "\n%s\n\n", values);
	each_field(out, "  %-11s %-10s ", "\n");
	fprintf(out, "\n%s\n", data);
	print_aliases(out);
	fputs("\nExamples:\n", out);
	for (int i = 0; i < EXAMPLES; i++)
		fprintf(out, "  %s\n", examples[i]);
}

/* Backslashes are the man page's own escapes. */
static void man_text(FILE *out, const char *text)
{
	for (; *text; text++)
		fputs(*text == '\\' ? "\\e" : (const char[]){ *text, 0 }, out);
}

void fields_man(FILE *out)
{
	fputs(".SH DISPLAY FILTER\nA display filter (\\-Y) says which messages to show, in Wireshark's grammar.\n", out);
	for (int i = 0; i < GRAMMAR; i++)
		fprintf(out, ".TP\n.B %s\n%s.\n", grammar[i].what, grammar[i].sentence);
	fputs(".PP\n", out);
	man_text(out, values);
	fputs("\n.PP\nThe fields:\n", out);
	each_field(out, ".TP\n.B %s\n(%s) ", ".\n");
	fputs(".PP\n", out);
	man_text(out, data);
	fputs("\n", out);
	print_aliases(out);
	fputs(".PP\nExamples:\n.PP\n.nf\n", out);
	for (int i = 0; i < EXAMPLES; i++) {
		man_text(out, examples[i]);
		fputs("\n", out);
	}
	fputs(".fi\n", out);
}
