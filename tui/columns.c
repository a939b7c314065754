/*
 * Columns: fitting a table into a width.
 *
 * First every column gets its least width; while that is too much, the ones of the highest rank are left out. What remains goes to what the
 * columns want, ids before all others, then those of the lowest rank, and then by their shares (flex).
 */
#include "tui/columns.h"

#include "base/text.h"

#include <strings.h>

enum { RANKS = 9, WIDEST_WISH = 200, WHOLE = 1000 }; /* the width of a cell whose text is not cut */

void column_widen(struct column *c, const struct column *usual, int64_t most)
{
	uint8_t digits = most < 0 ? 2 : 1;
	for (; most / 10; most /= 10)
		digits++;
	c->min = digits > usual->min ? digits : usual->min;
	c->want = c->min > usual->want ? c->min : usual->want;
}

void layout_init(struct layout *l)
{
	*l = (struct layout){ 0 };
	for (uint8_t i = 0; i < COLUMNS_MAX; i++)
		l->order[i] = i;
}

static int column_named(const struct column *table, int count, struct slice title)
{
	int i = 0;
	while (i < count && !(strlen(table[i].title) == title.len && strncasecmp(table[i].title, (const char *)title.at, title.len) == 0))
		i++;
	return i;
}

/* Takes TITLE or TITLE:WIDTH as the column at `place`; false if it is none, or stands there already. */
static bool read_word(struct layout *l, const struct column *table, int count, int place, struct slice word)
{
	const uint8_t *colon = memrchr(word.at, ':', word.len);
	struct slice title = slice_head(word, colon ? (size_t)(colon - word.at) : word.len);
	int i = column_named(table, count, title), width = 0;
	if (i == count || !(l->hidden & 1u << i))
		return false;
	for (size_t k = title.len + 1; k < word.len; k++) {
		if (word.at[k] < '0' || word.at[k] > '9' || (width = 10 * width + word.at[k] - '0') > WIDEST_WISH)
			return false;
	}
	l->hidden &= ~(1u << i);
	l->wish[i] = (uint8_t)width;
	l->order[place] = (uint8_t)i;
	return true;
}

bool layout_read(struct layout *l, const struct column *table, int count, struct slice words, struct slice *wrong)
{
	struct layout new = { .hidden = (1u << count) - 1 };
	int place = 0;
	while (words.len) {
		const uint8_t *space = memchr(words.at, ' ', words.len);
		*wrong = slice_head(words, space ? (size_t)(space - words.at) : words.len);
		words = slice_skip(words, wrong->len + 1);
		if (wrong->len && !read_word(&new, table, count, place++, *wrong))
			return false;
	}
	for (int i = 0; i < COLUMNS_MAX; i++)
		if (i >= count || new.hidden & 1u << i)
			new.order[place++] = (uint8_t)i;
	*l = new;
	return true;
}

void layout_add(struct buf *out, const struct layout *l, const struct column *table, int count)
{
	const char *between = "";
	for (int k = 0; k < count; k++) {
		int i = l->order[k];
		if (l->hidden & 1u << i)
			continue;
		buf_addf(out, "%s%s", between, table[i].title);
		if (l->wish[i])
			buf_addf(out, ":%d", l->wish[i]);
		between = " ";
	}
}

static int sum(const int *widths, int count)
{
	int total = 0;
	for (int i = 0; i < count; i++)
		if (widths[i])
			total += widths[i] + 1;
	return total ? total - 1 : 0;
}

static int last_rank(const struct column *table, int count, const int *widths)
{
	int worst = -1;
	for (int i = 0; i < count; i++)
		if (widths[i] && (worst < 0 || table[i].rank >= table[worst].rank))
			worst = i;
	return worst;
}

static int least(const struct column *table, const struct layout *layout, int i)
{
	return layout->wish[i] ? layout->wish[i] : table[i].min;
}

static int wanted(const struct column *table, const struct layout *layout, int i)
{
	return layout->wish[i] ? layout->wish[i] : table[i].want;
}

static int share(const struct column *table, const struct layout *layout, int i)
{
	return layout->wish[i] ? 0 : table[i].flex;
}

/* When a column gets what it wants: ids first, then by rank. */
static int turn(const struct column *c)
{
	return c->kind == KIND_ID ? 0 : 1 + c->rank;
}

/* Gives the columns whose turn it is what they want, at most `most` each; is what is given. */
static int give(const struct column *table, int count, const struct layout *layout, int now, int most, int spare, int *widths)
{
	int given = 0;
	for (int i = 0; i < count; i++) {
		int more = widths[i] && turn(&table[i]) == now ? wanted(table, layout, i) - widths[i] : 0;
		more = more > most ? most : more;
		more = more > spare - given ? spare - given : more > 0 ? more : 0;
		widths[i] += more;
		given += more;
	}
	return given;
}

/* Gives columns what they want, each when it is its turn, ids alike; then the shares. */
static void widen(const struct column *table, int count, const struct layout *layout, int spare, int *widths)
{
	int shares = 0, given;
	while ((given = give(table, count, layout, 0, 1, spare, widths)))
		spare -= given;
	for (int now = 1; now <= 1 + RANKS; now++)
		spare -= give(table, count, layout, now, spare, spare, widths);
	for (int i = 0; i < count; i++)
		shares += widths[i] ? share(table, layout, i) : 0;
	for (int i = 0; i < count && shares; i++) {
		int more = widths[i] ? spare * share(table, layout, i) / shares : 0;
		if (table[i].kind == KIND_NAME && more > NAME_MOST - widths[i])
			more = NAME_MOST - widths[i];
		shares -= widths[i] ? share(table, layout, i) : 0;
		widths[i] += more;
		spare -= more;
	}
}

void columns_fit(const struct column *table, int count, const struct layout *layout, int width, int widths[COLUMNS_MAX])
{
	int worst;
	for (int i = 0; i < COLUMNS_MAX; i++)
		widths[i] = i < count && !(layout->hidden & 1u << i) ? least(table, layout, i) : 0;
	while (sum(widths, count) > width && (worst = last_rank(table, count, widths)) >= 0)
		widths[worst] = 0;
	widen(table, count, layout, width - sum(widths, count), widths);
}

static void separate(struct line *out, enum ink ink, bool first)
{
	if (!first)
		line_pad(out, ink, out->columns + 1);
}

/* The sign of the order stands behind the title, which it does not move: at the right edge in the space between the columns. Behind the last one
 * there is none, so that there it goes before what is left of the title. */
static void add_title(struct line *out, const struct column *c, int width, const char *sign, bool last)
{
	struct buf text = { 0 };
	bool full = c->kind == KIND_NUMBER || text_columns(slice_str(c->title)) >= width;
	const char *before = full && last ? sign : "", *within = full ? "" : sign;
	buf_addf(&text, "%s%s%s", before, c->title, within);
	line_add_cell(out, INK_HEAD, buf_slice(&text), width, c->kind == KIND_NUMBER);
	if (full && !last)
		line_add_str(out, INK_HEAD, sign);
	buf_release(&text);
}

static int last_shown(int count, const struct layout *layout, const int *widths)
{
	int last = -1;
	for (int k = 0; k < count; k++)
		if (widths[layout->order[k]])
			last = layout->order[k];
	return last;
}

int columns_at(int count, const struct layout *layout, const int widths[COLUMNS_MAX], int col)
{
	for (int k = 0; k < count && col >= 0; k++) {
		int i = layout->order[k];
		if (widths[i] && col <= widths[i])
			return i;
		col -= widths[i] ? widths[i] + 1 : 0;
	}
	return -1;
}

void columns_add_titles(struct line *out, const struct column *table, int count, const struct layout *layout, const int widths[COLUMNS_MAX],
			int sorted, bool reverse)
{
	int last = last_shown(count, layout, widths), from = out->columns;
	for (int k = 0; k < count; k++) {
		int i = layout->order[k];
		if (!widths[i])
			continue;
		line_pad(out, INK_HEAD, from);
		add_title(out, &table[i], widths[i], i != sorted ? "" : reverse ? "▼" : "▲", i == last);
		from += widths[i] + 1;
	}
}

void columns_add_row(struct line *out, const struct column *table, int count, const struct layout *layout, const int widths[COLUMNS_MAX],
		     void *view, const void *row, struct buf *scratch)
{
	bool first = true;
	for (int k = 0; k < count; k++) {
		int i = layout->order[k];
		if (!widths[i])
			continue;
		separate(out, INK_PLAIN, first);
		first = false;
		buf_clear(scratch);
		struct cell cell = { view, row, scratch, widths[i] };
		enum ink ink = table[i].draw(&cell);
		line_add_cell(out, ink, buf_slice(scratch), widths[i], table[i].kind == KIND_NUMBER);
	}
}

void columns_add_text(struct buf *out, const struct column *table, int count, void *view, const void *row)
{
	for (int i = 0; i < count; i++) {
		struct cell cell = { view, row, out, WHOLE };
		table[i].draw(&cell);
		buf_add_byte(out, ' ');
	}
}
