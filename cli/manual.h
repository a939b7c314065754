/* What envscope says of itself. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

/* -h: the options, a line or two each. */
void manual_help(FILE *out);
/* --man: the man page, in the language of man(7). */
void manual_page(FILE *out);
/* A config file for the screens, with all that can be set, as comments. */
void manual_config(FILE *out);
/* -T help: the formats. */
void manual_formats(FILE *out);
/* --explain: everything known of the rule of that name, or of all for "all". False if there is none of that name. */
bool manual_explain(FILE *out, const char *rule);

#endif
