/*
 * A line that the user types, edited at its end: Backspace, Ctrl-W (a word), Ctrl-U (all).
 */
#include "tui/prompt.h"

#include "base/text.h"
#include "tui/key.h"

enum { LONGEST = 1024 };

static void drop_character(struct buf *b)
{
	while (b->len && (b->at[b->len - 1] & 0xc0) == 0x80)
		b->len--;
	if (b->len)
		b->len--;
}

static void drop_word(struct buf *b)
{
	while (b->len && b->at[b->len - 1] == ' ')
		b->len--;
	while (b->len && b->at[b->len - 1] != ' ')
		b->len--;
}

enum prompt_answer prompt_key(struct prompt *p, int key)
{
	if (key == KEY_RETURN || key == KEY_ESC || (key == KEY_BS && !p->text.len)) {
		p->open = false;
		return key == KEY_RETURN ? PROMPT_DONE : PROMPT_GONE;
	}
	if (key == KEY_BS)
		drop_character(&p->text);
	else if (key == KEY_CTRL_W)
		drop_word(&p->text);
	else if (key == KEY_CTRL_U)
		buf_clear(&p->text);
	else if (key >= ' ' && key < KEY_NAMED && p->text.len < LONGEST)
		text_add_point(&p->text, (uint32_t)key);
	return PROMPT_MORE;
}
