/*
 * Reading a large Envelope as it comes, piece by piece, without keeping it: the same facts as envelope_read gives, and whether the
 * whole is valid.
 */
#ifndef DECODE_SCAN_H
#define DECODE_SCAN_H

#include "base/buf.h"
#include "decode/envelope.h"
#include "decode/schema.h"

enum {
	SCAN_TEXT = 8192,  /* bytes kept of an id, type_url, jwt … */
	SCAN_VALUE = 4096, /* bytes kept of the payload's front */
	SCAN_LEVELS = 102, /* Envelope, Any, and 100 levels of payload */
	SCAN_HEADER = 20,  /* longest field header with its varint or fixed value */
};

struct scan_level {
	const ProtobufCMessageDescriptor *type; /* NULL for the Envelope and its Any */
	uint64_t end;                           /* offset in the message */
};

struct scan {
	const struct schema *schema;
	uint64_t at; /* offset of the next byte */
	uint8_t header[SCAN_HEADER];
	size_t header_len;
	uint64_t skip;    /* bytes left of a value that is not looked into */
	struct buf *keep; /* where they go, up to SCAN_TEXT; NULL */
	struct scan_level level[SCAN_LEVELS];
	int depth; /* levels in use; 1: Envelope, 2: Any, 3 and more: payload */
	bool bad, bad_payload;
	bool unsure;
	bool has_data, has_value;
	type_id type; /* that the payload was taken for */
	int32_t priority, seq;
	struct buf text[10];                         /* by field number of the Envelope; [6] is the type_url */
	struct buf value;                            /* the payload's front */
	uint64_t value_from, value_to;               /* offsets of what of it is wanted */
	void (*tap)(void *user, struct slice bytes); /* hears the data of a Stream as it passes; NULL */
	void *tap_user;
	bool tapping;    /* the value under way is such data */
	uint64_t tapped; /* bytes of it so far */
};

void scan_init(struct scan *s, const struct schema *schema);
void scan_release(struct scan *s);
/* Begins a message of `size` bytes; leaves the tap as it is. */
void scan_begin(struct scan *s, uint64_t size);
/* Begins a message without Envelope of that type; of type 0 nothing is known. Its view has only has_data and value. */
void scan_begin_payload(struct scan *s, type_id type, uint64_t size);
/* The next bytes of it. */
void scan_feed(struct scan *s, struct slice bytes);
/* True if the message came whole and envelope_read would take it, whatever its payload. */
bool scan_readable(const struct scan *s);
/* True if it is also valid, as schema_valid would say of the payload; not to be asked if scan_unsure. */
bool scan_good(const struct scan *s);
/* True if a message that is readable has its fields in an order, or twice, or packed, so that it takes the whole of it to say what its
 * payload is and whether that is valid. No encoder that writes fields in order, each once, makes such, but for packed numbers. */
bool scan_unsure(const struct scan *s);
/* What is known of it so far. Text beyond SCAN_TEXT bytes and payload beyond SCAN_VALUE are cut. Borrowed from the scan until the next
 * scan_begin. */
struct envelope scan_envelope(const struct scan *s);

#endif
