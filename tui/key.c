/*
 * What keys are called in the footer and the help.
 */
#include "tui/key.h"

#include "base/text.h"

static const struct {
	int code;
	const char *name;
} names[] = {
	{ KEY_CTRL_B, "Ctrl-B" },    { KEY_CTRL_F, "Ctrl-F" },       { KEY_CTRL_L, "Ctrl-L" },
	{ KEY_TABULATOR, "Tab" },    { KEY_RETURN, "Enter" },        { KEY_ESC, "Esc" },
	{ ' ', "Space" },            { KEY_ARROW_UP, "Up" },         { KEY_ARROW_DOWN, "Down" },
	{ KEY_ARROW_LEFT, "Left" },  { KEY_ARROW_RIGHT, "Right" },   { KEY_FIRST, "Home" },
	{ KEY_BACK_TABULATOR, "Shift-Tab" }, { KEY_FINAL, "End" },        { KEY_PAGE_UP, "PgUp" },        { KEY_PAGE_DOWN, "PgDn" },
};

void key_add_name(struct buf *out, int code)
{
	if (code > KEY_FUNCTION) {
		buf_addf(out, "F%d", code - KEY_FUNCTION);
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].code == code) {
			buf_add_str(out, names[i].name);
			return;
		}
	if (code > ' ' && code < KEY_NAMED)
		text_add_point(out, (uint32_t)code);
}
