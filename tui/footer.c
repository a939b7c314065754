/*
 * The footer is made anew from the table of commands whenever it is drawn or clicked, by the same walk, so that what is clicked is what stands
 * there.
 */
#include "tui/footer.h"

#include "tui/key.h"

/* Walks the items of the footer: puts them on a line, or (out NULL) looks for the one at column col. */
static enum command walk(const struct keymap *keys, uint32_t context, struct line *out, int width, int col)
{
	const struct command_row *c;
	struct buf key = { 0 };
	int at = 0;
	enum command found = CMD_NONE;
	for (unsigned i = 0; (c = command_row(i)); i++) {
		int code = c->label && command_applies(c, context) ? keymap_key(keys, i, context) : KEY_NONE;
		if (code == KEY_NONE)
			continue;
		buf_clear(&key);
		key_add_name(&key, code);
		int next = at + (int)key.len + 1 + (int)strlen(c->label) + 1;
		if (next > width + 1)
			break;
		if (out) {
			line_add(out, INK_BAR_KEY, buf_slice(&key), width);
			line_addf(out, INK_BAR, " %s", c->label);
			line_pad(out, INK_PLAIN, next < width ? next : width);
		} else if (col >= at && col < next - 1) {
			found = c->command;
		}
		at = next;
	}
	buf_release(&key);
	return found;
}

void footer_add(struct line *out, const struct keymap *keys, uint32_t context, int width)
{
	walk(keys, context, out, width, -1);
}

enum command footer_at(const struct keymap *keys, uint32_t context, int width, int col)
{
	return walk(keys, context, NULL, width, col);
}
