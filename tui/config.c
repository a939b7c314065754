/*
 * Reading and writing the config file.
 *
 * What there is to set is enumerated in one place (each_entry): names, values and defaults come from the tables of settings, views,
 * looks and commands. Writing puts values into the lines they stand in already, and what differs from its default and has no line yet at
 * the end; whatever else is in the file stays.
 */
#include "tui/config.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "tui/commands.h"
#include "tui/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, FILE_MAX = 1 << 20 };

static const char *const views[VIEWS] = {
#define X(NAME, name) #name,
	VIEW_TABLE(X)
#undef X
};

bool config_path(struct buf *out)
{
	const char *own = getenv("ENVSCOPE_CONFIG"), *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (own && *own)
		buf_add_str(out, own);
	else if (xdg && *xdg == '/')
		buf_addf(out, "%s/envscope/config", xdg);
	else if (home && *home)
		buf_addf(out, "%s/.config/envscope/config", home);
	return out->len > 0;
}

/* Reading. */

/* Words of choices: "on, off". */
static void add_choices(struct buf *out, const struct setting_row *row)
{
	for (int i = 0; i < CHOICES && row->choice[i]; i++)
		buf_addf(out, "%s%s", i ? ", " : "", row->choice[i]);
}

static bool read_setting(struct settings *s, enum setting i, const char *value, struct buf *why)
{
	const struct setting_row *row = setting_row(i);
	for (int k = 0; k < CHOICES && row->choice[k]; k++)
		if (strcmp(value, row->choice[k]) == 0) {
			s->value[i] = k;
			return true;
		}
	buf_addf(why, "%s is one of ", row->name);
	add_choices(why, row);
	return false;
}

static bool read_look(struct settings *s, const char *name, const char *value, struct buf *why)
{
	const char *sentence, *other;
	for (int i = 0; i < INKS; i++) {
		if (!(other = look_name((enum ink)i, &sentence)) || strcmp(name, other) != 0)
			continue;
		if (!look_read(&s->looks[i], value)) {
			buf_add_str(why, "a colour is a number up to 255 or a name such as red, and bold, underline, reverse");
			return false;
		}
		s->own_looks |= 1u << i;
		return true;
	}
	buf_addf(why, "there is no colour of that name");
	return false;
}

static bool has_columns(int view)
{
	return IN_TABLES >> view & 1;
}

static bool read_columns(struct settings *s, const char *view, const char *value, int line, struct buf *why)
{
	for (int i = 0; i < VIEWS; i++)
		if (has_columns(i) && strcmp(view, views[i]) == 0) {
			buf_clear(&s->columns[i]);
			buf_add_str(&s->columns[i], value);
			s->columns_line[i] = line;
			return true;
		}
	buf_add_str(why, "there is no screen of that name with columns");
	return false;
}

static bool read_key(struct settings *s, const char *command, const char *value, struct buf *why)
{
	const char *error;
	if (keymap_bind(&s->keys, command, value, &error))
		return true;
	buf_add_str(why, error);
	return false;
}

/* Takes NAME and VALUE; false with the reason in *why. */
static bool read_entry(struct settings *s, const char *name, const char *value, int line, struct buf *why)
{
	if (strncmp(name, "key.", 4) == 0)
		return read_key(s, name + 4, value, why);
	if (strncmp(name, "colour.", 7) == 0)
		return read_look(s, name + 7, value, why);
	if (strncmp(name, "columns.", 8) == 0)
		return read_columns(s, name + 8, value, line, why);
	for (int i = 0; i < SETTINGS; i++)
		if (strcmp(name, setting_row((enum setting)i)->name) == 0)
			return read_setting(s, (enum setting)i, value, why);
	buf_add_str(why, "there is nothing of that name to set");
	return false;
}

static struct slice trimmed(struct slice text)
{
	while (text.len && strchr(" \t\r", text.at[text.len - 1]))
		text.len--;
	while (text.len && strchr(" \t", text.at[0]))
		text = slice_skip(text, 1);
	return text;
}

/* Splits NAME = VALUE; false if the line has no name: it is empty or a comment (*comment), or has no =. */
static bool split(struct slice line, struct slice *name, struct slice *value, bool *comment)
{
	line = trimmed(line);
	*comment = !line.len || line.at[0] == '#';
	const uint8_t *equals = *comment ? NULL : memchr(line.at, '=', line.len);
	if (!equals)
		return false;
	size_t at = (size_t)(equals - line.at);
	*name = trimmed(slice_head(line, at));
	*value = trimmed(slice_skip(line, at + 1));
	return name->len > 0;
}

static struct slice next_line(struct slice *rest)
{
	const uint8_t *end = memchr(rest->at, '\n', rest->len);
	struct slice line = slice_head(*rest, end ? (size_t)(end - rest->at) : rest->len);
	*rest = slice_skip(*rest, line.len + 1);
	return line;
}

static void complain(struct buf *complaints, int number, struct slice line, struct buf *why)
{
	buf_addf(complaints, "line %d: %s: ", number, buf_cstr(why));
	text_add_safe(complaints, slice_head(line, 200));
	buf_add_byte(complaints, '\n');
}

static void read_line(struct settings *s, struct slice line, int number, struct buf *complaints)
{
	struct buf name = { 0 }, value = { 0 }, why = { 0 };
	struct slice n, v;
	bool comment, good = false;
	if (line.len > LINE_MAX_BYTES || (line.len && memchr(line.at, 0, line.len))) {
		buf_add_str(&why, "this is no line of text");
	} else if (!split(line, &n, &v, &comment)) {
		good = comment;
		buf_add_str(&why, "a line is NAME = VALUE");
	} else {
		buf_add(&name, n);
		buf_add(&value, v);
		good = read_entry(s, buf_cstr(&name), buf_cstr(&value), number, &why);
	}
	if (!good)
		complain(complaints, number, line, &why);
	buf_release(&name);
	buf_release(&value);
	buf_release(&why);
}

void config_read_text(struct settings *s, struct slice text, struct buf *complaints)
{
	const char *loser;
	int key = KEY_NONE;
	for (int number = 1; text.len; number++)
		read_line(s, next_line(&text), number, complaints);
	settings_choose_looks(s);
	if (!(loser = keymap_conflict(&s->keys, &key)))
		return;
	buf_add_str(complaints, "the key ");
	key_add_name(complaints, key);
	buf_addf(complaints, " does something else already where it should do %s\n", loser);
}

/* Appends a file to *out; false with errno. */
static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t got = 1;
	while (got && out->len < FILE_MAX) {
		got = fread(buf_reserve(out, 4096), 1, 4096, f);
		out->len += got;
	}
	bool good = !ferror(f);
	fclose(f);
	return good;
}

void config_read(struct settings *s, const char *path, struct buf *complaints)
{
	struct buf text = { 0 };
	if (read_file(path, &text))
		config_read_text(s, buf_slice(&text), complaints);
	else if (errno != ENOENT && errno != ENOTDIR)
		buf_addf(complaints, "it can't be read: %s\n", strerror(errno));
	buf_release(&text);
}

/* All there is to set. */

typedef void entry_fn(void *user, const char *name, struct slice value, struct slice preset, const char *sentence);

struct entries {
	const struct settings *now, *preset;
	entry_fn *fn;
	void *user;
	struct buf name, value, usual;
};

static void give(struct entries *e, const char *sentence)
{
	e->fn(e->user, buf_cstr(&e->name), buf_slice(&e->value), buf_slice(&e->usual), sentence);
}

static void begin(struct entries *e, const char *kind, const char *name)
{
	buf_clear(&e->name);
	buf_clear(&e->value);
	buf_clear(&e->usual);
	buf_addf(&e->name, "%s%s", kind, name);
}

static void each_setting(struct entries *e)
{
	for (int i = 0; i < SETTINGS; i++) {
		const struct setting_row *row = setting_row((enum setting)i);
		begin(e, "", row->name);
		buf_add_str(&e->value, row->choice[e->now->value[i]]);
		buf_add_str(&e->usual, row->choice[0]);
		give(e, row->sentence);
	}
}

static void each_look(struct entries *e)
{
	const char *sentence, *name;
	for (int i = 0; i < INKS; i++) {
		if (!(name = look_name((enum ink)i, &sentence)))
			continue;
		begin(e, "colour.", name);
		look_add(&e->usual, &e->preset->looks[i]);
		look_add(&e->value, e->now->own_looks & 1u << i ? &e->now->looks[i] : &e->preset->looks[i]);
		give(e, sentence);
	}
}

static void each_columns(struct entries *e)
{
	for (int i = 0; i < VIEWS; i++) {
		begin(e, "columns.", views[i]);
		buf_add(&e->value, buf_slice(&e->now->columns[i]));
		if (has_columns(i))
			give(e, "columns from left to right, TITLE or TITLE:WIDTH; nothing: as they come");
	}
}

static void each_key(struct entries *e)
{
	const struct command_row *c, *before;
	for (unsigned i = 0; (c = command_row(i)); i++) {
		unsigned k = 0;
		while ((before = command_row(k)) != c && strcmp(before->name, c->name) != 0)
			k++;
		if (k < i)
			continue;
		begin(e, "key.", c->name);
		keymap_add_words(&e->value, &e->now->keys, c->name);
		keymap_add_words(&e->usual, &e->preset->keys, c->name);
		give(e, c->sentence);
	}
}

static void each_entry(const struct settings *s, entry_fn *fn, void *user)
{
	struct settings preset;
	settings_init(&preset);
	struct entries e = { .now = s, .preset = &preset, .fn = fn, .user = user };
	each_setting(&e);
	each_columns(&e);
	each_look(&e);
	each_key(&e);
	buf_release(&e.name);
	buf_release(&e.value);
	buf_release(&e.usual);
	settings_release(&preset);
}

struct each {
	config_fn *fn;
	void *user;
};

static void give_preset(void *user, const char *name, struct slice value, struct slice preset, const char *sentence)
{
	struct each *each = user;
	struct buf text = { 0 };
	(void)value;
	buf_add(&text, preset);
	each->fn(each->user, name, buf_cstr(&text), sentence);
	buf_release(&text);
}

void config_each(config_fn *fn, void *user)
{
	struct settings preset;
	struct each each = { fn, user };
	settings_init(&preset);
	each_entry(&preset, give_preset, &each);
	settings_release(&preset);
}

/* Writing. */

struct writer {
	struct buf out;   /* the old lines with new values */
	struct buf added; /* lines that were not there */
};

/* Puts a value into its line (the last of that name) or, if it has none and is not usual, at the end. */
static void write_entry(void *user, const char *name, struct slice value, struct slice preset, const char *sentence)
{
	struct writer *w = user;
	struct slice rest = buf_slice(&w->out), n, v;
	struct buf new = { 0 };
	bool comment, found = false;
	(void)sentence;
	while (rest.len) {
		struct slice line = next_line(&rest);
		bool is_it = split(line, &n, &v, &comment) && slice_eq(n, slice_str(name));
		found |= is_it;
		buf_add(&new, is_it ? slice_str(name) : line);
		if (is_it) {
			buf_add_str(&new, value.len ? " = " : " =");
			buf_add(&new, value);
		}
		buf_add_byte(&new, '\n');
	}
	buf_clear(&w->out);
	buf_add(&w->out, buf_slice(&new));
	buf_release(&new);
	if (found || slice_eq(value, preset))
		return;
	buf_addf(&w->added, "%s = ", name);
	buf_add(&w->added, value);
	buf_add_byte(&w->added, '\n');
}

/* Makes the folders that the path of a file goes through. */
static void make_folders(const char *path)
{
	char *copy = xstrdup(path);
	for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(copy, 0700);
		*slash = '/';
	}
	free(copy);
}

/* Writes a new file; of one that can't be written nothing is left. */
static bool write_file(const char *path, struct slice text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	errno = ENOSPC; /* of a write that takes less than all */
	bool good = write(fd, text.at, text.len) == (ssize_t)text.len && fsync(fd) == 0;
	int reason = errno;
	if (close(fd) != 0 && good) {
		good = false;
		reason = errno;
	}
	if (!good)
		unlink(path);
	errno = reason;
	return good;
}

/* The file takes the other one's place; where it can't, it goes. */
static bool put_in_place(const char *new, const char *path)
{
	if (rename(new, path) == 0)
		return true;
	int reason = errno;
	unlink(new);
	errno = reason;
	return false;
}

/* A link stays one: what it leads to is written. To be freed. */
static char *behind_links(const char *path)
{
	char *real = realpath(path, NULL);
	return real ? real : xstrdup(path);
}

/* What is there stays, so all of it has to be read, and what no file is (a pipe, /dev/null) is not to be replaced by one. */
static bool read_old(const char *path, struct buf *out)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return errno == ENOENT;
	errno = S_ISDIR(st.st_mode) ? EISDIR : !S_ISREG(st.st_mode) ? ENOTSUP : st.st_size > FILE_MAX ? EFBIG : 0;
	return !errno && read_file(path, out);
}

static bool say_unwritten(const char *path, struct buf *error)
{
	buf_addf(error, "%s can't be written: %s", path, strerror(errno));
	return false;
}

bool config_write(const struct settings *s, const char *path, struct buf *error)
{
	struct writer w = { 0 };
	struct buf beside = { 0 };
	if (!read_old(path, &w.out)) {
		buf_release(&w.out);
		return say_unwritten(path, error);
	}
	each_entry(s, write_entry, &w);
	buf_add(&w.out, buf_slice(&w.added));
	make_folders(path);
	char *real = behind_links(path);
	buf_addf(&beside, "%s.new", real);
	bool good = (write_file(buf_cstr(&beside), buf_slice(&w.out)) && put_in_place(buf_cstr(&beside), real)) ||
		    say_unwritten(path, error);
	free(real);
	buf_release(&beside);
	buf_release(&w.out);
	buf_release(&w.added);
	return good;
}
