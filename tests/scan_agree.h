/*
 * The scan of a message that comes in pieces, held against the readers of whole messages: it tells what envelope_read tells and judges the
 * payload as schema_valid does. For tests only, hence whole in a header.
 */
#ifndef TESTS_SCAN_AGREE_H
#define TESTS_SCAN_AGREE_H

#include "decode/dissect.h"
#include "decode/scan.h"

#include <stdlib.h>

static inline bool scan_agree_text(struct slice whole, struct slice scanned, size_t most)
{
	return slice_eq(slice_head(whole, most), scanned);
}

static inline const char *scan_agree_view(const struct envelope *want, const struct envelope *got)
{
	if (!scan_agree_text(want->command, got->command, SCAN_TEXT) || !scan_agree_text(want->id, got->id, SCAN_TEXT) ||
	    !scan_agree_text(want->rid, got->rid, SCAN_TEXT) || !scan_agree_text(want->jwt, got->jwt, SCAN_TEXT) ||
	    !scan_agree_text(want->traceid, got->traceid, SCAN_TEXT) || !scan_agree_text(want->spanid, got->spanid, SCAN_TEXT))
		return "a string of the scan differs";
	return want->priority == got->priority && want->seq == got->seq ? NULL : "a number of the scan differs";
}

/* The scan has had the whole message. */
static inline const char *scan_agree(const struct scan *scan, struct slice message)
{
	struct envelope want, got = scan_envelope(scan);
	bool readable = envelope_read(message, &want), by_command;
	if (scan_readable(scan) != readable)
		return readable ? "the scan refuses what the view takes" : "the scan takes what the view refuses";
	const char *why = scan_agree_view(&want, &got);
	if (why)
		return why;
	if (!readable)
		return scan_good(scan) || scan_unsure(scan) ? "the scan is not sure of what can't be read" : NULL;
	if (want.has_data != got.has_data || !scan_agree_text(want.type_url, got.type_url, SCAN_TEXT))
		return "the Any of the scan differs";
	if (scan_unsure(scan))
		return NULL;
	const ProtobufCMessageDescriptor *type = schema_descriptor(scan->schema, envelope_payload_type(scan->schema, &want, &by_command));
	bool valid = !type || schema_valid(type, want.value);
	if (scan_good(scan) != valid)
		return valid ? "the scan refuses this payload" : "the scan takes this payload";
	return scan_agree_text(want.value, got.value, SCAN_VALUE) ? NULL : "the payload of the scan differs";
}

/* NULL if it agrees when the message comes in a first piece of that size and then pieces of `step` bytes, each in a block of its own; else a
 * sentence. */
static inline const char *scan_agree_in(struct scan *scan, struct slice message, size_t first, size_t step)
{
	struct slice rest = message;
	scan_begin(scan, message.len);
	for (size_t n = first; rest.len; n = step) {
		struct slice piece = slice_head(rest, n);
		uint8_t *block = malloc(piece.len ? piece.len : 1);
		if (!block)
			abort();
		if (piece.len)
			memcpy(block, piece.at, piece.len);
		scan_feed(scan, slice_of(block, piece.len));
		free(block);
		rest = slice_skip(rest, piece.len);
	}
	return scan_agree(scan, message);
}

#endif
