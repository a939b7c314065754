/* What is always on the screen: counts of what came, and of what was lost. Pure text; tui/frame.c puts it
 * in its place. */
#ifndef TUI_STATUS_H
#define TUI_STATUS_H

#include "capture/capture.h"
#include "decode/session.h"
#include "tui/line.h"

/* "tcp.pcap  1,460,000 packets  2,500,000 messages  0 dropped …", shortened until it fits into `width`
 * columns. */
void status_add(struct line *out, const char *source, const struct session_counts *s, const struct capture_counts *c, uint32_t threads,
		int width);

/* "Lost: 2 gaps in the capture · …", and before it since when nothing is written any more (-w); nothing if nothing was lost. utc: times of
 * day are. Shortened until it fits into so many lines of so many columns: "Lost: 2 gaps in the capture · 3 more". */
void status_add_losses(struct buf *out, const struct session_counts *s, const struct capture_counts *c, bool utc, int columns, int lines);

/* A bar of `width` columns of which `percent` are full. */
void status_add_bar(struct buf *out, int percent, int width);

#endif
