/* --version. */
#ifndef CLI_VERSIONS_H
#define CLI_VERSIONS_H

#include <stdio.h>

/* Writes the version of envscope, and of the libraries that it runs with. */
void versions_write(FILE *out);

#endif
