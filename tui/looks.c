/*
 * The table of looks. Where the background is not known colours are mid-tones; where it is, they are lighter or darker than that. On
 * terminals with eight colours those eight have to do; without colours what matters is bold, underlined or reversed.
 */
#include "tui/looks.h"

#include <stdlib.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, NONE = LOOK_DEFAULT };
enum { B = LOOK_BOLD, U = LOOK_UNDERLINE, R = LOOK_REVERSE };

static const struct {
	const char *name, *sentence;
	short unknown, dark, light, color8;
	uint8_t with_color, without;
} table[INKS] = {
	[INK_PLAIN] = { NULL, NULL, NONE, NONE, NONE, NONE, 0, 0 },
	[INK_DIM] = { "dim", "what matters least: offsets, types, numbers", 244, 246, 242, NONE, 0, 0 },
	[INK_STRONG] = { "strong", "headings, notices", NONE, NONE, NONE, NONE, B, B },
	[INK_REQUEST] = { "request", "requests", 32, 75, 25, CYAN, 0, 0 },
	[INK_REPLY] = { "reply", "replies", 28, 77, 22, GREEN, 0, 0 },
	[INK_STREAM] = { "stream", "messages of a download or an upload", 133, 176, 90, MAGENTA, 0, 0 },
	[INK_EVENT] = { "event", "events of a watch or a queue", 130, 179, 94, YELLOW, 0, 0 },
	[INK_ERROR] = { "error", "errors, and broken rules that are errors", 160, 203, 124, RED, B, B },
	[INK_WARNING] = { "warning", "broken rules that are warnings, and what was lost", 166, 209, 130, RED, 0, B },
	[INK_NOTE] = { "note", "broken rules that are notes", 244, 246, 242, NONE, 0, 0 },
	[INK_FIELD] = { "field", "names of fields", 32, 75, 25, CYAN, 0, 0 },
	[INK_BAR] = { "bar", "the title and the footer", NONE, NONE, NONE, NONE, R, R },
	[INK_BAR_KEY] = { "bar-key", "keys in the footer, the screen in view in the title", NONE, NONE, NONE, NONE, B, B },
	[INK_HEAD] = { "head", "titles of columns", NONE, NONE, NONE, NONE, B | U, B | U },
	[INK_MARK] = { "mark", "bytes of the selected field", NONE, NONE, NONE, NONE, R, R },
	[INK_MARK_VALUE] = { "mark-value", "those of them that are its value", NONE, NONE, NONE, NONE, R | B, R | B },
	[INK_MATCH] = { "match", "what a search found", 130, 179, 94, YELLOW, R, R | U },
};

static const char *const colors[] = { "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white" };

void looks_init(struct look looks[INKS], enum background b)
{
	for (int i = 0; i < INKS; i++) {
		short color = b == BACKGROUND_DARK ? table[i].dark : b == BACKGROUND_LIGHT ? table[i].light : table[i].unknown;
		looks[i] = (struct look){ color, table[i].color8, table[i].with_color, table[i].without };
	}
}

enum background looks_background(void)
{
	const char *colors_of = getenv("COLORFGBG"), *last = colors_of ? strrchr(colors_of, ';') : NULL;
	if (!last || last[1] < '0' || last[1] > '9')
		return BACKGROUND_UNKNOWN;
	long number = strtol(last + 1, NULL, 10);
	return number == 7 || number >= 9 ? BACKGROUND_LIGHT : BACKGROUND_DARK;
}

const char *look_name(enum ink ink, const char **sentence)
{
	*sentence = table[ink].sentence;
	return table[ink].name;
}

/* A colour by name or number; false if the word is none. */
static bool read_color(struct look *look, struct slice word)
{
	unsigned number = 0;
	if (slice_eq(word, slice_str("default"))) {
		look->color256 = look->color8 = LOOK_DEFAULT;
		return true;
	}
	for (short i = 0; i < 8; i++)
		if (slice_eq(word, slice_str(colors[i]))) {
			look->color256 = look->color8 = i;
			return true;
		}
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] < '0' || word.at[i] > '9' || number > 255)
			return false;
		number = number * 10 + (unsigned)(word.at[i] - '0');
	}
	look->color256 = (short)number;
	if (number < 8)
		look->color8 = (short)number;
	return word.len && number < 256;
}

static const struct {
	const char *name;
	uint8_t bit;
} attributes[] = { { "bold", B }, { "underline", U }, { "reverse", R } };

static bool read_word(struct look *look, struct slice word)
{
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (slice_eq(word, slice_str(attributes[i].name))) {
			look->with_color |= attributes[i].bit;
			look->without |= attributes[i].bit;
			return true;
		}
	return read_color(look, word);
}

bool look_read(struct look *look, const char *words)
{
	struct look new = *look;
	new.with_color = new.without = 0;
	new.color256 = new.color8 = LOOK_DEFAULT;
	for (const char *end; *(words += strspn(words, " \t")); words = end) {
		end = words + strcspn(words, " \t");
		if (!read_word(&new, slice_of((const uint8_t *)words, (size_t)(end - words))))
			return false;
	}
	*look = new;
	return true;
}

void look_add(struct buf *out, const struct look *look)
{
	if (look->color256 == LOOK_DEFAULT)
		buf_add_str(out, "default");
	else if (look->color256 < 8)
		buf_add_str(out, colors[look->color256]);
	else
		buf_addf(out, "%d", look->color256);
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (look->with_color & attributes[i].bit)
			buf_addf(out, " %s", attributes[i].name);
}
