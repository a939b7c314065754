/* Completions for shells, made from the table of options. */
#ifndef CLI_COMPLETIONS_H
#define CLI_COMPLETIONS_H

#include <stdbool.h>
#include <stdio.h>

/* Writes the completions for "bash", "zsh" or "fish". False for any other shell. */
bool completions_write(FILE *out, const char *shell);

#endif
