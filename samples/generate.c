/*
 * generate OUTDIR [CASE…] writes the named cases, or all, as OUTDIR/CASE.pcap; generate --list
 * prints a line a case. What it writes is the same every time. Exit status: 0 fine, 1 a file
 * could not be written, 2 unusable arguments.
 */
#include "samples/gen_cases.h"

#include "base/buf.h"

#include <errno.h>
#include <sys/stat.h>

static int list(void)
{
	for (size_t i = 0; i < sample_case_count; i++)
		printf("%-24s%s\n", sample_cases[i].name, sample_cases[i].says);
	return 0;
}

static const struct sample_case *find(const char *name)
{
	for (size_t i = 0; i < sample_case_count; i++)
		if (strcmp(sample_cases[i].name, name) == 0)
			return &sample_cases[i];
	return NULL;
}

static bool write_case(const char *folder, const struct sample_case *c)
{
	struct buf path = { 0 };
	struct pcap_file file;
	buf_addf(&path, "%s/%s.pcap", folder, c->name);
	bool good = pcap_file_open(&file, buf_cstr(&path));
	if (good) {
		c->write(&file);
		good = pcap_file_close(&file);
	}
	if (!good)
		fprintf(stderr, "generate: cannot write %s: %s\n", buf_cstr(&path), strerror(errno));
	buf_release(&path);
	return good;
}

static int write_named(const char *folder, char **names, int count)
{
	bool good = true;
	for (int i = 0; i < count; i++)
		if (!find(names[i])) {
			fprintf(stderr, "generate: no case named %s; --list prints them all\n", names[i]);
			return 2;
		}
	for (int i = 0; i < count; i++)
		good = write_case(folder, find(names[i])) && good;
	return good ? 0 : 1;
}

static int write_all(const char *folder)
{
	bool good = true;
	for (size_t i = 0; i < sample_case_count; i++)
		good = write_case(folder, &sample_cases[i]) && good;
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (argc < 2 || argv[1][0] == '-') {
		fputs("usage: generate OUTDIR [CASE...] | generate --list\n", stderr);
		return 2;
	}
	if (mkdir(argv[1], 0777) != 0 && errno != EEXIST) {
		fprintf(stderr, "generate: cannot create %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return argc == 2 ? write_all(argv[1]) : write_named(argv[1], argv + 2, argc - 2);
}
