/* The fields of the display filter as text: for -Y help and the man page. */
#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H

#include <stdio.h>

/* What a display filter looks like, and the table of its fields. */
void fields_help(FILE *out);
/* The same as a section of the man page, in its language. */
void fields_man(FILE *out);

#endif
