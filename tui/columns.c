/*
 * Columns: fitting a table into a width.
 *
 * First every column gets its least width; while that is too much, the ones of the highest rank are left
 * out. What remains is given out in order until each has what it wants, and then by the columns' shares
 * (flex).
 */
#include "tui/columns.h"

enum { RANKS = 9, WHOLE = 1000 }; /* the width of a cell whose text is not cut */

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

/* Gives columns what they want, those of a low rank first; then the shares. */
static void widen(const struct column *table, int count, int spare, int *widths)
{
	int shares = 0;
	for (int rank = 0; rank <= RANKS; rank++)
		for (int i = 0; i < count; i++) {
			int more = widths[i] && table[i].rank == rank ? table[i].want - widths[i] : 0;
			more = more > spare ? spare : more > 0 ? more : 0;
			widths[i] += more;
			spare -= more;
		}
	for (int i = 0; i < count; i++)
		shares += widths[i] ? table[i].flex : 0;
	for (int i = 0; i < count && shares; i++) {
		int more = widths[i] ? spare * table[i].flex / shares : 0;
		shares -= widths[i] ? table[i].flex : 0;
		widths[i] += more;
		spare -= more;
	}
}

void columns_fit(const struct column *table, int count, uint32_t hidden, int width, int widths[COLUMNS_MAX])
{
	int worst;
	for (int i = 0; i < COLUMNS_MAX; i++)
		widths[i] = i < count && !(hidden & 1u << i) ? table[i].min : 0;
	while (sum(widths, count) > width && (worst = last_rank(table, count, widths)) >= 0)
		widths[worst] = 0;
	widen(table, count, width - sum(widths, count), widths);
}

static void separate(struct line *out, enum ink ink)
{
	if (out->columns)
		line_pad(out, ink, out->columns + 1);
}

void columns_add_titles(struct line *out, const struct column *table, int count, const int widths[COLUMNS_MAX])
{
	for (int i = 0; i < count; i++) {
		if (!widths[i])
			continue;
		separate(out, INK_HEAD);
		line_add_cell(out, INK_HEAD, slice_str(table[i].title), widths[i], table[i].right);
	}
}

void columns_add_row(struct line *out, const struct column *table, int count, const int widths[COLUMNS_MAX], void *view,
		     const void *row, struct buf *scratch)
{
	for (int i = 0; i < count; i++) {
		if (!widths[i])
			continue;
		separate(out, INK_PLAIN);
		buf_clear(scratch);
		struct cell cell = { view, row, scratch, widths[i] };
		enum ink ink = table[i].draw(&cell);
		line_add_cell(out, ink, buf_slice(scratch), widths[i], table[i].right);
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
