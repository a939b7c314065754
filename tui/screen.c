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
#include "tui/keyboard.h"

#include <curses.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct screen {
	SCREEN *curses;
	FILE *tty; /* keys come from here; NULL: from standard input */
	bool utf8, has_colors;
	bool console; /* of Linux */
	attr_t attributes[INKS];
	short pair[INKS];
	int cursor_row, cursor_col; /* -1: hidden */
	struct keyboard keyboard;
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

static void set_up(struct screen *s, const struct screen_options *o)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	keyboard_init();
	if (!getenv("ESCDELAY"))
		set_escdelay(25);
	screen_set(s, o);
}

void screen_set(struct screen *s, const struct screen_options *o)
{
	keyboard_mouse(o->mouse);
	choose_looks(s, o);
}

/* A terminal that can only print line by line (TERM=dumb) would show all screens over each other. */
static bool can_place_text(void)
{
	const char *move = tigetstr("cup");
	return move && move != (const char *)-1;
}

struct screen *screen_new(const struct screen_options *o, const char **error)
{
	struct screen *s = xcalloc(1, sizeof *s);
	s->utf8 = !o->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	const char *term = getenv("TERM");
	s->console = term && strncmp(term, "linux", 5) == 0;
	s->cursor_row = -1;
	*error = NULL;
	if (!isatty(STDIN_FILENO))
		s->tty = fopen("/dev/tty", "r");
	if (!isatty(STDOUT_FILENO) || (!isatty(STDIN_FILENO) && !s->tty))
		*error = "there is no terminal to show screens on; -T text prints instead";
	else if (!(s->curses = newterm(NULL, stdout, s->tty ? s->tty : stdin)))
		*error = "the terminal named by TERM is not known here; -T text prints instead";
	else if (!can_place_text())
		*error = "the terminal named by TERM can't place text where it belongs; -T text prints instead";
	if (*error) {
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

bool screen_key(struct screen *s, struct key *out)
{
	return keyboard_key(&s->keyboard, out);
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
		{ 0x2026, '~', 0 },      { 0x2190, '<', 0 },      { 0x2192, '>', 0 },      { 0x2502, '|', 0 },      { 0x25ba, '+', 0 },
		{ 0x25bc, '-', 0 },      { 0x2588, '#', 0 },      { 0x2591, '.', 0 },      { 0x00b5, 'u', 0 },      { 0x2039, '<', 0 },
		{ 0x203a, '>', 0 },      { 0x2022, '*', 0 },      { 0x00b7, '.', 0 },      { 0x2500, '-', 0 },      { 0x2550, '=', 0 },
		{ 0x253c, '+', 0 },      { 0x256a, '+', 0 },      { 0x00d7, 'x', 0 },      { 0x2013, '-', '-' },    { 0x250c, '+', 0 },
		{ 0x2510, '+', 0 },      { 0x2514, '+', 0 },      { 0x2518, '+', 0 },      { 0x25b2, '^', 0 },      { 0x2581, '_', '_' },
		{ 0x2582, '.', '_' },    { 0x2583, '-', 0x2584 }, { 0x2584, '=', 0 },      { 0x2585, '+', 0x2584 }, { 0x2586, '*', 0x2588 },
		{ 0x2587, '%', 0x2588 }, { 0x2589, '#', 0x2588 }, { 0x258a, '#', 0x2588 }, { 0x258b, '=', 0x258c }, { 0x258c, '=', 0 },
		{ 0x258d, '-', 0x258c }, { 0x258e, '-', 0x258c }, { 0x258f, '-', 0x258c },
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
	int room = l->columns > width && width > 1 ? width - 1 : width; /* what is cut ends in "…" */
	move(row, col);
	for (size_t at = 0; at < l->text.len;) {
		uint32_t point;
		enum ink next = l->ink.at[at];
		at += text_next(slice_skip(buf_slice(&l->text), at), &point, NULL);
		int columns = text_width(point);
		if (used + columns > room)
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
	if (room < width) {
		*piece = glyph(s, 0x2026);
		paint(s, piece, 1, ink, e);
		used++;
	}
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
