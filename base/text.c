/*
 * UTF-8 and the terminal.
 *
 * Nothing that a peer sends may move the cursor, set a title or turn text around, so text from the wire goes to a terminal
 * only through text_add_safe or text_add_fit. Both keep the look of ordinary text and show the rest: control characters as
 * the pictures Unicode has for them (ESC is U+241B), anything else as U+FFFD.
 */
#include "base/text.h"

#include <wchar.h>

static size_t replaced(uint32_t *point, bool *valid)
{
	*point = TEXT_REPLACEMENT;
	if (valid)
		*valid = false;
	return 1;
}

/* Bytes that the first byte announces, 0 if it can't begin a character. */
static size_t announced(uint8_t c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

size_t text_next(struct slice s, uint32_t *point, bool *valid)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = announced(s.at[0]);
	if (!n || n > s.len)
		return replaced(point, valid);
	uint32_t p = n == 1 ? s.at[0] : s.at[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.at[i] & 0xc0) != 0x80)
			return replaced(point, valid);
		p = p << 6 | (s.at[i] & 0x3f);
	}
	if (p < least[n] || p > 0x10ffff || (p >= 0xd800 && p < 0xe000))
		return replaced(point, valid);
	*point = p;
	if (valid)
		*valid = true;
	return n;
}

void text_add_point(struct buf *out, uint32_t p)
{
	if (p < 0x80) {
		buf_add_byte(out, (uint8_t)p);
		return;
	}
	if (p < 0x800) {
		buf_add_byte(out, (uint8_t)(0xc0 | p >> 6));
	} else {
		if (p < 0x10000) {
			buf_add_byte(out, (uint8_t)(0xe0 | p >> 12));
		} else {
			buf_add_byte(out, (uint8_t)(0xf0 | p >> 18));
			buf_add_byte(out, (uint8_t)(0x80 | (p >> 12 & 0x3f)));
		}
		buf_add_byte(out, (uint8_t)(0x80 | (p >> 6 & 0x3f)));
	}
	buf_add_byte(out, (uint8_t)(0x80 | (p & 0x3f)));
}

bool text_is_utf8(struct slice s)
{
	while (s.len) {
		uint32_t point;
		bool valid;
		s = slice_skip(s, text_next(s, &point, &valid));
		if (!valid)
			return false;
	}
	return true;
}

bool text_is_printable(struct slice s)
{
	while (s.len) {
		uint32_t p;
		bool valid;
		s = slice_skip(s, text_next(s, &p, &valid));
		if (!valid || (p < 0x20 && p != '\t' && p != '\n' && p != '\r') || (p >= 0x7f && p < 0xa0))
			return false;
	}
	return true;
}

static bool turns_text(uint32_t p)
{
	return p == 0x061c || p == 0x200e || p == 0x200f || (p >= 0x2028 && p <= 0x202e) || (p >= 0x2066 && p <= 0x206f);
}

bool text_acts(uint32_t p)
{
	return p < 0x20 || (p >= 0x7f && p < 0xa0) || turns_text(p) || p == 0xfeff || (p >= 0xfff9 && p <= 0xfffb);
}

/* The code point to show for one from the wire. */
static uint32_t harmless(uint32_t p)
{
	if (p < 0x20)
		return 0x2400 + p;
	if (p == 0x7f)
		return 0x2421;
	return text_acts(p) ? TEXT_REPLACEMENT : p;
}

size_t text_plain(struct slice s, char except)
{
	size_t n = 0;
	while (n < s.len && (uint8_t)(s.at[n] - 0x20) < 0x7f - 0x20 && s.at[n] != (uint8_t)except)
		n++;
	return n;
}

void text_add_safe(struct buf *out, struct slice s)
{
	while (s.len) {
		size_t plain = text_plain(s, 0);
		buf_add(out, slice_head(s, plain));
		s = slice_skip(s, plain);
		if (!s.len)
			break;
		uint32_t p;
		s = slice_skip(s, text_next(s, &p, NULL));
		text_add_point(out, harmless(p));
	}
}

/* Printable ASCII of no more than that many columns. */
static bool is_short_plain(struct slice s, int columns)
{
	return columns >= 0 && s.len <= (size_t)columns && text_plain(s, 0) == s.len;
}

int text_add_fit(struct buf *out, struct slice s, int columns)
{
	if (is_short_plain(s, columns)) {
		buf_add(out, s);
		return (int)s.len;
	}
	int used = 0, fits = 0;
	size_t keep = out->len; /* where to cut when it does not fit: room for the ellipsis is left */
	while (s.len) {
		uint32_t p;
		s = slice_skip(s, text_next(s, &p, NULL));
		p = harmless(p);
		int w = text_width(p);
		if (used + w > columns) {
			out->len = keep;
			if (columns > 0)
				text_add_point(out, 0x2026);
			return columns > 0 ? fits + 1 : 0;
		}
		text_add_point(out, p);
		used += w;
		if (used < columns) {
			keep = out->len;
			fits = used;
		}
	}
	return used;
}

static bool is_tone(uint32_t point)
{
	return point >= 0x1f3fb && point <= 0x1f3ff;
}

bool text_joins(uint32_t point)
{
	return point == 0x200d || (point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xe0020 && point <= 0xe007f) || is_tone(point);
}

int text_width(uint32_t point)
{
	if (point < 0x7f)
		return 1;
	if (is_tone(point))
		return 0;
	int w = wcwidth((wchar_t)point);
	return w < 0 ? 1 : w;
}

int text_columns(struct slice s)
{
	int n = 0;
	while (s.len) {
		uint32_t p;
		if (s.at[0] < 0x7f) {
			s = slice_of(s.at + 1, s.len - 1);
			n++;
			continue;
		}
		s = slice_skip(s, text_next(s, &p, NULL));
		n += text_width(p);
	}
	return n;
}
