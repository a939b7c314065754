/*
 * Editing a line with the keys of a shell: arrows, Home and End (Ctrl-A, Ctrl-E), Backspace and Delete, Ctrl-W (a word), Ctrl-U (all
 * before the cursor), Ctrl-K (all behind it), Up and Down for the history.
 */
#include "tui/prompt.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "tui/key.h"

#include <stdlib.h>

enum { LONGEST = 1024 };

void history_add(struct history *h, const char *line)
{
	int i = 0;
	while (i < h->count && strcmp(h->line[i], line) != 0)
		i++;
	char *kept = i < h->count ? h->line[i] : xstrdup(line);
	if (i == HISTORY)
		free(h->line[--i]);
	else if (i == h->count)
		h->count++;
	memmove(h->line + 1, h->line, (size_t)i * sizeof *h->line);
	h->line[0] = kept;
}

void history_release(struct history *h)
{
	for (int i = 0; i < h->count; i++)
		free(h->line[i]);
	h->count = 0;
}

void prompt_release(struct prompt *p)
{
	buf_release(&p->text);
	buf_release(&p->typed);
}

void prompt_set(struct prompt *p, const char *text)
{
	buf_clear(&p->text);
	buf_add_str(&p->text, text);
	p->at = p->text.len;
	p->back = 0;
}

void prompt_replace(struct prompt *p, size_t from, size_t length, struct slice by)
{
	struct buf rest = { 0 };
	buf_add(&rest, slice_skip(buf_slice(&p->text), from + length));
	p->text.len = from;
	buf_add(&p->text, by);
	p->at = p->text.len;
	buf_add(&p->text, buf_slice(&rest));
	buf_release(&rest);
}

/* The byte at which the character before byte `at` begins. */
static size_t before(const struct prompt *p, size_t at)
{
	do
		at -= at > 0;
	while (at && (p->text.at[at] & 0xc0) == 0x80);
	return at;
}

/* The byte behind the character at byte `at`. */
static size_t behind(const struct prompt *p, size_t at)
{
	if (at < p->text.len)
		at++;
	while (at < p->text.len && (p->text.at[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static size_t word_start(const struct prompt *p)
{
	size_t at = p->at;
	while (at && p->text.at[at - 1] == ' ')
		at--;
	while (at && p->text.at[at - 1] != ' ')
		at--;
	return at;
}

static void cut(struct prompt *p, size_t from, size_t to)
{
	prompt_replace(p, from, to - from, (struct slice){ 0 });
}

/* Shows another line of the history: an older one (by 1) or a newer one (-1). */
static void recall(struct prompt *p, int by)
{
	int back = p->back + by;
	if (!p->history || back < 0 || back > p->history->count)
		return;
	if (!p->back) {
		buf_clear(&p->typed);
		buf_add(&p->typed, buf_slice(&p->text));
	}
	prompt_set(p, back ? p->history->line[back - 1] : buf_cstr(&p->typed));
	p->back = back;
}

static void insert(struct prompt *p, uint32_t point)
{
	struct buf character = { 0 };
	text_add_point(&character, point);
	prompt_replace(p, p->at, 0, buf_slice(&character));
	buf_release(&character);
}

/* Keys that move or delete; false if it is another one. */
static bool edit(struct prompt *p, int key)
{
	switch (key) {
	case KEY_BS: cut(p, before(p, p->at), p->at); return true;
	case KEY_DELETE: cut(p, p->at, behind(p, p->at)); return true;
	case KEY_CTRL_W: cut(p, word_start(p), p->at); return true;
	case KEY_CTRL_U: cut(p, 0, p->at); return true;
	case KEY_CTRL_K: cut(p, p->at, p->text.len); return true;
	case KEY_ARROW_LEFT: p->at = before(p, p->at); return true;
	case KEY_ARROW_RIGHT: p->at = behind(p, p->at); return true;
	case KEY_CTRL_A:
	case KEY_FIRST: p->at = 0; return true;
	case KEY_CTRL_E:
	case KEY_FINAL: p->at = p->text.len; return true;
	case KEY_ARROW_UP: recall(p, 1); return true;
	case KEY_ARROW_DOWN: recall(p, -1); return true;
	default: return false;
	}
}

enum prompt_answer prompt_key(struct prompt *p, int key)
{
	if (key == KEY_RETURN || key == KEY_ESC || (key == KEY_BS && !p->text.len)) {
		p->open = false;
		return key == KEY_RETURN ? PROMPT_DONE : PROMPT_GONE;
	}
	if (!edit(p, key) && key >= ' ' && key < KEY_NAMED && p->text.len < LONGEST)
		insert(p, (uint32_t)key);
	return PROMPT_MORE;
}

int prompt_draw(const struct prompt *p, int width, struct line *out, size_t *from)
{
	struct slice text = buf_slice(&p->text);
	int start = out->columns;
	*from = 0;
	while (*from < p->at && text_columns(slice_skip(slice_head(text, p->at), *from)) >= width)
		*from = behind(p, *from);
	line_add(out, INK_PLAIN, slice_skip(text, *from), width);
	return start + text_columns(slice_skip(slice_head(text, p->at), *from));
}
