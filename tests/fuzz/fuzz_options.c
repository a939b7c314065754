/*
 * The command line: the input is words, each up to a NUL. Options are read as main() does, and nothing is done. What is refused is refused with a
 * sentence on standard error, which goes nowhere here.
 */
#include "cli/options.h"

#include "cli/option_part.h"
#include "tests/fuzz/words.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORDS = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

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

static void word(struct buf *out, uint64_t *seed)
{
	static const char *const values[] = {
		"x.pcap",
		"ndjson",
		"text",
		"seq > 3",
		"tcp.port==80,ws",
		"header=y",
		"separator=/t",
		"no-reply=30s",
		"threads=2",
		"spool=1G",
		"512M",
		"duration:10",
		"filesize:10",
		"ws://:1=wss://a/b",
		"10.0.0.0/8",
		"500ms",
		"error,seq-gap",
		"threads",
		"u",
		"command",
		"json",
		"0",
		"-1",
		"18446744073709551616",
		"",
	};
	size_t options = 0;
	while (option_at(options))
		options++;
	const struct option_entry *o = option_at(chance(seed, (uint32_t)options));
	const char *value = values[chance(seed, sizeof values / sizeof *values)];
	buf_add_byte(out, 0);
	if (o->name && (!o->letter || chance(seed, 2)))
		buf_addf(out, "--%s%s", o->name, o->argument && chance(seed, 2) ? "=" : "");
	else
		buf_addf(out, "-%c", o->letter);
	if (o->argument && out->at[out->len - 1] != '=')
		buf_add_byte(out, 0);
	buf_add_str(out, o->argument ? value : "");
	buf_add_byte(out, 0);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return words_mutate(word, 0, data, size, max_size, seed);
}
