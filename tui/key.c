/*
 * What keys are called in the footer and the help.
 */
#include "tui/key.h"

#include "base/text.h"

#include <stdlib.h>
#include <strings.h>

static const struct {
	int code;
	const char *name;
} names[] = {
	{ KEY_DELETE, "Delete" },     { KEY_BS, "Backspace" },    { KEY_TABULATOR, "Tab" },
	{ KEY_RETURN, "Enter" },      { KEY_ESC, "Esc" },         { ' ', "Space" },
	{ KEY_ARROW_UP, "Up" },       { KEY_ARROW_DOWN, "Down" }, { KEY_ARROW_LEFT, "Left" },
	{ KEY_ARROW_RIGHT, "Right" }, { KEY_FIRST, "Home" },      { KEY_BACK_TABULATOR, "Shift-Tab" },
	{ KEY_FINAL, "End" },         { KEY_PAGE_UP, "PgUp" },    { KEY_PAGE_DOWN, "PgDn" },
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
	if (code > 0 && code < ' ')
		buf_addf(out, "Ctrl-%c", '@' + code);
	else if (code > ' ' && code < KEY_NAMED)
		text_add_point(out, (uint32_t)code);
}

static bool same(struct slice name, const char *other)
{
	return name.len == strlen(other) && strncasecmp((const char *)name.at, other, name.len) == 0;
}

/* "F1" to "F12", "Ctrl-A" to "Ctrl-Z". */
static int numbered(struct slice name)
{
	const char *at = (const char *)name.at;
	if (name.len >= 2 && name.len <= 3 && (at[0] == 'F' || at[0] == 'f') && at[1] >= '1' && at[1] <= '9') {
		int n = at[1] - '0';
		if (name.len == 3)
			n = at[2] >= '0' && at[2] <= '9' ? 10 * n + at[2] - '0' : 99;
		return n <= 12 ? KEY_FUNCTION + n : KEY_NONE;
	}
	if (name.len == 6 && strncasecmp(at, "ctrl-", 5) == 0 && ((at[5] | 0x20) >= 'a' && (at[5] | 0x20) <= 'z'))
		return (at[5] | 0x20) - 'a' + 1;
	return KEY_NONE;
}

int key_named(struct slice name)
{
	uint32_t point;
	bool valid;
	if (!name.len)
		return KEY_NONE;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same(name, names[i].name))
			return names[i].code;
	if (text_next(name, &point, &valid) == name.len && valid && point > ' ')
		return (int)point;
	return numbered(name);
}
