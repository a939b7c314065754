/* Counts as text: the closing lines of a capture, and the report -z summary. */
#ifndef EXPORT_SUMMARY_H
#define EXPORT_SUMMARY_H

#include "capture/capture.h"
#include "decode/session.h"

/* A count of something that was lost or passed over. */
struct summary_count {
	const char *words; /* for amount_add_words: "gap[s] in the capture" */
	uint64_t value;
	bool lost; /* something that the user wanted is missing */
};

/* The i-th of all these counts; words NULL behind the last. */
struct summary_count summary_count(unsigned i, const struct capture_counts *c, const struct session_counts *s);
/* Appends a line for everything that was read: packets, messages, and whatever was lost or passed over, each with its count. */
void summary_add_counts(struct buf *out, const struct capture_counts *c, const struct session_counts *s);
/* True if anything was lost: packets dropped, gaps, bytes skipped, records forgotten. */
bool summary_anything_lost(const struct capture_counts *c, const struct session_counts *s);
/* Appends what was lost in one line: "2 gaps in the capture, 2,896 bytes missing there". */
void summary_add_losses(struct buf *out, const struct capture_counts *c, const struct session_counts *s);

#endif
