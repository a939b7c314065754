/*
 * The status line, and the table of everything that can be lost on the way from the wire to the screen.
 *
 * Each kind of loss is one row: where its count stands, what it is called, and what it means. Counts that are zero are not shown.
 */
#include "tui/status.h"

#include "base/text.h"
#include "tui/amount.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* A part of the status line: grouped digits where there is room, else short ones and a shorter word. */
static void add_part(struct buf *out, uint64_t n, const char *what, const char *brief, int tightness)
{
	buf_add_str(out, "  ");
	if (tightness)
		amount_add_short(out, n);
	else
		amount_add_grouped(out, n);
	buf_addf(out, " %s", tightness > 1 ? brief : what);
}

static void add_parts(struct buf *out, const char *source, const struct session_counts *s, const struct capture_counts *c,
		      uint32_t threads, int tightness)
{
	uint64_t dropped = c->source.dropped_kernel + c->source.dropped_interface;
	buf_addf(out, " %s", tightness ? base_name(source) : source);
	add_part(out, c->source.packets, "packets", "pkts", tightness);
	add_part(out, s->messages, "messages", "msgs", tightness);
	add_part(out, dropped, "dropped", "dropped", tightness);
	add_part(out, threads, "threads", "thr", tightness);
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

struct loss status_loss(unsigned i, const struct session_counts *s, const struct capture_counts *c)
{
	const struct loss losses[] = {
		{ c->source.dropped_kernel, "packet dropped by the kernel", "packets dropped by the kernel", "its buffer was full; -B makes it larger" },
		{ c->source.dropped_interface, "packet dropped by the interface", "packets dropped by the interface", "they never reached the kernel" },
		{ s->forgotten, "message forgotten", "messages forgotten", "the oldest went, for the memory limit" },
		{ c->gaps, "gap", "gaps", "places in a stream whose packets are not in the capture" },
		{ c->gap_bytes, "byte missing", "bytes missing", "in these gaps" },
		{ c->stream.cut, "message cut", "messages cut", "a gap or the end of the capture took the rest of them" },
		{ c->cut_packets, "packet cut", "packets cut", "the capture kept only the front of them (-s)" },
		{ c->stream.skipped, "byte skipped", "bytes skipped", "passed over in search of the next message" },
		{ c->stream.overlong, "overlong length", "overlong lengths", "a length prefix beyond the limit; the stream was searched on" },
		{ c->stream.bad_frames, "bad frame", "bad frames", "WebSocket frames that can't be" },
		{ s->unreadable, "message unreadable", "messages unreadable", "their bytes could not be kept or can't be read again" },
		{ s->ids_forgotten, "id forgotten", "ids forgotten", "replies to them can't be linked any more" },
		{ s->commands_unnamed, "command unnamed", "commands unnamed", "too many different unknown commands to keep their names" },
		{ s->news_forgotten, "row of news forgotten", "rows of news forgotten", "rows between the messages, beyond their limit" },
		{ c->connections_forgotten, "connection forgotten", "connections forgotten", "given up while open, for their limit" },
		{ c->old_segments, "stray segment", "stray segments", "of no connection that is known" },
		{ c->fragments.expired, "fragmented packet given up", "fragmented packets given up", "fragments of them never came" },
		{ c->fragments.bad, "bad fragment", "bad fragments", "IP fragments that can't be" },
		{ c->bad, "bad packet", "bad packets", "their headers can't be read" },
	};
	return i < sizeof losses / sizeof *losses ? losses[i] : (struct loss){ 0 };
}

void status_add_losses(struct buf *out, const struct session_counts *s, const struct capture_counts *c)
{
	const char *before = " Lost: ";
	struct loss loss;
	for (unsigned i = 0; (loss = status_loss(i, s, c)).what; i++) {
		if (!loss.count)
			continue;
		buf_add_str(out, before);
		amount_add_grouped(out, loss.count);
		buf_addf(out, " %s", loss.count == 1 ? loss.one : loss.what);
		before = ", ";
	}
}

void status_add_bar(struct buf *out, int percent, int width)
{
	for (int i = 0; i < width; i++)
		buf_add_str(out, i * 100 < percent * width ? "█" : "░");
}
