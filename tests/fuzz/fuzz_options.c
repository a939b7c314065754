/*
 * The command line: the input is words, each up to a NUL. Options are read as main() does, and nothing is done. What is refused is refused with a
 * sentence on standard error, which goes nowhere here.
 */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORDS = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	char *argv[WORDS + 2] = { (char[]){ "envscope" } };
	int argc = 1;
	struct options o;
	char *text = malloc(size + 1);
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (!text || !nowhere)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	for (size_t at = 0; at < size && argc <= WORDS; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	FILE *before = stderr;
	stderr = nowhere;
	optind = 0; /* getopt begins anew */
	options_parse(&o, argc, argv);
	options_release(&o);
	stderr = before;
	free(text);
	return 0;
}
