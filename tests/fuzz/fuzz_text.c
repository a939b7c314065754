/*
 * Text from the wire on its way out: whatever the bytes, what is shown is UTF-8 without control characters, no wider than there is room; what goes
 * into XML has neither markup nor what XML forbids; what becomes a file name is one, in one folder.
 */
#include "base/text.h"
#include "export/filename.h"
#include "export/xml.h"

#include <locale.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool good)
{
	if (!good)
		abort();
}

static void check_shown(struct slice s)
{
	demand(text_is_utf8(s) && text_is_printable(s));
	while (s.len) {
		uint32_t p;
		s = slice_skip(s, text_next(s, &p, NULL));
		demand(!text_acts(p));
	}
}

static void check_xml(struct slice s)
{
	check_shown(s);
	for (size_t i = 0; i < s.len; i++)
		demand(!strchr("<>\"'", s.at[i]) || !s.at[i]);
}

static void check_name(struct slice s)
{
	check_shown(s);
	demand(s.len <= FILENAME_LONGEST);
	for (size_t i = 0; i < s.len; i++)
		demand(s.at[i] != '/' && s.at[i] != '\\');
	demand(!s.len || (s.at[0] != '.' && s.at[0] != '-' && s.at[0] != ' ' && s.at[s.len - 1] != '.' && s.at[s.len - 1] != ' '));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = { 0 };
	struct slice text = slice_of(data, size);
	int columns = size ? data[0] : 0;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		abort();
	text_add_safe(&out, text);
	check_shown(buf_slice(&out));
	buf_clear(&out);
	int used = text_add_fit(&out, text, columns);
	check_shown(buf_slice(&out));
	demand(used <= columns && used == text_columns(buf_slice(&out)));
	buf_clear(&out);
	xml_add(&out, text);
	check_xml(buf_slice(&out));
	buf_clear(&out);
	filename_add_safe(&out, text);
	check_name(buf_slice(&out));
	buf_release(&out);
	return 0;
}
