/*
 * --completions SHELL: bash, zsh, fish.
 *
 * An option takes nothing, a file, a folder, a word of a list, or something that can't be foreseen. Which, is told by how its argument is called in
 * the help (FILE, DIR), or stands in the table `lists` with a function that goes through its words: those come from the same tables as the
 * program's own, so a new format or report is completed without another line here.
 */
#include "cli/completions.h"

#include "cli/options.h"

#include <string.h>

/* The i-th word; NULL behind the last. */
typedef const char *(*words_fn)(size_t i);

static const char *formats(size_t i)
{
	return exporter_at(i) ? exporter_at(i)->name : NULL;
}

static const char *reports(size_t i)
{
	return report_at(i) ? report_at(i)->name : NULL;
}

static const char *fields(size_t i)
{
	return filter_field_at(i) ? filter_field_at(i)->name : NULL;
}

/* Names of rules; of two that share one, the first. */
static const char *rules(size_t i)
{
	for (int r = 0; r < RULES; r++) {
		const char *name = rule_info((enum rule)r)->name;
		bool again = false;
		for (int before = 0; before < r; before++)
			again = again || strcmp(name, rule_info((enum rule)before)->name) == 0;
		if (!again && i-- == 0)
			return name;
	}
	return NULL;
}

static const char *all_rules(size_t i)
{
	return i == 0 ? "all" : rules(i - 1);
}

static const char *levels(size_t i)
{
	return i < 3 ? severity_name((enum severity)i) : rules(i - 3);
}

#define WORDS(function, ...)                                               \
	static const char *function(size_t i)                              \
	{                                                                  \
		static const char *const words[] = { __VA_ARGS__ };        \
		return i < sizeof words / sizeof *words ? words[i] : NULL; \
	}
WORDS(checks, "text", "json", "junit")
WORDS(colors, "auto", "always", "never")
WORDS(times, "r", "a", "u", "ad", "ud", "d", "e")
WORDS(captures, "pcapng", "pcap")
WORDS(shells, "bash", "zsh", "fish")

static const struct list {
	const char *option; /* its letter, else its name */
	words_fn words;
} lists[] = {
	{ "T", formats },    { "z", reports },      { "e", fields },          { "t", times },      { "F", captures },
	{ "check", checks }, { "fail-on", levels }, { "explain", all_rules }, { "color", colors }, { "completions", shells },
};

static words_fn words_of(const struct option_row *o)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const char *name = lists[i].option;
		if (name[1] ? o->name && strcmp(o->name, name) == 0 : o->letter == name[0])
			return lists[i].words;
	}
	return NULL;
}

static bool is_file(const struct option_row *o)
{
	return o->argument && (strcmp(o->argument, "FILE") == 0 || strcmp(o->argument, "DIR") == 0) && !words_of(o);
}

static bool may_lack(const struct option_row *o)
{
	return o->argument && o->argument[0] == '[';
}

/* Words with commas between them. */
static bool is_sequence(const struct option_row *o)
{
	return o->argument && strstr(o->argument, ",...");
}

static void put_words(FILE *out, words_fn words, const char *prefix)
{
	const char *word;
	for (size_t i = 0; (word = words(i)); i++)
		fprintf(out, "%s%s%s", i ? " " : "", prefix, word);
}

/* The help in quotes of the shell; `also` are characters that a backslash must precede besides. */
static void put_help(FILE *out, const char *help, const char *also)
{
	for (; *help; help++) {
		if (*help == '\'')
			fputs("’", out);
		else if (strchr(also, *help))
			fprintf(out, "\\%c", *help);
		else
			fputc(*help, out);
	}
}

static void bash_names(FILE *out, const struct option_row *o)
{
	if (o->letter)
		fprintf(out, "-%c%s", o->letter, o->name ? "|" : "");
	if (o->name)
		fprintf(out, "--%s|--%s=", o->name, o->name);
}

static void bash_argument(FILE *out, const struct option_row *o)
{
	if (!o->argument)
		return;
	fputs("\t", out);
	if (may_lack(o))
		fprintf(out, "--%s=", o->name);
	else
		bash_names(out, o);
	if (words_of(o)) {
		fprintf(out, ") COMPREPLY=($(compgen%s -W \"", is_sequence(o) ? " -P \"${cur%\"${cur##*,}\"}\"" : "");
		put_words(out, words_of(o), "");
		fprintf(out, "\" -- \"$%s\")) ;;\n", is_sequence(o) ? "{cur##*,}" : "cur");
	} else if (is_file(o)) {
		fprintf(out, ") mapfile -t COMPREPLY < <(compgen %s -- \"$cur\") ;;\n", strcmp(o->argument, "DIR") == 0 ? "-d" : "-f");
	} else {
		fputs(") COMPREPLY=() ;;\n", out);
	}
}

/* bash takes --check=json for three words. Names of files may have blanks in them. */
static void write_bash(FILE *out)
{
	struct option_row o;
	fputs("# bash completion for envscope, made by envscope --completions bash\n_envscope() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tif [[ $cur == = ]]; then\n\t\tcur= prev+==\n"
	      "\telif [[ $prev == = ]]; then\n\t\tprev=${COMP_WORDS[COMP_CWORD-2]}=\n\tfi\n"
	      "\tcase $prev in\n",
	      out);
	for (size_t i = 0; options_row(i, &o); i++)
		bash_argument(out, &o);
	fputs("\t*)\n\t\tif [[ $cur == -* ]]; then\n\t\t\tCOMPREPLY=($(compgen -W \"", out);
	for (size_t i = 0; options_row(i, &o); i++) {
		if (o.letter)
			fprintf(out, "-%c ", o.letter);
		if (o.name)
			fprintf(out, "--%s ", o.name);
		if (may_lack(&o) && words_of(&o)) {
			char prefix[40];
			snprintf(prefix, sizeof prefix, "--%s=", o.name);
			put_words(out, words_of(&o), prefix);
			fputc(' ', out);
		}
	}
	fputs("\" -- \"$cur\"))\n\t\telse\n\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\t\tfi ;;\n\tesac\n}\n"
	      "complete -o filenames -F _envscope envscope\n",
	      out);
}

static void zsh_argument(FILE *out, const struct option_row *o)
{
	if (!o->argument)
		return;
	fputs(may_lack(o) ? "::" : ":", out);
	for (const char *c = o->argument; *c; c++)
		if ((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z'))
			fputc(*c, out);
	fputc(':', out);
	if (words_of(o)) {
		fputs(is_sequence(o) ? "_values -s , word " : "(", out);
		put_words(out, words_of(o), "");
		fputs(is_sequence(o) ? "" : ")", out);
	} else if (is_file(o)) {
		fputs(strcmp(o->argument, "DIR") == 0 ? "_files -/" : "_files", out);
	}
}

/* One spelling of the option: -x or --name, and "=" behind a name that takes an argument. */
static void zsh_spec(FILE *out, const struct option_row *o, bool by_name)
{
	fputs("\t'", out);
	if (o->argument) /* may be there again */
		fputc('*', out);
	else if (o->letter && o->name)
		fprintf(out, "(-%c --%s)", o->letter, o->name);
	if (by_name)
		fprintf(out, "--%s%s[", o->name, !o->argument ? "" : may_lack(o) ? "=-" : "=");
	else
		fprintf(out, "-%c%s[", o->letter, o->argument ? "+" : ""); /* in the same word, too */
	put_help(out, o->help, "[]:\\");
	fputc(']', out);
	zsh_argument(out, o);
	fputs("' \\\n", out);
}

static void write_zsh(FILE *out)
{
	struct option_row o;
	fputs("#compdef envscope\n# zsh completion for envscope, made by envscope --completions zsh\n_arguments -s \\\n", out);
	for (size_t i = 0; options_row(i, &o); i++) {
		if (o.letter)
			zsh_spec(out, &o, false);
		if (o.name)
			zsh_spec(out, &o, true);
	}
	fputs("\t'*:capture file or filter:_files'\n", out);
}

static void write_fish(FILE *out)
{
	struct option_row o;
	fputs("# fish completion for envscope, made by envscope --completions fish\n", out);
	for (size_t i = 0; options_row(i, &o); i++) {
		fputs("complete -c envscope", out);
		if (o.letter)
			fprintf(out, " -s %c", o.letter);
		if (o.name)
			fprintf(out, " -l %s", o.name);
		if (o.argument && !may_lack(&o))
			fputs(is_file(&o) ? " -r -F" : " -x", out);
		if (words_of(&o)) {
			fputs(is_sequence(&o) ? " -a '(__fish_append , " : " -a '", out);
			put_words(out, words_of(&o), "");
			fputs(is_sequence(&o) ? ")'" : "'", out);
		}
		fputs(" -d '", out);
		put_help(out, o.help, "\\");
		fputs("'\n", out);
	}
}

bool completions_write(FILE *out, const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		write_bash(out);
	else if (strcmp(shell, "zsh") == 0)
		write_zsh(out);
	else if (strcmp(shell, "fish") == 0)
		write_fish(out);
	else
		return false;
	return true;
}
