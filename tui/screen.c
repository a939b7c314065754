/*
 * The terminal through ncursesw.
 *
 * Inks become attributes once, at the start. Colours are mid-tones that can be read on dark and on light
 * backgrounds; without colours what matters is bold, dim, reversed or underlined. Where only ASCII is wanted
 * the few signs of our own become ASCII and foreign characters "?".
 *
 * The terminal is put back by screen_free, by an exit handler (out of memory), and by a handler for the
 * signals of a crash; the latter two need no state of ours, curses knows its own.
 */
#include "tui/screen.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "tui/clock.h"

#include <curses.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DOUBLE_CLICK_MS = 400 };

struct screen {
	SCREEN *curses;
	FILE *tty; /* keys come from here; NULL: from standard input */
	bool utf8, has_colors;
	bool console; /* of Linux */
	attr_t attributes[INKS];
	short pair[INKS];
	int cursor_row, cursor_col; /* -1: hidden */
	int64_t clicked;            /* ms; when and where the mouse was pressed last */
	int click_row, click_col;
};

static const attr_t emphases[] = {
	[EMPHASIS_NONE] = A_NORMAL,
	[EMPHASIS_BAR] = A_REVERSE,
	[EMPHASIS_SELECTED] = A_REVERSE,
	[EMPHASIS_SELECTED_ELSEWHERE] = A_BOLD | A_UNDERLINE,
};

static void restore(void)
{
	if (!isendwin())
		endwin();
}

static void crashed(int sig)
{
	restore();
	raise(sig);
}

/* Handlers for crashes, and for what else ends a program at once (Ctrl-\, a limit), where nobody else has one; taken away again by `on`
 * false. */
static void guard(bool on)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGQUIT, SIGXCPU };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction now, want = { 0 };
		sigaction(signals[i], NULL, &now);
		if (on ? now.sa_handler != SIG_DFL : now.sa_handler != crashed)
			continue;
		want.sa_handler = on ? crashed : SIG_DFL;
		want.sa_flags = on ? (int)(SA_RESETHAND | SA_NODEFER) : 0;
		sigaction(signals[i], &want, NULL);
	}
}

static attr_t attributes_of(uint8_t bits)
{
	return (bits & LOOK_BOLD ? A_BOLD : 0) | (bits & LOOK_UNDERLINE ? A_UNDERLINE : 0) | (bits & LOOK_REVERSE ? A_REVERSE : 0);
}

/* Colours are begun when they are first wanted: a terminal where nobody wants any gets none. */
static bool use_colors(struct screen *s)
{
	if (!s->has_colors && has_colors() && start_color() == OK) {
		use_default_colors();
		s->has_colors = true;
	}
	return s->has_colors;
}

static void choose_looks(struct screen *s, const struct screen_options *o)
{
	bool color = o->color && use_colors(s);
	for (int i = 0; i < INKS; i++) {
		const struct look *look = &o->looks[i];
		short ink = COLORS >= 256 ? look->color256 : look->color8;
		s->attributes[i] = attributes_of(color ? look->with_color : look->without);
		s->pair[i] = 0;
		if (!color || ink == LOOK_DEFAULT)
			continue;
		s->pair[i] = (short)(i + 1);
		init_pair(s->pair[i], ink, -1);
	}
}

static void choose_mouse(bool mouse)
{
	mousemask(mouse ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
	mouseinterval(0);
}

/* Sequences that terminals send beside those their terminfo entry names (a wrong TERM is common): without
 * them the Esc they begin with would count. */
static void define_keys(void)
{
	static const struct {
		const char *sequence;
		int key;
	} keys[] = {
		{ "\033[A", KEY_UP },      { "\033[B", KEY_DOWN },    { "\033[C", KEY_RIGHT },   { "\033[D", KEY_LEFT },
		{ "\033OA", KEY_UP },      { "\033OB", KEY_DOWN },    { "\033OC", KEY_RIGHT },   { "\033OD", KEY_LEFT },
		{ "\033[H", KEY_HOME },    { "\033OH", KEY_HOME },    { "\033[1~", KEY_HOME },   { "\033[7~", KEY_HOME },
		{ "\033[F", KEY_END },     { "\033OF", KEY_END },     { "\033[4~", KEY_END },    { "\033[8~", KEY_END },
		{ "\033[Z", KEY_BTAB },
		{ "\033[5~", KEY_PPAGE },  { "\033[6~", KEY_NPAGE },  { "\033[3~", KEY_DC },
		{ "\033OP", KEY_F(1) },    { "\033[11~", KEY_F(1) },  { "\033[[A", KEY_F(1) },
		{ "\033OQ", KEY_F(2) },    { "\033[12~", KEY_F(2) },  { "\033[[B", KEY_F(2) },
		{ "\033OR", KEY_F(3) },    { "\033[13~", KEY_F(3) },  { "\033[[C", KEY_F(3) },
		{ "\033OS", KEY_F(4) },    { "\033[14~", KEY_F(4) },  { "\033[[D", KEY_F(4) },
		{ "\033[15~", KEY_F(5) },  { "\033[[E", KEY_F(5) },   { "\033[17~", KEY_F(6) },  { "\033[18~", KEY_F(7) },
		{ "\033[19~", KEY_F(8) },  { "\033[20~", KEY_F(9) },  { "\033[21~", KEY_F(10) },
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (key_defined(keys[i].sequence) == 0)
			define_key(keys[i].sequence, keys[i].key);
}

static void set_up(struct screen *s, const struct screen_options *o)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	define_keys();
	if (!getenv("ESCDELAY"))
		set_escdelay(25);
	screen_set(s, o);
}

void screen_set(struct screen *s, const struct screen_options *o)
{
	choose_mouse(o->mouse);
	choose_looks(s, o);
}

struct screen *screen_new(const struct screen_options *o, const char **error)
{
	struct screen *s = xcalloc(1, sizeof *s);
	s->utf8 = !o->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	s->console = getenv("TERM") && strncmp(getenv("TERM"), "linux", 5) == 0;
	s->cursor_row = -1;
	if (!isatty(STDIN_FILENO))
		s->tty = fopen("/dev/tty", "r");
	if (!isatty(STDOUT_FILENO) || (!isatty(STDIN_FILENO) && !s->tty))
		*error = "there is no terminal to show screens on; -T text prints instead";
	else if (!(s->curses = newterm(NULL, stdout, s->tty ? s->tty : stdin)))
		*error = "the terminal named by TERM is not known here; -T text prints instead";
	if (!s->curses) {
		screen_free(s);
		return NULL;
	}
	atexit(restore);
	guard(true);
	set_up(s, o);
	return s;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	if (s->curses) {
		guard(false);
		endwin();
		delscreen(s->curses);
	}
	if (s->tty)
		fclose(s->tty);
	free(s);
}

int screen_rows(const struct screen *s)
{
	(void)s;
	return LINES;
}

int screen_columns(const struct screen *s)
{
	(void)s;
	return COLS;
}

int screen_fd(const struct screen *s)
{
	return s->tty ? fileno(s->tty) : STDIN_FILENO;
}

static bool mouse_key(struct screen *s, struct key *out)
{
	MEVENT event;
	if (getmouse(&event) != OK)
		return false;
	*out = (struct key){ KEY_CLICK, event.y, event.x };
	if (event.bstate & BUTTON4_PRESSED)
		out->code = KEY_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		out->code = KEY_WHEEL_DOWN;
	if (out->code != KEY_CLICK)
		return true;
	int64_t now = clock_ms();
	if (now - s->clicked < DOUBLE_CLICK_MS && event.y == s->click_row && event.x == s->click_col) {
		out->code = KEY_DOUBLE_CLICK;
		now = 0;
	}
	s->clicked = now;
	s->click_row = event.y;
	s->click_col = event.x;
	return true;
}

/* A key that has no code point. */
static int named_key(wint_t code)
{
	static const struct {
		wint_t code;
		int key;
	} named[] = {
		{ KEY_UP, KEY_ARROW_UP },       { KEY_DOWN, KEY_ARROW_DOWN }, { KEY_LEFT, KEY_ARROW_LEFT },
		{ KEY_RIGHT, KEY_ARROW_RIGHT }, { KEY_HOME, KEY_FIRST },      { KEY_END, KEY_FINAL },
		{ KEY_PPAGE, KEY_PAGE_UP },     { KEY_NPAGE, KEY_PAGE_DOWN }, { KEY_ENTER, KEY_RETURN },
		{ KEY_BACKSPACE, KEY_BS },      { KEY_DC, KEY_DELETE },       { KEY_RESIZE, KEY_RESIZED },
		{ KEY_FIND, KEY_FIRST },        { KEY_SELECT, KEY_FINAL },    { KEY_SF, KEY_ARROW_DOWN },
		{ KEY_SR, KEY_ARROW_UP },         { KEY_BTAB, KEY_BACK_TABULATOR },
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

bool screen_key(struct screen *s, struct key *out)
{
	wint_t code;
	int got;
	while ((got = get_wch(&code)) != ERR) {
		*out = (struct key){ (int)code, 0, 0 };
		if (got == KEY_CODE_YES && code == KEY_MOUSE) {
			if (mouse_key(s, out))
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

/* The letter that half a flag stands for; 0 for what is no half of one. Some terminals make a flag of two, in two columns, others do not. */
static wchar_t flag_letter(uint32_t point)
{
	return point >= 0x1f1e6 && point <= 0x1f1ff ? L'A' + (wchar_t)(point - 0x1f1e6) : 0;
}

/* The character to paint for a code point of a line. The console of Linux has a font of few characters: of the eighths of a block it has
 * halves and wholes only. */
static wchar_t glyph(const struct screen *s, uint32_t point)
{
	static const struct {
		uint32_t point;
		char ascii;
		uint16_t console; /* 0: it has the character */
	} plain[] = {
		{ 0x2026, '~', 0 }, { 0x2190, '<', 0 }, { 0x2192, '>', 0 }, { 0x2502, '|', 0 }, { 0x25ba, '+', 0 }, { 0x25bc, '-', 0 },
		{ 0x2588, '#', 0 }, { 0x2591, '.', 0 }, { 0x00b5, 'u', 0 }, { 0x2039, '<', 0 }, { 0x203a, '>', 0 }, { 0x2022, '*', 0 },
		{ 0x00b7, '.', 0 }, { 0x2500, '-', 0 }, { 0x2550, '=', 0 }, { 0x253c, '+', 0 }, { 0x256a, '+', 0 }, { 0x00d7, 'x', 0 },
		{ 0x2013, '-', '-' }, { 0x250c, '+', 0 }, { 0x2510, '+', 0 }, { 0x2514, '+', 0 }, { 0x2518, '+', 0 }, { 0x25b2, '^', 0 },
		{ 0x2581, '_', '_' }, { 0x2582, '.', '_' }, { 0x2583, '-', 0x2584 }, { 0x2584, '=', 0 }, { 0x2585, '+', 0x2584 },
		{ 0x2586, '*', 0x2588 }, { 0x2587, '%', 0x2588 }, { 0x2589, '#', 0x2588 }, { 0x258a, '#', 0x2588 }, { 0x258b, '=', 0x258c },
		{ 0x258c, '=', 0 }, { 0x258d, '-', 0x258c }, { 0x258e, '-', 0x258c }, { 0x258f, '-', 0x258c },
	};
	wchar_t letter = flag_letter(point);
	if (letter)
		return letter;
	if ((s->utf8 && !s->console) || point < 0x80)
		return (wchar_t)point;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (plain[i].point == point)
			return !s->utf8 ? (wchar_t)plain[i].ascii : plain[i].console ? (wchar_t)plain[i].console : (wchar_t)point;
	return s->utf8 ? (wchar_t)point : L'?';
}

static void paint(const struct screen *s, const wchar_t *text, int n, enum ink ink, enum emphasis e)
{
	attr_t attributes = s->attributes[ink];
	short pair = s->pair[ink];
	if (e == EMPHASIS_SELECTED && ink != INK_MATCH)
		pair = 0;
	if (n) {
		attr_set(attributes | emphases[e], pair, NULL);
		addnwstr(text, n);
	}
}

static void fill(int columns, enum emphasis e)
{
	attr_set(emphases[e], 0, NULL);
	while (columns-- > 0)
		addch(' ');
}

void screen_put(struct screen *s, int row, int col, int width, const struct line *l, enum emphasis e)
{
	enum { PIECE = 128 };
	wchar_t piece[PIECE];
	int n = 0, used = 0;
	enum ink ink = INK_PLAIN;
	if (row < 0 || row >= LINES || col < 0 || col >= COLS)
		return;
	if (width > COLS - col)
		width = COLS - col;
	move(row, col);
	for (size_t at = 0; at < l->text.len;) {
		uint32_t point;
		enum ink next = l->ink.at[at];
		at += text_next(slice_skip(buf_slice(&l->text), at), &point, NULL);
		int columns = text_width(point);
		if (used + columns > width)
			break;
		if (text_joins(point) || (!s->utf8 && !columns))
			continue;
		if (n >= PIECE - 1 || next != ink) {
			paint(s, piece, n, ink, e);
			n = 0;
		}
		ink = next;
		piece[n++] = glyph(s, point);
		if (!s->utf8 && columns == 2)
			piece[n++] = L'?';
		used += columns;
	}
	paint(s, piece, n, ink, e);
	fill(width - used, e);
}

void screen_cursor(struct screen *s, int row, int col)
{
	s->cursor_row = row;
	s->cursor_col = col;
}

void screen_flush(struct screen *s)
{
	curs_set(s->cursor_row >= 0);
	if (s->cursor_row >= 0)
		move(s->cursor_row, s->cursor_col);
	refresh();
	s->cursor_row = -1;
}

void screen_repaint(struct screen *s)
{
	(void)s;
	redrawwin(stdscr);
}

void screen_copy(struct screen *s, struct slice text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	(void)s;
	fputs("\033]52;c;", stdout);
	for (size_t i = 0; i < text.len; i += 3) {
		size_t n = text.len - i < 3 ? text.len - i : 3;
		uint32_t bits = (uint32_t)text.at[i] << 16 | (n > 1 ? (uint32_t)text.at[i + 1] << 8 : 0) | (n > 2 ? text.at[i + 2] : 0);
		for (size_t k = 0; k < 4; k++)
			putchar(k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=');
	}
	fputs("\033\\", stdout);
	fflush(stdout);
}
