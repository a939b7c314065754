/*
 * The status line: as much as fits, in three degrees of brevity; and a line with what was lost, of the
 * counts that are not zero: where there is no room for all of them, of the first ones, and how many more there are.
 */
#include "tui/status.h"

#include "base/amount.h"
#include "base/text.h"
#include "base/when.h"
#include "export/summary.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* A part of the status line: grouped digits where there is room, else short ones and a shorter word. */
static void add_part(struct buf *out, uint64_t n, const char *noun, const char *brief, int tightness)
{
	buf_add_str(out, "  ");
	if (!tightness) {
		amount_add_counted(out, n, noun);
		return;
	}
	amount_add_short(out, n);
	buf_addf(out, " %s%s", tightness > 1 ? brief : noun, tightness == 1 && n != 1 ? "s" : "");
}

static void add_parts(struct buf *out, const char *source, const struct session_counts *s, const struct capture_counts *c, uint32_t threads,
		      int tightness)
{
	uint64_t dropped = c->source.dropped_kernel + c->source.dropped_interface;
	buf_addf(out, " %s", tightness ? base_name(source) : source);
	add_part(out, c->source.packets, "packet", "pkts", tightness);
	add_part(out, s->messages, "message", "msgs", tightness);
	buf_add_str(out, "  ");
	if (tightness)
		amount_add_short(out, dropped);
	else
		amount_add_grouped(out, dropped);
	buf_add_str(out, " dropped");
	add_part(out, threads, "thread", "thr", tightness);
	buf_add_str(out, "  ");
	amount_add_size(out, s->memory);
	buf_add_str(out, tightness > 1 ? "B" : "B memory");
}

void status_add(struct line *out, const char *source, const struct session_counts *s, const struct capture_counts *c, uint32_t threads,
		int width)
{
	struct buf text = { 0 };
	for (int tightness = 0; tightness < 3; tightness++) {
		buf_clear(&text);
		add_parts(&text, source, s, c, threads, tightness);
		if (text_columns(buf_slice(&text)) <= width)
			break;
	}
	line_add(out, INK_PLAIN, buf_slice(&text), width);
	buf_release(&text);
}

static void add_stopped(struct buf *out, const struct watcher_counts *w, bool utc, bool brief)
{
	if (!w->error || !w->stopped)
		return;
	buf_add_str(out, " Writing stopped ");
	if (brief)
		return;
	buf_add_str(out, "at ");
	when_add_clock(out, w->stopped, utc);
	buf_addf(out, ": %s ", strerror(w->error));
}

static unsigned kinds_of_losses(const struct session_counts *s, const struct capture_counts *c)
{
	unsigned kinds = 0;
	struct summary_count k;
	for (unsigned i = 0; (k = summary_count(i, c, s)).words; i++)
		kinds += k.lost && k.value;
	return kinds;
}

/* The first `told` of the counts, each in so many columns. */
static void add_losses(struct buf *out, const struct session_counts *s, const struct capture_counts *c, unsigned told, int columns)
{
	const char *before = " Lost: ";
	struct summary_count k;
	struct buf one = { 0 };
	for (unsigned i = 0; told && (k = summary_count(i, c, s)).words; i++) {
		if (!k.lost || !k.value)
			continue;
		buf_add_str(out, before);
		buf_clear(&one);
		amount_add_counted(&one, k.value, k.words);
		text_add_fit(out, buf_slice(&one), columns);
		before = " · ";
		told--;
	}
	buf_release(&one);
}

static int lines_of(struct slice text, int columns)
{
	int lines = 0;
	for (; text.len; lines++)
		text = slice_skip(text, line_wrap(text, columns));
	return lines;
}

void status_add_losses(struct buf *out, const struct session_counts *s, const struct capture_counts *c, bool utc, int columns, int lines)
{
	enum { WHOLE = INT16_MAX, LEAST = 4 /* columns of a count that is cut */ };
	unsigned kinds = kinds_of_losses(s, c), told = kinds;
	int room = WHOLE; /* of a count */
	for (size_t begin = out->len;; out->len = begin) {
		add_stopped(out, &c->watcher, utc, told < kinds || room < WHOLE);
		add_losses(out, s, c, told, room);
		if (told < kinds)
			buf_addf(out, " · %u more", kinds - told);
		if (lines_of(slice_of(out->at + begin, out->len - begin), columns) <= lines || room == LEAST || !kinds)
			return;
		if (told > 1)
			told--;
		else
			room = room == WHOLE && columns * lines > LEAST ? columns * lines : room > LEAST ? room - 1 : LEAST;
	}
}

void status_add_bar(struct buf *out, int percent, int width)
{
	for (int i = 0; i < width; i++)
		buf_add_str(out, i * 100 < percent * width ? "█" : "░");
}
