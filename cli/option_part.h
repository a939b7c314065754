/* What the files of the command line share: the table of options, and how their values are read. For cli/option*.c, cli/manual.c and cli/answer.c only. */
#ifndef CLI_OPTION_PART_H
#define CLI_OPTION_PART_H

#include "base/suggest.h"
#include "cli/options.h"

struct option_entry {
	char letter;          /* 0: none */
	const char *name;     /* NULL: none */
	const char *argument; /* how it is called in the help, "[=…]" if it may be left out; NULL: none */
	const char *help;     /* NULL: not shown, as it is for other programs only */
	bool (*take)(struct options *o, const char *value);
};

enum { OPTIONS_MAX = 96 };

/* The i-th option (from 0), NULL behind the last; there are at most OPTIONS_MAX. */
const struct option_entry *option_at(size_t i);

/* Says on standard error what is wrong with a value. Always false. */
bool option_fail(const char *what, const char *value);
/* The same of a word, with the one that was meant, up to its "=", if it is near. words: NULL after the last. */
bool option_fail_near(const char *what, const char *value, const char *const *words);
/* Ends such a line with the name that was meant, if there is one. Always false. */
bool option_fail_end(const struct suggestion *near);
/* Says on standard error that there is no option of that letter, or of the name in that word of the command line, and what is there. Always false. */
bool option_unknown_letter(char letter);
bool option_unknown_name(const char *word);
/* A decimal number of at most `most`. */
bool option_number(const char *text, uint64_t most, uint64_t *out);
/* A time such as 500ms, 30s or 2m, in ns; 0 if it is none. */
int64_t option_span(const char *text);
/* A size in bytes, or with K, M, G or T behind it in binary units; false if it is none, or 0. */
bool option_size(const char *v, uint64_t *out);
/* Calls take for each word of a list with commas, until one answers false: then that is the answer. */
bool option_list(struct options *o, const char *list, bool (*take)(struct options *o, const char *word));

/* Says on standard error which of the options do nothing in such a run. */
void option_say_useless(const struct options *o);

#endif
