/*
 * Lines: safe text and an ink for each byte of it, in two bufs of the same length.
 *
 * The column count is kept as text is added, so that cells can be laid side by side without measuring again.
 */
#include "tui/line.h"

#include "base/text.h"

#include <limits.h>

void line_release(struct line *l)
{
	buf_release(&l->text);
	buf_release(&l->ink);
	l->columns = 0;
}

void line_clear(struct line *l)
{
	buf_clear(&l->text);
	buf_clear(&l->ink);
	l->columns = 0;
}

/* Inks what was added to the text since it was `from` bytes long. */
static void ink_rest(struct line *l, enum ink ink)
{
	size_t n = l->text.len - l->ink.len;
	if (!n)
		return;
	memset(buf_reserve(&l->ink, n), ink, n);
	l->ink.len += n;
}

void line_add(struct line *l, enum ink ink, struct slice text, int columns)
{
	l->columns += text_add_fit(&l->text, text, columns);
	ink_rest(l, ink);
}

void line_add_str(struct line *l, enum ink ink, const char *text)
{
	line_add(l, ink, slice_str(text), INT_MAX);
}

void line_addf(struct line *l, enum ink ink, const char *format, ...)
{
	struct buf text = { 0 };
	va_list args;
	va_start(args, format);
	buf_addv(&text, format, args);
	va_end(args);
	line_add(l, ink, buf_slice(&text), INT_MAX);
	buf_release(&text);
}

void line_pad(struct line *l, enum ink ink, int columns)
{
	if (columns <= l->columns)
		return;
	size_t n = (size_t)(columns - l->columns);
	memset(buf_reserve(&l->text, n), ' ', n);
	l->text.len += n;
	l->columns = columns;
	ink_rest(l, ink);
}

void line_add_cell(struct line *l, enum ink ink, struct slice text, int width, bool right)
{
	int end = l->columns + width;
	if (right) {
		int columns = text_columns(text);
		line_pad(l, ink, end - (columns < width ? columns : width));
	}
	line_add(l, ink, text, end - l->columns);
	line_pad(l, ink, end);
}

void line_mark(struct line *l, size_t from, size_t length, enum ink ink)
{
	if (from < l->ink.len)
		memset(l->ink.at + from, ink, length < l->ink.len - from ? length : l->ink.len - from);
}

size_t line_wrap(struct slice text, int columns)
{
	size_t at = 0, space = 0;
	int used = 0;
	uint32_t point;
	while (at < text.len) {
		size_t n = text_next(slice_skip(text, at), &point, NULL);
		used += text_width(point);
		if (used > columns && at)
			return point == ' ' || !space ? at : space;
		if (point == ' ')
			space = at;
		at += n;
	}
	return at;
}

struct slice line_take(struct slice *text, int columns)
{
	struct slice row = slice_head(*text, line_wrap(*text, columns));
	*text = slice_skip(*text, row.len);
	if (slice_starts(*text, " "))
		*text = slice_skip(*text, 1);
	return row;
}
