/* Text from the wire: UTF-8 read with care, and made harmless for a terminal. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"
#include "base/slice.h"

enum { TEXT_REPLACEMENT = 0xfffd };

/* Decodes one code point at the front of s (s.len > 0); returns how many bytes it took. What is not UTF-8 (RFC 3629: also
 * overlong forms, surrogates, beyond U+10FFFF) takes one byte and is TEXT_REPLACEMENT; *valid, if asked for, says which. */
size_t text_next(struct slice s, uint32_t *point, bool *valid);
/* Appends a code point as UTF-8. */
void text_add_point(struct buf *out, uint32_t point);
/* True if every byte belongs to valid UTF-8. */
bool text_is_utf8(struct slice s);
/* True if s is valid UTF-8 of printable characters, tab, CR and LF. */
bool text_is_printable(struct slice s);
/* True for a code point that a terminal does not show but obey: control characters, C1 too, and what changes the direction of text. */
bool text_acts(uint32_t point);
/* How many bytes at the front are printable ASCII and not `except` (a character, or 0): what can be copied as it is. */
size_t text_plain(struct slice s, char except);
/* Appends s so that it can do nothing to a terminal: control characters as pictures (U+2400 …), what is not UTF-8, C1
 * controls, and characters that change the direction of text as U+FFFD. No line break survives. */
void text_add_safe(struct buf *out, struct slice s);
/* The same for at most `columns` columns; a text that was cut ends in "…". Returns the columns used. */
int text_add_fit(struct buf *out, struct slice s, int columns);
/* True for what makes one picture of several emoji, or another of one: joiners, variation selectors, tags, tones of skin. Terminals don't agree on
 * how wide the result is. */
bool text_joins(uint32_t point);
/* Columns that a code point takes on a terminal: 0 (combining, or joining), 1 or 2. Needs a UTF-8 locale (LC_CTYPE). */
int text_width(uint32_t point);
/* Columns of a whole text. */
int text_columns(struct slice s);

#endif
