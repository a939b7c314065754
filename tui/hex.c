/*
 * The hex dump.
 *
 *	0010  48 65 6c 6c 6f 20 77 6f  72 6c 64 0a 00 01 02 03  Hello world.....
 *	      |first                   |column_of(8)            |letters
 *
 * The offset has as many digits as the message needs, four at least. What a field marks is marked in both
 * halves, the space between two marked bytes too.
 */
#include "tui/hex.h"

static int digits(size_t bytes)
{
	return bytes <= 0x10000 ? 4 : bytes <= 0x1000000 ? 6 : 8;
}

/* Column of byte i of a row in the hex half; for i = per_row, where the half ends. */
static int column_of(const struct hex *h, int i)
{
	return digits(h->bytes.len) + 2 + 3 * i + (i >= 8 && h->per_row > 8);
}

static int letters(const struct hex *h)
{
	return column_of(h, h->per_row) + 1;
}

int hex_width(size_t bytes, int per_row)
{
	struct hex h = { .bytes = { NULL, bytes }, .per_row = per_row };
	return letters(&h) + per_row;
}

int hex_per_row(size_t bytes, int width)
{
	return hex_width(bytes, 16) <= width ? 16 : hex_width(bytes, 8) <= width ? 8 : 0;
}

static bool in(struct span s, size_t i)
{
	return i >= s.from && i < s.to;
}

static bool is_masked(const struct hex *h, size_t i)
{
	return h->mask && mask_has(h->mask, i);
}

static enum ink ink_of(const struct hex *h, size_t i)
{
	return in(h->value, i) ? INK_MARK_VALUE : in(h->field, i) ? INK_MARK : INK_PLAIN;
}

/* The ink between byte i and the one before it in the row. */
static enum ink ink_between(const struct hex *h, size_t i)
{
	enum ink here = ink_of(h, i), before = ink_of(h, i - 1);
	return here == INK_PLAIN || before == INK_PLAIN ? INK_PLAIN : here == before ? here : INK_MARK;
}

static void add_bytes(struct line *out, const struct hex *h, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		line_pad(out, i > from ? ink_between(h, i) : INK_PLAIN, column_of(h, (int)(i - from)));
		if (is_masked(h, i))
			line_add_str(out, ink_of(h, i), "**");
		else
			line_addf(out, ink_of(h, i), "%02x", h->bytes.at[i]);
	}
}

static void add_letters(struct line *out, const struct hex *h, size_t from, size_t to)
{
	line_pad(out, INK_PLAIN, letters(h));
	for (size_t i = from; i < to; i++) {
		char c = (char)h->bytes.at[i];
		bool shown = c >= ' ' && c < 0x7f;
		char text[2] = { is_masked(h, i) ? '*' : shown ? c : '.', 0 };
		enum ink ink = ink_of(h, i);
		line_add_str(out, ink == INK_PLAIN && !shown ? INK_DIM : ink, text);
	}
}

void hex_add_row(struct line *out, const struct hex *h, uint64_t row)
{
	size_t from = (size_t)row * (size_t)h->per_row, to = from + (size_t)h->per_row;
	if (from >= h->bytes.len)
		return;
	if (to > h->bytes.len)
		to = h->bytes.len;
	line_addf(out, INK_DIM, "%0*zx", digits(h->bytes.len), from);
	add_bytes(out, h, from, to);
	add_letters(out, h, from, to);
}

int hex_column(const struct hex *h, size_t byte)
{
	return column_of(h, (int)(byte % (size_t)h->per_row));
}

bool hex_byte_at(const struct hex *h, uint64_t row, int col, size_t *byte)
{
	int i = col - letters(h);
	for (int k = 0; k < h->per_row && col < letters(h) - 1; k++)
		if (col >= column_of(h, k) && col < column_of(h, k) + 2)
			i = k;
	if (i < 0 || i >= h->per_row)
		return false;
	*byte = (size_t)row * (size_t)h->per_row + (size_t)i;
	return *byte < h->bytes.len;
}
