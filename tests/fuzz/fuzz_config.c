/*
 * The config file of the screens: any text is read; what is set stays within the tables; complaints are lines that do nothing to a terminal. What is
 * written from that is read without complaint (but that a key does two things, where it does), and comes to the same.
 */
#include "tui/config.h"

#include "tests/fuzz/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void demand(bool good)
{
	if (!good)
		abort();
}

static void check_complaints(const struct buf *b)
{
	demand(!b->len || b->at[b->len - 1] == '\n');
	for (size_t i = 0; i < b->len; i++)
		demand(b->at[i] == '\n' || (b->at[i] >= ' ' && b->at[i] != 0x7f));
}

static struct slice file_text(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;
	buf_clear(out);
	while (f && (n = fread(buf_reserve(out, 4096), 1, 4096, f)) > 0)
		out->len += n;
	if (f)
		fclose(f);
	return buf_slice(out);
}

/* Writes, reads, and writes again: nothing is complained of, and both files are alike. */
static void write_and_read(const struct settings *s)
{
	char path[2][64];
	struct buf complaints = { 0 }, text[2] = { { 0 }, { 0 } };
	struct settings again;
	int key;
	settings_init(&again);
	for (int i = 0; i < 2; i++) {
		snprintf(path[i], sizeof path[i], "/tmp/envscope-fuzz-config-%d-%d", (int)getpid(), i);
		unlink(path[i]);
		demand(config_write(i ? &again : s, path[i], &complaints));
		if (!i)
			config_read(&again, path[i], &complaints);
	}
	demand(!complaints.len || keymap_conflict(&again.keys, &key));
	demand(slice_eq(file_text(path[0], &text[0]), file_text(path[1], &text[1])));
	for (int i = 0; i < 2; i++) {
		unlink(path[i]);
		buf_release(&text[i]);
	}
	buf_release(&complaints);
	settings_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s;
	struct buf complaints = { 0 };
	settings_init(&s);
	config_read_text(&s, slice_of(data, size), &complaints);
	check_complaints(&complaints);
	if (size && data[0] & 1)
		write_and_read(&s);
	buf_release(&complaints);
	settings_release(&s);
	return 0;
}

struct lottery {
	struct buf *out;
	uint64_t *seed;
	uint32_t drawn;
};

/* Each of n names is the one with the same chance. */
static void draw(void *user, const char *name, const char *preset, const char *sentence)
{
	static const char *const values[] = { "yes", "no", "red", "brightblue on default", "bold", "q F1 Ctrl-L", "time, command, id",
					      "3",   "" };
	struct lottery *l = user;
	(void)sentence;
	if (chance(l->seed, ++l->drawn))
		return;
	buf_clear(l->out);
	buf_addf(l->out, "\n%s = %s\n", name,
		 preset && chance(l->seed, 2) ? preset : values[chance(l->seed, sizeof values / sizeof *values)]);
}

static void word(struct buf *out, uint64_t *seed)
{
	struct buf line = { 0 };
	config_each(draw, &(struct lottery){ &line, seed, 0 });
	buf_add(out, buf_slice(&line));
	buf_release(&line);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return words_mutate(word, 0, data, size, max_size, seed);
}
