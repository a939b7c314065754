/*
 * Keys are looked up row by row: where one key stands in several rows that apply, the first one counts. In the table that only happens
 * between a command that needs a search and one that does not; a config file may make it happen elsewhere, which keymap_conflict finds.
 */
#include "tui/keymap.h"

#include "tui/key.h"

void keymap_init(struct keymap *m)
{
	const struct command_row *c;
	*m = (struct keymap){ 0 };
	for (unsigned i = 0; (c = command_row(i)) && i < KEYMAP_ROWS; i++)
		memcpy(m->key[i], c->keys, sizeof m->key[i]);
}

enum command keymap_command(const struct keymap *m, int key, uint32_t context)
{
	const struct command_row *c;
	for (unsigned i = 0; (c = command_row(i)); i++)
		for (int k = 0; k < COMMAND_KEYS && m->key[i][k] != KEY_NONE; k++)
			if (m->key[i][k] == key && command_applies(c, context))
				return c->command;
	return CMD_NONE;
}

int keymap_key(const struct keymap *m, unsigned row, uint32_t context)
{
	for (int k = 0; k < COMMAND_KEYS && m->key[row][k] != KEY_NONE; k++)
		if (keymap_command(m, m->key[row][k], context) == command_row(row)->command)
			return m->key[row][k];
	return KEY_NONE;
}

static void add_keys(struct buf *out, const int *keys, const char *between)
{
	for (int k = 0; k < COMMAND_KEYS && keys[k] != KEY_NONE; k++) {
		if (k)
			buf_add_str(out, between);
		key_add_name(out, keys[k]);
	}
}

void keymap_add_keys(struct buf *out, const struct keymap *m, unsigned row)
{
	add_keys(out, m->key[row], ", ");
}

bool keymap_add_words(struct buf *out, const struct keymap *m, const char *command)
{
	const struct command_row *c;
	for (unsigned i = 0; (c = command_row(i)); i++)
		if (strcmp(c->name, command) == 0) {
			add_keys(out, m->key[i], " ");
			return true;
		}
	return false;
}

/* Reads names of keys; false with a sentence if one is none. */
static bool read_keys(const char *words, int keys[COMMAND_KEYS], const char **error)
{
	int count = 0;
	for (const char *end; *(words += strspn(words, " \t")); words = end) {
		end = words + strcspn(words, " \t");
		int key = key_named(slice_of((const uint8_t *)words, (size_t)(end - words)));
		*error = key == KEY_NONE ? "there is no such key" : count == COMMAND_KEYS ? "these are too many keys" : NULL;
		if (*error)
			return false;
		keys[count++] = key;
	}
	return true;
}

bool keymap_bind(struct keymap *m, const char *command, const char *words, const char **error)
{
	int keys[COMMAND_KEYS] = { KEY_NONE };
	const struct command_row *c;
	bool known = false;
	if (!read_keys(words, keys, error))
		return false;
	for (unsigned i = 0; (c = command_row(i)); i++)
		if (strcmp(c->name, command) == 0) {
			memcpy(m->key[i], keys, sizeof keys);
			known = true;
		}
	*error = "there is no such command";
	return known;
}

/* Can both rows apply at the same time, with nothing to choose between them? */
static bool together(const struct command_row *a, const struct command_row *b)
{
	return a->command != b->command && (a->where & b->where & EVERYWHERE) && !((a->where ^ b->where) & FOUND);
}

static bool has(const int *keys, int key)
{
	for (int k = 0; k < COMMAND_KEYS && keys[k] != KEY_NONE; k++)
		if (keys[k] == key)
			return true;
	return false;
}

const char *keymap_conflict(const struct keymap *m, int *key)
{
	const struct command_row *a, *b;
	for (unsigned i = 0; (a = command_row(i)); i++)
		for (unsigned j = i + 1; (b = command_row(j)); j++)
			for (int k = 0; together(a, b) && k < COMMAND_KEYS && m->key[i][k] != KEY_NONE; k++)
				if (has(m->key[j], *key = m->key[i][k]))
					return b->name;
	return NULL;
}
