/*
 * XML text: five characters are markup, most control characters cannot be there at all, not even as references. Others that a terminal would obey
 * (DEL, C1, what changes the direction of text) stand as references.
 */
#include "export/xml.h"

#include "base/text.h"

/* The production Char of XML 1.0. */
static bool allowed(uint32_t p)
{
	if (p < 0x20)
		return p == '\t' || p == '\n' || p == '\r';
	return p < 0xd800 || (p >= 0xe000 && p <= 0xfffd) || (p >= 0x10000 && p <= 0x10ffff);
}

static const char *reference(uint32_t p)
{
	switch (p) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&apos;";
	case '\t': return "&#9;";
	case '\n': return "&#10;";
	case '\r': return "&#13;";
	default: return NULL;
	}
}

/* How many bytes at the front can be copied as they are. */
static size_t plain(struct slice text)
{
	static const bool markup[128] = { ['&'] = true, ['<'] = true, ['>'] = true, ['"'] = true, ['\''] = true, [0x7f] = true };
	size_t n = 0;
	while (n < text.len && text.at[n] >= 0x20 && text.at[n] < 0x80 && !markup[text.at[n]])
		n++;
	return n;
}

void xml_add(struct buf *out, struct slice text)
{
	while (text.len) {
		uint32_t p;
		size_t n = plain(text);
		buf_add(out, slice_head(text, n));
		text = slice_skip(text, n);
		if (!text.len)
			break;
		text = slice_skip(text, text_next(text, &p, NULL));
		const char *ref = reference(p);
		if (ref)
			buf_add_str(out, ref);
		else if (allowed(p) && text_acts(p))
			buf_addf(out, "&#x%x;", (unsigned)p);
		else
			text_add_point(out, allowed(p) ? p : TEXT_REPLACEMENT);
	}
}

void xml_add_str(struct buf *out, const char *text)
{
	xml_add(out, slice_str(text));
}
