/*
 * Keys: what ncurses reads becomes a struct key.
 *
 * A terminal often sends something else than its terminfo entry says; sequences that are known are told to curses, and the rest of one that is
 * not is passed over, so that only an Esc by itself is one.
 */
#include "tui/keyboard.h"

#include "tui/clock.h"

#include <curses.h>

enum { DOUBLE_CLICK_MS = 400 };

void keyboard_mouse(bool on)
{
	mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
	mouseinterval(0);
}

/* Sequences that terminals send beside those their terminfo entry names (a wrong TERM is common): without
 * them the Esc they begin with would count. */
void keyboard_init(void)
{
	static const struct {
		const char *sequence;
		int key;
	} keys[] = {
		{ "\033[A", KEY_UP },     { "\033[B", KEY_DOWN },   { "\033[C", KEY_RIGHT },   { "\033[D", KEY_LEFT },
		{ "\033OA", KEY_UP },     { "\033OB", KEY_DOWN },   { "\033OC", KEY_RIGHT },   { "\033OD", KEY_LEFT },
		{ "\033[H", KEY_HOME },   { "\033OH", KEY_HOME },   { "\033[1~", KEY_HOME },   { "\033[7~", KEY_HOME },
		{ "\033[F", KEY_END },    { "\033OF", KEY_END },    { "\033[4~", KEY_END },    { "\033[8~", KEY_END },
		{ "\033[Z", KEY_BTAB },   { "\033[5~", KEY_PPAGE }, { "\033[6~", KEY_NPAGE },  { "\033[3~", KEY_DC },
		{ "\033OP", KEY_F(1) },   { "\033[11~", KEY_F(1) }, { "\033[[A", KEY_F(1) },   { "\033OQ", KEY_F(2) },
		{ "\033[12~", KEY_F(2) }, { "\033[[B", KEY_F(2) },  { "\033OR", KEY_F(3) },    { "\033[13~", KEY_F(3) },
		{ "\033[[C", KEY_F(3) },  { "\033OS", KEY_F(4) },   { "\033[14~", KEY_F(4) },  { "\033[[D", KEY_F(4) },
		{ "\033[15~", KEY_F(5) }, { "\033[[E", KEY_F(5) },  { "\033[17~", KEY_F(6) },  { "\033[18~", KEY_F(7) },
		{ "\033[19~", KEY_F(8) }, { "\033[20~", KEY_F(9) }, { "\033[21~", KEY_F(10) },
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (key_defined(keys[i].sequence) == 0)
			define_key(keys[i].sequence, keys[i].key);
}

/* What came at once, as over a slow line, curses reads together, says so once, and gives the last of it first. */
static void hear_mouse(struct keyboard *k)
{
	MEVENT event;
	while (k->waiting < KEYBOARD_HEARD && getmouse(&event) == OK) {
		bool up = event.bstate & BUTTON4_PRESSED, down = event.bstate & BUTTON5_PRESSED;
		int code = up ? KEY_WHEEL_UP : down ? KEY_WHEEL_DOWN : KEY_CLICK;
		k->heard[k->waiting++] = (struct key){ code, event.y, event.x };
	}
}

static bool mouse_key(struct keyboard *k, struct key *out)
{
	if (!k->waiting)
		return false;
	*out = k->heard[--k->waiting];
	if (out->code != KEY_CLICK)
		return true;
	int64_t now = clock_ms();
	if (now - k->clicked < DOUBLE_CLICK_MS && out->row == k->row && out->col == k->col) {
		out->code = KEY_DOUBLE_CLICK;
		now = 0;
	}
	k->clicked = now;
	k->row = out->row;
	k->col = out->col;
	return true;
}

/* A key that has no code point. */
static int named_key(wint_t code)
{
	static const struct {
		wint_t code;
		int key;
	} named[] = {
		{ KEY_UP, KEY_ARROW_UP },       { KEY_DOWN, KEY_ARROW_DOWN },     { KEY_LEFT, KEY_ARROW_LEFT },
		{ KEY_RIGHT, KEY_ARROW_RIGHT }, { KEY_HOME, KEY_FIRST },          { KEY_END, KEY_FINAL },
		{ KEY_PPAGE, KEY_PAGE_UP },     { KEY_NPAGE, KEY_PAGE_DOWN },     { KEY_ENTER, KEY_RETURN },
		{ KEY_BACKSPACE, KEY_BS },      { KEY_DC, KEY_DELETE },           { KEY_RESIZE, KEY_RESIZED },
		{ KEY_FIND, KEY_FIRST },        { KEY_SELECT, KEY_FINAL },        { KEY_SF, KEY_ARROW_DOWN },
		{ KEY_SR, KEY_ARROW_UP },       { KEY_BTAB, KEY_BACK_TABULATOR },
	};
	if (code > KEY_F0 && code <= KEY_F0 + 12)
		return KEY_FUNCTION + (int)(code - KEY_F0);
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (named[i].code == code)
			return named[i].key;
	return KEY_NONE;
}

/* Passes over the rest of a sequence that is no known key (ECMA-48, 5.4), so that only an Esc by itself is
 * one. */
static int escape(void)
{
	wint_t next;
	int got = get_wch(&next);
	if (got == OK && next == 'O' && get_wch(&next) != ERR)
		return KEY_NONE;
	if (got == OK && next == '[') {
		while (get_wch(&next) == OK && (next < 0x40 || next > 0x7e))
			;
		return KEY_NONE;
	}
	if (got == OK)
		unget_wch((wchar_t)next);
	else if (got == KEY_CODE_YES)
		ungetch((int)next);
	return KEY_ESC;
}

bool keyboard_key(struct keyboard *k, struct key *out)
{
	wint_t code;
	int got;
	if (mouse_key(k, out))
		return true;
	while ((got = get_wch(&code)) != ERR) {
		*out = (struct key){ (int)code, 0, 0 };
		if (got == KEY_CODE_YES && code == KEY_MOUSE) {
			hear_mouse(k);
			if (mouse_key(k, out))
				return true;
			continue;
		}
		if (got == KEY_CODE_YES)
			out->code = named_key(code);
		else if (code == KEY_ESC)
			out->code = escape();
		else if (code == '\n')
			out->code = KEY_RETURN;
		else if (code == 127)
			out->code = KEY_BS;
		if (out->code != KEY_NONE)
			return true;
	}
	return false;
}
